// The state of one processor as views of one buffer, so that a snapshot is a copy of that buffer, and so that what a handler
// reads and writes is always an integer in a typed array. A thread is a record of its own; threads share memory.
//
// A 64-bit register is two words, low then high: pairs of int32 run two to three times as fast as BigInt. i386 uses the low
// words; its handlers are those of 32-bit operands, which clear the high ones.

import { type FloatUnit, floatUnit } from "../float/soft-float.ts";
import type { Levels } from "./levels.ts";
import type { Memory } from "./memory.ts";

/** Words of the state, as indices into `Cpu.words`. Registers are numbered as the machine numbers them: register n is at 2n. */
export const RAX = 0;
export const RCX = 2;
export const RDX = 4;
export const RBX = 6;
export const RSP = 8;
export const RBP = 10;
export const RSI = 12;
export const RDI = 14;
export const R8 = 16;
export const R9 = 18;
export const R10 = 20;
export const R11 = 22;

/** A pair that is always zero: the base or index of an address that has none. */
export const ZERO = 32;
/** Address of the next instruction. Only the last row of a block writes it; inside a block the row knows its address. */
export const IP = 34;
/** High word of what `address` (operands.ts) returned last. */
export const ADDRESS_HIGH = 36;
/** High word of what a function returned last that gives 64 bits in two parts. */
export const RESULT_HIGH = 37;

/** Lazy flags: flags.ts says what they mean. */
export const FLAG_KIND = 38;
export const FLAG_A = 39;
export const FLAG_B = 40;
export const FLAG_R = 41;
export const FLAG_ZERO = 42;
export const FLAG_LOW = 43;
export const FLAG_AUX = 44;
export const FLAG_CF = 45;
export const FLAG_OF = 46;
/** 1, or -1 after std. */
export const DIRECTION = 47;
/** The bits of EFLAGS that no instruction here computes: TF, IF, IOPL, NT, AC, ID. */
export const FLAG_REST = 48;

/** Bases of %fs and %gs, two words each; the others' bases are zero. */
export const FS_BASE = 50;
export const GS_BASE = 52;
/** Selectors es, cs, ss, ds, fs, gs: one word each, in the machine's numbering. */
export const SELECTORS = 54;

/** What the last trap was (`TRAP_*`); ip is the instruction's that trapped. Of a memory fault the rest is in `Memory.fault`. */
export const TRAP = 60;
/** The error code of the last trap that `trap` ended, and the row that trapped: its place in `Cpu.code`, or -1 if none was decoded. */
export const TRAP_ERROR = 61;
export const TRAP_ROW = 62;
/** Instructions that the running slice may still execute, to the block. `EXECUTED - LEFT` is what clocks count. */
export const LEFT = 63;

/** xmm0 to xmm15, four words each; then two places for operands fetched from memory. */
export const XMM = 64;
export const XMM_OPERAND = 128;
export const XMM_OPERAND_2 = 132;
/** The eight physical x87 registers: significand low, high, sign and exponent (16 bits), unused. MMX registers are the significands. */
export const X87 = 136;
/** Control and status word (without TOP), the stack's top (0 to 7), and a tag word with 2 bits a physical register. */
export const X87_CONTROL = 168;
export const X87_STATUS = 169;
export const X87_TOP = 170;
export const X87_TAGS = 171;
/** Last opcode, instruction pointer (2 words) and data pointer (2 words) of the x87, for fnstenv and fxsave. */
export const X87_OPCODE = 172;
export const X87_IP = 173;
export const X87_DATA = 175;
export const MXCSR = 177;
/** Instructions executed by earlier slices, and what the running one may execute: low and high word. */
export const EXECUTED = 178;
/** Selector and base of the entry that set_thread_area hands out (i386): selector, base. */
export const TLS_SELECTOR = 180;
export const TLS_BASE = 181;

const STATE_WORDS = 192;

/** How the machine is running; the value is the width of an address. */
export type Mode = 64 | 32;

/** One processor. */
export interface Cpu {
  readonly mode: Mode;
  /** What cpuid says, and which instructions there are. */
  readonly levels: Levels;
  /** The state; the views below are of its buffer. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  /** Where floating point calculates what the host's doubles cannot; holds nothing between instructions. */
  readonly float: FloatUnit;
  readonly memory: Memory;
  /** Columns of the decoded rows (columns.ts), which all processors of a memory share. */
  readonly code: Int32Array;
}

/**
 * A processor as it stands when the kernel starts a program: registers zero, flags clear, x87 and SSE as execve leaves them.
 *
 * @param code where its instructions are decoded: `columns` of a `Code` of src/execute/code.ts
 */
export function createCpu(memory: Memory, mode: Mode, levels: Levels, code: Int32Array): Cpu {
  const words = new Int32Array(STATE_WORDS);
  words[DIRECTION] = 1;
  words[FLAG_REST] = 0x200;
  words[FLAG_ZERO] = words[FLAG_LOW] = 1;
  words[MXCSR] = 0x1f80;
  words[X87_CONTROL] = 0x37f;
  words[X87_TAGS] = 0xffff;
  // The selectors that Linux gives a user program (arch/x86/include/asm/segment.h).
  words[SELECTORS + 1] = mode === 64 ? 0x33 : 0x23;
  words[SELECTORS + 2] = 0x2b;
  if (mode === 32) words[SELECTORS] = words[SELECTORS + 3] = 0x2b;
  return viewsOf(words, memory, mode, levels, code);
}

/** A second processor in the same memory with a copy of the first one's state: what clone(2) starts from. */
export function copyCpu(cpu: Cpu): Cpu {
  return viewsOf(cpu.words.slice(), cpu.memory, cpu.mode, cpu.levels, cpu.code);
}

function viewsOf(words: Int32Array, memory: Memory, mode: Mode, levels: Levels, code: Int32Array): Cpu {
  const { buffer } = words;
  return {
    mode,
    levels,
    words,
    bytes: new Uint8Array(buffer),
    halves: new Uint16Array(buffer),
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
    float: floatUnit(),
    memory,
    code,
  };
}
