// Where everything ends up in memory: which section lies in which segment, and what the loader makes of the segments. The
// facts behind the picture.

import type { ElfFile, ElfSection, ElfSegment } from "../../elf/index.ts";
import {
  PT_DYNAMIC,
  PT_GNU_EH_FRAME,
  PT_GNU_RELRO,
  PT_GNU_SFRAME,
  PT_GNU_STACK,
  PT_LOAD,
  PT_NOTE,
  PT_PHDR,
  PT_TLS,
  SHF_ALLOC,
  SHF_TLS,
  SHT_NOBITS,
  SHT_NULL,
  segmentPermissions,
  segmentTypeName,
} from "../../elf/index.ts";

/** The file in memory. Addresses are those of the file; a position-independent one is moved as a whole. */
export interface LayoutDump {
  readonly pageBytes: number;
  /** One for each PT_LOAD segment, in their order. */
  readonly loads: readonly LoadDump[];
  /** Sections that are to be in memory but in no PT_LOAD segment, as `.tbss`, which each thread has for itself. */
  readonly unmapped: readonly PieceDump[];
  /** Sections that only tools read: symbol tables, debug information. */
  readonly notLoaded: readonly PieceDump[];
}

export interface LoadDump {
  /** Index of the program header. */
  readonly segment: number;
  /** Some of `R`, `W`, `X`. */
  readonly permissions: string;
  readonly address: number;
  readonly memoryBytes: number;
  readonly offset: number;
  readonly fileBytes: number;
  /** The pages that are mapped: from the page of the first byte to the end of the page of the last one. */
  readonly mappedFrom: number;
  readonly mappedTo: number;
  /** The whole pages of it that become read-only after relocation (PT_GNU_RELRO). */
  readonly relro: { readonly from: number; readonly to: number } | undefined;
  readonly pieces: readonly PieceDump[];
}

/** A stretch of memory: a section, the ELF header or the program headers. */
export interface PieceDump {
  /** Section index; -1 for the headers. */
  readonly section: number;
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Has no bytes in the file (SHT_NOBITS). */
  readonly zero: boolean;
  /** Types of the other segments that hold it: `INTERP`, `GNU_RELRO`, `TLS`, … */
  readonly segments: readonly string[];
}

const PAGE = 4096;

export function layoutDump(file: ElfFile): LayoutDump {
  const parts = file.sections.filter(({ type }) => type !== SHT_NULL).map((section) => pieceOf(file, section));
  const loads = file.segments.filter(({ type }) => type === PT_LOAD);
  const placed = new Set<number>();
  const dumps = loads.map((load): LoadDump => {
    const pieces = parts.filter((piece) => sectionInSegment(file.sections[piece.section], load));
    for (const { section } of pieces) placed.add(section);
    const all = [...headerPieces(file, load), ...pieces].sort((a, b) => a.address - b.address || a.size - b.size);
    return {
      segment: load.index,
      permissions: segmentPermissions(load.flags).replaceAll(" ", "").replace("E", "X"),
      address: load.address,
      memoryBytes: load.memoryBytes,
      offset: load.offset,
      fileBytes: load.fileBytes,
      mappedFrom: Math.floor(load.address / PAGE) * PAGE,
      mappedTo: Math.ceil((load.address + load.memoryBytes) / PAGE) * PAGE,
      relro: relroOf(file, load),
      pieces: all,
    };
  });
  const rest = parts.filter(({ section }) => !placed.has(section));
  const inMemory = ({ section }: PieceDump): boolean => (file.sections[section].flags & SHF_ALLOC) !== 0;
  return {
    pageBytes: PAGE,
    loads: dumps,
    unmapped: rest.filter(inMemory),
    notLoaded: rest.filter((piece) => !inMemory(piece)),
  };
}

