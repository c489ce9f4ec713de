// Compressed sections: SHF_COMPRESSED ones start with a header that gives method, size and alignment of the real contents
// (gABI, "Section Compression"); `.zdebug_*` ones are the older GNU form, "ZLIB" and the size in 8 bytes, big-endian.

import { ELF32_CHDR_SIZE, ELF64_CHDR_SIZE, ELFCOMPRESS_ZLIB, SHF_COMPRESSED, SHT_NOBITS } from "./constants.ts";
import { contentsRange, type ElfFile } from "./file.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import type { ElfSection } from "./sections.ts";
import { address, type FileRange, word } from "./source.ts";
import { startsWith } from "./text.ts";

export interface Compression {
  /** ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD or a number that no one has defined. */
  readonly method: number;
  /** Bytes when decompressed, as the header claims. */
  readonly size: number;
  /** Alignment when decompressed. */
  readonly alignment: number;
  /** The compressed bytes in the file, behind the header. */
  readonly range: FileRange;
}

/**
 * How a section is compressed.
 * @param report gets `section-outside-file`, `compression-header-damaged`
 * @returns undefined for a section that is not compressed, or whose header cannot be read
 */
export function compressionOf(file: ElfFile, section: ElfSection, report: Report): Compression | undefined {
  const flagged = (section.flags & SHF_COMPRESSED) !== 0;
  if (section.type === SHT_NOBITS || (!flagged && !section.name.startsWith(".zdebug"))) return undefined;
  const range = contentsRange(file, section, report);
  if (range === undefined) return undefined;
  const compression = flagged ? readHeader(file, range) : readOldHeader(file, range, section.alignment);
  if (compression === undefined && flagged) {
    report(error("compression-header-damaged", { file: file.name, section: section.name }));
  }
  return compression;
}

function readHeader(file: ElfFile, range: FileRange): Compression | undefined {
  const wide = file.elfClass === 64;
  const size = wide ? ELF64_CHDR_SIZE : ELF32_CHDR_SIZE;
  if (range.start + size > range.end) return undefined;
  // ELF64 has a reserved word behind ch_type.
  const at = range.start + (wide ? 8 : 4);
  return {
    method: word(file, range.start),
    size: address(file, at),
    alignment: address(file, at + (wide ? 8 : 4)),
    range: { start: range.start + size, end: range.end },
  };
}

/** Not every `.zdebug` section is compressed: the assembler left small ones as they were. */
function readOldHeader(file: ElfFile, range: FileRange, alignment: number): Compression | undefined {
  const start = range.start + 12;
  if (start > range.end || !startsWith(file.bytes, range.start, "ZLIB")) return undefined;
  const high = file.view.getUint32(range.start + 4);
  const size = high * 0x1_0000_0000 + file.view.getUint32(range.start + 8);
  return { method: ELFCOMPRESS_ZLIB, size, alignment, range: { start, end: range.end } };
}
