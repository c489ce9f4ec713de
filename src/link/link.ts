// The static linker, as its table of contents: each pass is called once, in order, and says what it leaves behind.

import { type Machine, machineFor } from "../arch/index.ts";
import { demangle } from "../demangle/index.ts";
import { EM_X86_64 } from "../elf/constants.ts";
import { error, type Problem, type Report } from "../elf/problem.ts";
import type { FileSystem } from "../host/files.ts";
import { computeAddresses, slotAddresses } from "./addresses.ts";
import { assignSections, placeChunks } from "./assign-sections.ts";
import { evaluateAssignments, prepareAssignments } from "./assignments.ts";
import { binaryImage } from "./binary-image.ts";
import { bindSymbols } from "./bind.ts";
import { reportCommons } from "./common-warnings.ts";
import { reportComplaints } from "./complaints.ts";
import type { LinkFacts } from "./decisions/facts.ts";
import { createDecisions } from "./decisions/index.ts";
import { createOutputLayout } from "./decisions/layout.ts";
import { reportDuplicates } from "./duplicates.ts";
import { readEhFrames } from "./eh-frame.ts";
import { makeEhFrameHeader } from "./eh-frame-output.ts";
import { placeEhFrames } from "./eh-frame-place.ts";
import { foldSections, placeFolded } from "./fold-sections.ts";
import { collectGarbage, dropDeadReferences } from "./gc-sections.ts";
import { reportNameless } from "./gdb-index.ts";
import { reportHidden } from "./hidden-symbols.ts";
import { readInputs } from "./inputs.ts";
import { type Layout, layOut, measureSections } from "./layout.ts";
import { orderLinked } from "./link-order.ts";
import { defineLinkerSymbols, placeLinkerSymbols } from "./linker-symbols.ts";
import type { Loader } from "./loader.ts";
import { type MadeSections, makeSections } from "./make-sections.ts";
import { mergeSections } from "./merged-sections.ts";
import { type OutputMode, outputMode } from "./mode.ts";
import type { LinkInput, LinkOptions } from "./options.ts";
import { createOutputs, type OutputSections } from "./output-section.ts";
import type { SymbolValues } from "./output-symbols.ts";
import { packRelative } from "./pack-relative.ts";
import { addPltFrames } from "./plt-frames.ts";
import { mergeProperties } from "./properties.ts";
import { linkRelocatable } from "./relocatable/link-relocatable.ts";
import type { LinkResult } from "./result.ts";
import { scanRelocations } from "./scan.ts";
import type { Scan } from "./scan-result.ts";
import { orderSections } from "./section-order.ts";
import { reportSegments } from "./segments.ts";
import { reportShared } from "./shared-references.ts";
import { allotCommons, leaveCommons } from "./space.ts";
import { decideStack } from "./stack.ts";
import { reportSymbolWarnings } from "./symbol-warnings.ts";
import { reportTraced } from "./trace-symbols.ts";
import { reportUndefined } from "./undefined.ts";
import { assignVersions } from "./version-symbols.ts";
import { writeImage } from "./write-image.ts";

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
  const loader = readInputs(inputs, options, files, report);
  if (options.traceSymbols.length > 0) reportTraced(loader, report);
  if (loader.objects.every((it) => it.made === "symbols") && !failed()) report(error("no-input-files", {}));
  const machine = loader.machine ?? machineFor(EM_X86_64, 64);
  const facts: LinkFacts = { loader, bound: undefined, placed: undefined, relocatable: undefined };
  let image: Uint8Array | undefined;
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
  if (options.defineCommon === false && !mode.shared) report(error("commons-undefined", {}));

  const nodes = [
    ...options.versionNodes,
    ...loader.scriptCommands.flatMap((it) => (it.kind === "version" ? it.nodes : [])),
  ];
  const frames = readEhFrames(objects, sections, machine, report);

  // Which sections take part, and where: from here on every input section knows its output section.
  const referenced = options.gcSections ? collectGarbage(loader, frames, nodes, mode, report) : undefined;
  const discarded = assignSections(objects, sections, outputs, mode.shared, options);
  orderSections(loader, outputs, options, report);
  if (options.gdbIndex) reportNameless(objects, sections, report);
  const properties = mergeProperties(objects, sections, outputs, machine, options, report);
  const merged = mergeSections(objects, sections, outputs, frames, options);
  const folded = options.icf === "none" ? [] : foldSections(loader, outputs, frames, merged, machine, mode, report);
  placeEhFrames(frames, objects, sections, outputs, mode.pic, report);
  if (options.ehFrameHdr) makeEhFrameHeader(frames, outputs, report);
  if (options.defineCommon === false) leaveCommons(symbols);
  else allotCommons(symbols, outputs, options);

  // Symbols of the link itself, versions, and who binds each reference. No new symbols beyond this point (but rows for
  // local symbols that need a slot).
  const assignments = prepareAssignments(symbols, options.defsym, loader.scriptCommands);
  const linkerSymbols = defineLinkerSymbols(symbols, outputs, mode, options);
  if (referenced !== undefined) dropDeadReferences(symbols, referenced);
  const versions = assignVersions(symbols, nodes, mode, options, demangle, report);
  const bindings = bindSymbols(symbols, objects, mode, options);

  if (mode.shared && outputs.byName.get(".preinit_array") !== undefined) report(error("preinit-array-in-shared", {}));

  // What relocations will need: GOT, PLT, copies, dynamic relocations.
  const scan = scanRelocations(objects, sections, symbols, bindings, machine, mode, frames, options, report);
  facts.bound = { machine, mode, scan };
  reportUndefined(loader, scan, options, report);
  reportDuplicates(loader, options, report);
  if (mode.dynamic) reportShared(loader, options, mode.shared, report);
  reportHidden(loader, scan, mode, report);
  reportSymbolWarnings(loader, discarded, report);
  reportCommons(loader, report);
  const textRelocation = options.z.text === true ? "error" : "warning";
  reportComplaints(scan.complaints, { ...loader, machine, mode, textRelocation }, report);
  if (failed() && !options.noInhibitExec) return undefined;

  // Sections of the linker's own. Sizes are final beyond this point.
  const ibtPlt = options.z.ibtplt || properties.ibt;
  const made = makeSections(loader, scan, outputs, linkerSymbols, versions, ibtPlt, machine, mode, options);
  if (options.ldGeneratedUnwindInfo) addPltFrames(frames, outputs, made.slots, made.slotChunks);
  placeChunks(outputs);
  orderLinked(objects, sections, outputs);

  // Addresses and file offsets. Final beyond this point.
  const layout = settleLayout(loader, outputs, scan, made, machine, mode, options, report);
  if (options.outputFormat === "elf") reportSegments(layout.segments, options.outputName, report);
  placeFolded(folded, sections);
  const at = slotAddresses(made.slotChunks);
  const values: SymbolValues = { sections, symbols, outputs, layout, merged, address: made.address };
  placeLinkerSymbols(symbols, outputs, layout, linkerSymbols, at.gotBase, mode);
  computeAddresses(values, made.slots, at, scan);
  evaluateAssignments(assignments, loader.scriptCommands, values, outputs, layout, machine, report);
  facts.placed = { made, values, at };

  // Contents.
  const written = writeImage(loader, scan, made, layout, values, at, machine, mode, options, report);
  return options.outputFormat === "binary" ? binaryImage(written, layout.sections, report) : written;
}

/** Lays out; with packed relative relocations, again until their section has its size. */
function settleLayout(
  loader: Loader,
  outputs: OutputSections,
  scan: Scan,
  made: MadeSections,
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
  for (;;) {
    measureSections(outputs, sections);
    const layout = layOut(outputs, sections, layoutOptions);
    if (packed === undefined || relr === undefined) return layout;
    const bytes = packRelative(packed, scan, got, sections, machine, relr.size);
    relr.write = (image, _view, chunk) => image.set(bytes, chunk.offset);
    if (bytes.length <= relr.size) return layout;
    relr.size = bytes.length;
  }
}
