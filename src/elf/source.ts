// How numbers are written in one file: its byte order and the width of its addresses. The readers of ELF's tables take
// this record. They check a whole table against the file once and then decode it, so these functions check nothing.

import { unsigned64 } from "./halves.ts";

/** A file's bytes with what the identification says of them. */
export interface ElfSource {
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
  readonly elfClass: 32 | 64;
  readonly littleEndian: boolean;
}

/** A part of a file: byte offsets, `end` not included. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

export function elfSource(bytes: Uint8Array, elfClass: 32 | 64, littleEndian: boolean): ElfSource {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), elfClass, littleEndian };
}

/** Does the file hold all of these bytes? False for anything that is no offset at all. */
export function holds(source: ElfSource, offset: number, size: number): boolean {
  return offset >= 0 && size >= 0 && offset + size <= source.bytes.length;
}

/** 16 bits. */
export function half(source: ElfSource, at: number): number {
  return source.view.getUint16(at, source.littleEndian);
}

/** 32 bits. */
export function word(source: ElfSource, at: number): number {
  return source.view.getUint32(at, source.littleEndian);
}

/** 64 bits, exact up to 2^53 and else the nearest number. */
export function xword(source: ElfSource, at: number): number {
  return unsigned64(lowHalf(source, at), highHalf(source, at));
}

/** Upper 32 bits of the 64 at `at`. */
export function highHalf(source: ElfSource, at: number): number {
  return source.view.getUint32(source.littleEndian ? at + 4 : at, source.littleEndian);
}

/** Lower 32 bits of the 64 at `at`. */
export function lowHalf(source: ElfSource, at: number): number {
  return source.view.getUint32(source.littleEndian ? at : at + 4, source.littleEndian);
}

/** An address, offset or size: 32 or 64 bits as the class says. */
export function address(source: ElfSource, at: number): number {
  return source.elfClass === 64 ? xword(source, at) : word(source, at);
}
