// --compress-debug-sections and --compress-sections. What a section compresses to is known only when it has been relocated, so this comes last:
// sections shrink, and what stands behind them in the file moves up. Nothing of it is loaded, so no address changes.
//
//   zlib-gabi, zstd   SHF_COMPRESSED, and a header with method, size and alignment (gABI, "Section Compression")
//   zlib-gnu          .zdebug_*: "ZLIB", and the size in 8 bytes, big-endian
//
// As BFD (bfd/compress.c), a section that would not become smaller stays as it is.

import {
  ELFCOMPRESS_ZLIB,
  ELFCOMPRESS_ZSTD,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHT_GROUP,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { CompressionStyle, LinkOptions } from "../options.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import { writeWord } from "../tables/header-bytes.ts";
import { alignUp } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";

/** How one section is compressed. */
export interface Compression {
  readonly style: CompressionStyle;
  readonly compress: (bytes: Uint8Array) => Uint8Array;
}

/** @param type section type, SHT_*  @returns undefined: the section stays as it is */
export type CompressionChoice = (name: string, type: number, flags: number) => Compression | undefined;

/** @returns how sections are compressed, or undefined if none is. Error: `no-compressor` */
export function chooseCompression(options: LinkOptions, report: Report): CompressionChoice | undefined {
  const { compressDebugSections: debugStyle, compressDebugLevel, compressSections } = options;
  const byName = compressSections.map(({ pattern, style, level }) => ({
    glob: compileGlob(pattern),
    compression: compressionOf(style, level, options, report),
  }));
  const ofDebug = compressionOf(debugStyle, compressDebugLevel, options, report);
  if (ofDebug === undefined && byName.every(({ compression }) => compression === undefined)) return undefined;
  return (name, type, flags) => {
    if ((flags & SHF_ALLOC) !== 0 || UNCOMPRESSED.has(type)) return undefined;
    const named = byName.findLast(({ glob }) => globMatchesText(glob, name));
    if (named !== undefined) return named.compression;
    return name.startsWith(".debug_") ? ofDebug : undefined;
  };
}

/** What the section headers describe has to be read as it is. */
const UNCOMPRESSED: ReadonlySet<number> = new Set([
  SHT_NOBITS,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
  SHT_STRTAB,
  SHT_REL,
  SHT_RELA,
  SHT_GROUP,
]);

function compressionOf(
  style: CompressionStyle | "none" | undefined,
  level: number | undefined,
  { accelerators }: LinkOptions,
  report: Report,
): Compression | undefined {
  if (style === undefined || style === "none") return undefined;
  const compressor = style === "zstd" ? accelerators.zstdCompress : accelerators.deflate;
  if (compressor !== undefined) return { style, compress: (bytes) => compressor(bytes, level) };
  report(error("no-compressor", {}, { style }));
  return undefined;
}

/** The section's name once it is compressed; a section of relocations has its section's in its own. */
export function compressedName(name: string, style: CompressionStyle): string {
  return style === "zlib-gnu" ? name.replace(".debug_", ".zdebug_") : name;
}

/** Section flags and alignment of what was compressed. */
export function compressedFlags(flags: number, style: CompressionStyle): number {
  return style === "zlib-gnu" ? flags : flags | SHF_COMPRESSED;
}

export function compressedAlignment(alignment: number, style: CompressionStyle, is64: boolean): number {
  return style === "zlib-gnu" ? alignment : is64 ? 8 : 4;
}

/**
 * @param alignment of the contents, in bytes
 * @returns header and compressed contents, or undefined if that is not smaller
 */
export function compressContents(
  bytes: Uint8Array,
  alignment: number,
  { style, compress }: Compression,
  is64: boolean,
): Uint8Array | undefined {
  const packed = compress(bytes);
  const header = style === "zlib-gnu" || !is64 ? 12 : 24;
  if (header + packed.length >= bytes.length) return undefined;
  const result = new Uint8Array(header + packed.length);
  const view = new DataView(result.buffer);
  if (style === "zlib-gnu") {
    result.set([0x5a, 0x4c, 0x49, 0x42]);
    view.setUint32(4, Math.floor(bytes.length / 0x100000000));
    view.setUint32(8, bytes.length >>> 0);
  } else {
    const word = is64 ? 8 : 4;
    view.setUint32(0, style === "zstd" ? ELFCOMPRESS_ZSTD : ELFCOMPRESS_ZLIB, true);
    writeWord(view, word, bytes.length, is64);
    writeWord(view, 2 * word, alignment, is64);
  }
  result.set(packed, header);
  return result;
}

/**
 * Compresses sections of a linked file.
 * @param image complete but for headers  @param sections in the order of the file; those that change are changed
 * @returns what the file consists of, but for the headers, and where that ends; undefined if nothing became smaller
 */
export function compressDebug(
  image: Uint8Array,
  sections: readonly OutputSection[],
  choose: CompressionChoice,
  is64: boolean,
): { parts: readonly FilePart[]; contentsEnd: number } | undefined {
  const contents = (it: OutputSection): Uint8Array =>
    image.subarray(it.offset, it.offset + (it.type === SHT_NOBITS ? 0 : it.size));
  const packed = new Map<OutputSection, { readonly bytes: Uint8Array; readonly style: CompressionStyle }>();
  const moving = sections.filter((it) => (it.flags & SHF_ALLOC) === 0);
  for (const it of moving) {
    const compression = choose(it.name, it.type, it.flags);
    if (compression === undefined) continue;
    const bytes = compressContents(contents(it), it.alignment, compression, is64);
    if (bytes !== undefined) packed.set(it, { bytes, style: compression.style });
  }
  if (packed.size === 0) return undefined;
  let at = moving[0].offset;
  const parts: FilePart[] = [{ offset: 0, bytes: image.subarray(0, at) }];
  for (const it of moving) {
    const smaller = packed.get(it);
    const bytes = smaller?.bytes ?? contents(it);
    if (smaller !== undefined) {
      it.size = bytes.length;
      it.flags = compressedFlags(it.flags, smaller.style);
      it.alignment = compressedAlignment(it.alignment, smaller.style, is64);
    }
    const named = smaller ?? (it.infoSection === undefined ? undefined : packed.get(it.infoSection));
    if (named !== undefined) it.name = compressedName(it.name, named.style);
    it.offset = alignUp(at, it.alignment);
    parts.push({ offset: it.offset, bytes });
    at = it.offset + bytes.length;
  }
  return { parts, contentsEnd: at };
}

export interface FilePart {
  readonly offset: number;
  readonly bytes: Uint8Array;
}
