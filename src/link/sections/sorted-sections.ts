// The order in which output sections stand in the file: by row of the layout table, then as they came.

import { SHF_ALLOC, SHT_NOTE } from "../../elf/constants.ts";
import { defaultLayout } from "../tables/default-layout.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";

export function sortedSections(outputs: OutputSections): OutputSection[] {
  const sorted = outputs.list
    .filter((it) => !isCompanion(it))
    .sort((a, b) => a.row - b.row || ownRow(a) - ownRow(b) || a.rank - b.rank || noteOrder(a, b) || a.order - b.order);
  const companions = new Map(outputs.list.filter(isCompanion).map((it) => [it.infoSection, it]));
  if (companions.size === 0) return sorted;
  return sorted.flatMap((section) => {
    const companion = companions.get(section);
    if (companion === undefined) return section;
    companion.row = section.row;
    return [section, companion];
  });
}

/** The relocations of a section, which --emit-relocs keeps: they stand behind it. */
function isCompanion(section: OutputSection): boolean {
  return section.infoSection !== undefined && (section.flags & SHF_ALLOC) === 0;
}

/** The section that the row names stands before the orphans that were put behind it. */
function ownRow(section: OutputSection): number {
  const row = defaultLayout[section.row];
  return row !== undefined && "name" in row && row.name === section.name ? 0 : 1;
}

function noteOrder(a: OutputSection, b: OutputSection): number {
  return a.type === SHT_NOTE && b.type === SHT_NOTE ? b.alignment - a.alignment : 0;
}
