// Memory for the contents of many files. Every 64 MB that are allocated outside its heap make V8 collect garbage; a link that
// reads 600 MB file by file spends a tenth of its time on that. So larger files share a few large buffers.

/** Of more than 16 MB V8 hears with a collection of garbage. */
const FIRST_SLAB = 0x200000;
const LARGEST_SLAB = 0x40000000;
/** Files from this size on go into a shared buffer. */
const SLAB_FILE = 0x10000;

/** A function from sizes to memory. A buffer is kept as long as any part of it is. */
export function slabs(): (size: number) => Uint8Array {
  let slab = new Uint8Array(0);
  let used = 0;
  let next = FIRST_SLAB;
  return (size) => {
    if (size < SLAB_FILE) return allocate(size);
    if (used + size > slab.length) {
      // Memory that is never written to costs nothing, so the last buffer may be too large.
      slab = new Uint8Array(Math.max(next, size));
      next = Math.min(next * 8, LARGEST_SLAB);
      used = 0;
    }
    const bytes = slab.subarray(used, used + size);
    used += Math.ceil(size / 64) * 64;
    return bytes;
  };
}

/** Outside of Buffer's pool, so that the bytes start at offset 0 of an ArrayBuffer of their own. */
export function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
