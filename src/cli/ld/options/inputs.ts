// Options about input files: where they are looked for, and how the ones that follow are treated.

import { error } from "../../../elf/problem.ts";
import type { InputState } from "../../../link/options.ts";
import { parseLinkerScript } from "../../../link/script/commands.ts";
import { parseMriScript } from "../../../link/script/mri.ts";
import { asSysroot, badValue, type Draft, readText } from "../draft.ts";
import {
  addText,
  flag,
  missing,
  noEffect,
  type OptionGroup,
  OTHERS,
  optional,
  quiet,
  set,
  setState,
  TWO_DASHES,
  value,
} from "./row.ts";

export const inputOptions: OptionGroup = {
  title: "Input files",
  rows: [
    value(
      "-l --library",
      "NAME",
      "Link libNAME.so or libNAME.a from the library path; `:FILE` looks for FILE itself.",
      addLibrary,
      TWO_DASHES,
    ),
    addText(
      "-L --library-path",
      "DIRECTORY",
      "Add DIRECTORY to the library path. A leading `=` or `$SYSROOT` stands for the --sysroot directory.",
      "libraryPaths",
      TWO_DASHES,
    ),
    value("-Y", "PATH", "Directories, separated by colons, that are searched after those of -L.", (draft, path) => {
      draft.laterLibraryPaths = splitPath(path.replace(/^P,/, ""));
    }),
    set(
      "-nostdlib",
      "Search only the directories of -L, none of the built-in ones and none that a script names.",
      "noStandardLibraryPaths",
      true,
    ),
    value(
      "--sysroot",
      "DIRECTORY",
      "Look for the built-in directories and `=` paths under DIRECTORY.",
      (draft, directory) => {
        if (!draft.sysrootKnown) draft.options.sysroot = asSysroot(directory);
      },
    ),
    value(
      "-T --script",
      "FILE",
      "Read FILE as a linker script. It is looked for along the library path too.",
      addScript,
    ),
    value("-dT --default-script", "FILE", "Read FILE as a linker script unless -T gives one.", (draft, path) => {
      draft.defaultScript = path;
    }),
    value("-c --mri-script", "FILE", "Read FILE as a script in the MRI linker's language.", addMriScript),
    value(
      "-b --format",
      "TARGET",
      "Take the files that follow as TARGET: elf, binary (embed the bytes), default.",
      setFormat,
    ),
    value(
      "-R --just-symbols",
      "FILE",
      "Take symbol values from FILE without its contents; a directory means -rpath.",
      (draft, path) => {
        if (draft.files.exists(path)) draft.inputs.push({ kind: "just-symbols", path });
        else addRpath(draft, path);
      },
    ),

    flag("-( --start-group", "Search the archives up to --end-group again until nothing new is found.", (draft) => {
      if (draft.openGroups === 0) draft.inputs.push({ kind: "group-start" });
      draft.openGroups++;
    }),
    flag("-) --end-group", "End the group.", (draft) => {
      if (draft.openGroups === 0) draft.report(error("group-not-open", {}, { option: draft.spelled }));
      else if (--draft.openGroups === 0) draft.inputs.push({ kind: "group-end" });
    }),
    flag(
      "--start-lib",
      "Treat the objects up to --end-lib as members of an archive: linked only if needed.",
      (draft) => {
        draft.inputs.push({ kind: "lib-start" });
      },
      OTHERS,
    ),
    flag(
      "--end-lib",
      "End what --start-lib began.",
      (draft) => {
        draft.inputs.push({ kind: "lib-end" });
      },
      OTHERS,
    ),

    setState("--whole-archive", "Link every member of the archives that follow.", "wholeArchive", true),
    setState("--no-whole-archive", "Link only the members that are needed (default).", "wholeArchive", false),
    setState(
      "--as-needed",
      "Record the libraries that follow as needed only if the program uses them.",
      "asNeeded",
      true,
    ),
    setState("--no-as-needed", "Record the libraries that follow as needed (default).", "asNeeded", false),
    flag("-Bdynamic -dy -call_shared", "Let -l find shared libraries again (default).", (draft) => {
      draft.state.preferStatic = false;
    }),
    flag(
      "-Bstatic -static -dn -non_shared",
      "Let -l find archives only, up to -Bdynamic. Before all files and without -dynamic-linker: refuse a program that a " +
        "shared library comes into later.",
      (draft) => {
        draft.state.preferStatic = true;
        if (!hasInputs(draft)) draft.staticFirst = true;
      },
    ),
    value("-a", "KEYWORD", "HP-UX's -Bstatic (archive) and -Bdynamic (shared, default).", (draft, keyword) => {
      if (!["archive", "shared", "default"].includes(keyword)) badValue(draft, keyword, "archive, shared, default");
      draft.state.preferStatic = keyword === "archive";
    }),
    setState(
      "--copy-dt-needed-entries --add-needed",
      "Let objects use what the libraries that follow need themselves.",
      "copyDtNeeded",
      true,
    ),
    setState(
      "--no-copy-dt-needed-entries --no-add-needed",
      "Let objects use only the libraries on the command line (default).",
      "copyDtNeeded",
      false,
    ),
    flag("--push-state", "Remember --as-needed, --whole-archive, -Bstatic and the like.", (draft) => {
      const { format: _, ...state } = draft.state;
      draft.pushed.push(state);
    }),
    flag("--pop-state", "Go back to what --push-state remembered.", (draft) => {
      const state = draft.pushed.pop();
      if (state === undefined) draft.report(error("pop-without-push", {}));
      else draft.state = { ...state, ...formatOf(draft.state) };
    }),

    value(
      "-rpath-link",
      "PATH",
      "Directories where the libraries that libraries need are looked for.",
      (draft, path) => {
        draft.options.rpathLink.push(...splitPath(path));
      },
    ),
    value(
      "--exclude-libs",
      "LIBRARIES",
      "Hide the symbols of these archives, by file name; ALL means every archive.",
      (draft, names) => {
        draft.options.excludeLibs.push(...names.split(/[,:]/).filter((name) => name !== ""));
      },
    ),
    set(
      "--warn-backrefs",
      "Warn where an archive member is used only by files that stand after the archive.",
      "warnBackrefs",
      true,
      OTHERS,
    ),
    set("--no-warn-backrefs", "Do not warn about that (default).", "warnBackrefs", false, OTHERS),
    noEffect("-A --architecture=ARCHITECTURE", "Search for scripts by architecture.", "no such scripts are known"),
    noEffect(
      "--accept-unknown-input-arch",
      "Take files of an unknown architecture.",
      "files of another machine are refused in any case",
    ),
    quiet("--no-accept-unknown-input-arch", "Refuse files of an unknown architecture (default).", "done anyway"),
    noEffect(
      "--no-warn-mismatch",
      "Take files of another machine.",
      "files of another machine are refused in any case",
    ),
    flag("--no-warn-search-mismatch", "Do not warn when -l passes over a library of another machine.", (draft) => {
      draft.settings.unwanted.add("skipping-incompatible");
    }),
    flag(
      "--warn-search-mismatch",
      "Warn when -l passes over a library of another machine (default).",
      (draft) => {
        draft.settings.unwanted.delete("skipping-incompatible");
      },
      OTHERS,
    ),
    missing(
      "--remap-inputs=PATTERN=FILE",
      "Read FILE wherever an input matches PATTERN.",
      "inputs are read as named",
      OTHERS,
    ),
    missing(
      "--dependent-libraries",
      "Link what `.deplibs` sections ask for.",
      "`.deplibs` sections are not read",
      OTHERS,
    ),
    quiet("--no-dependent-libraries", "Do not read `.deplibs` sections.", "they are not read", OTHERS),
    optional(
      "--unique",
      "SECTION",
      "Do not join input sections of equal names that have no usual place; with SECTION (a pattern), none named so.",
      (draft, pattern) => {
        if (pattern !== "") draft.options.uniqueNames.push(pattern);
        else draft.options.uniqueSections = true;
      },
    ),
  ],
};

