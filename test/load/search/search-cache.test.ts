// ld.so.cache: written by the real ldconfig into a root of its own, read by the real loader in a chroot and by the simulated
// one; both must take the same files.

import { deepEqual, equal } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import type { Problem } from "../../../src/elf/index.ts";
import { type LibraryCache, lookUpInCache, readLibraryCache } from "../../../src/load/search/index.ts";
import { profileOf } from "../../../src/load/settings/profiles.ts";
import { i386, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { realSearch, type Searched, simulatedSearch } from "../support/searching.ts";
import { type Tree, tree } from "../support/tree.ts";

const asRoot = (): { skip?: string } =>
  process.getuid?.() === 0 ? needs("ld", "chroot", "ldconfig", ...x86_64.tools, ...i386.tools) : { skip: "needs root" };

const LOADER = "/lib64/ld-linux-x86-64.so.2";

/** A root with a loader, and libraries below /opt/libs. */
function root(): Tree {
  const here = tree(x86_64, "root");
  mkdirSync(dirname(here.at(LOADER)), { recursive: true });
  copyFileSync(LOADER, here.at(LOADER));
  here.write("etc/ld.so.conf", "/opt/libs\n/opt/more\n");
  return here;
}

function writeCache(here: Tree, format = "new"): void {
  mkdirSync(here.at("opt/libs"), { recursive: true });
  mkdirSync(here.at("opt/more"), { recursive: true });
  tool("ldconfig", ["-r", here.path, "-X", "-c", format]);
}

function compare(here: Tree, program = "/main"): Searched {
  const real = realSearch(program, { root: here.path });
  deepEqual(simulatedSearch(program, { root: here.path }), real);
  return real;
}

const tried = (searched: Searched): string[] =>
  searched.lines.filter((line) => line.startsWith("  trying file=")).map((line) => line.slice("  trying file=".length));

for (const format of ["new", "old", "compat"]) {
  test(`a cache of the ${format} format`, asRoot(), () => {
    const here = root();
    const names = [1, 2, 3, 9, 10, 11, 19, 20, 100, 101].map((number) => `libx.so.${number}`);
    for (const name of names) here.library(`opt/libs/${name}`, { soname: name });
    for (const name of ["liba1b2.so", "liba1b10.so", "liba01b2.so", "libA.so", "lib-a.so"]) {
      here.library(`opt/more/${name}`, { soname: name });
      names.push(name);
    }
    here.program("main", { needed: names });
    writeCache(here, format);
    const searched = compare(here);
    equal(tried(searched).filter((path) => path.startsWith("/opt/")).length, names.length);
  });
}

test("entries for CPUs in a cache", asRoot(), () => {
  const here = root();
  const directories = [
    "",
    "glibc-hwcaps/x86-64-v2/",
    "glibc-hwcaps/x86-64-v3/",
    "tls/",
    "haswell/",
    "x86_64/",
    "i686/",
  ];
  for (const directory of directories) here.library(`opt/libs/${directory}libx.so`, { soname: "libx.so" });
  here.library("opt/libs/glibc-hwcaps/x86-64-v2/liby.so", { soname: "liby.so" });
  here.library("opt/more/glibc-hwcaps/x86-64-v3/liby.so", { soname: "liby.so" });
  here.library("opt/more/haswell/libz.so", { soname: "libz.so" });
  here.library("opt/libs/glibc-hwcaps/x86-64-v99/libw.so", { soname: "libw.so" });
  here.program("main", { needed: ["libx.so", "liby.so", "libz.so", "libw.so"] });
  writeCache(here);
  compare(here);
});

test("libraries for the other machine have entries of their own", asRoot(), () => {
  const here = root();
  const other = tree(i386, "other").library("libx.so", { soname: "libx.so" });
  here.write("opt/libs/libx.so", readFileSync(other));
  here.library("opt/more/libx.so", { soname: "libx.so" });
  here.write("opt/libs/liby.so", readFileSync(other));
  here.program("main", { needed: ["libx.so", "liby.so"] });
  writeCache(here);
  compare(here);
});

test("files that went or changed after ldconfig ran", asRoot(), () => {
  const here = root();
  for (const name of ["libgone.so", "libtext.so", "libz.so"]) here.library(`opt/libs/${name}`, { soname: name });
  here.library("lib/libgone.so");
  here.program("main", { needed: ["libgone.so", "libz.so", "libtext.so"] });
  writeCache(here);
  rmSync(here.at("opt/libs/libgone.so"));
  here.write("opt/libs/libtext.so", "now a text".repeat(20));
  compare(here);
});

test("no cache, an empty one, and one that is something else", asRoot(), () => {
  const here = root();
  here.library("opt/libs/libx.so");
  here.program("main", { needed: ["libx.so"] });
  compare(here);
  for (const content of ["", "glibc-ld.so.cache1.1", "INPUT".repeat(40), "ld.so-1.7.0\0"]) {
    here.write("etc/ld.so.cache", content);
    compare(here);
  }
});

test("damaged caches: the same as the real loader does with them", asRoot(), () => {
  const here = root();
  const names = ["libx.so.1", "libx.so.2", "liby.so", "libz.so.10"];
  for (const name of names) {
    here.library(`opt/libs/${name}`, { soname: name });
    here.library(`opt/libs/glibc-hwcaps/x86-64-v2/${name}`, { soname: name });
  }
  here.program("main", { needed: names });
  writeCache(here);
  const good = readFileSync(here.at("etc/ld.so.cache"));
  // Offsets in the header, in the first entries, in the extension, each with a value just wrong and one far off.
  const places = [17, 20, 24, 28, 32, 33, 48, 52, 56, 64, 68, 72, 76, 80, 92, 100, good.readUInt32LE(32) + 4];
  for (const at of places) {
    for (const byte of [good[at] + 1, 0x7f, 0]) {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      here.write("etc/ld.so.cache", bytes);
      const real = realSearch("/main", { root: here.path });
      if (real.lines.at(-1) !== "" && real.error === "") continue; // The real loader crashed.
      deepEqual(simulatedSearch("/main", { root: here.path }), real, `byte ${at} as ${byte}`);
    }
  }
  for (let length = 0; length < good.length; length += 17) {
    here.write("etc/ld.so.cache", good.subarray(0, length));
    const real = realSearch("/main", { root: here.path });
    if (real.lines.at(-1) !== "" && real.error === "") continue;
    deepEqual(simulatedSearch("/main", { root: here.path }), real, `cut after ${length} bytes`);
  }
});

const profile = profileOf("glibc", [2, 36]);

function read(bytes: Uint8Array): { readonly cache: LibraryCache | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  return {
    cache: readLibraryCache(bytes, "ld.so.cache", profile, (problem) => problems.push(problem), true),
    problems,
  };
}

test("this machine's cache gives what ldconfig -p says", needs("ldconfig", "/etc/ld.so.cache"), () => {
  const { cache } = read(readFileSync("/etc/ld.so.cache"));
  if (cache === undefined) throw new Error("the cache cannot be read");
  const listed = new Map<string, string>();
  for (const line of tool("ldconfig", ["-p"]).split("\n")) {
    const [, name, kind, path] = /^\t(\S+) \((libc6[^)]*)\) => (.*)$/.exec(line) ?? [];
    const machine = kind === "libc6,x86-64" ? "x86-64" : kind === "libc6" ? "i386" : undefined;
    if (machine !== undefined && !listed.has(`${machine} ${name}`)) listed.set(`${machine} ${name}`, path);
  }
  const none = { named: [], legacy: [], platform: undefined };
  for (const [key, path] of listed) {
    const [machine, name] = key.split(" ");
    equal(lookUpInCache(cache, name, machine === "i386" ? "i386" : "x86-64", none), path);
  }
  equal(lookUpInCache(cache, "libnosuch.so", "x86-64", none), undefined);
});

test("damage is a problem with its reason, and no exception whatever is changed", needs("/etc/ld.so.cache"), () => {
  const good = readFileSync("/etc/ld.so.cache");
  const reasons = (bytes: Uint8Array): unknown[] =>
    read(bytes).problems.map(({ code, details }) => [code, details.what]);
  deepEqual(reasons(good), []);
  deepEqual(reasons(good.subarray(0, 30)), [["library-cache-damaged", "it ends within its header"]]);
  deepEqual(reasons(Buffer.from("text")), [["library-cache-damaged", "it does not start like a cache"]]);
  const swapped = Buffer.from(good);
  swapped[28] = 3;
  deepEqual(reasons(swapped), [["library-cache-damaged", "it was written for another byte order"]]);

  const none = { named: ["x86-64-v2"], legacy: [], platform: undefined };
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from(good.subarray(0, random(2) === 0 ? good.length : random(good.length)));
    for (let i = random(8); i > 0; i--) bytes[random(random(2) === 0 ? 64 : bytes.length)] = random(256);
    const { cache } = read(bytes);
    if (cache !== undefined)
      for (const name of ["libc.so.6", "libz.so.1", "x"]) lookUpInCache(cache, name, "x86-64", none);
  }
});
