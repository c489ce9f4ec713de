// Relocations that musl does not apply: it names each of them and ends. load says so in its words, and check in ours.

import { deepEqual, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { load, loadCache, parseProfile } from "../../src/load/index.ts";
import { compile, musl, x86_64 } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { codes, verdict } from "./check/checking.ts";

const IFUNC = `static int one(void) { return 1; }
  static void *choose(void) { return one; }
  __attribute__((ifunc("choose"))) static int chosen(void);
  int (*pointer)(void) = chosen;
  int call(void) { return chosen(); }\n`;

test(
  "IFUNCs under musl: each relocation is named, in musl's words",
  needs(...musl.tools, musl.interpreter, ...x86_64.tools),
  () => {
    const here = folder("ifunc");
    tool("gcc", ["-shared", "-nostdlib", compile(x86_64, "ifunc.c", IFUNC, ["-fPIC"]), "-o", here.at("libi.so")]);
    const main = compile(musl, "main.c", "int call(void); int main(void) { return call() - 1; }\n");
    tool(musl.cc, [main, here.at("libi.so"), "-o", here.at("program")]);
    const real = run(here.at("program"));
    match(real.stderr, /unsupported relocation type 37/);

    const profile = parseProfile("musl@1.2.3");
    ok(profile !== undefined);
    const options = { profile, environment: {}, currentDirectory: "/", secure: false, hwcaps: [] };
    const result = load(here.at("program"), options, loadCache(nodeLoadFiles({})));
    ok(result.loaded);
    deepEqual(
      result.process.messages.map(({ text }) => text),
      real.stderr.trimEnd().split("\n"),
    );
    deepEqual([result.process.exitCode, real.status], [127, 127]);

    deepEqual(codes(verdict([here.at("program")])), ["check-relocations-unknown"]);
    const answer = verdict(["--for", "alpine:3.20", here.at("libi.so")]);
    deepEqual(codes(answer), ["check-relocations-unknown"]);
    deepEqual(answer.findings[0].details.types, ["R_X86_64_IRELATIVE"]);
    ok(verdict(["--for", "debian:12", here.at("libi.so")]).loads);
  },
);
