// Which sections are loaded together: program headers by GNU ld's rules where the script has no PHDRS, and as the script says
// where it has them (bfd/elf.c: _bfd_elf_map_sections_to_segments; ld/ldlang.c: lang_record_phdrs). By load addresses.

import {
  PF_R,
  PT_DYNAMIC,
  PT_GNU_EH_FRAME,
  PT_GNU_MBIND_LO,
  PT_GNU_PROPERTY,
  PT_GNU_RELRO,
  PT_GNU_SFRAME,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  PT_PHDR,
  PT_TLS,
  SHT_NOTE,
} from "../../elf/constants.ts";
import {
  hasNoContents,
  isTbssFlags,
  SEC_ALLOC,
  SEC_CODE,
  SEC_HAS_CONTENTS,
  SEC_LOAD,
  SEC_READONLY,
  SEC_THREAD_LOCAL,
} from "../mapping/bfd-flags.ts";
import { hasMbindSegment } from "../mapping/mbind.ts";
import { alignUp } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { alignDown, compareAddresses, isBelow, modulo } from "./words.ts";

/** A program header before it has its numbers (bfd: elf_segment_map). */
export interface SegmentMap {
  readonly type: number;
  sections: OutputSection[];
  /** PF_*, if they are given. */
  flags: number | undefined;
  /** p_vaddr of a segment without sections. */
  address: number;
  /** p_paddr, if it is given. */
  loadAddress: number | undefined;
  fileHeader: boolean;
  programHeaders: boolean;
  /** p_memsz of PT_GNU_STACK */
  size: number;
  /** PHDRS asks for it. */
  byScript: boolean;
}

export interface MapOptions {
  readonly interpreted: boolean;
  readonly separateCode: boolean;
  readonly paged: boolean;
  readonly maxPageSize: number;
  /** 2^32 or 2^64: load addresses wrap around there. */
  readonly is64: boolean;
  readonly headerBytes: number;
  readonly entryBytes: number;
  readonly stack: { readonly flags: number; readonly size: number } | undefined;
  readonly ehFrameHdr: boolean;
  readonly relro: { readonly start: number; readonly end: number } | undefined;
  /** SIZEOF_HEADERS was asked for: there is room for them. */
  readonly asksForHeaders: boolean;
  /**
   * What is in two regions of MEMORY is in two segments (ld/ldlang.c, ldlang_override_segment_assignment). Regions are looked
   * up by the section's name: the first section of the name says.
   */
  readonly regionOf: (section: OutputSection) => unknown;
}

export function newMap(type: number, sections: OutputSection[] = []): SegmentMap {
  return {
    type,
    sections,
    flags: undefined,
    address: 0,
    loadAddress: undefined,
    fileHeader: false,
    programHeaders: false,
    size: 0,
    byScript: false,
  };
}

/** A first guess at how many program headers there will be (get_program_header_size). */
export function guessHeaders(list: readonly OutputSection[], options: MapOptions): number {
  const named = (name: string): OutputSection | undefined => list.find((it) => it.name === name);
  let count = 2;
  const interp = named(".interp");
  if (interp !== undefined && (interp.sec & SEC_LOAD) !== 0 && interp.size > 0) count += 2;
  if (named(".dynamic") !== undefined) count++;
  if (options.relro !== undefined) count++;
  if (options.ehFrameHdr) count++;
  if (options.stack !== undefined) count++;
  if ((named(".note.gnu.property")?.size ?? 0) > 0) count++;
  count += noteRuns(list, false).length;
  if (list.some((it) => (it.sec & SEC_THREAD_LOCAL) !== 0)) count++;
  return count;
}

