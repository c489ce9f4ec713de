// Where sections are in the file, and the numbers of the program headers: for segments whatever made them, by load addresses
// (bfd/elf.c: assign_file_positions_for_load_sections, assign_file_positions_for_non_load_sections).

import {
  PF_R,
  PF_W,
  PF_X,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_LOAD,
  PT_NOTE,
  PT_NULL,
  PT_PHDR,
  PT_TLS,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  SHF_WRITE,
  SHT_NOBITS,
  SHT_NOTE,
} from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import { isTbssFlags } from "../mapping/bfd-flags.ts";
import { alignUp, isTbss, newSegment, type Segment } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { type SegmentMap, sortByLoadAddress } from "./map-segments.ts";
import { compareAddresses, isBelow, modulo, toBig } from "./words.ts";

export interface PositionOptions {
  readonly paged: boolean;
  readonly maxPageSize: number;
  readonly wordBytes: number;
  readonly headerBytes: number;
  readonly entryBytes: number;
  readonly executeOnly: boolean;
  readonly outputName: string;
  readonly relro: { readonly start: number; readonly end: number } | undefined;
}

export interface Positions {
  readonly segments: Segment[];
  /** Bytes of the file before the section headers. */
  readonly contentsEnd: number;
}

interface State {
  readonly options: PositionOptions;
  readonly report: Report;
  readonly placed: Set<OutputSection>;
  readonly headerTable: number;
  /** In the order of the maps; Segment has what is written. */
  readonly segments: Segment[];
  page: number;
  at: number;
}

/**
 * @param list the sections in the order of their headers
 * Errors: `no-room-for-headers`, `phdr-not-loaded`. Warnings: `section-lma-adjusted`, `section-not-in-segment`,
 * `section-outside-segment`.
 */
export function assignPositions(
  maps: readonly SegmentMap[],
  list: readonly OutputSection[],
  options: PositionOptions,
  report: Report,
): Positions {
  // What PHDRS puts together need not be in order.
  for (const map of maps) if (map.sections.length > 1) map.sections = sortByLoadAddress(map.sections);
  const segments = maps.map(({ type, flags, sections }) => newSegment(type, flags ?? 0, 0, sections));
  const headerTable = maps.length * options.entryBytes;
  const state: State = {
    options,
    report,
    placed: new Set(),
    headerTable,
    segments,
    page: options.paged ? options.maxPageSize : 1,
    at: options.headerBytes,
  };
  const withHeaders = maps.find((it) => it.type === PT_LOAD && it.programHeaders);
  if (maps.length > 0 && withHeaders === undefined) state.at += headerTable;
  for (const section of list) {
    section.offset = 0;
    section.plannedLma = undefined;
  }
  const order = maps.map((_, i) => i).sort((a, b) => compareMaps(maps[a], maps[b]) || a - b);
  for (const [place, i] of order.entries()) placeSegment(state, maps, i, place, withHeaders, maps[order[0]]);
  placeOthers(state, list);
  for (const [i, map] of maps.entries()) finish(state, map, segments[i], maps);
  return { segments, contentsEnd: state.at };
}

/** elf_sort_segments: PT_LOADs first, by load address. */
function compareMaps(a: SegmentMap, b: SegmentMap): number {
  if (a.type !== b.type) return a.type === PT_NULL ? 1 : b.type === PT_NULL ? -1 : (a.type >>> 0) - (b.type >>> 0);
  if (a.fileHeader !== b.fileHeader) return a.fileHeader ? -1 : 1;
  if (a.type !== PT_LOAD) return 0;
  const lma = (it: SegmentMap): number => it.loadAddress ?? it.sections[0]?.lma ?? 0;
  return compareAddresses(lma(a), lma(b));
}

/** @param place of the segment in BFD's order, by which GNU ld's messages count */
function placeSegment(
  state: State,
  maps: readonly SegmentMap[],
  index: number,
  place: number,
  withHeaders: SegmentMap | undefined,
  first: SegmentMap,
): void {
  const { options, segments, headerTable } = state;
  const map = maps[index];
  const segment = segments[index];
  const { sections } = map;
  const isLoad = map.type === PT_LOAD;
  segment.address = sections[0]?.address ?? map.address;
  segment.loadAddress = map.loadAddress ?? sections[0]?.lma ?? 0;
  if (isLoad && options.paged) segment.alignment = state.page;
  else if (sections.length === 0) segment.alignment = options.wordBytes;
  if (map === withHeaders) {
    if (!map.fileHeader) segment.offset = state.at;
    state.at += headerTable;
  }
  let isSpace = false;
  let adjusted = 0;
  if (isLoad && sections.length > 0) {
    const align = sections.reduce((largest, it) => Math.max(largest, it.alignment), state.page);
    if (options.paged) segment.alignment = align;
    for (const it of sections) if (isWithoutContents(it)) it.type = SHT_NOBITS;
    isSpace = sections.every((it) => it.type === SHT_NOBITS);
    adjusted = modulo(segment.address - state.at, align);
    state.at += adjusted;
    if (!isSpace) adjusted = 0;
  } else if (map.type === PT_NOTE) for (const it of sections) it.type = SHT_NOTE;
  if (!placeHeaders(state, map, segment, maps, first, withHeaders)) return;
  if (isLoad) {
    if (!map.fileHeader && !map.programHeaders)
      segment.offset = isSpace ? state.at % Math.max(state.page, segment.alignment, 1) : state.at;
    else {
      const adjust = state.at - (segment.offset + segment.fileSize);
      if (!isSpace) segment.fileSize += adjust;
      segment.memorySize += adjust;
    }
  }
  adjusted = placeSections(state, map, segment, adjusted);
  state.at -= adjusted;
  if (isLoad) checkInside(state, map, segment, place);
}

