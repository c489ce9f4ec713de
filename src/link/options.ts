// Everything a link can be told. The command line (cli/ld/) and callers of the library fill in the same record;
// `defaultOptions` is GNU ld's behaviour as configured in Debian.

import type { CallPadding } from "../arch/index.ts";
import type { ParsedFiles } from "./inputs/parsed.ts";
import type { Assignment } from "./script/statements.ts";
import type { Pattern, VersionNode } from "./script/types.ts";

export type OutputKind =
  /** Static executable, no PT_INTERP, no dynamic section. */
  | "static"
  /** Static position-independent executable: dynamic section, no PT_INTERP. */
  | "static-pie"
  /** Position-dependent executable. Becomes static by itself when no shared library is linked. */
  | "executable"
  | "pie"
  | "shared"
  | "relocatable";

/** How one input is to be treated: the state of the positional options where it stands. */
export interface InputState {
  readonly wholeArchive: boolean;
  readonly asNeeded: boolean;
  /** -Bstatic: -l looks for archives only. */
  readonly preferStatic: boolean;
  /** --copy-dt-needed-entries (off by default). */
  readonly copyDtNeeded: boolean;
  /** -b binary and --format=binary embed the file; undefined looks at the bytes. */
  readonly format?: "binary" | "elf";
}

/** No positional option stands before the input. */
export const defaultInputState: InputState = {
  wholeArchive: false,
  asNeeded: false,
  preferStatic: false,
  copyDtNeeded: false,
};

export type LinkInput =
  /** A file by path. `bytes` saves the look-up in the file system. */
  | { readonly kind: "file"; readonly path: string; readonly bytes?: Uint8Array; readonly state: InputState }
  /** -lNAME, or -l:FILE when `exact`. */
  | { readonly kind: "library"; readonly name: string; readonly exact: boolean; readonly state: InputState }
  /** -T FILE: a linker script, whatever is in it; `mri`: -c, in the language of the MRI linker. */
  | {
      readonly kind: "script";
      readonly path: string;
      readonly bytes?: Uint8Array;
      readonly state: InputState;
      readonly mri?: boolean;
    }
  /** --just-symbols / -R FILE */
  | { readonly kind: "just-symbols"; readonly path: string; readonly bytes?: Uint8Array }
  | { readonly kind: "group-start" }
  | { readonly kind: "group-end" }
  /** --start-lib: the objects up to --end-lib are lazy, as in an archive. */
  | { readonly kind: "lib-start" }
  | { readonly kind: "lib-end" };

export type BuildId =
  | { readonly style: "none" | "md5" | "sha1" | "sha256" | "uuid" | "fast" }
  | { readonly style: "hex"; readonly bytes: Uint8Array };

/** Another order for the input sections whose names match. Equal seeds give equal orders. */
export interface SectionShuffle {
  readonly pattern: string;
  readonly seed: number | "reverse";
}

/** Hashes and decompression that the host may do faster. Each has a plain implementation where left out. */
export interface Accelerators {
  readonly sha1?: (bytes: Uint8Array) => Uint8Array;
  readonly sha256?: (bytes: Uint8Array) => Uint8Array;
  readonly md5?: (bytes: Uint8Array) => Uint8Array;
  /** zlib stream → exactly `size` bytes, or undefined if it is damaged. */
  readonly inflate?: (bytes: Uint8Array, size: number) => Uint8Array | undefined;
  /** To a zlib stream, at a level from 0 to 9. Where it or `zstdCompress` is missing, --compress-debug-sections cannot be done. */
  readonly deflate?: (bytes: Uint8Array, level?: number) => Uint8Array;
  readonly zstdCompress?: ((bytes: Uint8Array, level?: number) => Uint8Array) | undefined;
  /** As `inflate`. Where it is missing, sections that zstd packed cannot be read. */
  readonly zstd?: ((bytes: Uint8Array, size: number) => Uint8Array | undefined) | undefined;
  readonly randomBytes?: (count: number) => Uint8Array;
}

export type CompressionStyle = "zlib-gnu" | "zlib-gabi" | "zstd";

/** --compress-sections PATTERN=STYLE:LEVEL */
export interface SectionCompression {
  readonly pattern: string;
  readonly style: CompressionStyle | "none";
  readonly level: number | undefined;
}