/** @param headers bytes of the file header and the program headers, as far as known */
export function mapSegments(list: readonly OutputSection[], headers: number, options: MapOptions): SegmentMap[] {
  const loaded = sortByLoadAddress(list.filter((it) => (it.sec & SEC_ALLOC) !== 0));
  const named = (name: string): OutputSection | undefined => list.find((it) => it.name === name);
  const maps: SegmentMap[] = [];
  const page = options.maxPageSize;
  const [first] = loaded;
  let withHeaders = options.asksForHeaders || (first !== undefined && modulo(first.lma, page) >= modulo(headers, page));
  const interp = named(".interp");
  if (interp !== undefined && (interp.sec & SEC_LOAD) !== 0 && interp.size > 0) {
    const phdr = newMap(PT_PHDR);
    phdr.programHeaders = true;
    phdr.flags = PF_R;
    maps.push(phdr, newMap(PT_INTERP, [interp]));
    withHeaders = true;
  }
  if (!options.paged) withHeaders = false;
  if (withHeaders && first !== undefined) {
    const { alone, fits } = placeHeaders(first, headers, options);
    if (alone !== undefined) maps.push(alone);
    withHeaders = fits && alone === undefined;
  }
  maps.push(...loads(loaded, withHeaders, options));
  const dynamic = named(".dynamic");
  if (dynamic !== undefined && (dynamic.sec & SEC_LOAD) !== 0) maps.push(newMap(PT_DYNAMIC, [dynamic]));
  for (const run of noteRuns(list, true)) maps.push(newMap(PT_NOTE, run));
  const tls = list.filter((it) => (it.sec & SEC_THREAD_LOCAL) !== 0);
  if (tls.length > 0) {
    const map = newMap(PT_TLS, tls);
    map.flags = PF_R;
    maps.push(map);
  }
  for (const it of list) if (hasMbindSegment(it) && it.size > 0) maps.push(newMap(PT_GNU_MBIND_LO + it.info, [it]));
  const property = named(".note.gnu.property");
  if (property !== undefined && property.size > 0) {
    const map = newMap(PT_GNU_PROPERTY, [property]);
    map.flags = PF_R;
    maps.push(map);
  }
  const frames = named(".eh_frame_hdr");
  if (options.ehFrameHdr && frames !== undefined && (frames.sec & SEC_LOAD) !== 0)
    maps.push(newMap(PT_GNU_EH_FRAME, [frames]));
  const sframe = named(".sframe");
  if (sframe !== undefined && (sframe.sec & SEC_LOAD) !== 0 && sframe.size > 0)
    maps.push(newMap(PT_GNU_SFRAME, [sframe]));
  if (options.stack !== undefined) {
    const map = newMap(PT_GNU_STACK);
    map.flags = options.stack.flags;
    map.size = options.stack.size;
    maps.push(map);
  }
  if (options.relro !== undefined && hasRelro(maps, options.relro)) maps.push(newMap(PT_GNU_RELRO));
  return maps;
}

/**
 * Thread-local sections have to stand together (bfd/elf.c, _bfd_elf_map_sections_to_segments).
 * @returns what is between the first and the last that is not thread-local
 */
export function amongTls(list: readonly OutputSection[]): OutputSection | undefined {
  const isTls = (it: OutputSection): boolean => (it.sec & SEC_THREAD_LOCAL) !== 0;
  const first = list.findIndex(isTls);
  return first < 0 ? undefined : list.slice(first, list.findLastIndex(isTls)).find((it) => !isTls(it));
}

/** elf_sort_sections: space without contents comes last at its address, but for what has no size. */
export function sortByLoadAddress(sections: readonly OutputSection[]): OutputSection[] {
  const isLast = (it: OutputSection): number =>
    (it.sec & (SEC_LOAD | SEC_THREAD_LOCAL)) === 0 && it.size !== 0 ? 1 : 0;
  const size = (it: OutputSection): number => ((it.sec & SEC_LOAD) !== 0 ? it.size : 0);
  return sections.toSorted(
    (a, b) =>
      compareAddresses(a.lma, b.lma) ||
      compareAddresses(a.address, b.address) ||
      isLast(a) - isLast(b) ||
      size(a) - size(b),
  );
}

