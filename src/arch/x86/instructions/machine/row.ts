// A row of the instruction table: one opcode, with how it is written, what it does, and a sentence. From these rows are made
// the decoder's tables, the handlers' numbers, the text of a disassembly and its explanation.

import type { Feature } from "./levels.ts";
import type { Cpu } from "./state.ts";

/**
 * Executes the decoded instruction at `at` of `cpu.code`. Registers and flags are written after everything that can throw.
 * Only rows with `ends` write ip.
 */
export type Handler = (cpu: Cpu, at: number) => void;

/** What is known of an instruction when its handler is chosen. */
export interface Form {
  /** Operand size in bytes: of the first operand in a general register or memory. */
  readonly size: 1 | 2 | 4 | 8;
  /** The rm operand is memory. */
  readonly memory: boolean;
}

/** A handler for each form. Called for all eight when the table is made, never later. */
export interface Choice {
  readonly choose: (form: Form) => Handler;
}

export interface Row {
  /**
   * Opcode bytes as the SDM writes them: "89", "0F AF", "0F 38 F0", "0F 3A 0F". With "+r" the low three bits are a register
   * ("50+r": operand Z). A ninth bit pattern after a slash is a whole ModRM byte: "D9/E8", "0F 01/D0".
   */
  readonly code: string;
  /**
   * The prefix that is part of the opcode; "NP" for none allowed. Without: 66 sets the operand size, F2 and F3 mean nothing
   * (so F3 0F BC is bsf where there is no tzcnt). Rows with a prefix win over rows without.
   */
  readonly prefix?: "NP" | "66" | "F2" | "F3";
  /** ModRM.reg, where it belongs to the opcode. */
  readonly group?: number;
  /** ModRM.mod, where it belongs to the opcode: only registers, or only memory. E, W and Q allow both, M only memory, U and R only registers. */
  readonly form?: "register" | "memory";
  /** Encoded with a VEX prefix of length 128 (BMI): W says which ("0", "1"), or either. */
  readonly vex?: "W0" | "W1" | "either";
  /**
   * Operands in Intel's order and the SDM's letters (volume 2, appendix A.2), separated by commas; operands.ts lists them.
   * Fixed names ("AL", "rAX", "CL", "DX", "1", "ST0", "XMM0") are implied; "v" alone is no operand and a size by prefixes.
   */
  readonly operands: string;
  /**
   * AT&T's name. "{cc}" is the condition of the opcode's low four bits; "#" the suffix (b w l q) where no register operand
   * tells the size; "cbtw|cwtl|cltq" the names for 2, 4 and 8 bytes, "cmpxchg8b|cmpxchg16b" for 4 and 8; "{d}" is d or q.
   */
  readonly name: string;
  readonly does: Handler | Choice;
  /** In which modes the row exists; without: in both. */
  readonly mode?: 64 | 32;
  /** Operand size is 64 bits in 64-bit mode without REX.W (push, near calls and jumps), or 16 with prefix 66. */
  readonly wide?: true;
  /** REX.W means something although no operand shows it: the size is 4 or 8 bytes by it. */
  readonly quad?: true;
  /** Writes ip: ends a block. */
  readonly ends?: true;
  /** What the processor must have; without: the baseline of x86-64 and any i686 with SSE2. */
  readonly needs?: Feature;
  /** Known, decoded and named, but not executed: ends the program. `does` is `refuse`. */
  readonly refused?: true;
  /** Flags read, written, and left undefined by the manuals (and so not compared): letters of "OSZAPC" and D. */
  readonly reads?: string;
  readonly writes?: string;
  readonly leaves?: string;
  /** One sentence without a full stop: {1} {2} {3} are the operands. */
  readonly says: string;
}
