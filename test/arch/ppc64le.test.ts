// 64-bit PowerPC's rows (ELFv2, little-endian) against the machine's assembler and linker.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { RelocationType } from "../../src/arch/index.ts";
import { localEntryOffset } from "../../src/arch/ppc64le/facts.ts";
import { PPC64LE } from "../../src/arch/ppc64le/tables.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { differencesOfRows, namesByReadelf } from "./rows.ts";
import { differencesOfSlots, type SlotJudge } from "./slots.ts";

const AS = "powerpc64le-linux-gnu-as";
const LD = "powerpc64le-linux-gnu-ld";

test("ppc64le: names and numbers are readelf's", needs(AS, "readelf"), (t) => {
  const theirs = namesByReadelf(t, [AS, "-a64"], ["readelf"]);
  for (const [number, name] of theirs.entries()) equal(PPC64LE.relocations.types[number]?.name, name, `type ${number}`);
});

/**
 * addi, ld, bc, b, addpcis, and prefixed addi. A whole half in code GNU ld takes for a signed number, of andi., ori and xori for an
 * unsigned one, and of cmpli for either, as in data.
 */
function instruction({ name, bytes }: RelocationType, random: () => number): number[] {
  const operands = random() >>> 6;
  if (bytes === 8 && /34|28|HI30|HA30/.test(name)) return [0x0600_0000 | (operands & 0x3_ffff), 0x3800_0000 | operands];
  if (/_DS$/.test(name)) return [(0xe800_0000 | (operands & ~3)) >>> 0];
  if (/14/.test(name)) return [0x4000_0000 | operands];
  if (/24/.test(name)) return [0x4800_0000 | operands];
  if (/ADDR16$/.test(name)) return [0x2800_0000 | operands];
  if (bytes === 2) return [0x3800_0000 | operands];
  return [random(), random()];
}

/** Where branches do not reach GNU ld makes a stub. */
function isByStub({ name }: RelocationType, value: number): boolean {
  const reach = /REL24/.test(name) ? 2 ** 25 : /REL14/.test(name) ? 2 ** 15 : Infinity;
  return value < -reach || value >= reach;
}

test("ppc64le: fields hold what GNU ld writes, and what it refuses does not fit", needs(AS, LD), (t) => {
  const problems = differencesOfRows(t, {
    machine: PPC64LE,
    assembler: [AS, "-a64"],
    linker: [LD, "--verbose", "--no-toc-optimize"],
    base: ".TOC.",
    oddEndsLink: true,
    background: instruction,
    // GNU ld shifts REL30 twice, out of its field, and calls what is defined without a slot, by a direct branch.
    isElsewhere: (type, value) => /_(REL30|PLT_PCREL34\w*)$/.test(type.name) || isByStub(type, value),
  });
  deepEqual(problems, []);
});

const SLOTS: SlotJudge = {
  machine: PPC64LE,
  assembler: [AS, "-a64"],
  // Otherwise each object has a TOC pointer that reaches its slots, and instructions are left out that it needs no more.
  linker: [LD, "--verbose", "--no-multi-toc", "--no-toc-optimize"],
  base: ".TOC.",
  freedom: ({ name }) => (/PCREL34|PLT(32|64)$/.test(name) ? "place" : "got"),
  symbolFor: ({ name }) => (/PLT16/.test(name) ? "v_plt" : undefined),
  template: instruction,
};

test("ppc64le: what GNU ld stores of slots in the GOT and the PLT", needs(AS, LD), (t) => {
  const slots = PPC64LE.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined && /^R_PPC64_(GOT\d+|GOT_\w+|PLT16_\w+|PLT32|PLT64)/.test(type.name) && type.bytes > 0,
  );
  deepEqual(differencesOfSlots(t, SLOTS, slots), []);
});

test("ppc64le: why the others are not judged", needs(AS, LD), () => {
  everyRowIsJudged(PPC64LE, [
    ["GNU ld shifts it twice, out of its field", /_REL30$/],
    ["GNU ld calls directly what is defined", /_PLT_PCREL34/],
  ]);
});

test("ppc64le: callers with the same TOC pointer enter a function behind its first instructions", () => {
  deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((bits) => localEntryOffset(bits << 5)),
    [0, 0, 4, 8, 16, 32, 64],
  );
});

test("ppc64le: flags of the header say the ABI", () => {
  deepEqual(PPC64LE.flagNames?.(2), ["ABI_V2"]);
  deepEqual(PPC64LE.flagNames?.(0), []);
});
