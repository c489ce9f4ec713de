// Where versions of glibc differ, beyond the one that is here to be asked.

import { deepEqual, equal, ok } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { R_X86_64_64, R_X86_64_GLOB_DAT } from "../../src/arch/x86_64/relocations.ts";
import { type ElfImage, EM_AARCH64, parseElfImage, STV_PROTECTED } from "../../src/elf/index.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { readDynamicFile } from "../../src/load/file/dynamic-file.ts";
import {
  debugLines,
  dlopen,
  type LoadedProcess,
  load,
  loadCache,
  parseProfile,
  symbolicOf,
  symbolName,
} from "../../src/load/index.ts";
import { i386, x86_64 } from "../support/build.ts";
import { needs } from "../support/tools.ts";
import { type Workshop, workshop } from "./judges/agree.ts";
import { forgetFiles, loaded } from "./judges/reality.ts";

function loadedBy(version: string, program: string): LoadedProcess {
  const profile = parseProfile(`glibc@${version}`);
  ok(profile !== undefined, version);
  forgetFiles();
  return loaded(program, { LD_BIND_NOW: "1" }, undefined, profile);
}

function script(shop: Workshop, text: string): string {
  writeFileSync(shop.at("script.map"), text);
  return `-Wl,--version-script,${shop.at("script.map")}`;
}

test("a library that lost its versions stopped glibc up to 2.40; 2.41 takes its symbols", needs("gcc"), () => {
  const shop = workshop(x86_64);
  shop.library("ver", "int f(void) { return 1; }", script(shop, "V1 { f; };"));
  const program = shop.program("main", "int f(void); int main(void) { return f() - 1; }", "-lver");
  shop.library("ver", "int f(void) { return 1; }");
  equal(loadedBy("2.40", program).exitCode, 127);
  const task = loadedBy("2.41", program);
  deepEqual(
    [task.exitCode, task.missingVersions.map(({ version, fatal }) => [version, fatal])],
    [undefined, [["V1", false]]],
  );
});

test("libc is relocated before all others since 2.39", needs("gcc"), () => {
  const shop = workshop(x86_64);
  shop.library("plain", "int plain(void) { return 0; }", "-nostdlib");
  const program = shop.program(
    "main",
    "int plain(void); int main(void) { return plain(); }",
    "-Wl,--no-as-needed",
    "-lc",
    "-lplain",
  );
  const first = (version: string): string | undefined =>
    loadedBy(version, program).relocationOrder.find(({ kind }) => kind === "library")?.file.soname;
  deepEqual([first("2.36"), first("2.39")], ["libplain.so", "libc.so.6"]);
});

test("libraries in a circle are sorted otherwise before 2.35", needs("gcc"), () => {
  const shop = workshop(x86_64);
  const all = "-Wl,--no-as-needed";
  for (const name of ["one", "two", "three"]) shop.library(name, `int ${name}(void) { return 0; }`, "-nostdlib");
  shop.library("one", "int one(void) { return 0; }", "-nostdlib", all, "-ltwo");
  shop.library("two", "int two(void) { return 0; }", "-nostdlib", all, "-lthree");
  shop.library("three", "int three(void) { return 0; }", "-nostdlib", all, "-lone");
  const program = shop.program("main", "int main(void) { return 0; }", all, "-lthree", "-ltwo", "-lone");
  const order = (version: string): (string | undefined)[] =>
    loadedBy(version, program)
      .relocationOrder.map(({ file }) => file.soname)
      .filter((name) => name?.match(/one|two|three/));
  ok(order("2.34").join() !== order("2.36").join(), "they differ");
});

test(
  "since 2.42 an unversioned definition serves a versioned reference only if nothing else in the library does",
  needs("gcc"),
  () => {
    const shop = workshop(x86_64);
    const linked = "int f(void) { return 1; }";
    shop.library("ver", linked, script(shop, "V1 { f; };"));
    const program = shop.program("main", "int f(void); int main(void) { return f(); }", "-lver");
    // f without a version and f@V1, which is hidden.
    const both = '__asm__(".symver f_1,f@V1"); int f_1(void) { return 1; } int f(void) { return 0; }';
    shop.library("ver", both, script(shop, "V1 { };"));
    const chosen = (version: string): number => {
      const task = loadedBy(version, program);
      const [main] = task.objects;
      ok(main.bindings !== undefined);
      const row = symbolicOf(main.file).symbol.findIndex((index) => symbolName(main.file.symbols, index) === "f");
      return main.bindings.symbol[row];
    };
    const library = loadedBy("2.42", program).objects.find(({ file }) => file.soname === "libver.so");
    ok(library !== undefined);
    const { versions, elf } = library.file;
    equal(versions.name[elf.view.getUint16(versions.symbolsAt + 2 * chosen("2.42"), true) & 0x7fff], "V1");
  },
);

test("dlopen refuses an executable stack since 2.41", needs("gcc"), () => {
  const shop = workshop(x86_64);
  const library = shop.library("stack", "int stack(void) { return 0; }", "-Wl,-z,execstack");
  const program = shop.program("main", "int main(void) { return 0; }");
  const open = (version: string): string | undefined => {
    const task = loadedBy(version, program);
    const result = dlopen(task, library, task.objects[0], { now: true });
    return result.opened ? "opened" : result.message;
  };
  equal(open("2.40"), "opened");
  equal(open("2.41"), `${library}: cannot enable executable stack as shared object requires: Invalid argument`);
});

