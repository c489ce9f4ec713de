// `solder ld` around the link: what it prints, what it writes, and its exit status. The link itself is replaced.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dependencyRule } from "../../src/cli/ld/dependency-file.ts";
import { type LdHost, type LdOutcome, runLd } from "../../src/cli/ld/run.ts";
import { writeOutput } from "../../src/cli/ld/write-output.ts";
import { error, note, warning } from "../../src/elf/problem.ts";
import { nodeFiles } from "../../src/host/node-files.ts";
import type { LinkOptions } from "../../src/link/options.ts";
import { printed } from "../support/io.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const root = mkdtempSync(join(tmpdir(), "solder-run-"));
after(() => rmSync(root, { recursive: true }));
const out = join(root, "out");

const GOOD: LdOutcome = { image: Uint8Array.of(1), problems: [], executable: true, dependencies: ["a.o", "libc.a"] };

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the link was given; undefined if it was not called. */
  readonly options: LinkOptions | undefined;
}

function ld(line: string, result: LdOutcome = GOOD, color = false): Outcome {
  let given: LinkOptions | undefined;
  const host: LdHost = {
    files: nodeFiles,
    accelerators: {},
    link: (_, options, files) => {
      given = options;
      files.read("/no/such/libc.a");
      return result;
    },
    systemLibraryPaths: (sysroot) => [`${sysroot}/opt/lib`],
    write: writeOutput,
  };
  const { status, out: stdout, err: stderr } = printed((io) => runLd(line.split(" "), io, host), { color });
  return { status, stdout, stderr, options: given };
}

test("a link without problems prints nothing, writes an executable and ends with 0", () => {
  const { status, stdout, stderr } = ld(`a.o -o ${out}`);
  deepEqual([status, stdout, stderr], [0, "", ""]);
  deepEqual([...readFileSync(out)], [1]);
  ok((statSync(out).mode & 0o100) !== 0);
});

test("the link gets the directories of ld.so.conf under --sysroot", () => {
  deepEqual(ld(`a.o -o ${out} --sysroot=/s`).options?.systemLibraryPaths, ["/s/opt/lib"]);
});

test("an error ends with 1, and the old output stays", () => {
  writeFileSync(out, "old");
  const { status, stderr } = ld(`a.o -o ${out}`, {
    ...GOOD,
    image: undefined,
    problems: [error("file-not-found", {}, { path: "b.o" })],
  });
  equal(status, 1);
  match(stderr, /^ld: error: cannot find b\.o.* \[file-not-found\]\n$/);
  equal(readFileSync(out, "utf8"), "old");
  deepEqual(readdirSync(root), ["out"]);
});

test("an error beside an image is an error all the same, unless --noinhibit-exec wants it", () => {
  const result = { ...GOOD, problems: [error("file-not-found", {}, { path: "b.o" })] };
  writeFileSync(out, "old");
  equal(ld(`a.o -o ${out}`, result).status, 1);
  equal(readFileSync(out, "utf8"), "old");
  const { status, stderr } = ld(`a.o -o ${out} --noinhibit-exec`, result);
  equal(status, 0);
  match(stderr, /cannot find b\.o/);
  equal(readFileSync(out, "latin1"), "\x01");
});

test("warnings are printed, and are errors with --fatal-warnings", () => {
  const result = { ...GOOD, problems: [warning("rwx-segment", {}, { output: "out" })] };
  const { status, stderr } = ld(`a.o -o ${out}`, result);
  equal(status, 0);
  match(stderr, /warning: .*RWX/);
  equal(ld(`a.o -o ${out} --fatal-warnings`, result).status, 1);
  equal(ld(`a.o -o ${out} --fatal-warnings --no-fatal-warnings`, result).status, 0);
});

test("warnings that are not wanted are neither printed nor fatal", () => {
  const result = { ...GOOD, problems: [warning("rwx-segment", {}, { output: "out" })] };
  const { status, stderr } = ld(`a.o -o ${out} --fatal-warnings --no-warn-rwx-segments`, result);
  deepEqual([status, stderr], [0, ""]);
});

test("-w prints nothing as long as there is an output, and errors where there is none", () => {
  const problems = [error("file-not-found", {}, { path: "b.o" }), warning("rwx-segment", {})];
  const quiet = ld(`a.o -o ${out} -w --fatal-warnings`, { ...GOOD, problems });
  deepEqual([quiet.status, quiet.stderr], [0, ""]);
  const failed = ld(`a.o -o ${out} -w`, { ...GOOD, image: undefined, problems });
  equal(failed.status, 1);
  match(failed.stderr, /^ld: error: cannot find b\.o/);
  ok(!failed.stderr.includes("RWX"));
});

