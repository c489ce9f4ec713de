// Lays out a link by its script, GNU ld's default or the user's: sections get addresses, segments are found, and as that changes
// how much room the program headers take, again; then symbols get their values and sections their place in the file (binutils,
// ld/ldelf.c: ldelf_map_segments).

import type { Machine } from "../../arch/index.ts";
import {
  PF_R,
  PF_W,
  PF_X,
  PT_LOAD,
  PT_TLS,
  SHF_ALLOC,
  SHF_INFO_LINK,
  SHT_FINI_ARRAY,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_NULL,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
} from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { elfFlags, flagsOfName, SEC_ALLOC, SEC_THREAD_LOCAL } from "../mapping/bfd-flags.ts";
import { typeByFlags } from "../mapping/map-inputs.ts";
import { isMbind } from "../mapping/mbind.ts";
import { placeLate } from "../mapping/orphan-lists.ts";
import { findStatement, type OutputStatement, type Plan } from "../mapping/output-statements.ts";
import type { LinkOptions } from "../options.ts";
import {
  REGION_ALLOCATED,
  REGION_CODE,
  REGION_LOADED,
  REGION_READ_ONLY,
  REGION_WRITABLE,
} from "../script/statements.ts";
import type { MergedSections } from "../sections/merge/merged-sections.ts";
import type { ScriptAssignments } from "../symbols/script-assignments.ts";
import { SECTION_ABSOLUTE, SECTION_OUTPUT } from "../tables/ids.ts";
import { alignUp, type Layout, type Segment } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { type SymbolTable, symbolNamed } from "../tables/symbol-table.ts";
import { assignSymbols, type FinalValue, nearbySection } from "./assign-symbols.ts";
import { assignPositions } from "./file-positions.ts";
import { amongTls, guessHeaders, type MapOptions, mapSegments, type SegmentMap } from "./map-segments.ts";
import { leaveOut, phdrMaps } from "./phdrs.ts";
import { finishAddresses, measureSection } from "./pieces.ts";
import { hasRelroSections } from "./relro-range.ts";
import { endRoaming } from "./roaming.ts";
import { createScriptSymbols, settleRegion } from "./script-symbols.ts";
import type { Stack } from "./stack.ts";
import { dropEmpty, resetRegions, sizeSections } from "./walk.ts";
import { assign, createWalk, type Walk } from "./walk-state.ts";
import { toNumber } from "./words.ts";

export interface LayoutOptions {
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly is64: boolean;
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  /** Default start of a position-dependent executable. */
  readonly textSegment: number;
  readonly stack: Stack;
}

