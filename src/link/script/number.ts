// Numbers as GNU ld writes them: C's forms, `K` and `M` behind a number, `$ff`, and the suffixes of other assemblers
// (`0ffh`, `17o`, `101b`, `12d`). A word such as `add` or `bad` is hexadecimal digits with the suffix `d`, and ld takes it
// for a number; so do we, and say so. Facts: ld/ldlex.l, and measured with GNU ld 2.40.

const MAX = (1n << 64n) - 1n;

export interface ScannedNumber {
  readonly value: bigint;
  /** Offset behind the number. */
  readonly end: number;
}

const SUFFIX_BASES: Readonly<Record<string, number>> = { h: 16, x: 16, b: 2, o: 8, d: 10 };
const SCALES: Readonly<Record<string, bigint>> = { k: 1n << 10n, m: 1n << 20n };

/** The longest number that starts at `at`, if there is one. */
export function scanNumber(text: string, at: number): ScannedNumber | undefined {
  const suffixed = scanSuffixed(text, at);
  const plain = scanPlain(text, at);
  if (suffixed === undefined || (plain !== undefined && plain.end >= suffixed.end)) return plain;
  return suffixed;
}

/** Hexadecimal digits and a letter that tells the base. `b` and `d` are such digits too: the last one of the run counts. */
function scanSuffixed(text: string, at: number): ScannedNumber | undefined {
  let end = at;
  while (isDigit(text, end, 16)) end++;
  if (!/[hxo]/i.test(text[end] ?? "")) {
    end--;
    while (end > at && !/[bd]/i.test(text[end])) end--;
  }
  if (end <= at) return undefined;
  return { value: digitsValue(text.slice(at, end), SUFFIX_BASES[text[end].toLowerCase()]), end: end + 1 };
}

/** C's numbers and `$ff`, with K or M behind them. */
function scanPlain(text: string, at: number): ScannedNumber | undefined {
  const prefix = text[at] === "$" ? 1 : /^0x$/i.test(text.slice(at, at + 2)) ? 2 : 0;
  const hexadecimal = prefix > 0 && isDigit(text, at + prefix, 16);
  const start = hexadecimal ? at + prefix : at;
  let end = start;
  while (isDigit(text, end, hexadecimal ? 16 : 10)) end++;
  if (end === start) return undefined;
  const value = digitsValue(text.slice(start, end), hexadecimal ? 16 : text[start] === "0" ? 8 : 10);
  const scale = SCALES[(text[end] ?? "").toLowerCase()];
  return scale === undefined ? { value, end } : { value: (value * scale) & MAX, end: end + 1 };
}

function isDigit(text: string, at: number, base: number): boolean {
  return Number.parseInt(text[at] ?? "", base) >= 0;
}

/** The leading digits that belong to the base, as strtoull reads them: what does not belong ends the number. */
function digitsValue(text: string, base: number): bigint {
  let value = 0n;
  for (const character of text) {
    const digit = Number.parseInt(character, 36);
    if (digit >= base) break;
    value = value * BigInt(base) + BigInt(digit);
    if (value > MAX) return MAX;
  }
  return value;
}
