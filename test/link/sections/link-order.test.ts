// SHF_LINK_ORDER: what describes other sections stands in their order, as GNU ld places it.

import { deepEqual } from "node:assert/strict";
import { compile, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
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

eachTarget("each statement of a script orders what it has found by itself, with -r too", (target) => {
  const object = compile(
    target,
    "statements.s",
    `.globl _start
     .section .text.a,"ax"
     _start: nop
     .section .text.b,"ax"
     nop
     .section about_a,"ao",@progbits,.text.a
     .byte 1
     .section about_b,"ao",@progbits,.text.b
     .byte 2`,
  );
  const found = likeGnuLd(target, (shop) => {
    shop.file("script", "SECTIONS { .text : { *(.text.a) *(.text.b) } about : { *(about_b) *(about_a) } }");
    return [[], ["-r"]].map((kind) => [
      ...sectionBytes(readSections(shop.ld(`out${kind}`, [...kind, "-T", "script", object])), "about"),
    ]);
  });
  deepEqual(found, [
    [2, 1],
    [2, 1],
  ]);
});
