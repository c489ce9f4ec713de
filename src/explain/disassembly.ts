// Machine code in words, where somebody can provide it: a disassembler is handed in by the host.

export interface Instruction {
  readonly address: number;
  readonly bytes: number;
  readonly text: string;
}

/**
 * Decodes instructions one after the other; none of a machine that it does not know.
 * @param code from its first instruction on  @param address of that instruction
 * @param machine as `MachineFacts.name`  @param until stops behind the instruction that holds the byte before this address
 */
export type Disassembler = (
  code: Uint8Array,
  address: number,
  machine: string,
  until: number,
) => readonly Instruction[];

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
  machine: string,
): Instruction | undefined {
  if (target - start > LONGEST_FUNCTION) return undefined;
  return disassemble(code, start, machine, target + 1).at(-1);
}
