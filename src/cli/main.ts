// The command: picks the subcommand. Started under a linker's name (libexec/ld), it takes GNU ld's command line.

import { basename } from "node:path";
import { nodeAccelerators } from "../host/accelerators.ts";
import { batchFiles, nodeFiles } from "../host/node-files.ts";
import { systemLibraryPaths } from "../host/system-paths.ts";
import { link } from "../link/link.ts";
import { runCheck } from "./check/check.ts";
import { runDump } from "./dump.ts";
import { type LdHost, runLd } from "./ld/run.ts";
import { runLdd } from "./ldd.ts";
import { runLoad } from "./load/load.ts";
import { processIo } from "./process-io.ts";
import { runSolder, type Subcommand } from "./solder.ts";
import { runWhy } from "./why.ts";

const host: LdHost = { files: batchFiles(), accelerators: nodeAccelerators, link, systemLibraryPaths };

const subcommands: readonly Subcommand[] = [
  {
    name: "ld",
    summary: "link objects, archives and shared libraries; takes GNU ld's command line",
    examples: ["solder ld -o program crt1.o main.o -lc", "gcc -B path/to/libexec main.c   # libexec/ld is a drop-in"],
    run: (args, io) => runLd(args, io, host),
  },
  {
    name: "dump",
    summary: "show what is in ELF files and archives: sections and segments side by side, symbols, relocations, notes",
    examples: ["solder dump /usr/bin/ls", "solder dump --relocations main.o"],
    run: (args, io) => runDump(args, io, nodeFiles),
  },
  {
    name: "ldd",
    summary:
      "show which libraries a program gets, found how and asked for by whom; or where a missing one was looked for",
    examples: ["solder ldd /usr/bin/git", "solder ldd --root ./image --profile musl /bin/app"],
    run: runLdd,
  },
  {
    name: "load",
    summary: "load a program, or relocatable objects, into simulated memory: maps, bindings, relocations, each step",
    examples: ["solder load --trace ./prog", "solder load b.o a.o --base b.o=0x20000 --base a.o=0x30000"],
    run: (args, io) => runLoad(args, io, nodeFiles),
  },
  {
    name: "check",
    summary: "tell whether programs, libraries and Node.js addons will load, here or on other systems, and if not, why",
    examples: ["solder check /usr/bin/git", "solder check --for debian:12,alpine:3.20 node_modules"],
    run: (args, io) => runCheck(args, io),
  },
  {
    name: "why",
    summary: "explain a symbol, a library or an address of a loaded program",
    examples: ["solder why ./prog puts libc.so.6 0x555555557fd8"],
    run: (args, io) => runWhy(args, io),
  },
];

/** `ld`, a cross linker's `i686-linux-gnu-ld`, and `ld.solder`, which clang looks for with -fuse-ld=solder. */
function isLinkerName(name: string): boolean {
  return name === "ld" || name.endsWith("-ld") || name.startsWith("ld.");
}

const program = basename(process.argv[1] ?? "solder");
const args = process.argv.slice(2);
const status = isLinkerName(program) ? runLd(args, processIo, host, program) : runSolder(args, processIo, subcommands);
// Everything has been written, with write(2). Waiting for Node to take its heap apart would cost a large link 0.1 s.
process.exit(status);
