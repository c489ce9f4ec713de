// Reading numbers and strings one after the other out of a debug section. Running over the end is sticky: from then on every
// read gives 0 or "" and `failed` is set, so that a reader of a table needs to look once, at the end of a step.

import { endOfName, textBetween } from "../elf/text.ts";

export interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly littleEndian: boolean;
  at: number;
  /** Reads stop here. */
  end: number;
  failed: boolean;
}

export function cursor(bytes: Uint8Array, littleEndian: boolean, at = 0, end: number = bytes.length): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inside = at >= 0 && at <= end && end <= bytes.length;
  return { bytes, view, littleEndian, at: inside ? at : 0, end: inside ? end : 0, failed: !inside };
}

/** Steps over `count` bytes and gives where they start, or -1 if there are fewer. */
function step(c: Cursor, count: number): number {
  if (c.failed || count < 0 || count > c.end - c.at) {
    c.failed = true;
    c.at = c.end;
    return -1;
  }
  c.at += count;
  return c.at - count;
}

export function skip(c: Cursor, count: number): void {
  step(c, count);
}

export function u8(c: Cursor): number {
  const at = step(c, 1);
  return at < 0 ? 0 : c.bytes[at];
}

export function i8(c: Cursor): number {
  return (u8(c) << 24) >> 24;
}

export function u16(c: Cursor): number {
  const at = step(c, 2);
  return at < 0 ? 0 : c.view.getUint16(at, c.littleEndian);
}

export function u32(c: Cursor): number {
  const at = step(c, 4);
  return at < 0 ? 0 : c.view.getUint32(at, c.littleEndian);
}

/** Exact up to 2^53, else the nearest number. */
export function u64(c: Cursor): number {
  const at = step(c, 8);
  if (at < 0) return 0;
  const first = c.view.getUint32(at, c.littleEndian);
  const second = c.view.getUint32(at + 4, c.littleEndian);
  return c.littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
}

/** An unsigned number of 1, 2, 4 or 8 bytes; fails for other sizes. */
export function unsigned(c: Cursor, size: number): number {
  if (size === 1) return u8(c);
  if (size === 2) return u16(c);
  if (size === 4) return u32(c);
  if (size === 8) return u64(c);
  step(c, -1);
  return 0;
}

/** Unsigned LEB128; exact up to 2^53. */
export function uleb(c: Cursor): number {
  let value = 0;
  for (let weight = 1; ; weight *= 128) {
    const byte = u8(c);
    value += (byte & 0x7f) * weight;
    if (byte < 0x80 || c.failed) return value;
    if (weight > 2 ** 70) return step(c, -1);
  }
}

/** Signed LEB128; exact up to 2^53 either way. */
export function sleb(c: Cursor): number {
  let value = 0;
  for (let weight = 1; ; weight *= 128) {
    const byte = u8(c);
    value += (byte & 0x7f) * weight;
    if (byte < 0x80 || c.failed) return (byte & 0x40) === 0 ? value : value - weight * 128;
    if (weight > 2 ** 70) return step(c, -1);
  }
}

/** A string that ends with a NUL. */
export function text(c: Cursor): string {
  const start = c.at;
  const end = endOfName(c.bytes, start, c.end);
  return step(c, end - start + 1) < 0 ? "" : textBetween(c.bytes, start, end);
}
