// Who calls whom across objects, and through which slot: seen in the transfers that are executed. A slot's first call goes back
// into the PLT, to the dynamic linker, and from there to the function; all others go straight.

import { ADDRESS_HIGH, type Cpu, INFO, INFO_MEMORY, INFO_ROW, IP, RSP } from "../../arch/x86/instructions/index.ts";
import { address as operandAddress } from "../../arch/x86/instructions/machine/operands.ts";
import { addressHigh, addressLow } from "../code.ts";
import { readBytes } from "../memory/address-space.ts";
import { executed, type Observer } from "../run.ts";
import type { CallEvent, Process, System } from "../system/state.ts";
import { type MappedObject, mappedObjects, type ObjectCache, objectOf, type Slot } from "./objects.ts";

/** A call from one object into another. */
export interface CrossCall {
  readonly kind: "call";
  readonly process: Process;
  /** Calls that have not returned yet, across objects. */
  readonly depth: number;
  readonly from: MappedObject;
  readonly to: MappedObject;
  /** Where the call's return goes: behind the instruction that called. */
  readonly caller: number;
  readonly target: number;
  /** The slot that it went through; undefined for a call of an address from elsewhere. */
  readonly slot: Slot | undefined;
  /** The slot was not bound: how many instructions the dynamic linker took to bind it. */
  readonly resolved: number | undefined;
}

/** A call that is being bound. */
interface Pending {
  readonly object: MappedObject;
  readonly slot: Slot;
  /** The stack pointer when the function is reached. */
  readonly stack: number;
  readonly caller: number;
  readonly start: number;
}

interface Watched {
  objects: readonly MappedObject[];
  stale: boolean;
  pending: Pending | undefined;
  /** Stack pointers of calls that have not returned. */
  readonly stack: number[];
}

/** What watches calls: an observer for the run, and a hook that has to see the system calls. */
export interface CallWatcher {
  readonly observer: Observer;
  readonly call: (event: CallEvent) => void;
}

/** Calls that change what is mapped. */
const MAPPING: ReadonlySet<string> = new Set(["mmap", "mmap2", "old_mmap", "munmap", "mremap", "execve", "execveat"]);

/** @param tell gets each call across objects */
export function watchCalls(system: () => System | undefined, tell: (event: CrossCall) => void): CallWatcher {
  const cache: ObjectCache = new Map();
  const known = new Map<Process, Watched>();
  const watchedOf = (process: Process): Watched => {
    let watched = known.get(process);
    if (watched === undefined) {
      watched = { objects: [], stale: true, pending: undefined, stack: [] };
      known.set(process, watched);
    }
    if (watched.stale) {
      watched.objects = mappedObjects(process.space, cache);
      watched.stale = false;
    }
    return watched;
  };
  return {
    call: ({ task, row, result }) => {
      const watched = known.get(task.process);
      if (watched !== undefined && row !== undefined && result !== undefined && MAPPING.has(row.name))
        watched.stale = true;
    },
    observer: {
      transfer: (cpu, at) => {
        const process = system()?.current?.process;
        if (process !== undefined) transfer(cpu, at, process, watchedOf(process), tell);
        return false;
      },
    },
  };
}

function transfer(cpu: Cpu, at: number, process: Process, watched: Watched, tell: (event: CrossCall) => void): void {
  const { words, mode } = cpu;
  const { columns, instructions } = process.code;
  const source = (addressLow(columns, at) >>> 0) + (mode === 64 ? addressHigh(columns, at) * 2 ** 32 : 0);
  const target = (words[IP] >>> 0) + (mode === 64 ? words[IP + 1] * 2 ** 32 : 0);
  const { objects, stack } = watched;
  const from = objectOf(objects, source);
  if (from !== undefined && target >= from.start && target < from.end) return;
  const to = objectOf(objects, target);
  if (from === undefined || to === undefined) return;
  const pointer = (words[RSP] >>> 0) + (mode === 64 ? words[RSP + 1] * 2 ** 32 : 0);
  const isReturn = instructions.rows[columns[at + INFO] & INFO_ROW].name.startsWith("ret");
  while (stack.length > 0 && stack[stack.length - 1] < pointer) stack.pop();
  const { pending } = watched;
  if (pending !== undefined && pending.stack === pointer) {
    // What leaves the dynamic linker with the caller's stack is the call itself; on i386 it does so by a return.
    watched.pending = undefined;
    tell({
      kind: "call",
      process,
      depth: stack.length,
      from: pending.object,
      to,
      caller: pending.caller,
      target,
      slot: pending.slot,
      resolved: executed(cpu) - pending.start,
    });
    stack.push(pointer);
    return;
  }
  if (isReturn) return;
  const slot = slotOf(cpu, at, columns, from);
  const bytes = mode / 8;
  const top = wordsAt(process, pointer, 3, bytes);
  if (slot === undefined && to.file.soname !== undefined && isLoader(to, process)) {
    // PLT0 has pushed the record of the object on the relocation's number.
    const asked = unbound(from, top[1], mode);
    if (asked !== undefined) {
      watched.pending = { object: from, slot: asked, stack: pointer + 2 * bytes, caller: top[2], start: executed(cpu) };
      return;
    }
  }
  tell({ kind: "call", process, depth: stack.length, from, to, caller: top[0], target, slot, resolved: undefined });
  stack.push(pointer);
}

/** Is it the program's interpreter? */
function isLoader({ path }: MappedObject, { executable }: Process): boolean {
  return path === executable.interpreter?.path;
}

/** The slot that an instruction jumped through. */
function slotOf(cpu: Cpu, at: number, columns: Int32Array, object: MappedObject): Slot | undefined {
  if ((columns[at + INFO] & INFO_MEMORY) === 0) return undefined;
  const low = operandAddress(cpu, at);
  return object.slots.get((low >>> 0) + (cpu.mode === 64 ? cpu.words[ADDRESS_HIGH] * 2 ** 32 : 0));
}

/** Bytes of an entry of DT_JMPREL on i386, whose offset its PLT pushes. */
const REL_BYTES = 8;

function unbound({ slots }: MappedObject, pushed: number, mode: number): Slot | undefined {
  const index = mode === 64 ? pushed : pushed / REL_BYTES;
  for (const slot of slots.values()) if (slot.isPlt && slot.index === index) return slot;
  return undefined;
}

function wordsAt({ space }: Process, address: number, count: number, bytes: number): number[] {
  const read = readBytes(space, address, count * bytes);
  if (read === undefined) return new Array<number>(count).fill(0);
  const view = new DataView(read.buffer);
  return Array.from({ length: count }, (_, index) => {
    const at = index * bytes;
    return view.getUint32(at, true) + (bytes === 8 ? view.getUint32(at + 4, true) * 2 ** 32 : 0);
  });
}
