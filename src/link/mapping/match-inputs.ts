import { SHF_ALLOC, SHF_MERGE, SHF_STRINGS, SHT_GROUP, SHT_REL, SHT_RELA } from "../../elf/constants.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import type { Rule } from "../script/section-rules.ts";
import { isContents, isWarningName } from "../sections/contents.ts";
import { COMMON_NAMES } from "../sections/gc-walk.ts";
import { PROPERTY_SECTION, propertySectionOf } from "../sections/properties.ts";
import { asksForProperties } from "../sections/property-notes.ts";
import type { SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { isZdebug, type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type Chunk, newChunk } from "../tables/output-section.ts";
import { STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { bfdFlags, bfdFlagsOf, flagsOfName, SEC_ALLOC, SEC_DEBUGGING, SEC_EXCLUDE, SEC_READONLY } from "./bfd-flags.ts";
import { type Found, rulesSort, sortItems } from "./input-order.ts";
import { type MadeKind, madeInputs, relocationInputs } from "./made-inputs.ts";
import { DISCARDED, type Mapping, ruleForText } from "./mapping.ts";
import { enterObject, furtherMatches, type InputName, isKeptByScript, type Matcher, matchSection } from "./matcher.ts";
import type { BodyEntry, MadeInput, OutputStatement } from "./output-statements.ts";

/** KEEP of common symbols, as all of an object are one section. @returns by object: COMMON_* */
export function keptCommons(matcher: Matcher, { objects }: Loader): Uint8Array {
  const kept = new Uint8Array(objects.length);
  if (!matcher.hasKeep) return kept;
  for (const object of objects) {
    enterObject(matcher, object);
    for (const [bit, name] of COMMON_NAMES) {
      const bytes = bytesOf(name);
      if (isKeptByScript(matcher, bytes, 0, bytes.length, 0)) kept[object.id] |= bit;
    }
  }
  return kept;
}

/** Marks what KEEP names, for --gc-sections. @returns by section: 1 */
export function keptSections(matcher: Matcher, { objects, sections }: Loader): Uint8Array {
  const kept = new Uint8Array(sections.count);
  if (!matcher.hasKeep) return kept;
  for (const object of objects) {
    enterObject(matcher, object);
    const { bytes } = object;
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      const type = sections.type[section];
      if (type === SHT_RELA || type === SHT_REL) continue;
      const start = sections.name[section];
      let nameEnd = start;
      while (bytes[nameEnd] !== 0) nameEnd++;
      if (isKeptByScript(matcher, bytes, start, nameEnd, sections.flags[section])) kept[section] = 1;
    }
  }
  return kept;
}

export function declareMade(mapping: Mapping): void {
  const { plan, outputs, mode, machine, loader, object } = mapping;
  if (object !== undefined) {
    for (const { kind, bytes } of object.made) {
      const chunk = newChunk(outputs, undefined, kind.name, bytes.length, kind.alignment);
      chunk.write = (image, _view, { offset }) => image.set(bytes, offset);
      enterMade(mapping, kind, chunk);
    }
    return;
  }
  const { objects, sections, options } = loader;
  const properties =
    asksForProperties(options.z) &&
    !objects.some((it) => it.made === undefined && propertySectionOf(it, sections) >= 0);
  const kinds = [...madeInputs(mode, machine, options, outputs.byScript, properties)];
  if (outputs.byScript && mode.dynamic && objects.length > 0) {
    enterObject(mapping.matcher, objects[0]);
    const taken = (name: string): boolean => ruleForText(mapping.matcher, name, SHF_ALLOC) !== undefined;
    kinds.push(...relocationInputs(relocatedNames(loader), taken, machine, options.z.combreloc));
  }
  for (const kind of kinds) {
    if (plan.made.has(kind.chunks[0])) continue;
    plan.made.set(
      kind.chunks[0],
      enterMade(mapping, kind, newChunk(outputs, undefined, kind.chunks[0], 0, kind.alignment)),
    );
  }
}

/** Of sections in memory that have relocations. */
function relocatedNames({ objects, sections }: Loader): Set<string> {
  const names = new Set<string>();
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.relocs[section] < 0 || (sections.flags[section] & SHF_ALLOC) === 0) continue;
      if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) continue;
      names.add(sectionName(object, sections, section));
    }
  }
  return names;
}

function enterMade(mapping: Mapping, { name, type, sec }: MadeKind, chunk: Chunk): MadeInput {
  const made: MadeInput = { name, type, sec, chunk, output: undefined, isPlaced: false, isDiscarded: false };
  mapping.made.push(made);
  mapping.byChunk.set(chunk.id, made);
  return made;
}

