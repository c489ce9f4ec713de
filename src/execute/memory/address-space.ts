// The address space of a process as the kernel keeps it: a sorted list of areas, each with its protection and with what stands
// there before anything is written. A page is made when it is first touched, so that empty terabytes cost nothing.

import { BEYOND_FILE, NOT_ALLOWED, NOT_MAPPED, PAGE, WRITE } from "../../arch/x86/instructions/machine/memory.ts";
import type { FileNode } from "../files/nodes.ts";
import {
  copyPage,
  eachPage,
  type Frames,
  leaveShared,
  newPage,
  type PageTable,
  pageOf,
  releasePage,
  type SharedPages,
  setPage,
  sharedPage,
} from "./pages.ts";

export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

/** What an area shows before it is written to. */
export interface AreaSource {
  /** For /proc/self/maps. */
  readonly path: string;
  readonly node: FileNode | undefined;
  /** Bytes that there are; pages beyond give SIGBUS. */
  readonly size: () => number;
  /** Fills a page from here on; what lies beyond the size stays zero. */
  readonly fill: (offset: number, target: Uint8Array) => void;
}

export interface Area {
  /** [start, end), whole pages. */
  readonly start: number;
  readonly end: number;
  /** PROT_*. */
  readonly protection: number;
  /** Undefined for zeros. */
  readonly source: AreaSource | undefined;
  /** Where in the source `start` is. */
  readonly offset: number;
  /** Set for MAP_SHARED. */
  readonly shared: SharedPages | undefined;
  /** `[heap]`, `[stack]`. */
  readonly label: string;
  /** The stack: an access below lets it grow. */
  readonly growsDown: boolean;
}

export interface AddressSpace {
  /** No other of the run has the same. */
  readonly id: number;
  readonly frames: Frames;
  readonly table: PageTable;
  /** By address, none overlapping. */
  areas: Area[];
  /** [lowest, end) is what programs may map; mmap goes down from `top`. */
  readonly end: number;
  readonly top: number;
  /** Where brk begins, and where it is. */
  heapStart: number;
  heapEnd: number;
  /** RLIMIT_STACK. */
  stackLimit: number;
  /** Address space that may be mapped, in bytes. */
  mostMapped: number;
  mapped: number;
  /** Told of each range in which addresses lead elsewhere from now on, and whether code may have been there. */
  changed: (start: number, end: number, code: boolean) => void;
  /** Processes that run in it: two during vfork. */
  users: number;
}

/** Files from this size on are aligned to it (mm/huge_memory.c, thp_get_unmapped_area). */
export const HUGE_PAGE = 0x20_0000;
/** vm.mmap_min_addr. */
export const LOWEST = 0x1_0000;
/** Pages that stay free below a stack. */
const STACK_GAP = 256 * PAGE;

export function createAddressSpace(
  frames: Frames,
  limits: Pick<AddressSpace, "end" | "top" | "mostMapped">,
): AddressSpace {
  return {
    id: ++frames.spaces,
    frames,
    table: { tables: new Map() },
    areas: [],
    ...limits,
    heapStart: 0,
    heapEnd: 0,
    stackLimit: 0x80_0000,
    mapped: 0,
    changed: () => {},
    users: 1,
  };
}

