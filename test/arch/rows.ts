// Judges of a machine's relocation rows: every row with a field is applied by Solder and by the machine's linker to values at the
// edges of the field and anywhere, all in one object and one link. Names and numbers are held against readelf's.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_FIELD_ADD,
  EXPRESSION_FIELD_SET,
  EXPRESSION_FIELD_SUB,
  EXPRESSION_GOT_BASE,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_GP_RELATIVE,
  EXPRESSION_LOCAL_ENTRY,
  EXPRESSION_LOW,
  EXPRESSION_PAGE_PC,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_SECTION_OFFSET,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_TPOFF,
  fitsType,
  formOf,
  type MachineTables,
  type RelocationType,
  readField,
  writeField,
} from "../../src/arch/index.ts";
import { parseElf } from "../../src/elf/index.ts";
import { run, tool } from "../support/run.ts";
import { noteJudged } from "./coverage.ts";

export interface RowJudge {
  readonly machine: MachineTables;
  /** What a row of pages comes to; otherwise S less the place's page of 4 KiB. */
  pageDistance?(type: RelocationType, symbol: number, place: number): number | undefined;
  /** Command and arguments that make `$out` of `rows.s`. */
  readonly assembler: readonly string[];
  readonly linker: readonly string[];
  /** What the bytes of a field are before: an instruction, or a number. `random` is of 32 bits. */
  background(type: RelocationType, random: () => number): readonly number[];
  /** The symbol that small data is counted from, the TOC pointer or the global one: the linker is told where it is. */
  readonly base?: string;
  /** A value with low bits that the field cannot say keeps the linker from writing anything. */
  readonly oddEndsLink?: boolean;
  /** Cases that the linker treats in another way, which the test names. */
  isElsewhere(type: RelocationType, value: number): boolean;
}

const TEXT = 0x10_0000_0000;
const STRIDE = 16;
/** Where `base` is. */
const BASE = 0x1000_0000;

interface Case {
  readonly type: RelocationType;
  readonly at: number;
  /** The symbol's, which for thread-local storage is an offset in the block. */
  readonly symbol: number;
  readonly value: number;
}

