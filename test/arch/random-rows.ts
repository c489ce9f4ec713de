// The rows of a machine's relocation table against its assembler and GNU ld: a section full of fields, each with a relocation to a
// symbol that has just the value wanted. What ld refuses must not fit, and all else must come out the same.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  EXPRESSION_TLS_TPOFF,
  fitsType,
  formOf,
  type MachineTables,
  type RelocationType,
  readField,
  relocationByName,
  writeField,
} from "../../src/arch/index.ts";
import { fillFormula } from "../../src/explain/dump/formula.ts";
import { scratch } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { noteJudged } from "./coverage.ts";

export interface RowJudge {
  readonly machine: MachineTables;
  /** `arm-linux-gnueabihf-` */
  readonly tools: string;
  /** Where in an entry of a relocation table the type's byte is. */
  readonly typeAt: number;
  readonly asOptions?: readonly string[];
  readonly ldOptions?: readonly string[];
  /** At the start of the assembler file: `.syntax unified`. */
  readonly prologue?: string;
  /** The values are around this one: jumps stay in the region that they are in. */
  origin?(type: RelocationType): number;
  /** ld stops at branches to places that the field cannot say. */
  readonly stopsAtOdd?: boolean;
  /** The symbol is a function of Thumb: its low bit is set. */
  isThumb?(type: RelocationType): boolean;
  /** What stands in the field before; default: random bytes. */
  template?(type: RelocationType): Uint8Array | undefined;
  /** Where ld judges by it: the addend; default: random. */
  addendFor?(type: RelocationType): number | undefined;
  /** What ld reads as addend in place, where it is not what the psABI says. */
  addend?(type: RelocationType, field: DataView, ours: number): number;
}

/** One field. */
interface Cell {
  readonly type: RelocationType;
  readonly before: Uint8Array;
  readonly symbol: bigint;
  readonly addend: number;
}

const CELL = 16;
/** Far from both ends of an address space of 32 bits: BFD has more of them, and takes what is below 0 for far away. */
export const TEXT = 0x4000_0000;

/** Numbers that are the same in each run. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Values at and around the ends of what the field holds, and random ones. */
function valuesFor(type: RelocationType, machine: MachineTables, random: () => number, stopsAtOdd: boolean): number[] {
  const form = formOf(type, machine.instructions);
  const bits = form === undefined ? 8 * type.bytes : form.bits + form.shift;
  const unit = form === undefined ? 1 : 2 ** form.shift;
  const most = Math.min(2 ** bits, 2 ** 47);
  const wide = machine.elfClass === 32 ? 2 ** 30 : 2 ** 46;
  const range = Math.min(most, wide);
  const edges = [
    0,
    unit,
    -unit,
    most / 2 - unit,
    most / 2,
    most - unit,
    most,
    -most / 2,
    -most / 2 - unit,
    -most,
    -most - unit,
  ];
  const inside = Array.from({ length: 6 }, () => Math.floor((random() / 2 ** 32 - 0.5) * (range / unit)) * unit);
  const odd = Array.from({ length: 3 }, () => Math.floor((random() / 2 ** 32 - 0.5) * range));
  const anywhere = Array.from({ length: 4 }, () => Math.floor((random() / 2 ** 32 - 0.5) * wide));
  const all = [...edges, ...inside, ...odd, ...anywhere];
  return stopsAtOdd && form?.exact === true ? all.map((value) => value - (value % unit)) : all;
}

/**
 * Holds rows to as and ld.
 * @param rows those whose formula has nothing that only ld knows but GOT
 * @param meant cells that differ and why: ld's fault, or a rule that it has elsewhere
 */
export function judgeRows(
  judge: RowJudge,
  rows: readonly RelocationType[],
  meant: (type: RelocationType, value: number) => boolean = () => false,
): void {
  const { machine } = judge;
  const cwd = scratch("rows");
  const random = sequence(1);
  const cells = rows.flatMap((type) =>
    valuesFor(type, machine, random, judge.stopsAtOdd === true).map((value) =>
      cellFor(judge, type, value + (judge.origin?.(type) ?? 0), random),
    ),
  );
  cells.forEach((cell, i) => {
    const at = TEXT + CELL * i;
    if (/\bP\b/.test(cell.type.formula)) cells[i] = { ...cell, symbol: cell.symbol + BigInt(at) };
  });
  const { image, refused, got } = link(judge, cells, cwd);
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const differences: string[] = [];
  const seen = new Set<string>();
  cells.forEach(({ type, before, symbol, addend }, i) => {
    const s = Number(machine.elfClass === 32 ? BigInt.asIntN(32, symbol) : BigInt.asIntN(64, symbol));
    const value = outcome(judge, type, s, addend, TEXT + CELL * i, got);
    if (value === undefined) throw new Error(`${type.name}: ${type.formula} has no value`);
    if (meant(type, value)) return;
    seen.add(type.name);
    noteJudged(machine, type);
    const fits = fitsType(value, type, machine.instructions);
    const bytes = before.slice();
    const field = new DataView(bytes.buffer);
    writeField(field, 0, type, value, machine.littleEndian, machine.instructions);
    const theirs = new Uint8Array(view.buffer, view.byteOffset + CELL * i, CELL);
    const what = `${type.name} of ${value} (0x${(value >>> 0).toString(16)}), addend ${addend}, in ${hexOf(before)}`;
    if (fits === refused.has(i)) differences.push(`${what}: ${fits ? "only ld refuses" : "only Solder refuses"}`);
    else if (fits && hexOf(bytes) !== hexOf(theirs))
      differences.push(`${what}: ld ${hexOf(theirs)}, Solder ${hexOf(bytes)}`);
  });
  ok(differences.length === 0, differences.join("\n"));
  deepEqual(
    rows.flatMap(({ name }) => (seen.has(name) ? [] : [name])),
    [],
  );
}

