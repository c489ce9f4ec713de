// Where sections go that no statement of a layout script takes (binutils, ld/ldelf.c: ldelf_place_orphan; ld/ldlang.c:
// lang_output_section_find_by_flags, lang_insert_orphan). There are two lists, and an orphan gets its place in both: that of
// the statements, which decides addresses, and that of the output's sections, which decides the order of their headers.
//
//   the first section of its name that is of its type, and as much loaded: it joins that
//   else behind the section called as its kind is (.text, .rodata, .data, …); without one, behind the last section that has
//   its flags; each kind remembers its last orphan, and the next goes behind that

import { SHF_GNU_MBIND, SHF_MASKOS, SHF_MASKPROC, SHT_NOTE, SHT_REL, SHT_RELA } from "../../elf/constants.ts";
import { error, warning } from "../../elf/problem.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import { PROPERTY_SECTION } from "../sections/properties.ts";
import type { SectionId } from "../tables/ids.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { insertBehind, itemBefore, itemBehind, itemsOf, moveBehind } from "../tables/sequence.ts";
import {
  SEC_ALLOC,
  SEC_CODE,
  SEC_DATA,
  SEC_DEBUGGING,
  SEC_HAS_CONTENTS,
  SEC_KEEP,
  SEC_LOAD,
  SEC_READONLY,
  SEC_THREAD_LOCAL,
} from "./bfd-flags.ts";
import { addToOutput, DISCARDED, type Mapping, newStatement, textPart } from "./mapping.ts";
import { isMbind, mbindName } from "./mbind.ts";
import {
  findByFlags,
  insertStatement,
  type Lists,
  lastRelocations,
  listsOf,
  moveBefore,
  restoreLists,
  sectionBefore,
} from "./orphan-lists.ts";
import { findStatement, type MadeInput, type OrphanPlace, type OutputStatement } from "./output-statements.ts";

/** An input section that nothing took. */
interface Orphan {
  readonly item: number;
  readonly name: string;
  readonly type: number;
  readonly sec: number;
  /** SHF_* of system and processor. */
  readonly special: number;
  readonly alignment: number;
  readonly info: number;
  /** SHF_GNU_MBIND: `info` is the number of a kind of memory. */
  readonly kindOfMemory: boolean;
  readonly object: ObjectFile | undefined;
}

interface Placing {
  readonly mapping: Mapping;
  readonly places: Readonly<Record<Kind, OrphanPlace>>;
  firstNote: OutputSection | undefined;
  /** By name: the orphans, in order, and which of them is next. */
  readonly waiting: Map<string, { readonly list: Orphan[]; next: number }>;
  /** The plan's lists while they grow in the middle. */
  readonly lists: Lists;
}

type Kind = "text" | "rodata" | "tdata" | "data" | "bss" | "rel" | "interp" | "nonalloc";

const SPECIAL = SHF_MASKOS | SHF_MASKPROC;

const LOADED = SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD;

/** The section that a kind follows, and the flags that one stands for in which nothing is. */
const KINDS: Readonly<Record<Kind, readonly [name: string | undefined, assumed: number]>> = {
  text: [".text", LOADED | SEC_READONLY | SEC_CODE],
  rodata: [".rodata", LOADED | SEC_READONLY | SEC_DATA],
  tdata: [".tdata", LOADED | SEC_DATA | SEC_THREAD_LOCAL],
  data: [".data", LOADED | SEC_DATA],
  bss: [".bss", SEC_ALLOC],
  rel: [undefined, LOADED | SEC_READONLY | SEC_DATA],
  interp: [".interp", LOADED | SEC_READONLY | SEC_DATA],
  nonalloc: [".comment", SEC_HAS_CONTENTS],
};

