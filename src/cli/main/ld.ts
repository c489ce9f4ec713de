// `solder ld`, and libexec/ld: started under a linker's name, it takes GNU ld's command line.

import { basename } from "node:path";
import { nodeAccelerators } from "../../host/accelerators.ts";
import { batchFiles } from "../../host/node-files.ts";
import { systemLibraryPaths } from "../../host/system-paths.ts";
import { link } from "../../link/link.ts";
import { type LdHost, runLd } from "../ld/run.ts";
import { processIo } from "../process-io.ts";
import { end, start } from "./start.ts";

const host: LdHost = { files: batchFiles(), accelerators: nodeAccelerators, link, systemLibraryPaths };

/** `ld`, a cross linker's `i686-linux-gnu-ld`, and `ld.solder`, which clang looks for with -fuse-ld=solder (as bin/solder.js). */
function isLinkerName(name: string): boolean {
  return name === "ld" || name.endsWith("-ld") || name.startsWith("ld.");
}

const program = basename(process.argv[1] ?? "solder");
if (isLinkerName(program)) end(runLd(process.argv.slice(2), processIo, host, program));
start("ld", (args, io) => runLd(args, io, host));
