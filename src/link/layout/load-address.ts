// Where a section is loaded, and what of its region is used then (binutils, ld/ldlang.c: lang_size_sections_1, os_region_check).

import { error, warning } from "../../elf/problem.ts";
import { SEC_ALLOC, SEC_LOAD, SEC_THREAD_LOCAL } from "../mapping/bfd-flags.ts";
import type { OutputStatement, Region } from "../mapping/output-statements.ts";
import { ABSOLUTE, fold, makeAbsolute } from "../script/fold.ts";
import { alignUp } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { fail, hex, numberOf, type Walk } from "./walk-state.ts";
import { isBelow, toNumber } from "./words.ts";

/** IGNORE_SECTION: neither loaded nor room in memory. */
export function takesSpace(output: OutputSection): boolean {
  const isTbss = (output.sec & (SEC_THREAD_LOCAL | SEC_LOAD)) === SEC_THREAD_LOCAL;
  return (output.sec & SEC_ALLOC) !== 0 && !isTbss;
}

/** The rules of load addresses, the first that fits. In AT dot is 0. Error: `script-load-value`; warning: `dot-moved-backwards`. */
export function setLoadAddress(
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

export function advanceRegions(
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
