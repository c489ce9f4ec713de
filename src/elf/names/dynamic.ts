// Numbers to names for display: the dynamic section, versions, notes and GNU properties.

import * as c from "../constants.ts";
import { ownDynamicTagName } from "./machines.ts";
import { type FlagTable, flagNames, type NameTable, ranged } from "./names.ts";

const TAGS: NameTable = new Map([
  [c.DT_NULL, "NULL"],
  [c.DT_NEEDED, "NEEDED"],
  [c.DT_PLTRELSZ, "PLTRELSZ"],
  [c.DT_PLTGOT, "PLTGOT"],
  [c.DT_HASH, "HASH"],
  [c.DT_STRTAB, "STRTAB"],
  [c.DT_SYMTAB, "SYMTAB"],
  [c.DT_RELA, "RELA"],
  [c.DT_RELASZ, "RELASZ"],
  [c.DT_RELAENT, "RELAENT"],
  [c.DT_STRSZ, "STRSZ"],
  [c.DT_SYMENT, "SYMENT"],
  [c.DT_INIT, "INIT"],
  [c.DT_FINI, "FINI"],
  [c.DT_SONAME, "SONAME"],
  [c.DT_RPATH, "RPATH"],
  [c.DT_SYMBOLIC, "SYMBOLIC"],
  [c.DT_REL, "REL"],
  [c.DT_RELSZ, "RELSZ"],
  [c.DT_RELENT, "RELENT"],
  [c.DT_PLTREL, "PLTREL"],
  [c.DT_DEBUG, "DEBUG"],
  [c.DT_TEXTREL, "TEXTREL"],
  [c.DT_JMPREL, "JMPREL"],
  [c.DT_BIND_NOW, "BIND_NOW"],
  [c.DT_INIT_ARRAY, "INIT_ARRAY"],
  [c.DT_FINI_ARRAY, "FINI_ARRAY"],
  [c.DT_INIT_ARRAYSZ, "INIT_ARRAYSZ"],
  [c.DT_FINI_ARRAYSZ, "FINI_ARRAYSZ"],
  [c.DT_RUNPATH, "RUNPATH"],
  [c.DT_FLAGS, "FLAGS"],
  [c.DT_PREINIT_ARRAY, "PREINIT_ARRAY"],
  [c.DT_PREINIT_ARRAYSZ, "PREINIT_ARRAYSZ"],
  [c.DT_SYMTAB_SHNDX, "SYMTAB_SHNDX"],
  [c.DT_RELRSZ, "RELRSZ"],
  [c.DT_RELR, "RELR"],
  [c.DT_RELRENT, "RELRENT"],
  [c.DT_ANDROID_REL, "ANDROID_REL"],
  [c.DT_ANDROID_RELSZ, "ANDROID_RELSZ"],
  [c.DT_ANDROID_RELA, "ANDROID_RELA"],
  [c.DT_ANDROID_RELASZ, "ANDROID_RELASZ"],
  [c.DT_ANDROID_RELR, "ANDROID_RELR"],
  [c.DT_ANDROID_RELRSZ, "ANDROID_RELRSZ"],
  [c.DT_ANDROID_RELRENT, "ANDROID_RELRENT"],
  [c.DT_GNU_FLAGS_1, "GNU_FLAGS_1"],
  [c.DT_GNU_PRELINKED, "GNU_PRELINKED"],
  [c.DT_GNU_CONFLICTSZ, "GNU_CONFLICTSZ"],
  [c.DT_GNU_LIBLISTSZ, "GNU_LIBLISTSZ"],
  [c.DT_CHECKSUM, "CHECKSUM"],
  [c.DT_PLTPADSZ, "PLTPADSZ"],
  [c.DT_MOVEENT, "MOVEENT"],
  [c.DT_MOVESZ, "MOVESZ"],
  [c.DT_FEATURE_1, "FEATURE"],
  [c.DT_POSFLAG_1, "POSFLAG_1"],
  [c.DT_SYMINSZ, "SYMINSZ"],
  [c.DT_SYMINENT, "SYMINENT"],
  [c.DT_GNU_HASH, "GNU_HASH"],
  [c.DT_TLSDESC_PLT, "TLSDESC_PLT"],
  [c.DT_TLSDESC_GOT, "TLSDESC_GOT"],
  [c.DT_GNU_CONFLICT, "GNU_CONFLICT"],
  [c.DT_GNU_LIBLIST, "GNU_LIBLIST"],
  [c.DT_CONFIG, "CONFIG"],
  [c.DT_DEPAUDIT, "DEPAUDIT"],
  [c.DT_AUDIT, "AUDIT"],
  [c.DT_PLTPAD, "PLTPAD"],
  [c.DT_MOVETAB, "MOVETAB"],
  [c.DT_SYMINFO, "SYMINFO"],
  [c.DT_VERSYM, "VERSYM"],
  [c.DT_RELACOUNT, "RELACOUNT"],
  [c.DT_RELCOUNT, "RELCOUNT"],
  [c.DT_FLAGS_1, "FLAGS_1"],
  [c.DT_VERDEF, "VERDEF"],
  [c.DT_VERDEFNUM, "VERDEFNUM"],
  [c.DT_VERNEED, "VERNEED"],
  [c.DT_VERNEEDNUM, "VERNEEDNUM"],
  [c.DT_AUXILIARY, "AUXILIARY"],
  [c.DT_USED, "USED"],
  [c.DT_FILTER, "FILTER"],
]);

