// .rela.dyn (or .rel.dyn), .rela.plt and .relr.dyn: sized before layout, filled after it. GNU ld's order (-z combreloc):
// RELATIVE first, by address, so that DT_RELACOUNT can count them; then by symbol; copies; and last what runs a resolver of the
// output's own, because resolvers may use all that the others set up.

import type { Machine } from "../../arch/index.ts";

/** The relocations of one section, as columns. */
export interface RelocationList {
  count: number;
  readonly address: Float64Array;
  readonly type: Uint16Array;
  /** Index in .dynsym, 0 for none. */
  readonly symbol: Int32Array;
  readonly addend: Float64Array;
}

export function createRelocationList(capacity: number): RelocationList {
  return {
    count: 0,
    address: new Float64Array(capacity),
    type: new Uint16Array(capacity),
    symbol: new Int32Array(capacity),
    addend: new Float64Array(capacity),
  };
}

/** @returns false if the list is full: more is written than was counted, an error of the linker itself */
export function addRelocation(
  list: RelocationList,
  address: number,
  type: number,
  symbol: number,
  addend: number,
): boolean {
  const at = list.count;
  if (at >= list.address.length) return false;
  list.address[at] = address;
  list.type[at] = type;
  list.symbol[at] = symbol;
  list.addend[at] = addend;
  list.count = at + 1;
  return true;
}

/** Bytes of one entry. */
export function relocationSize(machine: Machine): number {
  return (machine.rela ? 3 : 2) * machine.wordBytes;
}

/** Ranks behind RELATIVE relocations: bfd/elflink.c, elf_reloc_type_class. */
const RANK_NORMAL = 0;
const RANK_COPY = 1;
const RANK_RESOLVER = 2;

/**
 * The order in which to write, as indices: as elf_link_sort_relocs (bfd/elflink.c).
 * @param resolved by index in .dynsym: 1 for the output's own IFUNCs, whose relocations run their resolvers
 */
export function sortRelocations(list: RelocationList, machine: Machine, resolved: Uint8Array): Int32Array {
  const { relative, irelative, copy } = machine.dynamic;
  const { type, symbol, address, count } = list;
  const relatives = new Int32Array(count);
  let relativeTotal = 0;
  const others: number[] = [];
  // Those of one symbol stand together, where the first of them would.
  const first = new Float64Array(resolved.length).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    if (type[i] === relative) relatives[relativeTotal++] = i;
    else {
      others.push(i);
      if (address[i] < first[symbol[i]]) first[symbol[i]] = address[i];
    }
  }
  const rank = (i: number): number => {
    if (type[i] === irelative || resolved[symbol[i]] === 1) return RANK_RESOLVER;
    return type[i] === copy ? RANK_COPY : RANK_NORMAL;
  };
  others.sort((a, b) => rank(a) - rank(b) || first[symbol[a]] - first[symbol[b]] || address[a] - address[b]);
  const order = new Int32Array(count);
  order.set(sortByAddress(relatives.subarray(0, relativeTotal), address));
  order.set(others, relativeTotal);
  return order;
}

/**
 * Sections are walked file by file but stand sorted by kind, so the list consists of long rising runs: merging them takes
 * few comparisons, where a comparison sort of half a million entries would take a tenth of the link.
 */
function sortByAddress(indices: Int32Array, address: Float64Array): Int32Array {
  let from: Int32Array = indices;
  let to: Int32Array = new Int32Array(from.length);
  for (;;) {
    let runs = 0;
    for (let start = 0; start < from.length; runs++) {
      const middle = runEnd(from, address, start);
      const end = middle < from.length ? runEnd(from, address, middle) : middle;
      mergeRuns(from, to, address, start, middle, end);
      start = end;
    }
    [from, to] = [to, from];
    if (runs <= 1) return from;
  }
}

function runEnd(indices: Int32Array, address: Float64Array, start: number): number {
  let i = start + 1;
  while (i < indices.length && address[indices[i - 1]] <= address[indices[i]]) i++;
  return i;
}

function mergeRuns(
  from: Int32Array,
  to: Int32Array,
  address: Float64Array,
  start: number,
  middle: number,
  end: number,
): void {
  let a = start;
  let b = middle;
  for (let i = start; i < end; i++) {
    const takeFirst = a < middle && (b >= end || address[from[a]] <= address[from[b]]);
    to[i] = takeFirst ? from[a++] : from[b++];
  }
}

/** How many RELATIVE relocations stand in front: DT_RELACOUNT. */
export function relativeCount(list: RelocationList, machine: Machine): number {
  let count = 0;
  for (let i = 0; i < list.count; i++) if (list.type[i] === machine.dynamic.relative) count++;
  return count;
}

/** @param order indices of those to write; undefined: all, as they come */
export function writeRelocations(
  list: RelocationList,
  order: Int32Array | undefined,
  machine: Machine,
  view: DataView,
  at: number,
): void {
  const size = relocationSize(machine);
  const is64 = machine.elfClass === 64;
  const count = order?.length ?? list.count;
  for (let k = 0; k < count; k++) {
    const i = order === undefined ? k : order[k];
    const to = at + k * size;
    const address = list.address[i];
    if (is64) {
      view.setUint32(to, address >>> 0, true);
      view.setUint32(to + 4, Math.floor(address / 0x100000000), true);
      view.setUint32(to + 8, list.type[i], true);
      view.setUint32(to + 12, list.symbol[i], true);
      view.setInt32(to + 16, list.addend[i] | 0, true);
      view.setInt32(to + 20, Math.floor(list.addend[i] / 0x100000000), true);
    } else {
      view.setUint32(to, address, true);
      view.setUint32(to + 4, (list.symbol[i] << 8) | list.type[i], true);
      if (machine.rela) view.setInt32(to + 8, list.addend[i] | 0, true);
    }
  }
}
