// What of an object's sections are contents of the output, and what is told by names alone.

import {
  SHT_GROUP,
  SHT_LLVM_ADDRSIG,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import { bytesOf } from "../../elf/text.ts";
import type { SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";

/** What ends up in the output as contents: not symbol tables and relocations, which are made anew. */
export function isContents(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  switch (sections.type[section]) {
    case SHT_NULL:
    case SHT_SYMTAB:
    case SHT_SYMTAB_SHNDX:
    case SHT_GROUP:
    case SHT_REL:
    case SHT_RELA:
    // Symbol numbers of the input: of no use with another symbol table.
    case SHT_LLVM_ADDRSIG:
      return false;
    case SHT_STRTAB:
      // The symbol and section name tables; other string tables (.stabstr) are contents.
      return !isOwnTable(object, sections, section);
    default:
      return true;
  }
}

function isOwnTable(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const offset = sections.offset[section];
  return offset === object.strings || offset + sections.size[section] === object.namesEnd;
}

const DEBUG_NAMES = [".debug", ".zdebug", ".stab", ".line", ".gdb_index", ".gnu.linkonce.wi.", ".gnu.debuglto_"].map(
  (it) => bytesOf(it),
);

/** Debug information, which -s and -S leave out: by name alone, as BFD's SEC_DEBUGGING. */
export function isDebug(bytes: Uint8Array, start: number): boolean {
  return DEBUG_NAMES.some((name) => name.every((byte, i) => bytes[start + i] === byte));
}

export function isWarningName(name: string): boolean {
  return name.startsWith(WARNING_PREFIX);
}

export const WARNING_PREFIX = ".gnu.warning.";