/** glibc protects from the page in which it starts to the last page that it fills (elf/dl-reloc.c, _dl_protect_relro). */
function relroOf(file: ElfFile, load: ElfSegment): LoadDump["relro"] {
  const relro = file.segments.find(
    ({ type, address }) =>
      type === PT_GNU_RELRO && address >= load.address && address < load.address + load.memoryBytes,
  );
  if (relro === undefined) return undefined;
  const from = Math.floor(relro.address / PAGE) * PAGE;
  const to = Math.floor((relro.address + relro.memoryBytes) / PAGE) * PAGE;
  return to > from ? { from, to } : undefined;
}

/** Names of the sections that lie in a segment. */
export function sectionsInSegment(file: ElfFile, segment: ElfSegment): string[] {
  return file.sections.filter((section) => sectionInSegment(section, segment)).map(({ name }) => name);
}

/** Segments that hold nothing but what is loaded. */
const MEMORY_ONLY: ReadonlySet<number> = new Set([
  PT_LOAD,
  PT_DYNAMIC,
  PT_GNU_EH_FRAME,
  PT_GNU_SFRAME,
  PT_GNU_STACK,
  PT_GNU_RELRO,
]);

/**
 * Does the section lie in the segment? By its bytes in the file and, if it is loaded, by its address. What binutils and
 * elfutils agree on: TLS sections lie in PT_TLS, PT_LOAD and PT_GNU_RELRO only, and `.tbss` takes no memory but in PT_TLS; a
 * section without bytes lies where it starts, but never at the end of a segment.
 */
export function sectionInSegment(section: ElfSection, segment: ElfSegment): boolean {
  const { type } = segment;
  const loaded = (section.flags & SHF_ALLOC) !== 0;
  const threadLocal = (section.flags & SHF_TLS) !== 0;
  const zero = section.type === SHT_NOBITS;
  if (section.type === SHT_NULL || type === PT_PHDR) return false;
  if (threadLocal ? type !== PT_TLS && type !== PT_LOAD && type !== PT_GNU_RELRO : type === PT_TLS) return false;
  if (threadLocal && zero && type !== PT_TLS) return false;
  if (!loaded && MEMORY_ONLY.has(type)) return false;
  if (!zero && !within(section.offset, section.size, segment.offset, segment.fileBytes)) return false;
  if (loaded && !within(section.address, section.size, segment.address, segment.memoryBytes)) return false;
  return section.size > 0 || (type !== PT_DYNAMIC && type !== PT_NOTE) || segment.memoryBytes === 0;
}

function within(start: number, size: number, outerStart: number, outerSize: number): boolean {
  return start >= outerStart && start < outerStart + outerSize && start + size <= outerStart + outerSize;
}

function pieceOf(file: ElfFile, section: ElfSection): PieceDump {
  const holders = file.segments.filter((segment) => segment.type !== PT_LOAD && sectionInSegment(section, segment));
  return {
    section: section.index,
    name: section.name,
    address: section.address,
    offset: section.offset,
    size: section.size,
    zero: section.type === SHT_NOBITS,
    segments: [...new Set(holders.map(({ type }) => segmentTypeName(type, file.header.machine)))],
  };
}

/** The ELF header and the program headers, where a segment maps them. */
function headerPieces(file: ElfFile, load: ElfSegment): PieceDump[] {
  const { headerBytes, segmentOffset, segmentBytes, segmentCount } = file.header;
  const piece = (name: string, offset: number, size: number, segments: readonly string[]): PieceDump[] => {
    if (size === 0 || !within(offset, size, load.offset, load.fileBytes)) return [];
    const address = load.address + offset - load.offset;
    return [{ section: -1, name, address, offset, size, zero: false, segments }];
  };
  const phdr = file.segments.some(({ type }) => type === PT_PHDR);
  return [
    ...piece("ELF header", 0, headerBytes, []),
    ...piece("program headers", segmentOffset, segmentBytes * segmentCount, phdr ? ["PHDR"] : []),
  ];
}
