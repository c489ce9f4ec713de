// Where a file is to be loaded: this machine, or a root directory. Which dynamic linker is there decides by which rules; and
// the Node.js that is there decides what an addon finds.

import { type ElfImage, parseElfImage } from "../../elf/index.ts";
import { findText, nameAt } from "../../elf/text.ts";
import { type DynamicFile, readDynamicFile } from "../file/dynamic-file.ts";
import { type LoadCache, type LoadSettings, load } from "../load.ts";
import { LOADER_RECORDS, loaderMachineOf, loaderRecords } from "../machines/index.ts";
import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { openWhole } from "../search/index.ts";
import type { LoaderMachine, LoaderProfile, LoadFiles, LoadOptions } from "../settings/contract.ts";
import { profileOfInterpreter } from "../settings/profiles.ts";
import { areRelated } from "../systems/index.ts";
import type { Demands } from "./demands.ts";
import type { IsaLevel, LibraryRules } from "./file-findings.ts";
import { defines } from "./group.ts";
import { isGlibcName } from "./made-for.ts";

export interface Surroundings {
  /** For messages: "this system", or the root directory as the user named it. */
  readonly name: string;
  readonly cache: LoadCache;
  /** The same files whole, where those of the cache are read partly. */
  readonly whole: Pick<LoadFiles, "open">;
  /** Runs IFUNCs' resolvers, over files that are read whole; undefined if they are not run. */
  readonly resolvers?: ResolverRunner;
  /** What `linkerAt` found, by path. */
  readonly linkers: Map<string, Linker | undefined>;
  /** Of the process; the profile is that of the dynamic linker that is there. */
  readonly options: Omit<LoadOptions, "profile">;
  /** Undefined if it is not known which CPU will run it. */
  readonly cpu: IsaLevel;
  /** Rules of another release than the one that is there; undefined for those of the one that is there. */
  readonly rules: LibraryRules | undefined;
  /** The Node.js that opens addons: a path in the cache's file system. */
  readonly node: string | undefined;
  /** What that one says of itself, where it is the one that runs this; otherwise its file is asked. */
  readonly nodeVersions: NodeVersions | undefined;
}

export interface ResolverRunner {
  readonly cache: LoadCache;
  /** Which files have resolvers of their own, by path with links resolved: a library is in many processes. */
  readonly known: Map<string, boolean>;
  /** What a load of those files is told, and a function that is to be told the process. */
  start(): {
    readonly resolveIndirect: NonNullable<LoadSettings["resolveIndirect"]>;
    attach(process: LoadedProcess): void;
  };
}

/** What Node.js says of itself. */
export interface NodeVersions {
  /** NODE_MODULE_VERSION. */
  readonly modules: number;
  /** The newest version of Node-API. */
  readonly napi: number;
}

type Library = LoaderProfile["library"];

/** A dynamic linker that is there. */
export interface Linker {
  readonly path: string;
  readonly machine: LoaderMachine;
  readonly profile: LoaderProfile;
}

/** The dynamic linker at a path; undefined if there is none, or none that is known. */
export function linkerAt(where: Surroundings, path: string, machine: LoaderMachine): Linker | undefined {
  const key = `${machine} ${path}`;
  if (!where.linkers.has(key)) where.linkers.set(key, readLinker(where, path, machine));
  return where.linkers.get(key);
}

function readLinker(where: Surroundings, path: string, machine: LoaderMachine): Linker | undefined {
  const opened = openWhole(where.cache.files, where.whole, path);
  const found = typeof opened === "string" ? undefined : profileOfInterpreter(opened.bytes, machine, opened.realPath);
  if (found === undefined) return undefined;
  const { rules } = where;
  const profile = rules?.library === found.library ? { ...found, version: rules.version } : found;
  return { path, machine, profile };
}

