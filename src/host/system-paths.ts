// /etc/ld.so.conf: the directories where the dynamic linker looks for libraries besides the built-in ones. GNU ld searches
// them last for what shared libraries need (ld manual, -rpath-link).

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { nodeFiles } from "./node-files.ts";

/** Includes in includes; ldconfig has no limit, and files that include each other would never end. */
const DEEPEST_INCLUDE = 8;

/** The directories in the order of the file, those of included files in their place. Paths are under `sysroot`. */
export function systemLibraryPaths(sysroot = ""): readonly string[] {
  const directories: string[] = [];
  readConfiguration(`${sysroot}/etc/ld.so.conf`, sysroot, directories, 0);
  return directories;
}

function readConfiguration(path: string, sysroot: string, directories: string[], depth: number): void {
  const bytes = depth > DEEPEST_INCLUDE ? undefined : nodeFiles.read(path);
  if (bytes === undefined) return;
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const text = line.replace(/#.*/, "").trim();
    const included = /^include\s+(.*)$/.exec(text)?.[1];
    if (included !== undefined) {
      const pattern = included.startsWith("/") ? sysroot + included : join(dirname(path), included);
      for (const file of matchingFiles(pattern)) readConfiguration(file, sysroot, directories, depth + 1);
    } else if (text.startsWith("/")) {
      // `directory=type` names a type of libc5's time.
      directories.push(sysroot + text.replace(/=.*/, "").replace(/\/+$/, ""));
    }
  }
}

/** The files that fit a pattern with `*` and `?` in its last part, sorted as glob(3) does. */
function matchingFiles(pattern: string): string[] {
  const name = pattern.slice(pattern.lastIndexOf("/") + 1);
  if (!/[*?]/.test(name)) return [pattern];
  const quoted = name
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${quoted}$`);
  try {
    const names = readdirSync(dirname(pattern)).filter((it) => expression.test(it) && !it.startsWith("."));
    return names.sort().map((it) => join(dirname(pattern), it));
  } catch {
    return [];
  }
}
