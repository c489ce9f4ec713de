// Loaders that were built with a prefix of their own (Nix, Guix, Gentoo Prefix, Homebrew): their default directories, cache and list of
// preloads stand in their own strings.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { libraryCachePath } from "../../../src/load/search/files.ts";
import { profileOf, profileOfInterpreter } from "../../../src/load/settings/profiles.ts";
import { compile, x86_64 } from "../../support/build.ts";
import { folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { verdict } from "../check/checking.ts";

const VERSION = "ld.so (GNU libc) stable release version 2.38.";
const bytesOf = (...strings: readonly string[]): Uint8Array => new TextEncoder().encode(`\0${strings.join("\0")}\0`);

test("Nix: one directory, a cache below the prefix, another list of preloads", () => {
  const prefix = "/nix/store/0abc-glibc-2.38-44";
  const found = profileOfInterpreter(
    bytesOf(VERSION, `${prefix}/lib/`, "", `${prefix}/etc/ld.so.cache`, " search cache=%s\n", "/etc/ld-nix.so.preload"),
    "x86-64",
  );
  deepEqual(found?.systemDirectories["x86-64"], [`${prefix}/lib/`]);
  deepEqual(
    [found?.lib["x86-64"], found?.cache, found?.preloadFile],
    ["lib", `${prefix}/etc/ld.so.cache`, "/etc/ld-nix.so.preload"],
  );
});

test("Gentoo Prefix and Homebrew: two directories, and $LIB after the last of them", () => {
  const gentoo = profileOfInterpreter(
    bytesOf(
      "/home/u/gentoo/lib64/",
      "/home/u/gentoo/usr/lib64/",
      "",
      VERSION,
      "/home/u/gentoo/etc/ld.so.cache",
      " search cache=%s\n",
    ),
    "x86-64",
  );
  deepEqual(gentoo?.systemDirectories["x86-64"], ["/home/u/gentoo/lib64/", "/home/u/gentoo/usr/lib64/"]);
  deepEqual([gentoo?.lib["x86-64"], gentoo?.cache], ["lib64", "/home/u/gentoo/etc/ld.so.cache"]);
});

test("the usual files stand for themselves", () => {
  const found = profileOfInterpreter(
    bytesOf(VERSION, "/lib64/", "/usr/lib64/", "", "/etc/ld.so.cache", " search cache=%s\n", "/etc/ld.so.preload"),
    "x86-64",
  );
  deepEqual([found?.cache, found?.preloadFile, found?.store], [undefined, undefined, undefined]);
  equal(libraryCachePath(profileOf("glibc", [2, 38]), "/usr/bin"), "/etc/ld.so.cache");
});

test("Guix: the cache of the program's item of the store, none for other programs", () => {
  const found = profileOfInterpreter(
    bytesOf(VERSION, "/gnu/store/0abc-glibc-2.39/lib/", "", "/ld.so cache is lacking", " search cache=%s\n"),
    "x86-64",
  );
  ok(found !== undefined);
  equal(found.store, "/gnu/store");
  equal(libraryCachePath(found, "/gnu/store/1def-hello/bin"), "/gnu/store/1def-hello/etc/ld.so.cache");
  equal(libraryCachePath(found, "/home/u/bin"), "/ld.so cache is lacking");
});

test(
  "the real loader with another prefix written into it",
  needs(...x86_64.tools, "/lib64/ld-linux-x86-64.so.2"),
  (t) => {
    const here = folder("p");
    const loader = readFileSync("/lib64/ld-linux-x86-64.so.2");
    const own = ["/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib/", "/usr/lib/"];
    const at = loader.indexOf(`${own.join("\0")}\0`, 0, "latin1");
    const room = own.reduce((sum, name) => sum + name.length, 0);
    if (at < 0 || here.path.length + "/lib/".length > room) return t.skip("needs Debian's loader and a short path");
    // As many strings as there were, as the loader knows how long each is.
    mkdirSync(here.at("lib"));
    const link = "/tmp/".padEnd(own[0].length - 1, "x");
    const directories = [`${link}/`, own[1].replace("gnu", "gnx"), "/lix/", "/usr/lix/"];
    loader.write(`${directories.join("\0")}\0`, at, "latin1");
    loader.write("/etc/no.so.cachX", loader.indexOf("/etc/ld.so.cache\0", 0, "latin1"), "latin1");
    writeFileSync(here.at("ld.so"), loader);
    chmodSync(here.at("ld.so"), 0o755);
    copyFileSync("/lib/x86_64-linux-gnu/libc.so.6", here.at("lib/libc.so.6"));

    const found = profileOfInterpreter(loader, "x86-64");
    deepEqual(found?.systemDirectories["x86-64"], directories);
    equal(found?.cache, "/etc/no.so.cachX");

    const main = compile(x86_64, "main.c", "int main(void) { return 0; }\n");
    tool("gcc", [main, `-Wl,--dynamic-linker=${here.at("ld.so")}`, "-o", here.at("program")]);
    match(run(here.at("program")).stderr, /libc\.so\.6: cannot open shared object file/);
    equal(verdict([here.at("program")]).loads, false);
    tool("gcc", [
      main,
      `-Wl,--dynamic-linker=${here.at("ld.so")}`,
      `-Wl,-rpath,${here.at("lib")}`,
      "-o",
      here.at("program"),
    ]);
    equal(run(here.at("program")).status, 0);
    equal(verdict([here.at("program")]).loads, true);
  },
);
