// The objects that are mapped in a process that runs, read off its areas: which file, where, and where its slots are. The dynamic
// linker that is executed keeps lists of its own; nothing here needs them.

import { PAGE } from "../../arch/x86/instructions/index.ts";
import { PT_LOAD, parseElfImage } from "../../elf/index.ts";
import { type DynamicFile, readDynamicFile, symbolicOf } from "../../load/file/dynamic-file.ts";
import { symbolName } from "../../load/file/dynamic-symbols.ts";
import { entryOffset } from "../../load/file/relocation-entry.ts";
import { loaderRecordOf } from "../../load/machines/index.ts";
import { textOfBytes } from "../files/names.ts";
import { contentOf, type FileNode } from "../files/nodes.ts";
import type { AddressSpace, Area } from "../memory/address-space.ts";

/** A word that calls or accesses of an object go through: DT_JMPREL's, or one of the GOT. */
export interface Slot {
  readonly address: number;
  readonly name: string;
  /** A call through it may be bound late. */
  readonly isPlt: boolean;
  /** Number among the entries of DT_JMPREL. */
  readonly index: number;
}

export interface MappedObject {
  readonly path: string;
  readonly base: number;
  readonly start: number;
  readonly end: number;
  readonly file: DynamicFile;
  /** By address. */
  readonly slots: ReadonlyMap<number, Slot>;
}

/** What files say, read once. */
export type ObjectCache = Map<FileNode, DynamicFile | undefined>;

/** All objects of an address space, by address. */
export function mappedObjects(space: AddressSpace, cache: ObjectCache): MappedObject[] {
  const objects: MappedObject[] = [];
  const { areas } = space;
  for (let index = 0; index < areas.length; index++) {
    const first = areas[index];
    const node = first.source?.node;
    if (node === undefined) continue;
    let last = index;
    while (last + 1 < areas.length && continues(first, areas[last], areas[last + 1])) last++;
    const object = objectAt(first, areas[last].end, node, cache);
    if (object !== undefined) objects.push(object);
    index = last;
  }
  return objects;
}

/**
 * Whether an area belongs to the same object: another segment of the file, or zeros behind one. Between far segments ld.so leaves
 * pages that nobody may touch, the kernel nothing; a file that is mapped again begins again.
 */
function continues(first: Area, area: Area, next: Area): boolean {
  if (next.source === undefined) return next.start === area.end && next.label === "";
  return next.source.node === first.source?.node && next.offset > first.offset;
}

function objectAt(first: Area, end: number, node: FileNode, cache: ObjectCache): MappedObject | undefined {
  const path = textOfBytes(first.source?.path ?? "");
  const file = fileOf(node, path, cache);
  const segment = file?.elf.segments.find((it) => it.type === PT_LOAD && down(it.offset) === first.offset);
  if (file === undefined || segment === undefined) return undefined;
  const base = first.start - down(segment.address);
  return { path, base, start: first.start, end, file, slots: slotsOf(file, base) };
}

const down = (value: number): number => value - (value % PAGE);

function fileOf(node: FileNode, path: string, cache: ObjectCache): DynamicFile | undefined {
  if (cache.has(node)) return cache.get(node);
  const bytes = contentOf(node);
  const elf = typeof bytes === "number" ? undefined : parseElfImage(bytes.subarray(0, node.size), path, () => {});
  const made = elf && readDynamicFile(elf, String(node.inode), path);
  cache.set(node, made);
  return made;
}

function slotsOf(file: DynamicFile, base: number): Map<number, Slot> {
  const slots = new Map<number, Slot>();
  const facts = loaderRecordOf(file.elf)?.facts.dynamic;
  if (facts === undefined) return slots;
  const { count, at, symbol, type, firstPlt } = symbolicOf(file);
  for (let row = 0; row < count; row++) {
    if (type[row] !== facts.jumpSlot && type[row] !== facts.globDat) continue;
    const address = base + entryOffset(file.elf, at[row]);
    const isPlt = row >= firstPlt;
    slots.set(address, {
      address,
      name: symbolName(file.symbols, symbol[row]),
      isPlt,
      index: isPlt ? row - firstPlt : -1,
    });
  }
  return slots;
}

/** The object that an address is in. */
export function objectOf(objects: readonly MappedObject[], address: number): MappedObject | undefined {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (objects[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  const object: MappedObject | undefined = objects[low];
  return object !== undefined && object.start <= address ? object : undefined;
}
