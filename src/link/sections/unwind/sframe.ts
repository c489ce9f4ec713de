// .sframe of the output: what profilers unwind the stack with (SFrame specification, versions 1 to 3). Each input has a header,
// descriptors of functions and rows of frames; the output has one header and the descriptors of all functions that are in it,
// sorted by address, so that one look finds a function. As GNU ld (bfd/elf-sframe.c), inputs must agree on version and ABI.
//
//   header        28 bytes, and as many more as it says
//   descriptors   one a function: its address, its size, where its rows are
//   rows          what is to be done at which address of the function; version 3 has the rest of the descriptor in front

import { SHF_ALLOC, SHT_NOBITS, SHT_RELA } from "../../../elf/constants.ts";
import { error, type Report, warning } from "../../../elf/problem.ts";
import { bytesOf } from "../../../elf/text.ts";
import type { SectionId } from "../../tables/ids.ts";
import { localSection, localValue } from "../../tables/local-symbols.ts";
import type { ObjectFile } from "../../tables/object-file.ts";
import { type Chunk, newChunk, type OutputSections } from "../../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_FOLDED,
} from "../../tables/section-table.ts";
import { isDefinedHere, type SymbolTable, symbolValue } from "../../tables/symbol-table.ts";

const MAGIC = 0xdee2;
const HEADER_BYTES = 28;
const FLAG_SORTED = 1;
/** The address of a function is relative to its own field, not to the section. */
const FLAG_PCREL = 4;

/** By version: bytes of a descriptor, and of what stands in front of a function's rows. */
const DESCRIPTOR_BYTES = [0, 17, 20, 16];
const ATTRIBUTE_BYTES = [0, 0, 0, 5];

/** A function of an input that is in the output. */
interface Frame {
  readonly object: ObjectFile;
  /** Its descriptor and its rows, as offsets in the object. */
  readonly descriptor: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly rowCount: number;
  /** Where the function is: section and offset there. */
  readonly section: SectionId;
  readonly offset: number;
}

/** What the header of every input says, and that of the output takes over. */
interface Shape {
  readonly version: number;
  readonly flags: number;
  readonly abi: number;
  readonly framePointer: number;
  readonly returnAddress: number;
}

const NAME = bytesOf(".sframe\0");

/** Is the section called .sframe, and loaded? */
export function isSframe(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  if ((sections.flags[section] & SHF_ALLOC) === 0 || sections.type[section] === SHT_NOBITS) return false;
  const name = sections.name[section];
  for (let i = 0; i < NAME.length; i++) if (object.bytes[name + i] !== NAME[i]) return false;
  return true;
}

/**
 * Takes the inputs' .sframe sections out of the output and puts one chunk in their place; none with `discard`, and none if an
 * input is damaged. After this, which input sections are in the output must not change.
 * Problems: `sframe-damaged` (warning), `sframe-mismatch`, `sframe-overflow` (errors).
 */
export function mergeSframes(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  symbols: SymbolTable,
  outputs: OutputSections,
  discard: boolean,
  report: Report,
): void {
  const frames: Frame[] = [];
  let shape: Shape | undefined;
  let usable = !discard;
  const gone = STATE_DISCARDED | STATE_COLLECTED;
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (!isSframe(object, sections, section) || (sections.state[section] & gone) !== 0) continue;
      if (sections.output[section] < 0) continue;
      sections.output[section] = -1;
      if (!usable) continue;
      const place = { file: object.name, section: ".sframe" };
      const read = readSection(object, sections, symbols, section, frames);
      if (read === undefined) {
        report(warning("sframe-damaged", place));
        usable = false;
        continue;
      }
      shape ??= read;
      const what = difference(shape, read);
      if (what === undefined) continue;
      report(error("sframe-mismatch", place, { what }));
      usable = false;
    }
  }
  const output = outputs.list.find((it) => it.name === ".sframe" && it.pieces.length > 0);
  if (output === undefined) return;
  const others = output.pieces.filter((piece) => piece < 0 || sections.output[piece] >= 0);
  if (!usable || shape === undefined || frames.length === 0) {
    output.pieces = others;
    output.rankEnds = output.rankEnds.map(() => others.length);
    return;
  }
  const { version } = shape;
  const rowBytes = frames.reduce((sum, it) => sum + it.rowBytes, 0);
  const size = HEADER_BYTES + frames.length * DESCRIPTOR_BYTES[version] + rowBytes;
  const chunk = newChunk(outputs, output, ".sframe", size, Math.max(output.alignment, 8));
  const settled = shape;
  chunk.write = (image, view, it) => {
    const fits = writeSframe(settled, frames, sections, rowBytes, image, view, it);
    if (!fits) report(error("sframe-overflow", { section: ".sframe" }));
  };
  output.pieces = Int32Array.from([...others, ~chunk.id]);
  output.rankEnds = output.rankEnds.map(() => output.pieces.length);
}