/** Names of files so far: groups do not count (ld/emulparams/static.sh, lang_has_input_file). */
function hasInputs({ inputs }: Draft): boolean {
  return inputs.some(({ kind }) => kind === "file" || kind === "library" || kind === "just-symbols");
}

/** What -b says is no part of the state that --push-state keeps (ldlang.h, lang_input_statement_flags). */
function formatOf({ format }: InputState): Pick<InputState, "format"> {
  return format === undefined ? {} : { format };
}

function addLibrary(draft: Draft, name: string): void {
  const exact = name.startsWith(":");
  draft.inputs.push({ kind: "library", name: exact ? name.slice(1) : name, exact, state: { ...draft.state } });
}

/** What the command line has said of addresses and symbols so far stands in front of the script. */
function markScript({ options }: Draft): void {
  options.startsBeforeScript ??= options.sectionStart.size;
  options.defsymsBeforeScript ??= options.defsym.length;
}

/** Read at once, because the directories of its SEARCH_DIR come before those of a later -L. */
export function addScript(draft: Draft, name: string): void {
  draft.hasScript = true;
  markScript(draft);
  const found = readText(draft, name);
  if (found === undefined) return;
  draft.inputs.push({ kind: "script", ...found, state: { ...draft.state } });
  const commands = parseLinkerScript(found.bytes, found.path, () => {}) ?? [];
  draft.replacesScript ||= !commands.some((it) => it.kind === "insert");
  for (const command of commands) {
    if (command.kind === "output-format" && command.formats[0] === "binary") draft.options.outputFormat = "binary";
    if (command.kind !== "search-dir" || draft.options.noStandardLibraryPaths) continue;
    draft.options.libraryPaths.push(command.path);
    draft.scriptPaths.push(command.path);
  }
}

/** LIST in it prints a map. */
function addMriScript(draft: Draft, name: string): void {
  draft.hasScript = true;
  markScript(draft);
  const found = readText(draft, name);
  if (found === undefined) return;
  draft.inputs.push({ kind: "script", ...found, mri: true, state: { ...draft.state } });
  const include = (path: string): { readonly name: string; readonly bytes: Uint8Array } | undefined => {
    const other = readText(draft, path);
    return other && { name: other.path, bytes: other.bytes };
  };
  if (parseMriScript(found.bytes, found.path, () => {}, include)?.wantsMap === true) draft.settings.mapFile ??= "-";
}

/** BFD's names of the formats that this linker reads, and lld's short ones. */
const ELF_FORMATS = ["elf", "elf64-x86-64", "elf32-i386"];

function setFormat(draft: Draft, target: string): void {
  const { format: _, ...state } = draft.state;
  if (target === "binary") draft.state = { ...state, format: "binary" };
  else if (target === "default") draft.state = state;
  else if (ELF_FORMATS.includes(target)) draft.state = { ...state, format: "elf" };
  else badValue(draft, target, ["default", "binary", ...ELF_FORMATS].join(", "));
}

/** -rpath: the directories, unless they are there already in a row; a first empty one counts (GNU ld, lexsup.c, OPTION_RPATH). */
export function addRpath(draft: Draft, path: string): void {
  const { rpath } = draft.options;
  if (rpath.length === 0 || !`:${rpath.join(":")}:`.includes(`:${path}:`)) rpath.push(...path.split(":"));
}

export function splitPath(path: string): string[] {
  return path.split(":").filter((directory) => directory !== "");
}
