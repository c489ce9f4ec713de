// Thread-local storage of x86-64: cheaper models for the accesses that a compiler had to make without knowing where the
// variable would be (psABI, "TLS code sequences", and Drepper, "ELF Handling For Thread-Local Storage", section 5).
// Bytes are GNU ld 2.40's; a sequence that is none of these is left alone or refused, never guessed at.
//
// General dynamic (TLSGD), the pair lea and call; 16 bytes from four before the field, large model 22 from three before
//   66 48 8d 3d [x@tlsgd]        66 66 48 e8 [__tls_get_addr@PLT]       call
//                                66 48 ff 15 [__tls_get_addr@GOTPCREL]  call *, -fno-plt
//                                66 48 67 e8 [__tls_get_addr]           the same, already relaxed
//      48 8d 3d [x@tlsgd]        48 b8 [__tls_get_addr@PLTOFF, 8 bytes]; 48 01 d8 or 4c 01 f8 (add %rbx/%r15, %rax); ff d0
//   LE 64 48 8b 04 25 00000000   48 8d 80 [x@tpoff]                     mov %fs:0, %rax; lea x@tpoff(%rax), %rax
//   IE 64 48 8b 04 25 00000000   48 03 05 [x@gottpoff]                  mov %fs:0, %rax; add x@gottpoff(%rip), %rax
//
// Local dynamic (TLSLD), from three before the field; afterwards x@dtpoff in code means x@tpoff
//   48 8d 3d [x@tlsld]           e8 [..]            LE 66 66 66 64 48 8b 04 25 00000000                  mov %fs:0, %rax
//                                ff 15 / 67 e8 [..] LE 66 66 66 66 64 48 8b 04 25 00000000
//                                large              LE 66 66 66 66 2e 0f 1f 84 00 00000000 64 48 8b 04 25 00000000
//
// Initial exec (GOTTPOFF)
//   REX 8b /r [x@gottpoff]       mov                LE REX c7 /0 [x@tpoff]     mov $x, %reg
//   REX 03 /r [x@gottpoff]       add                LE REX 8d /r [x@tpoff]     lea x(%reg), %reg; %rsp, %r12: add $x, %reg
//
// Descriptor (GOTPC32_TLSDESC, TLSDESC_CALL)
//   REX 8d /r [x@tlsdesc]        lea                LE REX c7 /0 [x@tpoff]     IE REX 8b /r [x@gottpoff]
//   ff 10                        call *(%rax)       66 90                      nop of two bytes
//
// APX's CODE_4 types have REX2 (d5 and a payload) in place of REX.

import { code as bytes, fitsInt32, hasCode, put32, putCode } from "../bytes.ts";
import { TLS_KEEP, TLS_TO_INITIAL_EXEC, TLS_TO_LOCAL_EXEC, TLS_UNKNOWN } from "../machine.ts";
import { regToRm, regToRm2 } from "./relax.ts";
import {
  R_X86_64_CODE_4_GOTPC32_TLSDESC,
  R_X86_64_CODE_4_GOTTPOFF,
  R_X86_64_CODE_5_GOTPC32_TLSDESC,
  R_X86_64_CODE_6_GOTPC32_TLSDESC,
  R_X86_64_GOTPC32_TLSDESC,
  R_X86_64_GOTPCREL,
  R_X86_64_GOTPCRELX,
  R_X86_64_GOTTPOFF,
  R_X86_64_PC32,
  R_X86_64_PLT32,
  R_X86_64_PLTOFF64,
  R_X86_64_TLSDESC_CALL,
  R_X86_64_TLSGD,
  R_X86_64_TLSLD,
} from "./relocations.ts";

const REX_W = 0x08;
const REX2_ESCAPE = 0xd5;
const REX2_MAP_0F = 0x80;

const LEA_RDI = bytes("48 8d 3d");
const DATA16_LEA_RDI = bytes("66 48 8d 3d");
const ADD_RBX_CALL = bytes("48 01 d8 ff d0");
const ADD_R15_CALL = bytes("4c 01 f8 ff d0");
const MOVABS_RAX = bytes("48 b8");

