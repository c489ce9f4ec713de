// zstd for Node before 22.15, which has none: the fzstd package, behind a check of the frames' headers.

import { type Decompressor, decompressSized } from "./zstd-frames.ts";

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array | undefined;

/**
 * Decompresses to exactly `size` bytes; gives nothing if the stream is damaged or asks for memory out of proportion.
 * Unlike Node's, it does not compare checksums, and content that ends before the size its frame announces is followed by
 * zeros. Undefined where the package is not installed.
 */
export function loadZstd(): Decompress | undefined {
  const decompress = loadFzstd()?.decompress;
  return decompress && ((bytes, size) => decompressSized(decompress, bytes, size));
}

interface Fzstd {
  /** Its second argument, a buffer to write into, makes it ten times slower. */
  readonly decompress: Decompressor;
}

function loadFzstd(): Fzstd | undefined {
  try {
    return process.getBuiltinModule("node:module").createRequire(import.meta.url)("fzstd") as Fzstd;
  } catch {
    return undefined;
  }
}
