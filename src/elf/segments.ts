// Program headers: the loader's view of a file. Its tables refer to each other by address, and only the PT_LOAD segments
// say where in the file an address is.

import { ELF32_PHDR_SIZE, ELF64_PHDR_SIZE, PT_LOAD } from "./constants.ts";
import type { ElfHeader } from "./header.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import { address, type ElfSource, type FileRange, holds, word } from "./source.ts";

export interface ElfSegment {
  readonly index: number;
  /** PT_*. */
  readonly type: number;
  /** PF_*. */
  readonly flags: number;
  readonly offset: number;
  /** p_vaddr. */
  readonly address: number;
  /** p_paddr: means nothing on systems with virtual memory, usually the same as `address`. */
  readonly physicalAddress: number;
  /** Bytes in the file. Not checked against it. */
  readonly fileBytes: number;
  /** Bytes in memory; what goes beyond `fileBytes` is zero. */
  readonly memoryBytes: number;
  readonly alignment: number;
}

/**
 * Reads the program headers.
 * @param report gets `program-headers-damaged`
 * @returns all of them, or none if they cannot be read
 */
export function readSegments(source: ElfSource, header: ElfHeader, name: string, report: Report): ElfSegment[] {
  const { segmentOffset, segmentCount, segmentBytes } = header;
  if (segmentOffset === 0 || segmentCount === 0) return [];
  const size = source.elfClass === 64 ? ELF64_PHDR_SIZE : ELF32_PHDR_SIZE;
  const damaged = (what: string): ElfSegment[] => {
    const details = { what, count: segmentCount, bytes: segmentBytes };
    report(error("program-headers-damaged", { file: name, offset: segmentOffset }, details));
    return [];
  };
  if (segmentBytes !== size) return damaged("their size is wrong");
  if (!holds(source, segmentOffset, segmentCount * size)) return damaged("they lie outside of the file");

  const segments: ElfSegment[] = [];
  for (let index = 0; index < segmentCount; index++) {
    const at = segmentOffset + index * size;
    segments.push(source.elfClass === 64 ? readSegment64(source, at, index) : readSegment32(source, at, index));
  }
  return segments;
}

function readSegment64(source: ElfSource, at: number, index: number): ElfSegment {
  return {
    index,
    type: word(source, at),
    flags: word(source, at + 4),
    offset: address(source, at + 8),
    address: address(source, at + 16),
    physicalAddress: address(source, at + 24),
    fileBytes: address(source, at + 32),
    memoryBytes: address(source, at + 40),
    alignment: address(source, at + 48),
  };
}

/** The same fields in another order. */
function readSegment32(source: ElfSource, at: number, index: number): ElfSegment {
  return {
    index,
    type: word(source, at),
    offset: word(source, at + 4),
    address: word(source, at + 8),
    physicalAddress: word(source, at + 12),
    fileBytes: word(source, at + 16),
    memoryBytes: word(source, at + 20),
    flags: word(source, at + 24),
    alignment: word(source, at + 28),
  };
}

/**
 * The bytes of the file that are mapped at an address and behind it, up to the end of its segment's part of the file (and
 * of the file). Memory beyond that is zero and has no bytes.
 * @returns undefined if no PT_LOAD segment maps bytes of the file there
 */
export function bytesAtAddress(
  source: ElfSource,
  segments: readonly ElfSegment[],
  target: number,
): FileRange | undefined {
  for (const segment of segments) {
    if (segment.type !== PT_LOAD) continue;
    const inside = target - segment.address;
    if (inside < 0 || inside >= segment.fileBytes) continue;
    const start = segment.offset + inside;
    const end = Math.min(segment.offset + segment.fileBytes, source.bytes.length);
    return start < end ? { start, end } : undefined;
  }
  return undefined;
}
