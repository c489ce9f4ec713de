// The build ID of an output that is patched: the hash of the hashes of its blocks, of which only those are taken anew that have
// changed.

import { DIGEST_BLOCK, type Digest } from "../digest/by-blocks.ts";
import type { Loader } from "../inputs/loader.ts";
import { buildIdDigest, buildIdSize } from "../made/build-id.ts";
import type { MadeSections } from "../made/make-sections.ts";
import type { Patch } from "./touched.ts";

export interface RelinkedId {
  /** Of the hash in the output. */
  readonly offset: number;
  readonly size: number;
  readonly digest: Digest;
  /** The digests of the output's blocks, with zeros in place of the hash; empty if there is one block only. */
  readonly blocks: Uint8Array;
}

/** What is known of the build ID of a link that has just been done. */
export function keepBuildId({ options }: Loader, { buildId: chunk, idBlocks }: MadeSections): RelinkedId | undefined {
  const { buildId: id, accelerators } = options;
  if (chunk === undefined || idBlocks === undefined || id.style === "none" || id.style === "hex" || id.style === "uuid")
    return undefined;
  const offset = chunk.offset + 16;
  const size = buildIdSize(id);
  // A relink may come to nothing: what this link has stays as it is.
  return { offset, size, digest: buildIdDigest(id.style, accelerators), blocks: idBlocks.slice() };
}

/** Brings `blocks` up to date. @returns the digest of the output with the patches in it */
export function updateDigest(
  { offset, size, digest, blocks }: RelinkedId,
  length: number,
  patches: readonly Patch[],
  read: (from: number, to: number) => Uint8Array,
): Uint8Array {
  const single = blocks.length === 0;
  const touched = new Map<number, Patch[]>();
  if (single) touched.set(0, [...patches]);
  else {
    for (const patch of patches) {
      const end = patch.offset + patch.bytes.length;
      for (let block = Math.floor(patch.offset / DIGEST_BLOCK); block * DIGEST_BLOCK < end; block++) {
        const known = touched.get(block);
        if (known === undefined) touched.set(block, [patch]);
        else known.push(patch);
      }
    }
  }
  let whole = new Uint8Array(0);
  for (const [block, inside] of touched) {
    const from = block * DIGEST_BLOCK;
    const to = Math.min(from + DIGEST_BLOCK, length);
    const contents = read(from, to).slice();
    for (const patch of [...inside, { offset, bytes: new Uint8Array(size) }]) put(contents, from, patch);
    if (single) whole = contents;
    else blocks.set(digest(contents), block * size);
  }
  return digest(single ? whole : blocks);
}

/** The part of the patch that is in `contents`, which begin at `from` of the output. */
function put(contents: Uint8Array, from: number, { offset, bytes }: Patch): void {
  const start = Math.max(offset, from);
  const end = Math.min(offset + bytes.length, from + contents.length);
  if (start < end) contents.set(bytes.subarray(start - offset, end - offset), start - from);
}
