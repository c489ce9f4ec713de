// Holds many programs to the real loader, one after the other: node build/test/load/corpus.js memory|lazy|bindings|searches|places [PATH...],
// without paths all dynamically linked executables in /usr/bin and /usr/sbin. With --root DIR all of it happens in a directory
// with another C library, which takes the rights to chroot (docs/development.md), and with --machine NAME under qemu-user in one
// with programs of another machine (scripts/machine-roots.mjs). `preload` loads each library given (or all
// in the directories of the system) into a small program.

import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startsWith } from "../../src/elf/text.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { debugLines } from "../../src/load/index.ts";
import { i386 } from "../support/build.ts";
import { realLines, withoutAddresses } from "./judges/agree.ts";
import { compareBindings, realBindings } from "./judges/bindings.ts";
import { GUESTS } from "./judges/guest.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  describe,
  enterRoot,
  freeze,
  isExplained,
  loaded,
  runProgram,
  smallProgram,
  stateOfLibc,
} from "./judges/reality.ts";

/** ELF files of the type: 2 and 3 are executables and shared objects; those with an interpreter count as programs. */
function elfFiles(directories: readonly string[], wanted: (bytes: Uint8Array, name: string) => boolean): string[] {
  const files = nodeLoadFiles(root === "" ? {} : { root });
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const entry of readdirSync(root + directory, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name).slice(root.length);
      const file = files.open(path);
      if (typeof file === "string" || file.bytes.length < 64 || found.has(file.realPath)) continue;
      if (startsWith(file.bytes, 0, "\x7fELF") && wanted(file.bytes, entry.name)) found.set(file.realPath, path);
    }
  }
  return [...found.values()].sort();
}

function isProgram(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString("latin1");
  return head.includes(`${guest?.loader ?? "/ld-linux-x86-64.so.2"}\0`);
}

function memory(paths: readonly string[], environment: Readonly<Record<string, string>>): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-corpus-"));
  const known = stateOfLibc(smallProgram(), environment);
  const totals = { programs: 0, exact: 0, bytes: 0, undecided: 0, ended: 0 };
  for (const path of paths) {
    const snapshot = freeze(join(directory, "snapshot"), debugStateOffset(loaded(path)), environment, [path]);
    if (snapshot === undefined) {
      totals.ended++;
      console.log(`${path}: ended before the snapshot`);
      continue;
    }
    totals.programs++;
    const process = loaded(path, environment, basesOf(snapshot.mappings));
    const comparison = compareMemory(process, snapshot);
    const open = comparison.differences.filter((difference) => !isExplained(difference, known));
    totals.bytes += comparison.bytes;
    totals.undecided += comparison.undecided;
    if (open.length === 0 && comparison.problems.length === 0) totals.exact++;
    else {
      console.log(`${path}: ${open.length} differences`);
      for (const difference of open.slice(0, 5)) console.log(`  ${describe(difference)}`);
      for (const problem of comparison.problems.slice(0, 5)) console.log(`  ${problem}`);
    }
  }
  rmSync(directory, { recursive: true });
  console.log(totals);
}

/** Each library preloaded into a small program: `command` is what is started. */
function preload(paths: readonly string[], program: string): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-corpus-"));
  const known = stateOfLibc(program);
  const offset = debugStateOffset(loaded(program));
  const totals = { libraries: 0, exact: 0, refused: 0, agreed: 0 };
  for (const path of paths) {
    const environment = { LD_BIND_NOW: "1", LD_PRELOAD: path };
    const snapshot = freeze(join(directory, "snapshot"), offset, environment, [program]);
    totals.libraries++;
    if (snapshot === undefined) {
      totals.refused++;
      const { exitCode, messages } = loaded(program, environment);
      const real = runProgram(program, environment).stderr.trim().split("\n")[0];
      const own = messages.find(({ fatal }) => fatal)?.text;
      if (exitCode !== undefined && own === real) totals.agreed++;
      else console.log(`${path}: ${own} / ${real}`);
      continue;
    }
    const task = loaded(program, environment, basesOf(snapshot.mappings));
    const comparison = compareMemory(task, snapshot);
    const open = comparison.differences.filter((difference) => !isExplained(difference, known));
    if (open.length === 0 && comparison.problems.length === 0) totals.exact++;
    else {
      console.log(`${path}: ${open.length} differences ${task.messages.map(({ text }) => text).join()}`);
      for (const difference of open.slice(0, 5)) console.log(`  ${describe(difference)}`);
      for (const problem of comparison.problems.slice(0, 5)) console.log(`  ${problem}`);
    }
  }
  rmSync(directory, { recursive: true });
  console.log(totals);
}

