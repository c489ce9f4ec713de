// .eh_frame_hdr of a relink: a table of functions with their FDEs, sorted by function. A changed object's functions stay within
// its sections, and so its rows keep their places in the table together; only which of them stands where may change.

import { rowsOfSection, type UnwindRow } from "../sections/unwind/eh-frame-output.ts";
import type { SectionId } from "../tables/ids.ts";
import type { Chunk } from "../tables/output-section.ts";
import type { Live } from "./live.ts";
import { need, type Touched } from "./touched.ts";

/** By section with unwind records: the places that its records had. */
export type OldPlaces = ReadonlyMap<SectionId, Float64Array>;

/** The rows that sections have in the output as it is. @param touched has their records in memory, not relocated anew yet */
export function oldRows({ frames }: Live, places: OldPlaces, { view }: Touched): UnwindRow[] {
  if (frames.header === undefined || !frames.table) return [];
  return [...places].flatMap(([section, old]) => rowsOfSection(frames, section, old, view));
}

/** @param before of `oldRows`  @returns false if the rows do not fit where those stood */
export function rewriteRows(
  { frames }: Live,
  places: OldPlaces,
  before: readonly UnwindRow[],
  touched: Touched,
): boolean {
  const { header } = frames;
  if (header === undefined || !frames.table) return true;
  const after = [...places.keys()].flatMap((section) => {
    const first = frames.firstRecords[frames.ordinals.get(section) ?? 0];
    return rowsOfSection(frames, section, frames.places.subarray(first), touched.view);
  });
  if (before.length !== after.length) return false;
  if (before.every(({ function: at, fde }, i) => at === after[i].function && fde === after[i].fde)) return true;
  const rows = before.map((row) => findRow(header, row, touched)).sort((a, b) => a - b);
  if (rows[0] < 0) return false;
  after.sort((a, b) => a.function - b.function || a.fde - b.fde);
  rows.forEach((row, i) => {
    touched.view.setInt32(header.offset + 12 + 8 * row, after[i].function - header.address, true);
    touched.view.setInt32(header.offset + 16 + 8 * row, after[i].fde - header.address, true);
  });
  return rows.every((row) => isSorted(header, row, touched));
}

function rowCount(header: Chunk, touched: Touched): number {
  need(touched, header.offset, header.offset + 12);
  return touched.view.getUint32(header.offset + 8, true);
}

/** The function's address in a row of the table. */
function functionIn(header: Chunk, row: number, touched: Touched): number {
  const at = header.offset + 12 + 8 * row;
  need(touched, at, at + 8);
  return header.address + touched.view.getInt32(at, true);
}

/** Number of the row, or -1. */
function findRow(header: Chunk, { function: address, fde }: UnwindRow, touched: Touched): number {
  const count = rowCount(header, touched);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (functionIn(header, middle, touched) < address) low = middle + 1;
    else high = middle;
  }
  for (let row = low; row < count && functionIn(header, row, touched) === address; row++) {
    if (header.address + touched.view.getInt32(header.offset + 16 + 8 * row, true) === fde) return row;
  }
  return -1;
}

/** Whether the row stands between its neighbours. Two functions at one address would have to be told apart. */
function isSorted(header: Chunk, row: number, touched: Touched): boolean {
  const address = functionIn(header, row, touched);
  if (row > 0 && functionIn(header, row - 1, touched) >= address) return false;
  return row + 1 >= rowCount(header, touched) || functionIn(header, row + 1, touched) > address;
}