export function placeOrphans(mapping: Mapping, objects: readonly ObjectFile[]): void {
  const { plan } = mapping;
  const places = Object.fromEntries(
    Object.entries(KINDS).map(([kind, [name, assumed]]) => [kind, createPlace(name, assumed)]),
  ) as unknown as Placing["places"];
  const last = objects.findLast((it) => it.made === undefined);
  const orphans = objects.flatMap((object, i) => orphansOf(mapping, object, i === 0, object === last));
  if (objects.length === 0) orphans.push(...madeOrphans(mapping.made, undefined));
  if (orphans.length === 0) return;
  const waiting: Placing["waiting"] = new Map();
  for (const it of orphans) {
    const known = waiting.get(it.name);
    if (known === undefined) waiting.set(it.name, { list: [it], next: 0 });
    else known.list.push(it);
  }
  const lists: Lists = listsOf(plan);
  const placing: Placing = { mapping, places, firstNote: undefined, waiting, lists };
  for (const place of Object.values(places)) {
    if (place.name === undefined) continue;
    place.statement = findStatement(plan, place.name);
    if (place.statement !== undefined) place.statement.assumed = place.assumed;
  }
  for (const it of orphans) {
    const others = waiting.get(it.name);
    if (others !== undefined) others.next++;
    if (it.name === "COMMON") placeCommon(placing, it);
    else placeOrphan(placing, it);
  }
  restoreLists(plan, lists);
}

function createPlace(name: string | undefined, assumed: number): OrphanPlace {
  return { name, assumed, statement: undefined, section: undefined, last: undefined };
}

/**
 * What the linker makes is the first object's, but for a note of properties that no object has: that is the last one's
 * (bfd/elf-properties.c, _bfd_elf_link_setup_gnu_properties).
 */
function orphansOf(mapping: Mapping, object: ObjectFile, isFirst: boolean, isLast: boolean): Orphan[] {
  const { sec, taken, plan, made } = mapping;
  const list: Orphan[] = [];
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sec[section] === 0 || taken[section] === 1) continue;
    list.push(orphan(mapping, object, section));
  }
  const commons = (mapping.object?.definesCommons === false ? undefined : plan.commons.get(object.id)) ?? [];
  const own = made.filter(({ name }) => (name === PROPERTY_SECTION && mapping.object === undefined ? isLast : isFirst));
  return [...list, ...madeOrphans([...commons, ...own], object)];
}

function madeOrphans(made: readonly MadeInput[], object: ObjectFile | undefined): Orphan[] {
  return made.flatMap((it) => {
    if (it.isPlaced) return [];
    const { name, type, sec, chunk } = it;
    const { alignment } = chunk;
    return [{ item: ~chunk.id, name, type, sec, special: 0, alignment, info: 0, kindOfMemory: false, object }];
  });
}

function orphan(mapping: Mapping, object: ObjectFile, section: SectionId): Orphan {
  const { sections, options } = mapping.loader;
  const name = sectionName(object, sections, section);
  const splitsText = options.z.keepTextSectionPrefix && mapping.plan.script.isStandard;
  return {
    item: section,
    name: (splitsText ? textPart(name) : undefined) ?? name,
    type: sections.type[section],
    sec: mapping.sec[section] & 0x3fffffff,
    special: sections.flags[section] & SPECIAL,
    alignment: sections.alignment[section],
    info: (sections.flags[section] & SHF_GNU_MBIND) !== 0 ? sections.info[section] : 0,
    kindOfMemory: isMbind({ flags: sections.flags[section] }),
    object,
  };
}

/** Commons go where COMMON is named, else into .bss. */
function placeCommon(placing: Placing, it: Orphan): void {
  const { plan } = placing.mapping;
  const named = plan.outputs.find(
    ({ source, failed }) =>
      !failed &&
      source?.body.some((one) => one.kind === "input" && (one.sections?.some((p) => p.name === "COMMON") ?? false)),
  );
  join(placing, named ?? findStatement(plan, ".bss") ?? appendStatement(placing, ".bss", false), it);
}

