// A build of a hundred small programs and libraries, as CMake makes it: twenty static libraries, twenty shared ones, sixty
// programs. What is measured is `make -j2` with all objects there and nothing linked; what it takes with a linker that only makes an
// empty file is taken off: its median, since one such time may be off by more than the links take.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test/support/build.ts";
import { run, tool } from "../test/support/run.ts";
import { needs } from "../test/support/tools.ts";
import type { Linker } from "./linkers.ts";
import { median, type Time, timed } from "./measure.ts";

const LIBRARIES = 20;
const PROGRAMS = 60;

const EMPTY = "empty-linker";
/** make asks for the libraries' files before it links programs. */
const EMPTY_LINKER = `#!/bin/sh
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then : >"$2"; fi
  shift
done
`;

export interface Project {
  readonly directory: string;
}

/** Makes the project and compiles it. @returns why that cannot be */
export function makeProject(): Project | { readonly skip: string } {
  const { skip } = needs("cmake", "make", "gcc");
  if (skip !== undefined) return { skip };
  const directory = join(repository, "build/bench/project");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  for (let i = 0; i < LIBRARIES; i++) {
    put(`static${i}.c`, `int static_${i}(int x) { return x * ${i + 3}; }\nint spare_${i} = ${i};\n`);
    put(`shared${i}.c`, `#include <string.h>\nint shared_${i}(const char *s) { return (int)strlen(s) + ${i}; }\n`);
  }
  const lines = ["cmake_minimum_required(VERSION 3.10)", "project(hundred C)"];
  for (let i = 0; i < LIBRARIES; i++) {
    lines.push(`add_library(static${i} STATIC static${i}.c)`, `add_library(shared${i} SHARED shared${i}.c)`);
  }
  for (let i = 0; i < PROGRAMS; i++) {
    const [a, b] = [i % LIBRARIES, (i * 7 + 3) % LIBRARIES];
    put(
      `program${i}.c`,
      `#include <stdio.h>\nextern int static_${a}(int), shared_${b}(const char *);\n` +
        `int main(int argc, char **argv) { printf("%d\\n", static_${a}(argc) + shared_${b}(argv[0])); return 0; }\n`,
    );
    lines.push(`add_executable(program${i} program${i}.c)`, `target_link_libraries(program${i} static${a} shared${b})`);
  }
  put("CMakeLists.txt", `${lines.join("\n")}\n`);
  writeFileSync(join(directory, EMPTY), EMPTY_LINKER, { mode: 0o755 });
  useLinker(directory, join(directory, EMPTY));
  const flags = `-B${join(directory, "linker")}`;
  const kinds = ["EXE", "SHARED"].map((kind) => `-DCMAKE_${kind}_LINKER_FLAGS=${flags}`);
  // CMake tries the compiler, which needs a linker that links.
  const quiet = ["-DCMAKE_C_COMPILER_WORKS=1", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_SKIP_RPATH=OFF"];
  tool("cmake", ["-S", directory, "-B", join(directory, "build"), ...kinds, ...quiet], { timeout: 600_000 });
  run("make", ["-s", "-j2", "-C", join(directory, "build")], { timeout: 600_000 });
  return { directory };
}

function useLinker(directory: string, path: string): void {
  rmSync(join(directory, "linker"), { recursive: true, force: true });
  mkdirSync(join(directory, "linker"));
  symlinkSync(path, join(directory, "linker/ld"));
}

/** Links everything anew. */
function linkAll(directory: string, path: string, linker: Pick<Linker, "env" | "resident">): Time | string {
  useLinker(directory, path);
  for (let i = 0; i < PROGRAMS; i++) rmSync(join(directory, `build/program${i}`), { force: true });
  for (let i = 0; i < LIBRARIES; i++) {
    rmSync(join(directory, `build/libshared${i}.so`), { force: true });
    rmSync(join(directory, `build/libstatic${i}.a`), { force: true });
  }
  return timed("make", ["-s", "-j2", "-C", join(directory, "build")], linker);
}

/** Times of all links of a build, in turn. */
export function measureProject(
  { directory }: Project,
  linkers: readonly Linker[],
  rounds: number,
): { readonly linker: Linker; readonly times: readonly Time[]; readonly failure?: string }[] {
  const states = linkers.map((linker) => ({ linker, times: [] as Time[], failure: undefined as string | undefined }));
  const nothing: Time[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const state of states) {
      const without = linkAll(directory, join(directory, EMPTY), { env: {} });
      const time = linkAll(directory, state.linker.path, state.linker);
      if (typeof without === "string") state.failure ??= `without a linker: ${without}`;
      else nothing.push(without);
      if (typeof time === "string") state.failure ??= time;
      else state.times.push(time);
    }
    process.stderr.write(`\rproject: round ${round + 1} of ${rounds} `);
  }
  process.stderr.write("\n");
  const [wall, processor] = [median(nothing.map((it) => it.wall)), median(nothing.map((it) => it.processor))];
  return states.map(({ linker, times, failure }) => ({
    linker,
    times: times.map((it) => ({ wall: it.wall - wall, processor: it.processor - processor })),
    ...(failure === undefined ? {} : { failure }),
  }));
}