/** What the machine's linker and Solder do not agree in. */
export function differencesOfRows(t: TestContext, judge: RowJudge): string[] {
  const cwd = mkdtempSync(join(tmpdir(), "solder-rows-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const { instructions } = judge.machine;
  const isOdd = (type: RelocationType, value: number): boolean => {
    const form = formOf(type, instructions);
    return form?.exact === true && value % 2 ** form.shift !== 0;
  };
  if (!judge.oddEndsLink) return differences(judge, cwd, () => true);
  return [
    ...differences(judge, cwd, (...it) => !isOdd(...it)),
    ...differences({ ...judge, isAllRefused: true }, cwd, isOdd),
  ];
}

type Choice = (type: RelocationType, value: number) => boolean;

function differences(judge: RowJudge & { isAllRefused?: boolean }, cwd: string, isWanted: Choice): string[] {
  const { machine, assembler, linker } = judge;
  const random = numbers(11);
  const rows = machine.relocations.types.filter((type) => type !== undefined && type.bytes > 0) as RelocationType[];
  const bytes = new Uint8Array(rows.length * 48 * STRIDE);
  const words = new DataView(bytes.buffer);
  const cases: Case[] = [];
  for (const type of rows) {
    for (const wanted of valuesOf(judge, type, random)) {
      const at = cases.length * STRIDE;
      for (const [i, word] of judge.background(type, random).entries()) words.setUint32(at + 4 * i, word, true);
      const one = caseOf(judge, type, at, wanted, words);
      if (isWanted(type, one.value) && !judge.isElsewhere(type, one.value)) cases.push(one);
    }
  }
  writeFileSync(join(cwd, "rows.s"), sourceOf(cases, words, judge.isAllRefused === true));
  tool(assembler[0], [...assembler.slice(1), "-o", "rows.o", "rows.s"], { cwd });
  const symbols = cases.flatMap(({ type, symbol }, i) =>
    isTls(type) || isInSection(type) ? [] : [`--defsym=v${i}=0x${BigInt.asUintN(64, BigInt(symbol)).toString(16)}`],
  );
  if (judge.base !== undefined) symbols.push(`--defsym=${judge.base}=0x${BASE.toString(16)}`);
  writeFileSync(join(cwd, "symbols"), symbols.join("\n"));
  const linked = join(cwd, "rows");
  rmSync(linked, { force: true });
  const options = ["--noinhibit-exec", "-e", "0", `-Ttext=0x${TEXT.toString(16)}`, "-o", "rows", "rows.o", "@symbols"];
  const { stderr } = run(linker[0], [...linker.slice(1), ...options], { cwd });
  const file = existsSync(linked) ? parseElf(readFileSync(linked), "rows", () => {}) : undefined;
  const text = file?.sections.find(({ name }) => name === ".text");
  const theirs = text && file?.bytes.subarray(text.offset, text.offset + cases.length * STRIDE);
  if (theirs === undefined && judge.isAllRefused !== true)
    return [stderr.replace(/.*truncated.*\n/g, "").slice(0, 2000)];
  const refused = new Set(
    [...stderr.matchAll(/\(\.text\.c(\d+)\+0x([\da-f]+)\): (?!warning)/g)].map(
      ([, i, offset]) => Number(i) + Number.parseInt(offset, 16) / STRIDE,
    ),
  );
  return cases.flatMap(({ type, at, value }, i) => {
    noteJudged(machine, type);
    const said = `${type.name} ${value < 0 ? "-" : ""}0x${Math.abs(value).toString(16)}`;
    const fits = fitsType(value, type, machine.instructions);
    if (fits === refused.has(i)) return [`${said} is ${fits ? "refused" : "taken"} by the linker`];
    if (!fits || theirs === undefined) return [];
    const before = hexAt(bytes, at);
    writeField(words, at, type, value, true, machine.instructions);
    const [own, real] = [hexAt(bytes, at), hexAt(theirs, at)];
    return own === real ? [] : [`${said} in ${before}: ${own}, the linker's ${real}`];
  });
}

/**
 * A section each: GNU ld for RISC-V leaves a section at its first complaint.
 * @param together in one: GNU ld for PowerPC leaves the link at the end of a section with such a complaint
 */
function sourceOf(cases: readonly Case[], words: DataView, together: boolean): string {
  const text = cases.flatMap(({ type, at }, i) => [
    `.section .text.c${together ? 0 : i}, "ax", @progbits`,
    ...[0, 4, 8, 12].map((offset) => `.4byte ${words.getUint32(at + offset, true)}`),
    `.reloc ${together ? at : 0}, ${type.name}, v${i}`,
  ]);
  const tls = cases.flatMap(({ type, symbol }, i) =>
    isTls(type) ? [`.globl v${i}`, `.type v${i}, @tls_object`, `.set v${i}, tv + ${symbol}`] : [],
  );
  const inside = cases.flatMap(({ type, symbol }, i) =>
    isInSection(type) ? [`.globl v${i}`, `.set v${i}, dv + ${symbol}`] : [],
  );
  const data = inside.length === 0 ? [] : [".data", "dv: .8byte 0", ...inside];
  return [...text, ...data, '.section .tdata, "awT", @progbits', "tv: .8byte 0", ...tls, ""].join("\n");
}

function hexAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, at + STRIDE)).toString("hex");
}

function isTls({ expression }: RelocationType): boolean {
  return expression === EXPRESSION_TLS_TPOFF || expression === EXPRESSION_TLS_DTPOFF;
}

function isInSection({ expression }: RelocationType): boolean {
  return expression === EXPRESSION_SECTION_OFFSET;
}

