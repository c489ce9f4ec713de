// Bytes in hexadecimal, of a file of any size: sixteen a line, with fields, symbols and relocated bytes marked. What is selected is
// `at` in the address; arrow keys move it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ByteMark } from "../../src/explain/bytes/index.ts";
import { client, edition, go } from "../app/state.ts";
import { hex } from "../app/words.ts";
import { scrollFor, stretchAt } from "./rows.ts";

const LINE = 18;
const PER_LINE = 16;
const BLOCK = 4096;

interface Block {
  readonly bytes: Uint8Array;
  /** For each byte what it is part of. */
  readonly classes: readonly string[];
}

export interface HexProps {
  readonly file: string;
  readonly size: number;
  /** The selected byte. */
  readonly at: number;
  /** What belongs to it. */
  readonly start: number;
  readonly end: number;
}

export function Hex({ file, size, at, start, end }: HexProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const window = useSignal({ scrolled: 0, height: 400 });
  const blocks = useSignal<ReadonlyMap<number, Block>>(new Map());
  const asked = useRef(new Set<number>());
  const lines = Math.ceil(size / PER_LINE);
  const source = `${file} ${edition.value}`;

  useLayoutEffect(() => {
    asked.current = new Set();
    blocks.value = new Map();
  }, [source]);

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

  // The selection is brought onto the screen, but not moved if it is there.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || at < 0) return;
    const line = Math.floor(at / PER_LINE);
    const { first, last } = stretchAt(lines, element.scrollTop, element.clientHeight, LINE);
    if (line < first + 13 || line > last - 14) element.scrollTop = scrollFor(line, lines, element.clientHeight, LINE);
  }, [at, source]);

  const { first, last, top, height } = stretchAt(lines, window.value.scrolled, window.value.height, LINE);
  const fetchBlock = (block: number): void => {
    if (asked.current.has(block) || block * BLOCK >= size) return;
    asked.current.add(block);
    const marksOf = asked.current;
    client.ask("bytes", { file, from: block * BLOCK, to: Math.min(size, (block + 1) * BLOCK) }).then(
      ({ bytes, marks }) => {
        if (marksOf !== asked.current) return;
        blocks.value = new Map(blocks.value).set(block, {
          bytes,
          classes: classesOf(bytes.length, block * BLOCK, marks),
        });
      },
      () => {},
    );
  };
  for (let b = Math.floor((first * PER_LINE) / BLOCK); b * BLOCK < last * PER_LINE; b++) fetchBlock(b);

  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(size - 1, Math.max(0, at) + step));
    go({ query: { at: hex(next) } }, true);
  };
  const digits = Math.max(6, (size - 1).toString(16).length);
  return (
    <div
      class="hex"
      ref={scroller}
      role="grid"
      aria-label="Bytes"
      aria-rowcount={lines}
      aria-activedescendant={at >= 0 ? `byte${at}` : undefined}
      tabIndex={0}
      onKeyDown={move}
      onClick={(event) => {
        const byte = (event.target as Element).closest("[data-at]")?.getAttribute("data-at");
        if (byte !== null && byte !== undefined) go({ query: { at: hex(Number(byte)) } });
      }}
      onKeyUp={() => {}}
    >
      <div style={{ height: `${height}px` }} role="presentation">
        <div style={{ transform: `translateY(${top}px)` }} role="rowgroup">
          {Array.from({ length: last - first }, (_, i) => {
            const offset = (first + i) * PER_LINE;
            return (
              <HexLine
                key={offset}
                offset={offset}
                digits={digits}
                count={Math.min(PER_LINE, size - offset)}
                block={blocks.value.get(Math.floor(offset / BLOCK))}
                at={at}
                start={start}
                end={end}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -PER_LINE,
  ArrowDown: PER_LINE,
  PageUp: -16 * PER_LINE,
  PageDown: 16 * PER_LINE,
};

/** Neighbouring fields get different shades, so that one sees where each begins. */
function classesOf(length: number, from: number, marks: readonly ByteMark[]): string[] {
  const classes = new Array<string>(length).fill("");
  const put = (mark: ByteMark, name: string): void => {
    const [start, end] = [Math.max(0, mark.start - from), Math.min(length, mark.end - from)];
    for (let i = start; i < end; i++) classes[i] += ` ${name}`;
    if (mark.start >= from) classes[mark.start - from] += ` ${name}-start`;
  };
  let odd = false;
  for (const mark of marks) {
    if (mark.kind === "field") {
      odd = !odd;
      put(mark, odd ? "field" : "field2");
    } else if (mark.kind === "relocation") put(mark, "relocated");
    else if (mark.start >= from) classes[mark.start - from] += " symbol";
  }
  return classes;
}

interface LineProps {
  readonly offset: number;
  readonly digits: number;
  readonly count: number;
  readonly block: Block | undefined;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

function HexLine({ offset, digits, count, block, at, start, end }: LineProps): JSX.Element {
  const base = offset % BLOCK;
  let text = "";
  const cells: JSX.Element[] = [];
  for (let i = 0; i < count; i++) {
    const byte = block?.bytes[base + i];
    text += byte === undefined ? " " : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
    const place = offset + i;
    const chosen = place === at ? " chosen" : place >= start && place < end ? " near" : "";
    const zero = byte === 0 ? " nul" : "";
    cells.push(
      <span
        key={i}
        id={`byte${place}`}
        role="gridcell"
        data-at={place}
        class={`byte${block?.classes[base + i] ?? ""}${zero}${chosen}`}
        aria-selected={place === at}
      >
        {byte === undefined ? "  " : byte.toString(16).padStart(2, "0")}
      </span>,
    );
  }
  return (
    <div class="hex-line" role="row" aria-rowindex={offset / PER_LINE + 1}>
      <span class="offset" role="rowheader">
        {offset.toString(16).padStart(digits, "0")}
      </span>
      <span class="hex-bytes" role="presentation">
        {cells}
      </span>
      <span class="ascii" role="gridcell">
        {text}
      </span>
    </div>
  );
}