export function layOut(
  plan: Plan,
  loader: Loader,
  outputs: OutputSections,
  merged: MergedSections,
  assignments: ScriptAssignments,
  it: LayoutOptions,
  machine: Machine,
  report: Report,
): Layout {
  const { options } = it;
  const stated = new Set(plan.outputs.map((statement) => statement.output));
  const extras = outputs.list.filter((output) => !stated.has(output));
  for (const output of extras) measureSection(output, outputs, loader.sections);
  const late = extras.filter((output) => (output.flags & SHF_ALLOC) !== 0);
  if (late.length > 0) placeLate(plan, late);
  prepareSections(plan, outputs, loader);
  for (const output of plan.list) if (isMbind(output)) output.alignment = Math.max(output.alignment, it.commonPageSize);
  const symbols = createScriptSymbols({
    plan,
    loader,
    outputs,
    merged,
    machine,
    segmentStart: (name) => segmentStart(it, name),
    relro: options.z.relro && hasRelroSections(plan, outputs, loader),
    isActive: (one) => assignments.active.has(one),
    objects: assignments.objects,
  });
  const walk = createWalk(
    plan,
    outputs,
    loader.sections,
    symbols,
    {
      relro: options.z.relro,
      checkSections: options.checkSections,
      relocatable: false,
      warnSectionAlign: options.warnSectionAlign,
      sectionStart: options.sectionStart,
      commonPageSize: it.commonPageSize,
    },
    report,
  );
  const headerBytes = it.is64 ? 64 : 52;
  const entryBytes = it.is64 ? 56 : 32;
  let count: number | undefined;
  let asked = false;
  const mapOptions = (): MapOptions => ({
    interpreted: it.mode.interpreted,
    separateCode: options.z.separateCode,
    // An image of bytes has no headers.
    paged: !options.omagic && !options.nmagic && options.outputFormat !== "binary",
    maxPageSize: it.maxPageSize,
    is64: it.is64,
    headerBytes,
    entryBytes,
    stack: stackOf(it),
    ehFrameHdr: options.ehFrameHdr,
    relro: options.nmagic ? undefined : walk.relro,
    asksForHeaders: asked,
    regionOf: (section) => findStatement(plan, section.name)?.region,
  });
  settleRegions(walk, report);
  const full = [...plan.list];
  dropEmpty(walk);
  const given = phdrMaps(walk, report);
  const headers = (): number => {
    count ??=
      given?.length ??
      guessHeaders(plan.list, { ...mapOptions(), relro: symbols.relro && !options.nmagic ? RELRO : undefined });
    return headerBytes + count * entryBytes;
  };
  symbols.headers = () => {
    asked = true;
    return options.outputFormat === "binary" ? 0 : headers();
  };
  if (!walk.failed) sizeSections(walk);
  let maps: SegmentMap[] = [];
  for (let tries = 10; tries > 0 && !walk.failed; tries--) {
    const before = count;
    maps = given ?? mapSegments(plan.list, headers(), mapOptions());
    if (maps.length === before || (tries <= 4 && before !== undefined && maps.length < before)) {
      count = before;
      break;
    }
    count = maps.length;
    again(walk);
  }
  if (walk.roaming !== undefined) endRoaming(walk.roaming, plan, loader.sections, loader.objects, report);
  if (given === undefined) reportApart(plan, report);
  for (const problem of walk.said) report(problem);
  reportFull(plan, report);
  const values = walk.failed ? new Map<string, FinalValue>() : assignSymbols(walk, full);
  finishSections(plan, it.is64 ? 8 : 4, report);
  standIn(full);
  commit(loader.symbols, values, full);
  if (given !== undefined) for (const map of maps) leaveOut(map);
  const listed = withCompanions(plan.list, extras);
  const positions = assignPositions(
    maps,
    listed,
    {
      paged: !options.omagic && !options.nmagic,
      maxPageSize: it.maxPageSize,
      wordBytes: it.is64 ? 8 : 4,
      headerBytes,
      entryBytes,
      executeOnly: options.executeOnly,
      outputName: options.outputName,
      relro: walk.relro,
    },
    // Where placing has failed, what does not fit is no news.
    walk.failed ? () => {} : report,
  );
  finishAddresses(outputs, loader.sections);
  return { ...createLayout(listed, full, positions.segments, positions.contentsEnd), regions: regionsOf(plan) };
}

/** The script's regions, and how much of each is in use. */
export function regionsOf({ regions }: Plan): NonNullable<Layout["regions"]> {
  return regions.map(({ name, current, origin, length, wanted, unwanted }) => ({
    name,
    origin,
    attributes: letters(wanted) + (unwanted === 0 ? "" : `!${letters(unwanted)}`),
    used: current - origin,
    size: length,
  }));
}

const RELRO = { start: 0, end: 0 };

const LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [REGION_ALLOCATED, "a"],
  [REGION_CODE, "x"],
  [REGION_READ_ONLY, "r"],
  [REGION_WRITABLE, "w"],
  [REGION_LOADED, "l"],
];

/** ld/ldlang.c, lang_map_flags */
function letters(attributes: number): string {
  return LETTERS.flatMap(([bit, letter]) => ((attributes & bit) === 0 ? [] : [letter])).join("");
}

/** Error: `tls-not-adjacent`. */
function reportApart({ list }: Plan, report: Report): void {
  const between = amongTls(list);
  const ends = list.filter((it) => (it.sec & SEC_THREAD_LOCAL) !== 0).map((it) => it.name);
  if (between === undefined) return;
  const facts = { section: between.name, first: ends[0] ?? "", last: ends.at(-1) ?? "" };
  report(error("tls-not-adjacent", {}, facts));
}

export function again(walk: Walk): void {
  resetRegions(walk);
  sizeSections(walk);
}

