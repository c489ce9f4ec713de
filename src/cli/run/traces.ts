// What `solder run --trace` and `--until` and `--break` watch: one observer for the run out of those that are asked for, and lines on standard error.

import type { Cpu } from "../../arch/x86/instructions/index.ts";
import { demangle } from "../../demangle/index.ts";
import type { Execution } from "../../execute/execute.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import { addressOf, reaches } from "../../execute/observe/breakpoints.ts";
import { type CallWatcher, type CrossCall, watchCalls } from "../../execute/observe/calls.ts";
import { type WriteWatcher, watchSlots } from "../../execute/observe/writes.ts";
import type { Observer } from "../../execute/run.ts";
import type { System, SystemHooks } from "../../execute/system/state.ts";
import type { PlaceCache } from "../../explain/execute/places.ts";
import { relocationLine } from "../../explain/execute/relocations.ts";
import { crossCallLine, pltLine, signalLine, slotLine, systemCallLine } from "../../explain/execute/trace.ts";
import { nodeDisassembler } from "../../host/disassembly/disassembler.ts";
import type { Io } from "../io.ts";
import { relocationTeller } from "./relocations.ts";
import type { RunRequest } from "./request.ts";
import { stopLines, stopTeller } from "./stops.ts";

export interface Traces {
  readonly hooks: SystemHooks;
  /** Undefined where nothing is watched that would slow the run down. */
  readonly observer: Observer | undefined;
  readonly begin: (execution: Execution) => void;
  /** The program has ended: tells of what was waited for in vain. */
  readonly end: () => void;
}

type Tell = (kind: string, line: string, facts: Readonly<Record<string, unknown>>) => void;

/** @param path of the program  @returns text: what cannot be traced */
export function tracesOf(
  request: RunRequest,
  path: string,
  io: Io,
  execution: () => Execution | undefined,
): Traces | string {
  const system = (): System | undefined => execution()?.system;
  const { traces, json } = request;
  const tell: Tell = (kind, line, facts) => io.err(json ? `${JSON.stringify({ kind, ...facts })}\n` : `${line}\n`);
  const cache: PlaceCache = new Map();
  const filter: ObjectFilter = { name: request.object, isMet: false };
  const calls =
    traces.has("calls") || traces.has("plt") ? callWatcher(request, filter, tell, cache, system) : undefined;
  const slots = traces.has("got") ? slotWatcher(filter, tell, cache) : undefined;
  const stops =
    request.until === undefined && request.breaks.length === 0 ? undefined : stopWatcher(request, tell, cache, system);
  const instructions = traces.has("instructions") ? instructionTeller(request, tell, system) : undefined;
  const relocations = traces.has("relocations")
    ? relocationTeller(request, path, io, execution, (facts) => tell("relocation", relocationLine(facts), { ...facts }))
    : undefined;
  if (typeof relocations === "string") return relocations;
  const first = stops ?? instructions ?? relocations;
  const observer: Observer = {
    ...(first === undefined
      ? {}
      : {
          instruction: (cpu: Cpu) => {
            relocations?.(cpu);
            const stop = stops?.look(cpu) ?? "none";
            return stop === "end" || instructions?.(cpu, stop === "break") === true;
          },
        }),
    ...(calls === undefined ? {} : calls.observer),
    ...(slots === undefined ? {} : { asked: slots.asked }),
  };
  return {
    hooks: hooksFor(traces.has("syscalls"), calls, slots, tell),
    observer: Object.keys(observer).length === 0 ? undefined : observer,
    begin: (execution) => slots?.begin(execution.system),
    end: () => {
      stops?.end();
      if (filter.name !== undefined && !filter.isMet)
        tell("missed", `solder run: no object ${filter.name} did anything of that`, {
          place: filter.name,
          why: "unknown",
        });
    },
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
  filter: ObjectFilter,
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
    if (!isMeant(filter, event.from.path)) return;
    if (request.traces.has("calls")) tell("call", crossCallLine(event, cache), factsOf(event));
    if (request.traces.has("plt") && event.slot !== undefined) tell("plt", pltLine(event, cache), factsOf(event));
  });
}

/** The object of `--object`, by its path or the last part of it, and whether anything was told of it. */
interface ObjectFilter {
  readonly name: string | undefined;
  isMet: boolean;
}

function isMeant(filter: ObjectFilter, path: string): boolean {
  const { name } = filter;
  const isIt = name === undefined || path === name || path.slice(path.lastIndexOf("/") + 1) === name;
  filter.isMet ||= isIt;
  return isIt;
}

function slotWatcher(filter: ObjectFilter, tell: Tell, cache: PlaceCache): WriteWatcher {
  return watchSlots((event) => {
    const { object, slot, before, after, by } = event;
    if (!isMeant(filter, object.path)) return;
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

/** Ends the run where `--until` says, and looks at it where `--break` says. */
function stopWatcher(
  { until, breaks, traces, countGiven }: RunRequest,
  tell: Tell,
  cache: PlaceCache,
  system: () => System | undefined,
): { readonly look: (cpu: Cpu) => "none" | "break" | "end"; readonly end: () => void } {
  const ends = until === undefined ? undefined : reaches([until], system, demangle);
  const stops = breaks.length === 0 ? undefined : reaches(breaks, system, demangle);
  const describe = stopTeller(cache);
  // Without instructions to count, what --count counts is how often a place is reached.
  let left = traces.has("instructions") ? Number.POSITIVE_INFINITY : (countGiven ?? Number.POSITIVE_INFINITY);
  const look = (cpu: Cpu): "none" | "break" | "end" => {
    const isEnd = ends?.at(cpu) === true;
    // Asked in any case: a place of both has been reached by both.
    const isBreak = stops?.at(cpu) === true;
    if (!isEnd && !isBreak) return "none";
    const process = system()?.current?.process;
    if (process === undefined) return "none";
    const stop = describe(cpu, process);
    const { address, where, text, registers } = stop;
    const kind = isEnd ? "until" : "break";
    tell(kind, stopLines(isEnd ? "reached" : "break at", stop), { address, where, text, registers });
    return isEnd || --left <= 0 ? "end" : "break";
  };
  const end = (): void => {
    for (const [place, why] of [...(ends?.missed() ?? []), ...(stops?.missed() ?? [])]) {
      const because = why === "unknown" ? ": no object that was mapped has such a symbol" : "";
      tell("missed", `solder run: ${place} was not reached${because}`, { place, why });
    }
  };
  return { look, end };
}

/** Tells instructions from the Nth on, or from a break on if there is one, and ends the run after so many. */
function instructionTeller(
  { from, count, breaks }: RunRequest,
  tell: Tell,
  system: () => System | undefined,
): (cpu: Cpu, isBreak: boolean) => boolean {
  const disassemble = nodeDisassembler();
  let number = 0;
  let first = breaks.length === 0 ? from : Number.POSITIVE_INFINITY;
  return (cpu, isBreak) => {
    number++;
    if (isBreak && first > number) first = Math.max(number, from);
    if (number < first) return false;
    if (number >= first + count) return true;
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
