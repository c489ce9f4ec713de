// The file systems that programs are loaded from: a directory as root, which nothing leads out of, and one in memory.

import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import type { LoadFiles } from "../../src/load/settings/contract.ts";
import { folder } from "../support/folder.ts";
import { needs } from "../support/tools.ts";

/** What a path gives: the text, or the error's name. */
function text(files: LoadFiles, path: string): string {
  const file = files.open(path);
  return typeof file === "string" ? file : new TextDecoder().decode(file.bytes);
}

/** A tree with links of every kind, as files on disk and in memory. */
const FILES: Readonly<Record<string, string>> = { "/usr/lib/liba.so": "a", "/etc/passwd": "inside" };
const LINKS: Readonly<Record<string, string>> = {
  "/lib": "usr/lib",
  "/usr/lib/absolute.so": "/usr/lib/liba.so",
  "/usr/lib/out.so": "../../../../../../etc/passwd",
  "/usr/lib/self": "self",
  "/usr/lib/one": "two",
  "/usr/lib/two": "./one",
  "/usr/lib/dangling": "nowhere",
  "/up": "..",
  "/deep": "up/usr/./lib//",
};

function onDisk(): LoadFiles {
  const { path } = folder("root");
  for (const directory of ["/usr/lib", "/etc"]) mkdirSync(join(path, directory), { recursive: true });
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(path, name), content);
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, join(path, name));
  return nodeLoadFiles({ root: path });
}

function inMemory(): LoadFiles {
  const files = Object.entries(FILES).map(([name, content]) => [name, new TextEncoder().encode(content)] as const);
  const links = Object.entries(LINKS).map(([name, link]) => [name, { link }] as const);
  return memoryLoadFiles(new Map<string, Uint8Array | { link: string }>([...files, ...links]));
}

/** Path → content or error, as in a chroot. */
const EXPECTED: Readonly<Record<string, string>> = {
  "/usr/lib/liba.so": "a",
  "/lib/liba.so": "a",
  "//lib/../lib/./liba.so": "a",
  "/lib/absolute.so": "a",
  "/deep/liba.so": "a",
  "/lib/out.so": "inside",
  "/../../../etc/passwd": "inside",
  "/up/up/etc/passwd": "inside",
  "/lib/self": "ELOOP",
  "/lib/one": "ELOOP",
  "/lib/dangling": "ENOENT",
  "/lib/nothing.so": "ENOENT",
  "/nowhere/liba.so": "ENOENT",
  "/lib/liba.so/x": "ENOTDIR",
  "/lib/liba.so/": "ENOTDIR",
  "/lib": "EISDIR",
  "/": "EISDIR",
  [`/${"x".repeat(256)}`]: "ENAMETOOLONG",
  [`/${"x/".repeat(2048)}`]: "ENAMETOOLONG",
};

for (const [kind, make] of [
  ["a directory", onDisk],
  ["a table in memory", inMemory],
] as const) {
  test(`paths in ${kind} lead where they would in a chroot`, () => {
    const files = make();
    const found = Object.fromEntries(Object.keys(EXPECTED).map((path) => [path, text(files, path)]));
    deepEqual(found, EXPECTED);
    deepEqual([...files.list("/deep")].sort().slice(0, 2), ["absolute.so", "dangling"]);
    deepEqual(
      ["/lib", "/deep/", "/", "/lib/liba.so", "/lib/self", "/nowhere"].map((path) => files.isDirectory(path)),
      [true, true, true, false, false, false],
    );
  });
}

test("two names of one file have one identity", () => {
  const here = folder("identity");
  here.write("a", "same");
  linkSync(here.at("a"), here.at("b"));
  symlinkSync("a", here.at("c"));
  here.write("d", "same");
  const files = nodeLoadFiles();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => {
    const file = files.open(here.at(name));
    return typeof file === "string" ? file : file.identity;
  });
  equal(b, a);
  equal(c, a);
  ok(d !== a);
});

test("pipes, sockets and devices are not opened", needs("mkfifo"), () => {
  const here = folder("special");
  execFileSync("mkfifo", [here.at("pipe")]);
  equal(text(nodeLoadFiles(), here.at("pipe")), "EIO");
  equal(text(nodeLoadFiles({ root: here.path }), "/pipe"), "EIO");
  equal(text(nodeLoadFiles(), "/dev/zero"), "EIO");
  equal(text(nodeLoadFiles(), "/dev/null"), "");
});

test("a file too large to be a library is not read", () => {
  const here = folder("large");
  here.write("sparse", "");
  truncateSync(here.at("sparse"), 2 ** 40);
  equal(text(nodeLoadFiles(), here.at("sparse")), "EFBIG");
});
