// Instructions of a file around a place: from the function that holds it on, each with what stands there and what a relocation does to it.
// What `solder dump --code` prints and the page shows.

import { machineTables } from "../arch/index.ts";
import { type ElfSection, ET_REL, SHF_EXECINSTR, SHT_NOBITS } from "../elf/index.ts";
import { type BranchTarget, branchTargets } from "./branches.ts";
import { type Anatomy, offsetOfSymbol, relocatedBetween } from "./bytes/index.ts";
import type { Disassembler } from "./disassembly.ts";
import type { RelocationTableDump } from "./dump/index.ts";
import { hex, painted, type Style, table } from "./dump/table.ts";

export interface CodeListing {
  readonly section: string;
  readonly machine: string;
  readonly lines: readonly ListedInstruction[];
  /** File offset of the first instruction, and behind the last. */
  readonly start: number;
  readonly end: number;
  /** Of the section's code. */
  readonly first: number;
  readonly last: number;
}

export interface ListedInstruction {
  /** File offset. */
  readonly offset: number;
  /** Address, or offset in the section of a relocatable file. */
  readonly address: number;
  readonly bytes: string;
  readonly text: string;
  /** A symbol that begins here. */
  readonly label: string;
  /** Where it jumps or calls to. */
  readonly target: BranchTarget | undefined;
  /** What relocations do to it: type and what it computes. */
  readonly relocations: readonly string[];
}

/** Instructions of a listing. */
const MOST = 400;
/** The longest instruction, of x86. */
const LONGEST = 15;
/** Listings begin at a function's start, if it is not farther away than this. */
const FAR = 0x10000;

/**
 * @param offset in the file; negative: the first code that there is
 * @param bytesAt the bytes of a part of the file
 * @param relocations tables of the file, read if something in the code is relocated
 * @returns undefined if there is no code, or of a machine that is not known
 */
export function codeListing(
  anatomy: Anatomy,
  offset: number,
  disassemble: Disassembler,
  bytesAt: (from: number, to: number) => Uint8Array,
  relocations: () => readonly RelocationTableDump[],
): CodeListing | undefined {
  const { file } = anatomy;
  const machine = machineTables(file.header.machine, file.elfClass, file.littleEndian)?.name;
  const section = sectionOf(anatomy, offset);
  if (machine === undefined || section === undefined) return undefined;
  const first = section.offset;
  const last = section.offset + section.size;
  const wanted = Math.max(first, Math.min(offset, last - 1));
  const start = startOf(anatomy, section, wanted);
  const code = bytesAt(start, Math.min(last, start + MOST * LONGEST));
  const shift = (file.header.type === ET_REL ? 0 : section.address) - section.offset;
  const found = disassemble(code, start + shift, machine, start + shift + code.length).slice(0, MOST);
  const labels = labelsOf(anatomy, start, start + code.length);
  const changes = relocationsIn(anatomy, relocations, start, start + code.length);
  const targetOf = branchTargets(anatomy, bytesAt);
  const lines = found.map(({ address, bytes, text }): ListedInstruction => {
    const at = address - shift;
    return {
      offset: at,
      address,
      bytes: hexOf(code.subarray(at - start, at - start + bytes)),
      text,
      label: labels.get(at) ?? "",
      target: targetOf(text),
      relocations: changes.filter(({ place }) => place >= at && place < at + bytes).map(({ words }) => words),
    };
  });
  const end = found.length === 0 ? start : (found.at(-1)?.address ?? 0) - shift + (found.at(-1)?.bytes ?? 0);
  return { section: section.name, machine, lines, start, end, first, last };
}

/** The section of code that holds the place, else the first. */
function sectionOf({ sections }: Anatomy, offset: number): ElfSection | undefined {
  const code = sections.filter(
    ({ flags, type, size }) => (flags & SHF_EXECINSTR) !== 0 && type !== SHT_NOBITS && size > 0,
  );
  return (
    code.find((it) => it.offset <= offset && offset < it.offset + it.size) ??
    code.find(({ name }) => name === ".text") ??
    code[0]
  );
}

/** Where the function that holds the place begins. */
function startOf({ file, symbols }: Anatomy, section: ElfSection, wanted: number): number {
  let best = section.offset;
  for (const symbol of symbols) {
    if (symbol.section !== section.index || symbol.name === "") continue;
    const at = offsetOfSymbol(file, symbol);
    if (at !== undefined && at <= wanted && at > best) best = at;
  }
  // Where no symbol is near, an instruction begins at the place or nowhere that is known.
  return wanted - best > FAR ? wanted : best;
}

function labelsOf({ file, symbols }: Anatomy, from: number, to: number): Map<number, string> {
  const labels = new Map<number, string>();
  for (const symbol of symbols) {
    if (symbol.name === "") continue;
    const at = offsetOfSymbol(file, symbol);
    if (at !== undefined && at >= from && at < to && !labels.has(at)) labels.set(at, symbol.name);
  }
  return labels;
}

function relocationsIn(
  anatomy: Anatomy,
  relocations: () => readonly RelocationTableDump[],
  from: number,
  to: number,
): { readonly place: number; readonly words: string }[] {
  const places = relocatedBetween(anatomy.file, from, to);
  if (places.length === 0) return [];
  const tables = relocations();
  return places.flatMap(({ start, table, entry: number }) => {
    const name = anatomy.file.sections[table]?.name;
    const entry = tables.find((it) => it.table === name)?.entries[number];
    if (entry === undefined) return [];
    const what = entry.filled === "" ? entry.symbol : entry.filled;
    return [{ place: start, words: `${entry.type}: ${what}` }];
  });
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The listing as text. */
export function codeLines({ section, lines }: CodeListing, style: Style): string[] {
  const rows = lines.flatMap(({ address, bytes, text, label, target, relocations }) => [
    ...(label === "" ? [] : [["", "", `${label}:`]]),
    [hex(address), bytes, target === undefined ? text : `${text} <${target.name}>`],
    ...relocations.map((words) => ["", "", `    ${words}`]),
  ]);
  const columns = [{ title: "address", align: "right" }, { title: "bytes" }, { title: "instruction" }] as const;
  return ["", painted(`Code of ${section}`, "heading", style), ...table(columns, rows, style, "--code")];
}
