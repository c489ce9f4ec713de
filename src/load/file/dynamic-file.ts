// A program or library as the dynamic linker reads it: through the program headers and the dynamic section, never through
// section headers. What is read here is the same wherever the file is loaded, so one record serves every process that loads
// it, and tables are decoded when they are first asked for.

import {
  DF_1_PIE,
  DF_BIND_NOW,
  DF_SYMBOLIC,
  DT_AUXILIARY,
  DT_BIND_NOW,
  DT_FILTER,
  DT_FLAGS,
  DT_FLAGS_1,
  DT_GNU_HASH,
  DT_HASH,
  DT_NEEDED,
  DT_NULL,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMBOLIC,
  type ElfImage,
  type ElfSegment,
  error,
  type FileRange,
  GNU_PROPERTY_1_NEEDED,
  type HashTable,
  isPropertyNote,
  notesInSegments,
  PF_W,
  type Problem,
  PT_DYNAMIC,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_TLS,
  propertiesOf,
  rangeAtAddress,
  readGnuHash,
  readSysvHash,
  sysvHashEntryBytes,
} from "../../elf/index.ts";
import { address, type ElfSource, elfSource, holds } from "../../elf/source.ts";
import { nameAt } from "../../elf/text.ts";
import { type DynamicSymbols, dynamicSymbols } from "./dynamic-symbols.ts";
import { type SymbolicRelocations, symbolicRelocations } from "./file-relocations.ts";
import { withGotEntries } from "./got-entries.ts";
import { type RelocationRange, relocationRanges } from "./relocation-ranges.ts";
import { noVersions, readVersionTable, type VersionTable } from "./version-table.ts";

/** An entry of the dynamic section, and where it stands: some loaders patch it. */
export interface DynamicWord {
  readonly tag: number;
  readonly value: number;
  /** Address of the entry's value in the file's own address space. */
  readonly valueAddress: number;
}

/** DT_NEEDED, DT_AUXILIARY or DT_FILTER. */
export interface Dependency {
  readonly tag: number;
  readonly name: string;
}

export interface DynamicFile {
  readonly elf: ElfImage;
  readonly identity: string;
  readonly realPath: string;
  /** PT_LOAD segments in the order of the headers. Linkers write some that have nothing in memory. */
  readonly loads: readonly ElfSegment[];
  readonly tls: ElfSegment | undefined;
  readonly relro: ElfSegment | undefined;
  /** p_flags of PT_GNU_STACK; undefined where there is none, which asks for an executable stack. */
  readonly stackFlags: number | undefined;
  /** PT_INTERP: which loader the program asks for. */
  readonly interpreter: string | undefined;
  readonly hasDynamicSection: boolean;
  /** PT_DYNAMIC is in writable memory, so that glibc patches its addresses. */
  readonly dynamicWritable: boolean;
  readonly words: readonly DynamicWord[];
  /** The last entry of each tag, which is the one that counts (glibc, `elf_get_dynamic_info`). */
  readonly values: ReadonlyMap<number, number>;
  /** .dynstr as a range of the file; empty if there is none. */
  readonly strings: FileRange;
  readonly soname: string | undefined;
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** What it needs, in the order of the dynamic section. */
  readonly dependencies: readonly Dependency[];
  readonly flags: number;
  readonly flags1: number;
  /** DT_SYMBOLIC or DF_SYMBOLIC. */
  readonly looksIntoItselfFirst: boolean;
  /** DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW. */
  readonly bindNow: boolean;
  /** DF_1_PIE: a program, although of type ET_DYN. */
  readonly pie: boolean;
  /** The table that finds its symbols: DT_GNU_HASH, else DT_HASH; undefined if it exports nothing (or the table is damaged). */
  readonly hash: HashTable | undefined;
  readonly symbols: DynamicSymbols;
  readonly versions: VersionTable;
  /** Where the relocations are, in the order in which they are applied. */
  readonly ranges: readonly RelocationRange[];
  /** See `symbolicOf`. */
  symbolic: SymbolicRelocations | undefined;
  /** What is wrong with the file. The loader goes on with what can be read. */
  readonly problems: readonly Problem[];
}

/**
 * Reads what the loader needs of a file.
 * @param identity as in `OpenedFile`
 */
export function readDynamicFile(image: ElfImage, identity: string, realPath: string): DynamicFile {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  const words = dynamicWords(image, report);
  const values = new Map(words.map(({ tag, value }) => [tag, value]));
  const { elf, range: gotRange } = withGotEntries(image, values);
  const strings = stringRange(elf, values);
  const text = (offset: number | undefined): string | undefined =>
    offset === undefined || strings.start + offset >= strings.end
      ? undefined
      : nameAt(elf.bytes, strings.start + offset, strings.end);
  const flags = values.get(DT_FLAGS) ?? 0;
  const flags1 = values.get(DT_FLAGS_1) ?? 0;
  const hash = hashTable(elf, values, report);
  const tables = relocationRanges(elf, values, report);
  const ranges = gotRange === undefined ? tables : [gotRange, ...tables];
  const symbols = dynamicSymbols(elf, values, strings, hash, ranges, report);
  return {
    elf,
    identity,
    realPath,
    loads: elf.segments.filter(({ type }) => type === PT_LOAD),
    tls: elf.segments.find(({ type, memoryBytes }) => type === PT_TLS && memoryBytes > 0),
    relro: elf.segments.find(({ type, memoryBytes }) => type === PT_GNU_RELRO && memoryBytes > 0),
    stackFlags: elf.segments.find(({ type }) => type === PT_GNU_STACK)?.flags,
    interpreter: interpreterOf(elf),
    hasDynamicSection: hasDynamicSection(elf),
    dynamicWritable: elf.segments.some(({ type, flags: access }) => type === PT_DYNAMIC && (access & PF_W) !== 0),
    words,
    values,
    strings,
    soname: text(values.get(DT_SONAME)),
    rpath: text(values.get(DT_RPATH)),
    runpath: text(values.get(DT_RUNPATH)),
    dependencies: words.flatMap(({ tag, value }) => {
      const name = DEPENDENCY_TAGS.has(tag) ? text(value) : undefined;
      return name === undefined ? [] : [{ tag, name }];
    }),
    flags,
    flags1,
    looksIntoItselfFirst: values.has(DT_SYMBOLIC) || (flags & DF_SYMBOLIC) !== 0,
    bindNow: values.has(DT_BIND_NOW) || (flags & DF_BIND_NOW) !== 0 || (flags1 & DF_1_NOW) !== 0,
    pie: (flags1 & DF_1_PIE) !== 0,
    hash,
    symbols,
    versions: values.size === 0 ? noVersions : readVersionTable(elf, values, strings, symbols.count, report),
    ranges,
    symbolic: undefined,
    problems,
  };
}

