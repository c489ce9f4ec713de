// An output section is a sequence of pieces: input sections, and chunks that the linker itself fills (GOT, PLT, hash
// tables, merged strings, …). Chunks and output sections are few, so they are records; input sections stay columns.

import type { OutputSectionId, SectionId } from "./ids.ts";

/** A part of an output section that the linker makes. */
export interface Chunk {
  readonly id: number;
  /** For maps and messages, e.g. `.got`. */
  readonly name: string;
  /** Bytes in memory. May change until addresses are assigned. */
  size: number;
  alignment: number;
  /** True for space without file contents (.bss). */
  noBits: boolean;
  /** Set by the layout. */
  output: OutputSection | undefined;
  address: number;
  /** Byte offset in the image. */
  offset: number;
  /** Fills exactly `size` bytes at `offset` of the image, after relocation of everything else. Absent: nothing to write. */
  write?: (image: Uint8Array, view: DataView, chunk: Chunk) => void;
}

export interface OutputSection {
  readonly id: OutputSectionId;
  /** Changes once, at the very end, if the section is compressed in GNU's old way. */
  name: string;
  /** Place in the final order of all output sections, empty ones included. */
  position: number;
  type: number;
  /** SHF_*, low 32 bits. */
  flags: number;
  entsize: number;
  alignment: number;
  size: number;
  address: number;
  /** Byte offset in the image. */
  offset: number;
  /** Section header index; 0 when it is left out because it is empty. */
  index: number;
  /** SectionId, or ~id of a chunk; in final order. */
  pieces: Int32Array;
  /** Where what each statement of its body has found ends in `pieces` (mapping/map-inputs.ts). */
  rankEnds: number[];
  /** sh_link and sh_info, resolved when headers are written. */
  link: OutputSection | undefined;
  info: number;
  infoSection: OutputSection | undefined;
  /** Keeps its header even when empty: something refers to it. */
  keep: boolean;
  /** Where it is loaded, if a script says that this is elsewhere than where it runs; else its address. */
  lma: number;
  /** What `lma` was before its segment had to move it; undefined: it has not been moved. */
  plannedLma: number | undefined;
  /** SEC_* (mapping/bfd-flags.ts): what layout by a script decides by. */
  sec: number;
  /** Layout by a script: some input section is in it. */
  hasInput: boolean;
  /** Layout by a script: it is empty and left out. */
  removed: boolean;
  /** A removed section's symbols count in this one. */
  standIn: OutputSection | undefined;
  /** sh_addralign where its address has less than its alignment; 0: the alignment. */
  shown: number;
  /** Bytes between pieces that are filled with something of the script: offset in the section, size, pattern. */
  gaps: Gap[];
}

export interface Gap {
  readonly offset: number;
  readonly size: number;
  /** Repeated from the gap's start; undefined: what the machine fills code with, or zeros. */
  readonly pattern: Uint8Array | undefined;
}

export interface OutputSections {
  readonly list: OutputSection[];
  readonly chunks: Chunk[];
  readonly byName: Map<string, OutputSection>;
  /**
   * Input sections whose words stand in reverse order: .ctors in .init_array and .dtors in .fini_array, which were run from
   * the other end (ld/ldlang.c, lang_add_section: SEC_ELF_REVERSE_COPY).
   */
  readonly reversed: Set<SectionId>;
  /** A script of the user's lays out the link: its sizes and bytes are GNU ld's to the last. */
  byScript: boolean;
  /** Where the chunks go that the linker makes, by name. */
  planned: Map<string, PlannedChunk> | undefined;
}

/** A chunk of the linker's own that a script has its place for before anybody knows whether it is needed. */
export interface PlannedChunk {
  readonly chunk: Chunk;
  /** Undefined: the script discards it. */
  readonly output: OutputSection | undefined;
  /** Bytes that the link needs of it, also of one that is discarded, whose chunk stays empty. */
  wanted: number;
}

export function createOutputs(): OutputSections {
  return { list: [], chunks: [], byName: new Map(), reversed: new Set(), byScript: false, planned: undefined };
}

/** Where a byte of an input section is in the output, if its words stand in reverse order. @param size of the section */
export function reversedOffset(offset: number, size: number, wordBytes: number): number {
  return size - wordBytes - offset;
}

export function addOutput(outputs: OutputSections, name: string, type: number, flags: number): OutputSection {
  const output = createOutput(outputs.list.length, name, type, flags);
  outputs.list.push(output);
  if (!outputs.byName.has(name)) outputs.byName.set(name, output);
  return output;
}

/** A section that is not in the output: what a script discards is made all the same. */
export function createOutput(id: OutputSectionId, name: string, type: number, flags: number): OutputSection {
  return {
    id,
    name,
    position: 0,
    type,
    flags,
    entsize: 0,
    alignment: 1,
    size: 0,
    address: 0,
    offset: 0,
    index: 0,
    pieces: new Int32Array(0),
    rankEnds: [],
    link: undefined,
    info: 0,
    infoSection: undefined,
    keep: false,
    lma: 0,
    plannedLma: undefined,
    sec: 0,
    hasInput: false,
    removed: false,
    standIn: undefined,
    shown: 0,
    gaps: [],
  };
}

/** A chunk of the linker's own: where the script has a place for it, else at the end of an output section. */
export function addChunk(
  outputs: OutputSections,
  output: OutputSection,
  name: string,
  size: number,
  alignment: number,
  noBits = false,
): Chunk {
  const planned = outputs.planned?.get(name);
  if (planned !== undefined && planned.chunk.size === 0) {
    const { chunk } = planned;
    planned.wanted = size;
    chunk.size = chunk.output === undefined ? 0 : size;
    chunk.alignment = alignment;
    chunk.noBits = noBits;
    return chunk;
  }
  const chunk = newChunk(outputs, output, name, size, alignment, noBits);
  output.pieces = Int32Array.from([...output.pieces, ~chunk.id]);
  return chunk;
}

/** False: a script discards it. What is to be written into it has no place in the image, whose first bytes are the ELF header. */
export function isWritten(chunk: Chunk): boolean {
  return chunk.size > 0 && chunk.offset > 0;
}

/** A chunk that the caller puts among the section's pieces itself. */
export function newChunk(
  outputs: OutputSections,
  output: OutputSection | undefined,
  name: string,
  size: number,
  alignment: number,
  noBits = false,
): Chunk {
  const chunk: Chunk = { id: outputs.chunks.length, name, size, alignment, noBits, output, address: 0, offset: 0 };
  outputs.chunks.push(chunk);
  return chunk;
}
