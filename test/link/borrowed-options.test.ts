// Options that GNU ld does not have, each judged by the linker that it comes from.

import { equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, scratch, type Target, targets, x86_64 } from "../support/build.ts";
import { type Linker, underTest, type Workshop, workshop } from "../support/link.ts";
import { tool } from "../support/run.ts";
import { needs, which } from "../support/tools.ts";

const lld: Linker = { name: "lld", path: which("ld.lld-19") ?? "ld.lld-19" };

/** Does the same with both linkers, whose answers must be equal; returns the answer. */
function like(judge: Linker, target: Target, build: (shop: Workshop) => string): string {
  const base = scratch("borrowed");
  const expected = build(workshop(judge, target, base));
  const actual = build(workshop(underTest, target, base));
  equal(actual, expected, `the result differs from ${judge.name}'s`);
  return actual;
}

function eachTargetLike(judge: Linker, title: string, body: (target: Target) => void): void {
  for (const target of targets) {
    test(`${title} (${target.name})`, needs(judge.path, ...target.tools), () => body(target));
  }
}

function assemble(target: Target, name: string, source: string): string {
  return compile(target, `${name}.s`, `${source}\n.section .note.GNU-stack,"",@progbits\n`);
}

/** The global functions of a file in alphabetical order, without what GNU ld defines in any program. */
function globals(path: string): string {
  const lines = tool("nm", ["-g", "--defined-only", path]).trim().split("\n");
  return lines
    .flatMap((line) => / T (?!_end|_edata|__bss)(.*)/.exec(line)?.[1] ?? [])
    .sort()
    .join(" ");
}

/** A file that defines functions, each in a section of its own, each calling what stands behind its colon. */
function functions(target: Target, name: string, ...definitions: readonly string[]): string {
  const text = definitions.map((it) => {
    const [symbol, callee] = it.split(":");
    return `.section .text.${symbol},"ax",@progbits\n.globl ${symbol}\n${symbol}: ${callee === undefined ? "nop" : `call ${callee}`}\nret\n`;
  });
  return assemble(target, name, text.join(""));
}

eachTargetLike(lld, "--undefined-glob takes matching members out of archives, and what these need", (target) => {
  const main = functions(target, "main", "_start", "foo_here");
  const members = ["foo_a", "foo_b:helper", "bar", "helper"].map((it, i) => functions(target, `member${i}`, it));
  const answer = like(lld, target, (shop) => {
    archive(shop.directory, "libfoo.a", members);
    const list = (...args: readonly string[]) => globals(shop.ld("main", [main, ...args, "libfoo.a"]));
    return [list(), list("--undefined-glob=foo_*"), list("--undefined-glob=foo_*", "--gc-sections")].join("\n");
  });
  equal(answer.split("\n")[1].includes("foo_a foo_b foo_here helper"), true);
});

test("--no-gnu-unique makes unique symbols plain global ones", needs("ld.lld-19", ...x86_64.tools), () => {
  const part = assemble(
    x86_64,
    "unique",
    ".data\n.globl once\n.type once, @gnu_unique_object\n.size once, 4\nonce: .long 1",
  );
  const binding = (path: string) =>
    [
      ...new Set(
        tool("readelf", ["-sW", path])
          .split("\n")
          .filter((line) => line.endsWith(" once"))
          .map((line) => line.split(/ +/)[5].replace("<OS", "UNIQUE")),
      ),
    ].join();
  const answer = like(lld, x86_64, (shop) => {
    shop.ld("kept.so", ["-shared", part]);
    shop.ld("plain.so", ["-shared", "--no-gnu-unique", part]);
    shop.ld("plain.o", ["-r", "--no-gnu-unique", part]);
    return ["kept.so", "plain.so", "plain.o"].map((name) => binding(join(shop.directory, name))).join(" ");
  });
  equal(answer, "UNIQUE GLOBAL UNIQUE");
});
