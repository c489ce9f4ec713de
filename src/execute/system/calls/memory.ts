// System calls about memory: mmap and its kind (mm/mmap.c, mm/mremap.c, mm/mprotect.c).

import { PAGE } from "../../../arch/x86/instructions/machine/memory.ts";
import { EACCES, EBADF, EEXIST, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC, EPERM } from "../../files/errno.ts";
import { F_SEAL_WRITE } from "../../files/nodes.ts";
import { fileSource } from "../../image.ts";
import {
  type AddressSpace,
  type Area,
  areaAt,
  findRoom,
  HUGE_PAGE,
  isFree,
  LOWEST,
  mapArea,
  movePages,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  protectRange,
  unmapRange,
  writeBytes,
} from "../../memory/address-space.ts";
import { eachPage, releasePage, sharedPages } from "../../memory/pages.ts";
import { openFileAt } from "../descriptors.ts";
import { mayRead, mayWriteTo } from "../open-flags.ts";
import { type CallRow, nothing, readWords, refuse, row, writeWords } from "../row.ts";
import type { Call, OpenFile } from "../state.ts";
import { MEMORY_DEVICES, ZERO_DEVICE } from "../streams.ts";

const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_SHARED_VALIDATE = 3;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_32BIT = 0x40;
const MAP_GROWSDOWN = 0x100;
const MAP_FIXED_NOREPLACE = 0x10_0000;

const up = (value: number): number => Math.ceil(value / PAGE) * PAGE;

function mmap(call: Call): number {
  const { space, args, process } = call;
  const [address, size, protection, flags, fd, offset] = args;
  if (size === 0 || offset % PAGE !== 0) return -EINVAL;
  const length = up(size);
  const type = flags & 0xf;
  if (type !== MAP_SHARED && type !== MAP_PRIVATE && type !== MAP_SHARED_VALIDATE) return -EINVAL;
  const isAnonymous = (flags & MAP_ANONYMOUS) !== 0;
  const open = isAnonymous ? undefined : openFileAt(process, fd);
  if (!isAnonymous && open === undefined) return -EBADF;
  const start = placeFor(space, address, length, flags, open !== undefined);
  if (start < 0) return start;
  const area: Area = {
    start,
    end: start + length,
    protection: protection & (PROT_READ | PROT_WRITE | PROT_EXEC),
    source: undefined,
    offset: 0,
    shared: undefined,
    label: "",
    growsDown: (flags & MAP_GROWSDOWN) !== 0,
  };
  const made = open === undefined ? anonymous(call, area, type) : ofFile(call, area, open, type, offset);
  if (typeof made === "number") return made;
  return mapArea(space, made) ? start : -ENOMEM;
}

/** Where a mapping goes, or the errno, negated. */
function placeFor(space: AddressSpace, address: number, length: number, flags: number, isFile: boolean): number {
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0) {
    if (address % PAGE !== 0) return -EINVAL;
    if (address < LOWEST || address + length > space.end) return -ENOMEM;
    const isTaken = (flags & MAP_FIXED_NOREPLACE) !== 0 && !isFree(space, address, address + length);
    return isTaken ? -EEXIST : address;
  }
  const alignment = isFile && length >= HUGE_PAGE && address === 0 ? HUGE_PAGE : PAGE;
  const within = (flags & MAP_32BIT) === 0 ? space : { ...space, top: 0x8000_0000 };
  return findRoom(within, length, address, alignment) ?? -ENOMEM;
}

function anonymous({ space }: Call, area: Area, type: number): Area {
  return type === MAP_PRIVATE ? area : { ...area, shared: sharedPages(space.frames, undefined) };
}

function ofFile({ space }: Call, area: Area, open: OpenFile, type: number, offset: number): Area | number {
  const { node, flags, path } = open;
  if (node.kind === "device" && node.major === MEMORY_DEVICES && node.minor === ZERO_DEVICE) return area;
  if (node.kind !== "file" || open.special !== undefined) return -ENODEV;
  if (!mayRead(flags)) return -EACCES;
  const isShared = type !== MAP_PRIVATE;
  if (isShared && (area.protection & PROT_WRITE) !== 0) {
    if (!mayWriteTo(flags)) return -EACCES;
    if (((node.seals ?? 0) & F_SEAL_WRITE) !== 0) return -EPERM;
  }
  const source = fileSource(node, path);
  // A file that nobody changes looks the same shared and private.
  if (!isShared || (!mayWriteTo(flags) && !node.own)) return { ...area, source, offset };
  node.shared ??= sharedPages(space.frames, node);
  return { ...area, source, offset, shared: node.shared };
}

function munmap({ space, args }: Call): number {
  const [address, size] = args;
  if (address % PAGE !== 0 || size === 0 || address + size > space.end) return -EINVAL;
  unmapRange(space, address, address + up(size));
  return 0;
}

