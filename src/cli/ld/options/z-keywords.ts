// The keywords of -z: GNU ld's for x86, and those of other linkers that builds pass. GNU ld only warns of a keyword that it
// does not know, and so do we.

import type { CallPadding } from "../../../arch/index.ts";
import type { ZOptions } from "../../../link/options.ts";
import { badValue, type Draft, oneOf, parseNumber, remark } from "../draft.ts";

export interface ZKeyword {
  readonly name: string;
  /** What stands after `=`. */
  readonly argument?: string;
  readonly help: string;
  readonly apply: (draft: Draft, value: string) => void;
  /** Why it changes nothing, where it does not. */
  readonly why?: string;
}

/** The names of fields that hold a truth value. */
type Switch = { [K in keyof ZOptions]: true extends ZOptions[K] ? K : never }[keyof ZOptions];

/** A keyword that sets one field to true, or to false. */
function set(name: string, field: Switch, to: boolean, help: string): ZKeyword {
  return {
    name,
    help,
    apply: (draft) => {
      draft.options.z[field] = to;
    },
  };
}

/** A keyword that works on more than one field. */
function does(name: string, help: string, apply: (draft: Draft, value: string) => void): ZKeyword {
  return { name, help, apply };
}

/** A keyword with a value. */
function takes(name: string, argument: string, help: string, apply: (draft: Draft, value: string) => void): ZKeyword {
  return { name, argument, help, apply };
}

/** A keyword for what is done anyway, or for what changes nothing that can be seen. */
function silent(name: string, help: string, why: string): ZKeyword {
  return { name, help, why, apply: () => {} };
}

/** A keyword without effect, which is said. */
function idle(name: string, help: string, why: string): ZKeyword {
  return { name, help, why, apply: (draft) => remark(draft, "note", `-z ${name}`, why) };
}

/** Which objects lack a property is told as `none`, `warning` or `error`. */
function reports(name: string, help: string, ...fields: ("cetReport" | "lamU48Report" | "lamU57Report")[]): ZKeyword {
  return takes(name, "LEVEL", help, (draft, value) => {
    const level = oneOf(draft, value, ["none", "warning", "error"]);
    if (level !== undefined) for (const field of fields) draft.options.z[field] = level;
  });
}

function pageSize(field: "maxPageSize" | "commonPageSize"): (draft: Draft, value: string) => void {
  return (draft, value) => {
    const size = parseNumber(draft, value);
    if (size === undefined) return;
    // The largest page of x86-64 is 1 GiB.
    if (size < 1 || size > 2 ** 30 || Math.log2(size) % 1 !== 0) badValue(draft, value, "a power of two up to 1 GiB");
    else draft.options.z[field] = size;
  };
}

function callPadding(value: string): CallPadding | undefined {
  const pattern = /^(?:(prefix)-(?=addr|\d)|(suffix)-(?=nop|\d))(addr|nop|0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})$/;
  const [, before, behind, what = ""] = pattern.exec(value) ?? [];
  const where = before ?? behind;
  if (where === undefined) return undefined;
  const byte = what === "addr" ? 0x67 : what === "nop" ? 0x90 : Number(what);
  return byte <= 255 ? { byte, behind: where === "suffix" } : undefined;
}

function isaLevel(level: number): (draft: Draft) => void {
  return (draft) => {
    draft.options.z.isaLevelNeeded = level;
  };
}

function setVisibility(draft: Draft, value: string): void {
  const visibility = oneOf(draft, value, ["default", "internal", "hidden", "protected"]);
  if (visibility !== undefined) draft.options.z.startStopVisibility = visibility;
}

