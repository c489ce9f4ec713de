// One question for hand-made programs: does load/ say the same as the real loader? Of a program that loads, memory bound at
// once and bound lazily, bindings, searches, scopes and orders; of one that does not, the message and the exit code.

import { deepEqual, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PT_DYNAMIC, parseElf } from "../../../src/elf/index.ts";
import { type DebugCategory, debugLines, type LoadedProcess } from "../../../src/load/index.ts";
import { compile, scratch, type Target, x86_64 } from "../../support/build.ts";
import { run, tool } from "../../support/run.ts";
import { compareBindings, realBindings } from "./bindings.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  describe,
  forgetFiles,
  isExplained,
  loaded,
  rootDirectory,
  runProgram,
  smallProgram,
  stateOfLibc,
  witness,
} from "./reality.ts";

type Environment = Readonly<Record<string, string>>;

const known = new Map<string, ReadonlySet<string>>();

/** Stands for whatever machine the root directory is of. */
export const guestTarget: Target = { ...x86_64, name: "guest" };

export function libcState(target: Target, environment: Environment): ReadonlySet<string> {
  const key = `${target === guestTarget ? rootDirectory() : target.name} ${environment.LD_BIND_NOW ?? ""}`;
  let state = known.get(key);
  if (state === undefined) {
    state = stateOfLibc(smallProgram(target), environment.LD_BIND_NOW === undefined ? {} : { LD_BIND_NOW: "1" });
    known.set(key, state);
  }
  return state;
}

/** Asserts that the real loader loads the program, and into the same process. */
export function agree(target: Target, program: string, environment: Environment = {}): LoadedProcess {
  const now = { ...environment, LD_BIND_NOW: "1" };
  forgetFiles();
  compareImages(target, program, environment);
  const task = compareImages(target, program, now);
  deepEqual(compareBindings(task, realBindings(program, environment)), [], "bindings");
  const categories: readonly DebugCategory[] = ["libs", "files", "versions", "scopes", "reloc"];
  const own = debugLines(task, new Set(categories)).map(withoutAddresses);
  const told = realLines(program, categories.join(), now);
  if (target === guestTarget) deepEqual(untilTheEnd(own), untilTheEnd(told), "LD_DEBUG");
  else deepEqual(own, told, "LD_DEBUG");
  return task;
}

/**
 * Without what is said when the process ends: glibc 2.37 says it otherwise, Debian has taken that back into its 2.36, and the cross
 * compilers' 2.36 is the one before.
 */
export function untilTheEnd(lines: readonly string[]): readonly string[] {
  const end = lines.findIndex((line) => line.startsWith("calling fini"));
  return lines.slice(0, end < 0 ? lines.length : end).filter((line) => line !== "");
}

/** The same of a program in the root directory that was entered, whose libc is that of its /bin/true. */
export function agreeGuest(program: string, environment: Environment = {}): LoadedProcess {
  return agree(guestTarget, program, environment);
}

function compareImages(target: Target, program: string, environment: Environment): LoadedProcess {
  const out = join(scratch("agree"), "snapshot");
  const { snapshot, stderr } = witness(out, debugStateOffset(loaded(program)), environment, program);
  ok(snapshot !== undefined, `the real loader loads it: ${stderr}`);
  const task = loaded(program, environment, basesOf(snapshot.mappings));
  const { differences, problems } = compareMemory(task, snapshot);
  const state = libcState(target, environment);
  deepEqual(differences.filter((difference) => !isExplained(difference, state)).map(describe), [], "memory");
  deepEqual(problems, [], "words and pages");
  deepEqual(task.messages.map(({ text }) => `${text}\n`).join(""), stderr, "messages");
  return task;
}