function cellFor(judge: RowJudge, type: RelocationType, value: number, random: () => number): Cell {
  const { machine } = judge;
  const before = new Uint8Array(CELL).map(() => random());
  const template = judge.template?.(type);
  if (template !== undefined) before.set(template);
  const view = new DataView(before.buffer);
  let addend = judge.addendFor?.(type) ?? (random() % 64) * 4 - 128;
  if (!machine.rela) {
    // An addend that the field holds: what comes out of it is what is meant.
    const held = fitsType(addend, type, machine.instructions) ? addend : 0;
    writeField(view, 0, type, held, machine.littleEndian, machine.instructions);
    addend = readField(view, 0, type, machine.littleEndian, machine.instructions);
    addend = judge.addend?.(type, view, addend) ?? addend;
  }
  // Values of 33 bits and more are others of 32.
  const symbol = BigInt((machine.elfClass === 32 && Math.abs(value) > 2 ** 31 ? value >>> 0 : value) - addend);
  return { type, before, symbol: judge.isThumb?.(type) === true ? symbol | 1n : symbol, addend };
}

function outcome(
  judge: RowJudge,
  { formula }: RelocationType,
  symbol: number,
  addend: number,
  place: number,
  got: number,
): number | undefined {
  const term = (number: number): { text: string; number: number } => ({ text: "", number });
  const terms = { S: term(symbol), L: term(symbol), A: term(addend), P: term(place), GOT: term(got) };
  const { result } = fillFormula(formula.replace(/\bGP\b/, "GOT"), terms, "");
  return result === undefined || judge.machine.elfClass === 64 ? result : result | 0;
}

/** Offsets from the thread pointer and in a module's block: what ld stores is what the facts of the machine say. */
export function judgeTls(judge: RowJudge, names: readonly string[]): void {
  const { machine, tools, asOptions = [], ldOptions = [], prologue = "" } = judge;
  const types = names.map((name) => relocationByName(machine.relocations, name)).filter((it) => it !== undefined);
  equal(types.length, names.length);
  const cwd = scratch("tls");
  const templates = types.map((type) => {
    const bytes = new Uint8Array(CELL);
    bytes.set(judge.template?.(type) ?? []);
    return bytes;
  });
  const none = machine.relocations.types[0]?.name;
  const fields = templates.map((bytes, i) => `.reloc ${CELL * i}, ${none}, variable\n.byte ${[...bytes].join(",")}`);
  const variables = `.section .tbss,"awT",%nobits\n.balign 8\n.space 64\n.globl variable\n.type variable, %object\nvariable: .space 264`;
  writeFileSync(join(cwd, "tls.s"), `${prologue}\n.text\n${fields.join("\n")}\n${variables}\n`);
  tool(`${tools}as`, [...asOptions, "-o", "tls.o", "tls.s"], { cwd });
  patchTypes(judge, join(cwd, "tls.o"), (offset) => types[offset / CELL].number);
  tool(`${tools}ld`, ["-e", "0", ...ldOptions, "tls.o"], { cwd });
  tool(`${tools}objcopy`, ["-O", "binary", "-j", ".text", "a.out", "text"], { cwd });
  const image = readFileSync(join(cwd, "text"));
  const { variant, tcbBytes, tpBias, dtpBias } = machine.tls;
  const fromPointer = variant === 1 ? 64 + tcbBytes - tpBias : 64 - (64 + 264);
  types.forEach((type, i) => {
    const bytes = templates[i];
    const value = isThreadPointer(type) ? fromPointer : 64 - dtpBias;
    writeField(new DataView(bytes.buffer), 0, type, value, machine.littleEndian, machine.instructions);
    noteJudged(machine, type);
    equal(hexOf(image.subarray(CELL * i)), hexOf(bytes), `${type.name} of ${value}`);
  });
}

