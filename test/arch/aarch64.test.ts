// aarch64's rows against GNU as, ld and readelf of the machine: names, fields of instructions, what fits.

import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AARCH64 } from "../../src/arch/aarch64/tables.ts";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_LOW,
  EXPRESSION_PAGE_PC,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_TPOFF,
  fitsType,
  formOf,
  type RelocationType,
  readField,
  writeField,
} from "../../src/arch/index.ts";
import { parseElf } from "../../src/elf/index.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged, noteJudged } from "./coverage.ts";
import { differencesOfRows } from "./rows.ts";
import { differencesOfSlots, type SlotJudge } from "./slots.ts";

const AS = "aarch64-linux-gnu-as";
const LD = "aarch64-linux-gnu-ld";
/** lld knows rows, and looks at ranges, where GNU ld 2.40 does not. */
const LLD = "ld.lld-19";
const LLVM_MC = "llvm-mc-19";
const TEXT = 0x4000_0000;
const ROWS = AARCH64.relocations.types.filter((type) => type !== undefined);

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "solder-aarch64-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("aarch64: names and numbers are readelf's", needs(AS, "readelf"), (t) => {
  const cwd = directory(t);
  writeFileSync(join(cwd, "all.s"), `.data\n${".xword foo\n".repeat(ROWS.length)}`);
  tool(AS, ["-o", "all.o", "all.s"], { cwd });
  const bytes = readFileSync(join(cwd, "all.o"));
  const table = parseElf(bytes, "all.o", () => {})?.sections.find(({ name }) => name === ".rela.data");
  for (const [i, { number }] of ROWS.entries()) bytes.writeUInt32LE(number, (table?.offset ?? 0) + 24 * i + 8);
  writeFileSync(join(cwd, "all.o"), bytes);
  const theirs = tool("readelf", ["-rW", "all.o"], { cwd })
    .split("\n")
    .filter((line) => /^[0-9a-f]{16}\s/.test(line))
    .map((line) => /R_AARCH64_\w+/.exec(line)?.[0]);
  const ours = ROWS.map(({ name }) => name);
  // Newer than binutils 2.40: PLT32, GOTPCREL32 and signed pointers.
  const known = ours.filter((_, i) => theirs[i] !== undefined);
  deepEqual(
    theirs.filter((name) => name !== undefined),
    known,
  );
  equal(ours.length - known.length, 24, ours.filter((_, i) => theirs[i] === undefined).join(" "));
});

/** Computes what needs neither GOT nor PLT nor TLS. */
function computed({ expression }: RelocationType, symbol: number, place: number): number | undefined {
  const page = (address: number): number => address - (address % 4096);
  switch (expression) {
    case EXPRESSION_ABSOLUTE:
      return symbol;
    case EXPRESSION_LOW:
      return symbol % 4096;
    case EXPRESSION_PC:
    case EXPRESSION_PLT_PC:
      return symbol - place;
    case EXPRESSION_PAGE_PC:
      return page(symbol) - page(place);
    default:
      return undefined;
  }
}

/** Instructions that have the fields: b, b.eq, tbz, adr, adrp, add, ldrb to ldr q, movz. */
const INSTRUCTIONS: Readonly<Record<string, number>> = {
  imm26: 0x1400_0000,
  imm19: 0x5400_0000,
  imm14: 0x3600_0000,
  "immhi:immlo": 0x1000_0000,
  "immhi:immlo, pages": 0x9000_0000,
  imm12: 0x9100_0000,
  "imm12 / 2": 0x7940_0000,
  "imm12 / 4": 0xb940_0000,
  "imm12 / 8": 0xf940_0000,
  "imm12 / 16": 0x3dc0_0000,
};

interface Case {
  readonly type: RelocationType;
  readonly at: number;
  readonly symbol: number;
}

/** Distances from the place, and addresses, at the edges of a row's field and anywhere. */
function casesOf(type: RelocationType, start: number): Case[] {
  const form = formOf(type, AARCH64.instructions);
  const [bits, shift] = form === undefined ? [8 * type.bytes, 0] : [form.bits, form.shift];
  const unit = 2 ** shift;
  const steps = [2 ** (bits - 1), 2 ** bits].flatMap((edge) => [edge - 1, edge, -edge, -edge - 1]);
  const values = [0, 1, 2, 4, 0x7f8, 0xff8, 0xfff, 0x12_3450, 0x7654_3210, ...steps.map((step) => step * unit), unit];
  const isRelative = type.expression !== EXPRESSION_ABSOLUTE && type.expression !== EXPRESSION_LOW;
  return values.flatMap((value, i) => {
    const at = start + 8 * i;
    const symbol = isRelative ? TEXT + at + value : value;
    return symbol >= 0 && symbol < 2 ** 52 ? [{ type, at, symbol }] : [];
  });
}

