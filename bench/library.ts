// The linker as a library: how long from bytes to bytes in a process that has linked the same before.

import type { Io } from "../src/cli/io.ts";
import { type LdHost, runLd } from "../src/cli/ld/run.ts";
import { writeOutput } from "../src/cli/ld/write-output.ts";
import { type FileSystem, nodeAccelerators, nodeFiles } from "../src/host/index.ts";
import { systemLibraryPaths } from "../src/host/system-paths.ts";
import { link } from "../src/link/link.ts";
import type { Case } from "./cases.ts";

const quiet: Io = { out: () => {}, err: () => {}, color: { out: false, err: false }, env: {} };

/** Reads every file once. */
function remembering(files: FileSystem): FileSystem {
  const known = new Map<string, Uint8Array | undefined>();
  const read = (path: string): Uint8Array | undefined => {
    if (!known.has(path)) known.set(path, files.read(path));
    return known.get(path);
  };
  return { read, exists: (path) => known.has(path) || files.exists(path) };
}

/** The link that a command line asks for, to be done any number of times. */
function prepare(responseFile: string): () => boolean {
  let again: (() => boolean) | undefined;
  const files = remembering(nodeFiles);
  const host: LdHost = {
    files,
    accelerators: nodeAccelerators,
    systemLibraryPaths,
    write: writeOutput,
    link: (inputs, options) => {
      again = () => link(inputs, options, files).image !== undefined;
      return { image: undefined, problems: [], executable: true, dependencies: [] };
    },
  };
  runLd(["-o", "unwritten", `@${responseFile}`], quiet, host);
  if (again === undefined) throw new Error(`no link in ${responseFile}`);
  return again;
}

/** Milliseconds of each link but the first, sorted; empty if it fails. */
export function libraryTime(subject: Case, rounds: number): number[] {
  const linkOnce = prepare(subject.responseFile);
  if (!linkOnce()) return [];
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.hrtime.bigint();
    linkOnce();
    times.push(Number(process.hrtime.bigint() - before) / 1e6);
  }
  return times.sort((a, b) => a - b);
}