/** Behind all that there is. */
function appendStatement({ mapping, lists }: Placing, name: string, isSpecial: boolean): OutputStatement {
  const statement = newStatement(mapping.plan, name, isSpecial);
  insertBehind(lists.outputs, statement, lists.outputs.last?.item);
  insertBehind(lists.statements, statement, lists.statements.last?.item);
  return statement;
}

function join({ mapping, lists }: Placing, statement: OutputStatement, it: Orphan): OutputStatement {
  const { plan } = mapping;
  const before = plan.list.length;
  addToOutput(mapping, statement, it.item, undefined);
  for (const output of plan.list.slice(before)) insertBehind(lists.list, output, lists.list.last?.item);
  const last = statement.body.at(-1);
  if (statement.name === DISCARDED) return statement;
  if (last !== undefined && last.statement === undefined) last.items.push(it.item);
  else statement.body.push({ statement: undefined, items: [it.item], data: undefined });
  return statement;
}

/** Error: `orphan-unplaced`; warning: `orphan-section`. */
function placeOrphan(placing: Placing, it: Orphan): void {
  const { mapping } = placing;
  const { options } = mapping.loader;
  const { orphanHandling, uniqueSections, uniqueNames } = options;
  if (orphanHandling === "discard") {
    const statement = mapping.plan.byName.get(DISCARDED)?.[0] ?? appendStatement(placing, DISCARDED, false);
    join(placing, statement, it);
    return;
  }
  const isAlone = it.item >= 0 && it.object !== undefined && mapping.object?.isAlone(it.object, it.item) === true;
  // All objects' properties are one note.
  const isAsked = (): boolean =>
    uniqueSections || uniqueNames.some((name) => globMatchesText(compileGlob(name), it.name));
  const isUnique = isAlone || (it.name !== ".note.gnu.property" && isAsked());
  const statement = findPlace(placing, it, isUnique);
  if (orphanHandling === "place") return;
  const facts = { section: it.name, output: statement.name };
  const place = { file: it.object?.name ?? "" };
  if (orphanHandling === "error") mapping.report(error("orphan-unplaced", place, { section: it.name }));
  else mapping.report(warning("orphan-section", place, facts));
}

function findPlace(placing: Placing, it: Orphan, isUnique: boolean): OutputStatement {
  const { mapping } = placing;
  const { plan, loader, mode } = mapping;
  const { options } = loader;
  let { name } = it;
  let isDynamic = false;
  if (
    mapping.object === undefined &&
    options.z.combreloc &&
    (it.sec & SEC_ALLOC) !== 0 &&
    (it.type === SHT_RELA || it.type === SHT_REL)
  ) {
    name = it.type === SHT_RELA ? ".rela.dyn" : ".rel.dyn";
    isDynamic = true;
  }
  if (it.kindOfMemory && mapping.object === undefined) {
    for (const known of itemsOf(placing.lists.outputs))
      if (known.output !== undefined && isLikeMbind(known.output, it)) return join(placing, known, it);
    name = mbindName(it.sec);
  }
  let isSpecial = isUnique;
  if (!isUnique) {
    let unused: OutputStatement | undefined;
    for (const other of plan.byName.get(name) ?? []) {
      if (other.failed) continue;
      isSpecial = true;
      if (other.output === undefined) unused = other;
      else if (!isOfGroup(mapping, other) && isCompatible(mapping, other.output, it)) return join(placing, other, it);
    }
    if (unused !== undefined) return join(placing, unused, it);
  }
  const text = placing.places.text.statement;
  if (!mode.shared && it.name.startsWith(".gnu.warning.") && text !== undefined) return join(placing, text, it);
  const flags = mapping.object === undefined ? flagsOfAll(placing, it) : it.sec;
  const kind = kindOf(it, flags);
  if (kind === undefined) {
    // Debug information: at the very end.
    const statement = appendStatement(placing, name, isSpecial);
    statement.address = ZERO;
    return join(placing, statement, it);
  }
  const place = placing.places[kind];
  place.statement ??=
    kind === "rel"
      ? lastRelocations(placing.lists, isDynamic)
      : place.name === undefined
        ? undefined
        : findStatement(plan, place.name);
  const after = place.statement ?? findByFlags(placing.lists, flags, typeSeen(mapping, it), place);
  return insert(placing, it, name, isSpecial, after, place);
}

