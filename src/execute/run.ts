// Runs decoded code in slices: so many instructions, then the caller's turn, so that a page stays alive, threads take turns and
// a limit holds. V8 optimizes `slice` once and enters it thousands of times; a loop entered once would live on code that was
// compiled half way through.

import {
  type Cpu,
  EXECUTED,
  INFO,
  INFO_ENDS,
  IP,
  LEFT,
  MEMORY_FAULT,
  NEXT,
  NEXT_HIGH,
  PROCESSOR_TRAP,
  SINGLE_STEP,
  STALE_ROW,
  STRIDE,
  SYSTEM_CALL,
  TRAP,
  TRAP_MEMORY,
  TRAP_ROW,
} from "../arch/x86/instructions/index.ts";
import { addressHigh, addressLow, blockAt, type Code, keyOf } from "./code.ts";

/** Why `run` returned: the number of instructions is used up. */
export const STOP_LIMIT = 0;
/** syscall, sysenter or int 0x80 was executed; ip is behind it. `words[TRAP]` holds the interrupt's number, or 0 for syscall. */
export const STOP_SYSTEM_CALL = 1;
/** An instruction failed; `words[TRAP]` says how (traps.ts), ip is its address, and nothing of it has happened. */
export const STOP_TRAP = 2;
/** ip is an address that was given to `setBreak`; the instruction there is not executed yet. */
export const STOP_BREAK = 3;
/** An observer said so; ip is the next instruction. */
export const STOP_OBSERVED = 4;

/** Told while `run` runs; each callback answers whether to stop. With one, some million instructions a second. */
export interface Observer {
  /** Before each instruction: `at` is its place in `code.columns`, ip its address. */
  readonly instruction?: (cpu: Cpu, at: number) => boolean;
  /** After each row that ends a block (calls, returns, jumps, taken or not): ip is where it goes on. */
  readonly transfer?: (cpu: Cpu, at: number) => boolean;
  /** After each instruction: whether something that the address space noted (a watched write) asks for a stop. */
  readonly asked?: () => boolean;
}

/**
 * Executes `limit` instructions unless something else ends it first, and no more, so that a run is the same in whatever slices it is
 * run; only a repeated string instruction, which counts by what it did, may go beyond, and one that sets TF ends it early.
 *
 * @param limit 1 to 2^30; slices of 20,000 and more run at full speed
 * @returns `STOP_*`
 */
export function run(cpu: Cpu, code: Code, limit: number, observer?: Observer): number {
  const { words } = cpu;
  startSlice(words, limit);
  try {
    // What was decoded may go under the processor's feet; it then looks for its place anew.
    for (;;) {
      let stop = observer === undefined ? slice(cpu, code) : observed(cpu, code, observer);
      if (stop === PART) stop = partOfBlock(cpu, code);
      if (stop !== AGAIN) return stop;
    }
  } finally {
    endSlice(words);
  }
}

/** Executes one instruction, whether or not a break is set on it. */
export function step(cpu: Cpu, code: Code): number {
  startSlice(cpu.words, 1);
  try {
    for (;;) {
      const stop = one(cpu, code);
      if (stop !== AGAIN) return stop;
    }
  } finally {
    endSlice(cpu.words);
  }
}

/** Instructions executed so far. */
export function executed(cpu: Cpu): number {
  const { words } = cpu;
  return words[EXECUTED + 1] * 2 ** 32 + (words[EXECUTED] >>> 0) - words[LEFT];
}

const AGAIN = -1;
/** The next block has more instructions than may be executed. */
const PART = -2;

function startSlice(words: Int32Array, limit: number): void {
  words[LEFT] = limit;
  setExecuted(words, words[EXECUTED + 1] * 2 ** 32 + (words[EXECUTED] >>> 0) + limit);
}

function endSlice(words: Int32Array): void {
  setExecuted(words, words[EXECUTED + 1] * 2 ** 32 + (words[EXECUTED] >>> 0) - words[LEFT]);
  words[LEFT] = 0;
}

function setExecuted(words: Int32Array, total: number): void {
  words[EXECUTED] = total | 0;
  words[EXECUTED + 1] = Math.floor(total / 2 ** 32);
}

function slice(cpu: Cpu, code: Code): number {
  const { words } = cpu;
  const { columns, lows, highs, starts, ends, counts, links, otherLinks, breaks } = code;
  const { handlers } = code.instructions;
  let at = 0;
  let block = 0;
  try {
    // The place where a break is set is the start of a block that nothing links to: passed once, when `run` begins there.
    block = blockAt(code, words[IP], words[IP + 1]);
    if (words[LEFT] < counts[block]) return PART;
    for (;;) {
      at = starts[block];
      const end = ends[block];
      // Kept in the state, since a repeated instruction takes off what it did, and clocks look at it.
      words[LEFT] -= counts[block];
      do {
        handlers[columns[at]](cpu, at);
        at += STRIDE;
      } while (at !== end);
      const low = words[IP];
      const high = words[IP + 1];
      let next = links[block];
      if (lows[next] !== low || highs[next] !== high) {
        next = otherLinks[block];
        if (lows[next] !== low || highs[next] !== high) {
          if (breaks.size > 0 && breaks.has(keyOf(low, high))) return STOP_BREAK;
          at = -1;
          next = blockAt(code, low, high);
          if (links[block] === 0) links[block] = next;
          else otherLinks[block] = next;
        }
      }
      if (words[LEFT] < counts[next]) return words[LEFT] <= 0 ? STOP_LIMIT : PART;
      block = next;
    }
  } catch (thrown) {
    return caught(cpu, code, at, block, thrown);
  }
}

