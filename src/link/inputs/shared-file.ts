// Reads a shared library as the linker needs it: soname, what it needs, its dynamic symbols with their versions. Symbols
// stay in the file; only those that matter get into the symbol table (enterShared).

import {
  DF_1_PIE,
  DT_AUDIT,
  DT_FLAGS_1,
  DT_NEEDED,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  PT_GNU_RELRO,
  SHF_ALLOC,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_NOBITS,
  STB_GNU_UNIQUE,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_GNU_IFUNC,
  STV_DEFAULT,
  STV_HIDDEN,
  STV_INTERNAL,
  VER_FLG_BASE,
  VER_FLG_WEAK,
  VER_NDX_GLOBAL,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { SECTION_NONE, type SharedId, type SymbolId } from "../tables/ids.ts";
import {
  findHashed,
  findName,
  findVersioned,
  internHashed,
  internName,
  internVersioned,
  type NameTable,
  nameEnd,
} from "../tables/names.ts";
import { type ObjectFile, readWord } from "../tables/object-file.ts";
import { asShared, type Candidate, mergeShared, type ResolutionRecord, referFromShared } from "../tables/resolve.ts";
import {
  aliasOf,
  coverNames,
  FLAG_DEF_DYNAMIC,
  FLAG_IN_LIBRARY,
  FLAG_REF_DYNAMIC,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_SYMVER,
  FLAG_VERSIONED,
  isDefinedHere,
  isUndefined,
  KIND_COMMON,
  KIND_INDIRECT,
  KIND_SHARED,
  KIND_SHARED_WEAK,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
  versionId,
} from "../tables/symbol-table.ts";
import { isMet, type SharedReference } from "./shared-reference.ts";
import {
  joinNames,
  plainName,
  scriptParts,
  separateJoined,
  type VersionedNames,
  versionedName,
} from "./versioned-names.ts";

export interface SharedFile {
  readonly id: SharedId;
  /** As in messages. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly is64: boolean;
  /** What goes into DT_NEEDED: DT_SONAME, else the name by which it was given. */
  readonly soname: string;
  readonly needed: readonly string[];
  readonly rpath: string;
  readonly runpath: string;
  /** DT_AUDIT: libraries that audit its loading. */
  readonly audit: string;
  /** Dynamic symbol table: file offset, entries, first global, string table range. */
  readonly dynsym: number;
  readonly symbolCount: number;
  readonly firstGlobal: number;
  readonly strings: number;
  readonly stringsEnd: number;
  /** Offset of .gnu.version, or 0. */
  readonly versym: number;
  /** Version index → name. [0] and [1] (local, global) and the base version are "". */
  readonly versions: readonly string[];
  /** Versions that the library defines with VER_FLG_WEAK: who needs them says so too (bfd/elflink.c, "vna_flags"). */
  readonly weakVersions: ReadonlySet<string>;
  /** By index of section header: 1 where the section occupies memory without file contents. */
  readonly bssSections: Uint8Array;
  /** By index of section header: 1 where the section is mapped read-only (copies of its data can be RELRO). */
  readonly readOnlySections: Uint8Array;
  /** By index of section header: sh_addralign. Copies of its variables keep it. */
  readonly sectionAlignment: Float64Array;
  /** By index of section header: sh_addr. */
  readonly sectionAddress: Float64Array;
  /** Given by --as-needed: gets a DT_NEEDED only if used. */
  readonly asNeeded: boolean;
  /** Not on the command line but needed by a library that is: no DT_NEEDED, and objects may not rely on it. */
  readonly implicit: boolean;
  /** --copy-dt-needed-entries: what it needs is as good as named on the command line. */
  readonly copyDtNeeded: boolean;
  /** Position among all inputs. */
  readonly input: number;
  /** Of its symbols, where somebody keeps what was read of it (parsed.ts). */
  readonly hashed?: HashedNames;
  /** Symbol → id in the symbol table, filled by enterShared; -1 for those not entered. */
  symbols: Int32Array;
  /** --as-needed: a symbol that it is needed for, or -1. */
  neededFor: SymbolId;
}

/** By symbol: the hash of its name, and where the name ends. */
export interface HashedNames {
  readonly hashes: Int32Array;
  readonly ends: Uint32Array;
}

export interface SharedOrigin {
  readonly name: string;
  readonly path: string;
  /** Used when the library has no DT_SONAME. */
  readonly fallbackSoname: string;
  readonly asNeeded: boolean;
  readonly implicit: boolean;
  readonly copyDtNeeded: boolean;
  readonly input: number;
}

const decoder = new TextDecoder();

function textAt(bytes: Uint8Array, start: number, limit: number): string {
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(start, end));
}

