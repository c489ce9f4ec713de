// String instructions, once or repeated. Repeated ones end their block: they do up to some thousand bytes, leave registers as
// the processor would between two rounds, and are begun again where they stand, so that a slice ends in time and a fault finds
// everything as far as it came.

import { INFO, INFO_ADDRESS32, INFO_FS, INFO_GS, NEXT, NEXT_HIGH } from "../machine/columns.ts";
import { isStepping, zero } from "../machine/flags.ts";
import { PAGE, readPlace, writePlace } from "../machine/memory.ts";
import { bySize, loadMemory, loadRegister, type Size, storeMemory, storeRegister } from "../machine/operands.ts";
import type { Choice, Handler } from "../machine/row.ts";
import { type Cpu, DIRECTION, FS_BASE, GS_BASE, IP, LEFT, RAX, RCX, RDI, RESULT_HIGH, RSI } from "../machine/state.ts";
import { compareValues } from "./do-arithmetic.ts";

export const MOVS = 0;
export const STOS = 1;
export const LODS = 2;
export const SCAS = 3;
export const CMPS = 4;

/** How a string instruction is repeated: not, rep (for scas and cmps: while equal), repne. */
export type Repeat = "once" | "rep" | "repne";

/** Rounds before the processor's next turn at anything else. */
const ROUNDS = 4096;

export function string(op: number, repeat: Repeat): Choice {
  return bySize((size) => (repeat === "once" ? single(op, size) : repeated(op, size, repeat)));
}

function single(op: number, size: Size): Handler {
  return (cpu, at) => {
    round(cpu, at, op, size);
    if (op !== STOS && op !== SCAS) advance(cpu, at, RSI, size);
    if (op !== LODS) advance(cpu, at, RDI, size);
  };
}

function repeated(op: number, size: Size, repeat: Repeat): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const narrow = (code[at + INFO] & INFO_ADDRESS32) !== 0;
    // A trap follows each round (Intel's manual, 3.4.3.3; measured).
    const most = isStepping(cpu) ? 1 : ROUNDS;
    let rounds = 0;
    let found = false;
    while ((w[RCX] | (narrow ? 0 : w[RCX + 1])) !== 0 && rounds < most && !found) {
      const many = op <= STOS && w[DIRECTION] > 0 && most > 1 ? bulk(cpu, at, op, size, narrow) : 0;
      if (many === 0) {
        round(cpu, at, op, size);
        if (op !== STOS && op !== SCAS) advance(cpu, at, RSI, size);
        if (op !== LODS) advance(cpu, at, RDI, size);
        // The counter last: what has faulted counts as not done.
        count(w, narrow, 1);
        if (op >= SCAS) found = zero(w) !== (repeat === "rep");
      }
      rounds += many === 0 ? 1 : many;
    }
    // So that limits hold: a row counts once, and again for each 64 bytes.
    w[LEFT] -= (rounds * size) >> 6;
    if (found || (w[RCX] | (narrow ? 0 : w[RCX + 1])) === 0) {
      if (narrow) w[RCX + 1] = 0;
      w[IP] = code[at + NEXT];
      w[IP + 1] = code[at + NEXT_HIGH];
    } else stay(cpu, at);
  };
}

/** ip back to the instruction itself. */
function stay(cpu: Cpu, at: number): void {
  const { code, words: w } = cpu;
  const length = (code[at + INFO] >>> 12) & 15;
  const next = code[at + NEXT];
  w[IP] = (next - length) | 0;
  w[IP + 1] = next >>> 0 < length ? (code[at + NEXT_HIGH] - 1) | 0 : code[at + NEXT_HIGH];
}

function count(w: Int32Array, narrow: boolean, rounds: number): void {
  const low = w[RCX];
  w[RCX] = low - rounds;
  if (narrow) w[RCX + 1] = 0;
  else if (low >>> 0 < rounds) w[RCX + 1]--;
}

