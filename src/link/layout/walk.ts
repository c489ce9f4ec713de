// Gives the sections of a layout script their addresses and sizes, as GNU ld does: the statements in order with dot going
// along, again and again until nothing changes (binutils, ld/ldlang.c: lang_size_sections_1, lang_size_sections).
//
//   mark         which sections are empty and are left out
//   allocating   where everything is
//   final        assign-symbols.ts: sections stand still, symbols and data get their values
//
// Offsets of pieces count from the start of their section here; finishAddresses makes addresses of them.

import { error, warning } from "../../elf/problem.ts";
import { isTbssFlags, SEC_ALLOC, SEC_CODE, SEC_DATA, SEC_KEEP, SEC_LOAD, SEC_READONLY } from "../mapping/bfd-flags.ts";
import { findStatement, type OutputStatement, type Plan, type Region } from "../mapping/output-statements.ts";
import { ABSOLUTE, addressOf, type DataSegment, fold } from "../script/fold.ts";
import type { Expression } from "../script/statements.ts";
import { alignUp } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { fillSection } from "./fill-section.ts";
import { advanceRegions, setLoadAddress, takesSpace } from "./load-address.ts";
import { assign, check, fail, numberOf, type Walk } from "./walk-state.ts";
import { alignDown, isBelow, toBig, toNumber } from "./words.ts";

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
