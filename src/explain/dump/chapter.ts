// A chapter that is one table, as data: what it is called, its columns, its rows. The terminal prints it (`chapterLines`); the page
// scrolls through it, sorts and filters it, and asks only for the cells that are on the screen.

import { type Column, heading, type Style, table } from "./table.ts";

export interface Chapter<Row> {
  readonly title: string;
  readonly columns: readonly ChapterColumn<Row>[];
  readonly rows: readonly Row[];
  /** The option that shows all of it. */
  readonly more: string;
}

export interface ChapterColumn<Row> extends Column {
  readonly cell: (row: Row, style: CellStyle) => string;
  /** What rows are sorted by; the text where this is missing. */
  readonly by?: (row: Row) => number | string;
}

/** What a cell's words depend on. */
export type CellStyle = Pick<Style, "demangle" | "rows">;

/** The chapter's title and table; cells of rows beyond `style.rows` are not made. */
export function chapterLines<Row>(chapter: Chapter<Row>, style: Style): string[] {
  return [...heading(chapter.title, style), ...chapterTable(chapter, style)];
}

/** The table alone. */
export function chapterTable<Row>({ columns, rows, more }: Chapter<Row>, style: Style): string[] {
  const cells = rows.map((row, i) => (i < style.rows ? columns.map(({ cell }) => cell(row, style)) : NOTHING));
  return table(columns, cells, style, more);
}

const NOTHING: readonly string[] = [];
