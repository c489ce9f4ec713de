// Which program headers describe the output, in GNU ld's order (bfd/elf.c, _bfd_elf_map_sections_to_segments).

import {
  PF_R,
  PF_W,
  PF_X,
  PT_DYNAMIC,
  PT_GNU_EH_FRAME,
  PT_GNU_MBIND_LO,
  PT_GNU_PROPERTY,
  PT_GNU_SFRAME,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  PT_PHDR,
  PT_TLS,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  SHF_WRITE,
  SHT_NOBITS,
  SHT_NOTE,
} from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { hasMbindSegment } from "../sections/mbind.ts";
import { isTbss, newSegment, type Segment } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";

export interface SegmentOptions {
  readonly interpreted: boolean;
  readonly wordBytes: number;
  readonly separateCode: boolean;
  readonly executeOnly: boolean;
  readonly executableStack: boolean;
  /** No PT_GNU_STACK at all when false. */
  readonly stack: boolean;
  readonly stackSize: number;
  readonly maxPageSize: number;
  /** -N and -n: sections are not on pages of their own, so one segment may hold everything. */
  readonly paged: boolean;
}

/**
 * The program headers other than PT_LOAD and PT_GNU_RELRO, which depend on addresses; their number is needed before addresses are known,
 * because the headers take up space in front of the first section.
 * @param sections the allocated sections that are not empty, in order
 */
export function planSegments(
  sections: readonly OutputSection[],
  options: SegmentOptions,
): { before: Segment[]; after: Segment[] } {
  const before: Segment[] = [];
  const after: Segment[] = [];
  const named = (name: string): OutputSection | undefined => sections.find((it) => it.name === name);
  const interp = named(".interp");
  if (interp !== undefined && options.interpreted) {
    before.push(newSegment(PT_PHDR, PF_R, options.wordBytes), newSegment(PT_INTERP, PF_R, 1, [interp]));
  }
  const dynamic = named(".dynamic");
  if (dynamic !== undefined)
    after.push(newSegment(PT_DYNAMIC, dynamic.flags & SHF_WRITE ? PF_R | PF_W : PF_R, dynamic.alignment, [dynamic]));
  after.push(...noteSegments(sections));
  const tls = sections.filter((it) => (it.flags & SHF_TLS) !== 0);
  if (tls.length > 0) after.push(newSegment(PT_TLS, PF_R, Math.max(...tls.map((it) => it.alignment)), tls));
  for (const it of sections.filter(hasMbindSegment)) {
    after.push(newSegment(PT_GNU_MBIND_LO + it.info, permissions(it, options), it.alignment, [it]));
  }
  const property = named(".note.gnu.property");
  if (property !== undefined) after.push(newSegment(PT_GNU_PROPERTY, PF_R, property.alignment, [property]));
  const header = named(".eh_frame_hdr");
  if (header !== undefined) after.push(newSegment(PT_GNU_EH_FRAME, PF_R, header.alignment, [header]));
  const sframe = named(".sframe");
  if (sframe !== undefined) after.push(newSegment(PT_GNU_SFRAME, PF_R, sframe.alignment, [sframe]));
  if (options.stack) {
    const stack = newSegment(PT_GNU_STACK, options.executableStack ? PF_R | PF_W | PF_X : PF_R | PF_W, 16);
    stack.memorySize = options.stackSize;
    after.push(stack);
  }
  return { before, after };
}

/** One PT_NOTE for each run of notes of the same alignment. */
function noteSegments(sections: readonly OutputSection[]): Segment[] {
  const segments: Segment[] = [];
  let open: Segment | undefined;
  for (const section of sections) {
    if (section.type !== SHT_NOTE) {
      open = undefined;
      continue;
    }
    if (open !== undefined && open.alignment === section.alignment) open.sections.push(section);
    else {
      open = newSegment(PT_NOTE, PF_R | (section.flags & SHF_WRITE ? PF_W : 0), section.alignment, [section]);
      segments.push(open);
    }
  }
  return segments;
}

/** PT_LOADs over the allocated sections, whose addresses are known (or guessed, to count the headers). */
export function loadSegments(sections: readonly OutputSection[], options: SegmentOptions): Segment[] {
  const loads: Segment[] = [];
  let last: OutputSection | undefined;
  for (const section of sections) {
    if ((section.flags & SHF_ALLOC) === 0 || isTbss(section)) continue;
    const open = loads[loads.length - 1];
    if (open === undefined || last === undefined || startsSegment(open, last, section, options)) {
      loads.push(newSegment(PT_LOAD, permissions(section, options), options.maxPageSize, [section]));
    } else {
      open.sections.push(section);
      open.flags |= permissions(section, options);
    }
    last = section;
  }
  return loads;
}

/** --warn-section-align. Warning: `section-displaced`. */
export function reportDisplaced(sections: readonly OutputSection[], report: Report): void {
  for (const { name, flags, displaced } of sections) {
    if ((flags & SHF_ALLOC) !== 0 && displaced > 0)
      report(warning("section-displaced", {}, { section: name, bytes: displaced }));
  }
}

/**
 * -Ttext-segment and its like, where they count and the file is paged (binutils, ld/ldexp.c: fold_segment_start).
 * Warning: `segment-address-unaligned`.
 */
export function reportUnaligned(options: LinkOptions, page: number, report: Report): void {
  if (options.omagic || options.nmagic) return;
  const { textSegment, rodataSegment, ldataSegment } = options;
  const given = { "text-segment": textSegment, "rodata-segment": rodataSegment, "ldata-segment": ldataSegment };
  for (const [segment, address = 0] of Object.entries(given))
    if (address % page !== 0) report(warning("segment-address-unaligned", {}, { segment, page }));
}

/** Warning: `rwx-segment`. */
export function reportSegments(segments: readonly Segment[], output: string, report: Report): void {
  const all = PF_R | PF_W | PF_X;
  const isOpen = (it: Segment): boolean => it.type === PT_LOAD && (it.flags & all) === all && it.memorySize > 0;
  if (segments.some(isOpen)) report(warning("rwx-segment", {}, { output }));
}

function permissions({ flags }: OutputSection, { executeOnly }: SegmentOptions): number {
  const isCode = (flags & SHF_EXECINSTR) !== 0;
  return (isCode && executeOnly ? 0 : PF_R) | (flags & SHF_WRITE ? PF_W : 0) | (isCode ? PF_X : 0);
}

function startsSegment(open: Segment, last: OutputSection, next: OutputSection, options: SegmentOptions): boolean {
  const page = options.maxPageSize;
  const lastEnd = last.address + last.size;
  // File contents cannot follow space without contents in one segment.
  if (last.type === SHT_NOBITS && next.type !== SHT_NOBITS) return true;
  // Sections placed by hand below their predecessor.
  if (next.address < lastEnd) return true;
  if (!options.paged) return false;
  if (Math.ceil(lastEnd / page) < Math.floor(next.address / page)) return true;
  if (options.separateCode && ((last.flags ^ next.flags) & SHF_EXECINSTR) !== 0) return true;
  const wasWritable = (open.flags & PF_W) !== 0;
  const isWritable = (next.flags & SHF_WRITE) !== 0;
  return (
    wasWritable !== isWritable &&
    (isWritable || options.separateCode || Math.floor((lastEnd - 1) / page) !== Math.floor(next.address / page))
  );
}