const GD_TO_LE = bytes("64 48 8b 04 25 00000000 48 8d 80 00000000");
const GD_TO_LE_LARGE = bytes("64 48 8b 04 25 00000000 48 8d 80 00000000 66 0f 1f 44 00 00");
const GD_TO_IE = bytes("64 48 8b 04 25 00000000 48 03 05 00000000");
const GD_TO_IE_LARGE = bytes("64 48 8b 04 25 00000000 48 03 05 00000000 66 0f 1f 44 00 00");
const LD_TO_LE = bytes("66 66 66 64 48 8b 04 25 00000000");
const LD_TO_LE_INDIRECT = bytes("66 66 66 66 64 48 8b 04 25 00000000");
const LD_TO_LE_LARGE = bytes("66 66 66 66 2e 0f 1f 84 00 00000000 64 48 8b 04 25 00000000");

/** A call of __tls_get_addr: what it looks like at `after` bytes behind the relocated field, and where its own field is. */
interface CallForm {
  readonly opcode: Uint8Array;
  /** Offset of the call's field from the field of the lea. */
  readonly field: number;
  readonly types: readonly number[];
}

const DIRECT = [R_X86_64_PC32, R_X86_64_PLT32];
const INDIRECT = [R_X86_64_GOTPCRELX, R_X86_64_GOTPCREL];

const GD_CALLS: readonly CallForm[] = [
  { opcode: bytes("66 66 48 e8"), field: 8, types: DIRECT },
  { opcode: bytes("66 48 ff 15"), field: 8, types: INDIRECT },
  { opcode: bytes("66 48 67 e8"), field: 8, types: DIRECT },
];
const LD_CALLS: readonly CallForm[] = [
  { opcode: bytes("e8"), field: 5, types: DIRECT },
  { opcode: bytes("ff 15"), field: 6, types: INDIRECT },
  { opcode: bytes("67 e8"), field: 6, types: DIRECT },
];

/** Is the call after the lea one of the forms, complete, and what the next relocation is for? */
function isCall(code: Uint8Array, at: number, forms: readonly CallForm[], nextType: number, nextAt: number): boolean {
  const form = forms.find(({ opcode }) => hasCode(code, at + 4, opcode));
  if (form === undefined) return false;
  return nextAt === at + form.field && nextAt + 4 <= code.length && form.types.includes(nextType);
}

/** The large model's call: movabs $__tls_get_addr@PLTOFF, %rax; add %rbx or %r15, %rax; call *%rax. */
function isLargeCall(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  return (
    hasCode(code, at + 4, MOVABS_RAX) &&
    (hasCode(code, at + 14, ADD_RBX_CALL) || hasCode(code, at + 14, ADD_R15_CALL)) &&
    nextType === R_X86_64_PLTOFF64 &&
    nextAt === at + 6
  );
}

function isGeneralDynamic(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  if (hasCode(code, at - 4, DATA16_LEA_RDI) && isCall(code, at, GD_CALLS, nextType, nextAt)) return true;
  return hasCode(code, at - 3, LEA_RDI) && isLargeCall(code, at, nextType, nextAt);
}

function isLocalDynamic(code: Uint8Array, at: number, nextType: number, nextAt: number): boolean {
  if (!hasCode(code, at - 3, LEA_RDI)) return false;
  return isCall(code, at, LD_CALLS, nextType, nextAt) || isLargeCall(code, at, nextType, nextAt);
}

/** Is the field the displacement of a 64-bit instruction `opcode foo(%rip), %reg` with the prefix that the type names? */
function isWideLoad(code: Uint8Array, at: number, rex2: boolean): boolean {
  if (at < (rex2 ? 4 : 3) || at + 4 > code.length || (code[at - 1] & 0xc7) !== 0x05) return false;
  const prefix = code[at - 3];
  if (rex2) return code[at - 4] === REX2_ESCAPE && (prefix & (REX2_MAP_0F | REX_W)) === REX_W;
  return prefix === 0x48 || prefix === 0x4c;
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
    case R_X86_64_TLSGD:
      return isGeneralDynamic(code, at, nextType, nextAt) ? target : TLS_UNKNOWN;
    case R_X86_64_TLSLD:
      if (target !== TLS_TO_LOCAL_EXEC) return TLS_KEEP;
      return isLocalDynamic(code, at, nextType, nextAt) ? target : TLS_UNKNOWN;
    case R_X86_64_GOTTPOFF:
    case R_X86_64_CODE_4_GOTTPOFF: {
      if (at < 2 || at + 4 > code.length) return TLS_UNKNOWN;
      if (target !== TLS_TO_LOCAL_EXEC) return TLS_KEEP;
      const known = code[at - 2] === 0x8b || code[at - 2] === 0x03;
      // Another instruction may well read the slot: initial exec is right in every program.
      return known && isWideLoad(code, at, type === R_X86_64_CODE_4_GOTTPOFF) ? target : TLS_KEEP;
    }
    case R_X86_64_GOTPC32_TLSDESC:
    case R_X86_64_CODE_4_GOTPC32_TLSDESC: {
      const wide = isWideLoad(code, at, type === R_X86_64_CODE_4_GOTPC32_TLSDESC);
      return wide && code[at - 2] === 0x8d ? target : TLS_UNKNOWN;
    }
    // No instruction with these prefixes loads the address of a descriptor.
    case R_X86_64_CODE_5_GOTPC32_TLSDESC:
    case R_X86_64_CODE_6_GOTPC32_TLSDESC:
      return TLS_UNKNOWN;
    case R_X86_64_TLSDESC_CALL:
      return at + 2 <= code.length && code[at] === 0xff && code[at + 1] === 0x10 ? target : TLS_UNKNOWN;
    default:
      return TLS_KEEP;
  }
}

