// Numbers to names for display: header, sections, segments and symbols. The spelling is readelf's where it has one, which is
// the constants' names without their prefix.

import * as c from "../constants.ts";
import { ownSectionTypeName, ownSegmentTypeName } from "./machines.ts";

export type NameTable = ReadonlyMap<number, string>;
/** Bits and their names, in the order in which they are shown. */
export type FlagTable = readonly (readonly [number, string])[];

const FILE_TYPES: NameTable = new Map([
  [c.ET_NONE, "NONE"],
  [c.ET_REL, "REL"],
  [c.ET_EXEC, "EXEC"],
  [c.ET_DYN, "DYN"],
  [c.ET_CORE, "CORE"],
]);

const MACHINES: NameTable = new Map([
  [c.EM_NONE, "None"],
  [c.EM_SPARC, "Sparc"],
  [c.EM_386, "Intel 80386"],
  [c.EM_68K, "MC68000"],
  [c.EM_IAMCU, "Intel MCU"],
  [c.EM_MIPS, "MIPS R3000"],
  [c.EM_PARISC, "HPPA"],
  [c.EM_SPARC32PLUS, "Sparc v8+"],
  [c.EM_PPC, "PowerPC"],
  [c.EM_PPC64, "PowerPC64"],
  [c.EM_S390, "IBM S/390"],
  [c.EM_ARM, "ARM"],
  [c.EM_SH, "Renesas / SuperH SH"],
  [c.EM_SPARCV9, "Sparc v9"],
  [c.EM_IA_64, "Intel IA-64"],
  [c.EM_X86_64, "Advanced Micro Devices X86-64"],
  [c.EM_AVR, "Atmel AVR 8-bit microcontroller"],
  [c.EM_XTENSA, "Tensilica Xtensa Processor"],
  [c.EM_MSP430, "Texas Instruments msp430 microcontroller"],
  [c.EM_HEXAGON, "QUALCOMM DSP6 Processor"],
  [c.EM_AARCH64, "AArch64"],
  [c.EM_CUDA, "NVIDIA CUDA architecture"],
  [c.EM_AMDGPU, "AMD GPU"],
  [c.EM_RISCV, "RISC-V"],
  [c.EM_BPF, "Linux BPF"],
  [c.EM_CSKY, "C-SKY"],
  [c.EM_LOONGARCH, "LoongArch"],
  [c.EM_ALPHA, "Alpha"],
]);

const OS_ABIS: NameTable = new Map([
  [c.ELFOSABI_NONE, "UNIX - System V"],
  [c.ELFOSABI_HPUX, "UNIX - HP-UX"],
  [c.ELFOSABI_NETBSD, "UNIX - NetBSD"],
  [c.ELFOSABI_GNU, "UNIX - GNU"],
  [c.ELFOSABI_SOLARIS, "UNIX - Solaris"],
  [c.ELFOSABI_AIX, "UNIX - AIX"],
  [c.ELFOSABI_IRIX, "UNIX - IRIX"],
  [c.ELFOSABI_FREEBSD, "UNIX - FreeBSD"],
  [c.ELFOSABI_TRU64, "UNIX - TRU64"],
  [c.ELFOSABI_MODESTO, "Novell - Modesto"],
  [c.ELFOSABI_OPENBSD, "UNIX - OpenBSD"],
  [c.ELFOSABI_OPENVMS, "VMS - OpenVMS"],
  [c.ELFOSABI_NSK, "HP - Non-Stop Kernel"],
  [c.ELFOSABI_AROS, "AROS"],
  [c.ELFOSABI_FENIXOS, "FenixOS"],
  [c.ELFOSABI_CLOUDABI, "Nuxi CloudABI"],
  [c.ELFOSABI_ARM_AEABI, "ARM EABI"],
  [c.ELFOSABI_ARM, "ARM"],
  [c.ELFOSABI_STANDALONE, "Standalone App"],
]);

