// No section may reach over the end of memory, and no two may be loaded to the same bytes: --check-sections, GNU ld's default
// (binutils, ld/ldlang.c: lang_check_section_addresses).

import { SHF_ALLOC } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { SEC_LOAD } from "../mapping/bfd-flags.ts";
import { isTbss } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { compareAddresses, isBelow, modulo, toBig } from "./words.ts";

/** Errors: `section-wraps`, `output-sections-overlap`. */
export function checkAddresses(sections: readonly OutputSection[], elfClass: 32 | 64, report: Report): void {
  for (const { name, flags, address, lma, size } of sections) {
    if ((flags & SHF_ALLOC) === 0) continue;
    const kind = wraps(address, size, elfClass) ? "VMA" : wraps(lma, size, elfClass) ? "LMA" : undefined;
    if (kind !== undefined) report(error("section-wraps", {}, { section: name, kind }));
  }
  reportOverlaps(sections, report);
}

/** Up to the last byte is no wrap. */
function wraps(address: number, size: number, elfClass: 32 | 64): boolean {
  return elfClass === 32 ? modulo(address, 2 ** 32) + size > 2 ** 32 : address < 0 && address + size > 0;
}

/**
 * Sections that are loaded (whatever their type has become) are never loaded over each other. Those that are not may lie over each
 * other where two start at one address: that is meant as an overlay.
 */
function reportOverlaps(sections: readonly OutputSection[], report: Report): void {
  const all = sections
    .filter((it) => (it.flags & SHF_ALLOC) !== 0 && it.size > 0 && !isTbss(it))
    .sort((a, b) => compareAddresses(a.address, b.address));
  const reported = reportNeighbours(
    all.filter((it) => (it.sec & SEC_LOAD) !== 0).sort((a, b) => compareAddresses(plannedLma(a), plannedLma(b))),
    new Set(),
    plannedLma,
    report,
  );
  const hasOverlays = all.some((it, i) => it.address === all[i + 1]?.address);
  if (!hasOverlays) reportNeighbours(all, reported, (it) => it.address, report);
}

/** As the script has it: what segments make of it comes later. */
function plannedLma(it: OutputSection): number {
  return it.plannedLma ?? it.lma;
}

function hex(address: number): string {
  return `0x${toBig(address).toString(16)}`;
}

function reportNeighbours(
  sections: readonly OutputSection[],
  reported: ReadonlySet<OutputSection>,
  addressOf: (section: OutputSection) => number,
  report: Report,
): Set<OutputSection> {
  const found = new Set<OutputSection>();
  sections.forEach((section, i) => {
    const before = sections[i - 1];
    if (before === undefined || reported.has(section)) return;
    const start = addressOf(section);
    const other = addressOf(before);
    if (!isBelow(start, other + before.size)) return;
    found.add(section);
    report(
      error(
        "output-sections-overlap",
        {},
        {
          section: section.name,
          start: hex(start),
          end: hex(start + section.size - 1),
          other: before.name,
          otherStart: hex(other),
          otherEnd: hex(other + before.size - 1),
        },
      ),
    );
  });
  return found;
}