/** Edges of the field, and anywhere; none for rows whose value a symbol alone does not decide. */
function valuesOf(judge: RowJudge, type: RelocationType, random: () => number): number[] {
  switch (type.expression) {
    case EXPRESSION_ABSOLUTE:
    case EXPRESSION_LOW:
    case EXPRESSION_PC:
    case EXPRESSION_PLT_PC:
    case EXPRESSION_PAGE_PC:
    case EXPRESSION_FIELD_ADD:
    case EXPRESSION_FIELD_SET:
    case EXPRESSION_FIELD_SUB:
    case EXPRESSION_TLS_TPOFF:
    case EXPRESSION_TLS_DTPOFF:
    case EXPRESSION_SECTION_OFFSET:
    case EXPRESSION_LOCAL_ENTRY:
      break;
    case EXPRESSION_GOT_RELATIVE:
    case EXPRESSION_GP_RELATIVE:
    case EXPRESSION_GOT_BASE:
      if (judge.base === undefined) return [];
      break;
    default:
      return [];
  }
  const form = formOf(type, judge.machine.instructions);
  const unit = 2 ** (form?.shift ?? 0);
  const bits = form?.bits ?? 8 * type.bytes;
  const rounding = form?.rounding ?? 0;
  const edges = [2 ** (bits - 1), 2 ** bits].flatMap((edge) => [edge * unit - rounding, -edge * unit - rounding]);
  const around = edges.flatMap((edge) => [edge, edge - 1, edge - unit, edge + unit]);
  const anywhere = Array.from({ length: 12 }, () => {
    const size = 4 + (random() % 48);
    const value = Math.floor((random() * 2 ** 20 + (random() % 2 ** 20)) / 2 ** (52 - size));
    return random() % 2 === 0 ? value : -value;
  });
  const values = [0, 1, 4, -4, 0x7ff, 0x800, 0x7fff, 0x8000, ...around, ...anywhere];
  return values.filter((value) => Math.abs(value) < 2 ** 52);
}

/** The symbol that makes a relocation at a place come to a value, as far as one can. */
function caseOf(
  { machine, pageDistance }: RowJudge,
  type: RelocationType,
  at: number,
  wanted: number,
  words: DataView,
): Case {
  const place = TEXT + at;
  switch (type.expression) {
    case EXPRESSION_PC:
    case EXPRESSION_PLT_PC:
      return { type, at, symbol: place + wanted, value: wanted };
    case EXPRESSION_PAGE_PC: {
      const symbol = place + wanted;
      const value = pageDistance?.(type, symbol, place) ?? symbol - (place - (place % 4096));
      return { type, at, symbol, value };
    }
    case EXPRESSION_FIELD_ADD:
    case EXPRESSION_FIELD_SUB: {
      // Exact as a number.
      if (type.field === 8) words.setUint32(at + 4, words.getUint32(at + 4, true) >>> 12, true);
      const field = readField(words, at, type, true, machine.instructions);
      const value = type.expression === EXPRESSION_FIELD_ADD ? field + wanted : field - wanted;
      return { type, at, symbol: wanted, value };
    }
    case EXPRESSION_GOT_RELATIVE:
    case EXPRESSION_GP_RELATIVE:
      return { type, at, symbol: BASE + wanted, value: wanted };
    case EXPRESSION_GOT_BASE:
      return { type, at, symbol: wanted, value: BASE };
    case EXPRESSION_TLS_TPOFF:
      return { type, at, symbol: wanted, value: wanted + machine.tls.tcbBytes - machine.tls.tpBias };
    case EXPRESSION_TLS_DTPOFF:
      return { type, at, symbol: wanted, value: wanted - machine.tls.dtpBias };
    default:
      return { type, at, symbol: wanted, value: wanted };
  }
}

/** Numbers of 32 bits, the same in every run (xorshift). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** What each readelf calls the machine's types 0 to 255; names that neither knows are undefined. */
export function namesByReadelf(
  t: TestContext,
  assembler: readonly string[],
  readelfs: readonly string[],
): (string | undefined)[] {
  const cwd = mkdtempSync(join(tmpdir(), "solder-rows-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, "all.s"), `.data\n${".8byte foo\n".repeat(256)}`);
  tool(assembler[0], [...assembler.slice(1), "-o", "all.o", "all.s"], { cwd });
  const bytes = readFileSync(join(cwd, "all.o"));
  const table = parseElf(bytes, "all.o", () => {})?.sections.find(({ name }) => name === ".rela.data");
  for (let type = 0; type < 256; type++) bytes.writeUInt32LE(type, (table?.offset ?? 0) + 24 * type + 8);
  writeFileSync(join(cwd, "all.o"), bytes);
  const lists = readelfs.map((readelf) =>
    tool(readelf, ["-rW", "all.o"], { cwd })
      .split("\n")
      .filter((line) => /^[0-9a-f]{16}\s/.test(line))
      .map((line) => /\bR_[A-Z]+[A-Z0-9_]+/.exec(line)?.[0]),
  );
  return Array.from({ length: 256 }, (_, type) => lists.map((list) => list[type]).find((name) => name !== undefined));
}
