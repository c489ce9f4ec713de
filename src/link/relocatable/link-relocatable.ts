// -r: links objects into one object that links like them. The passes in order, as link.ts has them for programs.

import type { Machine } from "../../arch/index.ts";
import { error, type Report } from "../../elf/problem.ts";
import { chosenLayout } from "../inputs/chosen-layout.ts";
import type { Loader } from "../inputs/loader.ts";
import { buildIdBytes } from "../made/build-id.ts";
import { keptCommons, keptSections } from "../mapping/match-inputs.ts";
import { createMatcher } from "../mapping/matcher.ts";
import type { Plan } from "../mapping/output-statements.ts";
import { assignmentsOf, createPlan } from "../mapping/plan.ts";
import type { LinkOptions } from "../options.ts";
import { reportCommons } from "../reports/common-warnings.ts";
import { reportDuplicates } from "../reports/duplicates.ts";
import { reportFileWarnings } from "../reports/symbol-warnings.ts";
import { collectGarbage } from "../sections/gc-sections.ts";
import { createKeptSections } from "../sections/kept-sections.ts";
import { readEhFrames } from "../sections/unwind/eh-frame.ts";
import { outputMode } from "../tables/mode.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { chooseCompression } from "../write/compress-debug.ts";
import { LARGEST_IMAGE } from "../write/write-image.ts";
import { type Assigned, orderOfFiles } from "./assigned.ts";
import { defineBoundaries, entryOffset, reportMissing } from "./assignments.ts";
import { buildIdOffset, mapByScript, placeByScript, writeScripted } from "./by-script.ts";
import { compressOutputs } from "./compress.ts";
import { shrinkEhFrames } from "./eh-frame.ts";
import { measureGroups, planSignatures, writeGroups } from "./group-sections.ts";
import { numberSections, planFile, writeFileHeaders } from "./headers.ts";
import { markStack, planMade } from "./made-sections.ts";
import { type RelocationPlan, type RelocationWriter, scanRelocations } from "./relocations.ts";
import { createSymbolPlan, planGlobals, planLocals, usesGnuFeatures, writeSymbolTable } from "./symbols.ts";
import { writeContents } from "./write-contents.ts";

/** @returns the object, or undefined if there was an error (unless --noinhibit-exec) */
export function linkRelocatable(
  facts: { readonly loader: Loader; relocatable: RelocatableFacts | undefined; keptBy?: Int32Array },
  machine: Machine,
  options: LinkOptions,
  report: Report,
  failed: () => boolean,
): Uint8Array | undefined {
  const { loader } = facts;
  const { objects, sections, symbols } = loader;
  reportDuplicates(loader, options, report);
  reportMissing(loader, options, report);
  reportFileWarnings(loader, report);
  reportCommons(loader, report);

  // Which sections take part, and where: from here on every input section knows its output section.
  const frames = readEhFrames(objects, sections, machine, report);
  const mode = outputMode(options, 0);
  const chosen = chosenLayout(loader, mode, machine, options, report);
  const script = createPlan(chosen.script, report);
  const matcher = createMatcher(chosen.script.matching, chosen.rules);
  const roots = {
    kept: keptSections(matcher, loader),
    keptCommons: keptCommons(matcher, loader),
    assignments: assignmentsOf(script),
  };
  const collected = options.gcSections ? collectGarbage(loader, frames, [], mode, report, roots) : undefined;
  const referenced = collected?.referenced;
  if (collected !== undefined) facts.keptBy = collected.keptBy;
  const made = planMade(loader, machine, options, report);
  const scripted = mapByScript(script, matcher, loader, made, mode, machine, report);
  const { assigned } = scripted;
  const { table, groups } = assigned;

  // Sizes of sections, the offsets of their pieces, and what every assigned name means. No new symbols beyond this point.
  shrinkEhFrames(frames, objects, sections, table, scripted.outputs);
  placeByScript(scripted, loader, frames, machine, report);
  markStack(made, table);
  if (options.lastRelocatable) defineBoundaries(symbols, table, options);

  // Which symbols there are, and what relocations refer to.
  const plan = createSymbolPlan(sections, symbols, options, loader.symbolBase, assigned);
  const kept = createKeptSections(objects, sections, symbols.names, loader.groups);
  const relocations: RelocationPlan = { sections, table, symbols: plan, kept, frames, machine, report };
  for (const object of orderOfFiles(objects, sections, assigned)) {
    planLocals(plan, object);
    planSignatures(plan, object);
    scanRelocations(relocations, object);
  }
  planGlobals(plan, objects, referenced);
  const entry = entryOffset(loader, assigned.addresses, report);
  if (failed() && !options.noInhibitExec) return undefined;

  // The file. Every index and offset is final.
  const headerCount = numberSections(assigned);
  measureGroups(groups, table, objects, sections);
  let shape = planFile(assigned, plan, headerCount, machine);
  facts.relocatable = { assigned, entry, plan: script, outputs: scripted.outputs };
  if (shape.imageSize > LARGEST_IMAGE) {
    report(error("output-too-large", {}, { size: shape.imageSize, largest: LARGEST_IMAGE }));
    return undefined;
  }
  let image = new Uint8Array(shape.imageSize);
  let view = new DataView(image.buffer);
  const writer: RelocationWriter = { plan: relocations, view, rel: shape.rel.slice(), rela: shape.rela.slice() };
  writeScripted(scripted, sections, machine, image, view);
  writeContents(writer, objects, made, options, image);
  const compression = chooseCompression(options, report);
  if (compression !== undefined) {
    ({ image, shape } = compressOutputs(image, shape, assigned, plan, headerCount, machine, compression));
    view = new DataView(image.buffer);
  }
  writeGroups(groups, table, objects, sections, view);
  writeSymbolTable(plan, table, objects, frames, machine, view, shape.symtab.offset, shape.shndx?.offset ?? -1);
  image.set(plan.strings.bytes.subarray(0, plan.strings.size), shape.strtab.offset);
  const identity = { entry, gnuFeatures: usesGnuFeatures(plan, table), sectionStart: options.sectionStart };
  writeFileHeaders(shape, assigned, plan, objects, machine, identity, image, view);
  const id = buildIdOffset(scripted);
  if (id >= 0) image.set(buildIdBytes(options.buildId, image, options.accelerators).bytes, id);
  return image;
}

/** -r: every section has its place in the file. */
export interface RelocatableFacts {
  readonly assigned: Assigned;
  /** e_entry */
  readonly entry: number;
  /** The script that laid out the link, and the same sections as it knows them. */
  readonly plan: Plan;
  readonly outputs: OutputSections;
}
