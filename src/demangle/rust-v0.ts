// Rust's v0 mangling (RFC 2603): a small language that is read and printed in one go. Back references jump to an earlier
// place of the name and read it again, so work and output are bounded.

import { decodePunycode } from "./punycode.ts";

const MAX_TEXT = 1 << 18;
const MAX_STEPS = 1 << 17;
const MAX_DEPTH = 300;

interface Reader {
  /** The name after `_R`, without its suffix. */
  readonly text: string;
  at: number;
  out: string;
  steps: number;
  depth: number;
  failed: boolean;
  /** Greater than 0: read without printing. */
  silent: number;
  /** Lifetimes that the `for<…>` around have bound. */
  lifetimes: number;
}

/** The path as rustc's users know it, or undefined when the name is not a v0 name. */
export function demangleRustV0(mangled: string): string | undefined {
  const text = /^_?R([A-Z]\w*)(?:\..*)?$/s.exec(mangled.startsWith("__R") ? mangled.slice(1) : mangled)?.[1];
  if (text === undefined) return undefined;
  const r: Reader = { text, at: 0, out: "", steps: 0, depth: 0, failed: false, silent: 0, lifetimes: 0 };
  path(r, true);
  // The crate that instantiated a generic function is no part of what it is.
  if (/[A-Z]/.test(peek(r))) silently(r, () => path(r, false));
  return r.failed || r.at < r.text.length ? undefined : r.out;
}

function fail(r: Reader): void {
  r.failed = true;
  r.at = r.text.length;
}

function peek(r: Reader): string {
  return r.text.charAt(r.at);
}

function next(r: Reader): string {
  if (r.at >= r.text.length) fail(r);
  return r.text.charAt(r.at++);
}

function take(r: Reader, char: string): boolean {
  if (peek(r) !== char) return false;
  r.at++;
  return true;
}

function put(r: Reader, text: string): void {
  if (r.silent > 0 || r.failed) return;
  r.out += text;
  if (r.out.length > MAX_TEXT) fail(r);
}

function silently(r: Reader, read: () => void): void {
  r.silent++;
  read();
  r.silent--;
}

/** One level deeper, within bounds. */
function deeper(r: Reader, read: () => void): void {
  if (++r.steps > MAX_STEPS || r.depth >= MAX_DEPTH) {
    fail(r);
    return;
  }
  r.depth++;
  read();
  r.depth--;
}

/** <base-62-number>: `_` is 0, `0_` is 1, … */
function base62(r: Reader): number {
  if (take(r, "_")) return 0;
  let value = 0;
  while (!take(r, "_")) {
    const digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(next(r));
    if (digit < 0 || r.failed) {
      fail(r);
      return 0;
    }
    value = value * 62 + digit;
  }
  return value + 1;
}

/** A number after `letter`, plus one; 0 when the letter is not there. */
function optional62(r: Reader, letter: string): number {
  return take(r, letter) ? base62(r) + 1 : 0;
}

/** <identifier> ::= [u] <length> [_] <bytes> */
function identifier(r: Reader): string {
  const isPunycode = take(r, "u");
  const digits = /^(?:0|[1-9]\d{0,5})/.exec(r.text.slice(r.at, r.at + 6))?.[0];
  if (digits === undefined) {
    fail(r);
    return "";
  }
  r.at += digits.length;
  take(r, "_");
  const name = r.text.slice(r.at, r.at + Number(digits));
  r.at += Number(digits);
  if (r.at > r.text.length) fail(r);
  if (!isPunycode) return name;
  const split = name.lastIndexOf("_");
  const decoded = decodePunycode(name.slice(0, Math.max(split, 0)), name.slice(split + 1));
  if (decoded === undefined) fail(r);
  return decoded ?? "";
}

/** Reads what stands at an earlier place of the name. */
function backReference(r: Reader, read: () => void): void {
  const from = r.at;
  const target = base62(r);
  const after = r.at;
  if (r.failed || target >= from - 1) {
    fail(r);
    return;
  }
  if (r.silent > 0) return;
  r.at = target;
  read();
  if (!r.failed) r.at = after;
}

