// Hashes and decompression by Node's own native code. Modules are loaded when first used: most links need one of them or
// none, and start-up is a good part of what a small link costs.

import type { Accelerators } from "../link/options.ts";
import { loadZstd } from "./zstd.ts";

/** Everything that Node does faster than the linker's plain code. */
export const nodeAccelerators: Accelerators = {
  sha1: (bytes) => digest("sha1", bytes),
  sha256: (bytes) => digest("sha256", bytes),
  md5: (bytes) => digest("md5", bytes),
  inflate: (bytes, size) => exactly(size, zlib().inflateSync, bytes),
  deflate: (bytes, level) => zlib().deflateSync(bytes, level === undefined ? {} : { level }),
  // Node has zstd from 22.15 on.
  get zstd(): Accelerators["zstd"] {
    const { zstdDecompressSync } = zlib();
    return zstdDecompressSync === undefined ? loadZstd() : (bytes, size) => exactly(size, zstdDecompressSync, bytes);
  },
  get zstdCompress(): Accelerators["zstdCompress"] {
    const { zstdCompressSync } = zlib();
    // ZSTD_c_compressionLevel is 100 (zstd.h); Node's typings of version 20 do not have the constant.
    return zstdCompressSync && ((bytes, level = 3) => zstdCompressSync(bytes, { params: { 100: level } }));
  },
  randomBytes: (count) => crypto().randomBytes(count),
};

type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const crypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");
const zlib = (): typeof import("node:zlib") & Zstd => process.getBuiltinModule("node:zlib");

interface ZstdOptions {
  readonly params: Readonly<Record<number, number>>;
}

interface Zstd {
  readonly zstdDecompressSync?: Decompress;
  readonly zstdCompressSync?: (bytes: Uint8Array, options: ZstdOptions) => Uint8Array;
}

function digest(algorithm: string, bytes: Uint8Array): Uint8Array {
  return crypto().createHash(algorithm).update(bytes).digest();
}

/** What `decompress` gives, if the stream is sound and holds `size` bytes. It stops as soon as there are more. */
function exactly(size: number, decompress: Decompress, bytes: Uint8Array): Uint8Array | undefined {
  try {
    const content = decompress(bytes, { maxOutputLength: Math.max(size, 1) });
    return content.length === size ? content : undefined;
  } catch {
    return undefined;
  }
}