/** What a link is doing, in order: several passes of link.ts each. */
export const LINK_STAGES = [
  "read",
  "collect",
  "assign",
  "merge",
  "symbols",
  "scan",
  "report",
  "make",
  "layout",
  "addresses",
  "write",
] as const;
export type LinkStage = (typeof LINK_STAGES)[number];

export interface LinkOptions {
  /** Told when a stage begins; stages that are not needed are left out, and layout to write may come again. */
  readonly onStage: ((stage: LinkStage) => void) | undefined;
  readonly output: OutputKind;
  /** The output's file name: only for messages and for the version definition's base name. */
  readonly outputName: string;
  /** --oformat=binary: the loaded memory of a static program, without headers. Takes `output: "static"`. */
  readonly outputFormat: "elf" | "binary";
  /** BFD emulation: elf_x86_64 or elf_i386. Undefined: taken from the first object. */
  readonly emulation: string | undefined;

  // Finding inputs
  readonly libraryPaths: readonly string[];
  /**
   * Those of libraryPaths in which libraries are looked for that libraries need: GNU ld's built-in ones and those of SEARCH_DIR,
   * not those of -L. Undefined: all.
   */
  readonly neededPaths: readonly string[] | undefined;
  readonly sysroot: string;
  /** -rpath-link: where needed libraries of libraries are, before those of -rpath. */
  readonly rpathLink: readonly string[];
  /** The same after those of -rpath, never below the sysroot: what LD_RUN_PATH and LD_LIBRARY_PATH say. */
  readonly environmentPaths: readonly string[];
  /** Where the dynamic linker looks by default (/etc/ld.so.conf): searched last for what shared libraries need, not for -l. */
  readonly systemLibraryPaths: readonly string[];
  /** -nostdlib: only -L directories are searched. */
  readonly noStandardLibraryPaths: boolean;
  /**
   * -static before all inputs, and nobody named a dynamic linker: a program that a shared library comes into all the same is
   * refused, unless it does without one (--no-dynamic-linker).
   */
  readonly staticFirst: boolean;

  // Symbols
  readonly entry: string | undefined;
  readonly undefined: readonly string[];
  readonly requireDefined: readonly string[];
  /** --undefined-glob: archive members that define a symbol of these names take part. */
  readonly undefinedGlobs: readonly string[];
  readonly defsym: readonly Assignment[];
  readonly wrap: readonly string[];
  /** -z defs / --no-undefined; undefined: error in executables, allowed in shared libraries. */
  readonly noUndefined: boolean | undefined;
  readonly unresolvedSymbols: "report-all" | "ignore-all" | "ignore-in-object-files" | "ignore-in-shared-libs";
  /** --ignore-unresolved-symbol: undefined ones of these names are no error, and 0 in a program. */
  readonly ignoredUnresolved: readonly string[];
  readonly warnUnresolved: boolean;
  /** undefined: refuse in executables, allow in shared libraries. */
  readonly allowShlibUndefined: boolean | undefined;
  readonly allowMultipleDefinition: boolean;
  readonly noInhibitExec: boolean;
  readonly warnCommon: boolean;
  /** Of executable stacks: true also where -z execstack asks for one, false not at all. */
  readonly warnExecstack: boolean | undefined;
  readonly warnBackrefs: boolean;
  /** --warn-section-align: where a section's alignment moves its start. */
  readonly warnSectionAlign: boolean;
  /** Sections that overlap are an error. */
  readonly checkSections: boolean;
  readonly traceSymbols: readonly string[];
  /** -d: commons get space in -r too. --no-define-common: nowhere, for shared libraries. Undefined: everywhere but in -r. */
  readonly defineCommon: boolean | undefined;
  readonly excludeLibs: readonly string[];

  // Exporting and binding
  readonly exportDynamic: boolean;
  /** --export-dynamic-symbol and its list: exported from executables too. */
  readonly exportDynamicSymbols: readonly Pattern[];
  /** --dynamic-list: exported from an executable; in a shared library everything else binds locally. */
  readonly dynamicList: readonly Pattern[] | undefined;
  readonly dynamicListData: boolean;
  readonly bsymbolic: "none" | "all" | "functions" | "non-weak-functions" | "non-weak";
  readonly versionNodes: readonly VersionNode[];
  readonly undefinedVersion: boolean;
  readonly defaultSymver: boolean;
  /** --no-gnu-unique clears it: STB_GNU_UNIQUE symbols become STB_GLOBAL, but for -r. */
  readonly gnuUnique: boolean;

