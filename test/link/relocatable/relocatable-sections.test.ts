// -r: which sections the object has and in which order, their flags, their groups. GNU ld's object of the same inputs is
// compared line by line.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { portrait } from "../../support/object-portrait.ts";
import { tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";

/** The portrait of what both linkers make of the inputs with -r. It must be the same. */
function joined(target: Target, inputs: readonly string[], options: readonly string[] = []): string[] {
  const base = scratch("relocatable");
  const [expected, actual] = [workshop(gnu, target, base), workshop(underTest, target, base)].map((shop) =>
    portrait(shop.ld("joined.o", ["-r", ...options, ...inputs])),
  );
  deepEqual(actual, expected, "the object differs from GNU ld's");
  return actual ?? [];
}

const word = (target: Target): string => (target.wordBytes === 8 ? ".quad" : ".long");
const noStack = '.section .note.GNU-stack,"",@progbits\n';

/** Names of the sections, without those that every object has. */
const names = (lines: readonly string[]): string[] =>
  lines
    .map((line) => /^\d+ (\S+) /.exec(line)?.[1] ?? "")
    .filter((name) => name !== "" && !/^\.(rela?\.|symtab|strtab|shstrtab)/.test(name));

eachTarget("sections of equal names are joined, and stand where GNU ld puts them", (target) => {
  const one = compile(
    target,
    "one.s",
    `.section .text.f,"ax",@progbits
     f: nop; ret
     .section .meta,"ao",@progbits,.text.f
     .long 1
     .section numbers,"aw",@progbits
     .long 1
     .section space,"aw",@nobits
     .space 8
     .section .note.loaded,"a",@note
     .long 4, 0, 1
     .asciz "GNU"
     .section .note.unloaded,"",@note
     .long 4, 0, 1
     .asciz "GNU"
     .section .ctors,"aw",@progbits
     ${word(target)} f
     .section .init_array.7,"aw",@init_array
     ${word(target)} f
     .section .tdata,"awT",@progbits
     .long 7
     .section .debug_mine,"",@progbits
     .long 1
     .text
     ${word(target)} f
     .byte 1
     .data
     ${word(target)} .data + 4
     ${noStack}`,
  );
  const two = compile(
    target,
    "two.s",
    `.section .text.g,"ax",@progbits
     g: nop; ret
     .section .meta,"ao",@progbits,.text.g
     .long 2
     .section numbers,"aw",@progbits
     .balign 16
     .long 2
     .section space,"aw",@nobits
     .space 4
     .section .note.aligned,"a",@note
     .balign 8
     .long 4, 0, 1
     .asciz "GNU"
     .section .stub,"ax",@progbits
     nop
     .section .tbss,"awT",@nobits
     .space 4
     .section .debug_mine,"",@progbits
     ${word(target)} .data
     .text
     .balign 16
     ${word(target)} g
     .data
     .long 0
     ${word(target)} .data + 4
     ${noStack}`,
  );
  const seen = names(joined(target, [one, two]));
  deepEqual(seen.slice(0, 5), [".note.aligned", ".note.loaded", ".text", ".text.f", ".text.g"]);
  equal(seen.filter((name) => name === "numbers").length, 1);
});

eachTarget("orphans of one name are joined only if type and special flags agree", (target) => {
  const one = compile(
    target,
    "one.s",
    `.section kept,"aR",@progbits
     .long 1
     .section left_out,"e",@progbits
     .long 1
     .section data,"aw",@progbits
     .long 1
     .section strings,"aMS",@progbits,1
     .asciz "abc"
     .section wide,"MS",@progbits,1
     .asciz "abc"
     .section same,"MS",@progbits,1
     .asciz "abc"
     ${noStack}`,
  );
  const two = compile(
    target,
    "two.s",
    `.section kept,"a",@progbits
     .long 2
     .section left_out,"",@progbits
     .long 2
     .section data,"aw",@nobits
     .space 4
     .section strings,"a",@progbits
     .asciz "def"
     .section wide,"MS",@progbits,2
     .short 1, 0
     .section same,"MS",@progbits,1
     .asciz "abc"
     ${noStack}`,
  );
  const lines = joined(target, [one, two]);
  const count = (name: string): number => names(lines).filter((it) => it === name).length;
  deepEqual(["kept", "left_out", "data", "strings", "wide", "same"].map(count), [2, 2, 2, 1, 1, 1]);
  match(lines.join("\n"), / same PROGBITS .* size 000008 .* entry 01 flags MS/);
  match(lines.join("\n"), / strings PROGBITS .* entry 00 flags A /);
});

eachTarget("a group stays a group; of equal ones the first stays", (target) => {
  const group = (nops: string): string =>
    compile(
      target,
      "group.s",
      `.section .text.a,"axG",@progbits,inline,comdat
       .globl inline
       inline: call elsewhere
       inside: ${nops}
       .section .data.a,"awG",@progbits,inline,comdat
       ${word(target)} inline
       .section .text.b,"axG",@progbits,plain
       nop
       .section .text.c,"axG",@progbits,here,comdat
       .local here
       here: ${nops}
       .section .gnu.linkonce.t.once,"ax",@progbits
       .globl once
       once: nop
       .section .debug_lines,"",@progbits
       ${word(target)} inside, .text.c, .text.b
       .text
       call inline
       call once
       ${noStack}`,
    );
  const lines = joined(target, [group("nop"), group("nop"), group("nop; nop")]);
  // The second group's label is taken for the first one's; the third group is of another size.
  equal(lines.filter((line) => /^symbol inside/.test(line)).length, 2);
  equal(lines.filter((line) => /\.debug_lines .* R_/.test(line)).length, 7);
  const dissolved = joined(target, [group("nop"), group("nop; nop")], ["--force-group-allocation"]);
  equal(dissolved.filter((line) => /GROUP/.test(line)).length, 0);
});

eachTarget("a section that describes a discarded one goes with it", (target) => {
  const source = `.section .text.a,"axG",@progbits,inline,comdat
    .globl inline
    inline: nop
    .section where,"ao",@progbits,.text.a
    .long 1
    ${noStack}`;
  const one = compile(target, "one.s", source);
  const two = compile(target, "two.s", source);
  match(joined(target, [one, two]).join("\n"), / where PROGBITS .* size 000004 .* flags AL/);
});

eachTarget("--unique keeps sections of equal names apart", (target) => {
  const source = (value: number): string =>
    `.section numbers,"aw",@progbits
     .long ${value}
     .section others,"aw",@progbits
     .long ${value}
     .text
     nop
     ${noStack}`;
  const inputs = [compile(target, "one.s", source(1)), compile(target, "two.s", source(2))];
  const count = (lines: readonly string[], name: string): number => names(lines).filter((it) => it === name).length;
  const all = joined(target, inputs, ["--unique"]);
  deepEqual([count(all, "numbers"), count(all, "others"), count(all, ".text")], [2, 2, 1]);
  const some = joined(target, inputs, ["--unique=num*", "--unique=.te*"]);
  deepEqual([count(some, "numbers"), count(some, "others"), count(some, ".text")], [2, 1, 2]);
});

eachTarget("properties are merged, and one object without a stack note is enough", (target) => {
  const plain = compile(target, "plain.c", "int plain(void) { return 1; }", ["-fcf-protection=branch"]);
  const full = compile(target, "full.c", "int full(void) { return 1; }", ["-fcf-protection=full"]);
  const bare = compile(target, "bare.s", ".text\nnop\n");
  match(joined(target, [full, plain]).join("\n"), / \.note\.gnu\.property NOTE /);
  equal(names(joined(target, [full, bare])).includes(".note.gnu.property"), false);
  match(joined(target, [plain, bare]).join("\n"), / \.note\.GNU-stack PROGBITS .* flags X /);
  match(joined(target, [bare], ["-z", "ibt"]).join("\n"), / \.note\.gnu\.property NOTE /);
  match(joined(target, [bare], ["-z", "noexecstack"]).join("\n"), / \.note\.GNU-stack PROGBITS .* flags {2}link/);
});

eachTarget("-S drops debugging information, and compressed debugging information is unpacked", (target) => {
  const debug = (name: string, flag: string): string =>
    compile(target, `${name}.c`, `int ${name}(int x) { return x * 3; }`, ["-g", flag, "-O1"]);
  const lines = joined(target, [debug("packed", "-gz=zlib"), debug("plain", "-gz=none")]);
  equal(lines.filter((line) => / flags \S*C /.test(line)).length, 0);
  const stripped = names(joined(target, [debug("packed", "-gz=zlib"), debug("plain", "-gz=none")], ["-S"]));
  equal(stripped.filter((name) => name.startsWith(".debug")).length, 0);
});

test("more sections than 16 bits can number", needs("ld.bfd", ...x86_64.tools), () => {
  const many = (letter: string): string =>
    compile(
      x86_64,
      `${letter}.s`,
      `.altmacro
       .macro one number
       .section .text.${letter}\\number,"ax",@progbits
       ${letter}\\number: call ${letter}0
       .endm
       .set i, 0
       .rept 33000
       one %i
       .set i, i + 1
       .endr
       ${noStack}`,
    );
  const base = scratch("many");
  const inputs = [many("a"), many("b")];
  const [theirs, ours] = [workshop(gnu, x86_64, base), workshop(underTest, x86_64, base)].map((shop) =>
    shop.ld("many.o", ["-r", ...inputs]),
  );
  // readelf takes minutes for so many sections.
  for (const [program, option] of [
    ["nm", "-n"],
    ["objdump", "-h"],
  ] as const) {
    const lines = (path = ""): string[] =>
      tool(program, [option, path])
        .split("\n")
        .map((line) => line.replace(path, "").replace(/ {2}[0-9a-f]{8} {2}2/, ""));
    deepEqual(lines(ours), lines(theirs));
  }
  match(tool("readelf", ["-h", ours ?? ""]), /Number of section headers: +0 \(132\d\d\d\)/);
});

test("--build-id gives the object an identity", needsToRun("ld.bfd", ...i386.tools), () => {
  const input = compile(i386, "plain.c", "int plain(void) { return 1; }");
  const shop = workshop(underTest, i386);
  match(tool("readelf", ["-n", shop.ld("id.o", ["-r", "--build-id=sha1", input])]), /Build ID: [0-9a-f]{40}/);
  match(
    tool("readelf", ["-x", ".note.gnu.build-id", shop.ld("hex.o", ["-r", "--build-id=0xabcdef01", input])]),
    /abcdef01/,
  );
});

eachTarget(
  "an object with SHF_GNU_RETAIN makes a GNU object, whether or not the joined section has the flag",
  (target) => {
    const part = (name: string, flags: string): string =>
      compile(target, `${name}.s`, `.section .rodata,"${flags}",@progbits\n.long 1\n${noStack}`);
    const [plain, kept] = [part("plain", "a"), part("kept", "aR")];
    const system = likeGnuLd(target, (shop) =>
      [
        [plain, kept],
        [kept, plain],
        [plain, plain],
      ].map(
        (inputs, i) => tool("readelf", ["-h", shop.ld(`out${i}.o`, ["-r", ...inputs])]).match(/OS\/ABI: *(.*)/)?.[1],
      ),
    );
    deepEqual(system, ["UNIX - GNU", "UNIX - GNU", "UNIX - System V"]);
  },
);

eachTarget(
  "the first thread-local section has the strictest alignment; notes stand by alignment behind the identity",
  (target) => {
    const parts = compile(
      target,
      "parts.s",
      `.section .tdata,"awT",@progbits
     .balign 4
     .long 1
     .section .tbss,"awT",@nobits
     .balign 32
     .skip 4
     .section .note.small,"a",@note
     .balign 4
     .long 4, 4, 1, 0x41, 1
     ${noStack}`,
    );
    const lines = joined(target, [parts], ["--build-id=0x1234"]);
    match(lines.join("\n"), /\.note\.gnu\.build-id .*\n(?:.*\n)*.*\.note\.small .*\n(?:.*\n)*.*\.tdata .* align 32\n/);
  },
);

eachTarget(
  "for objects without a note the last one says that the stack is executable, if none asks for it itself",
  (target) => {
    const asking = (name: string, flags: string): string =>
      compile(target, `${name}.s`, `.section .note.GNU-stack,"${flags}",@progbits\n.text\n${name}: nop\n`);
    const silent = compile(target, "silent.s", ".text\nsilent: nop\n");
    const flags = (...inputs: string[]): string[] =>
      joined(target, inputs, ["--unique"]).flatMap((it) => /GNU-stack .* flags (X?) ?link/.exec(it)?.[1] ?? []);
    const [plain, last] = [asking("plain", ""), asking("last", "")];
    deepEqual(flags(plain, asking("executable", "x"), last), ["", "X", ""]);
    deepEqual(flags(silent, plain, last), ["", "X"]);
  },
);

eachTarget("--split-by-file and --split-by-reloc go on in further sections, behind all others", (target) => {
  const [one, two, three] = ["one", "two", "three"].map((name) =>
    compile(
      target,
      `split-${name}.s`,
      `.globl ${name}
       ${name}: call other
       call another
       .data
       ${word(target)} ${name}
       ${noStack}`,
    ),
  );
  const base = scratch("split");
  const [theirs, ours] = [workshop(gnu, target, base), workshop(underTest, target, base)];
  const parts = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      const [, name, size] = /^\d+ (\.(?:rela?\.)?(?:text|data)\S*) \w+ at \w+ (?:size (\w+))?/.exec(line) ?? [];
      return name === undefined ? [] : [`${name} ${size ?? ""}`];
    });
  for (const option of ["--split-by-file", "--split-by-file=12", "--split-by-file=0x100", "--split-by-reloc=4"]) {
    const [expected, actual] = [theirs, ours].map((shop) =>
      parts(portrait(shop.ld("split.o", ["-r", option, one ?? "", two ?? "", three ?? ""]))),
    );
    deepEqual(actual, expected, option);
  }
  // Whole again, they are as if nothing had been split.
  const split = ours.ld("split.o", ["-r", "--split-by-file", one ?? "", two ?? "", three ?? ""]);
  const whole = ours.ld("whole", ["-r", split]);
  deepEqual(portrait(whole).filter((line) => line.startsWith("symbol ") && / (one|two|three) /.test(line)).length, 3);
});

