// Punycode (RFC 3492): Unicode names in ASCII, as Rust's v0 mangling writes them.

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;

/**
 * @param basic the ASCII characters of the name
 * @param extended where the others go and which they are, in base 36 (`a`-`z`, `0`-`9`)
 * @returns the name, or undefined when `extended` is damaged
 */
export function decodePunycode(basic: string, extended: string): string | undefined {
  if (extended === "") return undefined;
  const points = [...basic].map((char) => char.charCodeAt(0));
  let point = 128;
  let index = 0;
  let bias = 72;
  let at = 0;
  while (at < extended.length) {
    const before = index;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(extended.charAt(at++) || "?");
      if (digit < 0) return undefined;
      index += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (index > 0x7fffffff || weight > 0x7fffffff) return undefined;
    }
    const length = points.length + 1;
    bias = adapted(index - before, length, before === 0);
    point += Math.floor(index / length);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    index %= length;
    points.splice(index, 0, point);
    index++;
  }
  return String.fromCodePoint(...points);
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
