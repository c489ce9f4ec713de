// The sections that the linker makes, planned in the order in which each depends on the last: slots, copies, GOT and PLT,
// dynamic relocations, dynamic symbols, .dynamic, the output's symbol table. Every size is known afterwards.

import type { Machine } from "../../arch/index.ts";
import { NT_GNU_BUILD_ID, SHF_ALLOC, SHT_PROGBITS, SHT_STRTAB, SHT_SYMTAB } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import { isRelocatedAgainst } from "../scan/got-mention.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import type { VersionDefinition } from "../script/types.ts";
import { allotCopies } from "../sections/space.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { LinkerSymbols } from "../symbols/linker-symbols.ts";
import { definedAddress } from "../symbols/symbol-values.ts";
import type { SymbolId } from "../tables/ids.ts";
import { type OutputMode, replaceable } from "../tables/mode.ts";
import { addChunk, addOutput, type Chunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import { KIND_NONE } from "../tables/symbol-table.ts";
import { buildIdSize } from "./build-id.ts";
import { createRelocationList, type RelocationList, relativeCount } from "./dynamic-relocations.ts";
import { type DynamicTag, planDynamic } from "./dynamic-section.ts";
import { buildDynamicSymbols, type DynamicSymbols } from "./dynamic-symbols.ts";
import { addRelocationSections, countRelocations, type EmittedRelocations } from "./emitted-relocations.ts";
import { type GotPlan, planGot } from "./got.ts";
import { type OutputSymbols, planSymbols } from "./output-symbols.ts";
import { choosePacked, type PackedRelocations } from "./pack-relative.ts";
import { allocateSlots, binderOffset, type Slots } from "./slots.ts";
import { type RelocationPart, splitRelocations } from "./split-relocations.ts";
import {
  type DynamicChunks,
  linkRelocationSections,
  makeDynamicChunks,
  makeInterp,
  makeNote,
  makeRelocationChunks,
  makeSlotChunks,
  packageDescription,
  type RelocationChunks,
  type SlotChunks,
} from "./synthesize.ts";

/** https://systemd.io/ELF_PACKAGE_METADATA */
const NT_FDO_PACKAGING_METADATA = 0xcafe1a7e;

export interface MadeSections {
  readonly slots: Slots;
  readonly slotChunks: SlotChunks;
  readonly got: GotPlan;
  /** Symbols that get a COPY relocation. */
  readonly copies: readonly SymbolId[];
  readonly relocationChunks: RelocationChunks;
  /** Filled while the image is written; their capacity is what was counted. */
  readonly dynamicRelocations: RelocationList;
  readonly pltRelocations: RelocationList;
  readonly packed: PackedRelocations | undefined;
  /** Undefined in a static program. */
  readonly dynamic:
    | { readonly symbols: DynamicSymbols; readonly chunks: DynamicChunks; readonly tags: readonly DynamicTag[] }
    | undefined;
  readonly buildId: Chunk | undefined;
  /** The digests of the output's blocks, of which the build ID is the digest: a relink brings them up to date. Filled with it. */
  idBlocks: Uint8Array | undefined;
  /** Undefined when the symbol table is stripped. */
  readonly symtab: { readonly plan: OutputSymbols; readonly table: Chunk; readonly strings: Chunk } | undefined;
  /** With --emit-relocs. */
  readonly emitted: EmittedRelocations | undefined;
  /** With --gdb-index; filled and given its size at the very end. */
  readonly gdbIndex: OutputSection | undefined;
  /** S of every symbol: filled after layout. */
  readonly address: Float64Array;
}

/** The sections that hold dynamic relocations, each once. */
function relocationHomes({ parts, dynamic }: RelocationChunks): readonly OutputSection[] {
  const chunks = parts?.map((it) => it.chunk) ?? [dynamic];
  return [...new Set(chunks.flatMap((it) => it?.output ?? []))];
}

export function makeSections(
  loader: Loader,
  scan: Scan,
  frames: EhFrames,
  outputs: OutputSections,
  linkerSymbols: LinkerSymbols,
  versions: readonly VersionDefinition[],
  ibtPlt: boolean,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): MadeSections {
  const { objects, sections, symbols, shared } = loader;
  const slots = allocateSlots(symbols, scan, machine, mode, ibtPlt, !options.z.now, outputs.byScript);
  const copies = allotCopies(symbols, shared, outputs);
  const { gotSymbol } = linkerSymbols;
  const usesGot = (): boolean => gotSymbol >= 0 && isRelocatedAgainst(objects, sections, gotSymbol);
  const slotChunks = makeSlotChunks(outputs, slots, scan, usesGot, machine, mode, options);
  if (slotChunks.gotPlt === undefined && gotSymbol >= 0) symbols.kind[gotSymbol] = KIND_NONE;
  const got = planGot(symbols, scan, slots, machine, mode, slotChunks);
  const packed = choosePacked(scan, got, sections, machine, mode, options);
  const split = (): RelocationPart[] | undefined =>
    splitRelocations(
      outputs,
      objects,
      sections,
      symbols,
      scan,
      got,
      copies,
      packed,
      machine,
      mode,
      options.z.combreloc,
      options.z.joinRelocs,
    );
  const relocationChunks = makeRelocationChunks(
    outputs,
    scan,
    got,
    copies.length,
    packed?.count ?? 0,
    options.z.combreloc && (!outputs.byScript || options.androidRelocations) ? undefined : split,
    machine,
    mode,
    options,
  );
  if (mode.interpreted) makeInterp(outputs, options.dynamicLinker ?? machine.interpreter);
  const idSize = buildIdSize(options.buildId);
  const buildId =
    idSize === 0 ? undefined : makeNote(outputs, ".note.gnu.build-id", NT_GNU_BUILD_ID, new Uint8Array(idSize));
  if (options.packageMetadata !== undefined) {
    makeNote(outputs, ".note.package", NT_FDO_PACKAGING_METADATA, packageDescription(options.packageMetadata), "FDO");
  }
  const made = {
    slots,
    slotChunks,
    got,
    copies,
    relocationChunks,
    dynamicRelocations: createRelocationList(relocationChunks.dynamicCount),
    pltRelocations: createRelocationList(relocationChunks.pltCount),
    packed,
    buildId,
    idBlocks: undefined,
    address: new Float64Array(symbols.count),
  };
  const dynamic = mode.dynamic ? makeDynamic(made, loader, scan, outputs, versions, machine, mode, options) : undefined;
  const emitted = options.emitRelocs
    ? countRelocations(objects, sections, outputs, loader.symbolBase, symbols.count)
    : undefined;
  const plan =
    options.strip === "all"
      ? undefined
      : planSymbols(objects, sections, symbols, mode, outputs, options, emitted, frames);
  const symtab = plan === undefined ? undefined : { plan, ...addSymbolTable(outputs, plan, machine) };
  linkRelocationSections(outputs, relocationChunks.parts, machine, options);
  if (emitted !== undefined) addRelocationSections(emitted, outputs, machine);
  const gdbIndex = options.gdbIndex && options.strip === "none" ? addGdbIndex(outputs) : undefined;
  return { ...made, dynamic, symtab, emitted, gdbIndex };
}

type Unfinished = Omit<MadeSections, "dynamic" | "symtab" | "emitted" | "gdbIndex">;

function makeDynamic(
  made: Unfinished,
  loader: Loader,
  scan: Scan,
  outputs: OutputSections,
  versions: readonly VersionDefinition[],
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): MadeSections["dynamic"] {
  const { symbols, shared, sections } = loader;
  const dynamicSymbols = buildDynamicSymbols(
    symbols,
    shared,
    versions,
    options.soname ?? baseName(options.outputName),
    machine,
    mode.pic,
    options,
    outputs.byScript,
  );
  const chunks = makeDynamicChunks(outputs, dynamicSymbols, machine, options);
  const { relocationChunks, slotChunks, dynamicRelocations, address } = made;
  const hasContents = (name: string): boolean =>
    outputs.list.some(
      (it) =>
        it.name === name &&
        it.pieces.some((piece) => (piece >= 0 ? sections.size[piece] : outputs.chunks[~piece].size) > 0),
    );
  const tags = planDynamic(
    {
      needed: shared
        .filter((it) => !it.implicit)
        .toSorted((a, b) => a.input - b.input)
        .map((it) => it.soname),
      auditOfLibraries: [...shared, ...loader.dropped]
        .toSorted((a, b) => a.input - b.input)
        .map((it) => it.audit)
        .filter((it) => it !== ""),
      hasContents,
      init: definedAddress(symbols, options.init, address),
      fini: definedAddress(symbols, options.fini, address),
      hasPlt: slotChunks.plt !== undefined,
      gotPlt: () => slotChunks.gotPlt?.address ?? 0,
      tlsDescBinder:
        made.slots.tlsDescBinder < 0
          ? undefined
          : {
              plt: () => (slotChunks.plt?.address ?? 0) + binderOffset(made.slots),
              got: () => (slotChunks.got?.address ?? 0) + made.slots.tlsDescBinder,
            },
      hasJumpRelocations: relocationChunks.pltCount > 0,
      jumpRelocations: { output: relocationChunks.plt?.output, size: relocationChunks.plt?.size ?? 0 },
      relocations: relocationHomes(relocationChunks),
      // Only what is sorted has them in front.
      hasRelative: relocationChunks.parts === undefined && hasRelative(scan, made.got, made.packed, machine),
      relativeCount: () => relativeCount(dynamicRelocations, machine),
      hasRelr: made.packed !== undefined,
      textRelocations: scan.textRelocation >= 0,
      staticTls: scan.staticTls,
      symbolic: mode.shared && options.bsymbolic === "all" && !replaceable(options).listed,
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
  chunks.dynamic.size = tags.length * 2 * machine.wordBytes;
  chunks.dynstr.size = dynamicSymbols.strings.size;
  return { symbols: dynamicSymbols, chunks, tags };
}

/** Will .rela.dyn have RELATIVE relocations, so that .dynamic has DT_RELACOUNT? */
function hasRelative(scan: Scan, got: GotPlan, packed: PackedRelocations | undefined, machine: Machine): boolean {
  if (packed === undefined && got.words.some((it) => it.type === machine.dynamic.relative)) return true;
  for (let i = 0; i < scan.dynCount; i++) {
    if (scan.dynType[i] !== DYN_RELATIVE || packed?.scanned[i] === 1) continue;
    const symbol = scan.dynSymbol[i];
    if (symbol < 0 || scan.bindings[symbol] !== BIND_IFUNC) return true;
  }
  return false;
}

function addSymbolTable(
  outputs: OutputSections,
  plan: OutputSymbols,
  machine: Machine,
): { table: Chunk; strings: Chunk } {
  const symtab = addOutput(outputs, ".symtab", SHT_SYMTAB, 0);
  const strtab = addOutput(outputs, ".strtab", SHT_STRTAB, 0);
  symtab.entsize = machine.elfClass === 64 ? 24 : 16;
  symtab.link = strtab;
  symtab.info = plan.localCount;
  return {
    table: addChunk(outputs, symtab, ".symtab", plan.count * symtab.entsize, machine.wordBytes),
    strings: addChunk(outputs, strtab, ".strtab", plan.strings.size, 1),
  };
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Adds the empty section, last of all, if there is anything to index. When all other sections are there. */
function addGdbIndex(outputs: OutputSections): OutputSection | undefined {
  if (!outputs.list.some((it) => it.name === ".debug_info" && (it.flags & SHF_ALLOC) === 0)) return undefined;
  const output = addOutput(outputs, ".gdb_index", SHT_PROGBITS, 0);
  output.keep = true;
  output.alignment = 4;
  return output;
}
