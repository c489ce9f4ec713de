// The sections of all objects as columns: a million of them in a large link, so no object per section. A SectionId is an
// index here; an object's sections are consecutive, in the order of its section headers, starting with its null section.

import { growFloat64, growInt32, growUint8, growUint32 } from "./columns.ts";
import type { ObjectId, SectionId } from "./ids.ts";

/** Lost to another copy of its COMDAT group, or excluded: not in the output, its symbols are undefined here. */
export const STATE_DISCARDED = 1;
/** Reached by --gc-sections' walk. */
export const STATE_LIVE = 2;
/** Split into pieces that are shared with others (SHF_MERGE); see merge.ts. */
export const STATE_MERGED = 4;
/** An .eh_frame section that is rebuilt record by record; see sections/unwind/eh-frame.ts. */
export const STATE_EH_FRAME = 8;
/** SHF_COMPRESSED: `size` and `alignment` are those of the contents, the file holds `rawSize` compressed bytes. */
export const STATE_COMPRESSED = 16;
/** Removed by --gc-sections. */
export const STATE_COLLECTED = 32;
/** Member of a section group that was kept. */
export const STATE_IN_GROUP = 64;
/** Folded into an equal one, whose address it has (--icf): its own bytes and relocations are not in the output. */
export const STATE_FOLDED = 128;

export interface SectionTable {
  count: number;
  object: Int32Array;
  /** Offset of the name in the object's bytes. NUL-terminated within the object's section name table. */
  name: Uint32Array;
  type: Uint32Array;
  /** sh_flags, low 32 bits. */
  flags: Uint32Array;
  /** sh_offset, bytes from the start of the object. */
  offset: Uint32Array;
  /** sh_size in bytes; SHT_NOBITS sections may exceed the file. */
  size: Float64Array;
  /** sh_addralign, at least 1, a power of two. */
  alignment: Uint32Array;
  entsize: Uint32Array;
  link: Uint32Array;
  info: Uint32Array;
  /** The SHT_REL or SHT_RELA section that applies to this one, or -1. */
  relocs: Int32Array;
  state: Uint8Array;
  /** Output section, or -1 when the section is not in the output. */
  output: Int32Array;
  /** Once laid out: address (allocated sections), else offset in the output section. */
  address: Float64Array;
}

export function createSections(): SectionTable {
  const capacity = 1 << 11;
  return {
    count: 0,
    object: new Int32Array(capacity),
    name: new Uint32Array(capacity),
    type: new Uint32Array(capacity),
    flags: new Uint32Array(capacity),
    offset: new Uint32Array(capacity),
    size: new Float64Array(capacity),
    alignment: new Uint32Array(capacity),
    entsize: new Uint32Array(capacity),
    link: new Uint32Array(capacity),
    info: new Uint32Array(capacity),
    relocs: new Int32Array(capacity),
    state: new Uint8Array(capacity),
    output: new Int32Array(capacity),
    address: new Float64Array(capacity),
  };
}

/** Makes room for an object's sections. @returns the id of its null section; `relocs` and `output` are -1 throughout */
export function addSections(table: SectionTable, object: ObjectId, count: number): SectionId {
  const first = table.count;
  const needed = first + count;
  table.object = growInt32(table.object, needed);
  table.name = growUint32(table.name, needed);
  table.type = growUint32(table.type, needed);
  table.flags = growUint32(table.flags, needed);
  table.offset = growUint32(table.offset, needed);
  table.size = growFloat64(table.size, needed);
  table.alignment = growUint32(table.alignment, needed);
  table.entsize = growUint32(table.entsize, needed);
  table.link = growUint32(table.link, needed);
  table.info = growUint32(table.info, needed);
  table.relocs = growInt32(table.relocs, needed);
  table.state = growUint8(table.state, needed);
  table.output = growInt32(table.output, needed);
  table.address = growFloat64(table.address, needed);
  table.object.fill(object, first, needed);
  table.relocs.fill(-1, first, needed);
  table.output.fill(-1, first, needed);
  table.count = needed;
  return first;
}
