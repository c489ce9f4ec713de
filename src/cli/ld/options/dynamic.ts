// Options about what the dynamic linker reads: needed libraries, search paths, hash tables, and the -z keywords' entry.

import { warning } from "../../../elf/problem.ts";
import { closest } from "../../../link/tables/spelling.ts";
import { badValue, type Draft, oneOf, parseNumber } from "../draft.ts";
import { addRpath } from "./inputs.ts";
import { addText, flag, type OptionGroup, OTHERS, quiet, set, setText, value } from "./row.ts";
import { zKeywords } from "./z-keywords.ts";

export const dynamicOptions: OptionGroup = {
  title: "Dynamic linking",
  rows: [
    value("-I -dynamic-linker", "PROGRAM", "Let PROGRAM load the file at run time.", (draft, path) => {
      draft.options.dynamicLinker = path;
      draft.options.noDynamicLinker = false;
    }),
    set(
      "--no-dynamic-linker",
      "Name no program that loads the file; with -static -pie it loads itself.",
      "noDynamicLinker",
      true,
    ),
    value("-h -soname", "NAME", "The name under which programs will need this shared library.", setSoname),
    value(
      "-rpath",
      "PATH",
      "Directories, separated by colons, where the libraries are looked for at run time.",
      addRpath,
    ),
    set("--enable-new-dtags", "Let LD_LIBRARY_PATH come before -rpath: DT_RUNPATH (default).", "newDtags", true),
    set("--disable-new-dtags", "Let -rpath come before LD_LIBRARY_PATH: DT_RPATH, and no DT_FLAGS.", "newDtags", false),
    setText("-init", "SYMBOL", "Call SYMBOL when the file is loaded (default _init).", "init"),
    setText("-fini", "SYMBOL", "Call SYMBOL when the file is unloaded (default _fini).", "fini"),
    addText(
      "-f --auxiliary",
      "LIBRARY",
      "Look for this library's symbols in LIBRARY first, if it is there.",
      "auxiliary",
    ),
    addText("-F --filter", "LIBRARY", "Look for this library's symbols in LIBRARY instead.", "filter"),
    value("--audit", "LIBRARY", "Let LIBRARY audit the loading of this file.", (draft, names) => {
      draft.options.audit.push(...names.split(":"));
    }),
    value("-P --depaudit", "LIBRARY", "Let LIBRARY audit the loading of what this file needs.", (draft, names) => {
      draft.options.depaudit.push(...names.split(":"));
    }),
    value(
      "--hash-style",
      "STYLE",
      "Which hash tables the dynamic symbols get: gnu, sysv, both (default) or none.",
      (draft, style) => {
        draft.options.hashStyle = oneOf(draft, style, ["gnu", "sysv", "both", "none"]) ?? draft.options.hashStyle;
      },
    ),
    value(
      "--pack-dyn-relocs",
      "METHOD",
      "How dynamic relocations are packed: none (default), relr, or for Bionic's loader android or android+relr.",
      (draft, name) => {
        const method = oneOf(draft, name, ["none", "relr", "android", "android+relr"]);
        if (method === undefined) return;
        draft.options.z.packRelativeRelocs = method.endsWith("relr");
        draft.options.androidRelocations = method.startsWith("android");
      },
      OTHERS,
    ),
    set("--use-android-relr-tags", "Mark .relr.dyn as Android did before 2019.", "androidRelrTags", true, OTHERS),
    set("--no-use-android-relr-tags", "Do not (default).", "androidRelrTags", false, OTHERS),
    quiet(
      "--apply-dynamic-relocs",
      "Write the values that dynamic relocations would give, too.",
      "x86-64's RELA needs none",
      OTHERS,
    ),
    quiet("--no-apply-dynamic-relocs", "Do not write them (default).", "x86-64's RELA needs none", OTHERS),
    flag("-Bgroup", "Let the library find symbols only in itself and what it needs, and hold it to that.", (draft) => {
      draft.options.group = true;
      draft.unresolvedInObjects = "report";
      draft.unresolvedInLibraries = "report";
    }),
    value(
      "--spare-dynamic-tags",
      "COUNT",
      "Leave room for COUNT more entries in the dynamic section (default 5).",
      setSpareTags,
    ),
    value("-z", "KEYWORD", "Set one of the keywords below.", setKeyword),
  ],
};

function setSoname(draft: Draft, name: string): void {
  if (name === "") draft.report(warning("empty-soname", {}));
  else draft.options.soname = name;
}

/** As many as somebody could mean: each takes 16 bytes of every process. */
const MOST_SPARE_TAGS = 65536;

function setSpareTags(draft: Draft, text: string): void {
  const count = parseNumber(draft, text);
  if (count === undefined) return;
  if (count > MOST_SPARE_TAGS) badValue(draft, text, `a number up to ${MOST_SPARE_TAGS}`);
  else draft.options.spareDynamicTags = count;
}

/** `-z keyword` or `-z keyword=value`. An unknown one is a warning, as for GNU ld: makefiles pass other linkers' too. */
function setKeyword(draft: Draft, text: string): void {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const row = zKeywords.find((it) => it.name === name && (it.argument === undefined) === equals < 0);
  if (row === undefined) {
    const suggestion =
      closest(
        name,
        zKeywords.map((it) => it.name).filter((it) => it !== name),
      ) ?? "";
    draft.report(warning("unknown-z-keyword", {}, { keyword: text, suggestion }));
    return;
  }
  draft.spelled = `-z ${text}`;
  row.apply(draft, text.slice(equals + 1));
}
