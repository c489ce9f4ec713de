// A debug section as its reader wants it: decompressed, and with what its relocations say, since in an object file the
// addresses and string offsets in it are relocated fields.

import { machineTables } from "../arch/index.ts";
import { EXPRESSION_ABSOLUTE } from "../arch/relocation.ts";
import { compressionOf } from "../elf/compression.ts";
import { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, ET_REL, SHT_SYMTAB } from "../elf/constants.ts";
import { contentsOf, type ElfFile } from "../elf/file.ts";
import type { Report } from "../elf/problem.ts";
import { isRelocationSection, relocationsOf } from "../elf/relocations.ts";
import type { ElfSection } from "../elf/sections.ts";
import { type ElfSymbol, symbolsOf } from "../elf/symbols.ts";

/** Decompression as the host has it; see Accelerators in link/options.ts. Where one is missing, such sections are skipped. */
export interface Decompressors {
  readonly inflate?: ((bytes: Uint8Array, size: number) => Uint8Array | undefined) | undefined;
  readonly zstd?: ((bytes: Uint8Array, size: number) => Uint8Array | undefined) | undefined;
}

/** What a relocated field refers to: an offset in a section of the same file. */
export interface Target {
  readonly section: number;
  readonly offset: number;
}

export interface DebugSection {
  readonly bytes: Uint8Array;
  /** Offset of a field in `bytes` → what it refers to. Empty in linked files, where the fields hold addresses. */
  readonly targets: ReadonlyMap<number, Target>;
}

/** Debug information of one object comes nowhere near; a header that claims more is damaged. */
const MAX_DECOMPRESSED = 1 << 28;

/** Damage in debug information is not worth a problem of its own: it only means that no source line is known. */
export const ignore: Report = () => {};

/** The section named `.NAME` or, compressed in the old GNU way, `.zNAME`; undefined when there is none that can be read. */
export function debugSection(file: ElfFile, name: string, decompressors: Decompressors): DebugSection | undefined {
  const section = file.sections.find((one) => one.name === `.${name}` || one.name === `.z${name}`);
  const bytes = section === undefined ? undefined : plainContents(file, section, decompressors);
  if (section === undefined || bytes === undefined) return undefined;
  return { bytes, targets: targetsOf(file, section, bytes) };
}

function plainContents(file: ElfFile, section: ElfSection, decompressors: Decompressors): Uint8Array | undefined {
  const compression = compressionOf(file, section, ignore);
  if (compression === undefined) return contentsOf(file, section, ignore);
  const { method, size, range } = compression;
  const packed = file.bytes.subarray(range.start, range.end);
  if (size > MAX_DECOMPRESSED) return undefined;
  if (method === ELFCOMPRESS_ZLIB) return decompressors.inflate?.(packed, size);
  if (method === ELFCOMPRESS_ZSTD) return decompressors.zstd?.(packed, size);
  return undefined;
}

/** What the relocations of a section say, where they are plain addresses (R_X86_64_64, R_X86_64_32, R_386_32). */
function targetsOf(file: ElfFile, section: ElfSection, bytes: Uint8Array): Map<number, Target> {
  const targets = new Map<number, Target>();
  const machine = machineTables(file.header.machine, file.elfClass, file.littleEndian);
  if (file.header.type !== ET_REL || machine === undefined) return targets;
  const { expression, bytes: width } = machine.relocations;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const table of file.sections) {
    if (!isRelocationSection(table) || table.info !== section.index) continue;
    const symbols = symbolsIn(file, table.link);
    for (const { offset, type, symbol, addend } of relocationsOf(file, table, ignore)) {
      const size = width[type];
      const defined = symbols[symbol];
      if (expression[type] !== EXPRESSION_ABSOLUTE || defined === undefined) continue;
      if (size < 4 || offset + size > bytes.length) continue;
      // REL: the addend is in the field. 32-bit machines only, so four bytes hold it.
      const inPlace = addend ?? view.getInt32(offset, file.littleEndian);
      targets.set(offset, { section: defined.section, offset: defined.value + inPlace });
    }
  }
  return targets;
}

function symbolsIn(file: ElfFile, index: number): readonly ElfSymbol[] {
  const table = file.sections[index];
  return table?.type === SHT_SYMTAB ? symbolsOf(file, table, ignore) : [];
}
