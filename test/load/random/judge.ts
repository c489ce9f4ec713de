// Holds one program to the real loader in everything that both say, whether it loads or not, and tells all differences.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type DebugCategory, debugLines, type LoadedProcess } from "../../../src/load/index.ts";
import { i386, type Target, x86_64 } from "../../support/build.ts";
import { guestTarget, libcState, realLines, untilTheEnd, withoutAddresses } from "../judges/agree.ts";
import { compareBindings, realBindings } from "../judges/bindings.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  describe,
  forgetFiles,
  freeze,
  isExplained,
  loaded,
  runProgram,
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
  const now = { ...environment, LD_BIND_NOW: "1" };
  forgetFiles();
  const lazily = compareStart(target, program, environment, scratch);
  const atOnce = compareStart(target, program, now, scratch);
  if (atOnce.isUnjudged || lazily.isUnjudged)
    return { starts: false, said: atOnce.said, differences: [], isUnjudged: true };
  const differences = [
    ...lazily.differences.map((text) => `lazy: ${text}`),
    ...atOnce.differences.map((text) => `now: ${text}`),
  ];
  const { task } = atOnce;
  if (atOnce.starts) {
    differences.push(...compareBindings(task, realBindings(program, environment)).map((text) => `binding ${text}`));
  }
  if (atOnce.starts || !asksTooEarly(task)) {
    const own = debugLines(task, new Set(CATEGORIES)).map(withoutAddresses);
    const real = realLines(program, CATEGORIES.join(), now);
    const [ours, theirs] = machine.guest === undefined ? [own, real] : [untilTheEnd(own), untilTheEnd(real)];
    differences.push(...compareLines(ours, isEndless(task) ? theirs.slice(0, ours.length) : theirs));
  }
  return { starts: atOnce.starts, said: atOnce.said, differences };
}

/** Under which name the state of libc is known. */
function targetOf({ guest, wordBytes }: RandomMachine): Target {
  return guest === undefined ? (wordBytes === 8 ? x86_64 : i386) : guestTarget;
}

interface Start extends Verdict {
  readonly task: LoadedProcess;
}

function compareStart(target: Target, program: string, environment: Environment, scratch: string): Start {
  const out = join(scratch, "snapshot");
  const first = loaded(program, environment);
  const snapshot = freeze(out, debugStateOffset(first), environment, [program]);
  const { status, stderr } = runProgram(program, environment);
  if (snapshot === undefined) {
    rmSync(`${out}.maps`, { force: true });
    const own = `${first.exitCode}: ${said(first)}`;
    const real = `${status}: ${stderr}`;
    if (isEmulators(stderr)) return { starts: false, task: first, said: stderr, differences: [], isUnjudged: true };
    const isSame = own === real || (status === 139 && said(first) === stderr && asksTooEarly(first));
    return { starts: false, task: first, said: stderr, differences: isSame ? [] : [`${own} / ${real}`] };
  }
  const task = loaded(program, environment, basesOf(snapshot.mappings));
  const comparison = compareMemory(task, snapshot);
  const state = libcState(target, environment);
  const open = comparison.differences.filter((difference) => !isExplained(difference, state));
  const differences = [...open.map(describe), ...comparison.problems];
  if (said(task) !== stderr) differences.push(`${said(task)} / ${stderr}`);
  if ((task.exitCode ?? 0) !== status) differences.push(`exit code ${task.exitCode} / ${status}`);
  return { starts: true, task, said: stderr, differences };
}

/** qemu 7.2 refuses to protect nothing (target_mprotect with a length of 0), which is what becomes of a segment without bytes. */
function isEmulators(stderr: string): boolean {
  return stderr.includes("cannot make segment writable for relocation: Cannot allocate memory");
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