const SECTION_TYPES: NameTable = new Map([
  [c.SHT_NULL, "NULL"],
  [c.SHT_PROGBITS, "PROGBITS"],
  [c.SHT_SYMTAB, "SYMTAB"],
  [c.SHT_STRTAB, "STRTAB"],
  [c.SHT_RELA, "RELA"],
  [c.SHT_HASH, "HASH"],
  [c.SHT_DYNAMIC, "DYNAMIC"],
  [c.SHT_NOTE, "NOTE"],
  [c.SHT_NOBITS, "NOBITS"],
  [c.SHT_REL, "REL"],
  [c.SHT_SHLIB, "SHLIB"],
  [c.SHT_DYNSYM, "DYNSYM"],
  [c.SHT_INIT_ARRAY, "INIT_ARRAY"],
  [c.SHT_FINI_ARRAY, "FINI_ARRAY"],
  [c.SHT_PREINIT_ARRAY, "PREINIT_ARRAY"],
  [c.SHT_GROUP, "GROUP"],
  [c.SHT_SYMTAB_SHNDX, "SYMTAB_SHNDX"],
  [c.SHT_RELR, "RELR"],
  [c.SHT_CREL, "CREL"],
  [c.SHT_ANDROID_REL, "ANDROID_REL"],
  [c.SHT_ANDROID_RELA, "ANDROID_RELA"],
  [c.SHT_ANDROID_RELR, "ANDROID_RELR"],
  [c.SHT_LLVM_ODRTAB, "LLVM_ODRTAB"],
  [c.SHT_LLVM_LINKER_OPTIONS, "LLVM_LINKER_OPTIONS"],
  [c.SHT_LLVM_ADDRSIG, "LLVM_ADDRSIG"],
  [c.SHT_LLVM_DEPENDENT_LIBRARIES, "LLVM_DEPENDENT_LIBRARIES"],
  [c.SHT_LLVM_SYMPART, "LLVM_SYMPART"],
  [c.SHT_LLVM_PART_EHDR, "LLVM_PART_EHDR"],
  [c.SHT_LLVM_PART_PHDR, "LLVM_PART_PHDR"],
  [c.SHT_LLVM_BB_ADDR_MAP_V0, "LLVM_BB_ADDR_MAP_V0"],
  [c.SHT_LLVM_CALL_GRAPH_PROFILE, "LLVM_CALL_GRAPH_PROFILE"],
  [c.SHT_LLVM_BB_ADDR_MAP, "LLVM_BB_ADDR_MAP"],
  [c.SHT_LLVM_OFFLOADING, "LLVM_OFFLOADING"],
  [c.SHT_LLVM_LTO, "LLVM_LTO"],
  [c.SHT_GNU_SFRAME, "GNU_SFRAME"],
  [c.SHT_GNU_ATTRIBUTES, "GNU_ATTRIBUTES"],
  [c.SHT_GNU_HASH, "GNU_HASH"],
  [c.SHT_GNU_LIBLIST, "GNU_LIBLIST"],
  [c.SHT_CHECKSUM, "CHECKSUM"],
  [c.SHT_GNU_verdef, "VERDEF"],
  [c.SHT_GNU_verneed, "VERNEED"],
  [c.SHT_GNU_versym, "VERSYM"],
]);

const SEGMENT_TYPES: NameTable = new Map([
  [c.PT_NULL, "NULL"],
  [c.PT_LOAD, "LOAD"],
  [c.PT_DYNAMIC, "DYNAMIC"],
  [c.PT_INTERP, "INTERP"],
  [c.PT_NOTE, "NOTE"],
  [c.PT_SHLIB, "SHLIB"],
  [c.PT_PHDR, "PHDR"],
  [c.PT_TLS, "TLS"],
  [c.PT_GNU_EH_FRAME, "GNU_EH_FRAME"],
  [c.PT_GNU_STACK, "GNU_STACK"],
  [c.PT_GNU_RELRO, "GNU_RELRO"],
  [c.PT_GNU_PROPERTY, "GNU_PROPERTY"],
  [c.PT_GNU_SFRAME, "GNU_SFRAME"],
  [c.PT_OPENBSD_MUTABLE, "OPENBSD_MUTABLE"],
  [c.PT_OPENBSD_RANDOMIZE, "OPENBSD_RANDOMIZE"],
  [c.PT_OPENBSD_WXNEEDED, "OPENBSD_WXNEEDED"],
  [c.PT_OPENBSD_NOBTCFI, "OPENBSD_NOBTCFI"],
  [c.PT_OPENBSD_SYSCALLS, "OPENBSD_SYSCALLS"],
  [c.PT_OPENBSD_BOOTDATA, "OPENBSD_BOOTDATA"],
]);

const BINDINGS: NameTable = new Map([
  [c.STB_LOCAL, "LOCAL"],
  [c.STB_GLOBAL, "GLOBAL"],
  [c.STB_WEAK, "WEAK"],
  [c.STB_GNU_UNIQUE, "UNIQUE"],
]);

