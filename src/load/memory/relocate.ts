// Applies the relocations of an object to its memory, with what its references are bound to. glibc's order: DT_RELR, then
// each table, its IRELATIVE entries last (elf/do-rel.h). Addresses are two halves of 32 bits; a 32-bit machine uses the lower.

import {
  DF_TEXTREL,
  DT_JMPREL,
  DT_PLTGOT,
  DT_RELR,
  DT_RELRSZ,
  DT_TEXTREL,
  type ElfImage,
  error,
  PF_W,
  rangeAtAddress,
  readRelr,
} from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolOther, symbolSize, symbolValue, symbolValueHigh, symbolValueLow } from "../file/dynamic-symbols.ts";
import { entryAddendHigh, entryAddendLow, entryOffset, entrySymbol, entryType } from "../file/relocation-entry.ts";
import type { RelocationRange } from "../file/relocation-ranges.ts";
import {
  DO_BLOCK_OFFSET,
  DO_BLOCK_OFFSET_ALONE,
  DO_BLOCK_OFFSET_OR_STATIC,
  DO_BYTE,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_INSTRUCTION,
  DO_INSTRUCTION_TP,
  DO_JUMP,
  DO_MODULE,
  DO_MODULE_OR_STATIC,
  DO_NOTHING,
  DO_PC,
  DO_PC16,
  DO_PC16_HALVED,
  DO_PC32,
  DO_PC32_HALVED,
  DO_REFUSE,
  DO_RELATIVE,
  DO_SIZE,
  DO_SIZE32,
  DO_SLOT,
  DO_SLOT_ADDEND,
  DO_TP_OFFSET,
  DO_TP_OFFSET_NEGATED,
  DO_WORD,
  DO_WORD_DEFINED,
  DO_WORD16,
  DO_WORD32,
} from "../machines/index.ts";
import { isOpenToAll } from "../objects/map.ts";
import {
  addressOf,
  type Bindings,
  isIndirect,
  type LoadedObject,
  type LoadedProcess,
  NOT_YET_BOUND,
  staysPut,
} from "../objects/objects.ts";
import {
  copyMemory,
  type MappedRegion,
  MOST_WRITTEN,
  mappedPart,
  PAGE,
  pageToWrite,
  readMemory,
  writeMemory,
} from "../objects/region.ts";
import { behaves } from "../settings/profiles.ts";
import { usesFixedTls } from "../tls/fixed-tls.ts";
import { blockFromThreadPointer } from "../tls/tls.ts";
import { descriptorFunctions } from "../tls/tls-descriptors.ts";
import { resolverFailed } from "./resolver-faults.ts";
import { writeWord } from "./words.ts";

const TWO_32 = 0x1_0000_0000;

/** A place in an object's memory that is being written to, and the number that goes there. */
interface Pen {
  readonly regions: readonly MappedRegion[];
  readonly wide: boolean;
  readonly littleEndian: boolean;
  /** The page that `view` shows: addresses [start, end). Empty while the pen is on a seam. */
  start: number;
  end: number;
  view: DataView;
  /** Offset in `view` of the word that `reach` went to. */
  at: number;
  low: number;
  high: number;
  /** A word that lies in two pages is changed in `seam` and put back from there; where it is, and how long, 0 for none. */
  readonly seam: DataView;
  seamAt: number;
  seamBytes: number;
  /** Something was written where the segment may not be written to. */
  readOnly: boolean;
  /** The process has written to too much. */
  full: boolean;
}

function newPen(regions: readonly MappedRegion[], { elfClass, littleEndian }: ElfImage): Pen {
  const seam = new DataView(new ArrayBuffer(16));
  return {
    regions,
    wide: elfClass === 64,
    littleEndian,
    start: 0,
    end: 0,
    view: seam,
    at: 0,
    low: 0,
    high: 0,
    seam,
    seamAt: 0,
    seamBytes: 0,
    readOnly: false,
    full: false,
  };
}