/** Asserts that the real loader ends the program with the same words and exit code, and at the same place; bound at once unless told. */
export function refuse(program: string, environment: Environment = {}): LoadedProcess {
  const now = { LD_BIND_NOW: "1", ...environment };
  const { status, stderr } = run(program, [], { env: now });
  forgetFiles();
  const task = loaded(program, now);
  deepEqual({ status: task.exitCode, said: said(task) }, { status, said: stderr.trimEnd().split("\n") });
  const categories: readonly DebugCategory[] = ["libs", "files", "versions", "scopes", "reloc", "symbols", "bindings"];
  if (task.options.profile.library === "glibc") {
    const own = debugLines(task, new Set(categories)).map(withoutAddresses);
    deepEqual(own, realLines(program, categories.join(), now), "LD_DEBUG");
  }
  return task;
}

function said(task: LoadedProcess): string[] {
  const texts = task.messages.map(({ text }) => text);
  return texts.length === 0 ? [""] : texts;
}

/** What the loader says: without its prefix, the kernel's library and addresses, which differ from run to run. */
export function realLines(program: string, categories: string, environment: Environment): string[] {
  return linesOfDebug(runProgram(program, { ...environment, LD_DEBUG: categories }).stderr);
}

/** The same of what a program that was told LD_DEBUG wrote. */
export function linesOfDebug(stderr: string): string[] {
  const lines = stderr.split("\n").flatMap((line) => {
    const text = /^ *\d+:\t(.*)$/.exec(line)?.[1];
    return text === undefined ? [] : [text];
  });
  const kept: string[] = [];
  let kernels = false;
  for (const line of lines) {
    if (/^(symbol=\w+; {2}lookup in|binding) file[ =]linux-/.test(line)) continue;
    if (line.startsWith("object=")) kernels = line.startsWith("object=linux-");
    if (!kernels) kept.push(line);
    else if (line === "") kernels = false;
  }
  return kept.map(withoutAddresses);
}

export function withoutAddresses(line: string): string {
  return line.replace(/(dynamic|base|entry|phdr): 0x[0-9a-f]+/g, "$1: 0x");
}

/** A folder of libraries and programs for one machine. */
export interface Workshop {
  readonly path: string;
  readonly at: (name: string) => string;
  /** `libNAME.so` from C, with a soname. */
  readonly library: (name: string, source: string, ...link: readonly string[]) => string;
  /** A program that finds libraries in the folder. */
  readonly program: (name: string, source: string, ...link: readonly string[]) => string;
}

export function workshop(target: Target, flags: readonly string[] = ["-fPIC"]): Workshop {
  const path = scratch("workshop");
  const at = (name: string): string => join(path, name);
  const link = (out: string, name: string, source: string, options: readonly string[]): string => {
    const compiled = options.filter((option) => option.startsWith("-f") && !option.startsWith("-fuse"));
    const object = compile(target, `${name}.c`, source, [...flags, ...compiled]);
    tool(target.cc, ["-o", out, object, ...options, `-Wl,--enable-new-dtags,-rpath,${path}`, "-L", path]);
    return out;
  };
  return {
    path,
    at,
    library: (name, source, ...options) =>
      link(at(`lib${name}.so`), name, source, ["-shared", `-Wl,-soname,lib${name}.so`, ...options]),
    program: (name, source, ...options) => link(at(name), name, source, options),
  };
}

/** Puts an entry into the dynamic section, in the place of one of the empty ones that GNU ld leaves at its end. */
export function addDynamicEntry(path: string, tag: number, value: number): void {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[4] === 2;
  const elf = parseElf(bytes, path, () => {});
  const segment = elf?.segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) throw new Error(`${path} has no dynamic section`);
  const entry = wide ? 16 : 8;
  const end = segment.offset + segment.fileBytes;
  let at = segment.offset;
  while (at < end && view.getUint32(at, true) !== 0) at += entry;
  if (at + 2 * entry > end) throw new Error(`${path} has no room in its dynamic section`);
  view.setUint32(at, tag, true);
  view.setUint32(at + entry / 2, value, true);
  writeFileSync(path, bytes);
}
