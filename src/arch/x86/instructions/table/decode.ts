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
} from "../machine/columns.ts";
import { IP, ZERO } from "../machine/state.ts";
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
  const stop = Math.min(end, from + LONGEST);
  const short = end < from + LONGEST ? CUT_SHORT : NO_INSTRUCTION;
  const { found } = table;
  let p = readOpcode(table, bytes, from, stop);
  if (p <= 0) return p === CUT_SHORT ? short : NO_INSTRUCTION;
  const key = found[KEY];
  let modrm = 0xc0;
  if (table.hasModrm[key] !== 0) {
    if (p >= stop) return short;
    modrm = bytes[p++];
  }
  const row = rowFor(table, key, modrm);
  if (row < 0) return NO_INSTRUCTION;
  if ((found[FLAGS] & INFO_LOCK) !== 0 && (table.lockable[row] === 0 || modrm >= 0xc0)) return NO_INSTRUCTION;
  // A third operand that the row does not have must be empty.
  if (key >= VEX_KEYS && found[VVVV] !== 0 && table.third[row] === 0) return NO_INSTRUCTION;
  const size = sizeFor(table, row);
  columns[at + DISPLACEMENT] = 0;
  columns[at + IMMEDIATE] = key >= VEX_KEYS ? found[VVVV] * 2 : 0;
  columns[at + IMMEDIATE_HIGH] = 0;
  columns[at + REGISTERS] = registersFor(table, row, found[OPCODE], modrm);
  columns[at + INFO] = found[FLAGS] | row | (size << SIZE_SHIFT);
  if (modrm < 0xc0) {
    p = readAddress(table, bytes, p, stop, modrm, columns, at);
    if (p === CUT_SHORT) return short;
  }
  if (table.immediate[row] !== IMM_NONE) {
    p = readImmediate(table, bytes, p, stop, row, size, columns, at);
    if (p === CUT_SHORT) return short;
  }
  const length = p - from;
  const long = table.mode === 64;
  const next = (low + length) | 0;
  columns[at + NEXT] = next;
  columns[at + NEXT_HIGH] = long && next >>> 0 < length ? (high + 1) | 0 : high;
  if (table.immediate[row] === IMM_J8 || table.immediate[row] === IMM_JZ) setTarget(table, columns, at);
  else if (modrm < 0xc0) setConstantAddress(columns, at);
  const memory = (columns[at + INFO] & INFO_MEMORY) !== 0 ? 1 : 0;
  columns[at + DO] = table.handlerOf[row * 8 + size * 2 + memory];
  columns[at + INFO] |= (length << LENGTH_SHIFT) | (table.ends[row] !== 0 ? INFO_ENDS : 0);
  return length;
}

// What is found out before the row is known, as indices into `Instructions.found`: map and opcode, REX (of VEX the same bits),
// the prefix that counts for the row, VEX.vvvv, whether there were 66 and 67, and flags for INFO.
const KEY = 0;
const REX = 1;
const PREFIX = 2;
const VVVV = 3;
const SIZE_16 = 4;
const ADDRESS_67 = 5;
const FLAGS = 6;
/** The last byte of the opcode, whose low bits may be a register. */
const OPCODE = 7;

const VEX_KEYS = (MAP_VEX + 1) * 256;

