// Machine code in words, where somebody can provide it: a disassembler is handed in by the host.

export interface Instruction {
  readonly address: number;
  readonly bytes: number;
  readonly text: string;
}

/**
 * Decodes instructions one after the other.
 * @param code from its first instruction on  @param address of that instruction
 * @param until stops behind the instruction that holds the byte before this address
 */
export type Disassembler = (code: Uint8Array, address: number, bits: 32 | 64, until: number) => readonly Instruction[];

/** Decoding starts at the function; one longer than this is decoded from nearer, which may start amid an instruction. */
const LONGEST_FUNCTION = 0x40000;

/**
 * The instruction that holds the byte at `target`.
 * @param code bytes from `start` on, behind `target` too  @param start address where an instruction begins
 */
export function instructionAt(
  disassemble: Disassembler,
  code: Uint8Array,
  start: number,
  target: number,
  bits: 32 | 64,
): Instruction | undefined {
  if (target - start > LONGEST_FUNCTION) return undefined;
  return disassemble(code, start, bits, target + 1).at(-1);
}
