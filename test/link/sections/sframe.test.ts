// .sframe: one header, and the functions that are in the output, sorted by address; in all three versions of the format.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, x86_64 } from "../../support/build.ts";
import { gnu, type Linker, underTest, workshop } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { readSections } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

type Version = 1 | 2 | 3;

const HEADER = 28;
const WIDTH = [0, 17, 20, 16];

/** An object with functions of 4 bytes each, in sections of their own, and a row of 3 bytes for each that holds its number. */
function object(
  version: Version,
  functions: Readonly<Record<string, number>>,
  flags = version === 1 ? 0 : 4,
  abi = 3,
): string {
  const names = Object.keys(functions);
  const rows = version === 3 ? 8 : 3;
  const code = names.map((name) => `.section .text.${name},"ax"\n.globl ${name}\n${name}: nop; nop; nop; ret\n`);
  const descriptors = names.map((name, i) => {
    if (version === 3) return `.quad .text.${name} - .\n.long 4, ${i * rows}\n`;
    return `.long .text.${name} - .\n.long 4, ${i * rows}, 1\n.byte 0\n${version === 2 ? ".byte 0\n.short 0\n" : ""}`;
  });
  const frames = Object.values(functions).map(
    (number) => `${version === 3 ? ".short 1\n.byte 0, 0, 0\n" : ""}.byte 0, 3, ${number}\n`,
  );
  const source = `${code.join("")}
    .section .sframe,"a",@progbits
    .short 0xdee2
    .byte ${version}, ${flags}, ${abi}, 0, -8, 0
    .long ${names.length}, ${names.length}, ${rows * names.length}, 0, ${WIDTH[version] * names.length}
    ${descriptors.join("")}${frames.join("")}
    .section .note.GNU-stack,"",@progbits\n`;
  return compile(x86_64, `frames${names.join("")}.s`, source);
}

/** The functions that a linked file's .sframe has, in its order, each with the number in its row. */
function functionsOf(path: string): string[] {
  const file = readSections(path);
  const section = file.sections.find(({ name }) => name === ".sframe");
  if (section === undefined) return [];
  const { bytes, address } = section;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, flags, count] = [bytes[2], bytes[3], view.getUint32(8, true)];
  const rows = HEADER + view.getUint32(24, true);
  equal(view.getUint16(0, true), 0xdee2);
  equal(flags & 1, 1, "sorted");
  equal(view.getUint32(12, true), count);
  equal(bytes.length, rows + view.getUint32(16, true));
  const names = new Map(
    tool("nm", [path])
      .split("\n")
      .map((line) => [Number.parseInt(line.slice(0, 16), 16), line.slice(19)]),
  );
  return Array.from({ length: count }, (_, i) => {
    const at = HEADER + i * WIDTH[version];
    const distance = version === 3 ? Number(view.getBigInt64(at, true)) : view.getInt32(at, true);
    const start = address + ((flags & 4) === 0 ? 0 : at) + distance;
    const row = rows + view.getUint32(at + (version === 3 ? 12 : 8), true) + (version === 3 ? 5 : 0);
    return `${names.get(start)} ${bytes[row + 2]}`;
  });
}

function link(inputs: readonly string[], options: readonly string[] = [], linker: Linker = underTest): string {
  return workshop(linker, x86_64).ld("prog", ["-e", "b", ...options, ...inputs]);
}

for (const version of [1, 2, 3] as const) {
  test(`version ${version}: one header, and all functions by address`, needs("gcc", "nm"), () => {
    const inputs = [object(version, { c: 3, b: 2 }), object(version, { a: 1 }), object(version, {})];
    const sorted = ["c 3", "b 2", "a 1"];
    for (const kind of [[], ["-pie", "--no-dynamic-linker"], ["-shared"]])
      deepEqual(functionsOf(link(inputs, kind)), sorted);
    deepEqual(functionsOf(link(inputs, ["--section-start=.text.c=0x800000", "--unique=.text.c"])), [
      "b 2",
      "a 1",
      "c 3",
    ]);
    deepEqual(functionsOf(link(inputs, ["--gc-sections"])), ["b 2"]);
    deepEqual(functionsOf(link(inputs, ["--discard-sframe"])), []);
    const joined = link(inputs, ["-r"]);
    deepEqual(functionsOf(link([joined, object(version, { d: 4 })])), [...sorted, "d 4"]);
  });
}

test("there is a segment for .sframe", needs("gcc", "readelf"), () => {
  const path = link([object(2, { b: 1 })]);
  match(tool("readelf", ["-lW", path]), /(GNU_SFRAME|0x6474e554|6474e554) .* R /);
});

test("the functions of a discarded copy are left out", needs("gcc", "nm"), () => {
  const group = (name: string, number: number): string =>
    compile(
      x86_64,
      `${name}.s`,
      `.section .text.f,"axG",@progbits,f,comdat\n.globl f\nf: nop\n.text\n.globl ${name}\n${name}: nop; nop
       .section .sframe,"a",@progbits\n.short 0xdee2\n.byte 2, 4, 3, 0, -8, 0\n.long 2, 2, 6, 0, 40
       .long .text.f - ., 1, 0, 1, 0\n.long .text - ., 2, 3, 1, 0\n.byte 0, 3, ${number}, 0, 3, ${number + 1}
       .section .note.GNU-stack,"",@progbits\n`,
    );
  deepEqual(functionsOf(link([group("b", 1), group("e", 5)])).sort(), ["b 2", "e 6", "f 1"]);
});

test("inputs that do not agree are refused", needs("gcc"), () => {
  const refused = (...others: string[]): string =>
    workshop(underTest, x86_64).refuses("prog", ["-e", "b", object(2, { b: 1 }), ...others], "ld");
  match(refused(object(1, { a: 1 })), /another version/);
  match(refused(object(2, { a: 1 }, 4, 2)), /another ABI/);
  match(refused(object(2, { a: 1 }, 0)), /another encoding/);
});

test("a damaged .sframe is not made part of an output", needs("gcc"), () => {
  const source = '.section .sframe,"a"\n.long 7\n.section .note.GNU-stack,"",@progbits\n';
  const shop = workshop(underTest, x86_64);
  const path = shop.ld("prog", ["-e", "b", object(2, { b: 1 }), compile(x86_64, "damaged.s", source)]);
  match(shop.messages(), /damaged\.o.*no \.sframe will be created/);
  deepEqual(functionsOf(path), []);
});

test("the assembler's own .sframe is merged as GNU ld merges it", needs("gcc", "objdump", "ld.bfd"), (context) => {
  if (!run("as", ["--help"]).stdout.includes("--gsframe")) return context.skip("as knows no --gsframe");
  const source = (name: string): string =>
    `.globl ${name}\n.type ${name},@function\n${name}: .cfi_startproc\npush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset 6,-16
     pop %rbp\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc\n.section .note.GNU-stack,"",@progbits\n`;
  const inputs = ["b", "c", "d"].map((name) => compile(x86_64, `${name}.s`, source(name), ["-Wa,--gsframe"]));
  const [expected, actual] = [gnu, underTest].map((linker) => {
    const path = link(inputs, [], linker);
    return tool("objdump", ["--sframe=.sframe", path]).replace(path, "");
  });
  equal(actual, expected);
});
