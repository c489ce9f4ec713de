// Paths from the root that lead where the given ones lead. `link/..` is the directory above the one that the link points to
// (path_resolution(7)): node:path's resolve and join would strike out both words, and name another file.

import { realpathSync } from "node:fs";

/** @param path as given  @returns the path from the root; `..` stays in it */
export function fromRoot(path: string, directory: string = process.cwd()): string {
  const whole = path.startsWith("/") ? path : `${directory}/${path}`;
  if (!whole.includes("//") && !whole.includes("/.")) return whole;
  return whole.replace(/\/(?:\.?\/)+/g, "/").replace(/\/\.?$/, "") || "/";
}

/** As `fromRoot`, without `..`: what is above is asked of the kernel. Where there is nothing, by the words alone. */
export function absolutePath(path: string, directory?: string): string {
  const whole = fromRoot(path, directory);
  const last = `${whole}/`.lastIndexOf("/../");
  if (last < 0) return whole;
  const [above, below] = [whole.slice(0, last + 3), whole.slice(last + 3)];
  try {
    return fromRoot(realpathSync.native(above) + below);
  } catch {
    return whole;
  }
}
