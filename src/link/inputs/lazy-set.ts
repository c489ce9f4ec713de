// Objects that take part only when a symbol of theirs is wanted: the members of an archive, or the files between
// --start-lib and --end-lib. Extraction follows GNU ld (bfd/elflink.c, elf_link_add_archive_symbols), member by member in
// the order of the symbol index, so that objects stand in the output where GNU ld puts them.

import { type Archive, readArchive } from "../../elf/archive.ts";
import {
  SHN_COMMON,
  SHN_UNDEF,
  SHN_X86_64_LCOMMON,
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STT_FUNC,
  STT_GNU_IFUNC,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { error, note, type Problem, warning } from "../../elf/problem.ts";
import { compileGlob, globMatchesText } from "../script/glob.ts";
import type { SymbolId } from "../tables/ids.ts";
import { internName, internVersioned, type NameTable, nameText } from "../tables/names.ts";
import { readWord } from "../tables/object-file.ts";
import { asShared } from "../tables/resolve.ts";
import {
  coverNames,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR_NONWEAK,
  KIND_COMMON,
  KIND_NONE,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
} from "../tables/symbol-table.ts";
import type { LazyMember, LazySet, Offers, ParsedArchive } from "./archive-types.ts";
import { addObject, completed, fileKind, type Loader, readFile } from "./loader.ts";
import { fileName, findReferrers } from "./references.ts";
import { sharedVersion } from "./shared/shared-file.ts";

const AT = 0x40;

/** --exclude-libs names it, with or without its ".a" (binutils, check_excluded_libs). */
function isExcluded(loader: Loader, path: string): boolean {
  const { excludeLibs } = loader.options;
  if (excludeLibs.length === 0) return false;
  const base = path.slice(path.lastIndexOf("/") + 1);
  return excludeLibs.some((it) => it === "ALL" || it === base || `${it}.a` === base);
}

/** Reads an archive's tables, without a word about what is wrong with them. */
export function parseArchive(loader: Loader, path: string, bytes: Uint8Array): ParsedArchive {
  const known = loader.archives.get(bytes);
  if (known !== undefined) return known;
  const { parsed: keeper } = loader.options;
  const kept = keeper?.archives.get(bytes);
  if (keeper !== undefined && kept !== undefined && kept.path === path) {
    keeper.hits++;
    const again: ParsedArchive = { archive: kept.archive, members: kept.members, problems: [], offers: undefined };
    loader.archives.set(bytes, again);
    return again;
  }
  const problems: Problem[] = [];
  const archive = readArchive(bytes, path, (problem) => problems.push(problem));
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const members = (archive?.members ?? []).map((it): LazyMember => {
    const { name, offset, size } = it;
    if (!it.external) return { name, bytes: bytes.subarray(offset, offset + size), archive: bytes, path };
    return {
      name,
      bytes: undefined,
      archive: undefined,
      path: it.name.startsWith("/") ? it.name : directory + it.name,
    };
  });
  const parsed = { archive, members, problems, offers: undefined };
  loader.archives.set(bytes, parsed);
  // What is to be said of it, each link says anew.
  if (problems.length === 0) keeper?.archives.set(bytes, { archive, members, path });
  return parsed;
}

/** Opens an archive. Its symbol index is used; without one, every member is looked into. */
export function openArchive(loader: Loader, path: string, bytes: Uint8Array): LazySet | undefined {
  const parsed = parseArchive(loader, path, bytes);
  const { archive, members, problems } = parsed;
  for (const problem of problems.splice(0)) loader.report(problem);
  if (archive === undefined) return undefined;
  if (archive.indexKind === "none" && members.length > 0) return indexMembers(loader, path, members);
  parsed.offers ??= internIndex(loader, archive, bytes);
  return {
    ...parsed.offers,
    path,
    members,
    extracted: new Uint8Array(members.length),
    done: new Uint8Array(parsed.offers.symbols.length),
    excluded: isExcluded(loader, path),
  };
}

function internIndex(loader: Loader, archive: Archive, bytes: Uint8Array): Offers {
  const { symbols } = loader;
  const { symbolCount, symbolMember } = archive;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = new Int32Array(symbolCount);
  const more: number[] = [];
  for (let i = 0; i < symbolCount; i++) {
    const start = archive.symbolName[i];
    ids[i] = internName(symbols.names, view, start, bytes.length);
    const { at, end } = symbols.names;
    if (at < 0 || bytes[at + 1] !== AT) continue;
    more.push(i, versionedOffer(symbols.names, view, start, at, end));
    ids[i] = internName(symbols.names, view, start, at);
  }
  coverNames(symbols);
  if (more.length === 0) return { symbols: ids, symbolMember, plain: undefined };
  return insertOffers(ids, symbolMember, more);
}

/** An entry `foo@@V` offers `foo@V`, and `foo` (bfd/elflink.c, _bfd_elf_archive_symbol_lookup): this is the id of the former. */
function versionedOffer(names: NameTable, view: DataView, start: number, at: number, end: number): SymbolId {
  const version = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 2, end - at - 2));
  return internVersioned(names, view, start, at, version);
}