/** Applies all relocations of an object whose references are bound and whose `regions` are there. */
export function relocateObject(task: LoadedProcess, object: LoadedObject): void {
  const { file, bindings } = object;
  if (object.regions === undefined || bindings === undefined) return;
  const pen = newPen(object.regions, file.elf);
  if (behaves(task.options.profile, "relr") || behaves(task.options.profile, "muslRelr")) applyRelr(object, pen);
  const lazy = task.lazy && !file.bindNow;
  if (task.record.got.always || lazy) noteLoaderWords(task, object);
  findEntries(task, object, object.regions);
  let row = 0;
  for (const range of file.ranges) row = applyRange(task, object, bindings, pen, range, row);
  leaveSeam(pen);
  if (pen.full) task.problems.push(error("process-memory-full", { file: object.name }, { bytes: MOST_WRITTEN }));
  if (pen.readOnly && !hasTextRelocations(object)) {
    task.problems.push(error("relocation-in-read-only-memory", { file: object.name }));
  }
}

/** DT_TEXTREL: glibc makes all segments writable while relocations are applied. Without it the real process is killed. */
function hasTextRelocations(object: LoadedObject): boolean {
  const { file, library } = object;
  if (library === "musl") return isOpenToAll(object);
  return file.values.has(DT_TEXTREL) || (file.flags & DF_TEXTREL) !== 0;
}

/** Words of the GOT that the loader sets before anything else (elf_machine_runtime_setup). */
function noteLoaderWords(task: LoadedProcess, object: LoadedObject): void {
  const { got, facts } = task.record;
  const table = object.file.values.get(DT_PLTGOT);
  const hasSlots = got.withoutJumpSlots === true || object.file.values.has(DT_JMPREL);
  if (table === undefined || !hasSlots || task.options.profile.library === "musl") return;
  for (const { index, meaning } of got.words)
    task.loaderWords.push({ object, site: object.base + table + index * facts.wordBytes, meaning });
}

/** Where the PLT's entries are is told by a word of the dynamic section, which gets the base (elf_machine_runtime_setup). */
function findEntries(task: LoadedProcess, { file, base }: LoadedObject, regions: readonly MappedRegion[]): void {
  const { facts, plt } = task.record;
  const word = file.words.findLast(({ tag }) => tag === plt.entries?.tag);
  if (word === undefined || !file.values.has(DT_JMPREL) || task.options.profile.library === "musl") return;
  writeWord(regions, base + word.valueAddress, facts, base + word.value);
}

