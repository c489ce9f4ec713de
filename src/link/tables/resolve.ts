// Which definition a name stands for. GNU ld's rules (bfd/linker.c's action table, and bfd/elflink.c's
// _bfd_elf_merge_symbol for shared libraries), as one table: the row is what a file brings, the column what is there.
//
//   brings \ there   NONE   UNDEF  WEAKREF DEFINED WEAKDEF COMMON  SHARED  WEAKSHARED
//   reference        set    keep   set     keep    keep    keep    keep    keep
//   weak reference   set    keep   keep    keep    keep    keep    keep    keep
//   definition       set    set    set     twice   set     set     set     set
//   weak definition  set    set    set     keep    keep    keep    set     set
//   common           set    set    set     keep    set     larger  shcom   set
//   shared           set    set    set     keep    keep    comsh   keep    keep
//   weak shared      set    set    set     keep    keep    keep    keep    keep
//
// "larger": a common symbol gets the largest size and alignment of all. "shcom" and "comsh": a common symbol against a
// shared library's data: an initialised variable of the library wins (and is copied into the program); one in the
// library's .bss counts as another common symbol, whose size and alignment count unless it has a version and came later; a
// function never takes a common symbol's place.
//
// A variable here and a function of that name in a library are two things: the program's is not exported, and the library
// keeps its own (bfd/elflink.c, "skip"). So for any two known types. Where the library came first, that holds for its
// versioned symbols only.
//
// What an object says is not for libraries (hidden, internal, protected), a library's definition cannot meet: it changes
// nothing where it comes later, and is forgotten where it came first (bfd/elflink.c, "non-default visibility").
//
// Type and size are what the last definition says that says them: assembler code without .type and .size leaves them as they
// were. A library's symbol with a version is an entry of its own until then, so they come from those without one only.

import {
  STB_GNU_UNIQUE,
  STB_WEAK,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  STT_TLS,
  STV_DEFAULT,
  STV_PROTECTED,
} from "../../elf/constants.ts";
import { growInt32 } from "./columns.ts";
import { SECTION_NONE, type SectionId, type SymbolId } from "./ids.ts";
import {
  FLAG_ASSIGNED,
  FLAG_DEF_DYNAMIC,
  FLAG_FORCED_LOCAL,
  FLAG_IN_LIBRARY,
  FLAG_REF_DYNAMIC,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_SHARED_COMMON,
  FLAG_SHARED_PROTECTED,
  FLAG_SYMVER,
  FLAG_UNIQUE,
  isDefinedHere,
  isInside,
  KIND_COMMON,
  KIND_DEFINED,
  KIND_DEFINED_WEAK,
  KIND_NONE,
  KIND_SHARED,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
} from "./symbol-table.ts";

/** Why a definition holds; kept per symbol for reports. The texts are in explain/. */
export const RULE_FIRST = 1;
export const RULE_STRONG_OVER_WEAK = 2;
export const RULE_DEFINITION_OVER_COMMON = 3;
export const RULE_COMMON_OVER_WEAK = 4;
export const RULE_LARGEST_COMMON = 5;
export const RULE_OBJECT_OVER_SHARED = 6;
export const RULE_SHARED_OVER_COMMON = 7;
export const RULE_LINKER = 8;
export const RULE_ASSIGNED = 9;

const KEEP = 0;
const SET = 1;
const TWICE = 2;
const LARGER = 3;
const SHCOM = 4;
const COMSH = 5;

const ACTIONS = Uint8Array.of(
  // NONE UNDEF WEAKREF DEFINED WEAKDEF COMMON SHARED WEAKSHARED; rows by KIND_* of what comes, from UNDEFINED on
  ...[SET, KEEP, SET, KEEP, KEEP, KEEP, KEEP, KEEP],
  ...[SET, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP],
  ...[SET, SET, SET, TWICE, SET, SET, SET, SET],
  ...[SET, SET, SET, KEEP, KEEP, KEEP, SET, SET],
  ...[SET, SET, SET, KEEP, SET, LARGER, SHCOM, SET],
  ...[SET, SET, SET, KEEP, KEEP, COMSH, KEEP, KEEP],
  ...[SET, SET, SET, KEEP, KEEP, KEEP, KEEP, KEEP],
);

