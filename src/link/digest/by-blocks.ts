// A digest of a large file that can be brought up to date when a part of the file changes: the digest of the digests of its
// blocks. A file of one block has the plain digest.

/** Bytes of a block. Part of what a digest is: another size gives other digests. */
export const DIGEST_BLOCK: number = 1 << 20;

export type Digest = (bytes: Uint8Array) => Uint8Array;

/** The digests of the blocks of `bytes`, one after the other; empty if it is one block, which has none of its own. */
export function blockDigests(bytes: Uint8Array, digest: Digest, size: number): Uint8Array {
  const count = bytes.length <= DIGEST_BLOCK ? 0 : Math.ceil(bytes.length / DIGEST_BLOCK);
  const all = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    all.set(digest(bytes.subarray(i * DIGEST_BLOCK, (i + 1) * DIGEST_BLOCK)), i * size);
  }
  return all;
}

/** @param blocks what `blockDigests` gives */
export function digestByBlocks(bytes: Uint8Array, digest: Digest, blocks: Uint8Array): Uint8Array {
  return digest(bytes.length <= DIGEST_BLOCK ? bytes : blocks);
}
