// "Which source line is this?" for messages: looks an offset in a section up in .debug_line, in object files as well as in
// linked ones. Read only when something has gone wrong, so it is written to be read rather than to be fast.

import { ET_REL } from "../elf/constants.ts";
import { type ElfFile, parseElf } from "../elf/file.ts";
import { type LineHeader, type LineSections, readLineUnit } from "./line-header.ts";
import { type LineSequence, runLineProgram } from "./line-program.ts";
import { type Decompressors, debugSection, ignore } from "./section.ts";

export interface SourceLine {
  /** As the compiler was given it: relative to the directory in which it ran, if it was given so. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** The line tables of one file, decoded. Keep it to look more places up. */
export interface SourceLines {
  readonly sequences: readonly LineSequence[];
  /** The same by section index, in an object. */
  readonly bySection: ReadonlyMap<number, readonly LineSequence[]>;
  /** Section index → what to add to an offset to get the addresses of the sequences. */
  readonly bases: readonly number[];
  readonly relocatable: boolean;
}

/** Every byte can be a row. No object comes near; for a linked program with as much a debugger is the better tool. */
const MAX_BYTES = 1 << 26;

/**
 * Decodes all line tables of an object or linked file. Damaged tables are left out.
 * @param decompressors for compressed debug sections; without the one that is needed there are no lines
 */
export function readSourceLines(file: ElfFile, decompressors: Decompressors = {}): SourceLines {
  const relocatable = file.header.type === ET_REL;
  const bases = file.sections.map(({ address }) => (relocatable ? 0 : address));
  const line = debugSection(file, "debug_line", decompressors);
  if (line === undefined || line.bytes.length > MAX_BYTES)
    return { sequences: [], bySection: new Map(), bases, relocatable };
  const sections: LineSections = {
    line,
    strings: debugSection(file, "debug_str", decompressors),
    lineStrings: debugSection(file, "debug_line_str", decompressors),
    littleEndian: file.littleEndian,
  };
  const sequences: LineSequence[] = [];
  const bySection = new Map<number, LineSequence[]>();
  for (let at = 0; at < line.bytes.length; ) {
    const { next, header } = readLineUnit(sections, at);
    if (header !== undefined) for (const sequence of runLineProgram(sections, header)) sequences.push(sequence);
    at = next;
  }
  for (const sequence of relocatable ? sequences : []) {
    const list = bySection.get(sequence.section);
    if (list === undefined) bySection.set(sequence.section, [sequence]);
    else list.push(sequence);
  }
  return { sequences, bySection, bases, relocatable };
}

/**
 * The source line of the code at an offset in a section.
 * @param section index of the section
 * @returns undefined when there is no line information for it, or the compiler said that no line is responsible (line 0)
 */
export function sourceLineAt(lines: SourceLines, section: number, offset: number): SourceLine | undefined {
  const base = lines.bases[section];
  if (base === undefined) return undefined;
  const address = base + offset;
  for (const sequence of lines.relocatable ? (lines.bySection.get(section) ?? []) : lines.sequences) {
    if (sequence.addresses.length === 0 || address < sequence.addresses[0] || address >= sequence.end) continue;
    const row = rowAt(sequence.addresses, address);
    const line = sequence.lines[row];
    if (line > 0) return { file: fileName(sequence.header, sequence.files[row]), line };
  }
  return undefined;
}

/**
 * The same in one step, for a single question.
 * @param object the bytes of an ELF file; anything else has no lines
 * @param sectionIndex index of the section  @param offset byte offset in it
 */
export function findSourceLine(
  object: Uint8Array,
  sectionIndex: number,
  offset: number,
  decompressors: Decompressors = {},
): SourceLine | undefined {
  const file = parseElf(object, "", ignore);
  return file === undefined ? undefined : sourceLineAt(readSourceLines(file, decompressors), sectionIndex, offset);
}

/** The last row at or before the address. Of several rows at one address the last one counts. */
function rowAt(addresses: readonly number[], address: number): number {
  let low = 0;
  let high = addresses.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (addresses[middle] <= address) low = middle;
    else high = middle;
  }
  return low;
}

/** The directory in which the compiler ran (number 0) is left out: it is not the reader's way of naming the file. */
export function fileName(header: LineHeader, index: number): string {
  const file = header.files[index];
  if (file === undefined || file.name === "") return "?";
  if (file.name.startsWith("/") || file.directory === 0) return file.name;
  const directory = header.directories[file.directory] ?? "";
  return directory === "" ? file.name : `${directory.replace(/\/$/, "")}/${file.name}`;
}