/** Index of the first area that ends behind the address. */
export function areaIndex({ areas }: AddressSpace, address: number): number {
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (areas[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function areaAt(space: AddressSpace, address: number): Area | undefined {
  const area: Area | undefined = space.areas[areaIndex(space, address)];
  return area !== undefined && area.start <= address ? area : undefined;
}

/** Are all of these addresses free? */
export function isFree(space: AddressSpace, start: number, end: number): boolean {
  const next: Area | undefined = space.areas[areaIndex(space, start)];
  return next === undefined || next.start >= end;
}

const NEEDED: readonly number[] = [PROT_READ, PROT_WRITE, PROT_EXEC];

/** The page for an access (`READ`, …), made if it has to be; or why there is none. As `Memory.miss`. */
export function touch(space: AddressSpace, address: number, access: number): number {
  let area = areaAt(space, address);
  if (area === undefined) area = growStack(space, address);
  if (area === undefined) return NOT_MAPPED;
  // On x86 what can be written or executed can be read.
  const allowed = access === 0 ? area.protection !== PROT_NONE : (area.protection & NEEDED[access]) !== 0;
  if (!allowed) return NOT_ALLOWED;
  const page = pageOf(space.table, address);
  if (page !== 0) return access === WRITE ? pageToWrite(space, area, address, page) : page;
  return makePage(space, area, address - (address % PAGE));
}

function pageToWrite(space: AddressSpace, area: Area, address: number, page: number): number {
  const { frames, table } = space;
  if (area.shared !== undefined || frames.references[page] < 2) return page;
  const copy = copyPage(frames, page);
  if (copy < 0) return copy;
  setPage(table, address, copy);
  // Code that was decoded from the old page would not hear of what is written to this one.
  if (frames.memory.marks[page] !== 0)
    space.changed(address - (address % PAGE), address - (address % PAGE) + PAGE, true);
  return copy;
}

function makePage({ frames, table }: AddressSpace, area: Area, start: number): number {
  const { source, shared } = area;
  const offset = area.offset + (start - area.start);
  if (source !== undefined && offset >= source.size()) return BEYOND_FILE;
  let page: number;
  if (shared !== undefined) {
    page = sharedPage(shared, offset / PAGE, (target) => source?.fill(offset, target));
    if (page >= 0) frames.references[page]++;
  } else {
    page = newPage(frames);
    if (page >= 0) source?.fill(offset, frames.memory.bytes.subarray(page * PAGE, (page + 1) * PAGE));
  }
  if (page >= 0) setPage(table, start, page);
  return page;
}

/** An access below the stack lets it grow, up to its limit (mm/mmap.c, expand_stack). */
function growStack(space: AddressSpace, address: number): Area | undefined {
  const index = areaIndex(space, address);
  const stack: Area | undefined = space.areas[index];
  if (stack?.growsDown !== true || address >= stack.start) return undefined;
  const start = address - (address % PAGE);
  const below: Area | undefined = space.areas[index - 1];
  const isNear = below !== undefined && below.protection !== PROT_NONE && start - below.end < STACK_GAP;
  if (stack.end - start > space.stackLimit || isNear) return undefined;
  const grown = { ...stack, start, offset: 0 };
  space.mapped += stack.start - start;
  space.areas[index] = grown;
  return grown;
}

/** Maps an area in place of what is there. False if it is more than the process may map. */
export function mapArea(space: AddressSpace, area: Area): boolean {
  if (space.mapped + (area.end - area.start) > space.mostMapped) return false;
  unmapRange(space, area.start, area.end);
  if (area.shared !== undefined) area.shared.users++;
  space.mapped += area.end - area.start;
  const index = areaIndex(space, area.start);
  space.areas.splice(index, 0, area);
  join(space, index);
  join(space, index - 1);
  return true;
}

/** Two areas that are alike and lie side by side are one (mm/vma.c, vma_merge). */
function join({ areas }: AddressSpace, index: number): void {
  const one: Area | undefined = areas[index];
  const next: Area | undefined = areas[index + 1];
  if (one === undefined || next === undefined || one.end !== next.start) return;
  const isAlike =
    one.protection === next.protection &&
    one.source === next.source &&
    one.label === next.label &&
    one.shared === undefined &&
    next.shared === undefined &&
    !one.growsDown &&
    !next.growsDown &&
    (one.source === undefined || one.offset + (one.end - one.start) === next.offset);
  if (isAlike) areas.splice(index, 2, { ...one, end: next.end });
}

/** Makes areas begin or end at the address. */
function splitAt(space: AddressSpace, address: number): void {
  const index = areaIndex(space, address);
  const area: Area | undefined = space.areas[index];
  if (area === undefined || area.start >= address) return;
  const upper = { ...area, start: address, offset: area.offset + (address - area.start), growsDown: false };
  space.areas.splice(index, 1, { ...area, end: address }, upper);
  if (area.shared !== undefined) area.shared.users++;
}

/** Takes away what is in the range. */
export function unmapRange(space: AddressSpace, start: number, end: number): void {
  if (isFree(space, start, end)) return;
  splitAt(space, start);
  splitAt(space, end);
  const first = areaIndex(space, start);
  let last = first;
  while (last < space.areas.length && space.areas[last].start < end) last++;
  const gone = space.areas.splice(first, last - first);
  eachPage(space.table, start, end, (page) => {
    releasePage(space.frames, page);
    return 0;
  });
  for (const area of gone) {
    space.mapped -= area.end - area.start;
    if (area.shared !== undefined) leaveShared(area.shared, area.source?.node);
  }
  const isCode = gone.some(({ protection }) => (protection & PROT_EXEC) !== 0);
  space.changed(start, end, isCode);
}

/** A file has become shorter: pages of it beyond its end are no longer there, and an access to them is SIGBUS (mm/truncate.c). */
export function dropBeyond(space: AddressSpace, node: FileNode, size: number): void {
  const kept = Math.ceil(size / PAGE) * PAGE;
  for (const { start, end, source, offset, protection } of space.areas) {
    if (source?.node !== node || offset + (end - start) <= kept) continue;
    const from = Math.max(start, start + kept - offset);
    eachPage(space.table, from, end, (page) => {
      releasePage(space.frames, page);
      return 0;
    });
    space.changed(from, end, (protection & PROT_EXEC) !== 0);
  }
}

/** mprotect. False if something in the range is not mapped; what lies before is changed then. */
export function protectRange(space: AddressSpace, start: number, end: number, protection: number): boolean {
  splitAt(space, start);
  splitAt(space, end);
  let at = start;
  let index = areaIndex(space, start);
  const first = index;
  let isCode = (protection & PROT_EXEC) !== 0;
  for (; index < space.areas.length && space.areas[index].start === at && at < end; index++) {
    isCode ||= (space.areas[index].protection & PROT_EXEC) !== 0;
    space.areas[index] = { ...space.areas[index], protection };
    at = space.areas[index].end;
  }
  for (let joined = index; joined >= first - 1; joined--) join(space, joined);
  space.changed(start, end, isCode);
  return at >= end;
}

/**
 * Room that nothing has: the highest below `top`, as Linux chooses.
 * @param hint taken if it is free  @returns undefined if there is no room
 */
export function findRoom(
  space: AddressSpace,
  size: number,
  hint: number,
  alignment: number = PAGE,
): number | undefined {
  const wanted = Math.ceil(hint / PAGE) * PAGE;
  if (hint >= LOWEST && wanted + size <= space.end && isFree(space, wanted, wanted + size)) return wanted;
  // What is to be aligned is looked for with room for the alignment (mm/huge_memory.c).
  const room = alignment > PAGE ? size + alignment : size;
  let ceiling = space.top;
  for (let index = areaIndex(space, space.top - 1); index >= 0; index--) {
    const area: Area | undefined = space.areas[index];
    if (area !== undefined) {
      if (area.start >= ceiling) continue;
      if (area.end <= ceiling && ceiling - area.end >= room) return placeBelow(ceiling, room, alignment);
      ceiling = Math.min(ceiling, area.start);
    }
  }
  return ceiling - LOWEST >= room ? placeBelow(ceiling, room, alignment) : undefined;
}

function placeBelow(ceiling: number, room: number, alignment: number): number {
  const lowest = ceiling - room;
  return alignment > PAGE ? lowest + (alignment - (lowest % alignment)) : lowest;
}

/** Moves pages that are there from one range to another, which is mapped already: mremap. */
export function movePages(space: AddressSpace, from: number, to: number, size: number): void {
  eachPage(space.table, from, from + size, (page, address) => {
    setPage(space.table, to + (address - from), page);
    return 0;
  });
  space.changed(from, from + size, true);
}

/** What fork makes: the same areas and the same pages, which are copied when either writes. */
export function copySpace(space: AddressSpace): AddressSpace {
  const tables = new Map<number, Int32Array>();
  for (const [key, table] of space.table.tables) {
    for (const page of table) if (page !== 0) space.frames.references[page]++;
    tables.set(key, table.slice());
  }
  for (const { shared } of space.areas) if (shared !== undefined) shared.users++;
  return {
    ...space,
    id: ++space.frames.spaces,
    table: { tables },
    areas: [...space.areas],
    changed: () => {},
    users: 1,
  };
}

/** Makes memory zero, whatever its protection: the kernel's own hand. */
export function zeroBytes(space: AddressSpace, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const area = areaAt(space, at);
    if (area === undefined) return false;
    const known = pageOf(space.table, at);
    const page = known === 0 ? makePage(space, area, at - (at % PAGE)) : pageToWrite(space, area, at, known);
    if (page < 0) return false;
    const next = Math.min(end, at - (at % PAGE) + PAGE);
    space.frames.memory.bytes.fill(0, page * PAGE + (at % PAGE), page * PAGE + (at % PAGE) + (next - at));
    at = next;
  }
  return true;
}

/** The process is gone. */
export function freeSpace(space: AddressSpace): void {
  unmapRange(space, 0, 2 ** 53);
  space.table.tables.clear();
}

/** Copies memory as the kernel reads it. @returns undefined if some of it cannot be read: EFAULT */
export function readBytes(space: AddressSpace, address: number, length: number): Uint8Array | undefined {
  if (length > MOST_COPIED) return undefined;
  const target = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const page = touch(space, address + done, 0);
    if (page < 0) return undefined;
    const offset = (address + done) % PAGE;
    const count = Math.min(length - done, PAGE - offset);
    target.set(space.frames.memory.bytes.subarray(page * PAGE + offset, page * PAGE + offset + count), done);
    done += count;
  }
  return target;
}

/** More than this no call copies at once. */
const MOST_COPIED = 0x4000_0000;

/** Writes memory as the kernel does. False if some of it cannot be written: EFAULT. */
export function writeBytes(space: AddressSpace, address: number, bytes: Uint8Array): boolean {
  const { memory } = space.frames;
  for (let done = 0; done < bytes.length; ) {
    const page = touch(space, address + done, WRITE);
    if (page < 0) return false;
    const offset = (address + done) % PAGE;
    const count = Math.min(bytes.length - done, PAGE - offset);
    if (memory.marks[page] !== 0) memory.writes(page, offset, count);
    memory.bytes.set(bytes.subarray(done, done + count), page * PAGE + offset);
    done += count;
  }
  return true;
}

/** How many bytes from here on can be written, up to `length`. */
export function writableBytes(space: AddressSpace, address: number, length: number): number {
  let at = address;
  while (at < address + length) {
    if (touch(space, at, WRITE) < 0) return at - address;
    at += PAGE - (at % PAGE);
  }
  return length;
}

/** Can all of it be written? For calls that must know before they do anything. */
export function mayWrite(space: AddressSpace, address: number, length: number): boolean {
  return writableBytes(space, address, length) === length;
}

/** Characters up to a zero, a character a byte. @returns undefined if it cannot be read, or has no end within `most` */
export function readText(space: AddressSpace, address: number, most = 0x2_0000): string | undefined {
  const { memory } = space.frames;
  let text = "";
  for (let at = address; text.length <= most; ) {
    const page = touch(space, at, 0);
    if (page < 0) return undefined;
    const from = page * PAGE + (at % PAGE);
    const stop = (page + 1) * PAGE;
    const zero = memory.bytes.indexOf(0, from);
    const isEnd = zero >= 0 && zero < stop;
    text += String.fromCharCode(...memory.bytes.subarray(from, isEnd ? zero : stop));
    if (isEnd) return text;
    at += stop - from;
  }
  return undefined;
}

/** Why an access to this address fails, for SIGSEGV's si_code: SEGV_MAPERR or SEGV_ACCERR. */
export function isMapped(space: AddressSpace, address: number): boolean {
  return areaAt(space, address) !== undefined;
}
