// `solder why --link FILE WHAT`: an answer to whatever is asked about a link: a symbol, a file or archive member, an output or input
// section, an address of the output, a slot.

import type { LaidOutPiece, LaidOutSection } from "../../link/decisions/layout-types.ts";
import type { FileDecision } from "../../link/decisions/types.ts";
import type { LinkResult } from "../../link/result.ts";
import { closest } from "../../link/tables/spelling.ts";
import { describeDefinition, describeFile, describeSlot } from "../decisions.ts";
import { counted, grouped, hex } from "../dump/table.ts";
import { pieceIndex, sectionKey } from "./piece-index.ts";
import { describeDiscarded } from "./tables.ts";

export type AskedLink = Pick<LinkResult, "decisions" | "layout">;

/** Lists are cut after so many. */
const SHOWN = 12;

/** The answer's lines; undefined if nothing of that name has to do with the link. */
export function linkWhyLines(link: AskedLink, question: string): string[] | undefined {
  const lines = /^0[xX][0-9a-fA-F]+$/.test(question)
    ? addressLines(link, Number(question))
    : [
        ...definitionLines(link, question),
        ...fileLines(link, question),
        ...outputSectionLines(link, question),
        ...inputSectionLines(link, question),
      ];
  return lines.length === 0 ? undefined : lines;
}

/** The name of the link that comes nearest. */
export function nearestLinked({ decisions, layout }: AskedLink, question: string): string | undefined {
  const files = decisions.files.map(({ file }) => file);
  const sections = (layout?.sections ?? []).map(({ name }) => name);
  return closest(question, [...decisions.names(), ...files, ...sections]);
}

function definitionLines({ decisions }: AskedLink, name: string): string[] {
  const found = decisions.definition(name);
  return found === undefined ? [] : describeDefinition(found);
}

/** By its whole name, or the last part of its path. */
function fileLines({ decisions, layout }: AskedLink, name: string): string[] {
  const last = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const files = decisions.files.filter((it) => it.file === name || last(it.file) === name);
  return files.flatMap((it) => {
    const lines = [describeFile(it)];
    if (it.kind === "archive") lines.push(...memberLines(decisions.files, it.file));
    if (it.kind !== "object" || layout === undefined) return lines;
    const index = pieceIndex(layout);
    const pieces = (index.byFile.get(it.file) ?? []).filter(({ piece }) => piece.size > 0);
    const total = pieces.reduce((sum, { piece }) => sum + piece.size, 0);
    lines.push(`  it gives the output ${grouped(total)} bytes in ${counted(pieces.length, "section")}`);
    lines.push(...cut(pieces.map(({ section, piece }) => `  ${pieceText(section, piece)}`)));
    for (const one of index.discardedByFile.get(it.file) ?? [])
      lines.push(`  ${one.section} (${grouped(one.size)} bytes) is left out: ${describeDiscarded(one)}`);
    return lines;
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
  const large = [...pieces].sort((a, b) => b.size - a.size);
  return [
    `${name} is a section of the output: ${grouped(section.size)} bytes at ${hex(section.address)}, at ${hex(section.offset)} in the file, in ${counted(inSegments, "segment")}`,
    `  it is made of ${counted(pieces.length, "piece")}${padding > 0 ? ` and ${grouped(padding)} bytes of padding` : ""}; the largest first:`,
    ...cut(large.map((piece) => `  ${pieceText(section, piece)}`)),
  ];
}

/** `main.o:(.text)` as in messages, or the name of a section of inputs. */
function inputSectionLines({ layout }: AskedLink, question: string): string[] {
  if (layout === undefined) return [];
  if (layout.sections.some((it) => it.name === question)) return [];
  const index = pieceIndex(layout);
  const lines = (index.pieces.get(question) ?? []).map(({ section, piece }) => pieceText(section, piece));
  for (const { file, name, section, piece } of index.merged.get(question) ?? []) {
    lines.push(
      `${sectionKey(file, name)} is merged into ${section.name} at ${hex(piece.address)}: equal strings and constants are there once`,
    );
  }
  for (const one of index.discarded.get(question) ?? [])
    lines.push(`${sectionKey(one.file, one.section)} is left out: ${describeDiscarded(one)}`);
  return cut(lines);
}

function addressLines({ decisions, layout }: AskedLink, address: number): string[] {
  if (layout === undefined) return ["the link failed before anything had an address"];
  const section = layout.sections.find(
    (it) => it.address > 0 && address >= it.address && address < it.address + Math.max(1, it.size),
  );
  if (section === undefined) return [`no section of the output is at ${hex(address)}`];
  const lines = [`${hex(address)} is in ${section.name}, ${hex(address - section.address)} behind its start`];
  const [piece] = [...section.pieces()].filter((it) => address >= it.address && address < it.address + it.size);
  lines.push(piece === undefined ? "  padding between two pieces" : `  ${pieceText(section, piece)}`);
  const symbol = [...layout.symbols()]
    .filter((it) => address >= it.address && address < it.address + Math.max(1, it.size))
    .at(-1);
  if (symbol !== undefined) {
    const distance = address - symbol.address;
    lines.push(
      `  symbol ${symbol.name}${distance === 0 ? "" : ` + ${hex(distance)}`}`,
      ...indented(definitionLines({ decisions, layout }, symbol.name)),
    );
  }
  const slot = decisions.slots.find((it) => address >= it.address && address < it.address + it.size);
  if (slot !== undefined) lines.push(`  ${describeSlot(slot)}`);
  return lines;
}

function pieceText(section: LaidOutSection, piece: LaidOutPiece): string {
  const what = piece.file === "" ? `the linker's ${piece.section}` : `${piece.file}:(${piece.section})`;
  return `${what}: ${grouped(piece.size)} bytes at ${hex(piece.address)} in ${section.name}, aligned to ${piece.alignment}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function cut(lines: readonly string[]): string[] {
  return lines.length <= SHOWN ? [...lines] : [...lines.slice(0, SHOWN), `  and ${grouped(lines.length - SHOWN)} more`];
}