/** @param more numbers of entries, each with an id that stands before it */
function insertOffers(ids: Int32Array, symbolMember: Int32Array, more: readonly number[]): Offers {
  const symbols = new Int32Array(ids.length + more.length / 2);
  const members = new Int32Array(symbols.length);
  const plain = new Uint8Array(symbols.length);
  let to = 0;
  let next = 0;
  for (let i = 0; i < ids.length; i++) {
    if (more[next] === i) {
      symbols[to] = more[next + 1];
      members[to++] = symbolMember[i];
      plain[to] = 1;
      next += 2;
    }
    symbols[to] = ids[i];
    members[to++] = symbolMember[i];
  }
  return { symbols, symbolMember: members, plain };
}

/** A set over objects without an index: --start-lib, or an archive that ranlib has not seen. */
export function indexMembers(loader: Loader, path: string, members: readonly LazyMember[]): LazySet {
  const ids: number[] = [];
  const owners: number[] = [];
  const plain: number[] = [];
  members.forEach((member, i) => {
    const bytes = memberBytes(loader, member);
    if (bytes === undefined) return;
    eachDefinition(loader, bytes, (id, _shndx, _info, isPlain) => {
      if (isPlain) plain.push(ids.length);
      ids.push(id);
      owners.push(i);
    });
  });
  coverNames(loader.symbols);
  const isPlain = plain.length === 0 ? undefined : new Uint8Array(ids.length);
  for (const i of plain) isPlain?.fill(1, i, i + 1);
  return {
    path,
    members,
    symbols: Int32Array.from(ids),
    symbolMember: Int32Array.from(owners),
    plain: isPlain,
    extracted: new Uint8Array(members.length),
    done: new Uint8Array(ids.length),
    excluded: path !== "" && isExcluded(loader, path),
  };
}

/**
 * Calls `take` with each global definition (common symbols too) of an object, found without loading it; with both names of a
 * `foo@@V`, of which the second is the plain one.
 */
function eachDefinition(
  loader: Loader,
  bytes: Uint8Array,
  take: (id: SymbolId, shndx: number, info: number, isPlain: boolean) => void,
): void {
  if (fileKind(bytes) !== "object" || bytes[5] !== 1) return;
  const is64 = bytes[4] === 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < (is64 ? 64 : 52)) return;
  const table = readWord(view, is64 ? 40 : 32, is64);
  const headerSize = is64 ? 64 : 40;
  const word = is64 ? 8 : 4;
  let count = view.getUint16(is64 ? 60 : 48, true);
  if (table === 0 || table + headerSize > bytes.length) return;
  if (count === 0) count = readWord(view, table + 8 + 3 * word, is64);
  if (table + count * headerSize > bytes.length) return;
  for (let i = 0; i < count; i++) {
    const at = table + i * headerSize;
    if (view.getUint32(at + 4, true) !== 2) continue;
    const offset = readWord(view, at + 8 + 2 * word, is64);
    const size = readWord(view, at + 8 + 3 * word, is64);
    const link = view.getUint32(at + 8 + 4 * word, true);
    const firstGlobal = view.getUint32(at + 12 + 4 * word, true);
    if (link >= count || offset + size > bytes.length) return;
    const strings = readWord(view, table + link * headerSize + 8 + 2 * word, is64);
    const stringsEnd = Math.min(strings + readWord(view, table + link * headerSize + 8 + 3 * word, is64), bytes.length);
    const entry = is64 ? 24 : 16;
    for (let symbol = offset + firstGlobal * entry; symbol + entry <= offset + size; symbol += entry) {
      const shndx = view.getUint16(symbol + (is64 ? 6 : 14), true);
      if (shndx === SHN_UNDEF) continue;
      const name = strings + view.getUint32(symbol, true);
      if (name >= stringsEnd) return;
      const info = bytes[symbol + (is64 ? 4 : 12)];
      let id = internName(loader.symbols.names, view, name, stringsEnd);
      const { at: version, end } = loader.symbols.names;
      if (version >= 0 && bytes[version + 1] === AT) {
        take(versionedOffer(loader.symbols.names, view, name, version, end), shndx, info, false);
        id = internName(loader.symbols.names, view, name, version);
        take(id, shndx, info, true);
      } else take(id, shndx, info, false);
    }
  }
}