interface Header {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly address: number;
}

/** @returns undefined after reporting what is wrong */
export function readShared(
  bytes: Uint8Array,
  is64: boolean,
  id: SharedId,
  origin: SharedOrigin,
  report: Report,
): SharedFile | undefined {
  const fail = (code: string, details = {}): undefined => {
    report(error(code, { file: origin.name }, details));
    return undefined;
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < (is64 ? 64 : 52)) return fail("truncated-header", { size: bytes.length });
  const headers = readHeaders(view, is64);
  if (headers === undefined) return fail("section-headers-outside");
  const inside = (it: Header): boolean => it.type === SHT_NOBITS || it.offset + it.size <= bytes.length;
  const dynamic = headers.find((it) => it.type === SHT_DYNAMIC);
  const dynsym = headers.find((it) => it.type === SHT_DYNSYM);
  if (dynamic === undefined || dynamic.type === SHT_NOBITS) return fail("shared-without-dynamic");
  const strings = headers[dynamic.link];
  if (strings === undefined || !inside(dynamic) || !inside(strings)) return fail("section-outside-file", { index: 0 });
  const stringsEnd = strings.offset + strings.size;
  const text = (offset: number): string => textAt(bytes, strings.offset + offset, stringsEnd);

  let soname = "";
  let rpath = "";
  let runpath = "";
  let audit = "";
  let isPie = false;
  const needed: string[] = [];
  const entry = is64 ? 16 : 8;
  for (let at = dynamic.offset; at + entry <= dynamic.offset + dynamic.size; at += entry) {
    const tag = view.getUint32(at, true);
    const value = readWord(view, at + entry / 2, is64);
    if (tag === 0) break;
    if (tag === DT_NEEDED) needed.push(text(value));
    else if (tag === DT_SONAME) soname = text(value);
    else if (tag === DT_RPATH) rpath = text(value);
    else if (tag === DT_RUNPATH) runpath = text(value);
    else if (tag === DT_AUDIT) audit = text(value);
    else if (tag === DT_FLAGS_1) isPie = (value & DF_1_PIE) !== 0;
  }
  if (isPie) return fail("link-against-pie");

  const symbolSize = is64 ? 24 : 16;
  let symbolCount = 0;
  let symbolStrings = strings;
  if (dynsym !== undefined) {
    const linked = headers[dynsym.link];
    if (!inside(dynsym) || linked === undefined || !inside(linked)) return fail("section-outside-file", { index: 0 });
    symbolCount = Math.floor(dynsym.size / symbolSize);
    symbolStrings = linked;
  }
  const versym = headers.find((it) => it.type === SHT_GNU_versym);
  const hasVersions = versym !== undefined && inside(versym) && versym.size >= symbolCount * 2;
  const weakVersions = new Set<string>();
  const versions = hasVersions ? readVersions(view, bytes, headers, inside, weakVersions) : [];
  return {
    id,
    name: origin.name,
    path: origin.path,
    bytes,
    view,
    is64,
    soname: soname === "" ? origin.fallbackSoname : soname,
    needed,
    rpath,
    runpath,
    audit,
    dynsym: dynsym?.offset ?? 0,
    symbolCount,
    firstGlobal: Math.min(dynsym?.info ?? 0, symbolCount),
    strings: symbolStrings.offset,
    stringsEnd: symbolStrings.offset + symbolStrings.size,
    versym: hasVersions ? versym.offset : 0,
    versions,
    weakVersions,
    bssSections: Uint8Array.from(headers, (it) => (it.type === SHT_NOBITS ? 1 : 0)),
    readOnlySections: findReadOnly(view, is64, headers),
    sectionAlignment: Float64Array.from(headers, (it) => it.alignment),
    sectionAddress: Float64Array.from(headers, (it) => it.address),
    asNeeded: origin.asNeeded,
    implicit: origin.implicit,
    input: origin.input,
    copyDtNeeded: origin.copyDtNeeded,
    symbols: new Int32Array(0),
    neededFor: -1,
  };
}

