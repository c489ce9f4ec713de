// Gives every live input section its output section and its place in it. One pass over the section columns to classify,
// one counting sort; only the few groups that are sorted by name or priority are compared.

import {
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHF_EXCLUDE,
  SHF_EXECINSTR,
  SHF_GNU_MBIND,
  SHF_GROUP,
  SHF_INFO_LINK,
  SHF_LINK_ORDER,
  SHF_MASKOS,
  SHF_MASKPROC,
  SHF_MERGE,
  SHF_STRINGS,
  SHF_TLS,
  SHF_WRITE,
  SHT_FINI_ARRAY,
  SHT_GROUP,
  SHT_INIT_ARRAY,
  SHT_LLVM_ADDRSIG,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { compileGlob, type Glob, globMatchesText } from "../script/glob.ts";
import { defaultLayout, type InputGroup, orphanAnchors } from "../tables/default-layout.ts";
import type { OutputSectionId, SectionId } from "../tables/ids.ts";
import { isZdebug, type ObjectFile, sectionName } from "../tables/object-file.ts";
import { addOutput, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { type Classifier, classify, createClassifier, DISCARD, ORPHAN, ROW_SHIFT } from "./classify.ts";
import { findMbindOutput, isMbind, mbindName } from "./mbind.ts";

/** Ranks within one output section (groups of its row): fewer than 1 << ROW_SHIFT. */
const RANKS = 1 << ROW_SHIFT;

interface Assignment {
  readonly sections: SectionTable;
  readonly outputs: OutputSections;
  readonly classifier: Classifier;
  /** Output by row of the table, -1 until met. */
  readonly byRow: Int32Array;
  /** Those that the table does not name: by type, SHF_ALLOC and name. */
  readonly orphans: Map<string, OutputSection>;
  readonly rank: Uint8Array;
  readonly stripDebug: boolean;
  /** Without section headers nothing leads to what is not loaded. */
  readonly loadedOnly: boolean;
  readonly keepWarnings: boolean;
  readonly sortSection: LinkOptions["sortSection"];
  /** -z keep-text-section-prefix */
  readonly splitText: boolean;
  /** --unique: orphans are not joined. */
  readonly uniqueOrphans: boolean;
  /** --unique=PATTERN: sections of these names are orphans, and not joined. */
  readonly uniqueNames: readonly Glob[];
  readonly discarded: SectionId[];
}

/** Index of the row with that name, for chunks that the linker adds to the default sections. */
export function rowOf(name: string): number {
  return defaultLayout.findIndex((row) => "name" in row && row.name === name);
}

/**
 * @param keepWarnings .gnu.warning.* is in the output, for those who link with it
 * @returns the sections that the table discards
 */
export function assignSections(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  keepWarnings: boolean,
  options: LinkOptions,
): SectionId[] {
  const assignment: Assignment = {
    sections,
    outputs,
    classifier: createClassifier(),
    byRow: new Int32Array(defaultLayout.length).fill(-1),
    orphans: new Map(),
    rank: new Uint8Array(sections.count),
    stripDebug: options.strip !== "none",
    loadedOnly: !options.z.sectionheader,
    keepWarnings,
    sortSection: options.sortSection,
    splitText: options.z.keepTextSectionPrefix,
    uniqueOrphans: options.uniqueSections,
    uniqueNames: options.uniqueNames.map(compileGlob),
    discarded: [],
  };
  for (const object of objects) assignObject(assignment, object);
  placeOrphans(assignment.orphans);
  joinWritable(assignment);
  collectPieces(assignment, objects);
  return assignment.discarded;
}

function assignObject(assignment: Assignment, object: ObjectFile): void {
  const { sections, outputs, classifier, byRow, rank } = assignment;
  const { bytes } = object;
  const crt = crtKind(object.name);
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (!isCandidate(object, sections, section)) continue;
    const start = sections.name[section];
    let nameEnd = start;
    while (bytes[nameEnd] !== 0) nameEnd++;
    const flags = sections.flags[section];
    const isLoaded = (flags & SHF_ALLOC) !== 0;
    if (!isLoaded && (assignment.loadedOnly || (assignment.stripDebug && isDebug(bytes, start)))) continue;
    const place = isZdebug(sections, section)
      ? classifyText(classifier, sectionName(object, sections, section))
      : classify(classifier, bytes, start, nameEnd, (flags & SHF_WRITE) !== 0, crt);
    const isWarning = (): boolean => isWarningName(sectionName(object, sections, section));
    if (place === DISCARD) assignment.discarded.push(section);
    if (place === DISCARD && !(assignment.keepWarnings && isWarning())) continue;
    let output: OutputSectionId;
    const part = assignment.splitText ? textPart(sectionName(object, sections, section)) : undefined;
    if (part !== undefined) output = orphanOutput(assignment, part, sections.type[section], flags);
    else if (isUnique(assignment, object, section, place)) {
      const { type } = sections;
      const name = sectionName(object, sections, section);
      output = addOutput(outputs, name, orphanRow(name, type[section], flags), type[section], 0).id;
    } else if (place === ORPHAN && isMbind({ flags })) output = mbindOutput(assignment, section);
    else if (place === ORPHAN || place === DISCARD)
      output = orphanOutput(assignment, sectionName(object, sections, section), sections.type[section], flags);
    else {
      const row = place >> ROW_SHIFT;
      output = byRow[row];
      if (output < 0) {
        const known = defaultLayout[row];
        output = addOutput(outputs, "name" in known ? known.name : "", row, sections.type[section], 0).id;
        byRow[row] = output;
      }
      rank[section] = place & (RANKS - 1);
    }
    sections.output[section] = output;
    joinProperties(outputs.list[output], sections, section);
    if (isReversed(outputs.list[output].name, bytes, start)) outputs.reversed.add(section);
  }
}

/** .ctors and .ctors.* in .init_array, .dtors and .dtors.* in .fini_array. */
function isReversed(output: string, bytes: Uint8Array, name: number): boolean {
  if (output !== ".init_array" && output !== ".fini_array") return false;
  for (let i = 2; i < CTORS.length; i++) if (bytes[name + i] !== CTORS[i]) return false;
  const end = bytes[name + CTORS.length];
  return bytes[name + 1] === (output === ".init_array" ? 0x63 : 0x64) && (end === 0 || end === DOT);
}

const CTORS = new TextEncoder().encode(".ctors");
const DOT = 0x2e;

/** What compilers name code by its use: each such name an output section of its own, with -z keep-text-section-prefix (lld). */
function textPart(name: string): string | undefined {
  return /^(\.text\.(?:hot|unlikely|startup|exit|unknown|split))(?:\.|$)/.exec(name)?.[1];
}

/** --unique: does the section get an output section of its own? */
function isUnique(assignment: Assignment, object: ObjectFile, section: SectionId, place: number): boolean {
  const { sections, uniqueOrphans, uniqueNames } = assignment;
  if (place === DISCARD || (!uniqueOrphans && uniqueNames.length === 0)) return false;
  const name = sectionName(object, sections, section);
  // All objects' properties are one note.
  if (name === ".note.gnu.property") return false;
  if (uniqueOrphans && place === ORPHAN) return true;
  return uniqueNames.some((it) => globMatchesText(it, name));
}

/** For a section whose name is not in its file. */
function classifyText(classifier: Classifier, name: string): number {
  const bytes = new TextEncoder().encode(name);
  return classify(classifier, bytes, 0, bytes.length, false, "");
}

const DEBUG_NAMES = [".debug", ".zdebug", ".stab", ".line", ".gdb_index", ".gnu.linkonce.wi.", ".gnu.debuglto_"].map(
  (it) => new TextEncoder().encode(it),
);

/** Debug information, which -s and -S leave out: by name alone, as BFD's SEC_DEBUGGING. */
export function isDebug(bytes: Uint8Array, start: number): boolean {
  return DEBUG_NAMES.some((name) => name.every((byte, i) => bytes[start + i] === byte));
}

function isCandidate(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) return false;
  return (sections.flags[section] & SHF_EXCLUDE) === 0 && isContents(object, sections, section);
}