/** -Ttext-segment and its like; -Tdata is a segment's start too where a script asks for it. */
function segmentStart({ options }: LayoutOptions, name: string): number | undefined {
  if (name === "text-segment") return options.textSegment ?? options.imageBase;
  if (name === "rodata-segment") return options.rodataSegment;
  if (name === "ldata-segment") return options.ldataSegment;
  return options.sectionStart.get(`.${name}`);
}

function stackOf({ stack, options }: LayoutOptions): MapOptions["stack"] {
  if (!stack.stated) return undefined;
  return { flags: stack.executable ? PF_R | PF_W | PF_X : PF_R | PF_W, size: options.z.stackSize ?? 0 };
}

/** Alignments, before anything is placed. */
export function prepareSections(plan: Plan, { chunks }: OutputSections, { sections }: Loader): void {
  for (const { output, source } of plan.outputs) {
    if (output === undefined) continue;
    output.removed = false;
    const own = source?.align;
    if (own?.kind === "number") output.alignment = Math.max(output.alignment, powerOfTwo(Number(own.value)));
    const { pieces } = output;
    let largest = output.alignment;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i];
      const alignment = piece >= 0 ? sections.alignment[piece] : chunks[~piece].alignment;
      if (alignment > largest) largest = alignment;
    }
    output.alignment = largest;
  }
  // The first is aligned as all that stand together with it (bfd/elflink.c: _bfd_elf_tls_setup).
  const isTls = (it: OutputSection): boolean => (it.sec & SEC_THREAD_LOCAL) !== 0;
  const from = plan.list.findIndex(isTls);
  if (from < 0) return;
  const behind = plan.list.findIndex((it, i) => i > from && !isTls(it));
  const tls = plan.list.slice(from, behind < 0 ? undefined : behind);
  tls[0].alignment = tls.reduce((most, it) => Math.max(most, it.alignment), 1);
}

/** The next one, of 1 and more. */
function powerOfTwo(value: number): number {
  return value <= 1 ? 1 : 2 ** Math.ceil(Math.log2(value));
}

/** ORIGIN and LENGTH may use what is assigned anywhere. Warning: `region-value`. */
export function settleRegions(walk: Walk, report: Report): void {
  const { plan, folding } = walk;
  if (plan.regions.length === 0) return;
  folding.phase = "mark";
  for (const it of plan.statements) {
    if (it.kind === "assign" && it.assignment.symbol !== ".") assign(walk, it.assignment, -1, 0);
  }
  for (const { name, place, origin, length } of plan.script.memory) {
    const region = plan.regions.find((it) => it.name === name);
    if (region === undefined) continue;
    folding.place = place;
    const start = settleRegion(folding, origin);
    const size = settleRegion(folding, length);
    if (start === undefined || size === undefined) report(warning("region-value", place, { region: name }));
    region.origin = start ?? 0;
    region.length = size ?? 0;
    region.current = region.origin;
  }
}

/** Error: `region-overflow`. */
export function reportFull({ regions }: Plan, report: Report): void {
  for (const { name, isFull, current, origin, length } of regions) {
    const bytes = current - origin - length;
    if (isFull && length >= 0 && bytes > 0) report(error("region-overflow", {}, { region: name, bytes }));
  }
}

/** Flags and types as the section headers have them. Warning: `section-type-changed`. */
export function finishSections(plan: Plan, wordBytes: number, report: Report): void {
  for (const statement of plan.outputs) {
    const { output } = statement;
    if (output === undefined || output.removed) continue;
    const byFlags = givenType(statement) ?? typeByFlags(output.sec);
    if (output.type === SHT_NULL) output.type = byFlags;
    else if (output.type === SHT_NOBITS && byFlags === SHT_PROGBITS && (output.sec & SEC_ALLOC) !== 0) {
      report(warning("section-type-changed", {}, { section: output.name }));
      output.type = byFlags;
    }
    if (output.type === SHT_INIT_ARRAY || output.type === SHT_FINI_ARRAY || output.type === SHT_PREINIT_ARRAY)
      output.entsize = wordBytes;
    // What the name says holds where no input says anything.
    const kept = output.hasInput ? output.flags & ~0x437 : flagsOfName(output.name);
    output.flags = elfFlags(output.sec) | kept | (output.infoSection === undefined ? 0 : SHF_INFO_LINK);
    const low = lowestBit(output.address);
    if (low !== 0 && low < output.alignment) output.shown = low;
  }
}

