// Pages as a machine's physical memory: each is somewhere in the one buffer of `Memory`, is counted by those who map it, and goes
// back when nobody does. A page that two processes have since fork is copied when either writes to it.

import { type Memory, OUT_OF_PAGES, PAGE, takePage } from "../../arch/x86/instructions/machine/memory.ts";
import { contentOf, type FileNode } from "../files/nodes.ts";

/** All pages of a run. */
export interface Frames {
  readonly memory: Memory;
  readonly free: number[];
  /** By page: how many page tables have it. */
  references: Uint16Array;
  /** Pages in use now, and at most so far. */
  used: number;
  peak: number;
  /** Address spaces that there have been. */
  spaces: number;
}

export function createFrames(memory: Memory): Frames {
  return { memory, free: [], references: new Uint16Array(1024), used: 0, peak: 0, spaces: 0 };
}

/** A page of zeros that one page table has; or `OUT_OF_PAGES`. */
export function newPage(frames: Frames): number {
  const { memory, free } = frames;
  let page = free.pop();
  if (page === undefined) {
    page = takePage(memory);
    if (page < 0) return OUT_OF_PAGES;
    if (page >= frames.references.length) {
      const more = new Uint16Array(2 * page);
      more.set(frames.references);
      frames.references = more;
    }
  } else {
    memory.bytes.fill(0, page * PAGE, (page + 1) * PAGE);
    memory.marks[page] = 0;
  }
  frames.references[page] = 1;
  frames.used++;
  if (frames.used > frames.peak) frames.peak = frames.used;
  return page;
}

/** One page table fewer has it. */
export function releasePage(frames: Frames, page: number): void {
  if (--frames.references[page] > 0) return;
  frames.used--;
  frames.free.push(page);
}

/** A copy of a page that is shared since fork, for the one who writes; or `OUT_OF_PAGES`. */
export function copyPage(frames: Frames, page: number): number {
  const copy = newPage(frames);
  if (copy < 0) return copy;
  frames.memory.bytes.copyWithin(copy * PAGE, page * PAGE, (page + 1) * PAGE);
  frames.references[page]--;
  return copy;
}

/**
 * Addresses to pages: 512 pages to a table, as the last level of the machine's own. An entry is the number of the page, 0 for
 * none.
 */
export interface PageTable {
  readonly tables: Map<number, Int32Array>;
}

const TABLE = 512;

export function pageOf({ tables }: PageTable, address: number): number {
  const number = Math.floor(address / PAGE);
  const table = tables.get(Math.floor(number / TABLE));
  return table === undefined ? 0 : table[number % TABLE];
}

export function setPage({ tables }: PageTable, address: number, page: number): void {
  const number = Math.floor(address / PAGE);
  const key = Math.floor(number / TABLE);
  let table = tables.get(key);
  if (table === undefined) {
    table = new Int32Array(TABLE);
    tables.set(key, table);
  }
  table[number % TABLE] = page;
}

/** Visits the pages that are there in [start, end); what `visit` returns takes the page's place. */
export function eachPage(
  { tables }: PageTable,
  start: number,
  end: number,
  visit: (page: number, address: number) => number,
): void {
  const first = Math.floor(start / PAGE);
  const last = Math.ceil(end / PAGE);
  const inTable = (key: number, table: Int32Array): void => {
    const from = Math.max(0, first - key * TABLE);
    const to = Math.min(TABLE, last - key * TABLE);
    for (let at = from; at < to; at++) {
      if (table[at] !== 0) table[at] = visit(table[at], (key * TABLE + at) * PAGE);
    }
  };
  const [low, high] = [Math.floor(first / TABLE), Math.ceil(last / TABLE)];
  if (high - low > tables.size) {
    // Empty terabytes cost nothing. In order of addresses, so that pages are handed out in the same order each time.
    for (const key of [...tables.keys()].sort((a, b) => a - b)) {
      const table = tables.get(key);
      if (table !== undefined && key >= low && key < high) inTable(key, table);
    }
    return;
  }
  for (let key = low; key < high; key++) {
    const table = tables.get(key);
    if (table !== undefined) inTable(key, table);
  }
}

/** What several areas map together: memory shared over fork, or a file that is written through memory. */
export interface SharedPages {
  readonly frames: Frames;
  readonly pages: Map<number, number>;
  /** Areas that map it. */
  users: number;
  /** The program wrote to the file: the pages follow. */
  fileChanged(offset: number, length: number): void;
  /** Puts what was written to the pages into the file. */
  flush(): void;
}

export function sharedPages(frames: Frames, node: FileNode | undefined): SharedPages {
  const pages = new Map<number, number>();
  const bytesAt = (page: number): Uint8Array => frames.memory.bytes.subarray(page * PAGE, (page + 1) * PAGE);
  return {
    frames,
    pages,
    users: 0,
    fileChanged: (offset, length) => {
      const bytes = node?.bytes;
      if (node === undefined || bytes === undefined) return;
      for (let index = Math.floor(offset / PAGE); index * PAGE < offset + length; index++) {
        const page = pages.get(index);
        if (page === undefined) continue;
        const part = bytes.subarray(index * PAGE, Math.min((index + 1) * PAGE, node.size));
        bytesAt(page).set(part);
      }
    },
    flush: () => {
      if (node === undefined || !node.own) return;
      const content = contentOf(node);
      if (typeof content === "number") return;
      for (const [index, page] of pages) {
        const size = Math.min(PAGE, node.size - index * PAGE);
        if (size > 0) content.set(bytesAt(page).subarray(0, size), index * PAGE);
      }
    },
  };
}

/** A file has become shorter: what lay beyond its end is gone, and zero in its last page. */
export function cutShared(shared: SharedPages, size: number): void {
  const { frames, pages } = shared;
  for (const [index, page] of pages) {
    const kept = size - index * PAGE;
    if (kept >= PAGE) continue;
    if (kept > 0) frames.memory.bytes.fill(0, page * PAGE + kept, (page + 1) * PAGE);
    else {
      pages.delete(index);
      releasePage(frames, page);
    }
  }
}

/** The page of shared memory with this number, made if it is not there; or `OUT_OF_PAGES`. */
export function sharedPage(shared: SharedPages, index: number, fill: (target: Uint8Array) => void): number {
  const known = shared.pages.get(index);
  if (known !== undefined) return known;
  const page = newPage(shared.frames);
  if (page < 0) return page;
  fill(shared.frames.memory.bytes.subarray(page * PAGE, (page + 1) * PAGE));
  shared.pages.set(index, page);
  return page;
}

/** An area less maps it. */
export function leaveShared(shared: SharedPages, node: FileNode | undefined): void {
  if (--shared.users > 0) return;
  shared.flush();
  for (const page of shared.pages.values()) releasePage(shared.frames, page);
  shared.pages.clear();
  if (node?.shared === shared) node.shared = undefined;
}
