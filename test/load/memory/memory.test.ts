// The memory of a loaded program is the real process's, byte for byte. Here for a handful of programs of different kinds;
// `node build/test/load/corpus.js memory` does it for all of /usr/bin and /usr/sbin.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder } from "../../support/folder.ts";
import { needs } from "../../support/tools.ts";
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
} from "../judges/reality.ts";

const PROGRAMS: readonly (readonly [path: string, why: string])[] = [
  ["/usr/bin/git", "position-independent, with a large .data.rel.ro"],
  ["/usr/bin/perl", "copies of a library's variables"],
  ["/usr/bin/gdb", "C++ libraries: unique symbols, thread-local variables, dozens of libraries"],
  ["/usr/bin/apt-get", "a unique symbol that two versions of a library define"],
  ["/usr/bin/x86_64-linux-gnu-gcc-12", "not position-independent"],
  ["/bin/bash", "exports most of itself"],
];

const directory = folder("memory");
let libc: ReadonlySet<string> | undefined;

for (const [path, why] of PROGRAMS) {
  const options = existsSync(path) ? needs("gcc") : { skip: `needs ${path}` };
  test(`${path} has the memory of the real process: ${why}`, options, () => {
    libc ??= stateOfLibc(smallProgram());
    const snapshot = freeze(join(directory.path, "snapshot"), debugStateOffset(loaded(path)), { LD_BIND_NOW: "1" }, [
      path,
    ]);
    ok(snapshot !== undefined, "the program got to its start");
    const process = loaded(path, { LD_BIND_NOW: "1" }, basesOf(snapshot.mappings));
    const { bytes, differences, problems } = compareMemory(process, snapshot);
    const known = libc;
    deepEqual(differences.filter((difference) => !isExplained(difference, known)).map(describe), []);
    deepEqual(problems, []);
    ok(bytes > 1_000_000, "all objects were compared");
  });
}

test("libc changes less than 32 words of itself before the program begins", needs("gcc"), () => {
  const state = stateOfLibc(smallProgram());
  ok(state.size > 0 && state.size < 32, `${state.size} words`);
  equal(
    [...state].every((word) => word.startsWith("libc.so.6+")),
    true,
  );
});
