// The record that the rows of the option table write to while the command line is read from left to right. finish.ts turns
// it into what the linker takes.

import { error, type Problem, type Report, type Severity } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";
import { scriptCandidates } from "../../link/inputs/expand.ts";
import { missingFileFacts } from "../../link/inputs/missing-file.ts";
import {
  defaultOptions,
  type InputState,
  type LinkInput,
  type LinkOptions,
  type ZOptions,
} from "../../link/options.ts";
import type { Pattern } from "../../link/script/types.ts";

/** The same record with fields and lists that can be written. */
type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Element)[] ? Element[] : T[K] };

export type DraftOptions = Writable<Omit<LinkOptions, "z" | "sectionStart" | "dynamicList">> & {
  readonly z: Writable<ZOptions>;
  readonly sectionStart: Map<string, number>;
  dynamicList: Pattern[] | undefined;
};

/** A word of the command line as it was understood, for --reproduce. */
export interface Word {
  /** The option's documented name, with its dashes; empty for a file. */
  readonly option: string;
  /** What the option table calls its argument: FILE, DIRECTORY, …; empty without one. */
  readonly argument: string;
  readonly value: string;
}

/** What the front does by itself, around the link. */
export interface FrontSettings {
  readonly outputPath: string;
  /** -v and -V print the version and go on; --verbose prints the search directories too. */
  readonly banner: "none" | "version" | "emulations" | "verbose";
  /** Print this and stop. */
  readonly request: "none" | "help" | "version" | "target-help" | "sysroot";
  /** --print-output-format */
  readonly printOutputFormat: boolean;
  readonly trace: boolean;
  readonly dependencyFile: string | undefined;
  /** -Map as given; `-`: standard output. */
  readonly mapFile: string | undefined;
  readonly mapDiscarded: boolean;
  readonly crossReference: boolean;
  /** --print-memory-usage */
  readonly memoryUsage: boolean;
  /** --separate-debug-file as given; empty: the output's name with `.dbg` behind it. */
  readonly debugFile: string | undefined;
  /** --out-implib */
  readonly importLibrary: string | undefined;
  /** --print-dependencies */
  readonly dependencies: boolean;
  /** --reproduce as given; empty: the output's name with `.repro.tar` behind it. */
  readonly reproduce: string | undefined;
  /** --explain as given. */
  readonly explain: string | undefined;
  /** --why-extract and --print-archive-stats as given; `-`: standard output. */
  readonly whyExtract: string | undefined;
  readonly archiveStats: string | undefined;
  /** -z report-relative-reloc */
  readonly relativeRelocations: boolean;
  readonly statistics: boolean;
  /** --time-trace: the file's name, "" for the output's with .time-trace. */
  readonly timeTrace: string | undefined;
  readonly demangle: boolean;
  readonly color: "auto" | "always" | "never";
  /** 0: no limit. */
  readonly errorLimit: number;
  /** -w: neither warnings nor, if there is an output all the same, errors. */
  readonly silent: boolean;
  /** Codes of warnings that are not wanted, e.g. by --no-warn-rwx-segments. */
  readonly unwanted: ReadonlySet<string>;
  /** Codes of warnings that are errors, e.g. by --error-rwx-segments. */
  readonly promoted: ReadonlySet<string>;
}

export interface Draft {
  readonly options: DraftOptions;
  readonly settings: Writable<Omit<FrontSettings, "unwanted" | "promoted">> & {
    readonly unwanted: Set<string>;
    readonly promoted: Set<string>;
  };
  readonly inputs: LinkInput[];
  /** The whole command line, response files expanded. */
  readonly words: Word[];
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: Report;
  /** The option as it stands on the command line, for messages. */
  spelled: string;
  /** Options that have been remarked on: once is enough. */
  readonly remarked: Set<string>;

  // State of the options that work on the files after them
  state: Writable<InputState>;
  readonly pushed: InputState[];
  openGroups: number;

  /** --sysroot= has been read ahead: it means the same wherever it stands. */
  sysrootKnown: boolean;

  // What makes the output kind, known when everything is read
  form: "executable" | "pie" | "shared";
  relocatable: boolean;
  /** -static or its like stands before all inputs. */
  staticFirst: boolean;

  /** What to do about undefined symbols in objects and in shared libraries; undefined where nothing was said. */
  unresolvedInObjects: "ignore" | "report" | undefined;
  unresolvedInLibraries: "ignore" | "report" | undefined;

  /** -Y: directories after those of -L. */
  laterLibraryPaths: string[];
  /** Directories of SEARCH_DIR in -T. */
  readonly scriptPaths: string[];
  defaultScript: string | undefined;
  hasScript: boolean;
  /** One of them takes the place of the default script: it has no INSERT. */
  replacesScript: boolean;
}

