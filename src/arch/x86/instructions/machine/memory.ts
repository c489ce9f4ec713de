// Memory as instructions see it: 64-bit addresses (low, high) looked up in small tables that say where in one buffer a page's
// bytes are. What the tables do not know they ask the address space for, through `miss`, a page at a time. One table is for
// reading and one for writing, so that protection is checked by absence, and pages with decoded code or under observation are
// never in the second: writes to them take the slow way, which tells.

import { MEMORY_FAULT } from "./traps.ts";

export const PAGE = 4096;

/** Kinds of access. */
export const READ = 0;
export const WRITE = 1;
export const EXECUTE = 2;

/** What `miss` answers instead of a page. */
export const NOT_MAPPED = -1;
export const NOT_ALLOWED = -2;
/** Beyond the end of a mapped file: SIGBUS. */
export const BEYOND_FILE = -3;
/** No more pages may be made: a limit of the simulation. */
export const OUT_OF_PAGES = -4;

/** Bits of `Memory.marks`: a write to the page has to be told. */
export const MARK_CODE = 1;
export const MARK_WATCHED = 2;

/** Pages in the buffer at first, 8 MB: python3 needs no more, nor does what is not touched cost anything, while a buffer that grows is copied. */
const FIRST_PAGES = 2048;
/** Entries of a table, four words each: the page's start, low and high, and its start in the buffer. One line of a cache. */
const ENTRIES = 1024;
const HIGH = 1;
const AT = 2;
const ENTRY_MASK = (ENTRIES - 1) << 2;
/** No page starts here, so no access finds an entry with this tag. */
const EMPTY = 1;

/** Pages in one buffer, and the tables that lead to them. */
export interface Memory {
  /** Page p is at byte p * PAGE. Replaced when the buffer grows: hold none of the three across a call that may miss. */
  view: DataView;
  bytes: Uint8Array;
  words: Int32Array;
  /** Pages handed out; page 0 is for accesses that cross a page, and never anyone's. */
  used: number;
  /** How many pages there may be at most. */
  readonly mostPages: number;
  /** For each page of the buffer `MARK_*`. */
  marks: Uint8Array;
  /** The tables for reading and for writing. */
  readonly readTable: Int32Array;
  readonly writeTable: Int32Array;
  /** The last fault: address low, high, kind of access, and what `miss` said. */
  readonly fault: Int32Array;
  /**
   * The address space's answer for an access that the tables do not know: the number of the page in the buffer, or a negative
   * number (`NOT_MAPPED`, …). The address is any in the page. It may make the page (`takePage`), copy it, fill it from a file.
   */
  miss: (low: number, high: number, access: number) => number;
  /** Told of each write to a page that has marks, before the bytes are there: number of the page, offset in it, and length. */
  writes: (page: number, offset: number, length: number) => void;
}

/** Memory without pages, where every access misses until `miss` is set. */
export function createMemory(mostPages: number): Memory {
  // What is not touched costs nothing, and a buffer that grows is copied.
  const pages = Math.min(FIRST_PAGES, mostPages);
  const buffer = new ArrayBuffer(pages * PAGE);
  const memory: Memory = {
    view: new DataView(buffer),
    bytes: new Uint8Array(buffer),
    words: new Int32Array(buffer),
    used: 1,
    mostPages,
    marks: new Uint8Array(pages),
    readTable: new Int32Array(4 * ENTRIES),
    writeTable: new Int32Array(4 * ENTRIES),
    fault: new Int32Array(4),
    miss: () => NOT_MAPPED,
    writes: () => {},
  };
  forgetAll(memory);
  return memory;
}

/** A new page of zeros, its number in the buffer; or `OUT_OF_PAGES`. */
export function takePage(memory: Memory): number {
  if (memory.used >= memory.mostPages) return OUT_OF_PAGES;
  if (memory.used * PAGE === memory.bytes.length) {
    const pages = Math.min(memory.used * 2, memory.mostPages);
    setBuffer(memory, memory.bytes, pages);
  }
  return memory.used++;
}

function setBuffer(memory: Memory, from: Uint8Array, pages: number): void {
  const buffer = new ArrayBuffer(pages * PAGE);
  memory.bytes = new Uint8Array(buffer);
  memory.bytes.set(from);
  memory.view = new DataView(buffer);
  memory.words = new Int32Array(buffer);
  const marks = new Uint8Array(pages);
  marks.set(memory.marks.subarray(0, pages));
  memory.marks = marks;
}