function readHeaders(view: DataView, is64: boolean): Header[] | undefined {
  const table = readWord(view, is64 ? 40 : 32, is64);
  const entry = is64 ? 64 : 40;
  const word = is64 ? 8 : 4;
  let count = view.getUint16(is64 ? 60 : 48, true);
  if (table === 0 || table + entry > view.byteLength) return undefined;
  if (count === 0) count = readWord(view, table + 8 + 3 * word, is64);
  if (table + count * entry > view.byteLength) return undefined;
  const headers: Header[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * entry;
    headers.push({
      type: view.getUint32(at + 4, true),
      flags: view.getUint32(at + 8, true),
      address: readWord(view, at + 8 + word, is64),
      offset: readWord(view, at + 8 + 2 * word, is64),
      size: readWord(view, at + 8 + 3 * word, is64),
      link: view.getUint32(at + 8 + 4 * word, true),
      info: view.getUint32(at + 12 + 4 * word, true),
      alignment: readWord(view, at + 16 + 4 * word, is64),
    });
  }
  return headers;
}

/** Sections that the program cannot write to: not writable, or read-only after relocation (bfd/elflink.c, PT_GNU_RELRO). */
function findReadOnly(view: DataView, is64: boolean, headers: readonly Header[]): Uint8Array {
  const table = readWord(view, is64 ? 32 : 28, is64);
  const entry = is64 ? 56 : 32;
  const count = view.getUint16(is64 ? 56 : 44, true);
  let start = 0;
  let end = 0;
  for (let i = 0; i < count && table + (i + 1) * entry <= view.byteLength; i++) {
    const at = table + i * entry;
    if (view.getUint32(at, true) !== PT_GNU_RELRO) continue;
    start = readWord(view, at + (is64 ? 16 : 8), is64);
    end = start + readWord(view, at + (is64 ? 40 : 20), is64);
  }
  return Uint8Array.from(headers, (it) => {
    if ((it.flags & SHF_ALLOC) === 0) return 0;
    return (it.flags & SHF_WRITE) === 0 || (it.address >= start && it.address < end) ? 1 : 0;
  });
}

/** Names of the versions that the library defines and needs, by index (gABI has none of it: the LSB's "Symbol Versioning"). */
function readVersions(
  view: DataView,
  bytes: Uint8Array,
  headers: Header[],
  inside: (it: Header) => boolean,
  weak: Set<string>,
): string[] {
  const versions: string[] = ["", ""];
  const set = (index: number, name: string): void => {
    while (versions.length <= index) versions.push("");
    versions[index] = name;
  };
  for (const it of headers) {
    const strings = headers[it.link];
    if ((it.type !== SHT_GNU_verdef && it.type !== SHT_GNU_verneed) || !inside(it) || strings === undefined) continue;
    if (!inside(strings)) continue;
    const text = (offset: number): string => textAt(bytes, strings.offset + offset, strings.offset + strings.size);
    const end = it.offset + it.size;
    let at = it.offset;
    // Each step goes forward, so a damaged chain ends.
    for (let i = 0; i < it.info && at + 16 <= end; i++) {
      if (it.type === SHT_GNU_verdef) {
        if (at + 20 > end) break;
        const aux = at + view.getUint32(at + 12, true);
        const flags = view.getUint16(at + 2, true);
        if (aux + 8 <= end && (flags & VER_FLG_BASE) === 0) {
          const name = text(view.getUint32(aux, true));
          set(view.getUint16(at + 4, true) & VERSYM_VERSION, name);
          if ((flags & VER_FLG_WEAK) !== 0) weak.add(name);
        }
      } else {
        let aux = at + view.getUint32(at + 8, true);
        for (let k = view.getUint16(at + 2, true); k > 0 && aux + 16 <= end; k--) {
          set(view.getUint16(aux + 6, true) & VERSYM_VERSION, text(view.getUint32(aux + 8, true)));
          const next = view.getUint32(aux + 12, true);
          if (next === 0) break;
          aux += next;
        }
      }
      const next = view.getUint32(it.type === SHT_GNU_verdef ? at + 16 : at + 12, true);
      if (next === 0) break;
      at += next;
    }
  }
  return versions;
}

