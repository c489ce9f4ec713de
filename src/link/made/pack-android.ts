// --pack-dyn-relocs=android: dynamic relocations as Bionic's loader reads them, a third or less of their usual size (Android
// platform, bionic/linker/linker_reloc_iterators.h; "APS2"). All numbers are SLEB128:
//
//   "APS2" │ count │ first offset │ group …
//   group     size │ flags │ (offset delta) │ (info) │ (addend delta) │ relocation …
//   relocation             what the group does not say for all: offset delta, info, addend delta
//
// Offsets and addends are told as differences from the relocation before, across groups; a group without addends sets the
// running addend back to 0.

import type { Machine } from "../../arch/index.ts";
import { growUint8 } from "../tables/columns.ts";
import type { RelocationList } from "./dynamic-relocations.ts";

/** What a group says once for all its relocations. */
const GROUPED_BY_INFO = 1;
const GROUPED_BY_OFFSET_DELTA = 2;
const HAS_ADDEND = 8;

/** Shorter runs cost more as a group than as single relocations. */
const SHORTEST_RUN = 4;

interface Writer {
  bytes: Uint8Array;
  size: number;
}

/** @param order indices of the relocations, as they are to stand  @returns the section's contents */
export function packAndroid(list: RelocationList, order: Int32Array, machine: Machine): Uint8Array {
  const out: Writer = { bytes: new Uint8Array(4096), size: 4 };
  out.bytes.set([0x41, 0x50, 0x53, 0x32]);
  const { address, type, symbol, addend } = list;
  const is64 = machine.elfClass === 64;
  const info = (i: number): number => (is64 ? symbol[i] * 0x100000000 + type[i] : symbol[i] * 256 + type[i]);
  writeSleb(out, order.length);
  writeSleb(out, 0);
  let lastOffset = 0;
  let lastAddend = 0;
  const deltaAt = (k: number): number => address[order[k]] - (k === 0 ? lastOffset : address[order[k - 1]]);
  for (let k = 0; k < order.length; ) {
    // As many as possible of one info, at equal distances.
    const first = info(order[k]);
    const delta = deltaAt(k);
    let end = k + 1;
    while (end < order.length && info(order[end]) === first && deltaAt(end) === delta) end++;
    const isRun = end - k >= SHORTEST_RUN;
    if (!isRun) {
      end = k + 1;
      while (end < order.length && info(order[end]) === first && !startsRun(order, end, info, deltaAt)) end++;
    }
    const hasAddends = machine.rela && someAddend(order, k, end, addend);
    writeSleb(out, end - k);
    writeSleb(out, GROUPED_BY_INFO | (isRun ? GROUPED_BY_OFFSET_DELTA : 0) | (hasAddends ? HAS_ADDEND : 0));
    if (isRun) writeSleb(out, delta);
    writeSleb(out, first);
    if (!hasAddends) lastAddend = 0;
    for (; k < end; k++) {
      if (!isRun) writeSleb(out, deltaAt(k));
      if (!hasAddends) continue;
      writeSleb(out, addend[order[k]] - lastAddend);
      lastAddend = addend[order[k]];
    }
    lastOffset = address[order[k - 1]];
  }
  return out.bytes.subarray(0, out.size);
}

function startsRun(
  order: Int32Array,
  at: number,
  info: (i: number) => number,
  deltaAt: (k: number) => number,
): boolean {
  if (at + SHORTEST_RUN > order.length) return false;
  const first = info(order[at]);
  const delta = deltaAt(at);
  for (let k = at + 1; k < at + SHORTEST_RUN; k++) if (info(order[k]) !== first || deltaAt(k) !== delta) return false;
  return true;
}

function someAddend(order: Int32Array, start: number, end: number, addend: ArrayLike<number>): boolean {
  for (let k = start; k < end; k++) if (addend[order[k]] !== 0) return true;
  return false;
}

/** @param value an integer, exact as a number */
function writeSleb(out: Writer, value: number): void {
  out.bytes = growUint8(out.bytes, out.size + 10);
  let rest = value;
  for (;;) {
    const low = ((rest % 128) + 128) % 128;
    rest = Math.floor(rest / 128);
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    out.bytes[out.size++] = isLast ? low : low | 0x80;
    if (isLast) return;
  }
}
