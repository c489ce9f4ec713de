// `solder COMMAND`: the subcommands, and help about them.

import { closest } from "../link/tables/spelling.ts";
import type { CommandRow } from "./commands.ts";
import type { Io } from "./io.ts";
import { MISUSE, SUCCESS } from "./run-request.ts";
import { version } from "./version.ts";

export interface Subcommand extends CommandRow {
  /** Returns the exit status. `--help` is among the arguments where it was asked for. */
  readonly run: (args: readonly string[], io: Io) => number;
}

/** Runs `solder` with these arguments and returns the exit status. */
export function runSolder(args: readonly string[], io: Io, subcommands: readonly Subcommand[]): number {
  const [name, ...rest] = args;
  const find = (wanted: string): Subcommand | undefined => subcommands.find((it) => it.name === wanted);
  switch (name) {
    case undefined:
      io.err(overview(subcommands));
      return MISUSE;
    case "--version":
    case "-V":
      io.out(`solder ${version}\n`);
      return SUCCESS;
    case "help":
    case "--help":
    case "-h":
      if (rest.length > 0) return find(rest[0])?.run(["--help"], io) ?? unknown(rest[0], io, subcommands);
      io.out(overview(subcommands));
      return SUCCESS;
    default:
      return find(name)?.run(rest, io) ?? unknown(name, io, subcommands);
  }
}

function unknown(name: string, io: Io, subcommands: readonly Subcommand[]): number {
  const meant = closest(
    name,
    subcommands.map((it) => it.name),
  );
  const hint = meant === undefined ? "see solder --help" : `did you mean solder ${meant}?`;
  io.err(`solder: error: there is no command '${name}'; ${hint}\n`);
  return MISUSE;
}

function overview(subcommands: readonly Subcommand[]): string {
  const width = Math.max(...subcommands.map(({ name }) => name.length));
  const lines = subcommands.map(({ name, summary }) => `  solder ${name.padEnd(width)}  ${summary}\n`);
  const examples = subcommands.flatMap((it) => it.examples.map((example) => `  ${example}\n`));
  return [
    "Usage: solder COMMAND [arguments]\n\n",
    "An ELF linker for x86-64 and i386, and a loader, checker and X-ray for these and seven machines more.\n\nCommands:\n",
    ...lines,
    "\nExamples:\n",
    ...examples,
    "\n`solder help COMMAND` or `solder COMMAND --help` tells more; `solder --version` prints the version.\n",
  ].join("");
}
