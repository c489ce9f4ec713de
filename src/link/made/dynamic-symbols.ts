// .dynsym with its strings, hash tables and versions: which symbols, in which order, under which version. Everything but
// the values is fixed before layout.
//
// The GNU hash table covers only symbols that can be found here, and wants them at the end, bucket by bucket; so imports
// come first.

import type { Machine } from "../../arch/index.ts";
import {
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STB_WEAK,
  VER_DEF_CURRENT,
  VER_FLG_BASE,
  VER_FLG_WEAK,
  VER_NDX_GLOBAL,
  VER_NEED_CURRENT,
  VERSYM_HIDDEN,
} from "../../elf/constants.ts";
import { gnuHash, sysvHash } from "../../elf/hash.ts";
import { buildGnuHash, buildSysvHash } from "../../elf/hash-table.ts";
import { bytesOf } from "../../elf/text.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import type { LinkOptions } from "../options.ts";
import type { VersionDefinition } from "../script/types.ts";
import { sortAsBfd } from "../tables/bfd-order.ts";
import { SECTION_ABSOLUTE, type SymbolId } from "../tables/ids.ts";
import { type NameTable, nameText } from "../tables/names.ts";
import { addBytes, addText, addWithTails, createStrings, type StringTable } from "../tables/string-table.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DYNSYM,
  FLAG_HIDDEN_VERSION,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_SYMVER,
  FLAG_UNIQUE,
  FLAG_VERSIONED,
  isDefinedHere,
  isShared,
  KIND_DEFINED_WEAK,
  KIND_SHARED_WEAK,
  KIND_UNDEFINED,
  plainEnd,
  type SymbolTable,
} from "../tables/symbol-table.ts";

export interface DynamicSymbols {
  /** Symbols of .dynsym from index 1 on. */
  readonly ids: Int32Array;
  /** By symbol: its index in .dynsym, 0 if it has none. */
  readonly indexOf: Int32Array;
  /** st_name of each, by .dynsym index. */
  readonly names: Int32Array;
  readonly strings: StringTable;
  readonly gnuHash: Uint8Array | undefined;
  readonly sysvHash: Uint8Array | undefined;
  /** Contents of .gnu.version, .gnu.version_d, .gnu.version_r; undefined when not needed. */
  readonly versym: Uint8Array | undefined;
  readonly verdef: Uint8Array | undefined;
  readonly verdefCount: number;
  readonly verneed: Uint8Array | undefined;
  readonly verneedCount: number;
}

/** Found by other modules in this output. */
export function isFindable(symbols: SymbolTable, id: SymbolId): boolean {
  return isDefinedHere(symbols, id) || (symbols.flags[id] & (FLAG_COPY | FLAG_CANONICAL_PLT)) !== 0;
}

export function buildDynamicSymbols(
  symbols: SymbolTable,
  shared: readonly SharedFile[],
  definitions: readonly VersionDefinition[],
  baseName: string,
  machine: Machine,
  pic: boolean,
  options: LinkOptions,
  byScript: boolean,
): DynamicSymbols {
  const { names } = symbols;
  const imports: SymbolId[] = [];
  const exports: SymbolId[] = [];
  for (let id = 0; id < names.count; id++) {
    if ((symbols.flags[id] & FLAG_DYNSYM) === 0) continue;
    (isFindable(symbols, id) ? exports : imports).push(id);
  }
  if (byScript) {
    sortAsBfd(names, imports);
    sortAsBfd(names, exports);
  }
  const firstExport = imports.length + 1;
  const hashes = new Uint32Array(exports.length);
  exports.forEach((id, i) => {
    hashes[i] = gnuHash(names.pool, names.start[id], plainEnd(symbols, id));
  });
  const wantGnu = options.hashStyle === "gnu" || options.hashStyle === "both";
  const wantSysv = options.hashStyle === "sysv" || options.hashStyle === "both";
  const gnu = wantGnu
    ? buildGnuHash(hashes, exports.length, firstExport, machine.elfClass, options.optimize > 0)
    : undefined;
  const ids = new Int32Array(imports.length + exports.length);
  ids.set(imports);
  for (let i = 0; i < exports.length; i++) ids[imports.length + i] = exports[gnu === undefined ? i : gnu.order[i]];
  // Without .gnu.hash nothing has to stand together (bfd/elflink.c, elf_link_renumber_hash_table_dynsyms).
  if (byScript && gnu === undefined) ids.set(inBfdOrder(names, ids));

  const indexOf = new Int32Array(symbols.count);
  const strings = createStrings(1024);
  const nameOffsets = addNames(strings, symbols, ids, byScript);
  const sysv = new Uint32Array(ids.length + 1);
  ids.forEach((id, i) => {
    indexOf[id] = i + 1;
    const end = plainEnd(symbols, id);
    // The symbol that stands for a version shares its string with the version: readelf knows it by that.
    const isVersion = symbols.section[id] === SECTION_ABSOLUTE && symbols.version[id] !== 0;
    if (isVersion) strings.known.set(nameText(names, id), nameOffsets[i + 1]);
    sysv[i + 1] = sysvHash(names.pool, names.start[id], end);
  });
  const versions = buildVersions(symbols, shared, ids, definitions, baseName, strings, pic, options);
  return {
    ids,
    indexOf,
    names: nameOffsets,
    strings,
    gnuHash: gnu?.bytes,
    sysvHash: wantSysv ? buildSysvHash(sysv, 1, options.optimize > 0) : undefined,
    ...versions,
  };
}

