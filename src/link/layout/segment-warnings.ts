// What is said of segments, when all has its address.

import { PF_R, PF_W, PF_X, PT_LOAD } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import type { Segment } from "../tables/layout.ts";

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
