// Which definition a reference gets (glibc elf/dl-lookup.c). Runs for every symbolic relocation of every object, so it
// works on numbers and byte ranges, and answers through fields of the query instead of making records.

import {
  EM_MIPS,
  type GnuHashTable,
  gnuHash,
  type HashTable,
  nextCandidate,
  SHN_ABS,
  SHN_UNDEF,
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STB_WEAK,
  STT_COMMON,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_TLS,
  STV_HIDDEN,
  STV_INTERNAL,
  STV_PROTECTED,
  type SysvHashTable,
  sysvHash,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import {
  type DynamicSymbols,
  symbolName,
  symbolSection,
  symbolType,
  symbolValueHigh,
  symbolValueLow,
  symbolVisibility,
} from "../file/dynamic-symbols.ts";
import { versionWord } from "../file/version-table.ts";
import { CLASS_COPY, CLASS_PLT, CLASS_SLOT, loaderRecordOf } from "../machines/index.ts";
import {
  BOUND_BY_LOOKUP,
  BOUND_PROTECTED,
  BOUND_TO_NOTHING,
  BOUND_UNIQUE,
  type LoadedObject,
  NOT_BOUND,
  type UniqueTable,
} from "../objects/objects.ts";

/** Of a second look-up: what the program only has copies of is passed over. */
const SKIP_COPIES = 8;

/** How the loader that is simulated looks symbols up. */
export interface LookupRules {
  /** musl: one list, only default versions, no types, no visibility. */
  readonly musl: boolean;
  /** An unversioned definition serves a versioned reference only if the object has no other (glibc 2.42). */
  readonly fallbackLast: boolean;
  /** A versioned reference to an object that has lost its versions stops the process (up to glibc 2.40). */
  readonly versionAsserted: boolean;
  /** LD_DYNAMIC_WEAK: a weak definition gives way to a later strong one. */
  readonly dynamicWeak: boolean;
}

/** A question, and after `lookUp` its answer. Made once and used for many. */
export interface Query {
  readonly rules: LookupRules;
  readonly unique: UniqueTable;
  /** The name: bytes[start, end). */
  bytes: Uint8Array;
  /** The same bytes. */
  view: DataView;
  start: number;
  end: number;
  gnuHash: number;
  /** -1: not computed yet. */
  sysvHash: number;
  /** Version asked for: its hash (0 for none), name, hidden bit, and the library that is to have it ("" for none). */
  versionHash: number;
  versionName: string;
  versionHidden: boolean;
  versionLibrary: string;
  /** Who asks, and with which of its symbols; undefined and 0 for dlsym. */
  from: LoadedObject | undefined;
  symbol: number;
  /** CLASS_* bits. */
  classes: number;
  /** dlsym: the default version is meant, not the oldest. */
  newest: boolean;
  // The answer.
  provider: LoadedObject | undefined;
  found: number;
  /** LD_DYNAMIC_WEAK: whose protected weak definitions were seen on the way, whether they were taken or not. */
  passedProtected: LoadedObject[];
  /** BOUND_* or NOT_BOUND. */
  rule: number;
  /** The object in which glibc's assertion about versions failed. */
  asserted: LoadedObject | undefined;
}

export function makeQuery(rules: LookupRules, unique: UniqueTable): Query {
  return {
    rules,
    unique,
    bytes: new Uint8Array(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
    gnuHash: 0,
    sysvHash: -1,
    versionHash: 0,
    versionName: "",
    versionHidden: false,
    versionLibrary: "",
    from: undefined,
    symbol: 0,
    classes: 0,
    newest: false,
    provider: undefined,
    found: 0,
    passedProtected: [],
    rule: NOT_BOUND,
    asserted: undefined,
  };
}

/** Makes the query ask for a name, without a version. */
export function nameQuery(query: Query, name: string): void {
  query.bytes = new TextEncoder().encode(name);
  query.view = new DataView(query.bytes.buffer, query.bytes.byteOffset, query.bytes.byteLength);
  query.start = 0;
  query.end = query.bytes.length;
  query.gnuHash = gnuHash(query.bytes, 0, query.end);
  query.sysvHash = -1;
  query.versionHash = 0;
}

/** Makes the query ask for a version; `hidden`: for no other, whatever the file says. */
export function nameVersion(query: Query, version: string, hidden: boolean): void {
  const bytes = new TextEncoder().encode(version);
  query.versionName = version;
  query.versionHash = sysvHash(bytes, 0, bytes.length);
  query.versionHidden = hidden;
}

/**
 * Answers a query: `provider` and `found`, or `provider` undefined where nothing defines the name.
 * @param scope lists of objects, each searched in order  @param startAt index in the first list where the search begins
 * @param weak a reference that may stay without a definition
 */
export function lookUp(
  query: Query,
  scope: readonly (readonly LoadedObject[])[],
  startAt: number,
  weak: boolean,
): void {
  query.rule = BOUND_BY_LOOKUP;
  if (query.passedProtected.length > 0) query.passedProtected = [];
  search(query, scope, startAt, query.classes);
  if (query.provider === undefined) {
    query.rule = weak ? BOUND_TO_NOTHING : NOT_BOUND;
    return;
  }
  const { from } = query;
  if (from === undefined || query.rules.musl) return;
  if (symbolVisibility(from.file.symbols, query.symbol) === STV_PROTECTED) keepProtected(query, from, scope, startAt);
}

/**
 * A protected symbol is bound to the object's own definition, unless the program has made the function's address its own
 * (an undefined symbol with a value, which only a look-up without the PLT class finds), or in older loaders has a copy of the
 * data.
 */
function keepProtected(
  query: Query,
  from: LoadedObject,
  scope: readonly (readonly LoadedObject[])[],
  startAt: number,
): void {
  const { provider, found } = query;
  let other = provider;
  if (query.classes !== CLASS_PLT) {
    const isData = symbolType(from.file.symbols, query.symbol) === STT_OBJECT;
    search(query, scope, startAt, isData && query.classes === CLASS_SLOT ? CLASS_SLOT | SKIP_COPIES : CLASS_PLT);
    other = query.provider;
    query.provider = provider;
    query.found = found;
  }
  if (other === undefined || other === from) return;
  query.provider = from;
  query.found = query.symbol;
  query.rule = BOUND_PROTECTED;
}

function search(query: Query, scope: readonly (readonly LoadedObject[])[], startAt: number, classes: number): void {
  query.provider = undefined;
  query.found = 0;
  let first = startAt;
  for (const list of scope) {
    for (let i = first; i < list.length; i++) {
      const object = list[i];
      if ((classes & CLASS_COPY) !== 0 && object.kind === "program") continue;
      const table = object.file.hash;
      if (table === undefined) continue;
      if ((classes & SKIP_COPIES) !== 0 && object.kind === "program" && isCopied(query, object)) continue;
      const found = query.rules.musl
        ? findByMusl(query, object, table)
        : table.kind === "gnu"
          ? findGnu(query, object, table, classes)
          : findSysv(query, object, table, classes);
      if (found !== 0 && take(query, object, found, classes)) return;
      if (query.asserted !== undefined) return;
    }
    first = 0;
  }
}

/** Has the program a copy of the data of this name? */
function isCopied(query: Query, { file }: LoadedObject): boolean {
  const { symbols } = file;
  const { symbol, type, firstPlt } = symbolicOf(file);
  const copy = loaderRecordOf(file.elf)?.facts.dynamic.copy;
  for (let row = 0; row < firstPlt; row++) {
    if (type[row] !== copy) continue;
    const name =
      symbols.stringStart + symbols.view.getUint32(symbols.start + symbol[row] * symbols.entry, symbols.littleEndian);
    if (sameName(query, symbols, name, symbols.stringEnd)) return true;
  }
  return false;
}

/** Takes a definition that matches, if its binding and visibility let it. True if the search is over. */
function take(query: Query, object: LoadedObject, found: number, classes: number): boolean {
  const { symbols } = object.file;
  const entry = symbols.start + found * symbols.entry;
  const binding = symbols.bytes[entry + symbols.infoAt] >>> 4;
  if (!query.rules.musl) {
    const visibility = symbols.bytes[entry + symbols.otherAt] & 3;
    if (visibility === STV_HIDDEN || visibility === STV_INTERNAL) return false;
    if (binding === STB_GNU_UNIQUE) {
      takeUnique(query, object, found, classes);
      return true;
    }
    if (binding === STB_WEAK && query.rules.dynamicWeak) {
      if (visibility === STV_PROTECTED) query.passedProtected.push(object);
      if (query.provider === undefined) {
        query.provider = object;
        query.found = found;
      }
      return false;
    }
  }
  if (binding !== STB_GLOBAL && binding !== STB_WEAK && binding !== STB_GNU_UNIQUE) return false;
  query.provider = object;
  query.found = found;
  return true;
}

function takeUnique(query: Query, object: LoadedObject, found: number, classes: number): void {
  const name = symbolName(object.file.symbols, found);
  const known = query.unique.get(name);
  const copy = (classes & CLASS_COPY) !== 0;
  query.provider = object;
  query.found = found;
  if (known === undefined) {
    // A copy relocation makes the program's copy the one that counts.
    if (copy && query.from !== undefined) query.unique.set(name, { object: query.from, symbol: query.symbol });
    else query.unique.set(name, { object, symbol: found });
  } else if (!copy) {
    if (known.object !== object) query.rule = BOUND_UNIQUE;
    query.provider = known.object;
    query.found = known.symbol;
  }
}

/** Answers of `check`. */
const NO = 0;
const YES = 1;
/** Only if the object has no other. */
const PERHAPS = 2;

/** The definition in one object that matches name, type and version (do_lookup_x); 0 if it has none. */
function findGnu(query: Query, object: LoadedObject, table: GnuHashTable, classes: number): number {
  const hash = query.gnuHash;
  const { bloom, buckets, chain, firstIndex } = table;
  // The filter, as in elf/hash-table.ts `bloomAdmits`: it turns nine of ten objects away.
  const wordMask = table.elfClass - 1;
  const word = hash & (bloom.length * 32 - 1) & ~wordMask;
  const first = word + (hash & wordMask);
  const second = word + (table.bloomShift < 32 ? (hash >>> table.bloomShift) & wordMask : 0);
  if (((bloom[first >>> 5] >>> (first & 31)) & (bloom[second >>> 5] >>> (second & 31)) & 1) === 0) return 0;
  if (buckets.length === 0) return 0;
  const start = buckets[hash % buckets.length];
  if (start === 0) return 0;
  let perhaps = 0;
  let candidates = 0;
  for (let i = start - firstIndex; i < chain.length; i++) {
    const link = chain[i];
    if ((link ^ hash) >>> 1 === 0) {
      const answer = check(query, object, firstIndex + i, classes);
      if (answer === YES) return firstIndex + i;
      if (answer === PERHAPS && candidates++ === 0) perhaps = firstIndex + i;
    }
    if ((link & 1) === 1) break;
  }
  return candidates === 1 ? perhaps : 0;
}

/** As `findGnu`, by DT_HASH. */
function findSysv(query: Query, object: LoadedObject, table: SysvHashTable, classes: number): number {
  if (query.sysvHash < 0) query.sysvHash = sysvHash(query.bytes, query.start, query.end);
  let perhaps = 0;
  let candidates = 0;
  let index = nextCandidate(table, query.sysvHash, 0);
  for (; index !== 0; index = nextCandidate(table, query.sysvHash, index)) {
    const answer = check(query, object, index, classes);
    if (answer === YES) return index;
    if (answer === PERHAPS && candidates++ === 0) perhaps = index;
  }
  return candidates === 1 ? perhaps : 0;
}

/** STT_* that can be bound to, as bits. */
const LINKABLE_TYPES =
  (1 << STT_NOTYPE) | (1 << STT_OBJECT) | (1 << STT_FUNC) | (1 << STT_COMMON) | (1 << STT_TLS) | (1 << STT_GNU_IFUNC);

/** Is symbol `index` of `object` what is looked for (check_match)? */
function check(query: Query, object: LoadedObject, index: number, classes: number): number {
  const { symbols } = object.file;
  if (index >= symbols.count) return NO;
  const { view, bytes, littleEndian } = symbols;
  const entry = symbols.start + index * symbols.entry;
  const type = bytes[entry + symbols.infoAt] & 15;
  const section = view.getUint16(entry + symbols.sectionAt, littleEndian);
  const value = entry + symbols.valueAt;
  const zero = view.getUint32(value) === 0 && (!symbols.wide || view.getUint32(value + 4) === 0);
  if (zero && section !== SHN_ABS && type !== STT_TLS) return NO;
  if (section === SHN_UNDEF && ((classes & CLASS_PLT) !== 0 || isStub(object, bytes[entry + symbols.otherAt])))
    return NO;
  if (((1 << type) & LINKABLE_TYPES) === 0) return NO;
  const name = symbols.stringStart + view.getUint32(entry, littleEndian);
  if (!sameName(query, symbols, name, symbols.stringEnd)) return NO;
  return checkVersion(query, object, index);
}

/** MIPS: an undefined symbol's value is a stub that binds lazily, unless st_other says that it is a PLT entry. */
function isStub({ file }: LoadedObject, other: number): boolean {
  return file.elf.header.machine === EM_MIPS && (other & STO_MIPS_PLT) === 0;
}

const STO_MIPS_PLT = 8;

/** Four bytes at a time: nearly all names that get here are equal, because their hashes are. */
function sameName(query: Query, { bytes, view }: DynamicSymbols, at: number, limit: number): boolean {
  const { start, end } = query;
  const stop = at + (end - start);
  if (stop >= limit || bytes[stop] !== 0) return false;
  let i = start;
  let k = at;
  for (; i + 4 <= end; i += 4, k += 4) if (query.view.getInt32(i) !== view.getInt32(k)) return false;
  for (; i < end; i++, k++) if (query.bytes[i] !== bytes[k]) return false;
  return true;
}

function checkVersion(query: Query, object: LoadedObject, index: number): number {
  const { versions, elf } = object.file;
  const plain = versions.symbolsAt < 0;
  if (query.versionHash === 0) {
    if (plain) return YES;
    const word = versionWord(versions, elf.bytes, index);
    // Without a version the oldest is meant, which linkers number 2; dlsym means the default one.
    if ((word & VERSYM_VERSION) < (query.newest ? 2 : 3)) return YES;
    return (word & VERSYM_HIDDEN) === 0 ? PERHAPS : NO;
  }
  if (plain) {
    if (query.rules.versionAsserted && query.versionLibrary !== "" && isNamed(object, query.versionLibrary)) {
      query.asserted = object;
      return NO;
    }
    return YES;
  }
  const word = versionWord(versions, elf.bytes, index);
  const number = word & VERSYM_VERSION;
  const hash = number < versions.hash.length ? versions.hash[number] : 0;
  if (hash === query.versionHash && versions.name[number] === query.versionName) return YES;
  if (query.versionHidden || hash !== 0 || (word & VERSYM_HIDDEN) !== 0) return NO;
  return query.rules.fallbackLast ? PERHAPS : YES;
}

/** Does this name find the object (glibc, `_dl_name_match_p`)? */
export function isNamed(object: LoadedObject, name: string): boolean {
  return object.names.includes(name);
}

/** musl ldso/dynlink.c, `find_sym2`: defined, not hidden by its version, of a type and binding that count. */
function findByMusl(query: Query, object: LoadedObject, table: HashTable): number {
  const { symbols, versions, elf } = object.file;
  const gnu = table.kind === "gnu";
  if (!gnu && query.sysvHash < 0) query.sysvHash = sysvHash(query.bytes, query.start, query.end);
  const hash = gnu ? query.gnuHash : query.sysvHash;
  // The first of the name in the chain whose version is not hidden; if that will not do, the object has none.
  for (let index = nextCandidate(table, hash, 0); index !== 0; index = nextCandidate(table, hash, index)) {
    if (index >= symbols.count) continue;
    const name =
      symbols.stringStart + symbols.view.getUint32(symbols.start + index * symbols.entry, symbols.littleEndian);
    if (!sameName(query, symbols, name, symbols.stringEnd)) continue;
    if (versions.symbolsAt >= 0 && (versionWord(versions, elf.bytes, index) & VERSYM_HIDDEN) !== 0) continue;
    return servesMusl(query, symbols, index) ? index : 0;
  }
  return 0;
}

function servesMusl(query: Query, symbols: DynamicSymbols, index: number): boolean {
  const type = symbolType(symbols, index);
  const needsDefinition = (query.classes & CLASS_PLT) !== 0 || type === STT_TLS;
  if (symbolSection(symbols, index) === 0 && needsDefinition) return false;
  if (symbolValueLow(symbols, index) === 0 && symbolValueHigh(symbols, index) === 0 && type !== STT_TLS) return false;
  return ((1 << type) & MUSL_TYPES) !== 0;
}

const MUSL_TYPES = (1 << STT_NOTYPE) | (1 << STT_OBJECT) | (1 << STT_FUNC) | (1 << STT_COMMON) | (1 << STT_TLS);
