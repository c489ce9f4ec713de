// Instruction fields told as pieces: which bits of which word hold which bits of the number. What most machines' immediates
// come to, so that a machine's file is a table; the few that are more than that wrap `piecedFields`.

import type { InstructionFields, InstructionForm } from "./field.ts";
import { FIRST_FORM } from "./relocation.ts";

/** [which word of the instructions, its lowest bit there, how many bits, the lowest bit of the number] */
export type Piece = readonly [number, number, number, number];

export interface PiecedForm extends InstructionForm {
  /**
   * Words have 4 bytes, or as many as the form where that is less, least significant byte first. Pieces below the bit that
   * rounding carries into are signed numbers of their own: the low half of a pair.
   */
  readonly pieces: readonly Piece[];
  /** The number counts from 0; otherwise its highest bit is a sign. */
  readonly unsigned?: boolean;
}

/** name, bytes, bits, pieces, and what differs from: shift 0, exact if there is one, rounding 0, signed. */
export function piecedForm(
  name: string,
  bytes: number,
  bits: number,
  pieces: readonly Piece[],
  more: Partial<Pick<PiecedForm, "shift" | "exact" | "rounding" | "unsigned">> = {},
): PiecedForm {
  const { shift = 0, rounding = 0, unsigned = false } = more;
  return { name, bytes, bits, pieces, shift, rounding, unsigned, exact: more.exact ?? (shift > 0 && shift < 4) };
}

/** @param forms form number FIRST_FORM + i is `forms[i]`  @param littleEndian of the instructions, where it matters */
export function piecedFields(forms: readonly PiecedForm[], littleEndian = true): InstructionFields {
  return {
    forms,
    read(view, at, form) {
      const { pieces, bytes, bits, shift, rounding, unsigned } = forms[form - FIRST_FORM];
      let value = 0;
      for (const [word, low, width, from] of pieces) {
        const part = field(readWord(view, at + 4 * word, bytes, littleEndian), low, width);
        value += (isLowHalf(from, rounding) ? signed(part, width) : part) * 2 ** from;
      }
      return unsigned ? value : signed(value, bits + shift);
    },
    write(view, at, form, value) {
      const { pieces, bytes, rounding } = forms[form - FIRST_FORM];
      for (const [word, low, width, from] of pieces) {
        const whole = isLowHalf(from, rounding) ? value : value + rounding;
        // ToInt32 reduces any number modulo 2^32.
        const part = Math.floor(whole / 2 ** from) | 0;
        const mask = maskOf(low, width);
        const place = at + 4 * word;
        writeWord(
          view,
          place,
          bytes,
          (readWord(view, place, bytes, littleEndian) & ~mask) | ((part << low) & mask),
          littleEndian,
        );
      }
    },
  };
}

function isLowHalf(from: number, rounding: number): boolean {
  return 2 ** from < rounding;
}

function maskOf(low: number, width: number): number {
  return (width === 32 ? -1 : (1 << width) - 1) << low;
}

function field(word: number, low: number, width: number): number {
  return (word >>> low) % 2 ** width;
}

/** A number of so many bits, the highest of which is its sign. */
export function signed(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

function readWord(view: DataView, at: number, bytes: number, littleEndian: boolean): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, littleEndian);
  if (bytes === 3) return view.getUint16(at, littleEndian) | (view.getUint8(at + 2) << 16);
  return view.getUint32(at, littleEndian);
}

function writeWord(view: DataView, at: number, bytes: number, word: number, littleEndian: boolean): void {
  if (bytes === 1) view.setUint8(at, word);
  else if (bytes === 2) view.setUint16(at, word, littleEndian);
  else if (bytes === 3) {
    view.setUint16(at, word, littleEndian);
    view.setUint8(at + 2, word >> 16);
  } else view.setUint32(at, word, littleEndian);
}

/** The number of a ULEB128 in place. Ends with the bytes, whatever their last one says. */
export function readUleb(view: DataView, at: number): number {
  let value = 0;
  let scale = 1;
  for (let next = at; next < view.byteLength; next++, scale *= 128) {
    const byte = view.getUint8(next);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80 || scale >= 2 ** 56) break;
  }
  return value;
}

/** Stores a number in as many bytes as the ULEB128 there has: what does not fit is dropped. */
export function writeUleb(view: DataView, at: number, value: number): void {
  let rest = value;
  for (let next = at; next < view.byteLength; next++) {
    const more = view.getUint8(next) & 0x80;
    view.setUint8(next, more | (rest & 0x7f));
    if (more === 0) return;
    rest = Math.floor(rest / 128);
  }
}
