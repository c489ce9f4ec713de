// The program headers that a script's PHDRS asks for (binutils, ld/ldlang.c: lang_record_phdrs, lang_new_phdr). A section
// that names none goes on in those of the section before; nothing is made by itself.

import { PT_INTERP, PT_LOAD } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { SEC_ALLOC } from "../mapping/bfd-flags.ts";
import { ABSOLUTE, addressOf, fold } from "../script/fold.ts";
import type { Expression } from "../script/statements.ts";
import { newMap, type SegmentMap } from "./map-segments.ts";
import type { Walk } from "./walk-state.ts";
import { toNumber } from "./words.ts";

const NONE = "NONE";

/**
 * @returns undefined without PHDRS
 * Errors: `phdrs-unused`, `phdr-unknown`, `phdr-headers-late`.
 */
export function phdrMaps(walk: Walk, report: Report): SegmentMap[] | undefined {
  const { plan, folding } = walk;
  const { phdrs } = plan.script;
  if (phdrs === undefined) return undefined;
  folding.phase = "allocating";
  const numberOf = (it: Expression | undefined): number | undefined => {
    if (it === undefined) return undefined;
    folding.section = ABSOLUTE;
    folding.dot = 0n;
    const value = fold(folding, it);
    return value === undefined ? 0 : toNumber(addressOf(folding, value));
  };
  const used = new Set<string>([NONE]);
  let last: readonly string[] | undefined;
  let lacksHeaders = false;
  const maps: SegmentMap[] = [];
  for (const it of phdrs) {
    const type = numberOf(it.type) ?? 0;
    const map = newMap(type);
    map.byScript = true;
    map.fileHeader = it.fileHeader;
    map.programHeaders = it.programHeaders;
    map.flags = numberOf(it.flags);
    map.loadAddress = numberOf(it.loadAddress);
    if (type === PT_LOAD) {
      const hasHeaders = it.fileHeader || it.programHeaders;
      if (hasHeaders && lacksHeaders) report(error("phdr-headers-late", it.place, { phdr: it.name }));
      lacksHeaders ||= !hasHeaders;
    }
    for (const [i, statement] of plan.outputs.entries()) {
      if (statement.failed) continue;
      let names = statement.phdrs;
      if (names !== undefined) last = names;
      else {
        const { output } = statement;
        if (statement.kindOf === "noload" || output === undefined || (output.sec & SEC_ALLOC) === 0) continue;
        if (type === PT_INTERP) continue;
        last ??= plan.outputs.slice(i).find((other) => other.phdrs !== undefined)?.phdrs;
        if (last === undefined) {
          walk.failed = true;
          report(error("phdrs-unused", it.place, {}));
          return maps;
        }
        names = last;
      }
      if (statement.output === undefined || !names.includes(it.name)) continue;
      used.add(it.name);
      map.sections.push(statement.output);
    }
    maps.push(map);
  }
  for (const { failed, output, phdrs: names, name, place } of plan.outputs) {
    if (failed || output === undefined) continue;
    for (const phdr of names ?? [])
      if (!used.has(phdr)) report(error("phdr-unknown", place ?? {}, { section: name, phdr }));
  }
  return maps;
}

/**
 * What is not there is in no segment, and what is not loaded in none that is (bfd/elf.c: elf_modify_segment_map). Only when all is
 * placed: a section that has nothing but room is loaded once dot has moved in it.
 */
export function leaveOut(map: SegmentMap): void {
  map.sections = map.sections.filter((it) => !it.removed && (map.type !== PT_LOAD || (it.sec & SEC_ALLOC) !== 0));
}
