// Writes the output: the input sections, relocated; then what the linker made; then the headers. Every byte has its place
// already, and what is written is held against what was counted.

import type { Machine } from "../../arch/index.ts";
import { STT_GNU_IFUNC } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import { fillGaps } from "../layout/addresses.ts";
import { buildIdBytes } from "../made/build-id.ts";
import { addRelocation, type RelocationList, sortRelocations, writeRelocations } from "../made/dynamic-relocations.ts";
import { writeDynamic } from "../made/dynamic-section.ts";
import type { MadeSections } from "../made/make-sections.ts";
import { isForcedLocal } from "../made/output-symbols.ts";
import { packAndroid } from "../made/pack-android.ts";
import type { SlotAddresses } from "../made/slots.ts";
import { writeParts } from "../made/split-relocations.ts";
import { isOwnPltFunction, writeSymbols } from "../made/symbol-entries.ts";
import { isMbind } from "../mapping/mbind.ts";
import type { LinkOptions } from "../options.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { KeptSections } from "../sections/kept-sections.ts";
import { entryAddress } from "../symbols/entry.ts";
import type { SymbolValues } from "../symbols/symbol-values.ts";
import { alignUp, type Layout } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import { nameText } from "../tables/names.ts";
import { type Chunk, isWritten } from "../tables/output-section.ts";
import { FLAG_COLLECTED, FLAG_UNIQUE, isDefinedHere, type SymbolTable } from "../tables/symbol-table.ts";
import { chooseCompression, compressDebug } from "./compress-debug.ts";
import { writeEmitted, writeSectionSymbols } from "./emit-relocs.ts";
import { gdbIndex } from "./gdb-index.ts";
import { relocateObjects } from "./relocate.ts";
import type { Relocator } from "./relocator.ts";
import { type GotWriter, writeDynamicSymbols, writeGot, writeGotHeader, writePlt } from "./write-chunks.ts";
import { planHeaders, writeHeaders } from "./write-headers.ts";

/** What one ArrayBuffer holds in every engine of today. Memory that stays zero costs nothing, so size alone is no harm. */
export const LARGEST_IMAGE: number = 0xffffffff;

/** @returns undefined if sizes have changed: to be laid out and written again */
export function writeImage(
  loader: Loader,
  scan: Scan,
  kept: KeptSections,
  made: MadeSections,
  layout: Layout,
  values: SymbolValues,
  at: SlotAddresses,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
  report: Report,
): Uint8Array | undefined {
  const { objects, sections, symbols } = loader;
  const { outputs, address, merged } = values;
  const { slots, dynamic, symtab, dynamicRelocations, pltRelocations, relocationChunks } = made;
  const is64 = machine.elfClass === 64;
  const withSections = options.z.sectionheader;
  let headers = planHeaders(layout, layout.contentsEnd, is64, withSections);
  if (headers.imageSize > LARGEST_IMAGE) {
    report(error("output-too-large", {}, { size: headers.imageSize, largest: LARGEST_IMAGE }));
    return new Uint8Array(0);
  }
  let image = new Uint8Array(headers.imageSize);
  const view = new DataView(image.buffer);
  const dynamicIndex = dynamic?.symbols.indexOf ?? new Int32Array(symbols.count);
  // In a static program .rela.iplt holds everything; the PLT's own come first there too.
  const general = mode.dynamic ? dynamicRelocations : pltRelocations;
  const gotWriter: GotWriter = {
    machine,
    mode,
    values,
    scan,
    slots,
    at,
    layout,
    dynamicIndex,
    dynamic: general,
    plt: pltRelocations,
    view,
  };

  for (const it of outputs.list) fillGaps(it, outputs.chunks, sections, it.address, machine, image);
  writeGot(gotWriter, made.got, made.packed !== undefined);
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
    reversed: outputs.reversed,
    addendsInPlace: outputs.byScript,
    chunks: outputs.chunks,
    merged,
    dynamicIndex,
    dynamic: general,
    packed: made.packed?.scanned,
    image,
    view,
    report,
    contents: undefined,
    cursor: 0,
    locator: loader.locator,
    kept,
    overflows: 0,
  };
  relocateObjects(relocator, objects);
  // The dynamic linker fills the program's copies from the libraries' variables.
  for (const id of made.copies)
    addRelocation(dynamicRelocations, address[id], machine.dynamic.copy, dynamicIndex[id], 0);

  const order = (list: RelocationList): Int32Array => sortRelocations(list, machine, ownResolvers(made, symbols, mode));
  if (options.androidRelocations && !fillPacked(dynamicRelocations, relocationChunks.dynamic, order, machine))
    return undefined;
  const { gotPlt } = made.slotChunks;
  if (gotPlt !== undefined) writeGotHeader(gotPlt, dynamic?.chunks.dynamic.address ?? 0, is64, view);
  writePlt(gotWriter, made.slotChunks);
  if (dynamic !== undefined) {
    writeDynamicSymbols(dynamic.symbols, values, dynamic.chunks.dynsym, view, is64, mode);
    if (isWritten(dynamic.chunks.dynamic)) writeDynamic(dynamic.tags, machine, view, dynamic.chunks.dynamic.offset);
  }
  const { parts } = relocationChunks;
  if (!options.androidRelocations)
    writeRelocationChunk(dynamicRelocations, relocationChunks.dynamic, order, machine, view, report);
  if (parts !== undefined)
    writeParts(dynamicRelocations, parts, ownResolvers(made, symbols, mode), sections, machine, view);
  writeRelocationChunk(pltRelocations, relocationChunks.plt, undefined, machine, view, report);
  for (const chunk of outputs.chunks) if (isWritten(chunk)) chunk.write?.(image, view, chunk);
  if (symtab !== undefined) {
    writeSymbols(symtab.plan, values, objects, view, symtab.table.offset, -1, is64, mode);
    image.set(symtab.plan.strings.bytes.subarray(0, symtab.plan.strings.size), symtab.strings.offset);
    if (made.emitted !== undefined) {
      writeSectionSymbols(made.emitted, layout.sections, symtab.plan.sectionSymbols, view, symtab.table.offset, is64);
      writeEmitted(relocator, made.emitted, objects);
    }
  }
  if (made.gdbIndex !== undefined) {
    const bytes = gdbIndex(image, layout.sections);
    made.gdbIndex.offset = alignUp(layout.contentsEnd, 4);
    made.gdbIndex.size = bytes.length;
    headers = planHeaders(layout, made.gdbIndex.offset + bytes.length, is64, withSections);
    const larger = new Uint8Array(headers.imageSize);
    larger.set(image.subarray(0, layout.contentsEnd));
    larger.set(bytes, made.gdbIndex.offset);
    image = larger;
  }
  const compression = chooseCompression(options, report);
  if (compression !== undefined) {
    const packed = compressDebug(image, layout.sections, compression, is64);
    if (packed !== undefined) {
      headers = planHeaders(layout, packed.contentsEnd, is64, withSections);
      image = new Uint8Array(headers.imageSize);
      for (const { offset, bytes } of packed.parts) image.set(bytes, offset);
    }
  }
  const given = entryName(loader);
  const entry = entryAddress(values, given, mode, report, loader.hasScript);
  writeHeaders(
    headers,
    layout,
    machine,
    mode,
    entry,
    usesGnuFeatures(symbols, mode, options) || layout.sections.some(isMbind),
    image,
  );
  if (made.buildId !== undefined && isWritten(made.buildId)) {
    const { bytes, blocks } = buildIdBytes(options.buildId, image, options.accelerators);
    image.set(bytes, made.buildId.offset + 16);
    made.idBlocks = blocks;
  }
  return image;
}

