// -r: the symbol table, and the options that decide what is in it. GNU ld's object of the same inputs is compared line by
// line; the order of global symbols is nobody's promise.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { archive, compile, scratch, type Target } from "../../support/build.ts";
import { eachTarget, gnu, underTest, type Workshop, workshop } from "../../support/link.ts";
import { portrait } from "../../support/object-portrait.ts";

/** The portrait of what both linkers make of the inputs with -r. It must be the same. */
function joined(target: Target, arguments_: readonly string[], prepare: (shop: Workshop) => void = () => {}): string[] {
  const base = scratch("relocatable");
  const [expected, actual] = [workshop(gnu, target, base), workshop(underTest, target, base)].map((shop) => {
    prepare(shop);
    return portrait(shop.ld("joined.o", ["-r", ...arguments_]));
  });
  deepEqual(actual, expected, "the object differs from GNU ld's");
  return actual ?? [];
}

const symbols = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => line.startsWith("symbol ") && !line.includes("SECTION"))
    .map((line) => line.split(" ")[1] ?? "");

const word = (target: Target): string => (target.wordBytes === 8 ? ".quad" : ".long");
const noStack = '.section .note.GNU-stack,"",@progbits\n';

/** Every sort of symbol; relocations need `static_used` and `.Lused`. */
function inputs(target: Target): string[] {
  const one = compile(
    target,
    "one.s",
    `.file "one.c"
     .globl defined, hidden, protected
     .hidden hidden
     .protected protected
     .type defined, @function
     .size defined, 1
     defined: nop
     hidden: nop
     protected: nop
     static_used: nop
     static_unused: nop
     .Lused: nop
     .Lunused: nop
     .section .text.other,"ax",@progbits
     .weak weak
     weak: nop
     other: nop
     .data
     ${word(target)} static_used, .Lused, undefined, other, tentative, absolute
     .weak weak_undefined
     ${word(target)} weak_undefined
     .hidden hidden_undefined
     ${word(target)} hidden_undefined
     .comm tentative, 4, 4
     .globl absolute
     .set absolute, 0x12345678
     .set local_absolute, 0x42
     .type resolver, @gnu_indirect_function
     .globl resolver
     resolver: nop
     .section .tbss,"awT",@nobits
     .globl thread
     thread: .space 4
     ${noStack}`,
  );
  const two = compile(
    target,
    "two.s",
    `.globl undefined
     undefined: nop
     nop
     static_used: nop
     .data
     ${word(target)} static_used, weak_undefined, hidden
     .comm tentative, 64, 16
     ${noStack}`,
  );
  return [one, two];
}

eachTarget("locals file by file, globals with binding, visibility and type; commons stay", (target) => {
  const lines = joined(target, inputs(target));
  equal(symbols(lines).filter((name) => name === "static_used").length, 2);
  match(lines.join("\n"), /symbol tentative OBJECT GLOBAL DEFAULT size 64 value 0+10 in COM/);
  match(lines.join("\n"), /symbol hidden_undefined NOTYPE GLOBAL HIDDEN size 0 value 0+ in UND/);
});

eachTarget("-s, -S, -x and -X keep what relocations need", (target) => {
  const files = inputs(target);
  for (const options of [["-s"], ["-S"], ["-x"], ["-X"], ["-S", "-x"], ["--discard-none"]])
    joined(target, [...options, ...files]);
  const stripped = symbols(joined(target, ["-x", ...files]));
  equal(stripped.includes("static_unused"), false);
});

eachTarget("--retain-symbols-file keeps the symbols of the list, and what relocations need", (target) => {
  const files = inputs(target);
  const lines = joined(target, ["--retain-symbols-file=list", ...files], (shop) =>
    shop.file("list", "defined\nstatic_unused\n"),
  );
  equal(symbols(lines).includes("protected"), false);
  equal(symbols(lines).includes("static_unused"), true);
});

eachTarget("-d gives commons space; -u, --defsym, --wrap and -e as in a link", (target) => {
  const files = inputs(target);
  const lines = joined(target, ["-d", ...files]);
  match(lines.join("\n"), /symbol tentative OBJECT GLOBAL DEFAULT size 64 value 0+ in \[\d+\]\.bss/);
  for (const options of [
    ["-u", "wanted"],
    ["--defsym=five=5", "--defsym=same=defined", "--defsym=next=defined+1"],
    ["--wrap=undefined"],
    ["-e", "protected"],
    ["-Ttext=0x1000"],
  ])
    joined(target, [...options, ...files]);
});