const DF_1_NOW = 1;

const DEPENDENCY_TAGS: ReadonlySet<number> = new Set([DT_NEEDED, DT_AUXILIARY, DT_FILTER]);

/** The symbolic relocations of a file, decoded when first asked for. */
export function symbolicOf(file: DynamicFile): SymbolicRelocations {
  file.symbolic ??= symbolicRelocations(file.elf, file.ranges, file.symbols);
  return file.symbolic;
}

/** GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS: programs must not keep copies or addresses of its protected symbols. */
export function needsIndirectAccess({ elf }: DynamicFile): boolean {
  const ignore = (): void => {};
  return notesInSegments(elf, ignore)
    .filter(isPropertyNote)
    .flatMap((note) => propertiesOf(elf, note, elf.name, ignore))
    .some(({ type, value }) => type === GNU_PROPERTY_1_NEEDED && ((value ?? 0) & 1) !== 0);
}

/**
 * The dynamic section, which loaders read in memory: at its address, whatever the header says of its place and size in the
 * file, up to DT_NULL.
 */
function dynamicWords(elf: ElfImage, report: (problem: Problem) => void): DynamicWord[] {
  const segment = elf.segments.findLast(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined || segment.fileBytes === 0 || segment.address === 0) return [];
  const range = rangeAtAddress(elf, segment.address);
  if (range === undefined) {
    report(error("dynamic-section-damaged", { file: elf.name, offset: segment.offset }, { size: segment.fileBytes }));
    return [];
  }
  const half = elf.elfClass / 8;
  const words: DynamicWord[] = [];
  for (let at = range.start; at < range.end; at += 2 * half) {
    const isWhole = at + 2 * half <= range.end;
    const source = isWhole ? elf : withZeros(elf, at, range.end, 2 * half);
    const place = isWhole ? at : 0;
    const tag = address(source, place);
    if (tag === DT_NULL) break;
    words.push({
      tag,
      value: address(source, place + half),
      valueAddress: segment.address + (at - range.start) + half,
    });
  }
  return words;
}

/** The end of a file that is cut short, as it lies in memory: the rest of its page is zero. @param size in bytes */
function withZeros(elf: ElfImage, start: number, end: number, size: number): ElfSource {
  const bytes = new Uint8Array(size);
  bytes.set(elf.bytes.subarray(start, end));
  return elfSource(bytes, elf.elfClass, elf.littleEndian);
}

/**
 * What the loader takes for one: not that of a split-off debug file, which has no bytes (glibc elf/dl-load.c,
 * _dl_map_object_from_fd), and none at address 0, which stands for none (so in musl's map_library too).
 */
function hasDynamicSection({ segments }: ElfImage): boolean {
  return segments.some(({ type, address, fileBytes }) => type === PT_DYNAMIC && fileBytes > 0 && address !== 0);
}

function stringRange(elf: ElfImage, values: ReadonlyMap<number, number>): FileRange {
  const where = values.get(DT_STRTAB);
  const range = where === undefined ? undefined : rangeAtAddress(elf, where);
  if (range === undefined) return { start: 0, end: 0 };
  const size = values.get(DT_STRSZ) ?? range.end - range.start;
  return { start: range.start, end: Math.min(range.end, range.start + size) };
}

/** glibc prefers DT_GNU_HASH (elf/dl-setup_hash.c). */
function hashTable(
  elf: ElfImage,
  values: ReadonlyMap<number, number>,
  report: (problem: Problem) => void,
): HashTable | undefined {
  const place = { file: elf.name };
  const gnu = values.get(DT_GNU_HASH);
  const where = gnu ?? values.get(DT_HASH);
  if (where === undefined) return undefined;
  const range = rangeAtAddress(elf, where);
  if (range === undefined) {
    report(error("address-not-in-file", place, { address: where, tag: gnu === undefined ? "HASH" : "GNU_HASH" }));
    return undefined;
  }
  const source = { bytes: elf.bytes, littleEndian: elf.littleEndian, ...range };
  return gnu === undefined
    ? readSysvHash(source, place, report, sysvHashEntryBytes(elf.header.machine, elf.elfClass))
    : readGnuHash(source, elf.elfClass, place, report);
}

function interpreterOf(elf: ElfImage): string | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined || !holds(elf, segment.offset, segment.fileBytes)) return undefined;
  return nameAt(elf.bytes, segment.offset, segment.offset + segment.fileBytes);
}
