// Holds `solder check` to what really happens with the native files of npm packages, unpacked below a directory:
//
//   node build/test/load/check/packages.js versions TREE
//   node build/test/load/check/packages.js opens TREE --machine aarch64 --root ROOTS/aarch64
//
// `versions` counts what readelf says each file needs of glibc against the version of each system. `opens` opens each file of the machine by
// dlopen under qemu-user, in a program that has the names of Node.js, in a root directory of Debian packages (scripts/machine-roots.mjs);
// what asks for musl in a program of musl's, where Solder knows its name for the machine.
// Both tell which files were passed over, and why.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { scratch } from "../../support/build.ts";
import { run, tool } from "../../support/run.ts";
import { GUESTS, type Guest, runGuest } from "../judges/guest.ts";
import { RANDOM_MACHINES } from "../random/machines.ts";
import { type CheckedFile, check } from "./checking.ts";

type Version = readonly number[];

const SYSTEMS: readonly (readonly [name: string, glibc: Version])[] = [
  ["glibc:2.17", [2, 17]],
  ["debian:10", [2, 28]],
  ["glibc:2.28", [2, 28]],
  ["ubuntu:22.04", [2, 35]],
  ["debian:12", [2, 36]],
];

function isNewer(a: Version, b: Version): boolean {
  const at = a.findIndex((number, i) => number !== (b[i] ?? 0));
  return at >= 0 && a[at] > (b[at] ?? 0);
}

/** The newest version of glibc that a file needs and cannot do without. */
function neededVersion(path: string): Version {
  const { stdout } = run("readelf", ["-VW", path]);
  const needs = stdout.slice(stdout.indexOf("Version needs section"));
  const found = stdout.includes("Version needs section")
    ? [...needs.matchAll(/Name: GLIBC_([\d.]+)\s+Flags: none/g)].map(([, digits = ""]) => digits.split(".").map(Number))
    : [];
  return found.reduce((best, each) => (isNewer(each, best) ? each : best), [0]);
}

/** What is counted as not judged, by reason. */
function countUnjudged(files: readonly CheckedFile[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { unjudged } of files) if (unjudged !== undefined) counts[unjudged] = (counts[unjudged] ?? 0) + 1;
  return counts;
}

/** What a system cannot be asked about: it does not exist there, or the file is of another C library. */
const NO_QUESTION: readonly string[] = [
  "check-system-without-machine",
  "check-foreign-library",
  "check-foreign-program",
  "check-static-program",
];

function versions(tree: string): void {
  const { files } = check(["--for", SYSTEMS.map(([name]) => name).join(), tree]);
  const totals = { files: files.length, verdicts: 0, different: 0 };
  for (const { file, unjudged, role, targets } of files) {
    if (unjudged !== undefined || role === undefined || role === "static-program") continue;
    const needed = neededVersion(file);
    targets.forEach((target, i) => {
      const codes = target.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
      if (codes.some((code) => NO_QUESTION.includes(code))) return;
      totals.verdicts++;
      const said = target.findings.some((finding) => finding.code === "check-glibc-too-old" && finding.file === file);
      if (said === isNewer(needed, SYSTEMS[i][1])) return;
      totals.different++;
      console.log(`${relative(tree, file)} ${target.target}: needs ${needed.join(".")}, said ${codes.join()}`);
    });
  }
  console.log({ ...totals, unjudged: countUnjudged(files) });
}

const OPENER = `
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
void ENTRY(void) {
  void *handle = dlopen(getenv("SOLDER_OPENS"), RTLD_LAZY);
  puts(handle ? "opened" : dlerror());
  fflush(stdout);
  _Exit(0);
}
`;

const OPENER_PATH = "/bin/solder-opener";

/** Names that only Node.js has: its own interface, V8's and libuv's; and what the GCC runtime that comes with it has for Rust's addons. */
const OF_NODE = /^(_Unwind_|napi_|node_api_|node_module_|uv_|_ZN?K?2v8|_ZNK?2v8|_ZNK?4node|_ZTIN2v8|_ZTVN2v8)/;

