// The process that is being loaded, and the objects in it: what glibc keeps in struct link_map (include/link.h). The parts of
// load/ fill these records in turn; once `load` has returned, only the calls of calls.ts and lazy.ts change them.

import { DT_STRTAB, type Problem, STT_GNU_IFUNC } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { isAbsolute, symbolSection, symbolType, symbolValue } from "../file/dynamic-symbols.ts";
import type { LoaderRecord } from "../machines/index.ts";
import type { SearchContext } from "../search/index.ts";
import type {
  Candidate,
  LoaderMachine,
  LoaderProfile,
  LoadOptions,
  OpenedFile,
  Requester,
  SearchRule,
  SearchStep,
} from "../settings/contract.ts";
import type { MappedRegion } from "./region.ts";

/** How a reference of an object was bound, in `Bindings.rule`. */
export const BOUND_BY_LOOKUP = 0;
/** STB_LOCAL, or STV_HIDDEN or STV_INTERNAL: the object's own symbol, without a look-up. */
export const BOUND_LOCALLY = 1;
/** Same symbol and class as the relocation before: glibc keeps the last result. */
export const BOUND_FROM_CACHE = 2;
/** STB_GNU_UNIQUE: what the first binding of the name in the process found. */
export const BOUND_UNIQUE = 3;
/** A protected symbol: the object's own definition although another comes first. */
export const BOUND_PROTECTED = 4;
/** Weak and nowhere defined: 0. */
export const BOUND_TO_NOTHING = 5;
/** Nowhere defined: the error "undefined symbol". */
export const NOT_BOUND = 6;
/** Left for the first call. */
export const NOT_YET_BOUND = 7;

/** What the references of an object are bound to: a row for each relocation in `symbolicOf(object.file)`. */
export interface Bindings {
  /** Id of the object that defines it; -1 for none. */
  readonly provider: Int32Array;
  /** Index in that object's dynamic symbols; 0 for none. */
  readonly symbol: Int32Array;
  /** BOUND_* or NOT_*. */
  readonly rule: Uint8Array;
}

export type ObjectKind = "program" | "library" | "loader" | "vdso";

export interface LoadedObject {
  /** Index in `LoadedProcess.objects`; it never changes. */
  readonly id: number;
  readonly kind: ObjectKind;
  readonly file: DynamicFile;
  /** The path under which it was opened; for the program, argv[0]. ld.so calls it this in its messages. */
  readonly name: string;
  /** The names that find it: its path, what was asked for, its soname once somebody asked for that (l_name, l_libname). */
  readonly names: string[];
  /** What was asked for when it was loaded: the first of its names in l_libname. */
  readonly asked: string;
  /** Who asked for it first; undefined for the program, preloaded libraries' is the program. */
  readonly requester: LoadedObject | undefined;
  /** How it was found; undefined for the program and the loader. */
  readonly rule: SearchRule | undefined;
  /** What was tried for it, in order. */
  readonly tried: readonly Candidate[];
  readonly steps: readonly SearchStep[];
  /** What the search knows it by. */
  readonly searcher: Requester;
  /** The objects of its DT_NEEDED, DT_AUXILIARY and DT_FILTER, in order. */
  readonly needed: LoadedObject[];
  /** What the sorter takes for its dependencies (l_initfini): `needed`, or for a root all that was loaded for it, sorted. */
  initfini: readonly LoadedObject[];
  /** Objects it got bound to without needing them (l_reldeps); only dlopen's objects are noted. */
  readonly bound: Set<LoadedObject>;
  /** Of the process that it is in. */
  readonly pageSize: number;
  /** Whose loader the process has. */
  readonly library: LoaderProfile["library"];
  /** Added to the file's addresses (l_addr), and the pages it takes: [start, end). */
  base: number;
  start: number;
  end: number;
  /** Number of its TLS block, 0 without one. */
  tlsModule: number;
  /** The block has a place in static TLS: so far below the thread pointer, or in TLS variant I so far above the TCB. */
  tlsIsStatic: boolean;
  tlsOffset: number;
  /** Where its references are looked up, list by list. */
  scope: (readonly LoadedObject[])[];
  bindings: Bindings | undefined;
  /** Its memory; made when somebody asks. */
  regions: readonly MappedRegion[] | undefined;
}