/** What ends up in the output as contents: not symbol tables and relocations, which are made anew. */
export function isContents(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  switch (sections.type[section]) {
    case SHT_NULL:
    case SHT_SYMTAB:
    case SHT_SYMTAB_SHNDX:
    case SHT_GROUP:
    case SHT_REL:
    case SHT_RELA:
    // Symbol numbers of the input: of no use with another symbol table.
    case SHT_LLVM_ADDRSIG:
      return false;
    case SHT_STRTAB:
      // The symbol and section name tables; other string tables (.stabstr) are contents.
      return !isOwnTable(object, sections, section);
    default:
      return true;
  }
}

function isOwnTable(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const offset = sections.offset[section];
  return offset === object.strings || offset + sections.size[section] === object.namesEnd;
}

function crtKind(name: string): "" | "begin" | "end" {
  // `*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o` in the script.
  const at = name.lastIndexOf("crt");
  if (at < 0 || !name.endsWith(".o")) return "";
  const stem = name.slice(at, -2);
  if (stem.startsWith("crtbegin") && stem.length <= 9) return "begin";
  return stem.startsWith("crtend") && stem.length <= 7 ? "end" : "";
}

/** Sections of one name are one section only if they are of one type, and all allocated or none (elf_orphan_compatible). */
function orphanOutput(assignment: Assignment, name: string, type: number, flags: number): OutputSectionId {
  const { outputs, orphans } = assignment;
  const key = `${type} ${flags & SHF_ALLOC} ${name}`;
  const known = orphans.get(key);
  if (known !== undefined) return known.id;
  const output = addOutput(outputs, name, orphanRow(name, type, flags), type, 0);
  orphans.set(key, output);
  return output.id;
}