  // Dynamic section
  readonly dynamicLinker: string | undefined;
  readonly noDynamicLinker: boolean;
  readonly soname: string | undefined;
  /** -Bgroup: the library finds symbols only in itself and what it needs (DF_1_GROUP). */
  readonly group: boolean;
  readonly rpath: readonly string[];
  /** The value of DT_RUNPATH or DT_RPATH where there is no -rpath: LD_RUN_PATH. It is not searched. */
  readonly impliedRpath: readonly string[];
  /** --enable-new-dtags: -rpath gives DT_RUNPATH. */
  readonly newDtags: boolean;
  readonly init: string;
  readonly fini: string;
  readonly auxiliary: readonly string[];
  readonly filter: readonly string[];
  readonly audit: readonly string[];
  readonly depaudit: readonly string[];
  /** none: nobody can look anything up in the file, which is for programs that export nothing. */
  readonly hashStyle: "sysv" | "gnu" | "both" | "none";
  /** --spare-dynamic-tags: DT_NULL entries beyond the one that ends the dynamic section, for tools that edit it in place. */
  readonly spareDynamicTags: number;

  /** --pack-dyn-relocs=android: as Bionic's loader reads them; glibc's does not. */
  readonly androidRelocations: boolean;
  /** --use-android-relr-tags: .relr.dyn under the tags and the section type that Bionic had before they were agreed on. */
  readonly androidRelrTags: boolean;

  // -z
  readonly z: ZOptions;

  // Sections and layout
  /** Takes and keeps what is read of archives and libraries, for links that get the same bytes: inputs/parsed.ts. */
  readonly parsed: ParsedFiles | undefined;
  /** Objects that are inputs themselves are linked with room to grow: inputs/incremental/spread.ts. Not with -r. */
  readonly incremental: boolean;
  readonly gcSections: boolean;
  readonly gcKeepExported: boolean;
  readonly printGcSections: boolean;
  /** Equal functions become one: all of them, or those whose addresses nobody compares. Not with -r or --emit-relocs. */
  readonly icf: "none" | "safe" | "all";
  /** --keep-unique: functions that keep addresses of their own. */
  readonly keepUnique: readonly string[];
  readonly printIcfSections: boolean;
  readonly ehFrameHdr: boolean;
  /** --discard-sframe: no .sframe in the output. */
  readonly discardSframe: boolean;
  /** --ld-generated-unwind-info: .eh_frame describes the PLT too. */
  readonly ldGeneratedUnwindInfo: boolean;
  readonly buildId: BuildId;
  readonly mergeSections: boolean;
  /** -O: 2 and more merges string tails and sizes hash tables with more care. */
  readonly optimize: number;
  readonly relax: boolean;
  readonly imageBase: number | undefined;
  readonly textSegment: number | undefined;
  readonly rodataSegment: number | undefined;
  readonly ldataSegment: number | undefined;
  /** --section-start, -Ttext, -Tdata, -Tbss: output section → address. */
  readonly sectionStart: ReadonlyMap<string, number>;
  /** How many of them stand in front of the first -T: their sections' headers come first. Undefined: there is no -T. */
  readonly startsBeforeScript: number | undefined;
  /** The same of `defsym`. */
  readonly defsymsBeforeScript: number | undefined;
  /** -N: text writable, data not page-aligned. -n: not page-aligned, text read-only. */
  /** --execute-only: segments of code are not readable. */
  readonly executeOnly: boolean;
  /** -Ur: an object in which __start_X and __stop_X are defined. */
  readonly lastRelocatable: boolean;
  readonly omagic: boolean;
  readonly nmagic: boolean;
  readonly sortCommon: "none" | "ascending" | "descending";
  readonly sortSection: "none" | "name" | "alignment";
  /** --symbol-ordering-file: the sections that define these symbols come first, in this order. Not with -r. */
  readonly symbolOrder: readonly string[];
  /** --section-ordering-file: input sections of these names, with wildcards, come last, in this order. Not with -r. */
  readonly sectionOrder: readonly string[];
  /** --shuffle-sections, --reverse-sections. Not with -r. */
  readonly sectionShuffles: readonly SectionShuffle[];
  /** What becomes of sections that a script with SECTIONS does not place. */
  readonly orphanHandling: "place" | "discard" | "warn" | "error";
  /** A section that a region has no room for goes to the next output section that matches it. */
  readonly nonContiguousRegions: boolean;
  /** Warn of each section that may do so. */
  readonly nonContiguousRegionsWarnings: boolean;
  /** --unique: every input section whose name the script does not have gets an output section of its own. */
  readonly uniqueSections: boolean;
  /** --unique=PATTERN: so do sections of these names, with globs. */
  readonly uniqueNames: readonly string[];
  /** --split-by-file: with -r an output section ends in front of a piece with which it would have so many bytes. */
  readonly splitByFile: number | undefined;
  /** --split-by-reloc: likewise, so many relocations. */
  readonly splitByReloc: number | undefined;
  /** --force-group-allocation: -r resolves section groups as a final link does. */
  readonly forceGroupAllocation: boolean;
  readonly emitRelocs: boolean;
  readonly compressDebugSections: CompressionStyle | "none" | undefined;
  /** How much effort is made; undefined: as much as the host's library makes by itself. */
  readonly compressDebugLevel: number | undefined;
  /** --compress-sections: other sections that are not loaded, by name. The last pattern that matches counts. */
  readonly compressSections: readonly SectionCompression[];
  /** Write .gdb_index, unless debug information is left out. Not with -r. */
  readonly gdbIndex: boolean;
  readonly packageMetadata: string | undefined;
  /** A line for .comment, to tell which linker it was. Only where an input has that section, and not with -r. */
  readonly linkerComment: string | undefined;

