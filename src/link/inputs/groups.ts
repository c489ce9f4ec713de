// Which of an object's sections take no part from the start. Of all COMDAT groups with the same signature the first one is
// kept (gABI, "Section Groups"), of the older .gnu.linkonce.* sections likewise, and a section with SHF_EXCLUDE only where
// the output is an object again. Signatures are interned like symbols, so a look-up is an array access.

import { GRP_COMDAT, SHF_EXCLUDE, SHT_GROUP, SHT_REL, SHT_RELA, STT_SECTION } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import { growInt32 } from "../tables/columns.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { internName, type NameTable } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_DISCARDED, STATE_IN_GROUP } from "../tables/section-table.ts";

export interface GroupTable {
  /** By SymbolId of the signature: the SHT_GROUP section that was kept + 1, or 0. Shorter than the name table at times. */
  keeper: Int32Array;
  /** By signature: the .gnu.linkonce.TYPE.SIGNATURE sections that were kept. Few links have any. */
  readonly linkOnce: Map<SymbolId, Member[]>;
  /** By signature: the section of a kept group that has one section only. Known where a .gnu.linkonce section may be its copy. */
  readonly single: Map<SymbolId, Member>;
}

/** A section in a place where its object's symbols are at hand. */
export interface Member {
  readonly object: ObjectFile;
  readonly section: SectionId;
}

export function createGroups(): GroupTable {
  return { keeper: new Int32Array(1 << 10), linkOnce: new Map(), single: new Map() };
}

/**
 * Marks the object's sections as kept or discarded.
 * @param keepExcluded SHF_EXCLUDE sections stay, as in -r
 */
export function decideGroups(
  object: ObjectFile,
  sections: SectionTable,
  names: NameTable,
  groups: GroupTable,
  keepExcluded: boolean,
  report: Report,
): void {
  const first = object.firstSection;
  const end = first + object.sectionCount;
  const dropped = keepExcluded ? 0 : SHF_EXCLUDE;
  for (let section = first + 1; section < end; section++) {
    if ((sections.flags[section] & dropped) !== 0) sections.state[section] |= STATE_DISCARDED;
    else if (sections.type[section] === SHT_GROUP) decideGroup(object, sections, section, names, groups, report);
    else if (isLinkOnce(object, sections, section)) decideLinkOnce({ object, section }, sections, names, groups);
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
    const only = words === 2 ? memberAt(object, view.getUint32(at + 4, true)) : undefined;
    discard = !claim(groups, signature, group) || (only !== undefined && isCopy(groups, signature, only, sections));
    if (only !== undefined && !discard) groups.single.set(signature, only);
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

const LINK_ONCE = bytesOf(".gnu.linkonce.");

function isLinkOnce(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const { bytes } = object;
  const at = sections.name[section];
  // Most names differ in their second or fifth byte already.
  for (let i = 0; i < LINK_ONCE.length; i++) if (bytes[at + i] !== LINK_ONCE[i]) return false;
  const type = sections.type[section];
  // A member of a group goes or stays with the group.
  if ((sections.state[section] & (STATE_DISCARDED | STATE_IN_GROUP)) !== 0) return false;
  return type !== SHT_REL && type !== SHT_RELA;
}

/**
 * `.gnu.linkonce.t.NAME`: one section of that whole name is kept, and none beside a group NAME that is the same function
 * from a newer compiler (bfd/elflink.c, _bfd_elf_section_already_linked).
 */
function decideLinkOnce(it: Member, sections: SectionTable, names: NameTable, groups: GroupTable): void {
  const { object, section } = it;
  const { bytes, view } = object;
  const start = sections.name[section];
  const whole = internName(names, view, start, object.namesEnd);
  const end = names.end;
  let dot = start + LINK_ONCE.length;
  while (dot < end && bytes[dot] !== DOT) dot++;
  const signature = internName(names, view, Math.min(dot + 1, end), end);
  const group = groups.single.get(signature);
  const kept = groups.linkOnce.get(signature) ?? [];
  if (
    !claim(groups, whole, section) ||
    (group !== undefined && isSameCode(group, it, sections)) ||
    isRestOfAnother(it, kept, sections)
  ) {
    sections.state[section] |= STATE_DISCARDED;
    return;
  }
  groups.linkOnce.set(signature, [...kept, it]);
}

const DOT = 0x2e;

/**
 * The read-only data of a function whose code came from another object, which needs none: GCC 3.4 wrote .gnu.linkonce.r.NAME
 * beside .gnu.linkonce.t.NAME.
 */
function isRestOfAnother(it: Member, kept: readonly Member[], sections: SectionTable): boolean {
  if (!isOfKind(it, sections, "r")) return false;
  const code = kept.find((other) => isOfKind(other, sections, "t"));
  return code !== undefined && code.object !== it.object;
}

/** `.gnu.linkonce.KIND.…`. */
function isOfKind({ object, section }: Member, sections: SectionTable, kind: string): boolean {
  const at = sections.name[section] + LINK_ONCE.length;
  return object.bytes[at] === kind.charCodeAt(0) && object.bytes[at + 1] === DOT;
}

/** The only section of a group is a copy of a .gnu.linkonce section that was kept. */
function isCopy(groups: GroupTable, signature: SymbolId, only: Member, sections: SectionTable): boolean {
  return groups.linkOnce.get(signature)?.some((it) => isSameCode(it, only, sections)) === true;
}

function memberAt(object: ObjectFile, index: number): Member | undefined {
  return index > 0 && index < object.sectionCount ? { object, section: object.firstSection + index } : undefined;
}

/** Both define the same symbols: names, types and bindings, visibilities (bfd/elflink.c, bfd_elf_match_symbols_in_sections). */
function isSameCode(a: Member, b: Member, sections: SectionTable): boolean {
  if (sections.type[a.section] !== sections.type[b.section]) return false;
  const mine = symbolsIn(a);
  return mine.length > 0 && mine.join("\n") === symbolsIn(b).join("\n");
}

/** A line for each symbol of the section but the section's own, sorted. */
function symbolsIn({ object, section }: Member): string[] {
  const { bytes, view, is64, symtab, symbolCount, strings, stringsEnd } = object;
  const found: string[] = [];
  for (let i = 1; i < symbolCount; i++) {
    if (localSection(object, i) !== section) continue;
    const at = symtab + i * (is64 ? 24 : 16);
    const detail = at + (is64 ? 4 : 12);
    if ((bytes[detail] & 15) === STT_SECTION) continue;
    const name = Math.min(strings + view.getUint32(at, true), stringsEnd);
    found.push(`${textOf(bytes, name, stringsEnd)} ${bytes[detail]} ${bytes[detail + 1]}`);
  }
  return found.sort();
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array, start: number, limit: number): string {
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(start, end));
}