/** Definitions that lost, and clashes: kept for messages and reports. */
export interface ResolutionRecord {
  /** Definitions passed over, three numbers each: symbol, owner (object, or `asShared` of a shared library), index in its table. */
  losers: Int32Array;
  loserCount: number;
  /** Strong definitions met twice: symbol, first owner, first section, second owner, second section, each twice its value. */
  readonly duplicates: DuplicateDefinition[];
  readonly tlsMismatches: TlsMismatch[];
  /** Defined here, and as something else in a library, which does not see this one. */
  readonly strangers: Set<SymbolId>;
  /** Plain definitions of objects that stand for a library's default version too. */
  readonly replaced: Map<SymbolId, Replaced>;
}

/** An object's `foo` and a library's `foo@@V`. */
export interface Replaced {
  readonly version: number;
  /** The library was read first. */
  readonly behind: boolean;
  /** The object's is not for libraries: hidden, internal or protected. */
  readonly apart: boolean;
}

export interface DuplicateDefinition {
  readonly symbol: SymbolId;
  readonly firstObject: number;
  readonly firstSection: SectionId;
  readonly firstValue: number;
  readonly secondObject: number;
  readonly secondSection: SectionId;
  readonly secondValue: number;
}

export interface TlsMismatch {
  readonly symbol: SymbolId;
  /** Object, or `asShared` of a shared library; -1: the linker itself. */
  readonly first: number;
  readonly second: number;
}

/** A shared library in a column that otherwise holds objects: below -1, which means nobody. Its own inverse. */
export function asShared(shared: number): number {
  return -2 - shared;
}

export function createRecord(): ResolutionRecord {
  return {
    losers: new Int32Array(48),
    loserCount: 0,
    duplicates: [],
    tlsMismatches: [],
    strangers: new Set(),
    replaced: new Map(),
  };
}

/** What a file says of a name. One record is reused for all symbols of all files. */
export interface Candidate {
  /** KIND_UNDEFINED … KIND_SHARED_WEAK. */
  kind: number;
  owner: number;
  section: SectionId;
  valueLow: number;
  valueHigh: number;
  size: number;
  type: number;
  visibility: number;
  binding: number;
  /** In the file's symbol table. */
  index: number;
  /** KIND_SHARED: a variable in space without file contents (.bss), which may have been a common symbol. */
  bss: boolean;
  /** That space's alignment. */
  bssAlignment: number;
  version: number;
}

export function createCandidate(): Candidate {
  return {
    kind: 0,
    owner: 0,
    section: SECTION_NONE,
    valueLow: 0,
    valueHigh: 0,
    size: 0,
    type: 0,
    visibility: 0,
    binding: 0,
    index: 0,
    bss: false,
    bssAlignment: 1,
    version: 0,
  };
}

