// arm's rows against GNU as, ld and readelf.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import {
  ARM,
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  type RelocationType,
} from "../../src/arch/index.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { judgeNames, judgeRows, judgeTls, type RowJudge } from "./random-rows.ts";
import { differencesOfSlots, rowsNamed } from "./slots.ts";

const JUDGES: readonly string[] = ["arm-linux-gnueabihf-as", "arm-linux-gnueabihf-ld"];

const JUDGE: RowJudge = {
  machine: ARM,
  tools: "arm-linux-gnueabihf-",
  typeAt: 4,
  asOptions: ["-march=armv8.1-m.main"],
  ldOptions: ["--no-fix-cortex-a8", "--no-warn-mismatch"],
  prologue: ".syntax unified\n.thumb",
  template: ({ name }) => TEMPLATES.find(([pattern]) => pattern.test(name))?.[1],
  // ld reads these addends without a sign. Whether a stub is needed is judged by the target.
  addend: ({ name }, field, ours) =>
    /_ABS(8|16)$/.test(name) ? field.getUint16(0, true) & (name.endsWith("8") ? 0xff : 0xffff) : ours,
  addendFor: ({ name }) => (BRANCH.test(name) ? (/THM/.test(name) ? -4 : -8) : undefined),
  isThumb: ({ name }) => THUMB_BRANCH.test(name),
};

/** Branches that ld gives a stub where they do not reach. */
const BRANCH = /_(CALL|JUMP24|JUMP19|PC24|PLT32|XPC25|XPC22)$/;

const THUMB_BRANCH = /_THM_(CALL|JUMP\d+)$/;

/** Instructions that ld wants to see; the others may be anything. */
const TEMPLATES: readonly (readonly [pattern: RegExp, code: Uint8Array])[] = [
  [/^R_ARM_(CALL|PC24|PLT32)$/, a32(0xeb00_0000)],
  [/^R_ARM_JUMP24$/, a32(0xea00_0000)],
  [/_XPC25$/, a32(0xfa00_0000)],
  [/_ALU_PC_/, a32(0xe28f_1000)],
  [/_LDR_PC_|_BREL12$|OFF12$|_LE12$/, a32(0xe59f_1000)],
  [/_LDRS_PC_/, a32(0xe1df_10b0)],
  [/_LDC_PC_/, a32(0xed9f_0b00)],
  [/_THM_CALL$/, t32(0xf000, 0xf800)],
  [/_THM_JUMP24$/, t32(0xf000, 0xb800)],
  [/_THM_XPC22$/, t32(0xf000, 0xe800)],
  [/_THM_JUMP19$/, t32(0xf000, 0x8000)],
  [/_THM_ALU_PREL_11_0$/, t32(0xf20f, 0x0100)],
  [/_THM_PC12$/, t32(0xf8df, 0x1000)],
];

function a32(word: number): Uint8Array {
  return new Uint8Array([word, word >>> 8, word >>> 16, word >>> 24]);
}

function t32(high: number, low: number): Uint8Array {
  return new Uint8Array([high, high >>> 8, low, low >>> 8]);
}

const EXPRESSIONS = [
  EXPRESSION_ABSOLUTE,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_GOT_BASE_PC,
];

function rows(pattern: RegExp): RelocationType[] {
  return ARM.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined && EXPRESSIONS.includes(type.expression) && type.bytes > 0 && pattern.test(type.name),
  );
}

test("arm: names and numbers are readelf's", needs(...JUDGES), () => {
  judgeNames(JUDGE);
});

const NOT_JUDGED: ReadonlySet<string> = new Set([
  // GNU ld reads no sign of the addend, and writes none.
  "R_ARM_ABS12",
  // "Value needs to be properly shifted into place first."
  "R_ARM_THM_ABS5",
  // The addend is read without what the pipeline adds.
  "R_ARM_THM_JUMP6",
]);

/** Where GNU ld 2.40 is not as the psABI; as makes none of these. */
function isMeant({ name }: RelocationType, value: number): boolean {
  switch (name) {
    case "R_ARM_THM_PC12":
      return value < 0;
    // Not checked.
    case "R_ARM_THM_PC8":
      return value < 0 || value > 0x3ff;
    case "R_ARM_THM_BF12":
    case "R_ARM_THM_BF16":
    case "R_ARM_THM_BF18":
      return Math.abs(value) >= 2 ** Number(name.slice(-2)) || value % 2 !== 0;
    // BLX goes to words, from the word that it is in.
    case "R_ARM_THM_XPC22":
    case "R_ARM_XPC25":
      return value % 4 !== 0 || Math.abs(value) >= 2 ** 22;
    // Others get a stub.
    default:
      return (
        BRANCH.test(name) && Math.abs(value) >= 2 ** (name.endsWith("19") ? 20 : name.includes("THM") ? 24 : 25) - 8
      );
  }
}

test("arm: what ld stores in numbers and instructions", needs(...JUDGES), () => {
  judgeRows(
    JUDGE,
    rows(/./).filter(({ name }) => !NOT_JUDGED.has(name)),
    isMeant,
  );
});

test("arm: offsets of thread-local variables", needs(...JUDGES), () => {
  judgeTls(JUDGE, ["R_ARM_TLS_LE32", "R_ARM_TLS_LDO32"]);
});

test("arm: what ld stores of slots in the GOT", needs(...JUDGES), (t) => {
  const judge = {
    machine: ARM,
    assembler: ["arm-linux-gnueabihf-as"],
    linker: ["arm-linux-gnueabihf-ld", "--verbose"],
    freedom: () => "addend" as const,
  };
  const names = ["GOT_BREL", "GOT_PREL", "TARGET2", "TLS_GD32", "TLS_LDM32", "TLS_IE32"];
  const slots = rowsNamed(
    ARM,
    names.map((name) => `R_ARM_${name}`),
  );
  deepEqual(differencesOfSlots(t, judge, slots), []);
});

test("arm: why the others are not judged", needs(...JUDGES), () => {
  everyRowIsJudged(ARM, [
    ["GNU ld is not as the psABI, for the reasons above", /_(ABS12|THM_ABS5|THM_JUMP6)$/],
    ["what is added depends on the instruction that the addend points to", /_TLS_GOTDESC$/],
    ["the call goes to ld's own code, through which all descriptors are called", /_TLS_CALL$/],
    ["GNU ld 2.40 does not know them", /_(PLT32_ABS|GOT_ABS|GOT_BREL12)$/],
  ]);
});