/** A member's contents; undefined if they cannot be read, which is reported. */
export function memberBytes(loader: Loader, member: LazyMember): Uint8Array | undefined {
  if (member.bytes !== undefined) {
    if (member.archive === undefined) return member.bytes;
    return completed(loader, member.archive, member.bytes, `${member.path}(${member.name})`);
  }
  const bytes = readFile(loader, member.path);
  if (bytes === undefined) loader.report(error("file-not-found", { file: member.path }, { path: member.path }));
  return bytes;
}

/** Adds one member to the link. */
export function extract(loader: Loader, set: LazySet, index: number, pulledBy: SymbolId): void {
  set.extracted[index] = 1;
  const member = set.members[index];
  const bytes = memberBytes(loader, member);
  if (bytes === undefined) return;
  const name = set.path === "" ? member.name : `${set.path}(${member.name})`;
  const kind = fileKind(bytes);
  if (kind === "object") {
    addObject(loader, bytes, {
      name,
      path: set.path === "" ? member.name : set.path,
      member: set.path === "" ? undefined : member.name,
      pulledBy,
      excluded: set.excluded,
    });
  } else if (kind === "bitcode") loader.report(error("lto-only-object", { file: name }));
  else loader.report(warning("archive-member-not-object", { file: name }));
}

/** --whole-archive: every member, in order. */
export function extractAll(loader: Loader, set: LazySet): void {
  const archive = set.members[0]?.archive;
  if (archive !== undefined && completed(loader, archive, archive, set.path) === undefined) return;
  for (let i = 0; i < set.members.length; i++) if (set.extracted[i] === 0) extract(loader, set, i, -1);
}

/** References of objects and of shared libraries. */
const WANTED_BY_ANY: number = FLAG_REF_REGULAR_NONWEAK | FLAG_REF_DYNAMIC_NONWEAK;

/**
 * Extracts what is wanted, until nothing more of this set is.
 * @param by whose references count: FLAG_REF_* bits. A common symbol looks for its definition if all do: it can do without.
 * @returns true if anything was extracted
 */
export function extractWanted(loader: Loader, set: LazySet, by: number = WANTED_BY_ANY): boolean {
  const { symbols: table } = loader;
  const { symbols, symbolMember, extracted, done, plain } = set;
  const { heard } = loader.versioned;
  // What was met as a mere name is not looked at again in this search (bfd/elflink.c, elf_link_add_archive_symbols: "Symbol must be
  // defined", and bfd_link_hash_new is taken for that).
  const passed = heard.size > 0 ? new Uint8Array(symbols.length) : undefined;
  let any = false;
  for (let again = true; again; ) {
    again = false;
    for (let i = 0; i < symbols.length; i++) {
      if (done[i] !== 0 || passed?.[i] === 1) continue;
      const id = symbols[i];
      const kind = table.kind[id];
      if (kind === KIND_NONE && passed !== undefined && heard.has(id)) passed[i] = 1;
      if (kind === KIND_NONE || (plain?.[i] === 1 && table.kind[symbols[i - 1]] !== KIND_NONE)) continue;
      // A library's strong reference asks for what an object only would like to have.
      const isWeak = kind === KIND_UNDEFINED_WEAK;
      if (isWeak && (table.flags[id] & FLAG_REF_DYNAMIC_NONWEAK) === 0) continue;
      const member = symbolMember[i];
      if (extracted[member] !== 0) {
        done[i] = 1;
        continue;
      }
      // A common symbol and a hidden reference are left as they are by a library's foo@@V, which is then known by that name alone.
      const mayStandBeside = kind === KIND_COMMON || table.visibility[id] !== STV_DEFAULT;
      if (plain?.[i] === 1 && mayStandBeside && hasVersionOf(loader, id, symbols[i - 1])) continue;
      if (kind === KIND_COMMON) {
        if (by !== WANTED_BY_ANY) continue;
        if (!definesData(loader, set, member, id)) continue;
      } else if (kind !== KIND_UNDEFINED && !isWeak) {
        done[i] = 1;
        continue;
      } else if ((table.flags[id] & by) === 0) continue;
      done[i] = 1;
      extract(loader, set, member, id);
      any = true;
      again = true;
    }
  }
  return any;
}

