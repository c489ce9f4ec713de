// --explain=FILE: the link with all that it read, to be looked at later (../record/record.ts).

import { resolve } from "node:path";
import type { Problem } from "../../elf/problem.ts";
import { describeFile } from "../../explain/decisions.ts";
import type { FileSystem } from "../../host/files.ts";
import type { LinkResult } from "../../link/result.ts";
import { type SolderRecord, writeRecord } from "../record/record.ts";
import type { Word } from "./draft.ts";

export interface ExplainedLink {
  /** As they were given, response files expanded. */
  readonly args: readonly string[];
  readonly words: readonly Word[];
  readonly libraryPaths: readonly string[];
  readonly systemLibraryPaths: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly result: Pick<LinkResult, "dependencies" | "image"> & Partial<Pick<LinkResult, "decisions">>;
  readonly problems: readonly Problem[];
}

/** Variables that say something about a link. */
const VARIABLES = ["LD_RUN_PATH", "LD_LIBRARY_PATH", "LDEMULATION", "COLLECT_NO_DEMANGLE"] as const;

/** @returns the record's bytes */
export function explainFile(it: ExplainedLink, files: FileSystem): Uint8Array {
  const packed = new Map<string, Uint8Array>();
  const add = (path: string): boolean => {
    const bytes = files.read(path);
    if (bytes !== undefined) packed.set(resolve(path), bytes);
    return bytes !== undefined;
  };
  for (const path of it.result.dependencies) add(path);
  // Libraries that are looked at only since another needs them: a dependency file does not name them.
  for (const file of it.result.decisions?.files ?? []) if (file.kind === "shared-library") add(file.file);
  // Scripts and lists that options name, also along -L.
  for (const { option, argument, value } of it.words) {
    if (argument !== "FILE" || option === "-o") continue;
    if (!add(value)) for (const directory of it.libraryPaths) add(`${directory}/${value}`);
  }
  const environment = Object.fromEntries(
    VARIABLES.flatMap((name) => (it.environment[name] === undefined ? [] : [[name, it.environment[name]]])),
  ) as Record<string, string>;
  const record: SolderRecord = {
    kind: "link",
    directory: process.cwd(),
    arguments: it.args.filter((word) => !/^--?explain=/.test(word)),
    environment,
    systemLibraryPaths: it.systemLibraryPaths,
    outcome: {
      linked: it.result.image !== undefined,
      bytes: it.result.image?.length ?? 0,
      problems: it.problems,
      files: (it.result.decisions?.files ?? []).map((file) => ({ ...file, why: describeFile(file) })),
    },
  };
  return writeRecord(
    record,
    [...packed].map(([path, bytes]) => ({ path, bytes })),
  );
}