const SYMBOL_TYPES: NameTable = new Map([
  [c.STT_NOTYPE, "NOTYPE"],
  [c.STT_OBJECT, "OBJECT"],
  [c.STT_FUNC, "FUNC"],
  [c.STT_SECTION, "SECTION"],
  [c.STT_FILE, "FILE"],
  [c.STT_COMMON, "COMMON"],
  [c.STT_TLS, "TLS"],
  [c.STT_GNU_IFUNC, "IFUNC"],
]);

const VISIBILITIES: NameTable = new Map([
  [c.STV_DEFAULT, "DEFAULT"],
  [c.STV_INTERNAL, "INTERNAL"],
  [c.STV_HIDDEN, "HIDDEN"],
  [c.STV_PROTECTED, "PROTECTED"],
]);

const SPECIAL_SECTIONS: NameTable = new Map([
  [c.SHN_UNDEF, "UND"],
  [c.SHN_ABS, "ABS"],
  [c.SHN_COMMON, "COM"],
  [c.SHN_XINDEX, "XINDEX"],
]);

const COMPRESSIONS: NameTable = new Map([
  [c.ELFCOMPRESS_ZLIB, "ZLIB"],
  [c.ELFCOMPRESS_ZSTD, "ZSTD"],
]);

const SECTION_FLAGS: FlagTable = [
  [c.SHF_WRITE, "WRITE"],
  [c.SHF_ALLOC, "ALLOC"],
  [c.SHF_EXECINSTR, "EXECINSTR"],
  [c.SHF_MERGE, "MERGE"],
  [c.SHF_STRINGS, "STRINGS"],
  [c.SHF_INFO_LINK, "INFO_LINK"],
  [c.SHF_LINK_ORDER, "LINK_ORDER"],
  [c.SHF_OS_NONCONFORMING, "OS_NONCONFORMING"],
  [c.SHF_GROUP, "GROUP"],
  [c.SHF_TLS, "TLS"],
  [c.SHF_COMPRESSED, "COMPRESSED"],
  [c.SHF_GNU_RETAIN, "GNU_RETAIN"],
  [c.SHF_GNU_MBIND, "GNU_MBIND"],
  [c.SHF_EXCLUDE, "EXCLUDE"],
];

/** readelf's letters for the same bits. */
const SECTION_FLAG_LETTERS: FlagTable = [
  [c.SHF_WRITE, "W"],
  [c.SHF_ALLOC, "A"],
  [c.SHF_EXECINSTR, "X"],
  [c.SHF_MERGE, "M"],
  [c.SHF_STRINGS, "S"],
  [c.SHF_INFO_LINK, "I"],
  [c.SHF_LINK_ORDER, "L"],
  [c.SHF_OS_NONCONFORMING, "O"],
  [c.SHF_GROUP, "G"],
  [c.SHF_TLS, "T"],
  [c.SHF_COMPRESSED, "C"],
  [c.SHF_GNU_RETAIN, "R"],
  [c.SHF_GNU_MBIND, "D"],
  [c.SHF_EXCLUDE, "E"],
];