/** Enters what an object says of `id`. */
export function mergeRegular(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  const before = symbols.kind[id];
  // A weak definition behind another is skipped (bfd/elflink.c, _bfd_elf_merge_symbol); but it may hide what was seen.
  const isSkipped = it.kind === KIND_DEFINED_WEAK && (before === KIND_DEFINED || before === KIND_DEFINED_WEAK);
  const wasInside = isInside(symbols, id);
  enterRegular(symbols, id, it, record);
  if (isSkipped && wasInside) return;
  if ((symbols.flags[id] & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0) keepInside(symbols, id);
}

/**
 * A hidden definition that both objects and libraries speak of is local in the output's symbol table (bfd/elflink.c,
 * bfd_elf_link_record_dynamic_symbol). It is not if a library's definition came last.
 */
function keepInside(symbols: SymbolTable, id: SymbolId): void {
  if (isInside(symbols, id) && isDefinedHere(symbols, id)) symbols.flags[id] |= FLAG_FORCED_LOCAL;
}

function enterRegular(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  // What --defsym or a script assigns stays assigned; the definition gives type and size (bfd/linker.c, ldscript_def).
  const isFirst = (symbols.flags[id] & FLAG_ASSIGNED) !== 0 && symbols.owner[id] < 0;
  const isAssigned = isFirst && it.kind > KIND_UNDEFINED_WEAK;
  const before = isAssigned ? KIND_UNDEFINED : symbols.kind[id];
  const action = ACTIONS[(it.kind - KIND_UNDEFINED) * 8 + before];
  // A second strong definition, if it is allowed, says nothing at all.
  if (action !== TWICE) mergeVisibility(symbols, id, it.visibility);
  const isReference = it.kind === KIND_UNDEFINED || it.kind === KIND_UNDEFINED_WEAK;
  if (isReference) {
    if (symbols.owner[id] < 0 && before <= KIND_UNDEFINED_WEAK) symbols.owner[id] = it.owner;
    symbols.flags[id] |= it.kind === KIND_UNDEFINED ? FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK : FLAG_REF_REGULAR;
  }
  // A tentative definition is met by a shared library's, so it counts as a reference (bfd/elflink.c: "definition").
  if (it.kind === KIND_COMMON) symbols.flags[id] |= FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK;
  if (!isReference && before >= KIND_SHARED && symbols.version[id] !== 0 && isOther(symbols, id, it)) {
    addLoser(record, id, ownerOf(symbols, id), symbols.index[id]);
    record.strangers.add(id);
    symbols.flags[id] &= ~(FLAG_DEF_DYNAMIC | FLAG_REF_DYNAMIC | FLAG_REF_DYNAMIC_NONWEAK);
    setFrom(symbols, id, it, RULE_OBJECT_OVER_SHARED);
    return;
  }
  if (before !== KIND_NONE && isTlsMismatch(symbols, id, it)) {
    record.tlsMismatches.push({ symbol: id, first: ownerOf(symbols, id), second: it.owner });
  }
  if (
    it.visibility !== STV_DEFAULT &&
    (before >= KIND_SHARED || (!isReference && isCommonBehind(symbols, id, before)))
  ) {
    forgetShared(symbols, id, it, record);
    return;
  }
  switch (action) {
    case SET: {
      const isUnsaid = before >= KIND_SHARED && symbols.version[id] !== 0;
      const type = it.type === STT_NOTYPE && !isUnsaid ? symbols.type[id] : it.type;
      const size = it.size === 0 && !isUnsaid ? symbols.size[id] : it.size;
      if (before >= KIND_DEFINED) addLoser(record, id, ownerOf(symbols, id), symbols.index[id]);
      if (before >= KIND_SHARED) {
        symbols.flags[id] |= FLAG_DEF_DYNAMIC;
        if (it.version === 0) noteReplaced(record, id, symbols.version[id], true, it.visibility);
        if (it.kind === KIND_COMMON && symbols.version[id] === 0) symbols.flags[id] |= FLAG_SHARED_COMMON;
      }
      setFrom(symbols, id, it, ruleFor(it.kind, before));
      symbols.type[id] = type;
      symbols.size[id] = size;
      return;
    }
    case KEEP:
      if (!isReference) addLoser(record, id, it.owner, it.index);
      if (isReference || it.kind === KIND_COMMON) {
        if (symbols.type[id] === STT_NOTYPE) symbols.type[id] = it.type;
        if (!isReference && before === KIND_DEFINED && symbols.size[id] === 0) symbols.size[id] = it.size;
      }
      return;
    case TWICE:
      reportTwice(symbols, id, it, record);
      return;
    case LARGER:
      mergeCommon(symbols, id, it, record);
      return;
    case SHCOM:
      if (isFunctionType(symbols.type[id])) {
        symbols.flags[id] &= ~FLAG_DEF_DYNAMIC;
        setFrom(symbols, id, it, RULE_OBJECT_OVER_SHARED);
      } else if ((symbols.flags[id] & FLAG_SHARED_COMMON) !== 0) {
        const size = Math.max(it.size, symbols.size[id]);
        const alignment = Math.max(it.valueLow, symbols.alias[id]);
        symbols.flags[id] |= FLAG_DEF_DYNAMIC;
        if (symbols.version[id] !== 0) symbols.flags[id] &= ~FLAG_SHARED_COMMON;
        if (it.version === 0) noteReplaced(record, id, symbols.version[id], true, it.visibility);
        setFrom(symbols, id, it, RULE_LARGEST_COMMON);
        symbols.size[id] = size;
        symbols.valueLow[id] = alignment;
      } else {
        addLoser(record, id, it.owner, it.index);
        symbols.flags[id] |= FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK;
        symbols.rule[id] = RULE_SHARED_OVER_COMMON;
      }
      return;
  }
}

/** The most constraining one counts: internal (1) < hidden (2) < protected (3), and any of them over default (0). */
export function mergeVisibility(symbols: SymbolTable, id: SymbolId, visibility: number): void {
  if (visibility === STV_DEFAULT) return;
  const seen = symbols.visibility[id];
  if (seen === STV_DEFAULT || visibility < seen) symbols.visibility[id] = visibility;
}

/** Something more says of a definition whom it is for: what libraries know becomes local if it is not for them any more. */
export function narrow(symbols: SymbolTable, id: SymbolId, visibility: number): void {
  mergeVisibility(symbols, id, visibility);
  if ((symbols.flags[id] & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0) keepInside(symbols, id);
}

/** A common symbol that has taken the place of a library's without a version in .bss counts as the library's (bfd/elflink.c: def_dynamic stays). */
function isCommonBehind({ flags }: SymbolTable, id: SymbolId, kind: number): boolean {
  return kind === KIND_COMMON && (flags[id] & FLAG_SHARED_COMMON) !== 0;
}

/** An object's symbol that is not for libraries takes the place of a library's, of which nothing is left. */
function forgetShared(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  if (it.kind > KIND_UNDEFINED_WEAK) {
    addLoser(record, id, ownerOf(symbols, id), symbols.index[id]);
    if (it.version === 0) noteReplaced(record, id, symbols.version[id], true, it.visibility);
  }
  symbols.flags[id] &= ~(FLAG_DEF_DYNAMIC | FLAG_REF_DYNAMIC | FLAG_FORCED_LOCAL | FLAG_SHARED_COMMON);
  if (it.visibility === STV_PROTECTED) symbols.flags[id] |= FLAG_REF_DYNAMIC;
  setFrom(symbols, id, it, it.kind > KIND_UNDEFINED_WEAK ? RULE_OBJECT_OVER_SHARED : 0);
}

/** The first library counts. */
function noteReplaced(
  record: ResolutionRecord,
  id: SymbolId,
  version: number,
  behind: boolean,
  visibility: number,
): void {
  if (version === 0 || record.replaced.has(id)) return;
  record.replaced.set(id, { version, behind, apart: visibility !== STV_DEFAULT });
}

/** Notes a second strong definition of `id`. */
export function reportTwice(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  record.duplicates.push({
    symbol: id,
    firstObject: symbols.owner[id],
    firstSection: symbols.section[id],
    firstValue: symbols.valueLow[id] >>> 0,
    secondObject: it.owner,
    secondSection: it.section,
    secondValue: it.valueLow >>> 0,
  });
}

/** Enters a shared library's definition of `id`. */
export function mergeShared(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  const before = symbols.kind[id];
  // Whatever comes of it: "dynamic_def" (bfd/elflink.c, _bfd_elf_merge_symbol).
  symbols.flags[id] |= FLAG_IN_LIBRARY;
  if (before >= KIND_DEFINED && before <= KIND_COMMON && isOther(symbols, id, it)) {
    addLoser(record, id, asShared(it.owner), it.index);
    record.strangers.add(id);
    return;
  }
  if (before !== KIND_NONE && isTlsMismatch(symbols, id, it)) {
    record.tlsMismatches.push({ symbol: id, first: ownerOf(symbols, id), second: asShared(it.owner) });
  }
  const isPlain = (symbols.flags[id] & FLAG_SYMVER) === 0;
  if (before !== KIND_NONE && symbols.visibility[id] !== STV_DEFAULT) {
    symbols.flags[id] |= FLAG_REF_DYNAMIC;
    addLoser(record, id, asShared(it.owner), it.index);
    if (before <= KIND_UNDEFINED_WEAK) return;
    if (isPlain) noteReplaced(record, id, it.version, false, symbols.visibility[id]);
    return;
  }
  symbols.flags[id] |= FLAG_DEF_DYNAMIC;
  const isFunction = isFunctionType(it.type);
  switch (ACTIONS[(it.kind - KIND_UNDEFINED) * 8 + before]) {
    case SET:
      setShared(symbols, id, it, RULE_FIRST);
      return;
    case COMSH:
      if (isFunction) addLoser(record, id, asShared(it.owner), it.index);
      else if (it.bss) {
        // What the first `foo@@V` says of itself stays with that name, which is then another one for foo (bfd/elflink.c,
        // _bfd_elf_add_default_symbol).
        if (it.version === 0 || record.replaced.get(id)?.version === it.version) {
          if (it.size > symbols.size[id]) symbols.size[id] = it.size;
          if (it.bssAlignment > symbols.valueLow[id]) symbols.valueLow[id] = it.bssAlignment;
        }
        if (isPlain) noteReplaced(record, id, it.version, false, symbols.visibility[id]);
        addLoser(record, id, asShared(it.owner), it.index);
      } else {
        addLoser(record, id, ownerOf(symbols, id), symbols.index[id]);
        symbols.flags[id] |= FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK;
        const size = symbols.size[id];
        setShared(symbols, id, it, RULE_SHARED_OVER_COMMON);
        if (it.size === 0) symbols.size[id] = size;
      }
      return;
    default:
      addLoser(record, id, asShared(it.owner), it.index);
      if (before <= KIND_COMMON && isPlain) noteReplaced(record, id, it.version, false, symbols.visibility[id]);
      if (it.version === 0) {
        // A library's IFUNC is a function to all others (bfd/elflink.c, elf_link_add_object_symbols).
        const type = it.type === STT_GNU_IFUNC ? STT_FUNC : it.type;
        if (symbols.type[id] === STT_NOTYPE) symbols.type[id] = type;
        if (symbols.size[id] === 0) symbols.size[id] = it.size;
      }
      // That a definition is protected is forgotten when another library has foo@@V, another version (as measured with GNU ld).
      if (before >= KIND_SHARED && it.version !== 0 && symbols.version[id] !== it.version)
        symbols.flags[id] &= ~FLAG_SHARED_PROTECTED;
      // Two libraries' common symbols, by their looks: a copy has room for both.
      if (it.bss && before >= KIND_SHARED && (symbols.flags[id] & FLAG_SHARED_COMMON) !== 0) {
        symbols.size[id] = Math.max(symbols.size[id], it.size);
      }
  }
}

/** Notes that a shared library refers to `id`. What it says of the type holds where nobody else says any. */
export function referFromShared(
  symbols: SymbolTable,
  id: SymbolId,
  shared: number,
  binding: number,
  type: number,
): void {
  if (symbols.type[id] === STT_NOTYPE) symbols.type[id] = type;
  symbols.flags[id] |= binding === STB_WEAK ? FLAG_REF_DYNAMIC : FLAG_REF_DYNAMIC | FLAG_REF_DYNAMIC_NONWEAK;
  if (symbols.kind[id] !== KIND_NONE) {
    // What a library cannot do without is looked for, even if objects could.
    if (symbols.kind[id] === KIND_UNDEFINED_WEAK && binding !== STB_WEAK) symbols.kind[id] = KIND_UNDEFINED;
    keepInside(symbols, id);
    return;
  }
  symbols.kind[id] = binding === STB_WEAK ? KIND_UNDEFINED_WEAK : KIND_UNDEFINED;
  symbols.owner[id] = asShared(shared);
}

function setShared(symbols: SymbolTable, id: SymbolId, it: Candidate, rule: number): void {
  setFrom(symbols, id, it, rule);
  symbols.flags[id] &= ~(FLAG_SHARED_PROTECTED | FLAG_SHARED_COMMON);
  if (it.visibility !== STV_DEFAULT) symbols.flags[id] |= FLAG_SHARED_PROTECTED;
  if (!it.bss) return;
  symbols.flags[id] |= FLAG_SHARED_COMMON;
  symbols.alias[id] = it.bssAlignment;
}

function setFrom(symbols: SymbolTable, id: SymbolId, it: Candidate, rule: number): void {
  symbols.kind[id] = it.kind;
  symbols.owner[id] = it.owner;
  symbols.section[id] = it.section;
  symbols.valueLow[id] = it.valueLow;
  symbols.valueHigh[id] = it.valueHigh;
  symbols.size[id] = it.size;
  symbols.type[id] = it.type;
  symbols.index[id] = it.index;
  // A plain definition in place of a weak `foo@@V` is one of `foo@@V`: see inputs/shared/versioned-names.ts.
  if (it.version !== 0 || (symbols.flags[id] & FLAG_SYMVER) === 0) symbols.version[id] = it.version;
  symbols.rule[id] = rule;
  if (it.binding === STB_GNU_UNIQUE) symbols.flags[id] |= FLAG_UNIQUE;
  else symbols.flags[id] &= ~FLAG_UNIQUE;
}

/** Two common symbols: the larger size, the larger alignment; the owner is the one with the larger size. */
function mergeCommon(symbols: SymbolTable, id: SymbolId, it: Candidate, record: ResolutionRecord): void {
  const alignment = Math.max(symbols.valueLow[id], it.valueLow);
  if (it.size > symbols.size[id]) {
    addLoser(record, id, ownerOf(symbols, id), symbols.index[id]);
    setFrom(symbols, id, it, RULE_LARGEST_COMMON);
  } else addLoser(record, id, it.owner, it.index);
  symbols.valueLow[id] = alignment;
}

function ruleFor(kind: number, before: number): number {
  if (before >= KIND_SHARED) return RULE_OBJECT_OVER_SHARED;
  if (kind === KIND_DEFINED && before === KIND_DEFINED_WEAK) return RULE_STRONG_OVER_WEAK;
  if (kind === KIND_DEFINED && before === KIND_COMMON) return RULE_DEFINITION_OVER_COMMON;
  if (kind === KIND_COMMON && before === KIND_DEFINED_WEAK) return RULE_COMMON_OVER_WEAK;
  return RULE_FIRST;
}

function isFunctionType(type: number): boolean {
  return type === STT_FUNC || type === STT_GNU_IFUNC;
}

/** Two definitions that say what they are, and are different things. */
function isOther(symbols: SymbolTable, id: SymbolId, it: Candidate): boolean {
  const type = symbols.type[id];
  if (type === it.type || type === STT_NOTYPE || it.type === STT_NOTYPE) return false;
  return !isFunctionType(type) || !isFunctionType(it.type);
}

/** One side is thread-local, the other is not, and both say what they are. */
function isTlsMismatch(symbols: SymbolTable, id: SymbolId, it: Candidate): boolean {
  const type = symbols.type[id];
  if ((type === STT_TLS) === (it.type === STT_TLS)) return false;
  const unsaid = (kind: number, t: number): boolean => kind <= KIND_UNDEFINED_WEAK && t === STT_NOTYPE;
  return !unsaid(symbols.kind[id], type) && !unsaid(it.kind, it.type);
}

function ownerOf(symbols: SymbolTable, id: SymbolId): number {
  return symbols.kind[id] >= KIND_SHARED ? asShared(symbols.owner[id]) : symbols.owner[id];
}

export function addLoser(record: ResolutionRecord, id: SymbolId, owner: number, index: number): void {
  const at = record.loserCount * 3;
  record.losers = growInt32(record.losers, at + 3);
  record.losers[at] = id;
  record.losers[at + 1] = owner;
  record.losers[at + 2] = index;
  record.loserCount++;
}