test("notes neither fail nor count", () => {
  const { status, stderr } = ld(`a.o -o ${out} --fatal-warnings --split-by-file`, {
    ...GOOD,
    problems: [note("gnu-warning", {}, { text: "x" })],
  });
  equal(status, 0);
  match(stderr, /note: option --split-by-file has no effect: .*\n.*note: x/);
});

test("--error-limit prints so many errors and counts the others", () => {
  const problems = ["a", "b", "c"].map((path) => error("file-not-found", {}, { path }));
  const { stderr } = ld(`a.o -o ${out} --error-limit=1`, { ...GOOD, image: undefined, problems });
  match(stderr, /^ld: error: cannot find a.*\n.*too many errors: 2 more/);
});

test("a mistake on the command line ends it before the link", () => {
  const { status, stderr, options } = ld("a.o --frob --as-neded");
  equal(status, 1);
  equal(options, undefined);
  match(stderr, /unrecognized option '--frob'[\s\S]*unrecognized option '--as-neded'[\s\S]*did you mean --as-needed\?/);
});

test("no inputs are an error, unless the version was asked for", () => {
  equal(ld("-o x").status, 1);
  match(ld("-o x").stderr, /no input files/);
  deepEqual([ld("-v").status, ld("-V").status, ld("--verbose").status], [0, 0, 0]);
});

test("an output that cannot be written is an error", () => {
  const { status, stderr } = ld(`a.o -o ${root}/no/such/file`);
  equal(status, 1);
  match(stderr, /no\/such\/file: cannot write: no such file or directory \[cannot-write\]/);
});

test("colour on a terminal, and by --color-diagnostics", () => {
  const result = { ...GOOD, problems: [warning("rwx-segment", {}, { output: "out" })] };
  ok(!ld(`a.o -o ${out}`, result).stderr.includes("\x1b["));
  ok(ld(`a.o -o ${out}`, result, true).stderr.includes("\x1b["));
  ok(ld(`a.o -o ${out} --color-diagnostics`, result).stderr.includes("\x1b["));
  ok(!ld(`a.o -o ${out} --no-color-diagnostics`, result, true).stderr.includes("\x1b["));
});

test("--trace names the files, --verbose also the ones that were not there", () => {
  equal(ld(`a.o -o ${out} -t`).stdout, "a.o\nlibc.a\n");
  match(
    ld(`a.o -o ${out} --verbose`).stdout,
    /SEARCH_DIR\("=\/usr\/lib"\)[\s\S]*attempt to open \/no\/such\/libc\.a failed\n/,
  );
});

test("--stats prints time and memory", () => {
  match(ld(`a.o -o ${out} --stats`).stderr, /total time in link: \d+\.\d+\n.*MiB\n/);
});

// Dependency files

test("--dependency-file is written beside the output, and not if the link fails", () => {
  const rule = join(root, "out.d");
  equal(ld(`a.o -o ${out} --dependency-file=${rule}`).status, 0);
  equal(readFileSync(rule, "utf8"), `${out}: \\\n  a.o \\\n  libc.a\n\na.o:\n\nlibc.a:\n`);
  rmSync(rule);
  ld(`a.o -o ${out} --dependency-file=${rule}`, { ...GOOD, image: undefined });
  ok(!existsSync(rule));
});

test("make reads names with blanks, # and $ in them", needs("make"), () => {
  const names = ["a b.o", "c#d.o", "e$f.o", "g%h.o", "i\\j.o", "k\\ l.o", "a b.o"];
  const rule = dependencyRule("out file", names);
  for (const name of names) writeFileSync(join(root, name), "");
  writeFileSync(join(root, "out file"), "");
  const makefile = `${rule}\nout\\ file:\n\t@echo remade\n`;
  const make = (): string => run("make", ["-f", "-", "out file"], { cwd: root, input: makefile }).stdout;
  match(make(), /up to date/);
  for (const name of new Set(names)) {
    const { mtimeMs } = statSync(join(root, "out file"));
    writeFileSync(join(root, name), "newer");
    run("touch", ["-d", `@${mtimeMs / 1000 + 10}`, join(root, name)]);
    equal(make(), "remade\n", name);
    run("touch", ["-d", `@${mtimeMs / 1000 - 10}`, join(root, name)]);
  }
});
