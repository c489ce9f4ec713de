// --enable-non-contiguous-regions: an input section that does not fit into the region of the output section which matched it
// goes on to the next one that matches (binutils, ld/ldlang.c: size_input_section). What is full once stays full: the first
// section that does not fit closes the region for all behind it.

import { error, type Report } from "../../elf/problem.ts";
import type { OutputStatement, Plan } from "../mapping/output-statements.ts";
import type { SectionId } from "../tables/ids.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type SectionTable, STATE_DISCARDED } from "../tables/section-table.ts";

export interface Roaming {
  /** By input section: the id of the output section that holds it, plus 1; 0: none yet. */
  readonly homes: Int32Array;
  /** By output section: what did not fit. It is not tried again. */
  readonly refused: Map<number, Set<SectionId>>;
}

/** @returns undefined without the option */
export function createRoaming(plan: Plan, sections: SectionTable): Roaming | undefined {
  return plan.matches === undefined ? undefined : { homes: new Int32Array(sections.count), refused: new Map() };
}

/** Is the section another's by now, or did it not fit here before? */
export function isElsewhere({ homes, refused }: Roaming, piece: SectionId, output: number): boolean {
  if (homes[piece] !== 0 && homes[piece] !== output + 1) return true;
  return refused.get(output)?.has(piece) === true;
}

/** @param dot where it would start  @returns the region's end if the section does not fit; undefined: it is at home here */
export function settleOrRefuse(
  { homes, refused }: Roaming,
  { region }: OutputStatement,
  piece: SectionId,
  output: number,
  dot: number,
  size: number,
): number | undefined {
  const end = region === undefined || region.length < 0 ? Number.POSITIVE_INFINITY : region.origin + region.length;
  if (dot + size <= end) {
    homes[piece] = output + 1;
    return undefined;
  }
  const list = refused.get(output);
  if (list === undefined) refused.set(output, new Set([piece]));
  else list.add(piece);
  homes[piece] = 0;
  return end;
}

/**
 * When nothing moves any more: every output section is left with what it holds. Error: `section-fits-nowhere`; GNU ld
 * leaves such a section out (with a warning only if asked for), and fails on its symbols.
 */
export function endRoaming(
  { homes }: Roaming,
  plan: Plan,
  sections: SectionTable,
  objects: readonly ObjectFile[],
  report: Report,
): void {
  const isPiece = new Uint8Array(sections.count);
  for (const { output } of plan.outputs) {
    if (output === undefined) continue;
    const { pieces } = output;
    for (const piece of pieces) if (piece >= 0) isPiece[piece] = 1;
    const stays = (piece: number): boolean => piece < 0 || homes[piece] === output.id + 1;
    const kept = pieces.filter(stays);
    if (kept.length === pieces.length) continue;
    output.rankEnds = output.rankEnds.map((end) => pieces.subarray(0, end).filter(stays).length);
    output.pieces = kept;
  }
  for (const [section, all] of plan.matches ?? []) {
    if (homes[section] !== 0) {
      sections.output[section] = homes[section] - 1;
      continue;
    }
    // Merged strings and constants are in a chunk, which stands where their first one was.
    if (isPiece[section] === 0) continue;
    const object = objects[sections.object[section]];
    const names = all.map((it) => it.name).join(", ");
    sections.state[section] |= STATE_DISCARDED;
    report(
      error(
        "section-fits-nowhere",
        { file: object.name },
        { section: sectionName(object, sections, section), bytes: sections.size[section], outputs: names },
      ),
    );
  }
}
