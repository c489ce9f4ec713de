// References to a copy of a COMDAT group that lost to another file's: what they mean depends on the section that they stand in.

import { deepEqual, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { readSections, sectionBytes } from "../../support/sections.ts";

/** A file with a function, a variable and a part of debugging information in groups, and `section` that refers to them. */
function file(target: Target, name: string, globals: string, section: string, function_ = "nop"): string {
  const source = `
    .section .text.f,"axG",@progbits,f,comdat
    .globl f
f:  nop
inner: ${function_}
    .section .data.v,"awG",@progbits,v,comdat
    .globl v
v:  .long 1
later: .long 2
    .section .debug_macro,"G",@progbits,wm4.h,comdat
unit: .long 3
    .section ${section}
    .long inner, later, unit, .text.f+1
    .text
${globals}
    .section .note.GNU-stack,"",@progbits
`;
  return compile(target, name, source, []);
}

const START = "    .globl _start\n_start: nop";

/** The words of a section, each as the number of the first one that is the same; 0 stays 0, and 1 where a list must not end. */
function pattern(path: string, section: string): string {
  const bytes = sectionBytes(readSections(path), section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  return words.map((word) => (word < 2 ? word : `#${words.indexOf(word)}`)).join(" ");
}

for (const name of [".debug_info", ".debug_line", ".debug_ranges", ".line"]) {
  eachTarget(`what ${name} refers to in a discarded copy is the copy that was kept`, (target) => {
    const section = `${name},"",@progbits`;
    const words = likeGnuLd(target, (shop) => {
      const objects = [file(target, "a.s", START, section), file(target, "b.s", "", section)];
      return pattern(shop.ld("prog", ["-e", "_start", ...objects]), name);
    });
    // The second file's words are those of the first. `unit` is at the start of its section, which is at 0.
    match(words, /^#0 #1 [01] #0 #0 #1 [01] #0$/);
  });

  eachTarget(`${name} refers to nothing where the copies differ in size`, (target) => {
    const section = `${name},"",@progbits`;
    const words = likeGnuLd(target, (shop) => {
      const objects = [file(target, "a.s", START, section), file(target, "b.s", "", section, "nop; nop")];
      return pattern(shop.ld("prog", ["-e", "_start", ...objects]), name);
    });
    match(words, name === ".debug_ranges" ? /^#0 #1 0 #0 1 #1 0 1$/ : /^#0 #1 0 #0 0 #1 0 0$/);
  });
}

/** Does the link go through? */
function accepts(target: Target, section: string, ...words: readonly string[]): boolean {
  const said = likeGnuLd(target, (shop) => {
    const source = (globals: string, size: string): string => `
    .section .text.f,"axG",@progbits,f,comdat
    .globl f
f:  nop
inner: ${size}
    .section ${section}
    .long inner
${words.map((word) => `    .section ${word}\n    .long inner\n`).join("")}
    .text
${globals}
    .section .note.GNU-stack,"",@progbits
`;
    const objects = [compile(target, "a.s", source(START, "nop")), compile(target, "b.s", source("", "nop"))];
    try {
      shop.ld("prog", ["-e", "_start", ...objects]);
    } catch {
      return /discarded/.test(shop.messages()) ? "refused" : shop.messages();
    }
    return "accepted";
  });
  match(said, /^(refused|accepted)$/);
  return said === "accepted";
}

eachTarget("which sections may refer to discarded ones goes by their names", (target) => {
  const answers = [
    '.debug_x,"",@progbits',
    '.line_x,"",@progbits',
    '.gcc_except_table,"a",@progbits',
    '.notes,"",@progbits',
    '.debug_x,"a",@progbits',
    '.gcc_except_tables,"a",@progbits',
    '.data,"aw",@progbits',
  ].map((section) => [section.replace(/@.*/, ""), accepts(target, section)]);
  deepEqual(answers, [
    ['.debug_x,"",', true],
    ['.line_x,"",', true],
    ['.gcc_except_table,"a",', true],
    ['.notes,"",', false],
    ['.debug_x,"a",', false],
    ['.gcc_except_tables,"a",', false],
    ['.data,"aw",', false],
  ]);
});

eachTarget("what debugging information has moved to the kept copy is there for all sections behind it", (target) => {
  deepEqual(accepts(target, '.debug_info,"",@progbits', '.notes,"",@progbits'), true);
  deepEqual(accepts(target, '.notes,"",@progbits', '.debug_info,"",@progbits'), false);
});
