// The picture of a file in memory, to scale. First the whole of it on two lines, the linker's view (sections) above the
// loader's (pages and what may be done with them); then one segment after the other, each section with a bar that shows where
// in the segment it lies, and beside it the segments that hold it.

import type { LayoutDump, LoadDump, PieceDump } from "./layout.ts";
import { byteCount, counted, grouped, heading, hex, type Paint, painted, type Style } from "./table.ts";

/** A bar's cell by how much of it is covered, in eighths. */
const EIGHTHS = " ▏▎▍▌▋▊▉█";

export function layoutLines(layout: LayoutDump, style: Style): string[] {
  const names = Math.min(40, Math.max(19, ...everyPiece(layout).map(({ name }) => name.length)));
  return [
    ...heading("Memory: sections as the linker made them, segments as the loader maps them", style),
    ...overview(layout, style),
    ...layout.loads.flatMap((load) => ["", ...loadLines(load, layout.pageBytes, names, style)]),
    ...restLines("in no mapped segment", layout.unmapped, names, style),
    ...restLines("not loaded, for tools only", layout.notLoaded, names, style),
  ];
}

function everyPiece(layout: LayoutDump): PieceDump[] {
  return [...layout.loads.flatMap(({ pieces }) => pieces), ...layout.unmapped, ...layout.notLoaded];
}

// ---------------------------------------------------------------------------------------------------------------------
// The whole
// ---------------------------------------------------------------------------------------------------------------------

/** Both views in one line each. A gap that is larger than all segments together is cut to three columns. */
function overview(layout: LayoutDump, style: Style): string[] {
  const loads = layout.loads.filter(({ mappedTo, mappedFrom }) => mappedTo > mappedFrom);
  // Real files have four or five; damaged ones may have thousands.
  if (loads.length === 0 || loads.length > 32) return [];
  const mapped = loads.reduce((sum, load) => sum + load.mappedTo - load.mappedFrom, 0);
  const width = Math.max(40, style.columns - 12);
  // Gaps and segments of less than a column make a line longer than planned: then the scale is made coarser, once.
  const planned = Math.max(1, mapped / width);
  const columnBytes = planned * Math.max(1, drawStrip(loads, planned, mapped).linker.length / width);
  const strip = drawStrip(loads, columnBytes, mapped);
  const from = loads[0].mappedFrom;
  const to = loads[loads.length - 1].mappedTo;
  const pages = counted(mapped / layout.pageBytes, "page");
  return [
    `  ${hex(from)} to ${hex(to)}: ${byteCount(mapped)} in ${pages}; one column is ${byteCount(Math.round(columnBytes))}`,
    `  linker  ${strip.linker}`,
    `  loader  ${paintStrip(strip.loader, style)}`,
    painted("          r read, x execute, w write, z filled with zeros, · not mapped", "dim", style),
  ];
}

interface Strip {
  readonly linker: string;
  readonly loader: string;
}

function drawStrip(loads: readonly LoadDump[], columnBytes: number, mapped: number): Strip {
  let linker = "";
  let loader = "";
  let end = loads[0].mappedFrom;
  for (const load of loads) {
    if (load.mappedFrom > end) {
      const gap = load.mappedFrom - end;
      const gapColumns = gap > mapped ? 3 : Math.ceil(gap / columnBytes);
      linker += " ".repeat(gapColumns);
      loader += gap > mapped ? "…".repeat(gapColumns) : "·".repeat(gapColumns);
    }
    const columns = Math.max(1, Math.round((load.mappedTo - load.mappedFrom) / columnBytes));
    linker += sectionStrip(load, columns);
    loader += pageStrip(load, columns);
    end = Math.max(end, load.mappedTo);
  }
  return { linker, loader };
}

/** Names where they fit, each after a mark at its start. */
function sectionStrip(load: LoadDump, columns: number): string {
  const cells = new Array<string>(columns).fill(" ");
  const scale = columns / (load.mappedTo - load.mappedFrom);
  for (const { name, address, size } of load.pieces) {
    const start = Math.floor((address - load.mappedFrom) * scale);
    const end = Math.min(columns, Math.floor((address + size - load.mappedFrom) * scale));
    if (end <= start) continue;
    const whole = `▏${name}`;
    const label = whole.length <= end - start || end - start >= 6 ? whole.slice(0, end - start) : "▏";
    for (let i = 0; i < label.length; i++) cells[start + i] = label[i];
  }
  return cells.join("");
}

function pageStrip(load: LoadDump, columns: number): string {
  const letter = load.permissions.includes("X")
    ? "x"
    : load.permissions.includes("W")
      ? "w"
      : load.permissions === ""
        ? "-"
        : "r";
  const zeroFrom = load.address + load.fileBytes;
  const zeroColumns =
    load.memoryBytes > load.fileBytes
      ? Math.round(((load.mappedTo - zeroFrom) / (load.mappedTo - load.mappedFrom)) * columns)
      : 0;
  const zeros = Math.min(columns, Math.max(0, zeroColumns));
  return letter.repeat(columns - zeros) + "z".repeat(zeros);
}

