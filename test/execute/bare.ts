// A static program in memory without an operating system: its segments and a stack, for tests of the processor alone. It ends
// with a system call, whose number and first argument are its result.

import { readFileSync } from "node:fs";
import {
  type Cpu,
  createCpu,
  createInstructions,
  createMemory,
  IP,
  LEVELS,
  type LevelName,
  type Memory,
  type Mode,
  NOT_MAPPED,
  PAGE,
  RSP,
  takePage,
} from "../../src/arch/x86/instructions/index.ts";
import { type Code, createCode } from "../../src/execute/code.ts";

export interface Bare {
  readonly cpu: Cpu;
  readonly code: Code;
  readonly memory: Memory;
  /** Puts bytes at an address below 2^53, whose pages are made. */
  readonly put: (address: number, bytes: Uint8Array) => void;
}

/** Memory in which every page can be read, written and executed that `put` has made. */
export function bare(mode: Mode, level: LevelName = "all", pages: number = 16384): Bare {
  const memory = createMemory(pages);
  const map = new Map<number, number>();
  memory.miss = (low, high) => map.get(Math.floor((high * 2 ** 32 + (low >>> 0)) / PAGE)) ?? NOT_MAPPED;
  const code = createCode(memory, createInstructions(mode, LEVELS[level]), 1_000_000);
  const cpu = createCpu(memory, mode, LEVELS[level], code.columns);
  const put = (address: number, bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length; ) {
      const page = Math.floor((address + done) / PAGE);
      const offset = (address + done) % PAGE;
      const size = Math.min(PAGE - offset, bytes.length - done);
      let slot = map.get(page);
      if (slot === undefined) {
        slot = takePage(memory);
        map.set(page, slot);
      }
      memory.bytes.set(bytes.subarray(done, done + size), slot * PAGE + offset);
      done += size;
    }
  };
  return { cpu, code, memory, put };
}

const STACK = 0x7fff0000;

/** A static program, its stack 256 KB below 2 GB, and ip at its entry. */
export function load(path: string, level: LevelName = "all"): Bare {
  const file = readFileSync(path);
  const long = file[4] === 2;
  const number = (at: number): number => (long ? Number(file.readBigUInt64LE(at)) : file.readUInt32LE(at));
  const program = bare(long ? 64 : 32, level);
  const table = number(long ? 32 : 28);
  const size = file.readUInt16LE(long ? 54 : 42);
  const count = file.readUInt16LE(long ? 56 : 44);
  for (let n = 0; n < count; n++) {
    const at = table + n * size;
    if (file.readUInt32LE(at) !== 1) continue;
    const [offset, address, inFile, inMemory] = long
      ? [8, 16, 32, 40].map((it) => number(at + it))
      : [4, 8, 16, 20].map((it) => number(at + it));
    program.put(address, new Uint8Array(inMemory));
    program.put(address, file.subarray(offset, offset + inFile));
  }
  program.put(STACK - 0x40000, new Uint8Array(0x40000 + 4096));
  program.cpu.words[IP] = number(24);
  program.cpu.words[RSP] = STACK;
  return program;
}