/** Name of the version of a dynamic symbol, "" for none. */
export function sharedVersion(shared: SharedFile, index: number): string {
  if (shared.versym === 0) return "";
  return shared.versions[shared.view.getUint16(shared.versym + index * 2, true) & VERSYM_VERSION] ?? "";
}

/** `foo@V` rather than `foo@@V`: plain references do not meet it. */
export function isHiddenVersion(shared: SharedFile, index: number): boolean {
  return shared.versym !== 0 && (shared.view.getUint16(shared.versym + index * 2, true) & VERSYM_HIDDEN) !== 0;
}

/** Version index 0: the symbol is local to the library in spite of its binding. */
function isVersionLocal(shared: SharedFile, index: number): boolean {
  return shared.versym !== 0 && (shared.view.getUint16(shared.versym + index * 2, true) & VERSYM_VERSION) === 0;
}

/**
 * Does some library bring that one along anyway? Those that --as-needed found no use for count as far as they are brought
 * along themselves (bfd/elflink.c, on_needed_list).
 * @param files libraries in the order in which they were read, with or without use
 */
export function isBrought(soname: string, files: readonly SharedFile[], isUsed: (it: SharedFile) => boolean): boolean {
  for (const [i, file] of files.entries()) {
    if (!file.needed.includes(soname)) continue;
    if (isUsed(file) || isBrought(file.soname, files.slice(0, i), isUsed)) return true;
  }
  return false;
}

/**
 * --as-needed: would this library's definition be the one that a reference meets, for a reference that is not weak?
 * (bfd/elflink.c, elf_link_add_object_symbols: "add_needed".)
 * @param ofLibraries whether libraries' references count
 * @returns a symbol that it is needed for, or -1
 */
export function neededSymbol(
  shared: SharedFile,
  symbols: SymbolTable,
  ofLibraries: boolean,
  references: readonly SharedReference[],
  hasVersionedNames: boolean,
): SymbolId {
  const wanted = ofLibraries ? FLAG_REF_REGULAR_NONWEAK | FLAG_REF_DYNAMIC_NONWEAK : FLAG_REF_REGULAR_NONWEAK;
  const open = new Set(
    ofLibraries ? references.filter((it) => !it.weak && !isMet(symbols, it, true)).map((it) => it.symbol) : [],
  );
  const { bytes, view, is64, dynsym, strings, stringsEnd } = shared;
  const entry = is64 ? 24 : 16;
  for (let i = shared.firstGlobal; i < shared.symbolCount; i++) {
    const at = dynsym + i * entry;
    const detail = at + (is64 ? 4 : 12);
    const shndx = view.getUint16(detail + 2, true);
    if (shndx === SHN_UNDEF || isVersionLocal(shared, i) || isHiddenSymbol(bytes[detail + 1] & 3)) continue;
    const name = strings + view.getUint32(at, true);
    if (name >= stringsEnd) continue;
    const info = bytes[detail];
    const type = info & 15;
    const beatsCommon =
      info >> 4 !== STB_WEAK && type !== STT_FUNC && type !== STT_GNU_IFUNC && shared.bssSections[shndx] !== 1;
    const id = isHiddenVersion(shared, i) ? -1 : findSymbol(shared, symbols.names, i, name);
    if (
      id >= 0 &&
      ((open.has(id) && symbols.visibility[id] === STV_DEFAULT) || wantsDefinition(symbols, id, wanted, beatsCommon))
    )
      return id;
    const version = sharedVersion(shared, i);
    if (!hasVersionedNames || (version === "" && !isHiddenVersion(shared, i))) continue;
    const alias = findVersioned(symbols.names, view, name, stringsEnd, version);
    if (alias >= 0 && wantsDefinition(symbols, alias, wanted, beatsCommon)) return alias;
  }
  return -1;
}

