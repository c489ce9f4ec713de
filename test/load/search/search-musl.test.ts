// musl's search against the files that the real musl opens, as strace sees them, and against its ldd.

import { deepEqual, equal } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { DT_NEEDED, DT_RPATH, DT_RUNPATH, dynamicOf, dynamicTexts, parseElf } from "../../../src/elf/index.ts";
import { nodeLoadFiles } from "../../../src/host/load-files.ts";
import { memoryLoadFiles } from "../../../src/host/memory-load-files.ts";
import { loadCache, loadDependencies } from "../../../src/load/index.ts";
import {
  findLibrary,
  isMuslItself,
  originOf,
  preloadsOf,
  type SearchContext,
  searchContext,
  sharedFiles,
} from "../../../src/load/search/index.ts";
import type { LoadOptions, Requester } from "../../../src/load/settings/contract.ts";
import { profileOf } from "../../../src/load/settings/profiles.ts";
import { compile, i386, musl } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { REQUESTER } from "../support/requester.ts";
import { type Tree, tree } from "../support/tree.ts";

const LOADER = musl.interpreter;
const TOOLS = ["strace", "ld", LOADER, ...musl.tools];

interface Searched {
  /** Paths opened, in order, without what is opened for other reasons. */
  readonly opened: readonly string[];
  /** "Error loading shared library …", one a library. */
  readonly errors: readonly string[];
}

interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

