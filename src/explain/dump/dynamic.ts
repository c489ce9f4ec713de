// The dynamic section, with each value said in words: strings, flags, what stands at an address, how many entries a size
// comes to.

import type { ElfDynamic, ElfFile, RelocationFormat } from "../../elf/index.ts";
import {
  DT_PLTREL,
  DT_RELA,
  dynamicFlagNames,
  dynamicTagName,
  dynamicValue,
  relocationBytes,
} from "../../elf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import type { Locator } from "./locate.ts";
import { counted, grouped, hex, type Style } from "./table.ts";

export interface DynamicEntryDump {
  readonly tag: number;
  /** DT_* without the prefix. */
  readonly name: string;
  readonly value: number;
  readonly kind: DynamicKind;
  /** The string that the value stands for. */
  readonly text: string | undefined;
  /** The flags that the value is made of. */
  readonly flags: readonly string[] | undefined;
  /** What stands at the address that the value is. */
  readonly place: string | undefined;
  /** In words. */
  readonly meaning: string;
}

/** What the value is, by the tag's name. */
export type DynamicKind = "address" | "bytes" | "entry bytes" | "count" | "text" | "flags" | "tag" | "mark" | "number";

const KINDS: Readonly<Record<string, readonly [DynamicKind, string]>> = {
  NEEDED: ["text", "library that is loaded with this file"],
  SONAME: ["text", "name that others know this library by"],
  RPATH: ["text", "where needed libraries are looked for, before LD_LIBRARY_PATH; deprecated"],
  RUNPATH: ["text", "where needed libraries are looked for, after LD_LIBRARY_PATH"],
  AUXILIARY: ["text", "library whose symbols come first, if it is there"],
  FILTER: ["text", "library that gives this one its symbols"],
  AUDIT: ["text", "audit library"],
  DEPAUDIT: ["text", "audit library for what needs this file"],
  CONFIG: ["text", "configuration file"],
  INIT: ["address", "function to call at start"],
  FINI: ["address", "function to call at the end"],
  INIT_ARRAY: ["address", "functions to call at start"],
  FINI_ARRAY: ["address", "functions to call at the end"],
  PREINIT_ARRAY: ["address", "functions to call before all others"],
  INIT_ARRAYSZ: ["bytes", ""],
  FINI_ARRAYSZ: ["bytes", ""],
  PREINIT_ARRAYSZ: ["bytes", ""],
  HASH: ["address", "System V hash table"],
  GNU_HASH: ["address", "GNU hash table"],
  STRTAB: ["address", "names"],
  STRSZ: ["bytes", ""],
  SYMTAB: ["address", "dynamic symbols"],
  SYMENT: ["entry bytes", "of a symbol"],
  SYMTAB_SHNDX: ["address", "section indices of symbols"],
  PLTGOT: ["address", "global offset table of the PLT"],
  PLTREL: ["tag", "format of the PLT's relocations"],
  PLTRELSZ: ["bytes", ""],
  JMPREL: ["address", "relocations of the PLT"],
  RELA: ["address", "relocations"],
  RELASZ: ["bytes", ""],
  RELAENT: ["entry bytes", "of a relocation"],
  RELACOUNT: ["count", "relative relocations, which come first"],
  REL: ["address", "relocations"],
  RELSZ: ["bytes", ""],
  RELENT: ["entry bytes", "of a relocation"],
  RELCOUNT: ["count", "relative relocations, which come first"],
  RELR: ["address", "packed relative relocations"],
  RELRSZ: ["bytes", ""],
  RELRENT: ["entry bytes", "of a packed relocation"],
  VERSYM: ["address", "versions of the symbols"],
  VERDEF: ["address", "versions defined"],
  VERDEFNUM: ["count", "versions defined"],
  VERNEED: ["address", "versions needed"],
  VERNEEDNUM: ["count", "libraries with versions needed"],
  TLSDESC_PLT: ["address", "code that resolves TLS descriptors lazily"],
  TLSDESC_GOT: ["address", "its slot"],
  X86_64_PLT: ["address", "procedure linkage table"],
  X86_64_PLTSZ: ["bytes", ""],
  X86_64_PLTENT: ["entry bytes", "of a PLT entry"],
  PPC64_GLINK: ["address", "entries of the PLT, less 32 bytes"],
  PPC64_OPT: ["number", "1: __tls_get_addr_opt is used, 4: callers count on local entries"],
  RISCV_VARIANT_CC: ["mark", "some functions have another calling convention, and are bound at start"],
  AARCH64_BTI_PLT: ["mark", "entries of the PLT begin with landing pads"],
  AARCH64_PAC_PLT: ["mark", "slots of the PLT hold signed addresses"],
  AARCH64_VARIANT_PCS: ["mark", "some functions have another calling convention, and are bound at start"],
  MIPS_LOCAL_GOTNO: ["number", "words of the GOT that get the load base"],
  MIPS_SYMTABNO: ["number", "symbols"],
  MIPS_GOTSYM: ["number", "the first symbol that has a word of the GOT"],
  MIPS_PLTGOT: ["address", "slots of the PLT"],
  DEBUG: ["mark", "the dynamic linker leaves its link map here for debuggers"],
  SYMBOLIC: ["mark", "references bind to this library's own symbols first"],
  TEXTREL: ["mark", "relocations change read-only segments"],
  BIND_NOW: ["mark", "all symbols are bound at start"],
  FLAGS: ["flags", ""],
  FLAGS_1: ["flags", ""],
  GNU_FLAGS_1: ["flags", ""],
  FEATURE: ["flags", ""],
  POSFLAG_1: ["flags", ""],
};

