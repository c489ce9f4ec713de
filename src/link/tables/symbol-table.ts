// The global symbols as columns, indexed by SymbolId (the number of the name). What each name stands for is decided in
// resolve.ts; later passes only read these columns and set flags.

import { STV_HIDDEN, STV_INTERNAL } from "../../elf/constants.ts";
import { signed64 } from "../../elf/halves.ts";
import { growFloat64, growInt32, growUint8 } from "./columns.ts";
import { SECTION_NONE, type SectionId, type SymbolId } from "./ids.ts";
import { createNames, internText, type NameTable, nameEnd } from "./names.ts";

/** Only interned: an archive offers it, or it is the signature of a group. */
export const KIND_NONE = 0;
export const KIND_UNDEFINED = 1;
export const KIND_UNDEFINED_WEAK = 2;
/** Defined in an object (or by the linker). */
export const KIND_DEFINED = 3;
export const KIND_DEFINED_WEAK = 4;
/** Tentative definition: `value` is the alignment until space is allotted in .bss. */
export const KIND_COMMON = 5;
/** Defined in a shared library. */
export const KIND_SHARED = 6;
export const KIND_SHARED_WEAK = 7;
/** Another name for `alias`: `foo@V1` for `foo`. Gone from the objects' symbol lists after resolution. */
export const KIND_INDIRECT = 8;

// What is known of a symbol, one bit each.
/** Referenced from an object. */
export const FLAG_REF_REGULAR = 0x1;
export const FLAG_REF_REGULAR_NONWEAK = 0x2;
/** Referenced from a shared library. */
export const FLAG_REF_DYNAMIC = 0x4;
export const FLAG_REF_DYNAMIC_NONWEAK = 0x8;
/** A shared library's definition lost to one of an object, which stands for it. */
export const FLAG_DEF_DYNAMIC = 0x10;
/** STB_GNU_UNIQUE. */
export const FLAG_UNIQUE = 0x20;
/** Made by the linker, not by any input. */
export const FLAG_LINKER_DEFINED = 0x40;
/** Bound inside the output whatever its visibility says: version script `local:`, --exclude-libs, … */
export const FLAG_FORCED_LOCAL = 0x80;
/** -E, --dynamic-list, --export-dynamic-symbol. */
export const FLAG_EXPORT = 0x100;
/** Its version is not the default one: defined as `foo@V`. */
export const FLAG_HIDDEN_VERSION = 0x200;
/** Its name is `foo@V`, the version included. */
export const FLAG_VERSIONED = 0x400;
/** Must exist: -u, --require-defined, the entry. */
export const FLAG_REQUIRED = 0x800;
/** References bind to another definition at run time if one comes first. Decided by preempt.ts. */
export const FLAG_PREEMPTIBLE = 0x1000;
/** In .dynsym. */
export const FLAG_DYNSYM = 0x2000;
/** A local symbol that needs an entry of its own (GOT slot, IFUNC): see local-symbols.ts. */
export const FLAG_LOCAL = 0x4000;
/** Defined by --defsym or a script assignment. */
export const FLAG_ASSIGNED = 0x8000;
/** A shared library's data copied into this program's .bss. */
export const FLAG_COPY = 0x10000;
/** Its address is its PLT entry in this program. */
export const FLAG_CANONICAL_PLT = 0x20000;
export const FLAG_NEEDS_GOT = 0x40000;
export const FLAG_NEEDS_PLT = 0x80000;
export const FLAG_NEEDS_TLS_GD = 0x100000;
export const FLAG_NEEDS_TLS_IE = 0x200000;
export const FLAG_NEEDS_TLS_DESC = 0x400000;
/** Some shared library defines it, whatever the objects say of it. */
export const FLAG_IN_LIBRARY = 0x800000;
/** The definition in the shared library is STV_PROTECTED: it cannot be copied. */
export const FLAG_SHARED_PROTECTED = 0x1000000;
/** The shared library's definition lies in .bss-like space: GNU ld lets a common symbol stand against it. Or one stands in a weak one's place. */
export const FLAG_SHARED_COMMON = 0x2000000;
/** i386 R_386_TLS_IE_32: a slot with the offset's negative. */
export const FLAG_NEEDS_TLS_IE_NEGATED = 0x20000000;
/** A weak reference that turned out to need nothing: not in the output's symbol tables. */
export const FLAG_DROPPED = 0x4000000;
/** Referred to by its address, not only through the GOT or the PLT. */
export const FLAG_DIRECT = 0x8000000;
/** Its name is `foo`, and its version came with the definition (`foo@@V`, `foo@V`), not from a version script. */
export const FLAG_SYMVER = 0x40000000;
/** --gc-sections removed its definition. */
export const FLAG_COLLECTED = 0x10000000;
/** The command line or a script named it before any file did. */
export const FLAG_NAMED_FIRST = -0x80000000;

