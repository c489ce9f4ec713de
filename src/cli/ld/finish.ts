// What the whole command line comes to, when every option has been read: the kind of output, where libraries are looked
// for, and the combinations that make no sense.

import { error, note, warning } from "../../elf/problem.ts";
import type { LinkInput, LinkOptions, OutputKind } from "../../link/options.ts";
import type { Draft, FrontSettings, Word } from "./draft.ts";
import { defaultEmulation, findEmulation } from "./emulations.ts";
import { addScript, splitPath } from "./options/inputs.ts";
import { emulationOfProgram, searchDirectories } from "./search-dirs.ts";

export interface LdCommand {
  readonly inputs: readonly LinkInput[];
  readonly options: LinkOptions;
  readonly settings: FrontSettings;
  /** The command line as it was understood. */
  readonly words: readonly Word[];
  /** Emulation of the link, or the most likely one where the objects decide. */
  readonly likelyEmulation: string;
}

/** `program` is the command's base name. It decides on the default emulation, as for GNU ld's cross linkers. */
export function finish(draft: Draft, program: string): LdCommand {
  const { options, settings, env } = draft;
  closeInputs(draft);
  checkCombinations(draft);
  chooseEmulation(draft, program);
  const likelyEmulation = options.emulation ?? emulationOfFirstObject(draft) ?? defaultEmulation.name;

  options.output = outputKind(draft);
  options.outputName = settings.outputPath;
  options.staticFirst = draft.staticFirst && options.dynamicLinker === undefined;
  if (options.outputFormat === "binary") settleBinary(draft);
  const builtIn = options.noStandardLibraryPaths ? [] : searchDirectories(program, likelyEmulation);
  if (!options.noStandardLibraryPaths) options.libraryPaths.push(...draft.laterLibraryPaths, ...builtIn);
  options.neededPaths = [...draft.scriptPaths, ...builtIn];
  const runPath = options.rpath.length === 0 ? splitPath(env.LD_RUN_PATH ?? "") : [];
  options.impliedRpath = runPath;
  // GNU ld does not search it where -rpath-link says enough (ldelf.c, ldelf_handle_dt_needed).
  if (options.rpathLink.length === 0) options.environmentPaths.push(...runPath);
  options.environmentPaths.push(...splitPath(env.LD_LIBRARY_PATH ?? ""));
  settleUndefined(draft);
  settleWeak(draft);
  if (options.omagic || options.nmagic) {
    // GNU ld's scripts for these join no relocations, and that of -N ends no part that is read-only after relocation.
    if (!draft.replacesScript) {
      options.z.joinRelocs = options.z.combreloc;
      options.z.combreloc = false;
    }
    options.z.relro &&= !options.omagic;
  }
  if (draft.relocatable && options.strip === "all") {
    // An object without symbols could not be linked: -r -s is -r -S -x (GNU ld, ldmain.c).
    options.strip = "debug";
    if (options.discard === "section-merge") options.discard = "all";
  }
  // Nothing leads to symbols and debugging information without section headers.
  if (!options.z.sectionheader) options.strip = "all";
  if (settings.silent) options.fatalWarnings = false;
  return { inputs: draft.inputs, options, settings, words: draft.words, likelyEmulation };
}

/** A program without a dynamic linker has nobody to look for its weak references (bfd/elfxx-x86.c, link_setup_gnu_properties). */
function settleWeak({ options, report }: Draft): void {
  const looksLater = options.z.dynamicUndefinedWeak === true && options.output !== "relocatable";
  if (!looksLater || options.output === "shared" || !options.noDynamicLinker) return;
  report(warning("weak-references-settled", {}));
  options.z.dynamicUndefinedWeak = false;
}

/** Nothing in a binary image could tell a loader what to do: it is linked statically, for 0 where it would go anywhere. */
function settleBinary({ options, relocatable, report }: Draft): void {
  if (relocatable) report(error("options-conflict", {}, { first: "-r", second: "--oformat=binary" }));
  if (options.output === "shared" || options.output === "pie") options.imageBase ??= 0;
  options.output = "static";
  options.buildId = { style: "none" };
  options.ehFrameHdr = false;
  options.gcSections = false;
  options.icf = "none";
  options.gdbIndex = false;
  options.compressDebugSections = undefined;
  options.compressSections = [];
}

function closeInputs(draft: Draft): void {
  if (draft.openGroups > 0) draft.report(warning("group-not-closed", {}));
  if (draft.defaultScript !== undefined && !draft.hasScript) addScript(draft, draft.defaultScript);
}