/** In what an input does not fit the first one. */
function difference(a: Shape, b: Shape): string | undefined {
  if (a.abi !== b.abi) return "ABI";
  if (a.version !== b.version) return "version";
  return (a.flags & FLAG_PCREL) === (b.flags & FLAG_PCREL) ? undefined : "encoding of addresses";
}

/** Adds the functions of a section that are in the output. @returns what its header says; undefined if it is damaged */
function readSection(
  object: ObjectFile,
  sections: SectionTable,
  symbols: SymbolTable,
  section: SectionId,
  frames: Frame[],
): Shape | undefined {
  const { view, bytes } = object;
  const start = sections.offset[section];
  const size = sections.size[section];
  if ((sections.state[section] & STATE_COMPRESSED) !== 0 || size < HEADER_BYTES) return undefined;
  const version = bytes[start + 2];
  if (view.getUint16(start, true) !== MAGIC || DESCRIPTOR_BYTES[version] === undefined || version === 0)
    return undefined;
  const count = view.getUint32(start + 8, true);
  const head = start + HEADER_BYTES + bytes[start + 7];
  const end = start + size;
  const descriptors = head + view.getUint32(start + 20, true);
  const rows = head + view.getUint32(start + 24, true);
  const rowsEnd = rows + view.getUint32(start + 16, true);
  if (descriptors + count * DESCRIPTOR_BYTES[version] > end || rowsEnd > end) return undefined;
  const relocs = sections.relocs[section];
  const entry = relocs < 0 ? 1 : (sections.type[relocs] === SHT_RELA ? 3 : 2) * (object.is64 ? 8 : 4);
  if (count > 0 && (relocs < 0 || sections.size[relocs] < count * entry)) return undefined;
  for (let i = 0; i < count; i++) {
    const descriptor = descriptors + i * DESCRIPTOR_BYTES[version];
    // One relocation a function, in their order: it names the function.
    const target = readTarget(object, sections, symbols, sections.offset[relocs] + i * entry, descriptor);
    if (target === undefined) continue;
    const from = rows + view.getUint32(descriptor + (version === 3 ? 12 : 8), true);
    if (from + ATTRIBUTE_BYTES[version] > rowsEnd) return undefined;
    const rowCount = version === 3 ? view.getUint16(from, true) : view.getUint32(descriptor + 12, true);
    const info = version === 3 ? bytes[from + 2] : bytes[descriptor + 16];
    const to = skipRows(bytes, from + ATTRIBUTE_BYTES[version], rowsEnd, rowCount, info);
    if (to < 0) return undefined;
    frames.push({ object, descriptor, rows: from, rowBytes: to - from, rowCount, ...target });
  }
  return {
    version,
    flags: bytes[start + 3],
    abi: bytes[start + 4],
    framePointer: bytes[start + 5],
    returnAddress: bytes[start + 6],
  };
}

