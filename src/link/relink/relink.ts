// Relinking: the output of a link with some of its inputs changed, without linking again where that is possible. The result is
// the bytes that a full link would give, or a reason to do one.

import type { LinkFacts } from "../decisions/facts.ts";
import { blockDigests, DIGEST_BLOCK, type Digest } from "../digest/by-blocks.ts";
import { buildIdDigest, buildIdSize } from "../made/build-id.ts";
import { type Patch, patchesOf, type RelinkRefusal } from "./patch.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** What a link leaves for the next one: a hundredth of what it held. Nothing in it is shared with the link's tables. */
export interface Relinkable {
  /** By path: objects that were inputs themselves. Members of archives, libraries and scripts are not among them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Bytes of the output. */
  readonly size: number;
  readonly buildId: RelinkedId | undefined;
}

interface RelinkedId {
  /** Of the hash in the output. */
  readonly offset: number;
  readonly size: number;
  readonly digest: Digest;
  /** The digests of the output's blocks, with zeros in place of the hash; empty if there is one block only. */
  readonly blocks: Uint8Array;
}

/** Why nothing of a link can be kept; a stable code. */
export type KeepRefusal =
  | "relocatable"
  | "not-elf"
  | "folded"
  | "compressed"
  | "indexed"
  | "random-build-id"
  | "problems"
  | "failed";

export interface Relinked {
  /** What changes in the output, the build ID included, in no order. */
  readonly patches: readonly Patch[];
  /** For the next time. */
  readonly next: Relinkable;
}

/**
 * What can be kept of a link that has just been done.
 * @param image the output, which is read and not kept
 */
export function keepForRelink(facts: LinkFacts, image: Uint8Array | undefined, said: number): Relinkable | KeepRefusal {
  const { loader, bound, placed } = facts;
  const { options } = loader;
  if (options.output === "relocatable") return "relocatable";
  if (image === undefined || bound === undefined || placed === undefined) return "failed";
  // A message may name a line, or be about contents.
  if (said > 0) return "problems";
  if (options.outputFormat !== "elf") return "not-elf";
  if (options.icf !== "none") return "folded";
  if ((options.compressDebugSections ?? "none") !== "none" || options.compressSections.length > 0) return "compressed";
  if (options.gdbIndex) return "indexed";
  if (options.buildId.style === "uuid") return "random-build-id";
  const shapes = new Map<string, Shape>();
  const twice = new Set<string>();
  for (const object of loader.objects) {
    if (object.member !== undefined || object.made !== undefined) continue;
    if (shapes.has(object.path)) twice.add(object.path);
    const shape = shapeOf(object, loader.sections, placed.values.outputs, bound.machine);
    if (shape !== undefined) shapes.set(object.path, shape);
  }
  for (const path of twice) shapes.delete(path);
  return { shapes, size: image.length, buildId: keepBuildId(facts, image) };
}

function keepBuildId({ loader, placed }: LinkFacts, image: Uint8Array): RelinkedId | undefined {
  const { buildId: id, accelerators } = loader.options;
  const chunk = placed?.made.buildId;
  if (chunk === undefined || id.style === "none" || id.style === "hex" || id.style === "uuid") return undefined;
  const offset = chunk.offset + 16;
  const size = buildIdSize(id);
  const digest = buildIdDigest(id.style, accelerators);
  const hash = image.slice(offset, offset + size);
  image.fill(0, offset, offset + size);
  const blocks = blockDigests(image, digest, size);
  image.set(hash, offset);
  return { offset, size, digest, blocks };
}

/**
 * @param changed path → new contents, of any number of inputs
 * @param read bytes [from, to) of the output as it is; asked for only where the build ID needs them
 */
export function relink(
  previous: Relinkable,
  changed: ReadonlyMap<string, Uint8Array>,
  read: (from: number, to: number) => Uint8Array,
): Relinked | RelinkRefusal {
  const patches: Patch[] = [];
  const shapes = new Map(previous.shapes);
  for (const [path, bytes] of changed) {
    const shape = shapes.get(path);
    if (shape === undefined) return "not-an-object-of-the-link";
    const found = patchesOf(shape, bytes);
    if (typeof found === "string") return found;
    patches.push(...found);
    shapes.set(path, { ...shape, bytes });
  }
  const { buildId, size } = previous;
  if (buildId === undefined || patches.length === 0) return { patches, next: { ...previous, shapes } };
  const blocks = buildId.blocks.slice();
  const id = updateDigest({ ...buildId, blocks }, size, patches, read);
  patches.push({ offset: buildId.offset, bytes: id });
  return { patches, next: { shapes, size, buildId: { ...buildId, blocks } } };
}

/** Brings `blocks` up to date. @returns the digest of the output with the patches in it */
function updateDigest(
  { offset, size, digest, blocks }: RelinkedId,
  length: number,
  patches: readonly Patch[],
  read: (from: number, to: number) => Uint8Array,
): Uint8Array {
  const single = blocks.length === 0;
  const touched = new Set<number>();
  for (const { offset: at, bytes } of patches) {
    for (let block = Math.floor(at / DIGEST_BLOCK); block * DIGEST_BLOCK < at + bytes.length; block++)
      touched.add(block);
  }
  if (single) touched.add(0);
  let whole = new Uint8Array(0);
  for (const block of touched) {
    const from = block * DIGEST_BLOCK;
    const to = Math.min(from + DIGEST_BLOCK, length);
    const contents = read(from, to).slice();
    for (const patch of [...patches, { offset, bytes: new Uint8Array(size) }]) put(contents, from, patch);
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
