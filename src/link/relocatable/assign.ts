// Gives every input section that takes part in -r its output section: by name, and each member of a section group one of
// its own, so that a group can still be dropped as a whole by the next link.

import {
  SHF_ALLOC,
  SHF_LINK_ORDER,
  SHF_MASKOS,
  SHF_MASKPROC,
  SHF_TLS,
  SHF_WRITE,
  SHT_GROUP,
  SHT_NOTE,
} from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import { isContents } from "../sections/contents.ts";
import { growInt32 } from "../tables/columns.ts";
import type { OutputSectionId, SectionId } from "../tables/ids.ts";
import { internName, internText, nameText } from "../tables/names.ts";
import { isZdebug, type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED, STATE_IN_GROUP } from "../tables/section-table.ts";
import {
  addOutputFor,
  addOutputRow,
  createOutputTable,
  joinOutput,
  KIND_DEBUGGING,
  kindOf,
  type OutputTable,
} from "./output-table.ts";
import { createOrder, type Order, orderedOutputs, placeOrphan, placeScripted } from "./place-orphans.ts";
import { relocatableScript } from "./script.ts";

export interface Assigned {
  readonly table: OutputTable;
  /** SHT_GROUP output sections. Their headers come first. */
  readonly groups: readonly OutputSectionId[];
  /** All others, in the order of their headers. */
  readonly ordered: Int32Array;
  /** What was made for `MadeSections`: by name. */
  readonly made: ReadonlyMap<string, OutputSectionId>;
  /** sh_addr by output section, where a script lays out the object. */
  readonly addresses: Float64Array | undefined;
}

interface Assigning {
  readonly sections: SectionTable;
  readonly options: LinkOptions;
  readonly table: OutputTable;
  readonly order: Order;
  /** By section: its name in `table.names`, or -1 when it takes no part. */
  readonly nameOf: Int32Array;
  /** By name: row of the script + 1, or 0. */
  rowOf: Int32Array;
  /** Orphans that more inputs may join: by name the last one, and by output section the one before it of its name. */
  lastOrphan: Int32Array;
  orphanBefore: Int32Array;
  readonly unique: Map<number, boolean>;
  /** The name .sframe. */
  readonly sframeName: number;
  readonly keepGroups: boolean;
}

/** What `assignOutputs` is told of the sections that the linker makes. */
export interface MadeSections {
  /** Sections of the script that are needed whether or not an input has them. */
  readonly scripted: readonly MadeSection[];
  /** The .note.gnu.property section that holds the merged properties; -1: none. All others are left out. */
  readonly propertyHost: SectionId;
  /** Sections that no input has. They are placed as if they were the first object's last. */
  readonly orphans: readonly MadeSection[];
}

export interface MadeSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Default: 1. */
  readonly alignment?: number;
}

