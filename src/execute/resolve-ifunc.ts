// What IFUNCs' resolvers choose: they are run, in Solder's own relocated memory. A resolver asks the processor what it can do, or
// looks at what ld.so has found out about it, and returns an address; a score of instructions. So a load can say what stands in
// such a word, for a processor that is given.

import {
  type Cpu,
  createCpu,
  createInstructions,
  createMemory,
  EXECUTE,
  forgetAll,
  IP,
  type Levels,
  type Memory,
  type Mode,
  OUT_OF_PAGES,
  PAGE,
  R10,
  RAX,
  RSP,
  TRAP,
  TRAP_DIVIDE,
  TRAP_MEMORY,
  TRAP_UNDEFINED,
  WRITE,
  write32,
  write64,
} from "../arch/x86/instructions/index.ts";
import {
  type IndirectChoice,
  type LoadedObject,
  type LoadSettings,
  type MappedRegion,
  type ResolverEnd,
  readMemory,
} from "../load/index.ts";
import { type Code, createCode, forgetCode } from "./code.ts";
import {
  type AddressSpace,
  type AreaSource,
  createAddressSpace,
  freeSpace,
  mapArea,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  touch,
} from "./memory/address-space.ts";
import { createFrames, eachPage, type Frames } from "./memory/pages.ts";
import { run, STOP_LIMIT, STOP_TRAP } from "./run.ts";

/** A resolver that needs more is none: the longest known, which asks cpuid about everything, takes a thousand. */
const MOST_INSTRUCTIONS = 200_000;
/** Pages that it may touch: 16 MB. */
const MOST_PAGES = 4096;

/** Where it returns to; nothing is there. */
const RETURN = 0x1000;
const STACK_TOP = 0x7000_0000;
const STACK_SIZE = 0x1_0000;

/**
 * Makes the function that `load` asks what an IFUNC's resolver returns.
 * @param objects of the process that is loaded: filled by the time of the first question
 * @param levels of the processor that resolvers find
 */
export function indirectResolver(
  objects: () => readonly LoadedObject[],
  mode: Mode,
  levels: Levels,
): NonNullable<LoadSettings["resolveIndirect"]> {
  let machine: Machine | undefined;
  return (provider, resolver) => {
    machine ??= createMachine(mode, levels);
    return resolve(machine, objects(), provider, resolver);
  };
}

/** A processor, and what resolvers of ld.so have found out about it. */
interface Machine {
  readonly mode: Mode;
  readonly levels: Levels;
  readonly memory: Memory;
  readonly code: Code;
  readonly frames: Frames;
  /** Pages that they have written, by address. */
  readonly kept: Map<number, Uint8Array>;
}

function createMachine(mode: Mode, levels: Levels): Machine {
  const memory = createMemory(MOST_PAGES);
  const code = createCode(memory, createInstructions(mode, levels), MOST_INSTRUCTIONS);
  return { mode, levels, memory, code, frames: createFrames(memory), kept: new Map() };
}

function resolve(
  machine: Machine,
  objects: readonly LoadedObject[],
  provider: LoadedObject,
  resolver: number,
): IndirectChoice {
  const { mode, levels, memory, code, frames, kept } = machine;
  const space = spaceOf(frames, objects, kept);
  memory.miss = (low, high, access) => touch(space, (low >>> 0) + (high >>> 0) * 2 ** 32, access);
  const cpu = createCpu(memory, mode, levels, code.columns);
  const { words } = cpu;
  words[IP] = resolver % 2 ** 32;
  words[IP + 1] = Math.floor(resolver / 2 ** 32);
  words[RSP] = STACK_TOP - 0x1008;
  forgetAll(memory);
  if (mode === 64) write64(memory, words[RSP], 0, RETURN, 0);
  else write32(memory, words[RSP], 0, RETURN);
  words[R10] = 0;
  const why = run(cpu, code, MOST_INSTRUCTIONS);
  const isBack = why === STOP_TRAP && words[IP] === RETURN && words[IP + 1] === 0;
  const result = (words[RAX] >>> 0) + (mode === 64 ? (words[RAX + 1] >>> 0) * 2 ** 32 : 0);
  // glibc's ld.so has one IFUNC, whose resolver sets up what all others look at (sysdeps/x86/dl-get-cpu-features.c).
  if (isBack && provider.kind === "loader") keepWritten(machine, space, provider);
  // The next question may find other bytes at the same addresses: relocations go on.
  forgetCode(code);
  freeSpace(space);
  return isBack && result < 2 ** 47 ? result : endOf(cpu, why);
}

/** How a resolver ended that did not return an address. */
function endOf(cpu: Cpu, why: number): ResolverEnd {
  const { words, memory } = cpu;
  const at = addressIn(cpu, words[IP], words[IP + 1]);
  if (why === STOP_LIMIT) return { how: "endless", at };
  // A system call, or an instruction that is described only.
  if (why !== STOP_TRAP || words[TRAP] === TRAP_UNDEFINED) return { how: "unknown", at };
  if (words[TRAP] !== TRAP_MEMORY) return { how: words[TRAP] === TRAP_DIVIDE ? "fault" : "unknown", at };
  const [low, high, kind, reason] = memory.fault;
  if (reason === OUT_OF_PAGES) return { how: "unknown", at };
  const access = kind === EXECUTE ? "execute" : kind === WRITE ? "write" : "read";
  return { how: "fault", at, access, address: addressIn(cpu, low, high) };
}

function addressIn({ mode }: Cpu, low: number, high: number): number {
  return (low >>> 0) + (mode === 64 ? (high >>> 0) * 2 ** 32 : 0);
}

/** Keeps the pages of an object that are no longer what Solder's memory has. */
function keepWritten({ memory, kept }: Machine, space: AddressSpace, { regions = [] }: LoadedObject): void {
  const before = new Uint8Array(PAGE);
  for (const region of regions) {
    eachPage(space.table, region.start, region.end, (page, address) => {
      const now = memory.bytes.subarray(page * PAGE, (page + 1) * PAGE);
      readMemory([region], address, before);
      if (now.some((byte, at) => byte !== before[at])) kept.set(address, now.slice());
      return page;
    });
  }
}

/** The memory of all objects, as it is now, and a stack. What a resolver writes is its own, but for what is kept. */
function spaceOf(frames: Frames, objects: readonly LoadedObject[], kept: Machine["kept"]): AddressSpace {
  const space = createAddressSpace(frames, { end: 2 ** 47, top: 2 ** 47 - 4096, mostMapped: 2 ** 47 });
  const area = { offset: 0, shared: undefined, label: "", growsDown: false };
  for (const { regions = [] } of objects) {
    for (const region of regions) {
      // Before relocation all is writable to ld.so, and resolvers are run in the middle of it.
      const protection = PROT_READ | PROT_WRITE | PROT_EXEC;
      mapArea(space, { ...area, start: region.start, end: region.end, protection, source: regionSource(region, kept) });
    }
  }
  const protection = PROT_READ | PROT_WRITE;
  mapArea(space, { ...area, start: STACK_TOP - STACK_SIZE, end: STACK_TOP, protection, source: undefined });
  return space;
}

function regionSource(region: MappedRegion, kept: Machine["kept"]): AreaSource {
  const size = region.end - region.start;
  return {
    path: "",
    node: undefined,
    size: () => size,
    fill: (offset, target) => {
      const known = kept.get(region.start + offset);
      if (known === undefined) readMemory([region], region.start + offset, target);
      else target.set(known);
    },
  };
}