/** <path>. `inValue`: generic arguments are written `::<…>`, as in an expression. */
function path(r: Reader, inValue: boolean): void {
  deeper(r, () => {
    const letter = next(r);
    switch (letter) {
      case "C":
        optional62(r, "s");
        return put(r, identifier(r));
      case "N":
        return nestedPath(r, inValue);
      case "M":
      case "X":
        // The path of the impl block itself tells nothing that its type does not.
        optional62(r, "s");
        silently(r, () => path(r, false));
        return implementation(r, letter === "X");
      case "Y":
        return implementation(r, true);
      case "I":
        path(r, inValue);
        put(r, inValue ? "::<" : "<");
        list(r, genericArgument);
        return put(r, ">");
      case "B":
        return backReference(r, () => path(r, inValue));
      default:
        return fail(r);
    }
  });
}

/** `<T>` or `<T as Trait>` */
function implementation(r: Reader, ofTrait: boolean): void {
  put(r, "<");
  type(r);
  if (ofTrait) {
    put(r, " as ");
    path(r, false);
  }
  put(r, ">");
}

/** <path> ::= N <namespace> <path> <identifier>; upper-case namespaces are the compiler's: closures and shims. */
function nestedPath(r: Reader, inValue: boolean): void {
  const namespace = next(r);
  path(r, inValue);
  const disambiguator = optional62(r, "s");
  const name = identifier(r);
  if (/[a-z]/.test(namespace)) {
    put(r, name === "" ? "" : `::${name}`);
    return;
  }
  if (!/[A-Z]/.test(namespace)) {
    fail(r);
    return;
  }
  const kind = namespace === "C" ? "closure" : namespace === "S" ? "shim" : namespace;
  put(r, `::{${kind}${name === "" ? "" : `:${name}`}#${disambiguator}}`);
}

/** Items until `E`, with commas between. Returns how many. */
function list(r: Reader, item: (r: Reader) => void): number {
  let count = 0;
  while (!take(r, "E") && !r.failed) {
    if (r.at >= r.text.length) fail(r);
    if (count > 0) put(r, ", ");
    item(r);
    count++;
  }
  return count;
}

function genericArgument(r: Reader): void {
  if (take(r, "L")) lifetime(r, base62(r));
  else if (take(r, "K")) constant(r);
  else type(r);
}