function mbindOutput({ sections, outputs }: Assignment, section: SectionId): OutputSectionId {
  const type = sections.type[section];
  const flags = sections.flags[section];
  const info = sections.info[section];
  const known = findMbindOutput(outputs, type, flags, info);
  if (known !== undefined) return known.id;
  const name = mbindName(type, flags);
  const output = addOutput(outputs, name, orphanRow(name, type, flags), type, 0);
  output.info = info;
  output.flags = SHF_GNU_MBIND;
  return output.id;
}

/** Where it stands is asked when all its inputs are known: one writable one makes all of it data. */
function placeOrphans(orphans: ReadonlyMap<string, OutputSection>): void {
  for (const output of orphans.values()) output.row = orphanRow(output.name, output.type, output.flags);
}

/** ldelf_place_orphan (binutils, ld/ldelf.c): after the sections of the same sort. */
export function orphanRow(name: string, type: number, flags: number): number {
  const anchor = (): string => {
    if ((flags & SHF_ALLOC) === 0) return orphanAnchors.nonAlloc;
    if (type === SHT_NOTE || name.startsWith(".note")) return orphanAnchors.note;
    if ((flags & SHF_TLS) !== 0) return orphanAnchors.tls;
    if (type === SHT_NOBITS) return orphanAnchors.bss;
    if ((flags & SHF_WRITE) !== 0) return orphanAnchors.data;
    if (type === SHT_REL || type === SHT_RELA) return orphanAnchors.relocations;
    return (flags & SHF_EXECINSTR) !== 0 ? orphanAnchors.code : orphanAnchors.readOnly;
  };
  return rowOf(anchor());
}

const INHERITED = ~(
  SHF_GNU_MBIND |
  SHF_GROUP |
  SHF_COMPRESSED |
  SHF_INFO_LINK |
  SHF_MERGE |
  SHF_STRINGS |
  SHF_LINK_ORDER
);
/** What systems and machines have made flags of (SHF_GNU_RETAIN, SHF_X86_64_LARGE) counts of the first input section only. */
const OF_FIRST = SHF_MASKOS | SHF_MASKPROC;
const ARRAY_TYPES: Readonly<Record<string, number>> = {
  ".init_array": SHT_INIT_ARRAY,
  ".fini_array": SHT_FINI_ARRAY,
  ".preinit_array": SHT_PREINIT_ARRAY,
};

/** The type that a name alone decides (bfd/elf.c, special sections); of the three only .preinit_array.* has no other place. */
function arrayType(name: string): number | undefined {
  return name.startsWith(".preinit_array.") ? SHT_PREINIT_ARRAY : ARRAY_TYPES[name];
}