/** Is there room for the headers in front of the first section, or have they a PT_LOAD of their own? */
function placeHeaders(
  first: OutputSection,
  headers: number,
  { maxPageSize: page, separateCode }: MapOptions,
): { readonly alone: SegmentMap | undefined; readonly fits: boolean } {
  let address = alignDown(first.lma - headers, page);
  let isSeparate = false;
  if (separateCode && (first.sec & SEC_CODE) !== 0) {
    isSeparate = true;
    if (alignDown(address + headers - 1, page) === alignDown(first.lma, page)) {
      if (isBelow(address, page)) isSeparate = false;
      else address -= page;
    }
  }
  if (isBelow(first.lma, address) || isBelow(first.lma, headers)) return { alone: undefined, fits: false };
  if (!isSeparate) return { alone: undefined, fits: true };
  const alone = newMap(PT_LOAD);
  alone.fileHeader = true;
  alone.programHeaders = true;
  alone.address = alignDown(first.address - headers, page);
  alone.loadAddress = address;
  return { alone, fits: true };
}

/** PT_LOADs. `withHeaders`: the first one has the headers in it. */
function loads(sections: readonly OutputSection[], withHeaders: boolean, options: MapOptions): SegmentMap[] {
  const maps: SegmentMap[] = [];
  let open: OutputSection[] = [];
  let last: OutputSection | undefined;
  let writable = false;
  let executable = false;
  const close = (): void => {
    const map = newMap(PT_LOAD, open);
    if (maps.length === 0 && withHeaders) {
      map.fileHeader = true;
      map.programHeaders = true;
    }
    maps.push(map);
  };
  for (const section of sections) {
    const isWritable = (section.sec & SEC_READONLY) === 0;
    const isCode = (section.sec & SEC_CODE) !== 0;
    const isApart = last !== undefined && options.regionOf(last) !== options.regionOf(section);
    if (last !== undefined && (isApart || startsSegment(last, section, writable, executable, options))) {
      close();
      open = [];
      writable = isWritable;
      executable = isCode;
    } else {
      writable ||= isWritable;
      executable ||= isCode;
    }
    open.push(section);
    last = section;
  }
  if (last !== undefined && (open.length !== 1 || !isTbssFlags(last.sec))) close();
  return maps;
}

function startsSegment(
  last: OutputSection,
  next: OutputSection,
  writable: boolean,
  executable: boolean,
  { maxPageSize: page, paged, separateCode }: MapOptions,
): boolean {
  const end = last.lma + (isTbssFlags(last.sec) ? 0 : last.size);
  if (last.lma - last.address !== next.lma - next.address) return true;
  if (isBelow(next.lma, end) || isBelow(end, last.lma)) return true;
  if (paged && alignDown(end - 1, page) === alignDown(next.lma, page)) return false;
  if (!isBelow(next.lma, alignUp(end, page) + page)) return true;
  const isSpace = (it: OutputSection): boolean => (it.sec & (SEC_LOAD | SEC_THREAD_LOCAL)) === 0;
  if (isSpace(last) && !isSpace(next)) return true;
  if (!paged) return false;
  if (separateCode && executable !== ((next.sec & SEC_CODE) !== 0)) return true;
  return !writable && (next.sec & SEC_READONLY) === 0;
}

/** One PT_NOTE a run of notes of one alignment that follow each other. @param placed their addresses are known */
function noteRuns(list: readonly OutputSection[], placed: boolean): OutputSection[][] {
  const runs: OutputSection[][] = [];
  let open: OutputSection[] | undefined;
  let last: OutputSection | undefined;
  for (const it of list) {
    const isNote = (it.sec & SEC_LOAD) !== 0 && it.type === SHT_NOTE;
    const follows =
      last !== undefined &&
      it.alignment === last.alignment &&
      (!placed || alignUp(last.lma + last.size, it.alignment) === it.lma);
    if (!isNote) open = undefined;
    else if (open !== undefined && follows) open.push(it);
    else {
      open = [it];
      runs.push(open);
    }
    last = it;
  }
  return runs;
}

/** A PT_LOAD starts in what becomes read-only, and has contents. */
function hasRelro(maps: readonly SegmentMap[], { start, end }: { start: number; end: number }): boolean {
  return maps.some(({ type, sections }) => {
    const [first] = sections;
    if (type !== PT_LOAD || first === undefined || isBelow(first.address, start) || !isBelow(first.address, end))
      return false;
    const mask = SEC_LOAD | SEC_HAS_CONTENTS;
    return sections.some((it) => it.size > 0 && (it.sec & mask) === mask && !hasNoContents(it.sec));
  });
}
