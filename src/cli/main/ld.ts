// `solder ld`, and libexec/ld: started under a linker's name, it takes GNU ld's command line.

import { basename } from "node:path";
import { nodeAccelerators } from "../../host/accelerators.ts";
import { batchFiles } from "../../host/node-files.ts";
import { systemLibraryPaths } from "../../host/system-paths.ts";
import { link } from "../../link/link.ts";
import { type LdHost, runLd } from "../ld/run.ts";
import { writeOutput } from "../ld/write-output.ts";
import { processIo } from "../process-io.ts";
import { leaveServerBehind } from "../server/leave-behind.ts";
import { end, start } from "./start.ts";

const host: LdHost = {
  files: batchFiles(),
  accelerators: nodeAccelerators,
  link,
  systemLibraryPaths,
  write: writeOutput,
};

/** `ld`, a cross linker's `i686-linux-gnu-ld`, and `ld.solder`, which clang looks for with -fuse-ld=solder (as bin/solder.js). */
function isLinkerName(name: string): boolean {
  return name === "ld" || name.endsWith("-ld") || name.startsWith("ld.");
}

/** The client of a server (src/client) that has found none tells under which name it was started. */
const program = process.env.SOLDER_LD_NAME ?? basename(process.argv[1] ?? "solder");
if (isLinkerName(basename(process.argv[1] ?? ""))) {
  const status = runLd(process.argv.slice(2), processIo, host, program);
  leaveServerBehind(process.env);
  end(status);
}
start("ld", (args, io) => runLd(args, io, host));
