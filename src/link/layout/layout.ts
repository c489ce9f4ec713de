// Gives sections their addresses and file offsets, by walking the layout table as GNU ld walks its script. Sizes are final
// before; addresses are final after ("addresses are final beyond this point").
//
//   file header, program headers │ notes, hash, dynsym, … │ code │ read-only data │ RELRO │ data │ .bss
//   └──────────────── R ─────────────────────────────────┘└ R X ┘└────── R ──────┘└─────── R W ──────┘
//
// The writable part starts so that RELRO ends on a page boundary. Two walks: one to measure it, one to place it.

import {
  PF_R,
  PT_GNU_RELRO,
  PT_LOAD,
  PT_PHDR,
  PT_TLS,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  SHF_WRITE,
  SHT_NOBITS,
} from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { isMbind } from "../sections/mbind.ts";
import { placeNotes } from "../sections/place-notes.ts";
import { sortedSections } from "../sections/sorted-sections.ts";
import { defaultLayout, type Marker } from "../tables/default-layout.ts";
import { alignUp, isTbss, type Layout, newSegment, type Segment } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { Chunk, OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { loadSegments, planSegments, type SegmentOptions } from "./segments.ts";
import type { Stack } from "./stack.ts";

export interface LayoutOptions {
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly is64: boolean;
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  /** Default start of a position-dependent executable. */
  readonly textSegment: number;
  readonly stack: Stack;
}

/** Places the pieces of each section: offsets within it, its size and alignment. */
export function measureSections(
  outputs: OutputSections,
  sections: SectionTable,
  { mode, options }: LayoutOptions,
): void {
  for (const output of outputs.list) measureSection(output, outputs, sections);
  placeNotes(outputs, mode.shared, options);
  alignTls(outputs);
}

export function measureSection(output: OutputSection, outputs: OutputSections, sections: SectionTable): void {
  const { size, alignment, address } = sections;
  let at = 0;
  let largest = 1;
  const { pieces } = output;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece >= 0) {
      const align = alignment[piece];
      // Alignments are powers of two and offsets small: integer arithmetic while it fits.
      at = at < 0x40000000 && align < 0x40000000 ? (at + align - 1) & -align : alignUp(at, align);
      address[piece] = at;
      at += size[piece];
      if (align > largest) largest = align;
    } else {
      const chunk = outputs.chunks[~piece];
      at = alignUp(at, chunk.alignment);
      chunk.address = at;
      at += chunk.size;
      if (chunk.alignment > largest) largest = chunk.alignment;
    }
  }
  output.size = at;
  output.alignment = largest;
}

/** The TLS segment starts where its strictest variable can stand (bfd/elflink.c, _bfd_elf_tls_setup). */
function alignTls(outputs: OutputSections): void {
  const tls = sortedSections(outputs).filter((it) => (it.flags & SHF_TLS) !== 0 && it.size > 0);
  if (tls.length > 0) tls[0].alignment = Math.max(...tls.map((it) => it.alignment));
}

/**
 * Orphans whose address is given stand behind all others, so that it moves nothing else (binutils, ld/ldlang.c:
 * lang_address_statement_enum in map_input_to_output_sections).
 */
function placeStarted(outputs: OutputSections, { sectionStart }: LinkOptions): void {
  for (const section of outputs.list) {
    const row = defaultLayout[section.row];
    const isOrphan = row === undefined || !("name" in row) || row.name !== section.name;
    if (isOrphan && (section.flags & SHF_ALLOC) !== 0 && sectionStart.has(section.name))
      section.row = defaultLayout.length;
  }
}

