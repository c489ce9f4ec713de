// The order of input sections within an output section, where the command line asks for another than GNU ld's: lists of
// symbols (lld) or of sections (gold), and shuffled or reversed orders, which show what depends on the usual one (mold, lld).

import { SHF_ALLOC } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions, SectionShuffle } from "../options.ts";
import { compileGlob, type Glob, globMatchesText } from "../script/glob.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { findText } from "../tables/names.ts";
import { sectionName } from "../tables/object-file.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { isDefinedHere, KIND_NONE } from "../tables/symbol-table.ts";

/** Whose order has a meaning of its own: functions in pieces, tables in the order of priority, records with an end. */
const FIXED = /^\.(init|fini|ctors|dtors|preinit_array|init_array|fini_array|eh_frame)$/;

/** No place in a list. */
const UNLISTED = 0x7fffffff;

/**
 * Reorders the pieces of the output sections, when sections are assigned. Chunks are in no list and keep their places.
 * Warnings: `symbol-order-unknown`, `symbol-order-no-section`, `symbol-order-duplicate`.
 */
export function orderSections(loader: Loader, outputs: OutputSections, options: LinkOptions, report: Report): void {
  const { symbolOrder, sectionOrder, sectionShuffles } = options;
  if (symbolOrder.length + sectionOrder.length + sectionShuffles.length === 0) return;
  const bySection = sectionOrder.length > 0 ? placesOfSections(loader, sectionOrder) : undefined;
  const bySymbol = symbolOrder.length > 0 ? placesOfSymbols(loader, symbolOrder, report) : undefined;
  const shuffles = sectionShuffles.map((it) => ({ glob: compileGlob(it.pattern), seed: it.seed }));
  for (const output of outputs.list) {
    if ((output.flags & SHF_ALLOC) === 0 || FIXED.test(output.name)) continue;
    for (const { glob, seed } of shuffles) shuffle(loader, output, glob, seed);
    // gold puts listed sections behind the others, lld in front of them.
    if (bySection !== undefined) putListed(output, bySection, "last");
    if (bySymbol !== undefined) putListed(output, bySymbol, "first");
  }
}

function putListed(output: OutputSection, places: Int32Array, where: "first" | "last"): void {
  const pieces = Array.from(output.pieces);
  const isListed = (piece: number): boolean => piece >= 0 && places[piece] !== UNLISTED;
  const listed = pieces.filter(isListed).sort((a, b) => places[a] - places[b]);
  if (listed.length === 0) return;
  // In front of all inputs, but behind chunks that stand there; or behind all.
  const first = pieces.findIndex((piece) => piece >= 0);
  const rest = pieces.filter((piece) => !isListed(piece));
  const to = where === "first" ? first : rest.length;
  output.rankEnds = output.rankEnds.map((end) => {
    if (end === pieces.length) return end;
    const others = end - pieces.slice(0, end).filter(isListed).length;
    return where === "first" && end > first ? listed.length + others : others;
  });
  output.pieces = Int32Array.from([...rest.slice(0, to), ...listed, ...rest.slice(to)]);
}

/** By section: the first line of the list that names it, or else the first whose wildcards match it. */
function placesOfSections({ objects, sections }: Loader, lines: readonly string[]): Int32Array {
  const places = new Int32Array(sections.count).fill(UNLISTED);
  const exact = new Map(lines.map((line, i) => [line, i] as const).toReversed());
  const globs = lines.map((line, i) => [compileGlob(line), i] as const).filter(([, i]) => /[*?[]/.test(lines[i]));
  for (let section = 0; section < sections.count; section++) {
    if (sections.output[section] < 0) continue;
    const name = sectionName(objects[sections.object[section]], sections, section);
    const place = exact.get(name) ?? globs.find(([glob]) => globMatchesText(glob, name))?.[1];
    if (place !== undefined) places[section] = place;
  }
  return places;
}

/** By section: the first line of the list that names a symbol in it. Local symbols of one name all count. */
function placesOfSymbols(loader: Loader, lines: readonly string[], report: Report): Int32Array {
  const { sections, symbols } = loader;
  const places = new Int32Array(sections.count).fill(UNLISTED);
  const lineOf = new Map<string, number>();
  const known = new Set<string>();
  const placed = new Set<string>();
  const enter = (name: string, line: number, section: SectionId): void => {
    known.add(name);
    if (section < 0 || sections.output[section] < 0) return;
    placed.add(name);
    places[section] = Math.min(places[section], line);
  };
  lines.forEach((name, line) => {
    if (lineOf.has(name)) report(warning("symbol-order-duplicate", {}, { symbol: name }));
    else lineOf.set(name, line);
  });
  for (const [name, line] of lineOf) {
    const id = findText(symbols.names, name);
    if (id >= 0 && symbols.kind[id] !== KIND_NONE)
      enter(name, line, isDefinedHere(symbols, id) ? symbols.section[id] : -1);
  }
  eachLocal(loader, (name, section) => {
    const line = lineOf.get(name);
    if (line !== undefined) enter(name, line, section);
  });
  for (const symbol of lineOf.keys()) {
    if (!known.has(symbol)) report(warning("symbol-order-unknown", {}, { symbol }));
    else if (!placed.has(symbol)) report(warning("symbol-order-no-section", {}, { symbol }));
  }
  return places;
}

function eachLocal({ objects }: Loader, take: (name: string, section: SectionId) => void): void {
  const decoder = new TextDecoder();
  for (const object of objects) {
    const { bytes, view, symtab, strings, stringsEnd, is64, firstGlobal } = object;
    for (let i = 1; i < firstGlobal; i++) {
      const start = strings + view.getUint32(symtab + i * (is64 ? 24 : 16), true);
      const end = start < stringsEnd ? bytes.indexOf(0, start) : -1;
      if (end > start && end < stringsEnd) take(decoder.decode(bytes.subarray(start, end)), localSection(object, i));
    }
  }
}

/** Permutes the sections whose names match among the places that they have. */
function shuffle({ objects, sections }: Loader, output: OutputSection, glob: Glob, seed: SectionShuffle["seed"]): void {
  const { pieces } = output;
  const places: number[] = [];
  pieces.forEach((section, i) => {
    if (section < 0) return;
    if (globMatchesText(glob, sectionName(objects[sections.object[section]], sections, section))) places.push(i);
  });
  const order = places.map((place) => pieces[place]);
  if (seed === "reverse") order.reverse();
  else permute(order, seed);
  places.forEach((place, i) => {
    pieces[place] = order[i];
  });
}

/** Fisher and Yates; the random numbers are a linear congruence modulo 2^32 (Numerical Recipes, "quick and dirty"). */
function permute(list: number[], seed: number): void {
  let state = seed >>> 0;
  for (let i = list.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The high bits: the low ones repeat soon.
    const other = Math.floor((state / 2 ** 32) * (i + 1));
    [list[i], list[other]] = [list[other], list[i]];
  }
}