/** By input section: its rule, or -1. Sections that take no part have 0 in `sec`. */
export function matchAll(mapping: Mapping): Int32Array {
  const ruleOf = new Int32Array(mapping.loader.sections.count).fill(-1);
  for (const object of mapping.loader.objects) matchObject(mapping, object, ruleOf);
  return ruleOf;
}

/** Marks in `sec` what takes part. */
const TAKES_PART = 0x40000000;

function matchObject(mapping: Mapping, object: ObjectFile, ruleOf: Int32Array): void {
  const { loader, matcher, sec, plan, mode } = mapping;
  const { sections, options } = loader;
  const { type, flags, state, name } = sections;
  const { bytes } = object;
  const stripsDebug = options.strip !== "none";
  const loadedOnly = !options.z.sectionheader;
  enterObject(matcher, object);
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if ((state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) continue;
    // To -r a group is an orphan, too: it has a place, though its header stands elsewhere.
    const isGroup = mapping.object !== undefined && type[section] === SHT_GROUP;
    if (!isGroup && !isContents(object, sections, section)) continue;
    let bits = bfdFlagsOf(type[section], flags[section]);
    const start = name[section];
    if ((bits & SEC_ALLOC) === 0) {
      if (loadedOnly) continue;
      bits = bfdFlags(sectionName(object, sections, section), type[section], flags[section]);
      if (stripsDebug && (bits & SEC_DEBUGGING) !== 0) continue;
    }
    if (mapping.object !== undefined) {
      if (!mapping.object.takesPart(object, section)) continue;
    } else if ((bits & SEC_EXCLUDE) !== 0) continue;
    // Names of the tools' own, which begin with ".gnu." and ".note.".
    const isNote = bytes[start + 1] === LETTER_N;
    if (isNote || (bytes[start + 1] === LETTER_G && bytes[start + 4] === DOT)) {
      const text = sectionName(object, sections, section);
      if (isDroppedAlways(text)) continue;
      if (mapping.object === undefined && !plan.hasProperties && text === PROPERTY_SECTION) continue;
      if (mapping.object === undefined && isDroppedFrom(text, mode)) {
        plan.discarded.push(section);
        continue;
      }
    }
    sec[section] = bits | TAKES_PART;
    ruleOf[section] = ruleOfSection(mapping, object, section);
  }
}

const LETTER_G = 0x67;
const LETTER_N = 0x6e;
const DOT = 0x2e;

/** @returns the number of the rule that takes the section, or -1 */
function ruleOfSection(mapping: Mapping, object: ObjectFile, section: SectionId): number {
  const { loader, matcher, plan } = mapping;
  const { sections } = loader;
  const flags = sections.flags[section];
  let rule: Rule | undefined;
  if (isZdebug(sections, section)) rule = ruleForText(matcher, sectionName(object, sections, section), flags);
  else {
    const { bytes } = object;
    const start = sections.name[section];
    let end = start;
    while (bytes[end] !== 0) end++;
    rule = matchSection(matcher, bytes, start, end, flags);
  }
  if (rule === undefined) return -1;
  if (mapping.standsAlone?.(object, section) === true) {
    // /DISCARD/ sees members of groups that -r keeps.
    const it = plan.script.matching[rule.section];
    if (mapping.object === undefined || it.kind !== "section" || it.name !== DISCARDED) return -1;
  }
  return rule.number;
}

/** The identity of an input is not that of the output, and a program does not keep the warnings that were said. */
function isDroppedFrom(name: string, { shared }: OutputMode): boolean {
  return name === ".note.gnu.build-id" || (!shared && isWarningName(name));
}

/** What GNU ld's back end drops whatever the script says: attributes mean nothing on these machines. */
function isDroppedAlways(name: string): boolean {
  return name === ".gnu.attributes";
}

/** ONLY_IF_RO and ONLY_IF_RW look at all that nobody before has taken. */
export function checkConstraints(mapping: Mapping, ruleOf: Int32Array): void {
  const { plan, matcher, loader, sec, statements } = mapping;
  const { rules, failed } = matcher;
  for (const [index, it] of plan.script.matching.entries()) {
    if (it.kind !== "section" || (it.constraint !== "read-only" && it.constraint !== "writable")) continue;
    let readOnly = true;
    for (let section = 0; section < ruleOf.length && readOnly; section++) {
      const rule = ruleOf[section];
      if (rule >= 0 && rules[rule].section === index && (sec[section] & SEC_READONLY) === 0) readOnly = false;
    }
    if (readOnly === (it.constraint === "read-only")) continue;
    failed[index] = 1;
    const statement = statements.get(it);
    if (statement !== undefined) statement.failed = true;
    for (const object of loader.objects) rematch(mapping, object, ruleOf, index);
  }
}

