// Loads from the GOT that need not be loads. The compiler did not know where the symbol would be; the linker does, and
// when the symbol is in the output and cannot be preempted, a cheaper instruction of the same length computes the address
// itself. Conditions and bytes are GNU ld 2.40's (psABI, "Optimize GOTPCRELX Relocations"):
//
//   before                                              after, the field in brackets
//   8b /r      mov  foo@GOTPCREL(%rip), %reg            8d /r [S-P-4]       lea  foo(%rip), %reg
//              in position-dependent output             c7 /0 [S]           mov  $foo, %reg
//   ff 15      call *foo@GOTPCREL(%rip)                 67 e8 [S-P-4]       addr32 call foo
//   ff 25      jmp  *foo@GOTPCREL(%rip)                 e9 [S-(P-1)-4] 90   jmp  foo; nop
//   85 /r      test %reg, foo@GOTPCREL(%rip)            f7 /0 [S]           test $foo, %reg
//   03+8n /r   binop foo@GOTPCREL(%rip), %reg           81 /n [S]           binop $foo, %reg     add or adc sbb and sub xor cmp
//
// /r names a register in ModRM.reg, extended by REX.R; the immediate forms name it in ModRM.rm, extended by REX.B, so the
// bit moves from R to B (in REX2 two bits do). An immediate is sign-extended under REX.W and else zero-extended, which is
// why the prefix must be known: R_X86_64_GOTPCREL says nothing of it, and only mov to lea is done. The addend must be -4:
// anything else points into, or past, the slot.

import { fitsInt32, put32, putCall } from "../bytes.ts";
import { CALL_PADDING, type CallPadding, RELAX_NONE, type RelaxedRelocation } from "../machine.ts";
import {
  R_X86_64_32,
  R_X86_64_32S,
  R_X86_64_CODE_4_GOTPCRELX,
  R_X86_64_GOTPCREL,
  R_X86_64_GOTPCRELX,
  R_X86_64_PC32,
  R_X86_64_REX_GOTPCRELX,
} from "./relocations.ts";

const RELAX_LEA = 1;
const RELAX_CALL = 2;
const RELAX_JUMP = 3;
/** The three immediate forms, which RELAX_REX or RELAX_REX2 may join. */
const RELAX_MOV = 4;
const RELAX_TEST = 5;
const RELAX_BINOP = 6;
const RELAX_FORM = 0x0f;
/** The instruction has a REX prefix three bytes before the field. */
const RELAX_REX = 0x10;
/** The instruction has a REX2 prefix (APX) four bytes before the field; its payload is where REX would be. */
const RELAX_REX2 = 0x20;

const REX_W = 0x08;
const REX2_ESCAPE = 0xd5;
/** REX2.M0: the opcode is in the 0f map. */
const REX2_MAP_0F = 0x80;

/** Which prefix the relocation type promises, or -1 where the bytes break the promise. */
function prefixOf(code: Uint8Array, at: number, type: number): number {
  if (type === R_X86_64_REX_GOTPCRELX) return at >= 3 && (code[at - 3] & 0xf0) === 0x40 ? RELAX_REX : -1;
  if (type !== R_X86_64_CODE_4_GOTPCRELX) return 0;
  return at >= 4 && code[at - 4] === REX2_ESCAPE && (code[at - 3] & REX2_MAP_0F) === 0 ? RELAX_REX2 : -1;
}

/** The immediate form of an opcode that reads memory into a register, or RELAX_NONE. */
function immediateForm(opcode: number): number {
  if (opcode === 0x8b) return RELAX_MOV;
  if (opcode === 0x85) return RELAX_TEST;
  return (opcode & 0xc7) === 0x03 ? RELAX_BINOP : RELAX_NONE;
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
  const relaxable =
    type === R_X86_64_GOTPCRELX || type === R_X86_64_REX_GOTPCRELX || type === R_X86_64_CODE_4_GOTPCRELX;
  if (!relaxable && type !== R_X86_64_GOTPCREL) return RELAX_NONE;
  if (addend !== -4 || at < 2 || at + 4 > code.length) return RELAX_NONE;
  const opcode = code[at - 2];
  const modrm = code[at - 1];
  if ((modrm & 0xc7) !== 0x05) return RELAX_NONE;
  // A constant address is at no fixed distance from code that moves.
  const relative = !(pic && absolute);
  if (!relaxable) return opcode === 0x8b && relative ? RELAX_LEA : RELAX_NONE;
  const prefix = prefixOf(code, at, type);
  if (prefix < 0) return RELAX_NONE;
  // 67 after REX2 would be taken for the opcode, so that no branch with REX2 is rewritten.
  if (opcode === 0xff && relative && prefix !== RELAX_REX2) {
    return modrm === 0x15 ? RELAX_CALL : modrm === 0x25 ? RELAX_JUMP : RELAX_NONE;
  }
  if (opcode === 0x8b && pic && relative) return RELAX_LEA;
  const form = pic && relative ? RELAX_NONE : immediateForm(opcode);
  return form === RELAX_NONE ? RELAX_NONE : form | prefix;
}

