// .note.gnu.property of all objects becomes one note (Linux gABI extensions: "Program Property"): what the code needs
// and, where every object agrees, what it is ready for (IBT, shadow stack).

import type { Machine } from "../../arch/index.ts";
import { SHF_ALLOC, SHT_NOTE } from "../../elf/constants.ts";
import type { Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import type { SectionId } from "../tables/ids.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { type MergedProperties, mergePropertyNotes, type PropertyInput } from "./property-notes.ts";
import { addBytesChunk, addNoteOutput } from "./space.ts";

export const PROPERTY_SECTION = ".note.gnu.property";

/** What the objects' notes come to. Runs before sections are assigned: where they come to nothing, they take no place. */
export function mergeProperties(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  machine: Machine,
  options: LinkOptions,
  report: Report,
): MergedProperties {
  const inputs = objects.filter((it) => it.made === undefined).map((object) => propertiesOf(object, sections));
  return mergePropertyNotes(inputs, machine.elfClass, options.z, report);
}

/** Takes the objects' notes out of the output and puts the merged one in. Runs after sections are assigned. */
export function placeProperties(
  { note }: MergedProperties,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  machine: Machine,
): void {
  for (const object of objects) {
    const section = object.made === undefined ? propertySectionOf(object, sections) : -1;
    if (section >= 0) sections.output[section] = -1;
  }
  const output = outputs.byName.get(PROPERTY_SECTION);
  // What options ask for where no object has such a note has its place already (mapping/made-inputs.ts).
  if (output !== undefined && outputs.planned?.has(PROPERTY_SECTION) !== true) output.pieces = new Int32Array(0);
  if (note === undefined) return;
  const place = output ?? addNoteOutput(outputs, PROPERTY_SECTION);
  addBytesChunk(outputs, place, PROPERTY_SECTION, note, machine.wordBytes);
}

/** The object's own note, or -1. */
export function propertySectionOf(object: ObjectFile, sections: SectionTable): SectionId {
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.type[section] !== SHT_NOTE || (sections.flags[section] & SHF_ALLOC) === 0) continue;
    if (sectionName(object, sections, section) === PROPERTY_SECTION) return section;
  }
  return -1;
}

function propertiesOf(object: ObjectFile, sections: SectionTable): PropertyInput {
  const section = propertySectionOf(object, sections);
  if (section < 0) return { file: object.name, bytes: undefined };
  const start = sections.offset[section];
  return { file: object.name, bytes: object.bytes.subarray(start, start + sections.size[section]) };
}
