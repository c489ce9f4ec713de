// The story of one slot, as it is executed: the first call through it, which goes back into the PLT and from there to the dynamic
// linker, the search and the write of the slot; and the second call.

import {
  ADDRESS_HIGH,
  type Cpu,
  INFO,
  INFO_MEMORY,
  INFO_ROW,
  IP,
  RAX,
  RDI,
  RDX,
  RSI,
  RSP,
} from "../../arch/x86/instructions/index.ts";
import { address as operandAddress } from "../../arch/x86/instructions/machine/operands.ts";
import { addressHigh, addressLow } from "../code.ts";
import { type Execution, runFor } from "../execute.ts";
import { readBytes, readText } from "../memory/address-space.ts";
import { executed, type Observer } from "../run.ts";
import type { Process } from "../system/state.ts";
import { type HashRead, type HashReads, watchHashReads } from "./hash-reads.ts";
import { type MappedObject, mappedObjects, type ObjectCache, objectOf, type Slot } from "./objects.ts";

/** A call through the slot. Steps count from the jump through the slot, which is step 1. */
export interface SlotCall {
  /** Instructions that the program had executed before the jump. */
  readonly start: number;
  /** Instructions that it had executed before the call that led to the jump; `start` if it is the call itself. */
  readonly called: number;
  /** The instruction that jumped through the slot, and what the slot held. */
  readonly jump: number;
  readonly before: number;
  /** Where the call goes back to. */
  readonly caller: number;
  /** What was executed in the PLT behind the jump: addresses; none if the slot was bound. */
  readonly stub: readonly number[];
  /** Undefined if the slot was bound. */
  readonly binding: Binding | undefined;
  /** The function that was reached, after so many instructions from the jump on. */
  readonly target: number;
  readonly instructions: number;
}

/** What the dynamic linker did. */
export interface Binding {
  /** Where it was entered: _dl_runtime_resolve in one of its variants. */
  readonly resolver: number;
  /** Arguments of the first function that it calls, _dl_fixup: the record of the object, and which relocation. */
  readonly fixup: number;
  /** The step that calls it. */
  readonly fixupStep: number;
  readonly linkMap: number;
  readonly relocation: number;
  /** Of the record: l_addr and l_name. */
  readonly loadAddress: number;
  readonly loadName: string;
  /** Calls that it made. */
  readonly calls: number;
  /** What it read of hash tables, in its order. */
  readonly reads: readonly HashRead[];
  /** The write of the slot: after how many instructions, by which, and what it is since. */
  readonly write: { readonly step: number; readonly by: number; readonly after: number } | undefined;
}

export interface LazyStory {
  readonly object: MappedObject;
  readonly slot: Slot;
  /** The calls in their order. */
  readonly calls: readonly SlotCall[];
}

/** Changed while a call is followed. */
interface Following {
  readonly start: number;
  readonly called: number;
  readonly jump: number;
  readonly before: number;
  readonly caller: number;
  readonly stack: number;
  readonly stub: number[];
  steps: number;
  resolver: number;
  fixup: Pick<Binding, "fixup" | "fixupStep" | "linkMap" | "relocation" | "loadAddress" | "loadName"> | undefined;
  calls: number;
  readonly hash: HashReads;
  write: Binding["write"];
}

/** Instructions that a program may take until it has called twice. */
const MOST = 200_000_000;

/** Which calls are followed. */
export interface Followed {
  /** Of the object that calls; whichever calls first if it is not given. */
  readonly path?: string | undefined;
  /** So many; two if it is not given. */
  readonly most?: number;
}

/**
 * Runs the program until it has called through a slot of this name twice. If it has called once, it is stopped before it ends: with
 * the program its memory goes, and with that the names and instructions of what was called.
 * @returns undefined if it has not called at all
 */
