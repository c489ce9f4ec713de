// Holds one program to the real loader in everything that both say, whether it loads or not, and tells all differences.

import { join } from "node:path";
import { type DebugCategory, debugLines, type LoadedProcess } from "../../../src/load/index.ts";
import { i386, type Target, x86_64 } from "../../support/build.ts";
import { guestTarget, libcState, linesOfDebug, realLines, untilTheEnd, withoutAddresses } from "../judges/agree.ts";
import { compareBindings, realBindings } from "../judges/bindings.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  describe,
  forgetFiles,
  isExplained,
  loaded,
  realProfile,
  rootDirectory,
  witness,
} from "../judges/reality.ts";
import type { RandomMachine } from "./machines.ts";

type Environment = Readonly<Record<string, string>>;

export interface Verdict {
  /** The program came to its first constructor. */
  readonly starts: boolean;
  /** What the real loader printed. */
  readonly said: string;
  readonly differences: readonly string[];
  /** It ended for a fault of qemu's. */
  readonly isUnjudged?: true;
}

const CATEGORIES: readonly DebugCategory[] = ["libs", "files", "versions", "scopes", "reloc"];

/** Everything in which the real loader and load/ differ about a program. */
export function judge(machine: RandomMachine, program: string, environment: Environment, scratch: string): Verdict {
  const target = targetOf(machine);
  // musl binds all at once, and has no LD_DEBUG.
  if (machine.musl !== undefined) {
    forgetFiles();
    return compareStart(target, program, environment, scratch, []);
  }
  const now = { ...environment, LD_BIND_NOW: "1" };
  // A guest's start is dear: one tells its memory, its end and all that LD_DEBUG says.
  const categories: readonly DebugCategory[] = machine.guest === undefined ? [] : [...CATEGORIES, "bindings"];
  forgetFiles();
  const lazily = compareStart(target, program, environment, scratch, []);
  const atOnce = compareStart(target, program, now, scratch, categories);
  if (atOnce.isUnjudged || lazily.isUnjudged)
    return { starts: false, said: atOnce.said, differences: [], isUnjudged: true };
  const differences = [
    ...lazily.differences.map((text) => `lazy: ${text}`),
    ...atOnce.differences.map((text) => `now: ${text}`),
  ];
  const { task, starts, said } = atOnce;
  if (machine.guest === undefined) {
    if (starts)
      differences.push(...compareBindings(task, realBindings(program, environment)).map((text) => `binding ${text}`));
    if (starts || !asksTooEarly(task)) {
      const own = debugLines(task, new Set(CATEGORIES)).map(withoutAddresses);
      differences.push(...compareDebug(task, own, realLines(program, CATEGORIES.join(), now)));
    }
  } else if (starts || !asksTooEarly(task)) {
    const own = debugLines(task, new Set(categories)).map(withoutAddresses);
    differences.push(...compareDebug(task, untilTheEnd(own), untilTheEnd(atOnce.lines)));
  }
  return { starts, said, differences };
}

function compareDebug(task: LoadedProcess, own: readonly string[], real: readonly string[]): string[] {
  const isCut = task.exitCode === undefined && hasCutFile(task) && real.at(-1)?.startsWith("calling init");
  return compareLines(isCut ? own.slice(0, real.length) : own, isEndless(task) ? real.slice(0, own.length) : real);
}

/** Under which name the state of libc is known. */
function targetOf({ guest, wordBytes }: RandomMachine): Target {
  return guest === undefined ? (wordBytes === 8 ? x86_64 : i386) : guestTarget;
}

/** musl's libc is its loader, and no other object has anything of its own by then. */
const NOTHING: ReadonlySet<string> = new Set();

interface Start extends Verdict {
  readonly task: LoadedProcess;
  /** What LD_DEBUG said. */
  readonly lines: readonly string[];
}