const FLAGS: FlagTable = [
  [c.DF_ORIGIN, "ORIGIN"],
  [c.DF_SYMBOLIC, "SYMBOLIC"],
  [c.DF_TEXTREL, "TEXTREL"],
  [c.DF_BIND_NOW, "BIND_NOW"],
  [c.DF_STATIC_TLS, "STATIC_TLS"],
];

const FLAGS_1: FlagTable = [
  [c.DF_1_NOW, "NOW"],
  [c.DF_1_GLOBAL, "GLOBAL"],
  [c.DF_1_GROUP, "GROUP"],
  [c.DF_1_NODELETE, "NODELETE"],
  [c.DF_1_LOADFLTR, "LOADFLTR"],
  [c.DF_1_INITFIRST, "INITFIRST"],
  [c.DF_1_NOOPEN, "NOOPEN"],
  [c.DF_1_ORIGIN, "ORIGIN"],
  [c.DF_1_DIRECT, "DIRECT"],
  [c.DF_1_TRANS, "TRANS"],
  [c.DF_1_INTERPOSE, "INTERPOSE"],
  [c.DF_1_NODEFLIB, "NODEFLIB"],
  [c.DF_1_NODUMP, "NODUMP"],
  [c.DF_1_CONFALT, "CONFALT"],
  [c.DF_1_ENDFILTEE, "ENDFILTEE"],
  [c.DF_1_DISPRELDNE, "DISPRELDNE"],
  [c.DF_1_DISPRELPND, "DISPRELPND"],
  [c.DF_1_NODIRECT, "NODIRECT"],
  [c.DF_1_IGNMULDEF, "IGNMULDEF"],
  [c.DF_1_NOKSYMS, "NOKSYMS"],
  [c.DF_1_NOHDR, "NOHDR"],
  [c.DF_1_EDITED, "EDITED"],
  [c.DF_1_NORELOC, "NORELOC"],
  [c.DF_1_SYMINTPOSE, "SYMINTPOSE"],
  [c.DF_1_GLOBAUDIT, "GLOBAUDIT"],
  [c.DF_1_SINGLETON, "SINGLETON"],
  [c.DF_1_STUB, "STUB"],
  [c.DF_1_PIE, "PIE"],
  [c.DF_1_KMOD, "KMOD"],
  [c.DF_1_WEAKFILTER, "WEAKFILTER"],
  [c.DF_1_NOCOMMON, "NOCOMMON"],
];

const FLAG_TAGS: ReadonlyMap<number, FlagTable> = new Map([
  [c.DT_FLAGS, FLAGS],
  [c.DT_FLAGS_1, FLAGS_1],
  [c.DT_GNU_FLAGS_1, [[c.DF_GNU_1_UNIQUE, "UNIQUE"]]],
  [
    c.DT_FEATURE_1,
    [
      [c.DTF_1_PARINIT, "PARINIT"],
      [c.DTF_1_CONFEXP, "CONFEXP"],
    ],
  ],
  [
    c.DT_POSFLAG_1,
    [
      [c.DF_P1_LAZYLOAD, "LAZYLOAD"],
      [c.DF_P1_GROUPPERM, "GROUPPERM"],
    ],
  ],
]);

