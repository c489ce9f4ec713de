// --compress-debug-sections. What a section compresses to is known only when it has been relocated, so this comes last:
// debug sections shrink, and what stands behind them in the file moves up. Nothing of it is loaded, so no address changes.
//
//   zlib-gabi, zstd   SHF_COMPRESSED, and a header with method, size and alignment (gABI, "Section Compression")
//   zlib-gnu          .zdebug_*: "ZLIB", and the size in 8 bytes, big-endian
//
// As BFD (bfd/compress.c), a section that would not become smaller stays as it is.

import { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, SHF_ALLOC, SHF_COMPRESSED, SHT_NOBITS } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { writeWord } from "../tables/header-bytes.ts";
import { alignUp } from "../tables/layout.ts";
import type { OutputSection } from "../tables/output-section.ts";

export type CompressionStyle = Exclude<LinkOptions["compressDebugSections"], "none" | undefined>;

type Compress = (bytes: Uint8Array) => Uint8Array;

function compressorOf(style: CompressionStyle, options: LinkOptions): Compress | undefined {
  return style === "zstd" ? options.accelerators.zstdCompress : options.accelerators.deflate;
}

/** @returns the style to use, or undefined for none. Error: `no-compressor` */
export function compressionStyle(options: LinkOptions, report: Report): CompressionStyle | undefined {
  const style = options.compressDebugSections;
  if (style === undefined || style === "none") return undefined;
  if (compressorOf(style, options) !== undefined) return style;
  report(error("no-compressor", {}, { style }));
  return undefined;
}

export function isCompressible(name: string): boolean {
  return name.startsWith(".debug_");
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
  style: CompressionStyle,
  is64: boolean,
  options: LinkOptions,
): Uint8Array | undefined {
  const packed = compressorOf(style, options)?.(bytes);
  const header = style === "zlib-gnu" || !is64 ? 12 : 24;
  if (packed === undefined || header + packed.length >= bytes.length) return undefined;
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
 * Compresses the debug sections of a linked file.
 * @param image complete but for headers  @param sections in the order of the file; those that change are changed
 * @returns what the file consists of, but for the headers, and where that ends; undefined if nothing became smaller
 */
export function compressDebug(
  image: Uint8Array,
  sections: readonly OutputSection[],
  style: CompressionStyle,
  is64: boolean,
  options: LinkOptions,
): { parts: readonly FilePart[]; contentsEnd: number } | undefined {
  const contents = (it: OutputSection): Uint8Array =>
    image.subarray(it.offset, it.offset + (it.type === SHT_NOBITS ? 0 : it.size));
  const packed = new Map<OutputSection, Uint8Array>();
  const moving = sections.filter((it) => (it.flags & SHF_ALLOC) === 0);
  for (const it of moving) {
    if (!isCompressible(it.name)) continue;
    const smaller = compressContents(contents(it), it.alignment, style, is64, options);
    if (smaller !== undefined) packed.set(it, smaller);
  }
  if (packed.size === 0) return undefined;
  let at = moving[0].offset;
  const parts: FilePart[] = [{ offset: 0, bytes: image.subarray(0, at) }];
  for (const it of moving) {
    const smaller = packed.get(it);
    const bytes = smaller ?? contents(it);
    if (smaller !== undefined) {
      it.size = smaller.length;
      it.flags = compressedFlags(it.flags, style);
      it.alignment = compressedAlignment(it.alignment, style, is64);
    }
    if (smaller !== undefined || (it.infoSection !== undefined && packed.has(it.infoSection)))
      it.name = compressedName(it.name, style);
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
