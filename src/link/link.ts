// The static linker, as its table of contents: each pass is called once, in order, and says what it leaves behind.

import { type Machine, machineFor } from "../arch/index.ts";
import { demangle } from "../demangle/index.ts";
import { EM_X86_64 } from "../elf/constants.ts";
import { error, type Problem, type Report } from "../elf/problem.ts";
import type { FileSystem } from "../host/files.ts";
import type { LinkFacts } from "./decisions/facts.ts";
import { createDecisions } from "./decisions/index.ts";
import { createOutputLayout } from "./decisions/layout.ts";
import { chosenLayout } from "./inputs/chosen-layout.ts";
import { readInputs } from "./inputs/inputs.ts";
import type { Loader } from "./inputs/loader.ts";
import { reportShared } from "./inputs/shared/shared-references.ts";
import { computeAddresses, slotAddresses } from "./layout/addresses.ts";
import { checkAddresses } from "./layout/overlaps.ts";
import { layOut } from "./layout/script-layout.ts";
import { reportSegments, reportUnaligned } from "./layout/segment-warnings.ts";
import { decideStack } from "./layout/stack.ts";
import { type MadeSections, makeSections } from "./made/make-sections.ts";
import { packRelative } from "./made/pack-relative.ts";
import { addPltFrames } from "./made/plt-frames.ts";
import { mapInputs } from "./mapping/map-inputs.ts";
import { keptCommons, keptSections } from "./mapping/match-inputs.ts";
import { createMatcher } from "./mapping/matcher.ts";
import { reportMbind } from "./mapping/mbind.ts";
import type { Plan } from "./mapping/output-statements.ts";
import { assignmentsOf, createPlan } from "./mapping/plan.ts";
import type { LinkInput, LinkOptions } from "./options.ts";
import { keepForRelink } from "./relink/relink.ts";
import { linkRelocatable } from "./relocatable/link-relocatable.ts";
import { reportCommons } from "./reports/common-warnings.ts";
import { reportCrossReferences } from "./reports/cross-references.ts";
import { reportDiscarded } from "./reports/discarded.ts";
import { reportDuplicates } from "./reports/duplicates.ts";
import { reportHidden } from "./reports/hidden-symbols.ts";
import { reportTextIfuncs } from "./reports/ifunc-warnings.ts";
import { reportFileWarnings, reportSymbolWarnings } from "./reports/symbol-warnings.ts";
import { reportTraced } from "./reports/trace-symbols.ts";
import { reportTypeChanges } from "./reports/type-changes.ts";
import { reportUndefined } from "./reports/undefined.ts";
import { reportUnmetVersions } from "./reports/unmet-versions.ts";
import { reportUntyped } from "./reports/untyped-symbols.ts";
import type { LinkResult } from "./result.ts";
import { reportComplaints } from "./scan/complaints.ts";
import { scanRelocations } from "./scan/scan.ts";
import type { Scan } from "./scan/scan-result.ts";
import { refuseProtected, settlePointers, settleWeakReferences } from "./scan/settle.ts";
import { settleTlsModels } from "./scan/settle-tls.ts";
import { foldSections, placeFolded } from "./sections/fold-sections.ts";
import { collectGarbage, dropDeadReferences, type ScriptRoots } from "./sections/gc-sections.ts";
import { createKeptSections } from "./sections/kept-sections.ts";
import { orderLinked } from "./sections/link-order.ts";
import { type MergedSections, mergeSections } from "./sections/merge/merged-sections.ts";
import { mergeProperties, placeProperties } from "./sections/properties.ts";
import { orderSections } from "./sections/section-order.ts";
import { leaveCommons } from "./sections/space.ts";
import { readEhFrames } from "./sections/unwind/eh-frame.ts";
import { makeEhFrameHeader } from "./sections/unwind/eh-frame-output.ts";
import { placeEhFrames } from "./sections/unwind/eh-frame-place.ts";
import { mergeSframes } from "./sections/unwind/sframe.ts";
import { bindSymbols } from "./symbols/bind.ts";
import { defineLinkerSymbols, placeLinkerSymbols } from "./symbols/linker-symbols.ts";
import { narrowLikeCommons, prepareScriptAssignments, type ScriptAssignments } from "./symbols/script-assignments.ts";
import type { SymbolValues } from "./symbols/symbol-values.ts";
import { assignVersions } from "./symbols/version-symbols.ts";
import type { Layout } from "./tables/layout.ts";
import { type OutputMode, outputMode } from "./tables/mode.ts";
import { createOutputs, type OutputSections } from "./tables/output-section.ts";
import { binaryImage } from "./write/binary-image.ts";
import { reportNameless } from "./write/gdb-index.ts";
import { writeImage } from "./write/write-image.ts";

/**
 * Links. Reads what the inputs name through `files`, touches nothing else, and gives the whole output or none.
 * @param inputs in the order of the command line
 * @returns the image, or undefined if there was an error (unless --noinhibit-exec)
 */
