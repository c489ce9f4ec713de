// `solder load --explain=FILE`: the load with all that it read, to be looked at later (../record/record.ts).

import { resolve } from "node:path";
import { processJson } from "../../explain/load/json.ts";
import { type LoadedProcess, type LoadFiles, profileName } from "../../load/index.ts";
import { writeRecord } from "../record/record.ts";
import type { TarFile } from "../tar.ts";

/** What the loader reads beside objects. */
const CONFIGURATION = ["/etc/ld.so.cache", "/etc/ld.so.preload"];

/**
 * @param program as it was named
 * @returns the record's bytes
 */
export function explainFile(process: LoadedProcess, program: string, bindNow: boolean, files: LoadFiles): Uint8Array {
  const packed = new Map<string, TarFile>();
  const add = (path: string): void => {
    const opened = files.open(path);
    if (typeof opened !== "string") packed.set(path, { path, bytes: opened.bytes });
  };
  const { currentDirectory, environment, profile } = process.options;
  const absolute = (path: string): string => resolve(currentDirectory, path);
  for (const object of process.objects) add(absolute(object.name));
  for (const { path } of process.objects.flatMap(({ tried }) => tried.filter(({ fate }) => fate !== "missing")))
    add(absolute(path));
  const interpreter = process.objects[0]?.file.interpreter;
  if (interpreter !== undefined) add(interpreter);
  for (const path of CONFIGURATION) add(path);
  const record = {
    kind: "load",
    program: absolute(program),
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    profile: profileName(profile),
    bindNow,
    outcome: processJson(process),
  } as const;
  return writeRecord(record, [...packed.values()]);
}