export function layOut(outputs: OutputSections, sections: SectionTable, it: LayoutOptions): Layout {
  placeStarted(outputs, it.options);
  const all = sortedSections(outputs);
  all.forEach((section, i) => {
    section.position = i;
  });
  let kept = all.filter((section) => section.size > 0 || section.keep);
  let allocated = kept.filter((section) => (section.flags & SHF_ALLOC) !== 0);
  // ldlang.c, lang_process: of all sections this one.
  const text = it.options.omagic ? allocated.find((section) => section.name === ".text") : undefined;
  if (text !== undefined) text.flags |= SHF_WRITE;
  for (const section of allocated) {
    if (isMbind(section)) section.alignment = Math.max(section.alignment, it.commonPageSize);
  }
  markRelro(allocated, it);
  const segmentOptions: SegmentOptions = {
    interpreted: it.mode.interpreted,
    wordBytes: it.is64 ? 8 : 4,
    separateCode: it.options.z.separateCode,
    executeOnly: it.options.executeOnly,
    executableStack: it.stack.executable,
    stack: it.stack.stated,
    stackSize: it.options.z.stackSize ?? 0,
    maxPageSize: it.maxPageSize,
    paged: !it.options.omagic && !it.options.nmagic,
  };
  const { before, after } = planSegments(allocated, segmentOptions);
  const headerSize = it.is64 ? 64 : 52;
  const entrySize = it.is64 ? 56 : 32;
  // How many segments there are depends on addresses, and addresses on the size of the headers: guess, lay out, check.
  let guess = hasRelro(it) ? 5 : 4;
  let loads: Segment[] = [];
  let relro: Segment[] = [];
  let walk: Walk = createWalk();
  for (let attempt = 0; attempt < 8; attempt++) {
    const count = before.length + after.length + guess;
    const headers = it.options.outputFormat === "binary" ? 0 : headerSize + count * entrySize;
    walk = assignAddresses(all, headers, it);
    if (isPlacedByHand(it.options)) allocated = byAddress(allocated);
    loads = loadSegments(allocated, segmentOptions);
    if (wantsHeaderSegment(loads, headers, segmentOptions)) loads.unshift(newSegment(PT_LOAD, PF_R, it.maxPageSize));
    relro = relroSegment(all, allocated, loads, walk, it);
    if (loads.length + relro.length === guess) break;
    guess = loads.length + relro.length;
  }
  if (isPlacedByHand(it.options)) kept = [...allocated, ...kept.filter((section) => (section.flags & SHF_ALLOC) === 0)];
  const segments = [...before, ...loads, ...after, ...relro];
  const headersEnd = headerSize + segments.length * entrySize;
  const headers = placeHeaders(loads, headersEnd, it);
  for (const section of kept) section.lma = section.address;
  const contentsEnd = assignOffsets(kept, loads, headersEnd, headers, it);
  finishAddresses(outputs, sections);
  fillSegments(segments, loads, headerSize, entrySize, headers ?? walk.start);
  const tls = segments.find((segment) => segment.type === PT_TLS);
  kept.forEach((section, i) => {
    section.index = i + 1;
  });
  return {
    sections: kept,
    segments,
    markers: walk.markers,
    start: walk.start,
    headers: headers ?? walk.start,
    contentsEnd,
    threadPointer: tls === undefined ? 0 : alignUp(tls.address + tls.memorySize, tls.alignment),
    tlsStart: tls?.address ?? 0,
  };
}

function isPlacedByHand({ sectionStart, rodataSegment, ldataSegment }: LinkOptions): boolean {
  return sectionStart.size > 0 || rodataSegment !== undefined || ldataSegment !== undefined;
}

/** Sections placed by hand may stand before others: PT_LOADs have to ascend (gABI, Program Header). */
function byAddress(sections: readonly OutputSection[]): OutputSection[] {
  return sections.toSorted((a, b) => a.address - b.address);
}

/** -z separate-code keeps the headers out of the code's segment: without read-only sections they have one of their own. */
function wantsHeaderSegment(loads: readonly Segment[], headersEnd: number, options: SegmentOptions): boolean {
  const first = loads[0]?.sections[0];
  if (first === undefined || !options.separateCode || !options.paged || (first.flags & SHF_EXECINSTR) === 0)
    return false;
  return first.address >= headersEnd;
}