eachTarget("an executable stack is that of the first note that asks for it, if --gc-sections keeps it", (target) => {
  const [kept, asking, last] = [
    compile(target, "stack-kept.s", `.globl _start\n_start: ret\n${noStack}`),
    compile(target, "stack-asking.s", '.text\nnop\n.section .note.GNU-stack,"x",@progbits'),
    compile(target, "stack-last.s", `.section .data.kept,"awR",@progbits\n.long 1\n${noStack}`),
  ];
  joined(target, [kept, asking, last], ["--gc-sections", "-e", "_start"]);
});

eachTarget("under --gc-sections an object's common symbols stay or go together, thread-local ones too", (target) => {
  const asks = (name: string, of: string): string =>
    `.section .text.${name},"ax"\n.globl ${name}\n${name}: ${word(target)} ${of}\n`;
  const user = compile(target, "user.s", `${asks("none", "0")}${asks("plain", "c1")}${asks("other", "c2")}${noStack}`);
  const commons = (name: string, one: string, two: string): string =>
    compile(target, `${name}.s`, `.comm ${one},16,8\n.type ${two},@tls_object\n.comm ${two},16,8\n${noStack}`);
  const objects = [user, commons("first", "c1", "t1"), commons("second", "c2", "t2")];
  for (const options of [
    ["-e", "none"],
    ["-e", "plain"],
    ["-e", "other"],
    ["-e", "none", "-u", "c1"],
  ])
    joined(target, objects, ["--gc-sections", ...options]);
});