export function assignOutputs(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  wanted: MadeSections,
  options: LinkOptions,
): Assigned {
  const table = createOutputTable();
  const assigning: Assigning = {
    sections,
    options,
    table,
    order: createOrder(table),
    nameOf: new Int32Array(sections.count).fill(-1),
    rowOf: new Int32Array(256),
    lastOrphan: new Int32Array(0),
    orphanBefore: new Int32Array(256),
    unique: new Map(),
    sframeName: internText(table.names, ".sframe"),
    keepGroups: !options.forceGroupAllocation,
  };
  const left = new Set(RELOCATABLE_DISCARDS.map((name) => internText(table.names, name)));
  const propertyName = internText(table.names, ".note.gnu.property");
  for (const object of objects) nameSections(assigning, object, left, propertyName, wanted.propertyHost);
  const made = new Map<string, OutputSectionId>();
  assignScripted(assigning, wanted.scripted, made);
  for (const { name } of wanted.orphans) internText(table.names, name);
  assigning.lastOrphan = new Int32Array(table.names.count).fill(-1);
  for (const [i, object] of objects.entries()) {
    assignOrphans(assigning, object);
    if (i !== 0) continue;
    for (const { name, type, flags } of wanted.orphans) {
      const id = addOutputRow(table, internText(table.names, name), type, flags);
      placeOrphan(assigning.order, id);
      made.set(name, id);
    }
  }
  const ordered = orderedOutputs(assigning.order);
  return {
    table,
    groups: assigning.keepGroups ? addGroups(assigning, objects) : [],
    ordered,
    made,
    addresses: undefined,
  };
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

function isDebugging(assigning: Assigning, section: SectionId, name: number): boolean {
  return kindOf(assigning.table.names, name, assigning.sections.flags[section]) === KIND_DEBUGGING;
}

/** What GNU ld's back end drops in -r too: a file's warning was said, and attributes mean nothing on these machines. */
export const RELOCATABLE_DISCARDS: readonly string[] = [".gnu.warning", ".gnu.attributes"];

function nameSections(
  assigning: Assigning,
  object: ObjectFile,
  left: ReadonlySet<number>,
  propertyName: number,
  propertyHost: SectionId,
): void {
  const { sections, options, table, nameOf } = assigning;
  const strip = options.strip !== "none";
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (!isCandidate(object, sections, section)) continue;
    const name = isZdebug(sections, section)
      ? internText(table.names, sectionName(object, sections, section))
      : internName(table.names, object.view, sections.name[section], object.namesEnd);
    if (name === propertyName && section !== propertyHost && sections.type[section] === SHT_NOTE) continue;
    if (left.has(name) || (options.discardSframe && name === assigning.sframeName)) continue;
    if (strip && isDebugging(assigning, section, name)) continue;
    nameOf[section] = name;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Sections that the script names
// ---------------------------------------------------------------------------------------------------------------------

function assignScripted(
  assigning: Assigning,
  wanted: readonly MadeSection[],
  made: Map<string, OutputSectionId>,
): void {
  const { sections, table, nameOf, order } = assigning;
  const rows = relocatableScript;
  const inputs = rows.map((row) => [row.name, ...row.also].map((name) => internText(table.names, name)));
  assigning.rowOf = growInt32(assigning.rowOf, table.names.count);
  inputs.forEach((names, row) => {
    for (const name of names) if (assigning.rowOf[name] === 0) assigning.rowOf[name] = row + 1;
  });
  const { rowOf } = assigning;
  // Which rows have an input that is not read-only.
  const writable = new Uint8Array(rows.length);
  for (let section = 0; section < sections.count; section++) {
    const name = nameOf[section];
    if (name < 0 || rowOf[name] === 0 || isAlone(assigning, section, name)) continue;
    if ((sections.flags[section] & SHF_WRITE) !== 0) writable[rowOf[name] - 1] = 1;
  }
  rows.forEach((row, i) => {
    if (row.only !== "read-only" || writable[i] === 0) return;
    const other = rows.findIndex((it) => it.name === row.name && it.only === "writable");
    for (const name of inputs[i]) rowOf[name] = other + 1;
  });
  const outputOf = new Int32Array(rows.length).fill(-1);
  for (const { name, type, flags, alignment } of wanted) {
    const row = rows.findIndex((it) => it.name === name);
    outputOf[row] = addOutputRow(table, inputs[row][0], type, flags);
    table.alignment[outputOf[row]] = alignment ?? 1;
    made.set(name, outputOf[row]);
  }
  for (let section = 0; section < sections.count; section++) {
    const name = nameOf[section];
    if (name < 0 || rowOf[name] === 0 || isAlone(assigning, section, name)) continue;
    const row = rowOf[name] - 1;
    if (outputOf[row] >= 0) joinOutput(table, outputOf[row], sections, section);
    else outputOf[row] = addOutputFor(table, inputs[row][0], sections, section, false);
  }
  for (let row = 0; row < rows.length; row++) if (outputOf[row] >= 0) placeScripted(order, outputOf[row], row);
}

/**
 * A section that is joined with no other: a member of a group, one that --unique names, or .sframe, which has a header and
 * cannot be read behind another one's end. The final link merges them.
 */
function isAlone(assigning: Assigning, section: SectionId, name: number): boolean {
  if (name === assigning.sframeName) return true;
  if (assigning.keepGroups && (assigning.sections.state[section] & STATE_IN_GROUP) !== 0) return true;
  return assigning.options.uniqueNames.length > 0 && isUniqueName(assigning, name);
}

function isUniqueName(assigning: Assigning, name: number): boolean {
  const known = assigning.unique.get(name);
  if (known !== undefined) return known;
  const text = nameText(assigning.table.names, name);
  const matches = assigning.options.uniqueNames.some((it) => globMatchesText(compileGlob(it), text));
  assigning.unique.set(name, matches);
  return matches;
}

// ---------------------------------------------------------------------------------------------------------------------
// Orphans and groups
// ---------------------------------------------------------------------------------------------------------------------

function assignOrphans(assigning: Assigning, object: ObjectFile): void {
  const { sections, table, nameOf, lastOrphan, options } = assigning;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    const name = nameOf[section];
    if (name < 0 || sections.output[section] >= 0) continue;
    const grouped = assigning.keepGroups && (sections.state[section] & STATE_IN_GROUP) !== 0;
    const joinable = !grouped && !options.uniqueSections && !isAlone(assigning, section, name);
    const known = joinable ? joinableOrphan(assigning, name, section) : -1;
    if (known >= 0) {
      joinOutput(table, known, sections, section);
      continue;
    }
    const id = addOutputFor(table, name, sections, section, grouped);
    placeOrphan(assigning.order, id);
    if (!joinable) continue;
    assigning.orphanBefore = growInt32(assigning.orphanBefore, id + 1);
    assigning.orphanBefore[id] = lastOrphan[name];
    lastOrphan[name] = id;
  }
}

/** The first output section of that name that the section may join, or -1. */
function joinableOrphan(assigning: Assigning, name: number, section: SectionId): OutputSectionId {
  let found = -1;
  for (let id = assigning.lastOrphan[name]; id >= 0; id = assigning.orphanBefore[id]) {
    if (mayJoin(assigning, id, section)) found = id;
  }
  return found;
}

/** ld/ldelf.c, elf_orphan_compatible: the same type, the same flags of system and processor, both allocated or neither. */
function mayJoin(assigning: Assigning, id: OutputSectionId, section: SectionId): boolean {
  const { sections, table } = assigning;
  const differ = table.flags[id] ^ sections.flags[section];
  return (
    (differ & (SHF_ALLOC | SHF_MASKOS | SHF_MASKPROC)) === 0 &&
    table.type[id] === sections.type[section] &&
    sections.info[section] === 0
  );
}

/** The groups that keep a member. What a signature is, see groups.ts. */
export function addGroups(
  { sections, table }: Pick<Assigning, "sections" | "table">,
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

/** The first thread-local section has the alignment of the strictest behind it (bfd/elflink.c, _bfd_elf_tls_setup). */
export function alignTls({ table, ordered }: Pick<Assigned, "table" | "ordered">): void {
  const isTls = (id: OutputSectionId): boolean => (table.flags[id] & SHF_TLS) !== 0;
  const start = ordered.findIndex(isTls);
  if (start < 0) return;
  let largest = 1;
  for (let i = start; i < ordered.length && isTls(ordered[i]); i++)
    largest = Math.max(largest, table.alignment[ordered[i]]);
  table.alignment[ordered[start]] = largest;
}
