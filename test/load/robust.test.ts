// Whatever is in a file, loading it ends, throws nothing, and takes no memory in proportion to a number in the file.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { parseElf } from "../../src/elf/index.ts";
import { load, loadCache } from "../../src/load/index.ts";
import { i386, targets } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs, needsToRun } from "../support/tools.ts";
import { workshop } from "./judges/agree.ts";
import { realOptions } from "./judges/reality.ts";
import { damaged, exercise, filesOf, randomNumbers } from "./support/damage.ts";

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
    const options = { ...realOptions(), ...(target === i386 ? { platform: "i686" } : {}) };
    exercise(options, contents);
    const random = randomNumbers(20251121);
    for (let round = 0; round < 200; round++) {
      const [path, original] =
        round % 2 === 0 ? (["/main", program] as const) : ([`${shop.path}/libshared.so`, library] as const);
      exercise(options, new Map([...contents, [path, damaged(original, round, random)]]));
    }
  });
}

/** Of the processor, which a busy machine does not stretch. */
function millisecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
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
  const start = process.cpuUsage();
  const result = load("/main", realOptions(), loadCache(filesOf(contents)), {});
  ok(result.loaded);
  // The program's soname is the first one's.
  equal(result.process.objects.length, count);
  equal(result.process.relocationOrder.length, count);
  deepEqual(result.process.messages, []);
  ok(millisecondsSince(start) < 20_000, "in time");
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
  const start = process.cpuUsage();
  exercise(realOptions(), new Map([["/main", bytes]]));
  ok(millisecondsSince(start) < 10_000, "in time");
});
