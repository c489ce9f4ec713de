// Thread-local storage: which module number and which place below the thread pointer each object's block gets (glibc
// elf/dl-tls.c, `_dl_determine_tlsoffset`, TLS variant II; Drepper, "ELF Handling For Thread-Local Storage").

import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { behaves } from "../settings/profiles.ts";

/** Static TLS that dlopen may use: 144 bytes for each namespace but one, 144 for each, and the optional 512 (dl-tls.c). */
const NAMESPACES = 4;
const OPTIONAL = 512;
const SURPLUS = 144 * (NAMESPACES - 1) + 144 * NAMESPACES + OPTIONAL;

/** Of struct pthread, at the thread pointer (x86: 64 bytes, for XMM state). */
const TCB_ALIGNMENT = 64;

/** Size and alignment of the rseq area as long as the kernel has no more than 32 bytes to tell (28 since Linux 6.3). */
const RSEQ_BLOCK = 32;

/** Gives each object with PT_TLS its module number: in the order of mapping, the program first. */
export function numberModules(objects: readonly LoadedObject[], from: number): void {
  let next = from;
  for (const object of objects) if (object.file.tls !== undefined && object.tlsModule === 0) object.tlsModule = next++;
}

/** musl ldso/dynlink.c (load_library, __dls3): the same idea without gaps, in the order of loading. */
export function placeMuslTls(task: LoadedProcess): void {
  numberModules(task.chain, 1);
  let offset = 0;
  for (const object of task.chain) {
    const { tls } = object.file;
    if (tls === undefined) continue;
    const align = Math.max(1, tls.alignment);
    const image = object.base + tls.address;
    offset += tls.memoryBytes + align - 1;
    offset -= (offset + image) % align;
    object.tlsOffset = offset;
  }
  task.tlsSize = offset;
}

/**
 * Places the blocks of the objects that the program is started with. Each lies below the one before; a small one may fit
 * into the gap that alignment left.
 */
export function placeStaticTls(task: LoadedProcess): void {
  numberModules(task.objects, 1);
  let offset = 0;
  let freeTop = 0;
  let freeBottom = 0;
  let most = TCB_ALIGNMENT;
  for (const object of task.chain) {
    const { tls } = object.file;
    if (tls === undefined) continue;
    const align = Math.max(1, tls.alignment);
    const size = tls.memoryBytes;
    most = Math.max(most, align);
    // How far the block's first byte is from a multiple of its alignment.
    const phase = (align - (tls.address % align)) % align;
    if (freeBottom - freeTop >= size) {
      const inGap = roundUp(freeTop + size - phase, align) + phase;
      if (inGap <= freeBottom) {
        freeTop = inGap;
        object.tlsOffset = inGap;
        continue;
      }
    }
    const below = roundUp(offset + size - phase, align) + phase;
    if (below > offset + size + (freeBottom - freeTop)) {
      freeTop = offset;
      freeBottom = below - size;
    }
    offset = below;
    object.tlsOffset = below;
  }
  if (behaves(task.options.profile, "rseqBlock")) offset = roundUp(offset, RSEQ_BLOCK) + RSEQ_BLOCK;
  task.tlsSize = offset;
  task.tlsAlignment = most;
  task.tlsOptional = OPTIONAL;
  task.tlsSurplus = roundUp(offset + SURPLUS, most) - offset;
}

/**
 * Gives an object that came by dlopen a place in static TLS, for a reference that needs one (`_dl_try_allocate_static_tls`).
 * @param optional a descriptor would like it, and may use up no more than rtld.optional_static_tls
 * @returns false: "cannot allocate memory in static TLS block"
 */
export function allocateStaticTls(task: LoadedProcess, object: LoadedObject, optional = false): boolean {
  const { tls } = object.file;
  if (tls === undefined) return false;
  if (object.tlsOffset !== 0) return true;
  const align = Math.max(1, tls.alignment);
  const phase = tls.address % align;
  const free = task.tlsSurplus;
  if (align > task.tlsAlignment || free < tls.memoryBytes + phase) return false;
  const taken = tls.memoryBytes + phase;
  if (optional && taken > task.tlsOptional) return false;
  if (optional) task.tlsOptional -= taken;
  const left = Math.floor((free - tls.memoryBytes - phase) / align) * align + phase;
  object.tlsOffset = task.tlsSize + (free - left);
  task.tlsSize = object.tlsOffset;
  task.tlsSurplus = left;
  return true;
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