export function createDraft(
  files: FileSystem,
  env: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Draft {
  return {
    options: createOptions(),
    settings: {
      outputPath: "a.out",
      banner: "none",
      request: "none",
      printOutputFormat: false,
      trace: false,
      dependencyFile: undefined,
      mapFile: undefined,
      mapDiscarded: true,
      crossReference: false,
      memoryUsage: false,
      debugFile: undefined,
      importLibrary: undefined,
      dependencies: false,
      reproduce: undefined,
      explain: undefined,
      whyExtract: undefined,
      archiveStats: undefined,
      relativeRelocations: false,
      statistics: false,
      timeTrace: undefined,
      demangle: env.COLLECT_NO_DEMANGLE === undefined,
      color: "auto",
      errorLimit: 0,
      silent: false,
      unwanted: new Set(),
      promoted: new Set(),
    },
    inputs: [],
    words: [],
    files,
    env,
    report: (problem) => problems.push(problem),
    spelled: "",
    remarked: new Set(),
    state: { wholeArchive: false, asNeeded: false, preferStatic: false, copyDtNeeded: false },
    pushed: [],
    openGroups: 0,
    sysrootKnown: false,
    form: "executable",
    relocatable: false,
    staticFirst: false,
    unresolvedInObjects: undefined,
    unresolvedInLibraries: undefined,
    laterLibraryPaths: [],
    scriptPaths: [],
    defaultScript: undefined,
    hasScript: false,
    replacesScript: false,
  };
}

function createOptions(): DraftOptions {
  return {
    ...defaultOptions,
    libraryPaths: [],
    rpathLink: [],
    environmentPaths: [],
    systemLibraryPaths: [],
    undefined: [],
    requireDefined: [],
    undefinedGlobs: [],
    defsym: [],
    wrap: [],
    traceSymbols: [],
    excludeLibs: [],
    exportDynamicSymbols: [],
    dynamicList: undefined,
    versionNodes: [],
    rpath: [],
    impliedRpath: [],
    auxiliary: [],
    filter: [],
    audit: [],
    depaudit: [],
    uniqueNames: [],
    symbolOrder: [],
    ignoredUnresolved: [],
    keepUnique: [],
    sectionOrder: [],
    sectionShuffles: [],
    compressSections: [],
    sectionStart: new Map(),
    z: { ...defaultOptions.z },
  };
}

/** Adds a file at this place of the command line, under the options that stand before it. */
export function addFile(draft: Draft, path: string): void {
  draft.inputs.push({ kind: "file", path, state: { ...draft.state } });
}

/** Says that the option cannot take this value. `expected` continues "expected …". */
export function badValue(draft: Draft, value: string, expected: string): void {
  draft.report(error("bad-option-value", {}, { option: draft.spelled, value, expected }));
}

/** Says, once, that an option has no effect or is not supported. */
export function remark(draft: Draft, severity: Severity, option: string, why: string): void {
  if (draft.remarked.has(option)) return;
  draft.remarked.add(option);
  const code = severity === "note" ? "option-ignored" : "option-not-supported";
  draft.report({ code, severity, place: {}, details: { option, why } });
}

/** The value, if it is one of `words`. */
export function oneOf<const Word extends string>(
  draft: Draft,
  value: string,
  words: readonly Word[],
): Word | undefined {
  const word = words.find((it) => it === value);
  if (word === undefined) badValue(draft, value, words.join(", "));
  return word;
}

/** A number as strtoul(3) with base 0 reads it: decimal, 0x hexadecimal or 0 octal. */
export function parseNumber(draft: Draft, value: string): number | undefined {
  const octal = /^0[0-7]+$/.test(value);
  const number = /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(value) ? Number(octal ? `0o${value}` : value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  badValue(draft, value, "a number");
  return undefined;
}

/** An address as GNU ld reads it: hexadecimal, with or without 0x. Kernel addresses beyond 2^53 are exact when page-aligned. */
export function parseAddress(draft: Draft, value: string): number | undefined {
  if (/^(0[xX])?[0-9a-fA-F]{1,16}$/.test(value)) {
    const exact = BigInt(value.replace(/^(0[xX])?/, "0x"));
    const number = Number(exact);
    if (BigInt(number) === exact) return number;
  }
  badValue(draft, value, "a hexadecimal address");
  return undefined;
}

/** A text file named by an option: as given, else along the -L directories so far, as GNU ld finds scripts. */
export function readText(
  draft: Draft,
  path: string,
): { readonly path: string; readonly bytes: Uint8Array } | undefined {
  const found = findAlongLibraryPaths(draft, path);
  const bytes = found === undefined ? undefined : draft.files.read(found);
  if (found === undefined || bytes === undefined) {
    draft.report(error("file-not-found", {}, missingFileFacts(draft.files, path)));
    return undefined;
  }
  return { path: found, bytes };
}

/** The root directory alone is as good as none (ldmain.c, get_sysroot). */
export function asSysroot(directory: string): string {
  return directory === "/" ? "" : directory;
}

/** Where a script is: as given, else along the -L directories so far. */
function findAlongLibraryPaths(draft: Draft, path: string): string | undefined {
  const { libraryPaths, sysroot } = draft.options;
  return scriptCandidates(path, { libraryPaths, sysroot }).find((it) => draft.files.exists(it));
}
