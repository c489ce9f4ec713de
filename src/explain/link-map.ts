// The map of a link (-Map) and its cross reference (--cref), in the layout of GNU ld's, which people read and tools parse:
// which archive members are there and why, what was left out, and where every input section and symbol is.

import { SHF_ALLOC, SHF_TLS, SHT_NOBITS } from "../elf/constants.ts";
import type {
  LaidOutAssert,
  LaidOutAssignment,
  LaidOutOutput,
  LaidOutPiece,
  LaidOutSection,
  LaidOutStatement,
  LaidOutSymbol,
  OutputLayout,
} from "../link/decisions/layout-types.ts";
import type { Decisions } from "../link/decisions/types.ts";
import type { LinkResult } from "../link/result.ts";
import { mapAssert, mapAssignment, mapExpression, mapInput } from "../link/script/map-text.ts";
import { printBodyStatement } from "../link/script/print-script.ts";
import type { BodyStatement, Fill } from "../link/script/statements.ts";

export interface MapOptions {
  /** Width of addresses. */
  readonly is64: boolean;
  readonly outputName: string;
  /** BFD's name of the output's format: `elf64-x86-64`. */
  readonly format: string;
  /** How a symbol is written: demangled, or as it is. */
  readonly nameOf: (name: string) => string;
  /** --no-print-map-discarded: without the sections that were left out. */
  readonly discarded: boolean;
  /** --section-start, -Ttext and their kin. */
  readonly sectionStart: ReadonlyMap<string, number>;
  /** --sort-section: what patterns that say nothing sort by. */
  readonly sortSection: "none" | "name" | "alignment";
}

export type MapSource = Pick<LinkResult, "decisions" | "layout" | "dependencies">;

/** Column of the address, after a section's name. */
const NAME_COLUMN = 16;
/** Width of an assignment's value, whatever the addresses are wide. */
const ASSIGNED_COLUMN = 34;
/** Column of the file that wanted a member. */
const REASON_COLUMN = 30;
/** Column of the files in the cross reference. */
const FILE_COLUMN = 50;

/** The lines of the map. Without a layout, for a link that failed before there was one, only what came before. */
export function* linkMap(source: MapSource, options: MapOptions): IterableIterator<string> {
  yield* members(source.decisions, options);
  yield* neededLibraries(source.decisions, options);
  if (source.layout !== undefined) yield* commons(source.layout, options);
  if (source.layout !== undefined && options.discarded) yield* discarded(source.layout, options);
  const zero = address(0, options);
  const all = `0x${"f".repeat(options.is64 ? 16 : 8)}`;
  const width = options.is64 ? 0 : 8;
  yield* ["", "Memory Configuration", ""];
  yield `${"Name".padEnd(17)}${"Origin".padEnd(19)}${"Length".padEnd(19)}Attributes`;
  for (const { name, origin, size, attributes } of source.layout?.regions ?? []) {
    const [from, length] = [origin, size].map((it) => `${address(it, options)}${" ".repeat(width)}`);
    yield `${name.padEnd(16)} ${from} ${length} ${attributes}`.trimEnd();
  }
  yield `${"*default*".padEnd(17)}${zero}${" ".repeat(width)} ${all}`;
  yield* ["", "Linker script and memory map", ""];
  const script = source.layout === undefined ? -1 : source.dependencies.indexOf(source.layout.script ?? "");
  const loads = source.dependencies.map((path) => `LOAD ${path}`);
  yield* loads.slice(0, script < 0 ? undefined : script);
  const later = script < 0 ? [] : loads.slice(script + 1);
  const starts = Array.from(options.sectionStart, ([name, at]) => `Address of section ${name} set to ${hex(at)}`);
  if (script < 0) yield* starts;
  const end = [...later, ...(script < 0 ? [] : starts), `OUTPUT(${options.outputName} ${options.format})`];
  if (source.layout === undefined) yield* end;
  else yield* memoryMap(source.layout, end, options);
}

/** The lines of --print-dependencies, in mold's format: section, the section that it needs, `u` or `w` (weak), name. */
export function* dependencyLines(decisions: Decisions, nameOf: MapOptions["nameOf"]): IterableIterator<string> {
  yield "# Fields, separated by tabs: a section, the section of another file that it needs, u (w: by a weak reference), the symbol.";
  yield "# Compiled with -ffunction-sections, functions stand in sections of their own.";
  const place = (file: string, section: string): string => (section === "" ? file : `${file}:(${section})`);
  for (const it of decisions.dependencies()) {
    const fields = [place(it.file, it.section), place(it.onFile, it.onSection), it.weak ? "w" : "u", nameOf(it.symbol)];
    yield fields.join("\t");
  }
}

