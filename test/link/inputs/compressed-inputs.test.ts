// Compressed debug sections of the inputs, in all three formats, come out as if they had never been compressed.

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, type Target, targets, x86_64 } from "../../support/build.ts";
import { gnu, underTest, workshop } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { readSections, type Section } from "../../support/sections.ts";
import { needs, needsToRun } from "../../support/tools.ts";

// Enough of it for the assembler to find it worth compressing, with relocations and strings.
const source = `${Array.from(
  { length: 60 },
  (_, i) => `struct shape_with_a_long_name_${i} { int member_${i}; struct shape_with_a_long_name_${i} *next; };
int function_${i}(struct shape_with_a_long_name_${i} *it) { return it->member_${i} + ${i}; }`,
).join("\n")}
int _start(void) { return 0; }`;

const debugSections = (path: string): readonly Section[] =>
  readSections(path).sections.filter((it) => /^\.z?debug/.test(it.name));

for (const target of targets) {
  for (const format of ["zlib-gabi", "zlib-gnu", "zstd"]) {
    test(`${format} (${target.name})`, needsToRun("objcopy", ...target.tools), (t) => {
      const directory = scratch("compressed");
      const plain = compile(target, "shapes.c", source, ["-g", "-O1"]);
      const packed = join(directory, "packed.o");
      const { status } = run("objcopy", [`--compress-debug-sections=${format}`, plain, packed]);
      if (status !== 0) return t.skip(`needs an objcopy that knows ${format}`);
      ok(debugSections(packed).some((it) => it.name === ".zdebug_info" || (it.flags & 0x800) !== 0));
      const shop = workshop(underTest, target, directory);
      const sections = debugSections(shop.ld("packed", [packed]));
      ok(sections.some((it) => it.name === ".debug_info"));
      deepEqual(sections, debugSections(shop.ld("plain", [plain])));
    });
  }
}

/** Makes a section that says "ZLIB" and nothing sound after it. */
const damaged = (target: Target, size: string): string =>
  compile(
    target,
    "damaged.s",
    `.globl _start\n_start: ret\n.section .zdebug_info\n.ascii "ZLIB"\n${size}\n.ascii "no"\n`,
  );

test("a damaged .zdebug section is an error", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  ok(/decompress/.test(shop.refuses("a", [damaged(x86_64, ".byte 0, 0, 0, 0, 0, 0, 0, 9")], "ld")));
  ok(/damaged\.o/.test(shop.refuses("b", [damaged(x86_64, ".byte 0, 0, 0, 255, 0, 0, 0, 9")], "ld")));
});

test("-r gives them their plain names too", needs("objcopy", "ld.bfd", ...x86_64.tools), () => {
  const directory = scratch("compressed");
  const packed = join(directory, "packed.o");
  tool("objcopy", ["--compress-debug-sections=zlib-gnu", compile(x86_64, "shapes.c", source, ["-g", "-O1"]), packed]);
  const names = [gnu, underTest].map((linker) =>
    debugSections(workshop(linker, x86_64, directory).ld("r.o", ["-r", packed])).map(
      (it) => `${it.name} ${it.bytes.length}`,
    ),
  );
  equal(names[1].join("\n"), names[0].join("\n"));
});
