// Addresses of a program that runs in words: which object, and which function of it.

import { demangle } from "../../demangle/index.ts";
import {
  type ElfFile,
  ET_EXEC,
  PT_LOAD,
  parseElf,
  SHF_EXECINSTR,
  SHT_DYNSYM,
  SHT_SYMTAB,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  symbolsOf,
} from "../../elf/index.ts";
import { textOfBytes } from "../../execute/files/names.ts";
import { type AddressSpace, type Area, areaIndex } from "../../execute/memory/address-space.ts";

/** Functions of a file, by address: columns sorted by where they begin. */
export interface FunctionTable {
  readonly starts: readonly number[];
  /** Up to where they go: by their size, or up to the next one or the section's end where they have none. */
  readonly sizes: readonly number[];
  readonly names: readonly string[];
}

/** What is known of the files that are mapped; made when first asked for. */
export type PlaceCache = Map<Uint8Array, KnownFile | undefined>;

interface KnownFile {
  readonly elf: ElfFile;
  readonly functions: FunctionTable;
}

export interface NamedPlace {
  /** Path of the object; `[heap]`, `[stack]`; empty for memory without a name. */
  readonly object: string;
  /** The function, without what is added; undefined if none is known there. */
  readonly symbol: string | undefined;
  /** How far behind the function's start, or in the object's own addresses if there is none. */
  readonly offset: number;
  /** The object's own addresses are the process': it is no position-independent one. */
  readonly isFixed: boolean;
}

/** What stands at an address of a process; undefined if nothing is mapped there. Zeros behind a file's segment are its object's. */
export function placeAt(space: AddressSpace, address: number, cache: PlaceCache): NamedPlace | undefined {
  const { areas } = space;
  const index = areaIndex(space, address);
  const area: Area | undefined = areas[index];
  if (area === undefined || area.start > address) return undefined;
  if (area.source !== undefined || area.label !== "") return placeIn(area, address, cache);
  let before = index;
  while (before > 0 && areas[before].source === undefined && areas[before - 1].end === areas[before].start) before--;
  return placeBehind(areas[before], address, cache) ?? placeIn(area, address, cache);
}

/** An address in zeros that a segment of a file has behind what the file holds of it. */
function placeBehind({ source, start, offset }: Area, address: number, cache: PlaceCache): NamedPlace | undefined {
  const bytes = source?.node?.bytes;
  const known = bytes === undefined ? undefined : fileOf(bytes, source?.node?.size ?? bytes.length, cache);
  if (source === undefined || known === undefined) return undefined;
  for (const segment of known.elf.segments) {
    const own = address - start + offset - segment.offset + segment.address;
    const isBehind = own >= segment.address + segment.fileBytes && own < segment.address + segment.memoryBytes;
    if (segment.type === PT_LOAD && isBehind && offset < segment.offset + segment.fileBytes)
      return { object: textOfBytes(source.path), symbol: undefined, offset: own, isFixed: isFixed(known.elf) };
  }
  return undefined;
}

/** What stands at an address of an area; undefined if nothing is mapped there. */
export function placeIn(area: Area | undefined, address: number, cache: PlaceCache): NamedPlace | undefined {
  if (area === undefined) return undefined;
  const { source, label } = area;
  const bytes = source?.node?.bytes;
  if (source === undefined || bytes === undefined)
    return { object: label, symbol: undefined, offset: address - area.start, isFixed: false };
  const fileOffset = area.offset + (address - area.start);
  const known = fileOf(bytes, source.node?.size ?? bytes.length, cache);
  const own = known === undefined ? undefined : addressInFile(known.elf, fileOffset);
  const object = textOfBytes(source.path);
  if (known === undefined || own === undefined)
    return { object, symbol: undefined, offset: fileOffset, isFixed: false };
  const { elf, functions } = known;
  const index = functionAt(functions, own);
  if (index < 0) return { object, symbol: undefined, offset: own, isFixed: isFixed(elf) };
  return { object, symbol: functions.names[index], offset: own - functions.starts[index], isFixed: isFixed(elf) };
}

function isFixed({ header }: ElfFile): boolean {
  return header.type === ET_EXEC;
}

function fileOf(bytes: Uint8Array, size: number, cache: PlaceCache): KnownFile | undefined {
  if (cache.has(bytes)) return cache.get(bytes);
  const elf = parseElf(bytes.subarray(0, size), "", () => {});
  const made = elf && { elf, functions: functionsOf(elf) };
  cache.set(bytes, made);
  return made;
}

/** Where a byte of the file is in the file's own addresses. */
function addressInFile({ segments }: ElfFile, offset: number): number | undefined {
  const holder = segments.find((it) => it.type === PT_LOAD && it.offset <= offset && offset < it.offset + it.fileBytes);
  return holder && offset - holder.offset + holder.address;
}

function functionsOf(elf: ElfFile): FunctionTable {
  const found = new Map<number, { type: number; size: number; name: string; end: number }>();
  for (const table of elf.sections) {
    if (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM) continue;
    for (const { type, value, size, name, section } of symbolsOf(elf, table, () => {})) {
      // Labels of assembly that nobody has given a type are functions if they are in code.
      const isCode = type === STT_FUNC || type === STT_GNU_IFUNC || type === STT_NOTYPE;
      const holder = elf.sections[section];
      if (!isCode || section === 0 || name === "" || holder === undefined) continue;
      if (type === STT_NOTYPE && (holder.flags & SHF_EXECINSTR) === 0) continue;
      const before = found.get(value);
      // Of several names the one that users know: without underscores in front.
      if (before === undefined || isBetter({ type, name }, before))
        found.set(value, { type, size, name, end: holder.address + holder.size });
    }
  }
  const sorted = [...found].sort(([a], [b]) => a - b);
  const sizes = sorted.map(([start, { size, end }], index) => {
    const next: number | undefined = sorted[index + 1]?.[0];
    return size > 0 ? size : Math.max(1, Math.min(end, next ?? end) - start);
  });
  return {
    starts: sorted.map(([start]) => start),
    sizes,
    names: sorted.map(([, { name }]) => name),
  };
}

/** Functions before labels; of two of a kind the plainer name. */
function isBetter(one: { type: number; name: string }, other: { type: number; name: string }): boolean {
  const isLabel = one.type === STT_NOTYPE;
  return isLabel === (other.type === STT_NOTYPE) ? isPlainer(one.name, other.name) : !isLabel;
}

function isPlainer(name: string, other: string): boolean {
  const underscores = (text: string): number => text.length - text.replace(/^_+/, "").length;
  return underscores(name) < underscores(other);
}

function functionAt({ starts, sizes }: FunctionTable, address: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle] <= address) low = middle + 1;
    else high = middle;
  }
  const index = low - 1;
  return index >= 0 && address - starts[index] < sizes[index] ? index : -1;
}

/** What an address without a function is in its object: `+0x1036`, or the address itself where the object has a fixed place. */
export function offsetText({ offset, isFixed }: NamedPlace): string {
  return `${isFixed ? "" : "+"}0x${offset.toString(16)}`;
}

/** `puts+0x12 in /lib/libc.so.6`. */
export function placeText(place: NamedPlace | undefined): string {
  if (place === undefined) return "where nothing is mapped";
  const { object, symbol, offset } = place;
  const where = object === "" ? "memory without a name" : object;
  if (symbol === undefined) return place.isFixed ? `in ${where}` : `in ${where} (+0x${offset.toString(16)})`;
  return `in ${demangle(symbol)}${offset === 0 ? "" : `+0x${offset.toString(16)}`} of ${where}`;
}
