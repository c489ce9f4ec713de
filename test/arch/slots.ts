// Judges of rows whose value is the linker's own work: the slot of a symbol in the GOT, the pair, offset or descriptor of a
// thread-local variable, an entry of the PLT. A shared library of fields is linked by the machine's linker, in which every symbol is
// somebody else's; its dynamic relocations say which word was made for which symbol, and what the field holds is then what
// the row's formula comes to. A first link tells where the slots are; in further ones the places, the GOT or the addends are such that
// values are at the edges of the field.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  EXPRESSION_GOT_LOW,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_LOW,
  EXPRESSION_TLS_DESC_PAGE_PC,
  EXPRESSION_TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF_SLOT_GOT,
  EXPRESSION_TLS_DTPOFF_SLOT_PC,
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_GD_LOW,
  EXPRESSION_TLS_GD_PAGE_PC,
  EXPRESSION_TLS_GD_PC,
  EXPRESSION_TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_IE_LOW,
  EXPRESSION_TLS_IE_PAGE_PC,
  EXPRESSION_TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_LD_LOW,
  EXPRESSION_TLS_LD_PAGE_PC,
  EXPRESSION_TLS_LD_PC,
  fitsType,
  formOf,
  isTlsExpression,
  type MachineTables,
  type RelocationType,
  readField,
  relocationByName,
  writeField,
} from "../../src/arch/index.ts";
import { parseElf } from "../../src/elf/index.ts";
import { fillFormula } from "../../src/explain/dump/formula.ts";
import { run, tool } from "../support/run.ts";
import { noteJudged } from "./coverage.ts";
import { sequence } from "./random-rows.ts";

/** What makes the values differ: where fields are, what is added, or where the GOT is, as seen from a base. */
type Freedom = "place" | "addend" | "got";

export interface SlotJudge {
  readonly machine: MachineTables;
  readonly assembler: readonly string[];
  readonly linker: readonly string[];
  readonly prologue?: string;
  freedom(type: RelocationType): Freedom;
  /** The base that the script may define (`.TOC.`, `_gp`), and what it is called. */
  readonly base?: string;
  /** `.got` lies before `.got.plt`, so that no slot is before the base. */
  readonly isGotFirst?: boolean;
  /** Rows with the same share symbols; default: none, but where the GOT moves those of a kind of slot. */
  symbolFor?(type: RelocationType): string | undefined;
  /** Rows hold addresses: the output is a program, which takes the symbols from a library. */
  readonly isProgram?: boolean;
  /** So many slots more lie among the others: a linker that has no other freedom spreads them. */
  readonly extraSlots?: number;
  /** The type of those. */
  readonly extraType?: string;
  /** What the fields are before; default: random bytes. */
  template?(type: RelocationType, random: () => number): readonly number[] | undefined;
  /** The row of the high part, where the row has the low part of what that one computes (EXPRESSION_PAIR_LOW). */
  highOf?(type: RelocationType): RelocationType | undefined;
  /** Where the machine's GOT says it, and no dynamic relocation. */
  slotFor?(file: LinkedFile, type: RelocationType, symbol: string): number | undefined;
  /** The row's value where it is not what the formula comes to by terms. */
  value?(type: RelocationType, slot: number, place: number): number | undefined;
  /** Cells that the linker treats in another way, which the test names. */
  isElsewhere?(type: RelocationType, value: number): boolean;
}

interface Cell {
  readonly type: RelocationType;
  readonly before: Uint8Array;
  readonly symbol: string;
  /** The value at which it aims. */
  readonly wanted: number;
  addend: number;
  place: number;
}

/** A dynamic relocation: what a word was made for. */
interface Made {
  readonly type: number;
  readonly symbol: string;
  readonly address: number;
}

export interface LinkedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly made: readonly Made[];
  readonly got: number;
  /** The names of .dynsym, by number. */
  readonly symbols: readonly string[];
  sectionAt(name: string): { readonly address: number; readonly offset: number; readonly size: number } | undefined;
}

const CELL = 16;
const GOT_ALIGNMENT = 16;
/** Below are headers and tables. */
const LOWEST = 0x100_0000;
/** The GOT, with room on both sides for what fields of 34 bits reach. */
const GOT_64 = 0x100_0000_0000;
const GOT_32 = 0x4000_0000;

