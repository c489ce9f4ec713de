// Which copy of a section takes part: section groups, the older .gnu.linkonce sections, and sections that are excluded.

import { deepEqual, equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

// In a library of assembler code GNU ld leaves an empty .eh_frame.
const EMPTY_FRAMES = ["sections", "segments", "symbols"];

const NO_STACK = '.section .note.GNU-stack,"",@progbits';

const start = (target: Target): string => compile(target, "start.s", `.globl _start\n_start: call fn\n${NO_STACK}`);

/** A copy of `fn` in a section that starts with `.section HEAD`; `mark` tells the copies apart. */
const copy = (target: Target, name: string, head: string, binding: string, mark: number): string =>
  compile(
    target,
    `${name}.s`,
    `.section ${head}\n.globl fn\n.${binding} fn\nfn: mov $${mark}, %eax\n ret\n${NO_STACK}`,
  );

/** The marks of the copies that are in the output. */
function marks(path: string): string {
  const code = tool("objdump", ["-d", path]);
  return [...code.matchAll(/mov +\$0x([0-9a-f]+),%eax/g)].map((it) => it[1]).join(" ");
}

eachTarget("a .gnu.linkonce section and a group of one section are copies if they define the same", (target) => {
  const once = '.gnu.linkonce.t.fn,"ax",@progbits';
  const group = '.text.fn,"axG",@progbits,fn,comdat';
  const old = copy(target, "old", once, "weak", 1);
  const older = copy(target, "older", once, "weak", 2);
  const young = copy(target, "young", group, "weak", 3);
  const strong = copy(target, "strong", group, "globl", 4);
  const found = likeGnuLd(
    target,
    (shop) =>
      Object.entries({
        old,
        young,
        both: `${old} ${young}`,
        turned: `${young} ${old}`,
        olds: `${older} ${old}`,
        all: `${old} ${young} ${older}`,
        other: `${old} ${strong}`,
      }).map(([name, objects]) => {
        const files = [start(target), ...objects.split(" ")];
        shop.ld(`${name}.o`, ["-r", ...files]);
        return `${name}: ${marks(shop.ld(name, files))}, library: ${marks(shop.ld(`${name}.so`, ["-shared", ...files]))}`;
      }),
    EMPTY_FRAMES,
  );
  deepEqual(found, [
    "old: 1, library: 1",
    "young: 3, library: 3",
    "both: 1, library: 1",
    "turned: 3, library: 3",
    "olds: 2, library: 2",
    "all: 1, library: 1",
    // Another binding is another thing.
    "other: 1 4, library: 1 4",
  ]);
});

eachTarget("a .gnu.linkonce section stays beside a group of several sections", (target) => {
  const old = copy(target, "old", '.gnu.linkonce.t.fn,"ax",@progbits', "weak", 1);
  const group = compile(
    target,
    "group.s",
    `.section .text.fn,"axG",@progbits,fn,comdat
     .weak fn
     fn: mov $2, %eax
     .section .data.fn,"awG",@progbits,fn,comdat
     .long 1
     ${NO_STACK}`,
  );
  const found = likeGnuLd(target, (shop) => marks(shop.ld("a", [start(target), group, old])));
  equal(found, "2 1");
});

eachTarget(".gnu.linkonce.r goes where .gnu.linkonce.t came from another object", (target) => {
  const code = copy(target, "code", '.gnu.linkonce.t.fn,"ax",@progbits', "weak", 1);
  const both = compile(
    target,
    "both.s",
    `.section .gnu.linkonce.t.fn,"ax",@progbits
     .weak fn
     fn: mov $2, %eax
     .section .gnu.linkonce.r.fn,"a",@progbits
     .ascii "rest"
     ${NO_STACK}`,
  );
  const found = likeGnuLd(target, (shop) =>
    [
      [code, both],
      [both, code],
    ].map((objects, i) => tool("strings", ["-a", shop.ld(`a${i}`, [start(target), ...objects])]).includes("rest")),
  );
  deepEqual(found, [false, true]);
});

eachTarget("an excluded section and what it defines take no part in a program or library", (target) => {
  const real = compile(target, "real.s", `.globl fn, _start\n_start: call fn\nfn: mov $1, %eax\n ret\n${NO_STACK}`);
  const spare = compile(
    target,
    "spare.s",
    `.section .text.spare,"axe",@progbits
     .globl fn, only
     .hidden only
     fn: mov $2, %eax
     only: ret
     ${NO_STACK}`,
  );
  const found = likeGnuLd(
    target,
    (shop) =>
      [[], ["-shared"], ["-pie"], ["--gc-sections"]].map((flags, i) => {
        const path = shop.ld(`a${i}`, [...flags, real, spare]);
        return `${marks(path)} ${/only/.test(tool("nm", [path]))}`;
      }),
    EMPTY_FRAMES,
  );
  deepEqual(found, ["1 false", "1 false", "1 false", "1 false"]);
});

eachTarget("what only an excluded section defines is undefined; -r keeps it", (target) => {
  const spare = copy(target, "spare", '.text.spare,"axe",@progbits', "globl", 1);
  const said = likeGnuLd(target, (shop) => {
    shop.ld("both.o", ["-r", start(target), spare]);
    const message = shop.refuses("a", [start(target), spare], "ld");
    return /fn/.test(message) ? "fn" : message;
  });
  match(said, /fn/);
});