function real(program: string, { env = {}, cwd = "/" }: Circumstances): Searched {
  const settings = Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
  const { stderr } = run("strace", ["-e", "trace=open,openat", ...settings, program], { cwd });
  const lines = stderr.split("\n");
  const opened = lines.flatMap((line) => /^open(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/.exec(line)?.[1] ?? []);
  return { opened, errors: lines.filter((line) => line.startsWith("Error loading shared library")) };
}

interface Loaded {
  readonly requester: Requester;
  readonly name: string;
  readonly shortName: string | undefined;
  readonly identity: string;
  readonly needed: readonly string[];
}

function simulated(program: string, { env = {}, cwd = "/" }: Circumstances): Searched {
  const files = sharedFiles(nodeLoadFiles(), () => {});
  const options = { ...muslOptions(env), currentDirectory: cwd };
  const main = loaded(program, dirname(program), undefined, undefined);
  const context = searchContext(files, options, { machine: "x86-64", program: main.requester, interpreter: LOADER });
  const opened: string[] = [];
  const errors: string[] = [];
  const queue: Loaded[] = [main];
  const ask = (name: string, requester: Requester | undefined): void => {
    if (isMuslItself(name, LOADER) || queue.some(({ shortName }) => shortName === name)) return;
    const answer = load(context, name, requester, queue, opened);
    if (typeof answer === "string") errors.push(answer);
    else if (!queue.includes(answer)) queue.push(answer);
  };
  for (const { name } of preloadsOf(options, files)) ask(name, undefined);
  errors.length = 0;
  for (const object of queue) for (const name of object.needed) ask(name, object.requester);
  return { opened, errors };
}

function load(
  context: SearchContext,
  name: string,
  requester: Requester | undefined,
  known: readonly Loaded[],
  opened: string[],
): Loaded | string {
  const result = findLibrary(context, name, requester);
  opened.push(...result.steps.flatMap((step) => (step.kind === "try" ? [step.path] : [])));
  if (!result.found) return `Error loading shared library ${name}: ${result.message} (needed by ${requester?.name})`;
  const same = known.find(({ identity }) => identity === result.file.identity);
  const shortName = name.includes("/") ? undefined : name;
  return same ?? loaded(result.path, originOf(result.path, "/"), requester, shortName, result.file.identity);
}

function loaded(
  path: string,
  origin: string,
  loader: Requester | undefined,
  shortName: string | undefined,
  identity = path,
): Loaded {
  const elf = parseElf(readFileSync(path), path, () => {});
  const dynamic = elf === undefined ? undefined : dynamicOf(elf, () => {});
  const texts = (tag: number): string[] => (dynamic === undefined ? [] : dynamicTexts(dynamic, tag));
  const paths = { rpath: texts(DT_RPATH)[0], runpath: texts(DT_RUNPATH)[0] };
  const requester = { name: path, origin, ...paths, noDefaultDirectories: false, loader };
  return { requester, name: path, shortName, identity, needed: texts(DT_NEEDED) };
}

function judge(title: string, body: (here: Tree) => void): void {
  test(title, needs(...TOOLS), () => body(tree(musl, "musl")));
}

/** The path file is read once and the kernel's files are not the search's. */
function compare(program: string, circumstances: Circumstances = {}): Searched {
  const truth = real(program, circumstances);
  const searched = truth.opened.filter((path) => !path.startsWith("/etc/ld-musl") && !path.startsWith("/proc"));
  deepEqual(simulated(program, circumstances), { ...truth, opened: searched });
  return truth;
}

judge("RPATH and RUNPATH are alike and count for what libraries need", (here) => {
  here.library("libs/liba.so", { needed: ["libb.so"] });
  here.library("libs/libb.so", { needed: ["libc1.so"], runpath: "$ORIGIN/deep" });
  here.library("libs/deep/libc1.so", { needed: ["libd1.so", "libe1.so"] });
  here.library("libs/deep/libd1.so");
  here.library("libs/libe1.so");
  for (const kind of ["rpath", "runpath"]) {
    compare(here.program(kind, { needed: ["liba.so", "libc.so"], [kind]: "$ORIGIN/libs" }));
  }
});

judge("LD_LIBRARY_PATH comes first, and empty elements are nothing", (here) => {
  here.library("env/liba.so");
  here.library("own/liba.so");
  here.library("libb.so");
  const program = here.program("main", { needed: ["liba.so", "libb.so"], rpath: here.at("own") });
  compare(program, { env: { LD_LIBRARY_PATH: `:${here.at("env")}::;:` }, cwd: here.path });
});

judge("a path with another token than $ORIGIN is void", (here) => {
  here.library("libs/liba.so");
  for (const path of ["$ORIGIN/libs:$LIB/x", "$ORIGINAL/libs", "$" + "{ORIGIN}/libs", "$", "$" + "{ORIGIN/libs"]) {
    compare(here.program("main", { needed: ["liba.so"], rpath: path }));
  }
});

judge("the first file that opens ends the search, whatever it is", (here) => {
  const good = readFileSync(here.library("later/libx.so"));
  const other = readFileSync(tree(i386, "other").library("libx.so"));
  const files: readonly (readonly [string, string | Uint8Array])[] = [
    ["empty", ""],
    ["text", "INPUT(libreal.so)\n".repeat(10)],
    ["cut", good.subarray(0, 63)],
    ["object", readFileSync(compile(musl, "nothing.s", ".globl _start, thing\n_start: thing: ret\n"))],
    ["other-class", other],
  ];
  for (const [name, content] of files) {
    here.write(`${name}/libx.so`, content);
    const runpath = `${here.at(name)}:${here.at("later")}`;
    const { errors } = compare(here.program(`${name}-main`, { needed: ["libx.so"], runpath }));
    equal(errors[0], `Error loading shared library libx.so: Exec format error (needed by ${here.at(`${name}-main`)})`);
  }
  mkdirSync(here.at("directory/libx.so"), { recursive: true });
  compare(here.program("directory-main", { needed: ["libx.so"], runpath: here.at("directory") }));
  here.link("loop/libx.so", "libx.so");
  compare(here.program("loop-main", { needed: ["libx.so"], runpath: `${here.at("loop")}:${here.at("later")}` }));
});

judge("directories that are missing or files are passed over, and so are names that are too long", (here) => {
  here.library("libs/libx.so");
  writeFileSync(here.at("file"), "");
  const runpath = `/nowhere:${here.at("file")}:/${"l".repeat(500)}:${here.at("libs")}`;
  compare(here.program("main", { needed: ["libx.so", `lib${"y".repeat(300)}.so`, "libz.so"], runpath }));
});

judge("LD_PRELOAD is looked for without anybody's RPATH", (here) => {
  here.library("libs/libp.so");
  const program = here.program("main", { needed: ["libp.so"], rpath: here.at("libs") });
  compare(program, { env: { LD_PRELOAD: `libp.so ${here.at("libs/libp.so")}\tlibq.so:` } });
});

judge("a library that cannot be preloaded stops nothing, and the program's RPATH does not help to find it", (here) => {
  here.library("libs/libp.so");
  const program = here.program("main", { needed: ["libp.so"], rpath: here.at("libs"), source: EXIT });
  const env = { LD_PRELOAD: "libp.so" };
  equal(run("/usr/bin/env", ["LD_PRELOAD=libp.so", program]).status, 0);
  const result = loadDependencies(program, muslOptions(env), loadCache(nodeLoadFiles()));
  if (!result.loaded) throw new Error(result.problem.code);
  const { exitCode, problems, objects } = result.process;
  equal(exitCode, undefined);
  deepEqual(
    problems.map(({ code, details }) => [code, details.name]),
    [["preload-ignored", "libp.so"]],
  );
  equal(objects.at(-1)?.name, here.at("libs/libp.so"));
});

test("a second C library is refused, musl's own under another name and glibc's", needs(...TOOLS), () => {
  const here = tree(musl, "musl");
  const own = "/lib/x86_64-linux-musl/libc.so";
  const other = "/lib/x86_64-linux-gnu/libc.so.6";
  const program = here.program("main", { needed: [own, other], source: EXIT });
  const { stdout } = run(LOADER, ["--list", program]);
  equal(stdout.includes(other), false);
  const result = loadDependencies(program, muslOptions({}), loadCache(nodeLoadFiles()));
  if (!result.loaded) throw new Error(result.problem.code);
  deepEqual(
    result.process.chain.map(({ kind }) => kind),
    ["program", "loader"],
  );
});

function muslOptions(environment: LoadOptions["environment"]): LoadOptions {
  return { profile: profileOf("musl", [1, 2, 3]), environment, currentDirectory: "/", secure: false, hwcaps: [] };
}

/** Ends with status 0. */
const EXIT = ".globl _start\n_start: mov $60, %eax\n xor %edi, %edi\n syscall\n";

test("the path file lies two directories above the loader; without it there are three directories", () => {
  const seen = (interpreter: string, files: Readonly<Record<string, Uint8Array>>): readonly string[] => {
    const options = { profile: profileOf("musl", [1, 2, 3]), environment: {}, currentDirectory: "/", secure: false };
    const shared = sharedFiles(memoryLoadFiles(files), () => {});
    const facts = { machine: "x86-64", program: REQUESTER, interpreter } as const;
    const context = searchContext(shared, { ...options, hwcaps: [] }, facts);
    return findLibrary(context, "libx.so", REQUESTER).tried.map(({ path, rule }) => `${rule} ${path}`);
  };
  const file = new TextEncoder().encode("/one\n/two:/three\n");
  deepEqual(seen("/lib/ld-musl-x86_64.so.1", {}), [
    "system /lib/libx.so",
    "system /usr/local/lib/libx.so",
    "system /usr/lib/libx.so",
  ]);
  const fromFile = ["musl-path /one/libx.so", "musl-path /two/libx.so", "musl-path /three/libx.so"];
  deepEqual(seen("/lib/ld-musl-x86_64.so.1", { "/etc/ld-musl-x86_64.path": file }), fromFile);
  deepEqual(seen("/opt/musl/lib/libc.so", { "/opt/musl/etc/ld-musl-x86_64.path": file }), fromFile);
});
