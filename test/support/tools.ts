// Which tools this machine has. A test names what it needs; where that is missing the test is skipped and says so.

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

/** Options for `test()`: skipped with the names of the missing tools, if any of them is missing. */
export function needs(...tools: readonly string[]): { skip?: string } {
  const missing = [...new Set(tools)].filter((tool) => which(tool) === undefined);
  return missing.length === 0 ? {} : { skip: `needs ${missing.join(" and ")}` };
}