export function link(inputs: readonly LinkInput[], options: LinkOptions, files: FileSystem): LinkResult {
  const problems: Problem[] = [];
  const report: Report = (problem) => {
    problems.push(problem);
  };
  const failed = (): boolean =>
    problems.some((it) => it.severity === "error" || (options.fatalWarnings && it.severity === "warning"));

  // Every file that takes part, and what every name means. No new inputs beyond this point.
  options.onStage?.("read");
  const loader = readInputs(inputs, options, files, report);
  if (options.traceSymbols.length > 0) reportTraced(loader, report);
  // A script that names no files is no input (ldlang.c, lang_has_input_file). A link of archives and libraries alone is a
  // link, even if no object comes of it.
  if (!loader.hasInput && !failed()) report(error("no-input-files", {}));
  const machine = loader.machine ?? machineFor(EM_X86_64, 64);
  const facts: LinkFacts = { loader, bound: undefined, placed: undefined, relocatable: undefined };
  let image: Uint8Array | undefined;
  if (options.defineCommon === false && options.output !== "shared") report(error("commons-undefined", {}));
  if (!failed() && machine !== undefined) {
    image =
      options.output === "relocatable"
        ? linkRelocatable(facts, machine, options, report, failed)
        : linkImage(facts, machine, options, report, failed);
  }
  return {
    image: failed() && !options.noInhibitExec ? undefined : image,
    problems,
    executable: options.output !== "relocatable",
    dependencies: [...loader.dependencies],
    decisions: createDecisions(facts),
    layout: createOutputLayout(facts),
    keep: () => keepForRelink(facts, image, problems.length),
  };
}

function linkImage(
  facts: LinkFacts,
  machine: Machine,
  options: LinkOptions,
  report: Report,
  failed: () => boolean,
): Uint8Array | undefined {
  const { loader } = facts;
  const { objects, sections, symbols, shared } = loader;
  const mode = outputMode(options, shared.length);
  const outputs = createOutputs();
  if (options.emitRelocs && options.strip === "all") report(error("emit-relocs-stripped", {}));

  const nodes = [
    ...options.versionNodes,
    ...loader.scriptCommands.flatMap((it) => (it.kind === "version" ? it.nodes : [])),
  ];
  options.onStage?.("collect");
  // What is made for another format than ELF is copied as it is: no records are sorted out, no strings merged (bfd/binary.c).
  const frames = readEhFrames(options.outputFormat === "elf" ? objects : [], sections, machine, report);

  // Which sections take part, and where: from here on every input section knows its output section.
  const { script, rules } = chosenLayout(loader, mode, machine, options, report);
  const plan = createPlan(script, report);
  const matcher = createMatcher(script.matching, rules);
  const roots = (): ScriptRoots => ({
    kept: keptSections(matcher, loader),
    keptCommons: keptCommons(matcher, loader),
    assignments: assignmentsOf(plan),
  });
  const collected = options.gcSections ? collectGarbage(loader, frames, nodes, mode, report, roots()) : undefined;
  if (collected !== undefined) facts.keptBy = collected.keptBy;
  options.onStage?.("assign");
  const properties = mergeProperties(objects, sections, machine, options, report);
  plan.hasProperties = properties.note !== undefined;
  const discarded = mapInputs(plan, matcher, loader, outputs, mode, machine, report);
  orderSections(loader, outputs, options, report);
  if (options.gdbIndex) reportNameless(objects, sections, report);
  placeProperties(properties, objects, sections, outputs, machine);
  options.onStage?.("merge");
  const merged = mergeSections(objects, sections, outputs, frames, options);
  const folded = options.icf === "none" ? [] : foldSections(loader, outputs, frames, merged, machine, mode, report);
  placeEhFrames(frames, objects, sections, outputs, mode.pic, report);
  if (options.ehFrameHdr) makeEhFrameHeader(frames, sections, outputs, report);
  mergeSframes(objects, sections, symbols, outputs, options.discardSframe, report);
  if (options.defineCommon === false) leaveCommons(symbols);

  // Symbols of the link itself, versions, and who binds each reference. No new symbols beyond this point (but rows for
  // local symbols that need a slot).
  options.onStage?.("symbols");
  // In front of the assignments: of what they take the place of there are warnings too.
  reportCommons(loader, report);
  reportTypeChanges(loader, report);
  const { lost } = loader.versioned;
  const assignments = prepareScriptAssignments(symbols, plan, loader.versioned, loader.record);
  const linkerSymbols = defineLinkerSymbols(symbols, outputs, mode, loader);
  if (collected !== undefined) dropDeadReferences(symbols, collected);
  const versions = assignVersions(symbols, nodes, lost, mode, options, demangle, report);
  const bindings = bindSymbols(symbols, mode, options);

  if (mode.shared && outputs.byName.get(".preinit_array")?.hasInput === true)
    report(error("preinit-array-in-shared", {}));

  // What relocations will need: GOT, PLT, copies, dynamic relocations.
  options.onStage?.("scan");
  const kept = createKeptSections(objects, sections, symbols.names, loader.groups);
  const unscanned = { flags: symbols.flags.slice(0, symbols.count), bindings: bindings.slice(0, symbols.count) };
  const scan = scanRelocations(
    objects,
    sections,
    symbols,
    bindings,
    machine,
    mode,
    frames,
    kept,
    outputs,
    options,
    report,
  );
  settleWeakReferences(symbols, scan, sections, mode, options);
  settlePointers(symbols, scan, sections, machine, mode);
  refuseProtected(symbols, scan, objects, sections, mode);
  settleTlsModels(symbols, scan, machine, mode);
  facts.bound = { machine, mode, scan, kept, unscanned };
  options.onStage?.("report");
  reportUndefined(loader, scan, options, report);
  reportDuplicates(loader, options, report);
  if (mode.dynamic) reportShared(loader, scan.undefined, options, mode.shared, report);
  reportHidden(loader, scan, mode, report);
  if (mode.dynamic) reportUntyped(loader, report);
  reportUnmetVersions(loader, report);
  reportFileWarnings(loader, report);
  reportSymbolWarnings(loader, discarded, report);
  reportCrossReferences(loader, outputs, script.noCrossReferences, report);
  const textRelocation = options.z.text === true ? "error" : "warning";
  reportComplaints(scan.complaints, { ...loader, machine, mode, textRelocation }, report);
  if (failed() && !options.noInhibitExec) return undefined;
  narrowLikeCommons(symbols, assignments);

  // Sections of the linker's own. Sizes are final beyond this point.
  options.onStage?.("make");
  const ibtPlt = options.z.ibtplt || properties.ibt;
  const made = makeSections(loader, scan, frames, outputs, linkerSymbols, versions, ibtPlt, machine, mode, options);
  reportTextIfuncs(scan, symbols, mode, report);
  reportDiscarded(outputs, report);
  if (options.ldGeneratedUnwindInfo) addPltFrames(frames, objects, sections, outputs, made.slots, made.slotChunks);
  orderLinked(objects, sections, outputs, plan.list);

  // Once; with relocations packed for Android again, until their section has its size.
  for (;;) {
    const said: Problem[] = [];
    const note: Report = (problem) => said.push(problem);

    // Addresses and file offsets. Final beyond this point.
    options.onStage?.("layout");
    const scripted = { plan, assignments, merged };
    const layout = settleLayout(loader, outputs, scan, made, scripted, machine, mode, options, note);
    if (failed() || said.some((it) => it.severity === "error")) {
      for (const problem of said) report(problem);
      said.length = 0;
      if (failed() && !options.noInhibitExec) return undefined;
    }
    reportMbind(outputs, note);
    if (options.checkSections) checkAddresses(layout.sections, machine.elfClass, note);
    if (options.outputFormat === "elf") reportSegments(layout.segments, options.outputName, note);
    options.onStage?.("addresses");
    placeFolded(folded, sections);
    const at = slotAddresses(made.slotChunks);
    const values: SymbolValues = { sections, symbols, outputs, layout, merged, address: made.address };
    placeLinkerSymbols(symbols, outputs, layout, linkerSymbols, at.gotBase, mode);
    computeAddresses(values, made.slots, at, scan);
    facts.placed = { made, values, at, plan };

    // Contents.
    options.onStage?.("write");
    const written = writeImage(loader, scan, kept, made, layout, values, at, machine, mode, options, note);
    if (written === undefined) {
      emptyRelocations(made);
      continue;
    }
    for (const problem of said) report(problem);
    return options.outputFormat === "binary" ? binaryImage(written, layout.sections, report) : written;
  }
}

