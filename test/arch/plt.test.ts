// The procedure linkage tables, whole sections against GNU ld's: executables, position-independent ones and libraries,
// lazy and not, with and without IBT.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { I386, type Machine, type PltEntry, type PltStyle, X86_64 } from "../../src/arch/index.ts";
import { needs } from "../support/tools.ts";
import { addressOf, type Bench, bench, contents, type Elf, hex, JUDGES } from "./judges.ts";

/** f0 to f2 are only called; g is also loaded from the GOT, so that its PLT entry can use that slot (.plt.got). */
const CALLS = `
.globl _start
.type _start, @function
_start:
call f2@PLT
call f0@PLT
call f1@PLT
call g@PLT
`;
const LOADS: Readonly<Record<Machine["name"], string>> = {
  "x86-64": "movq g@GOTPCREL(%rip), %rax\n",
  i386: "movl g@GOT(%ebx), %eax\n",
};
const FUNCTIONS = ["f0", "f1", "f2", "g"].map((name) => `.globl ${name}\n.type ${name}, @function\n${name}: ret\n`);

/** The output kind's options and whether it is position-independent. */
const KINDS: readonly (readonly [string, boolean, readonly string[]])[] = [
  ["executable", false, ["-no-pie"]],
  ["position-independent executable", true, ["-pie"]],
  ["shared library", true, ["-shared"]],
];

function linkCalls(tools: Bench, options: readonly string[]): Elf {
  tools.link("libf.so", "-shared", tools.assemble("f", FUNCTIONS.join("")));
  const object = tools.assemble("calls", CALLS + LOADS[tools.machine.name]);
  return tools.link("calls", ...options, object, "libf.so");
}

/** A table as the machine writes it: the header where the style has one, then an entry for each slot in turn. */
function table(style: PltStyle, elf: Elf, section: string, slots: readonly number[], pic: boolean): string {
  const image = new DataView(new ArrayBuffer(style.headerBytes + slots.length * style.entryBytes));
  const gotBase = addressOf(elf, "_GLOBAL_OFFSET_TABLE_");
  const address = addressOf(elf, section);
  const header = addressOf(elf, ".plt");
  style.writeHeader(image, 0, address, gotBase, pic);
  slots.forEach((slot, index) => {
    const at = style.headerBytes + index * style.entryBytes;
    const entry: PltEntry = { at, address: address + at, slot, header, gotBase, index, pic };
    style.writeEntry(image, entry);
  });
  return hex(new Uint8Array(image.buffer));
}

/** Slots of the lazy table, in the order of its relocations. */
function lazySlots(elf: Elf): number[] {
  return elf.relocations.filter((relocation) => relocation.section === ".plt").map(({ offset }) => offset);
}

function globalSlots(elf: Elf, machine: Machine): number[] {
  return elf.relocations.filter(({ type }) => type === machine.dynamic.globDat).map(({ offset }) => offset);
}

/** What the file holds in the slots: where a call goes before it is bound. */
function unbound(elf: Elf, machine: Machine): number[] {
  const got = elf.sections.get(".got.plt") ?? elf.sections.get(".got");
  const view = new DataView(elf.bytes.buffer, elf.bytes.byteOffset);
  return lazySlots(elf).map((slot) => {
    const at = (got?.offset ?? 0) + slot - (got?.address ?? 0);
    return machine.wordBytes === 8 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
  });
}

for (const machine of [X86_64, I386]) {
  for (const [kind, pic, options] of KINDS) {
    for (const binding of ["lazy", "now"]) {
      test(`${machine.name}: PLT of a ${binding} ${kind}`, needs(...JUDGES), (t) => {
        const elf = linkCalls(bench(t, machine), [...options, "-z", binding]);
        const slots = lazySlots(elf);
        equal(slots.length, 3);
        equal(table(machine.plt.lazy, elf, ".plt", slots, pic), hex(contents(elf, ".plt")));
        equal(
          table(machine.plt.direct, elf, ".plt.got", globalSlots(elf, machine), pic),
          hex(contents(elf, ".plt.got")),
        );
        const { headerBytes, entryBytes, lazyOffset } = machine.plt.lazy;
        const first = addressOf(elf, ".plt") + headerBytes + lazyOffset;
        deepEqual(unbound(elf, machine), [first, first + entryBytes, first + 2 * entryBytes]);
      });

      test(`${machine.name}: PLT of a ${binding} ${kind} under -z ibtplt`, needs(...JUDGES), (t) => {
        const elf = linkCalls(bench(t, machine), [...options, "-z", binding, "-z", "ibtplt"]);
        const slots = lazySlots(elf);
        const { lazyIbt, directIbt } = machine.plt;
        equal(table(lazyIbt, elf, ".plt", slots, pic), hex(contents(elf, ".plt")));
        equal(table(directIbt, elf, ".plt.sec", slots, pic), hex(contents(elf, ".plt.sec")));
        equal(table(directIbt, elf, ".plt.got", globalSlots(elf, machine), pic), hex(contents(elf, ".plt.got")));
        const first = addressOf(elf, ".plt") + lazyIbt.headerBytes + lazyIbt.lazyOffset;
        deepEqual(unbound(elf, machine), [first, first + 16, first + 32]);
      });
    }
  }

  test(`${machine.name}: gaps in code are filled with GNU ld's NOPs`, needs(...JUDGES), (t) => {
    const tools = bench(t, machine);
    const first = tools.assemble("first", "ret\n");
    for (const gap of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 19, 20, 31, 63]) {
      const second = tools.assemble("second", `.p2align 6\n.globl _start\n_start: ret\n`);
      const filler = tools.assemble("filler", `.rept ${63 - gap}\nret\n.endr\n`);
      const theirs = contents(tools.link("gap", first, filler, second), ".text");
      const ours = new Uint8Array(theirs.length).fill(0xc3);
      machine.fillCode(ours, 64 - gap, gap);
      equal(hex(ours), hex(theirs), `${gap} bytes`);
    }
  });
}