export const COMMONS_TLS = 1;
export const COMMONS_LARGE = 2;

export interface SymbolTable {
  readonly names: NameTable;
  /** Entries in use: the names, then pseudo symbols for locals. */
  count: number;
  /** One of KIND_*. */
  kind: Uint8Array;
  flags: Int32Array;
  /** Object (or, for KIND_SHARED*, shared library) that defines it; for undefined symbols the first that refers to it. */
  owner: Int32Array;
  /** Section of the definition, or a SECTION_* marker. */
  section: Int32Array;
  /** st_value as two halves: offset in the section, absolute value, or a common symbol's alignment. */
  valueLow: Int32Array;
  valueHigh: Int32Array;
  size: Float64Array;
  /** STT_* of the definition (of the reference while undefined). */
  type: Uint8Array;
  /** Most constraining STV_* of all objects that mention it. */
  visibility: Uint8Array;
  /** Index of the definition in its object's or shared library's symbol table. */
  index: Int32Array;
  /** KIND_INDIRECT: what it stands for. With FLAG_SHARED_COMMON: its section's alignment in the library. */
  alias: Int32Array;
  /** Version of the definition: 0 none, else index into `versionNames`. */
  version: Int32Array;
  /** By which rule the definition won: RULE_* in resolve.ts. */
  rule: Uint8Array;
  /** COMMONS_*: what sorts of common symbols some object has, whether or not one of them is the definition. */
  commons: number;
  /** Address after layout as two halves (S in the psABIs' formulas). */
  addressLow: Int32Array;
  addressHigh: Int32Array;
  /** Versions met in names and in shared libraries; [0] is "". */
  readonly versionNames: string[];
  readonly versionIds: Map<string, number>;
}

export function createSymbols(): SymbolTable {
  const capacity = 0x1000;
  return {
    names: createNames(),
    count: 0,
    kind: new Uint8Array(capacity),
    flags: new Int32Array(capacity),
    owner: new Int32Array(capacity).fill(-1),
    section: new Int32Array(capacity).fill(SECTION_NONE),
    valueLow: new Int32Array(capacity),
    valueHigh: new Int32Array(capacity),
    size: new Float64Array(capacity),
    type: new Uint8Array(capacity),
    visibility: new Uint8Array(capacity),
    index: new Int32Array(capacity),
    alias: new Int32Array(capacity),
    version: new Int32Array(capacity),
    rule: new Uint8Array(capacity),
    commons: 0,
    addressLow: new Int32Array(0),
    addressHigh: new Int32Array(0),
    versionNames: [""],
    versionIds: new Map([["", 0]]),
  };
}

/** Makes the columns cover every name interned so far. Called after interning, before the id is used as an index. */
export function coverNames(symbols: SymbolTable): void {
  const needed = symbols.names.count;
  if (needed > symbols.count) symbols.count = needed;
  if (needed <= symbols.kind.length) return;
  growSymbols(symbols, needed);
}

export function growSymbols(symbols: SymbolTable, needed: number): void {
  const before = symbols.owner.length;
  symbols.kind = growUint8(symbols.kind, needed);
  symbols.flags = growInt32(symbols.flags, needed);
  symbols.owner = growInt32(symbols.owner, needed).fill(-1, before);
  symbols.section = growInt32(symbols.section, needed).fill(SECTION_NONE, before);
  symbols.valueLow = growInt32(symbols.valueLow, needed);
  symbols.valueHigh = growInt32(symbols.valueHigh, needed);
  symbols.size = growFloat64(symbols.size, needed);
  symbols.type = growUint8(symbols.type, needed);
  symbols.visibility = growUint8(symbols.visibility, needed);
  symbols.index = growInt32(symbols.index, needed);
  symbols.alias = growInt32(symbols.alias, needed);
  symbols.version = growInt32(symbols.version, needed);
  symbols.rule = growUint8(symbols.rule, needed);
}

