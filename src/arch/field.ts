// The field of a relocation, read and written through one description: a whole number of 1, 2, 4 or 8 bytes, or the bits of
// an instruction that hold a number. Who applies relocations to a million places specialises it; all others come here.

import {
  FIRST_FORM,
  OVERFLOW_ANY_SIGN,
  OVERFLOW_EITHER,
  OVERFLOW_NONE,
  OVERFLOW_SIGNED,
  OVERFLOW_UNSIGNED,
  type RelocationType,
} from "./relocation.ts";

/** How an instruction, or a pair of them, holds a number. */
export interface InstructionForm {
  /** For people: `imm26`. */
  readonly name: string;
  /** How many bytes the instructions have that are changed, from the relocation's offset on. */
  readonly bytes: number;
  /** So many bits of the value count, `shift` not included. */
  readonly bits: number;
  /** These low bits of the value are not stored. */
  readonly shift: number;
  /** They have to be zero: a branch goes to multiples of the instruction's size. Otherwise another field has them. */
  readonly exact: boolean;
  /** Added before the low bits are cut off, because the field that has them is signed: 0x800, 0x8000. */
  readonly rounding: number;
  /** Where the bits do not say it, because the sign is apart or few bits are turned: can the form hold the value? */
  holds?(value: number): boolean;
}

/** The instruction fields of a machine. Form number FIRST_FORM + i is `forms[i]`. Instructions have the machine's own byte order. */
export interface InstructionFields {
  readonly forms: readonly InstructionForm[];
  /**
   * The value that an instruction holds, as `write` took it: shifted, and signed where the form is. What rounding added is in it.
   * Where relocations are REL, the addend as the psABI reads it: arm's MOVT holds one that is not shifted.
   * @param form from FIRST_FORM on; its bytes are there
   */
  read(view: DataView, at: number, form: number): number;
  /** Puts a value into an instruction whose other bits stay. Bits that do not fit are dropped: see `fitsType`. */
  write(view: DataView, at: number, form: number, value: number): void;
}

/** The form of a row; undefined for whole numbers. */
export function formOf(type: RelocationType, instructions: InstructionFields | undefined): InstructionForm | undefined {
  return instructions?.forms[type.field - FIRST_FORM];
}

/** The number in a row's field: the addend where relocations have none (REL). 0 where there is no field. Exact up to 2^53. */
export function readField(
  view: DataView,
  at: number,
  type: RelocationType,
  littleEndian: boolean,
  instructions?: InstructionFields,
): number {
  switch (type.field) {
    case 0:
      return 0;
    case 1:
      return view.getInt8(at);
    case 2:
      return view.getInt16(at, littleEndian);
    case 4:
      return view.getInt32(at, littleEndian);
    case 8:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return instructions?.read(view, at, type.field) ?? 0;
  }
}

/** Stores a value in a row's field. Bits that do not fit are dropped. */
export function writeField(
  view: DataView,
  at: number,
  type: RelocationType,
  value: number,
  littleEndian: boolean,
  instructions?: InstructionFields,
): void {
  switch (type.field) {
    case 0:
      return;
    case 1:
      view.setInt8(at, value);
      return;
    case 2:
      view.setInt16(at, value, littleEndian);
      return;
    case 4:
      view.setInt32(at, value | 0, littleEndian);
      return;
    case 8:
      view.setBigInt64(at, BigInt(value), littleEndian);
      return;
    default:
      instructions?.write(view, at, type.field, value);
  }
}

/**
 * Does the value fit a field of whole bytes? This is the rule in one place; loops may specialise it.
 * @param value exact integer; on a 32-bit machine first reduced to the int32 range, because its addresses wrap
 * @param bytes width of the field  @param overflow one of OVERFLOW_*
 */
export function fitsField(value: number, bytes: number, overflow: number): boolean {
  return fitsBits(value, 8 * bytes, overflow);
}

/** The same for so many bits. */
export function fitsBits(value: number, bits: number, overflow: number): boolean {
  const limit = 2 ** bits;
  switch (overflow) {
    case OVERFLOW_SIGNED:
      return value >= -limit / 2 && value < limit / 2;
    case OVERFLOW_UNSIGNED:
      return value >= 0 && value < limit;
    case OVERFLOW_EITHER:
      return value >= -limit && value < limit;
    case OVERFLOW_ANY_SIGN:
      return value >= -limit / 2 && value < limit;
    default:
      return true;
  }
}

/** Does the value fit the row's field, whole number or instruction? False too where low bits are set that cannot be said. */
export function fitsType(value: number, type: RelocationType, instructions?: InstructionFields): boolean {
  const form = formOf(type, instructions);
  if (form === undefined) return fitsField(value, type.bytes, type.overflow);
  const { bits, shift, exact, rounding } = form;
  if (exact && value % 2 ** shift !== 0) return false;
  if (form.holds !== undefined) return type.overflow === OVERFLOW_NONE || form.holds(value);
  return fitsBits(value + rounding, bits + shift, type.overflow);
}
