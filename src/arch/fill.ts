// What lies between the input sections of executable memory: no-operations, so that falling through, or disassembling
// across the gap, finds instructions. The choice of bytes is GNU ld 2.40's (bfd_arch_i386_fill).

import { code } from "./bytes.ts";

/** NOPS[n - 1] is one instruction of n bytes. */
type Nops = readonly Uint8Array[];

const SHORT_NOPS: Nops = [code("90"), code("66 90")];

/** x86-64 has the long forms everywhere. */
const LONG_NOPS: Nops = [
  ...SHORT_NOPS,
  code("0f 1f 00"),
  code("0f 1f 40 00"),
  code("0f 1f 44 00 00"),
  code("66 0f 1f 44 00 00"),
  code("0f 1f 80 00000000"),
  code("0f 1f 84 00 00000000"),
  code("66 0f 1f 84 00 00000000"),
  code("66 2e 0f 1f 84 00 00000000"),
];

/** As many of the longest as fit, then one of the length that is left. */
function fill(nops: Nops, image: Uint8Array, at: number, count: number): void {
  const longest = nops[nops.length - 1];
  const end = at + count;
  let next = at;
  for (; end - next > longest.length; next += longest.length) image.set(longest, next);
  if (end > next) image.set(nops[end - next - 1], next);
}

/** Fills with instructions of up to ten bytes. */
export function fillLongNops(image: Uint8Array, at: number, count: number): void {
  fill(LONG_NOPS, image, at, count);
}

/** Fills with instructions of one and two bytes, which every i386 has. */
export function fillShortNops(image: Uint8Array, at: number, count: number): void {
  fill(SHORT_NOPS, image, at, count);
}
