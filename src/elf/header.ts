// The ELF header. Three of its counts overflow in big files and then stand in section header 0 (gABI, "ELF Header":
// e_shnum, e_shstrndx, e_phnum); here they are already the real ones.

import {
  EI_ABIVERSION,
  EI_CLASS,
  EI_DATA,
  EI_OSABI,
  ELF32_EHDR_SIZE,
  ELF32_SHDR_SIZE,
  ELF64_EHDR_SIZE,
  ELF64_SHDR_SIZE,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  PN_XNUM,
  SHN_XINDEX,
} from "./constants.ts";
import { type FileKind, identify } from "./identify.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import { address, type ElfSource, elfSource, half, holds, word } from "./source.ts";
import { startsWith } from "./text.ts";

export interface ElfHeader {
  /** e_ident[EI_OSABI], ELFOSABI_*. */
  readonly osAbi: number;
  readonly abiVersion: number;
  /** ET_*. */
  readonly type: number;
  /** EM_*. */
  readonly machine: number;
  /** e_version; 1 in every valid file. */
  readonly version: number;
  /** Address where the program starts; 0 if it does not say. */
  readonly entry: number;
  /** e_flags: machine-specific, 0 on x86. */
  readonly flags: number;
  /** e_ehsize. */
  readonly headerBytes: number;
  /** File offset of the program headers, 0 if there are none. */
  readonly segmentOffset: number;
  /** e_phentsize. */
  readonly segmentBytes: number;
  readonly segmentCount: number;
  /** File offset of the section headers, 0 if there are none. */
  readonly sectionOffset: number;
  /** e_shentsize. */
  readonly sectionBytes: number;
  readonly sectionCount: number;
  /** Index of the section that holds the section names; 0 if none does. */
  readonly sectionNames: number;
}

/** What readers say of files that are no ELF at all. */
const FOUND: Readonly<Record<FileKind, string>> = {
  "elf-relocatable": "ELF",
  "elf-executable": "ELF",
  "elf-shared": "ELF",
  "elf-core": "ELF",
  "elf-other": "ELF",
  archive: "an archive",
  "thin-archive": "a thin archive",
  "llvm-bitcode": "LLVM bitcode",
  "mach-o": "Mach-O",
  pe: "a Windows executable",
  wasm: "WebAssembly",
  text: "text",
  empty: "an empty file",
  other: "",
};

/**
 * Reads class, byte order and header.
 * @param name for problems: `not-elf`, `elf-header-damaged`
 * @returns undefined if nothing more can be read
 */
export function readHeader(
  bytes: Uint8Array,
  name: string,
  report: Report,
): { readonly source: ElfSource; readonly header: ElfHeader } | undefined {
  if (!startsWith(bytes, 0, "\x7fELF")) {
    report(error("not-elf", { file: name }, { found: FOUND[identify(bytes)] }));
    return undefined;
  }
  const damaged = (what: string, offset: number): undefined => {
    report(error("elf-header-damaged", { file: name, offset }, { what }));
    return undefined;
  };
  const elfClass = bytes[EI_CLASS];
  const order = bytes[EI_DATA];
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) return damaged("neither 32-bit nor 64-bit", EI_CLASS);
  if (order !== ELFDATA2LSB && order !== ELFDATA2MSB) return damaged("no known byte order", EI_DATA);
  const source = elfSource(bytes, elfClass === ELFCLASS64 ? 64 : 32, order === ELFDATA2LSB);
  const size = source.elfClass === 64 ? ELF64_EHDR_SIZE : ELF32_EHDR_SIZE;
  if (!holds(source, 0, size)) return damaged("the file ends within it", bytes.length);
  return { source, header: withRealCounts(source, rawHeader(source)) };
}

function rawHeader(source: ElfSource): ElfHeader {
  const { bytes } = source;
  const a = source.elfClass === 64 ? 8 : 4;
  // Behind the three addresses everything is alike in both classes.
  const rest = 24 + 3 * a;
  return {
    osAbi: bytes[EI_OSABI],
    abiVersion: bytes[EI_ABIVERSION],
    type: half(source, 16),
    machine: half(source, 18),
    version: word(source, 20),
    entry: address(source, 24),
    segmentOffset: address(source, 24 + a),
    sectionOffset: address(source, 24 + 2 * a),
    flags: word(source, rest),
    headerBytes: half(source, rest + 4),
    segmentBytes: half(source, rest + 6),
    segmentCount: half(source, rest + 8),
    sectionBytes: half(source, rest + 10),
    sectionCount: half(source, rest + 12),
    sectionNames: half(source, rest + 14),
  };
}

/** The counts that did not fit are in sh_size, sh_link and sh_info of section header 0. */
function withRealCounts(source: ElfSource, header: ElfHeader): ElfHeader {
  const wide = source.elfClass === 64;
  const first = header.sectionOffset;
  if (first === 0 || !holds(source, first, wide ? ELF64_SHDR_SIZE : ELF32_SHDR_SIZE)) return header;
  const link = first + (wide ? 40 : 24);
  return {
    ...header,
    sectionCount: header.sectionCount === 0 ? address(source, first + (wide ? 32 : 20)) : header.sectionCount,
    sectionNames: header.sectionNames === SHN_XINDEX ? word(source, link) : header.sectionNames,
    segmentCount: header.segmentCount === PN_XNUM ? word(source, link + 4) : header.segmentCount,
  };
}
