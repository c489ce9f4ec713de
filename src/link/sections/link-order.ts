// SHF_LINK_ORDER: sections that describe other sections stand in the order of what they describe (gABI, Section
// Attribute Flags), so that a table of them can be searched.

import { SHF_LINK_ORDER } from "../../elf/constants.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { linkedTo } from "./gc-walk.ts";

/**
 * Sorts the pieces of output sections that have such sections: first the others, then these (as GNU ld), and sets sh_link.
 * When all pieces are placed.
 */
export function orderLinked(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  order: readonly OutputSection[],
): void {
  const isLinked = (piece: number): boolean => piece >= 0 && (sections.flags[piece] & SHF_LINK_ORDER) !== 0;
  const described = new Set<OutputSection>();
  for (let section = 0; section < sections.count; section++) {
    if ((sections.flags[section] & SHF_LINK_ORDER) === 0 || sections.output[section] < 0) continue;
    described.add(outputs.list[sections.output[section]]);
  }
  if (described.size === 0) return;
  const places = placesOf(sections, order);
  for (const output of described) orderOutput(output, objects, sections, outputs, places, isLinked);
}

/** By section: its number among all sections of the output. */
function placesOf(sections: SectionTable, order: readonly OutputSection[]): Int32Array {
  const places = new Int32Array(sections.count).fill(-1);
  let count = 0;
  for (const { pieces } of order) {
    for (let i = 0; i < pieces.length; i++) if (pieces[i] >= 0) places[pieces[i]] = count++;
  }
  return places;
}

function orderOutput(
  output: OutputSection,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  places: Int32Array,
  isLinked: (piece: number) => boolean,
): void {
  const target = (piece: number): number => linkedTo(objects, sections, piece);
  const place = (piece: number): number => (target(piece) < 0 ? -1 : places[target(piece)]);
  const pieces = Array.from(output.pieces);
  const linked = pieces.filter(isLinked).sort((a, b) => place(a) - place(b));
  output.pieces = Int32Array.from([...pieces.filter((piece) => !isLinked(piece)), ...linked]);
  if ((output.flags & SHF_LINK_ORDER) === 0) return;
  const first = linked.find((piece) => target(piece) >= 0 && sections.output[target(piece)] >= 0);
  if (first !== undefined) output.link = outputs.list[sections.output[target(first)]];
}
