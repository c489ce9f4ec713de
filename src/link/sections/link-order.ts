// SHF_LINK_ORDER: sections that describe other sections stand in the order of what they describe (gABI, Section
// Attribute Flags), so that a table of them can be searched.

import { SHF_LINK_ORDER } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { alignUp } from "../tables/layout.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { linkedTo } from "./gc-walk.ts";

/**
 * Sorts the pieces of output sections that have such sections, those of each statement for themselves: first the others, then
 * these (as GNU ld). sh_link says what the first one that came describes. When all pieces are placed.
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
  const { pieces } = output;
  const first = pieces.find((it) => isLinked(it) && target(it) >= 0 && sections.output[target(it)] >= 0);
  let from = 0;
  for (const end of [...output.rankEnds, pieces.length]) {
    const part = Array.from(pieces.subarray(from, end));
    const linked = part.filter(isLinked).sort((a, b) => place(a) - place(b));
    pieces.set([...part.filter((piece) => !isLinked(piece)), ...linked], from);
    from = Math.max(from, end);
  }
  if ((output.flags & SHF_LINK_ORDER) === 0) return;
  if (first !== undefined) output.link = outputs.list[sections.output[target(first)]];
}

/** -r: who reads the object could not tell what is sorted (bfd/elflink.c: elf_fixup_link_order). Error: `link-order-mixed`. */
export function reportMixed(outputs: OutputSections, sections: SectionTable, report: Report): void {
  for (const { name, pieces } of outputs.list) {
    const ordered = pieces.findIndex((it) => it >= 0 && (sections.flags[it] & SHF_LINK_ORDER) !== 0);
    if (ordered < 0) continue;
    const isMixed = pieces.some((it) => it >= 0 && (sections.flags[it] & SHF_LINK_ORDER) === 0);
    if (isMixed) report(error("link-order-mixed", {}, { section: name }));
  }
}

/** -r: they are sorted by where what they describe stands in its section, when all of them have their offsets. */
export function orderPlaced(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  list: readonly OutputSection[],
): void {
  const place = (piece: number): number => {
    const target = linkedTo(objects, sections, piece);
    if (target < 0 || sections.output[target] < 0) return -1;
    return outputs.list[sections.output[target]].address + sections.address[target];
  };
  for (const { pieces, rankEnds } of list) {
    if (!pieces.some((it) => it >= 0 && (sections.flags[it] & SHF_LINK_ORDER) !== 0)) continue;
    let from = 0;
    for (const end of [...rankEnds, pieces.length]) {
      const part = Array.from(pieces.subarray(from, end));
      const sorted = part.every((it) => it >= 0) ? part.toSorted((a, b) => place(a) - place(b)) : part;
      if (sorted.some((it, i) => it !== part[i])) {
        pieces.set(sorted, from);
        let at = sections.address[part[0]];
        for (const piece of sorted) {
          at = alignUp(at, Math.max(1, sections.alignment[piece]));
          sections.address[piece] = at;
          at += sections.size[piece];
        }
      }
      from = Math.max(from, end);
    }
  }
}
