// String tables: NUL-terminated names, referred to by offset. Names may share their tails, and a damaged or hostile file
// may let ten thousand symbols name one endless string, so a table also keeps count of what has been read from it.

import type { FileRange } from "./source.ts";
import { endOfName, textBetween } from "./text.ts";

export interface StringTable extends FileRange {
  readonly bytes: Uint8Array;
  /** Characters that may still be decoded. */
  readonly budget: { left: number };
}

/**
 * A string table in a file. Every name costs its symbol at least 16 bytes, so sixteen times the file is more than any honest
 * file's names come to; what is asked beyond that is not decoded.
 * @param range must lie in `bytes`
 */
export function stringTable(bytes: Uint8Array, range: FileRange): StringTable {
  return { bytes, start: range.start, end: range.end, budget: { left: 16 * bytes.length } };
}

/** The table that holds no names. */
export const noStrings: StringTable = { bytes: new Uint8Array(0), start: 0, end: 0, budget: { left: 0 } };

/**
 * The name at an offset, or undefined if the offset lies outside of the table (or the table's budget is used up).
 * Offset 0 is the empty name, even in an empty table. A name that the table's end cuts off is taken as far as it goes.
 */
export function stringAt(table: StringTable, offset: number): string | undefined {
  if (offset === 0) return table.end > table.start ? decode(table, table.start) : "";
  const start = table.start + offset;
  return start < table.end ? decode(table, start) : undefined;
}

function decode(table: StringTable, start: number): string | undefined {
  const end = endOfName(table.bytes, start, Math.min(table.end, start + table.budget.left + 1));
  table.budget.left -= end - start;
  return table.budget.left < 0 ? undefined : textBetween(table.bytes, start, end);
}
