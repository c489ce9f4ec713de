// The memory in which functions of relocatable objects are executed: their sections where `loadObjects` has placed them, with
// what their pages allow, a stack, and a thread's own block.

import { PAGE } from "../arch/x86/instructions/index.ts";
import { error, type Problem, SHF_EXECINSTR, SHF_WRITE, SHN_COMMON } from "../elf/index.ts";
import type { ObjectsLoaded, PlacedObject } from "../load/relocatable/index.ts";
import {
  type AddressSpace,
  type AreaSource,
  createAddressSpace,
  findRoom,
  mapArea,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  writeBytes,
} from "./memory/address-space.ts";
import type { Frames } from "./memory/pages.ts";

/** As Linux gives it, RLIMIT_STACK. */
const STACK_SIZE = 0x80_0000;

export interface ObjectsMemory {
  readonly space: AddressSpace;
  /** The function returns to this address, where nothing is. */
  readonly back: number;
  /** [start, end) */
  readonly stack: { readonly start: number; readonly end: number };
  readonly threadPointer: number;
}

/** Bytes at an address, and what the processor may do with them. */
interface Piece {
  readonly object: PlacedObject;
  readonly address: number;
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
  readonly protection: number;
}

/** Puts objects of x86 into memory. */
export function objectsMemory(frames: Frames, loaded: ObjectsLoaded, wordBytes: number): ObjectsMemory | Problem {
  const end = wordBytes === 8 ? 2 ** 47 : 2 ** 32;
  const space = createAddressSpace(frames, { end, top: end - 2 * PAGE, mostMapped: 2 ** 47 });
  const beyond = loaded.objects.find((it) => it.end > end);
  if (beyond !== undefined) {
    const facts = { machine: beyond.machine.name, start: beyond.base, end: beyond.end, limit: end };
    return error("base-beyond-memory", { file: beyond.name }, facts);
  }
  mapPieces(space, loaded.objects.flatMap(piecesOf));
  // Below the stack nothing is, so that one which is used up is noticed.
  const back = findRoom(space, PAGE, 0);
  if (back === undefined) return error("call-no-room", {}, { what: "the return address" });
  const gap = { offset: 0, shared: undefined, source: undefined, growsDown: false };
  mapArea(space, { ...gap, start: back, end: back + PAGE, protection: 0, label: "" });
  const threadPointer = mapThread(space, loaded, wordBytes);
  if (threadPointer === undefined) return error("call-no-room", {}, { what: "thread-local storage" });
  const room = findRoom(space, STACK_SIZE + PAGE, 0);
  if (room === undefined) return error("call-no-room", {}, { what: "a stack" });
  const stack = { start: room + PAGE, end: room + PAGE + STACK_SIZE };
  mapArea(space, { ...gap, ...stack, protection: PROT_READ | PROT_WRITE, label: "[stack]" });
  return { space, back, stack, threadPointer };
}

function piecesOf(object: PlacedObject): Piece[] {
  const { sections, slots, symbols } = object;
  const pieces: Piece[] = [];
  let last = object.base;
  for (const placed of sections) {
    if (placed === undefined) continue;
    const { address, memory, section } = placed;
    const written = (section.flags & SHF_WRITE) !== 0 ? PROT_WRITE : 0;
    const executed = (section.flags & SHF_EXECINSTR) !== 0 ? PROT_EXEC : 0;
    pieces.push({ object, address, size: memory.length, bytes: memory, protection: PROT_READ | written | executed });
    last = Math.max(last, address + memory.length);
  }
  if (symbols.some(({ shndx }) => shndx === SHN_COMMON)) {
    const size = slots.gotAddress - last;
    pieces.push({ object, address: last, size, bytes: undefined, protection: PROT_READ | PROT_WRITE });
  }
  const { gotAddress, got, pltAddress, plt } = slots;
  pieces.push({ object, address: gotAddress, size: got.length, bytes: got, protection: PROT_READ | PROT_WRITE });
  pieces.push({ object, address: pltAddress, size: plt.length, bytes: plt, protection: PROT_READ | PROT_EXEC });
  return pieces.filter(({ size }) => size > 0);
}

/** Pages allow what any piece on them needs: sections need not begin on pages of their own. */
function mapPieces(space: AddressSpace, pieces: readonly Piece[]): void {
  const pages = new Map<number, { protection: number; label: string }>();
  for (const { object, address, size, protection } of pieces) {
    for (let page = Math.floor(address / PAGE); page * PAGE < address + size; page++) {
      const known = pages.get(page);
      if (known === undefined) pages.set(page, { protection, label: object.name });
      else known.protection |= protection;
    }
  }
  const source: AreaSource = {
    path: "",
    node: undefined,
    size: () => Number.POSITIVE_INFINITY,
    fill: (start, target) => {
      for (const { address, bytes } of pieces) {
        if (bytes === undefined || address >= start + target.length || address + bytes.length <= start) continue;
        const from = Math.max(0, start - address);
        const to = Math.min(bytes.length, start + target.length - address);
        target.set(bytes.subarray(from, to), address + from - start);
      }
    },
  };
  // An area for all pages that are alike: the areas are a list, which is not made for one a page.
  const sorted = [...pages.keys()].sort((a, b) => a - b);
  for (let index = 0; index < sorted.length; ) {
    const first = sorted[index];
    const known = pages.get(first);
    let count = 1;
    while (sorted[index + count] === first + count) {
      const next = pages.get(first + count);
      if (next?.protection !== known?.protection || next?.label !== known?.label) break;
      count++;
    }
    const start = first * PAGE;
    const { protection = 0, label = "" } = known ?? {};
    const area = { start, end: start + count * PAGE, protection, source, offset: start };
    mapArea(space, { ...area, shared: undefined, label, growsDown: false });
    index += count;
  }
}

/** The thread-local block and, behind it, what the thread pointer points to: TLS variant II. */
function mapThread(space: AddressSpace, loaded: ObjectsLoaded, wordBytes: number): number | undefined {
  const { tlsBytes, tlsImage, tlsAlignment } = loaded;
  const size = Math.ceil(tlsBytes / PAGE) * PAGE + PAGE;
  const room = size > 2 ** 46 ? undefined : findRoom(space, size, 0, Math.max(PAGE, tlsAlignment));
  if (room === undefined) return undefined;
  const area = { offset: 0, shared: undefined, source: undefined, growsDown: false };
  const protection = PROT_READ | PROT_WRITE;
  mapArea(space, { ...area, start: room, end: room + size, protection, label: "[thread-local storage]" });
  const threadPointer = room + tlsBytes;
  writeBytes(space, room, tlsImage);
  // Its first word is its own address (psABI, "TLS").
  const self = new DataView(new ArrayBuffer(wordBytes));
  self.setUint32(0, threadPointer % 2 ** 32, true);
  if (wordBytes === 8) self.setUint32(4, Math.floor(threadPointer / 2 ** 32), true);
  writeBytes(space, threadPointer, new Uint8Array(self.buffer));
  return threadPointer;
}