/** Memory of the same number for the same use. */
function isLikeMbind(output: OutputSection, { sec, info }: Orphan): boolean {
  const mask = SEC_READONLY | SEC_CODE | SEC_HAS_CONTENTS;
  return isMbind(output) && output.info === info && ((output.sec ^ sec) & mask) === 0;
}

/** A member of a group stays alone (ld/ldelf.c, elf_orphan_compatible: elf_next_in_group). */
function isOfGroup({ object }: Mapping, { body }: OutputStatement): boolean {
  const item = object === undefined ? undefined : body.at(-1)?.items[0];
  return item !== undefined && item >= 0 && object?.isMember(item) === true;
}

/** ld/ldelf.c, elf_orphan_compatible: what is special about sections matters to those who read the object that -r makes. */
function isCompatible(mapping: Mapping, output: OutputSection, it: Orphan): boolean {
  const { object } = mapping;
  // Nothing is in it but what keeps it.
  if ((output.sec & ~SEC_KEEP) === 0) return true;
  if (object !== undefined && ((output.flags ^ it.special) & SPECIAL) !== 0) return false;
  if (typeSeen(mapping, it) === undefined) return ((it.sec ^ output.sec) & (SEC_LOAD | SEC_ALLOC)) === 0;
  return ((it.sec ^ output.sec) & (SEC_LOAD | SEC_ALLOC)) === 0 && output.type === it.type && output.info === it.info;
}

/** Types are compared only where the output is ELF (bfd/elf.c, _bfd_elf_match_sections_by_type). */
function typeSeen({ loader }: Mapping, it: Orphan): number | undefined {
  return loader.options.outputFormat === "binary" ? undefined : it.type;
}

/** One writable section of the name, in whichever file, makes all of them data. */
function flagsOfAll({ waiting }: Placing, it: Orphan): number {
  let flags = it.sec;
  const { list, next: from } = waiting.get(it.name) ?? { list: [], next: 0 };
  for (let i = from; i < list.length; i++) {
    const next = list[i];
    if (((next.sec ^ flags) & (SEC_LOAD | SEC_ALLOC)) !== 0 || next.type !== it.type) continue;
    flags = (flags ^ SEC_READONLY) | (next.sec ^ SEC_READONLY);
    flags ^= SEC_READONLY;
  }
  return flags;
}

function kindOf(it: Orphan, flags: number): Kind | undefined {
  if ((flags & (SEC_ALLOC | SEC_DEBUGGING)) === 0) return "nonalloc";
  if ((flags & SEC_ALLOC) === 0) return undefined;
  if ((flags & SEC_LOAD) !== 0 && it.type === SHT_NOTE) return "interp";
  if ((flags & (SEC_LOAD | SEC_HAS_CONTENTS | SEC_THREAD_LOCAL)) === 0) return "bss";
  if ((flags & SEC_THREAD_LOCAL) !== 0) return "tdata";
  if ((flags & SEC_READONLY) === 0) return "data";
  if ((it.type === SHT_RELA || it.type === SHT_REL) && (flags & SEC_LOAD) !== 0) return "rel";
  return (flags & SEC_CODE) === 0 ? "rodata" : "text";
}

const ZERO = { kind: "number", value: 0n } as const;