  // Symbol table
  readonly strip: "none" | "debug" | "all";
  readonly discard: "none" | "locals" | "all" | "section-merge";
  readonly retainSymbols: readonly string[] | undefined;

  // Warnings
  readonly fatalWarnings: boolean;

  readonly accelerators: Accelerators;
}

export interface ZOptions {
  readonly now: boolean;
  readonly relro: boolean;
  readonly separateCode: boolean;
  /** -z text: text relocations are errors; -z notext: allowed; undefined: allowed with a warning as GNU ld. */
  readonly text: boolean | undefined;
  readonly copyreloc: boolean;
  readonly combreloc: boolean;
  /** Without combreloc: for a script that does not join them, while all others are to be joined. */
  readonly joinRelocs: boolean;
  readonly origin: boolean;
  readonly nodelete: boolean;
  readonly nodlopen: boolean;
  readonly nodump: boolean;
  readonly nodefaultlib: boolean;
  readonly initfirst: boolean;
  readonly interpose: boolean;
  readonly loadfltr: boolean;
  readonly global: boolean;
  readonly unique: boolean;
  readonly globalaudit: boolean;
  /** PT_GNU_STACK is written. */
  readonly gnustack: boolean;
  readonly execstack: boolean | undefined;
  readonly stackSize: number | undefined;
  readonly maxPageSize: number | undefined;
  readonly commonPageSize: number | undefined;
  readonly packRelativeRelocs: boolean;
  readonly ibt: boolean;
  readonly ibtplt: boolean;
  readonly shstk: boolean;
  readonly cetReport: "none" | "warning" | "error";
  readonly lamU48: boolean;
  readonly lamU57: boolean;
  /** -z lam-u48-report, lam-u57-report; lam-report sets both. */
  readonly lamU48Report: "none" | "warning" | "error";
  readonly lamU57Report: "none" | "warning" | "error";
  readonly isaLevelNeeded: number | undefined;
  readonly isaLevelReport: "none" | "needed" | "used" | "all";
  readonly indirectExternAccess: boolean | undefined;
  readonly dynamicUndefinedWeak: boolean | undefined;
  readonly uniqueSymbol: boolean;
  readonly keepTextSectionPrefix: boolean;
  readonly startStopGc: boolean;
  readonly startStopVisibility: "default" | "internal" | "hidden" | "protected";
  readonly noRelocOverflow: boolean;
  /** What fills the byte that is left over of a shortened call; undefined: a prefix that does nothing. */
  readonly callNop: CallPadding | undefined;
  /** -r: common symbols are STT_COMMON or STT_OBJECT; undefined: as the inputs have it. */
  readonly common: boolean | undefined;
  /** false: no section headers, and nothing that only they lead to. */
  readonly sectionheader: boolean;
  /** The dynamic section is read-only, and so has no DT_DEBUG for the dynamic linker to fill in. */
  readonly rodynamic: boolean;
  readonly markPlt: boolean;
}