/** Prefixes and opcode: where the next byte is; `CUT_SHORT` or `NO_INSTRUCTION`. */
function readOpcode(table: Instructions, bytes: Uint8Array, from: number, stop: number): number {
  const { found } = table;
  const long = table.mode === 64;
  let p = from;
  let flags = 0;
  let size16 = 0;
  let address67 = 0;
  let rep = 0;
  let rex = 0;
  let opcode = 0;
  for (;;) {
    if (p >= stop) return CUT_SHORT;
    opcode = bytes[p++];
    if (long && (opcode & 0xf0) === 0x40) {
      rex = opcode;
      continue;
    }
    const prefix = PREFIX_BYTES[opcode];
    if (prefix === 0) break;
    // A REX prefix counts only right before the opcode.
    rex = 0;
    if (prefix === P_66) size16 = 1;
    else if (prefix === P_67) address67 = 1;
    else if (prefix === P_F3) rep = 2;
    else if (prefix === P_F2) rep = 3;
    else if (prefix === P_LOCK) flags |= INFO_LOCK;
    else if (prefix === P_FS) flags = (flags & ~INFO_GS) | INFO_FS;
    else if (prefix === P_GS) flags = (flags & ~INFO_FS) | INFO_GS;
    // es, cs, ss, ds: ignored in 64-bit mode; in 32-bit mode they undo an earlier one.
    else if (!long) flags &= ~(INFO_FS | INFO_GS);
  }
  if (rep !== 0) flags |= rep === 2 ? INFO_F3 : INFO_F2;
  if (!long || address67 !== 0) flags |= INFO_ADDRESS32;
  found[FLAGS] = flags;
  found[REX] = rex;
  found[SIZE_16] = size16;
  found[ADDRESS_67] = address67;
  found[PREFIX] = rep !== 0 ? rep : size16;
  if (opcode === 0x0f) return readLongOpcode(table, bytes, p, stop);
  if (opcode === 0xc4 || opcode === 0xc5) {
    if (p >= stop) return CUT_SHORT;
    // In 32-bit mode les and lds, which have no register as a source.
    if (long || bytes[p] >= 0xc0)
      return rep !== 0 || size16 !== 0 ? NO_INSTRUCTION : readVex(table, bytes, p, stop, opcode);
  }
  found[OPCODE] = opcode;
  // 90 is nop, but with REX.B it exchanges r8 as its neighbours exchange other registers.
  found[KEY] = opcode === 0x90 && (rex & 1) !== 0 ? 0x91 : opcode;
  return p;
}

/** Behind 0F. */
function readLongOpcode(table: Instructions, bytes: Uint8Array, from: number, stop: number): number {
  if (from >= stop) return CUT_SHORT;
  const opcode = bytes[from];
  if (opcode !== 0x38 && opcode !== 0x3a) {
    table.found[KEY] = MAP_0F * 256 + opcode;
    table.found[OPCODE] = opcode;
    return from + 1;
  }
  if (from + 1 >= stop) return CUT_SHORT;
  table.found[KEY] = (opcode === 0x38 ? MAP_0F38 : MAP_0F3A) * 256 + bytes[from + 1];
  return from + 2;
}

/** Behind C4 or C5: the bits of REX inverted, vvvv inverted, pp the prefix, and the opcode. */
function readVex(table: Instructions, bytes: Uint8Array, from: number, stop: number, opcode: number): number {
  const { found } = table;
  const long = table.mode === 64;
  let p = from;
  const first = bytes[p++];
  let last = first;
  let map = MAP_0F;
  let rex = 0x40 | ((first & 0x80) !== 0 ? 0 : 4);
  if (opcode === 0xc4) {
    if (p >= stop) return CUT_SHORT;
    last = bytes[p++];
    map = first & 31;
    rex |= ((first & 0x40) !== 0 ? 0 : 2) | ((first & 0x20) !== 0 ? 0 : 1) | ((last & 0x80) !== 0 ? 8 : 0);
  }
  if (p >= stop) return CUT_SHORT;
  if (map < MAP_0F || map > MAP_0F3A || (last & 4) !== 0) return NO_INSTRUCTION;
  found[REX] = long ? rex : 0x40 | (rex & 8);
  found[VVVV] = (((last >> 3) & 15) ^ 15) & (long ? 15 : 7);
  found[PREFIX] = VEX_PREFIX[last & 3];
  found[KEY] = (map + MAP_VEX) * 256 + bytes[p++];
  return p;
}

function rowFor(table: Instructions, key: number, modrm: number): number {
  const exact = table.exactOf[key];
  if (exact !== 0 && table.exact[exact + modrm] !== 0) return table.exact[exact + modrm] - 1;
  const form = table.found[PREFIX] * 16 + (modrm >= 0xc0 ? 8 : 0) + ((modrm >> 3) & 7);
  return table.cells[table.cellOf[key] + form] - 1;
}

/** log2 of the operand size. */
function sizeFor(table: Instructions, row: number): number {
  const by = table.sizeBy[row];
  if (by === SIZE_FIXED) return table.sizeFixed[row];
  const { found } = table;
  if ((found[REX] & 8) !== 0) return 3;
  if (by === SIZE_V && found[SIZE_16] !== 0 && table.owns66[row] === 0) return 1;
  return table.mode === 64 && table.wide[row] !== 0 ? 3 : 2;
}

