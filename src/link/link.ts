// The static linker, as its table of contents: each pass is called once, in order, and says what it leaves behind.

import { type Machine, machineFor } from "../arch/index.ts";
import { EM_X86_64, NT_GNU_BUILD_ID, SHT_STRTAB, SHT_SYMTAB, STT_GNU_IFUNC } from "../elf/constants.ts";
import { error, type Problem, type Report, warning } from "../elf/problem.ts";
import type { FileSystem } from "../host/files.ts";
import {
  computeAddresses,
  definedAddress,
  entryAddress,
  fillCodeGaps,
  slotAddresses,
  wantsExecutableStack,
} from "./addresses.ts";
import { assignSections, placeChunks } from "./assign-sections.ts";
import { evaluateAssignments, prepareAssignments } from "./assignments.ts";
import { bindSymbols } from "./bind.ts";
import { buildIdBytes, buildIdSize } from "./build-id.ts";
import { defaultLayout } from "./default-layout.ts";
import {
  addRelocation,
  createRelocationList,
  type RelocationList,
  relativeCount,
  sortRelocations,
  writeRelocations,
} from "./dynamic-relocations.ts";
import { planDynamic, writeDynamic } from "./dynamic-section.ts";
import { buildDynamicSymbols } from "./dynamic-symbols.ts";
import { makeEhFrameHeader, placeEhFrames, readEhFrames } from "./eh-frame.ts";
import { type GotWord, planGot } from "./got.ts";
import type { SymbolId } from "./ids.ts";
import { readInputs } from "./inputs.ts";
import { type Layout, type LayoutOptions, layOut, measureSections } from "./layout.ts";
import { defineLinkerSymbols, placeLinkerSymbols } from "./linker-symbols.ts";
import type { Loader } from "./loader.ts";
import { mergeSections } from "./merged-sections.ts";
import { type OutputMode, outputMode } from "./mode.ts";
import { nameText } from "./names.ts";
import { sectionName } from "./object-file.ts";
import type { LinkInput, LinkOptions } from "./options.ts";
import { addChunk, addOutput, type Chunk, createOutputs, type OutputSections } from "./output-section.ts";
import { planSymbols, type SymbolValues, writeSymbols } from "./output-symbols.ts";
import { type Relocator, relocateObjects } from "./relocate.ts";
import type { LinkResult } from "./result.ts";
import { DYN_RELATIVE, type Scan, scanRelocations } from "./scan.ts";
import type { SectionTable } from "./section-table.ts";
import { allocateSlots } from "./slots.ts";
import { allotCommons, allotCopies } from "./space.ts";
import { FLAG_UNIQUE, isDefinedHere, type SymbolTable } from "./symbol-table.ts";
import {
  linkRelocationSections,
  makeDynamicChunks,
  makeInterp,
  makeNote,
  makeRelocationChunks,
  makeSlotChunks,
} from "./synthesize.ts";
import { reportDuplicates, reportShared, reportUndefined } from "./undefined.ts";
import { assignVersions } from "./version-symbols.ts";
import { type GotWriter, writeDynamicSymbols, writeGot, writeGotHeader, writePlt } from "./write-chunks.ts";
import { planHeaders, writeHeaders } from "./write-headers.ts";

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
  const loader = readInputs(inputs, options, files, report);
  const result = (image: Uint8Array | undefined): LinkResult => ({
    image: failed() && !options.noInhibitExec ? undefined : image,
    problems,
    executable: options.output !== "relocatable",
    dependencies: loader.dependencies,
  });
  if (loader.objects.length === 0 && !failed()) report(error("no-input-files", {}));
  if (failed()) return result(undefined);
  const machine = loader.machine ?? machineFor(EM_X86_64, 64);
  if (machine === undefined) return result(undefined);
  if (options.output === "relocatable") {
    report(error("relocatable-unsupported", {}));
    return result(undefined);
  }
  return result(linkImage(loader, machine, options, report, failed));
}

