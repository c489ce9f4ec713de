// --bases FILE: load addresses out of a copy of a real process's /proc/PID/maps.

import { readFileSync } from "node:fs";
import { basesOfMaps } from "../explain/load/dump-memory.ts";
import { systemErrorText } from "./system-error.ts";

/** The lowest address of each path, or what is wrong with the file. */
export function readMapsFile(path: string): ReadonlyMap<string, number> | string {
  try {
    const bases = basesOfMaps(readFileSync(path, "utf8"));
    return bases === undefined || bases.size === 0 ? `${path}: this is not in the form of /proc/PID/maps` : bases;
  } catch (cause) {
    return `${path}: ${systemErrorText(cause)}`;
  }
}