/** reg and rm, if they are registers; no base and no index yet. */
function registersFor(table: Instructions, row: number, opcode: number, modrm: number): number {
  const rex = table.found[REX];
  let registers = NO_ADDRESS;
  const regAs = table.regAs[row];
  if (regAs !== AS_NONE) registers |= register(((modrm >> 3) & 7) | ((rex & 4) << 1), regAs, rex);
  const rmAs = table.rmAs[row];
  const from = table.rmFrom[row];
  if (from === RM_FROM_OPCODE) registers |= register((opcode & 7) | ((rex & 1) << 3), rmAs, rex) << 8;
  else if (from !== RM_IS_RAX && modrm >= 0xc0 && rmAs !== AS_NONE) {
    registers |= register((modrm & 7) | ((rex & 1) << 3), rmAs, rex) << 8;
  }
  return registers;
}

const NO_ADDRESS = (ZERO << 16) | (ZERO << 24);

/** SIB and displacement of an address of 32 or 64 bits. */
function readAddress(
  table: Instructions,
  bytes: Uint8Array,
  from: number,
  stop: number,
  modrm: number,
  columns: Int32Array,
  at: number,
): number {
  const { found } = table;
  const long = table.mode === 64;
  if (found[ADDRESS_67] !== 0 && !long) return readAddress16(bytes, from, stop, modrm, columns, at);
  const rex = found[REX];
  let p = from;
  const mod = modrm >> 6;
  let width = mod === 1 ? 1 : mod === 2 ? 4 : 0;
  let base = ((modrm & 7) | ((rex & 1) << 3)) * 2;
  let index = ZERO;
  let kind = BASE;
  let info = INFO_MEMORY;
  if ((modrm & 7) === 4) {
    if (p >= stop) return CUT_SHORT;
    const sib = bytes[p++];
    base = ((sib & 7) | ((rex & 1) << 3)) * 2;
    const numbered = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (numbered !== 4) {
      index = numbered * 2;
      kind = BASE_INDEX;
      info |= (sib >> 6) << SCALE_SHIFT;
    }
    if ((sib & 7) === 5 && mod === 0) {
      width = 4;
      base = ZERO;
      if (index === ZERO) kind = CONSTANT;
    }
  } else if ((modrm & 7) === 5 && mod === 0) {
    width = 4;
    // Relative to the next instruction; that stands as the base for who writes it down, and is no register to be added.
    base = long ? IP : ZERO;
    kind = CONSTANT;
  }
  if (p + width > stop) return CUT_SHORT;
  if (width === 1) columns[at + DISPLACEMENT] = (bytes[p] << 24) >> 24;
  else if (width === 4) columns[at + DISPLACEMENT] = int32(bytes, p);
  if ((columns[at + INFO] & INFO_ADDRESS32) !== 0 && kind !== CONSTANT) kind = kind === BASE ? BASE_32 : BASE_INDEX_32;
  if ((columns[at + INFO] & (INFO_FS | INFO_GS)) !== 0) kind = RARE;
  columns[at + INFO] |= info | (kind << ADDRESS_SHIFT);
  columns[at + REGISTERS] = (columns[at + REGISTERS] & 0xffff) | (base << 16) | (index << 24);
  return p + width;
}

/** Addresses of 16 bits, by prefix 67 in 32-bit mode. */
function readAddress16(
  bytes: Uint8Array,
  from: number,
  stop: number,
  modrm: number,
  columns: Int32Array,
  at: number,
): number {
  const mod = modrm >> 6;
  const isConstant = mod === 0 && (modrm & 7) === 6;
  const width = mod === 1 ? 1 : mod === 2 || isConstant ? 2 : 0;
  if (from + width > stop) return CUT_SHORT;
  if (width === 1) columns[at + DISPLACEMENT] = (bytes[from] << 24) >> 24;
  else if (width === 2) columns[at + DISPLACEMENT] = ((bytes[from] | (bytes[from + 1] << 8)) << 16) >> 16;
  columns[at + INFO] |= INFO_MEMORY | INFO_ADDRESS16 | (RARE << ADDRESS_SHIFT);
  columns[at + REGISTERS] = (columns[at + REGISTERS] & 0xffff) | (isConstant ? NO_ADDRESS : PAIRS_16[modrm & 7]);
  return from + width;
}