/** The symbol of that name, made known if it is new. */
export function symbolNamed(symbols: SymbolTable, name: string): SymbolId {
  const id = internText(symbols.names, name);
  coverNames(symbols);
  return id;
}

/** The linker's own definition of a name has no version but the script's. */
export function forgetVersion(symbols: SymbolTable, id: SymbolId): void {
  symbols.flags[id] &= ~(FLAG_SYMVER | FLAG_HIDDEN_VERSION);
  symbols.version[id] = 0;
}

/** What a name stands for: itself, or what it is another name for. */
export function aliasOf(symbols: SymbolTable, id: SymbolId): SymbolId {
  let found = id;
  while (symbols.kind[found] === KIND_INDIRECT) found = symbols.alias[found];
  return found;
}

/** Number of a version name, for `version`. */
export function versionId(symbols: SymbolTable, name: string): number {
  const known = symbols.versionIds.get(name);
  if (known !== undefined) return known;
  const id = symbols.versionNames.length;
  symbols.versionNames.push(name);
  symbols.versionIds.set(name, id);
  return id;
}

/** Of this output alone: no other module sees it. */
export function isInsideVisibility(visibility: number): boolean {
  return visibility === STV_HIDDEN || visibility === STV_INTERNAL;
}

export function isInside({ visibility }: SymbolTable, id: SymbolId): boolean {
  return isInsideVisibility(visibility[id]);
}

/** A definition in the output: by an object, the linker, or as a common. */
export function isDefinedHere(symbols: SymbolTable, id: SymbolId): boolean {
  const kind = symbols.kind[id];
  return kind === KIND_DEFINED || kind === KIND_DEFINED_WEAK || kind === KIND_COMMON;
}

export function isShared(symbols: SymbolTable, id: SymbolId): boolean {
  const kind = symbols.kind[id];
  return kind === KIND_SHARED || kind === KIND_SHARED_WEAK;
}

export function isUndefined(symbols: SymbolTable, id: SymbolId): boolean {
  const kind = symbols.kind[id];
  return kind === KIND_UNDEFINED || kind === KIND_UNDEFINED_WEAK || kind === KIND_NONE;
}

/** Objects refer to it, and they or libraries cannot do without. */
export function isUndefinedStrong(symbols: SymbolTable, id: SymbolId): boolean {
  return symbols.kind[id] === KIND_UNDEFINED && (symbols.flags[id] & FLAG_REF_REGULAR) !== 0;
}

/** A 64-bit value in two halves as a number: exact for addresses, signed for negative constants. */
export function joinValue(low: number, high: number): number {
  return high === 0 ? low >>> 0 : signed64(low, high);
}

/** st_value as a number. */
export function symbolValue(symbols: SymbolTable, id: SymbolId): number {
  return joinValue(symbols.valueLow[id], symbols.valueHigh[id]);
}

export function setSymbolValue(symbols: SymbolTable, id: SymbolId, value: number): void {
  symbols.valueLow[id] = value | 0;
  symbols.valueHigh[id] = Math.floor(value / 0x100000000) | 0;
}

/** S after layout, as a number. */
export function symbolAddress(symbols: SymbolTable, id: SymbolId): number {
  return joinValue(symbols.addressLow[id], symbols.addressHigh[id]);
}

/** Where the definition of a symbol lies, as the passes that define symbols themselves set it. */
export function defineSymbol(
  symbols: SymbolTable,
  id: SymbolId,
  section: SectionId,
  value: number,
  type: number,
): void {
  symbols.kind[id] = KIND_DEFINED;
  symbols.flags[id] |= FLAG_LINKER_DEFINED;
  forgetVersion(symbols, id);
  symbols.owner[id] = -1;
  symbols.section[id] = section;
  symbols.type[id] = type;
  symbols.size[id] = 0;
  setSymbolValue(symbols, id, value);
}

/** End of the name without its version: `foo` of `foo@V`. */
export function plainEnd(symbols: SymbolTable, id: SymbolId): number {
  const { names } = symbols;
  const end = nameEnd(names, id);
  if ((symbols.flags[id] & (FLAG_VERSIONED | FLAG_HIDDEN_VERSION)) === 0 && !isShared(symbols, id)) return end;
  for (let i = names.start[id]; i < end; i++) if (names.pool[i] === 0x40) return i;
  return end;
}
