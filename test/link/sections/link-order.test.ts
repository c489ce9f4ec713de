// SHF_LINK_ORDER: what describes other sections stands in their order, as GNU ld places it.

import { deepEqual } from "node:assert/strict";
import { compile, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { readSections, sectionBytes } from "../../support/sections.ts";

// .text.unlikely comes before the rest of .text.
const describing = (first: number): string => `
.section .text.a${first},"ax"
nop
.section .text.unlikely.b${first},"ax"
nop
.section described,"ao",@progbits,.text.a${first}
.byte ${first}
.section described,"ao",@progbits,.text.unlikely.b${first},unique,1
.byte ${first + 1}
.section notes,"o",@progbits,.text.a${first}
.byte ${first}
.section notes,"o",@progbits,.text.unlikely.b${first},unique,2
.byte ${first + 1}`;

const others = `.globl _start\n_start: ret\n.section described,"a"\n.byte 99\n`;

eachTarget(
  "described sections give the order",
  (target) => {
    const [first, second] = [1, 3].map((it) => compile(target, `describing${it}.s`, describing(it)));
    const plain = compile(target, "others.s", others);
    for (const objects of [
      [first, second],
      [first, plain, second],
      [plain, first],
    ]) {
      const [expected, actual] = [gnu, underTest].map((linker) => {
        const path = workshop(linker, target).ld("a", ["-shared", ...objects]);
        const headers = tool("readelf", ["-SW", path]);
        const ofHeader = (name: string): string => (new RegExp(` ${name} .*`).exec(headers)?.[0] ?? "").slice(-20);
        return ["described", "notes"].map((name) => [...sectionBytes(readSections(path), name), ofHeader(name)]);
      });
      deepEqual(actual, expected);
    }
    const path = workshop(underTest, target).ld("a", ["-shared", first, plain, second]);
    deepEqual([...sectionBytes(readSections(path), "described")], [99, 2, 4, 1, 3]);
  },
  ...x86_64.tools,
);
