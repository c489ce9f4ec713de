// `solder why --link FILE WHAT`: an answer to whatever is asked about a link: a symbol, a file or archive member, an output or input
// section, a place in one, an address of the output with what is there: piece, symbol, slot, relocation.

import type { LaidOutPiece, LaidOutSection } from "../../link/decisions/layout-types.ts";
import type { Decisions, DynamicRelocation, FileDecision, Slot } from "../../link/decisions/types.ts";
import type { LinkResult } from "../../link/result.ts";
import { closest } from "../../link/tables/spelling.ts";
import {
  describeDefinition,
  describeDynamicRelocation,
  describeFile,
  describeSlot,
  statementText,
} from "../decisions.ts";
import { counted, grouped, hex } from "../dump/table.ts";
import { type ByAddress, byAddress } from "./by-address.ts";
import { keptLines, placeLine, relocationLine } from "./inputs.ts";

export type AskedLink = Pick<LinkResult, "decisions" | "layout"> & Partial<Pick<LinkResult, "image">>;

/** Lists are cut after so many. */
const SHOWN = 12;

/** `main.o:(.text)`, `libx.a(y.o):(.text+0x12)`. */
const PLACE = /^(.+):\((.+?)(?:\+0x([0-9a-fA-F]+))?\)$/;

/** The answer's lines; undefined if nothing of that name has to do with the link. */
export function linkWhyLines(link: AskedLink, question: string): string[] | undefined {
  const lines = /^0[xX][0-9a-fA-F]+$/.test(question)
    ? addressLines(link, Number(question))
    : [
        ...definitionLines(link, question),
        ...fileLines(link, question),
        ...outputSectionLines(link, question),
        ...inputLines(link, question),
      ];
  return lines.length === 0 ? undefined : lines;
}

/** The name of the link that comes nearest. */
export function nearestLinked({ decisions, layout }: AskedLink, question: string): string | undefined {
  const files = decisions.files.map(({ file }) => file);
  const sections = (layout?.sections ?? []).map(({ name }) => name);
  return closest(question, [...decisions.names(), ...files, ...sections]);
}

/** What answers are looked up in, made when it is first needed. */
interface Known {
  files?: ReadonlyMap<string, readonly FileDecision[]>;
  symbols?: ByAddress<{ readonly name: string; readonly address: number; readonly size: number }>;
  slots?: ByAddress<Slot>;
  /** Symbol → its PLT entry. */
  stubs?: ReadonlyMap<string, number>;
  relocations?: ByAddress<DynamicRelocation>;
}

const known = new WeakMap<Decisions, Known>();

function knownOf({ decisions }: AskedLink): Known {
  const there = known.get(decisions) ?? {};
  known.set(decisions, there);
  return there;
}

function stubsOf(link: AskedLink): ReadonlyMap<string, number> {
  const there = knownOf(link);
  there.stubs ??= new Map(
    link.decisions.slots.flatMap(({ kind, symbol, address }) => (kind.includes("plt") ? [[symbol, address]] : [])),
  );
  return there.stubs;
}

function definitionLines({ decisions }: AskedLink, name: string): string[] {
  const found = decisions.definition(name);
  if (found === undefined) return [];
  const [first, ...rest] = describeDefinition(found);
  return found.chosen?.by === "object" && found.size > 0
    ? [first, `it has ${grouped(found.size)} bytes, as its file says`, ...rest]
    : [first, ...rest];
}

/** By its whole name, or the last part of its path. */
function filesCalled(link: AskedLink, name: string): readonly FileDecision[] {
  const there = knownOf(link);
  there.files ??= filesByName(link.decisions.files);
  return there.files.get(name) ?? [];
}

function filesByName(files: readonly FileDecision[]): Map<string, FileDecision[]> {
  const found = new Map<string, FileDecision[]>();
  for (const it of files) {
    for (const name of new Set([it.file, it.file.slice(it.file.lastIndexOf("/") + 1)])) {
      const list = found.get(name);
      if (list === undefined) found.set(name, [it]);
      else list.push(it);
    }
  }
  return found;
}

function fileLines(link: AskedLink, name: string): string[] {
  const { decisions, layout } = link;
  return filesCalled(link, name).flatMap((it) => {
    const lines = [describeFile(it)];
    if (it.kind === "archive") lines.push(...memberLines(decisions.files, it.file));
    if (it.kind !== "object" || layout === undefined) return lines;
    const places = layout.inputs(it.file).filter(({ size }) => size > 0);
    const placed = places.filter(({ fate }) => fate === "placed");
    const total = placed.reduce((sum, { size }) => sum + size, 0);
    lines.push(`  it gives the output ${grouped(total)} bytes in ${counted(placed.length, "section")}`);
    const [first, then] = [true, false].map((isPlaced) =>
      places.filter(({ fate }) => (fate === "placed") === isPlaced),
    );
    return [
      ...lines,
      ...cut(first.map((one) => `  ${placeLine(one)}`)),
      ...cut(then.map((one) => `  ${placeLine(one)}`)),
    ];
  });
}

