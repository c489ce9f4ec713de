// --gdb-index: .gdb_index, a table by which gdb finds the units of a name or an address without reading all of .debug_info
// (gdb manual, "Index Section Format", version 7, as gold and lld write it). It is made when all is relocated, out of the
// output's own debug sections, and stands at the end of the file.
//
//   header │ units │ (type units) │ addresses → unit │ hash table: name, units │ pool: lists of units, names
//
// Names come from .debug_gnu_pubnames and .debug_gnu_pubtypes, which compilers write for -ggnu-pubnames or -gsplit-dwarf.

import { cursor, u8, u16, u32, u64, unsigned } from "../../dwarf/cursor.ts";
import { type RangeSections, readUnit, unitRanges } from "../../dwarf/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS } from "../../elf/constants.ts";
import { note, type Report } from "../../elf/problem.ts";
import { growUint32 } from "../tables/columns.ts";
import { writeWord } from "../tables/header-bytes.ts";
import { createNames, internName, type NameTable } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { OutputSection } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";

const VERSION = 7;
const HEADER = 24;
const UNIT = 16;
const RANGE = 20;
const SLOT = 8;

/** Note: `gdb-index-nameless`, for the first of the objects whose names gdb will not find. */
export function reportNameless(objects: readonly ObjectFile[], sections: SectionTable, report: Report): void {
  const nameless = objects.filter((object) => {
    let described = false;
    for (let section = object.firstSection; section < object.firstSection + object.sectionCount; section++) {
      const name = sectionName(object, sections, section);
      if (name === ".debug_gnu_pubnames") return false;
      if (name === ".debug_info" && sections.output[section] >= 0) described = true;
    }
    return described;
  });
  if (nameless.length > 0) {
    const others = nameless.length - 1;
    report(note("gdb-index-nameless", { file: nameless[0].name }, others > 0 ? { others } : {}));
  }
}

interface Units {
  readonly starts: number[];
  readonly lengths: number[];
  /** Where a unit starts → its number. */
  readonly numberOf: Map<number, number>;
  /** Three numbers a range: start, end, unit. */
  readonly ranges: number[];
}

/** A name in a unit: the same place in both columns. `values` are as the index has them. */
interface Mentions {
  readonly names: NameTable;
  name: Uint32Array;
  value: Uint32Array;
  count: number;
}

/**
 * The contents of the section.
 * @param image the output, relocated and not compressed
 * @param sections of the output, with their offsets in the image
 */
export function gdbIndex(image: Uint8Array, sections: readonly OutputSection[]): Uint8Array {
  const contents = (name: string): Uint8Array => {
    const found = sections.find((it) => it.name === name && it.type !== SHT_NOBITS);
    return found === undefined ? new Uint8Array(0) : image.subarray(found.offset, found.offset + found.size);
  };
  const code = sections.filter((it) => (it.flags & (SHF_ALLOC | SHF_EXECINSTR)) === (SHF_ALLOC | SHF_EXECINSTR));
  const units = readUnits(contents, code);
  const mentions: Mentions = {
    names: createNames(),
    name: new Uint32Array(1 << 10),
    value: new Uint32Array(1 << 10),
    count: 0,
  };
  readNames(contents(".debug_gnu_pubnames"), units, mentions);
  readNames(contents(".debug_gnu_pubtypes"), units, mentions);
  return writeIndex(units, mentions);
}

function readUnits(contents: (name: string) => Uint8Array, code: readonly OutputSection[]): Units {
  // In a linked file no field is relocated any more.
  const section = (name: string) => ({ bytes: contents(name), targets: new Map() });
  const sections: RangeSections = {
    info: section(".debug_info"),
    abbreviations: section(".debug_abbrev"),
    strings: undefined,
    stringOffsets: undefined,
    lineStrings: undefined,
    littleEndian: true,
    ranges: contents(".debug_ranges"),
    rangeLists: contents(".debug_rnglists"),
    addresses: contents(".debug_addr"),
  };
  const units: Units = { starts: [], lengths: [], numberOf: new Map(), ranges: [] };
  const { length } = sections.info.bytes;
  const limit = 3 * (length + sections.ranges.length + sections.rangeLists.length);
  for (let at = 0; at < length; ) {
    const { next, unit } = readUnit(sections, at);
    if (unit !== undefined) {
      const number = units.starts.push(at) - 1;
      units.lengths.push(next - at);
      units.numberOf.set(at, number);
      // A list belongs to one unit: more ranges than bytes come of damage only.
      if (units.ranges.length <= limit)
        unitRanges(sections, unit, (low, high) => {
          // What was removed has its ranges at 0.
          if (low < high && code.some((it) => low >= it.address && high <= it.address + it.size))
            units.ranges.push(low, high, number);
        });
    }
    at = next;
  }
  return units;
}

