// What reading the inputs builds up: every object, shared library and archive met, and the one symbol table they share.
// The functions here add one file each; inputs.ts decides which file and when.

import { type Machine, machineFor } from "../../arch/index.ts";
import { demangle } from "../../demangle/index.ts";
import { EM_386, EM_X86_64, ET_DYN, ET_EXEC, ET_REL } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";
import type { LinkOptions } from "../options.ts";
import type { ScriptCommand } from "../script/types.ts";
import { compileVersions } from "../script/version-assign.ts";
import type { SymbolId } from "../tables/ids.ts";
import { createLocator, type Locator } from "../tables/locate.ts";
import { type ObjectFile, type ObjectOrigin, readObject } from "../tables/object-file.ts";
import { type Candidate, createCandidate, createRecord, type ResolutionRecord } from "../tables/resolve.ts";
import { createSections, type SectionTable } from "../tables/section-table.ts";
import { coverNames, createSymbols, KIND_NONE, type SymbolTable, symbolNamed } from "../tables/symbol-table.ts";
import type { LazySet, ParsedArchive } from "./archive-types.ts";
import { createGroups, decideGroups, type GroupTable } from "./groups.ts";
import { readGlobals, type WrapMap } from "./object-symbols.ts";
import { readSharedOnce } from "./parsed.ts";
import { type PartlyFiles, readOnce } from "./read-once.ts";
import { isBrought, type SharedFile, type SharedOrigin } from "./shared/shared-file.ts";
import type { SharedReference } from "./shared/shared-reference.ts";
import { enterShared, neededSymbol } from "./shared/shared-symbols.ts";
import type { VersionedNames } from "./shared/versioned-names.ts";

export interface Loader {
  readonly options: LinkOptions;
  readonly files: FileSystem;
  /** Those files of which not all is there yet: see `completed`. */
  readonly partly: PartlyFiles;
  readonly report: Report;
  /** Undefined until -m or the first object tells. */
  machine: Machine | undefined;
  readonly objects: ObjectFile[];
  readonly shared: SharedFile[];
  /** Shared libraries that --as-needed found no use for. */
  readonly dropped: SharedFile[];
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly groups: GroupTable;
  readonly record: ResolutionRecord;
  /** Functions and source lines, for messages. */
  readonly locator: Locator;
  readonly candidate: Candidate;
  /** What has been read of archives, by their bytes. */
  readonly archives: Map<Uint8Array, ParsedArchive>;
  /** Archives and --start-lib groups in order, for later passes over them. */
  readonly lazySets: LazySet[];
  /** Names with a version in them. */
  readonly versioned: VersionedNames;
  /** What SHF_EXCLUDE sections would define. */
  readonly excludedSymbols: SymbolId[];
  /** `__gnu_lto_slim`, the common symbol by which GCC marks objects without code (gcc/lto-streamer-out.cc). */
  readonly slimMarker: SymbolId;
  /** What shared libraries want in a certain version. */
  readonly sharedReferences: SharedReference[];
  readonly wrap: Map<SymbolId, SymbolId>;
  /** Every file that was read, in order. */
  readonly dependencies: Set<string>;
  /** Sonames that shared libraries need and that are nowhere. */
  readonly missingLibraries: Set<string>;
  /** Commands of script inputs that concern the whole link: ENTRY, VERSION, assignments, … */
  readonly scriptCommands: ScriptCommand[];
  /** Those of scripts among the inputs, which stand behind the layout in force. */
  readonly additions: Set<ScriptCommand>;
  /** -T was given: the default layout is not in force, unless a script only adds to it (INSERT). */
  hasScript: boolean;
  /** A file or library has been named, on the command line or by a script: without one there is nothing to link. */
  hasInput: boolean;
  /** Files that a script's patterns have opened: they are read once, wherever the command line names them. */
  readonly openedByScript: Set<string>;
  /** -L and SEARCH_DIR. */
  readonly libraryPaths: string[];
  /** Where libraries that libraries need are looked for: LinkOptions.neededPaths and SEARCH_DIR. */
  readonly neededPaths: string[];
  /** What -l would look for where the inputs end: for hints. */
  archivesOnly: boolean;
  symbolBase: number;
  inputCount: number;
}