/** Moves rsi or rdi by one element in the direction of the flag. */
function advance(cpu: Cpu, at: number, register: number, size: number): void {
  const { words: w } = cpu;
  const narrow = (cpu.code[at + INFO] & INFO_ADDRESS32) !== 0;
  const low = w[register];
  const to = (low + size * w[DIRECTION]) | 0;
  w[register] = to;
  if (narrow) w[register + 1] = 0;
  else if (w[DIRECTION] > 0) {
    if (to >>> 0 < low >>> 0) w[register + 1]++;
  } else if (to >>> 0 > low >>> 0) w[register + 1]--;
}

/** Low word of the address that rsi points to, with its segment; the high one in `RESULT_HIGH`. */
function sourceAddress(cpu: Cpu, at: number): number {
  const { words: w } = cpu;
  const info = cpu.code[at + INFO];
  w[RESULT_HIGH] = (info & INFO_ADDRESS32) !== 0 ? 0 : w[RSI + 1];
  if ((info & (INFO_FS | INFO_GS)) === 0) return w[RSI];
  const base = (info & INFO_FS) !== 0 ? FS_BASE : GS_BASE;
  const low = (w[RSI] + w[base]) | 0;
  w[RESULT_HIGH] = cpu.mode === 32 ? 0 : w[RESULT_HIGH] + w[base + 1] + (low >>> 0 < w[base] >>> 0 ? 1 : 0);
  return low;
}

/** One round, before registers move. */
function round(cpu: Cpu, at: number, op: number, size: Size): void {
  const { words: w } = cpu;
  const targetHigh = (cpu.code[at + INFO] & INFO_ADDRESS32) !== 0 ? 0 : w[RDI + 1];
  let value = 0;
  let high = 0;
  if (op === STOS || op === SCAS) {
    value = loadRegister(cpu, RAX, size);
    high = w[RESULT_HIGH];
  } else {
    const from = sourceAddress(cpu, at);
    value = loadMemory(cpu, from, w[RESULT_HIGH], size);
    high = w[RESULT_HIGH];
  }
  if (op === LODS) storeRegister(cpu, RAX, size, value, high);
  else if (op <= STOS) storeMemory(cpu, w[RDI], targetHigh, size, value, high);
  else {
    const other = loadMemory(cpu, w[RDI], targetHigh, size);
    compareValues(w, size, value, high, other, w[RESULT_HIGH]);
  }
}

/**
 * Many rounds of movs or stos upwards, within a page of source and of destination: how many were done; 0 where only one by one
 * is right.
 */
function bulk(cpu: Cpu, at: number, op: number, size: Size, narrow: boolean): number {
  const { words: w, memory } = cpu;
  const wanted = narrow || w[RCX + 1] === 0 ? Math.min(w[RCX] >>> 0, ROUNDS) : ROUNDS;
  const toHigh = narrow ? 0 : w[RDI + 1];
  let rounds = Math.min(wanted, Math.floor((PAGE - (w[RDI] & (PAGE - 1))) / size));
  if (rounds < 4) return 0;
  if (op === STOS) {
    const to = writePlace(memory, w[RDI], toHigh, rounds * size);
    if (to < 0) return 0;
    if (size === 1) memory.bytes.fill(w[RAX], to, to + rounds);
    else {
      for (let n = 0; n < rounds; n++) {
        const place = to + n * size;
        if (size === 2) memory.view.setInt16(place, w[RAX], true);
        else memory.view.setInt32(place, w[RAX], true);
        if (size === 8) memory.view.setInt32(place + 4, w[RAX + 1], true);
      }
    }
  } else {
    const low = sourceAddress(cpu, at);
    const high = w[RESULT_HIGH];
    rounds = Math.min(rounds, Math.floor((PAGE - (low & (PAGE - 1))) / size));
    if (rounds < 4) return 0;
    const from = readPlace(memory, low, high, rounds * size);
    const to = writePlace(memory, w[RDI], toHigh, rounds * size);
    // A destination just behind the source repeats what is between them: round by round.
    if (to < 0 || (to > from && to < from + rounds * size)) return 0;
    memory.bytes.copyWithin(to, from, from + rounds * size);
    advance(cpu, at, RSI, rounds * size);
  }
  advance(cpu, at, RDI, rounds * size);
  count(w, narrow, rounds);
  return rounds;
}