/** Where the headers are loaded: in front of the first section, wherever that is. Undefined: nowhere, there is no room. */
function placeHeaders(loads: readonly Segment[], headersEnd: number, it: LayoutOptions): number | undefined {
  if (it.options.omagic || it.options.nmagic || it.options.outputFormat === "binary") return undefined;
  const [own, next] = loads;
  const load = own?.sections.length === 0 ? next : own;
  const first = load?.sections[0];
  if (first === undefined) return undefined;
  const modulus = load === own ? loadAlignment(load, it.maxPageSize) : it.maxPageSize;
  const address = Math.floor((first.address - headersEnd) / modulus) * modulus;
  return address >= 0 ? address : undefined;
}

function loadAlignment(load: Segment, page: number): number {
  return Math.max(page, ...load.sections.map((section) => section.alignment));
}

/** What is read-only after relocation: all writable sections up to the marker. */
function markRelro(allocated: readonly OutputSection[], it: LayoutOptions): void {
  const from = defaultLayout.findIndex((row) => "marker" in row && row.marker === "data-segment");
  const to = defaultLayout.findIndex((row) => "marker" in row && row.marker === "relro-end");
  for (const section of allocated) section.relro = hasRelro(it) && section.row > from && section.row < to;
}

/**
 * PT_GNU_RELRO, if a segment starts in the range that becomes read-only and has contents in the file (bfd/elf.c,
 * _bfd_elf_map_sections_to_segments): one without would be taken for nothing by strip and objcopy.
 */
/** Not with -n: sections would be stacked, but nothing says so. */
function hasRelro({ options }: LayoutOptions): boolean {
  return options.z.relro && !options.nmagic;
}

function relroSegment(
  all: readonly OutputSection[],
  allocated: readonly OutputSection[],
  loads: readonly Segment[],
  walk: Walk,
  it: LayoutOptions,
): Segment[] {
  if (!hasRelro(it)) return [];
  const start = walk.markers.get("data-segment") ?? 0;
  const last = (walk.markers.get("relro-end") ?? 0) + relroOffset(all, it);
  // Nothing is in the range: the page boundary behind it lies in writable data.
  if (last <= start) return [];
  const end = alignUp(last, it.commonPageSize);
  const isInside = ({ address }: OutputSection): boolean => address >= start && address < end;
  const isMeant = ({ sections }: Segment): boolean =>
    sections.length > 0 && isInside(sections[0]) && sections.some((it) => it.type !== SHT_NOBITS && it.size > 0);
  if (!loads.some(isMeant)) return [];
  const covered = allocated.filter((section) => (section.flags & SHF_WRITE) !== 0 && isInside(section));
  const segment = newSegment(PT_GNU_RELRO, PF_R, 1, covered);
  segment.memorySize = end - (covered[0]?.address ?? end);
  return [segment];
}

interface Walk {
  dot: number;
  start: number;
  readonly markers: Map<Marker, number>;
}

function createWalk(): Walk {
  return { dot: 0, start: 0, markers: new Map() };
}

function firstAddress(it: LayoutOptions): number {
  const { options, mode } = it;
  // GNU ld has one script for -n and one for -N, whatever the output.
  const isPic = mode.pic && !options.nmagic && !options.omagic;
  return options.textSegment ?? options.imageBase ?? (isPic ? 0 : it.textSegment);
}

function assignAddresses(all: readonly OutputSection[], headers: number, it: LayoutOptions): Walk {
  const measured = walkTable(all, headers, it, undefined, false);
  const base = measured.markers.get("data-segment") ?? 0;
  const relroEnd = measured.markers.get("relro-end") ?? 0;
  // Without sections of its own RELRO may still cover the first words of .got.plt.
  const none = relroEnd <= base && relroOffset(all, it) === 0;
  if (!hasRelro(it) || none || it.options.omagic) {
    const saved = savePage(measured, base, it);
    return saved === base ? measured : walkTable(all, headers, it, saved, false);
  }
  // As lang_size_relro_segment_1 (binutils, ld/ldlang.c): stack the RELRO sections downwards from the page boundary.
  const page = it.commonPageSize;
  const offset = relroOffset(all, it);
  let end = alignUp(relroEnd + offset, page) - offset;
  const relro = all.filter((section) => section.relro);
  for (let i = relro.length - 1; i >= 0; i--) {
    const section = relro[i];
    const size = isTbss(section) ? 0 : section.size;
    end = Math.floor((end - size) / section.alignment) * section.alignment;
  }
  return walkTable(all, headers, it, Math.max(end, 0), true);
}