/** Executes the first instructions of a block, as many as are left. */
function partOfBlock(cpu: Cpu, code: Code): number {
  const { words } = cpu;
  const { columns, counts } = code;
  const { handlers } = code.instructions;
  let at = -1;
  let block = 0;
  try {
    block = blockAt(code, words[IP], words[IP + 1]);
    const rest = counts[block] - words[LEFT];
    const end = code.starts[block] + words[LEFT] * STRIDE;
    words[LEFT] -= counts[block];
    for (at = code.starts[block]; at < end; at += STRIDE) handlers[columns[at]](cpu, at);
    words[LEFT] += rest;
    afterRow(words, columns, end - STRIDE);
    return STOP_LIMIT;
  } catch (thrown) {
    return caught(cpu, code, at, block, thrown);
  }
}

/** What a throw out of a handler or the decoder means. `at` is -1 or 0 outside a block. */
function caught(cpu: Cpu, code: Code, at: number, block: number, thrown: unknown): number {
  const { words } = cpu;
  if (thrown === SYSTEM_CALL) return STOP_SYSTEM_CALL;
  if (thrown === SINGLE_STEP) {
    // The instruction has happened; those behind it in the block have not.
    words[LEFT] += code.counts[block] - (at - code.starts[block]) / STRIDE - 1;
    return STOP_LIMIT;
  }
  words[TRAP_ROW] = block !== 0 && at >= 0 ? at : -1;
  if (block !== 0 && at >= 0) {
    // The instruction has not happened, nor have those behind it in the block.
    const executedRows = (at - code.starts[block]) / STRIDE;
    words[LEFT] += code.counts[block] - executedRows;
    words[IP] = addressLow(code.columns, at);
    words[IP + 1] = addressHigh(code.columns, at);
  }
  if (thrown === STALE_ROW) return words[LEFT] > 0 ? AGAIN : STOP_LIMIT;
  if (thrown === MEMORY_FAULT) words[TRAP] = TRAP_MEMORY;
  else if (thrown !== PROCESSOR_TRAP) throw thrown;
  return STOP_TRAP;
}

function one(cpu: Cpu, code: Code): number {
  const { words } = cpu;
  let at = -1;
  let block = 0;
  try {
    block = blockAt(code, words[IP], words[IP + 1]);
    at = code.starts[block];
    words[LEFT] -= code.counts[block];
    code.instructions.handlers[code.columns[at]](cpu, at);
    afterRow(words, code.columns, at);
    words[LEFT] += code.counts[block] - 1;
    return STOP_LIMIT;
  } catch (thrown) {
    if (thrown === SYSTEM_CALL) words[LEFT] += code.counts[block] - 1;
    return caught(cpu, code, at, block, thrown);
  }
}

/** Sets ip behind a row that does not do so itself. */
function afterRow(words: Int32Array, columns: Int32Array, at: number): void {
  if ((columns[at + INFO] & INFO_ENDS) !== 0) return;
  words[IP] = columns[at + NEXT];
  words[IP + 1] = columns[at + NEXT_HIGH];
}

function observed(cpu: Cpu, code: Code, observer: Observer): number {
  const { words } = cpu;
  const { columns, breaks } = code;
  const { handlers } = code.instructions;
  const { instruction, transfer, asked } = observer;
  let at = -1;
  let block = 0;
  let first = true;
  try {
    for (;;) {
      if (!first && breaks.size > 0 && breaks.has(keyOf(words[IP], words[IP + 1]))) return STOP_BREAK;
      first = false;
      at = -1;
      block = blockAt(code, words[IP], words[IP + 1]);
      const rest = Math.max(0, code.counts[block] - words[LEFT]);
      const last = code.starts[block] + (code.counts[block] - rest) * STRIDE;
      words[LEFT] -= code.counts[block];
      for (at = code.starts[block]; at < last; at += STRIDE) {
        words[IP] = addressLow(columns, at);
        words[IP + 1] = addressHigh(columns, at);
        const wanted = instruction?.(cpu, at) === true;
        if (wanted) {
          words[LEFT] += rest + (last - at) / STRIDE;
          return STOP_OBSERVED;
        }
        handlers[columns[at]](cpu, at);
        afterRow(words, columns, at);
        const ends = (columns[at + INFO] & INFO_ENDS) !== 0;
        if ((ends && transfer?.(cpu, at) === true) || asked?.() === true) {
          words[LEFT] += rest + (last - at) / STRIDE - 1;
          return STOP_OBSERVED;
        }
      }
      words[LEFT] += rest;
      at = -1;
      if (words[LEFT] <= 0) return STOP_LIMIT;
    }
  } catch (thrown) {
    return caught(cpu, code, at, block, thrown);
  }
}