/** Neither loaded nor with contents, whatever its type says. */
function isWithoutContents({ sec }: OutputSection): boolean {
  return (sec & 0x22) === 0;
}

/** @returns false: no room */
function placeHeaders(
  state: State,
  map: SegmentMap,
  segment: Segment,
  maps: readonly SegmentMap[],
  first: SegmentMap,
  withHeaders: SegmentMap | undefined,
): boolean {
  const { options, segments, headerTable, report } = state;
  const { sections } = map;
  const isLoad = map.type === PT_LOAD;
  if (map.fileHeader) {
    segment.headers = true;
    if (map.flags === undefined) segment.flags |= PF_R;
    segment.fileSize = options.headerBytes;
    segment.memorySize = options.headerBytes;
    if (isLoad && sections.length > 0) {
      const lma = segment.loadAddress ?? 0;
      if (isBelow(segment.address, state.at) || (map.loadAddress === undefined && isBelow(lma, state.at))) {
        report(error("no-room-for-headers", {}, { output: options.outputName }));
        return false;
      }
      segment.address -= state.at;
      if (map.loadAddress === undefined) segment.loadAddress = lma - state.at;
    } else if (!isLoad && first.fileHeader) {
      const other = segments[maps.indexOf(first)];
      segment.address = other.address;
      if (map.loadAddress === undefined) segment.loadAddress = other.loadAddress;
    }
  }
  if (!map.programHeaders) return true;
  if (map.flags === undefined) segment.flags |= PF_R;
  segment.fileSize += headerTable;
  segment.memorySize += headerTable;
  if (map.fileHeader) return true;
  if (isLoad) {
    if (sections.length > 0) {
      segment.address -= state.at - segment.offset;
      if (map.loadAddress === undefined) segment.loadAddress = (segment.loadAddress ?? 0) - (state.at - segment.offset);
    }
  } else if (withHeaders !== undefined) {
    const load = segments[maps.indexOf(withHeaders)];
    const behind = withHeaders.fileHeader ? options.headerBytes : 0;
    segment.address = load.address + behind;
    if (map.loadAddress === undefined) segment.loadAddress = (load.loadAddress ?? 0) + behind;
    segment.offset = load.offset + behind;
  } else {
    segment.offset = options.headerBytes;
    if (map.type === PT_PHDR) report(error("phdr-not-loaded", {}, { output: options.outputName }));
  }
  return true;
}

/** Offsets of what a PT_LOAD holds; sizes of all segments. @returns by how much the offset was moved for this one only */
function placeSections(state: State, map: SegmentMap, segment: Segment, moved: number): number {
  const { options, report, placed } = state;
  const isLoad = map.type === PT_LOAD;
  let adjusted = moved;
  for (const [i, section] of map.sections.entries()) {
    const isSpace = section.type === SHT_NOBITS;
    const isLoaded = (section.flags & SHF_ALLOC) !== 0;
    const isTls = (section.flags & SHF_TLS) !== 0;
    if ((isLoad || map.type === PT_TLS) && (!isSpace || (isLoaded && (!isTls || map.type === PT_TLS)))) {
      const end = (segment.loadAddress ?? 0) + segment.memorySize;
      let adjust = section.lma - end;
      if (adjust !== 0 && isBelow(section.lma, end)) {
        report(warning("section-lma-adjusted", {}, { section: section.name, from: hex(section.lma), to: hex(end) }));
        adjust = 0;
        section.plannedLma = section.lma;
        section.lma = end;
      }
      segment.memorySize += adjust;
      if (isLoad) {
        if (!isSpace) {
          adjusted = 0;
          if (segment.fileSize + adjust < segment.memorySize) adjust = segment.memorySize - segment.fileSize;
        }
        if (!isSpace || i === 0) {
          state.at += adjust;
          if (isSpace) adjusted += adjust;
        }
      }
      if (!isSpace) segment.fileSize += adjust;
    }
    if (isLoad) {
      section.offset = state.at;
      placed.add(section);
      if (!isSpace) state.at += section.size;
    } else if (isSpace && isTls && section.offset === 0) {
      section.offset = state.at + modulo(section.address - state.at, section.alignment);
      placed.add(section);
    }
    if (!isSpace) {
      segment.fileSize += section.size;
      if (isLoaded) segment.memorySize += section.size;
    } else if (isLoaded && (map.type === PT_TLS || !isTls)) segment.memorySize += section.size;
    if (section.alignment > segment.alignment && (!isLoad || !options.paged)) segment.alignment = section.alignment;
    if (map.flags === undefined) segment.flags |= permissions(section, options);
  }
  return adjusted;
}