function isThreadPointer({ expression }: RelocationType): boolean {
  return expression === EXPRESSION_TLS_TPOFF;
}

function link(
  judge: RowJudge,
  cells: readonly Cell[],
  cwd: string,
): { image: Uint8Array; refused: ReadonlySet<number>; got: number } {
  const { machine, tools, asOptions = [], ldOptions = [], prologue = "" } = judge;
  // Not all types have names for as, and it would put addends of its own into fields.
  const none = machine.relocations.types[0]?.name;
  const fields = cells.map(({ before, addend }, i) => {
    const plus = machine.rela && addend !== 0 ? `${addend < 0 ? "-" : "+"}${Math.abs(addend)}` : "";
    return `.reloc ${CELL * i}, ${none}, v${i}${plus}\n.byte ${[...before].join(",")}`;
  });
  const symbols = cells.map(({ type, symbol }, i) => {
    return `.globl v${i}\n${judge.isThumb?.(type) === true ? ".thumb_set" : ".set"} v${i}, ${symbol}`;
  });
  // Only the linker's own have more bits than the machine, so that what is below 0 is near it.
  const below = cells.flatMap(({ symbol }, i) => (symbol < 0n ? [`v${i} = ${symbol};`] : []));
  writeFileSync(join(cwd, "fields.s"), `${prologue}\n.text\n${fields.join("\n")}\n`);
  writeFileSync(join(cwd, "symbols.s"), `${prologue}\n${symbols.join("\n")}\n`);
  writeFileSync(join(cwd, "below.ld"), below.join("\n"));
  for (const name of ["fields", "symbols"]) tool(`${tools}as`, [...asOptions, "-o", `${name}.o`, `${name}.s`], { cwd });
  patchTypes(judge, join(cwd, "fields.o"), (offset) => cells[offset / CELL].type.number);
  const { stderr, stdout } = run(
    `${tools}ld`,
    [
      "--verbose",
      "--noinhibit-exec",
      "-e",
      "0",
      `-Ttext=0x${TEXT.toString(16)}`,
      ...ldOptions,
      "fields.o",
      "symbols.o",
      "below.ld",
    ],
    { cwd },
  );
  ok(existsSync(join(cwd, "a.out")), stderr);
  const refused = new Set<number>();
  for (const [, offset] of `${stderr}\n${stdout}`.matchAll(/\(\.text\+0x([0-9a-f]+)\)/g)) {
    // BFD counts from a byte before for fields of three.
    refused.add(Math.floor((Number.parseInt(offset, 16) + 1) / CELL));
  }
  tool(`${tools}objcopy`, ["-O", "binary", "-j", ".text", "a.out", "text"], { cwd });
  const names = tool(`${tools}nm`, ["a.out"], { cwd });
  // MIPS counts from its register for the GOT.
  const got = Number.parseInt(/^([0-9a-f]+) . (?:_GLOBAL_OFFSET_TABLE_|_gp)$/m.exec(names)?.[1] ?? "0", 16);
  return { image: readFileSync(join(cwd, "text")), refused, got };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 8)).toString("hex");
}

/** Gives each relocation of .text the type that is wanted at its offset. */
function patchTypes({ machine, tools, typeAt }: RowJudge, path: string, typeOf: (offset: number) => number): void {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections = tool(`${tools}readelf`, ["-SW", path]);
  const [, start, size, entry] = (/\.rela?\.text\s+\w+\s+\w+\s+(\w+)\s+(\w+)\s+(\w+)/.exec(sections) ?? []).map((it) =>
    Number.parseInt(it, 16),
  );
  for (let at = start; at < start + size; at += entry) {
    const low = machine.elfClass === 64 && !machine.littleEndian ? 4 : 0;
    bytes[at + typeAt] = typeOf(view.getUint32(at + low, machine.littleEndian));
  }
  writeFileSync(path, bytes);
}

/** What readelf calls every type from 0 to 255 is what the table calls it. */
export function judgeNames(judge: RowJudge): void {
  const { machine, tools, asOptions = [] } = judge;
  const cwd = scratch("names");
  const path = join(cwd, "all.o");
  writeFileSync(join(cwd, "all.s"), `.text\n${".long foo\n".repeat(256)}`);
  tool(`${tools}as`, [...asOptions, "-o", "all.o", "all.s"], { cwd });
  patchTypes(judge, path, (offset) => offset / 4);
  const lines = tool(`${tools}readelf`, ["-rW", path]).split("\n");
  const names = lines.filter((line) => /^[0-9a-f]{8,}\s/.test(line)).map((line) => /\bR_\w+/.exec(line)?.[0]);
  deepEqual(
    names,
    Array.from({ length: 256 }, (_, number) => machine.relocations.types[number]?.name),
  );
}
