// Reads a shared library as the linker needs it: soname, what it needs, its dynamic symbols with their versions. Symbols
// stay in the file; only those that matter get into the symbol table (shared-symbols.ts).

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
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_NOBITS,
  VER_FLG_BASE,
  VER_FLG_WEAK,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "../../../elf/constants.ts";
import { error, type Report } from "../../../elf/problem.ts";
import type { SharedId, SymbolId } from "../../tables/ids.ts";
import { readWord } from "../../tables/object-file.ts";

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
  /** Named by --copy-dt-needed-entries only: no versions are asked of it (bfd/elflink.c, _bfd_elf_link_find_version_dependencies). */
  readonly copied: boolean;
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
  readonly copied?: boolean;
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
    copied: origin.copied === true,
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
export function isVersionLocal(shared: SharedFile, index: number): boolean {
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