/** A search for a library that no object was known to be yet, or the note that one is loaded for a filter. */
export interface LibrarySearch {
  /** Who needs it: an object by DT_NEEDED, nobody, or dlopen; "filter" and "auxiliary" come before the search. */
  readonly kind: "needed" | "preloaded" | "opened" | "filter" | "auxiliary";
  readonly name: string;
  readonly requester: LoadedObject;
  /** What it came to: a fresh object or one that was there under another name; undefined if nothing was found. */
  readonly object: LoadedObject | undefined;
  /** The object came into the process by it. */
  readonly fresh: boolean;
  /** Something is wrong with a file that was tried, which ended the search: ld.so says nothing more then but its message. */
  readonly broken: boolean;
  /** A file was found that was not there yet, and its mapping begun. */
  readonly begun: boolean;
  readonly steps: readonly SearchStep[];
}

/** A line that the loader would print, and where. */
export interface LoaderMessage {
  /** Without the newline. */
  readonly text: string;
  /** It ends the process. */
  readonly fatal: boolean;
}

/** How far the real loader would have come: what ends the process is the last of these things that it does. */
export interface ProcessEnd {
  /** "start" is the kernel's: the loader that the program names is not there, or `object` does not lie on its pages. */
  readonly step: "start" | "search" | "versions" | "relocation";
  /** So many of the process's `searches` were made. */
  readonly searches: number;
  /** The object that was being mapped, whose versions were being checked, or that was being relocated. */
  readonly object?: LoadedObject;
  /** The last row of its bindings that was looked at; -1 if it ended before the first. */
  readonly row?: number;
  /** It ended in the look-up, before the reference was bound. */
  readonly unbound?: boolean;
  /** The library that was asked for a version, if the process ended there. */
  readonly asked?: LoadedObject;
  /** Where an assertion about versions failed in the look-up. */
  readonly asserted?: LoadedObject;
}

/** A library that was not found, or cannot be loaded. */
export interface MissingLibrary {
  readonly name: string;
  readonly requester: LoadedObject;
  /** ld.so's reason. */
  readonly message: string;
  readonly tried: readonly Candidate[];
}

/** A version that the library for it does not define. */
export interface MissingVersion {
  readonly version: string;
  readonly library: LoadedObject;
  readonly requester: LoadedObject;
  /** False if ld.so only warns: the library has no versions at all, or the need is weak. */
  readonly fatal: boolean;
}

/** A symbol that was not found. */
export interface UndefinedSymbol {
  readonly object: LoadedObject;
  /** Row in the object's `Bindings`. */
  readonly relocation: number;
  readonly name: string;
  /** Version asked for, or "". */
  readonly version: string;
}

/** A relocation whose value only running code decides: an IFUNC's. Nothing is guessed; the word keeps what was in the file. */
export interface UndecidedValue {
  readonly object: LoadedObject;
  /** Address of the word. */
  readonly site: number;
  /** Type of the relocation. */
  readonly type: number;
  /** Whose resolver function decides, and its address. */
  readonly provider: LoadedObject;
  readonly resolver: number;
  /** Undefined if it was not run. */
  readonly end: ResolverEnd | undefined;
}

/** How a resolver ended that was run and chose nothing. Addresses are of the process. */
export interface ResolverEnd {
  /** "fault": the process ends with it. "endless" and "unknown" (an instruction that is not simulated) are Solder's limits. */
  readonly how: "fault" | "endless" | "unknown";
  /** Of the instruction. */
  readonly at: number;
  /** What it wanted of memory, and where. */
  readonly access?: "read" | "write" | "execute";
  readonly address?: number;
}

