// What an instruction that failed means to Linux: the signal and its facts (arch/x86/kernel/traps.c, arch/x86/mm/fault.c).

import {
  BEYOND_FILE,
  type Cpu,
  EXECUTE,
  IP,
  NOT_ALLOWED,
  OUT_OF_PAGES,
  TRAP,
  TRAP_BREAKPOINT,
  TRAP_DIVIDE,
  TRAP_FLOAT,
  TRAP_MEMORY,
  TRAP_UNDEFINED,
  WRITE,
} from "../../arch/x86/instructions/index.ts";
import { SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "./signal-numbers.ts";
import { PAGE_FAULT } from "./signals.ts";

/** An instruction's fault: as `Signal` has it, and whether it is the instruction itself that could not be read. */
export interface Fault {
  readonly number: number;
  readonly code: number;
  readonly address: number;
  /** The exception's vector. */
  readonly trap: number;
  readonly error: number;
  readonly isFetch: boolean;
}

const SEGV_MAPERR = 1;
const SEGV_ACCERR = 2;
const BUS_ADRERR = 2;
const FPE_INTDIV = 1;
const FPE_FLTINV = 7;
const ILL_ILLOPN = 2;

/** What the trap is that a processor has stopped at; undefined if there are no more pages, which is nobody's fault. */
export function faultOf({ words, mode, memory }: Cpu): Fault | undefined {
  const address = (words[IP] >>> 0) + (mode === 64 ? (words[IP + 1] >>> 0) * 2 ** 32 : 0);
  const make = (number: number, code: number, at: number, trap: number, error = 0, isFetch = false): Fault => {
    return { number, code, address: at, trap, error, isFetch };
  };
  switch (words[TRAP]) {
    case TRAP_MEMORY: {
      const [low, high, access, why] = memory.fault;
      if (why === OUT_OF_PAGES) return undefined;
      const number = why === BEYOND_FILE ? SIGBUS : SIGSEGV;
      const code = why === BEYOND_FILE ? BUS_ADRERR : why === NOT_ALLOWED ? SEGV_ACCERR : SEGV_MAPERR;
      const target = (low >>> 0) + (high >>> 0) * 2 ** 32;
      // Addresses that no page table reaches are a general protection fault, of which the address is not told.
      const isCanonical = target < 2 ** 47 || target >= 2 ** 64 - 2 ** 47;
      if (!isCanonical) return make(SIGSEGV, SI_KERNEL, 0, 13);
      // Bits of the error code: a user's access, a write, an instruction's fetch, a page that is there.
      const isFetch = access === EXECUTE;
      const error = 4 | (access === WRITE ? 2 : 0) | (isFetch ? 16 : 0) | (why === NOT_ALLOWED ? 1 : 0);
      return make(number, code, target, PAGE_FAULT, error, isFetch);
    }
    case TRAP_DIVIDE:
      return make(SIGFPE, FPE_INTDIV, address, 0);
    case TRAP_BREAKPOINT:
      return make(SIGTRAP, SI_KERNEL, 0, 3);
    case TRAP_UNDEFINED:
      return make(SIGILL, ILL_ILLOPN, address, 6);
    case TRAP_FLOAT:
      return make(SIGFPE, FPE_FLTINV, address, 19);
    default:
      return make(SIGSEGV, SI_KERNEL, 0, 13);
  }
}
