// s390x's rows against GNU as, ld and readelf.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_LOW,
  EXPRESSION_PC,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  type RelocationType,
  S390X,
} from "../../src/arch/index.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { judgeNames, judgeRows, judgeTls, type RowJudge } from "./random-rows.ts";
import { differencesOfSlots } from "./slots.ts";

const JUDGES: readonly string[] = ["s390x-linux-gnu-as", "s390x-linux-gnu-ld"];

const JUDGE: RowJudge = {
  machine: S390X,
  tools: "s390x-linux-gnu-",
  typeAt: 15,
  stopsAtOdd: true,
};

const EXPRESSIONS = [
  EXPRESSION_ABSOLUTE,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_LOW,
];

function rows(pattern: RegExp): RelocationType[] {
  return S390X.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined && EXPRESSIONS.includes(type.expression) && type.bytes > 0 && pattern.test(type.name),
  );
}

test("s390x: names and numbers are readelf's", needs(...JUDGES), () => {
  judgeNames(JUDGE);
});

test("s390x: what ld stores in numbers and instructions", needs(...JUDGES), () => {
  judgeRows(JUDGE, rows(/./));
});

test("s390x: offsets of thread-local variables", needs(...JUDGES), () => {
  judgeTls(JUDGE, ["R_390_TLS_LE64"]);
  // An executable has the offset from the thread pointer there.
  judgeTls({ ...JUDGE, ldOptions: ["-shared"] }, ["R_390_TLS_LDO64"]);
});

test("s390x: what ld stores of slots in the GOT", needs(...JUDGES), (t) => {
  const judge = {
    machine: S390X,
    assembler: ["s390x-linux-gnu-as"],
    linker: ["s390x-linux-gnu-ld", "--verbose"],
    freedom: () => "addend" as const,
    isGotFirst: true,
  };
  const slots = S390X.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined &&
      /^R_390_(GOT(\d+|ENT|PLT.*)|TLS_(GD64|GOTIE(12|20|64)|LDM64|IE64|IEENT))$/.test(type.name) &&
      type.bytes > 0,
  );
  deepEqual(differencesOfSlots(t, judge, slots), []);
});

test("s390x: all rows are judged", needs(...JUDGES), () => {
  everyRowIsJudged(S390X, []);
});
