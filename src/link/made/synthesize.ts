// Makes the sections that no input brings: .interp, .dynsym and its company, GOT, PLT, dynamic relocations, .dynamic,
// notes. Each becomes a chunk with its size known; what is written into it is in write-chunks.ts.

import type { Machine } from "../../arch/index.ts";
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_INFO_LINK,
  SHF_WRITE,
  SHT_ANDROID_REL,
  SHT_ANDROID_RELA,
  SHT_ANDROID_RELR,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_HASH,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_HASH,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_RELR,
  SHT_STRTAB,
} from "../../elf/constants.ts";
import { bytesOf } from "../../elf/text.ts";
import type { LinkOptions } from "../options.ts";
import type { Scan } from "../scan/scan-result.ts";
import { addBytesChunk, addNoteOutput, outputNamed } from "../sections/space.ts";
import { joinsGotPlt, type OutputMode } from "../tables/mode.ts";
import { addChunk, type Chunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import { relocationSize } from "./dynamic-relocations.ts";
import type { DynamicSymbols } from "./dynamic-symbols.ts";
import type { GotPlan } from "./got.ts";
import { binderOffset, descriptorsStart, type Slots } from "./slots.ts";
import type { RelocationPart } from "./split-relocations.ts";

/** The GOT and PLT chunks; those not needed are undefined. */
export interface SlotChunks {
  readonly got: Chunk | undefined;
  readonly gotPlt: Chunk | undefined;
  readonly igotPlt: Chunk | undefined;
  readonly plt: Chunk | undefined;
  readonly pltSecond: Chunk | undefined;
  readonly iplt: Chunk | undefined;
  readonly pltGot: Chunk | undefined;
}

export function makeSlotChunks(
  outputs: OutputSections,
  slots: Slots,
  scan: Scan,
  usesGot: () => boolean,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): SlotChunks {
  const word = machine.wordBytes;
  const pltCount = slots.pltSymbols.length;
  const ipltCount = slots.ipltSymbols.length;
  const descriptors = slots.tlsDescSymbols.length;
  const wantsGotPlt =
    slots.gotSize > 0 || pltCount > 0 || ipltCount > 0 || descriptors > 0 || scan.needsGotBase || usesGot();
  const code = SHF_ALLOC | SHF_EXECINSTR;
  const data = SHF_ALLOC | SHF_WRITE;
  const make = (
    name: string,
    section: string,
    size: number,
    alignment: number,
    flags: number,
    entsize: number,
  ): Chunk | undefined => {
    if (size === 0) return undefined;
    const place = outputs.planned?.has(name) === true ? name : section;
    const output = outputNamed(outputs, section, SHT_PROGBITS, flags, place);
    output.entsize = entsize;
    return addChunk(outputs, output, name, size, alignment);
  };
  const joined = joinsGotPlt(options);
  const gotPltSection = joined ? ".got" : ".got.plt";
  const gotPlt = wantsGotPlt
    ? make(".got.plt", gotPltSection, descriptorsStart(slots, word) + 2 * descriptors * word, word, data, word)
    : undefined;
  const igotPlt = make(".igot.plt", gotPltSection, ipltCount * word, word, data, word);
  // BFD says how large its entries are where the dynamic sections are finished; that of .got.plt it says always.
  const gotEntsize = mode.dynamic || (joined && gotPlt !== undefined) ? word : 0;
  const got = make(".got", ".got", slots.gotSize, word, data, gotEntsize);
  // GNU ld has the header even where all entries are in .plt.got.
  const binder = slots.tlsDescBinder < 0 ? 0 : (machine.plt.tlsDescriptor?.bytes ?? 0);
  const hasPlt = pltCount > 0 || slots.pltGotSymbols.length > 0 || binder > 0;
  const pltSize = hasPlt ? binderOffset(slots) + binder : 0;
  const direct = slots.direct.entryBytes;
  // BFD's i386 back end says 4.
  const pltEntsize = machine.wordBytes === 4 ? 4 : slots.lazy.entryBytes;
  return {
    got,
    gotPlt,
    igotPlt,
    plt: make(".plt", ".plt", pltSize, 16, code, pltEntsize),
    iplt: make(".iplt", ".plt", ipltCount * direct, direct, code, pltCount > 0 ? pltEntsize : 0),
    pltSecond: make(
      ".plt.sec",
      ".plt.sec",
      slots.second === undefined ? 0 : pltCount * slots.second.entryBytes,
      16,
      code,
      slots.second?.entryBytes ?? 0,
    ),
    pltGot: make(".plt.got", ".plt.got", slots.pltGotSymbols.length * direct, direct, code, direct),
  };
}

export interface RelocationChunks {
  readonly dynamic: Chunk | undefined;
  /** -z nocombreloc: in place of `dynamic`. */
  readonly parts: readonly RelocationPart[] | undefined;
  readonly plt: Chunk | undefined;
  readonly relr: Chunk | undefined;
  /** Entries in each. */
  readonly dynamicCount: number;
  readonly pltCount: number;
}

const ANDROID: readonly number[] = [SHT_ANDROID_REL, SHT_ANDROID_RELA, SHT_ANDROID_RELR];

/**
 * @param packed how many relocations go into .relr.dyn instead
 * @param copies COPY relocations
 * @param split makes what stands in place of .rela.dyn
 */
export function makeRelocationChunks(
  outputs: OutputSections,
  scan: Scan,
  got: GotPlan,
  copies: number,
  packed: number,
  split: (() => readonly RelocationPart[] | undefined) | undefined,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): RelocationChunks {
  const size = relocationSize(machine);
  const type = machine.rela ? SHT_RELA : SHT_REL;
  const prefix = machine.rela ? ".rela" : ".rel";
  const gotCount = got.words.reduce((sum, it) => sum + (it.type !== 0 ? 1 : 0), 0);
  let dynamicCount = scan.dynCount + gotCount + copies - packed;
  let pltCount = got.pltWords.length;
  // A static program applies its own IRELATIVE relocations, from __rela_iplt_start on: all in one place.
  if (!mode.dynamic) {
    pltCount += dynamicCount;
    dynamicCount = 0;
  }
  const make = (
    name: string,
    section: string,
    count: number,
    bytes: number,
    kind: number,
    keep = false,
  ): Chunk | undefined => {
    if (count === 0 && !keep) return undefined;
    const output = outputNamed(outputs, section, kind, SHF_ALLOC, name);
    if (keep) output.keep = true;
    output.entsize = bytes;
    if (ANDROID.includes(kind)) {
      output.type = kind;
      // Of packed ones no two are of one size; those of RELR are words.
      if (kind !== SHT_ANDROID_RELR) output.entsize = 1;
    }
    return addChunk(outputs, output, name, count * bytes, machine.wordBytes);
  };
  const { androidRelocations, androidRelrTags } = options;
  // GNU ld packs when it has the section and the tags already; they stay, with nothing in them.
  const isEmptied = mode.dynamic && dynamicCount === 0 && packed > 0 && !androidRelocations;
  const dynamicType = !androidRelocations ? type : machine.rela ? SHT_ANDROID_RELA : SHT_ANDROID_REL;
  const parts = mode.dynamic ? split?.() : undefined;
  return {
    dynamic:
      parts === undefined
        ? make(`${prefix}.dyn`, `${prefix}.dyn`, dynamicCount, size, dynamicType, isEmptied)
        : undefined,
    parts,
    plt: make(mode.dynamic ? `${prefix}.plt` : `${prefix}.iplt`, `${prefix}.plt`, pltCount, size, type),
    relr: make(
      ".relr.dyn",
      ".relr.dyn",
      packed === 0 ? 0 : 1,
      machine.wordBytes,
      androidRelrTags ? SHT_ANDROID_RELR : SHT_RELR,
    ),
    dynamicCount,
    pltCount,
  };
}

export interface DynamicChunks {
  readonly dynsym: Chunk;
  readonly dynstr: Chunk;
  readonly dynamic: Chunk;
}

/** .interp, for programs that the kernel hands to the dynamic linker. */
export function makeInterp(outputs: OutputSections, path: string): void {
  const bytes = bytesOf(`${path}\0`);
  const output = outputNamed(outputs, ".interp", SHT_PROGBITS, SHF_ALLOC);
  addBytesChunk(outputs, output, ".interp", bytes, 1);
}

/**
 * .dynsym, .dynstr, hash tables, versions, and .dynamic without its size: the tags depend on which sections there are
 * (see dynamic-section.ts), and adding their strings makes .dynstr grow.
 */
export function makeDynamicChunks(
  outputs: OutputSections,
  dynamicSymbols: DynamicSymbols,
  machine: Machine,
  options: LinkOptions,
): DynamicChunks {
  const is64 = machine.elfClass === 64;
  const word = machine.wordBytes;
  const dynsymOutput = outputNamed(outputs, ".dynsym", SHT_DYNSYM, SHF_ALLOC);
  dynsymOutput.entsize = is64 ? 24 : 16;
  dynsymOutput.info = 1;
  const dynsym = addChunk(
    outputs,
    dynsymOutput,
    ".dynsym",
    (dynamicSymbols.ids.length + 1) * dynsymOutput.entsize,
    word,
  );
  const dynstrOutput = outputNamed(outputs, ".dynstr", SHT_STRTAB, SHF_ALLOC);
  const dynstr = addChunk(outputs, dynstrOutput, ".dynstr", dynamicSymbols.strings.size, 1);
  dynstr.write = (image, _view, it) => image.set(dynamicSymbols.strings.bytes.subarray(0, it.size), it.offset);
  dynsymOutput.link = dynstrOutput;

  const table = (
    name: string,
    bytes: Uint8Array | undefined,
    type: number,
    alignment: number,
    entsize: number,
    link: OutputSection,
    info = 0,
  ): void => {
    if (bytes === undefined) return;
    const output = outputNamed(outputs, name, type, SHF_ALLOC);
    output.entsize = entsize;
    output.link = link;
    output.info = info;
    addBytesChunk(outputs, output, name, bytes, alignment);
  };
  table(".hash", dynamicSymbols.sysvHash, SHT_HASH, word, 4, dynsymOutput);
  table(".gnu.hash", dynamicSymbols.gnuHash, SHT_GNU_HASH, word, is64 ? 0 : 4, dynsymOutput);
  table(".gnu.version", dynamicSymbols.versym, SHT_GNU_versym, 2, 2, dynsymOutput);
  table(".gnu.version_d", dynamicSymbols.verdef, SHT_GNU_verdef, word, 0, dynstrOutput, dynamicSymbols.verdefCount);
  table(".gnu.version_r", dynamicSymbols.verneed, SHT_GNU_verneed, word, 0, dynstrOutput, dynamicSymbols.verneedCount);

  const dynamicOutput = options.z.rodynamic
    ? outputNamed(outputs, ".dynamic", SHT_DYNAMIC, SHF_ALLOC)
    : outputNamed(outputs, ".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE);
  dynamicOutput.entsize = 2 * word;
  dynamicOutput.link = dynstrOutput;
  const dynamic = addChunk(outputs, dynamicOutput, ".dynamic", 0, word);
  return { dynsym, dynstr, dynamic };
}

/** sh_link and sh_info of the relocation sections. Called when all sections exist. */
export function linkRelocationSections(
  outputs: OutputSections,
  parts: readonly RelocationPart[] | undefined,
  machine: Machine,
  options: LinkOptions,
): void {
  const prefix = machine.rela ? ".rela" : ".rel";
  // IRELATIVE needs no symbols, but a relocation section has to name a symbol table; a static program's is .symtab.
  const dynsym = outputs.byName.get(".dynsym") ?? outputs.byName.get(".symtab");
  for (const { output } of parts ?? []) output.link = dynsym;
  for (const name of [`${prefix}.dyn`, `${prefix}.plt`]) {
    const output = outputs.byName.get(name);
    if (output === undefined) continue;
    output.link = dynsym;
    if (name !== `${prefix}.plt`) continue;
    // By the name of the section alone: a script may have put slots elsewhere (bfd/elf.c, _bfd_elf_plt_get_reloc_section).
    output.infoSection =
      (joinsGotPlt(options) ? undefined : outputs.byName.get(".got.plt")) ?? outputs.byName.get(".got");
    if (output.infoSection !== undefined) output.flags |= SHF_INFO_LINK;
  }
}

/** A note: 12-byte header, owner of three letters, description. GNU ld does not fill up the last one of a section. */
export function noteBytes(type: number, description: Uint8Array, owner: string): Uint8Array {
  const bytes = new Uint8Array(16 + description.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 4, true);
  view.setUint32(4, description.length, true);
  view.setUint32(8, type, true);
  bytes.set(bytesOf(owner).subarray(0, 3), 12);
  bytes.set(description, 16);
  return bytes;
}

/** JSON with its NUL, filled up to four bytes: GNU ld counts these in the description's size. */
export function packageDescription(json: string): Uint8Array {
  const text = bytesOf(json);
  const bytes = new Uint8Array(Math.ceil((text.length + 1) / 4) * 4);
  bytes.set(text);
  return bytes;
}

/** A note section. */
export function makeNote(
  outputs: OutputSections,
  name: string,
  type: number,
  description: Uint8Array,
  owner = "GNU",
): Chunk {
  const bytes = noteBytes(type, description, owner);
  const row = outputs.byName.get(name);
  const output = row ?? addNoteOutput(outputs, name);
  return addBytesChunk(outputs, output, name, bytes, 4);
}