/** The names of the bits that are set, then what is left over in hexadecimal. */
export function flagNames(table: FlagTable, flags: number): string[] {
  let rest = flags >>> 0;
  const names: string[] = [];
  for (const [bit, name] of table) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`];
}

/** `REL`, `EXEC`, `DYN`, `CORE`. */
export function fileTypeName(type: number): string {
  return FILE_TYPES.get(type) ?? ranged(type, [c.ET_LOOS, c.ET_HIOS, "OS"], [c.ET_LOPROC, c.ET_HIPROC, "PROC"]);
}

/** e_machine in words. */
export function machineName(machine: number): string {
  return MACHINES.get(machine) ?? unknown(machine);
}

export function osAbiName(osAbi: number): string {
  return OS_ABIS.get(osAbi) ?? unknown(osAbi);
}

/** SHT_* without the prefix; a machine's own types only for that machine. */
export function sectionTypeName(type: number, machine: number): string {
  const own = ownSectionTypeName(type, machine);
  if (own !== undefined) return own;
  const os: NamedRange = [c.SHT_LOOS, c.SHT_HIOS, "LOOS"];
  const processor: NamedRange = [c.SHT_LOPROC, c.SHT_HIPROC, "LOPROC"];
  return SECTION_TYPES.get(type) ?? ranged(type, os, processor, [c.SHT_LOUSER, c.SHT_HIUSER, "LOUSER"]);
}

/** SHF_* without the prefix. */
export function sectionFlagNames(flags: number, machine: number): string[] {
  return flagNames(withMachineFlags(SECTION_FLAGS, machine, "X86_64_LARGE"), flags);
}

/** As `readelf -S` shows them: `AX`, `WA`, `AMS`; unknown bits as `o` (system) or `p` (processor). */
export function sectionFlagLetters(flags: number, machine: number): string {
  const table = withMachineFlags(SECTION_FLAG_LETTERS, machine, "l");
  let letters = "";
  for (const bit of bitsOf(flags)) {
    const known = table.find(([value]) => value === bit);
    letters += known?.[1] ?? ((bit & c.SHF_MASKOS) !== 0 ? "o" : (bit & c.SHF_MASKPROC) !== 0 ? "p" : "x");
  }
  return letters;
}

/** PT_* without the prefix; a machine's own types only for that machine. */
export function segmentTypeName(type: number, machine: number): string {
  const own = ownSegmentTypeName(type, machine);
  if (own !== undefined) return own;
  if (type >= c.PT_GNU_MBIND_LO && type <= c.PT_GNU_MBIND_HI)
    return `GNU_MBIND+0x${(type - c.PT_GNU_MBIND_LO).toString(16)}`;
  return SEGMENT_TYPES.get(type) ?? ranged(type, [c.PT_LOOS, c.PT_HIOS, "LOOS"], [c.PT_LOPROC, c.PT_HIPROC, "LOPROC"]);
}

/** `R E`, `RW `: a letter for each permission or a blank, as readelf shows them. */
export function segmentPermissions(flags: number): string {
  const letter = (bit: number, name: string): string => ((flags & bit) !== 0 ? name : " ");
  return letter(c.PF_R, "R") + letter(c.PF_W, "W") + letter(c.PF_X, "E");
}

export function symbolBindingName(binding: number): string {
  const os: NamedRange = [c.STB_LOOS, c.STB_HIOS, "LOOS"];
  return BINDINGS.get(binding) ?? ranged(binding, os, [c.STB_LOPROC, c.STB_HIPROC, "LOPROC"]);
}

export function symbolTypeName(type: number): string {
  const os: NamedRange = [c.STT_LOOS, c.STT_HIOS, "LOOS"];
  return SYMBOL_TYPES.get(type) ?? ranged(type, os, [c.STT_LOPROC, c.STT_HIPROC, "LOPROC"]);
}

export function symbolVisibilityName(visibility: number): string {
  return VISIBILITIES.get(visibility) ?? unknown(visibility);
}

/** A special st_shndx: `UND`, `ABS`, `COM`, `LARGE_COM` (x86-64); other reserved ones in hexadecimal. */
export function specialSectionName(shndx: number, machine: number): string {
  if (shndx === c.SHN_X86_64_LCOMMON && machine === c.EM_X86_64) return "LARGE_COM";
  const processor: NamedRange = [c.SHN_LOPROC, c.SHN_HIPROC, "PRC"];
  return SPECIAL_SECTIONS.get(shndx) ?? ranged(shndx, processor, [c.SHN_LOOS, c.SHN_HIOS, "OS"]);
}

/** ELFCOMPRESS_* without the prefix. */
export function compressionName(method: number): string {
  return COMPRESSIONS.get(method) ?? unknown(method);
}

type NamedRange = readonly [low: number, high: number, name: string];

/** `LOOS+0x12` for a number in one of the ranges, else `<unknown: 0x12>`. */
export function ranged(value: number, ...ranges: readonly NamedRange[]): string {
  const range = ranges.find(([low, high]) => value >= low && value <= high);
  return range === undefined ? unknown(value) : `${range[2]}+0x${(value - range[0]).toString(16)}`;
}

function unknown(value: number): string {
  return `<unknown: 0x${value.toString(16)}>`;
}

function withMachineFlags(table: FlagTable, machine: number, large: string): FlagTable {
  return machine === c.EM_X86_64 ? [...table, [c.SHF_X86_64_LARGE, large]] : table;
}

function bitsOf(flags: number): number[] {
  const bits: number[] = [];
  for (let i = 0; i < 32; i++) if (((flags >>> i) & 1) === 1) bits.push(2 ** i);
  return bits;
}
