// How an addon says that it is one, and to which Node.js. Node.js opens the file, looks whether a constructor has registered a
// module meanwhile, and else asks for an entry point by name (src/node_binding.cc, DLOpen). What does neither "did not
// self-register"; what was compiled against another NODE_MODULE_VERSION is closed again, because V8's classes differ.

import {
  dynamicOf,
  dynamicRelocationsOf,
  type ElfImage,
  error,
  note,
  type Problem,
  rangeAtAddress,
  SHN_UNDEF,
} from "../../elf/index.ts";
import { address, holds, word } from "../../elf/source.ts";
import { nameAt, startsWith } from "../../elf/text.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { symbolNameStart, symbolSection, symbolValue } from "../file/dynamic-symbols.ts";
import { loaderRecordOf } from "../machines/index.ts";
import { releaseOfModules } from "../systems/index.ts";
import type { Demands } from "./demands.ts";
import { definitionOf } from "./group.ts";
import { returnedConstant } from "./returned-constant.ts";
import type { NodeExports } from "./surroundings.ts";

/** Exported with NODE_MODULE_VERSION behind it (NODE_MODULE_INIT, NODE_MODULE_INITIALIZER). */
const VERSIONED_ENTRY = "node_register_module_v";
const NAPI_ENTRY = "napi_register_module_v1";
const NAPI_VERSION = "node_api_module_get_api_version_v1";
/** Called by a constructor with a record of the module; the second one is for Node-API, where the version is no matter. */
const REGISTER = "node_module_register";
const NAPI_REGISTER = "napi_module_register";

/**
 * What keeps Node.js from taking a file for an addon of its own.
 * @param files the addon first, then the libraries of its own: constructors and entry points in them count too
 */
export function nodeEntryFindings(main: Demands, files: readonly DynamicFile[], node: NodeExports): Problem[] {
  const place = { file: main.name };
  const has = node.moduleVersion();
  const calls = (name: string): boolean => files.some((file) => refersTo(file, name));
  if (calls(NAPI_REGISTER)) return [];
  const versions = [...new Set(files.flatMap(entryVersions))];
  const isSelfRegistered = calls(REGISTER);
  if (isSelfRegistered) {
    const registered = files.map((file) => registeredVersion(node.wholeOf(file))).find((it) => it !== undefined);
    if (registered === undefined && (has === undefined || !versions.includes(has))) {
      return [note("check-node-version-unknown", place)];
    }
    if (registered !== undefined) versions.push(registered);
  } else if (files.some((file) => definitionOf(file, NAPI_ENTRY) !== 0)) {
    return has !== undefined && versions.includes(has) ? [] : apiFindings(main, files, node);
  }
  if (versions.length === 0) return [error("check-node-entry-missing", place)];
  if (has === undefined) return [note("check-no-node", place)];
  if (versions.includes(has)) return [];
  const releases = [...new Set(versions.map(releaseOfModules))].filter((it) => it !== "");
  return [
    error("check-node-version", place, { versions: versions.map(String), releases, has, node: releaseOfModules(has) }),
  ];
}

/** Node-API's "experimental". */
const EXPERIMENTAL = 0x7fffffff;

/** An addon for a later Node-API is no error that Node.js reports well: 20.20 ends by SIGSEGV. */
function apiFindings(main: Demands, files: readonly DynamicFile[], node: NodeExports): Problem[] {
  const has = node.apiVersion();
  const file = files.find((it) => definitionOf(it, NAPI_VERSION) !== 0);
  if (has === undefined || file === undefined) return [];
  const wanted = returnedConstant(node.wholeOf(file), symbolValue(file.symbols, definitionOf(file, NAPI_VERSION)));
  if (wanted === undefined || wanted <= has || wanted === EXPERIMENTAL) return [];
  return [error("check-node-api-version", { file: main.name }, { wanted, has })];
}

/** Has it an undefined symbol of this name? */
function refersTo({ symbols }: DynamicFile, name: string): boolean {
  for (let index = 1; index < symbols.count; index++) {
    if (symbolSection(symbols, index) !== SHN_UNDEF) continue;
    const at = symbolNameStart(symbols, index);
    if (startsWith(symbols.bytes, at, name) && symbols.bytes[at + name.length] === 0) return true;
  }
  return false;
}

/** The numbers of the entry points that it has: an addon may serve several. */
function entryVersions({ symbols }: DynamicFile): number[] {
  const versions: number[] = [];
  for (let index = 1; index < symbols.count; index++) {
    const at = symbolNameStart(symbols, index);
    if (symbolSection(symbols, index) === SHN_UNDEF || !startsWith(symbols.bytes, at, VERSIONED_ENTRY)) continue;
    const digits = nameAt(symbols.bytes, at + VERSIONED_ENTRY.length, symbols.stringEnd);
    if (/^\d{1,6}$/.test(digits)) versions.push(Number(digits));
  }
  return versions;
}

/**
 * nm_version of the record that a constructor hands to node_module_register (src/node.h, struct node_module): int nm_version, unsigned
 * nm_flags, void *nm_dso_handle, const char *nm_filename, two functions, const char *nm_modname, void *nm_priv, node_module
 * *nm_link. The record lies in data, and relocations say which of its words are addresses.
 */
function registeredVersion(elf: ElfImage): number | undefined {
  const size = elf.elfClass / 8;
  const pointers = pointersOf(elf);
  // nm_filename, by which the record is found.
  const filename = 8 + size;
  for (const [site, target] of pointers) {
    const start = site - filename;
    const modname = pointers.get(start + filename + 3 * size);
    if (modname === undefined || pointers.has(start + 8)) continue;
    const range = rangeAtAddress(elf, start);
    if (range === undefined || !holds(elf, range.start, filename + 6 * size)) continue;
    const version = word(elf, range.start);
    const isRecord =
      version > 0 && version < 10_000 && word(elf, range.start + 4) < 0x100 && address(elf, range.start + 8) === 0;
    if (isRecord && isText(elf, target) && isText(elf, modname)) return version;
  }
  return undefined;
}

/** Where addresses stand in data, and what they point to. */
function pointersOf(elf: ElfImage): Map<number, number> {
  const quiet = (): void => {};
  const image = { ...elf, sections: [] };
  const dynamic = dynamicOf(image, quiet);
  const pointers = new Map<number, number>();
  if (dynamic === undefined) return pointers;
  const relative = loaderRecordOf(elf)?.facts.dynamic.relative;
  const { tables, relr } = dynamicRelocationsOf(image, dynamic, quiet);
  const inPlace = (site: number): void => {
    const range = rangeAtAddress(elf, site);
    if (range !== undefined && holds(elf, range.start, elf.elfClass / 8)) pointers.set(site, address(elf, range.start));
  };
  for (const { relocations } of tables) {
    for (const { offset, type, addend } of relocations) {
      if (type !== relative) continue;
      if (addend === undefined) inPlace(offset);
      else pointers.set(offset, addend);
    }
  }
  relr.forEach(inPlace);
  return pointers;
}

/** Is there a short text of printable characters? */
function isText(elf: ElfImage, target: number): boolean {
  const range = rangeAtAddress(elf, target);
  if (range === undefined) return false;
  return /^[ -~]{1,1023}$/.test(nameAt(elf.bytes, range.start, Math.min(range.end, range.start + 1024)));
}