/** Finds the word of `size` bytes at an address. False if no segment holds it, or there is no room to change it. */
function reach(pen: Pen, address: number, size: number): boolean {
  if (pen.seamBytes !== 0) leaveSeam(pen);
  if (address < pen.start || address + size > pen.end) {
    const region = pen.regions.find(({ start, end }) => address >= start && address < end);
    if (region === undefined) return false;
    if ((region.flags & PF_W) === 0) pen.readOnly = true;
    const page = Math.floor((address - region.start) / PAGE);
    const start = region.start + page * PAGE;
    if (address + size > start + PAGE) return reachSeam(pen, address, size);
    const bytes = pageToWrite(region, page);
    if (bytes === undefined) {
      pen.full = true;
      return false;
    }
    pen.start = start;
    pen.end = start + PAGE;
    pen.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  pen.at = address - pen.start;
  return true;
}

function reachSeam(pen: Pen, address: number, size: number): boolean {
  const { seam } = pen;
  if (!readMemory(pen.regions, address, new Uint8Array(seam.buffer, 0, size))) return false;
  pen.start = 0;
  pen.end = 0;
  pen.view = seam;
  pen.at = 0;
  pen.seamAt = address;
  pen.seamBytes = size;
  return true;
}

/** Puts the word back that lies in two pages. */
function leaveSeam(pen: Pen): void {
  if (pen.seamBytes !== 0) writeMemory(pen.regions, pen.seamAt, new Uint8Array(pen.seam.buffer, 0, pen.seamBytes));
  pen.seamBytes = 0;
}

/** Adds the word that was reached to the pen. */
function addToField(pen: Pen): void {
  const { low, high } = pen;
  read(pen);
  add(pen, low, high);
}

/** Reads the word that was reached. */
function read(pen: Pen): void {
  const { view, at, wide, littleEndian } = pen;
  pen.low = view.getUint32(wide && !littleEndian ? at + 4 : at, littleEndian);
  pen.high = wide ? view.getUint32(littleEndian ? at + 4 : at, littleEndian) : 0;
}

function add(pen: Pen, low: number, high: number): void {
  const sum = pen.low + (low >>> 0);
  pen.high = (pen.high + high + (sum >= TWO_32 ? 1 : 0)) >>> 0;
  pen.low = sum >>> 0;
}

function addNumber(pen: Pen, value: number): void {
  add(pen, value >>> 0, Math.floor(value / TWO_32));
}

function write(pen: Pen): void {
  const { view, at, wide, littleEndian } = pen;
  view.setUint32(wide && !littleEndian ? at + 4 : at, pen.low, littleEndian);
  if (wide) view.setUint32(littleEndian ? at + 4 : at, pen.high, littleEndian);
}

function applyRelr(object: LoadedObject, pen: Pen): void {
  const { file, base } = object;
  const where = file.values.get(DT_RELR);
  const size = file.values.get(DT_RELRSZ);
  const range = where === undefined ? undefined : rangeAtAddress(file.elf, where);
  if (range === undefined || size === undefined) return;
  const end = Math.min(range.end, range.start + size);
  const ignore = (): void => {};
  const bytes = pen.wide ? 8 : 4;
  for (const address of readRelr(file.elf, { start: range.start, end }, { file: file.elf.name }, ignore)) {
    if (!reach(pen, base + address, bytes)) continue;
    read(pen);
    addNumber(pen, base);
    write(pen);
  }
}

/** @returns the row of the first symbolic relocation behind the range */
function applyRange(
  task: LoadedProcess,
  object: LoadedObject,
  bindings: Bindings,
  pen: Pen,
  range: RelocationRange,
  firstRow: number,
): number {
  const { elf } = object.file;
  const kinds = task.record.relocations.glibc;
  const beyond = kinds.length - 1;
  const relativeEnd = Math.min(range.end, range.start + range.relativeCount * range.entry);
  for (let at = range.start; at < relativeEnd; at += range.entry) applyRelative(object, pen, range, at);
  const indirect: number[] = [];
  let row = firstRow;
  for (let at = relativeEnd; at < range.end; at += range.entry) {
    const kind = kinds[Math.min(entryType(elf, at), beyond)];
    if (kind === DO_RELATIVE) applyRelative(object, pen, range, at);
    else if (kind === DO_INDIRECT) indirect.push(at);
    else if (kind !== DO_NOTHING) applySymbolic(task, object, bindings, pen, range, at, row++, kind);
  }
  for (const at of indirect) applyIndirect(task, object, pen, range, at);
  return row;
}

/** Puts A into the pen, which has reached the site: from the relocation, or from memory. */
function takeAddend(pen: Pen, elf: ElfImage, range: RelocationRange, at: number): void {
  if (!range.rela) {
    read(pen);
    return;
  }
  pen.low = entryAddendLow(elf, at);
  pen.high = entryAddendHigh(elf, at);
}

function applyRelative(object: LoadedObject, pen: Pen, range: RelocationRange, at: number): void {
  const { elf } = object.file;
  if (!reach(pen, object.base + entryOffset(elf, at), pen.wide ? 8 : 4)) return;
  takeAddend(pen, elf, range, at);
  addNumber(pen, object.base);
  write(pen);
}

function applyIndirect(task: LoadedProcess, object: LoadedObject, pen: Pen, range: RelocationRange, at: number): void {
  const { elf } = object.file;
  const site = object.base + entryOffset(elf, at);
  if (!reach(pen, site, pen.wide ? 8 : 4)) return;
  takeAddend(pen, elf, range, at);
  addNumber(pen, object.base);
  const type = entryType(elf, at);
  writeChoice(task, object, pen, site, type, object, pen.high * TWO_32 + pen.low);
}

/** Writes what an indirect function chose, or notes that only running code can tell. */
function writeChoice(
  task: LoadedProcess,
  object: LoadedObject,
  pen: Pen,
  site: number,
  type: number,
  provider: LoadedObject,
  resolver: number,
): void {
  const chosen = task.host.resolveIndirect?.(provider, resolver);
  if (typeof chosen !== "number") {
    if (chosen?.how === "fault") resolverFailed(task, object, provider, resolver, chosen);
    task.undecided.set(site, { object, site, type, provider, resolver, end: chosen });
    return;
  }
  task.decided.set(site, chosen);
  pen.low = 0;
  pen.high = 0;
  addNumber(pen, chosen);
  write(pen);
}

/** Adds S to the pen: the address of a symbol; nothing for a weak one that is not defined. */
function addSymbol(pen: Pen, provider: LoadedObject | undefined, symbol: number): void {
  if (provider === undefined) return;
  const { symbols } = provider.file;
  if (symbol >= symbols.count) {
    addNumber(pen, provider.base);
    return;
  }
  if (!staysPut(provider, symbol)) addNumber(pen, provider.base);
  add(pen, symbolValueLow(symbols, symbol), symbolValueHigh(symbols, symbol));
}

function applySymbolic(
  task: LoadedProcess,
  object: LoadedObject,
  bindings: Bindings,
  pen: Pen,
  range: RelocationRange,
  at: number,
  row: number,
  kind: number,
): void {
  const { elf } = object.file;
  const site = object.base + entryOffset(elf, at);
  const bytes = bytesOf(kind, pen.wide);
  if (
    kind === DO_REFUSE ||
    !reach(pen, site, kind === DO_DESCRIPTOR || kind === DO_MODULE_OR_STATIC ? 2 * bytes : bytes)
  ) {
    if (kind !== DO_COPY && kind !== DO_REFUSE && !pen.full) outside(task, object, site);
    if (kind !== DO_COPY) return;
  }
  if (bindings.rule[row] === NOT_YET_BOUND) {
    writeUnbound(task, object, pen, (at - range.start) / range.entry);
    return;
  }
  const provider: LoadedObject | undefined = task.objects[bindings.provider[row]];
  const symbol = bindings.symbol[row];
  if (provider !== undefined && takesAddress(kind) && isIndirect(provider, symbol)) {
    const type = entryType(elf, at);
    const resolver = addressOf(provider, symbol);
    writeChoice(task, object, pen, site, type, provider, resolver);
    return;
  }
  switch (kind) {
    case DO_SLOT:
      pen.low = 0;
      pen.high = 0;
      addSymbol(pen, provider, symbol);
      write(pen);
      return;
    case DO_WORD:
    case DO_SLOT_ADDEND:
      takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      write(pen);
      return;
    case DO_WORD_DEFINED:
      pen.low = 0;
      pen.high = 0;
      if (provider !== undefined) takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      write(pen);
      return;
    case DO_JUMP:
      takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      if (provider === object) addNumber(pen, task.record.localEntry?.(symbolOther(object.file.symbols, symbol)) ?? 0);
      write(pen);
      return;
    case DO_PC:
      takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      addNumber(pen, -site);
      write(pen);
      return;
    case DO_WORD32:
    case DO_PC32:
      takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      if (kind === DO_PC32) addNumber(pen, -site);
      pen.view.setUint32(pen.at, pen.low, pen.littleEndian);
      return;
    case DO_WORD16:
    case DO_BYTE:
    case DO_PC16:
    case DO_PC32_HALVED:
    case DO_PC16_HALVED:
      takeAddend(pen, elf, range, at);
      addSymbol(pen, provider, symbol);
      writePart(pen, site, kind, bytes);
      return;
    case DO_SIZE:
    case DO_SIZE32:
      takeAddend(pen, elf, range, at);
      if (provider !== undefined) addNumber(pen, symbolSize(provider.file.symbols, symbol));
      if (kind === DO_SIZE) write(pen);
      else pen.view.setUint32(pen.at, pen.low, pen.littleEndian);
      return;
    case DO_COPY:
      copy(task, object, pen, provider, symbol, symbolicOf(object.file).symbol[row], site);
      return;
    case DO_INSTRUCTION:
    case DO_INSTRUCTION_TP:
      if (kind === DO_INSTRUCTION_TP && provider === undefined) return;
      if (range.rela) takeAddend(pen, elf, range, at);
      else {
        pen.low = 0;
        pen.high = 0;
      }
      if (kind === DO_INSTRUCTION) addSymbol(pen, provider, symbol);
      else if (provider !== undefined)
        addNumber(pen, offsetInBlock(provider, symbol) + blockFromThreadPointer(task, provider));
      writeInstruction(task, object, pen, entryType(elf, at), site);
      return;
    default:
      applyTls(task, object, pen, range, elf, at, provider, symbol, kind);
      return;
  }
}

/** The pen holds S + A; where a value does not fit, the real loader ends the process. */
function writeInstruction(task: LoadedProcess, object: LoadedObject, pen: Pen, type: number, site: number): void {
  const rule = task.record.relocations.instructions?.get(type);
  if (rule === undefined || rule.write(pen.view, pen.at, pen.low, pen.high, site)) return;
  const facts = { relocation: rule.name, address: site - object.base };
  task.problems.push(error("relocation-does-not-fit", { file: object.name }, facts));
}

/** Where a thread-local variable is in its module's block. */
function offsetInBlock({ file: { symbols } }: LoadedObject, symbol: number): number {
  return symbol < symbols.count ? symbolValue(symbols, symbol) : 0;
}

/** Lazy: the slot leads into the PLT, as the file says it or, on some machines, to the entry with its number. */
function writeUnbound(task: LoadedProcess, object: LoadedObject, pen: Pen, index: number): void {
  const { entries } = task.record.plt;
  if (entries === undefined) read(pen);
  else {
    pen.low = 0;
    pen.high = 0;
    addNumber(pen, (object.file.values.get(entries.tag) ?? 0) + entries.first + entries.step * index);
  }
  addNumber(pen, object.base);
  write(pen);
}

/** Others have no use for what an indirect function chooses. */
function takesAddress(kind: number): boolean {
  return (
    kind === DO_SLOT ||
    kind === DO_WORD ||
    kind === DO_SLOT_ADDEND ||
    kind === DO_WORD_DEFINED ||
    kind === DO_JUMP ||
    kind === DO_PC ||
    kind === DO_WORD32 ||
    kind === DO_PC32 ||
    kind === DO_INSTRUCTION ||
    kind === DO_COPY
  );
}

/** How many bytes a kind changes; of a descriptor one word. */
export function bytesOf(kind: number, wide: boolean): number {
  switch (kind) {
    case DO_BYTE:
      return 1;
    case DO_WORD16:
    case DO_PC16:
    case DO_PC16_HALVED:
      return 2;
    case DO_INSTRUCTION:
    case DO_INSTRUCTION_TP:
    case DO_WORD32:
    case DO_PC32:
    case DO_SIZE32:
    case DO_PC32_HALVED:
      return 4;
    default:
      return wide ? 8 : 4;
  }
}

/** The pen holds S + A; what does not fit is dropped, as the loader does. */
function writePart(pen: Pen, site: number, kind: number, bytes: number): void {
  if (kind !== DO_WORD16 && kind !== DO_BYTE) addNumber(pen, -site);
  const { view, at, littleEndian } = pen;
  const isHalved = kind === DO_PC32_HALVED || kind === DO_PC16_HALVED;
  const value = isHalved ? (pen.low >>> 1) | (pen.high << 31) : pen.low;
  if (bytes === 4) view.setUint32(at, value, littleEndian);
  else if (bytes === 2) view.setUint16(at, value & 0xffff, littleEndian);
  else view.setUint8(at, value & 0xff);
}

/** R_*_COPY: a library's variable moves to the program, with the value it has by now. */
function copy(
  task: LoadedProcess,
  object: LoadedObject,
  pen: Pen,
  provider: LoadedObject | undefined,
  symbol: number,
  own: number,
  site: number,
): void {
  if (provider?.regions === undefined) return;
  const room = symbolSize(object.file.symbols, own);
  // musl asks for no more than its own symbol's size, whatever the library has there.
  const size = object.library === "musl" ? room : Math.min(symbolSize(provider.file.symbols, symbol), room);
  const from = addressOf(provider, symbol);
  leaveSeam(pen);
  const { regions } = pen;
  if (mappedPart(provider.regions, from, size) < size || mappedPart(regions, site, size) < size)
    outside(task, object, site);
  else if (!copyMemory(provider.regions, from, regions, site, size)) pen.full = true;
  // What could not be decided there cannot be here.
  const word = object.file.elf.elfClass / 8;
  for (const undecided of [...task.undecided.values()]) {
    if (undecided.site < from || undecided.site + word > from + size) continue;
    const there = site + (undecided.site - from);
    task.undecided.set(there, { ...undecided, object, site: there });
  }
}

/** Thread-local storage. A weak reference without a definition leaves the word alone. */
function applyTls(
  task: LoadedProcess,
  object: LoadedObject,
  pen: Pen,
  range: RelocationRange,
  elf: ElfImage,
  at: number,
  provider: LoadedObject | undefined,
  symbol: number,
  kind: number,
): void {
  if (kind === DO_DESCRIPTOR) {
    applyDescriptor(task, object, pen, range, elf, at, provider, symbol);
    return;
  }
  if (provider === undefined) return;
  const value = offsetInBlock(provider, symbol);
  const isFixed = provider.tlsIsStatic && usesFixedTls(object);
  switch (kind) {
    case DO_MODULE_OR_STATIC:
      pen.low = isFixed ? 0 : provider.tlsModule;
      pen.high = 0;
      write(pen);
      if (!isFixed) return;
      pen.at += task.record.facts.wordBytes;
      addNumber(pen, blockFromThreadPointer(task, provider) + task.record.facts.tls.dtpBias);
      write(pen);
      return;
    case DO_BLOCK_OFFSET_OR_STATIC:
      takeAddend(pen, elf, range, at);
      addNumber(pen, value - task.record.facts.tls.dtpBias);
      if (isFixed) addToField(pen);
      write(pen);
      return;
    case DO_MODULE:
      pen.low = provider.tlsModule;
      pen.high = 0;
      write(pen);
      return;
    case DO_BLOCK_OFFSET:
      takeAddend(pen, elf, range, at);
      addNumber(pen, value - task.record.facts.tls.dtpBias);
      write(pen);
      return;
    case DO_BLOCK_OFFSET_ALONE:
      pen.low = 0;
      pen.high = 0;
      addNumber(pen, value - task.record.facts.tls.dtpBias);
      write(pen);
      return;
    case DO_TP_OFFSET:
      takeAddend(pen, elf, range, at);
      addNumber(pen, value + blockFromThreadPointer(task, provider));
      write(pen);
      return;
    case DO_TP_OFFSET_NEGATED:
      takeAddend(pen, elf, range, at);
      addNumber(pen, -blockFromThreadPointer(task, provider) - value);
      write(pen);
      return;
  }
}

/** A descriptor: the function that computes the offset, then its argument, which for static TLS is the offset itself. */
function applyDescriptor(
  task: LoadedProcess,
  object: LoadedObject,
  pen: Pen,
  range: RelocationRange,
  elf: ElfImage,
  at: number,
  provider: LoadedObject | undefined,
  symbol: number,
): void {
  const first = pen.at;
  const { facts, descriptors } = task.record;
  if (descriptors === undefined) return;
  const word = facts.wordBytes;
  const [functionAt, argumentAt] = descriptors.functionFirst ? [0, word] : [word, 0];
  if (provider !== undefined && !provider.tlsIsStatic) {
    const site = object.base + entryOffset(elf, at);
    task.loaderWords.push({ object, site: site + functionAt, meaning: "tls-function" });
    task.loaderWords.push({ object, site: site + argumentAt, meaning: "tls-record" });
    return;
  }
  const functions = descriptorFunctions(task);
  // REL keeps the addend where the argument goes; musl reads the second word, whatever that is for (do_relocs).
  pen.at = first + (task.options.profile.library === "musl" ? word : argumentAt);
  takeAddend(pen, elf, range, at);
  pen.at = first + argumentAt;
  const named = task.options.profile.library !== "musl" && entrySymbol(elf, at) !== 0;
  // What nobody defines leaves the argument as it is.
  if (descriptors.addendWithoutSymbol && named && provider !== undefined) {
    pen.low = 0;
    pen.high = 0;
  }
  if (provider !== undefined) addNumber(pen, offsetInBlock(provider, symbol) + blockFromThreadPointer(task, provider));
  write(pen);
  pen.at = first + functionAt;
  pen.low = 0;
  pen.high = 0;
  const entry = provider === undefined ? functions.undefinedWeak : functions.static;
  if (entry === undefined) return;
  addNumber(pen, entry);
  write(pen);
}

function outside(task: LoadedProcess, object: LoadedObject, site: number): void {
  task.problems.push(error("relocation-outside-memory", { file: object.name }, { address: site - object.base }));
}
