// The bytes that a relocation changes: reading an addend, storing a value, and whether it fits.

import { fitsField, OVERFLOW_SIGNED, OVERFLOW_UNSIGNED } from "../../arch/index.ts";
import { signed64 } from "../../elf/halves.ts";

/** The addend that a field of an object with REL relocations holds: signed. @param width in bytes; 0: there is no field */
export function readField(view: DataView, at: number, width: number): number {
  switch (width) {
    case 4:
      return view.getInt32(at, true);
    case 2:
      return view.getInt16(at, true);
    case 1:
      return view.getInt8(at);
    case 8:
      return signed64(view.getInt32(at, true), view.getInt32(at + 4, true));
    default:
      return 0;
  }
}

/** Stores the low bytes, nothing where there is no field; `value` is exact below 2^53. */
export function writeField(view: DataView, at: number, width: number, value: number): void {
  if (width === 4) view.setInt32(at, value | 0, true);
  else if (width === 8) writeFull(view, at, value);
  else if (width === 2) view.setInt16(at, value, true);
  else if (width === 1) view.setInt8(at, value);
}

/** Stores 64 bits; `value` is exact below 2^53. */
export function writeFull(view: DataView, at: number, value: number): void {
  view.setInt32(at, value | 0, true);
  view.setInt32(at + 4, Math.floor(value / 0x100000000) | 0, true);
}

/** As `fitsField`, but quick for the usual width. @param rule one of OVERFLOW_*, but not OVERFLOW_NONE */
export function fits(value: number, width: number, rule: number): boolean {
  if (width === 4) {
    if (rule === OVERFLOW_SIGNED) return value >= -0x80000000 && value <= 0x7fffffff;
    if (rule === OVERFLOW_UNSIGNED) return value >= 0 && value <= 0xffffffff;
    return value >= -0x100000000 && value <= 0xffffffff;
  }
  if (width === 8) return true;
  return fitsField(value, width, rule);
}

/** The values that fit: what `fits` compares with. */
export function rangeOf(width: number, rule: number): readonly [min: number, max: number] {
  const range = 2 ** (8 * width);
  if (rule === OVERFLOW_SIGNED) return [-range / 2, range / 2 - 1];
  return [rule === OVERFLOW_UNSIGNED ? 0 : -range, range - 1];
}