const LETTER_PAINTS: Readonly<Record<string, Paint>> = { x: "code", w: "data", z: "dim", r: "name" };

function paintStrip(strip: string, style: Style): string {
  if (!style.color) return strip;
  return strip.replace(/([rwxz])\1*/g, (run, letter: string) => painted(run, LETTER_PAINTS[letter], style));
}

// ---------------------------------------------------------------------------------------------------------------------
// Segment by segment
// ---------------------------------------------------------------------------------------------------------------------

function loadLines(load: LoadDump, pageBytes: number, names: number, style: Style): string[] {
  const pages = counted((load.mappedTo - load.mappedFrom) / pageBytes, "page");
  const bar = barWidth(names, style);
  const paint: Paint = load.permissions.includes("X") ? "code" : load.permissions.includes("W") ? "data" : "name";
  const title = `LOAD ${load.permissions === "" ? "(no access)" : load.permissions}`;
  const range = `${hex(load.address)} to ${hex(load.address + load.memoryBytes)}`;
  const lines = [
    `  ${painted(title, paint, style)}  ${range}, ${pages}, ${grouped(load.fileBytes)} bytes from file offset ${hex(load.offset)}`,
  ];
  const { shown, hidden } = limited(load.pieces, style.rows);
  for (const piece of shown) {
    const drawn = drawBar(piece.address, piece.size, load.mappedFrom, load.mappedTo, bar, piece.zero);
    const bits = `  ${hex(piece.address).padStart(12)}  ${piece.name.padEnd(names)} ${grouped(piece.size).padStart(11)}`;
    lines.push(`${bits}  ${painted(drawn, piece.zero ? "dim" : paint, style)}│${also(piece)}`);
  }
  if (hidden > 0) lines.push(painted(`  … ${grouped(hidden)} more: --sections`, "dim", style));
  return [...lines, ...zeroLine(load, names, bar, style), ...relroLine(load, pageBytes, style)];
}

/** What the loader adds: memory beyond the file's bytes. */
function zeroLine(load: LoadDump, names: number, bar: number, style: Style): string[] {
  const zero = load.memoryBytes - load.fileBytes;
  if (zero <= 0) return [];
  const from = load.address + load.fileBytes;
  const drawn = drawBar(from, zero, load.mappedFrom, load.mappedTo, bar, true);
  const bits = `  ${hex(from).padStart(12)}  ${"(filled with zeros)".padEnd(names)} ${grouped(zero).padStart(11)}`;
  return [painted(`${bits}  ${drawn}│ memory beyond the file's bytes`, "dim", style)];
}

function relroLine({ relro }: LoadDump, pageBytes: number, style: Style): string[] {
  if (relro === undefined) return [];
  const pages = counted((relro.to - relro.from) / pageBytes, "page");
  return [
    painted(
      `  ${hex(relro.from).padStart(12)}  read-only after relocation, ${pages} to ${hex(relro.to)}`,
      "dim",
      style,
    ),
  ];
}

function also(piece: PieceDump): string {
  return piece.segments.length === 0 ? "" : ` ${piece.segments.join(", ")}`;
}

/** What is left of the line for the bar, the segments' names beside it counted in. */
function barWidth(names: number, style: Style): number {
  return Math.max(10, Math.min(64, style.columns - names - 12 - 11 - 8 - 16));
}

/** `size` bytes at `start` within `from` to `to`, in `cells` characters; nothing is too small to be seen. */
function drawBar(start: number, size: number, from: number, to: number, cells: number, zero: boolean): string {
  const cellBytes = (to - from) / cells;
  if (!(cellBytes > 0)) return " ".repeat(cells);
  let bar = "";
  for (let i = 0; i < cells; i++) {
    const cell = from + i * cellBytes;
    const covered = Math.min(start + size, cell + cellBytes) - Math.max(start, cell);
    if (covered <= 0) bar += " ";
    else bar += zero ? "░" : EIGHTHS[Math.max(1, Math.round((covered / cellBytes) * 8))];
  }
  return bar;
}

function restLines(what: string, pieces: readonly PieceDump[], names: number, style: Style): string[] {
  if (pieces.length === 0) return [];
  const total = pieces.reduce((sum, { size, zero }) => sum + (zero ? 0 : size), 0);
  const { shown, hidden } = limited(pieces, style.rows);
  const largest = Math.max(1, ...shown.map(({ size }) => size));
  const bar = barWidth(names, style);
  const lines = shown.map((piece) => {
    const bits = `  ${hex(piece.offset).padStart(12)}  ${piece.name.padEnd(names)} ${grouped(piece.size).padStart(11)}`;
    return `${bits}  ${painted(drawBar(0, piece.size, 0, largest, bar, piece.zero), "dim", style)}│${also(piece)}`;
  });
  if (hidden > 0) lines.push(painted(`  … ${grouped(hidden)} more: --sections`, "dim", style));
  return ["", `  ${what}: ${counted(pieces.length, "section")}, ${byteCount(total)} in the file`, ...lines];
}

function limited<T>(items: readonly T[], rows: number): { readonly shown: readonly T[]; readonly hidden: number } {
  return { shown: items.slice(0, rows), hidden: Math.max(0, items.length - rows) };
}