/** What is searched, found and checked, line for line. */
function searches(paths: readonly string[]): void {
  const totals = { programs: 0, exact: 0, silent: 0, lines: 0 };
  for (const path of paths) {
    const real = realLines(path, "libs,files,versions", { LD_TRACE_LOADED_OBJECTS: "1" });
    const own = debugLines(loaded(path), new Set(["libs", "files", "versions"])).map(withoutAddresses);
    totals.programs++;
    totals.lines += real.length;
    if (real.length === 0) totals.silent++;
    const at = real.findIndex((line, i) => line !== own[i]);
    if (at < 0 && real.length > 0) totals.exact++;
    else if (at >= 0) console.log(`${path}: ${own[at]} / ${real[at]}`);
  }
  console.log(totals);
}

/** Where the kernel puts everything: how many programs are foreseen whole. */
function places(paths: readonly string[]): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-corpus-"));
  const totals = { programs: 0, exact: 0, objects: 0, exactObjects: 0 };
  for (const path of paths) {
    const task = loaded(path);
    const snapshot = freeze(join(directory, "snapshot"), debugStateOffset(task), { LD_BIND_NOW: "1" }, [path]);
    if (snapshot === undefined) continue;
    const bases = basesOf(snapshot.mappings);
    const right = task.objects.filter(({ start, file }) => bases.get(file.realPath) === start).length;
    totals.programs++;
    totals.objects += task.objects.length;
    totals.exactObjects += right;
    if (right === task.objects.length) totals.exact++;
    else console.log(`${path}: ${right} of ${task.objects.length}`);
  }
  rmSync(directory, { recursive: true });
  console.log(totals);
}

function isLibrary(elfClass: number): (bytes: Uint8Array, name: string) => boolean {
  return (bytes, name) => name.includes(".so") && bytes[4] === elfClass && bytes[16] === 3;
}

function bindings(paths: readonly string[]): void {
  const totals = { programs: 0, exact: 0, silent: 0, bindings: 0, milliseconds: 0 };
  for (const path of paths) {
    const real = realBindings(path);
    const start = performance.now();
    const process = loaded(path, { LD_BIND_NOW: "1" });
    totals.milliseconds += performance.now() - start;
    const differences = compareBindings(process, real);
    totals.programs++;
    totals.bindings += real.length;
    // Programs with the set-group-ID bit are not told LD_DEBUG.
    if (real.length === 0) totals.silent++;
    else if (differences.length === 0) totals.exact++;
    else console.log(`${path}: ${differences.length} differences\n  ${differences.slice(0, 6).join("\n  ")}`);
  }
  console.log(totals);
}

const options = { root: { type: "string" }, machine: { type: "string" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [what, ...given] = positionals;
if (values.root !== undefined && !existsSync(values.root)) throw new Error(`there is no directory ${values.root}`);
const root = realpathSync(values.root ?? "/").replace(/\/$/, "");
const guest = GUESTS.find(({ machine }) => machine === values.machine);
if (values.machine !== undefined && guest === undefined) throw new Error(`no guest ${values.machine}`);
enterRoot(root, guest);
const absent = given.filter((path) => !existsSync(`${root}${path}`) && !existsSync(path));
for (const path of absent) console.error(`${path}: there is no such file in ${root === "" ? "/" : root}`);
if (absent.length > 0) process.exit(2);
const given64 = given.length > 0 ? given : undefined;
const programs = (): readonly string[] => given64 ?? elfFiles(["/usr/bin", "/usr/sbin"], isProgram);
if (what === "memory") memory(programs(), { LD_BIND_NOW: "1" });
else if (what === "lazy") memory(programs(), {});
else if (what === "searches") searches(programs());
else if (what === "places") places(programs());
else if (what === "bindings") bindings(programs());
else if (what === "preload") preload(given64 ?? elfFiles(["/usr/lib/x86_64-linux-gnu"], isLibrary(2)), smallProgram());
else if (what === "preload32") preload(given64 ?? elfFiles(["/usr/lib32"], isLibrary(1)), smallProgram(i386));
else console.error("memory, lazy, bindings, searches, places, preload or preload32?");