export function followSlot(
  execution: Execution,
  name: string,
  { path, most = 2 }: Followed = {},
): LazyStory | undefined {
  const cache: ObjectCache = new Map();
  let objects: readonly MappedObject[] = [];
  let areas = 0;
  let found: { object: MappedObject; slot: Slot } | undefined;
  const calls: SlotCall[] = [];
  let following: Following | undefined;

  const finish = (target: number): boolean => {
    if (following === undefined) return false;
    const { start, called, jump, before, caller, stub, steps, resolver, fixup, write, hash } = following;
    const { reads } = hash;
    const binding = fixup === undefined ? undefined : { resolver, ...fixup, calls: following.calls, reads, write };
    calls.push({ start, called, jump, before, caller, stub, binding, target, instructions: steps });
    following = undefined;
    return calls.length === most;
  };
  const observer: Observer = {
    instruction: (cpu, place) => {
      if (following === undefined) return calls.length > 0 && endsProgram(cpu, place, execution);
      following.steps++;
      const process = execution.system.current?.process;
      if (process === undefined || found === undefined) return false;
      const at = addressOf(cpu);
      if (following.resolver === 0 && at >= found.object.start && at < found.object.end) following.stub.push(at);
      if (following.resolver !== 0) following.hash.look(cpu, place, following.steps, process);
      if (following.write === undefined && following.resolver !== 0) {
        const after = wordAt(process, found.slot.address, 0);
        if (after !== following.before) following.write = { step: following.steps - 1, by: lastAddress, after };
      }
      lastAddress = at;
      return false;
    },
    transfer: (cpu, at) => {
      const process = execution.system.current?.process;
      if (process === undefined || process !== execution.process) return false;
      if (process.space.areas.length !== areas) {
        areas = process.space.areas.length;
        objects = mappedObjects(process.space, cache);
      }
      const { columns, instructions } = process.code;
      const isCall = instructions.rows[columns[at + INFO] & INFO_ROW].name.startsWith("call");
      if (following !== undefined) return follow(cpu, process, isCall);
      if (isCall) called = executed(cpu) - 1;
      return begin(cpu, at, process);
    },
  };
  let lastAddress = 0;
  let called = 0;

  const begin = (cpu: Cpu, at: number, process: Process): boolean => {
    const { columns } = process.code;
    if ((columns[at + INFO] & INFO_MEMORY) === 0) return false;
    const source = sourceOf(cpu, at, columns);
    const object = objectOf(objects, source);
    const low = operandAddress(cpu, at);
    const slot = object?.slots.get((low >>> 0) + (cpu.mode === 64 ? cpu.words[ADDRESS_HIGH] * 2 ** 32 : 0));
    if (
      object === undefined ||
      slot?.name !== name ||
      (path !== undefined && object.path !== path) ||
      (found !== undefined && found.slot !== slot && found.slot.address !== slot.address)
    )
      return false;
    found ??= { object, slot };
    const stack = pair(cpu, RSP);
    const target = addressOf(cpu);
    const caller = wordAt(process, stack, 0);
    const before = wordAt(process, slot.address, 0);
    following = {
      // The jump has been executed: it ends its block.
      start: executed(cpu) - 1,
      called,
      hash: watchHashReads(objects),
      jump: source,
      before,
      caller,
      stack,
      stub: [],
      steps: 1,
      resolver: 0,
      fixup: undefined,
      calls: 0,
      write: undefined,
    };
    return target < object.start || target >= object.end ? finish(target) : false;
  };

  const follow = (cpu: Cpu, process: Process, isCall: boolean): boolean => {
    if (following === undefined || found === undefined) return false;
    const target = addressOf(cpu);
    const isInside = target >= found.object.start && target < found.object.end;
    if (following.resolver === 0) {
      if (!isInside) following.resolver = target;
      return false;
    }
    if (isCall) {
      following.calls++;
      following.fixup ??= fixupOf(cpu, target, following.steps, process);
    }
    // With the caller's stack again: the function itself.
    return pair(cpu, RSP) === following.stack && !isInside ? finish(target) : false;
  };

  for (let left = MOST; left > 0; left -= SLICE) if (runFor(execution, SLICE, observer) !== "limit") break;
  return found && { ...found, calls };
}

const SLICE = 1 << 20;

/** exit and exit_group, by mode. */
const EXITS: Readonly<Record<number, readonly number[]>> = { 64: [60, 231], 32: [1, 252] };

/** Does the next instruction ask the kernel to end the program? */
function endsProgram(cpu: Cpu, at: number, { system, process }: Execution): boolean {
  if (system.current?.process !== process) return false;
  const { columns, instructions } = process.code;
  const { name } = instructions.rows[columns[at + INFO] & INFO_ROW];
  return (name === "syscall" || name === "int") && (EXITS[cpu.mode]?.includes(cpu.words[RAX]) ?? false);
}

/** Arguments in registers: of x86-64's psABI, and of i386's regparm, which glibc has here. */
function fixupOf(cpu: Cpu, fixup: number, fixupStep: number, process: Process): NonNullable<Following["fixup"]> {
  const [linkMap, relocation] = cpu.mode === 64 ? [pair(cpu, RDI), pair(cpu, RSI)] : [pair(cpu, RAX), pair(cpu, RDX)];
  const name = wordAt(process, linkMap, 1);
  return {
    fixup,
    fixupStep,
    linkMap,
    relocation,
    loadAddress: wordAt(process, linkMap, 0),
    loadName: readText(process.space, name) ?? "",
  };
}

function pair({ words, mode }: Cpu, at: number): number {
  return (words[at] >>> 0) + (mode === 64 ? words[at + 1] * 2 ** 32 : 0);
}

function addressOf(cpu: Cpu): number {
  return pair(cpu, IP);
}

function sourceOf(cpu: Cpu, at: number, columns: Int32Array): number {
  return (addressLow(columns, at) >>> 0) + (cpu.mode === 64 ? addressHigh(columns, at) * 2 ** 32 : 0);
}

function wordAt({ space, mode }: Process, address: number, index: number): number {
  const bytes = mode / 8;
  const read = readBytes(space, address + index * bytes, bytes);
  if (read === undefined) return 0;
  const view = new DataView(read.buffer);
  return view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 2 ** 32 : 0);
}
