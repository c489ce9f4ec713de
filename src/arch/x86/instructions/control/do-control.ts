// Instructions that say where to go on, and those that ask the system: jumps, calls, returns, loops; syscall, int, cpuid, rdtsc;
// fences and hints, which do nothing in one thread; and what a user program may not do.

import { moveTop, pop, push, push64 } from "../integer/do-move.ts";
import { IMMEDIATE, IMMEDIATE_HIGH, INFO, INFO_ADDRESS32, NEXT, NEXT_HIGH } from "../machine/columns.ts";
import { carry, condition, overflow, parity, readFlags, zero } from "../machine/flags.ts";
import { cpuid } from "../machine/levels.ts";
import { readPlace } from "../machine/memory.ts";
import { loadRm, reg } from "../machine/operands.ts";
import type { Choice, Handler } from "../machine/row.ts";
import {
  DIRECTION,
  EXECUTED,
  FLAG_R,
  IP,
  LEFT,
  R11,
  RAX,
  RBX,
  RCX,
  RDX,
  RESULT_HIGH,
  RSP,
  TRAP,
} from "../machine/state.ts";
import {
  SYSTEM_CALL,
  TRAP_BREAKPOINT,
  TRAP_DEBUG,
  TRAP_OVERFLOW,
  TRAP_PROTECTION,
  TRAP_UNDEFINED,
  trap,
} from "../machine/traps.ts";

/** Goes on behind the instruction. */
function goOn(w: Int32Array, code: Int32Array, at: number): void {
  w[IP] = code[at + NEXT];
  w[IP + 1] = code[at + NEXT_HIGH];
}

function goTo(w: Int32Array, code: Int32Array, at: number): void {
  w[IP] = code[at + IMMEDIATE];
  w[IP + 1] = code[at + IMMEDIATE_HIGH];
}

export const jump: Handler = (cpu, at) => goTo(cpu.words, cpu.code, at);

function branch(w: Int32Array, code: Int32Array, at: number, taken: boolean): void {
  if (taken) goTo(w, code, at);
  else goOn(w, code, at);
}

/** Conditional jumps by number. The frequent conditions have their own, which ask for no more than they need. */
export const JUMPS: readonly Handler[] = [
  (cpu, at) => branch(cpu.words, cpu.code, at, overflow(cpu.words) !== 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, overflow(cpu.words) === 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, carry(cpu.words) !== 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, carry(cpu.words) === 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, zero(cpu.words)),
  (cpu, at) => branch(cpu.words, cpu.code, at, !zero(cpu.words)),
  (cpu, at) => branch(cpu.words, cpu.code, at, zero(cpu.words) || carry(cpu.words) !== 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, !zero(cpu.words) && carry(cpu.words) === 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, cpu.words[FLAG_R] < 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, cpu.words[FLAG_R] >= 0),
  (cpu, at) => branch(cpu.words, cpu.code, at, parity(cpu.words)),
  (cpu, at) => branch(cpu.words, cpu.code, at, !parity(cpu.words)),
  (cpu, at) => branch(cpu.words, cpu.code, at, condition(cpu.words, 12)),
  (cpu, at) => branch(cpu.words, cpu.code, at, condition(cpu.words, 13)),
  (cpu, at) => branch(cpu.words, cpu.code, at, condition(cpu.words, 14)),
  (cpu, at) => branch(cpu.words, cpu.code, at, condition(cpu.words, 15)),
];

/** call of a constant target. */
export const call64: Handler = (cpu, at) => {
  const { code } = cpu;
  push64(cpu, code[at + NEXT], code[at + NEXT_HIGH]);
  goTo(cpu.words, code, at);
};

export const call32: Handler = (cpu, at) => {
  push(cpu, 4, cpu.code[at + NEXT], 0);
  goTo(cpu.words, cpu.code, at);
};

/** Addresses have 48 bits, the last of which fills the rest; the processor refuses to go anywhere else. */
function isCanonical(high: number): boolean {
  const rest = high >> 15;
  return rest === 0 || rest === -1;
}

/** jmp and call through a register or memory. */
export function indirect(size: 4 | 8, calls: boolean): Handler {
  return (cpu, at) => {
    const { words: w, code } = cpu;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    if (!isCanonical(high)) trap(cpu, TRAP_PROTECTION);
    if (calls) push(cpu, size, code[at + NEXT], code[at + NEXT_HIGH]);
    w[IP] = low;
    w[IP + 1] = high;
  };
}

export const ret64: Handler = (cpu) => {
  const { words: w, memory } = cpu;
  const place = readPlace(memory, w[RSP], w[RSP + 1], 8);
  const high = memory.view.getInt32(place + 4, true);
  if (!isCanonical(high)) trap(cpu, TRAP_PROTECTION);
  w[IP] = memory.view.getInt32(place, true);
  w[IP + 1] = high;
  const low = (w[RSP] + 8) | 0;
  w[RSP] = low;
  if (low >>> 0 < 8) w[RSP + 1]++;
};

export const ret32: Handler = (cpu) => {
  cpu.words[IP] = pop(cpu, 4);
  cpu.words[IP + 1] = 0;
};

/** ret that takes so many bytes of arguments off the stack. */
export function retAndPop(size: 4 | 8): Handler {
  return (cpu, at) => {
    const { words: w } = cpu;
    w[IP] = pop(cpu, size);
    w[IP + 1] = size === 8 ? w[RESULT_HIGH] : 0;
    moveTop(cpu, cpu.code[at + IMMEDIATE]);
  };
}