function mprotect({ space, args }: Call): number {
  const [address, size, protection] = args;
  if (address % PAGE !== 0) return -EINVAL;
  if (size === 0) return 0;
  return protectRange(space, address, address + up(size), protection & 7) ? 0 : -ENOMEM;
}

/** brk(2) gives the new end, or the old one if there is no room. */
function brk({ space, args }: Call): number {
  const [wanted] = args;
  if (wanted < space.heapStart) return space.heapEnd;
  const [before, after] = [up(space.heapEnd), up(wanted)];
  if (after > before) {
    const area: Area = { ...HEAP, start: before, end: after };
    if (after > space.end || !isFree(space, before, after + PAGE) || !mapArea(space, area)) return space.heapEnd;
  } else if (after < before) unmapRange(space, after, before);
  space.heapEnd = wanted;
  return wanted;
}

const HEAP = {
  protection: PROT_READ | PROT_WRITE,
  source: undefined,
  offset: 0,
  shared: undefined,
  label: "[heap]",
  growsDown: false,
};

const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;
const MREMAP_DONTUNMAP = 4;

function mremap({ space, args }: Call): number {
  const [address, oldSize, newSize, flags, target] = args;
  if (address % PAGE !== 0 || newSize === 0 || (flags & MREMAP_DONTUNMAP) !== 0) return -EINVAL;
  const [before, after] = [up(oldSize), up(newSize)];
  const area = areaAt(space, address);
  if (area === undefined || address + before > area.end) return -EFAULT;
  // Of nothing there are copies only where it is shared.
  if (before === 0 && area.shared === undefined) return -EINVAL;
  if ((flags & MREMAP_FIXED) !== 0) {
    if ((flags & MREMAP_MAYMOVE) === 0 || target % PAGE !== 0) return -EINVAL;
    if (target < address + before && address < target + after) return -EINVAL;
    if (target + after > space.end) return -EINVAL;
    return moveTo(space, area, address, before, target, after);
  }
  if (after <= before) {
    if (after < before) unmapRange(space, address + after, address + before);
    return address;
  }
  const isAtEnd = address + before === area.end;
  const extra = { ...part(area, address), start: address + before, end: address + after };
  extra.offset += area.source === undefined && area.shared === undefined ? 0 : before;
  if (isAtEnd && address + after <= space.end && isFree(space, address + before, address + after)) {
    return mapArea(space, extra) ? address : -ENOMEM;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
  const place = findRoom(space, after, 0);
  return place === undefined ? -ENOMEM : moveTo(space, area, address, before, place, after);
}

function part(area: Area, start: number): Area {
  return { ...area, offset: area.offset + (start - area.start) };
}

function moveTo(space: AddressSpace, area: Area, from: number, before: number, to: number, after: number): number {
  const moved = { ...part(area, from), start: to, end: to + after };
  if (!mapArea(space, moved)) return -ENOMEM;
  movePages(space, from, to, Math.min(before, after));
  unmapRange(space, from, from + before);
  return to;
}

/** What may be advised (mm/madvise.c, madvise_behavior_valid). */
function isAdvice(advice: number): boolean {
  return (advice >= 0 && advice <= 4) || (advice >= 8 && advice <= 25);
}

const MADV_DONTNEED = 4;
const MADV_FREE = 8;

function madvise({ space, args }: Call): number {
  const [address, size, advice] = args;
  if (address % PAGE !== 0) return -EINVAL;
  if (!isAdvice(advice)) return -EINVAL;
  const end = address + up(size);
  if (advice !== MADV_DONTNEED && advice !== MADV_FREE) return isMappedWhole(space, address, end) ? 0 : -ENOMEM;
  if (!isMappedWhole(space, address, end)) return -ENOMEM;
  // What is there is given up: the next access finds zeros, or the file.
  eachPage(space.table, address, end, (page) => {
    releasePage(space.frames, page);
    return 0;
  });
  space.changed(address, end, true);
  return 0;
}

function isMappedWhole(space: AddressSpace, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const area = areaAt(space, at);
    if (area === undefined) return false;
    at = area.end;
  }
  return true;
}

function mincore({ space, args }: Call): number {
  const [address, size, vector] = args;
  if (address % PAGE !== 0) return -EINVAL;
  if (!isMappedWhole(space, address, address + size)) return -ENOMEM;
  return writeBytes(space, vector, new Uint8Array(Math.ceil(size / PAGE)).fill(1)) ? 0 : -EFAULT;
}

function msync({ space, args }: Call): number {
  const [address, size] = args;
  if (address % PAGE !== 0) return -EINVAL;
  if (!isMappedWhole(space, address, address + size)) return -ENOMEM;
  for (const { start, end, shared } of space.areas) if (start < address + size && end > address) shared?.flush();
  return 0;
}

