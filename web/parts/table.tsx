// A table of any length: only the rows on the screen exist. They are asked for in blocks; scrolling never waits for them.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { client, edition, go, href, leadChange } from "../app/state.ts";
import { grouped } from "../app/words.ts";
import type { RowsAnswer, TableColumn, TableRow } from "../worker/protocol.ts";
import { Failed } from "./notes.tsx";
import { ROW, stretchAt } from "./rows.ts";

const BLOCK = 128;

export interface TableProps {
  readonly file: string;
  readonly part: string;
  /** From the address: `sort=2`, `sort=-2`, `filter=…`. */
  readonly query: Readonly<Record<string, string>>;
  readonly label: string;
}

interface Loaded {
  readonly head: RowsAnswer;
  readonly blocks: ReadonlyMap<number, readonly TableRow[]>;
}

export function Table({ file, part, query, label }: TableProps): JSX.Element {
  const sort = Number(query.sort ?? Number.NaN);
  const column = Number.isNaN(sort) ? -1 : Math.abs(sort) - 1;
  const down = sort < 0;
  const filter = query.filter ?? "";
  const state = useSignal<Loaded | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const window = useSignal({ scrolled: 0, height: 600 });
  const scroller = useRef<HTMLDivElement>(null);
  const key = JSON.stringify([file, part, column, down, filter, edition.value]);
  const asked = useRef(new Set<string>());

  const fetchBlock = (block: number): void => {
    const mark = `${key} ${block}`;
    if (asked.current.has(mark)) return;
    asked.current.add(mark);
    const range = { from: block * BLOCK, to: (block + 1) * BLOCK };
    client.ask("rows", { file, part, sort: column, down, filter, ...range }).then(
      (answer) => {
        if (!asked.current.has(mark)) return;
        const blocks = new Map(block === 0 ? [] : state.value?.blocks);
        blocks.set(block, answer.rows);
        state.value = { head: answer, blocks };
        failed.value = undefined;
      },
      (cause: unknown) => {
        failed.value = cause instanceof Error ? cause.message : String(cause);
      },
    );
  };

  useLayoutEffect(() => {
    asked.current = new Set();
    if (scroller.current !== null) scroller.current.scrollTop = 0;
    fetchBlock(0);
  }, [key]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      window.value = { scrolled: element.scrollTop, height: element.clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const loaded = state.value;
  const total = loaded?.head.total ?? 0;
  const { first, last, top, height } = stretchAt(total, window.value.scrolled, window.value.height);
  for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block++) fetchBlock(block);
  const columns = loaded?.head.columns ?? [];
  const template = columns.map(({ width }) => `minmax(${Math.min(width, 60) + 2}ch, max-content)`).join(" ");
  const widest = columns.reduce((sum, { width }) => sum + width + 3, 2);
  const fixed = columns
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
          {loaded === undefined ? "" : countText(loaded.head)}
        </span>
      </div>
      <Failed words={failed.value} />
      <div class="scroller" ref={scroller} tabIndex={0} role="table" aria-label={label} aria-rowcount={total + 1}>
        <div class="sheet" style={{ minWidth: `${widest}ch` }}>
          <div class="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: fixed || template }}>
            {columns.map((it, i) => (
              <HeadCell
                key={it.title}
                column={it}
                index={i}
                sorted={column === i ? (down ? "down" : "up") : undefined}
              />
            ))}
          </div>
          <div class="body" style={{ height: `${height}px` }}>
            <div class="rows" style={{ transform: `translateY(${top}px)` }}>
              {range(first, last).map((index) => (
                <Row
                  key={index}
                  index={index}
                  row={loaded?.blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK]}
                  columns={columns}
                  template={fixed}
                />
              ))}
            </div>
          </div>
        </div>
      </div>
    </section>
  );
}

function countText({ total, all }: RowsAnswer): string {
  return total === all ? `${grouped(all)} rows` : `${grouped(total)} of ${grouped(all)} rows`;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
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

function Row({
  index,
  row,
  columns,
  template,
}: {
  index: number;
  row: TableRow | undefined;
  columns: readonly TableColumn[];
  template: string;
}): JSX.Element {
  return (
    <div
      class={index % 2 === 0 ? "row" : "row odd"}
      role="row"
      aria-rowindex={index + 2}
      style={{ gridTemplateColumns: template, height: `${ROW}px` }}
    >
      {columns.map(({ title, align, paint }, i) => {
        const text = row?.cells[i] ?? "";
        const lead = row?.leads[i];
        return (
          <div role="cell" key={title} class={`${align} ${paint ?? ""}`} title={text.length > 30 ? text : undefined}>
            {lead === undefined || text === "" ? text : <a href={href(leadChange(lead))}>{text}</a>}
          </div>
        );
      })}
    </div>
  );
}