/** What a resolver returns: an address; undefined if it was not run. */
export type IndirectChoice = number | ResolverEnd | undefined;

/** The first definition of each STB_GNU_UNIQUE name that anything was bound to. Versions play no part. */
export type UniqueTable = Map<string, { readonly object: LoadedObject; readonly symbol: number }>;

export interface LoadedProcess {
  readonly machine: LoaderMachine;
  /** What the loaders of that machine do. */
  readonly record: LoaderRecord;
  readonly options: LoadOptions;
  /** argv[0]: what messages start with. */
  readonly programName: string;
  /** By id: in the order in which they were mapped, the program first. */
  readonly objects: LoadedObject[];
  /** The objects by what finds them: a name of theirs, or their soname though nobody has asked for it yet; the file. */
  readonly byName: Map<string, LoadedObject[]>;
  readonly byIdentity: Map<string, LoadedObject>;
  /** glibc's chain of link maps, as dl_iterate_phdr and gdb see it. */
  chain: LoadedObject[];
  /** The global scope, which every reference is looked up in: the program, what was preloaded, and what they need, breadth first. */
  globalScope: LoadedObject[];
  /** What the program was started with: never unloaded. */
  globalAtStart: ReadonlySet<LoadedObject>;
  /** In the order of relocation, which is also that of constructors. */
  relocationOrder: LoadedObject[];
  /** Is a reference from a procedure linkage table left for the first call? */
  lazy: boolean;
  /** What ld.so would say on standard error. */
  readonly messages: LoaderMessage[];
  /** What ld.so does not say: damaged tables, and what Solder cannot do. */
  readonly problems: Problem[];
  /** Every search, in order. */
  readonly searches: LibrarySearch[];
  readonly missingLibraries: MissingLibrary[];
  readonly missingVersions: MissingVersion[];
  readonly undefinedSymbols: UndefinedSymbol[];
  /** By the address of the word; filled when memory is made. */
  readonly undecided: Map<number, UndecidedValue>;
  /** What IFUNCs' resolvers have chosen, by the address of the word; filled when memory is made. */
  readonly decided: Map<number, number>;
  /** Filled when memory is made. */
  readonly loaderWords: LoaderWord[];
  readonly unique: UniqueTable;
  /** What dlopen gave handles for: how often, and what it loaded and found for it, breadth first. */
  readonly opened: Map<LoadedObject, { count: number; list: readonly LoadedObject[] }>;
  /** RTLD_NODELETE. */
  readonly kept: Set<LoadedObject>;
  /** Unloaded by dlclose. */
  readonly gone: Set<LoadedObject>;
  /** Undefined as long as nothing is fatal; 127 for what cannot be loaded or bound, 1 for a missing version. */
  exitCode: number | undefined;
  /**
   * Undefined if the program starts. Otherwise the rest is loaded all the same, so that everything that is wrong is known.
   * musl, which names all that is missing before it ends, has no object here.
   */
  ended: ProcessEnd | undefined;
  readonly host: LoadHost;
  /** Bytes of static TLS, and how many more dlopen may take. */
  tlsSize: number;
  tlsAlignment: number;
  tlsSurplus: number;
  /** How much of that TLS descriptors may use, which can do without. */
  tlsOptional: number;
}

/** A word whose value is an address of something that the loader makes for itself. */
export interface LoaderWord {
  readonly object: LoadedObject;
  readonly site: number;
  /**
   * In .got.plt of an object whose calls are bound lazily, GOT[1] is the loader's record of the object and GOT[2] the function
   * that binds, `_dl_runtime_resolve`. A descriptor of thread-local storage that is allotted when it is first used has a
   * function and a record of the loader's too.
   */
  readonly meaning: "link-map" | "resolver" | "tls-function" | "tls-record";
}