function memberLines(files: readonly FileDecision[], archive: string): string[] {
  const members = files.filter((it) => it.kind === "object" && it.file.startsWith(`${archive}(`));
  return cut(members.map((it) => `  ${describeFile(it)}`));
}

function outputSectionLines({ layout }: AskedLink, name: string): string[] {
  const section = layout?.sections.find((it) => it.name === name);
  if (section === undefined || layout === undefined) return [];
  const pieces = [...section.pieces()];
  const used = pieces.reduce((sum, { size }) => sum + size, 0);
  const padding = section.size - used;
  const inSegments = layout.segments.filter(({ sections }) => sections.includes(section.index)).length;
  const large = pieces.sort((a, b) => b.size - a.size);
  return [
    `${name} is a section of the output: ${grouped(section.size)} bytes at ${hex(section.address)}, at ${hex(section.offset)} in the file, in ${counted(inSegments, "segment")}`,
    `  it is made of ${counted(pieces.length, "piece")}${padding > 0 ? ` and ${grouped(padding)} bytes of padding` : ""}; the largest first:`,
    ...cut(large.map((piece) => `  ${pieceText(section, piece)}`)),
  ];
}

/** `main.o:(.text)` and `main.o:(.text+0x12)` as in messages, or the name of a section of inputs. */
function inputLines(link: AskedLink, question: string): string[] {
  const { layout } = link;
  if (layout === undefined || layout.sections.some((it) => it.name === question)) return [];
  const [, file, name, offset] = PLACE.exec(question) ?? [];
  if (file === undefined) return cut(layout.inputs(undefined, question).map(placeLine));
  const lines = layout.inputs(file, name).flatMap((it) => [placeLine(it), ...keptLines(it)]);
  if (lines.length === 0) return [];
  const from = offset === undefined ? 0 : Number.parseInt(offset, 16);
  const to = offset === undefined ? Number.POSITIVE_INFINITY : from + 1;
  const relocations = layout.relocations(file, name, from, to);
  if (offset !== undefined && relocations.length === 0) lines.push("  no relocation changes this byte");
  // A section may have ten thousand: words are made for those that are shown.
  lines.push(...relocations.slice(0, SHOWN).map((it) => `  ${relocationLine(it, stubsOf(link), link)}`));
  if (relocations.length > SHOWN) lines.push(`  and ${grouped(relocations.length - SHOWN)} more`);
  return lines;
}

function addressLines(link: AskedLink, address: number): string[] {
  const { layout } = link;
  if (layout === undefined) return ["the link failed before anything had an address"];
  const section = layout.sections.find(
    (it) => it.address > 0 && address >= it.address && address < it.address + Math.max(1, it.size),
  );
  if (section === undefined) return [`no section of the output is at ${hex(address)}`];
  const lines = [`${hex(address)} is in ${section.name}, ${hex(address - section.address)} behind its start`];
  const piece = section.pieceAt(address);
  lines.push(piece === undefined ? "  padding between two pieces" : `  ${pieceText(section, piece)}`);
  const there = knownOf(link);
  there.symbols ??= byAddress(layout.symbols(), (it) => it);
  const symbol = there.symbols.at(address).at(-1);
  if (symbol !== undefined) {
    const distance = address - symbol.address;
    lines.push(
      `  symbol ${symbol.name}${distance === 0 ? "" : ` + ${hex(distance)}`}`,
      ...definitionLines(link, symbol.name).map((line) => `    ${line}`),
    );
  }
  there.slots ??= byAddress(link.decisions.slots, (it) => it);
  for (const slot of there.slots.at(address)) lines.push(`  ${describeSlot(slot)}`);
  there.relocations ??= byAddress(link.decisions.dynamicRelocations(), (it) => ({ address: it.address, size: 1 }));
  for (const it of layout.relocationsAt(address)) lines.push(`  ${relocationLine(it, stubsOf(link), link)}`);
  for (const it of there.relocations.at(address))
    lines.push(`  left to the dynamic linker: ${describeDynamicRelocation(it)}`);
  return lines;
}

function pieceText(section: LaidOutSection, piece: LaidOutPiece): string {
  const what = piece.file === "" ? `the linker's ${piece.section}` : `${piece.file}:(${piece.section})`;
  const reason = piece.statement === undefined ? "" : `; ${statementText(piece.statement)}`;
  return `${what}: ${grouped(piece.size)} bytes at ${hex(piece.address)} in ${section.name}, aligned to ${piece.alignment}${reason}`;
}

function cut(lines: readonly string[]): string[] {
  return lines.length <= SHOWN ? [...lines] : [...lines.slice(0, SHOWN), `  and ${grouped(lines.length - SHOWN)} more`];
}
