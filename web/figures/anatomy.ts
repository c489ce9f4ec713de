// The classic figure of every article about ELF: the file as the linker sees it, in sections, beside the memory that the loader makes of
// it, in segments, with a line from each part to where it goes. Plain geometry; views/anatomy/figure.tsx draws it.

import type { LoadDump, PieceDump } from "../../src/explain/dump/index.ts";
import type { Overview } from "../worker/protocol.ts";
import { scaleHeights, spread } from "./labels.ts";

export type Access = "code" | "data" | "constants" | "none";

export interface Band {
  readonly key: string;
  readonly name: string;
  /** Pixels. */
  readonly start: number;
  readonly end: number;
  readonly access: Access;
  /** Filled with zeros, not from the file. */
  readonly zero: boolean;
  readonly offset: number;
  readonly address: number | undefined;
  readonly size: number;
  /** Where its label stands. */
  readonly label: number;
}

export interface Segment {
  readonly key: string;
  readonly permissions: string;
  readonly access: Access;
  readonly start: number;
  readonly end: number;
  readonly label: number;
  readonly address: number;
  readonly memoryBytes: number;
  readonly pages: number;
  readonly offset: number;
}

export interface Bracket {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly column: number;
  /** Where its label stands. */
  readonly label: number;
}

export interface Line {
  readonly key: string;
  readonly access: Access;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

export interface Figure {
  readonly height: number;
  readonly sections: readonly Band[];
  readonly segments: readonly Segment[];
  /** The parts in memory. */
  readonly memory: readonly Band[];
  readonly lines: readonly Line[];
  readonly brackets: readonly Bracket[];
}

const LABEL = 17;
const TOP = 12;
const LEAST = 3;
/** Between two segments in memory. */
const GAP = 10;

export type FigureScale = "bytes" | "even";

export function anatomyFigure(overview: Overview, scale: FigureScale): Figure {
  const { layout, sections } = overview;
  if (layout === undefined) {
    const parts = sections.map((it) => ({ ...it, access: accessOf(it.letters) }));
    return figureOf(
      parts.map((it) => part(String(it.index), it.name, it.offset, undefined, it.size, it.access, it.zero)),
      [],
      scale,
    );
  }
  const loaded = layout.loads.flatMap((load) =>
    load.pieces.map((piece) => partOfPiece(piece, accessOfLoad(load), load)),
  );
  const rest = [...layout.unmapped, ...layout.notLoaded].map((piece) =>
    partOfPiece(piece, layout.unmapped.includes(piece) ? "data" : "none", undefined),
  );
  const all = [...loaded, ...rest].sort((a, b) => a.offset - b.offset || a.size - b.size);
  return figureOf(all, layout.loads, scale);
}

interface Part {
  readonly key: string;
  readonly name: string;
  readonly offset: number;
  readonly address: number | undefined;
  readonly size: number;
  readonly access: Access;
  readonly zero: boolean;
  readonly load: LoadDump | undefined;
  readonly segments: readonly string[];
}

function part(
  key: string,
  name: string,
  offset: number,
  address: number | undefined,
  size: number,
  access: Access,
  zero: boolean,
): Part {
  return { key, name, offset, address, size, access, zero, load: undefined, segments: [] };
}

function partOfPiece(piece: PieceDump, access: Access, load: LoadDump | undefined): Part {
  const { section, name, address, offset, size, zero, segments } = piece;
  const key = section < 0 ? name : String(section);
  return { key, name, offset, address: load && address, size, access, zero, load, segments };
}

export function accessOfLoad({ permissions }: LoadDump): Access {
  return accessOf(permissions === "" ? "" : `A${permissions}`);
}

/** From the letters of a section's flags or a segment's permissions. */
function accessOf(letters: string): Access {
  if (!letters.includes("A")) return "none";
  if (letters.includes("X")) return "code";
  return letters.includes("W") ? "data" : "constants";
}

function figureOf(parts: readonly Part[], loads: readonly LoadDump[], scale: FigureScale): Figure {
  const count = Math.max(parts.length, 1);
  const height = Math.max(scale === "even" ? count * 22 : 480, count * LABEL) + 2 * TOP;
  const inner = height - 2 * TOP;
  const inFile = parts.map(({ size, zero }) => (zero ? 0 : size));
  const least = Math.min(LEAST, inner / count);
  const places = scaleHeights(scale === "even" ? parts.map(() => 1) : inFile, inner, least, TOP);
  const labels = spread(
    places.map(({ start, end }) => (start + end) / 2),
    LABEL,
    TOP + LABEL / 2,
    height - TOP - LABEL / 2,
  );
  const sections = parts.map((it, i): Band => ({ ...bandOf(it), ...places[i], label: labels[i] }));
  return { height, sections, ...memoryOf(parts, sections, loads, height, scale) };
}

function bandOf({ key, name, offset, address, size, access, zero }: Part): Omit<Band, "start" | "end" | "label"> {
  return { key, name, offset, address, size, access, zero };
}

function memoryOf(
  parts: readonly Part[],
  sections: readonly Band[],
  loads: readonly LoadDump[],
  height: number,
  scale: FigureScale,
): Omit<Figure, "height" | "sections"> {
  const mapped = loads.filter(({ mappedFrom, mappedTo }) => mappedTo > mappedFrom);
  if (mapped.length === 0) return { segments: [], memory: [], lines: [], brackets: [] };
  const room = height - 2 * TOP - GAP * (mapped.length - 1);
  const sizeOf = (load: LoadDump): number =>
    scale === "even" ? Math.max(1, load.pieces.length) : load.mappedTo - load.mappedFrom;
  const heights = scaleHeights(mapped.map(sizeOf), room, Math.min(34, room / mapped.length), TOP);
  const memory: Band[] = [];
  const lines: Line[] = [];
  const bounds: { readonly start: number; readonly end: number }[] = [];
  mapped.forEach((load, i) => {
    const start = heights[i].start + i * GAP;
    const end = heights[i].end + i * GAP;
    bounds.push({ start, end });
    const own = parts.filter((it) => it.load === load);
    const placed = placesIn(load, own, start, end, scale);
    own.forEach((it, k) => {
      const band = { ...bandOf(it), ...placed[k], label: 0 };
      memory.push(band);
      const from = sections[parts.indexOf(it)];
      if (!it.zero)
        lines.push({ key: it.key, access: it.access, from: [from.start, from.end], to: [band.start, band.end] });
    });
  });
  const labels = spread(
    bounds.map(({ start, end }) => (start + end) / 2),
    36,
    TOP + 14,
    height - TOP - 14,
  );
  const segments = mapped.map(
    (load, i): Segment => ({
      key: String(load.segment),
      permissions: load.permissions,
      access: accessOfLoad(load),
      ...bounds[i],
      label: labels[i],
      address: load.address,
      memoryBytes: load.memoryBytes,
      pages: (load.mappedTo - load.mappedFrom) / 4096,
      offset: load.offset,
    }),
  );
  return { segments, memory, lines, brackets: bracketsOf(parts, memory, height) };
}

/** Where a segment's parts are in its stretch: by their addresses, but nothing so small that it cannot be seen. */
function placesIn(
  load: LoadDump,
  parts: readonly Part[],
  start: number,
  end: number,
  scale: FigureScale,
): { readonly start: number; readonly end: number }[] {
  if (scale === "even") {
    const step = (end - start) / Math.max(1, parts.length);
    return parts.map((_, i) => ({ start: start + i * step, end: start + (i + 1) * step }));
  }
  const pixels = (end - start) / (load.mappedTo - load.mappedFrom);
  return parts.map(({ address = 0, size }) => {
    const from = start + (address - load.mappedFrom) * pixels;
    return { start: Math.min(from, end - 1), end: Math.min(end, Math.max(from + 1, from + size * pixels)) };
  });
}

/** The segments that are not mapped themselves but hold some of what is: DYNAMIC, GNU_RELRO, TLS, … */
function bracketsOf(parts: readonly Part[], memory: readonly Band[], height: number): Bracket[] {
  const found = new Map<string, { start: number; end: number }>();
  for (const { key, segments } of parts) {
    const band = memory.find((it) => it.key === key);
    if (band === undefined) continue;
    for (const name of segments) {
      const known = found.get(name);
      if (known === undefined) found.set(name, { start: band.start, end: band.end });
      else {
        known.start = Math.min(known.start, band.start);
        known.end = Math.max(known.end, band.end);
      }
    }
  }
  const ordered = [...found].sort(([, a], [, b]) => a.start + a.end - b.start - b.end);
  const labels = spread(
    ordered.map(([, { start, end }]) => (start + end) / 2),
    12,
    TOP,
    height - TOP,
  );
  const columns = columnsOf(ordered.map(([, stretch]) => stretch));
  return ordered.map(([name, { start, end }], i) => ({ name, start, end, column: columns[i], label: labels[i] }));
}

/** Brackets that lie beside each other stand in columns of their own, the long ones further out. */
function columnsOf(stretches: readonly { readonly start: number; readonly end: number }[]): number[] {
  const columns = new Array<number>(stretches.length).fill(0);
  const placed: number[] = [];
  const byLength = stretches.map((_, i) => i).sort((a, b) => lengthOf(stretches[a]) - lengthOf(stretches[b]));
  for (const i of byLength) {
    const beside = placed.filter(
      (k) => stretches[k].start <= stretches[i].end && stretches[i].start <= stretches[k].end,
    );
    columns[i] = beside.reduce((column, k) => Math.max(column, columns[k] + 1), 0);
    placed.push(i);
  }
  return columns;
}

function lengthOf({ start, end }: { readonly start: number; readonly end: number }): number {
  return end - start;
}
