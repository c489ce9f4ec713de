// What this machine's processor says of itself, for resolvers that are run in Solder's memory: a small C program asks it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CpuidAnswer, Levels } from "../../src/arch/x86/instructions/index.ts";
import { once } from "../support/build.ts";
import { run, tool } from "../support/run.ts";

/** A line a leaf: leaf, subleaf, eax, ebx, ecx, edx; first XCR0. */
const SOURCE = `
#include <cpuid.h>
#include <stdio.h>
int main(void) {
  unsigned a, b, c, d, most, most_extended;
  __cpuid(1, a, b, c, d);
  unsigned low = 0, high = 0;
  if (c >> 27 & 1) __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  printf("%x\\n", low);
  __cpuid(0, most, b, c, d);
  __cpuid(0x80000000, most_extended, b, c, d);
  for (unsigned extended = 0; extended < 2; extended++)
    for (unsigned leaf = extended << 31; leaf <= (extended ? most_extended : most); leaf++)
      for (unsigned sub = 0; sub < 32; sub++) {
        __cpuid_count(leaf, sub, a, b, c, d);
        printf("%x %x %x %x %x %x\\n", leaf, sub, a, b, c, d);
      }
}`;

/** This machine's processor, as resolvers would find it; what it executes beyond the baseline no resolver needs. */
export function hostLevels(): Levels {
  const program = once("cpuid", [SOURCE], (made) => {
    const directory = mkdtempSync(join(tmpdir(), "solder-cpuid-"));
    writeFileSync(join(directory, "cpuid.c"), SOURCE);
    tool("gcc", ["-O1", "-o", made, join(directory, "cpuid.c")]);
    rmSync(directory, { recursive: true });
  });
  const [states, ...lines] = run(program, []).stdout.trim().split("\n");
  const answers = new Map<string, CpuidAnswer>();
  for (const line of lines) {
    const [leaf, subleaf, eax, ebx, ecx, edx] = line.split(" ").map((text) => Number.parseInt(text, 16));
    answers.set(`${leaf} ${subleaf}`, [eax | 0, ebx | 0, ecx | 0, edx | 0]);
  }
  const cpuid = (leaf: number, subleaf: number): CpuidAnswer =>
    answers.get(`${leaf >>> 0} ${subleaf & 31}`) ?? [0, 0, 0, 0];
  return { name: "described", features: 0, described: { cpuid, states: Number.parseInt(states, 16) | 0 } };
}