/** What an output section takes over from an input section: flags, type, alignment; SHF_MERGE only if all agree. */
function joinProperties(output: OutputSection, sections: SectionTable, section: SectionId): void {
  const flags = sections.flags[section];
  const type = sections.type[section];
  const merge = flags & (SHF_MERGE | SHF_STRINGS | SHF_LINK_ORDER);
  if ((output.flags & ~SHF_GNU_MBIND) === 0 && output.size === 0) {
    output.flags |= (flags & INHERITED) | merge;
    output.entsize = sections.entsize[section];
    output.type = arrayType(output.name) ?? type;
    output.size = 1;
  } else {
    if (
      (output.flags & (SHF_MERGE | SHF_STRINGS)) !== (merge & (SHF_MERGE | SHF_STRINGS)) ||
      output.entsize !== sections.entsize[section]
    ) {
      output.flags &= ~(SHF_MERGE | SHF_STRINGS);
      output.entsize = 0;
    }
    output.flags |= flags & INHERITED & ~OF_FIRST;
    if (output.type === SHT_NOBITS && type !== SHT_NOBITS) output.type = type;
    else if (output.type !== type && type !== SHT_NOBITS && output.type !== arrayType(output.name))
      output.type = SHT_PROGBITS;
  }
  if (sections.alignment[section] > output.alignment) output.alignment = sections.alignment[section];
}

/** ONLY_IF_RO takes a section only if all inputs of that name are read-only: one writable .eh_frame makes all so. */
function joinWritable(assignment: Assignment): void {
  const { outputs, sections, byRow } = assignment;
  defaultLayout.forEach((row, at) => {
    if (byRow[at] < 0 || !("name" in row) || row.inputs[0]?.writable !== false) return;
    const other = defaultLayout.findIndex((it, i) => i > at && "name" in it && it.name === row.name);
    if (other < 0 || byRow[other] < 0) return;
    const readOnly = outputs.list[byRow[at]];
    const writable = outputs.list[byRow[other]];
    for (let section = 0; section < sections.count; section++) {
      if (sections.output[section] === readOnly.id) sections.output[section] = writable.id;
    }
    writable.alignment = Math.max(writable.alignment, readOnly.alignment);
    outputs.byName.set(writable.name, writable);
  });
}

/** Sorts the sections of each output by rank and input order. */
function collectPieces(assignment: Assignment, objects: readonly ObjectFile[]): void {
  const { sections, outputs, rank } = assignment;
  const counts = new Int32Array(outputs.list.length * RANKS + 1);
  for (let section = 0; section < sections.count; section++) {
    const output = sections.output[section];
    if (output >= 0) counts[output * RANKS + rank[section] + 1]++;
  }
  for (let i = 1; i < counts.length; i++) counts[i] += counts[i - 1];
  const starts = counts.slice();
  const order = new Int32Array(counts[counts.length - 1]);
  for (let section = 0; section < sections.count; section++) {
    const output = sections.output[section];
    if (output >= 0) order[counts[output * RANKS + rank[section]]++] = section;
  }
  for (const output of outputs.list) {
    const groups = rowGroups(output);
    const parts: number[][] = [];
    const first = starts[output.id * RANKS];
    const last = starts[(output.id + 1) * RANKS];
    const sorts = groups.map((group) => sortOf(group, output.name, assignment.sortSection));
    const hasSorting = sorts.some((it) => it !== undefined);
    if (!hasSorting && output.chunks.length === 0) {
      output.pieces = order.slice(first, last);
      continue;
    }
    for (let r = 0; r < RANKS; r++) {
      const part = Array.from(order.subarray(starts[output.id * RANKS + r], starts[output.id * RANKS + r + 1]));
      const sort = sorts[r];
      if (sort !== undefined && part.length > 1) sortGroup(part, sort, objects, sections);
      parts.push(part);
    }
    output.pieces = Int32Array.from(parts.flat());
  }
  const word = objects[0]?.is64 === false ? 4 : 8;
  for (const output of outputs.list) {
    output.size = 0;
    if (output.type === arrayType(output.name)) output.entsize = word;
  }
  rankStarts(outputs, starts);
}

/** Where each rank's inputs end in `pieces`, so that chunks can be put before and behind them. */
function rankStarts(outputs: OutputSections, starts: Int32Array): void {
  for (const output of outputs.list) {
    const base = starts[output.id * RANKS];
    output.rankEnds = Array.from({ length: RANKS }, (_, r) => starts[output.id * RANKS + r + 1] - base);
  }
}

function rowGroups(output: OutputSection): readonly InputGroup[] {
  const row = defaultLayout[output.row];
  return row !== undefined && "name" in row && row.name === output.name ? row.inputs : [];
}

