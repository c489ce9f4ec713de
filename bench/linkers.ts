// The linkers that are compared, as they are installed here.

import { join } from "node:path";
import { repository } from "../test/support/build.ts";
import { run } from "../test/support/run.ts";
import { which } from "../test/support/tools.ts";

export interface Linker {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /**
   * Options for the run whose memory is measured. mold works in a child that its parent does not wait for, so that the
   * memory of the whole would not be seen.
   */
  readonly forMemory: readonly string[];
}

const CANDIDATES: readonly (readonly [name: string, programs: readonly string[], forMemory: readonly string[]])[] = [
  ["Solder", [join(repository, "libexec/ld")], []],
  ["GNU ld", ["ld.bfd"], []],
  ["gold", ["ld.gold"], []],
  ["lld", ["ld.lld-19", "ld.lld"], []],
  ["mold", ["mold"], ["--no-fork"]],
];

export function installedLinkers(): Linker[] {
  return CANDIDATES.flatMap(([name, programs, forMemory]) => {
    const path = programs.map(which).find((found) => found !== undefined);
    if (path === undefined) return [];
    return [{ name, path, version: run(path, ["--version"]).stdout.split("\n")[0] ?? "", forMemory }];
  });
}
