// The relocation tables against binutils: names and numbers as readelf prints them, overflow rules as GNU ld applies them.

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_PC,
  fitsField,
  I386,
  type Machine,
  machineByEmulation,
  machineFor,
  type RelocationType,
  relocationByName,
  X86_64,
} from "../../src/arch/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { bench, JUDGES } from "./judges.ts";

/** What readelf calls every type from 0 to 255: the relocations of an object are patched to have each type in turn. */
function namesByReadelf(t: TestContext, machine: Machine): (string | undefined)[] {
  const tools = bench(t, machine);
  const object = tools.read(tools.assemble("all", ".text\n.rept 256\n.long foo\n.endr\n"));
  const table = object.sections.get(machine.rela ? ".rela.text" : ".rel.text");
  const entry = machine.rela ? 24 : 8;
  const info = (table?.offset ?? 0) + (machine.rela ? 8 : 4);
  for (let type = 0; type < 256; type++) object.bytes[info + type * entry] = type;
  writeFileSync(object.path, object.bytes);
  const lines = tool("readelf", ["-rW", object.path])
    .split("\n")
    .filter((line) => /^[0-9a-f]{8,}\s/.test(line));
  return lines.map((line) => /R_(?:X86_64|386)_\w+/.exec(line)?.[0]);
}

/** Types that binutils 2.40 and we do not both have. */
const DIFFERENT = /^R_X86_64_CODE_|^R_386_USED_BY_INTEL/;

for (const machine of [X86_64, I386]) {
  test(`${machine.name}: names and numbers are readelf's`, needs(...JUDGES), (t) => {
    const names = namesByReadelf(t, machine);
    equal(names.length, 256);
    for (let number = 0; number < 256; number++) {
      const ours = machine.relocations.types[number]?.name;
      const theirs = names[number];
      if (DIFFERENT.test(ours ?? theirs ?? "")) continue;
      equal(ours, theirs, `type ${number}`);
    }
  });

  test(`${machine.name}: the columns repeat the rows`, () => {
    const { types, expression, field, bytes, overflow, known } = machine.relocations;
    equal(types.length, 256);
    for (let number = 0; number < 256; number++) {
      const row = types[number];
      equal(known[number], row === undefined ? 0 : 1);
      const columns = [expression[number], field[number], bytes[number], overflow[number]];
      deepEqual(columns, row === undefined ? [0, 0, 0, 0] : [row.expression, row.field, row.bytes, row.overflow]);
      if (row !== undefined) equal(relocationByName(machine.relocations, row.name), row);
    }
  });

  test(`${machine.name}: a value is refused where GNU ld says "truncated to fit"`, needs(...JUDGES), (t) => {
    const tools = bench(t, machine);
    for (const type of plainTypes(machine)) {
      const values = edges(type);
      const fields = values.map((_, i) => `.reloc ${8 * i}, ${type.name}, v${i}`).join("\n");
      const object = tools.assemble(type.name, `.text\n${fields}\n${".quad 0\n".repeat(values.length)}`);
      const symbols = values.map((value, i) => `--defsym=v${i}=${symbolFor(machine, type, value, 8 * i)}`);
      const complaints = tools.complaints(object, "-e", "0", `-Ttext=0x${TEXT.toString(16)}`, ...symbols);
      deepEqual(
        values.filter((value) => !fitsField(reduced(machine, value), type.bytes, type.overflow)),
        values.filter((_, i) => complaints.includes(`truncated to fit: ${type.name} against symbol \`v${i}'`)),
        `${type.name}\n${complaints}`,
      );
    }
  });
}

test("x86-64: a size is unsigned", needs(...JUDGES), (t) => {
  const tools = bench(t, X86_64);
  const sizes = [0, 0xffff_ffff, 0x1_0000_0000];
  const symbols = sizes.map((size, i) => `.globl v${i}\nv${i}:\n.size v${i}, ${size}\n`).join("");
  const fields = sizes.map((_, i) => `.reloc ${8 * i}, R_X86_64_SIZE32, v${i}\n.quad 0\n`).join("");
  const object = tools.assemble("uses", `.data\n${fields}`);
  const complaints = tools.complaints(object, tools.assemble("sizes", `.data\n${symbols}`), "-e", "0");
  const { bytes = 0, overflow = 0 } = relocationByName(X86_64.relocations, "R_X86_64_SIZE32") ?? {};
  deepEqual(
    sizes.filter((size) => !fitsField(size, bytes, overflow)),
    sizes.filter((_, i) => complaints.includes(`R_X86_64_SIZE32 against symbol \`v${i}'`)),
    complaints,
  );
  equal(fitsField(-1, bytes, overflow), false);
});

const TEXT = 0x10_0000;

/** Types of up to 32 bits whose value a symbol alone decides. */
function plainTypes(machine: Machine): RelocationType[] {
  const plain = [EXPRESSION_ABSOLUTE, EXPRESSION_PC];
  return machine.relocations.types.filter(
    (type): type is RelocationType => type !== undefined && plain.includes(type.expression) && type.bytes < 8,
  );
}

/** Values just inside and just outside the field, read as signed, as unsigned, and as BFD's bitfield. */
function edges({ bytes }: RelocationType): bigint[] {
  const limit = 2n ** BigInt(8 * bytes);
  return [0n, limit / 2n - 1n, limit / 2n, limit - 1n, limit, -limit / 2n, -limit / 2n - 1n, -limit, -limit - 1n];
}

/** The address that a symbol must have for the relocation at `offset` of .text to come to `value`. */
function symbolFor(machine: Machine, type: RelocationType, value: bigint, offset: number): string {
  const place = type.expression === EXPRESSION_PC ? BigInt(TEXT + offset) : 0n;
  return `0x${BigInt.asUintN(machine.elfClass, value + place).toString(16)}`;
}

/** What the linker checks: addresses of a 32-bit machine wrap. */
function reduced(machine: Machine, value: bigint): number {
  return Number(machine.elfClass === 32 ? BigInt.asIntN(32, value) : value);
}

for (const machine of [X86_64, I386]) {
  test(`${machine.name}: text address, page size and file type are GNU ld's defaults`, needs(...JUDGES), (t) => {
    const tools = bench(t, machine);
    const { path } = tools.link("program", tools.assemble("start", ".globl _start\n_start: ret\n"));
    const text = tool("readelf", ["-hlW", path]);
    const [, start, alignment] = /LOAD\s+0x0+ (0x\S+) .*(0x\S+)$/m.exec(text) ?? [];
    deepEqual([Number(start), Number(alignment)], [machine.textSegment, machine.maxPageSize]);
    equal(machineFor(/X86-64/.test(text) ? 62 : 3, /ELF64/.test(text) ? 64 : 32), machine);
    equal(tool("ld", ["-m", machine.emulation, "--print-output-format"]).trim(), machine.bfdName);
  });
}

test("machines are found by the ELF header and by BFD's names", () => {
  equal(machineFor(62, 64), X86_64);
  equal(machineFor(3, 32), I386);
  equal(machineFor(62, 32), undefined, "x32");
  equal(machineFor(183, 64), undefined, "AArch64");
  equal(machineByEmulation("elf_x86_64"), X86_64);
  equal(machineByEmulation("elf64-x86-64"), X86_64);
  equal(machineByEmulation("elf_i386"), I386);
  equal(machineByEmulation("elf32-i386"), I386);
  equal(machineByEmulation("elf32_x86_64"), undefined);
});
