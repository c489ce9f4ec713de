// How an object lies in memory: its segments page by page (glibc elf/dl-map-segments.h; Linux fs/binfmt_elf.c for the
// program and the loader). A page holds what the file has there, also behind the end of the segment's own bytes, and who
// maps a segment decides how much of the last page is cleared.

import { DT_TEXTREL, PF_R, PF_W, PF_X } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import type { LoadedObject } from "./objects.ts";
import { type MappedRegion, type MemoryBudget, PAGE, pageToWrite } from "./region.ts";

export function pageDown(address: number, pageSize: number): number {
  return address - (address % pageSize);
}

export function pageUp(address: number, pageSize: number): number {
  return Math.ceil(address / pageSize) * pageSize;
}

/** Bytes of address space that a file takes, from its first page to the end of its last. */
export function mappedBytes(file: DynamicFile, pageSize: number): number {
  if (file.loads.length === 0) return 0;
  let end = 0;
  for (const { address, memoryBytes } of file.loads) end = Math.max(end, address + memoryBytes);
  return Math.max(0, pageUp(end, pageSize) - pageDown(file.loads[0].address, pageSize));
}

/** A run of pages of a file, or of zeros, that a segment is mapped to. */
interface Mapping {
  /** Addresses in the file's own terms: [start, end), whole pages. */
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  /** -1 for zeros. */
  readonly fileOffset: number;
  /** What is cleared of the last page: [clearStart, clearEnd). */
  readonly clearStart: number;
  readonly clearEnd: number;
}

/** @param clearsWholePage see `mapSegments` */
function mappings({ file, kind, pageSize }: LoadedObject, clearsWholePage: boolean): Mapping[] {
  const list: Mapping[] = [];
  for (const { address, offset, fileBytes, memoryBytes, flags } of file.loads) {
    // lld writes segments without any bytes. ld.so maps the page that they begin in; the kernel passes them over.
    if (memoryBytes === 0 && kind !== "library") continue;
    const start = pageDown(address, pageSize);
    const dataEnd = address + fileBytes;
    // Of a segment without bytes in the file that begins inside a page, ld.so maps that page of the file all the same; the
    // kernel does not (elf_load of fs/binfmt_elf.c, since Linux 6.6).
    const fileEnd = fileBytes === 0 && kind !== "library" ? start : pageUp(dataEnd, pageSize);
    const memoryEnd = pageUp(address + memoryBytes, pageSize);
    if (fileEnd > start) {
      const clearEnd = clearsWholePage ? fileEnd : Math.min(fileEnd, address + memoryBytes);
      const isCleared = memoryBytes > fileBytes;
      list.push({
        start,
        end: fileEnd,
        flags,
        fileOffset: offset - (address - start),
        clearStart: dataEnd,
        clearEnd: isCleared ? clearEnd : dataEnd,
      });
    }
    const zeroStart = Math.max(fileEnd, start);
    if (memoryEnd > zeroStart) {
      list.push({ start: zeroStart, end: memoryEnd, flags, fileOffset: -1, clearStart: 0, clearEnd: 0 });
    }
  }
  return list;
}

/**
 * The regions of an object as they are before relocation.
 * @param clearsWholePage the kernel and musl clear the rest of the last page of a segment that is larger in memory than in
 *   the file; ld.so clears only up to the segment's end
 */
export function mapSegments(object: LoadedObject, clearsWholePage: boolean, budget: MemoryBudget): MappedRegion[] {
  const { bytes } = object.file.elf;
  return mappings(object, clearsWholePage).map(({ start, end, flags, fileOffset, clearStart, clearEnd }) => {
    const from = Math.min(Math.max(0, fileOffset), bytes.length);
    const file = fileOffset === -1 ? NOTHING : bytes.subarray(from, Math.min(from + (end - start), bytes.length));
    const region: MappedRegion = {
      start: start + object.base,
      end: end + object.base,
      file,
      written: new Map(),
      budget,
      flags,
      fileOffset,
    };
    // Kernels' pages may be larger than those that memory is kept in.
    for (let at = clearStart; at < clearEnd; ) {
      const page = Math.floor((at - start) / PAGE);
      const next = Math.min(clearEnd, start + (page + 1) * PAGE);
      pageToWrite(region, page)?.fill(0, at - start - page * PAGE, next - start - page * PAGE);
      at = next;
    }
    return region;
  });
}

const NOTHING = new Uint8Array(0);

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
  const all = isOpenToAll(object) ? PF_R | PF_W | PF_X : 0;
  const regions = mappings(object, false).map(({ start, end, flags, fileOffset }) => ({
    start: start + object.base,
    end: end + object.base,
    flags: flags | all,
    fileOffset,
  }));
  const pages: PageRange[] = [];
  let at = object.start;
  for (const region of regions) {
    if (region.start > at && object.kind === "library")
      pages.push({ start: at, end: region.start, flags: all, fileOffset: 0 });
    pages.push(region);
    at = region.end;
  }
  const { relro } = object.file;
  if (!relroProtected || relro === undefined) return pages;
  // ld.so rounds both ends down (elf/dl-reloc.c, `_dl_protect_relro`).
  const from = pageDown(object.base + relro.address, object.pageSize);
  const to = pageDown(object.base + relro.address + relro.memoryBytes, object.pageSize);
  return pages.flatMap((range) => protect(range, from, to, PF_R));
}

/** musl makes all of a library with text relocations writable when it is mapped, and leaves it so (ldso/dynlink.c, map_library). */
export function isOpenToAll({ kind, library, file }: LoadedObject): boolean {
  return library === "musl" && kind === "library" && file.values.has(DT_TEXTREL);
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

/**
 * Can a file's segments be mapped with pages of this size? What lies at an address has to lie at the same place in a page of the
 * file.
 */
export function fitsPages({ loads }: Pick<DynamicFile, "loads">, pageSize: number): boolean {
  return loads.every(({ address, offset }) => (address - offset) % pageSize === 0);
}
