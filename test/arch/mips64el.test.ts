// mips64el's rows against GNU as, ld and readelf.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_DIFFERENCE,
  EXPRESSION_GP_RELATIVE,
  EXPRESSION_LOW,
  EXPRESSION_PC,
  MIPS64,
  type RelocationType,
} from "../../src/arch/index.ts";
import { composedType } from "../../src/arch/mips64/composed.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { judgeNames, judgeRows, judgeTls, type RowJudge, TEXT } from "./random-rows.ts";
import { differencesOfSlots, type LinkedFile, type SlotJudge } from "./slots.ts";

const JUDGES: readonly string[] = ["mips64el-linux-gnuabi64-as", "mips64el-linux-gnuabi64-ld"];

/** Where the register for the GOT and small data points. */
const GP = 0x2000_0000;

const JUDGE: RowJudge = {
  machine: MIPS64,
  tools: "mips64el-linux-gnuabi64-",
  typeAt: 15,
  origin: ({ name, expression }) => (name === "R_MIPS_26" ? TEXT : expression === EXPRESSION_GP_RELATIVE ? GP : 0),
  ldOptions: [`--defsym=_gp=${GP}`],
};

const EXPRESSIONS = [EXPRESSION_ABSOLUTE, EXPRESSION_PC, EXPRESSION_LOW, EXPRESSION_DIFFERENCE, EXPRESSION_GP_RELATIVE];

function rows(pattern: RegExp): RelocationType[] {
  return MIPS64.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined && EXPRESSIONS.includes(type.expression) && type.bytes > 0 && pattern.test(type.name),
  );
}

test("mips64el: names and numbers are readelf's", needs(...JUDGES), () => {
  judgeNames(JUDGE);
});

const NOT_JUDGED: ReadonlySet<string> = new Set([
  // Never the last of three, where a value is stored; GNU ld then takes it for an instruction, and swaps halves.
  "R_MICROMIPS_SUB",
  // Only beside a GOT entry for the page.
  "R_MIPS_GOT_OFST",
  "R_MICROMIPS_GOT_OFST",
  // Their targets have to be code of the same kind.
  "R_MIPS16_26",
  "R_MIPS16_PC16_S1",
  "R_MICROMIPS_26_S1",
  "R_MICROMIPS_PC7_S1",
  "R_MICROMIPS_PC10_S1",
  "R_MICROMIPS_PC16_S1",
]);

/** A jump stays in its 256 MiB. */
function isMeant({ name }: RelocationType, value: number): boolean {
  return name === "R_MIPS_26" && Math.floor(value / 2 ** 28) !== Math.floor(TEXT / 2 ** 28);
}

test("mips64el: what ld stores in numbers and instructions", needs(...JUDGES), () => {
  judgeRows(
    JUDGE,
    rows(/./).filter(({ name }) => !NOT_JUDGED.has(name)),
    isMeant,
  );
});

test("mips64el: offsets of thread-local variables", needs(...JUDGES), () => {
  judgeTls(JUDGE, [
    "R_MIPS_TLS_TPREL64",
    "R_MIPS_TLS_DTPREL64",
    "R_MIPS_TLS_TPREL_HI16",
    "R_MIPS_TLS_TPREL_LO16",
    "R_MIPS_TLS_DTPREL_HI16",
    "R_MIPS_TLS_DTPREL_LO16",
    ...["MIPS16", "MICROMIPS"].flatMap((kind) =>
      ["TPREL_HI16", "TPREL_LO16", "DTPREL_HI16", "DTPREL_LO16"].map((name) => `R_${kind}_TLS_${name}`),
    ),
  ]);
});

const DT_MIPS_LOCAL_GOTNO = 0x7000_000a;
const DT_MIPS_GOTSYM = 0x7000_0013;

/** The last symbols of .dynsym have slots behind the local ones, in the same order (MIPS psABI, "Global Offset Table"). */
function globalSlot({ bytes, symbols, sectionAt }: LinkedFile, symbol: string): number | undefined {
  const dynamic = sectionAt(".dynamic");
  const got = sectionAt(".got");
  if (dynamic === undefined || got === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tagged = (tag: number): number => {
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
      if (view.getUint32(at, true) === tag) return view.getUint32(at + 8, true);
    }
    return 0;
  };
  const number = symbols.indexOf(symbol) - tagged(DT_MIPS_GOTSYM);
  return number < 0 ? undefined : got.address + 8 * (tagged(DT_MIPS_LOCAL_GOTNO) + number);
}

const SLOTS: SlotJudge = {
  machine: MIPS64,
  assembler: ["mips64el-linux-gnuabi64-as"],
  linker: ["mips64el-linux-gnuabi64-ld", "--verbose"],
  base: "_gp",
  freedom: () => "got",
  slotFor: (file, { name }, symbol) => (name.includes("TLS") ? undefined : globalSlot(file, symbol)),
};

test("mips64el: what ld stores of slots in the GOT", needs(...JUDGES), (t) => {
  const slots = MIPS64.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined &&
      type.bytes > 0 &&
      /_(GOT(16|_DISP|_PAGE|_HI16|_LO16)|CALL(16|_HI16|_LO16)|TLS_(GD|LDM|GOTTPREL))$/.test(type.name),
  );
  deepEqual(differencesOfSlots(t, SLOTS, slots), []);
});

test("mips64el: why the others are not judged", needs(...JUDGES), () => {
  everyRowIsJudged(MIPS64, [
    ["not of n64: GNU ld 2.40 ends by signal 11", /_TLS_(D?TPREL)32$/],
    ["never the last of three, where a value is stored", /_MICROMIPS_SUB$/],
    ["only beside a GOT entry for the page", /_GOT_OFST$/],
    ["branches to code of their own kind", /_(MIPS16_26|MIPS16_PC16_S1|MICROMIPS_(26|PC7|PC10|PC16)_S1)$/],
  ]);
});

test("mips64el: a relocation of three types is one row, whose formula goes through all of them", () => {
  // GPREL16, SUB, HI16: the upper half of what %hi(%neg(%gp_rel(f))) is; then a word that the loader relocates.
  const rows = [7 | (24 << 8) | (5 << 16), 3 | (18 << 8)].map(composedType);
  deepEqual(
    rows.map((row) => [row?.name, row?.formula, row?.bytes]),
    [
      ["R_MIPS_GPREL16/R_MIPS_SUB/R_MIPS_HI16", "0 - (S + A - GP)", 4],
      ["R_MIPS_REL32/R_MIPS_64", "S + A", 8],
    ],
  );
});