/** See Machine.writeTls. */
export function writeTls(
  image: DataView,
  at: number,
  type: number,
  target: number,
  value: number,
  place: number,
): number {
  const local = target === TLS_TO_LOCAL_EXEC;
  const field = local ? value : value - place - 4;
  switch (type) {
    case R_X86_64_TLSGD:
      return writeGeneralDynamic(image, at, local, field);
    case R_X86_64_TLSLD:
      return writeLocalDynamic(image, at);
    case R_X86_64_TLSDESC_CALL:
      image.setUint8(at, 0x66);
      image.setUint8(at + 1, 0x90);
      return 0;
    case R_X86_64_GOTTPOFF:
      return writeImmediate(image, at, field, image.getUint8(at - 2) === 0x03);
    case R_X86_64_CODE_4_GOTTPOFF:
      return writeImmediateRex2(image, at, field, image.getUint8(at - 2) === 0x03);
    default:
      break;
  }
  if (!local) {
    image.setUint8(at - 2, 0x8b);
    put32(image, at, field);
    return fitsInt32(field) ? 0 : -1;
  }
  if (type === R_X86_64_CODE_4_GOTPC32_TLSDESC) return writeImmediateRex2(image, at, field, false);
  return writeImmediate(image, at, field, false);
}

function writeGeneralDynamic(image: DataView, at: number, local: boolean, field: number): number {
  const large = image.getUint8(at + 5) === 0xb8;
  if (large) putCode(image, at - 3, local ? GD_TO_LE_LARGE : GD_TO_IE_LARGE);
  else putCode(image, at - 4, local ? GD_TO_LE : GD_TO_IE);
  const moved = large ? 9 : 8;
  const stored = local ? field : field - moved;
  put32(image, at + moved, stored);
  return fitsInt32(stored) ? 1 : -1;
}

function writeLocalDynamic(image: DataView, at: number): number {
  const call = image.getUint8(at + 4);
  putCode(image, at - 3, call === 0xe8 ? LD_TO_LE : call === 0x48 ? LD_TO_LE_LARGE : LD_TO_LE_INDIRECT);
  return 1;
}

/** mov or lea becomes mov $x, %reg; add becomes lea x(%reg), %reg, or add $x, %reg where %reg would need a SIB byte. */
function writeImmediate(image: DataView, at: number, value: number, add: boolean): number {
  const rex = image.getUint8(at - 3);
  const register = (image.getUint8(at - 1) >> 3) & 7;
  if (add && register !== 4) {
    image.setUint8(at - 3, regToRm(rex) | (rex & 0x04));
    image.setUint8(at - 2, 0x8d);
    image.setUint8(at - 1, 0x80 | (register << 3) | register);
  } else {
    image.setUint8(at - 3, regToRm(rex));
    image.setUint8(at - 2, add ? 0x81 : 0xc7);
    image.setUint8(at - 1, 0xc0 | register);
  }
  put32(image, at, value);
  return fitsInt32(value) ? 0 : -1;
}

function writeImmediateRex2(image: DataView, at: number, value: number, add: boolean): number {
  const register = (image.getUint8(at - 1) >> 3) & 7;
  image.setUint8(at - 3, regToRm2(image.getUint8(at - 3)));
  image.setUint8(at - 2, add ? 0x81 : 0xc7);
  image.setUint8(at - 1, 0xc0 | register);
  put32(image, at, value);
  return fitsInt32(value) ? 0 : -1;
}
