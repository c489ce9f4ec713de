// SHF_GNU_MBIND: sections for special kinds of memory.

import { deepEqual, match, ok } from "node:assert/strict";
import { compile, scratch, type Target } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

const parts = (target: Target): string =>
  compile(
    target,
    "kinds.s",
    `.globl _start
_start: nop
.section fast.data,"awd",@progbits,1
.long 1
.section more.data,"awd",@progbits,1
.long 2
.section far.data,"awd",@progbits,9
.long 3
.section zeros,"awd",@nobits,2
.zero 8
.section constants,"ad",@progbits,3
.long 4
.section code,"axd",@progbits
nop
.data
.long 5
.bss
.zero 4
.section .note.GNU-stack,"",@progbits
`,
  );

const segments = (path: string): string[] =>
  [...tool("readelf", ["-lW", path]).matchAll(/^ +(GNU_MBIND\S+) .* (R[W ][E ]) /gm)].map(
    ([, kind, flags]) => `${kind} ${flags.trim()}`,
  );

eachTarget("sections of a kind of memory share an output section and a segment, on pages of their own", (target) => {
  const found = likeGnuLd(target, (shop) => segments(shop.ld("prog", [parts(target)])));
  deepEqual(found, ["GNU_MBIND+0 R E", "GNU_MBIND+0x3 R", "GNU_MBIND+0x1 RW", "GNU_MBIND+0x9 RW", "GNU_MBIND+0x2 RW"]);
});

/** Name, type, flags and sh_info of the sections with the flag. */
const sections = (path: string): string[] =>
  [...tool("readelf", ["-SW", path]).matchAll(/^ *\[ *\d+\] (\S+) +(\w+) +(?:\w+ +){4}([A-Z]*D) +\d+ +(\d+)/gm)].map(
    (it) => it.slice(1).join(" "),
  );

eachTarget("in a library too, and with -r names and numbers stay", (target) => {
  const base = scratch("mbind");
  const [mine, theirs] = [underTest, gnu].map((linker) => {
    const shop = workshop(linker, target, base);
    const library = shop.ld("kinds.so", ["-shared", parts(target)]);
    return {
      library: [sections(library), segments(library)],
      object: sections(shop.ld("kinds.o", ["-r", parts(target)])),
    };
  });
  deepEqual(mine, theirs);
  ok(mine.object.includes("far.data PROGBITS WAD 9"));
});

eachTarget("a number beyond those of segments gets no segment, and a warning", (target) => {
  const shop = workshop(underTest, target, scratch("mbind"));
  const object = compile(target, "far.s", '.globl _start\n_start: nop\n.section far,"awd",@progbits,4096\n.long 1\n');
  deepEqual(segments(shop.ld("prog", [object])), []);
  match(shop.messages(), /has the number 4096 in sh_info: no segment is written/);
});
