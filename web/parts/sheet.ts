// The rows of a long table as elements. They are made once for what fits on the screen; scrolling gives them other words, which costs
// a tenth of making them anew. So this is the one place of the page that changes the document by hand.

import type { TableColumn, TableRow } from "../worker/protocol.ts";

/** What stands in the rows. */
export interface SheetContents {
  readonly columns: readonly TableColumn[];
  /** Undefined where the row has not come yet. */
  readonly rowAt: (index: number) => TableRow | undefined;
  /** Where a cell leads. */
  readonly hrefOf: (row: TableRow, column: number) => string | undefined;
}

export interface Sheet {
  /**
   * Shows these rows, `last` not included.
   * @param anew the rows that are there already may have changed
   */
  show(contents: SheetContents, first: number, last: number, anew: boolean): void;
}

interface RowElement {
  readonly element: HTMLElement;
  readonly cells: readonly CellElement[];
  index: number;
  row: TableRow | undefined;
}

interface CellElement {
  readonly element: HTMLElement;
  readonly text: Text;
  readonly link: HTMLAnchorElement;
  words: string;
  href: string | undefined;
}

/** Words of this length may be cut off; they are shown whole when somebody points at them. */
const LONG = 30;

/** @param parent its children are the rows */
export function createSheet(parent: HTMLElement): Sheet {
  let columns: readonly TableColumn[] = [];
  const rows: RowElement[] = [];

  function resize(count: number): void {
    while (rows.length < count) {
      const made = rowElement(columns);
      rows.push(made);
      parent.append(made.element);
    }
    for (const { element } of rows.splice(count)) element.remove();
  }

  /** Rows that leave at one end come in at the other, so that their order in the document stays that on the screen. */
  function turn(first: number): void {
    const shift = rows.length === 0 ? 0 : first - rows[0].index;
    if (shift === 0 || Math.abs(shift) >= rows.length) return;
    if (shift > 0) {
      const gone = rows.splice(0, shift);
      rows.push(...gone);
      parent.append(...gone.map(({ element }) => element));
    } else {
      const gone = rows.splice(shift);
      rows.unshift(...gone);
      parent.prepend(...gone.map(({ element }) => element));
    }
  }

  return {
    show: (contents, first, last, anew) => {
      if (contents.columns !== columns) {
        resize(0);
        columns = contents.columns;
      }
      turn(first);
      resize(Math.max(0, last - first));
      rows.forEach((it, i) => {
        const row = contents.rowAt(first + i);
        if (anew || it.index !== first + i || it.row !== row) fill(it, first + i, row, contents);
      });
    },
  };
}

function rowElement(columns: readonly TableColumn[]): RowElement {
  const element = document.createElement("div");
  element.className = "row";
  element.setAttribute("role", "row");
  const cells = columns.map(({ align, paint }): CellElement => {
    const cell = document.createElement("div");
    cell.className = `${align} ${paint ?? ""}`.trim();
    cell.setAttribute("role", "cell");
    const text = document.createTextNode("");
    cell.append(text);
    return { element: cell, text, link: document.createElement("a"), words: "", href: undefined };
  });
  element.append(...cells.map((cell) => cell.element));
  return { element, cells, index: -1, row: undefined };
}

function fill(it: RowElement, index: number, row: TableRow | undefined, { hrefOf }: SheetContents): void {
  if (it.index !== index) it.element.setAttribute("aria-rowindex", String(index + 2));
  it.index = index;
  it.row = row;
  it.cells.forEach((cell, column) => {
    const words = row?.cells[column] ?? "";
    setWords(cell, words);
    setLink(cell, row === undefined || words === "" ? undefined : hrefOf(row, column));
  });
}

function setWords(cell: CellElement, words: string): void {
  if (cell.words === words) return;
  if (words.length > LONG) cell.element.title = words;
  else if (cell.words.length > LONG) cell.element.removeAttribute("title");
  cell.words = words;
  cell.text.data = words;
}

function setLink(cell: CellElement, href: string | undefined): void {
  const { element, link, text } = cell;
  if (cell.href === href) return;
  if (href === undefined) {
    element.append(text);
    link.remove();
  } else {
    link.href = href;
    if (cell.href === undefined) {
      link.append(text);
      element.append(link);
    }
  }
  cell.href = href;
}