function permissions({ flags }: OutputSection, { executeOnly }: PositionOptions): number {
  const isCode = (flags & SHF_EXECINSTR) !== 0;
  return (isCode && executeOnly ? 0 : PF_R) | (flags & SHF_WRITE ? PF_W : 0) | (isCode ? PF_X : 0);
}

/** What stands in no segment, and what is not loaded. */
function placeOthers(state: State, list: readonly OutputSection[]): void {
  const { options, report, placed } = state;
  const isCompanion = (it: OutputSection): boolean => it.infoSection !== undefined && (it.flags & SHF_ALLOC) === 0;
  // Relocations that --emit-relocs keeps come last.
  const order = [...list.filter((it) => !isCompanion(it)), ...list.filter(isCompanion)];
  for (const section of order) {
    // Room in memory that no segment loads has no place in the file.
    if (placed.has(section) || ((section.flags & SHF_ALLOC) !== 0 && section.type === SHT_NOBITS)) continue;
    if ((section.flags & SHF_ALLOC) !== 0) {
      if (section.size !== 0) report(warning("section-not-in-segment", {}, { section: section.name }));
      const align = options.paged && section.size !== 0 ? options.maxPageSize : section.alignment;
      state.at += modulo(section.address - state.at, align);
      section.offset = state.at;
    } else section.offset = alignUp(state.at, section.alignment);
    state.at = section.type === SHT_NOBITS ? Math.max(state.at, section.offset) : section.offset + section.size;
  }
}

/** The other segments show what the loaded ones hold. */
function finish(state: State, map: SegmentMap, segment: Segment, maps: readonly SegmentMap[]): void {
  const { sections } = map;
  if (map.type === PT_GNU_RELRO) finishRelro(state, segment, maps);
  else if (map.type === PT_GNU_STACK) {
    segment.memorySize = map.size;
    // That of a script has what a segment without sections has.
    if (!map.byScript) segment.alignment = 16;
  } else if (sections.length > 0 && map.type !== PT_LOAD) {
    segment.fileSize = 0;
    segment.offset = sections[0].offset;
    const last = sections.findLast((it) => it.type !== SHT_NOBITS);
    if (last !== undefined) segment.fileSize = last.offset - sections[0].offset + last.size;
    // Notes have no room beyond what is in the file.
    if (map.type === PT_NOTE && last !== undefined && (last.flags & SHF_ALLOC) !== 0)
      segment.memorySize = segment.fileSize;
  }
}

/** Warning: `relro-segment-empty`: nothing is left of one that PHDRS asks for. */
function finishRelro({ segments, options, report }: State, segment: Segment, maps: readonly SegmentMap[]): void {
  const { relro } = options;
  if (relro === undefined) {
    report(warning("relro-segment-empty", {}, { output: options.outputName }));
    segments[segments.indexOf(segment)] = newSegment(PT_NULL, 0, 0);
    return;
  }
  const { start, end } = relro;
  const at = maps.findIndex(({ type, sections }) => {
    const last = sections.at(-1);
    if (type !== PT_LOAD || last === undefined) return false;
    const lastEnd = last.address + (isTbssFlags(last.sec) ? 0 : last.size);
    return isBelow(start, lastEnd) && isBelow(sections[0].address, end);
  });
  const inside = maps[at]?.sections.find(
    (it) => !isBelow(it.address, start) && isBelow(it.address, end) && it.size !== 0,
  );
  if (inside === undefined) return;
  const load = segments[at];
  segment.address = inside.address;
  segment.loadAddress = inside.lma;
  segment.offset = inside.offset;
  segment.memorySize = end - inside.address;
  segment.fileSize = Math.max(0, Math.min(segment.memorySize, load.address + load.fileSize - inside.address));
  segment.alignment = 1;
  segment.flags = PF_R;
}

/** Two sections at one address are meant as an overlay: then only load addresses have to be inside. */
function checkInside({ report, options }: State, { sections }: SegmentMap, segment: Segment, place: number): void {
  const overlays = sections.some(
    (it, i) => i > 0 && it.address === sections[i - 1].address && it.size !== 0 && sections[i - 1].size !== 0,
  );
  for (const section of sections) {
    if (isTbss(section)) continue;
    const from = section.address - segment.address;
    const outside = !overlays && (from < 0 || from + section.size > segment.memorySize);
    if (!outside) continue;
    const facts = { section: section.name, segment: place, output: options.outputName };
    report(warning("section-outside-segment", {}, facts));
  }
}

function hex(value: number): string {
  return toBig(value).toString(16);
}
