// How every bundle starts. bin/solder.js has picked the bundle by the command's name; what it does not know lands in help.

import { commands } from "../commands.ts";
import type { Io } from "../io.ts";
import { processIo } from "../process-io.ts";
import { runSolder, type Subcommand } from "../solder.ts";

/** Runs `solder` where only the command of this name can do something, and ends the process. */
export function start(name: string, run: Subcommand["run"]): never {
  const subcommands = commands.map((row) => ({ ...row, run: row.name === name ? run : elsewhere(row.name) }));
  end(runSolder(process.argv.slice(2), processIo, subcommands));
}

/** Everything has been written, with write(2). Waiting for Node to take its heap apart would cost a large link 0.1 s. */
export function end(status: number): never {
  process.exit(status);
}

function elsewhere(name: string): Subcommand["run"] {
  return (_args: readonly string[], io: Io) => {
    io.err(`solder: error: the build lacks the command '${name}'; build it again: npm run build\n`);
    return 2;
  };
}