function inBfdOrder(names: NameTable, ids: Iterable<SymbolId>): SymbolId[] {
  const list = [...ids];
  sortAsBfd(names, list);
  return list;
}

/** @returns by index of the symbol: offset of its name */
function addNames(strings: StringTable, symbols: SymbolTable, ids: Int32Array, sharesTails: boolean): Int32Array {
  const { pool, start } = symbols.names;
  const offsets = new Int32Array(ids.length + 1);
  if (sharesTails) {
    const starts = ids.map((id) => start[id]);
    const ends = ids.map((id) => plainEnd(symbols, id));
    offsets.set(addWithTails(strings, pool, starts, ends), 1);
  } else
    for (let i = 0; i < ids.length; i++)
      offsets[i + 1] = addBytes(strings, pool, start[ids[i]], plainEnd(symbols, ids[i]));
  return offsets;
}

/** STB_* in symbol tables. */
export function bindingOf(symbols: SymbolTable, id: SymbolId): number {
  const kind = symbols.kind[id];
  if ((symbols.flags[id] & FLAG_UNIQUE) !== 0 && isDefinedHere(symbols, id)) return STB_GNU_UNIQUE;
  if (kind === KIND_DEFINED_WEAK) return STB_WEAK;
  if (isDefinedHere(symbols, id)) return STB_GLOBAL;
  if (kind === KIND_SHARED_WEAK && (symbols.flags[id] & FLAG_COPY) !== 0) return STB_WEAK;
  // Named by the command line and a library.
  if (kind === KIND_UNDEFINED && (symbols.flags[id] & FLAG_REF_REGULAR) === 0) return STB_GLOBAL;
  return (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) !== 0
    ? STB_GLOBAL
    : isShared(symbols, id) && (symbols.flags[id] & FLAG_COPY) !== 0
      ? STB_GLOBAL
      : STB_WEAK;
}

type Versions = Pick<DynamicSymbols, "versym" | "verdef" | "verdefCount" | "verneed" | "verneedCount">;

interface Need {
  readonly shared: SharedFile;
  /** Version name → index. */
  readonly versions: Map<string, number>;
}

