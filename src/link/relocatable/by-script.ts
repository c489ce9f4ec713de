// The layout of -r: which output section each input joins is decided, and everything placed, by what lays out programs
// (mapping/map-inputs.ts, layout/object-layout.ts), with the script of -T or GNU ld's default one for -r; this makes of it the
// table that the rest of -r works on. Both number the output sections alike.

import type { Machine } from "../../arch/index.ts";
import { SHF_GROUP, SHT_GROUP, SHT_NOBITS, SHT_NOTE } from "../../elf/constants.ts";
import type { Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { fillGaps } from "../layout/addresses.ts";
import { layOutObject } from "../layout/object-layout.ts";
import { bfdFlags, elfFlags, SEC_HAS_CONTENTS, SEC_LINKER_CREATED } from "../mapping/bfd-flags.ts";
import { mapInputs } from "../mapping/map-inputs.ts";
import type { ObjectRules } from "../mapping/mapping.ts";
import type { Matcher } from "../mapping/matcher.ts";
import type { Plan } from "../mapping/output-statements.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import { orderPlaced, reportMixed } from "../sections/link-order.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { prepareScriptAssignments } from "../symbols/script-assignments.ts";
import { SECTION_CHUNK, SECTION_OUTPUT, type SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { internText } from "../tables/names.ts";
import { sectionName } from "../tables/object-file.ts";
import { createOutputs, type OutputSections } from "../tables/output-section.ts";
import { type SectionTable, STATE_IN_GROUP } from "../tables/section-table.ts";
import { setSymbolValue, symbolValue } from "../tables/symbol-table.ts";
import { type Assigned, addGroups, isCandidate, RELOCATABLE_DISCARDS } from "./assigned.ts";
import { BUILD_ID, type MadeContents, PACKAGE, PROPERTIES } from "./made-sections.ts";
import { addOutputRow, createOutputTable } from "./output-table.ts";
import { splitOutputs } from "./split-outputs.ts";

export interface Scripted {
  readonly plan: Plan;
  readonly outputs: OutputSections;
  readonly assigned: Assigned;
}

/** Gives every input section its output section. */
export function mapByScript(
  plan: Plan,
  matcher: Matcher,
  loader: Loader,
  made: MadeContents,
  mode: OutputMode,
  machine: Machine,
  report: Report,
): Scripted {
  const outputs = createOutputs();
  mapInputs(plan, matcher, loader, outputs, mode, machine, report, objectRules(plan, loader, made, machine));
  reportMixed(outputs, loader.sections, report);
  leaveGroups(plan, loader);
  splitOutputs(plan, outputs, loader);
  const { sections, objects } = loader;
  const table = createOutputTable();
  for (const output of outputs.list) {
    const flags = elfFlags(output.sec) | output.flags;
    const id = addOutputRow(table, internText(table.names, output.name), output.type, flags);
    table.alignment[id] = output.alignment;
    table.first[id] = output.pieces.find((it) => it >= 0) ?? -1;
  }
  const groups = keepsGroups(plan, loader) ? addGroups(sections, table, objects) : [];
  const ordered = Int32Array.from(plan.list, (it) => it.id);
  const addresses = new Float64Array(table.count);
  return { plan, outputs, assigned: { table, groups, ordered, addresses } };
}

function objectRules(plan: Plan, loader: Loader, made: MadeContents, machine: Machine): ObjectRules {
  const { sections, options } = loader;
  const uniques = options.uniqueNames.map((it) => compileGlob(it));
  return {
    definesCommons: options.defineCommon === true || (plan.script.forceCommon && !plan.script.inhibitCommon),
    takesPart: (object, section) => {
      if (sections.type[section] === SHT_GROUP) return keepsGroups(plan, loader);
      if (!isCandidate(object, sections, section)) return false;
      const name = sectionName(object, sections, section);
      if (name === PROPERTIES && sections.type[section] === SHT_NOTE) return section === made.propertyHost;
      return !RELOCATABLE_DISCARDS.includes(name) && !(options.discardSframe && name === ".sframe");
    },
    isAlone: (object, section) => {
      if (sections.type[section] === SHT_GROUP || isKeptMember(plan, loader, section)) return true;
      const name = sectionName(object, sections, section);
      return name === ".sframe" || uniques.some((it) => globMatchesText(it, name));
    },
    isMember: (section) => isKeptMember(plan, loader, section),
    made: made.sections.map(({ name, type, flags, alignment }) => ({
      kind: {
        name,
        chunks: [name],
        type,
        sec: (bfdFlags(name, type, flags) | SEC_LINKER_CREATED) & ~SEC_HAS_CONTENTS,
        alignment: name === PROPERTIES ? machine.wordBytes : (alignment ?? 1),
      },
      bytes: contentsOfMade(made, name),
    })),
  };
}

function contentsOfMade(made: MadeContents, name: string): Uint8Array {
  const bytes = { [BUILD_ID]: made.buildId, [PACKAGE]: made.packageNote, [PROPERTIES]: made.properties }[name];
  return bytes ?? new Uint8Array(0);
}

function keepsGroups({ script }: Plan, { options }: Loader): boolean {
  return !options.forceGroupAllocation && !script.forceGroups;
}

/** Of a group that stays one. */
function isKeptMember(plan: Plan, loader: Loader, section: SectionId): boolean {
  return keepsGroups(plan, loader) && (loader.sections.state[section] & STATE_IN_GROUP) !== 0;
}

/** Their headers stand in front of all others, whatever places they have had among the orphans. */
function leaveGroups(plan: Plan, { sections }: Loader): void {
  plan.list = plan.list.filter((it) => it.type !== SHT_GROUP);
  for (let section = 0; section < sections.count; section++)
    if (sections.type[section] === SHT_GROUP) sections.output[section] = -1;
}

/** Sizes, addresses and offsets, and values of symbols. Sizes of input sections are final. */
export function placeByScript(
  { plan, outputs, assigned }: Scripted,
  loader: Loader,
  frames: EhFrames,
  machine: Machine,
  report: Report,
): void {
  const { sections, symbols } = loader;
  const assignments = prepareScriptAssignments(symbols, plan, { lost: new Set(), joined: [] }, loader.record);
  const none = new Int32Array(sections.count);
  const merged = { buckets: [], bucketOf: none, ordinalOf: none, frames };
  layOutObject(plan, loader, outputs, merged, assignments, machine, report);
  orderPlaced(loader.objects, sections, outputs, plan.list);
  const { table, addresses } = assigned;
  for (const output of plan.list) {
    const { id } = output;
    const first = table.first[id];
    table.type[id] = output.type;
    table.flags[id] = output.flags | (first >= 0 && isKeptMember(plan, loader, first) ? SHF_GROUP : 0);
    table.entsize[id] = output.entsize;
    table.alignment[id] = output.shown || output.alignment;
    table.size[id] = output.size;
    table.contents[id] = output.type === SHT_NOBITS ? 0 : 1;
    addresses[id] = output.address;
  }
  for (let id = 0; id < symbols.count; id++) {
    if (symbols.section[id] !== SECTION_CHUNK) continue;
    const { output, address } = outputs.chunks[symbols.alias[id]];
    if (output === undefined) continue;
    symbols.section[id] = SECTION_OUTPUT;
    symbols.alias[id] = output.id;
    setSymbolValue(symbols, id, address + symbolValue(symbols, id));
  }
}

/** What is in the output but in no input: gaps, data of the script, notes. Offsets in the image are final. */
export function writeScripted(
  { outputs, assigned }: Scripted,
  sections: SectionTable,
  machine: Machine,
  image: Uint8Array,
  view: DataView,
): void {
  const { table } = assigned;
  for (const output of outputs.list) {
    output.offset = table.offset[output.id];
    output.index = table.index[output.id];
    fillGaps(output, outputs.chunks, sections, 0, machine, image);
    for (const piece of output.pieces) {
      if (piece >= 0 || output.type === SHT_NOBITS) continue;
      const chunk = outputs.chunks[~piece];
      chunk.offset = output.offset + chunk.address;
      chunk.write?.(image, view, chunk);
    }
  }
}

/** Where the build id's hash goes; -1: there is none. */
export function buildIdOffset({ outputs }: Scripted): number {
  const chunk = outputs.chunks.find((it) => it.name === BUILD_ID && it.output !== undefined);
  return chunk === undefined ? -1 : chunk.offset + 16;
}
