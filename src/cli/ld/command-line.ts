// A link from a command line of `ld` and files that are somewhere, without a process: for records, and for the page.

import type { Problem } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";
import { type Accelerators, type LinkOptions, type LinkResult, link } from "../../link/index.ts";
import { version } from "../version.ts";
import { createDraft } from "./draft.ts";
import { finish } from "./finish.ts";
import { parseArguments } from "./parse.ts";
import { expandResponseFiles } from "./response-files.ts";

export interface CommandLineHost {
  readonly files: FileSystem;
  /** Absolute: relative paths start from here. Default: the root. */
  readonly directory?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly systemLibraryPaths?: readonly string[] | undefined;
  readonly accelerators?: Accelerators | undefined;
  readonly onStage?: LinkOptions["onStage"];
}

export interface CommandLineLink {
  readonly result: LinkResult;
  /** Those of the command line, then the link's. */
  readonly problems: readonly Problem[];
  readonly outputName: string;
}

export function linkCommandLine(args: readonly string[], host: CommandLineHost): CommandLineLink {
  const files = filesFrom(host.files, host.directory ?? "/");
  const problems: Problem[] = [];
  const draft = createDraft(files, host.environment ?? {}, problems);
  const words = expandResponseFiles(args, files, (problem) => problems.push(problem));
  parseArguments(words, draft);
  const { inputs, options, settings } = finish(draft, "ld");
  // A command line that cannot be read is its own error; that there are no inputs then is not.
  const isWrong = problems.some(({ severity }) => severity === "error");
  const result = link(
    isWrong ? [] : inputs,
    {
      ...options,
      ...(host.accelerators === undefined ? {} : { accelerators: host.accelerators }),
      linkerComment: `Linker: Solder ${version}`,
      systemLibraryPaths: host.systemLibraryPaths ?? options.systemLibraryPaths,
      onStage: host.onStage,
    },
    files,
  );
  return { result, problems: isWrong ? problems : [...problems, ...result.problems], outputName: settings.outputPath };
}

/** The same files, with relative paths from a directory. */
function filesFrom(files: FileSystem, directory: string): FileSystem {
  const at = (path: string): string => (path.startsWith("/") ? path : `${directory}/${path}`);
  return {
    read: (path) => files.read(at(path)),
    exists: (path) => files.exists(at(path)),
    list: (path) => files.list?.(at(path)) ?? [],
    realPath: (path) => files.realPath?.(at(path)) ?? at(path),
  };
}