export function createLoader(
  options: LinkOptions,
  files: FileSystem,
  report: Report,
  machine: Machine | undefined,
): Loader {
  const sections = createSections();
  const symbols = createSymbols();
  const partly: PartlyFiles = new Map();
  return {
    options,
    files: readOnce(files, partly),
    partly,
    report,
    machine,
    objects: [],
    shared: [],
    dropped: [],
    sections,
    symbols,
    slimMarker: symbolNamed(symbols, "__gnu_lto_slim"),
    groups: createGroups(),
    record: createRecord(),
    locator: createLocator(sections, options.accelerators),
    candidate: createCandidate(),
    archives: new Map(),
    lazySets: [],
    versioned: {
      ids: [],
      joined: [],
      shown: new Set(),
      unseen: new Set(),
      heard: new Set(),
      lost: new Set(),
      nodes: options.versionNodes,
      // What is wrong with the script is reported when versions are assigned.
      matcher: compileVersions(options.versionNodes, () => {}),
      demangle,
    },
    excludedSymbols: [],
    sharedReferences: [],
    wrap: new Map(),
    dependencies: new Set(),
    missingLibraries: new Set(),
    scriptCommands: [],
    additions: new Set(),
    hasScript: false,
    hasInput: false,
    openedByScript: new Set(),
    libraryPaths: [...options.libraryPaths],
    neededPaths: [...(options.neededPaths ?? options.libraryPaths)],
    archivesOnly: false,
    symbolBase: 0,
    inputCount: 0,
  };
}

/** What a file is, from its first bytes. */
export type FileKind = "object" | "shared" | "executable" | "archive" | "bitcode" | "other-elf" | "text";