/** The first words of .got.plt may be read-only too: they end on the boundary (DATA_SEGMENT_RELRO_END's first argument). */
function relroOffset(all: readonly OutputSection[], it: LayoutOptions): number {
  const header = it.is64 ? 24 : 12;
  const gotPlt = all.find((section) => section.name === ".got.plt");
  return gotPlt !== undefined && gotPlt.size >= header ? header : 0;
}

/** Without RELRO: start data on the next page if that makes it touch one page less (ld manual, DATA_SEGMENT_ALIGN). */
function savePage(walk: Walk, base: number, it: LayoutOptions): number {
  const page = it.commonPageSize;
  const end = walk.markers.get("end") ?? base;
  const first = (page - (base % page)) % page;
  const last = end % page;
  const spansPages = Math.floor(base / page) !== Math.floor(end / page);
  return first !== 0 && last !== 0 && spansPages && first + last <= page ? alignUp(base, it.maxPageSize) : base;
}

/** @param dataBase where the data segment starts; undefined: the same offset in the next page */
function walkTable(
  all: readonly OutputSection[],
  headers: number,
  it: LayoutOptions,
  dataBase: number | undefined,
  padRelro: boolean,
): Walk {
  const walk = createWalk();
  walk.start = firstAddress(it);
  walk.dot = walk.start + headers;
  let next = 0;
  defaultLayout.forEach((row, index) => {
    if ("marker" in row) applyMarker(walk, row.marker, all, it, dataBase, padRelro);
    for (; next < all.length && all[next].row === index; next++) placeSection(walk, all[next], it);
  });
  for (; next < all.length; next++) placeSection(walk, all[next], it);
  return walk;
}

function applyMarker(
  walk: Walk,
  marker: Marker,
  all: readonly OutputSection[],
  it: LayoutOptions,
  dataBase: number | undefined,
  padRelro: boolean,
): void {
  const { options } = it;
  const page = it.maxPageSize;
  const paged = !options.omagic && !options.nmagic;
  const word = it.is64 ? 8 : 4;
  switch (marker) {
    case "text-page":
      if (options.z.separateCode && paged) walk.dot = alignUp(walk.dot, page);
      break;
    case "rodata-page":
      if (options.rodataSegment !== undefined) walk.dot = options.rodataSegment;
      else if (options.z.separateCode && paged) walk.dot = alignUp(walk.dot, page);
      break;
    case "data-segment":
      if (paged) walk.dot = dataBase ?? alignUp(walk.dot, page) + (walk.dot % page);
      break;
    case "relro-end":
      if (padRelro) {
        const offset = relroOffset(all, it);
        walk.dot = alignUp(walk.dot + offset, it.commonPageSize) - offset;
      }
      break;
    case "bss-end":
    case "end":
      walk.dot = alignUp(walk.dot, word);
      break;
    case "large-page":
      if (options.ldataSegment !== undefined) walk.dot = options.ldataSegment;
      else if (all.some((section) => (section.name === ".lrodata" || section.name === ".ldata") && section.size > 0)) {
        walk.dot = alignUp(walk.dot, page) + (walk.dot % page);
      }
      break;
    default:
  }
  walk.markers.set(marker, walk.dot);
}

function placeSection(walk: Walk, section: OutputSection, it: LayoutOptions): void {
  if ((section.flags & SHF_ALLOC) === 0) {
    section.address = it.options.sectionStart.get(section.name) ?? 0;
    return;
  }
  const given = it.options.sectionStart.get(section.name);
  if (given !== undefined) walk.dot = given;
  if (section.size === 0 && !section.keep) {
    section.address = alignUp(walk.dot, 1);
    return;
  }
  section.address = alignUp(walk.dot, section.alignment);
  section.displaced = section.address - walk.dot;
  if (isTbss(section)) return;
  walk.dot = section.address + section.size;
  // `. = ALIGN(. != 0 ? 64 / 8 : 1)` at the end of .bss: a program's data ends on a word.
  if (section.name === ".bss" && section.size > 0) {
    walk.dot = alignUp(walk.dot, it.is64 ? 8 : 4);
    section.size = walk.dot - section.address;
  }
}

