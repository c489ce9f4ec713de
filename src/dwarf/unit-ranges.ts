// Which addresses a compilation unit covers, in a linked file: DW_AT_low_pc and DW_AT_high_pc, or the list that
// DW_AT_ranges refers to (DWARF 4, section 2.17; DWARF 5, sections 2.17 and 7.25).

import { type Cursor, cursor, skip, u8, uleb, unsigned } from "./cursor.ts";
import { entriesOf, type InfoSections, type Unit, type Value } from "./entries.ts";

export interface RangeSections extends InfoSections {
  /** .debug_ranges, .debug_rnglists and .debug_addr; empty where there is none. */
  readonly ranges: Uint8Array;
  readonly rangeLists: Uint8Array;
  readonly addresses: Uint8Array;
}

const DW_AT_low_pc = 0x11;
const DW_AT_high_pc = 0x12;
const DW_AT_ranges = 0x55;
const DW_AT_addr_base = 0x73;
const DW_AT_rnglists_base = 0x74;
const DW_AT_GNU_addr_base = 0x2133;
const DW_FORM_addr = 0x01;
const DW_FORM_rnglistx = 0x23;

type Take = (low: number, high: number) => void;

/** Calls `take` with each range, the end exclusive; up to where the data cannot be understood. */
export function unitRanges(sections: RangeSections, unit: Unit, take: Take): void {
  const [entry] = entriesOf(sections, unit, new Set());
  if (entry === undefined) return;
  const { values } = entry;
  const addressBase = values.get(DW_AT_addr_base)?.number ?? values.get(DW_AT_GNU_addr_base)?.number ?? 0;
  const indexed = (index: number): number => {
    const c = cursor(sections.addresses, true, addressBase + index * unit.addressBytes);
    return unsigned(c, unit.addressBytes);
  };
  const low = address(values.get(DW_AT_low_pc), indexed);
  const ranges = values.get(DW_AT_ranges);
  if (ranges === undefined) {
    const high = values.get(DW_AT_high_pc);
    if (high === undefined) return;
    take(low, isAddress(high.form) ? address(high, indexed) : low + high.number);
  } else if (unit.version < 5) readRanges(sections, unit, ranges.number, low, take);
  else {
    const base = values.get(DW_AT_rnglists_base)?.number ?? 0;
    readRangeList(sections, unit, listStart(sections, unit, ranges, base), low, indexed, take);
  }
}

/** DW_FORM_addr, addrx, addrx1 to addrx4, GNU_addr_index. */
function isAddress(form: number): boolean {
  return form === DW_FORM_addr || form === 0x1b || (form >= 0x29 && form <= 0x2c) || form === 0x1f01;
}

function address(value: Value | undefined, indexed: (index: number) => number): number {
  if (value === undefined) return 0;
  return value.form === DW_FORM_addr || !isAddress(value.form) ? value.number : indexed(value.number);
}

function readRanges({ ranges }: RangeSections, unit: Unit, at: number, start: number, take: Take): void {
  const c = cursor(ranges, true, at);
  const largest = unit.addressBytes === 8 ? 2 ** 64 : 0xffffffff;
  for (let base = start; ; ) {
    const low = unsigned(c, unit.addressBytes);
    const high = unsigned(c, unit.addressBytes);
    if (c.failed || (low === 0 && high === 0)) return;
    // All ones: a new base (64 bits of them are read as the nearest number, 2^64).
    if (low === largest) base = high;
    else take(base + low, base + high);
  }
}

function listStart({ rangeLists }: RangeSections, unit: Unit, value: Value, base: number): number {
  if (value.form !== DW_FORM_rnglistx) return value.number;
  return base + unsigned(cursor(rangeLists, true, base + value.number * unit.offsetBytes), unit.offsetBytes);
}

function readRangeList(
  { rangeLists }: RangeSections,
  unit: Unit,
  at: number,
  start: number,
  indexed: (index: number) => number,
  take: Take,
): void {
  const c = cursor(rangeLists, true, at);
  let base = start;
  const word = (it: Cursor): number => unsigned(it, unit.addressBytes);
  // DW_RLE_*, DWARF 5, table 7.30.
  for (let kind = u8(c); kind !== 0 && !c.failed; kind = u8(c)) {
    const first = kind <= 3 ? uleb(c) : kind === 4 ? 0 : word(c);
    if (kind === 1) base = indexed(first);
    else if (kind === 5) base = first;
    else {
      const low = kind <= 3 ? indexed(first) : first;
      if (kind === 2) take(low, indexed(uleb(c)));
      else if (kind === 3 || kind === 7) take(low, low + uleb(c));
      else if (kind === 6) take(low, word(c));
      else if (kind === 4) take(base + uleb(c), base + uleb(c));
      else skip(c, -1);
    }
  }
}
