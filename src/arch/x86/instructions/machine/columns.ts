// A decoded instruction: eight int32 in one array, so that a hundred thousand of them stay small and a handler finds all it
// needs in half a cache line. Objects in their place cost a factor of three at the size of real programs.
//
//   0 handler number    4 high word of the immediate, of a target, or of a constant address
//   1 registers         5 address of the next instruction, low
//   2 displacement      6 the same, high
//   3 immediate         7 info

/** int32 for each instruction; an instruction is known by the index of the first, `at`. */
export const STRIDE = 8;

export const DO = 0;
/** Four bytes: reg, rm, base, index. */
export const REGISTERS = 1;
export const DISPLACEMENT = 2;
/** Sign-extended to 32 bits; of a jump or call the target's low word; of a VEX row with three operands vvvv. */
export const IMMEDIATE = 3;
/**
 * High word of a 64-bit immediate, of a target, or of an address without registers. Any other immediate beside a memory operand
 * is extended by its user: `immediate >> 31`. Of enter the nesting level, of a far pointer the selector.
 */
export const IMMEDIATE_HIGH = 4;
export const NEXT = 5;
export const NEXT_HIGH = 6;
export const INFO = 7;

/** Info: row (12 bits), length (4), how the address is made (3), scale (2), log2 of the operand size (2), and flags. */
export const INFO_ROW = 0xfff;
export const LENGTH_SHIFT = 12;
export const ADDRESS_SHIFT = 16;
export const SCALE_SHIFT = 19;
export const SIZE_SHIFT = 21;
export const INFO_LOCK: number = 1 << 23;
export const INFO_F3: number = 1 << 24;
export const INFO_F2: number = 1 << 25;
export const INFO_FS: number = 1 << 26;
export const INFO_GS: number = 1 << 27;
/** Addresses (and rcx as a counter) have 32 bits: prefix 67 in 64-bit mode, always in 32-bit mode. */
export const INFO_ADDRESS32: number = 1 << 28;
/** The rm operand is memory. */
export const INFO_MEMORY: number = 1 << 29;
/** The row writes ip: a block ends with it. */
export const INFO_ENDS: number = 1 << 30;

/** How an address is made: see `address` in operands.ts. */
export const BASE = 0;
export const CONSTANT = 1;
export const BASE_INDEX = 2;
export const BASE_32 = 3;
export const BASE_INDEX_32 = 4;
/** With a segment's base, or 16 bits wide: everything rare. */
export const RARE = 5;

/** Prefix 67 in 32-bit mode: addresses of 16 bits. Only with `RARE`. */
export const INFO_ADDRESS16: number = 1 << 31;