/** @returns the end of all contents */
function assignOffsets(
  kept: readonly OutputSection[],
  loads: readonly Segment[],
  headersEnd: number,
  headers: number | undefined,
  it: LayoutOptions,
): number {
  let at = headersEnd;
  const paged = !it.options.omagic && !it.options.nmagic;
  const page = paged ? it.maxPageSize : 1;
  loads.forEach((load, i) => {
    if (load.sections.length === 0) {
      load.headers = true;
      return;
    }
    const first = load.sections[0];
    load.headers = i === 0 && headers !== undefined;
    load.alignment = loadAlignment(load, page);
    const modulus = load.alignment;
    let base: number;
    if (i === 0 && headers !== undefined) base = first.address - headers;
    else base = at + ((((first.address - at) % modulus) + modulus) % modulus);
    for (const section of load.sections) {
      section.offset = base + (section.address - first.address);
      if (section.type !== SHT_NOBITS) at = section.offset + section.size;
    }
  });
  for (const section of kept) {
    if (isTbss(section)) section.offset = at;
    if ((section.flags & SHF_ALLOC) !== 0) continue;
    section.offset = alignUp(at, section.alignment);
    at = section.type === SHT_NOBITS ? at : section.offset + section.size;
  }
  placeTbss(kept.filter((section) => (section.flags & SHF_ALLOC) !== 0));
  return at;
}

/** .tbss has no contents; its offset is where they would be, behind .tdata. */
function placeTbss(allocated: readonly OutputSection[]): void {
  for (let i = 0; i < allocated.length; i++) {
    if (!isTbss(allocated[i])) continue;
    const neighbour = allocated[i + 1];
    const near = neighbour ?? allocated[i - 1];
    if (near !== undefined) allocated[i].offset = Math.max(0, near.offset + (allocated[i].address - near.address));
  }
}

/** From offsets within the output section to addresses. */
export function finishAddresses(outputs: OutputSections, sections: SectionTable): void {
  const { address } = sections;
  for (const output of outputs.list) {
    const { pieces } = output;
    const base = output.address;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i];
      if (piece >= 0) address[piece] += base;
      else {
        const chunk: Chunk = outputs.chunks[~piece];
        chunk.offset = output.offset + chunk.address;
        chunk.address += base;
      }
    }
  }
}

function fillSegments(
  segments: readonly Segment[],
  loads: readonly Segment[],
  headerSize: number,
  entrySize: number,
  headers: number,
): void {
  for (const segment of segments) {
    if (segment.type === PT_PHDR) {
      segment.offset = headerSize;
      segment.address = headers + headerSize;
      segment.fileSize = segments.length * entrySize;
      segment.memorySize = segment.fileSize;
      continue;
    }
    const relroSize = segment.memorySize;
    const first = segment.sections[0];
    if (first === undefined) {
      if (segment.headers) {
        segment.address = headers;
        segment.fileSize = headerSize + segments.length * entrySize;
        segment.memorySize = segment.fileSize;
      }
      continue;
    }
    const last = segment.sections[segment.sections.length - 1];
    segment.offset = segment.headers ? 0 : first.offset;
    segment.address = segment.headers ? headers : first.address;
    segment.memorySize = last.address + last.size - segment.address;
    segment.fileSize = segment.headers ? headerSize + segments.length * entrySize : 0;
    for (const section of segment.sections) {
      if (section.type !== SHT_NOBITS) segment.fileSize = section.offset + section.size - segment.offset;
    }
    if (segment.type === PT_GNU_RELRO) {
      segment.memorySize = relroSize;
      // Contents: as much as the segments that it lies in have in the file.
      const end = segment.address + relroSize;
      const load = loads.find(({ address, memorySize }) => address < end && address + memorySize > segment.address);
      const inFile = load === undefined ? 0 : load.address + load.fileSize - segment.address;
      segment.fileSize = Math.max(0, Math.min(relroSize, inFile));
    }
  }
}