/** What was written of the lists that are filled while writing. */
function emptyRelocations({ dynamicRelocations, pltRelocations }: MadeSections): void {
  dynamicRelocations.count = 0;
  pltRelocations.count = 0;
}

/** Lays out; with packed relative relocations, again until their section has its size. */
function settleLayout(
  loader: Loader,
  outputs: OutputSections,
  scan: Scan,
  made: MadeSections,
  scripted: { readonly plan: Plan; readonly assignments: ScriptAssignments; readonly merged: MergedSections },
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
  report: Report,
): Layout {
  const { sections } = loader;
  const { packed, got } = made;
  const { relr } = made.relocationChunks;
  const layoutOptions = {
    mode,
    options,
    is64: machine.elfClass === 64,
    maxPageSize: options.z.maxPageSize ?? machine.maxPageSize,
    commonPageSize: options.z.commonPageSize ?? machine.commonPageSize,
    textSegment: machine.textSegment,
    stack: decideStack(loader, report),
  };
  reportUnaligned(options, layoutOptions.maxPageSize, report);
  for (;;) {
    const { plan, assignments, merged } = scripted;
    const layout = layOut(plan, loader, outputs, merged, assignments, layoutOptions, machine, report);
    if (packed === undefined || relr?.output === undefined) return layout;
    const bytes = packRelative(packed, scan, got, sections, outputs.reversed, machine, relr.size);
    relr.write = (image, _view, chunk) => image.set(bytes, chunk.offset);
    if (bytes.length <= relr.size) return layout;
    relr.size = bytes.length;
  }
}