const VERSION_FLAGS: FlagTable = [
  [c.VER_FLG_BASE, "BASE"],
  [c.VER_FLG_WEAK, "WEAK"],
  [c.VER_FLG_INFO, "INFO"],
];

const NOTE_TYPES: Readonly<Record<string, NameTable>> = {
  GNU: new Map([
    [c.NT_GNU_ABI_TAG, "NT_GNU_ABI_TAG"],
    [c.NT_GNU_HWCAP, "NT_GNU_HWCAP"],
    [c.NT_GNU_BUILD_ID, "NT_GNU_BUILD_ID"],
    [c.NT_GNU_GOLD_VERSION, "NT_GNU_GOLD_VERSION"],
    [c.NT_GNU_PROPERTY_TYPE_0, "NT_GNU_PROPERTY_TYPE_0"],
    [c.NT_GNU_BUILD_ATTRIBUTE_OPEN, "NT_GNU_BUILD_ATTRIBUTE_OPEN"],
    [c.NT_GNU_BUILD_ATTRIBUTE_FUNC, "NT_GNU_BUILD_ATTRIBUTE_FUNC"],
  ]),
  FDO: new Map([
    [c.NT_FDO_PACKAGING_METADATA, "NT_FDO_PACKAGING_METADATA"],
    [c.NT_FDO_DLOPEN_METADATA, "NT_FDO_DLOPEN_METADATA"],
  ]),
  Go: new Map([[c.NT_GO_BUILD_ID, "GO BUILDID"]]),
  stapsdt: new Map([[c.NT_STAPSDT, "NT_STAPSDT"]]),
};

const NOTE_SYSTEMS: NameTable = new Map([
  [c.ELF_NOTE_OS_LINUX, "Linux"],
  [c.ELF_NOTE_OS_GNU, "Hurd"],
  [c.ELF_NOTE_OS_SOLARIS2, "Solaris"],
  [c.ELF_NOTE_OS_FREEBSD, "FreeBSD"],
]);

const FEATURE_1: FlagTable = [
  [c.GNU_PROPERTY_X86_FEATURE_1_IBT, "IBT"],
  [c.GNU_PROPERTY_X86_FEATURE_1_SHSTK, "SHSTK"],
  [c.GNU_PROPERTY_X86_FEATURE_1_LAM_U48, "LAM_U48"],
  [c.GNU_PROPERTY_X86_FEATURE_1_LAM_U57, "LAM_U57"],
];

const FEATURE_2: FlagTable = [
  [c.GNU_PROPERTY_X86_FEATURE_2_X86, "x86"],
  [c.GNU_PROPERTY_X86_FEATURE_2_X87, "x87"],
  [c.GNU_PROPERTY_X86_FEATURE_2_MMX, "MMX"],
  [c.GNU_PROPERTY_X86_FEATURE_2_XMM, "XMM"],
  [c.GNU_PROPERTY_X86_FEATURE_2_YMM, "YMM"],
  [c.GNU_PROPERTY_X86_FEATURE_2_ZMM, "ZMM"],
  [c.GNU_PROPERTY_X86_FEATURE_2_TMM, "TMM"],
  [c.GNU_PROPERTY_X86_FEATURE_2_MASK, "MASK"],
  [c.GNU_PROPERTY_X86_FEATURE_2_FXSR, "FXSR"],
  [c.GNU_PROPERTY_X86_FEATURE_2_XSAVE, "XSAVE"],
  [c.GNU_PROPERTY_X86_FEATURE_2_XSAVEOPT, "XSAVEOPT"],
  [c.GNU_PROPERTY_X86_FEATURE_2_XSAVEC, "XSAVEC"],
];

const ISA_1: FlagTable = [
  [c.GNU_PROPERTY_X86_ISA_1_BASELINE, "x86-64-baseline"],
  [c.GNU_PROPERTY_X86_ISA_1_V2, "x86-64-v2"],
  [c.GNU_PROPERTY_X86_ISA_1_V3, "x86-64-v3"],
  [c.GNU_PROPERTY_X86_ISA_1_V4, "x86-64-v4"],
];

