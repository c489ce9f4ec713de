// Gives every live input section its place in the output by a layout script, as GNU ld does it (binutils, ld/ldlang.c:
// map_input_to_output_sections, wild, lang_add_section): the first statement that matches wins; statements are gone through
// in order, and an output section comes into being with the first thing that is put into it.

import type { Machine } from "../../arch/index.ts";
import { SHF_MERGE, SHF_STRINGS, SHT_GROUP, SHT_NOBITS, SHT_PROGBITS, SHT_REL, SHT_RELA } from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import type { Assignment, BodyStatement, LayoutScript, SectionStatement } from "../script/statements.ts";
import { SECTION_CHUNK, type SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { isZdebug, type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type Chunk, newChunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import { STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { FLAG_COLLECTED } from "../tables/symbol-table.ts";
import {
  bfdFlags,
  bfdFlagsOf,
  elfFlags,
  SEC_ALLOC,
  SEC_DEBUGGING,
  SEC_EXCLUDE,
  SEC_HAS_CONTENTS,
  SEC_KEEP,
  SEC_LOAD,
  SEC_NEVER_LOAD,
  SEC_READONLY,
} from "./bfd-flags.ts";
import { isContents, isWarningName } from "./contents.ts";
import { type Found, rulesSort, sortItems } from "./input-order.ts";
import { type MadeKind, madeInputs } from "./made-inputs.ts";
import {
  addAllToOutput,
  DISCARDED,
  initMentioned,
  initOutput,
  type Mapping,
  type ObjectRules,
  orphanStatement,
  ruleForText,
  textPart,
} from "./mapping.ts";
import {
  enterObject,
  furtherMatches,
  type InputName,
  isKeptByScript,
  type Matcher,
  matchSection,
  type Rule,
} from "./matcher.ts";
import {
  type BodyEntry,
  createAnywhere,
  createRegion,
  enterName,
  findRegion,
  findStatement,
  isOutputStatement,
  type MadeInput,
  type OutputStatement,
  type Plan,
  type SectionKind,
} from "./output-statements.ts";
import { placeOrphans } from "./place-orphans.ts";
import { placeCommons } from "./script-commons.ts";

/** Statements without output sections, regions not yet evaluated. Before sections are collected: KEEP is asked first. */
export function createPlan(script: LayoutScript, report: Report): Plan {
  const anywhere = createAnywhere();
  const regions = script.memory.reduce<Plan["regions"]>((list, { name, place, attributes }) => {
    if (list.some((it) => it.names.has(name))) report(warning("region-redeclared", place, { region: name }));
    else list.push(createRegion(name, attributes.wanted, attributes.unwanted));
    return list;
  }, []);
  const plan: Plan = {
    script,
    statements: [],
    outputs: [],
    byName: new Map(),
    list: [],
    regions,
    anywhere,
    made: new Map(),
    commons: new Map(),
    discarded: [],
    places: new Int32Array(0),
    reasons: [undefined],
    matches: undefined,
  };
  for (const { alias, region, place } of script.aliases) {
    const found = findRegion(plan, region);
    if (findRegion(plan, alias) !== undefined) report(error("region-alias-twice", place, { alias }));
    else if (found === undefined) report(error("region-alias-unknown", place, { alias, region }));
    else if (found === anywhere) report(error("region-alias-default", place, { alias }));
    else found.names.add(alias);
  }
  return plan;
}

/** All that a script assigns, for those who ask what depends on what. */
export function assignmentsOf({ script }: Plan): Assignment[] {
  const all = script.statements.flatMap((it) => (it.kind === "section" ? [it, ...it.body] : [it]));
  return all.flatMap((it) => (it.kind === "assign" && it.assignment.symbol !== "." ? [it.assignment] : []));
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

export function mapInputs(
  plan: Plan,
  matcher: Matcher,
  loader: Loader,
  outputs: OutputSections,
  mode: OutputMode,
  machine: Machine,
  report: Report,
  object?: ObjectRules,
): SectionId[] {
  const { sections, objects } = loader;
  const mapping: Mapping = {
    object,
    plan,
    loader,
    outputs,
    matcher,
    mode,
    machine,
    report,
    statements: new Map(),
    sec: new Int32Array(sections.count),
    taken: new Uint8Array(sections.count),
    made: [],
    byChunk: new Map(),
    standsAlone: standsAlone(plan, loader, object),
  };
  plan.places = new Int32Array(sections.count);
  outputs.planned = new Map();
  if (loader.options.nonContiguousRegions) plan.matches = new Map();
  outputs.byScript = !plan.script.isStandard;
  enterStatements(mapping);
  declareMade(mapping);
  placeCommons(mapping);
  const ruleOf = matchAll(mapping);
  checkConstraints(mapping, ruleOf);
  fillEntries(mapping, ruleOf);
  mapStatements(mapping);
  if (plan.script.statements.some((it, i) => it !== plan.script.matching[i])) orderList(plan);
  placeOrphans(mapping, objects);
  // Code is read-only whatever comes into it, and with -N it is not; of all sections this one (ldlang.c, lang_process).
  const text = outputs.list.find((it) => it.name === ".text");
  if (text !== undefined && object === undefined) {
    if (loader.options.omagic) text.sec &= ~SEC_READONLY;
    else text.sec |= SEC_READONLY;
  }
  inheritLoadRegions(plan);
  dropCommons(mapping);
  collectPieces(mapping);
  return plan.discarded;
}

/** Which sections no pattern takes but those of /DISCARD/ (ld/ldlang.c, unique_section_p). */
function standsAlone(
  plan: Plan,
  { sections, options }: Loader,
  object: ObjectRules | undefined,
): Mapping["standsAlone"] {
  if (object !== undefined) return object.isAlone;
  const uniques = options.uniqueNames.map((it) => compileGlob(it));
  // lld's -z keep-text-section-prefix, which GNU ld does not have.
  const splitsText = options.z.keepTextSectionPrefix && plan.script.isStandard;
  if (uniques.length === 0 && !splitsText) return undefined;
  return (of, section) => {
    const name = sectionName(of, sections, section);
    if (splitsText && textPart(name) !== undefined) return true;
    // All objects' properties are one note.
    return name !== ".note.gnu.property" && uniques.some((it) => globMatchesText(it, name));
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Statements
// ---------------------------------------------------------------------------------------------------------------------

const KINDS: Readonly<Record<string, SectionKind>> = {
  NOLOAD: "noload",
  DSECT: "noalloc",
  COPY: "noalloc",
  INFO: "noalloc",
  OVERLAY: "noalloc",
  READONLY: "readonly",
};

function enterStatements({ plan, statements, report, loader }: Mapping): void {
  for (const assignment of loader.options.defsym) plan.statements.push({ kind: "assign", assignment });
  for (const it of plan.script.statements) {
    if (it.kind !== "section") {
      plan.statements.push(it);
      continue;
    }
    const statement = outputStatement(plan, it, loader.options.outputFormat === "binary", report);
    statements.set(it, statement);
    plan.statements.push(statement);
  }
  // GNU ld looks for sections in the order in which they were written, INSERT or not.
  for (const it of plan.script.matching) {
    const statement = it.kind === "section" ? statements.get(it) : undefined;
    if (statement === undefined) continue;
    plan.outputs.push(statement);
    enterName(plan, statement);
  }
}

/** @param isBinary what is not loaded has no room either: NOLOAD of all formats but ELF (ld/ldlang.c, lang_add_section) */
function outputStatement(plan: Plan, it: SectionStatement, isBinary: boolean, report: Report): OutputStatement {
  const { type, overlay } = it;
  const region = (name: string | undefined): ReturnType<typeof findRegion> => {
    if (name === undefined) return undefined;
    const found = findRegion(plan, name);
    if (found !== undefined) return found;
    report(warning("region-undeclared", it.endPlace, { region: name }));
    const made = createRegion(name, 0, 0);
    made.names.clear();
    made.names.add(name);
    plan.regions.push(made);
    return made;
  };
  const runs = region(it.region);
  const loads = region(it.loadRegion);
  if (loads !== undefined && it.loadAddress !== undefined)
    report(error("section-two-load-addresses", it.place, { section: it.name }));
  return {
    kind: "output",
    name: it.name,
    source: it,
    place: it.place,
    isSpecial: it.constraint === "special",
    failed: false,
    output: undefined,
    address: it.address,
    kindOf:
      overlay !== undefined && type === undefined
        ? overlay.first
          ? "first-overlay"
          : "overlay"
        : type === undefined
          ? "normal"
          : type.keyword === undefined
            ? "type"
            : isBinary && type.keyword === "NOLOAD"
              ? "noroom"
              : (KINDS[type.keyword] ?? "normal"),
    body: it.body.map((statement): BodyEntry => ({ statement, items: [], data: undefined })),
    region: runs ?? (it.address === undefined ? loads : undefined) ?? plan.anywhere,
    loadRegion: loads,
    phdrs: it.phdrs.length === 0 ? undefined : it.phdrs,
    fill: it.fill,
    assumed: 0,
    ignored: false,
    updatesDot: overlay?.dotAfter !== undefined,
    hasAddress: false,
    hasLoadAddress: false,
    afterEnd: false,
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// What matches
// ---------------------------------------------------------------------------------------------------------------------

function declareMade(mapping: Mapping): void {
  const { plan, outputs, mode, machine, loader, object } = mapping;
  if (object !== undefined) {
    for (const { kind, bytes } of object.made) {
      const chunk = newChunk(outputs, undefined, kind.name, bytes.length, kind.alignment);
      chunk.write = (image, _view, { offset }) => image.set(bytes, offset);
      enterMade(mapping, kind, chunk);
    }
    return;
  }
  for (const kind of madeInputs(mode, machine, loader.options))
    plan.made.set(
      kind.chunks[0],
      enterMade(mapping, kind, newChunk(outputs, undefined, kind.chunks[0], 0, kind.alignment)),
    );
}

function enterMade(mapping: Mapping, { name, type, sec }: MadeKind, chunk: Chunk): MadeInput {
  const made: MadeInput = { name, type, sec, chunk, output: undefined, isPlaced: false, isDiscarded: false };
  mapping.made.push(made);
  mapping.byChunk.set(chunk.id, made);
  return made;
}

/** By input section: its rule, or -1. Sections that take no part have 0 in `sec`. */
function matchAll(mapping: Mapping): Int32Array {
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
    const it = plan.script.matching[rule.section];
    if (it.kind !== "section" || it.name !== DISCARDED) return -1;
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
function checkConstraints(mapping: Mapping, ruleOf: Int32Array): void {
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
function fillEntries(mapping: Mapping, ruleOf: Int32Array): void {
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
    const rule = ruleForText(matcher, made.name, elfFlags(made.sec));
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
  for (const rule of furtherMatches(matcher, first, new TextEncoder().encode(name), sections.flags[section])) {
    const statement = statementOf(rule);
    if (statement === undefined || statement.failed) continue;
    all.push(statement);
    put(section, rule.number, object);
  }
  plan.matches?.set(section, all);
  if (all.length > 1) sections.flags[section] &= ~(SHF_MERGE | SHF_STRINGS);
}

// ---------------------------------------------------------------------------------------------------------------------
// Statements in order
// ---------------------------------------------------------------------------------------------------------------------

function mapStatements(mapping: Mapping): void {
  const { plan, statements } = mapping;
  for (const it of plan.script.matching) {
    if (it.kind === "assign") initMentioned(mapping, it.assignment.value);
    if (it.kind === "assert") initMentioned(mapping, it.test);
    if (it.kind !== "section") continue;
    const statement = statements.get(it);
    if (statement === undefined || statement.failed) continue;
    for (const entry of statement.body) mapEntry(mapping, statement, entry);
  }
  for (const name of mapping.loader.options.sectionStart.keys()) {
    if (findStatement(plan, name) !== undefined) continue;
    const statement = orphanStatement(mapping, name, false);
    plan.statements.push(statement);
    plan.outputs.push(statement);
  }
}

function mapEntry(mapping: Mapping, statement: OutputStatement, entry: BodyEntry): void {
  const { statement: it, items } = entry;
  if (it === undefined) return;
  switch (it.kind) {
    case "input":
      if (items.length > 0) addAllToOutput(mapping, statement, items, it);
      return;
    case "assign":
      initOutput(mapping, statement, 0);
      initMentioned(mapping, it.assignment.value);
      return;
    case "assert":
      initOutput(mapping, statement, 0);
      initMentioned(mapping, it.test);
      return;
    case "data":
    case "text":
      addData(mapping, statement, entry, it);
      return;
    case "fill":
      initOutput(mapping, statement, 0);
      return;
    case "idle":
      if (/CREATE_OBJECT_SYMBOLS/.test(it.text)) {
        initOutput(mapping, statement, 0);
        if (statement.output !== undefined) statement.output.sec |= SEC_KEEP;
      }
  }
}

function addData(mapping: Mapping, statement: OutputStatement, entry: BodyEntry, it: BodyStatement): void {
  if (it.kind !== "data" && it.kind !== "text") return;
  if (it.kind === "data") initMentioned(mapping, it.value);
  if (it.kind === "text" && it.text === undefined) return;
  let flags = SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD;
  if (statement.kindOf === "noalloc") flags = SEC_HAS_CONTENTS;
  else if (statement.kindOf === "noroom") flags = SEC_HAS_CONTENTS | SEC_NEVER_LOAD;
  else if (statement.kindOf === "noload") flags = SEC_NEVER_LOAD | SEC_ALLOC;
  else if (statement.kindOf === "readonly") flags |= SEC_READONLY;
  if (statement.output === undefined) initOutput(mapping, statement, flags | SEC_READONLY);
  else statement.output.sec |= flags;
  const { output } = statement;
  if (output === undefined) return;
  const size = it.kind === "data" ? it.size : (it.text?.length ?? 0) + 1;
  const bytes = new Uint8Array(size);
  if (it.kind === "text" && it.text !== undefined) bytes.set(it.text);
  const chunk = newChunk(mapping.outputs, output, it.kind === "data" ? it.command : "ASCIZ", size, 1);
  chunk.write = (image, _view, { offset }) => {
    if (!isSpace(output)) image.set(bytes, offset);
  };
  entry.items = [~chunk.id];
  Object.assign(entry, { data: { bytes } });
}

function isSpace(output: OutputSection): boolean {
  return output.type === SHT_NOBITS || output.removed;
}

/** Common symbols whose section is discarded are in no symbol table. */
function dropCommons({ plan, loader }: Mapping): void {
  const { symbols } = loader;
  const gone = new Set(
    [...plan.commons.values()].flatMap((list) => list.filter((it) => it.isDiscarded).map((it) => it.chunk.id)),
  );
  if (gone.size === 0) return;
  for (let id = 0; id < symbols.count; id++)
    if (symbols.section[id] === SECTION_CHUNK && gone.has(symbols.alias[id])) symbols.flags[id] |= FLAG_COLLECTED;
}

/** lang_propagate_lma_regions */
function inheritLoadRegions({ outputs }: Plan): void {
  for (const [i, it] of outputs.entries()) {
    const before = outputs[i - 1];
    if (before === undefined || it.loadRegion !== undefined || it.address !== undefined) continue;
    if (it.source?.loadAddress === undefined && it.region === before.region) it.loadRegion = before.loadRegion;
  }
}

/** INSERT has moved statements: their sections go with them. */
function orderList(plan: Plan): void {
  const place = new Map<OutputSection, number>();
  for (const [i, it] of plan.statements.entries())
    if (it.kind === "output" && it.output !== undefined) place.set(it.output, i);
  plan.list.sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  plan.outputs = plan.statements.filter(isOutputStatement);
}

/** From here on an output section's pieces are what matters; `rankEnds` says where each statement's end. */
function collectPieces({ plan, outputs, loader }: Mapping): void {
  const { alignment } = loader.sections;
  for (const { output, body } of plan.outputs) {
    if (output === undefined) continue;
    const pieces = new Int32Array(body.reduce((sum, { items }) => sum + items.length, 0));
    let count = 0;
    let largest = output.alignment;
    output.rankEnds = body.map(({ items }) => {
      for (let i = 0; i < items.length; i++) {
        const piece = items[i];
        pieces[count++] = piece;
        if (piece >= 0 && alignment[piece] > largest) largest = alignment[piece];
      }
      return count;
    });
    output.pieces = pieces;
    output.alignment = largest;
    output.flags |= elfFlags(output.sec);
  }
  for (const [name, made] of plan.made)
    outputs.planned?.set(name, {
      chunk: made.chunk,
      output: made.isDiscarded ? undefined : made.output,
      wanted: 0,
    });
}

export function typeByFlags(sec: number): number {
  return (sec & SEC_ALLOC) !== 0 && (sec & (SEC_LOAD | SEC_HAS_CONTENTS)) === 0 ? SHT_NOBITS : SHT_PROGBITS;
}
