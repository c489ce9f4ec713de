// Sections that GNU ld treats by their name or type: what it drops of the inputs, and what stays under -r --gc-sections.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { readSections } from "../../support/sections.ts";

const noStack = '.section .note.GNU-stack,"",@progbits';
const start = (target: Target): string =>
  compile(target, "start.s", `.globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n${noStack}\n`);
const names = (path: string): string[] => readSections(path).sections.map(({ name }) => name);

for (const [title, option, expected] of [
  ["with --build-id there is one identity, the output's own", "--build-id=0x12345678", 1],
  ["without --build-id there is none", "--no-eh-frame-hdr", 0],
  ["with --build-id=none there is none", "--build-id=none", 0],
] as const) {
  eachTarget(`of inputs that have identities: ${title}`, (target) => {
    const identities = likeGnuLd(target, (shop) => {
      const other = compile(target, "f.s", `.file "f.c"\n.globl f\nf: nop\n${noStack}\n`);
      const inputs = [start(target), other].map((object, i) => {
        const path = join(shop.directory, `input${i}.o`);
        run("ld.bfd", ["-m", target.emulation, "-r", "--build-id=sha1", "-o", path, object]);
        return path;
      });
      const notes = (path: string): number => tool("readelf", ["-nW", path]).match(/Build ID/g)?.length ?? 0;
      equal(notes(inputs[0]), 1);
      // -r carries them on.
      equal(notes(shop.ld("joined.o", ["-r", ...inputs])), 2);
      return ["-no-pie", "-shared"].map((kind) => notes(shop.ld(`prog${kind}`, [kind, option, ...inputs])));
    });
    deepEqual(identities, [expected, expected]);
  });
}

eachTarget("an identity of two bytes makes a section of 18", (target) => {
  const sizes = likeGnuLd(target, (shop) =>
    ["-r", "-no-pie", "-shared"].map((kind) => {
      const path = shop.ld(`odd${kind}`, [kind, "--build-id=0x1234", start(target)]);
      return readSections(path).sections.find(({ name }) => name === ".note.gnu.build-id")?.bytes.length;
    }),
  );
  deepEqual(sizes, [18, 18, 18]);
});

eachTarget("the attributes of objects do not reach an output", (target) => {
  const objects = [1, 2].map((i) => compile(target, `a${i}.s`, `.gnu_attribute 4, ${i}\n${noStack}\n`));
  const found = likeGnuLd(target, (shop) =>
    [["-r"], ["-e", "0"]].map((args, i) => names(shop.ld(`out${i}`, [...args, ...objects]))),
  );
  deepEqual(
    found.flat().filter((name) => name === ".gnu.attributes"),
    [],
  );
});

const KEPT = [
  '.init,"ax",@progbits',
  '.fini,"ax",@progbits',
  '.jcr,"aw",@progbits',
  '.init_array,"aw",@init_array',
  '.init_array.7,"aw",@init_array',
  '.fini_array.x,"aw",@fini_array',
  '.preinit_array,"aw",@preinit_array',
  '.preinit_array.7,"aw",@preinit_array',
  'functions,"aw",@init_array',
  '.note.x,"a",@note',
  'retained,"awR",@progbits',
];
const COLLECTED = [
  '.ctors,"aw",@progbits',
  '.ctors.7,"aw",@progbits',
  '.dtors,"aw",@progbits',
  '.data.x,"aw",@progbits',
  '.gnu.warning.x,"aw",@progbits',
  '.jcr.x,"aw",@progbits',
  '.note.y,"a",@progbits',
];

const nameOf = (section: string): string => section.slice(0, section.indexOf(","));

/** One object with all of these sections. */
function withSections(target: Target): string {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const sections = [...KEPT, ...COLLECTED].map((it) => `.section ${it}\n${word} 1\n`).join("");
  return compile(target, "all.s", `.globl _start\n_start: nop\n${sections}\n${noStack}\n`);
}

eachTarget("-r --gc-sections keeps arrays of functions by their type, and few names", (target) => {
  const seen = likeGnuLd(target, (shop: Workshop) => {
    const path = shop.ld("out.o", ["-r", "--gc-sections", "-e", "_start", withSections(target)]);
    return [...KEPT, ...COLLECTED].map(nameOf).filter((name) => names(path).includes(name));
  });
  deepEqual(seen, KEPT.map(nameOf));
});

