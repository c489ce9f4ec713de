// SHT_GROUP sections under -r: the members' new numbers behind the flags word, and the number of the signature's symbol.

import { SHT_GROUP } from "../../elf/constants.ts";
import type { OutputSectionId, SectionId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";
import type { OutputTable } from "./output-table.ts";
import { LOCAL_ABSENT, neededLocal, type SymbolPlan } from "./symbols.ts";

/** Enters the signatures of an object's groups into the symbol table. */
export function planSignatures(plan: SymbolPlan, object: ObjectFile): void {
  const { sections } = plan;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.type[section] !== SHT_GROUP || sections.output[section] < 0) continue;
    const index = sections.info[section];
    if (index >= object.firstGlobal) plan.used[object.symbols[index - object.firstGlobal]] = 1;
    else if (plan.local[object.symbolBase + index] === LOCAL_ABSENT) {
      neededLocal(plan, object, index, localSection(object, index));
    }
  }
}

/** sh_info of a group. */
export function signatureNumber(
  plan: SymbolPlan,
  table: OutputTable,
  objects: readonly ObjectFile[],
  group: OutputSectionId,
): number {
  const { sections } = plan;
  const section = table.first[group];
  const object = objects[sections.object[section]];
  const index = sections.info[section];
  if (index >= object.firstGlobal) return plan.numbers[object.symbols[index - object.firstGlobal]];
  const value = plan.local[object.symbolBase + index];
  return value < 0 && value !== LOCAL_ABSENT ? table.symbol[sections.output[~value]] : Math.max(value, 0);
}

/** Gives the groups their sizes. Relocations are counted. */
export function measureGroups(
  groups: readonly OutputSectionId[],
  table: OutputTable,
  objects: readonly ObjectFile[],
  sections: SectionTable,
): void {
  for (const group of groups) {
    let words = 1;
    for (const member of membersOf(group, table, objects, sections)) {
      words += 1 + (table.relCount[member] > 0 ? 1 : 0) + (table.relaCount[member] > 0 ? 1 : 0);
    }
    table.size[group] = 4 * words;
  }
}

/** Fills the groups. Indices are final. */
export function writeGroups(
  groups: readonly OutputSectionId[],
  table: OutputTable,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  view: DataView,
): void {
  for (const group of groups) {
    const section = table.first[group];
    let at = table.offset[group];
    const write = (word: number): void => {
      view.setUint32(at, word, true);
      at += 4;
    };
    write(objects[sections.object[section]].view.getUint32(sections.offset[section], true));
    for (const member of membersOf(group, table, objects, sections)) {
      let index = table.index[member];
      write(index++);
      if (table.relCount[member] > 0) write(index++);
      if (table.relaCount[member] > 0) write(index);
    }
  }
}

/** The output sections of a group's members. Relocation sections, which groups list too, go with what they apply to. */
function membersOf(
  group: OutputSectionId,
  table: OutputTable,
  objects: readonly ObjectFile[],
  sections: SectionTable,
): OutputSectionId[] {
  const section: SectionId = table.first[group];
  const object = objects[sections.object[section]];
  const members: OutputSectionId[] = [];
  const words = Math.floor(sections.size[section] / 4);
  for (let i = 1; i < words; i++) {
    const index = object.view.getUint32(sections.offset[section] + 4 * i, true);
    const output = index < object.sectionCount ? sections.output[object.firstSection + index] : -1;
    if (output >= 0 && !members.includes(output)) members.push(output);
  }
  return members;
}