const FLAG_WORDS: Readonly<Record<string, string>> = {
  ORIGIN: "paths may use $ORIGIN",
  SYMBOLIC: "binds to its own symbols first",
  TEXTREL: "relocations change read-only segments",
  BIND_NOW: "all symbols are bound at start",
  STATIC_TLS: "uses static TLS: hardly loadable with dlopen",
  NOW: "all symbols are bound at start",
  GLOBAL: "symbols become global",
  NODELETE: "stays loaded after dlclose",
  LOADFLTR: "filtees are loaded at once",
  INITFIRST: "initialised before all others",
  NOOPEN: "not loadable with dlopen",
  INTERPOSE: "symbols come before those of other libraries",
  NODEFLIB: "default directories are not searched",
  NODUMP: "not for dldump",
  GLOBAUDIT: "audited globally",
  SINGLETON: "has singleton symbols",
  PIE: "position-independent executable",
};

export function dynamicDumps(file: ElfFile, dynamic: ElfDynamic, places: Locator): DynamicEntryDump[] {
  const { machine } = file.header;
  const pltFormat = dynamicValue(dynamic, DT_PLTREL) === DT_RELA ? "rela" : "rel";
  return dynamic.entries.map(({ tag, value, text }) => {
    const name = dynamicTagName(tag, machine);
    const [kind, meaning] = Object.hasOwn(KINDS, name) ? KINDS[name] : (["number", ""] as const);
    const flags = dynamicFlagNames(tag, value);
    return {
      tag,
      name,
      value,
      kind,
      text: kind === "tag" ? dynamicTagName(value, machine) : text,
      flags,
      place: kind === "address" ? placeOf(file, value, places) : undefined,
      meaning:
        kind === "bytes" ? entryCount(file, name, value, pltFormat) : (flags?.map(flagWords).join("; ") ?? meaning),
    };
  });
}

/** How many entries a table of so many bytes has. */
function entryCount(file: ElfFile, name: string, bytes: number, pltFormat: RelocationFormat): string {
  const relocation = (size: number): string => counted(Math.floor(bytes / size), "relocation");
  switch (name) {
    case "RELASZ":
      return relocation(relocationBytes(file, "rela"));
    case "RELSZ":
      return relocation(relocationBytes(file, "rel"));
    case "PLTRELSZ":
      return relocation(relocationBytes(file, pltFormat));
    case "INIT_ARRAYSZ":
    case "FINI_ARRAYSZ":
    case "PREINIT_ARRAYSZ":
      return counted(Math.floor(bytes / (file.elfClass / 8)), "function");
    default:
      return "";
  }
}

function flagWords(flag: string): string {
  return Object.hasOwn(FLAG_WORDS, flag) ? FLAG_WORDS[flag] : flag;
}

/** The section that starts at an address says more than the symbol that it begins with. */
function placeOf(file: ElfFile, address: number, places: Locator): string | undefined {
  const section = file.sections.find((one) => one.address === address && one.size > 0 && address !== 0);
  return section?.name ?? places.address(address);
}

export function dynamicChapter(entries: readonly DynamicEntryDump[]): Chapter<DynamicEntryDump> {
  return {
    title: `Dynamic section: ${counted(entries.length, "entry", "entries")}`,
    columns: [
      { title: "tag", paint: "name", cell: ({ name }) => name },
      { title: "value", cell: shownValue, by: ({ text, value }) => text ?? value },
      { title: "place", cell: ({ place }) => place ?? "" },
      { title: "meaning", paint: "dim", cell: ({ meaning }) => meaning },
    ],
    rows: entries,
    more: "--dynamic",
  };
}

export function dynamicLines(entries: readonly DynamicEntryDump[], style: Style): string[] {
  return chapterLines(dynamicChapter(entries), style);
}

function shownValue({ kind, text, flags, value }: DynamicEntryDump): string {
  if (text !== undefined) return text;
  if (flags !== undefined) return flags.length === 0 ? "none" : flags.join(" ");
  switch (kind) {
    case "bytes":
    case "entry bytes":
      return `${grouped(value)} bytes`;
    case "count":
      return grouped(value);
    case "mark":
      return value === 0 ? "" : hex(value);
    case "text":
      return `${hex(value)} (cannot be read)`;
    default:
      return hex(value);
  }
}