/** The lines of the cross reference: each name that an object mentions, where it is defined, and who refers to it. */
export function* crossReference(decisions: Decisions, nameOf: MapOptions["nameOf"]): IterableIterator<string> {
  yield* ["", "Cross Reference Table", "", `${"Symbol".padEnd(FILE_COLUMN)}File`];
  const rows = [...decisions.mentions()].map(({ name, definedBy, referredBy }) => ({
    name,
    files: [...new Set([...definedBy, ...referredBy])],
  }));
  rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const { name, files } of rows) {
    for (const [i, file] of files.entries()) yield `${`${i === 0 ? nameOf(name) : ""} `.padEnd(FILE_COLUMN)}${file}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function address(value: number, { is64 }: MapOptions): string {
  // The upper half is negative.
  const digits = value < 0 ? BigInt.asUintN(is64 ? 64 : 32, BigInt(value)).toString(16) : value.toString(16);
  return `0x${digits.padStart(is64 ? 16 : 8, "0")}`;
}

/** `text` in the first column and `rest` at `column`, on the next line if they do not fit. */
function* columns(text: string, column: number, rest: string): IterableIterator<string> {
  if (text.length < column - 1) yield text.padEnd(column) + rest;
  else yield* [text, " ".repeat(column) + rest];
}

// ---------------------------------------------------------------------------------------------------------------------
// What takes part
// ---------------------------------------------------------------------------------------------------------------------

function* members({ files }: Decisions, { nameOf }: MapOptions): IterableIterator<string> {
  const found = files.flatMap((it) => (it.kind === "object" && it.reason !== "command-line" ? [it] : []));
  if (found.length === 0) return;
  yield* ["Archive member included to satisfy reference by file (symbol)", ""];
  for (const it of found) {
    const reason = it.reason === "wanted" ? `${it.neededBy} (${nameOf(it.symbol)})`.trimStart() : "(--whole-archive)";
    yield* columns(it.file, REASON_COLUMN, reason);
  }
}

function* neededLibraries(decisions: Decisions, { nameOf }: MapOptions): IterableIterator<string> {
  const needed = decisions.files.flatMap((it) =>
    it.kind === "shared-library" && it.asNeeded && it.fate === "needed" ? [it] : [],
  );
  if (needed.length === 0) return;
  yield* ["", "As-needed library included to satisfy reference by file (symbol)", ""];
  for (const { soname, symbol } of needed) {
    const by = decisions.definition(symbol)?.firstReference?.file ?? "";
    yield* columns(soname, REASON_COLUMN, `${by} (${nameOf(symbol)})`.trimStart());
  }
}

function* commons(layout: OutputLayout, { nameOf }: MapOptions): IterableIterator<string> {
  const found = [...layout.symbols()].filter(({ section }) => section === COMMON).sort((a, b) => a.address - b.address);
  if (found.length === 0) return;
  yield* ["", "Allocating common symbols", "Common symbol       size              file", ""];
  for (const { name, size, file } of found) yield* columns(nameOf(name), 20, hex(size).padEnd(18) + file);
}

function* discarded(layout: OutputLayout, options: MapOptions): IterableIterator<string> {
  let any = false;
  for (const { file, section, size } of layout.discarded()) {
    if (!any) yield* ["", "Discarded input sections", ""];
    any = true;
    yield* inputLine(section, 0, size, file, options);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Where it is
// ---------------------------------------------------------------------------------------------------------------------

const COMMON = "COMMON";
/** In place of a file, for what the linker made. */
const LINKER = "(linker)";

interface MapState {
  readonly options: MapOptions;
  /** Symbols by file and input section, in the order of their addresses; taken out as they are printed. */
  readonly byInput: Map<string, LaidOutSymbol[]>;
  /** Symbols of no input section: the linker's and absolute ones. */
  readonly others: readonly LaidOutSymbol[];
  nextOther: number;
  /** What assigned symbols are in the end. */
  readonly last: ReadonlyMap<string, bigint>;
}

function inputKey(file: string, section: string): string {
  return `${file}\0${section}`;
}

/** @param end what GNU ld has behind the statements of the script, and so in front of the orphans behind its last section */
function* memoryMap(layout: OutputLayout, end: readonly string[], options: MapOptions): IterableIterator<string> {
  const byInput = new Map<string, LaidOutSymbol[]>();
  const others: LaidOutSymbol[] = [];
  for (const symbol of [...layout.symbols()].sort((a, b) => a.address - b.address)) {
    const key = symbol.section === COMMON ? COMMON : inputKey(symbol.file, symbol.section);
    if (symbol.section === "") others.push(symbol);
    else if (!byInput.get(key)?.push(symbol)) byInput.set(key, [symbol]);
  }
  const rows = [...layout.statements()];
  const assigned = new Set(rows.flatMap(assignedNames));
  const free = others.filter(({ name }) => !assigned.has(name));
  const state: MapState = { options, byInput, others: free, nextOther: 0, last: lastValues(rows) };
  const byIndex = new Map(layout.sections.map((it) => [it.index, it]));
  const last = rows.findLastIndex((it) => it.kind !== "section" || !it.orphan);
  for (const [i, it] of rows.entries()) {
    if (it.kind === "section") yield* outputLines(state, it, byIndex.get(it.index));
    else yield assignmentLine(it, state);
    if (i === last) yield* end;
  }
  if (last < 0) yield* end;
  yield* otherSymbols(state, Number.POSITIVE_INFINITY);
}

// ---------------------------------------------------------------------------------------------------------------------
// By the script's statements
// ---------------------------------------------------------------------------------------------------------------------

function lastValues(rows: readonly LaidOutStatement[]): Map<string, bigint> {
  const all = rows.flatMap((it) => (it.kind === "section" ? [...it.body()] : [it]));
  return new Map(
    all.flatMap((it) => (it.kind === "assignment" && it.value !== undefined ? [[it.assignment.symbol, it.value]] : [])),
  );
}

function assignedNames(it: LaidOutStatement): string[] {
  if (it.kind === "assignment") return [it.assignment.symbol];
  if (it.kind !== "section") return [];
  return [...it.body()].flatMap((one) => (one.kind === "assignment" ? [one.assignment.symbol] : []));
}

function* outputLines(
  state: MapState,
  statement: LaidOutOutput,
  section: LaidOutSection | undefined,
): IterableIterator<string> {
  const { options } = state;
  const { name, place } = statement;
  const flags = section?.flags ?? 0;
  const isLoaded = (flags & SHF_ALLOC) !== 0;
  const isPlain = isLoaded && !((flags & SHF_TLS) !== 0 && section?.type === SHT_NOBITS);
  if (isPlain) yield* otherSymbols(state, section?.address ?? 0);
  yield "";
  if (place === undefined) yield name;
  else {
    const { address: start, size, loadAddress } = place;
    const loaded = loadAddress === start ? "" : ` load address ${address(loadAddress, options)}`;
    yield* columns(name, NAME_COLUMN, `${address(start, options)} ${hex(size).padStart(10)}${loaded}`);
  }
  const start = place?.address ?? 0;
  const pad = function* (from: number, to: number): IterableIterator<string> {
    if (place === undefined || section === undefined || to <= from) return;
    const pattern = statement.gaps.find(({ offset }) => start + offset === from)?.pattern;
    yield `${" *fill*".padEnd(NAME_COLUMN)}${address(from, options)} ${hex(to - from).padStart(10)} ${digits(pattern)}`;
  };
  let at = start;
  for (const it of statement.body()) {
    if (it.kind === "assignment" || it.kind === "assert") {
      yield assignmentLine(it, state);
      const isMove = it.kind === "assignment" && it.assignment.symbol === "." && it.value !== undefined;
      const to = isMove ? Number(BigInt.asIntN(64, it.value ?? 0n)) : at;
      yield* pad(at, to);
      at = Math.max(at, to);
      continue;
    }
    if (it.kind === "input" && it.statement !== undefined) yield ` ${mapInput(it.statement, options.sortSection)}`;
    if (it.kind === "other" && it.statement.kind === "fill") yield ` FILL mask 0x${digits(maskOf(it.statement.fill))}`;
    if (it.kind === "other" && it.statement.kind === "idle" && !it.statement.text.includes("CONSTRUCTORS"))
      yield ` ${it.statement.text}`;
    for (const piece of it.pieces) {
      yield* pad(at, piece.address);
      if (it.kind === "other") yield dataLine(it.statement, it.value, piece, options);
      else yield* pieceLines(state, piece);
      at = Math.max(at, piece.address + piece.size);
      if (isPlain) yield* otherSymbols(state, at);
    }
  }
}

/** GNU ld writes the map when all is done: every assignment of a symbol shows its last value. A number in dot's place counts as it is. */
function assignmentLine(it: LaidOutAssignment | LaidOutAssert, { options, last }: MapState): string {
  const { text, value, missing } = it.kind === "assert" ? assertion(it) : assigned(it, last);
  const shown = value === undefined ? missing : address(Number(BigInt.asIntN(64, value)), options);
  return `${" ".repeat(NAME_COLUMN)}${shown.padEnd(ASSIGNED_COLUMN)}${text}`;
}

interface Shown {
  readonly text: string;
  readonly value: bigint | undefined;
  readonly missing: string;
}

function assertion({ assertion: { test, message }, value }: LaidOutAssert): Shown {
  return { text: mapAssert(test, message), value, missing: "*undef*" };
}

function assigned({ assignment, value }: LaidOutAssignment, last: MapState["last"]): Shown {
  const { symbol, value: expression, provide } = assignment;
  const isWritten = symbol === "." && expression.kind === "number" && value !== undefined;
  const end = isWritten ? expression.value : symbol === "." || value === undefined ? value : last.get(symbol);
  return { text: mapAssignment(assignment), value: end, missing: provide ? "[!provide]" : "*undef*" };
}

/** `0x1023 0x4 LONG 0x1003 (s + 0x3)`: BYTE and its kin, ASCIZ. */
function dataLine(it: BodyStatement, value: bigint | undefined, piece: LaidOutPiece, options: MapOptions): string {
  const place = `${" ".repeat(NAME_COLUMN)}${address(piece.address, options)} ${hex(piece.size).padStart(10)}`;
  if (it.kind !== "data") return `${place} ${it.kind === "text" ? printBodyStatement(it) : piece.section}`;
  const number = value === undefined ? "" : ` 0x${value.toString(16)}`;
  return `${place} ${it.command}${number}${it.value.kind === "number" ? "" : ` ${mapExpression(it.value)}`}`;
}

function maskOf({ bytes, value }: Fill): Uint8Array {
  if (bytes !== undefined) return bytes;
  const mask = new Uint8Array(4);
  if (value.kind === "number") new DataView(mask.buffer).setUint32(0, Number(value.value & 0xffffffffn));
  return mask;
}

function digits(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function* pieceLines(state: MapState, piece: LaidOutPiece): IterableIterator<string> {
  const { options } = state;
  const { file, section, address: start, size } = piece;
  if (file !== "") {
    yield* inputLine(section, start, size, file, options);
    yield* inputSymbols(state, inputKey(file, section), start + size);
    return;
  }
  let merged = false;
  for (const input of piece.merged()) {
    // As GNU ld, which merges into the first.
    const own = merged ? 0 : size;
    yield* inputLine(input.section, merged ? start + size : start, own, input.file, options);
    if (input.size !== own) {
      yield `${" ".repeat(NAME_COLUMN + 3 + (options.is64 ? 16 : 8))}${hex(input.size).padStart(10)} (size before relaxing)`;
    }
    yield* inputSymbols(state, inputKey(input.file, input.section), start + size);
    merged = true;
  }
  const isCommon = /COMMON$|^\.tcommon$/.test(section);
  if (!merged && !isCommon) yield* inputLine(section, start, size, LINKER, options);
  if (isCommon) yield* commonLines(state, section, start + size);
}

/** One line for the common symbols of one file that stand together, then the symbols. */
function* commonLines(state: MapState, section: string, end: number): IterableIterator<string> {
  const { options } = state;
  const list = state.byInput.get(COMMON) ?? [];
  while (list.length > 0 && list[0].address < end) {
    const [{ file, address: start }] = list;
    const count = list.findIndex((it) => it.file !== file || it.address >= end);
    const run = list.splice(0, count < 0 ? list.length : count);
    const last = run[run.length - 1];
    yield* inputLine(section, start, last.address + last.size - start, file, options);
    for (const symbol of run) yield symbolLine(symbol, options);
  }
}

function* inputLine(
  section: string,
  start: number,
  size: number,
  file: string,
  options: MapOptions,
): IterableIterator<string> {
  yield* columns(` ${section}`, NAME_COLUMN, `${address(start, options)} ${hex(size).padStart(10)} ${file}`);
}

function* inputSymbols(state: MapState, key: string, end: number): IterableIterator<string> {
  const list = state.byInput.get(key);
  if (list === undefined) return;
  const next = list.findIndex((it) => it.address > end);
  for (const symbol of list.splice(0, next < 0 ? list.length : next)) yield symbolLine(symbol, state.options);
}

/** The symbols of no input section up to, and without, an address. */
function* otherSymbols(state: MapState, end: number): IterableIterator<string> {
  const { others, options } = state;
  for (; state.nextOther < others.length && others[state.nextOther].address < end; state.nextOther++) {
    yield symbolLine(others[state.nextOther], options);
  }
}

function symbolLine({ name, address: value }: LaidOutSymbol, options: MapOptions): string {
  // A negative constant: its two's complement.
  const shown = value < 0 ? value + (options.is64 ? 2 ** 64 : 2 ** 32) : value;
  return `${" ".repeat(NAME_COLUMN)}${address(shown, options)}                ${options.nameOf(name)}`;
}
