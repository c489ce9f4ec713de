// What a relink takes for its own: an output as it was when its client heard of it, whatever the client did to it at once.

import { equal } from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type LdHost, runLd } from "../../../src/cli/ld/run.ts";
import { writeOutput } from "../../../src/cli/ld/write-output.ts";
import { createKeptFiles } from "../../../src/cli/server/kept-files.ts";
import { createRelinker } from "../../../src/cli/server/relinker.ts";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { link } from "../../../src/link/link.ts";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";

const io = { out: () => {}, err: () => {}, color: { out: false, err: false }, env: {} };

test("an output that its client changes before the link is kept is linked in full", needs(...x86_64.tools), () => {
  const kept = createKeptFiles();
  const host: LdHost = {
    files: kept.files,
    accelerators: nodeAccelerators,
    link,
    systemLibraryPaths: () => [],
    write: writeOutput,
  };
  const relinker = createRelinker(host.systemLibraryPaths);
  const object = compile(x86_64, "start.s", ".globl _start\n_start: ret\n");
  const output = join(scratch("relinker"), "out");
  const linkIt = (atOnce: () => void): string => {
    kept.begin();
    const found = relinker.relink("the link");
    if ("done" in found) return found.done;
    const recording = relinker.recording("the link", host, kept.look);
    equal(runLd([object, "-o", output], io, recording.host), 0);
    atOnce();
    relinker.keep(recording);
    return found.why;
  };
  equal(
    linkIt(() => {}),
    "this link is new",
  );
  equal(
    linkIt(() => writeFileSync(output, "X", { flag: "r+" })),
    "a small link is kept when it comes a second time",
  );
  equal(
    linkIt(() => {}),
    "the output is not as this linker left it",
  );
  equal(
    linkIt(() => {}),
    "a small link is kept when it comes a second time",
  );
  equal(
    linkIt(() => {}),
    "untouched",
  );
  appendFileSync(output, "more");
  equal(
    linkIt(() => {}),
    "the output is not as this linker left it",
  );
});
