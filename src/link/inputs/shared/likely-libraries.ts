// Which library that is not in the link would define a missing symbol: the forgotten -l. Nothing is guessed: libraries in
// the search path that are likely to have the symbol are looked into, after the link has failed.

import { readArchive } from "../../../elf/archive.ts";
import { SHN_UNDEF } from "../../../elf/constants.ts";
import type { Report } from "../../../elf/problem.ts";
import { parseLinkerScript } from "../../script/commands.ts";
import type { SymbolId } from "../../tables/ids.ts";
import { findName, nameText } from "../../tables/names.ts";
import { expandSysroot, libraryCandidates, liesInSysroot, scriptInputCandidates } from "../expand.ts";
import { compatibility, fileKind, type Loader } from "../loader.ts";
import { isHiddenVersion, readShared } from "./shared-file.ts";

export interface LikelyLibrary {
  /** NAME of -lNAME. */
  readonly name: string;
  /** The file that defines the symbol. */
  readonly path: string;
}

/** What programs use without its name being a part of their functions' names. */
const COMMON = ["m", "stdc++", "pthread", "dl", "rt", "z", "crypt", "resolv", "atomic", "tinfo", "ncurses", "crypto"];

/** Reading stops here: a hint is not worth more. */
const MOST_LIBRARIES = 32;

const ignore: Report = () => {};

/** For each wanted symbol the first library that defines it. */
export function likelyLibraries(loader: Loader, wanted: readonly SymbolId[]): Map<SymbolId, LikelyLibrary> {
  const found = new Map<SymbolId, LikelyLibrary>();
  const missing = new Set(wanted);
  const names = wanted.map((id) => nameText(loader.symbols.names, id));
  const candidates = new Set([...COMMON, ...namedAfter(names, libraryNames(loader))]);
  for (const name of [...candidates].slice(0, MOST_LIBRARIES)) {
    if (missing.size === 0) break;
    const path = findLibrary(loader, name);
    if (path === undefined || loader.dependencies.has(path)) continue;
    definedIn(loader, path, missing, 0, (id, definer) => {
      missing.delete(id);
      found.set(id, { name, path: definer });
    });
  }
  return found;
}

/** The names of all libraries in the search path, `foo` of `libfoo.so`. */
export function libraryNames(loader: Loader): string[] {
  const files = searchDirectories(loader).flatMap((directory) => loader.files.list?.(directory) ?? []);
  return files.flatMap((file) => /^lib(.+)\.(?:so|a)$/.exec(file)?.[1] ?? []).sort();
}

export function searchDirectories({ libraryPaths, options }: Loader): string[] {
  return [...new Set(libraryPaths.map((path) => expandSysroot(path, options.sysroot)))];
}

/** Libraries whose name the functions' names begin with: `libcurl` for `curl_easy_init`, `libfmt` for `fmt::print()`. */
function namedAfter(symbols: readonly string[], libraries: readonly string[]): string[] {
  const starts = symbols.map((symbol) => {
    // The first component of a C++ name, or of a C name.
    const cxx = /^_ZN?K?[1-9][0-9]*([A-Za-z]\w*)/.exec(symbol)?.[1];
    return (cxx ?? symbol).replace(/^_+/, "").toLowerCase();
  });
  return libraries.filter((library) => {
    const stem = /^[a-z]+/.exec(library.toLowerCase())?.[0] ?? "";
    return stem.length > 1 && starts.some((start) => start.startsWith(stem));
  });
}

function findLibrary(loader: Loader, name: string): string | undefined {
  const search = { libraryPaths: loader.libraryPaths, sysroot: loader.options.sysroot };
  return libraryCandidates(name, false, loader.archivesOnly, search).find((path) => loader.files.exists(path));
}

type Found = (id: SymbolId, path: string) => void;

function definedIn(loader: Loader, path: string, wanted: ReadonlySet<SymbolId>, depth: number, found: Found): void {
  const bytes = loader.files.read(path);
  if (bytes === undefined) return;
  switch (fileKind(bytes)) {
    case "shared":
      inShared(loader, path, bytes, wanted, found);
      return;
    case "archive":
      inArchive(loader, path, bytes, wanted, found);
      return;
    case "text":
      if (depth === 0) inScript(loader, path, bytes, wanted, found);
  }
}

function inShared(loader: Loader, path: string, bytes: Uint8Array, wanted: ReadonlySet<SymbolId>, found: Found): void {
  if (compatibility(loader, bytes) !== undefined) return;
  const origin = {
    name: path,
    path,
    fallbackSoname: path,
    asNeeded: false,
    implicit: false,
    copyDtNeeded: false,
    input: 0,
  };
  const shared = readShared(bytes, bytes[4] === 2, -1, origin, ignore);
  if (shared === undefined) return;
  const { view, is64, dynsym, strings, stringsEnd } = shared;
  for (let i = shared.firstGlobal; i < shared.symbolCount; i++) {
    const at = dynsym + i * (is64 ? 24 : 16);
    if (view.getUint16(at + (is64 ? 6 : 14), true) === SHN_UNDEF || isHiddenVersion(shared, i)) continue;
    const name = strings + view.getUint32(at, true);
    const id = name < stringsEnd ? findName(loader.symbols.names, view, name, stringsEnd) : -1;
    if (wanted.has(id)) found(id, path);
  }
}

function inArchive(loader: Loader, path: string, bytes: Uint8Array, wanted: ReadonlySet<SymbolId>, found: Found): void {
  const archive = readArchive(bytes, path, ignore);
  if (archive === undefined) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < archive.symbolCount; i++) {
    const id = findName(loader.symbols.names, view, archive.symbolName[i], bytes.length);
    if (wanted.has(id)) found(id, `${path}(${archive.members[archive.symbolMember[i]].name})`);
  }
}

/** `libm.so` of glibc is a script: GROUP ( /lib/x86_64-linux-gnu/libm.so.6 AS_NEEDED ( … ) ). */
function inScript(loader: Loader, path: string, bytes: Uint8Array, wanted: ReadonlySet<SymbolId>, found: Found): void {
  const { sysroot } = loader.options;
  const search = { libraryPaths: loader.libraryPaths, sysroot };
  const script = { path, inSysroot: liesInSysroot(path, sysroot, (it) => loader.files.realPath?.(it) ?? it) };
  for (const command of parseLinkerScript(bytes, path, ignore) ?? []) {
    if (command.kind !== "input" && command.kind !== "group") continue;
    for (const { name } of command.inputs) {
      const input = scriptInputCandidates(name, script, false, search).find((it) => loader.files.exists(it));
      if (input !== undefined) definedIn(loader, input, wanted, 1, found);
    }
  }
}
