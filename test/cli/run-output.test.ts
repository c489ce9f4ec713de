// `solder run` where nobody takes what the program writes: the program is told, as it would be by the kernel.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type RunHost, runHost } from "../../src/cli/run/host.ts";
import { runRun } from "../../src/cli/run/run.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

/** Untold, it would write on. */
const ENDING = ["--limit-instructions", "1M"];

/** Writes until it cannot, and ends with errno. */
function writer(): string {
  const source = `
    #include <errno.h>
    #include <stdio.h>
    #include <unistd.h>
    int main(void) { while (write(1, "y", 1) == 1); int why = errno; perror("write"); return why; }`;
  const path = join(scratch("run-output"), "writer");
  tool("gcc", [compile(x86_64, "writer.c", source, ["-fpie"]), "-o", path]);
  return path;
}

/** @param refusal what comes of each write to standard output; what is written to standard error is kept */
function refused(refusal: ReturnType<RunHost["write"]>, ...args: string[]): Printed & { readonly said: string } {
  let said = "";
  const write: RunHost["write"] = (stream, bytes) => {
    if (stream === 1) return refusal;
    said += Buffer.from(bytes).toString();
    return undefined;
  };
  return { ...printed((io) => runRun(args, io, { ...runHost, write })), said };
}

test("nobody reads any more: SIGPIPE", needs(...x86_64.tools), () => {
  const { status, err } = refused("EPIPE", ...ENDING, writer());
  equal(status, 141);
  match(err, /^solder run: ended by SIGPIPE/);
});

test("there is no room: the write fails with ENOSPC, and the program says so", needs(...x86_64.tools), () => {
  const { status, said } = refused("ENOSPC", ...ENDING, writer());
  deepEqual([status, said], [28, "write: No space left on device\n"]);
});
