// What is left out of large files when they are read partly (host/loader-parts.ts) is not missed: the same is found and bound.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import type { Style } from "../../src/explain/dump/table.ts";
import { headerLines } from "../../src/explain/load/headers.ts";
import { processJson } from "../../src/explain/load/json.ts";
import { programLines } from "../../src/explain/load/program.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { readLoaderParts } from "../../src/host/loader-parts.ts";
import { type DebugCategory, debugLines, type LoadedProcess } from "../../src/load/index.ts";
import { load, loadCache } from "../../src/load/load.ts";
import type { LoadOptions } from "../../src/load/settings/contract.ts";
import { profileOf } from "../../src/load/settings/profiles.ts";
import { compile, x86_64 } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const OPTIONS: LoadOptions = {
  profile: profileOf("glibc", [2, 36]),
  environment: { LD_BIND_NOW: "1" },
  currentDirectory: "/",
  secure: false,
  hwcaps: ["x86-64-v2"],
};

const STYLE: Style = { color: false, columns: 100, demangle: false, rows: Number.POSITIVE_INFINITY };

/** What `solder load` shows without a look at memory: the summary, `--headers`, `--json`, `--debug`. */
function shown(process: LoadedProcess): unknown {
  const all = new Set<DebugCategory>(["libs", "files", "versions", "scopes", "reloc", "bindings"]);
  return {
    summary: [...programLines(process, STYLE)],
    headers: [...headerLines(process, STYLE)],
    json: processJson(process),
    debug: debugLines(process, all),
  };
}

/** All that finding and binding tells of a program. */
function account(path: string, partly: boolean): unknown {
  const result = load(path, OPTIONS, loadCache(nodeLoadFiles({ partly })));
  if (!result.loaded) return result.problem;
  const { objects, messages, undefinedSymbols, missingLibraries, problems } = result.process;
  return {
    objects: objects.map(({ name, bindings, file }) => ({
      name,
      bindings,
      versions: file.versions,
      problems: file.problems,
    })),
    messages,
    undefinedSymbols: undefinedSymbols.map(({ name, version }) => `${name}@${version}`),
    missing: missingLibraries.map(({ name }) => name),
    problems,
    shown: shown(result.process),
  };
}

const FILES = [
  "/usr/bin/git",
  "/usr/bin/gdb",
  "/usr/bin/python3",
  "/bin/bash",
  "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
  "/lib32/libc.so.6",
  "/usr/lib32/libstdc++.so.6",
].filter((path) => existsSync(path));

for (const path of FILES) {
  test(`${path} is bound as if it were read whole`, () => {
    deepEqual(account(path, true), account(path, false));
  });
}

/** How many bytes of a file are read. */
function bytesRead(bytes: Uint8Array): number {
  const seen = new Uint8Array(bytes.length);
  let total = 0;
  readLoaderParts(seen, (start, end) => {
    total += Math.min(end, bytes.length) - start;
    seen.set(bytes.subarray(start, end), start);
  });
  return total;
}

/** A library with 2 MB that nobody needs for binding. */
const LIBRARY = "const char text[0x200000] = {1}; int answer(void) { return 42; }";

test("code and data of a large library are left out", needs(...x86_64.tools), () => {
  const library = folder("partly").at("libx.so");
  tool("gcc", ["-shared", "-Wl,-z,separate-code", compile(x86_64, "x.c", LIBRARY, ["-fPIC"]), "-o", library]);
  const opened = nodeLoadFiles({ partly: true }).open(library);
  ok(typeof opened !== "string");
  equal(opened.bytes.length, statSync(library).size);
  equal(opened.partly, true);
  const whole = nodeLoadFiles().open(library);
  ok(typeof whole !== "string" && whole.partly !== true);
  ok(bytesRead(whole.bytes) < 0x20000, `${bytesRead(whole.bytes)} bytes`);
});

test("small files, what is no ELF file, and headers with counts elsewhere are read whole", () => {
  const large = new Uint8Array(0x100000).fill(1);
  equal(bytesRead(large.subarray(0, 1000)), 1000);
  equal(bytesRead(large), large.length);
  const program = nodeLoadFiles().open(process.execPath);
  ok(typeof program !== "string");
  const bytes = program.bytes.slice();
  ok(bytesRead(bytes) < bytes.length);
  // e_phnum of PN_XNUM: the number of program headers is in section header 0.
  new DataView(bytes.buffer).setUint16(56, 0xffff, true);
  equal(bytesRead(bytes), bytes.length);
});

test("damaged program headers and dynamic sections read nothing outside of the file", () => {
  const program = nodeLoadFiles().open("/usr/bin/git");
  if (typeof program === "string") return;
  for (let at = 0; at < 0x1000; at += 4) {
    const bytes = program.bytes.slice();
    new DataView(bytes.buffer).setUint32(at, 0xffffff00, true);
    const seen = new Uint8Array(bytes.length);
    readLoaderParts(seen, (start, end) => {
      ok(start >= 0 && start < bytes.length && end > start && start % 1 === 0, `${start} to ${end} at ${at}`);
      seen.set(bytes.subarray(start, end), start);
    });
  }
});