export const zKeywords: readonly ZKeyword[] = [
  set("now", "now", true, "Bind every symbol when the file is loaded."),
  set("lazy", "now", false, "Bind functions at their first call (default)."),
  set("relro", "relro", true, "Make read-only after loading what only the loader writes (default)."),
  set("norelro", "relro", false, "Do not."),
  set("separate-code", "separateCode", true, "Keep code on pages of its own (default)."),
  set("noseparate-code", "separateCode", false, "Let code share pages with read-only data."),
  silent("separate-loadable-segments", "Keep every segment on pages of its own.", "-z separate-code does it for code"),
  set("execstack", "execstack", true, "Make the stack executable."),
  set("noexecstack", "execstack", false, "Do not make the stack executable, whatever objects say."),
  set("text", "text", true, "Fail if the loader would have to write into code."),
  set("notext", "text", false, "Let the loader write into code."),
  set("textoff", "text", false, "As notext."),
  does("defs", "Report undefined symbols in shared libraries too.", (draft) => {
    draft.unresolvedInObjects = "report";
  }),
  does("undefs", "Ignore undefined symbols in objects.", (draft) => {
    draft.unresolvedInObjects = "ignore";
  }),
  does("nodefs", "As undefs.", (draft) => {
    draft.unresolvedInObjects = "ignore";
  }),
  does("muldefs", "Take the first of several definitions.", (draft) => {
    draft.options.allowMultipleDefinition = true;
  }),
  set("copyreloc", "copyreloc", true, "Copy a library's data into the program where it asks for that (default)."),
  set("nocopyreloc", "copyreloc", false, "Refuse such programs."),
  set("combreloc", "combreloc", true, "Put dynamic relocations into one section, sorted (default)."),
  set("nocombreloc", "combreloc", false, "Put those of each section into a section of their own, as they come."),
  set("pack-relative-relocs", "packRelativeRelocs", true, "Pack relative relocations (DT_RELR)."),
  set("nopack-relative-relocs", "packRelativeRelocs", false, "Do not (default)."),

  set("origin", "origin", true, "Mark the file as using $ORIGIN."),
  set("nodelete", "nodelete", true, "Keep the library when it is closed."),
  set("nodlopen", "nodlopen", true, "Refuse to be opened with dlopen."),
  set("nodump", "nodump", true, "Refuse to be dumped with dldump."),
  set("nodefaultlib", "nodefaultlib", true, "Do not look for libraries in the default directories."),
  set("initfirst", "initfirst", true, "Initialize this library before others."),
  set("interpose", "interpose", true, "Let its symbols come before other libraries'."),
  set("loadfltr", "loadfltr", true, "Load the libraries that it filters at once."),
  set("global", "global", true, "Let libraries loaded later use its symbols."),
  set("unique", "unique", true, "Load it at most once, in the main namespace."),
  set("nounique", "unique", false, "Do not (default)."),
  set("globalaudit", "globalaudit", true, "Let the program's auditors see every library."),
  set("dynamic-undefined-weak", "dynamicUndefinedWeak", true, "Look for undefined weak symbols at run time."),
  set("nodynamic-undefined-weak", "dynamicUndefinedWeak", false, "Take them as 0."),
  set("indirect-extern-access", "indirectExternAccess", true, "Use other libraries' symbols through tables only."),
  set("noindirect-extern-access", "indirectExternAccess", false, "Allow copies and canonical PLT entries (default)."),
  silent("noextern-protected-data", "Let nobody copy protected data.", "such copies are an error in any case"),

  takes("max-page-size", "SIZE", "The largest page that the file has to fit.", pageSize("maxPageSize")),
  takes("common-page-size", "SIZE", "The page size that the file is laid out for.", pageSize("commonPageSize")),
  takes("stack-size", "SIZE", "Ask for a stack of SIZE bytes.", (draft, value) => {
    draft.options.z.stackSize = parseNumber(draft, value);
  }),

  set("ibt", "ibt", true, "Mark the file as fit for indirect branch tracking."),
  set("force-ibt", "ibt", true, "As ibt."),
  set("ibtplt", "ibtplt", true, "Begin PLT entries with endbr."),
  set("shstk", "shstk", true, "Mark the file as fit for shadow stacks."),
  reports("cet-report", "Report objects that are not fit for either: none, warning, error.", "cetReport"),
  set("lam-u48", "lamU48", true, "Mark the file as fit for 48-bit address masking."),
  set("lam-u57", "lamU57", true, "Mark the file as fit for 57-bit address masking."),
  reports("lam-u48-report", "Report objects that are not fit for lam-u48.", "lamU48Report"),
  reports("lam-u57-report", "Report objects that are not fit for lam-u57.", "lamU57Report"),
  reports("lam-report", "Report objects that are not fit for either.", "lamU48Report", "lamU57Report"),
  does("x86-64-baseline", "Mark the file as needing x86-64.", isaLevel(1)),
  does("x86-64-v2", "Mark the file as needing x86-64-v2.", isaLevel(2)),
  does("x86-64-v3", "Mark the file as needing x86-64-v3.", isaLevel(3)),
  does("x86-64-v4", "Mark the file as needing x86-64-v4.", isaLevel(4)),
  takes("isa-level-report", "WHAT", "Report the ISA levels of objects: none, needed, used, all.", (draft, value) => {
    const what = oneOf(draft, value, ["none", "needed", "used", "all"]);
    if (what !== undefined) draft.options.z.isaLevelReport = what;
  }),
  takes(
    "call-nop",
    "PADDING",
    "How a shortened call is filled up: prefix-addr, suffix-nop, prefix-BYTE, suffix-BYTE.",
    (draft, value) => {
      const padding = callPadding(value);
      if (padding !== undefined) draft.options.z.callNop = padding;
      else badValue(draft, value, "prefix-addr, suffix-nop, prefix-BYTE, suffix-BYTE");
    },
  ),
  set("noreloc-overflow", "noRelocOverflow", true, "Do not check relocations for overflow."),
  idle("mark-plt", "Describe the PLT in the dynamic section.", "the PLT is not described"),
  set("nomark-plt", "markPlt", false, "Do not (default)."),
  does("report-relative-reloc", "List the relative relocations.", (draft) => {
    draft.settings.relativeRelocations = true;
  }),

  set("unique-symbol", "uniqueSymbol", true, "Number local symbols, so that no two have the same name."),
  set("nounique-symbol", "uniqueSymbol", false, "Do not (default)."),
  set("start-stop-gc", "startStopGc", true, "Let --gc-sections drop sections that only __start_ symbols use."),
  set("nostart-stop-gc", "startStopGc", false, "Keep them (default)."),
  takes(
    "start-stop-visibility",
    "VISIBILITY",
    "Visibility of __start_ and __stop_ symbols: default, internal, hidden, protected.",
    setVisibility,
  ),
  set("keep-text-section-prefix", "keepTextSectionPrefix", true, "Keep .text.hot, .text.unlikely and the like apart."),
  set("nokeep-text-section-prefix", "keepTextSectionPrefix", false, "Join them into .text (default)."),
  set("sectionheader", "sectionheader", true, "Write section headers (default)."),
  set("nosectionheader", "sectionheader", false, "Leave out the section headers, and what only they lead to."),
  set("common", "common", true, "Mark common symbols of -r as STT_COMMON."),
  set("nocommon", "common", false, "Mark them as STT_OBJECT."),
  idle("text-unlikely-segment", "Put unlikely code into a segment of its own.", "it stays with the other code"),
  silent("notext-unlikely-segment", "Do not (default).", "done anyway"),
  set("nognustack", "gnustack", false, "Leave out PT_GNU_STACK: the system decides about the stack."),
  set(
    "rodynamic",
    "rodynamic",
    true,
    "Make the dynamic section read-only: no DT_DEBUG, so debuggers do not see libraries.",
  ),
  idle("rewrite-endbr", "Replace landing pads that no pointer leads to.", "landing pads stay"),
  idle("retpolineplt", "Write PLT entries without indirect jumps.", "no such entries yet"),
  idle("execstack-if-needed", "Make the stack executable if an object asks for it.", "that is the default"),
];
