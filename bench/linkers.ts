// The linkers that are compared, as they are installed here.

import { join } from "node:path";
import { repository } from "../test/support/build.ts";
import { run } from "../test/support/run.ts";
import { which } from "../test/support/tools.ts";
import type { Resident } from "./resident.ts";

export interface Linker {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /**
   * Options for the run whose memory is measured. mold works in a child that its parent does not wait for, so that the
   * memory of the whole would not be seen.
   */
  readonly forMemory: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Works for its clients, whose own time is next to nothing. */
  readonly resident?: Resident;
}

const CANDIDATES: readonly (readonly [name: string, programs: readonly string[], forMemory: readonly string[]])[] = [
  ["GNU ld", ["ld.bfd"], []],
  ["gold", ["ld.gold"], []],
  ["lld", ["ld.lld-19", "ld.lld"], []],
  ["mold", ["mold"], ["--no-fork"]],
];

/** Solder as a plain command and through its server, then the others. */
export function installedLinkers(resident: Resident): Linker[] {
  const path = join(repository, "libexec/ld");
  const version = run(path, ["--version"], { env: { SOLDER_SERVER: "off" } }).stdout.split("\n")[0] ?? "";
  const own: Linker = { name: "Solder", path, version, forMemory: [], env: { SOLDER_SERVER: "off" } };
  const warm: Linker = { ...own, name: "Solder, resident", env: resident.env, resident };
  const others = CANDIDATES.flatMap(([name, programs, forMemory]): Linker[] => {
    const found = programs.map(which).find((it) => it !== undefined);
    if (found === undefined) return [];
    return [{ name, path: found, version: run(found, ["--version"]).stdout.split("\n")[0] ?? "", forMemory, env: {} }];
  });
  return [own, warm, ...others];
}