/** One of the name tables: sets of names, one for each unit. A value is kind and linkage in the high byte, and the unit. */
function readNames(bytes: Uint8Array, units: Units, mentions: Mentions): void {
  const c = cursor(bytes, true);
  while (c.at < c.end) {
    const first = u32(c);
    const wide = first === 0xffffffff;
    const length = wide ? u64(c) : first;
    const end = c.at + length;
    if (c.failed || end > bytes.length) return;
    const offsetBytes = wide ? 8 : 4;
    u16(c); // version
    const unit = units.numberOf.get(unsigned(c, offsetBytes));
    unsigned(c, offsetBytes); // length of the unit
    while (unit !== undefined && c.at < end && !c.failed && unsigned(c, offsetBytes) !== 0) {
      const kind = u8(c);
      const name = internName(mentions.names, c.view, c.at, end);
      c.at = Math.min(mentions.names.end + 1, end);
      addMention(mentions, name, ((kind << 24) | unit) >>> 0);
    }
    c.at = end;
  }
}

function addMention(it: Mentions, name: number, value: number): void {
  it.name = growUint32(it.name, it.count + 1);
  it.value = growUint32(it.value, it.count + 1);
  it.name[it.count] = name;
  it.value[it.count++] = value;
}

/** By name: where its list of units starts in `lists`, which are in the form of the pool: a count, then the values. */
function listUnits({ names, name, value, count }: Mentions): { starts: Uint32Array; lists: Uint32Array } {
  const ends = new Uint32Array(names.count + 1);
  for (let i = 0; i < count; i++) ends[name[i] + 1]++;
  for (let i = 0; i < names.count; i++) ends[i + 1] += ends[i];
  const sorted = new Uint32Array(count);
  for (let i = 0; i < count; i++) sorted[ends[name[i]]++] = value[i];
  // Now `ends` has the end of each name's values, which is where those of the next one start.
  const starts = new Uint32Array(names.count);
  const lists = new Uint32Array(count + names.count);
  let at = 0;
  for (let id = 0; id < names.count; id++) {
    const own = sorted.subarray(id === 0 ? 0 : ends[id - 1], ends[id]).sort();
    starts[id] = at++;
    for (let i = 0; i < own.length; i++) if (i === 0 || own[i] !== own[i - 1]) lists[at++] = own[i];
    lists[starts[id]] = at - starts[id] - 1;
  }
  return { starts, lists: lists.subarray(0, at) };
}

function writeIndex(units: Units, mentions: Mentions): Uint8Array {
  const { names } = mentions;
  const { starts, lists } = listUnits(mentions);
  // A quarter free at least: gdb looks further at every collision.
  let slots = 1024;
  while (slots * 3 < names.count * 4) slots *= 2;
  const rangeCount = units.ranges.length / 3;
  const addressArea = HEADER + units.starts.length * UNIT;
  const symbolTable = addressArea + rangeCount * RANGE;
  const pool = symbolTable + slots * SLOT;
  const namePool = lists.length * 4;
  const bytes = new Uint8Array(pool + namePool + names.poolEnd);
  const view = new DataView(bytes.buffer);
  [VERSION, HEADER, addressArea, addressArea, symbolTable, pool].forEach((it, i) => {
    view.setUint32(4 * i, it, true);
  });
  units.starts.forEach((start, i) => {
    writeWord(view, HEADER + i * UNIT, start, true);
    writeWord(view, HEADER + i * UNIT + 8, units.lengths[i], true);
  });
  for (let i = 0; i < rangeCount; i++) {
    const at = addressArea + i * RANGE;
    writeWord(view, at, units.ranges[3 * i], true);
    writeWord(view, at + 8, units.ranges[3 * i + 1], true);
    view.setUint32(at + 16, units.ranges[3 * i + 2], true);
  }
  for (let id = 0; id < names.count; id++) {
    const hash = hashName(names.pool, names.start[id]);
    const step = ((Math.imul(hash, 17) & (slots - 1)) | 1) >>> 0;
    let slot = hash & (slots - 1);
    // The name's offset is never 0: every name has a list, and lists stand first.
    while (view.getUint32(symbolTable + slot * SLOT, true) !== 0) slot = (slot + step) & (slots - 1);
    view.setUint32(symbolTable + slot * SLOT, namePool + names.start[id], true);
    view.setUint32(symbolTable + slot * SLOT + 4, starts[id] * 4, true);
  }
  for (let i = 0; i < lists.length; i++) view.setUint32(pool + 4 * i, lists[i], true);
  bytes.set(names.pool.subarray(0, names.poolEnd), pool + namePool);
  return bytes;
}

/** gdb's mapped_index_string_hash (gdb/dwarf2/index-common.c): without regard to case, since version 5. */
function hashName(pool: Uint8Array, start: number): number {
  let hash = 0;
  for (let i = start; pool[i] !== 0; i++) {
    const byte = pool[i] >= 0x41 && pool[i] <= 0x5a ? pool[i] + 0x20 : pool[i];
    hash = (Math.imul(hash, 67) + byte - 113) | 0;
  }
  return hash >>> 0;
}
