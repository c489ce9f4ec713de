// How an object lies in memory: its segments page by page (glibc elf/dl-map-segments.h; Linux fs/binfmt_elf.c for the
// program and the loader). A page holds what the file has there, also behind the end of the segment's own bytes, and who
// maps a segment decides how much of the last page is cleared.

import { PF_R, PF_W, PF_X } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import type { LoadedObject } from "./objects.ts";
import type { MappedRegion } from "./region.ts";

/** Bytes of a page of memory. */
export const PAGE = 4096;

export function pageDown(address: number): number {
  return address - (address % PAGE);
}

export function pageUp(address: number): number {
  return Math.ceil(address / PAGE) * PAGE;
}

/** Bytes of address space that a file takes, from its first page to the end of its last. */
export function mappedBytes(file: DynamicFile): number {
  if (file.loads.length === 0) return 0;
  let end = 0;
  for (const { address, memoryBytes } of file.loads) end = Math.max(end, address + memoryBytes);
  return Math.max(0, pageUp(end) - pageDown(file.loads[0].address));
}

/** The largest run of zeros that is given bytes when something is written to it. */
const LARGEST_ZEROS = 0x4000_0000;

/**
 * The regions of an object as they are before relocation.
 * @param clearsWholePage the kernel and musl clear the rest of the last page of a segment that is larger in memory than in
 *   the file; ld.so clears only up to the segment's end
 */
export function mapSegments(object: LoadedObject, clearsWholePage: boolean): MappedRegion[] {
  const { file, base } = object;
  const regions: MappedRegion[] = [];
  for (const { address, offset, fileBytes, memoryBytes, flags } of file.loads) {
    // lld writes segments without any bytes. ld.so maps the page that they begin in; the kernel passes them over.
    if (memoryBytes === 0 && object.kind !== "library") continue;
    const start = pageDown(address);
    const dataEnd = address + fileBytes;
    // Of a segment without bytes in the file that begins inside a page, ld.so maps that page of the file all the same; the
    // kernel does not (elf_load of fs/binfmt_elf.c, since Linux 6.6).
    const fileEnd = fileBytes === 0 && object.kind !== "library" ? start : pageUp(dataEnd);
    const memoryEnd = pageUp(address + memoryBytes);
    if (fileEnd > start) {
      const fileOffset = offset - (address - start);
      const all = file.elf.bytes;
      const from = Math.max(0, fileOffset);
      const bytes = all.subarray(Math.min(from, all.length), Math.min(from + (fileEnd - start), all.length));
      const region = { start: start + base, end: fileEnd + base, bytes, shared: true, flags, fileOffset };
      regions.push(region);
      if (memoryBytes > fileBytes) {
        const clearEnd = clearsWholePage ? fileEnd : Math.min(fileEnd, address + memoryBytes);
        const own = ownBytes(region);
        own.fill(0, dataEnd - start, clearEnd - start);
      }
    }
    const zeroStart = Math.max(fileEnd, start);
    if (memoryEnd > zeroStart) {
      const bytes = new Uint8Array(0);
      regions.push({ start: zeroStart + base, end: memoryEnd + base, bytes, shared: false, flags, fileOffset: -1 });
    }
  }
  return regions;
}

/** The region's bytes, its own and all there, so that they may be changed. */
export function ownBytes(region: MappedRegion): Uint8Array {
  const size = Math.min(region.end - region.start, LARGEST_ZEROS);
  if (region.shared || region.bytes.length < size) {
    const bytes = new Uint8Array(size);
    bytes.set(region.bytes.length > size ? region.bytes.subarray(0, size) : region.bytes);
    region.bytes = bytes;
    region.shared = false;
  }
  return region.bytes;
}

/** Copies memory into `target`; what no region has is left as it is. False if some of it was not mapped. */
export function readMemory(regions: readonly MappedRegion[], address: number, target: Uint8Array): boolean {
  let left = target.length;
  for (const { start, end, bytes } of regions) {
    const from = Math.max(address, start);
    const to = Math.min(address + target.length, end);
    if (from >= to) continue;
    left -= to - from;
    const part = bytes.subarray(Math.min(from - start, bytes.length), Math.min(to - start, bytes.length));
    target.fill(0, from - address, to - address);
    target.set(part, from - address);
  }
  return left <= 0;
}

/** Copies memory from one place to another. False, and nothing done, if some of either is not mapped. */
export function copyMemory(
  from: readonly MappedRegion[],
  source: number,
  to: readonly MappedRegion[],
  target: number,
  size: number,
): boolean {
  // A size that no region comes near is not made room for.
  const room = to.reduce(
    (sum, { start, end }) => sum + Math.max(0, Math.min(target + size, end) - Math.max(target, start)),
    0,
  );
  if (room < size) return false;
  const bytes = new Uint8Array(size);
  if (!readMemory(from, source, bytes)) return false;
  for (const region of to) {
    const start = Math.max(target, region.start);
    const end = Math.min(target + size, region.end);
    if (start >= end) continue;
    const own = ownBytes(region);
    if (end - region.start > own.length) return false;
    own.set(bytes.subarray(start - target, end - target), start - region.start);
  }
  return true;
}

/** Pages of one protection and origin. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
  /** PF_* bits; 0 for the holes between segments, which belong to the object but cannot be touched. */
  readonly flags: number;
  readonly fileOffset: number;
}

/**
 * An object's pages as /proc/PID/maps shows them when everything is relocated: RELRO is read-only by then. Holes between
 * segments are there without access in what ld.so maps; the kernel leaves nothing there (fs/binfmt_elf.c, elf_map).
 * @param relroProtected false before relocation
 */
export function pagesOf(object: LoadedObject, relroProtected: boolean): PageRange[] {
  const regions = mapSegments(object, false).map(({ start, end, flags, fileOffset }) => ({
    start,
    end,
    flags,
    fileOffset,
  }));
  const pages: PageRange[] = [];
  let at = object.start;
  for (const region of regions) {
    if (region.start > at && object.kind === "library")
      pages.push({ start: at, end: region.start, flags: 0, fileOffset: 0 });
    pages.push(region);
    at = region.end;
  }
  const { relro } = object.file;
  if (!relroProtected || relro === undefined) return pages;
  // ld.so rounds both ends down (elf/dl-reloc.c, `_dl_protect_relro`).
  const from = pageDown(object.base + relro.address);
  const to = pageDown(object.base + relro.address + relro.memoryBytes);
  return pages.flatMap((range) => protect(range, from, to, PF_R));
}

/** mprotect: the part of a range that lies in [from, to) gets other flags. */
function protect(range: PageRange, from: number, to: number, flags: number): PageRange[] {
  const start = Math.max(range.start, from);
  const end = Math.min(range.end, to);
  if (start >= end) return [range];
  const part = (low: number, high: number, access: number): PageRange[] => {
    const fileOffset = range.fileOffset < 0 ? -1 : range.fileOffset + (low - range.start);
    return low < high ? [{ start: low, end: high, flags: access, fileOffset }] : [];
  };
  return [...part(range.start, start, range.flags), ...part(start, end, flags), ...part(end, range.end, range.flags)];
}

/** `r-xp` as /proc/PID/maps has it. */
export function protectionText(flags: number): string {
  return `${flags & PF_R ? "r" : "-"}${flags & PF_W ? "w" : "-"}${flags & PF_X ? "x" : "-"}p`;
}
