// .rela.dyn (or .rel.dyn), .rela.plt and .relr.dyn: sized before layout, filled after it. GNU ld's order (-z combreloc):
// RELATIVE first, by address, so that DT_RELACOUNT can count them; then by symbol; IRELATIVE last, because resolvers may
// use what the others set up.

import type { Machine } from "../arch/index.ts";

/** The relocations of one section, as columns. */
export interface RelocationList {
  count: number;
  readonly address: Float64Array;
  readonly type: Uint8Array;
  /** Index in .dynsym, 0 for none. */
  readonly symbol: Int32Array;
  readonly addend: Float64Array;
}

export function createRelocationList(capacity: number): RelocationList {
  return {
    count: 0,
    address: new Float64Array(capacity),
    type: new Uint8Array(capacity),
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

/** The order in which to write, as indices. */
export function sortRelocations(list: RelocationList, machine: Machine): Int32Array {
  const order = new Int32Array(list.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const { relative, irelative } = machine.dynamic;
  const { type, symbol, address } = list;
  const rank = (i: number): number => (type[i] === relative ? 0 : type[i] === irelative ? 2 : 1);
  return order.sort(
    (a, b) => rank(a) - rank(b) || (rank(a) === 1 ? symbol[a] - symbol[b] : 0) || address[a] - address[b],
  );
}

/** How many RELATIVE relocations stand in front: DT_RELACOUNT. */
export function relativeCount(list: RelocationList, machine: Machine): number {
  let count = 0;
  for (let i = 0; i < list.count; i++) if (list.type[i] === machine.dynamic.relative) count++;
  return count;
}

export function writeRelocations(
  list: RelocationList,
  order: Int32Array | undefined,
  machine: Machine,
  view: DataView,
  at: number,
): void {
  const size = relocationSize(machine);
  const is64 = machine.elfClass === 64;
  for (let k = 0; k < list.count; k++) {
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
