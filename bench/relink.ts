// Clang linked again after one of its objects has changed: a constant, or new code (--incremental). Each output is held to a full
// link of the same inputs by the plain command.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, repository, x86_64 } from "../test/support/build.ts";
import { run, tool } from "../test/support/run.ts";
import { type Case, clangFlags } from "./cases.ts";
import type { Linker } from "./linkers.ts";
import { type Time, timed } from "./measure.ts";

export interface Relinks {
  readonly name: string;
  readonly times: readonly Time[];
  readonly failure?: string;
}

const FLAGS = ["--build-id"];

export function measureRelinks(subject: Case, linker: Linker, rounds: number): Relinks[] {
  const directory = join(repository, "build/bench/relink");
  mkdirSync(directory, { recursive: true });
  const object = join(directory, "main.o");
  const text = assembly(directory);
  const response = join(directory, "link.rsp");
  const words = readFileSync(subject.responseFile, "utf8");
  writeFileSync(response, words.replace(/"[^"]*clang-cc1\.o"/, `"${object}"`));
  const changes: readonly (readonly [string, readonly string[], (round: number) => string])[] = [
    ["same shape", FLAGS, (round) => withConstant(text, round)],
    ["new code, --incremental", [...FLAGS, "--incremental"], (round) => withCode(text, round)],
  ];
  return changes.map(([name, flags, change]) => {
    const output = join(directory, "out");
    const args = [...flags, "-o", output, `@${response}`];
    writeFileSync(object, readFileSync(compile(x86_64, "main.s", text)));
    // What has just been written may change without its times telling: it would be read again.
    run("sleep", ["3"]);
    const first = timed(linker.path, args, linker);
    if (typeof first === "string") return { name, times: [], failure: first };
    const times: Time[] = [];
    const before = linker.resident?.counts().relinked ?? 0;
    for (let round = 0; round < rounds; round++) {
      writeFileSync(object, readFileSync(compile(x86_64, "main.s", change(round))));
      // The compiler of somebody who has changed a line takes longer. For some 20 ms after a link of this size its process is not free.
      run("sleep", ["0.2"]);
      const time = timed(linker.path, args, linker);
      if (typeof time === "string") return { name, times, failure: time };
      times.push(time);
    }
    const relinked = (linker.resident?.counts().relinked ?? 0) - before;
    const whole = join(directory, "whole");
    run(linker.path, [...flags, "-o", whole, `@${response}`], { env: { SOLDER_SERVER: "off" }, timeout: 600_000 });
    if (relinked !== rounds) return { name, times, failure: `only ${relinked} of ${rounds} were relinked` };
    if (digest(whole) !== digest(output)) return { name, times, failure: "the output is not that of a full link" };
    return { name, times };
  });
}

function assembly(directory: string): string {
  const path = join(directory, "main.s");
  if (!existsSync(path)) {
    const source = join(repository, "bench/clang/main.cpp");
    tool("g++", [...clangFlags, "-S", "-o", path, source], { timeout: 600_000 });
  }
  return readFileSync(path, "utf8");
}

/** The first constant that an instruction loads. */
function withConstant(text: string, round: number): string {
  return text.replace(/\tmovl\t\$\d+, %e/, `\tmovl\t$${1000 + round}, %e`);
}

/** One instruction more in main or two, in turn, and a string: as long as the room behind main is not used up. */
function withCode(text: string, round: number): string {
  const lines = Array.from({ length: 1 + (round % 2) }, (_, i) => `\tleaq\t.Lnew+${i}(%rip), %rax\n`);
  const string = `\t.section\t.rodata.str1.1\n.Lnew:\t.string\t"new in round ${round}"\n\t.text\n`;
  return `${text.replace(/\nmain:\n(.*\n)*?\t\.cfi_startproc\n/, (it) => it + lines.join(""))}${string}`;
}

function digest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