/** What the loader asks of the rest: where to map objects, what indirect functions choose. */
export interface LoadHost {
  readonly search: SearchContext;
  readonly fileOf: (file: OpenedFile) => DynamicFile | undefined;
  /** Where an object of this size goes: the address of its first page; undefined if there is no room for it. */
  readonly place: (
    file: DynamicFile,
    name: string,
    kind: ObjectKind,
    bytes: number,
    rule: SearchRule | undefined,
  ) => number | undefined;
  /** What an IFUNC's resolver at this address returns. */
  readonly resolveIndirect: ((provider: LoadedObject, resolver: number) => IndirectChoice) | undefined;
}

/** Where the process is when something is fatal. */
export type EndPlace = Omit<ProcessEnd, "searches">;
/** What a shell calls the end of a process by a signal. */
export const SIGBUS_STATUS = 135;
export const SIGFPE_STATUS = 136;
export const SIGSEGV_STATUS = 139;

/** ld.so's line for an error, after the program's name. Only the first is said: it ends the process. */
export function fatal(task: LoadedProcess, text: string, exitCode: number, place: EndPlace): void {
  if (task.exitCode !== undefined) return;
  task.messages.push({ text: `${task.programName}: ${text}`, fatal: true });
  endProcess(task, exitCode, place);
}

/** The real process ends here, unless it has ended before. */
export function endProcess(task: LoadedProcess, exitCode: number, place: EndPlace): void {
  task.exitCode ??= exitCode;
  task.ended ??= { ...place, searches: task.searches.length };
}

/** Where a program lies at address 0, what is read at a null pointer is its ELF header. */
export function canReadNull(task: LoadedProcess): boolean {
  return task.objects.some(({ start, end }) => start === 0 && end > 0);
}

/** glibc takes it for granted that what has a name has strings: it reads DT_STRTAB through a null pointer. */
export function lacksStrings(task: LoadedProcess, { file: { values } }: LoadedObject): boolean {
  return !values.has(DT_STRTAB) && !canReadNull(task);
}

/**
 * A signal ends the process here. musl goes on when it has said that something is missing, to name all that is, and so may still come here:
 * then this is how it ends.
 */
export function endBySignal(task: LoadedProcess, status: number, place: EndPlace): void {
  if (task.options.profile.library === "musl" && !isEndedBySignal(task)) {
    task.exitCode = undefined;
    task.ended = undefined;
  }
  endProcess(task, status, place);
}

/** Then nothing more is said, not even by musl. */
export function isEndedBySignal({ exitCode }: LoadedProcess): boolean {
  return exitCode !== undefined && exitCode > 128;
}

/** A line of ld.so that ends nothing. After the end of the process nothing is said any more. */
export function warn(task: LoadedProcess, text: string): void {
  if (task.exitCode === undefined) task.messages.push({ text, fatal: false });
}

/** The kernel's page size for this process. */
export function pageSizeOf({ options, record }: Pick<LoadedProcess, "options" | "record">): number {
  return options.pageSize ?? record.pageSizes[0];
}

/** Where a symbol of an object is in this process: its value, plus the object's base unless the symbol does not move. */
export function addressOf(object: LoadedObject, symbol: number): number {
  const { symbols } = object.file;
  if (symbol >= symbols.count) return object.base;
  return symbolValue(symbols, symbol) + (staysPut(object, symbol) ? 0 : object.base);
}

/** glibc leaves absolute symbols where they are; musl adds the base to all (ldso/dynlink.c, do_relocs: laddr). */
export function staysPut({ file, library }: LoadedObject, symbol: number): boolean {
  return library === "glibc" && isAbsolute(file.symbols, symbol);
}

/** An IFUNC that is defined: its address is the one of a function that chooses. */
export function isIndirect(object: LoadedObject, symbol: number): boolean {
  const { symbols } = object.file;
  return (
    symbol < symbols.count && symbolType(symbols, symbol) === STT_GNU_IFUNC && symbolSection(symbols, symbol) !== 0
  );
}