const KINDS: readonly (readonly [kind: SlotKind, expressions: readonly number[]])[] = [
  ["pair", [EXPRESSION_TLS_GD_PC, EXPRESSION_TLS_GD_GOT, EXPRESSION_TLS_GD_PAGE_PC, EXPRESSION_TLS_GD_LOW]],
  ["module", [EXPRESSION_TLS_LD_PC, EXPRESSION_TLS_LD_GOT, EXPRESSION_TLS_LD_PAGE_PC, EXPRESSION_TLS_LD_LOW]],
  [
    "offset",
    [
      EXPRESSION_TLS_IE_PC,
      EXPRESSION_TLS_IE_GOT,
      EXPRESSION_TLS_IE_PAGE_PC,
      EXPRESSION_TLS_IE_LOW,
      EXPRESSION_TLS_IE_ABSOLUTE,
    ],
  ],
  [
    "descriptor",
    [EXPRESSION_TLS_DESC_PC, EXPRESSION_TLS_DESC_GOT, EXPRESSION_TLS_DESC_PAGE_PC, EXPRESSION_TLS_DESC_LOW],
  ],
  ["block offset", [EXPRESSION_TLS_DTPOFF_SLOT_GOT, EXPRESSION_TLS_DTPOFF_SLOT_PC]],
];

type SlotKind = "address" | "pair" | "module" | "offset" | "descriptor" | "block offset";

function kindOf({ expression }: RelocationType): SlotKind {
  return KINDS.find(([, expressions]) => expressions.includes(expression))?.[0] ?? "address";
}

