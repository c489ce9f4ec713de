// What a linker looks at first of an archive or a shared library that may be large: an archive's tables and its members' headers, a
// library's dynamic symbols. A small C program is linked with a libgcc.a of 3 MB, of which no member is wanted, and a libc.so.6
// of 2 MB, of which 140 KB are; to hold the rest was a sixth of all the memory that such a link filled.

import { ARCHIVE_HEADER_BYTES, archiveIndexMembers, archiveStep } from "../elf/archive.ts";
import { ET_DYN, SHT_DYNAMIC, SHT_DYNSYM, SHT_GNU_verdef, SHT_GNU_verneed, SHT_GNU_versym } from "../elf/constants.ts";
import { unsigned64 } from "../elf/halves.ts";
import { createPages, PAGE, type ReadRange } from "./pages.ts";

/** Smaller files are read whole: that takes no longer than looking what to leave out. */
const SMALL_FILE = 0x10000;

/** Read at once: headers, the head of an archive's index. */
const HEAD = 0x1000;

/** What is looked at of a shared library: these sections with the strings that belong to them (src/link/inputs/shared/shared-file.ts). */
const TABLES: ReadonlySet<number> = new Set([SHT_DYNAMIC, SHT_DYNSYM, SHT_GNU_verdef, SHT_GNU_verneed, SHT_GNU_versym]);

/** And the texts of warnings about its symbols (src/link/reports/symbol-warnings.ts). */
const WARNING = ".gnu.warning";

/**
 * Reads a file's parts into `bytes`; what is left out stays as it was. What is neither a shared library nor an archive, or is not
 * as linkers for little-endian machines and GNU ar write them, is read whole.
 * @param bytes room for the whole file, zero
 * @returns whether all was read
 */
export function readLinkerParts(bytes: Uint8Array, read: ReadRange): boolean {
  const want = createPages(bytes.length, read);
  if (bytes.length > SMALL_FILE) {
    want(0, HEAD);
    if (bytes[0] === 0x7f ? wantLibrary(bytes, want) : wantArchive(bytes, want)) return false;
  }
  want(0, bytes.length);
  return true;
}

/** Tables, and the header before each member. Where members are small, that would touch every page of the file. */
function wantArchive(bytes: Uint8Array, want: ReadRange): boolean {
  const index = archiveStep(bytes, 0);
  if (index?.kind !== "gnu") return false;
  want(index.start, index.end);
  if (archiveIndexMembers(bytes, index) * 2 * PAGE > bytes.length) return false;
  for (let at = index.next; at < bytes.length; ) {
    want(at, at + ARCHIVE_HEADER_BYTES);
    const step = archiveStep(bytes, at);
    if (step === undefined || step.kind === "bsd") return false;
    if (step.kind !== "") want(step.start, step.end);
    at = step.next;
  }
  return true;
}

interface Section {
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly end: number;
  readonly link: number;
}

function wantLibrary(bytes: Uint8Array, want: ReadRange): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const is64 = bytes[4] === 2;
  if (bytes[5] !== 1 || view.getUint16(16, true) !== ET_DYN) return false;
  const word = (at: number): number => unsigned64(view.getUint32(at, true), is64 ? view.getUint32(at + 4, true) : 0);
  const half = (at: number): number => view.getUint16(at, true);
  const [programs, sections] = is64 ? [word(32), word(40)] : [word(28), word(32)];
  const counts = is64 ? 54 : 42;
  const sectionSize = is64 ? 64 : 40;
  const sectionCount = half(counts + 6);
  const end = sections + sectionCount * sectionSize;
  // Counts that overflow stand in section header 0 (gABI, "ELF Header").
  if (sectionCount === 0 || half(counts + 4) !== sectionSize || end > bytes.length) return false;
  want(programs, programs + half(counts) * half(counts + 2));
  want(sections, end);

  const section = (index: number): Section => {
    const at = sections + index * sectionSize;
    const offset = word(at + (is64 ? 24 : 16));
    const link = index < sectionCount ? view.getUint32(at + (is64 ? 40 : 24), true) : 0;
    const size = word(at + (is64 ? 32 : 20));
    return { name: view.getUint32(at, true), type: view.getUint32(at + 4, true), offset, end: offset + size, link };
  };
  const wantSection = (index: number): void => {
    if (index >= sectionCount) return;
    const it = section(index);
    want(it.offset, it.end);
  };
  const namesIndex = half(counts + 8);
  wantSection(namesIndex);
  const names = namesIndex < sectionCount ? section(namesIndex).offset : bytes.length;
  for (let i = 1; i < sectionCount; i++) {
    const it = section(i);
    if (TABLES.has(it.type)) wantSection(it.link);
    if (TABLES.has(it.type) || textStarts(bytes, names + it.name, WARNING)) wantSection(i);
  }
  return true;
}

function textStarts(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
