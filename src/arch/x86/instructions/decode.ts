// Bytes to a row and its columns: prefixes, opcode, ModRM, SIB, displacement, immediate (SDM volume 2, chapter 2). Writes
// integers into an array and nothing else, since whole programs go through here before they run.

import {
  ADDRESS_SHIFT,
  BASE,
  BASE_32,
  BASE_INDEX,
  BASE_INDEX_32,
  CONSTANT,
  DISPLACEMENT,
  DO,
  IMMEDIATE,
  IMMEDIATE_HIGH,
  INFO,
  INFO_ADDRESS16,
  INFO_ADDRESS32,
  INFO_ENDS,
  INFO_F2,
  INFO_F3,
  INFO_FS,
  INFO_GS,
  INFO_LOCK,
  INFO_MEMORY,
  LENGTH_SHIFT,
  NEXT,
  NEXT_HIGH,
  RARE,
  REGISTERS,
  SCALE_SHIFT,
  SIZE_SHIFT,
} from "./columns.ts";
import { IP, ZERO } from "./state.ts";
import {
  AS_BYTE,
  AS_NONE,
  AS_WORD,
  IMM_8,
  IMM_16,
  IMM_16_8,
  IMM_FAR,
  IMM_J8,
  IMM_JZ,
  IMM_NONE,
  IMM_OFFSET,
  IMM_V,
  IMM_Z,
  type Instructions,
  MAP_0F,
  MAP_0F3A,
  MAP_0F38,
  MAP_VEX,
  RM_FROM_OPCODE,
  RM_IS_RAX,
  SIZE_FIXED,
  SIZE_V,
} from "./table.ts";

/** What `decode` gives instead of a length: the bytes end too early, or are no instruction. */
export const CUT_SHORT = 0;
export const NO_INSTRUCTION = -1;

/** No instruction is longer. */
export const LONGEST = 15;

/**
 * Decodes the instruction at `from` of `bytes` into the eight words at `at` of `columns`.
 *
 * @param end where the bytes end: up to `LONGEST` after `from` are looked at
 * @param low address of the instruction, with `high`
 * @returns its length, 1 to 15; `CUT_SHORT` or `NO_INSTRUCTION` (then the columns hold nothing of use)
 */