function wantsDefinition(symbols: SymbolTable, id: SymbolId, wanted: number, beatsCommon: boolean): boolean {
  // What is hidden, no library defines (bfd/elflink.c, _bfd_elf_merge_symbol).
  if (id >= symbols.count || symbols.visibility[id] !== STV_DEFAULT) return false;
  const kind = symbols.kind[id];
  const isOpen = kind === KIND_UNDEFINED || kind === KIND_UNDEFINED_WEAK || (kind === KIND_COMMON && beatsCommon);
  if (!isOpen) return false;
  return (symbols.flags[id] & wanted) !== 0;
}

/**
 * Enters a library's definitions and references into the symbol table.
 * @param wrap --wrap: what plain references mean instead, a library's too (bfd/linker.c, bfd_wrapped_link_hash_lookup)
 */
export function enterShared(
  shared: SharedFile,
  symbols: SymbolTable,
  references: SharedReference[],
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
  wrap: ReadonlyMap<SymbolId, SymbolId>,
  report: Report,
): void {
  const { bytes, view, is64, dynsym, strings, stringsEnd, symbolCount, versym } = shared;
  const { names } = symbols;
  const entry = is64 ? 24 : 16;
  const versions = Int32Array.from(shared.versions, (name) => versionId(symbols, name));
  shared.symbols = new Int32Array(symbolCount).fill(-1);
  for (let i = shared.firstGlobal; i < symbolCount; i++) {
    const at = dynsym + i * entry;
    const name = strings + view.getUint32(at, true);
    const detail = at + (is64 ? 4 : 12);
    const binding = bytes[detail] >> 4;
    const shndx = view.getUint16(detail + 2, true);
    const visibility = bytes[detail + 1] & 3;
    if (name >= stringsEnd) {
      report(error("symbol-name-outside", { file: shared.name }, { index: i }));
      return;
    }
    if (binding === STB_LOCAL) continue;
    if (isHiddenSymbol(visibility)) {
      markHidden(symbols, findName(names, view, name, stringsEnd));
      continue;
    }
    const versionIndex = versym === 0 ? VER_NDX_GLOBAL : view.getUint16(versym + i * 2, true);
    const version = versions[versionIndex & VERSYM_VERSION] ?? 0;
    if (shndx === SHN_UNDEF) {
      let id = internName(names, view, name, stringsEnd);
      coverNames(symbols);
      if (version === 0) id = wrap.get(id) ?? id;
      shared.symbols[i] = id;
      if (version === 0) referFromShared(symbols, id, shared.id, binding, bytes[detail] & 15);
      else references.push({ symbol: id, version, shared: shared.id, weak: binding === STB_WEAK });
      continue;
    }
    // Version index 0: local to the library in spite of its binding.
    if ((versionIndex & VERSYM_VERSION) === 0) continue;
    readDefinition(shared, candidate, i);
    candidate.version = version;
    const isHidden = (versionIndex & VERSYM_HIDDEN) !== 0;
    let id: SymbolId;
    if (isHidden) {
      id = internVersioned(names, view, name, stringsEnd, symbols.versionNames[version]);
      coverNames(symbols);
      symbols.flags[id] |= FLAG_VERSIONED | FLAG_IN_LIBRARY;
      id = aliasOf(symbols, id);
    } else {
      id = internSymbol(shared, names, i, name);
      coverNames(symbols);
      if (version !== 0 && (versioned.ids.length > 0 || versioned.nodes.length > 0)) {
        id = entryOfDefault(symbols, id, version, versioned);
      }
    }
    shared.symbols[i] = id;
    mergeShared(symbols, id, candidate, record);
  }
}

