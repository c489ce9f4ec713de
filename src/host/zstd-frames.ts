// A look at the frames of a zstd stream before a decoder gets them. A header of 12 bytes can ask for 2 GiB of window, so nothing is
// handed on before every frame says how long its content is, or at least has a window in proportion to what the caller expects. (RFC
// 8878, sections 3.1.1 and 3.1.1.2.)

import { unsigned64 } from "../elf/halves.ts";

/** Takes a stream apart that has been looked at. */
export type Decompressor = (bytes: Uint8Array) => Uint8Array;

/** @returns undefined if the stream is damaged, asks for memory out of proportion, or holds more or fewer bytes than `size` */
export function decompressSized(decompress: Decompressor, bytes: Uint8Array, size: number): Uint8Array | undefined {
  const announced = contentSize(bytes, Math.max(size * 2, SMALL_WINDOW));
  if (announced === undefined || announced > size) return undefined;
  try {
    const content = decompress(bytes);
    return content.length === size ? content : undefined;
  } catch {
    return undefined;
  }
}

/** The window that every decoder must be able to give (RFC 8878, section 3.1.1.1.2). */
const SMALL_WINDOW = 8 << 20;

/**
 * The sum of the frames' content sizes, as far as they say (GNU as leaves it out).
 * @returns undefined if a frame is cut short, or wants a window above `largestWindow` without saying its size
 */
function contentSize(bytes: Uint8Array, largestWindow: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let total = 0;
  while (at < bytes.length) {
    const frame = readFrame(view, at, largestWindow);
    if (frame === undefined || frame.end > bytes.length) return undefined;
    at = frame.end;
    total += frame.contentSize;
  }
  return total;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

interface Frame {
  readonly contentSize: number;
  readonly end: number;
}

function readFrame(view: DataView, start: number, largestWindow: number): Frame | undefined {
  if (start + 9 > view.byteLength) return undefined;
  const magic = view.getUint32(start, true);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    return { contentSize: 0, end: start + 8 + view.getUint32(start + 4, true) };
  }
  if (magic !== FRAME_MAGIC) return undefined;
  const descriptor = view.getUint8(start + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeField = descriptor >> 6;
  const sizeBytes = sizeField === 0 ? (singleSegment ? 1 : 0) : 1 << sizeField;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const sizeAt = start + 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  if (sizeAt + sizeBytes > view.byteLength) return undefined;
  if (sizeBytes === 0 && windowSize(view.getUint8(start + 5)) > largestWindow) return undefined;
  const end = blocksEnd(view, sizeAt + sizeBytes);
  const checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
  return end === undefined ? undefined : { contentSize: readSize(view, sizeAt, sizeBytes), end: end + checksumBytes };
}

/** Window_Descriptor: exponent in the upper five bits, eighths in the lower three. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function readSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 0) return 0;
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return unsigned64(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Where the frame's last block ends: each has a header of 3 bytes with last flag, type and size. */
function blocksEnd(view: DataView, start: number): number | undefined {
  let at = start;
  while (at + 3 <= view.byteLength) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const isRunLength = ((header >> 1) & 3) === 1;
    at += 3 + (isRunLength ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
  return undefined;
}