function linkImage(
  loader: Loader,
  machine: Machine,
  options: LinkOptions,
  report: Report,
  failed: () => boolean,
): Uint8Array | undefined {
  const { objects, sections, symbols, shared } = loader;
  const mode = outputMode(options, shared.length);
  const is64 = machine.elfClass === 64;
  const outputs = createOutputs();
  const frames = readEhFrames(objects, sections, machine, report);

  // Which sections take part, and where: from here on every input section knows its output section.
  assignSections(objects, sections, outputs);
  const merged = mergeSections(objects, sections, outputs, frames, options);
  placeEhFrames(frames, objects, sections, outputs, mode.pic, report);
  if (options.ehFrameHdr) makeEhFrameHeader(frames, outputs, report);
  allotCommons(symbols, outputs, options);

  // What every name means. No new symbols beyond this point, but rows for local symbols that need a slot.
  const assignments = prepareAssignments(symbols, options.defsym, loader.scriptCommands);
  const linkerSymbols = defineLinkerSymbols(symbols, outputs, mode, options);
  const nodes = [
    ...options.versionNodes,
    ...loader.scriptCommands.flatMap((it) => (it.kind === "version" ? it.nodes : [])),
  ];
  const versions = assignVersions(symbols, nodes, mode, options, (name) => name, report);
  const bindings = bindSymbols(symbols, objects, mode, options);

  // What relocations will need: GOT, PLT, copies, dynamic relocations.
  const scan = scanRelocations(objects, sections, symbols, bindings, machine, mode, frames, options, report);
  reportUndefined(loader, scan, options, report);
  reportDuplicates(loader, options, report);
  if (mode.dynamic) reportShared(loader, options, mode.shared, report);
  reportTextRelocations(loader, scan, mode, options, report);
  if (failed() && !options.noInhibitExec) return undefined;

  const slots = allocateSlots(symbols, scan, machine, mode, options);
  const copies = allotCopies(symbols, shared, outputs, options.z.relro);
  const slotChunks = makeSlotChunks(outputs, slots, scan, linkerSymbols.usesGot, machine, options);
  const got = planGot(symbols, scan, slots, machine, mode, slotChunks);
  const relocationChunks = makeRelocationChunks(outputs, scan, got, copies.length, 0, machine, mode);
  if (mode.interpreted) makeInterp(outputs, options.dynamicLinker ?? machine.interpreter);
  const buildId = makeBuildId(outputs, options);

  const address = new Float64Array(symbols.count);
  let layout: Layout | undefined;
  const needed = shared.filter((it) => !it.implicit).map((it) => it.soname);
  const dynamicSymbols = mode.dynamic
    ? buildDynamicSymbols(symbols, shared, versions, options.soname ?? baseName(options.outputName), machine, options)
    : undefined;
  const lists = {
    dynamic: createRelocationList(relocationChunks.dynamicCount),
    plt: createRelocationList(relocationChunks.pltCount),
  };
  const dynamicChunks = dynamicSymbols === undefined ? undefined : makeDynamicChunks(outputs, dynamicSymbols, machine);
  const tags =
    dynamicSymbols === undefined
      ? []
      : planDynamic(
          {
            needed,
            hasContents: (name) => hasContents(outputs, sections, name),
            init: definedAddress(symbols, options.init, address),
            fini: definedAddress(symbols, options.fini, address),
            hasPlt: slotChunks.plt !== undefined,
            gotPlt: () => slotChunks.gotPlt?.address ?? 0,
            hasJumpRelocations: relocationChunks.pltCount > 0,
            hasRelocations: relocationChunks.dynamicCount > 0,
            relativeCount: () =>
              layout === undefined ? countRelative(scan, got.words, machine) : relativeCount(lists.dynamic, machine),
            hasRelr: false,
            textRelocations: scan.textRelocation >= 0,
            staticTls: scan.staticTls,
            symbolic: mode.shared && options.bsymbolic === "all",
            verdefCount: dynamicSymbols.verdefCount,
            verneedCount: dynamicSymbols.verneedCount,
            hasVersions: dynamicSymbols.versym !== undefined,
          },
          outputs,
          dynamicSymbols.strings,
          machine,
          mode,
          options,
        );
  if (dynamicSymbols !== undefined && dynamicChunks !== undefined) {
    dynamicChunks.dynamic.size = tags.length * 2 * machine.wordBytes;
    dynamicChunks.dynstr.size = dynamicSymbols.strings.size;
  }
  linkRelocationSections(outputs, machine, options);

  const plan = options.strip === "all" ? undefined : planSymbols(objects, sections, symbols, mode, options);
  const tables =
    plan === undefined ? undefined : addSymbolTables(outputs, plan.count, plan.localCount, plan.strings.size, is64);

  // Sizes are final. Addresses and file offsets follow.
  placeChunks(outputs);
  measureSections(outputs, sections);
  const layoutOptions: LayoutOptions = {
    mode,
    options,
    is64,
    maxPageSize: options.z.maxPageSize ?? machine.maxPageSize,
    commonPageSize: options.z.commonPageSize ?? machine.commonPageSize,
    textSegment: machine.textSegment,
    executableStack: options.z.execstack ?? wantsExecutableStack(loader),
  };
  layout = layOut(outputs, sections, layoutOptions);

  // Addresses are final beyond this point.
  const at = slotAddresses(slotChunks);
  const values: SymbolValues = { sections, symbols, outputs, layout, merged, address };
  placeLinkerSymbols(symbols, outputs, layout, linkerSymbols, at.gotBase, mode);
  computeAddresses(values, slots, at);
  evaluateAssignments(assignments, loader.scriptCommands, values, outputs, layout, machine, report);

  const headers = planHeaders(layout, is64);
  const image = new Uint8Array(headers.imageSize);
  const view = new DataView(image.buffer);
  fillCodeGaps(outputs, sections, machine, image);
  const gotWriter: GotWriter = {
    machine,
    mode,
    values,
    scan,
    slots,
    at,
    layout,
    dynamicIndex: dynamicSymbols?.indexOf ?? new Int32Array(symbols.count),
    dynamic: mode.dynamic ? lists.dynamic : lists.plt,
    plt: lists.plt,
    view,
  };
  // In a static program .rela.iplt holds everything: the PLT's own first.
  writeGot(gotWriter, got, false);
  const relocator: Relocator = {
    machine,
    mode,
    options,
    sections,
    symbols,
    address,
    scan,
    slots,
    at,
    layout,
    outputs: outputs.list,
    merged,
    dynamicIndex: gotWriter.dynamicIndex,
    dynamic: gotWriter.dynamic,
    packed: undefined,
    image,
    view,
    report,
    cursor: 0,
    overflows: 0,
  };
  relocateObjects(relocator, objects);
  writeCopies(copies, address, gotWriter.dynamicIndex, lists.dynamic, machine);
  if (slotChunks.gotPlt !== undefined)
    writeGotHeader(slotChunks.gotPlt, dynamicChunks?.dynamic.address ?? 0, is64, view);
  writePlt(gotWriter, slotChunks);
  if (dynamicSymbols !== undefined && dynamicChunks !== undefined) {
    writeDynamicSymbols(dynamicSymbols, values, dynamicChunks.dynsym, view, is64, mode);
    writeDynamic(tags, machine, view, dynamicChunks.dynamic.offset);
  }
  writeRelocationChunk(lists.dynamic, relocationChunks.dynamic, true, machine, view, report);
  writeRelocationChunk(lists.plt, relocationChunks.plt, false, machine, view, report);
  for (const chunk of outputs.chunks) chunk.write?.(image, view, chunk);
  if (plan !== undefined && tables !== undefined) {
    writeSymbols(plan, values, objects, view, tables.symtab.offset, -1, is64, mode);
    image.set(plan.strings.bytes.subarray(0, plan.strings.size), tables.strtab.offset);
  }
  writeHeaders(
    headers,
    layout,
    machine,
    mode,
    entryAddress(values, mode, options, report),
    usesGnuFeatures(symbols),
    image,
    view,
  );
  if (buildId !== undefined) image.set(buildIdBytes(options.buildId, image, options.accelerators), buildId.offset + 16);
  return image;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function makeBuildId(outputs: OutputSections, options: LinkOptions): Chunk | undefined {
  const size = buildIdSize(options.buildId);
  return size === 0 ? undefined : makeNote(outputs, ".note.gnu.build-id", NT_GNU_BUILD_ID, new Uint8Array(size));
}

/** How many RELATIVE relocations there will be: decides whether .dynamic has DT_RELACOUNT. */
function countRelative(scan: Scan, words: readonly GotWord[], machine: Machine): number {
  let count = 0;
  for (let i = 0; i < scan.dynCount; i++) if (scan.dynType[i] === DYN_RELATIVE) count++;
  return count + words.filter((it) => it.type === machine.dynamic.relative).length;
}

function addSymbolTables(
  outputs: OutputSections,
  count: number,
  localCount: number,
  stringBytes: number,
  is64: boolean,
): { symtab: Chunk; strtab: Chunk } {
  const row = defaultLayout.length;
  const symtab = addOutput(outputs, ".symtab", row, SHT_SYMTAB, 0);
  const strtab = addOutput(outputs, ".strtab", row, SHT_STRTAB, 0);
  symtab.entsize = is64 ? 24 : 16;
  symtab.link = strtab;
  symtab.info = localCount;
  return {
    symtab: addChunk(outputs, symtab, ".symtab", count * symtab.entsize, is64 ? 8 : 4),
    strtab: addChunk(outputs, strtab, ".strtab", stringBytes, 1),
  };
}

function reportTextRelocations(
  loader: Loader,
  scan: Scan,
  mode: OutputMode,
  options: LinkOptions,
  report: Report,
): void {
  const section = scan.textRelocation;
  if (section < 0 || options.z.text === false) return;
  const object = loader.objects[loader.sections.object[section]];
  const symbol = scan.textRelocationSymbol;
  const details = {
    symbol: symbol >= 0 ? nameText(loader.symbols.names, Math.min(symbol, loader.symbols.names.count - 1)) : "",
    output: mode.kind,
  };
  const place = { file: object.name, section: sectionName(object, loader.sections, section) };
  report((options.z.text === true ? error : warning)("text-relocation", place, details));
}

/** COPY: the dynamic linker fills the program's copy from the library's variable. */
function writeCopies(
  copies: readonly SymbolId[],
  address: Float64Array,
  dynamicIndex: Int32Array,
  list: RelocationList,
  machine: Machine,
): void {
  for (const id of copies) addRelocation(list, address[id], machine.dynamic.copy, dynamicIndex[id], 0);
}

/** What is written was counted before layout; a difference is an error of the linker, never a broken file. */
function writeRelocationChunk(
  list: RelocationList,
  chunk: Chunk | undefined,
  sorted: boolean,
  machine: Machine,
  view: DataView,
  report: Report,
): void {
  if (list.count !== list.address.length) {
    report(error("internal-relocation-count", {}, { counted: list.address.length, written: list.count }));
    return;
  }
  if (chunk !== undefined)
    writeRelocations(list, sorted ? sortRelocations(list, machine) : undefined, machine, view, chunk.offset);
}

/** IFUNC and unique symbols need a loader that knows GNU's extensions: EI_OSABI says so. */
function usesGnuFeatures(symbols: SymbolTable): boolean {
  for (let id = 0; id < symbols.count; id++) {
    if (!isDefinedHere(symbols, id)) continue;
    if (symbols.type[id] === STT_GNU_IFUNC || (symbols.flags[id] & FLAG_UNIQUE) !== 0) return true;
  }
  return false;
}

function hasContents(outputs: OutputSections, sections: SectionTable, name: string): boolean {
  return outputs.list.some(
    (it) =>
      it.name === name && (it.chunks.length > 0 || it.pieces.some((piece) => piece >= 0 && sections.size[piece] > 0)),
  );
}