/** @param name where the name of symbol `index` begins */
function internSymbol(
  { view, stringsEnd, hashed }: SharedFile,
  names: NameTable,
  index: number,
  name: number,
): SymbolId {
  if (hashed === undefined) return internName(names, view, name, stringsEnd);
  return internHashed(names, view, name, hashed.ends[index], hashed.hashes[index]);
}

function findSymbol({ view, stringsEnd, hashed }: SharedFile, names: NameTable, index: number, name: number): SymbolId {
  if (hashed === undefined) return findName(names, view, name, stringsEnd);
  return findHashed(names, view, name, hashed.ends[index], hashed.hashes[index]);
}

function isHiddenSymbol(visibility: number): boolean {
  return visibility === STV_HIDDEN || visibility === STV_INTERNAL;
}

/**
 * A library has a hidden symbol in its dynamic symbols. It is nobody's definition, but the name counts as one that libraries
 * know (bfd/elflink.c, _bfd_elf_merge_symbol). GNU ld's libraries have __start_X so.
 */
function markHidden(symbols: SymbolTable, id: SymbolId): void {
  if (id < 0 || id >= symbols.count || (symbols.flags[id] & FLAG_REF_REGULAR) === 0) return;
  if (symbols.visibility[id] !== STV_DEFAULT) symbols.flags[id] |= FLAG_REF_DYNAMIC;
  else if (isUndefined(symbols, id)) symbols.flags[id] |= FLAG_DEF_DYNAMIC;
}

/**
 * The entry that a library's `foo@@V` is merged with, where objects mention names with versions: see the table in
 * versioned-names.ts.
 */
function entryOfDefault(symbols: SymbolTable, base: SymbolId, version: number, versioned: VersionedNames): SymbolId {
  const { names } = symbols;
  const alias = findVersioned(
    names,
    names.poolView,
    names.start[base],
    nameEnd(names, base),
    symbols.versionNames[version],
  );
  const isKnown = alias >= 0 && alias < symbols.count;
  if (isKnown && symbols.kind[alias] === KIND_INDIRECT) symbols.flags[alias] |= FLAG_IN_LIBRARY;
  // A foo@V of an object that is not for libraries is one that they know (bfd/elflink.c, _bfd_elf_merge_symbol).
  else if (isKnown && isDefinedHere(symbols, alias) && symbols.visibility[alias] !== STV_DEFAULT)
    symbols.flags[alias] |= FLAG_REF_DYNAMIC;
  if (isKnown && (symbols.kind[alias] === KIND_INDIRECT || !isUndefined(symbols, alias))) return base;
  const isPlain = isDefinedHere(symbols, base) && (symbols.flags[base] & FLAG_SYMVER) === 0;
  if (isPlain && scriptParts(symbols, base, version, versioned)) {
    return isKnown ? alias : versionedName(symbols, base, version);
  }
  if (isKnown) joinNames(symbols, alias, base);
  return base;
}

/** Decodes definition number `index` of .dynsym. */
function readDefinition(shared: SharedFile, to: Candidate, index: number): void {
  const { bytes, view, is64, bssSections } = shared;
  const at = shared.dynsym + index * (is64 ? 24 : 16);
  const shndx = view.getUint16(at + (is64 ? 6 : 14), true);
  const info = bytes[at + (is64 ? 4 : 12)];
  const binding = info >> 4;
  to.kind = binding === STB_WEAK ? KIND_SHARED_WEAK : KIND_SHARED;
  to.binding = binding === STB_GNU_UNIQUE ? STB_GNU_UNIQUE : 0;
  to.owner = shared.id;
  to.section = SECTION_NONE;
  to.valueLow = view.getInt32(at + (is64 ? 8 : 4), true);
  to.valueHigh = is64 ? view.getInt32(at + 12, true) : 0;
  to.size = readWord(view, at + (is64 ? 16 : 8), is64);
  to.type = info & 15;
  to.visibility = bytes[at + (is64 ? 5 : 13)] & 3;
  to.index = index;
  const inBss = shndx < bssSections.length && bssSections[shndx] !== 0;
  // As bfd/elflink.c, "newdyncommon".
  to.bss = inBss && to.size > 0 && binding !== STB_WEAK && to.type !== STT_FUNC && to.type !== STT_GNU_IFUNC;
  to.bssAlignment = inBss ? shared.sectionAlignment[shndx] : 1;
}

