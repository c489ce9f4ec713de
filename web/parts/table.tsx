// A table of any length: only the rows on the screen exist, and only they are asked for, in blocks. Scrolling never waits for them, and
// goes past the components: a frame changes words in rows that are there (sheet.ts).

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { client, edition, go, hash, href, leadChange } from "../app/state.ts";
import { grouped } from "../app/words.ts";
import type { RowsAnswer, TableColumn, TableRow } from "../worker/protocol.ts";
import { Failed } from "./notes.tsx";
import { stretchAt } from "./rows.ts";
import { createSheet, type Sheet } from "./sheet.ts";

const BLOCK = 128;
/** Blocks that are kept. */
const MOST_BLOCKS = 400;

export interface TableProps {
  readonly file: string;
  readonly part: string;
  /** From the address: `sort=2`, `sort=-2`, `filter=…`. */
  readonly query: Readonly<Record<string, string>>;
  readonly label: string;
}

/** What has come of a table: of one file, sorted and filtered in one way. */
interface Loaded {
  readonly key: string;
  head: RowsAnswer | undefined;
  readonly blocks: Map<number, readonly TableRow[]>;
  /** Rows are being waited for. */
  asking: boolean;
}

export function Table({ file, part, query, label }: TableProps): JSX.Element {
  const sort = Number(query.sort ?? Number.NaN);
  const column = Number.isNaN(sort) ? -1 : Math.abs(sort) - 1;
  const down = sort < 0;
  const filter = query.filter ?? "";
  const key = JSON.stringify([file, part, column, down, filter, edition.value]);
  const head = useSignal<RowsAnswer | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const sheet = useRef<Sheet | undefined>(undefined);
  const state = useRef<Loaded>({ key: "", head: undefined, blocks: new Map(), asking: false });

  const rowAt = (index: number): TableRow | undefined =>
    state.current.blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK];

  const hrefOf = ({ leads }: TableRow, column: number): string | undefined => {
    const lead = leads[column];
    return lead === undefined ? undefined : href(leadChange(lead));
  };

  /** Shows what is here, and asks for what is not. One question at a time: whoever scrolls past does not wait for what was passed. */
  const draw = (anew: boolean): void => {
    const [element, list] = [scroller.current, rows.current];
    const { head: known, blocks } = state.current;
    // What was there before stays until something else has come.
    if (element === null || list === null || known === undefined) return;
    const { first, last, top } = stretchAt(known.total, element.scrollTop, element.clientHeight);
    list.style.transform = `translateY(${top}px)`;
    list.classList.toggle("odd", first % 2 === 1);
    sheet.current ??= createSheet(list);
    sheet.current.show({ columns: known.columns, rowAt, hrefOf }, first, last, anew);
    const missing: number[] = [];
    for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block++)
      if (!blocks.has(block)) missing.push(block);
    if (missing.length > 0) ask(missing[0], missing[missing.length - 1] + 1);
  };

  const ask = (from: number, to: number): void => {
    const mine = state.current;
    if (mine.asking) return;
    mine.asking = true;
    client.ask("rows", { file, part, sort: column, down, filter, from: from * BLOCK, to: to * BLOCK }).then(
      (answer) => {
        mine.asking = false;
        if (mine !== state.current) return;
        for (let block = from; block < to; block++) {
          mine.blocks.delete(block);
          mine.blocks.set(block, answer.rows.slice((block - from) * BLOCK, (block - from + 1) * BLOCK));
        }
        for (const old of mine.blocks.keys()) if (mine.blocks.size > MOST_BLOCKS) mine.blocks.delete(old);
        // The columns stay those of the first answer: by them the sheet knows that it is the same table.
        mine.head ??= answer;
        head.value = mine.head;
        failed.value = undefined;
        draw(false);
      },
      (cause: unknown) => {
        mine.asking = false;
        if (mine === state.current) failed.value = cause instanceof Error ? cause.message : String(cause);
      },
    );
  };

  useLayoutEffect(() => {
    state.current = { key, head: undefined, blocks: new Map(), asking: false };
    if (scroller.current !== null) scroller.current.scrollTop = 0;
    ask(0, 1);
  }, [key]);

  // Where cells lead depends on the address.
  useLayoutEffect(() => draw(true), [hash.value]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => latest.current(false);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  const latest = useRef(draw);
  latest.current = draw;

  const total = head.value?.total ?? 0;
  const columns = head.value?.columns ?? NO_COLUMNS;
  const widest = columns.reduce((sum, { width }) => sum + width + 3, 2);
  const template = columns
    .map(({ width }, i) => (i === columns.length - 1 ? "1fr" : `${Math.min(width, 70) + 2}ch`))
    .join(" ");

  return (
    <section class="table" aria-label={label}>
      <div class="table-bar">
        <label>
          <span class="hidden">Filter {label}</span>
          <input
            type="search"
            placeholder="Filter"
            value={filter}
            onInput={(event) => go({ query: { filter: event.currentTarget.value } }, true)}
          />
        </label>
        <span class="count" role="status">
          {head.value === undefined ? "" : countText(head.value)}
        </span>
      </div>
      <Failed words={failed.value} />
      <div class="scroller" ref={scroller} tabIndex={0} role="table" aria-label={label} aria-rowcount={total + 1}>
        <div class="sheet" style={{ minWidth: `${widest}ch`, "--columns": template }}>
          <div class="row head" role="row" aria-rowindex={1}>
            {columns.map((it, i) => (
              <HeadCell
                key={it.title}
                column={it}
                index={i}
                sorted={column === i ? (down ? "down" : "up") : undefined}
              />
            ))}
          </div>
          <div class="body" style={{ height: `${stretchAt(total, 0, 0).height}px` }}>
            <div class="rows" ref={rows} />
          </div>
        </div>
      </div>
    </section>
  );
}

const NO_COLUMNS: readonly TableColumn[] = [];

function countText({ total, all }: RowsAnswer): string {
  const rows = all === 1 ? "row" : "rows";
  return total === all ? `${grouped(all)} ${rows}` : `${grouped(total)} of ${grouped(all)} ${rows}`;
}

function HeadCell({
  column,
  index,
  sorted,
}: {
  column: TableColumn;
  index: number;
  sorted: "up" | "down" | undefined;
}): JSX.Element {
  const next = sorted === "up" ? `-${index + 1}` : sorted === "down" ? "" : String(index + 1);
  const order = sorted === "up" ? "ascending" : sorted === "down" ? "descending" : "none";
  return (
    <div role="columnheader" aria-sort={order} class={column.align}>
      <button type="button" onClick={() => go({ query: { sort: next } }, true)}>
        {column.title === "" ? "remark" : column.title}
        <span aria-hidden="true">{sorted === "up" ? " ▴" : sorted === "down" ? " ▾" : ""}</span>
      </button>
    </div>
  );
}
