// What layout leaves behind: sections in the order of the file, segments, and the addresses that others compute with.

import { SHF_TLS, SHT_NOBITS } from "../../elf/constants.ts";
import type { OutputSection } from "./output-section.ts";

export interface Segment {
  readonly type: number;
  flags: number;
  alignment: number;
  /** Sections it covers, in order; none for PHDR, STACK. */
  readonly sections: OutputSection[];
  /** Covers the file's headers too. */
  headers: boolean;
  offset: number;
  address: number;
  /** p_paddr; undefined: its address. */
  loadAddress: number | undefined;
  fileSize: number;
  memorySize: number;
}

export function newSegment(type: number, flags: number, alignment: number, sections: OutputSection[] = []): Segment {
  const numbers = { offset: 0, address: 0, loadAddress: undefined, fileSize: 0, memorySize: 0 };
  return { type, flags, alignment, sections, headers: false, ...numbers };
}

export function isTbss(section: OutputSection): boolean {
  return (section.flags & SHF_TLS) !== 0 && section.type === SHT_NOBITS;
}

export interface PlacedRegion {
  readonly name: string;
  readonly origin: number;
  readonly used: number;
  readonly size: number;
  /** As the map has them: letters, `!` in front of those that a section must not have. */
  readonly attributes: string;
}

export interface Layout {
  /** In the order of the file; index in the section header table is `index`. */
  readonly sections: readonly OutputSection[];
  readonly segments: readonly Segment[];
  /** Regions of MEMORY, with how many bytes of them are taken. */
  readonly regions?: readonly PlacedRegion[];
  /** First address: where the file header is loaded, unless the first section was placed by hand. */
  readonly start: number;
  /** Where the file header is (or would be) loaded. */
  readonly headers: number;
  /** Bytes of the file before the section headers. */
  readonly contentsEnd: number;
  /** Where the thread pointer stands relative to the TLS segment (variant II): end of the block, aligned. */
  readonly threadPointer: number;
  /** Address of the TLS segment, 0 without one. */
  readonly tlsStart: number;
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
