// Gives the sections of a layout script their addresses and sizes, as GNU ld does: the statements in order with dot going
// along, again and again until nothing changes (binutils, ld/ldlang.c: lang_size_sections_1, lang_size_sections).
//
//   mark         which sections are empty and are left out
//   allocating   where everything is
//   final        assign-symbols.ts: sections stand still, symbols and data get their values
//
// Offsets of pieces count from the start of their section here; finishAddresses makes addresses of them.

import { error, type Problem, type Report, warning } from "../../elf/problem.ts";
import {
  isTbssFlags,
  SEC_ALLOC,
  SEC_CODE,
  SEC_DATA,
  SEC_KEEP,
  SEC_LOAD,
  SEC_READONLY,
  SEC_THREAD_LOCAL,
} from "../mapping/bfd-flags.ts";
import {
  type BodyEntry,
  findStatement,
  type OutputStatement,
  type Plan,
  type Region,
} from "../mapping/output-statements.ts";
import type { Assignment, Expression, Fill } from "../script/statements.ts";
import { alignUp } from "../tables/layout.ts";
import type { Gap, OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import {
  ABSOLUTE,
  addressOf,
  createDataSegment,
  type DataSegment,
  type Folded,
  type Folding,
  fold,
  makeAbsolute,
} from "./fold.ts";
import { createRoaming, isElsewhere, type Roaming, settleOrRefuse } from "./roaming.ts";
import type { ScriptSymbols } from "./script-symbols.ts";
import { alignDown, isBelow, modulo, toBig, toNumber } from "./words.ts";

export interface WalkOptions {
  readonly relro: boolean;
  readonly checkSections: boolean;
  /** -r: nothing has to be in a region. */
  readonly relocatable: boolean;
  readonly warnSectionAlign: boolean;
  readonly sectionStart: ReadonlyMap<string, number>;
  readonly commonPageSize: number;
}

export interface Walk {
  readonly plan: Plan;
  readonly outputs: OutputSections;
  readonly sections: SectionTable;
  readonly symbols: ScriptSymbols;
  readonly folding: Folding;
  readonly options: WalkOptions;
  dot: number;
  /** How often addresses have been given out. */
  iteration: number;
  /** What the pass at hand has to say: only the last one counts. */
  said: Problem[];
  /** Of the RELRO part; undefined: none. */
  relro: { start: number; end: number } | undefined;
  /** Dot behind each assignment to it in a section. */
  readonly dots: Map<BodyEntry, number>;
  /** Segments that SEGMENT_START has asked for: options for them are no section's address any more. */
  readonly askedFor: Set<string>;
  /** --enable-non-contiguous-regions */
  readonly roaming: Roaming | undefined;
  /** What has been measured, for a round that finds it in the same place: by output section and first piece. */
  readonly measured: Map<OutputSection, Measured[]>;
  /** A fatal error: nothing more is looked at. */
  failed: boolean;
}

/** A run of pieces, and where it stood when it was measured. Its pieces' offsets are written down. */
interface Measured {
  readonly from: number;
  readonly to: number;
  /** Where dot was before it and behind it, counted from the section's start. */
  readonly at: number;
  readonly end: number;
  /** The section's start, modulo its alignment. */
  readonly phase: number;
  /** The section's size when its last piece was placed. */
  readonly size: number;
}

export function createWalk(
  plan: Plan,
  outputs: OutputSections,
  sections: SectionTable,
  symbols: ScriptSymbols,
  options: WalkOptions,
  report: Report,
): Walk {
  const folding: Folding = {
    environment: symbols.environment,
    segment: createDataSegment(),
    phase: "mark",
    section: ABSOLUTE,
    dot: 0n,
    toDot: false,
    fromDot: false,
    assigned: undefined,
    usesItself: false,
    place: {},
    report: once(report),
  };
  return {
    plan,
    outputs,
    sections,
    symbols,
    folding,
    options,
    dot: 0,
    iteration: 0,
    said: [],
    relro: undefined,
    dots: new Map(),
    askedFor: symbols.askedFor,
    roaming: createRoaming(plan, sections),
    measured: new Map(),
    failed: false,
  };
}

/** The same is wrong in every pass. */
function once(report: Report): Report {
  const said = new Set<string>();
  return (problem) => {
    const key = JSON.stringify([problem.code, problem.place, problem.details]);
    if (!said.has(key)) report(problem);
    said.add(key);
  };
}

/** First of all: which sections stay (strip_excluded_output_sections). */
export function dropEmpty(walk: Walk): void {
  const { plan, folding, sections, outputs } = walk;
  folding.phase = "mark";
  folding.segment.phase = "none";
  pass(walk);
  resetRegions(walk);
  for (const statement of plan.outputs) {
    const { output } = statement;
    if (statement.failed || output === undefined) continue;
    const isMade = (piece: number): boolean => piece < 0 && outputs.chunks[~piece].size > 0;
    const stays =
      output.size > 0 || output.keep || (output.sec & SEC_KEEP) !== 0 || output.pieces.some((piece) => isMade(piece));
    if (stays) continue;
    if (!statement.updatesDot) statement.ignored = true;
    output.removed = true;
  }
  plan.list = plan.list.filter((output) => !output.removed);
  for (const output of outputs.list)
    if (output.removed) for (const piece of output.pieces) if (piece >= 0) sections.address[piece] = 0;
}

/** lang_size_sections */
export function sizeSections(walk: Walk): void {
  const { folding, options, symbols } = walk;
  const { segment } = folding;
  folding.phase = "allocating";
  segment.phase = "none";
  pass(walk);
  // Nothing is in the range: there is no RELRO (lang_find_relro_sections).
  if (options.relro && symbols.relro && segment.relroEnd !== 0n && segment.relroEnd <= segment.base) {
    symbols.relro = false;
    segment.phase = "none";
    segment.relroEnd = 0n;
    again(walk);
  }
  const relro = options.relro && symbols.relro;
  const { phase } = segment as DataSegment;
  if (phase !== "end-seen") segment.phase = "done";
  else if (relro && segment.relroEnd !== 0n) stackRelro(walk);
  else if (savesPage(walk)) again(walk);
  walk.relro =
    relro && segment.relroEnd !== 0n ? { start: toNumber(segment.base), end: toNumber(segment.relroEnd) } : undefined;
}

function again(walk: Walk): void {
  resetRegions(walk);
  pass(walk);
}

/** lang_size_relro_segment_1: sections are stacked downwards from the page boundary on which they shall end. */
function stackRelro(walk: Walk): void {
  const { plan, folding } = walk;
  const { segment } = folding;
  // Largest pages: what is read-only must be so on machines that have them (ld 2.39 on; ldexp.c, relropagesize).
  const page = Number(segment.maxPage);
  const initial = segment.base;
  const start = toNumber(segment.base);
  const last = toNumber(segment.relroEnd);
  const offset = toNumber(segment.relroOffset);
  const end = alignUp(last, page);
  let desired = end - offset;
  for (const output of plan.list.toReversed()) {
    const { address } = output;
    if ((output.sec & SEC_ALLOC) === 0 || isBelow(address, start) || !isBelow(address, last - offset)) continue;
    const size = isTbssFlags(output.sec) ? 0 : output.size;
    desired = alignDown(desired - size, output.alignment);
  }
  segment.phase = "relro-adjust";
  segment.base = toBig(desired);
  again(walk);
  if (toNumber(segment.relroEnd) > end) {
    segment.base = initial;
    again(walk);
  }
}

/** lang_size_segment: data starts on a new page where that saves one. */
function savesPage({ folding }: Walk): boolean {
  const { segment } = folding;
  const page = segment.commonPage;
  const first = (page - (segment.base % page)) % page;
  const last = segment.end % page;
  const spans = segment.base / page !== segment.end / page;
  const saves = first !== 0n && last !== 0n && spans && first + last <= page;
  segment.phase = saves ? "adjust" : "done";
  return saves;
}

/** lang_reset_memory_regions */
export function resetRegions({ plan }: Walk): void {
  for (const region of [plan.anywhere, ...plan.regions]) {
    region.current = region.origin;
    region.last = undefined;
  }
  for (const statement of plan.outputs) {
    statement.hasAddress = false;
    statement.hasLoadAddress = false;
  }
}

function pass(walk: Walk): void {
  const { plan, symbols, folding } = walk;
  symbols.iteration++;
  if (folding.phase !== "mark") walk.iteration++;
  walk.dot = 0;
  walk.said = [];
  for (const region of plan.regions) region.isFull = false;
  symbols.previousSizes.clear();
  for (const { output } of plan.outputs) {
    if (output === undefined) continue;
    symbols.previousSizes.set(output.id, output.size);
    output.size = 0;
  }
  for (const it of plan.statements) {
    if (walk.failed) return;
    if (it.kind === "output") placeSection(walk, it);
    else if (it.kind === "assign") {
      walk.dot = assign(walk, it.assignment, ABSOLUTE, walk.dot);
      plan.anywhere.current = walk.dot;
    } else check(walk, it.test, ABSOLUTE, walk.dot);
  }
}

/** An ASSERT is looked at for what it says of sections and symbols; whether it holds is asked in the end. */
function check({ folding }: Walk, test: Expression, section: number, dot: number): void {
  folding.section = section;
  folding.dot = toBig(dot);
  fold(folding, test);
}

/** @returns dot behind the statement. Errors: `script-dot-backwards`, `script-dot-value` */
export function assign(walk: Walk, it: Assignment, section: number, dot: number): number {
  const { folding, symbols } = walk;
  folding.section = section;
  folding.dot = toBig(dot);
  folding.place = it.place;
  if (it.symbol !== ".") {
    symbols.assign(folding, it);
    return dot;
  }
  folding.toDot = true;
  const value = fold(folding, it.value);
  folding.toDot = false;
  const output = section >= 0 ? walk.outputs.list[section] : undefined;
  if (output !== undefined && folding.phase === "mark" && !movesNothing(it.value)) output.sec |= SEC_KEEP;
  if (value === undefined) {
    if (folding.phase !== "mark") fail(walk, error("script-dot-value", it.place, {}));
    return dot;
  }
  const next = toNumber(addressOf(folding, value));
  if (section !== ABSOLUTE && isBelow(next, dot)) {
    fail(walk, error("script-dot-backwards", it.place, { from: hex(dot), to: hex(next) }));
    return dot;
  }
  return next;
}

/** `. = 0`, `. = . + 0` and `. = ALIGN(. != 0 ? n : 1)` do not keep an empty section. */
function movesNothing(it: Expression): boolean {
  const isNumber = (value: bigint, one: Expression): boolean => one.kind === "number" && one.value === value;
  const isDot = (one: Expression): boolean => one.kind === "symbol" && one.name === ".";
  if (isNumber(0n, it)) return true;
  if (it.kind === "binary") return it.operator === "+" && isDot(it.left) && isNumber(0n, it.right);
  if (it.kind !== "call" || it.name !== "ALIGN" || it.arguments.length !== 1) return false;
  const [inner] = it.arguments;
  if (inner.kind !== "conditional" || inner.test.kind !== "binary" || inner.test.operator !== "!=") return false;
  return isDot(inner.test.left) && isNumber(0n, inner.test.right) && isNumber(1n, inner.else);
}

function fail(walk: Walk, problem: Problem): void {
  if (!walk.failed) walk.folding.report(problem);
  walk.failed = true;
}

export function hex(value: number): string {
  return toBig(value).toString(16);
}

// ---------------------------------------------------------------------------------------------------------------------
// A section
// ---------------------------------------------------------------------------------------------------------------------

function placeSection(walk: Walk, statement: OutputStatement): void {
  const { folding, options } = walk;
  if (statement.failed) {
    refuseDot(walk, statement);
    return;
  }
  const isAsked = walk.askedFor.has(statement.name.slice(1));
  const isFirst = findStatement(walk.plan, statement.name) === statement;
  const given = isAsked || !isFirst ? undefined : options.sectionStart.get(statement.name);
  const hasAddress = given !== undefined || statement.address !== undefined;
  if (given !== undefined) walk.dot = given;
  else if (statement.address !== undefined) takeAddress(walk, statement, statement.address);
  const { output } = statement;
  if (output === undefined || walk.failed) return;
  const before = walk.dot;
  const { start, power, shift } = startOf(walk, statement, output, hasAddress);
  output.address = start;
  output.lma = start;
  walk.dot = fillSection(walk, statement, output, start);
  statement.hasAddress = true;
  setLoadAddress(walk, statement, output, power, shift);
  statement.hasLoadAddress = true;
  if (statement.ignored) {
    walk.dot = before;
    return;
  }
  const size = isTbssFlags(output.sec) && !options.relocatable ? 0 : output.size;
  walk.dot = output.address + size;
  const after = statement.source?.overlay?.dotAfter;
  if (after !== undefined) {
    folding.section = ABSOLUTE;
    folding.dot = toBig(walk.dot);
    const value = fold(folding, after);
    if (value !== undefined) walk.dot = toNumber(addressOf(folding, value));
  }
  advanceRegions(walk, statement, output, size, hasAddress);
}

/** In a section that has not come into being dot has no value. Error: `script-dot-value`. */
function refuseDot(walk: Walk, { body }: OutputStatement): void {
  if (walk.folding.phase === "mark") return;
  for (const { statement: it } of body)
    if (it?.kind === "assign" && it.assignment.symbol === ".")
      fail(walk, error("script-dot-value", it.assignment.place, {}));
}

/** The expression before the colon. Error: `script-address-value`. */
function takeAddress(walk: Walk, statement: OutputStatement, address: Expression): void {
  const { folding } = walk;
  statement.hasAddress = false;
  folding.section = ABSOLUTE;
  folding.dot = toBig(walk.dot);
  folding.place = statement.place ?? {};
  const value = fold(folding, address);
  if (value !== undefined) walk.dot = toNumber(addressOf(folding, value));
  else if (folding.phase !== "mark")
    fail(walk, error("script-address-value", statement.place ?? {}, { section: statement.name }));
}

interface Start {
  readonly start: number;
  /** The alignment that the start got, 1 for none. */
  readonly power: number;
  /** How far it moved the start. */
  readonly shift: number;
}

/** Warning: `section-start-changed`; `no-region`, which is an error unless --no-check-sections. */
function startOf(walk: Walk, statement: OutputStatement, output: OutputSection, hasAddress: boolean): Start {
  const { plan, options, iteration } = walk;
  const own = numberOf(walk, statement.source?.align) ?? 1;
  if (own > output.alignment) output.alignment = own;
  let power = own;
  let start = walk.dot;
  if (!hasAddress) {
    const isLoaded = (output.sec & (SEC_ALLOC | SEC_LOAD)) !== 0;
    if (statement.region === undefined || (isLoaded && statement.region === plan.anywhere))
      statement.region = regionFor(plan, output);
    const isFree = options.relocatable || statement.ignored;
    const isMissing = statement.region === plan.anywhere && plan.regions.length > 0 && !isFree;
    if (isMissing && takesSpace(output) && iteration === 1)
      walk.folding.report(
        (options.checkSections ? error : warning)("no-region", statement.place ?? {}, { section: statement.name }),
      );
    start = statement.region.current;
    power = Math.max(output.alignment, own);
  }
  const aligned = alignUp(start, power);
  const shift = aligned - start;
  if (shift !== 0 && (options.warnSectionAlign || hasAddress))
    walk.said.push(warning("section-start-changed", statement.place ?? {}, { section: statement.name, bytes: shift }));
  return { start: aligned, power, shift };
}

/** IGNORE_SECTION: neither loaded nor room in memory. */
function takesSpace(output: OutputSection): boolean {
  const isTbss = (output.sec & (SEC_THREAD_LOCAL | SEC_LOAD)) === SEC_THREAD_LOCAL;
  return (output.sec & SEC_ALLOC) !== 0 && !isTbss;
}

/** lang_memory_default: the first region with an attribute that the section has, and none that it must not have. */
function regionFor(plan: Plan, output: OutputSection): Region {
  let has = 0;
  const { sec } = output;
  const isWritable = (sec & (SEC_ALLOC | SEC_READONLY | SEC_CODE)) === SEC_ALLOC;
  if ((sec & SEC_READONLY) !== 0) has |= 1;
  if ((sec & SEC_DATA) !== 0 || isWritable) has |= 2;
  if ((sec & SEC_CODE) !== 0) has |= 4;
  if ((sec & SEC_ALLOC) !== 0) has |= 8;
  if ((sec & SEC_LOAD) !== 0) has |= 16;
  return plan.regions.find((it) => (it.wanted & has) !== 0 && (it.unwanted & has) === 0) ?? plan.anywhere;
}

/** exp_get_power, exp_get_vma: a number that may depend on symbols. Dot is 0. */
function numberOf(walk: Walk, it: Expression | undefined): number | undefined {
  if (it === undefined) return undefined;
  const { folding } = walk;
  folding.section = ABSOLUTE;
  folding.dot = 0n;
  const value = fold(folding, it);
  if (value === undefined) return undefined;
  const number = toNumber(makeAbsolute(folding, value).value);
  // The next power of two.
  return number <= 1 ? 1 : 2 ** Math.ceil(Math.log2(number));
}

/** The rules of load addresses, the first that fits. In AT dot is 0. Error: `script-load-value`; warning: `dot-moved-backwards`. */
function setLoadAddress(
  walk: Walk,
  statement: OutputStatement,
  output: OutputSection,
  power: number,
  shift: number,
): void {
  const { folding, plan } = walk;
  const { source, loadRegion } = statement;
  const region = statement.region ?? plan.anywhere;
  let alignment = power;
  if (source?.loadAddress !== undefined) {
    folding.section = ABSOLUTE;
    folding.dot = 0n;
    folding.place = source.place;
    const value = fold(folding, source.loadAddress);
    if (value === undefined && folding.phase !== "mark")
      fail(walk, error("script-load-value", source.place, { section: statement.name }));
    output.lma = value === undefined ? 0 : toNumber(makeAbsolute(folding, value).value);
  } else if (loadRegion !== undefined) {
    let lma = loadRegion.current;
    if (source?.alignWithInput === true) lma += shift;
    else {
      if (loadRegion !== statement.region) alignment = numberOf(walk, source?.align) ?? 1;
      lma = alignUp(lma, alignment);
    }
    output.lma = lma;
  } else if (region.last?.output !== undefined && (output.sec & SEC_ALLOC) !== 0)
    followLoadAddress(walk, statement, output, region.last.output, alignment);
  const isFollowed =
    takesSpace(output) &&
    (output.size !== 0 ||
      (region.last === undefined && output.address !== output.lma) ||
      (region.last?.output !== undefined && !isBelow(output.address, region.last.output.address)));
  if ((isFollowed || statement.kindOf === "first-overlay") && loadRegion === undefined) region.last = statement;
}

/** As far from the address as the section before is from its own. */
function followLoadAddress(
  walk: Walk,
  statement: OutputStatement,
  output: OutputSection,
  last: OutputSection,
  alignment: number,
): void {
  const isBackwards =
    isBelow(output.address, last.address) && output.size !== 0 && !isBelow(last.address, output.address + output.size);
  if (isBackwards) {
    if (last.address !== last.lma)
      walk.said.push(warning("dot-moved-backwards", statement.place ?? {}, { section: statement.name }));
    return;
  }
  const isOverlay = statement.kindOf === "overlay";
  const lma = isOverlay ? last.lma + last.size : output.address + last.lma - last.address;
  output.lma = alignUp(lma, alignment);
}

function advanceRegions(
  walk: Walk,
  statement: OutputStatement,
  output: OutputSection,
  size: number,
  hasAddress: boolean,
): void {
  const { region, loadRegion, source } = statement;
  if (region === undefined || (output.sec & (SEC_ALLOC | SEC_LOAD)) === 0) return;
  region.current = walk.dot;
  checkRegion(walk, statement, region, hasAddress, output.address);
  if (loadRegion === undefined || loadRegion === region) return;
  if ((output.sec & SEC_LOAD) === 0 && source?.alignWithInput !== true) return;
  loadRegion.current = output.lma + size;
  checkRegion(walk, statement, loadRegion, false, output.lma);
}

/** os_region_check. Errors: `region-outside`, `region-full`. */
function checkRegion(walk: Walk, statement: OutputStatement, region: Region, hasAddress: boolean, base: number): void {
  const { origin, length, current } = region;
  const used = current - origin;
  if ((!isBelow(current, origin) && !isBelow(length, used)) || (used === length && base !== 0)) return;
  const facts = { section: statement.name, region: region.name };
  if (hasAddress) walk.said.push(error("region-outside", statement.place ?? {}, { ...facts, address: hex(current) }));
  else if (!region.isFull) {
    region.isFull = true;
    walk.said.push(error("region-full", statement.place ?? {}, facts));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What is in it
// ---------------------------------------------------------------------------------------------------------------------

/** @returns dot behind its contents; sets the section's size, its gaps, and the offsets of its pieces */
function fillSection(walk: Walk, statement: OutputStatement, output: OutputSection, start: number): number {
  const subalign = numberOf(walk, statement.source?.subalign);
  const filling: Filling = {
    walk,
    statement,
    output,
    start,
    subalign,
    ignored: statement.ignored,
    keepsGaps: statement.fill !== undefined || walk.roaming !== undefined || statement.body.some(leavesGaps),
    gaps: [],
    pattern: undefined,
  };
  filling.pattern = patternOf(walk, statement.fill);
  let dot = start;
  let from = 0;
  for (const [i, entry] of statement.body.entries()) {
    const to = output.rankEnds[i] ?? output.pieces.length;
    dot = fillEntry(filling, statement, entry, dot, from, to);
    from = Math.max(from, to);
    if (walk.failed) return dot;
  }
  if (from < output.pieces.length) dot = placePieces(filling, dot, from, output.pieces.length);
  output.gaps = filling.gaps;
  return dot;
}

/** Does it make gaps, or say what is in them? Those between pieces alone are found again when they are filled. */
function leavesGaps({ statement }: BodyEntry): boolean {
  return statement?.kind === "fill" || (statement?.kind === "assign" && statement.assignment.symbol === ".");
}

interface Filling {
  readonly walk: Walk;
  readonly statement: OutputStatement;
  readonly output: OutputSection;
  readonly start: number;
  readonly subalign: number | undefined;
  readonly ignored: boolean;
  readonly keepsGaps: boolean;
  readonly gaps: Gap[];
  pattern: Uint8Array | undefined;
}

function fillEntry(
  filling: Filling,
  statement: OutputStatement,
  entry: BodyEntry,
  dot: number,
  from: number,
  to: number,
): number {
  const { walk, output } = filling;
  const { statement: it } = entry;
  if (it?.kind === "assign") {
    const { assignment } = it;
    const next = assign(walk, assignment, output.id, dot);
    walk.dots.set(entry, next);
    if (assignment.symbol !== "." && walk.symbols.isActive(assignment)) statement.updatesDot = true;
    if (next !== dot && !filling.ignored) {
      addGap(filling, dot, next);
      if (statement.kindOf !== "noalloc" && statement.kindOf !== "noroom") output.sec |= SEC_ALLOC;
      return next;
    }
    return dot;
  }
  if (it?.kind === "assert") check(walk, it.test, output.id, dot);
  else if (it?.kind === "fill") filling.pattern = patternOf(walk, it.fill);
  // SUBALIGN is for input sections: data stand where dot is.
  const isData = it?.kind === "data" || it?.kind === "text";
  return placePieces(isData ? { ...filling, subalign: undefined } : filling, dot, from, to);
}

function addGap({ output, start, keepsGaps, gaps, pattern }: Filling, from: number, to: number): void {
  if (keepsGaps) gaps.push({ offset: from - start, size: to - from, pattern });
  output.size = to - start;
}

/** Runs of fewer pieces are measured as fast as found. */
const WORTH_KEEPING = 16;

/** Input sections and chunks, each behind the last, aligned by its address. */
function placePieces(filling: Filling, at: number, from: number, to: number): number {
  const { walk, output, start, subalign, ignored, keepsGaps } = filling;
  const isLong = to - from >= WORTH_KEEPING && subalign === undefined && !ignored && !keepsGaps;
  if (!isLong) return measurePieces(filling, at, from, to);
  const phase = modulo(start, output.alignment);
  const runs = walk.measured.get(output) ?? [];
  walk.measured.set(output, runs);
  const known = runs.find((it) => it.from === from && it.to === to && it.at === at - start && it.phase === phase);
  if (known !== undefined) {
    output.size = known.size;
    return start + known.end;
  }
  const dot = measurePieces(filling, at, from, to);
  const other = runs.findIndex((it) => it.from === from);
  if (other >= 0) runs.splice(other, 1);
  runs.push({ from, to, at: at - start, end: dot - start, phase, size: output.size });
  return dot;
}

function measurePieces(filling: Filling, at: number, from: number, to: number): number {
  const { walk, statement, output, start, subalign, ignored } = filling;
  const { roaming } = walk;
  const { size, alignment, address } = walk.sections;
  const { chunks } = walk.outputs;
  const { pieces } = output;
  let dot = at;
  for (let i = from; i < to; i++) {
    const piece = pieces[i];
    const chunk = piece < 0 ? chunks[~piece] : undefined;
    if (roaming !== undefined && chunk === undefined && isElsewhere(roaming, piece, output.id)) continue;
    // Where it goes on to, it takes this alignment with it.
    if (roaming !== undefined && chunk === undefined && subalign !== undefined) alignment[piece] = subalign;
    const align = subalign ?? (chunk === undefined ? alignment[piece] : chunk.alignment);
    const bytes = chunk === undefined ? size[piece] : chunk.size;
    // What the linker has made for nothing takes part in nothing.
    const isUsed = !ignored && (chunk === undefined || bytes > 0);
    if (isUsed) {
      if (align > output.alignment) output.alignment = align;
      // Alignments are powers of two and offsets small: integer arithmetic while it fits.
      const aligned = dot < 0x40000000 && align < 0x40000000 ? (dot + align - 1) & -align : alignUp(dot, align);
      if (aligned !== dot) addGap(filling, dot, aligned);
      dot = aligned;
    }
    if (roaming !== undefined && chunk === undefined) {
      const end = settleOrRefuse(roaming, statement, piece, output.id, dot, bytes);
      if (end !== undefined) {
        dot = end;
        continue;
      }
    }
    if (chunk === undefined) address[piece] = dot - start;
    else chunk.address = dot - start;
    dot += bytes;
    if (isUsed) output.size = dot - start;
  }
  return dot;
}

/** Error: `script-fill-constant`. */
function patternOf(walk: Walk, fill: Fill | undefined): Uint8Array | undefined {
  if (fill === undefined) return undefined;
  if (fill.bytes !== undefined) return fill.bytes.length === 0 ? undefined : fill.bytes;
  const { folding } = walk;
  folding.section = ABSOLUTE;
  folding.dot = 0n;
  const value: Folded | undefined = fold(folding, fill.value);
  if (value === undefined) {
    if (folding.phase !== "mark") fail(walk, error("script-fill-constant", fill.place));
    return undefined;
  }
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Number(value.value & 0xffffffffn));
  return bytes;
}
