// A process's memory, page by page. What a file has is looked at where it lies; a page that is written to gets bytes of its
// own. So memory that nobody touches costs nothing, be it as large as it likes, as in a real process.

/** Bytes of a page as memory is kept here. Pages of the kernel are as large or larger: see `pageSizeOf`. */
export const PAGE = 4096;

/** Bytes that may still be made for pages that are written to; shared by all regions of a process. */
export interface MemoryBudget {
  left: number;
}

/**
 * More than this no program's relocations touch: they fill 32 MB in a browser of 300 MB. A damaged file may ask for a page
 * with every eight bytes of it.
 */
export const MOST_WRITTEN = 0x4000_0000;

/** A run of pages with contents of one origin. */
export interface MappedRegion {
  /** Addresses: [start, end), whole pages. */
  readonly start: number;
  readonly end: number;
  /** What the file has there; empty for memory without a file, shorter than the region where the file ends before. */
  readonly file: Uint8Array;
  /** Pages that were written to, by their number in the region; for these `file` does not count. */
  readonly written: Map<number, Uint8Array>;
  readonly budget: MemoryBudget;
  /** PF_* bits of the segment. */
  readonly flags: number;
  /** Where in the file it begins; -1 for memory without a file. */
  readonly fileOffset: number;
}

/**
 * The bytes of a page, to be changed.
 * @param page its number in the region  @returns undefined if the process has written to too much
 */
export function pageToWrite({ file, written, budget }: MappedRegion, page: number): Uint8Array | undefined {
  const known = written.get(page);
  if (known !== undefined) return known;
  if (budget.left < PAGE) return undefined;
  budget.left -= PAGE;
  const bytes = new Uint8Array(PAGE);
  if (page * PAGE < file.length) bytes.set(file.subarray(page * PAGE, (page + 1) * PAGE));
  written.set(page, bytes);
  return bytes;
}

/** Copies memory into `target`; what no region has is left as it is. False if some of it was not mapped. */
export function readMemory(regions: readonly MappedRegion[], address: number, target: Uint8Array): boolean {
  let left = target.length;
  for (const region of regions) {
    const from = Math.max(address, region.start);
    const to = Math.min(address + target.length, region.end);
    if (from >= to) continue;
    left -= to - from;
    readRegion(region, from, target.subarray(from - address, to - address));
  }
  return left <= 0;
}

/** Fills `target` from a region that holds all of it. */
function readRegion({ start, file, written }: MappedRegion, address: number, target: Uint8Array): void {
  const from = address - start;
  const part = file.subarray(Math.min(from, file.length), Math.min(from + target.length, file.length));
  target.set(part);
  target.fill(0, part.length);
  if (written.size === 0) return;
  const last = Math.ceil((from + target.length) / PAGE);
  const first = Math.floor(from / PAGE);
  if (last - first <= written.size) {
    for (let page = first; page < last; page++) overlay(written.get(page), page * PAGE - from, target);
  } else for (const [page, bytes] of written) overlay(bytes, page * PAGE - from, target);
}

/** Puts a page's bytes into `target` where they belong: `at`, which may lie outside. */
function overlay(page: Uint8Array | undefined, at: number, target: Uint8Array): void {
  if (page === undefined || at + PAGE <= 0 || at >= target.length) return;
  target.set(page.subarray(Math.max(0, -at), Math.min(PAGE, target.length - at)), Math.max(0, at));
}

/** Writes bytes to memory. False if some of it is not mapped or there is no room for it. */
export function writeMemory(regions: readonly MappedRegion[], address: number, bytes: Uint8Array): boolean {
  let left = bytes.length;
  for (const region of regions) {
    const to = Math.min(address + bytes.length, region.end);
    for (let at = Math.max(address, region.start); at < to; ) {
      const page = Math.floor((at - region.start) / PAGE);
      const own = pageToWrite(region, page);
      if (own === undefined) return false;
      const end = Math.min(to, region.start + (page + 1) * PAGE);
      own.set(bytes.subarray(at - address, end - address), at - region.start - page * PAGE);
      left -= end - at;
      at = end;
    }
  }
  return left <= 0;
}

/** How many bytes from `address` on are mapped, of `size`. */
export function mappedPart(regions: readonly MappedRegion[], address: number, size: number): number {
  let bytes = 0;
  for (const { start, end } of regions) bytes += Math.max(0, Math.min(address + size, end) - Math.max(address, start));
  return bytes;
}

/** Calls back for the runs of a region within [from, to) that may hold something else than zeros: the file's, and pages. */
function eachContent(region: MappedRegion, from: number, to: number, say: (start: number, end: number) => void): void {
  const { start, file, written } = region;
  const fileEnd = Math.min(to, start + file.length);
  if (Math.max(from, start) < fileEnd) say(Math.max(from, start), fileEnd);
  for (const page of written.keys()) {
    const at = start + page * PAGE;
    // What lies in the file's part has been said.
    const low = Math.max(from, at, Math.min(start + file.length, at + PAGE));
    const high = Math.min(to, at + PAGE, region.end);
    if (low < high) say(low, high);
  }
}

/**
 * Copies memory from one place to another. Zeros, of which there may be terabytes, are not touched where there are zeros.
 * False, and nothing done, if some of either is not mapped; false also where there is no room for the copy.
 */
export function copyMemory(
  from: readonly MappedRegion[],
  source: number,
  to: readonly MappedRegion[],
  target: number,
  size: number,
): boolean {
  if (mappedPart(from, source, size) < size || mappedPart(to, target, size) < size) return false;
  const runs: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  let copied = 0;
  for (const region of from) {
    eachContent(region, source, source + size, (start, end) => {
      copied += end - start;
      if (copied > region.budget.left) return;
      const bytes = new Uint8Array(end - start);
      readMemory([region], start, bytes);
      runs.push({ start: start - source + target, bytes });
    });
  }
  if (to.length > 0 && copied > to[0].budget.left) return false;
  for (const region of to) {
    const old: (readonly [start: number, end: number])[] = [];
    eachContent(region, target, target + size, (start, end) => void old.push([start, end]));
    for (const [start, end] of old) if (!clear(region, start, end)) return false;
  }
  return runs.every(({ start, bytes }) => writeMemory(to, start, bytes));
}

function clear(region: MappedRegion, from: number, to: number): boolean {
  for (let at = from; at < to; ) {
    const page = Math.floor((at - region.start) / PAGE);
    const own = pageToWrite(region, page);
    if (own === undefined) return false;
    const end = Math.min(to, region.start + (page + 1) * PAGE);
    own.fill(0, at - region.start - page * PAGE, end - region.start - page * PAGE);
    at = end;
  }
  return true;
}
