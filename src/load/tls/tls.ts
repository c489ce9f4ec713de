// Thread-local storage: which module number each object's block gets, and which place below the thread pointer (TLS variant
// II) or above the thread control block (variant I). glibc elf/dl-tls.c, `_dl_determine_tlsoffset`; Drepper, "ELF Handling For
// Thread-Local Storage".

import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { behaves } from "../settings/profiles.ts";

/** Static TLS that dlopen may use: 144 bytes for each namespace but one, 144 for each, and the optional 512 (dl-tls.c). */
const NAMESPACES = 4;
const OPTIONAL = 512;
const SURPLUS = 144 * (NAMESPACES - 1) + 144 * NAMESPACES + OPTIONAL;

/** Size and alignment of the rseq area as long as the kernel has no more than 32 bytes to tell (28 since Linux 6.3). */
const RSEQ_BLOCK = 32;

/** Gives each object with PT_TLS its module number: in the order of mapping, the program first. */
export function numberModules(objects: readonly LoadedObject[], from: number): void {
  let next = from;
  for (const object of objects) if (object.file.tls !== undefined && object.tlsModule === 0) object.tlsModule = next++;
}

/** Where an object's static block begins, from the thread pointer's register: negative in variant II. */
export function blockFromThreadPointer({ record }: LoadedProcess, { tlsOffset }: LoadedObject): number {
  const { variant, tpBias } = record.facts.tls;
  return variant === 2 ? -tlsOffset : tlsOffset - tpBias;
}

/** musl ldso/dynlink.c (load_library, __dls3): the same idea without gaps, in the order of loading. */
export function placeMuslTls(task: LoadedProcess): void {
  numberModules(task.chain, 1);
  const { variant, tcbBytes } = task.record.facts.tls;
  // GAP_ABOVE_TP in variant I, but only where the program itself has a block: else the first library's lies in the gap.
  let offset = (task.objects[0].file.tls?.memoryBytes ?? 0) > 0 ? tcbBytes : 0;
  for (const object of task.chain) {
    const { tls } = object.file;
    if (tls === undefined) continue;
    const align = Math.max(1, tls.alignment);
    const image = object.base + tls.address;
    if (variant === 2) {
      offset += tls.memoryBytes + align - 1;
      offset -= (offset + image) % align;
      object.tlsOffset = offset;
    } else {
      object.tlsOffset = offset + ((((image - offset) % align) + align) % align);
      offset = object.tlsOffset + tls.memoryBytes;
    }
    object.tlsIsStatic = true;
  }
  task.tlsSize = offset;
}

/** Places the blocks of the objects that the program is started with. */
export function placeStaticTls(task: LoadedProcess): void {
  numberModules(task.objects, 1);
  const { facts, tcbAlignment } = task.record;
  const blocks = task.chain.flatMap((object) => {
    const { tls } = object.file;
    if (tls === undefined) return [];
    return [{ object, size: tls.memoryBytes, align: Math.max(1, tls.alignment), address: tls.address }];
  });
  const { offsets, end } = facts.tls.variant === 2 ? placeBelow(blocks) : placeAbove(blocks, facts.tls.tcbBytes);
  blocks.forEach(({ object }, i) => {
    object.tlsOffset = offsets[i];
    object.tlsIsStatic = true;
  });
  let offset = end;
  if (behaves(task.options.profile, "rseqBlock")) offset = roundUp(offset, RSEQ_BLOCK) + RSEQ_BLOCK;
  const most = blocks.reduce((align, block) => Math.max(align, block.align), tcbAlignment);
  task.tlsSize = offset;
  task.tlsAlignment = most;
  task.tlsOptional = OPTIONAL;
  task.tlsSurplus = roundUp(offset + SURPLUS, facts.tls.variant === 2 ? most : tcbAlignment) - offset;
}

/** A block to be placed: its size, its alignment, and the address of its image in the file. */
export interface TlsBlock {
  readonly size: number;
  readonly align: number;
  readonly address: number;
}

interface Placed {
  /** In the order of the blocks. */
  readonly offsets: readonly number[];
  /** Behind the last of them, seen from the thread pointer. */
  readonly end: number;
}

/** Variant II: each lies below the one before; a small one may fit into the gap that alignment left. */
function placeBelow(blocks: readonly TlsBlock[]): Placed {
  let offset = 0;
  let freeTop = 0;
  let freeBottom = 0;
  const offsets: number[] = [];
  for (const { size, align, address } of blocks) {
    // How far the block's first byte is from a multiple of its alignment.
    const phase = (align - (address % align)) % align;
    if (freeBottom - freeTop >= size) {
      const inGap = roundUp(freeTop + size - phase, align) + phase;
      if (inGap <= freeBottom) {
        freeTop = inGap;
        offsets.push(inGap);
        continue;
      }
    }
    const below = roundUp(offset + size - phase, align) + phase;
    if (below > offset + size + (freeBottom - freeTop)) {
      freeTop = offset;
      freeBottom = below - size;
    }
    offset = below;
    offsets.push(below);
  }
  return { offsets, end: offset };
}

/** Variant I: each lies above the one before, the first behind the TCB; gaps as in variant II (TLS_DTV_AT_TP). */
export function placeAbove(blocks: readonly TlsBlock[], tcbBytes: number): Placed {
  let offset = tcbBytes;
  let freeTop = 0;
  let freeBottom = 0;
  const offsets: number[] = [];
  for (const { size, align, address } of blocks) {
    const firstByte = (align - (address % align)) % align;
    const from = (start: number): number => {
      const aligned = roundUp(start, align);
      return (aligned - start < firstByte ? aligned + align : aligned) - firstByte;
    };
    if (size <= freeTop - freeBottom) {
      const inGap = from(freeBottom);
      if (inGap + size <= freeTop) {
        freeBottom = inGap + size;
        offsets.push(inGap);
        continue;
      }
    }
    const above = from(offset);
    if (above - offset > freeTop - freeBottom) {
      freeBottom = offset;
      freeTop = above;
    }
    offset = above + size;
    offsets.push(above);
  }
  return { offsets, end: offset };
}

/**
 * Gives an object that came by dlopen a place in static TLS, for a reference that needs one (`_dl_try_allocate_static_tls`).
 * @param optional a descriptor would like it, and may use up no more than rtld.optional_static_tls
 * @returns false: "cannot allocate memory in static TLS block"
 */
export function allocateStaticTls(task: LoadedProcess, object: LoadedObject, optional = false): boolean {
  const { tls } = object.file;
  if (tls === undefined) return false;
  if (object.tlsIsStatic) return true;
  const align = Math.max(1, tls.alignment);
  if (align > task.tlsAlignment) return false;
  const phase = tls.address % align;
  const free = task.tlsSurplus;
  const isBelow = task.record.facts.tls.variant === 2;
  // Above, it begins where alignment lets it; below, it ends there.
  const start = roundUp(task.tlsSize - phase, align) + phase;
  const taken = isBelow ? tls.memoryBytes + phase : start + tls.memoryBytes - task.tlsSize;
  if (free < taken || (optional && taken > task.tlsOptional)) return false;
  if (optional) task.tlsOptional -= taken;
  object.tlsIsStatic = true;
  if (isBelow) {
    const left = Math.floor((free - tls.memoryBytes - phase) / align) * align + phase;
    object.tlsOffset = task.tlsSize + (free - left);
    task.tlsSize = object.tlsOffset;
    task.tlsSurplus = left;
  } else {
    object.tlsOffset = start;
    task.tlsSize += taken;
    task.tlsSurplus -= taken;
  }
  return true;
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
