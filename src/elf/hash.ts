// The two hash functions of dynamic symbol tables, over the bytes of a name. Linker and loader must agree on them to the bit.

/**
 * The System V hash of DT_HASH (gABI, "Hash Table"). Also what version tables store as vna_hash and vd_hash.
 * @param bytes holds the name  @param start its first byte  @param end one past its last byte (the NUL is not hashed)
 * @returns 0 to 0x0fffffff
 */
export function sysvHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) {
    // The sum can pass 2^32 when a byte is over 0x7f; the gABI's function wraps there, and so must we.
    hash = ((hash << 4) + bytes[i]) | 0;
    const high = hash & 0xf0000000;
    hash = (hash ^ (high >>> 24)) & ~high;
  }
  return hash;
}

/**
 * The GNU hash of DT_GNU_HASH (glibc elf/dl-hash.h, `_dl_new_hash`): h = h * 33 + c from 5381, modulo 2^32.
 * @param bytes holds the name  @param start its first byte  @param end one past its last byte (the NUL is not hashed)
 * @returns 0 to 0xffffffff
 */
export function gnuHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 5381;
  for (let i = start; i < end; i++) hash = ((hash << 5) + hash + bytes[i]) | 0;
  return hash >>> 0;
}