/** loopne, loope, loop: counts rcx (ecx with 32-bit addresses) down. */
export function loop(also: "not zero" | "zero" | "nothing"): Handler {
  return (cpu, at) => {
    const { words: w, code } = cpu;
    const narrow = (code[at + INFO] & INFO_ADDRESS32) !== 0;
    const low = (w[RCX] - 1) | 0;
    if (narrow) w[RCX + 1] = 0;
    else if (w[RCX] === 0) w[RCX + 1]--;
    w[RCX] = low;
    const more = (low | w[RCX + 1]) !== 0;
    branch(w, code, at, more && (also === "nothing" || zero(w) === (also === "zero")));
  };
}

export const jumpIfCountZero: Handler = (cpu, at) => {
  const { words: w, code } = cpu;
  const narrow = (code[at + INFO] & INFO_ADDRESS32) !== 0;
  branch(w, code, at, (w[RCX] | (narrow ? 0 : w[RCX + 1])) === 0);
};

/** syscall: rcx and r11 get what the kernel's sysret will need; `words[TRAP]` is 0. */
export const syscall: Handler = (cpu, at) => {
  const { words: w, code } = cpu;
  goOn(w, code, at);
  w[RCX] = code[at + NEXT];
  w[RCX + 1] = code[at + NEXT_HIGH];
  w[R11] = readFlags(cpu);
  w[R11 + 1] = 0;
  w[TRAP] = 0;
  throw SYSTEM_CALL;
};

/** int: 0x80 is a system call, 3 a breakpoint, 4 an overflow; all other gates are not for programs (arch/x86/kernel/idt.c). */
export const interrupt: Handler = (cpu, at) => {
  const number = cpu.code[at + IMMEDIATE] & 255;
  if (number === 3) breakpoint(cpu, at);
  if (number === 4) trap(cpu, TRAP_OVERFLOW);
  // The error code says that it is a gate's number (SDM volume 3, section 6.13).
  if (number !== 0x80) trap(cpu, TRAP_PROTECTION, number * 8 + 2);
  goOn(cpu.words, cpu.code, at);
  cpu.words[TRAP] = number;
  throw SYSTEM_CALL;
};

export const breakpoint: Handler = (cpu) => trap(cpu, TRAP_BREAKPOINT);
export const debugTrap: Handler = (cpu) => trap(cpu, TRAP_DEBUG);
export const undefinedHere: Handler = (cpu) => trap(cpu, TRAP_UNDEFINED);
/** hlt, in, out, cli and so on: only for the kernel. */
export const privileged: Handler = (cpu) => trap(cpu, TRAP_PROTECTION);

/** mov with a control or debug register: for the kernel, if there is such a register. */
export function controlRegister(isControl: boolean): Handler {
  const known = isControl ? [0, 2, 3, 4, 8] : [0, 1, 2, 3, 4, 5, 6, 7];
  return (cpu, at) => trap(cpu, known.includes(reg(cpu.code, at)) ? TRAP_PROTECTION : TRAP_UNDEFINED);
}

export const overflowTrap: Handler = (cpu) => {
  if (overflow(cpu.words) !== 0) trap(cpu, TRAP_OVERFLOW);
};

export const nothing: Handler = () => {};

export const setDirection =
  (to: 1 | -1): Handler =>
  (cpu) => {
    cpu.words[DIRECTION] = to;
  };

export const identify: Handler = (cpu) => {
  const { words: w } = cpu;
  const answer = cpuid(cpu.levels, w[RAX], w[RCX]);
  [RAX, RBX, RCX, RDX].forEach((register, n) => {
    w[register] = answer[n];
    w[register + 1] = 0;
  });
};

/**
 * A clock that counts instructions: the same run, the same time. Ends its block, since the count is that at a block's end. rdtscp also
 * gives the number of the processor, 0.
 */
export function readClock(withProcessor: boolean): Handler {
  return (cpu, at) => {
    const { words: w } = cpu;
    goOn(w, cpu.code, at);
    const ticks = w[EXECUTED + 1] * 2 ** 32 + (w[EXECUTED] >>> 0) - w[LEFT];
    w[RAX] = ticks | 0;
    w[RAX + 1] = 0;
    w[RDX] = Math.floor(ticks / 2 ** 32);
    w[RDX + 1] = 0;
    if (!withProcessor) return;
    w[RCX] = 0;
    w[RCX + 1] = 0;
  };
}

/** xgetbv: undefined without OSXSAVE, which cpuid announces only of a processor that is described. */
export const readExtendedControl: Handler = (cpu) => {
  const { words: w } = cpu;
  const { described } = cpu.levels;
  if (described === undefined || described.states === 0) trap(cpu, TRAP_UNDEFINED);
  else if (w[RCX] !== 0) trap(cpu, TRAP_PROTECTION);
  else {
    w[RAX] = described.states;
    w[RAX + 1] = w[RDX] = w[RDX + 1] = 0;
  }
};

/** In 32-bit mode with prefix 66 ip would be cut to 16 bits: nothing emits that, so it is refused by name. */
export function in32(handler: Handler): Choice {
  return { choose: ({ size }) => (size === 2 ? undefinedHere : handler) };
}
