// Loads from the GOT that need not be loads, on i386: R_386_GOT32X marks the instructions that the linker may rewrite
// (psABI, "Optimize R_386_GOT32X Relocation"). Conditions and bytes are GNU ld 2.40's; plain R_386_GOT32 stays a load.
//
//   before                                             after, the field in brackets
//   8b /r      mov  foo@GOT(%base), %reg               8d /r [S-GOT]         lea  foo@GOTOFF(%base), %reg
//              position-dependent, or no base          c7 /0 [S]             mov  $foo, %reg
//   ff /2      call *foo@GOT(%base)                    67 e8 [S-P-4]         addr32 call foo
//   ff /4      jmp  *foo@GOT(%base)                    e9 [S-(P-1)-4] 90     jmp  foo; nop
//   85 /r      test %reg, foo@GOT(%base)               f7 /0 [S]             test $foo, %reg    position-dependent
//   03+8n /r   binop foo@GOT(%base), %reg              81 /n [S]             binop $foo, %reg   position-dependent
//
// The addend, which is in the field, must be 0.

import { put32, putCall } from "../bytes.ts";
import { CALL_PADDING, type CallPadding, RELAX_NONE, type RelaxedRelocation } from "../machine.ts";
import { R_386_32, R_386_GOT32, R_386_GOT32X, R_386_GOTOFF, R_386_PC32 } from "./relocations.ts";

const RELAX_LEA = 1;
const RELAX_CALL = 2;
const RELAX_JUMP = 3;
const RELAX_MOV = 4;
const RELAX_TEST = 5;
const RELAX_BINOP = 6;

/** ModRM for a bare 32-bit address: mod 00, rm 101. */
function isBaseless(modrm: number): boolean {
  return (modrm & 0xc7) === 0x05;
}

/** ModRM for a 32-bit displacement from a register: mod 10, any rm but 100, which asks for a SIB byte. */
function isBased(modrm: number): boolean {
  return (modrm & 0xc0) === 0x80 && (modrm & 0x07) !== 4;
}

/** See Machine.gotWithoutBase. A lea of the slot's offset has no base either, and wants the offset. */
export function gotWithoutBase(code: Uint8Array, at: number, type: number): boolean {
  if (type !== R_386_GOT32 && type !== R_386_GOT32X) return false;
  return at >= 2 && at <= code.length && isBaseless(code[at - 1]) && code[at - 2] !== 0x8d;
}

/** See Machine.relaxGotLoad. */
export function relaxGotLoad(
  code: Uint8Array,
  at: number,
  addend: number,
  type: number,
  pic: boolean,
  absolute: boolean = false,
): number {
  if (type !== R_386_GOT32X || addend !== 0 || at < 2 || at + 4 > code.length) return RELAX_NONE;
  const opcode = code[at - 2];
  const modrm = code[at - 1];
  const baseless = isBaseless(modrm);
  if (!baseless && !isBased(modrm)) return RELAX_NONE;
  // Without a base register position-independent code cannot have meant anything.
  if (baseless && pic) return RELAX_NONE;
  // A constant address is at no fixed distance from code that moves.
  const relative = !(pic && absolute);
  if (opcode === 0xff) {
    if (!relative) return RELAX_NONE;
    const operation = (modrm >> 3) & 7;
    return operation === 2 ? RELAX_CALL : operation === 4 ? RELAX_JUMP : RELAX_NONE;
  }
  if (opcode === 0x8b) return pic && relative ? RELAX_LEA : RELAX_MOV;
  if (pic && relative) return RELAX_NONE;
  if (opcode === 0x85) return RELAX_TEST;
  return (opcode & 0xc7) === 0x03 ? RELAX_BINOP : RELAX_NONE;
}

/** See Machine.keepsGotLoad. --no-relax keeps nothing here. */
export function keepsGotLoad(code: Uint8Array, at: number, _asked: boolean, _zero: boolean, number: boolean): boolean {
  return number && code[at - 2] !== 0x8b;
}

/** See Machine.writeRelaxedGotLoad. Addresses wrap at 32 bits, so that every value fits. */
export function writeRelaxedGotLoad(
  image: DataView,
  at: number,
  relaxation: number,
  symbol: number,
  place: number,
  gotBase: number,
  padding: CallPadding = CALL_PADDING,
): boolean {
  switch (relaxation) {
    case RELAX_LEA:
      image.setUint8(at - 2, 0x8d);
      put32(image, at, symbol - gotBase);
      return true;
    case RELAX_CALL:
      putCall(image, at, symbol - place - 4, padding);
      return true;
    case RELAX_JUMP:
      image.setUint8(at - 2, 0xe9);
      put32(image, at - 1, symbol - place - 3);
      image.setUint8(at + 3, 0x90);
      return true;
    default:
      writeImmediate(image, at, relaxation, symbol);
      return true;
  }
}

function writeImmediate(image: DataView, at: number, relaxation: number, symbol: number): void {
  const opcode = image.getUint8(at - 2);
  const register = (image.getUint8(at - 1) >> 3) & 7;
  const extension = relaxation === RELAX_BINOP ? opcode & 0x38 : 0;
  image.setUint8(at - 2, relaxation === RELAX_MOV ? 0xc7 : relaxation === RELAX_TEST ? 0xf7 : 0x81);
  image.setUint8(at - 1, 0xc0 | extension | register);
  put32(image, at, symbol);
}

const ADDRESS: RelaxedRelocation = { type: R_386_32, addend: 0, shift: 0 };
const RELAXED: Readonly<Record<number, RelaxedRelocation>> = {
  [RELAX_LEA]: { type: R_386_GOTOFF, addend: 0, shift: 0 },
  [RELAX_CALL]: { type: R_386_PC32, addend: -4, shift: 0 },
  [RELAX_JUMP]: { type: R_386_PC32, addend: -4, shift: -1 },
};

/** See Machine.relaxedRelocation. */
export function relaxedRelocation(
  _code: Uint8Array,
  _at: number,
  relaxation: number,
  padding: CallPadding = CALL_PADDING,
): RelaxedRelocation {
  // A call with its padding behind stands where a jump does.
  return RELAXED[relaxation === RELAX_CALL && padding.behind ? RELAX_JUMP : relaxation] ?? ADDRESS;
}
