// Section groups: of all COMDAT groups with the same signature the first one is kept (gABI, "Section Groups"), and the
// older .gnu.linkonce.* sections likewise. Signatures are interned like symbols, so a look-up is an array access.

import { GRP_COMDAT, SHT_GROUP, SHT_REL, SHT_RELA, STT_SECTION } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { growInt32 } from "../tables/columns.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { internName, type NameTable } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_DISCARDED, STATE_IN_GROUP } from "../tables/section-table.ts";

export interface GroupTable {
  /** By SymbolId of the signature: the SHT_GROUP section that was kept + 1, or 0. Shorter than the name table at times. */
  keeper: Int32Array;
}

export function createGroups(): GroupTable {
  return { keeper: new Int32Array(1 << 10) };
}

/** Marks the sections of the object's groups as kept or discarded. */
export function decideGroups(
  object: ObjectFile,
  sections: SectionTable,
  names: NameTable,
  groups: GroupTable,
  report: Report,
): void {
  const first = object.firstSection;
  const end = first + object.sectionCount;
  for (let section = first + 1; section < end; section++) {
    if (sections.type[section] === SHT_GROUP) decideGroup(object, sections, section, names, groups, report);
    else if (isLinkOnce(object, sections, section)) decideLinkOnce(object, sections, section, names, groups);
  }
}

function decideGroup(
  object: ObjectFile,
  sections: SectionTable,
  group: SectionId,
  names: NameTable,
  groups: GroupTable,
  report: Report,
): void {
  const { view } = object;
  const at = sections.offset[group];
  const words = Math.floor(sections.size[group] / 4);
  const symbol = sections.info[group];
  if (words === 0 || symbol >= object.symbolCount) {
    report(error("bad-group", { file: object.name }, { index: group - object.firstSection }));
    return;
  }
  let discard = false;
  if ((view.getUint32(at, true) & GRP_COMDAT) !== 0) {
    const signature = internSignature(object, sections, symbol, names);
    discard = !claim(groups, signature, group);
  }
  if (discard) sections.state[group] |= STATE_DISCARDED;
  for (let i = 1; i < words; i++) {
    const index = view.getUint32(at + i * 4, true);
    if (index === 0 || index >= object.sectionCount) {
      report(error("bad-group", { file: object.name }, { index: group - object.firstSection, member: index }));
      return;
    }
    const member = object.firstSection + index;
    sections.state[member] |= discard ? STATE_DISCARDED : STATE_IN_GROUP;
  }
}

/** The signature's name: that of a symbol, or of its section when it is a section symbol. */
export function internSignature(object: ObjectFile, sections: SectionTable, symbol: number, names: NameTable): number {
  const { view, is64, bytes } = object;
  const at = object.symtab + symbol * (is64 ? 24 : 16);
  const info = bytes[at + (is64 ? 4 : 12)];
  if ((info & 15) === STT_SECTION) {
    const section = localSection(object, symbol);
    if (section >= 0) return internName(names, view, sections.name[section], object.namesEnd);
  }
  const name = Math.min(object.strings + view.getUint32(at, true), object.stringsEnd);
  return internName(names, view, name, object.stringsEnd);
}

/** First come, first kept. @returns false if another group holds the signature */
function claim(groups: GroupTable, signature: number, group: SectionId): boolean {
  groups.keeper = growInt32(groups.keeper, signature + 1);
  if (groups.keeper[signature] !== 0) return false;
  groups.keeper[signature] = group + 1;
  return true;
}

const LINK_ONCE = new TextEncoder().encode(".gnu.linkonce.");

function isLinkOnce(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const { bytes } = object;
  const at = sections.name[section];
  // Most names differ in their second or fifth byte already.
  for (let i = 0; i < LINK_ONCE.length; i++) if (bytes[at + i] !== LINK_ONCE[i]) return false;
  const type = sections.type[section];
  return type !== SHT_REL && type !== SHT_RELA;
}

/**
 * `.gnu.linkonce.t.NAME`: one section of that whole name is kept; and none if a group NAME exists, because newer
 * compilers emit the same function as a group (bfd/elflink.c, _bfd_elf_section_already_linked).
 */
function decideLinkOnce(
  object: ObjectFile,
  sections: SectionTable,
  section: SectionId,
  names: NameTable,
  groups: GroupTable,
): void {
  const { bytes, view } = object;
  const start = sections.name[section];
  const whole = internName(names, view, start, object.namesEnd);
  const end = names.end;
  let dot = start + LINK_ONCE.length;
  while (dot < end && bytes[dot] !== 0x2e) dot++;
  const signature = internName(names, view, Math.min(dot + 1, end), end);
  groups.keeper = growInt32(groups.keeper, signature + 1);
  if (groups.keeper[signature] !== 0 || !claim(groups, whole, section)) sections.state[section] |= STATE_DISCARDED;
}
