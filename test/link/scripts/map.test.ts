// The map of a link by a script says of regions and load addresses what GNU ld's says.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { targets } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { bench, linkHere } from "./judge.ts";

const SCRIPT = `MEMORY
{
  rom (rx) : ORIGIN = 0x8000, LENGTH = 64K
  ram (w!x) : ORIGIN = 0x20000000, LENGTH = 16K
  rest : ORIGIN = 0x30000000, LENGTH = 1M
}
SECTIONS
{
  .text : { *(.text) *(.rodata) } >rom
  .data : { *(.data) } >ram AT>rom
  .bss : { *(.bss) *(COMMON) } >ram
}
`;

/** The table of regions, and the heads of the script's sections. */
function parts(map: string): readonly string[] {
  const lines = map.split("\n").map((line) => line.trimEnd());
  const from = lines.indexOf("Memory Configuration");
  const regions = lines.slice(from, lines.indexOf("Linker script and memory map"));
  return [...regions, ...lines.filter((line) => /^\.(text|data|bss) /.test(line))];
}

for (const target of targets) {
  test(`${target.name}: regions and load addresses`, needs("ld.bfd", "as", "ar"), () => {
    const { directory } = bench(target);
    writeFileSync(join(directory, "map.ld"), SCRIPT);
    const link = ["-m", target.emulation, "-T", "map.ld", "a.o", "b.o"];
    tool("ld.bfd", [...link, "-o", "gnu/out", "-Map=gnu/map"], { cwd: directory });
    const { status, err } = linkHere([...link, "-o", "tested/out", "-Map=tested/map"], directory);
    equal(status, 0, err);
    const read = (name: string): string => readFileSync(join(directory, name), "utf8");
    deepEqual(parts(read("tested/map")), parts(read("gnu/map")));
  });
}
