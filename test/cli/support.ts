// Reads a command line as the linker does, with files in memory.
import { createDraft } from "../../src/cli/ld/draft.ts";
import { finish, type LdCommand } from "../../src/cli/ld/finish.ts";
import { parseArguments } from "../../src/cli/ld/parse.ts";
import { expandResponseFiles } from "../../src/cli/ld/response-files.ts";
import type { Problem } from "../../src/elf/problem.ts";
import type { FileSystem } from "../../src/host/files.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";

export interface Parsed extends LdCommand {
  readonly problems: readonly Problem[];
  /** The problems' codes. */
  readonly codes: readonly string[];
}

export interface Surroundings {
  readonly files?: FileSystem;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
}

export function parseLine(args: readonly string[], surroundings: Surroundings = {}): Parsed {
  const { files = memoryFiles({}), env = {}, program = "ld" } = surroundings;
  const problems: Problem[] = [];
  const draft = createDraft(files, env, problems);
  const words = expandResponseFiles(args, files, (problem) => problems.push(problem));
  parseArguments(words, draft);
  const command = finish(draft, program);
  return { ...command, problems, codes: problems.map(({ code }) => code) };
}

/** `ld` with these words, split at blanks. */
export function ld(line: string, surroundings?: Surroundings): Parsed {
  return parseLine(
    line.split(" ").filter((word) => word !== ""),
    surroundings,
  );
}

export function textFiles(texts: Readonly<Record<string, string>>): FileSystem {
  const encoder = new TextEncoder();
  return memoryFiles(Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, encoder.encode(text)])));
}
