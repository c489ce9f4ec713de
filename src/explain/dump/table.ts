// Laying out text: tables whose columns are as wide as what stands in them, numbers as people read them, and the few
// colours. Everything that `solder dump` prints goes through here, so that it looks alike.

export interface Style {
  readonly color: boolean;
  /** Columns of the terminal: pictures use them, tables do not cut anything. */
  readonly columns: number;
  /** C++ and Rust names as their programmers wrote them. */
  readonly demangle: boolean;
  /** At most so many rows of a long table; what is left out is counted. */
  readonly rows: number;
}

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  readonly paint?: Paint;
}

/** SGR codes; meaning rather than colour, so that one place decides. */
export type Paint = "heading" | "dim" | "name" | "code" | "data" | "warning";

const SGR: Readonly<Record<Paint, string>> = {
  heading: "1",
  dim: "2",
  name: "36",
  code: "32",
  data: "33",
  warning: "1;33",
};

/** The text in a colour, if the style has colours. */
export function painted(text: string, paint: Paint, style: Style): string {
  return style.color && text !== "" ? `\x1b[${SGR[paint]}m${text}\x1b[0m` : text;
}

/**
 * A table with a line of titles, indented by two. Rows beyond `style.rows` become one line that counts them.
 * @param more what shows the rest, e.g. `--symbols`
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
  more = "",
): string[] {
  const shown = rows.slice(0, style.rows);
  const widths = columns.map(({ title }, i) =>
    shown.reduce((width, row) => Math.max(width, row[i].length), title.length),
  );
  const line = (cells: readonly string[], paint: (cell: string, column: number) => string): string => {
    const last = lastFilled(cells);
    const parts = cells.slice(0, last + 1).map((cell, i) => {
      const space = " ".repeat(i === last && columns[i].align !== "right" ? 0 : widths[i] - cell.length);
      const text = paint(cell, i);
      return columns[i].align === "right" ? space + text : text + space;
    });
    return `  ${parts.join("  ")}`.trimEnd();
  };
  const titles = line(
    columns.map(({ title }) => title),
    (cell) => painted(cell, "dim", style),
  );
  const lines = shown.map((cells) =>
    line(cells, (cell, i) => {
      const paint = columns[i].paint;
      return paint === undefined ? cell : painted(cell, paint, style);
    }),
  );
  return [titles, ...lines, ...leftOut(rows.length - shown.length, more, style)];
}

/** `… 312 more: --symbols`, or nothing. */
export function leftOut(count: number, more: string, style: Style): string[] {
  if (count <= 0) return [];
  return [painted(`  … ${grouped(count)} more${more === "" ? "" : `: ${more}`}`, "dim", style)];
}

function lastFilled(cells: readonly string[]): number {
  let last = cells.length - 1;
  while (last > 0 && cells[last] === "") last--;
  return last;
}

/** A chapter's title with an empty line before it. */
export function heading(text: string, style: Style): string[] {
  return ["", painted(text, "heading", style)];
}

/** `0x1f`, `-0x4`. */
export function hex(value: number): string {
  return value < 0 ? `-0x${hexDigits(-value)}` : `0x${hexDigits(value)}`;
}

/** As `toString(16)`, which takes a microsecond for what is no small integer: addresses of a process, by the million. */
function hexDigits(value: number): string {
  if (value < SMALL || value > Number.MAX_SAFE_INTEGER) return value.toString(16);
  const low = value % SMALL;
  return hexDigits((value - low) / SMALL) + BYTES[low >>> 8] + BYTES[low & 255];
}

const SMALL = 0x1_0000;

/** A 64-bit number from its halves, the upper one signed or not: exact where a number is not. */
export function hexOfHalves(high: number, low: number): string {
  const value = BigInt(high) * 0x1_0000_0000n + BigInt(low);
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** 12,345 */
export function grouped(value: number): string {
  return String(value).replace(/(?<=\d)(?=(\d{3})+$)/g, ",");
}

/** `0f a0 00`: bytes as they lie in memory. */
export function bytesText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += i === 0 ? BYTES[bytes[i]] : ` ${BYTES[bytes[i]]}`;
  return text;
}

/** Every byte in two digits: `solder load --relocations` writes ten million. */
const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** `28 bytes`, `13.7 KiB`, `4.0 MiB`. */
export function byteCount(value: number): string {
  if (value < 1024) return value === 1 ? "1 byte" : `${value} bytes`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let amount = value / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** `1 symbol`, `2 symbols`, `3 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
