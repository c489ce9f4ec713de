// .note.gnu.build-id: a hash over the whole output, with zeros where the hash will stand. Each style is the hash that its
// name says, of outputs beyond 1 MiB taken block by block, so that a relink need not read all of it; `uuid` is random on purpose.

import { blockDigests, type Digest, digestByBlocks } from "../digest/by-blocks.ts";
import { fastHash } from "../digest/fast.ts";
import { md5 } from "../digest/md5.ts";
import { sha1 } from "../digest/sha1.ts";
import { sha256 } from "../digest/sha256.ts";
import type { Accelerators, BuildId } from "../options.ts";

const SIZES = { none: 0, md5: 16, sha1: 20, sha256: 32, uuid: 16, fast: 8 } as const;

/** Below this size this code is done before a host has loaded its cryptography: Node takes twice as long as this for 64 KB. */
const SMALL_IMAGE = 0x10000;

/** Bytes of the description; 0: no note. */
export function buildIdSize(id: BuildId): number {
  return id.style === "hex" ? id.bytes.length : SIZES[id.style];
}

export interface BuildIdBytes {
  readonly bytes: Uint8Array;
  /** Of a hash, the digests of the blocks (digest/by-blocks.ts). */
  readonly blocks?: Uint8Array;
}

/** @param image the finished output, zeros in place of the build id */
export function buildIdBytes(id: BuildId, image: Uint8Array, accelerators: Accelerators): BuildIdBytes {
  switch (id.style) {
    case "none":
      return { bytes: new Uint8Array(0) };
    case "hex":
      return { bytes: id.bytes };
    case "uuid":
      return { bytes: randomUuid(image, accelerators) };
    default: {
      const digest = buildIdDigest(id.style, accelerators);
      const blocks = blockDigests(image, digest, SIZES[id.style]);
      return { bytes: digestByBlocks(image, digest, blocks), blocks };
    }
  }
}

/** The hash of a style that is one. */
export function buildIdDigest(style: "md5" | "sha1" | "sha256" | "fast", accelerators: Accelerators): Digest {
  switch (style) {
    case "md5":
      return accelerators.md5 ?? md5;
    case "sha1":
      return (bytes) => (bytes.length < SMALL_IMAGE ? sha1 : (accelerators.sha1 ?? sha1))(bytes);
    case "sha256":
      return accelerators.sha256 ?? sha256;
    case "fast":
      return (bytes) => fastHash(bytes).subarray(0, SIZES.fast);
  }
}

/** RFC 4122 version 4. Without a source of randomness the hash of the output stands in, so the id still tells outputs apart. */
function randomUuid(image: Uint8Array, accelerators: Accelerators): Uint8Array {
  const bytes = accelerators.randomBytes?.(16) ?? md5(image);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}