function insert(
  placing: Placing,
  it: Orphan,
  name: string,
  isSpecial: boolean,
  anchor: OutputStatement | undefined,
  place: OrphanPlace,
): OutputStatement {
  const { mapping, lists } = placing;
  const { list } = lists;
  const statement = newStatement(mapping.plan, name, isSpecial);
  const isLoaded = (it.sec & (SEC_LOAD | SEC_ALLOC)) !== 0;
  if (mapping.object !== undefined || !isLoaded) statement.address = ZERO;
  if (isLoaded && anchor !== undefined) {
    statement.region = anchor.region;
    statement.loadRegion = anchor.loadRegion;
    statement.phdrs = anchor.phdrs;
  }
  join(placing, statement, it);
  const { output } = statement;
  if (output === undefined) return statement;
  if (it.kindOfMemory && mapping.object === undefined) {
    output.info = it.info;
    output.flags |= SHF_GNU_MBIND;
  }
  let after = anchor;
  let isBehindAnchor = place.last === undefined;
  if (place.section === undefined && anchor !== undefined)
    place.section = anchor.output ?? sectionBefore(lists, anchor);
  if (place.section === output) place.section = undefined;
  place.section ??= "front";
  const next = itemBehind(list, place.section === "front" ? undefined : place.section);
  if (next !== undefined && (isLoadedNote(it) || isLoadedNoteSection(next))) {
    const found = placeAmongNotes(placing, it, output, next, after);
    if (found !== undefined) {
      after = found.after;
      isBehindAnchor ||= found.isBehind;
    } else if (next !== output) moveBefore(list, output, next);
  } else if (next !== undefined && next !== output) moveBefore(list, output, next);
  place.section = output;
  const previous = isBehindAnchor ? after : place.last;
  insertStatement(lists, statement, previous, isBehindAnchor);
  place.last = statement;
  return statement;
}

function isLoadedNote(it: Orphan): boolean {
  return it.type === SHT_NOTE && (it.sec & SEC_LOAD) !== 0;
}

function isLoadedNoteSection(it: OutputSection): boolean {
  return it.type === SHT_NOTE && (it.sec & SEC_LOAD) !== 0;
}

/** Notes stand together, the larger alignments first; nothing else stands among them. */
function placeAmongNotes(
  placing: Placing,
  it: Orphan,
  output: OutputSection,
  next: OutputSection,
  anchor: OutputStatement | undefined,
): { after: OutputStatement | undefined; isBehind: boolean } | undefined {
  const { list, outputs } = placing.lists;
  let behind: OutputSection | undefined;
  let isInFront = false;
  if (isLoadedNote(it)) {
    placing.firstNote = undefined;
    for (const other of itemsOf(list)) {
      if (other === output) continue;
      if (!isLoadedNoteSection(other)) {
        if (placing.firstNote !== undefined) break;
        continue;
      }
      placing.firstNote ??= other;
      if (alignmentOf(placing, other) >= it.alignment) behind = other;
    }
    if (placing.firstNote === undefined) return undefined;
    if (behind === undefined) {
      behind = placing.firstNote;
      isInFront = true;
    }
  } else {
    if (placing.firstNote === undefined) return undefined;
    behind = next;
    for (const other of itemsOf(list, next)) if (isLoadedNoteSection(other)) behind = other;
  }
  let at: OutputStatement | undefined;
  for (const other of itemsOf(outputs)) if (other.output === behind) at ??= other;
  const after = at !== undefined && isInFront ? itemBefore(outputs, at) : at;
  if (isInFront) moveBefore(list, output, behind);
  else moveBehind(list, output, behind);
  return at === undefined ? { after: anchor, isBehind: false } : { after, isBehind: true };
}

function alignmentOf({ mapping, lists }: Placing, output: OutputSection): number {
  const { loader, outputs } = mapping;
  let largest = 1;
  for (const statement of itemsOf(lists.outputs)) {
    if (statement.output !== output) continue;
    for (const { items } of statement.body)
      for (const item of items)
        largest = Math.max(largest, item >= 0 ? loader.sections.alignment[item] : outputs.chunks[~item].alignment);
  }
  return largest;
}
