// Gives every live input section its place in the output by a layout script, as GNU ld does it (binutils, ld/ldlang.c:
// map_input_to_output_sections, wild, lang_add_section): the first statement that matches wins; statements are gone through
// in order, and an output section comes into being with the first thing that is put into it.

import type { Machine } from "../../arch/index.ts";
import { SHT_NOBITS, SHT_PROGBITS } from "../../elf/constants.ts";
import type { Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import type { BodyStatement } from "../script/statements.ts";
import { movesNothing } from "../script/symbols-in.ts";
import { SECTION_CHUNK, type SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { sectionName } from "../tables/object-file.ts";
import { newChunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import { FLAG_COLLECTED } from "../tables/symbol-table.ts";
import {
  elfFlags,
  SEC_ALLOC,
  SEC_HAS_CONTENTS,
  SEC_KEEP,
  SEC_LOAD,
  SEC_NEVER_LOAD,
  SEC_READONLY,
} from "./bfd-flags.ts";
import {
  addAllToOutput,
  initMentioned,
  initOutput,
  type Mapping,
  newStatement,
  type ObjectRules,
  textPart,
} from "./mapping.ts";
import { checkConstraints, declareMade, fillEntries, matchAll } from "./match-inputs.ts";
import type { Matcher } from "./matcher.ts";
import {
  type BodyEntry,
  findStatement,
  isOutputStatement,
  type OutputStatement,
  type Plan,
} from "./output-statements.ts";
import { placeOrphans } from "./place-orphans.ts";
import { enterStatements } from "./plan.ts";
import { placeCommons } from "./script-commons.ts";

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
  if (plan.script.moves.length > 0) moveSections(mapping);
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
// Statements in order
// ---------------------------------------------------------------------------------------------------------------------

function mapStatements(mapping: Mapping): void {
  const { plan, statements, loader } = mapping;
  const { sectionStart, startsBeforeScript } = loader.options;
  const starts = [...sectionStart.keys()];
  const before = startsBeforeScript ?? starts.length;
  for (const name of starts.slice(0, before)) startSection(mapping, name);
  // The default script is read last, after the command line and the scripts that it names.
  for (const [i, it] of plan.script.matching.entries()) {
    if (i === plan.script.given) for (const name of starts.slice(before)) startSection(mapping, name);
    if (it.kind === "assign") initMentioned(mapping, it.assignment.value);
    if (it.kind === "assert") initMentioned(mapping, it.test);
    if (it.kind !== "section") continue;
    const statement = statements.get(it);
    if (statement === undefined || statement.failed) continue;
    for (const entry of statement.body) mapEntry(mapping, statement, entry);
  }
  if (plan.script.given === plan.script.matching.length)
    for (const name of starts.slice(before)) startSection(mapping, name);
}

/** -Ttext and its like are a statement: the section is there from then on, behind all others where the script has none of that name. */
function startSection(mapping: Mapping, name: string): void {
  const { plan } = mapping;
  let statement = findStatement(plan, name);
  if (statement === undefined) {
    statement = newStatement(plan, name, false);
    statement.region = undefined;
    plan.statements.push(statement);
    plan.outputs.push(statement);
  }
  initOutput(mapping, statement, 0);
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
      if (it.assignment.symbol === "." && !movesNothing(it.assignment.value) && statement.output !== undefined)
        statement.output.sec |= SEC_KEEP;
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

/** INSERT has moved statements: their sections go with them, and what stands between these (process_insert_statements). */
function moveSections({ plan, statements }: Mapping): void {
  plan.outputs = plan.statements.filter(isOutputStatement);
  for (const { sections, behind } of plan.script.moves) {
    const moved = sections.flatMap((it) => statements.get(it)?.output ?? []);
    const anchor = behind && statements.get(behind);
    const before = anchor === undefined ? [] : plan.outputs.slice(0, plan.outputs.indexOf(anchor) + 1);
    const target = before.findLast((it) => !it.failed && it.output !== undefined)?.output;
    if (moved.length === 0 || target === moved.at(-1)) continue;
    const from = plan.list.indexOf(moved[0]);
    const to = plan.list.indexOf(moved[moved.length - 1]);
    if (from > to || (target !== undefined && moved.includes(target))) continue;
    const range = plan.list.splice(from, to - from + 1);
    plan.list.splice(target === undefined ? 0 : plan.list.indexOf(target) + 1, 0, ...range);
  }
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