function checkCombinations(draft: Draft): void {
  const { report, options, settings } = draft;
  const conflict = (first: string, second: string): void => report(error("options-conflict", {}, { first, second }));
  if (draft.relocatable && draft.form === "shared") conflict("-r", "-shared");
  if (draft.relocatable && draft.form === "pie") conflict("-r", "-pie");
  if (options.emitRelocs && options.icf !== "none") conflict("-q", "--icf");
  if (draft.relocatable && options.gdbIndex) conflict("-r", "--gdb-index");
  if (settings.debugFile !== undefined) {
    if (draft.relocatable) conflict("-r", "--separate-debug-file");
    if (options.emitRelocs) conflict("-q", "--separate-debug-file");
  }
  if (options.androidRelocations && !options.z.combreloc) conflict("--pack-dyn-relocs=android", "-z nocombreloc");
  if (draft.relocatable && !options.z.sectionheader) conflict("-r", "-z nosectionheader");
  // Readable data among the code would make all of it readable (lld refuses it too).
  if (options.executeOnly && (!options.z.separateCode || options.omagic || options.nmagic))
    conflict("--execute-only", options.omagic ? "-N" : options.nmagic ? "-n" : "-z noseparate-code");
  if (draft.relocatable) noteOrders(draft);
  else noteSplits(draft);
  if (draft.form !== "shared" && options.filter.length > 0) report(error("option-needs-shared", {}, { option: "-F" }));
  if (draft.form !== "shared" && options.auxiliary.length > 0)
    report(error("option-needs-shared", {}, { option: "-f" }));
}

/** The options of section-order.ts, --sort-section and --icf are for final links only. */
function noteOrders({ options, report }: Draft): void {
  const given = [
    options.icf !== "none" ? "--icf" : "",
    options.sortSection !== "none" ? "--sort-section" : "",
    options.symbolOrder.length > 0 ? "--symbol-ordering-file" : "",
    options.sectionOrder.length > 0 ? "--section-ordering-file" : "",
    options.sectionShuffles.length > 0 ? "--shuffle-sections" : "",
  ].filter((name) => name !== "");
  for (const option of given) report(note("option-ignored", {}, { option, why: "-r keeps sections as they come" }));
}

/** In a final link GNU ld's parts of sections are in no segment, and a program that is split does not run. */
function noteSplits({ options, report }: Draft): void {
  const why = "only -r splits sections, since what is loaded has to be in one piece";
  if (options.splitByFile !== undefined) report(note("option-ignored", {}, { option: "--split-by-file", why }));
  if (options.splitByReloc !== undefined) report(note("option-ignored", {}, { option: "--split-by-reloc", why }));
}

function outputKind(draft: Draft): OutputKind {
  // Whether it becomes static is for the inputs to say: -static is a word about those that follow it.
  return draft.relocatable ? "relocatable" : draft.form;
}

function chooseEmulation(draft: Draft, program: string): void {
  const { options, env, report } = draft;
  if (options.emulation !== undefined) return;
  const name = env.LDEMULATION ?? emulationOfProgram(program);
  if (name !== undefined) options.emulation = findEmulation(name, report)?.name;
}

/** Reads the first file, and keeps its bytes for the link, to know which directories to search. Compilers always pass -m. */
function emulationOfFirstObject(draft: Draft): string | undefined {
  const index = draft.inputs.findIndex((input) => input.kind === "file");
  const input = draft.inputs[index];
  if (input?.kind !== "file") return undefined;
  const bytes = draft.files.read(input.path);
  if (bytes === undefined) return undefined;
  draft.inputs[index] = { ...input, bytes };
  const isElf32 = bytes.length > 20 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[4] === 1;
  return isElf32 && bytes[18] === 3 ? "elf_i386" : undefined;
}

/** GNU ld keeps one setting for objects and one for shared libraries; the link takes them as three options. */
function settleUndefined(draft: Draft): void {
  const { options, unresolvedInObjects: objects, unresolvedInLibraries: libraries } = draft;
  if (objects !== undefined) options.noUndefined = objects === "report";
  if (libraries !== undefined) options.allowShlibUndefined = libraries === "ignore";
  if (objects === "ignore")
    options.unresolvedSymbols = libraries === "ignore" ? "ignore-all" : "ignore-in-object-files";
  else if (libraries === "ignore") options.unresolvedSymbols = "ignore-in-shared-libs";
}