eachTarget("a version script waits for the final link", (target) => {
  const lines = joined(target, ["--version-script=map", ...inputs(target)], (shop) =>
    shop.file("map", "{ global: defined; local: *; };"),
  );
  match(lines.join("\n"), /symbol weak NOTYPE WEAK DEFAULT/);
});

eachTarget("names with versions stay as they are; a reference to foo@V means foo@@V", (target) => {
  const definitions = compile(
    target,
    "definitions.s",
    `.globl new, old
     new: nop
     old: nop
     .symver new, f@@V2
     .symver old, f@V1
     ${noStack}`,
  );
  const references = compile(
    target,
    "references.s",
    `.symver g, f@V2
     .symver h, f@V1
     ${word(target)} g, h, f
     ${noStack}`,
  );
  for (const order of [
    [definitions, references],
    [references, definitions],
  ]) {
    const names = symbols(joined(target, order));
    deepEqual(names.filter((name) => name.startsWith("f")).sort(), ["f", "f@@V2", "f@V1"]);
  }
});

eachTarget("of a discarded group's symbols only those are undefined that something refers to", (target) => {
  const small = compile(
    target,
    "small.s",
    `.section .text.inline,"axG",@progbits,inline,comdat
     .globl inline
     inline: nop
     ${noStack}`,
  );
  const large = compile(
    target,
    "large.s",
    `.section .text.inline,"axG",@progbits,inline,comdat
     .globl inline, second, third
     inline: nop
     second: nop
     third: nop
     .text
     call third
     ${noStack}`,
  );
  const lines = joined(target, [small, large]);
  deepEqual(
    symbols(lines).filter((name) => /second|third/.test(name)),
    ["third"],
  );
});

eachTarget("archives give up the members that are needed, and linker scripts name files", (target) => {
  const member = compile(target, "member.c", "int helper(void) { return 1; }");
  const spare = compile(target, "spare.c", "int spare(void) { return 1; }");
  const user = compile(target, "user.c", "int helper(void); int user(void) { return helper(); }");
  const names = symbols(
    joined(target, [user, "inputs.ld"], (shop) => {
      archive(shop.directory, "libhelper.a", [member, spare]);
      shop.file("inputs.ld", "GROUP(libhelper.a)\nalias = helper;\n");
    }),
  );
  deepEqual(names.includes("helper"), true);
  deepEqual(names.includes("spare"), false);
});

eachTarget("a reference from code to a local symbol of a discarded section is an error", (target) => {
  const group = (nops: string, reference: string): string =>
    compile(
      target,
      "group.s",
      `.section .data.a,"awG",@progbits,inline,comdat
       .globl inline
       inline: nop
       inside: ${nops}
       .data
       ${reference}
       ${noStack}`,
    );
  const shop = workshop(underTest, target);
  const said = shop.refuses("joined.o", ["-r", group("nop", ""), group("nop; nop", ".long inside")], "ld");
  match(said, /discarded section `\.data\.a' is referenced here/);
  equal(join(shop.directory, "joined.o").length > 0, true);
});

eachTarget("a foo that an archive was asked for when only foo@@V was known is not looked at again", (target) => {
  const object = (name: string, text: string): string => compile(target, `${name}.s`, `${text}\n${noStack}`);
  const versioned = object("versioned", ".globl impl\n.data\nimpl: .long 1\n.symver impl,foo@@V1\n");
  const wants = object("wants", `.data\n${word(target)} other\n`);
  const other = object("other", `.globl other\n.data\nother: ${word(target)} foo\n`);
  const foo = object("foo", ".globl foo\n.data\nfoo: .long 2\n");
  const directory = scratch("archives");
  archive(directory, "before.a", [foo, other]);
  archive(directory, "behind.a", [other, foo]);
  const [before, behind] = ["before.a", "behind.a"].map((it) => join(directory, it));
  const isThere = (lines: readonly string[]): boolean =>
    lines.some((it) => /^symbol foo \w+ GLOBAL \w+ .* in \[/.test(it));
  const found = [
    [versioned, wants, before],
    [versioned, wants, behind],
    [versioned, other, before],
    [versioned, wants, "--start-group", before, "--end-group"],
    [wants, before, versioned],
  ].map((it) => isThere(joined(target, it)));
  deepEqual(found, [false, true, true, true, true]);
});
