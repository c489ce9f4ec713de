// What `solder run --trace` and `--until` watch: one observer for the run out of those that are asked for, and lines on standard error.

import { type Cpu, IP, RAX } from "../../arch/x86/instructions/index.ts";
import type { Execution } from "../../execute/execute.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import { type CallWatcher, type CrossCall, watchCalls } from "../../execute/observe/calls.ts";
import { mappedObjects, type ObjectCache } from "../../execute/observe/objects.ts";
import { type WriteWatcher, watchSlots } from "../../execute/observe/writes.ts";
import type { Observer } from "../../execute/run.ts";
import type { System, SystemHooks } from "../../execute/system/state.ts";
import type { PlaceCache } from "../../explain/execute/places.ts";
import {
  crossCallLine,
  pltLine,
  signalLine,
  slotLine,
  systemCallLine,
  whereText,
} from "../../explain/execute/trace.ts";
import { nodeDisassembler } from "../../host/disassembler.ts";
import { symbolName, symbolValue } from "../../load/index.ts";
import type { Io } from "../io.ts";
import type { RunRequest } from "./request.ts";

export interface Traces {
  readonly hooks: SystemHooks;
  /** Undefined where nothing is watched that would slow the run down. */
  readonly observer: Observer | undefined;
  readonly begin: (execution: Execution) => void;
}

type Tell = (kind: string, line: string, facts: Readonly<Record<string, unknown>>) => void;

export function tracesOf(request: RunRequest, io: Io, system: () => System | undefined): Traces {
  const { traces, json } = request;
  const tell: Tell = (kind, line, facts) => io.err(json ? `${JSON.stringify({ kind, ...facts })}\n` : `${line}\n`);
  const cache: PlaceCache = new Map();
  const calls = traces.has("calls") || traces.has("plt") ? callWatcher(request, tell, cache, system) : undefined;
  const slots = traces.has("got") ? slotWatcher(tell, cache) : undefined;
  const until = request.until === undefined ? undefined : untilReached(request.until, tell, cache, system);
  const instructions = traces.has("instructions") ? instructionTeller(request, tell, system) : undefined;
  const first = until ?? instructions;
  const observer: Observer = {
    ...(first === undefined
      ? {}
      : { instruction: (cpu: Cpu) => instructions?.(cpu) === true || until?.(cpu) === true }),
    ...(calls === undefined ? {} : calls.observer),
    ...(slots === undefined ? {} : { asked: slots.asked }),
  };
  return {
    hooks: hooksFor(traces.has("syscalls"), calls, slots, tell),
    observer: Object.keys(observer).length === 0 ? undefined : observer,
    begin: (execution) => slots?.begin(execution.system),
  };
}

function hooksFor(
  isTold: boolean,
  calls: CallWatcher | undefined,
  slots: WriteWatcher | undefined,
  tell: Tell,
): SystemHooks {
  if (!isTold && calls === undefined && slots === undefined) return {};
  return {
    call: (event) => {
      calls?.call(event);
      slots?.call(event);
      if (!isTold) return;
      const { row, number, args, result, task } = event;
      // What never returns is told when it is made.
      const isLast =
        row?.name === "exit" || row?.name === "exit_group" || row?.name === "execve" || row?.name === "rt_sigreturn";
      if ((result === undefined) !== isLast) return;
      tell("syscall", systemCallLine(event), { thread: task.id, name: row?.name ?? number, arguments: args, result });
    },
    signal: (task, signal, what) => {
      if (isTold) tell("signal", signalLine(signal, what), { thread: task.id, signal: signal.number, what });
    },
  };
}

function callWatcher(
  request: RunRequest,
  tell: Tell,
  cache: PlaceCache,
  system: () => System | undefined,
): CallWatcher {
  const factsOf = ({
    from,
    to,
    caller,
    target,
    slot,
    resolved,
    depth,
  }: CrossCall): Readonly<Record<string, unknown>> => {
    return { from: from.path, to: to.path, caller, target, depth, name: slot?.name, slot: slot?.address, resolved };
  };
  return watchCalls(system, (event) => {
    if (request.traces.has("calls")) tell("call", crossCallLine(event, cache), factsOf(event));
    if (request.traces.has("plt") && event.slot !== undefined) tell("plt", pltLine(event), factsOf(event));
  });
}

function slotWatcher(tell: Tell, cache: PlaceCache): WriteWatcher {
  return watchSlots((event) => {
    const { object, slot, before, after, by } = event;
    tell("got", slotLine(event, cache), {
      object: object.path,
      name: slot.name,
      slot: slot.address,
      before,
      after,
      by,
    });
  });
}

const addressOf = ({ words, mode }: Cpu): number => (words[IP] >>> 0) + (mode === 64 ? words[IP + 1] * 2 ** 32 : 0);

/** Tells instructions from the Nth on, and ends the run after so many. */
function instructionTeller(
  { from, count }: RunRequest,
  tell: Tell,
  system: () => System | undefined,
): (cpu: Cpu) => boolean {
  const disassemble = nodeDisassembler();
  let number = 0;
  return (cpu) => {
    number++;
    if (number < from) return false;
    if (number >= from + count) return true;
    const address = addressOf(cpu);
    const space = system()?.current?.process.space;
    const code = space && (readBytes(space, address, 15) ?? readBytes(space, address, 4096 - (address % 4096)));
    const [one] =
      code === undefined ? [] : disassemble(code, address, cpu.mode === 64 ? "x86-64" : "i386", address + 1);
    tell("instruction", `${String(number).padStart(8)}  0x${address.toString(16)}  ${one?.text ?? "?"}`, {
      number,
      address,
      text: one?.text,
    });
    return false;
  };
}

const NAMES: readonly string[] = [
  "ax",
  "cx",
  "dx",
  "bx",
  "sp",
  "bp",
  "si",
  "di",
  "8",
  "9",
  "10",
  "11",
  "12",
  "13",
  "14",
  "15",
];

/** Ends the run at an address, or at the function of a name as soon as its object is mapped. */
function untilReached(
  text: string,
  tell: Tell,
  cache: PlaceCache,
  system: () => System | undefined,
): (cpu: Cpu) => boolean {
  const given = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : undefined;
  const objects: ObjectCache = new Map();
  let areas: unknown;
  let wanted = new Set<number>(given === undefined ? [] : [given]);
  return (cpu) => {
    const process = system()?.current?.process;
    if (process === undefined) return false;
    if (given === undefined && process.space.areas.length !== areas) {
      areas = process.space.areas.length;
      wanted = new Set();
      for (const { file, base } of mappedObjects(process.space, objects)) {
        for (let symbol = 1; symbol < file.symbols.count; symbol++) {
          const value = symbolValue(file.symbols, symbol);
          if (value !== 0 && symbolName(file.symbols, symbol) === text) wanted.add(base + value);
        }
      }
    }
    const address = addressOf(cpu);
    if (!wanted.has(address)) return false;
    const registers = NAMES.slice(0, cpu.mode === 64 ? 16 : 8).map((name, index) => {
      const at = RAX + 2 * index;
      const high = cpu.mode === 64 ? (cpu.words[at + 1] >>> 0) * 2 ** 32 : 0;
      return [`${cpu.mode === 64 ? "r" : "e"}${name}`, `0x${(high + (cpu.words[at] >>> 0)).toString(16)}`] as const;
    });
    const lines = registers.map(([name, value]) => `  ${name.padEnd(4)} ${value}`);
    tell("until", [`reached 0x${address.toString(16)}, ${whereText(process, address, cache)}`, ...lines].join("\n"), {
      address,
      registers: Object.fromEntries(registers),
    });
    return true;
  };
}
