// The other side of the judge: the same case in the interpreter.

import {
  type Cpu,
  createCpu,
  createInstructions,
  createMemory,
  DO,
  decode,
  FLAG_REST,
  forgetAll,
  INFO,
  INFO_ENDS,
  type Instructions,
  IP,
  LEFT,
  LEVELS,
  MEMORY_FAULT,
  MXCSR,
  NEXT,
  NEXT_HIGH,
  NOT_MAPPED,
  PAGE,
  PROCESSOR_TRAP,
  readFlags,
  SINGLE_STEP,
  STRIDE,
  TRAP,
  TRAP_BREAKPOINT,
  TRAP_DIVIDE,
  TRAP_FLOAT,
  TRAP_UNDEFINED,
  TRAP_X87,
  takePage,
  writeFlags,
  X87,
  X87_CONTROL,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
  XMM,
} from "../../../src/arch/x86/instructions/index.ts";
import {
  CODE_AT,
  CODE_PAGES,
  DATA_PAGES,
  flagsOf,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  type State,
  setFault,
  setFlags,
  setIp,
  setSignal,
  WINDOW,
  WINDOW_AT,
} from "./processor.ts";

export interface Interpreter {
  readonly cpu: Cpu;
  readonly instructions: Instructions;
}

/** Pages of the buffer: 1 and 2 code, 3 and 4 data. */
const CODE_PAGE = 1;
const DATA_PAGE = 3;

export function createInterpreter(mode: 64 | 32): Interpreter {
  const memory = createMemory(16);
  for (let i = 0; i < 4; i++) takePage(memory);
  memory.miss = (low, high) => {
    if (high !== 0) return NOT_MAPPED;
    const page = low & -PAGE;
    if (page === CODE_PAGES || page === CODE_PAGES + PAGE) return CODE_PAGE + (page - CODE_PAGES) / PAGE;
    if (page === DATA_PAGES || page === DATA_PAGES + PAGE) return DATA_PAGE + (page - DATA_PAGES) / PAGE;
    return NOT_MAPPED;
  };
  const cpu = createCpu(memory, mode, LEVELS.all, new Int32Array(4 * STRIDE));
  return { cpu, instructions: createInstructions(mode, LEVELS.all) };
}

/** Executes the case in `state` and writes the state afterwards into `out`. */
export function interpret({ cpu, instructions }: Interpreter, state: State, out: State): void {
  load(cpu, state);
  const { words, memory, code } = cpu;
  const from = CODE_PAGE * PAGE + (CODE_AT - CODE_PAGES);
  const length = decode(instructions, memory.bytes, from, from + 32, CODE_AT, 0, code, 0);
  setSignal(out, SIGTRAP);
  setFault(out, 0n);
  if (length <= 0) setSignal(out, SIGILL);
  else perform(cpu, instructions, out);
  save(cpu, out);
  setIp(out, BigInt.asUintN(64, (BigInt(words[IP + 1]) << 32n) | BigInt(words[IP] >>> 0)));
}

function perform(cpu: Cpu, instructions: Instructions, out: State): void {
  const { words, code } = cpu;
  words[LEFT] = 1 << 20;
  try {
    instructions.handlers[code[DO]](cpu, 0);
    if ((code[INFO] & INFO_ENDS) !== 0) return;
    words[IP] = code[NEXT];
    words[IP + 1] = code[NEXT_HIGH];
  } catch (thrown) {
    if (thrown === MEMORY_FAULT) {
      const { fault } = cpu.memory;
      setSignal(out, SIGSEGV);
      const address = BigInt.asUintN(64, (BigInt(fault[1]) << 32n) | BigInt(fault[0] >>> 0));
      // What is no address at all is #GP, of which the kernel does not tell where.
      setFault(out, address === BigInt.asUintN(64, BigInt.asIntN(48, address)) ? address : 0n);
    } else if (thrown === PROCESSOR_TRAP) setSignal(out, SIGNALS[words[TRAP]] ?? SIGSEGV);
    else if (thrown !== SINGLE_STEP) throw thrown;
  }
}

const SIGNALS: Readonly<Record<number, number>> = {
  [TRAP_DIVIDE]: SIGFPE,
  [TRAP_FLOAT]: SIGFPE,
  [TRAP_X87]: SIGFPE,
  [TRAP_UNDEFINED]: SIGILL,
  [TRAP_BREAKPOINT]: SIGTRAP,
};

function windowOf(): number {
  return DATA_PAGE * PAGE + (WINDOW_AT - DATA_PAGES);
}

function load(cpu: Cpu, state: State): void {
  const { words, bytes, memory } = cpu;
  memory.bytes.fill(0xcc, CODE_PAGE * PAGE, (CODE_PAGE + 2) * PAGE);
  memory.bytes.set(state.code, CODE_PAGE * PAGE + (CODE_AT - CODE_PAGES));
  memory.bytes.fill(0, DATA_PAGE * PAGE, (DATA_PAGE + 2) * PAGE);
  memory.bytes.set(state.window, windowOf());
  forgetAll(memory);
  words.fill(0, 0, 32);
  words.set(state.general);
  words[IP] = CODE_AT;
  words[IP + 1] = 0;
  words[FLAG_REST] = 0x200;
  writeFlags(cpu, flagsOf(state));
  const view = new DataView(state.fxsave.buffer, state.fxsave.byteOffset, 512);
  words[X87_CONTROL] = view.getUint16(0, true);
  const status = view.getUint16(2, true);
  const top = (status >> 11) & 7;
  words[X87_STATUS] = status & ~0x3800;
  words[X87_TOP] = top;
  words[X87_TAGS] = 0;
  for (let physical = 0; physical < 8; physical++) {
    if (((state.fxsave[4] >> physical) & 1) === 0) words[X87_TAGS] |= 3 << (2 * physical);
    const from = 32 + 16 * ((physical - top) & 7);
    bytes.set(state.fxsave.subarray(from, from + 10), 4 * X87 + 16 * physical);
    words[X87 + 4 * physical + 2] = view.getUint16(from + 8, true);
  }
  words[MXCSR] = view.getUint32(24, true);
  bytes.set(state.fxsave.subarray(160, 416), 4 * XMM);
}

function save(cpu: Cpu, out: State): void {
  const { words, bytes, memory } = cpu;
  out.window.set(memory.bytes.subarray(windowOf(), windowOf() + WINDOW));
  out.general.set(words.subarray(0, 32));
  setFlags(out, readFlags(cpu));
  const view = new DataView(out.fxsave.buffer, out.fxsave.byteOffset, 512);
  const top = words[X87_TOP];
  view.setUint16(0, words[X87_CONTROL], true);
  view.setUint16(2, words[X87_STATUS] | (top << 11), true);
  out.fxsave[4] = 0;
  for (let physical = 0; physical < 8; physical++) {
    if (((words[X87_TAGS] >> (2 * physical)) & 3) !== 3) out.fxsave[4] |= 1 << physical;
    const to = 32 + 16 * ((physical - top) & 7);
    out.fxsave.set(bytes.subarray(4 * X87 + 16 * physical, 4 * X87 + 16 * physical + 10), to);
  }
  view.setUint32(24, words[MXCSR], true);
  out.fxsave.set(bytes.subarray(4 * XMM, 4 * XMM + 256), 160);
}
