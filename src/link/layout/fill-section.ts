// What is in an output section: its statements in order with dot inside it, pieces aligned and measured, gaps and their fills
// (binutils, ld/ldlang.c: lang_size_sections_1, size_input_section).
//
// Offsets of pieces count from the start of their section here; finishAddresses makes addresses of them.

import { error } from "../../elf/problem.ts";
import { SEC_ALLOC } from "../mapping/bfd-flags.ts";
import type { BodyEntry, OutputStatement } from "../mapping/output-statements.ts";
import { ABSOLUTE, type Folded, fold } from "../script/fold.ts";
import type { Fill } from "../script/statements.ts";
import { alignUp } from "../tables/layout.ts";
import type { Gap, OutputSection } from "../tables/output-section.ts";
import { isElsewhere, settleOrRefuse } from "./roaming.ts";
import { assign, check, fail, numberOf, type Walk } from "./walk-state.ts";
import { modulo } from "./words.ts";

/** @returns dot behind its contents; sets the section's size, its gaps, and the offsets of its pieces */
export function fillSection(walk: Walk, statement: OutputStatement, output: OutputSection, start: number): number {
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
  // What data will be is asked now for what it asks for: the program headers' size, symbols of PROVIDE.
  if (it?.kind === "data") check(walk, it.value, output.id, dot);
  else if (it?.kind === "assert") check(walk, it.test, output.id, dot);
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
      // Alignments are powers of two: integer arithmetic while it fits, which it does not in the upper half of memory.
      const aligned =
        dot >= 0 && dot < 0x40000000 && align < 0x40000000 ? (dot + align - 1) & -align : alignUp(dot, align);
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
