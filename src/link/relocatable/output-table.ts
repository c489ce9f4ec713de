// The output sections of -r, as columns: under -ffunction-sections there are about as many as input sections. Which input
// section goes where is `sections.output` and `sections.address` (its offset there); the pieces of an output section lie in
// the order of the inputs, so no list of them is needed.

import {
  SHF_ALLOC,
  SHF_MERGE,
  SHT_FINI_ARRAY,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
} from "../../elf/constants.ts";
import { isDebuggingName } from "../sections/debugging-names.ts";
import { growFloat64, growInt32, growUint8, growUint32 } from "../tables/columns.ts";
import type { OutputSectionId } from "../tables/ids.ts";
import { createNames, type NameTable, nameText } from "../tables/names.ts";

/** How relocations against discarded sections are taken: see relocations.ts. */
export const KIND_ORDINARY = 0;
/** Debugging information: not allocated, and named so. */
export const KIND_DEBUGGING = 1;
/** .eh_frame, .sframe, .gcc_except_table. */
export const KIND_UNWIND = 2;

export interface OutputTable {
  readonly names: NameTable;
  count: number;
  /** Number in `names`. */
  name: Int32Array;
  /** KIND_* */
  kind: Uint8Array;
  type: Uint32Array;
  /** SHF_*, low 32 bits. */
  flags: Uint32Array;
  entsize: Uint32Array;
  alignment: Uint32Array;
  size: Float64Array;
  /** 1: there are bytes in the file for it; some input is not SHT_NOBITS. */
  contents: Uint8Array;
  /** The first input section in it, or -1. */
  first: Int32Array;
  /** Entries of its SHT_REL and its SHT_RELA section. */
  relCount: Int32Array;
  relaCount: Int32Array;
  /** Byte offset in the image. */
  offset: Float64Array;
  /** Section header index. */
  index: Int32Array;
  /** Number of its section symbol. */
  symbol: Int32Array;
}

export function createOutputTable(): OutputTable {
  const capacity = 64;
  return {
    names: createNames(),
    count: 0,
    name: new Int32Array(capacity),
    kind: new Uint8Array(capacity),
    type: new Uint32Array(capacity),
    flags: new Uint32Array(capacity),
    entsize: new Uint32Array(capacity),
    alignment: new Uint32Array(capacity),
    size: new Float64Array(capacity),
    contents: new Uint8Array(capacity),
    first: new Int32Array(capacity),
    relCount: new Int32Array(capacity),
    relaCount: new Int32Array(capacity),
    offset: new Float64Array(capacity),
    index: new Int32Array(capacity),
    symbol: new Int32Array(capacity),
  };
}

/** Adds an empty output section. @param name number in `names` */
export function addOutputRow(table: OutputTable, name: number, type: number, flags: number): OutputSectionId {
  const id = table.count++;
  const needed = table.count;
  table.name = growInt32(table.name, needed);
  table.kind = growUint8(table.kind, needed);
  table.type = growUint32(table.type, needed);
  table.flags = growUint32(table.flags, needed);
  table.entsize = growUint32(table.entsize, needed);
  table.alignment = growUint32(table.alignment, needed);
  table.size = growFloat64(table.size, needed);
  table.contents = growUint8(table.contents, needed);
  table.first = growInt32(table.first, needed);
  table.relCount = growInt32(table.relCount, needed);
  table.relaCount = growInt32(table.relaCount, needed);
  table.offset = growFloat64(table.offset, needed);
  table.index = growInt32(table.index, needed);
  table.symbol = growInt32(table.symbol, needed);
  table.name[id] = name;
  table.kind[id] = kindOf(table.names, name, flags);
  table.type[id] = type;
  table.flags[id] = flags;
  table.alignment[id] = 1;
  table.contents[id] = type === SHT_NOBITS ? 0 : 1;
  table.first[id] = -1;
  return id;
}

/** sh_type: an output section whose first input had no contents, but not all, has some. */
export function outputType(table: OutputTable, id: OutputSectionId): number {
  const type = table.type[id];
  return type === SHT_NOBITS && table.contents[id] !== 0 ? SHT_PROGBITS : type;
}

/** sh_entsize: of mergeable sections what the inputs say, of arrays a word. */
export function outputEntsize(table: OutputTable, id: OutputSectionId, wordBytes: number): number {
  if ((table.flags[id] & SHF_MERGE) !== 0) return table.entsize[id];
  const type = table.type[id];
  return type === SHT_INIT_ARRAY || type === SHT_FINI_ARRAY || type === SHT_PREINIT_ARRAY ? wordBytes : 0;
}

/** @param name number in `names` */
export function kindOf(names: NameTable, name: number, flags: number): number {
  if ((flags & SHF_ALLOC) === 0) return isDebuggingName(nameText(names, name)) ? KIND_DEBUGGING : KIND_ORDINARY;
  // ".e", ".g" or ".s": most names are ruled out by their second letter.
  const letter = names.pool[names.start[name] + 1];
  if (letter !== 0x65 && letter !== 0x67 && letter !== 0x73) return KIND_ORDINARY;
  return /^\.(gcc_except_table|sframe|eh_frame(\..*)?)$/.test(nameText(names, name)) ? KIND_UNWIND : KIND_ORDINARY;
}
