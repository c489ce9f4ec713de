// Which tools this machine has. A test names what it needs; where that is missing the test is skipped and says so.

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** The path of a program on PATH, or of an absolute name that exists; undefined when there is none. */
export function which(name: string): string | undefined {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** i386's dynamic linker, which its tests name among their tools. */
const LOADER_32 = "/lib/ld-linux.so.2";

let runs32: boolean | undefined;

/** Whether the kernel runs i386 programs; some are for 64-bit programs only. */
export function runsI386(): boolean {
  runs32 ??= spawnSync(LOADER_32, ["--version"]).status === 0;
  return runs32;
}

/** Options for `test()`: skipped with the names of the missing tools, if any of them is missing. */
export function needs(...tools: readonly string[]): { skip?: string } {
  const missing = [...new Set(tools)].filter((tool) => which(tool) === undefined);
  if (tools.includes(LOADER_32) && !missing.includes(LOADER_32) && !runsI386())
    missing.push("a kernel that runs i386 programs");
  return missing.length === 0 ? {} : { skip: `needs ${missing.join(" and ")}` };
}

/** The same for tests that start no programs, or by `run` and see what these print: there an emulator does as well. */
export function needsToRun(...tools: readonly string[]): { skip?: string } {
  if (!tools.includes(LOADER_32) || which(LOADER_32) === undefined || runsI386()) return needs(...tools);
  return needs(...tools.map((tool) => (tool === LOADER_32 ? "qemu-i386" : tool)));
}