/** Where code does not jump: GNU ld drops the low bits of a distance without a word, and reaches what is far by a stub. */
function isBranchElsewhere({ name }: RelocationType, value: number): boolean {
  const isBranch = /JUMP26|CALL26|BR1[49]$/.test(name);
  return isBranch && (value % 4 !== 0 || (name.endsWith("26") && Math.abs(value) >= 2 ** 27));
}

test("aarch64: fields hold what GNU ld writes, and what it refuses does not fit", needs(AS, LD), (t) => {
  const cwd = directory(t);
  const cases: Case[] = [];
  for (const type of ROWS) {
    // Not known to binutils 2.40.
    if (computed(type, 0, 0) === undefined || /PLT32|GOTPCREL32/.test(type.name) || type.number === 0) continue;
    cases.push(...casesOf(type, (cases.at(-1)?.at ?? -8) + 8));
  }
  const size = (cases.at(-1)?.at ?? 0) + 8;
  const words = new DataView(new ArrayBuffer(size));
  for (const { type, at } of cases) {
    const form = formOf(type, AARCH64.instructions);
    if (form !== undefined) words.setUint32(at, INSTRUCTIONS[form.name] ?? 0xd280_0000, true);
  }
  const source = [
    ".text",
    ...Array.from({ length: size / 4 }, (_, i) => `.inst ${words.getUint32(4 * i, true)}`),
    ...cases.map(({ type, at }, i) => `.reloc ${at}, ${type.name}, v${i}`),
  ];
  writeFileSync(join(cwd, "rows.s"), `${source.join("\n")}\n`);
  writeFileSync(join(cwd, "symbols.ld"), cases.map(({ symbol }, i) => `v${i} = 0x${symbol.toString(16)};\n`).join(""));
  tool(AS, ["-o", "rows.o", "rows.s"], { cwd });
  // Without --verbose GNU ld stops after ten complaints.
  const args = ["--verbose", "--noinhibit-exec", "-e", "0", `-Ttext=0x${TEXT.toString(16)}`, "--no-warn-rwx-segments"];
  const { stderr } = run(LD, [...args, "-o", "rows", "rows.o", "symbols.ld"], { cwd });
  const file = parseElf(readFileSync(join(cwd, "rows")), "rows", () => {});
  const text = file?.sections.find(({ name }) => name === ".text");
  const theirs = new DataView(file?.bytes.buffer ?? words.buffer, (file?.bytes.byteOffset ?? 0) + (text?.offset ?? 0));
  const refused = new Set(
    [...stderr.matchAll(/truncated to fit: \S+ against symbol `v(\d+)'/g)].map(([, i]) => Number(i)),
  );
  const problems: string[] = [];
  for (const [i, { type, at, symbol }] of cases.entries()) {
    const value = computed(type, symbol, TEXT + at) ?? 0;
    const said = `${type.name} ${value.toString(16)}`;
    noteJudged(AARCH64, type);
    const fits = fitsType(value, type, AARCH64.instructions);
    if (fits === refused.has(i) && !isBranchElsewhere(type, value))
      problems.push(`${said} is ${fits ? "refused" : "taken"} by GNU ld`);
    if (!fits || refused.has(i)) continue;
    writeField(words, at, type, value, true, AARCH64.instructions);
    const [own, real] = [words, theirs].map((view) => view.getBigUint64(at, true).toString(16));
    if (own !== real) problems.push(`${said}: ${own}, GNU ld ${real}`);
    const form = formOf(type, AARCH64.instructions);
    if (form === undefined || type.overflow === 0) continue;
    const back = readField(words, at, type, true, AARCH64.instructions);
    const stored = value - (((value % 2 ** form.shift) + 2 ** form.shift) % 2 ** form.shift);
    if (back !== stored) problems.push(`${said}: read back as ${back.toString(16)}`);
  }
  deepEqual(problems, []);
});

test("aarch64: offsets of thread-local variables, in a block and from the thread pointer", needs(AS, LD), (t) => {
  const problems = differencesOfRows(t, {
    machine: AARCH64,
    assembler: [AS],
    linker: [LD, "--verbose", "--no-warn-rwx-segments"],
    background: (type) => [INSTRUCTIONS[formOf(type, AARCH64.instructions)?.name ?? ""] ?? 0xd280_0000],
    isElsewhere: (type, value) => {
      const { expression, name } = type;
      const isTls = expression === EXPRESSION_TLS_TPOFF || expression === EXPRESSION_TLS_DTPOFF;
      // GNU as 2.40 knows no names for the ones of 128 bits; two are dynamic.
      if (!isTls || /_LDST128_|TLS_(DTP|TP)REL64/.test(name)) return true;
      // There are no offsets below 0, and GNU ld refuses them where the psABI has room for a sign.
      if (value < 0) return true;
      // For G2 GNU ld 2.40 is off by bits 32 and on of the TLS segment's address, which is far away here, and what is too large for G0
      // and G1 it takes without a word. lld is as AAELF64 (below).
      return (
        /TLSLE_MOVW_TPREL_G2$/.test(name) ||
        (/TLSLE_MOVW_TPREL_G[01]$/.test(name) && !fitsType(value, type, AARCH64.instructions))
      );
    },
  });
  deepEqual(problems, []);
});

test("aarch64: rows and ranges that only lld knows", needs(LLVM_MC, LLD), (t) => {
  const problems = differencesOfRows(t, {
    machine: AARCH64,
    assembler: [LLVM_MC, "--triple=aarch64", "--filetype=obj"],
    linker: [LLD, "--error-limit=0"],
    background: (type) => [INSTRUCTIONS[formOf(type, AARCH64.instructions)?.name ?? ""] ?? 0xd280_0000],
    // What PLT32 does not reach lld calls through a thunk.
    isElsewhere: ({ name }, value) =>
      value < 0 || !(/TLSLE_MOVW_TPREL_G\d$/.test(name) || (name === "R_AARCH64_PLT32" && value < 2 ** 31 - 2 ** 16)),
  });
  deepEqual(problems, []);
});

const SLOTS: SlotJudge = {
  machine: AARCH64,
  assembler: [AS],
  linker: [LD, "--verbose", "--no-warn-rwx-segments"],
  freedom: () => "place",
  isGotFirst: true,
  // Offsets of 15 bits end within the GOT.
  extraSlots: 5000,
  extraType: "R_AARCH64_ADR_GOT_PAGE",
  template: ({ name }, random) => (/MOVW|OFF_G/.test(name) ? [0xd280_0000 | (random() & 0x1f_ffff)] : undefined),
  // GNU ld does not look whether adr, adrp and ldr reach a slot; lld does (below).
  isElsewhere: (type, value) => /ADR_|_PREL19|GOT_PAGE/.test(type.name) && !fitsType(value, type, AARCH64.instructions),
};

const SLOT_ROWS =
  /R_AARCH64_(MOVW_GOTOFF_G(0_NC|1)|GOT_LD_PREL19|LD64_GOT.*|ADR_GOT_PAGE|TLSGD_.*|TLSLD_(ADR_.*|ADD_LO12_NC)|TLSIE_.*|TLSDESC_(LD|AD|OFF).*_.*)$/;

test("aarch64: what GNU ld stores of slots in the GOT", needs(AS, LD), (t) => {
  deepEqual(
    differencesOfSlots(
      t,
      SLOTS,
      ROWS.filter(({ name }) => SLOT_ROWS.test(name)),
    ),
    [],
  );
});

test("aarch64: what lld stores of slots in the GOT, and how far they may be", needs(AS, LLD), (t) => {
  const judge = { ...SLOTS, linker: [LLD, "--error-limit=0"], extraSlots: 0, isElsewhere: () => false };
  const rows =
    /R_AARCH64_(GOTPCREL32|GOT_LD_PREL19|ADR_GOT_PAGE|LD64_GOT_LO12_NC|TLSIE_(ADR|LD64).*|TLSDESC_(ADR_PAGE|ADD_|LD64).*)$/;
  deepEqual(
    differencesOfSlots(
      t,
      judge,
      ROWS.filter(({ name }) => rows.test(name)),
    ),
    [],
  );
});

test("aarch64: why the others are not judged", needs(AS, LD, LLD, LLVM_MC), () => {
  everyRowIsJudged(AARCH64, [
    ["the dynamic linker's", /_TLS_(DTP|TP)REL64$/],
    [
      "AAELF64 has them, neither linker does",
      /_MOVW_GOTOFF_G(0|1_NC|2|2_NC|3)$|_GOTREL(32|64)$|TLSLD_(MOVW_G\d.*|LD_PREL19)$/,
    ],
    ["GNU as 2.40 has no names for them, and lld 19 does not know them", /TLSL[DE]_LDST128_/],
  ]);
});