/** @param categories what LD_DEBUG is to say in the same run */
function compareStart(
  target: Target,
  program: string,
  environment: Environment,
  scratch: string,
  categories: readonly DebugCategory[],
): Start {
  const out = join(scratch, "snapshot");
  const told = categories.length === 0 ? environment : { ...environment, LD_DEBUG: categories.join() };
  const isMusl = realProfile().library === "musl";
  const offset = offsetFor(target, program, environment);
  const { snapshot, status, stderr: all } = witness(out, offset, told, program, isMusl ? 1 : 2);
  const lines = linesOfDebug(all);
  const stderr = categories.length === 0 ? all : withoutDebug(all);
  const load = (bases?: ReadonlyMap<string, number>): LoadedProcess =>
    loaded(program, environment, bases, realProfile(), true);
  if (snapshot === undefined) {
    const task = load();
    const own = `${task.exitCode}: ${said(task)}`;
    const real = `${status}: ${stderr}`;
    if (isEmulators(stderr)) return { starts: false, task, lines, said: stderr, differences: [], isUnjudged: true };
    const isSame = own === real || (status === 139 && said(task) === stderr && asksTooEarly(task));
    return { starts: false, task, lines, said: stderr, differences: isSame ? [] : [`${own} / ${real}`] };
  }
  const task = load(basesOf(snapshot.mappings));
  const comparison = compareMemory(task, snapshot);
  const state = isMusl ? NOTHING : libcState(target, environment);
  const open = comparison.differences.filter((difference) => !isExplained(difference, state));
  const differences = [...open.map(describe), ...comparison.problems];
  if (said(task) !== stderr) differences.push(`${said(task)} / ${stderr}`);
  if ((task.exitCode ?? 0) !== status && !endsInCut(task, status))
    differences.push(`exit code ${task.exitCode} / ${status}`);
  return { starts: true, task, lines, said: stderr, differences };
}

const offsets = new Map<string, number>();

/** The same for all programs of a root directory. */
function offsetFor(target: Target, program: string, environment: Environment): number {
  const measure = (): number => debugStateOffset(loaded(program, environment, undefined, realProfile(), true));
  if (target !== guestTarget) return measure();
  const root = rootDirectory();
  const offset = offsets.get(root) ?? measure();
  offsets.set(root, offset);
  return offset;
}

/** What is not LD_DEBUG's, whose lines begin with the number of the process. */
function withoutDebug(stderr: string): string {
  return stderr.replace(/^ *\d+:\t.*\n/gm, "");
}

/** qemu 7.2 refuses to protect nothing (target_mprotect with a length of 0), which is what becomes of a segment without bytes. */
function isEmulators(stderr: string): boolean {
  return stderr.includes("cannot make segment writable for relocation: Cannot allocate memory");
}

/** Loaded as foreseen; then what is left of a file that is cut off was run, constructors first. */
function endsInCut(task: LoadedProcess, status: number): boolean {
  return status > 128 && task.exitCode === undefined && hasCutFile(task);
}

function hasCutFile({ problems }: LoadedProcess): boolean {
  return problems.some(({ code }) => code === "segment-beyond-file");
}

/** Filters of each other: how often the real loader goes round depends on its stack. */
function isEndless({ ended, exitCode }: LoadedProcess): boolean {
  return ended?.step === "search" && exitCode === 139;
}

/** An indirect function runs before its object is relocated: what comes of that only running it would tell. */
function asksTooEarly({ messages }: LoadedProcess): boolean {
  return messages.some(({ text }) => text.includes("Relink"));
}

function said(task: LoadedProcess): string {
  return task.messages.map(({ text }) => `${text}\n`).join("");
}

/** A few lines, those of searches cut short. */
function excerpt(lines: readonly string[], from: number): string {
  return lines
    .slice(from, from + 3)
    .map((line) => (line.length > 300 ? `${line.slice(0, 100)}…${line.slice(-150)}` : line))
    .join("|");
}

function compareLines(own: readonly string[], real: readonly string[]): string[] {
  const at = real.findIndex((line, i) => line !== own[i]);
  if (at < 0 && own.length === real.length) return [];
  const place = at < 0 ? real.length : at;
  return [`LD_DEBUG ${place}: ${excerpt(own, place)} / ${excerpt(real, place)}`];
}
