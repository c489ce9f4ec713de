// Thread-local storage of i386: cheaper models for the accesses that a compiler had to make without knowing where the
// variable would be (psABI, "TLS code sequences", and Drepper, "ELF Handling For Thread-Local Storage", section 4).
// Bytes are GNU ld 2.40's; a sequence that is none of these is left alone or refused, never guessed at.
//
// General dynamic (TLS_GD), twelve bytes, reg is the GOT base and never %eax
//   8d 04 1d [x@tlsgd]      e8 [___tls_get_addr@PLT]          lea x@tlsgd(,%ebx,1), %eax; call
//   8d 80+reg [x@tlsgd]     e8 [___tls_get_addr@PLT] 90       lea x@tlsgd(%ebx), %eax; call; nop
//   8d 80+reg [x@tlsgd]     ff 90+reg [___tls_get_addr@GOT]   -fno-plt
//   8d 80+reg [x@tlsgd]     67 e8 [___tls_get_addr]           the same, already relaxed
//   LE 65 a1 00000000       81 e8 [-x@ntpoff]                 mov %gs:0, %eax; sub $x@tpoff, %eax
//   IE 65 a1 00000000       03 80+reg [x@gotntpoff]           mov %gs:0, %eax; add x@gotntpoff(%reg), %eax
//      65 a1 00000000       2b 80+reg [x@gottpoff]            mov %gs:0, %eax; sub x@gottpoff(%reg), %eax
//
// Local dynamic (TLS_LDM); afterwards x@dtpoff in code means x@ntpoff
//   8d 80+reg [x@tlsldm]    e8 [..]                           LE 65 a1 00000000 90 8d 74 26 00
//                           ff 90+reg [..] / 67 e8 [..]       LE 65 a1 00000000 8d b6 00000000
//
// Initial exec: TLS_IE is the slot's address, TLS_GOTIE its offset from the base, TLS_IE_32 that of a slot with x@tpoff
//   a1 [x@indntpoff]        mov ..., %eax                     LE b8 [x@ntpoff]
//   8b /r, 03 /r            mov, add, and for a base sub (2b) LE c7 /0, 81 /0, 81 /5 [x@ntpoff; TLS_IE_32: -x@ntpoff]
//
// Descriptor (TLS_GOTDESC, TLS_DESC_CALL)
//   8d /r [x@tlsdesc]       lea x@tlsdesc(%ebx), %reg         LE 8d /r [x@ntpoff], bare address    IE 8b /r [x@gotntpoff]
//   ff 10                   call *(%eax)                      66 90, or f7 d8 (neg %eax) behind a slot with x@tpoff
//
// x@ntpoff is the offset from the thread pointer, negative; x@tpoff is the same negated.

import { code as bytes, put32, putCode } from "../bytes.ts";
import {
  TLS_KEEP,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_INITIAL_EXEC_NEGATED,
  TLS_TO_LOCAL_EXEC,
  TLS_UNKNOWN,
} from "../machine.ts";
import {
  R_386_GOT32,
  R_386_GOT32X,
  R_386_PC32,
  R_386_PLT32,
  R_386_TLS_DESC_CALL,
  R_386_TLS_GD,
  R_386_TLS_GOTDESC,
  R_386_TLS_GOTIE,
  R_386_TLS_IE,
  R_386_TLS_IE_32,
  R_386_TLS_LDM,
} from "./relocations.ts";

const EBX = 3;
const ESP = 4;

const GD_TO_LE = bytes("65 a1 00000000 81 e8 00000000");
const GD_TO_IE = bytes("65 a1 00000000 03 80 00000000");
const GD_TO_IE_NEGATED = bytes("65 a1 00000000 2b 80 00000000");
const LD_TO_LE = bytes("65 a1 00000000 90 8d 74 26 00");
const LD_TO_LE_INDIRECT = bytes("65 a1 00000000 8d b6 00000000");

/** The base register of `lea x(%reg), %eax` around the field, or -1. %eax is the argument and cannot be the base. */
function leaBase(code: Uint8Array, at: number): number {
  if (at < 2 || code[at - 2] !== 0x8d || (code[at - 1] & 0xf8) !== 0x80) return -1;
  const base = code[at - 1] & 7;
  return base === 0 || base === ESP ? -1 : base;
}

function isDirect(type: number): boolean {
  return type === R_386_PLT32 || type === R_386_PC32;
}

/** Is the six-byte call, `addr32 call` or through the GOT with the same base, what the next relocation is for? */
function isLongCall(code: Uint8Array, at: number, base: number, nextType: number, nextAt: number): boolean {
  if (at + 10 > code.length || nextAt !== at + 6) return false;
  if (code[at + 4] === 0x67 && code[at + 5] === 0xe8) return isDirect(nextType);
  const indirect = code[at + 4] === 0xff && code[at + 5] === (0x90 | base);
  return indirect && (nextType === R_386_GOT32X || nextType === R_386_GOT32);
}

/** Is the five-byte call what the next relocation is for? */
function isShortCall(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  return at + 9 <= code.length && code[at + 4] === 0xe8 && nextAt === at + 5 && isDirect(nextType);
}