/** Who takes what a statement would have taken that does not hold? */
function rematch(mapping: Mapping, object: ObjectFile, ruleOf: Int32Array, index: number): void {
  const { rules } = mapping.matcher;
  let isEntered = false;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (ruleOf[section] < 0 || rules[ruleOf[section]].section !== index) continue;
    if (!isEntered) enterObject(mapping.matcher, object);
    isEntered = true;
    ruleOf[section] = ruleOfSection(mapping, object, section);
  }
}

/** Puts what matched into the entries, file by file: sections, then commons, then (first file) what the linker makes. */
export function fillEntries(mapping: Mapping, ruleOf: Int32Array): void {
  const { plan, loader, matcher, taken } = mapping;
  const { rules } = matcher;
  const entries = rules.map((rule) => entryOf(mapping, rule));
  // Only what is sorted needs to know more of a section than its number.
  const sorted = new Map<BodyEntry, Found[]>();
  const isSorted = rules.map((rule) => rulesSort(mapping, rule));
  rules.forEach((_, i) => {
    const entry = entries[i];
    if (isSorted[i] && entry !== undefined) sorted.set(entry, []);
  });
  const lists = entries.map((entry) => (entry === undefined ? undefined : sorted.get(entry)));
  const put = (item: number, number: number, file: InputName): void => {
    const list = lists[number];
    if (list === undefined) entries[number]?.items.push(item);
    else list.push({ item, rule: rules[number], file });
  };
  const putMade = (made: MadeInput, file: InputName): void => {
    // INPUT_SECTION_FLAGS sees what the name says (bfd/elf.c: _bfd_elf_new_section_hook).
    const rule = ruleForText(matcher, made.name, flagsOfName(made.name));
    if (rule === undefined) return;
    made.isPlaced = true;
    put(~made.chunk.id, rule.number, file);
  };
  for (const [i, object] of loader.objects.entries()) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      const rule = ruleOf[section];
      if (rule < 0) continue;
      taken[section] = 1;
      put(section, rule, object);
      if (plan.matches !== undefined) putElsewhere(mapping, section, rules[rule], object, put);
    }
    const commons = plan.commons.get(object.id);
    if (i > 0 && commons === undefined) continue;
    enterObject(matcher, object);
    for (const made of commons ?? []) putMade(made, object);
    if (i === 0) for (const made of mapping.made) putMade(made, object);
  }
  if (loader.objects.length === 0) {
    // What a link of libraries alone needs comes from the first of them (bfd: "dynobj").
    const file = { path: loader.shared[0]?.path ?? "", member: undefined };
    enterObject(matcher, file);
    for (const made of mapping.made) putMade(made, file);
  }
  for (const [entry, list] of sorted) if (list.length > 0) entry.items = sortItems(mapping, list);
}

function entryOf({ plan, statements }: Mapping, { section, entry }: Rule): BodyEntry | undefined {
  const it = plan.script.matching[section];
  return it.kind === "section" ? statements.get(it)?.body[entry] : undefined;
}

/**
 * --enable-non-contiguous-regions: into all other output sections that match it, for the walk to decide (lang_add_section).
 * What is merged or edited as a whole stays with the first one, but for strings and constants, which are then not merged.
 */
function putElsewhere(
  { plan, loader, matcher, statements }: Mapping,
  section: SectionId,
  first: Rule,
  object: ObjectFile,
  put: (item: number, rule: number, object: ObjectFile) => void,
): void {
  const { sections } = loader;
  const statementOf = (rule: Rule): OutputStatement | undefined => {
    const it = plan.script.matching[rule.section];
    return it.kind === "section" && it.name !== DISCARDED ? statements.get(it) : undefined;
  };
  const home = statementOf(first);
  const name = sectionName(object, sections, section);
  if (home === undefined || name === ".eh_frame" || name === ".sframe") return;
  const all = [home];
  for (const rule of furtherMatches(matcher, first, bytesOf(name), sections.flags[section])) {
    const statement = statementOf(rule);
    if (statement === undefined || statement.failed) continue;
    all.push(statement);
    put(section, rule.number, object);
  }
  plan.matches?.set(section, all);
  if (all.length > 1) sections.flags[section] &= ~(SHF_MERGE | SHF_STRINGS);
}