/** A constant address: made whole when it is known where the instruction ends. */
function setConstantAddress(columns: Int32Array, at: number): void {
  const base = (columns[at + REGISTERS] >>> 16) & 255;
  if ((base !== ZERO && base !== IP) || columns[at + REGISTERS] >>> 24 !== ZERO) return;
  const relative = base === IP;
  const displacement = columns[at + DISPLACEMENT];
  const target = ((relative ? columns[at + NEXT] : 0) + displacement) | 0;
  const carried = target >>> 0 < displacement >>> 0 ? 1 : 0;
  const narrow = (columns[at + INFO] & INFO_ADDRESS32) !== 0;
  const high = (relative ? columns[at + NEXT_HIGH] : 0) + (displacement >> 31) + carried;
  columns[at + DISPLACEMENT] = target;
  columns[at + IMMEDIATE_HIGH] = narrow ? 0 : high;
  // The rare way adds base and index.
  const isRare = ((columns[at + INFO] >>> ADDRESS_SHIFT) & 7) === RARE;
  if (isRare) columns[at + REGISTERS] = (columns[at + REGISTERS] & 0xffff) | NO_ADDRESS;
}

/** Bytes of an immediate of a form. */
function widthOf(table: Instructions, form: number, size: number): number {
  const { found } = table;
  const long = table.mode === 64;
  switch (form) {
    case IMM_8:
    case IMM_J8:
      return 1;
    case IMM_16:
      return 2;
    case IMM_16_8:
      return 3;
    case IMM_V:
      return size === 3 ? 8 : size === 1 ? 2 : 4;
    case IMM_OFFSET:
      return found[ADDRESS_67] === 0 ? (long ? 8 : 4) : long ? 4 : 2;
    case IMM_FAR:
      return found[SIZE_16] !== 0 ? 4 : 6;
    case IMM_JZ:
      return found[SIZE_16] !== 0 && !long ? 2 : 4;
    default:
      return size === 1 ? 2 : 4;
  }
}

function readImmediate(
  table: Instructions,
  bytes: Uint8Array,
  p: number,
  stop: number,
  row: number,
  size: number,
  columns: Int32Array,
  at: number,
): number {
  const form = table.immediate[row];
  const width = widthOf(table, form, size);
  if (p + width > stop) return CUT_SHORT;
  let value: number;
  if (width === 1) value = (bytes[p] << 24) >> 24;
  else if (width === 2) value = ((bytes[p] | (bytes[p + 1] << 8)) << 16) >> 16;
  else if (width === 3) value = bytes[p] | (bytes[p + 1] << 8);
  else value = int32(bytes, p);
  if (form === IMM_16) value &= 0xffff;
  let high = value >> 31;
  if (width === 3) high = bytes[p + 2];
  else if (width === 6) high = bytes[p + 4] | (bytes[p + 5] << 8);
  else if (width === 8) high = int32(bytes, p + 4);
  columns[at + IMMEDIATE] = value;
  columns[at + IMMEDIATE_HIGH] = high;
  if (form === IMM_OFFSET) {
    columns[at + DISPLACEMENT] = width === 2 ? value & 0xffff : value;
    if (width < 8) columns[at + IMMEDIATE_HIGH] = 0;
    const kind = (columns[at + INFO] & (INFO_FS | INFO_GS)) !== 0 ? RARE : CONSTANT;
    columns[at + INFO] |= INFO_MEMORY | (kind << ADDRESS_SHIFT);
  }
  return p + width;
}

/** The target of a jump or call, from the distance to it. */
function setTarget(table: Instructions, columns: Int32Array, at: number): void {
  const distance = columns[at + IMMEDIATE];
  const target = (columns[at + NEXT] + distance) | 0;
  if (table.mode === 64) {
    const carried = target >>> 0 < distance >>> 0 ? 1 : 0;
    columns[at + IMMEDIATE] = target;
    columns[at + IMMEDIATE_HIGH] = (columns[at + NEXT_HIGH] + (distance >> 31) + carried) | 0;
  } else {
    columns[at + IMMEDIATE] = table.found[SIZE_16] !== 0 ? target & 0xffff : target;
    columns[at + IMMEDIATE_HIGH] = 0;
  }
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