/** Forgets all that the tables know: after a change of many mappings. */
export function forgetAll(memory: Memory): void {
  for (let slot = 0; slot < 4 * ENTRIES; slot += 4) memory.readTable[slot] = memory.writeTable[slot] = EMPTY;
}

/** Forgets a page: after its mapping or protection changed. The address is any in it. */
export function forgetPage(memory: Memory, low: number, high: number): void {
  const { readTable: reads, writeTable: writes } = memory;
  const slot = (low >>> 10) & ENTRY_MASK;
  const start = low & -PAGE;
  if (reads[slot] === start && reads[slot + HIGH] === high) reads[slot] = EMPTY;
  if (writes[slot] === start && writes[slot + HIGH] === high) writes[slot] = EMPTY;
}

/** From now on each write to a page of the buffer is told to `memory.writeTable`, for the reason `MARK_*`. */
export function markPage(memory: Memory, page: number, mark: number): void {
  if ((memory.marks[page] & mark) !== 0) return;
  memory.marks[page] |= mark;
  // The page may be mapped more than once, so by where it leads, not by its address.
  const { writeTable: writes } = memory;
  for (let slot = 0; slot < 4 * ENTRIES; slot += 4) if (writes[slot + AT] === page * PAGE) writes[slot] = EMPTY;
}

export function unmarkPage(memory: Memory, page: number, mark: number): void {
  memory.marks[page] &= ~mark;
}

/**
 * Where `size` bytes at an address can be read: a place in `memory.view`. A read that crosses a page is gathered in page 0.
 * Throws `MEMORY_FAULT` where it cannot be read.
 *
 * @param size 1 to 512.
 */
export function readPlace(memory: Memory, low: number, high: number, size: number): number {
  const { readTable: reads } = memory;
  const slot = (low >>> 10) & ENTRY_MASK;
  // The page of the last byte: another one's start is not this slot's tag.
  if (reads[slot] === ((low + size - 1) & -PAGE) && reads[slot + HIGH] === high) {
    return reads[slot + AT] + (low & (PAGE - 1));
  }
  return readSlowly(memory, low, high, size);
}

function readSlowly(memory: Memory, low: number, high: number, size: number): number {
  const inPage = PAGE - (low & (PAGE - 1));
  if (inPage >= size) return enterRead(memory, low, high) + (low & (PAGE - 1));
  const first = enterRead(memory, low, high) + (low & (PAGE - 1));
  const nextLow = (low + inPage) | 0;
  const second = enterRead(memory, nextLow, nextLow === 0 ? (high + 1) | 0 : high);
  memory.bytes.copyWithin(0, first, first + inPage);
  memory.bytes.copyWithin(inPage, second, second + size - inPage);
  return 0;
}

/** Start of a page in the buffer, entered into the table for reading. */
function enterRead(memory: Memory, low: number, high: number): number {
  const page = memory.miss(low, high, READ);
  if (page < 0) fail(memory, low, high, READ, page);
  enter(memory.readTable, low, high, page);
  return page * PAGE;
}

/** Start of a page in the buffer, entered into the table for writing unless the page has marks. */
function enterWrite(memory: Memory, low: number, high: number): number {
  const page = memory.miss(low, high, WRITE);
  if (page < 0) fail(memory, low, high, WRITE, page);
  const { readTable: reads } = memory;
  const slot = (low >>> 10) & ENTRY_MASK;
  // The address space may have given a page of its own in place of a shared one: what is read must be that one too.
  if (reads[slot] === (low & -PAGE) && reads[slot + HIGH] === high) reads[slot + AT] = page * PAGE;
  if (memory.marks[page] === 0) enter(memory.writeTable, low, high, page);
  return page * PAGE;
}

function enter(table: Int32Array, low: number, high: number, page: number): void {
  const slot = (low >>> 10) & ENTRY_MASK;
  table[slot] = low & -PAGE;
  table[slot + HIGH] = high;
  table[slot + AT] = page * PAGE;
}

function fail(memory: Memory, low: number, high: number, access: number, why: number): never {
  memory.fault[0] = low;
  memory.fault[1] = high;
  memory.fault[2] = access;
  memory.fault[3] = why;
  throw MEMORY_FAULT;
}

/**
 * The place where `size` bytes can be written in the one table look-up that most writes need; or -1: the caller then writes
 * by `writeBytes`.
 */
export function writePlace(memory: Memory, low: number, high: number, size: number): number {
  const { writeTable: writes } = memory;
  const slot = (low >>> 10) & ENTRY_MASK;
  if (writes[slot] === ((low + size - 1) & -PAGE) && writes[slot + HIGH] === high) {
    return writes[slot + AT] + (low & (PAGE - 1));
  }
  return -1;
}

