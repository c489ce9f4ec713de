// Every row of the instruction table against the processor, some cases each; judge.ts runs as many as wanted. Of 32-bit mode general
// registers are judged by qemu-i386, the x87, MMX and SSE by the processor.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { LEVELS } from "../../../src/arch/x86/instructions/index.ts";
import { createInstructions } from "../../../src/arch/x86/instructions/table/table.ts";
import { needs } from "../../support/tools.ts";
import { judge, judgedRows } from "./judge.ts";
import { TOOLS } from "./processor.ts";

for (const mode of [64, 32] as const) {
  test(`no opcode of ${mode}-bit mode belongs to two rows`, () => {
    for (const level of [LEVELS.baseline, LEVELS.v2, LEVELS.all]) {
      deepEqual(createInstructions(mode, level).conflicts, []);
    }
  });

  test(`each row does in ${mode}-bit mode what the processor does`, needs(...TOOLS[mode]), () => {
    const rows = judgedRows(mode);
    const differing = judge(mode, rows, 8)
      .filter((verdict) => verdict.differing > 0)
      .map(({ row, examples }) => [row.code, row.name, examples[0].code, ...examples[0].what]);
    deepEqual(differing, []);
  });
}
