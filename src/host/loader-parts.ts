// What the dynamic linker looks at before it relocates, of a file that may be large: headers, the dynamic section and the
// segments with its tables. Code, data and debug information are most of a file's bytes, and finding and binding libraries
// needs none of them: for `solder ldd /usr/bin/git` that is 0.7 MB instead of 6.6.

import {
  DT_GNU_HASH,
  DT_HASH,
  DT_JMPREL,
  DT_NULL,
  DT_REL,
  DT_RELA,
  DT_RELR,
  DT_STRTAB,
  DT_SYMTAB,
  DT_VERDEF,
  DT_VERNEED,
  DT_VERSYM,
  PT_DYNAMIC,
  PT_GNU_PROPERTY,
  PT_INTERP,
  PT_NOTE,
} from "../elf/constants.ts";
import { type ElfImage, parseElfImage, rangeAtAddress } from "../elf/file.ts";
import type { ElfSegment } from "../elf/segments.ts";
import { address, holds } from "../elf/source.ts";
import { createPages, type ReadRange } from "./pages.ts";

/** Files up to this size are read whole: that takes no longer than looking what to leave out. */
const SMALL_FILE = 0x40000;

/** Read at once, with the headers in it and, of most files, all that is named in them. */
const HEAD = 0x10000;

const SEGMENTS: ReadonlySet<number> = new Set([PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_PROPERTY]);

const TABLES: ReadonlySet<number> = new Set([
  DT_STRTAB,
  DT_SYMTAB,
  DT_HASH,
  DT_GNU_HASH,
  DT_VERSYM,
  DT_VERNEED,
  DT_VERDEF,
  DT_RELA,
  DT_REL,
  DT_JMPREL,
  DT_RELR,
]);

/**
 * Reads a file's parts into `bytes`; what is left out stays as it was. What is no ELF file is read whole.
 * @param bytes room for the whole file, zero
 * @returns whether all was read
 */
export function readLoaderParts(bytes: Uint8Array, read: ReadRange): boolean {
  const want = createPages(bytes.length, read);
  if (bytes.length <= SMALL_FILE) {
    want(0, bytes.length);
    return true;
  }
  want(0, HEAD);
  const image = parseElfImage(bytes, "", () => {});
  if (image === undefined || !isPlain(image)) {
    want(0, bytes.length);
    return true;
  }

  const { sectionOffset, sectionBytes, sectionCount } = image.header;
  want(sectionOffset, sectionOffset + sectionBytes * sectionCount);
  for (const segment of image.segments) {
    if (!SEGMENTS.has(segment.type) || !holds(image, segment.offset, segment.fileBytes)) continue;
    want(segment.offset, segment.offset + segment.fileBytes);
    if (segment.type === PT_DYNAMIC) wantTables(image, segment, want);
  }
  return false;
}

/** Are the program headers here, and no count in section header 0 (gABI, "ELF Header")? */
function isPlain({ header }: ElfImage): boolean {
  const { segmentOffset, segmentBytes, segmentCount, sectionOffset, sectionCount, sectionNames } = header;
  const isCounted = segmentCount > 0 && (sectionOffset === 0 || (sectionCount > 0 && sectionNames > 0));
  return isCounted && segmentOffset + segmentBytes * segmentCount <= HEAD;
}

/** How long some of the tables are is not said anywhere, so each is taken up to the end of its segment. */
function wantTables(image: ElfImage, dynamic: ElfSegment, want: ReadRange): void {
  const half = image.elfClass / 8;
  const section = rangeAtAddress(image, dynamic.address);
  if (section === undefined) return;
  want(section.start, section.end);
  for (let at = section.start; at + 2 * half <= section.end; at += 2 * half) {
    if (address(image, at) === DT_NULL) return;
    if (!TABLES.has(address(image, at))) continue;
    const range = rangeAtAddress(image, address(image, at + half));
    if (range !== undefined) want(range.start, range.end);
  }
}