const NEEDED_1: FlagTable = [[c.GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS, "indirect external access"]];

const AARCH64_FEATURE_1: FlagTable = [
  [c.GNU_PROPERTY_AARCH64_FEATURE_1_BTI, "BTI"],
  [c.GNU_PROPERTY_AARCH64_FEATURE_1_PAC, "PAC"],
];

/** What a property is called (readelf's words) and, for a bit mask, what its bits are. */
export interface PropertyName {
  readonly name: string;
  readonly flags: FlagTable | undefined;
}

const PROPERTIES: ReadonlyMap<number, PropertyName> = new Map([
  [c.GNU_PROPERTY_STACK_SIZE, { name: "stack size", flags: undefined }],
  [c.GNU_PROPERTY_NO_COPY_ON_PROTECTED, { name: "no copy on protected", flags: undefined }],
  [c.GNU_PROPERTY_MEMORY_SEAL, { name: "memory seal", flags: undefined }],
  [c.GNU_PROPERTY_1_NEEDED, { name: "1_needed", flags: NEEDED_1 }],
]);

const X86_PROPERTIES: ReadonlyMap<number, PropertyName> = new Map([
  [c.GNU_PROPERTY_X86_FEATURE_1_AND, { name: "x86 feature", flags: FEATURE_1 }],
  [c.GNU_PROPERTY_X86_FEATURE_2_NEEDED, { name: "x86 feature needed", flags: FEATURE_2 }],
  [c.GNU_PROPERTY_X86_FEATURE_2_USED, { name: "x86 feature used", flags: FEATURE_2 }],
  [c.GNU_PROPERTY_X86_ISA_1_NEEDED, { name: "x86 ISA needed", flags: ISA_1 }],
  [c.GNU_PROPERTY_X86_ISA_1_USED, { name: "x86 ISA used", flags: ISA_1 }],
]);

const AARCH64_PROPERTIES: ReadonlyMap<number, PropertyName> = new Map([
  [c.GNU_PROPERTY_AARCH64_FEATURE_1_AND, { name: "AArch64 feature", flags: AARCH64_FEATURE_1 }],
]);

const MACHINE_PROPERTIES: ReadonlyMap<number, ReadonlyMap<number, PropertyName>> = new Map([
  [c.EM_386, X86_PROPERTIES],
  [c.EM_X86_64, X86_PROPERTIES],
  [c.EM_AARCH64, AARCH64_PROPERTIES],
]);

/** DT_* without the prefix; a machine's own tags only for that machine. */
export function dynamicTagName(tag: number, machine: number): string {
  const own = ownDynamicTagName(tag, machine);
  return own ?? TAGS.get(tag) ?? ranged(tag, [c.DT_LOOS, c.DT_HIOS, "LOOS"], [c.DT_LOPROC, c.DT_HIPROC, "LOPROC"]);
}

/** The flags in the value of DT_FLAGS, DT_FLAGS_1 and the like; undefined for tags whose value is no set of flags. */
export function dynamicFlagNames(tag: number, value: number): string[] | undefined {
  const table = FLAG_TAGS.get(tag);
  return table === undefined ? undefined : flagNames(table, value);
}

/** VER_FLG_* without the prefix. */
export function versionFlagNames(flags: number): string[] {
  return flagNames(VERSION_FLAGS, flags);
}

/** NT_* as the owner of the note defines it; a number for owners and types that are not known. */
export function noteTypeName(owner: string, type: number): string {
  const table = Object.hasOwn(NOTE_TYPES, owner) ? NOTE_TYPES[owner] : undefined;
  return table?.get(type) ?? `0x${type.toString(16)}`;
}

/** The operating system in NT_GNU_ABI_TAG. */
export function noteSystemName(system: number): string {
  return NOTE_SYSTEMS.get(system) ?? `system ${system}`;
}

/** What is known of a GNU property's type on this machine; undefined for types that are not known. */
export function propertyName(type: number, machine: number): PropertyName | undefined {
  return MACHINE_PROPERTIES.get(machine)?.get(type) ?? PROPERTIES.get(type);
}