function buildVersions(
  symbols: SymbolTable,
  shared: readonly SharedFile[],
  ids: Int32Array,
  definitions: readonly VersionDefinition[],
  baseName: string,
  strings: StringTable,
  pic: boolean,
  options: LinkOptions,
): Versions {
  const defined = new Map(definitions.map((it, i) => [it.name, i + 2]));
  const needs = new Map<number, Need>();
  let next = definitions.length > 0 ? definitions.length + 2 : 2;
  const versym = new Uint8Array((ids.length + 1) * 2);
  const view = new DataView(versym.buffer);
  const need = (file: SharedFile, version: string): number => {
    let entry = needs.get(file.id);
    if (entry === undefined) {
      entry = { shared: file, versions: new Map() };
      needs.set(file.id, entry);
    }
    let known = entry.versions.get(version);
    if (known === undefined) {
      known = next++;
      entry.versions.set(version, known);
    }
    return known;
  };
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    const version = symbols.versionNames[symbols.version[id]];
    let index = VER_NDX_GLOBAL;
    if (isDefinedHere(symbols, id)) {
      // An empty version that came with the name (`foo@@`) is the default one too.
      const isEmpty = version === "" && (symbols.flags[id] & (FLAG_SYMVER | FLAG_VERSIONED)) !== 0;
      index = defined.get(version) ?? (isEmpty && options.defaultSymver ? VER_NDX_GLOBAL + 1 : VER_NDX_GLOBAL);
      if ((symbols.flags[id] & FLAG_HIDDEN_VERSION) !== 0) index |= VERSYM_HIDDEN;
    } else if (isShared(symbols, id) && version !== "") {
      const library = shared[symbols.owner[id]];
      if (!library.implicit && !library.copied) index = need(library, version);
    }
    view.setUint16((i + 1) * 2, index, true);
  }
  if (options.z.packRelativeRelocs && pic) needRelr(shared, need);
  if (definitions.length === 0 && needs.size === 0) {
    return { versym: undefined, verdef: undefined, verdefCount: 0, verneed: undefined, verneedCount: 0 };
  }
  return {
    versym,
    verdef: definitions.length > 0 ? encodeDefinitions(definitions, baseName, strings) : undefined,
    verdefCount: definitions.length > 0 ? definitions.length + 1 : 0,
    verneed: needs.size > 0 ? encodeNeeds([...needs.values()], strings) : undefined,
    verneedCount: needs.size,
  };
}

/** glibc 2.36 and later mark that they apply DT_RELR; a program that has it must ask for the mark (glibc, NEWS for 2.36). */
function needRelr(shared: readonly SharedFile[], need: (file: SharedFile, version: string) => number): void {
  for (const file of shared) {
    if (/^libc\.so\./.test(file.soname) && file.versions.includes("GLIBC_ABI_DT_RELR")) need(file, "GLIBC_ABI_DT_RELR");
  }
}

function hashText(text: string): number {
  const bytes = bytesOf(text);
  return sysvHash(bytes, 0, bytes.length);
}

/** .gnu.version_d: Elf_Verdef each followed by its Elf_Verdaux, the version's own name first, then its parents'. */
function encodeDefinitions(
  definitions: readonly VersionDefinition[],
  baseName: string,
  strings: StringTable,
): Uint8Array {
  const all = [{ name: baseName, parents: [] as readonly string[], weak: false }, ...definitions];
  const size = all.reduce((sum, it) => sum + 20 + 8 * (1 + it.parents.length), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  all.forEach((it, i) => {
    const entry = 20 + 8 * (1 + it.parents.length);
    view.setUint16(at, VER_DEF_CURRENT, true);
    view.setUint16(at + 2, i === 0 ? VER_FLG_BASE : it.weak ? VER_FLG_WEAK : 0, true);
    view.setUint16(at + 4, i + 1, true);
    view.setUint16(at + 6, 1 + it.parents.length, true);
    view.setUint32(at + 8, hashText(it.name), true);
    view.setUint32(at + 12, 20, true);
    view.setUint32(at + 16, i + 1 < all.length ? entry : 0, true);
    [it.name, ...it.parents].forEach((name, k, list) => {
      view.setUint32(at + 20 + k * 8, addText(strings, name), true);
      view.setUint32(at + 24 + k * 8, k + 1 < list.length ? 8 : 0, true);
    });
    at += entry;
  });
  return bytes;
}

/** .gnu.version_r: Elf_Verneed each followed by its Elf_Vernaux. */
function encodeNeeds(needs: readonly Need[], strings: StringTable): Uint8Array {
  const size = needs.reduce((sum, it) => sum + 16 + 16 * it.versions.size, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  needs.forEach((it, i) => {
    const entry = 16 + 16 * it.versions.size;
    view.setUint16(at, VER_NEED_CURRENT, true);
    view.setUint16(at + 2, it.versions.size, true);
    view.setUint32(at + 4, addText(strings, it.shared.soname), true);
    view.setUint32(at + 8, 16, true);
    view.setUint32(at + 12, i + 1 < needs.length ? entry : 0, true);
    [...it.versions].forEach(([name, index], k, list) => {
      const aux = at + 16 + k * 16;
      view.setUint32(aux, hashText(name), true);
      view.setUint16(aux + 4, it.shared.weakVersions.has(name) ? VER_FLG_WEAK : 0, true);
      view.setUint16(aux + 6, index, true);
      view.setUint32(aux + 8, addText(strings, name), true);
      view.setUint32(aux + 12, k + 1 < list.length ? 16 : 0, true);
    });
    at += entry;
  });
  return bytes;
}