/** What the machine's linker and Solder do not agree in. */
export function differencesOfSlots(t: TestContext, judge: SlotJudge, rows: readonly RelocationType[]): string[] {
  const cwd = mkdtempSync(join(tmpdir(), "solder-slots-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const random = sequence(7);
  const isMoved = (type: RelocationType): boolean => judge.freedom(type) === "got";
  return [
    ...differencesByCell(
      judge,
      cwd,
      rows.filter((type) => !isMoved(type)),
      random,
    ),
    ...differencesByGot(judge, cwd, rows.filter(isMoved), random),
  ];
}

/** Each field is where, or has the addend, that makes its value. */
function differencesByCell(
  judge: SlotJudge,
  cwd: string,
  rows: readonly RelocationType[],
  random: () => number,
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.flatMap((type) =>
    valuesFor(judge, type, random).map((wanted, i) => {
      const shared = judge.symbolFor?.(type);
      const symbol = shared === undefined ? `v_${type.number}_${i}` : `${shared}_${i % 4}`;
      return cellOf(judge, type, symbol, wanted, random);
    }),
  );
  spread(judge, cells);
  const first = link(judge, cwd, cells, 0);
  if (typeof first === "string") return [first];
  for (const cell of cells) aim(judge, cell, first.file);
  const reached = cells.filter((cell) => cell.place >= LOWEST);
  return differencesOf(judge, cwd, withoutOverlaps(reached), 0);
}

/** Rows of a kind share a slot, which moves past all the edges with the whole GOT. */
function differencesByGot(
  judge: SlotJudge,
  cwd: string,
  rows: readonly RelocationType[],
  random: () => number,
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((type) =>
    cellOf(judge, type, judge.symbolFor?.(type) ?? `v ${kindOf(type)}`.replaceAll(" ", "_"), 0, random),
  );
  spread(judge, cells);
  const first = link(judge, cwd, cells, 0);
  if (typeof first === "string") return [first];
  const moves = new Set<number>();
  for (const [i, symbol] of [...new Set(cells.map((cell) => cell.symbol))].entries()) {
    const own = cells.filter((cell) => cell.symbol === symbol);
    const slot = slotOf(judge, first.file, own[0]) ?? 0;
    for (const { type } of own) {
      const edges = edgesOf(judge, type);
      // The slots of the others are near, too.
      for (const wanted of i === 0 ? edges : edges.slice(0, 4)) {
        const move = wanted - (slot - startOf(judge));
        moves.add(move - (move % GOT_ALIGNMENT));
      }
    }
  }
  return [...moves].flatMap((move) => differencesOf(judge, cwd, cells, move));
}

function spread(judge: SlotJudge, cells: readonly Cell[]): void {
  cells.forEach((cell, i) => {
    cell.place = startOf(judge) / 2 + CELL * i;
  });
}

function startOf({ machine }: SlotJudge): number {
  return machine.elfClass === 64 ? GOT_64 : GOT_32;
}

/** Around the ends of what the row's field holds. */
function edgesOf({ machine }: SlotJudge, type: RelocationType): number[] {
  const form = formOf(type, machine.instructions);
  const unit = 2 ** (form?.shift ?? 0);
  const bits = form === undefined ? 8 * type.bytes : form.bits;
  const rounding = form?.rounding ?? 0;
  const most = machine.elfClass === 64 ? 2 ** 39 : 2 ** 29;
  const ends = [2 ** (bits - 1), 2 ** bits].flatMap((end) => [end, -end].map((it) => it * unit - rounding));
  return ends
    .flatMap((end) => [end, end - unit])
    .map((value) => value - (value % machine.wordBytes))
    .filter((value) => Math.abs(value) < most && Math.abs(value) >= 0x400);
}

/** The same, and values anywhere. */
function valuesFor(judge: SlotJudge, type: RelocationType, random: () => number): number[] {
  const anywhere = Array.from({ length: 4 }, () =>
    Math.floor((random() / 2 ** 32 - 0.5) * 2 ** (14 + (random() % 24))),
  );
  const values = [0x7f8, 0x1008, 0x1_2340, -0x808, ...anywhere].filter((value) => Math.abs(value) >= 0x400);
  return [...values.map((value) => value - (value % 8)), ...edgesOf(judge, type)];
}

function cellOf(judge: SlotJudge, type: RelocationType, symbol: string, wanted: number, random: () => number): Cell {
  const { machine } = judge;
  const before = new Uint8Array(CELL).map(() => random());
  const view = new DataView(before.buffer);
  for (const [n, word] of (judge.template?.(type, random) ?? []).entries())
    view.setUint32(4 * n, word, machine.littleEndian);
  let addend = 0;
  if (!machine.rela) {
    // An addend that the field holds.
    const held = judge.freedom(type) === "addend" ? (random() % 512) * 8 : 0;
    const { littleEndian, instructions } = machine;
    writeField(view, 0, type, fitsType(held, type, instructions) ? held : 0, littleEndian, instructions);
    addend = readField(view, 0, type, littleEndian, instructions);
  }
  return { type, before, symbol, wanted, addend, place: 0 };
}

/** Moves a cell, or its addend, so that the row comes to the value wanted. */
function aim(judge: SlotJudge, cell: Cell, file: LinkedFile): void {
  const value = resultOf(judge, cell, file);
  if (value === undefined) return;
  const freedom = judge.freedom(cell.type);
  if (freedom === "addend" && judge.machine.rela) cell.addend += cell.wanted - value;
  if (freedom === "place") cell.place = (slotOf(judge, file, cell) ?? 0) - cell.wanted;
}

/** Without those that are where another is. */
function withoutOverlaps(cells: readonly Cell[]): Cell[] {
  const sorted = [...cells].sort((a, b) => a.place - b.place);
  return sorted.filter((cell, i) => i === 0 || cell.place >= sorted[i - 1].place + CELL);
}

function differencesOf(judge: SlotJudge, cwd: string, cells: readonly Cell[], move: number): string[] {
  const { machine } = judge;
  const linked = link(judge, cwd, cells, move);
  if (typeof linked === "string") return [linked];
  const { file, refused } = linked;
  return cells.flatMap((cell, i) => {
    const { type, before, addend } = cell;
    const value = resultOf(judge, cell, file);
    if (value === undefined) {
      const what =
        slotOf(judge, file, cell) === undefined ? `no slot for ${cell.symbol}` : `${type.formula} has no value`;
      return [`${type.name}: ${what}`];
    }
    if (judge.isElsewhere?.(type, value) === true) return [];
    noteJudged(machine, type);
    const high = judge.highOf?.(type);
    const fits = fitsType(value, high ?? type, machine.instructions);
    const said = `${type.name} of ${value} (addend ${addend}, place 0x${cell.place.toString(16)})`;
    if (fits === refused.has(i)) return [`${said} is ${fits ? "refused" : "taken"} by the linker`];
    if (!fits) return [];
    const bytes = before.slice();
    const view = new DataView(bytes.buffer);
    if (high !== undefined) writeField(view, 0, high, value, machine.littleEndian, machine.instructions);
    writeField(view, high === undefined ? 0 : 4, type, value, machine.littleEndian, machine.instructions);
    const section = file.sectionAt(`.c${i}`);
    const theirs = section === undefined ? new Uint8Array() : file.bytes.subarray(section.offset, section.offset + 8);
    const [own, real] = [bytes.subarray(0, 8), theirs].map((it) => Buffer.from(it).toString("hex"));
    return own === real
      ? []
      : [`${said} in ${Buffer.from(before.subarray(0, 8)).toString("hex")}: ${own}, the linker's ${real}`];
  });
}

function slotOf(judge: SlotJudge, file: LinkedFile, cell: Cell): number | undefined {
  const { symbol } = cell;
  const type = judge.highOf?.(cell.type) ?? cell.type;
  const own = judge.slotFor?.(file, type, symbol);
  if (own !== undefined) return own;
  const { dynamic } = judge.machine;
  const kinds: Readonly<Record<SlotKind, readonly number[]>> = {
    address: [dynamic.globDat === 0 ? dynamic.word : dynamic.globDat, dynamic.jumpSlot],
    pair: [dynamic.dtpmod],
    module: [dynamic.dtpmod],
    offset: [dynamic.tpoff],
    descriptor: [dynamic.tlsdesc],
    "block offset": [dynamic.dtpoff],
  };
  const kind = kindOf(type);
  const made = file.made.filter(({ type: number }) => kinds[kind].includes(number));
  // One for the whole module, unless the linker makes one for each symbol.
  const isWanted = (it: Made): boolean => it.symbol === symbol;
  return (made.find(isWanted) ?? (kind === "module" ? made.find((it) => it.symbol === "") : undefined))?.address;
}

/** What the row's formula comes to, with the slot that the linker made. */
function resultOf(judge: SlotJudge, cell: Cell, file: LinkedFile): number | undefined {
  const { addend, place } = cell;
  const type = judge.highOf?.(cell.type) ?? cell.type;
  const slot = slotOf(judge, file, cell);
  if (slot === undefined) return undefined;
  const own = judge.value?.(type, slot + addend, place);
  if (own !== undefined) return own;
  const from = judge.base === undefined ? file.got : startOf(judge);
  const term = (number: number): { text: string; number: number } => ({ text: "", number });
  // `@tlsgd` is the pair's address where the formula says from where it is counted, and else its offset in the GOT.
  const named = /- P|- G|& 0x|Page/.test(type.formula) || type.expression === EXPRESSION_GOT_LOW || !isGotOffset(type);
  const formula = type.formula
    .replace(/@\w+/, named ? "S" : "G")
    .replace(/\.TOC\.|\bGP\b/, "GOT")
    .replace(/\bL\b/, "S");
  const terms = { S: term(slot), G: term(slot - from), A: term(addend), P: term(place), GOT: term(from) };
  const { result } = fillFormula(formula, terms, "");
  return result === undefined || judge.machine.elfClass === 64 ? result : result | 0;
}

const GOT_OFFSETS: readonly number[] = [
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DTPOFF_SLOT_GOT,
];

function isGotOffset({ expression }: RelocationType): boolean {
  return GOT_OFFSETS.includes(expression);
}

interface Linked {
  readonly file: LinkedFile;
  /** Numbers of cells that the linker complains of. */
  readonly refused: ReadonlySet<number>;
}

function link(judge: SlotJudge, cwd: string, cells: readonly Cell[], move: number): Linked | string {
  const { assembler, linker } = judge;
  writeFileSync(join(cwd, "rows.s"), sourceOf(judge, cells));
  writeFileSync(join(cwd, "rows.ld"), scriptOf(judge, cells, move));
  rmSync(join(cwd, "rows"), { force: true });
  tool(assembler[0], [...assembler.slice(1), "-o", "rows.o", "rows.s"], { cwd });
  patch(judge, join(cwd, "rows.o"), cells);
  const output = judge.isProgram === true ? ["-no-pie", "-e", "0", "--dynamic-linker", "none", "lib.so"] : ["-shared"];
  if (judge.isProgram === true) library(judge, cwd, cells);
  const options = ["--noinhibit-exec", "--no-check-sections", "-z", "max-page-size=4096", "-z", "norelro"];
  const { stderr, stdout } = run(
    linker[0],
    [...linker.slice(1), ...options, "-T", "rows.ld", "-o", "rows", "rows.o", ...output],
    { cwd },
  );
  const path = join(cwd, "rows");
  if (!existsSync(path)) return stderr.replace(/.*truncated.*\n/g, "").slice(0, 2000);
  const complaints = `${stderr}\n${stdout}`.matchAll(/\(\.c(\d+)\+0x[\da-f]+\): (?!warning)/g);
  return { file: readLinked(judge, path), refused: new Set([...complaints].map(([, i]) => Number(i))) };
}

/** A library that defines all symbols, as what they are taken for. */
function library(judge: SlotJudge, cwd: string, cells: readonly Cell[]): void {
  const { assembler, linker } = judge;
  const types = new Map(cells.map(({ symbol, type }) => [symbol, type]));
  const lines = [...types].flatMap(([symbol, type]) => {
    const section = isTlsExpression(type.expression) ? '.section .tdata, "awT", %progbits' : ".data";
    return [section, `.globl ${symbol}`, `.type ${symbol}, %object`, `.size ${symbol}, 8`, `${symbol}: .8byte 0`];
  });
  writeFileSync(join(cwd, "lib.s"), `${lines.join("\n")}\n`);
  tool(assembler[0], [...assembler.slice(1), "-o", "lib.o", "lib.s"], { cwd });
  tool(linker[0], [...linker.slice(1), "-shared", "-o", "lib.so", "lib.o"], { cwd });
}

function none({ machine }: SlotJudge): string {
  return machine.relocations.types[0]?.name ?? "";
}

function sourceOf(judge: SlotJudge, cells: readonly Cell[]): string {
  const { machine, prologue = "", extraSlots = 0, extraType = "" } = judge;
  const extra = Array.from({ length: extraSlots }, (_, i) => `.reloc ${4 * i}, ${extraType}, x${i}\n.skip 4`);
  // Neighbours in memory are of different segments, so that a file does not have what lies between them.
  const order = new Map([...cells].sort((a, b) => a.place - b.place).map((cell, i) => [cell, i]));
  const lines = cells.flatMap((cell, i) => {
    const { type, before, symbol, addend } = cell;
    const flags = (order.get(cell) ?? 0) % 2 === 0 ? "ax" : "a";
    const plus = machine.rela && addend !== 0 ? `${addend < 0 ? "-" : "+"}${Math.abs(addend)}` : "";
    return [
      `.section .c${i}, "${flags}", %progbits`,
      ...(isTlsExpression((judge.highOf?.(type) ?? type).expression) ? [`.type ${symbol}, %tls_object`] : []),
      `.reloc 0, ${none(judge)}, ${symbol}${plus}`,
      ...(judge.highOf?.(type) === undefined ? [] : [`.h${i}:`, `.reloc 4, ${none(judge)}, .h${i}`]),
      `.byte ${[...before].join(",")}`,
    ];
  });
  const others = extraSlots === 0 ? [] : ['.section .extra, "ax", %progbits', ...extra];
  return [prologue, ...lines, ...others, ""].join("\n");
}

function scriptOf(judge: SlotJudge, cells: readonly Cell[], move: number): string {
  const hex = (address: number): string => `0x${address.toString(16)}`;
  const got = startOf(judge) + move;
  const [own, plt] = ["*(.got) *(.toc)", "*(.got.plt) *(.igot.plt)"];
  const inside = judge.isGotFirst === true ? `{ ${own} } .got.plt : { ${plt} }` : `{ ${plt} ${own} }`;
  const rows = [
    [got, `.got ${hex(got)} : ${inside}`] as const,
    ...cells.map(({ place }, i) => [place, `.c${i} ${hex(place)} : { *(.c${i}) }`] as const),
  ].sort(([a], [b]) => a - b);
  const first = [
    ".hash",
    ".gnu.hash",
    ".dynsym",
    ".dynstr",
    ".rela.dyn",
    ".rel.dyn",
    ".rela.plt",
    ".rel.plt",
    ".dynamic",
  ];
  return [
    "SECTIONS {",
    ". = 0x10000;",
    ...first.map((name) => `${name} : { *(${name}) }`),
    ".plt : { *(.plt) *(.iplt) }",
    ".extra : { *(.extra) }",
    ...(judge.base === undefined ? [] : [`"${judge.base}" = ${hex(startOf(judge))};`]),
    ...rows.map(([, line]) => line),
    "}",
    "",
  ].join("\n");
}

/** Gives every cell's relocation its type: not all have names for assemblers. */
function patch(judge: SlotJudge, path: string, cells: readonly Cell[]): void {
  const { machine } = judge;
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { name, offset } of parseElf(bytes, "rows.o", () => {})?.sections ?? []) {
    const [, number] = /^\.rela?\.c(\d+)$/.exec(name) ?? [];
    if (number === undefined) continue;
    const { type } = cells[Number(number)];
    const high = judge.highOf?.(type);
    for (const [i, one] of (high === undefined ? [type] : [high, type]).entries()) {
      if (machine.name === "mips64el") view.setUint8(offset + 15, one.number);
      else if (machine.elfClass === 32) view.setUint8(offset + 4, one.number);
      else view.setUint32(offset + 24 * i + (machine.littleEndian ? 8 : 12), one.number, machine.littleEndian);
    }
  }
  writeFileSync(path, bytes);
}

function readLinked({ machine }: SlotJudge, path: string): LinkedFile {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const file = parseElf(bytes, "rows", () => {});
  if (file === undefined) throw new Error(`no ELF file: ${path}`);
  const sections = new Map(file.sections.map((section) => [section.name, section]));
  const wide = machine.elfClass === 64;
  const little = machine.littleEndian;
  const word = (at: number): number => (wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const strings = sections.get(".dynstr")?.offset ?? 0;
  const nameOf = (symbol: number): string => {
    const start = strings + view.getUint32((sections.get(".dynsym")?.offset ?? 0) + (wide ? 24 : 16) * symbol, little);
    return bytes.toString("latin1", start, bytes.indexOf(0, start));
  };
  const count = (sections.get(".dynsym")?.size ?? 0) / (wide ? 24 : 16);
  const symbols = Array.from({ length: count }, (_, i) => nameOf(i));
  const made: Made[] = [];
  for (const [name, { offset, size }] of sections) {
    const [, withAddend] = /^\.rel(a?)\.(?:dyn|plt)$/.exec(name) ?? [];
    if (withAddend === undefined) continue;
    const entry = (wide ? 16 : 8) + (withAddend === "a" ? (wide ? 8 : 4) : 0);
    for (let at = offset; at < offset + size; at += entry) {
      const [type, symbol] = typeAndSymbol(machine, view, at);
      made.push({ type, symbol: symbols[symbol], address: word(at) });
    }
  }
  const got = Number.parseInt(/^([0-9a-f]+) . _GLOBAL_OFFSET_TABLE_$/m.exec(tool("nm", [path]))?.[1] ?? "0", 16);
  return { path, bytes, made, got, symbols, sectionAt: (name) => sections.get(name) };
}

/** r_info, which MIPS splits in its own way. */
function typeAndSymbol(machine: MachineTables, view: DataView, at: number): readonly [number, number] {
  const little = machine.littleEndian;
  if (machine.elfClass === 32) {
    const info = view.getUint32(at + 4, little);
    return [info & 0xff, info >>> 8];
  }
  if (machine.name === "mips64el") return [view.getUint8(at + 15), view.getUint32(at + 8, little)];
  const [low, high] = [view.getUint32(at + (little ? 8 : 12), little), view.getUint32(at + (little ? 12 : 8), little)];
  return [low, high];
}

/** The rows with these names. */
export function rowsNamed(machine: MachineTables, names: readonly string[]): RelocationType[] {
  return names.map((name) => {
    const row = relocationByName(machine.relocations, name);
    if (row === undefined) throw new Error(`no row ${name}`);
    return row;
  });
}
