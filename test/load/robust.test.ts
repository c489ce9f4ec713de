// Whatever is in a file, loading it ends, throws nothing, and takes no memory in proportion to a number in the file.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { parseElf } from "../../src/elf/index.ts";
import {
  constructors,
  debugLines,
  destructors,
  dladdr,
  iterateHeaders,
  type LoadFiles,
  load,
  loadCache,
  pagesOf,
  processMemory,
} from "../../src/load/index.ts";
import { i386, type Target, targets } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs, needsToRun } from "../support/tools.ts";
import { workshop } from "./judges/agree.ts";
import { realOptions } from "./judges/reality.ts";

/** A file system of a few files. */
function files(contents: ReadonlyMap<string, Uint8Array>): LoadFiles {
  return {
    open: (path) => {
      const bytes = contents.get(path);
      return bytes === undefined ? "ENOENT" : { bytes, identity: path, realPath: path, setUserId: false };
    },
    isDirectory: (path) => [...contents.keys()].some((name) => name.startsWith(`${path.replace(/\/$/, "")}/`)),
    list: () => [],
  };
}

/** Loads a program and asks everything. */
function exercise(target: Target, contents: ReadonlyMap<string, Uint8Array>): void {
  for (const environment of [{}, { LD_BIND_NOW: "1" }]) {
    const options = { ...realOptions(environment), ...(target === i386 ? { platform: "i686" } : {}) };
    const result = load("/main", options, loadCache(files(contents)), {});
    if (!result.loaded) continue;
    const { process } = result;
    processMemory(process);
    constructors(process);
    destructors(process);
    debugLines(process, new Set(["libs", "files", "versions", "scopes", "reloc", "bindings"]));
    for (const object of process.objects) {
      pagesOf(object, true);
      dladdr(process, object.start + 100);
    }
    iterateHeaders(process);
  }
}

/** The same numbers each time (xorshift). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const LIBRARY = `__attribute__((constructor)) static void up(void) {}
  __thread int own = 3; int number = 4; int *pointer = &number;
  int weak(void) __attribute__((weak));
  int shared(void) { return own + *pointer + (weak ? weak() : 0); }`;
const PROGRAM =
  "extern int number; extern __thread int own; int shared(void); int main(void) { return shared() + number + own; }";

for (const target of targets) {
  test(`${target.name}: hundreds of damaged libraries and programs`, needsToRun(...target.tools), () => {
    const shop = workshop(target);
    const script = "-Wl,--hash-style=both,-z,lazy";
    const library = readFileSync(shop.library("shared", LIBRARY, script));
    const program = readFileSync(shop.program("main", PROGRAM, "-lshared", script, "-no-pie", "-fno-pic"));
    const contents = new Map<string, Uint8Array>([
      ["/main", program],
      [`${shop.path}/libshared.so`, library],
    ]);
    exercise(target, contents);
    const random = randomNumbers(20251121);
    const interesting = [0, 1, 0x7f, 0x80, 0xff];
    for (let round = 0; round < 200; round++) {
      const [path, original] =
        round % 2 === 0 ? (["/main", program] as const) : ([`${shop.path}/libshared.so`, library] as const);
      const bytes = new Uint8Array(original);
      // Headers and tables lie at the start of a small file.
      const limit = round % 3 === 0 ? bytes.length : 0x800;
      for (let i = 1 + random(6); i > 0; i--) bytes[random(limit)] = interesting[random(interesting.length)];
      const cut = round % 10 === 9 ? bytes.subarray(0, random(bytes.length)) : bytes;
      exercise(target, new Map([...contents, [path, cut]]));
    }
  });
}

test("ten thousand libraries in a chain, and each needs the program", needs("gcc"), () => {
  const shop = workshop(targets[0]);
  const count = 10_000;
  const original = readFileSync(shop.library("n00000", "int x;", "-Wl,--no-as-needed", "-nostdlib"));
  const next = readFileSync(shop.library("n00001", "int x;", "-Wl,--no-as-needed", "-nostdlib", "-ln00000"));
  const at = next.indexOf("libn00000.so");
  const ownAt = next.indexOf("libn00001.so");
  ok(at > 0 && ownAt > 0 && original.length > 0);
  const contents = new Map<string, Uint8Array>();
  const name = (i: number): string => `libn${String(i).padStart(5, "0")}.so`;
  for (let i = 0; i < count; i++) {
    const bytes = new Uint8Array(next);
    // The last needs the first.
    bytes.set(Buffer.from(name((i + 1) % count)), at);
    bytes.set(Buffer.from(name(i)), ownAt);
    contents.set(`${shop.path}/${name(i)}`, bytes);
  }
  contents.set("/main", contents.get(`${shop.path}/${name(0)}`) ?? original);
  const start = performance.now();
  const result = load("/main", realOptions(), loadCache(files(contents)), {});
  ok(result.loaded);
  // The program's soname is the first one's.
  equal(result.process.objects.length, count);
  equal(result.process.relocationOrder.length, count);
  deepEqual(result.process.messages, []);
  ok(performance.now() - start < 20_000, "in time");
});

test("a hundred thousand symbols that all name one endless string", needs("gcc"), () => {
  const shop = workshop(targets[0]);
  const count = 100_000;
  const names = Array.from({ length: count }, (_, i) => `.weak w${i}\n.quad w${i}`).join("\n");
  writeFileSync(shop.at("many.s"), `.data\n${names}\n`);
  tool("gcc", ["-shared", "-nostdlib", "-o", shop.at("main"), shop.at("many.s")]);
  const bytes = new Uint8Array(readFileSync(shop.at("main")));
  const elf = parseElf(bytes, "main", () => {});
  const strings = elf?.sections.find(({ name }) => name === ".dynstr");
  ok(strings !== undefined && strings.size > count);
  bytes.fill(0x41, strings.offset + 1, strings.offset + strings.size);
  const start = performance.now();
  exercise(targets[0], new Map([["/main", bytes]]));
  ok(performance.now() - start < 10_000, "in time");
});
