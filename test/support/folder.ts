// A test's own folder, to write inputs into and to name outputs in.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./build.ts";

export interface Folder {
  readonly path: string;
  /** The path of a file in the folder. */
  readonly at: (name: string) => string;
  /** Writes a file and returns its path. */
  readonly write: (name: string, content: string) => string;
}

export function folder(name: string): Folder {
  const path = scratch(name);
  const at = (file: string): string => join(path, file);
  return {
    path,
    at,
    write: (file, content) => {
      writeFileSync(at(file), content);
      return at(file);
    },
  };
}