/**
 * --pack-dyn-relocs=android: what the relocations take is known only when all have been written.
 * @returns false if the section has to be larger (or, the first time, smaller): its size is set, and all is to be laid out anew
 */
function fillPacked(
  list: RelocationList,
  chunk: Chunk | undefined,
  order: (list: RelocationList) => Int32Array,
  machine: Machine,
): boolean {
  if (chunk?.output === undefined) return true;
  const bytes = packAndroid(list, order(list), machine);
  const isPlanned = chunk.write !== undefined;
  // A reader stops at the count, so that zeros may follow.
  chunk.write = (image, _view, { offset }) => image.set(bytes, offset);
  if (isPlanned && bytes.length <= chunk.size) return true;
  chunk.size = alignUp(bytes.length, machine.wordBytes);
  return false;
}

/** What is written was counted before layout; a difference is an error of the linker, never a broken file. */
function writeRelocationChunk(
  list: RelocationList,
  chunk: Chunk | undefined,
  order: ((list: RelocationList) => Int32Array) | undefined,
  machine: Machine,
  view: DataView,
  report: Report,
): void {
  if (list.count !== list.address.length) {
    report(error("internal-relocation-count", {}, { counted: list.address.length, written: list.count }));
    return;
  }
  // None, or a script discards them.
  if (chunk === undefined || !isWritten(chunk)) return;
  writeRelocations(list, order?.(list), machine, view, chunk.offset);
}

/** By index in .dynsym: 1 where the dynamic linker, once it has found the symbol here, runs its resolver. */
function ownResolvers({ dynamic }: MadeSections, symbols: SymbolTable, mode: OutputMode): Uint8Array {
  const ids = dynamic?.symbols.ids ?? [];
  const resolved = new Uint8Array(ids.length + 1);
  ids.forEach((id, i) => {
    const isIfunc = symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id);
    if (isIfunc && !isOwnPltFunction(symbols, id, mode)) resolved[i + 1] = 1;
  });
  return resolved;
}

/**
 * IFUNC and unique symbols need a loader that knows GNU's extensions: EI_OSABI says so. As BFD, which sets it while it writes
 * .symtab (bfd/elflink.c, elf_link_output_symstrtab), an output without that table, or without these symbols in it, does not say it.
 */
function usesGnuFeatures(symbols: SymbolTable, mode: OutputMode, options: LinkOptions): boolean {
  if (options.strip === "all") return false;
  const retained = options.retainSymbols === undefined ? undefined : new Set(options.retainSymbols);
  for (let id = 0; id < symbols.count; id++) {
    if (!isDefinedHere(symbols, id) || isOwnPltFunction(symbols, id, mode)) continue;
    if ((symbols.flags[id] & FLAG_COLLECTED) !== 0) continue;
    if (symbols.type[id] !== STT_GNU_IFUNC && (symbols.flags[id] & FLAG_UNIQUE) === 0) continue;
    if (retained?.has(nameText(symbols.names, id)) === false) continue;
    if (symbols.type[id] === STT_GNU_IFUNC) return true;
    // A local one is unique anyway.
    if ((symbols.flags[id] & FLAG_UNIQUE) !== 0 && !isForcedLocal(symbols, id, mode, options)) return true;
  }
  return false;
}