export function decode(
  table: Instructions,
  bytes: Uint8Array,
  from: number,
  end: number,
  low: number,
  high: number,
  columns: Int32Array,
  at: number,
): number {
  const long = table.mode === 64;
  const stop = Math.min(end, from + LONGEST);
  const short = end < from + LONGEST ? CUT_SHORT : NO_INSTRUCTION;
  let p = from;
  let info = 0;
  let size16 = false;
  let address67 = false;
  let rep = 0;
  let rex = 0;
  let opcode = 0;
  for (;;) {
    if (p >= stop) return short;
    opcode = bytes[p++];
    if (long && (opcode & 0xf0) === 0x40) {
      rex = opcode;
      continue;
    }
    const prefix = PREFIX_BYTES[opcode];
    if (prefix === 0) break;
    // A REX prefix counts only right before the opcode.
    rex = 0;
    if (prefix === P_66) size16 = true;
    else if (prefix === P_67) address67 = true;
    else if (prefix === P_F3) rep = 2;
    else if (prefix === P_F2) rep = 3;
    else if (prefix === P_LOCK) info |= INFO_LOCK;
    else if (prefix === P_FS) info = (info & ~INFO_GS) | INFO_FS;
    else if (prefix === P_GS) info = (info & ~INFO_FS) | INFO_GS;
    // es, cs, ss, ds: ignored in 64-bit mode; in 32-bit mode they undo an earlier one.
    else if (!long) info &= ~(INFO_FS | INFO_GS);
  }
  if (rep === 2) info |= INFO_F3;
  if (rep === 3) info |= INFO_F2;
  let map = 0;
  let vvvv = 0;
  let wide = (rex & 8) !== 0;
  let prefix = rep !== 0 ? rep : size16 ? 1 : 0;
  if (opcode === 0x0f) {
    if (p >= stop) return short;
    opcode = bytes[p++];
    map = MAP_0F;
    if (opcode === 0x38 || opcode === 0x3a) {
      map = opcode === 0x38 ? MAP_0F38 : MAP_0F3A;
      if (p >= stop) return short;
      opcode = bytes[p++];
    }
  } else if (opcode === 0xc4 || opcode === 0xc5) {
    if (p >= stop) return short;
    if (long || bytes[p] >= 0xc0) {
      // VEX: the bits of REX inverted, vvvv inverted, pp the prefix.
      const first = bytes[p++];
      let last = first;
      map = MAP_0F;
      rex = 0x40 | (first & 0x80 ? 0 : 4);
      if (opcode === 0xc4) {
        if (p >= stop) return short;
        last = bytes[p++];
        map = first & 31;
        rex |= (first & 0x40 ? 0 : 2) | (first & 0x20 ? 0 : 1);
        wide = (last & 0x80) !== 0;
        if (wide) rex |= 8;
      }
      if (p >= stop) return short;
      if (map < MAP_0F || map > MAP_0F3A || (last & 4) !== 0 || size16 || rep !== 0) return NO_INSTRUCTION;
      map += MAP_VEX;
      vvvv = ((last >> 3) & 15) ^ 15;
      if (!long) {
        rex = 0x40 | (rex & 8);
        vvvv &= 7;
      }
      prefix = VEX_PREFIX[last & 3];
      opcode = bytes[p++];
    }
  }
  // 90 is nop, but with REX.B it exchanges r8 as its neighbours exchange other registers.
  const key = map * 256 + (opcode === 0x90 && map === 0 && (rex & 1) !== 0 ? 0x91 : opcode);
  let modrm = 0xc0;
  if (table.hasModrm[key] !== 0) {
    if (p >= stop) return short;
    modrm = bytes[p++];
  }
  let row = table.exactOf[key] === 0 ? 0 : table.exact[table.exactOf[key] + modrm];
  if (row === 0) {
    row = table.cells[table.cellOf[key] + prefix * 16 + (modrm >= 0xc0 ? 8 : 0) + ((modrm >> 3) & 7)];
    if (row === 0) return NO_INSTRUCTION;
  }
  row--;
  info |= row;

  // Operand size: log2 of bytes.
  let size = table.sizeFixed[row];
  const by = table.sizeBy[row];
  if (by !== SIZE_FIXED) {
    if (wide) size = 3;
    else if (by === SIZE_V && size16 && table.owns66[row] === 0) size = 1;
    else size = long && table.wide[row] !== 0 ? 3 : 2;
  }
  info |= size << SIZE_SHIFT;

  // Registers.
  let registers = (ZERO << 16) | (ZERO << 24);
  const regAs = table.regAs[row];
  if (regAs !== AS_NONE) registers |= register(((modrm >> 3) & 7) | ((rex & 4) << 1), regAs, rex);
  const rmAs = table.rmAs[row];
  const from66 = table.rmFrom[row];
  let displacement = 0;
  // The address is a constant: 1 as it stands, 2 relative to the next instruction.
  let constant = 0;
  if (from66 === RM_FROM_OPCODE) registers |= register((opcode & 7) | ((rex & 1) << 3), rmAs, rex) << 8;
  else if (from66 === RM_IS_RAX) registers |= 0;
  else if (modrm >= 0xc0) {
    if (rmAs !== AS_NONE) registers |= register((modrm & 7) | ((rex & 1) << 3), rmAs, rex) << 8;
  } else {
    info |= INFO_MEMORY;
    const mod = modrm >> 6;
    let base = modrm & 7;
    let kind = BASE;
    let bytesOfDisplacement = mod === 1 ? 1 : mod === 2 ? 4 : 0;
    if (address67 && !long) {
      // 16-bit addresses, 32-bit mode only.
      registers = (registers & 0xffff) | PAIRS_16[base];
      if (mod === 2 || (mod === 0 && base === 6)) bytesOfDisplacement = 2;
      if (mod === 0 && base === 6) {
        registers = (registers & 0xffff) | (ZERO << 16) | (ZERO << 24);
        constant = 1;
      }
      kind = RARE;
      info |= INFO_ADDRESS16;
    } else {
      let index = ZERO;
      if (base === 4) {
        if (p >= stop) return short;
        const sib = bytes[p++];
        base = sib & 7;
        const numbered = ((sib >> 3) & 7) | ((rex & 2) << 2);
        if (numbered !== 4) {
          index = numbered * 2;
          kind = BASE_INDEX;
          info |= (sib >> 6) << SCALE_SHIFT;
        }
        if (base === 5 && mod === 0) {
          bytesOfDisplacement = 4;
          base = ZERO;
        } else base = (base | ((rex & 1) << 3)) * 2;
        if (base === ZERO && index === ZERO) constant = 1;
      } else if (base === 5 && mod === 0) {
        bytesOfDisplacement = 4;
        base = ZERO;
        constant = long ? 2 : 1;
      } else base = (base | ((rex & 1) << 3)) * 2;
      registers = (registers & 0xffff) | (base << 16) | (index << 24);
    }
    if (p + bytesOfDisplacement > stop) return short;
    if (bytesOfDisplacement === 1) displacement = (bytes[p] << 24) >> 24;
    else if (bytesOfDisplacement === 2) displacement = ((bytes[p] | (bytes[p + 1] << 8)) << 16) >> 16;
    else if (bytesOfDisplacement === 4) displacement = int32(bytes, p);
    p += bytesOfDisplacement;
    if (!long || address67) {
      info |= INFO_ADDRESS32;
      kind = kind === BASE ? BASE_32 : kind === BASE_INDEX ? BASE_INDEX_32 : kind;
    }
    if ((info & (INFO_FS | INFO_GS)) !== 0) kind = RARE;
    else if (constant !== 0) kind = CONSTANT;
    info |= kind << ADDRESS_SHIFT;
  }
  if (!long || address67) info |= INFO_ADDRESS32;

  // Immediate.
  if (vvvv !== 0 && table.third[row] === 0) return NO_INSTRUCTION;
  let immediate = map > MAP_VEX ? vvvv * 2 : 0;
  let immediateHigh = 0;
  const form = table.immediate[row];
  if (form !== IMM_NONE) {
    const operand16 = size === 1;
    let width = 4;
    if (form === IMM_8 || form === IMM_J8) width = 1;
    else if (form === IMM_16) width = 2;
    else if (form === IMM_16_8) width = 3;
    else if (form === IMM_V) width = size === 3 ? 8 : operand16 ? 2 : 4;
    else if (form === IMM_OFFSET) width = long ? (address67 ? 4 : 8) : address67 ? 2 : 4;
    else if (form === IMM_FAR) width = size16 ? 4 : 6;
    else if (form === IMM_JZ) width = size16 && !long ? 2 : 4;
    else if (operand16) width = 2;
    if (p + width > stop) return short;
    if (width === 1) immediate = (bytes[p] << 24) >> 24;
    else if (width === 2) immediate = ((bytes[p] | (bytes[p + 1] << 8)) << 16) >> 16;
    else if (width === 3) immediate = bytes[p] | (bytes[p + 1] << 8);
    else immediate = int32(bytes, p);
    if (form === IMM_16) immediate &= 0xffff;
    if (form === IMM_V || form === IMM_Z || form === IMM_8) immediateHigh = immediate >> 31;
    if (width === 3) immediateHigh = bytes[p + 2];
    if (width === 6) immediateHigh = bytes[p + 4] | (bytes[p + 5] << 8);
    if (width === 8) immediateHigh = int32(bytes, p + 4);
    p += width;
    if (form === IMM_OFFSET) {
      displacement = width === 2 ? immediate & 0xffff : immediate;
      const kind = (info & (INFO_FS | INFO_GS)) !== 0 ? RARE : CONSTANT;
      info |= INFO_MEMORY | (kind << ADDRESS_SHIFT);
    }
  }

  const length = p - from;
  const next = (low + length) | 0;
  const nextHigh = long && next >>> 0 < length ? (high + 1) | 0 : high;
  if (form === IMM_J8 || form === IMM_JZ) {
    const target = (next + immediate) | 0;
    immediateHigh = long ? (nextHigh + (immediate >> 31) + (target >>> 0 < immediate >>> 0 ? 1 : 0)) | 0 : 0;
    immediate = size16 && !long ? target & 0xffff : target;
  }
  if (constant !== 0) {
    const from = constant === 2 ? next : 0;
    const target = (from + displacement) | 0;
    const carried = target >>> 0 < displacement >>> 0 ? 1 : 0;
    const fromHigh = constant === 2 ? nextHigh : 0;
    const above = displacement >> 31;
    displacement = target;
    // Only for who writes it down: a constant address uses no register.
    if (constant === 2 && ((info >>> ADDRESS_SHIFT) & 7) === CONSTANT)
      registers = (registers & 0xff00ffff) | (IP << 16);
    immediateHigh = !long || address67 ? 0 : (fromHigh + above + carried) | 0;
  }
  const memory = (info & INFO_MEMORY) !== 0 ? 1 : 0;
  columns[at + DO] = table.handlerOf[row * 8 + size * 2 + memory];
  columns[at + REGISTERS] = registers;
  columns[at + DISPLACEMENT] = displacement;
  columns[at + IMMEDIATE] = immediate;
  columns[at + IMMEDIATE_HIGH] = immediateHigh;
  columns[at + NEXT] = next;
  columns[at + NEXT_HIGH] = nextHigh;
  columns[at + INFO] = info | (length << LENGTH_SHIFT) | (table.ends[row] !== 0 ? INFO_ENDS : 0);
  return length;
}