/** Has a library that was read before defined `foo@@V`? An archive's is not looked up as foo then (_bfd_elf_archive_symbol_lookup). */
function hasVersionOf({ symbols, record, shared }: Loader, plain: SymbolId, versioned: SymbolId): boolean {
  const version = nameText(symbols.names, versioned).replace(/^[^@]*@/, "");
  const { losers, loserCount } = record;
  for (let i = 0; i < loserCount * 3; i += 3) {
    const owner = losers[i + 1];
    if (losers[i] !== plain || owner >= -1) continue;
    if (sharedVersion(shared[asShared(owner)], losers[i + 2]) === version) return true;
  }
  return false;
}

/**
 * Whether a member has what takes a common symbol's place: a definition that is neither weak nor a function nor a common symbol
 * again (is_global_data_symbol_definition in bfd/elflink.c).
 */
function definesData(loader: Loader, set: LazySet, member: number, wanted: SymbolId): boolean {
  const bytes = memberBytes(loader, set.members[member]);
  if (bytes === undefined) return false;
  let found = false;
  eachDefinition(loader, bytes, (id, shndx, info) => {
    if (id !== wanted || shndx === SHN_COMMON || shndx === SHN_X86_64_LCOMMON) return;
    const binding = info >> 4;
    const type = info & 15;
    if (binding !== STB_GLOBAL && binding !== STB_GNU_UNIQUE) return;
    if (type !== STT_FUNC && type !== STT_GNU_IFUNC) found = true;
  });
  coverNames(loader.symbols);
  return found;
}

/** --undefined-glob: the members that offer what nothing defines and a pattern matches, and what these want in turn. */
export function extractMatching(loader: Loader, patterns: readonly string[]): void {
  if (patterns.length === 0) return;
  const globs = patterns.map(compileGlob);
  const { symbols: table } = loader;
  for (const set of loader.lazySets) {
    for (let i = 0; i < set.symbols.length; i++) {
      const id = set.symbols[i];
      const isOpen = [KIND_NONE, KIND_UNDEFINED, KIND_UNDEFINED_WEAK].includes(table.kind[id]);
      if (!isOpen || set.extracted[set.symbolMember[i]] !== 0) continue;
      const name = nameText(table.names, id);
      if (globs.some((it) => globMatchesText(it, name))) extract(loader, set, set.symbolMember[i], id);
    }
  }
  for (let again = true; again; ) {
    again = false;
    for (const set of loader.lazySets) if (extractWanted(loader, set)) again = true;
  }
}

/**
 * What GNU ld refuses only for the order of its archives still links: goes over all archives again while something is
 * undefined that would be an error. --warn-backrefs names each archive this was needed for.
 */
export function extractBackwards(loader: Loader): void {
  for (let again = true; again; ) {
    again = false;
    for (const set of loader.lazySets) {
      const before = loader.objects.length;
      // Only for objects: what libraries behind libraries lack is not looked for in archives.
      if (!extractWanted(loader, set, FLAG_REF_REGULAR_NONWEAK)) continue;
      again = true;
      if (!loader.options.warnBackrefs) continue;
      const { strong } = findReferrers(loader);
      for (const { name, pulledBy } of loader.objects.slice(before)) {
        const user = pulledBy < 0 ? "" : fileName(loader, strong[pulledBy]);
        loader.report(note("archive-backref", { file: name }, { user }));
      }
    }
  }
}

/** Members that the index of a searched archive names, and that are not in the link. */
export function offers(lazySets: readonly LazySet[], id: SymbolId): string[] {
  const found: string[] = [];
  for (const set of lazySets) {
    for (let i = set.symbols.indexOf(id); i >= 0; i = set.symbols.indexOf(id, i + 1)) {
      const member = set.symbolMember[i];
      if (set.extracted[member] !== 0) continue;
      const { name } = set.members[member];
      found.push(set.path === "" ? name : `${set.path}(${name})`);
    }
  }
  return found;
}