/**
 * After all inputs: what a library that was read before the first mention of `foo@V` says of it, and what libraries refer
 * to with a version.
 */
export function joinVersioned(
  symbols: SymbolTable,
  objects: readonly ObjectFile[],
  shared: readonly SharedFile[],
  references: readonly SharedReference[],
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): void {
  for (const id of versioned.ids) {
    const version = symbols.version[id];
    if (symbols.kind[id] === KIND_INDIRECT || !isUndefined(symbols, id) || version === 0) continue;
    const base = plainName(symbols, id);
    if (base < 0 || base >= symbols.count) continue;
    for (let i = 0; i < record.loserCount * 3; i += 3) {
      const [symbol, owner, index] = record.losers.subarray(i, i + 3);
      const file = symbol === base && owner < -1 ? shared[asShared(owner)] : undefined;
      if (file === undefined || sharedVersion(file, index) !== symbols.versionNames[version]) continue;
      // An object's foo that was read behind the library took the place of its foo@@V too.
      const isBehind = isDefinedHere(symbols, base) && (objects[symbols.owner[base]]?.input ?? -1) > file.input;
      if (isBehind) joinNames(symbols, id, base);
      else if (entryOfDefault(symbols, base, version, versioned) === id) {
        readDefinition(file, candidate, index);
        candidate.version = version;
        mergeShared(symbols, id, candidate, record);
        file.symbols[index] = id;
      }
      break;
    }
  }
  separateJoined(symbols, versioned);
  const defaults = defaultVersions(symbols, shared, references, record);
  for (const { symbol, version } of references) {
    // What the library knows as something else it finds in another library.
    if (!record.strangers.has(symbol)) noteReference(symbols, symbol, version, defaults);
  }
}

/** Versions of which libraries have `foo@@V`, by symbol, for those names that libraries ask for with a version. */
function defaultVersions(
  symbols: SymbolTable,
  shared: readonly SharedFile[],
  references: readonly SharedReference[],
  { losers, loserCount }: ResolutionRecord,
): ReadonlyMap<SymbolId, Set<number>> {
  const found = new Map<SymbolId, Set<number>>();
  for (const { symbol } of references) found.set(symbol, new Set());
  if (found.size === 0) return found;
  for (let i = 0; i < loserCount * 3; i += 3) {
    const owner = losers[i + 1];
    if (owner >= -1) continue;
    const version = sharedVersion(shared[asShared(owner)], losers[i + 2]);
    if (version !== "") found.get(losers[i])?.add(versionId(symbols, version));
  }
  return found;
}

/**
 * A program's definition that a library's reference of this version means is exported: that of the version, or a plain one
 * that stands for the `foo@@V` of a library. The loader would take any plain one, but who links has not meant that.
 */
function noteReference(
  symbols: SymbolTable,
  base: SymbolId,
  version: number,
  defaults: ReadonlyMap<SymbolId, Set<number>>,
): void {
  const { names, flags } = symbols;
  const alias = findVersioned(
    names,
    names.poolView,
    names.start[base],
    nameEnd(names, base),
    symbols.versionNames[version],
  );
  const isKnown = alias >= 0 && alias < symbols.count;
  const id = isKnown ? aliasOf(symbols, alias) : base;
  const isPlain = (flags[base] & FLAG_SYMVER) === 0 && isDefinedHere(symbols, base);
  const isMeant =
    id !== base ||
    (isKnown && id !== alias) ||
    (isPlain ? defaults.get(base)?.has(version) : symbols.version[base] === version);
  if (isMeant) flags[id] |= FLAG_REF_DYNAMIC;
}
