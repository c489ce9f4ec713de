// SHF_GNU_MBIND: memory of a special kind (fast or large memory beside the usual one), which the section's sh_info numbers. Each
// number has sections of its own, on pages of their own, and a PT_GNU_MBIND_LO + number segment each, so that a start-up
// library can place them (Linux gABI extensions; ldelf.c, ldelf_place_orphan; bfd/elf.c, _bfd_elf_map_sections_to_segments).

import { SHF_ALLOC, SHF_GNU_MBIND } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { SEC_CODE, SEC_HAS_CONTENTS, SEC_READONLY } from "./bfd-flags.ts";

/** PT_GNU_MBIND_LO to PT_GNU_MBIND_HI: numbers 0 to 4095. */
const MBIND_KINDS = 4096;

export function isMbind({ flags }: { readonly flags: number }): boolean {
  return (flags & SHF_GNU_MBIND) !== 0 && (flags & SHF_ALLOC) !== 0;
}

/** The segment of the section can be written: sh_info is one of the numbers. */
export function hasMbindSegment(section: OutputSection): boolean {
  return isMbind(section) && section.info < MBIND_KINDS;
}

/** What becomes of the input section's name. @param sec SEC_* */
export function mbindName(sec: number): string {
  if ((sec & SEC_HAS_CONTENTS) === 0) return ".mbind.bss";
  if ((sec & SEC_READONLY) === 0) return ".mbind.data";
  return (sec & SEC_CODE) !== 0 ? ".mbind.text" : ".mbind.rodata";
}

/** Warning: `mbind-info`. */
export function reportMbind(outputs: OutputSections, report: Report): void {
  for (const it of outputs.list) {
    if (isMbind(it) && it.size > 0 && !hasMbindSegment(it))
      report(warning("mbind-info", {}, { section: it.name, info: it.info, largest: MBIND_KINDS - 1 }));
  }
}