/** Where the function of the relocation at `at` is; undefined if it is not in the output. @param field the descriptor's address */
function readTarget(
  object: ObjectFile,
  sections: SectionTable,
  symbols: SymbolTable,
  at: number,
  field: number,
): { section: SectionId; offset: number } | undefined {
  const { view, is64 } = object;
  const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
  if (index === 0 || index >= object.symbolCount) return undefined;
  // REL has the addend in the field.
  const addend = is64 ? view.getInt32(at + 16, true) : view.getInt32(field, true);
  let section: SectionId;
  let value: number;
  if (index < object.firstGlobal) {
    section = localSection(object, index);
    value = localValue(object, index);
  } else {
    // The object's own copy of the function, or none: another one has a descriptor of its own.
    const id = object.symbols[index - object.firstGlobal];
    if (!isDefinedHere(symbols, id) || symbols.owner[id] !== object.id) return undefined;
    section = symbols.section[id];
    value = symbolValue(symbols, id);
  }
  if (section < 0 || sections.output[section] < 0) return undefined;
  if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED | STATE_FOLDED)) !== 0) return undefined;
  return { section, offset: value + addend };
}

/** @returns the end of a function's rows; -1 if they reach beyond `end` */
function skipRows(bytes: Uint8Array, start: number, end: number, count: number, info: number): number {
  const addressBytes = 1 << (info & 3);
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + addressBytes + 1 > end) return -1;
    const row = bytes[at + addressBytes];
    // How many offsets there are, and how wide they are.
    at += addressBytes + 1 + (((row >> 1) & 15) << ((row >> 5) & 3));
    if (at > end) return -1;
  }
  return at;
}

/** Writes the chunk. @returns false if a function is too far away for its descriptor */
function writeSframe(
  shape: Shape,
  frames: readonly Frame[],
  sections: SectionTable,
  rowBytes: number,
  image: Uint8Array,
  view: DataView,
  chunk: Chunk,
): boolean {
  const { version } = shape;
  const width = DESCRIPTOR_BYTES[version];
  const start = chunk.offset;
  const rowsAt = start + HEADER_BYTES + frames.length * width;
  view.setUint16(start, MAGIC, true);
  image[start + 2] = version;
  // Version 1 of GNU ld says no more than that it has sorted.
  image[start + 3] = FLAG_SORTED | (version === 1 ? 0 : shape.flags);
  image[start + 4] = shape.abi;
  image[start + 5] = shape.framePointer;
  image[start + 6] = shape.returnAddress;
  view.setUint32(start + 8, frames.length, true);
  view.setUint32(
    start + 12,
    frames.reduce((sum, it) => sum + it.rowCount, 0),
    true,
  );
  view.setUint32(start + 16, rowBytes, true);
  view.setUint32(start + 24, frames.length * width, true);
  const rowOffsets = new Map<Frame, number>();
  let row = 0;
  for (const it of frames) {
    image.set(it.object.bytes.subarray(it.rows, it.rows + it.rowBytes), rowsAt + row);
    rowOffsets.set(it, row);
    row += it.rowBytes;
  }
  const addressOf = (it: Frame): number => sections.address[it.section] + it.offset;
  const sorted = [...frames].sort((a, b) => addressOf(a) - addressOf(b));
  let fits = true;
  for (const [i, it] of sorted.entries()) {
    const at = start + HEADER_BYTES + i * width;
    image.set(it.object.bytes.subarray(it.descriptor, it.descriptor + width), at);
    const base = chunk.address + ((shape.flags & FLAG_PCREL) !== 0 ? at - start : 0);
    const distance = addressOf(it) - base;
    if (version === 3) {
      view.setUint32(at, distance, true);
      view.setInt32(at + 4, Math.floor(distance / 0x100000000), true);
    } else {
      if (distance !== (distance | 0)) fits = false;
      view.setInt32(at, distance, true);
    }
    view.setUint32(at + (version === 3 ? 12 : 8), rowOffsets.get(it) ?? 0, true);
  }
  return fits;
}
