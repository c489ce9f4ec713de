// mips64el's rows against GNU as, ld and readelf.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_LOW,
  EXPRESSION_PC,
  MIPS64,
  type RelocationType,
} from "../../src/arch/index.ts";
import { composedType } from "../../src/arch/mips64/composed.ts";
import { needs } from "../support/tools.ts";
import { judgeNames, judgeRows, judgeTls, type RowJudge, TEXT } from "./random-rows.ts";

const JUDGES: readonly string[] = ["mips64el-linux-gnuabi64-as", "mips64el-linux-gnuabi64-ld"];

const JUDGE: RowJudge = {
  machine: MIPS64,
  tools: "mips64el-linux-gnuabi64-",
  typeAt: 15,
  origin: ({ name }) => (name === "R_MIPS_26" ? TEXT : 0),
};

const EXPRESSIONS = [EXPRESSION_ABSOLUTE, EXPRESSION_PC, EXPRESSION_LOW];

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