const defaultZ: ZOptions = {
  now: false,
  relro: true,
  separateCode: true,
  text: undefined,
  copyreloc: true,
  combreloc: true,
  joinRelocs: false,
  origin: false,
  nodelete: false,
  nodlopen: false,
  nodump: false,
  nodefaultlib: false,
  initfirst: false,
  interpose: false,
  loadfltr: false,
  global: false,
  unique: false,
  globalaudit: false,
  gnustack: true,
  execstack: undefined,
  stackSize: undefined,
  maxPageSize: undefined,
  commonPageSize: undefined,
  packRelativeRelocs: false,
  ibt: false,
  ibtplt: false,
  shstk: false,
  cetReport: "none",
  lamU48: false,
  lamU57: false,
  lamU48Report: "none",
  lamU57Report: "none",
  isaLevelNeeded: undefined,
  isaLevelReport: "none",
  indirectExternAccess: undefined,
  dynamicUndefinedWeak: undefined,
  uniqueSymbol: false,
  keepTextSectionPrefix: false,
  startStopGc: false,
  startStopVisibility: "protected",
  noRelocOverflow: false,
  callNop: undefined,
  common: undefined,
  sectionheader: true,
  rodynamic: false,
  markPlt: false,
};

/** GNU ld's defaults. Callers spread what they want over it: `{ ...defaultOptions, output: "shared" }`. */
export const defaultOptions: LinkOptions = {
  onStage: undefined,
  output: "executable",
  outputName: "a.out",
  outputFormat: "elf",
  emulation: undefined,
  libraryPaths: [],
  neededPaths: undefined,
  sysroot: "",
  rpathLink: [],
  environmentPaths: [],
  systemLibraryPaths: [],
  noStandardLibraryPaths: false,
  staticFirst: false,
  entry: undefined,
  undefined: [],
  requireDefined: [],
  undefinedGlobs: [],
  defsym: [],
  wrap: [],
  noUndefined: undefined,
  unresolvedSymbols: "report-all",
  ignoredUnresolved: [],
  warnUnresolved: false,
  allowShlibUndefined: undefined,
  allowMultipleDefinition: false,
  noInhibitExec: false,
  warnCommon: false,
  warnExecstack: undefined,
  warnBackrefs: false,
  warnSectionAlign: false,
  checkSections: true,
  traceSymbols: [],
  defineCommon: undefined,
  excludeLibs: [],
  exportDynamic: false,
  exportDynamicSymbols: [],
  dynamicList: undefined,
  dynamicListData: false,
  bsymbolic: "none",
  versionNodes: [],
  undefinedVersion: true,
  defaultSymver: false,
  gnuUnique: true,
  dynamicLinker: undefined,
  noDynamicLinker: false,
  soname: undefined,
  group: false,
  rpath: [],
  impliedRpath: [],
  newDtags: true,
  init: "_init",
  fini: "_fini",
  auxiliary: [],
  filter: [],
  audit: [],
  depaudit: [],
  hashStyle: "both",
  spareDynamicTags: 5,
  androidRelocations: false,
  androidRelrTags: false,
  z: defaultZ,
  parsed: undefined,
  incremental: false,
  gcSections: false,
  gcKeepExported: false,
  printGcSections: false,
  icf: "none",
  keepUnique: [],
  printIcfSections: false,
  ehFrameHdr: false,
  discardSframe: false,
  ldGeneratedUnwindInfo: true,
  buildId: { style: "none" },
  mergeSections: true,
  optimize: 0,
  relax: true,
  imageBase: undefined,
  textSegment: undefined,
  rodataSegment: undefined,
  ldataSegment: undefined,
  sectionStart: new Map(),
  startsBeforeScript: undefined,
  defsymsBeforeScript: undefined,
  executeOnly: false,
  lastRelocatable: false,
  omagic: false,
  nmagic: false,
  sortCommon: "none",
  sortSection: "none",
  symbolOrder: [],
  sectionOrder: [],
  sectionShuffles: [],
  orphanHandling: "place",
  nonContiguousRegions: false,
  nonContiguousRegionsWarnings: false,
  uniqueSections: false,
  uniqueNames: [],
  splitByFile: undefined,
  splitByReloc: undefined,
  forceGroupAllocation: false,
  emitRelocs: false,
  compressDebugSections: undefined,
  compressDebugLevel: undefined,
  compressSections: [],
  gdbIndex: false,
  packageMetadata: undefined,
  linkerComment: undefined,
  strip: "none",
  discard: "section-merge",
  retainSymbols: undefined,
  fatalWarnings: false,
  accelerators: {},
};
