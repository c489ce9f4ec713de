// What ends an instruction before it has done anything. A handler or a memory access that cannot go on records why in the
// processor's state or the memory, and throws one of the constants below, which the run loop alone catches. Measured: a check
// after each access costs more than the loop's own work; a throw costs only who faults, and no check can be forgotten.

import { type Cpu, TRAP, TRAP_ERROR } from "./state.ts";

/** Kinds of traps: what `words[TRAP]` holds after a stop. */
export const TRAP_NONE = 0;
/** Division by zero, or a quotient that does not fit: #DE, SIGFPE. */
export const TRAP_DIVIDE = 1;
/** int3: SIGTRAP. */
export const TRAP_BREAKPOINT = 2;
/** Bytes that are no instruction here, or ud2: #UD, SIGILL. */
export const TRAP_UNDEFINED = 3;
/** hlt, in, out, an unaligned movaps, a segment that user programs may not load: #GP, SIGSEGV at address 0. */
export const TRAP_PROTECTION = 4;
/** A memory access failed; `memory.fault` says where, how and why: #PF, SIGSEGV or SIGBUS. */
export const TRAP_MEMORY = 5;
/** An unmasked floating-point exception of SSE: #XM, SIGFPE. */
export const TRAP_FLOAT = 6;
/** into with OF set, SIGSEGV on Linux. */
export const TRAP_OVERFLOW = 7;
/** bound out of range, SIGSEGV on Linux. */
export const TRAP_BOUND = 8;
/** An unmasked exception of the x87, found by the first instruction behind that waits: #MF, SIGFPE. */
export const TRAP_X87 = 9;
/** int1: #DB, SIGTRAP. */
export const TRAP_DEBUG = 10;

interface Signal {
  readonly why: string;
}

/** Thrown by memory: what is wrong stands in `memory.fault`. */
export const MEMORY_FAULT: Signal = Object.freeze({ why: "memory" });
/** Thrown by `trap`: the kind stands in `words[TRAP]`. */
export const PROCESSOR_TRAP: Signal = Object.freeze({ why: "trap" });
/** Thrown by a row that is not there any more: execution goes on at that row's address, with what is there now. */
export const STALE_ROW: Signal = Object.freeze({ why: "stale" });

/** Thrown by syscall, sysenter and int 0x80 when they are done, ip included: the kernel's turn. */
export const SYSTEM_CALL: Signal = Object.freeze({ why: "system call" });

/** Thrown by popf when it is done, ip included, and has set TF: from now on every instruction ends the slice. */
export const SINGLE_STEP: Signal = Object.freeze({ why: "single step" });

/**
 * Ends the instruction with a trap of a kind (`TRAP_*`). Nothing may have been written before.
 * @param code the processor's error code: of a selector, or of a gate
 */
export function trap(cpu: Cpu, kind: number, code = 0): never {
  cpu.words[TRAP] = kind;
  cpu.words[TRAP_ERROR] = code;
  throw PROCESSOR_TRAP;
}
