// Tables that the page scrolls through: the rows stay here, and only what is on the screen is made into text and sent.

import type { CellStyle, Chapter, ChapterColumn, Style } from "../../src/explain/dump/index.ts";
import type { Lead, RowsAnswer, RowsQuestion, TableColumn } from "./protocol.ts";

/** A chapter with what only a page knows: names of its rows and where its cells lead. */
export interface PageTable<Row> {
  readonly chapter: Chapter<Row>;
  readonly keyOf: (row: Row, index: number) => string;
  /** @param column its number */
  readonly leadOf?: (row: Row, column: number) => Lead | undefined;
}

/** A table whose rows are its own affair: all that is asked of it are windows. */
export interface ShownTable {
  readonly answer: (question: RowsQuestion, cache: Map<string, RowsCache>, key: string) => RowsAnswer;
}

export function shown<Row>(table: PageTable<Row>): ShownTable {
  return { answer: (question, cache, key) => answerRows(table, question, cache, key) };
}

export const STYLE: CellStyle = { demangle: true, rows: 40 };

/** For words that are made whole. */
export const PAGE_STYLE: Style = { color: false, columns: 100, demangle: true, rows: Number.POSITIVE_INFINITY };

/** Cells that are looked at for a column's width. */
const SAMPLE = 400;

/** What a question about rows left behind: the next window of the same view costs nothing. */
export interface RowsCache {
  key: string;
  order: Uint32Array;
  columns: readonly TableColumn[];
}

/** @param key names the table; the sorted and filtered order is kept as long as it stays the same */
function answerRows<Row>(
  table: PageTable<Row>,
  question: RowsQuestion,
  cache: Map<string, RowsCache>,
  key: string,
): RowsAnswer {
  const { chapter, keyOf, leadOf } = table;
  const { rows, columns } = chapter;
  const { sort, down, filter, from, to, find } = question;
  const view = `${sort} ${down} ${filter} ${rows.length}`;
  let kept = cache.get(key);
  if (kept?.key !== view) {
    const order = orderOf(chapter, sort, down, filter.toLowerCase());
    kept = { key: view, order, columns: columns.map((column) => shownColumn(column, rows, order)) };
    cache.set(key, kept);
  }
  const { order } = kept;
  const shown = Array.from(order.subarray(Math.max(0, from), Math.max(0, to)), (index) => ({
    key: keyOf(rows[index], index),
    cells: columns.map(({ cell }) => cell(rows[index], STYLE)),
    leads: columns.map((_, column) => leadOf?.(rows[index], column)),
  }));
  return {
    title: chapter.title,
    columns: kept.columns,
    total: order.length,
    all: rows.length,
    rows: shown,
    found: find === undefined ? -1 : order.findIndex((index) => keyOf(rows[index], index) === find),
  };
}

function orderOf<Row>({ rows, columns }: Chapter<Row>, sort: number, down: boolean, filter: string): Uint32Array {
  let order = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (filter === "" || columns.some(({ cell }) => cell(rows[i], STYLE).toLowerCase().includes(filter)))
      order[count++] = i;
  }
  order = order.subarray(0, count);
  const column = columns[sort];
  if (column === undefined) return order;
  const keys = rows.map((row) => column.by?.(row) ?? column.cell(row, STYLE));
  const compare = (a: number, b: number): number => {
    const [x, y] = [keys[a], keys[b]];
    if (x === y) return a - b;
    return x < y ? -1 : 1;
  };
  return order.sort(down ? (a, b) => compare(b, a) : compare);
}

function shownColumn<Row>(column: ChapterColumn<Row>, rows: readonly Row[], order: Uint32Array): TableColumn {
  const { title, align = "left", paint, cell } = column;
  let width = title.length + 2;
  const step = Math.max(1, Math.floor(order.length / SAMPLE));
  for (let i = 0; i < order.length; i += step) width = Math.max(width, cell(rows[order[i]], STYLE).length);
  return { title, align, paint, width };
}
