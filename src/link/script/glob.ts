// Wildcards of version scripts and dynamic lists, as fnmatch(3) with no flags reads them in the C locale: `*` any bytes,
// `?` one byte, `[a-z]` `[!x]` `[^x]` `[[:alpha:]]` one byte of a set, `\x` the byte itself. Matching goes back to the last
// `*` only, so its time is bounded by the product of the lengths, whatever the pattern; it allocates nothing.

import { bytesOf } from "../../elf/text.ts";

/** Steps of a compiled pattern: a byte (0 to 255) or one of these; SET + n is the set in the n-th 256 bytes of `sets`. */
const ANY = 256;
const STAR = 257;
const NEVER = 258;
const SET = 259;

/** After so many `[` without their `]` the others are bytes too: the time to compile stays in proportion to the length. */
const MAX_OPEN = 100;
/** Longest name looked for in `[: :]`, `[. .]` and `[= =]`. */
const MAX_NAME = 32;

export interface Glob {
  readonly steps: Int32Array;
  readonly sets: Uint8Array;
}

/** Compiles a pattern. Every text is one: what cannot match anything (`[[:nonsense:]]`, a `\` at the end) matches nothing. */
export function compileGlob(pattern: string): Glob {
  const bytes = bytesOf(pattern);
  const steps: number[] = [];
  const sets: Uint8Array[] = [];
  let at = 0;
  let open = 0;
  while (at < bytes.length) {
    const byte = bytes[at++];
    if (byte === STAR_CODE) {
      if (steps.at(-1) !== STAR) steps.push(STAR);
    } else if (byte === ANY_CODE) {
      steps.push(ANY);
    } else if (byte === BACKSLASH) {
      steps.push(at < bytes.length ? bytes[at++] : NEVER);
    } else if (byte === OPEN) {
      const bracket = open < MAX_OPEN ? parseBracket(bytes, at) : undefined;
      if (bracket === undefined) {
        open++;
        steps.push(OPEN);
      } else {
        steps.push(SET + sets.length);
        sets.push(bracket.set);
        at = bracket.end;
      }
    } else {
      steps.push(byte);
    }
  }
  const table = new Uint8Array(sets.length * 256);
  for (const [index, set] of sets.entries()) table.set(set, index * 256);
  return { steps: Int32Array.from(steps), sets: table };
}

/** Does the pattern match all of `bytes` from `start` up to `end`? The range must lie in `bytes`. */
export function globMatches(glob: Glob, bytes: Uint8Array, start: number, end: number): boolean {
  const { steps, sets } = glob;
  let step = 0;
  let at = start;
  let starStep = -1;
  let starAt = start;
  while (at < end) {
    const wanted = step < steps.length ? steps[step] : NEVER;
    if (wanted === STAR) {
      if (step === steps.length - 1) return true;
      starStep = step++;
      starAt = at;
      continue;
    }
    const byte = bytes[at];
    if (wanted === byte || wanted === ANY || (wanted >= SET && sets[(wanted - SET) * 256 + byte] === 1)) {
      step++;
      at++;
      continue;
    }
    if (starStep < 0) return false;
    // The last `*` takes one byte more.
    step = starStep + 1;
    at = ++starAt;
  }
  while (step < steps.length && steps[step] === STAR) step++;
  return step === steps.length;
}

/** The same for text, as its UTF-8 bytes. */
export function globMatchesText(glob: Glob, text: string): boolean {
  const bytes = bytesOf(text);
  return globMatches(glob, bytes, 0, bytes.length);
}

const STAR_CODE = 0x2a;
const ANY_CODE = 0x3f;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DASH = 0x2d;
const COLON = 0x3a;
const EQUALS = 0x3d;
const DOT = 0x2e;

interface Bracket {
  readonly set: Uint8Array;
  /** Offset behind the `]`. */
  readonly end: number;
}

/**
 * Parses what follows `[`; undefined if there is no `]`, and then `[` is a byte like others. fnmatch reads a set from the
 * left: where it comes to something that there is not (`[:nonsense:]`) before the byte is found, nothing matches.
 */
function parseBracket(bytes: Uint8Array, from: number): Bracket | undefined {
  const negated = bytes[from] === 0x21 || bytes[from] === 0x5e;
  const first = negated ? from + 1 : from;
  const set = new Uint8Array(256);
  let valid = true;
  let at = first;
  while (at < bytes.length && (bytes[at] !== CLOSE || at === first)) {
    const named = bytes[at] === OPEN ? parseNamed(bytes, at) : undefined;
    if (named?.kind === COLON) {
      valid &&= addClass(set, named.name);
      at = named.end;
      continue;
    }
    const low = parseElement(bytes, at);
    if (low === undefined) return undefined;
    const ranges = bytes[low.end] === DASH && low.end + 1 < bytes.length && bytes[low.end + 1] !== CLOSE;
    const high = ranges ? parseElement(bytes, low.end + 1) : low;
    if (high === undefined) return undefined;
    valid &&= low.byte >= 0 && high.byte >= 0;
    if (valid && low.byte <= high.byte) set.fill(1, low.byte, high.byte + 1);
    at = high.end;
  }
  if (at >= bytes.length) return undefined;
  if (negated) for (let byte = 0; byte < 256; byte++) set[byte] = valid ? 1 - set[byte] : 0;
  return { set, end: at + 1 };
}

interface Element {
  /** -1 for a collating element that is no single byte. */
  readonly byte: number;
  readonly end: number;
}

/** One end of a range: a byte, `\x`, `[.x.]` or `[=x=]`. */
function parseElement(bytes: Uint8Array, at: number): Element | undefined {
  const named = bytes[at] === OPEN ? parseNamed(bytes, at) : undefined;
  if (named !== undefined && named.kind !== COLON) {
    return { byte: named.name.length === 1 ? named.name.charCodeAt(0) : -1, end: named.end };
  }
  if (bytes[at] !== BACKSLASH) return { byte: bytes[at], end: at + 1 };
  return at + 1 < bytes.length ? { byte: bytes[at + 1], end: at + 2 } : undefined;
}

/** `[:name:]`, `[.name.]` or `[=name=]` at `at`. */
function parseNamed(
  bytes: Uint8Array,
  at: number,
): { readonly kind: number; readonly name: string; readonly end: number } | undefined {
  const kind = bytes[at + 1];
  if (kind !== COLON && kind !== DOT && kind !== EQUALS) return undefined;
  for (let end = at + 2; end + 1 < bytes.length && end - at <= MAX_NAME; end++) {
    if (bytes[end] !== kind || bytes[end + 1] !== CLOSE) continue;
    return { kind, name: String.fromCharCode(...bytes.subarray(at + 2, end)), end: end + 2 };
  }
  return undefined;
}

/** The character classes of the C locale, as pairs of the first and the last byte of a range. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "09AZaz",
  alpha: "AZaz",
  blank: "  \t\t",
  cntrl: "\0\x1f\x7f\x7f",
  digit: "09",
  graph: "!~",
  lower: "az",
  print: " ~",
  punct: "!/:@[`{~",
  space: "\t\r  ",
  upper: "AZ",
  xdigit: "09AFaf",
};

function addClass(set: Uint8Array, name: string): boolean {
  if (!Object.hasOwn(CLASSES, name)) return false;
  const ranges = CLASSES[name];
  for (let at = 0; at < ranges.length; at += 2) set.fill(1, ranges.charCodeAt(at), ranges.charCodeAt(at + 1) + 1);
  return true;
}
