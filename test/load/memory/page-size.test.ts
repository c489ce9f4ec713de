// Kernels with larger pages: a file whose segments lie on 4 KiB does not load there. Which words say so is glibc's business
// (seen with qemu-aarch64 -p 16384, glibc 2.36 and 2.31).

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { programLines } from "../../../src/explain/load/program.ts";
import { nodeLoadFiles } from "../../../src/host/load-files.ts";
import { demandsOf } from "../../../src/load/check/demands.ts";
import { pageFindings, refusalFindings } from "../../../src/load/check/refusals.ts";
import { load, loadCache, pagesOf, processMemory, profileOf } from "../../../src/load/index.ts";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const K16 = 0x4000;
const K64 = 0x1_0000;

/** A program with a library, without a C library; each linked for its own largest page. */
function build(programPages: number, libraryPages: number): string {
  const directory = scratch("pages");
  const pages = (size: number): string => `-Wl,-z,separate-code,-z,max-page-size=${size}`;
  const library = compile(x86_64, "lib.c", "int value = 1; int get(void) { return value; } int zero[9000];\n", [
    "-fPIC",
  ]);
  const program = compile(x86_64, "main.c", "int get(void); void _start(void) { get(); }\n", ["-fPIE"]);
  const so = `${directory}/libpages.so`;
  tool("gcc", ["-shared", "-nostdlib", pages(libraryPages), "-o", so, library]);
  const path = `${directory}/main`;
  tool("gcc", ["-pie", "-nostdlib", pages(programPages), `-Wl,-rpath,${directory}`, "-o", path, program, so]);
  return path;
}

function loadedWith(path: string, pageSize: number, version: readonly number[]) {
  const options = {
    profile: profileOf("glibc", version),
    environment: {},
    currentDirectory: "/",
    secure: false,
    hwcaps: [],
    pageSize,
  };
  const result = load(path, options, loadCache(nodeLoadFiles({})));
  ok(result.loaded);
  return result.process;
}

test(
  "ld.so refuses a library whose segments do not lie on the kernel's pages, in the words of its release",
  needs("gcc"),
  () => {
    const path = build(K64, 0x1000);
    const said = (version: readonly number[]): string =>
      loadedWith(path, K16, version).missingLibraries[0]?.message ?? "";
    equal(said([2, 36]), "ELF load command address/offset not page-aligned");
    equal(said([2, 31]), "ELF load command alignment not page-aligned");
    deepEqual(loadedWith(path, 0x1000, [2, 36]).missingLibraries, []);
  },
);

test("the kernel kills a program whose segments do not lie on its pages", needs("gcc"), () => {
  const task = loadedWith(build(0x1000, K64), K64, [2, 36]);
  equal(task.exitCode, 139);
  deepEqual([task.ended?.step, task.problems.map(({ code }) => code)[0]], ["start", "segments-not-on-pages"]);
  const lines = [...programLines(task, { color: false, columns: 100, demangle: true, rows: 9 })];
  match(lines.join("\n"), /does not start: exit status 139, because the kernel cannot map main with its pages;/);
});

test("what is linked for 64 KiB loads with any page, and lies on whole ones", needs("gcc"), () => {
  const path = build(K64, K64);
  for (const pageSize of [0x1000, K16, K64]) {
    const task = loadedWith(path, pageSize, [2, 36]);
    deepEqual([task.exitCode, task.missingLibraries], [undefined, []]);
    processMemory(task);
    const pages = task.objects.filter(({ kind }) => kind !== "loader").flatMap((object) => pagesOf(object, true));
    ok(pages.length > 4);
    ok(
      pages.every(({ start, end }) => start % pageSize === 0 && end % pageSize === 0),
      `${pageSize}`,
    );
  }
});

const LINKER = "/lib64/ld-linux-x86-64.so.2";

test("check says so of a page size that is asked about", needs("gcc"), () => {
  const path = build(K64, 0x1000);
  const library = loadedWith(path, 0x1000, [2, 36]).objects.find(({ name }) => name.endsWith("libpages.so"));
  ok(library !== undefined);
  const demands = demandsOf(library.file, "x86-64", "libpages.so");
  const rules = { library: "glibc", version: [2, 36] } as const;
  const [finding] = refusalFindings(demands, rules, "debian:12", LINKER, false, K16);
  deepEqual(
    [finding.code, finding.details.page, finding.details.reason],
    ["check-page-size", K16, "ELF load command address/offset not page-aligned"],
  );
  deepEqual(refusalFindings(demands, rules, "debian:12", LINKER, false), []);
  deepEqual(pageFindings(demands, rules, undefined), [], "x86 has one page size");
});
