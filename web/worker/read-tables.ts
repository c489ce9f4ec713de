// Reads of a large file what its tables are made of: headers, section headers, symbols, names, relocations, notes, the dynamic
// section. Code, data and debugging information, most of its bytes, are read when they are looked at.

import { parseElf, SHT_NOBITS, SHT_NULL, SHT_PROGBITS } from "../../src/elf/index.ts";
import { readLoaderParts } from "../../src/host/loader-parts.ts";

/** Sections of bytes without a table's type are taken up to this size: `.interp`, `.comment`, the GOT. */
const SMALL_SECTION = 0x10000;

/**
 * @param bytes room for the whole file, zero  @param read fills in a part of it
 * @returns whether all was read
 */
export function readTables(bytes: Uint8Array, read: (from: number, to: number) => void): boolean {
  if (readLoaderParts(bytes, read)) return true;
  const nothing = (): void => {};
  // Names of sections are not here yet; types and places are.
  const file = parseElf(bytes, "", nothing);
  if (file === undefined) {
    read(0, bytes.length);
    return true;
  }
  for (const { type, offset, size } of file.sections) {
    if (type === SHT_NULL || type === SHT_NOBITS || (type === SHT_PROGBITS && size > SMALL_SECTION)) continue;
    if (offset + size <= bytes.length) read(offset, offset + size);
  }
  return false;
}
