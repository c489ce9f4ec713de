// The terms in which GNU ld decides where sections go: what BFD makes of a section's type and flags (bfd/elf.c,
// _bfd_elf_make_section_from_shdr), and the ELF flags that come of the sum (elf_fake_sections).

import {
  SHF_ALLOC,
  SHF_EXCLUDE,
  SHF_EXECINSTR,
  SHF_MERGE,
  SHF_STRINGS,
  SHF_TLS,
  SHF_WRITE,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_FINI_ARRAY,
  SHT_GNU_HASH,
  SHT_GNU_LIBLIST,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_HASH,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_RELR,
  SHT_STRTAB,
  SHT_SYMTAB,
} from "../../elf/constants.ts";

export const SEC_ALLOC = 1;
/** Loaded from the file. */
export const SEC_LOAD = 2;
export const SEC_READONLY = 4;
export const SEC_CODE = 8;
export const SEC_DATA = 0x10;
export const SEC_HAS_CONTENTS = 0x20;
export const SEC_THREAD_LOCAL = 0x40;
export const SEC_DEBUGGING = 0x80;
export const SEC_EXCLUDE = 0x100;
export const SEC_MERGE = 0x200;
export const SEC_STRINGS = 0x400;
/** NOLOAD */
export const SEC_NEVER_LOAD = 0x800;
/** Stays even if it is empty. */
export const SEC_KEEP = 0x1000;
/** Made by the linker: its size is known late. */
export const SEC_LINKER_CREATED = 0x2000;

const DEBUGGING = /^\.(debug|zdebug|gnu\.debuglto_\.debug_|gnu\.linkonce\.wi\.|line|stab|gdb_index$)/;

export function bfdFlags(name: string, type: number, flags: number): number {
  const sec = bfdFlagsOf(type, flags);
  return (sec & SEC_ALLOC) === 0 && DEBUGGING.test(name) ? sec | SEC_DEBUGGING : sec;
}

/** All but SEC_DEBUGGING, which is the name's. */
export function bfdFlagsOf(type: number, flags: number): number {
  let sec = type === SHT_NOBITS ? 0 : SEC_HAS_CONTENTS;
  if ((flags & SHF_ALLOC) !== 0) sec |= type === SHT_NOBITS ? SEC_ALLOC : SEC_ALLOC | SEC_LOAD;
  if ((flags & SHF_WRITE) === 0) sec |= SEC_READONLY;
  if ((flags & SHF_EXECINSTR) !== 0) sec |= SEC_CODE;
  else if ((sec & SEC_LOAD) !== 0) sec |= SEC_DATA;
  if ((flags & SHF_MERGE) !== 0) sec |= SEC_MERGE;
  if ((flags & SHF_STRINGS) !== 0) sec |= SEC_STRINGS;
  if ((flags & SHF_TLS) !== 0) sec |= SEC_THREAD_LOCAL;
  if ((flags & SHF_EXCLUDE) !== 0) sec |= SEC_EXCLUDE;
  return sec;
}

/** SHF_*, but for those of systems and machines. */
export function elfFlags(sec: number): number {
  return (
    ((sec & SEC_ALLOC) !== 0 ? SHF_ALLOC : 0) |
    ((sec & SEC_READONLY) === 0 ? SHF_WRITE : 0) |
    ((sec & SEC_CODE) !== 0 ? SHF_EXECINSTR : 0) |
    ((sec & SEC_MERGE) !== 0 ? SHF_MERGE : 0) |
    ((sec & SEC_STRINGS) !== 0 ? SHF_STRINGS : 0) |
    ((sec & SEC_THREAD_LOCAL) !== 0 ? SHF_TLS : 0)
  );
}

/** Is it no part of the image's contents, like .bss? */
export function hasNoContents(sec: number): boolean {
  return (sec & SEC_ALLOC) !== 0 && (sec & (SEC_LOAD | SEC_HAS_CONTENTS)) === 0;
}

/** ldwrite.c, build_link_order: into other sections no inputs are copied and no fills written, whatever type the output section has. */
export function takesContents(sec: number): boolean {
  const tls = SEC_LOAD | SEC_THREAD_LOCAL;
  return (sec & SEC_HAS_CONTENTS) !== 0 || (sec & tls) === tls;
}