/** The usual dynamic linker of a C library, or else that of the other one. */
export function usualLinker(where: Surroundings, machine: LoaderMachine, first: Library): Linker | undefined {
  const second = first === "glibc" ? "musl" : "glibc";
  const { interpreters } = LOADER_RECORDS[machine];
  for (const path of [...interpreters[first], ...interpreters[second]]) {
    const found = linkerAt(where, path, machine);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Is a machine another one than that of the surroundings, whose computers run none of its programs? Where there is no dynamic
 * linker at all, nobody can tell.
 */
export function isOtherMachine(where: Surroundings, machine: LoaderMachine): boolean {
  if (usualLinker(where, machine, "glibc") !== undefined) return false;
  const there = loaderRecords().filter(({ name }) => usualLinker(where, name, "glibc") !== undefined);
  return there.length > 0 && !there.some(({ name }) => areRelated(name, machine));
}

/** The dynamic linker of the process in which Node.js opens addons. */
export function linkerOfNode(where: Surroundings): Linker | undefined {
  const elf = where.node === undefined ? undefined : parsed(where, where.node);
  const machine = elf === undefined ? undefined : loaderMachineOf(elf);
  if (elf === undefined || machine === undefined) return undefined;
  const { interpreter } = readDynamicFile(elf, elf.name, elf.name);
  return interpreter === undefined ? undefined : linkerAt(where, interpreter, machine);
}

function parsed({ cache }: Surroundings, path: string): ElfImage | undefined {
  const opened = cache.files.open(path);
  return typeof opened === "string" ? undefined : cache.files.parse(opened);
}

/** What an addon finds in Node.js. Undefined answers: there is no Node.js to ask. */
export interface NodeExports {
  /** Whether anything in its process defines a symbol. */
  inProcess(name: string): boolean | undefined;
  /** The same without the C library, which is another one on other systems. */
  besidesLibc(name: string): boolean | undefined;
  /** Whether a library of this name is loaded in its process. */
  hasLibrary(name: string): boolean;
  /** NODE_MODULE_VERSION. */
  moduleVersion(): number | undefined;
  /** The newest version of Node-API that it has. */
  apiVersion(): number | undefined;
  /** All of a file of which only parts may have been read. */
  wholeOf(file: DynamicFile): ElfImage;
  /** The machine that it is built for. */
  machine(): LoaderMachine | undefined;
}

/** For checks without Node.js: what addons want of it stays open. */
export const noNode: NodeExports = {
  inProcess: () => undefined,
  besidesLibc: () => undefined,
  hasLibrary: () => false,
  moduleVersion: () => undefined,
  apiVersion: () => undefined,
  wholeOf: ({ elf }) => elf,
  machine: () => undefined,
};

/** What every build of Node.js exports under the same name: C functions, and where pointers have the same size C++ too. */
const NODE_C = /^(napi_|node_api_|node_module_register$|uv_)/;
const NODE_CXX = /^_ZNK?(2v8|4node|8v8)/;

/** What a file finds in Node.js: for addons of another machine see `nodeOn`; others do not ask. */
export function nodeFor({ role, machine }: Pick<Demands, "role" | "machine">, node: NodeExports): NodeExports {
  return role === "addon" ? nodeOn(machine, node) : node;
}

/**
 * What an addon of another machine finds in a build of Node.js for that: what the one that is there has, as far as that does not
 * depend on the machine. What it lacks of others' symbols says nothing.
 */
function nodeOn(machine: LoaderMachine, node: NodeExports): NodeExports {
  const own = node.machine();
  if (own === undefined || own === machine) return node;
  const bits = (of: LoaderMachine): number => LOADER_RECORDS[of].facts.elfClass;
  const isSame = (name: string): boolean => NODE_C.test(name) || (bits(own) === bits(machine) && NODE_CXX.test(name));
  const among = (name: string, found: boolean | undefined): boolean | undefined =>
    found === true || isSame(name) ? found : undefined;
  return {
    ...node,
    inProcess: (name) => among(name, node.inProcess(name)),
    besidesLibc: (name) => among(name, node.besidesLibc(name)),
    machine: () => machine,
  };
}

/** The symbols of Node.js, read when first asked for. */
export function nodeExports(where: Surroundings): NodeExports {
  let objects: readonly LoadedObject[] | undefined;
  let modules: number | undefined;
  let machine: LoaderMachine | "unknown" | undefined;
  const among = (name: string, counts: (object: LoadedObject) => boolean): boolean | undefined => {
    objects ??= nodeProcess(where)?.objects ?? [];
    return objects.length === 0 ? undefined : objects.some((it) => counts(it) && defines(it.file, name));
  };
  return {
    inProcess: (name) => among(name, () => true),
    hasLibrary: (name) => {
      objects ??= nodeProcess(where)?.objects ?? [];
      return objects.some(({ names, file }) => names.includes(name) || file.soname === name);
    },
    moduleVersion: () => {
      modules ??= where.nodeVersions?.modules ?? moduleVersionIn(where) ?? NaN;
      return Number.isNaN(modules) ? undefined : modules;
    },
    apiVersion: () => where.nodeVersions?.napi,
    wholeOf: ({ elf, realPath }) => {
      const opened = openWhole(where.cache.files, where.whole, realPath);
      return typeof opened === "string" ? elf : (parseElfImage(opened.bytes, elf.name, () => {}) ?? elf);
    },
    besidesLibc: (name) => among(name, ({ kind, file }) => kind !== "loader" && !isGlibcName(file.soname ?? "")),
    machine: () => {
      machine ??= machineOfNode(where) ?? "unknown";
      return machine === "unknown" ? undefined : machine;
    },
  };
}

function machineOfNode(where: Surroundings): LoaderMachine | undefined {
  const elf = where.node === undefined ? undefined : parsed(where, where.node);
  return elf === undefined ? undefined : loaderMachineOf(elf);
}

const VERSIONED_ENTRY = "node_register_module_v";

/** It holds the name of the entry point that it asks addons for (src/node_binding.cc, GetInitializerCallback). */
function moduleVersionIn({ cache, whole, node }: Surroundings): number | undefined {
  const opened = node === undefined ? "ENOENT" : openWhole(cache.files, whole, node);
  if (typeof opened === "string") return undefined;
  const { bytes } = opened;
  for (let at = findText(bytes, VERSIONED_ENTRY); at >= 0; at = findText(bytes, VERSIONED_ENTRY, at + 1)) {
    const start = at + VERSIONED_ENTRY.length;
    const [digits] = /^\d{1,6}$/.exec(nameAt(bytes, start, Math.min(bytes.length, start + 8))) ?? [];
    if (digits !== undefined) return Number(digits);
  }
  return undefined;
}

function nodeProcess(where: Surroundings): LoadedProcess | undefined {
  const linker = linkerOfNode(where);
  if (linker === undefined || where.node === undefined) return undefined;
  const result = load(where.node, { ...where.options, profile: linker.profile, environment: {} }, where.cache);
  return result.loaded ? result.process : undefined;
}
