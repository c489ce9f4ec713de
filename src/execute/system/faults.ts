// What an instruction that failed means to Linux: the signal and its facts (arch/x86/kernel/traps.c, arch/x86/mm/fault.c).

import {
  BEYOND_FILE,
  type Cpu,
  EXECUTE,
  INFO,
  INFO_FS,
  INFO_GS,
  INFO_MEMORY,
  IP,
  MXCSR,
  NOT_ALLOWED,
  OUT_OF_PAGES,
  RBP,
  REGISTERS,
  RSP,
  TRAP,
  TRAP_BREAKPOINT,
  TRAP_DEBUG,
  TRAP_DIVIDE,
  TRAP_ERROR,
  TRAP_FLOAT,
  TRAP_MEMORY,
  TRAP_OVERFLOW,
  TRAP_PROTECTION,
  TRAP_ROW,
  TRAP_UNDEFINED,
  TRAP_X87,
  WRITE,
  X87_CONTROL,
  X87_STATUS,
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
  /** The processor has gone past the instruction, and goes on behind it after a handler. */
  readonly isPast: boolean;
}

const SEGV_MAPERR = 1;
const SEGV_ACCERR = 2;
const BUS_ADRERR = 2;
const FPE_INTDIV = 1;
export const FPE_FLTDIV = 3;
export const FPE_FLTOVF = 4;
export const FPE_FLTUND = 5;
export const FPE_FLTRES = 6;
export const FPE_FLTINV = 7;
const TRAP_BRKPT = 1;
const TRAP_TRACE = 2;
const ILL_ILLOPN = 2;

/** What the trap is that a processor has stopped at; undefined if there are no more pages, which is nobody's fault. */
export function faultOf(cpu: Cpu): Fault | undefined {
  const { words, mode, memory } = cpu;
  const address = (words[IP] >>> 0) + (mode === 64 ? (words[IP + 1] >>> 0) * 2 ** 32 : 0);
  const make = (number: number, code: number, at: number, trap: number, error = 0, isFetch = false): Fault => {
    return { number, code, address: at, trap, error, isFetch, isPast: false };
  };
  const past = (fault: Fault): Fault => ({ ...fault, isPast: true });
  switch (words[TRAP]) {
    case TRAP_MEMORY: {
      const [low, high, access, why] = memory.fault;
      if (why === OUT_OF_PAGES) return undefined;
      const number = why === BEYOND_FILE ? SIGBUS : SIGSEGV;
      const code = why === BEYOND_FILE ? BUS_ADRERR : why === NOT_ALLOWED ? SEGV_ACCERR : SEGV_MAPERR;
      const target = (low >>> 0) + (high >>> 0) * 2 ** 32;
      // Addresses that no page table reaches are a general protection fault, of which the address is not told.
      const isCanonical = target < 2 ** 47 || target >= 2 ** 64 - 2 ** 47;
      if (!isCanonical)
        return usesStack(cpu, target) ? make(SIGBUS, SI_KERNEL, 0, 12) : make(SIGSEGV, SI_KERNEL, 0, 13);
      // Bits of the error code: a user's access, a write, an instruction's fetch, a page that is there.
      const isFetch = access === EXECUTE;
      const error = 4 | (access === WRITE ? 2 : 0) | (isFetch ? 16 : 0) | (why === NOT_ALLOWED ? 1 : 0);
      return make(number, code, target, PAGE_FAULT, error, isFetch);
    }
    case TRAP_DIVIDE:
      return make(SIGFPE, FPE_INTDIV, address, 0);
    case TRAP_BREAKPOINT:
      return past(make(SIGTRAP, SI_KERNEL, 0, 3));
    case TRAP_DEBUG:
      return past(make(SIGTRAP, TRAP_BRKPT, address + 1, 1));
    case TRAP_OVERFLOW:
      return past(make(SIGSEGV, SI_KERNEL, 0, 4));
    case TRAP_UNDEFINED:
      return make(SIGILL, ILL_ILLOPN, address, 6);
    case TRAP_FLOAT:
      return make(SIGFPE, floatCode(words[MXCSR] & ~(words[MXCSR] >>> 7)), address, 19);
    case TRAP_X87:
      return make(SIGFPE, floatCode(words[X87_STATUS] & ~words[X87_CONTROL]), address, 16);
    default:
      return make(SIGSEGV, SI_KERNEL, 0, 13, words[TRAP] === TRAP_PROTECTION ? words[TRAP_ERROR] : 0);
  }
}

/** What follows an instruction while TF is set; ip is where it goes on. */
export function stepFault({ words, mode }: Cpu): Fault {
  const address = (words[IP] >>> 0) + (mode === 64 ? (words[IP + 1] >>> 0) * 2 ** 32 : 0);
  return { number: SIGTRAP, code: TRAP_TRACE, address, trap: 1, error: 0, isFetch: false, isPast: false };
}

/** si_code of exceptions that are raised and not masked, bits as in MXCSR (arch/x86/kernel/fpu/core.c, fpu__exception_code). */
function floatCode(exceptions: number): number {
  if ((exceptions & 1) !== 0) return FPE_FLTINV;
  if ((exceptions & 4) !== 0) return FPE_FLTDIV;
  if ((exceptions & 8) !== 0) return FPE_FLTOVF;
  return (exceptions & 0x12) !== 0 ? FPE_FLTUND : FPE_FLTRES;
}

/** Whether an access went through the stack's segment: by %rsp or %rbp as a base, or by push, pop, call and their like. */
function usesStack({ words, code }: Cpu, target: number): boolean {
  const at = words[TRAP_ROW];
  if (at < 0) return false;
  const info = code[at + INFO];
  const base = (code[at + REGISTERS] >>> 16) & 255;
  if ((info & (INFO_FS | INFO_GS)) !== 0) return false;
  if ((info & INFO_MEMORY) !== 0 && (base === RSP || base === RBP)) return true;
  const pointer = (words[RSP] >>> 0) + (words[RSP + 1] >>> 0) * 2 ** 32;
  return Math.abs(target - pointer) <= STACK_WORD;
}

/** What push and pop are away from the stack pointer at most. */
const STACK_WORD = 8;