export function isTbssFlags(sec: number): boolean {
  return (sec & (SEC_LOAD | SEC_THREAD_LOCAL)) === SEC_THREAD_LOCAL;
}

const DATA = SHF_ALLOC | SHF_WRITE;
const CODE = SHF_ALLOC | SHF_EXECINSTR;

/** Names that stand for a type and for flags (bfd/elf.c, special_sections); `.` behind: also with more names; `*`: whatever follows. */
const SPECIAL: readonly (readonly [name: string, type: number, flags: number, more?: "." | "*"])[] = [
  [".bss", SHT_NOBITS, DATA, "."],
  [".comment", SHT_PROGBITS, 0],
  [".data", SHT_PROGBITS, DATA, "."],
  [".data1", SHT_PROGBITS, DATA],
  [".debug", SHT_PROGBITS, 0],
  [".dynamic", SHT_DYNAMIC, SHF_ALLOC],
  [".dynstr", SHT_STRTAB, SHF_ALLOC],
  [".dynsym", SHT_DYNSYM, SHF_ALLOC],
  [".fini", SHT_PROGBITS, CODE],
  [".fini_array", SHT_FINI_ARRAY, DATA, "."],
  [".got", SHT_PROGBITS, DATA],
  [".gnu.linkonce.b", SHT_NOBITS, DATA, "."],
  [".gnu.linkonce.n", SHT_NOBITS, DATA, "."],
  [".gnu.linkonce.p", SHT_PROGBITS, DATA, "."],
  [".gnu.lto_", SHT_PROGBITS, SHF_EXCLUDE, "*"],
  [".gnu.liblist", SHT_GNU_LIBLIST, SHF_ALLOC],
  [".gnu.conflict", SHT_RELA, SHF_ALLOC],
  [".gnu.hash", SHT_GNU_HASH, SHF_ALLOC],
  [".gnu.version", SHT_GNU_versym, 0],
  [".gnu.version_d", SHT_GNU_verdef, 0],
  [".gnu.version_r", SHT_GNU_verneed, 0],
  [".hash", SHT_HASH, SHF_ALLOC],
  [".init", SHT_PROGBITS, CODE],
  [".init_array", SHT_INIT_ARRAY, DATA, "."],
  [".interp", SHT_PROGBITS, 0],
  [".noinit", SHT_NOBITS, DATA, "."],
  [".note.GNU-stack", SHT_PROGBITS, 0],
  [".note", SHT_NOTE, 0, "*"],
  [".persistent.bss", SHT_NOBITS, DATA],
  [".persistent", SHT_PROGBITS, DATA, "."],
  [".plt", SHT_PROGBITS, CODE],
  [".preinit_array", SHT_PREINIT_ARRAY, DATA, "."],
  [".relr.dyn", SHT_RELR, SHF_ALLOC],
  [".rela", SHT_RELA, 0, "*"],
  [".rel", SHT_REL, 0, "*"],
  [".rodata", SHT_PROGBITS, SHF_ALLOC, "."],
  [".rodata1", SHT_PROGBITS, SHF_ALLOC],
  [".shstrtab", SHT_STRTAB, 0],
  [".strtab", SHT_STRTAB, 0],
  [".symtab", SHT_SYMTAB, 0],
  [".tbss", SHT_NOBITS, DATA | SHF_TLS, "."],
  [".tdata", SHT_PROGBITS, DATA | SHF_TLS, "."],
  [".text", SHT_PROGBITS, CODE, "."],
];

const STAB_STRINGS = [".stabstr", SHT_STRTAB, 0] as const;

function special(name: string): (typeof SPECIAL)[number] | undefined {
  if (name.startsWith(".stab") && name.endsWith("str")) return STAB_STRINGS;
  return SPECIAL.find((row) => {
    if (!name.startsWith(row[0])) return false;
    return name.length === row[0].length || row[3] === "*" || (row[3] === "." && name[row[0].length] === ".");
  });
}

/** SHT_* of a section that is made by that name; 0: the name says nothing. */
export function typeOfName(name: string): number {
  return special(name)?.[1] ?? SHT_NULL;
}

/** SHF_* of a section of that name into which no input comes. */
export function flagsOfName(name: string): number {
  return special(name)?.[2] ?? 0;
}