function isGeneralDynamic(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  if (at >= 3 && code[at - 3] === 0x8d && code[at - 2] === 0x04 && code[at - 1] === 0x1d) {
    return isShortCall(code, at, nextType, nextAt);
  }
  const base = leaBase(code, at);
  if (base < 0) return false;
  const padded = base === EBX && at + 10 <= code.length && code[at + 9] === 0x90;
  return (padded && isShortCall(code, at, nextType, nextAt)) || isLongCall(code, at, base, nextType, nextAt);
}

function isLocalDynamic(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  const base = leaBase(code, at);
  if (base < 0) return false;
  return (base === EBX && isShortCall(code, at, nextType, nextAt)) || isLongCall(code, at, base, nextType, nextAt);
}

/** An instruction of initial exec that has an immediate form. */
function isInitialExec(code: Uint8Array, at: number, type: number): boolean {
  const opcode = code[at - 2];
  const modrm = code[at - 1];
  if (type === R_386_TLS_IE) {
    return modrm === 0xa1 || ((opcode === 0x8b || opcode === 0x03) && (modrm & 0xc7) === 0x05);
  }
  const based = (modrm & 0xc0) === 0x80 && (modrm & 7) !== ESP;
  return based && (opcode === 0x8b || opcode === 0x03 || opcode === 0x2b);
}

/** See Machine.checkTls. */
export function checkTls(
  code: Uint8Array,
  at: number,
  type: number,
  target: number,
  nextType: number,
  nextAt: number,
): number {
  if (target !== TLS_TO_LOCAL_EXEC && target !== TLS_TO_INITIAL_EXEC) return TLS_KEEP;
  switch (type) {
    case R_386_TLS_GD:
      return isGeneralDynamic(code, at, nextType, nextAt) ? target : TLS_UNKNOWN;
    case R_386_TLS_LDM:
      if (target !== TLS_TO_LOCAL_EXEC) return TLS_KEEP;
      return isLocalDynamic(code, at, nextType, nextAt) ? target : TLS_UNKNOWN;
    case R_386_TLS_IE:
    case R_386_TLS_GOTIE:
    case R_386_TLS_IE_32:
      if (at < 1 || at + 4 > code.length) return TLS_UNKNOWN;
      if (target !== TLS_TO_LOCAL_EXEC) return TLS_KEEP;
      // Another instruction may well read the slot: initial exec is right in every program.
      return isInitialExec(code, at, type) ? target : TLS_KEEP;
    case R_386_TLS_GOTDESC:
      if (at < 2 || at + 4 > code.length || code[at - 2] !== 0x8d) return TLS_UNKNOWN;
      return (code[at - 1] & 0xc0) === 0x80 && (code[at - 1] & 7) !== ESP ? target : TLS_UNKNOWN;
    case R_386_TLS_DESC_CALL:
      return at + 2 <= code.length && code[at] === 0xff && code[at + 1] === 0x10 ? target : TLS_UNKNOWN;
    default:
      return TLS_KEEP;
  }
}

/** See Machine.writeTls. Values wrap at 32 bits, so that every value fits. */
export function writeTls(
  image: DataView,
  at: number,
  type: number,
  target: number,
  value: number,
  _place: number,
  gotBase: number,
): number {
  const local = target === TLS_TO_LOCAL_EXEC;
  const field = local ? value : value - gotBase;
  switch (type) {
    case R_386_TLS_GD:
      return writeGeneralDynamic(image, at, target, field);
    case R_386_TLS_LDM:
      putCode(image, at - 2, image.getUint8(at + 4) === 0xe8 ? LD_TO_LE : LD_TO_LE_INDIRECT);
      return 1;
    case R_386_TLS_DESC_CALL:
      image.setUint16(at, target === TLS_TO_INITIAL_EXEC_NEGATED ? 0xf7d8 : 0x6690);
      return 0;
    case R_386_TLS_GOTDESC:
      if (local) image.setUint8(at - 1, (image.getUint8(at - 1) & 0x38) | 0x05);
      else image.setUint8(at - 2, 0x8b);
      break;
    default:
      writeImmediate(image, at, type);
  }
  put32(image, at, type === R_386_TLS_IE_32 ? -field : field);
  return 0;
}

function writeGeneralDynamic(image: DataView, at: number, target: number, field: number): number {
  const local = target === TLS_TO_LOCAL_EXEC;
  const scaled = image.getUint8(at - 2) === 0x04;
  const start = scaled ? at - 3 : at - 2;
  const base = scaled ? EBX : image.getUint8(at - 1) & 7;
  putCode(image, start, local ? GD_TO_LE : target === TLS_TO_INITIAL_EXEC ? GD_TO_IE : GD_TO_IE_NEGATED);
  if (!local) image.setUint8(start + 7, 0x80 | base);
  put32(image, start + 8, local ? -field : field);
  return 1;
}

function writeImmediate(image: DataView, at: number, type: number): void {
  const modrm = image.getUint8(at - 1);
  if (type === R_386_TLS_IE && modrm === 0xa1) {
    image.setUint8(at - 1, 0xb8);
    return;
  }
  const opcode = image.getUint8(at - 2);
  const extension = opcode === 0x2b ? 0x28 : 0;
  image.setUint8(at - 2, opcode === 0x8b ? 0xc7 : 0x81);
  image.setUint8(at - 1, 0xc0 | extension | ((modrm >> 3) & 7));
}
