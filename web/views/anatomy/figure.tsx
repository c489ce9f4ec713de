// Draws the figure of an ELF file: sections on the left, segments on the right, lines between.

import type { JSX } from "preact";
import { href } from "../../app/state.ts";
import { byteCount, counted, hex } from "../../app/words.ts";
import {
  anatomyFigure,
  type Band,
  type Bracket,
  type Figure,
  type FigureScale,
  type Line,
} from "../../figures/anatomy.ts";
import { Go } from "../../parts/links.tsx";
import type { Overview } from "../../worker/protocol.ts";

// Where things stand from left to right, in pixels.
const NAMES = 188;
const FILE = [210, 254] as const;
const MEMORY = [350, 394] as const;
const BRACKETS = 402;
const LABELS = 516;
const WIDTH = 650;

export function AnatomyFigure({
  overview,
  query,
}: {
  overview: Overview;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  const scale: FigureScale = query.scale === "even" ? "even" : "bytes";
  const figure = anatomyFigure(overview, scale);
  const isLinked = figure.segments.length > 0;
  return (
    <section class="figure" aria-label="Sections and segments">
      <div class="figure-bar">
        <p>
          {isLinked
            ? "On the left the file as the linker made it, in sections; on the right what the loader makes of it in memory, in segments."
            : "The sections in the file. There are no segments: a linker has to place these sections first."}
        </p>
        <span class="choice">
          <Go to={{ query: { scale: "" } }} aria-current={scale === "bytes"}>
            to scale
          </Go>
          <Go to={{ query: { scale: "even" } }} aria-current={scale === "even"}>
            even
          </Go>
        </span>
      </div>
      <div class="figure-scroll">
        <svg width={isLinked ? WIDTH : MEMORY[0]} height={figure.height} role="group" aria-label="Figure">
          <defs>
            <pattern id="zeros" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="3" height="6" class="zeros" />
            </pattern>
          </defs>
          <g aria-hidden="true">
            {figure.lines.map((line) => (
              <Ribbon key={line.key} line={line} />
            ))}
          </g>
          {figure.sections.map((band) => (
            <FileBand key={band.key} band={band} />
          ))}
          <MemorySide figure={figure} />
        </svg>
      </div>
      <ul class="key" aria-label="Colours">
        <li class="constants">read only (R)</li>
        <li class="code">code (R X)</li>
        <li class="data">writable (R W)</li>
        <li class="zero">zeros, not in the file</li>
        <li class="none">not loaded, for tools only</li>
      </ul>
    </section>
  );
}

function Ribbon({ line }: { line: Line }): JSX.Element {
  const [x0, x1] = [FILE[1] + 1, MEMORY[0] - 1];
  const middle = (x0 + x1) / 2;
  const [a, b] = line.from;
  const [c, d] = line.to;
  const path = `M${x0} ${a} C${middle} ${a} ${middle} ${c} ${x1} ${c} L${x1} ${d} C${middle} ${d} ${middle} ${b} ${x0} ${b} Z`;
  return <path d={path} class={`ribbon ${line.access}`} />;
}

function FileBand({ band }: { band: Band }): JSX.Element {
  const middle = (band.start + band.end) / 2;
  const where = band.address === undefined ? "" : `, at ${hex(band.address)} in memory`;
  const words = `${band.name}: ${byteCount(band.size)} at ${hex(band.offset)} in the file${where}`;
  return (
    <a href={href({ query: { at: hex(band.offset) } })} class="band">
      <title>{words}</title>
      <text x={NAMES} y={band.label + 4} text-anchor="end">
        <tspan class="name">{band.name}</tspan> <tspan class="size">{byteCount(band.size)}</tspan>
      </text>
      <path
        d={`M${NAMES + 5} ${band.label} L${FILE[0] - 14} ${band.label} L${FILE[0] - 4} ${middle} L${FILE[0]} ${middle}`}
        class="leader"
      />
      <rect
        x={FILE[0]}
        y={band.start}
        width={FILE[1] - FILE[0]}
        height={Math.max(1, band.end - band.start - 0.5)}
        class={band.zero ? "part zero" : `part ${band.access}`}
      />
    </a>
  );
}

function MemorySide({ figure }: { figure: Figure }): JSX.Element {
  const columns = figure.brackets.reduce((most, { column }) => Math.max(most, column + 1), 0);
  return (
    <>
      {figure.segments.map((it) => (
        <g key={it.key}>
          <rect
            x={MEMORY[0]}
            y={it.start}
            width={MEMORY[1] - MEMORY[0]}
            height={it.end - it.start}
            class={`pages ${it.access}`}
          />
        </g>
      ))}
      {figure.memory.map((band) => (
        <rect
          key={band.key}
          x={MEMORY[0] + 1}
          y={band.start}
          width={MEMORY[1] - MEMORY[0] - 2}
          height={Math.max(0.75, band.end - band.start - 0.5)}
          class={band.zero ? "part zero" : `part ${band.access}`}
        >
          <title>{`${band.name} at ${hex(band.address ?? 0)}, ${byteCount(band.size)}`}</title>
        </rect>
      ))}
      {figure.brackets.map((it) => (
        <BracketMark key={it.name} bracket={it} columns={columns} />
      ))}
      {figure.segments.map((it) => {
        const middle = (it.start + it.end) / 2;
        return (
          <a key={it.key} href={href({ part: "segments", query: { at: hex(it.offset) } })} class="band">
            <title>{`${byteCount(it.memoryBytes)} at ${hex(it.address)}, on ${counted(it.pages, "page")}`}</title>
            <path
              d={`M${MEMORY[1]} ${middle} L${LABELS - 20} ${it.label} L${LABELS - 5} ${it.label}`}
              class="leader faint"
            />
            <text x={LABELS} y={it.label - 2} class="name">
              LOAD {it.permissions.split("").join(" ")}
            </text>
            <text x={LABELS} y={it.label + 12} class="size">
              {hex(it.address)} · {byteCount(it.memoryBytes)}
            </text>
          </a>
        );
      })}
    </>
  );
}

function BracketMark({ bracket, columns }: { bracket: Bracket; columns: number }): JSX.Element {
  const { name, start, end, column, label } = bracket;
  const x = BRACKETS + column * 7;
  const text = BRACKETS + columns * 7 + 12;
  return (
    <g class="bracket">
      <title>{`${name}: a segment within`}</title>
      <path
        d={`M${x - 4} ${start} L${x} ${start} L${x} ${Math.max(end, start + 1)} L${x - 4} ${Math.max(end, start + 1)}`}
      />
      <path d={`M${x} ${(start + end) / 2} L${text - 4} ${label}`} class="leader faint" />
      <text x={text} y={label + 3}>
        {name}
      </text>
    </g>
  );
}