/** Makes a dynamic symbol protected after the link: linkers of today refuse copies of those. */
function protect(path: string, name: string): void {
  const bytes = readFileSync(path);
  const { symbols } = readDynamicFile(parse(bytes, path), path, path);
  for (let index = 1; index < symbols.count; index++) {
    if (symbolName(symbols, index) === name)
      bytes[symbols.start + index * symbols.entry + symbols.otherAt] = STV_PROTECTED;
  }
  writeFileSync(path, bytes);
}

function parse(bytes: Uint8Array, path: string): ElfImage {
  const image = parseElfImage(bytes, path, () => {});
  ok(image !== undefined);
  return image;
}

test("up to 2.35 a library's GOT entry for protected data led to the program's copy of it", needs("gcc"), () => {
  const shop = workshop(x86_64);
  const source = "int v = 1; int *word = &v; int get(void) { return v; }";
  const library = shop.library("p", source, "-nostdlib");
  const main = "extern int v; int get(void); void _start(void) { v = 5; get(); }";
  const program = shop.program("main", main, "-nostdlib", "-fno-pie", "-no-pie", "-lp");
  protect(library, "v");
  // As seen with Debian 11's and Debian 13's: word, a plain relocation, stays with the library's own.
  const providers = (version: string): string[] => {
    const task = loadedBy(version, program);
    const object = task.objects.find(({ name }) => name.endsWith("/libp.so"));
    ok(object?.bindings !== undefined);
    const { type } = symbolicOf(object.file);
    return [...object.bindings.provider].map((id, row) => `${type[row]} ${task.objects[id].kind}`);
  };
  deepEqual(providers("2.35"), [`${R_X86_64_GLOB_DAT} program`, `${R_X86_64_64} library`]);
  deepEqual(providers("2.36"), [`${R_X86_64_GLOB_DAT} library`, `${R_X86_64_64} library`]);
});

test("since 2.39 set-user-ID programs heed LD_BIND_NOW no more", needs("/bin/true"), () => {
  const isLazy = (version: string, secure: boolean, bindNow = false): boolean => {
    const profile = parseProfile(`glibc@${version}`);
    ok(profile !== undefined, version);
    const options = { profile, environment: { LD_BIND_NOW: "1" }, currentDirectory: "/", secure, hwcaps: [] };
    const result = load("/bin/true", options, loadCache(nodeLoadFiles()), { bindNow });
    ok(result.loaded);
    return result.process.lazy;
  };
  deepEqual([isLazy("2.38", true), isLazy("2.39", true), isLazy("2.39", false)], [false, true, false]);
  equal(isLazy("2.39", true, true), false, "a caller's own wish is another matter");
});

test("since 2.43 LD_DEBUG=libs says why a candidate was passed over", needs(...x86_64.tools, ...i386.tools), () => {
  const shop = workshop(x86_64);
  const library = shop.library("a", "int a;", "-nostdlib");
  const program = shop.program("main", "void _start(void) {}", "-nostdlib", "-Wl,--no-as-needed", "-la");
  const other = workshop(i386).library("a", "int a;", "-nostdlib");
  const machine = readFileSync(library);
  machine.writeUInt16LE(EM_AARCH64, 18);
  for (const directory of ["none", "class", "machine"]) mkdirSync(shop.at(directory));
  copyFileSync(other, shop.at("class/liba.so"));
  writeFileSync(shop.at("machine/liba.so"), machine);
  const path = ["none", "class", "machine"].map(shop.at).join(":");
  // As seen with Debian's 2.43.
  const said = (version: string): string[] => {
    const profile = parseProfile(`glibc@${version}`);
    ok(profile !== undefined, version);
    forgetFiles();
    const task = loaded(program, { LD_LIBRARY_PATH: path }, undefined, profile);
    return debugLines(task, new Set(["libs"])).filter((line) => /^ {4}\(/.test(line));
  };
  deepEqual(said("2.42"), []);
  deepEqual(
    [...new Set(said("2.43"))],
    ["    (no such file)", "    (incompatible ELF class)", "    (incompatible ELF machine)"],
  );
});

test(
  "since 2.41 the kernel's rseq area lies behind the thread-local storage of the start",
  needs(...x86_64.tools),
  () => {
    const shop = workshop(x86_64);
    const program = shop.program("main", "__thread char own[48]; void _start(void) { own[0] = 1; }", "-nostdlib");
    // What dlopen then places in static TLS begins 32 bytes lower, as seen with Debian's 2.41 and 2.43.
    deepEqual([loadedBy("2.40", program).tlsSize, loadedBy("2.41", program).tlsSize], [48, 96]);
  },
);

test("since 2.41 ld.so is among the objects also where nobody needs it", needs(...x86_64.tools), () => {
  const program = workshop(x86_64).program("main", "void _start(void) {}", "-nostdlib");
  const scopes = (version: string): string[] => debugLines(loadedBy(version, program), new Set(["scopes"]));
  deepEqual(scopes("2.40").slice(2), [`object=${program} [0]`, ` scope 0: ${program}`, ""]);
  deepEqual(scopes("2.41").slice(-3), ["object=/lib64/ld-linux-x86-64.so.2 [0]", " no scope", ""]);
});
