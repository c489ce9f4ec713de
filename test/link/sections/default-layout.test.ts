// Static programs without a script of the user's, to the address: the statements of GNU ld's default script decide where dot
// is, also where little or nothing stands between them.

import { deepEqual, ok } from "node:assert/strict";
import { compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

const CODE = ".globl _start\n_start: nop\n";
const STACK = '.section .note.GNU-stack,"",@progbits\n';

const PROGRAMS: Readonly<Record<string, string>> = {
  "code alone": CODE,
  "space behind code": `${CODE}.bss\n.zero 8\n`,
  "a byte of data, space on a boundary": `${CODE}.data\n.byte 1\n.bss\n.balign 64\n.zero 8\n`,
  "thread-local space": `${CODE}.section .tbss,"awT",@nobits\n.balign 1024\n.zero 1024\n`,
  "data that is executed among other": `${CODE}.data\n.long 1\n.section own,"awx"\n.long 2\n.bss\n.zero 4\n`,
  "a table that becomes read-only": `${CODE}.section .init_array,"aw"\n.quad 0\n.data\n.quad 1\n`,
};

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ["-n"],
  ["-N"],
  ["-z", "norelro"],
  ["-z", "noseparate-code"],
  ["--emit-relocs"],
  ["-Trodata-segment=0x200000"],
];

/** Sections with addresses, offsets and sizes, and where the script's symbols are. */
function places(path: string): string[] {
  const sections = tool("readelf", ["-SW", path])
    .split("\n")
    .map((line) => /^ {2}\[ *\d+\] (\S+) +\S+ +(\S+) (\S+) (\S+)/.exec(line)?.slice(1).join(" ") ?? "")
    .filter((line) => line !== "" && !/^\.(symtab|strtab|shstrtab|rel)/.test(line));
  const symbols = tool("readelf", ["-sW", path])
    .split("\n")
    .map((line) => /^ *\d+: (\S+) .* (\S+) (_edata|__bss_start|_end)$/.exec(line)?.slice(1).join(" ") ?? "")
    .filter((line) => line !== "");
  return [...sections, ...symbols.sort()];
}

eachTarget("a GOT for calls alone makes no RELRO of a program without a dynamic section", (target) => {
  const load = target.wordBytes === 8 ? "lea _GLOBAL_OFFSET_TABLE_(%rip),%rax\n" : "add $_GLOBAL_OFFSET_TABLE_,%ebx\n";
  const code = compile(target, "code.s", `${CODE}${load}${STACK}`);
  const constant = compile(target, "constant.s", `.section .data.rel.ro,"aw"\n.quad 0\n${STACK}`);
  const found = likeGnuLd(target, (shop) =>
    [[code], ["-z", "now", code], [code, constant]].map((it, i) =>
      tool("readelf", ["-lW", shop.ld(`out${i}`, it)]).includes("GNU_RELRO"),
    ),
  );
  deepEqual(found, [false, true, true]);
});

for (const [title, source] of Object.entries(PROGRAMS)) {
  eachTarget(`every section and boundary of a static program stands where GNU ld has it: ${title}`, (target) => {
    const object = compile(target, "main.s", source + STACK);
    const found = likeGnuLd(target, (shop) =>
      OPTIONS.map((options, i) => places(shop.ld(`out${i}`, [...options, "--no-warn-rwx-segments", object]))),
    );
    ok(found.every((it) => it.length > 3));
  });
}