export function fileKind(bytes: Uint8Array): FileKind {
  if (startsWith(bytes, [0x7f, 0x45, 0x4c, 0x46]) && bytes.length >= 20) {
    // e_type in the file's own byte order.
    const type = bytes[5] === 2 ? bytes[16] * 256 + bytes[17] : bytes[16] + bytes[17] * 256;
    if (type === ET_REL) return "object";
    if (type === ET_DYN) return "shared";
    return type === ET_EXEC ? "executable" : "other-elf";
  }
  // "!<arch>\n" and "!<thin>\n"
  if (startsWith(bytes, [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a])) return "archive";
  if (startsWith(bytes, [0x21, 0x3c, 0x74, 0x68, 0x69, 0x6e, 0x3e, 0x0a])) return "archive";
  // LLVM bitcode, plain or in its wrapper.
  if (startsWith(bytes, [0x42, 0x43, 0xc0, 0xde]) || startsWith(bytes, [0xde, 0xc0, 0x17, 0x0b])) return "bitcode";
  return "text";
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

/** Names, and the class that goes without saying. */
const MACHINES: Readonly<Record<number, readonly [name: string, elfClass: number]>> = {
  [EM_386]: ["i386", 32],
  [EM_X86_64]: ["x86-64", 64],
  183: ["aarch64", 64],
  40: ["arm", 32],
  243: ["riscv", 64],
};

function machineText(number: number, elfClass: number, bigEndian: boolean): string {
  const [name, usual] = MACHINES[number] ?? [`machine ${number}`, 0];
  return `${name}${elfClass === usual ? "" : `, ${elfClass} bits`}${bigEndian ? ", big endian" : ""}`;
}

/** What to tell the compiler so that an object fits. */
const TARGET_OPTIONS: Readonly<Record<string, string>> = { "x86-64": "-m64", i386: "-m32" };

export interface Mismatch {
  readonly code: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** Undefined if the ELF file fits the link. Sets the link's machine from the first object when nothing else has. */
export function compatibility(loader: Loader, bytes: Uint8Array): Mismatch | undefined {
  const elfClass = bytes[4] === 2 ? 64 : 32;
  const number = bytes[5] === 2 ? bytes[18] * 256 + bytes[19] : bytes[18] + bytes[19] * 256;
  const found = machineText(number, elfClass, bytes[5] === 2);
  if (number === EM_X86_64 && elfClass === 32) return { code: "x32-unsupported", facts: { found } };
  const machine = bytes[5] === 1 ? machineFor(number, elfClass) : undefined;
  const wanted = loader.machine;
  if (wanted === undefined) {
    if (machine === undefined) return { code: "wrong-machine", facts: { found, expected: "x86-64 or i386" } };
    loader.machine = machine;
    return undefined;
  }
  if (machine === wanted) return undefined;
  const option = TARGET_OPTIONS[wanted.name];
  return {
    code: "wrong-machine",
    facts: { found, expected: wanted.name, ...(option === undefined ? {} : { option }) },
  };
}

/** Adds a relocatable object: its sections, its groups, its symbols. */
export function addObject(loader: Loader, bytes: Uint8Array, origin: Omit<ObjectOrigin, "input">): void {
  const { report, sections, symbols } = loader;
  const mismatch = compatibility(loader, bytes);
  if (mismatch !== undefined) {
    report(error(mismatch.code, { file: origin.name }, mismatch.facts));
    return;
  }
  const is64 = bytes[4] === 2;
  const id = loader.objects.length;
  const full = { ...origin, input: loader.inputCount++ };
  const object = readObject(bytes, is64, id, loader.symbolBase, full, sections, report);
  if (object === undefined) return;
  loader.symbolBase += object.symbolCount;
  loader.objects.push(object);
  const relocatable = loader.options.output === "relocatable";
  decideGroups(object, sections, symbols.names, loader.groups, relocatable, report);
  // Signatures are names too, and the object may have no symbols of its own.
  coverNames(symbols);
  readGlobals(
    object,
    sections,
    symbols,
    loader.candidate,
    loader.record,
    loader.wrap as WrapMap,
    loader.versioned,
    loader.excludedSymbols,
    relocatable,
    report,
  );
  if (symbols.kind[loader.slimMarker] !== KIND_NONE && object.symbols.includes(loader.slimMarker)) {
    report(error("lto-only-object", { file: origin.name }));
  }
}

/** Adds a shared library, unless it is there already or --as-needed finds no use for it. */
export function addShared(
  loader: Loader,
  bytes: Uint8Array,
  origin: Omit<SharedOrigin, "input">,
): SharedFile | undefined {
  const mismatch = compatibility(loader, bytes);
  if (mismatch !== undefined) {
    loader.report(error(mismatch.code, { file: origin.name }, mismatch.facts));
    return undefined;
  }
  const full = { ...origin, input: loader.inputCount++ };
  const { options, report } = loader;
  const shared = readSharedOnce(options.parsed, bytes, bytes[4] === 2, loader.shared.length, full, report);
  if (shared === undefined) return undefined;
  const known = loader.shared.find((it) => it.soname === shared.soname);
  if (known !== undefined) return known;
  if (!origin.asNeeded) return enter(loader, shared);
  const entered = enterIfNeeded(loader, shared);
  if (entered === undefined) loader.dropped.push(shared);
  return entered;
}

/** A library of a group that --as-needed found no use for: what was read since then may have one. */
export function reconsiderShared(loader: Loader, dropped: SharedFile): SharedFile | undefined {
  if (loader.shared.some((it) => it.soname === dropped.soname)) return undefined;
  const entered = enterIfNeeded(loader, { ...dropped, id: loader.shared.length });
  if (entered !== undefined) loader.dropped.splice(loader.dropped.indexOf(dropped), 1);
  return entered;
}

function enterIfNeeded(loader: Loader, shared: SharedFile): SharedFile | undefined {
  const { symbols, sharedReferences, versioned } = loader;
  // What another library brings along anyway need not be asked for on that library's behalf.
  const ofLibraries = !isBrought(shared.soname, filesRead(loader), (it) => loader.shared.includes(it));
  shared.neededFor = neededSymbol(shared, symbols, ofLibraries, sharedReferences, versioned.ids.length > 0);
  return shared.neededFor < 0 ? undefined : enter(loader, shared);
}

function filesRead({ shared, dropped }: Loader): SharedFile[] {
  return dropped.length === 0 ? shared : [...shared, ...dropped].sort((a, b) => a.input - b.input);
}

function enter(loader: Loader, shared: SharedFile): SharedFile {
  loader.shared.push(shared);
  enterShared(
    shared,
    loader.symbols,
    loader.sharedReferences,
    loader.candidate,
    loader.record,
    loader.versioned,
    loader.wrap,
    loader.report,
  );
  return shared;
}

/** Reads a file and notes it as a dependency. */
export function readFile(loader: Loader, path: string): Uint8Array | undefined {
  const bytes = loader.files.read(path);
  if (bytes !== undefined) loader.dependencies.add(path);
  return bytes;
}

/**
 * Before more is looked at than an archive's tables or a library's dynamic symbols: has the rest read.
 * @param file bytes of a file as `readFile` gives them  @param part `file`, or a part of it
 * @param name for messages
 * @returns `part`; undefined after reporting `file-changed`
 */
export function completed(loader: Loader, file: Uint8Array, part: Uint8Array, name: string): Uint8Array | undefined {
  if (loader.partly.get(file)?.(part) !== false) {
    if (part === file) loader.partly.delete(file);
    return part;
  }
  loader.report(error("file-changed", { file: name }));
  return undefined;
}