/** Throws `MEMORY_FAULT` unless `size` bytes (at most a page) can be written: before an instruction that writes more than once. */
export function probeWrite(memory: Memory, low: number, high: number, size: number): void {
  if (writePlace(memory, low, high, size) >= 0) return;
  enterWrite(memory, low, high);
  const inPage = PAGE - (low & (PAGE - 1));
  if (inPage < size) enterWrite(memory, (low + inPage) | 0, ((low + inPage) | 0) === 0 ? (high + 1) | 0 : high);
}

/** Writes `size` bytes (at most a page) that stand at `from` of page 0, wherever they go: across pages, into pages with marks. */
export function writeSlowly(memory: Memory, low: number, high: number, size: number, from: number): void {
  const offset = low & (PAGE - 1);
  const inPage = Math.min(PAGE - offset, size);
  const first = enterWrite(memory, low, high);
  let second = 0;
  if (inPage < size) {
    const nextLow = (low + inPage) | 0;
    second = enterWrite(memory, nextLow, nextLow === 0 ? (high + 1) | 0 : high);
  }
  // Both pages are there: from here on nothing fails.
  const firstPage = first / PAGE;
  if (memory.marks[firstPage] !== 0) memory.writes(firstPage, offset, inPage);
  if (inPage < size && memory.marks[second / PAGE] !== 0) memory.writes(second / PAGE, 0, size - inPage);
  memory.bytes.copyWithin(first + offset, from, from + inPage);
  if (inPage < size) memory.bytes.copyWithin(second, from + inPage, from + size);
}

/** Where in page 0 the write functions put what goes the slow way; reads that cross a page gather before it. */
export const BOUNCE = 1024;

export function read8(memory: Memory, low: number, high: number): number {
  // In this order: a page that has to be made first may move the buffer.
  const place = readPlace(memory, low, high, 1);
  return memory.bytes[place];
}

/** 16 bits, zero-extended. */
export function read16(memory: Memory, low: number, high: number): number {
  const place = readPlace(memory, low, high, 2);
  return memory.view.getUint16(place, true);
}

export function read32(memory: Memory, low: number, high: number): number {
  const place = readPlace(memory, low, high, 4);
  return memory.view.getInt32(place, true);
}

export function write8(memory: Memory, low: number, high: number, value: number): void {
  const place = writePlace(memory, low, high, 1);
  if (place >= 0) {
    memory.bytes[place] = value;
    return;
  }
  memory.bytes[BOUNCE] = value;
  writeSlowly(memory, low, high, 1, BOUNCE);
}

export function write16(memory: Memory, low: number, high: number, value: number): void {
  const place = writePlace(memory, low, high, 2);
  if (place >= 0) {
    memory.view.setInt16(place, value, true);
    return;
  }
  memory.view.setInt16(BOUNCE, value, true);
  writeSlowly(memory, low, high, 2, BOUNCE);
}

export function write32(memory: Memory, low: number, high: number, value: number): void {
  const place = writePlace(memory, low, high, 4);
  if (place >= 0) {
    memory.view.setInt32(place, value, true);
    return;
  }
  memory.view.setInt32(BOUNCE, value, true);
  writeSlowly(memory, low, high, 4, BOUNCE);
}

/** 64 bits are read with one `readPlace` of 8 bytes and two getInt32 at it; they are written by this. */
export function write64(memory: Memory, low: number, high: number, valueLow: number, valueHigh: number): void {
  const place = writePlace(memory, low, high, 8);
  if (place >= 0) {
    memory.view.setInt32(place, valueLow, true);
    memory.view.setInt32(place + 4, valueHigh, true);
    return;
  }
  memory.view.setInt32(BOUNCE, valueLow, true);
  memory.view.setInt32(BOUNCE + 4, valueHigh, true);
  writeSlowly(memory, low, high, 8, BOUNCE);
}

/** 128 bits out of four words of the processor's state. */
export function write128(memory: Memory, low: number, high: number, words: Int32Array, at: number): void {
  const place = writePlace(memory, low, high, 16);
  const to = place >= 0 ? place : BOUNCE;
  memory.view.setInt32(to, words[at], true);
  memory.view.setInt32(to + 4, words[at + 1], true);
  memory.view.setInt32(to + 8, words[at + 2], true);
  memory.view.setInt32(to + 12, words[at + 3], true);
  if (place < 0) writeSlowly(memory, low, high, 16, BOUNCE);
}
