// What -r knows of its output once every input section that takes part has its output section (by-script.ts): the sections,
// their order, the groups among them. Each member of a section group has an output section of its own, so that a group can
// still be dropped as a whole by the next link.

import { SHF_LINK_ORDER, SHT_GROUP } from "../../elf/constants.ts";
import { isContents } from "../sections/contents.ts";
import type { OutputSectionId, SectionId } from "../tables/ids.ts";
import { internName } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { addOutputRow, type OutputTable } from "./output-table.ts";

export interface Assigned {
  readonly table: OutputTable;
  /** SHT_GROUP output sections. Their headers come first. */
  readonly groups: readonly OutputSectionId[];
  /** All others, in the order of their headers. */
  readonly ordered: Int32Array;
  /** sh_addr by output section. */
  readonly addresses: Float64Array;
}

/** What the linker makes. */
export interface MadeSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Default: 1. */
  readonly alignment?: number;
}

export function isCandidate(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) return false;
  return isContents(object, sections, section) && !followsDiscarded(object, sections, section);
}

/** SHF_LINK_ORDER: the section describes another one and goes with it. */
function followsDiscarded(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  let at = section;
  // A chain no longer than the sections there are: no ring holds us.
  for (let i = 0; i < object.sectionCount && (sections.flags[at] & SHF_LINK_ORDER) !== 0; i++) {
    const link = sections.link[at];
    if (link === 0 || link >= object.sectionCount) return false;
    at = object.firstSection + link;
    if ((sections.state[at] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) return true;
  }
  return false;
}

/** What GNU ld's back end drops in -r too: a file's warning was said, and attributes mean nothing on these machines. */
export const RELOCATABLE_DISCARDS: readonly string[] = [".gnu.warning", ".gnu.attributes"];

/** The groups that keep a member. What a signature is, see groups.ts. */
export function addGroups(
  sections: SectionTable,
  table: OutputTable,
  objects: readonly ObjectFile[],
): OutputSectionId[] {
  const groups: OutputSectionId[] = [];
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.type[section] !== SHT_GROUP || (sections.state[section] & STATE_DISCARDED) !== 0) continue;
      if (!hasMember(object, sections, section)) continue;
      const name = internName(table.names, object.view, sections.name[section], object.namesEnd);
      const id = addOutputRow(table, name, SHT_GROUP, 0);
      table.alignment[id] = 4;
      table.first[id] = section;
      sections.output[section] = id;
      groups.push(id);
    }
  }
  return groups;
}

function hasMember(object: ObjectFile, sections: SectionTable, group: SectionId): boolean {
  const words = Math.floor(sections.size[group] / 4);
  for (let i = 1; i < words; i++) {
    const index = object.view.getUint32(sections.offset[group] + 4 * i, true);
    if (index < object.sectionCount && sections.output[object.firstSection + index] >= 0) return true;
  }
  return false;
}

/** The files in the order in which their first sections stand in the output: that of their local symbols. */
export function orderOfFiles(objects: readonly ObjectFile[], sections: SectionTable, assigned: Assigned): ObjectFile[] {
  const place = new Int32Array(assigned.table.count).fill(assigned.ordered.length);
  assigned.ordered.forEach((id, i) => {
    place[id] = i;
  });
  const first = new Int32Array(objects.length).fill(assigned.ordered.length);
  for (let section = 0; section < sections.count; section++) {
    const output = sections.output[section];
    const object = sections.object[section];
    if (output >= 0 && place[output] < first[object]) first[object] = place[output];
  }
  return [...objects].sort((a, b) => first[a.id] - first[b.id]);
}