/** See Machine.keepsGotLoad. */
export function keepsGotLoad(code: Uint8Array, at: number, asked: boolean, zero: boolean, number: boolean): boolean {
  const opcode = code[at - 2];
  if (!asked) return !zero || opcode === 0xff;
  return number && opcode !== 0x8b;
}

/** See Machine.relaxedLoadHolds. Code is in the first 2 GB, so that it reaches the numbers there. */
export function relaxedLoadHolds(code: Uint8Array, at: number, relaxation: number, value: number): boolean {
  const form = relaxation & RELAX_FORM;
  if (form < RELAX_MOV) return value >= 0 && value <= 0x7fff_ffff;
  return fitsImmediate(value, (relaxation & (RELAX_REX | RELAX_REX2)) !== 0 && (code[at - 3] & REX_W) !== 0);
}

function fitsImmediate(value: number, wide: boolean): boolean {
  return wide ? fitsInt32(value) : value >= 0 && value <= 0xffff_ffff;
}

/** See Machine.writeRelaxedGotLoad. */
export function writeRelaxedGotLoad(
  image: DataView,
  at: number,
  relaxation: number,
  symbol: number,
  place: number,
  _gotBase: number,
  padding: CallPadding = CALL_PADDING,
): boolean {
  const distance = symbol - place - 4;
  switch (relaxation & RELAX_FORM) {
    case RELAX_LEA:
      image.setUint8(at - 2, 0x8d);
      put32(image, at, distance);
      return fitsInt32(distance);
    case RELAX_CALL:
      putCall(image, at, distance, padding);
      return fitsInt32(distance);
    case RELAX_JUMP:
      image.setUint8(at - 2, 0xe9);
      put32(image, at - 1, distance + 1);
      image.setUint8(at + 3, 0x90);
      return fitsInt32(distance + 1);
    default:
      return writeImmediate(image, at, relaxation, symbol);
  }
}

function writeImmediate(image: DataView, at: number, relaxation: number, symbol: number): boolean {
  const form = relaxation & RELAX_FORM;
  const opcode = image.getUint8(at - 2);
  const register = (image.getUint8(at - 1) >> 3) & 7;
  const extension = form === RELAX_BINOP ? opcode & 0x38 : 0;
  let wide = false;
  if (relaxation & (RELAX_REX | RELAX_REX2)) {
    const prefix = image.getUint8(at - 3);
    wide = (prefix & REX_W) !== 0;
    image.setUint8(at - 3, relaxation & RELAX_REX ? regToRm(prefix) : regToRm2(prefix));
  }
  image.setUint8(at - 2, form === RELAX_MOV ? 0xc7 : form === RELAX_TEST ? 0xf7 : 0x81);
  image.setUint8(at - 1, 0xc0 | extension | register);
  put32(image, at, symbol);
  return fitsImmediate(symbol, wide);
}

const RELATIVE: RelaxedRelocation = { type: R_X86_64_PC32, addend: -4, shift: 0 };
const JUMP: RelaxedRelocation = { ...RELATIVE, shift: -1 };
const SIGNED: RelaxedRelocation = { type: R_X86_64_32S, addend: 0, shift: 0 };
const UNSIGNED: RelaxedRelocation = { type: R_X86_64_32, addend: 0, shift: 0 };

/** See Machine.relaxedRelocation. */
export function relaxedRelocation(
  code: Uint8Array,
  at: number,
  relaxation: number,
  padding: CallPadding = CALL_PADDING,
): RelaxedRelocation {
  const form = relaxation & RELAX_FORM;
  if (form === RELAX_JUMP || (form === RELAX_CALL && padding.behind)) return JUMP;
  if (form === RELAX_LEA || form === RELAX_CALL) return RELATIVE;
  return relaxation & (RELAX_REX | RELAX_REX2) && code[at - 3] & REX_W ? SIGNED : UNSIGNED;
}

/** REX with the register's bit moved from R (4) to B (1). */
export function regToRm(rex: number): number {
  return (rex & ~0x05) | ((rex >> 2) & 0x01);
}

/** The payload of REX2 with the register's two bits moved from R4 R3 (0x44) to B4 B3 (0x11). */
export function regToRm2(rex2: number): number {
  return (rex2 & ~0x55) | ((rex2 >> 2) & 0x11);
}