eachTarget("--gc-sections of a program keeps constructors by their names", (target) => {
  const seen = likeGnuLd(target, (shop: Workshop) => {
    const path = shop.ld("prog", ["--gc-sections", "-e", "_start", withSections(target)]);
    return names(path).filter((name) => /array|ctors|dtors|jcr|^\.note\.[xy]|retained|functions/.test(name));
  });
  deepEqual(seen, [".note.x", ".preinit_array", ".init_array", ".fini_array", ".jcr", "retained"]);
});

eachTarget("flags of systems and machines come from the first input section", (target) => {
  const first = compile(target, "plain.s", '.section keep,"aw",@progbits\n.long 1\n.globl _start\n_start:\n');
  const second = compile(
    target,
    "retained.s",
    '.section keep,"awR",@progbits\n.long 1\n.section .data.keep,"awR",@progbits\n.long 2\n',
  );
  const outputs = likeGnuLd(target, (shop) => {
    shop.ld("plain-first", [first, second]);
    shop.ld("retained-first", [second, first]);
    shop.ld("collected", ["--gc-sections", first, second]);
    shop.ld("shared", ["-shared", "--no-ld-generated-unwind-info", second, first]);
    return shop.outputs;
  });
  deepEqual(outputs, ["plain-first", "retained-first", "collected", "shared"]);
});

/** Objects with little in them. */
const PARTS: Readonly<Record<string, string>> = {
  text: ".text\n.globl f\nf: ret\n",
  data: ".data\n.long 1\n",
  rodata: '.section .rodata,"a"\n.long 1\n',
  sums: '.section sums,"a",@progbits\n.long 1\n',
  other: '.section other,"a",@progbits\n.long 1\n',
  note: '.section .note.one,"a",@note\n.balign 4\n.long 4, 4, 1, 0x41, 1\n',
  second: '.section .note.two,"a",@note\n.balign 4\n.long 4, 4, 1, 0x41, 1\n',
  wide: '.section .note.wide,"a",@note\n.balign 8\n.long 4, 8, 1, 0x41, 1, 1\n',
  unwound: ".text\n.globl g\ng: .cfi_startproc\nret\n.cfi_endproc\n",
  common: ".type t, @tls_object\n.comm t, 4, 4\n",
  overriding: '.section .tdata,"awT",@progbits\n.globl t\n.type t, @tls_object\n.size t, 4\nt: .long 1\n',
};

/** The sections of a link, without the empty .eh_frame that GNU ld leaves where it made code of its own, and then did not. */
function linked(target: Target, shop: Workshop, line: string): string {
  const words = line
    .split(" ")
    .map((word) => (word in PARTS ? compile(target, `${word}.s`, PARTS[word] + noStack) : word));
  const { sections } = readSections(shop.ld("out", words));
  return sections
    .filter(({ name, bytes }) => bytes.length > 0 || name !== ".eh_frame")
    .map(({ name }) => name)
    .join(" ");
}

eachTarget(
  "notes stand behind .interp or the build id; in a library without that, near what is like them",
  (target) => {
    const lines = [
      "-shared text note",
      "-shared text note sums",
      "-shared text sums note other",
      "-shared text note second sums wide",
      "-shared text note second sums --build-id",
      "-shared rodata note data",
      "-shared text rodata note second sums unwound",
      "-shared text rodata sums note other --no-ld-generated-unwind-info",
      "-shared text rodata note second sums --no-ld-generated-unwind-info",
      "-pie -e f text rodata sums note wide",
      "-e f text sums note wide --build-id",
      "-r text sums note wide --build-id",
    ];
    const found = likeGnuLd(target, (shop) => lines.map((line) => linked(target, shop, line)));
    match(found[1], /\.text sums \.note\.one /);
    match(found[6], /sums \.eh_frame \.note\.one \.note\.two /);
  },
);

eachTarget("an object's thread-local common keeps .tbss, whoever defines the name", (target) => {
  const lines = ["-e f text overriding common", "-shared text common overriding", "-e f text overriding"];
  const found = likeGnuLd(target, (shop) => lines.map((line) => linked(target, shop, line)));
  deepEqual(
    found.map((names) => names.includes(".tbss")),
    [true, true, false],
  );
});