/** mmap of i386 before Linux 2.4: the arguments stand in memory. */
function oldMmap(call: Call): number {
  const words = readWords(call.space, call.args[0], 6, 4);
  return words === undefined
    ? -EFAULT
    : mmap({ ...call, args: words.map((word, index) => (index === 4 ? word | 0 : word)) });
}

/** The offset counts pages. */
function mmap2(call: Call): number {
  const args = [...call.args];
  args[5] = (args[5] >>> 0) * PAGE;
  return mmap({ ...call, args });
}

/** MPOL_WEIGHTED_INTERLEAVE, and what may be added to a policy. */
const MOST_POLICY = 6;
const POLICY_FLAGS = 0xe000;

function setMemoryPolicy({ args }: Call): number {
  return (args[0] & ~POLICY_FLAGS) <= MOST_POLICY ? 0 : -EINVAL;
}

/** Protection keys: this processor has none (mm/mprotect.c). */
function keyAlloc({ args }: Call): number {
  return args[0] !== 0 || args[1] > 3 ? -EINVAL : -ENOSPC;
}

function keyProtect(call: Call): number {
  return call.args[3] === -1 ? mprotect(call) : -EINVAL;
}

const MPOL_F_MEMS_ALLOWED = 4;

/** There is one node of memory, and no rule about it. */
function memoryPolicy({ space, args, wordBytes }: Call): number {
  const [mode, nodes, most, , flags] = args;
  if (flags > 7) return -EINVAL;
  if (mode !== 0 && !writeWords(space, mode, [0], 4)) return -EFAULT;
  const words = Math.ceil(most / (8 * wordBytes));
  if (nodes === 0) return 0;
  if (words === 0 || words > 0x1000) return -EINVAL;
  const set = Array.from({ length: words }, (_, index) => (index === 0 && (flags & MPOL_F_MEMS_ALLOWED) !== 0 ? 1 : 0));
  return writeWords(space, nodes, set, wordBytes) ? 0 : -EFAULT;
}

export const MEMORY_CALLS: readonly CallRow[] = [
  row(
    "mmap",
    9,
    -1,
    "address size flags flags fd offset",
    mmap,
    "maps {2} bytes, of descriptor {5} or zeros, at {1} or where there is room",
  ),
  row(
    "mmap2",
    -1,
    192,
    "address size flags flags fd offset",
    mmap2,
    "maps {2} bytes, of descriptor {5} from page {6} or zeros",
  ),
  row("old_mmap", -1, 90, "address", oldMmap, "maps memory as the six words at {1} say"),
  row("munmap", 11, 91, "address size", munmap, "takes {2} bytes at {1} out of the address space"),
  row("mprotect", 10, 125, "address size flags", mprotect, "changes what may be done with {2} bytes at {1}"),
  row("brk", 12, 45, "address", brk, "moves the end of the heap to {1}; 0 asks where it is"),
  row(
    "mremap",
    25,
    163,
    "address size size flags address",
    mremap,
    "makes the mapping at {1} {3} bytes large, elsewhere if need be",
  ),
  row("madvise", 28, 219, "address size int", madvise, "tells what {2} bytes at {1} are used for"),
  row("mincore", 27, 218, "address size address", mincore, "asks which pages of {2} bytes at {1} are in memory"),
  row("msync", 26, 144, "address size flags", msync, "writes what was changed in a mapped file to the file"),
  row("get_mempolicy", 239, 275, "address address size address size", memoryPolicy, "asks in which memory it is"),
  row("set_mempolicy", 238, 276, "unsigned address size", setMemoryPolicy, "says in which memory it wants to be"),
  row("pkey_alloc", 330, 381, "flags unsigned", keyAlloc, "asks for a key of memory; this processor has none"),
  row("pkey_free", 331, 382, "int", refuse(EINVAL), "gives back a key of memory"),
  row(
    "pkey_mprotect",
    329,
    380,
    "address size flags int",
    keyProtect,
    "changes what may be done with {2} bytes at {1}",
  ),
  row("mlock", 149, 150, "address size", nothing, "keeps {2} bytes at {1} in memory"),
  row("munlock", 150, 151, "address size", nothing, "lets {2} bytes at {1} be paged out"),
  row("mlockall", 151, 152, "flags", nothing, "keeps all memory in memory"),
  row("munlockall", 152, 153, "", nothing, "lets all memory be paged out"),
  row("mlock2", 325, 376, "address size flags", nothing, "keeps {2} bytes at {1} in memory"),
  row(
    "membarrier",
    324,
    375,
    "int flags int",
    ({ args }) => (args[0] === 0 ? 0 : -EINVAL),
    "orders memory accesses of threads",
  ),
];