/**
 * A program with these names, so that files of Node.js can be opened.
 * @param musl the loader of musl: for a program of musl's, which begins at once, because start files are glibc's
 */
function opener(guest: Guest, root: string, names: ReadonlySet<string>, musl?: string): string {
  const directory = scratch("opener");
  const source = join(directory, "opener.c");
  const functions = [...names].map(
    (name, i) => `void of_node_${i}(void) __asm__("${name}"); void of_node_${i}(void) {}`,
  );
  writeFileSync(source, `${OPENER}${functions.join("\n")}\n`);
  const path = musl === undefined ? OPENER_PATH : `${OPENER_PATH}-musl`;
  const entry = musl === undefined ? ["-DENTRY=main"] : ["-DENTRY=_start", "-nostdlib", `-Wl,--dynamic-linker=${musl}`];
  const libc = musl === undefined ? [] : [root + musl];
  tool(guest.gcc, ["-O1", "-w", "-rdynamic", ...entry, "-o", root + path, source, ...libc]);
  return path;
}

function undefinedNames(path: string): string[] {
  const { stdout } = run("readelf", ["-W", "--dyn-syms", path]);
  return [...stdout.matchAll(/ UND (\S+?)(?:@.*)?$/gm)].map(([, name = ""]) => name);
}

function opens(tree: string, guest: Guest, root: string): void {
  const inside = "/solder-packages";
  tool("cp", ["-al", tree, root + inside]);
  try {
    const { files } = check(["--root", root, inside]);
    const own = files.filter(({ file, role }) => role === "addon" || (role === "library" && file.includes(".so")));
    const ours = own.filter(({ file }) => isOf(guest, root + file));
    const names = new Set(ours.flatMap(({ file }) => undefinedNames(root + file)).filter((name) => OF_NODE.test(name)));
    const { musl } = RANDOM_MACHINES.find(({ name }) => name === `${guest.machine}-musl`) ?? {};
    const program = opener(guest, root, names);
    const muslProgram = musl === undefined ? undefined : opener(guest, root, names, musl);
    const totals = { files: ours.length, opened: 0, refused: 0, ofMusl: 0, ofAndroid: 0, different: 0 };
    for (const { file, loads, targets, library, unjudged } of ours) {
      const isElsewhere = targets.some(({ findings }) =>
        findings.some(({ code }) => code === "check-judged-elsewhere"),
      );
      if (library === "musl") totals.ofMusl++;
      else if (isElsewhere) totals.ofAndroid++;
      const judge = library === "musl" ? muslProgram : program;
      if (judge === undefined || isElsewhere || unjudged !== undefined) continue;
      const { stdout, status } = runGuest(guest, root, judge, { SOLDER_OPENS: file });
      const isOpen = stdout.startsWith("opened");
      totals[isOpen ? "opened" : "refused"]++;
      if (isOpen === loads) continue;
      totals.different++;
      const codes = targets.flatMap(({ findings }) => findings.map(({ code, message }) => `${code}: ${message}`));
      console.log(`${file}: ${stdout.trim()} (${status}) / ${loads ? "loads" : "does not load"} ${codes.join("; ")}`);
    }
    console.log({ ...totals, unjudged: countUnjudged(files) });
  } finally {
    rmSync(root + inside, { recursive: true, force: true });
    for (const path of [OPENER_PATH, `${OPENER_PATH}-musl`]) rmSync(root + path, { force: true });
  }
}

/** EM_AARCH64, EM_ARM and so on, as the guest's loader has it. */
function isOf({ loader }: Guest, path: string): boolean {
  const file = readFileSync(path);
  const root = readFileSync(`${values.root}${loader}`);
  return file.readUInt16LE(18) === root.readUInt16LE(18) && file[4] === root[4];
}

const options = { root: { type: "string" }, machine: { type: "string", default: "aarch64" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [what, tree = "."] = positionals;
const guest = GUESTS.find(({ machine }) => machine === values.machine);
if (what === "versions") versions(tree);
else if (what === "opens" && guest !== undefined && values.root !== undefined) opens(tree, guest, values.root);
else console.error("versions TREE, or opens TREE --machine NAME --root DIR");