const P_66 = 1;
const P_67 = 2;
const P_F3 = 3;
const P_F2 = 4;
const P_LOCK = 5;
const P_FS = 6;
const P_GS = 7;
const P_SEGMENT = 8;

const PREFIX_BYTES = new Uint8Array(256);
for (const [byte, prefix] of [
  [0x66, P_66],
  [0x67, P_67],
  [0xf3, P_F3],
  [0xf2, P_F2],
  [0xf0, P_LOCK],
  [0x64, P_FS],
  [0x65, P_GS],
  [0x26, P_SEGMENT],
  [0x2e, P_SEGMENT],
  [0x36, P_SEGMENT],
  [0x3e, P_SEGMENT],
]) {
  PREFIX_BYTES[byte] = prefix;
}

/** VEX.pp: none, 66, F3, F2. */
const VEX_PREFIX = [0, 1, 2, 3] as const;

const pair = (base: number, index: number): number => (base << 16) | (index << 24);
/** Base and index of 16-bit addresses by ModRM.rm: bx+si, bx+di, bp+si, bp+di, si, di, bp, bx. */
const PAIRS_16 = [
  pair(6, 12),
  pair(6, 14),
  pair(10, 12),
  pair(10, 14),
  pair(12, ZERO),
  pair(14, ZERO),
  pair(10, ZERO),
  pair(6, ZERO),
] as const;

/** A register as the columns have it. Without REX, byte registers 4 to 7 are the second bytes of the first four. */
function register(number: number, as: number, rex: number): number {
  if (as === AS_WORD) return number * 2;
  if (as === AS_BYTE) return rex === 0 && number >= 4 && number < 8 ? (number - 4) * 8 + 1 : number * 8;
  return number;
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
