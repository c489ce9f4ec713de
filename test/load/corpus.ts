// Holds many programs to the real loader, one after the other: node build/test/load/corpus.js memory|bindings [PATH...],
// without paths all dynamically linked executables in /usr/bin and /usr/sbin. `preload` loads each library given (or all
// in the directories of the system) into a small program.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareBindings, realBindings } from "./bindings.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  describe,
  freeze,
  isExplained,
  loaded,
  smallProgram,
  stateOfLibc,
} from "./reality.ts";

/** ELF files of the type: 2 and 3 are executables and shared objects; those with an interpreter count as programs. */
function elfFiles(directories: readonly string[], wanted: (bytes: Uint8Array, name: string) => boolean): string[] {
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isFile() || stat.size < 64) continue;
      const real = realpathSync(path);
      if (found.has(real)) continue;
      const bytes = readFileSync(real);
      if (bytes.readUInt32BE(0) === 0x7f454c46 && wanted(bytes, name)) found.set(real, path);
    }
  }
  return [...found.values()].sort();
}

function isProgram(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString("latin1");
  return head.includes("/ld-linux-x86-64.so.2\0");
}

function memory(paths: readonly string[]): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-corpus-"));
  const known = stateOfLibc(smallProgram());
  const totals = { programs: 0, exact: 0, bytes: 0, undecided: 0, ended: 0 };
  for (const path of paths) {
    const snapshot = freeze(join(directory, "snapshot"), debugStateOffset(loaded(path)), { LD_BIND_NOW: "1" }, [path]);
    if (snapshot === undefined) {
      totals.ended++;
      console.log(`${path}: ended before the snapshot`);
      continue;
    }
    totals.programs++;
    const process = loaded(path, { LD_BIND_NOW: "1" }, basesOf(snapshot.mappings));
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

const [what, ...given] = process.argv.slice(2);
const paths = given.length > 0 ? given : elfFiles(["/usr/bin", "/usr/sbin"], isProgram);
if (what === "memory") memory(paths);
else if (what === "bindings") bindings(paths);
else console.error("memory or bindings?");