/** TYPE = …: holds where the script puts data into the section, and no input has a type of its own to give. */
function givenType({ source, body }: OutputStatement): number | undefined {
  const type = source?.type?.type;
  return type?.kind === "number" && body.some((it) => it.data !== undefined) ? Number(type.value) : undefined;
}

function lowestBit(address: number): number {
  if (address === 0) return 0;
  let bit = 1;
  while (bit < 0x80000000 && address % (bit * 2) === 0) bit *= 2;
  return bit;
}

function standIn(full: readonly OutputSection[]): void {
  for (const output of full) if (output.removed) output.standIn = nearbySection(full, output, output.address);
}

/** Gives assigned symbols their sections and values. */
export function commit(
  symbols: SymbolTable,
  values: ReadonlyMap<string, FinalValue>,
  full: readonly OutputSection[],
): void {
  for (const [name, { value, section }] of values) {
    const id = symbolNamed(symbols, name);
    let home = section;
    let offset = value;
    if (home?.removed === true) {
      const address = home.address + toNumber(value);
      home = nearbySection(full, home, address);
      offset = BigInt(address - (home?.address ?? 0));
    }
    symbols.section[id] = home === undefined ? SECTION_ABSOLUTE : SECTION_OUTPUT;
    symbols.alias[id] = home?.id ?? 0;
    symbols.valueLow[id] = Number(BigInt.asIntN(32, offset));
    symbols.valueHigh[id] = Number(BigInt.asIntN(32, offset >> 32n));
  }
}

/** What --emit-relocs keeps stands behind its section; .symtab and its company behind all. */
function withCompanions(list: readonly OutputSection[], extras: readonly OutputSection[]): OutputSection[] {
  const others = extras.filter(
    (it) => (it.flags & SHF_ALLOC) === 0 && (it.size > 0 || it.keep || it.pieces.length > 0),
  );
  const companions = new Map(others.filter((it) => it.infoSection !== undefined).map((it) => [it.infoSection, it]));
  const listed = list.flatMap((section) => {
    const companion = companions.get(section);
    return companion === undefined ? [section] : [section, companion];
  });
  return [...listed, ...others.filter((it) => it.infoSection === undefined)];
}

function createLayout(
  listed: readonly OutputSection[],
  full: readonly OutputSection[],
  segments: Segment[],
  contentsEnd: number,
): Layout {
  listed.forEach((section, i) => {
    section.index = i + 1;
    section.position = i;
  });
  for (const section of full) if (section.removed) section.index = 0;
  const headers = segments.find((it) => it.type === PT_LOAD && it.headers);
  const first = listed.find((it) => (it.flags & SHF_ALLOC) !== 0);
  const start = headers?.address ?? first?.address ?? 0;
  return {
    sections: listed,
    segments,
    start,
    headers: headers?.address ?? start,
    contentsEnd,
    ...tlsBlock(listed, segments),
  };
}

/**
 * The thread pointer is where the loader has it, at the end of PT_TLS; where PHDRS has none, at the end of what stands together
 * (bfd/elflink.c: bfd_elf_final_link, tls_size). GNU ld takes the end of the last section also with PT_TLS, which is another where
 * .tbss stands before .tdata: there its programs find their variables at wrong places.
 */
function tlsBlock(
  listed: readonly OutputSection[],
  segments: readonly Segment[],
): Pick<Layout, "threadPointer" | "tlsStart"> {
  const isTls = (it: OutputSection): boolean => (it.sec & SEC_THREAD_LOCAL) !== 0;
  const from = listed.findIndex(isTls);
  if (from < 0) return { threadPointer: 0, tlsStart: 0 };
  const { address: tlsStart, alignment } = listed[from];
  const segment = segments.find((it) => it.type === PT_TLS);
  if (segment !== undefined) {
    return { threadPointer: alignUp(segment.address + segment.memorySize, segment.alignment), tlsStart };
  }
  const behind = listed.findIndex((it, i) => i > from && !isTls(it));
  const last = listed[(behind < 0 ? listed.length : behind) - 1];
  return { threadPointer: alignUp(last.address + last.size, alignment), tlsStart };
}
