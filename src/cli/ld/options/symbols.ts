// Options about symbols: which must be there, what they mean, and who sees them at run time.

import { parseDefsym } from "../../../link/script/expression.ts";
import type { Pattern } from "../../../link/script/types.ts";
import { parseDynamicList, parseVersionScript, patternOf } from "../../../link/script/versions.ts";
import { type Draft, oneOf, readText } from "../draft.ts";
import { addText, flag, missing, noEffect, type OptionGroup, OTHERS, refused, set, setText, value } from "./row.ts";

export const symbolOptions: OptionGroup = {
  title: "Symbols",
  rows: [
    setText("-e --entry", "SYMBOL", "Start the program at SYMBOL or at an address (default _start).", "entry"),
    addText(
      "-u --undefined",
      "SYMBOL",
      "Link as if something used SYMBOL, so that an archive member with it comes in.",
      "undefined",
    ),
    addText("--require-defined", "SYMBOL", "As -u, and fail if SYMBOL stays undefined.", "requireDefined"),
    value("--defsym", "SYMBOL=EXPRESSION", "Define SYMBOL.", (draft, text) => {
      const assignment = parseDefsym(text, { file: "--defsym" }, draft.report);
      if (assignment !== undefined) draft.options.defsym.push(assignment);
    }),
    addText("--wrap", "SYMBOL", "Send uses of SYMBOL to __wrap_SYMBOL, and uses of __real_SYMBOL to SYMBOL.", "wrap"),

    flag("--no-undefined", "Report undefined symbols in shared libraries too.", (draft) => {
      draft.unresolvedInObjects = "report";
    }),
    flag("--allow-shlib-undefined", "Let shared libraries have undefined symbols.", (draft) => {
      draft.unresolvedInLibraries = "ignore";
    }),
    flag(
      "--no-allow-shlib-undefined",
      "Report undefined symbols of the shared libraries that are linked (default for programs).",
      (draft) => {
        draft.unresolvedInLibraries = "report";
      },
    ),
    value(
      "--unresolved-symbols",
      "METHOD",
      "Which undefined symbols are reported: report-all, ignore-all, ignore-in-object-files, ignore-in-shared-libs.",
      (draft, name) => {
        const method = oneOf(draft, name, [
          "report-all",
          "ignore-all",
          "ignore-in-object-files",
          "ignore-in-shared-libs",
        ]);
        if (method === undefined) return;
        draft.unresolvedInObjects =
          method === "ignore-all" || method === "ignore-in-object-files" ? "ignore" : "report";
        draft.unresolvedInLibraries =
          method === "ignore-all" || method === "ignore-in-shared-libs" ? "ignore" : "report";
      },
    ),
    set("--warn-unresolved-symbols", "Warn of undefined symbols instead of failing.", "warnUnresolved", true),
    set("--error-unresolved-symbols", "Fail for undefined symbols (default).", "warnUnresolved", false),
    addText("--ignore-unresolved-symbol", "SYMBOL", "Say nothing if SYMBOL is undefined.", "ignoredUnresolved"),
    set(
      "--allow-multiple-definition",
      "Take the first of several definitions instead of failing.",
      "allowMultipleDefinition",
      true,
    ),
    set(
      "--no-allow-multiple-definition",
      "Fail for several definitions (default).",
      "allowMultipleDefinition",
      false,
      OTHERS,
    ),
    noEffect(
      "--disable-multiple-abs-defs",
      "Refuse symbols of -R files that are defined elsewhere.",
      "symbols of -R files give way to other definitions",
    ),

    set("-E --export-dynamic", "Let shared libraries use every global symbol of a program.", "exportDynamic", true),
    set("--no-export-dynamic", "Let them use only what they refer to at link time (default).", "exportDynamic", false),
    value(
      "--export-dynamic-symbol",
      "PATTERN",
      "Export the symbols that match PATTERN.",
      (draft, text) => {
        draft.options.exportDynamicSymbols.push(patternOf(text, "C"));
      },
      OTHERS,
    ),
    value(
      "--export-dynamic-symbol-list",
      "FILE",
      "Export the symbols that FILE lists.",
      (draft, path) => {
        draft.options.exportDynamicSymbols.push(...readDynamicList(draft, path));
      },
      OTHERS,
    ),
    value(
      "--dynamic-list",
      "FILE",
      "Export the symbols that FILE lists; in a shared library, bind all others within it.",
      (draft, path) => {
        addToDynamicList(draft, readDynamicList(draft, path));
      },
    ),
    set("--dynamic-list-data", "Put data symbols on that list.", "dynamicListData", true),
    flag("--dynamic-list-cpp-new", "Put C++'s operators new and delete on that list.", (draft) => {
      addToDynamicList(
        draft,
        ["operator new*", "operator delete*"].map((text) => patternOf(text, "C++")),
      );
    }),
    flag("--dynamic-list-cpp-typeinfo", "Put C++'s type information on that list.", (draft) => {
      addToDynamicList(
        draft,
        ["typeinfo for*", "typeinfo name for*"].map((text) => patternOf(text, "C++")),
      );
    }),
    set("-Bsymbolic", "In a shared library, bind its own symbols within it.", "bsymbolic", "all"),
    set("-Bsymbolic-functions", "The same for functions only.", "bsymbolic", "functions"),
    set("-Bsymbolic-non-weak", "The same for symbols that are not weak.", "bsymbolic", "non-weak", OTHERS),
    set(
      "-Bsymbolic-non-weak-functions",
      "The same for functions that are not weak.",
      "bsymbolic",
      "non-weak-functions",
      OTHERS,
    ),
    set(
      "-Bno-symbolic",
      "Let other libraries and the program override a shared library's symbols (default).",
      "bsymbolic",
      "none",
    ),

    value(
      "--version-script",
      "FILE",
      "Read symbol versions, and which symbols are global, from FILE.",
      (draft, path) => {
        const text = readText(draft, path);
        if (text !== undefined)
          draft.options.versionNodes.push(...parseVersionScript(text.bytes, text.path, draft.report));
      },
    ),
    set(
      "--undefined-version",
      "Let version scripts name symbols that are not there (default).",
      "undefinedVersion",
      true,
    ),
    set(
      "--no-undefined-version",
      "Fail for symbols of a version script that are not there.",
      "undefinedVersion",
      false,
    ),
    set("--default-symver", "Give symbols without a version the library's name as version.", "defaultSymver", true),
    missing(
      "--default-imported-symver",
      "Give imported symbols without a version their library's name.",
      "imports keep what the library says",
    ),
    refused(
      "--version-exports-section=VERSION",
      "Read what to export from sections named .exports.",
      "use --version-script",
    ),
    set("--gnu-unique", "Keep unique symbols (default).", "gnuUnique", true, OTHERS),
    set("--no-gnu-unique", "Make unique symbols (STB_GNU_UNIQUE) plain global ones.", "gnuUnique", false, OTHERS),
    addText(
      "--undefined-glob",
      "PATTERN",
      "Link the archive members that define a symbol that matches PATTERN. --gc-sections can still remove them.",
      "undefinedGlobs",
      OTHERS,
    ),
  ],
};

function addToDynamicList(draft: Draft, patterns: readonly Pattern[]): void {
  draft.options.dynamicList ??= [];
  draft.options.dynamicList.push(...patterns);
}

function readDynamicList(draft: Draft, path: string): readonly Pattern[] {
  const text = readText(draft, path);
  return text === undefined ? [] : parseDynamicList(text.bytes, text.path, draft.report);
}