/** How a group is sorted: as the table says, and by --sort-section what it says nothing of (ldlang.c, update_wild_statements). */
function sortOf(group: InputGroup, output: string, sortSection: LinkOptions["sortSection"]): Sort | undefined {
  if (sortSection === "none" || output === ".init" || output === ".fini") return group.sort;
  if (group.sort === "name" && sortSection === "alignment") return "name-alignment";
  return group.sort ?? sortSection;
}

type Sort = "name" | "alignment" | "name-alignment" | "init-priority";

function sortGroup(part: number[], sort: Sort, objects: readonly ObjectFile[], sections: SectionTable): void {
  const names = new Map(
    part.map((section) => [section, sectionName(objects[sections.object[section]], sections, section)]),
  );
  const name = (section: SectionId): string => names.get(section) ?? "";
  const byName = (a: SectionId, b: SectionId): number => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
  // The strictest first.
  const byAlignment = (a: SectionId, b: SectionId): number => sections.alignment[b] - sections.alignment[a];
  const compare: Readonly<Record<Sort, (a: SectionId, b: SectionId) => number>> = {
    name: byName,
    alignment: byAlignment,
    "name-alignment": (a, b) => byName(a, b) || byAlignment(a, b),
    "init-priority": (a, b) => {
      const [first, second] = [initPriority(name(a)), initPriority(name(b))];
      return first < 0 || second < 0 ? byName(a, b) : first - second || byName(a, b);
    },
  };
  const isTotal =
    sort !== "init-priority" || part.every((it) => initPriority(name(it)) < 0 === initPriority(name(part[0])) < 0);
  // Array.prototype.sort is stable: equals keep their input order.
  if (isTotal) part.sort(compare[sort]);
  else sortByTree(part, compare[sort]);
}

/**
 * Names with and without a priority have no order of their own: which is first depends on how GNU ld finds each section's
 * place, in a binary tree (ld/ldlang.c, wild_sort_fast).
 */
function sortByTree(part: number[], compare: (a: SectionId, b: SectionId) => number): void {
  const left = new Int32Array(part.length).fill(-1);
  const right = new Int32Array(part.length).fill(-1);
  for (let i = 1; i < part.length; i++) {
    for (let at = 0; ; ) {
      const side = compare(part[i], part[at]) < 0 ? left : right;
      if (side[at] < 0) {
        side[at] = i;
        break;
      }
      at = side[at];
    }
  }
  const sorted: number[] = [];
  const pending: number[] = [];
  for (let at = 0; at >= 0 || pending.length > 0; ) {
    for (; at >= 0; at = left[at]) pending.push(at);
    const next = pending.pop() ?? 0;
    sorted.push(part[next]);
    at = right[next];
  }
  for (const [i, section] of sorted.entries()) part[i] = section;
}

/**
 * `.init_array.101` runs as 101; `.ctors.65434` is the same priority counted from the other end. -1: no priority (ld/ldlang.c,
 * get_init_priority).
 */
function initPriority(name: string): number {
  const match = /\.([0-9]+)$/.exec(name);
  if (match === null) return -1;
  const number = Number(match[1]);
  const value = match.index === 6 && /^\.[cd]tors/.test(name) ? 65535 - number : number;
  return value <= 0x7fffffff ? value : -1;
}

/** Puts the waiting chunks of every output section among its input sections. Called once, when all chunks are known. */
export function placeChunks(outputs: OutputSections): void {
  for (const output of outputs.list) {
    if (output.chunks.length === 0) continue;
    const pieces: number[] = [];
    const ends = output.rankEnds;
    let from = 0;
    for (let r = 0; r < RANKS; r++) {
      for (const it of output.chunks) if (it.rank === r && it.first) pieces.push(~it.chunk.id);
      const end = ends.length > 0 ? ends[r] : 0;
      for (let i = from; i < end; i++) pieces.push(output.pieces[i]);
      from = Math.max(from, end);
      for (const it of output.chunks) if (it.rank === r && !it.first) pieces.push(~it.chunk.id);
    }
    output.pieces = Int32Array.from(pieces);
  }
}

export function isWarningName(name: string): boolean {
  return name.startsWith(WARNING_PREFIX);
}

export const WARNING_PREFIX = ".gnu.warning.";