/** 0 is the erased lifetime, 1 the innermost that is bound. */
function lifetime(r: Reader, index: number): void {
  if (index === 0) {
    put(r, "'_");
    return;
  }
  const depth = r.lifetimes - index;
  if (depth < 0) {
    fail(r);
    return;
  }
  put(r, depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`);
}

/** [G <number>]: the lifetimes that `for<'a, …>` binds in what `read` reads. */
function binder(r: Reader, read: () => void): void {
  const outer = r.lifetimes;
  const bound = optional62(r, "G");
  if (bound > MAX_STEPS) {
    fail(r);
    return;
  }
  if (bound > 0) {
    put(r, "for<");
    for (let index = 0; index < bound && !r.failed; index++) {
      if (index > 0) put(r, ", ");
      r.lifetimes++;
      lifetime(r, 1);
      r.steps++;
      if (r.steps > MAX_STEPS) fail(r);
    }
    put(r, "> ");
  }
  read();
  r.lifetimes = outer;
}

const BASIC: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};

function type(r: Reader): void {
  deeper(r, () => {
    const letter = peek(r);
    if (Object.hasOwn(BASIC, letter)) {
      r.at++;
      return put(r, BASIC[letter]);
    }
    if (/[CMNXYI]/.test(letter)) return path(r, false);
    r.at++;
    switch (letter) {
      case "R":
      case "Q":
        return reference(r, letter === "Q");
      case "P":
      case "O":
        put(r, letter === "P" ? "*const " : "*mut ");
        return type(r);
      case "A":
        return array(r);
      case "S":
        put(r, "[");
        type(r);
        return put(r, "]");
      case "T":
        put(r, "(");
        return put(r, list(r, type) === 1 ? ",)" : ")");
      case "F":
        return binder(r, () => functionType(r));
      case "D":
        return dynType(r);
      case "B":
        return backReference(r, () => type(r));
      default:
        return fail(r);
    }
  });
}

function reference(r: Reader, mutable: boolean): void {
  put(r, "&");
  const index = take(r, "L") ? base62(r) : 0;
  if (index > 0) {
    lifetime(r, index);
    put(r, " ");
  }
  if (mutable) put(r, "mut ");
  type(r);
}

function array(r: Reader): void {
  put(r, "[");
  type(r);
  put(r, "; ");
  constant(r);
  put(r, "]");
}

/** [U] [K <abi>] <type>* E <type> */
function functionType(r: Reader): void {
  if (take(r, "U")) put(r, "unsafe ");
  if (take(r, "K")) put(r, `extern "${take(r, "C") ? "C" : identifier(r).replaceAll("_", "-")}" `);
  put(r, "fn(");
  list(r, type);
  put(r, ")");
  if (take(r, "u")) return;
  put(r, " -> ");
  type(r);
}

/** dyn A + B + 'a */
function dynType(r: Reader): void {
  put(r, "dyn ");
  binder(r, () => {
    let count = 0;
    while (!take(r, "E") && !r.failed) {
      if (r.at >= r.text.length) fail(r);
      if (count++ > 0) put(r, " + ");
      dynTrait(r);
    }
  });
  if (!take(r, "L")) {
    fail(r);
    return;
  }
  const index = base62(r);
  if (index === 0) return;
  put(r, " + ");
  lifetime(r, index);
}

/** A trait, with its associated types among its generic arguments. */
function dynTrait(r: Reader): void {
  let open = openPath(r);
  while (take(r, "p")) {
    put(r, open ? ", " : "<");
    open = true;
    put(r, `${identifier(r)} = `);
    type(r);
  }
  if (open) put(r, ">");
}

/** A path whose generic arguments, if it has any, are left open at the end. */
function openPath(r: Reader): boolean {
  let open = false;
  deeper(r, () => {
    if (take(r, "B")) {
      backReference(r, () => {
        open = openPath(r);
      });
    } else if (take(r, "I")) {
      path(r, false);
      put(r, "<");
      list(r, genericArgument);
      open = true;
    } else path(r, false);
  });
  return open;
}

/** <const> ::= <type> <hex> _ | p | <back-reference> */
function constant(r: Reader): void {
  deeper(r, () => {
    if (take(r, "B")) return backReference(r, () => constant(r));
    const letter = next(r);
    if (letter === "p") return put(r, "_");
    if (/[aslxnihtmyoj]/.test(letter)) {
      const negative = /[aslxni]/.test(letter) && take(r, "n");
      return put(r, (negative ? "-" : "") + integer(hexDigits(r)));
    }
    const value = Number.parseInt(hexDigits(r) || "0", 16);
    if (letter === "b" && value <= 1) return put(r, value === 1 ? "true" : "false");
    if (letter === "c" && value <= 0x10ffff) return put(r, characterLiteral(value));
    fail(r);
  });
}

/** Lower-case hex digits up to `_`, without leading zeros. */
function hexDigits(r: Reader): string {
  const digits = /^[0-9a-f]{0,64}_/.exec(r.text.slice(r.at, r.at + 65))?.[0];
  if (digits === undefined) {
    fail(r);
    return "";
  }
  r.at += digits.length;
  return digits.slice(0, -1).replace(/^0+/, "");
}

/** Decimal up to 64 bits, hex beyond. */
function integer(digits: string): string {
  if (digits === "") return "0";
  return digits.length > 16 ? `0x${digits}` : BigInt(`0x${digits}`).toString();
}

const CHARACTER_ESCAPES: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

function characterLiteral(point: number): string {
  if (point in CHARACTER_ESCAPES) return `'${CHARACTER_ESCAPES[point]}'`;
  return point >= 0x20 && point <= 0x7e ? `'${String.fromCharCode(point)}'` : `'\\u{${point.toString(16)}}'`;
}
