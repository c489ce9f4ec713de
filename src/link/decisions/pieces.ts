// What both kinds of layout, of a program and of -r, say of an input section: where it went, or why it is not there.

import { SHF_EXCLUDE, SHT_GROUP } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import { isContents } from "../sections/contents.ts";
import type { SectionId } from "../tables/ids.ts";
import { sectionName } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import type { DiscardedInput, LaidOutPiece, SourceStatement } from "./layout-types.ts";

/** What put an input section where it is, or discards it. */
export type StatementOf = (section: SectionId) => SourceStatement | undefined;

/** @param statementOf the statement that speaks of a section; undefined where no script does */
export function* discarded(
  { objects, sections }: Loader,
  statementOf: StatementOf | undefined,
): IterableIterator<DiscardedInput> {
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      const isGroup = sections.type[section] === SHT_GROUP;
      if (sections.output[section] >= 0 || !(isGroup || isContents(object, sections, section))) continue;
      const name = sectionName(object, sections, section);
      const given = reasonLeftOut(sections, section);
      const statement = given === "excluded" ? statementOf?.(section) : undefined;
      const reason = statement === undefined ? given : "script";
      yield { file: object.name, section: name, size: sections.size[section], reason, statement };
    }
  }
}

/** @param section that is in no output section */
export function reasonLeftOut({ state, flags }: SectionTable, section: SectionId): DiscardedInput["reason"] {
  if ((state[section] & STATE_DISCARDED) !== 0 && (flags[section] & SHF_EXCLUDE) === 0) return "group";
  return (state[section] & STATE_COLLECTED) !== 0 ? "unused" : "excluded";
}

/** An input section that is in the output as it is. @param base what its address counts from */
export function inputPiece(
  { sections, objects }: Loader,
  section: SectionId,
  base: number,
  statement: () => SourceStatement | undefined,
): LaidOutPiece {
  const object = objects[sections.object[section]];
  return {
    file: object.name,
    section: sectionName(object, sections, section),
    address: base + sections.address[section],
    size: sections.size[section],
    alignment: sections.alignment[section],
    get statement() {
      return statement();
    },
    *merged() {},
  };
}
