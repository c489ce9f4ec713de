// GNU ld's default scripts: the same statements as `ld --verbose` prints, for all machines and variants; and what is printed
// of them is what they are.

import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseLinkerScript } from "../../../src/link/script/commands.ts";
import { defaultStatements, type ScriptVariant } from "../../../src/link/script/default-script.ts";
import { printSections } from "../../../src/link/script/print-script.ts";
import type { Statement } from "../../../src/link/script/statements.ts";
import { folder } from "../../support/folder.ts";
import { underTest } from "../../support/link.ts";
import { collectProblems } from "../../support/problems.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

function parse(text: string): readonly Statement[] {
  const { report, lines } = collectProblems();
  const commands = parseLinkerScript(new TextEncoder().encode(text), "x.ld", report);
  deepEqual(lines(), []);
  return (commands ?? []).flatMap((it) => (it.kind === "sections" ? it.statements : []));
}

/** Without places, so that statements of two texts can be compared. */
function bare(statements: readonly Statement[]): unknown {
  const isPlace = (key: string): boolean => key === "place" || key === "endPlace";
  return JSON.parse(
    JSON.stringify(statements, (key, it) => (isPlace(key) ? undefined : typeof it === "bigint" ? `${it}n` : it)),
  );
}

const PAGED: ScriptVariant = {
  is64: true,
  textSegment: 0x40_0000,
  kind: "paged",
  pie: false,
  shared: false,
  separateCode: true,
  combreloc: true,
  now: false,
};

const VARIANTS: readonly (readonly [options: string, variant: Partial<ScriptVariant>])[] = [
  ["-z combreloc -z separate-code", {}],
  ["-z combreloc -z noseparate-code", { separateCode: false }],
  ["-z nocombreloc -z separate-code", { combreloc: false }],
  // Scripts that have no variant for -z now: .got.plt stays apart.
  ["-z nocombreloc -z noseparate-code -z now", { combreloc: false, separateCode: false }],
  ["-z combreloc -z separate-code -z now", { now: true }],
  ["-z combreloc -z noseparate-code -z now", { now: true, separateCode: false }],
  ["-pie -z combreloc -z separate-code", { pie: true }],
  ["-pie -z combreloc -z noseparate-code -z now", { pie: true, separateCode: false, now: true }],
  ["-shared -z combreloc -z separate-code", { shared: true }],
  ["-shared -z combreloc -z separate-code -z now", { shared: true, now: true }],
  ["-shared -z nocombreloc -z noseparate-code", { shared: true, combreloc: false, separateCode: false }],
  ["-N -shared -z now", { kind: "omagic", shared: true }],
  ["-n -pie", { kind: "nmagic", pie: true }],
  ["-r", { kind: "relocatable" }],
  ["-Ur", { kind: "constructors" }],
];

/** What `--verbose` prints is a script, and to GNU ld the one that it has itself. */
test("GNU ld links by what is printed as by its own", needs("ld.bfd", "as"), () => {
  const at = folder("printed");
  const source = at.write(
    "a.s",
    ".globl _start\n_start: call f\n.data\n.globl d\nd: .quad f\n.bss\n.space 9\n.comm c,4\n",
  );
  const more = at.write("b.s", '.globl f\nf: ret\n.section .rodata\n.asciz "x"\n.section .eh_frame,"a",@unwind\n');
  for (const [from, to] of [
    [source, "a.o"],
    [more, "b.o"],
  ])
    tool("as", [from, "-o", at.at(to)]);
  for (const options of [[], ["-z", "noseparate-code"], ["-z", "now"], ["-N"], ["-n"], ["-r"]]) {
    const printed = tool(underTest.path, ["-m", "elf_x86_64", ...options, "--verbose"]).split(/^=+$/m)[1];
    const script = at.write("printed.ld", printed);
    const objects = [at.at("a.o"), at.at("b.o")];
    tool("ld.bfd", [...options, ...objects, "-o", at.at("theirs")]);
    tool("ld.bfd", ["-T", script, ...options, ...objects, "-o", at.at("ours")]);
    ok(readFileSync(at.at("ours")).equals(readFileSync(at.at("theirs"))), options.join(" "));
  }
});

const MACHINES = [
  { emulation: "elf_x86_64", is64: true, textSegment: 0x40_0000 },
  { emulation: "elf_i386", is64: false, textSegment: 0x804_8000 },
];

for (const { emulation, ...machine } of MACHINES) {
  for (const [options, variant] of VARIANTS) {
    test(`${emulation} ${options}`, needs("ld.bfd"), () => {
      const text = tool("ld.bfd", ["-m", emulation, ...options.split(" "), "--verbose"]).split(/^=+$/m)[1];
      const statements = defaultStatements({ ...PAGED, ...variant, ...machine });
      const expected = bare(parse(text));
      ok(Array.isArray(expected) && expected.length > 50);
      deepEqual(bare(statements), expected);
      deepEqual(bare(parse(printSections(statements))), expected);
    });
  }
}
