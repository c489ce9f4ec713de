// 64-bit RISC-V's rows against the machine's assembler and linker: names, fields of instructions, what fits.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type RelocationType, readField, relocationByName, writeField } from "../../src/arch/index.ts";
import { RISCV_INSTRUCTIONS } from "../../src/arch/riscv64/instructions.ts";
import { RISCV64 } from "../../src/arch/riscv64/tables.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { differencesOfRows, namesByReadelf } from "./rows.ts";
import { differencesOfSlots, rowsNamed, type SlotJudge } from "./slots.ts";

const AS = "riscv64-linux-gnu-as";
const LD = "riscv64-linux-gnu-ld";
const LLD = "ld.lld-19";
const LLVM_MC = "llvm-mc-19";
const LLVM_READELF = "llvm-readelf-19";

test("riscv64: names and numbers are readelf's", needs(AS, "readelf", LLVM_READELF), (t) => {
  const theirs = namesByReadelf(t, [AS], ["readelf", LLVM_READELF]);
  for (const [number, name] of theirs.entries()) {
    // No readelf of today knows it.
    if (number !== 191) equal(RISCV64.relocations.types[number]?.name, name, `type ${number}`);
  }
});

/** Newer than binutils 2.40. */
const UNKNOWN = /GOT32_PCREL|PLT32|ULEB128|TLSDESC|TPREL32|DTPMOD|DTPREL/;
/** Dynamic, or made by the linker itself. */
const OTHERS = /TPREL64|GPREL|R_RISCV_TPREL_[IS]$/;

test("riscv64: fields hold what GNU ld writes, and what it refuses does not fit", needs(AS, LD), (t) => {
  const problems = differencesOfRows(t, {
    machine: RISCV64,
    assembler: [AS],
    linker: [LD, "--no-relax", "--verbose"],
    background: ({ name }, random) => (/RVC_LUI/.test(name) ? [0x6781] : [random(), random()]),
    isElsewhere: ({ name }) => UNKNOWN.test(name) || OTHERS.test(name),
  });
  deepEqual(problems, []);
});

const SLOTS: SlotJudge = {
  machine: RISCV64,
  assembler: [AS],
  linker: [LD, "--no-relax", "--verbose"],
  freedom: () => "place",
  highOf: ({ name }) => HIGH_PARTS.get(name),
};

/** Of what the rows of low bits have the low bits. */
const HIGH_PARTS: ReadonlyMap<string, RelocationType> = new Map([
  ["R_RISCV_PCREL_LO12_I", row("R_RISCV_GOT_HI20")],
  ["R_RISCV_PCREL_LO12_S", row("R_RISCV_TLS_GD_HI20")],
  ["R_RISCV_TLSDESC_LOAD_LO12", row("R_RISCV_TLSDESC_HI20")],
  ["R_RISCV_TLSDESC_ADD_LO12", row("R_RISCV_TLSDESC_HI20")],
]);

test("riscv64: what GNU ld stores of slots in the GOT, and of their low bits elsewhere", needs(AS, LD), (t) => {
  const rows = ["GOT_HI20", "TLS_GOT_HI20", "TLS_GD_HI20", "PCREL_LO12_I", "PCREL_LO12_S"];
  deepEqual(
    differencesOfSlots(
      t,
      SLOTS,
      rowsNamed(
        RISCV64,
        rows.map((name) => `R_RISCV_${name}`),
      ),
    ),
    [],
  );
});

test("riscv64: rows that only lld knows: descriptors, and distances of 32 bits", needs(AS, LLD), (t) => {
  const judge: SlotJudge = {
    ...SLOTS,
    linker: [LLD, "--no-relax", "--error-limit=0"],
    // The psABI names no range; lld has one.
    isElsewhere: ({ name }, value) => name === "R_RISCV_GOT32_PCREL" && Math.abs(value) >= 2 ** 31,
  };
  const rows = ["GOT32_PCREL", "TLSDESC_HI20", "TLSDESC_LOAD_LO12", "TLSDESC_ADD_LO12"];
  deepEqual(
    differencesOfSlots(
      t,
      judge,
      rowsNamed(
        RISCV64,
        rows.map((name) => `R_RISCV_${name}`),
      ),
    ),
    [],
  );
});

test("riscv64: a distance of 32 bits that only lld knows", needs(LLVM_MC, LLD), (t) => {
  const problems = differencesOfRows(t, {
    machine: RISCV64,
    assembler: [LLVM_MC, "--triple=riscv64", "--filetype=obj"],
    linker: [LLD, "--no-relax", "--error-limit=0"],
    background: (_, random) => [random(), random()],
    // The psABI names no range; lld has one.
    isElsewhere: ({ name }, value) => !(name === "R_RISCV_PLT32" && Math.abs(value) < 2 ** 31),
  });
  deepEqual(problems, []);
});

test("riscv64: why the others are not judged", needs(AS, LD, LLD, LLVM_MC), () => {
  everyRowIsJudged(RISCV64, [
    ["made by the linker itself", /_(TPREL|GPREL)_[IS]$/],
    ["lld takes them in pairs only (below)", /_ULEB128$/],
  ]);
});

function row(name: string): RelocationType {
  const type = relocationByName(RISCV64.relocations, name);
  if (type === undefined) throw new Error(name);
  return type;
}

/** The field after `set` and the same less `sub`. */
function difference(bytes: number[], set: string, sub: string, high: number, low: number): number[] {
  const field = Uint8Array.from(bytes);
  const view = new DataView(field.buffer);
  writeField(view, 0, row(set), high, true, RISCV_INSTRUCTIONS);
  const first = readField(view, 0, row(sub), true, RISCV_INSTRUCTIONS);
  writeField(view, 0, row(sub), first - low, true, RISCV_INSTRUCTIONS);
  return [...field];
}

test("riscv64: differences in ULEB128 keep their length, and drop what does not fit", () => {
  const long = 0x10_0000;
  deepEqual(
    difference([0x80, 0x80, 0x00, 0xff], "R_RISCV_SET_ULEB128", "R_RISCV_SUB_ULEB128", long + 300, long),
    [0xac, 0x82, 0x00, 0xff],
  );
  deepEqual(difference([0x00], "R_RISCV_SET_ULEB128", "R_RISCV_SUB_ULEB128", long + 5, long), [5]);
});

test("riscv64: the delta of an unwind record keeps the record's kind", () => {
  deepEqual(difference([0x40], "R_RISCV_SET6", "R_RISCV_SUB6", 0x1234, 0x1230), [0x44]);
});

test("riscv64: flags of the header have their psABI's names", () => {
  deepEqual(RISCV64.flagNames?.(5), ["RVC", "FLOAT_ABI_DOUBLE"]);
  deepEqual(RISCV64.flagNames?.(0x18), ["FLOAT_ABI_SOFT", "RVE", "TSO"]);
});
