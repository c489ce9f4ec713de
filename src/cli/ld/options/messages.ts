// Options about what the linker says: warnings, reports, versions and help.

import { badValue, type Draft, oneOf, parseNumber } from "../draft.ts";
import {
  addText,
  flag,
  missing,
  noEffect,
  type OptionGroup,
  OTHERS,
  optional,
  quiet,
  type Spelling,
  set,
  setFront,
  value,
} from "./row.ts";

const SYMBOL_ORDER_CODES = "symbol-order-unknown symbol-order-no-section symbol-order-duplicate";

/** Warnings of --warn-execstack. */
const EXECSTACK_CODES = "exec-stack-option exec-stack-note exec-stack";

export const messageOptions: OptionGroup = {
  title: "Messages",
  rows: [
    setFront("--help", "Print the options and stop.", "request", "help"),
    setFront("--target-help", "Print the -z keywords and stop.", "request", "target-help"),
    setFront("--version", "Print the version and stop.", "request", "version"),
    flag("-v", "Print the version and go on.", (draft) => {
      if (draft.settings.banner === "none") draft.settings.banner = "version";
    }),
    flag("-V", "Print the version and the emulations, and go on.", (draft) => {
      if (draft.settings.banner !== "verbose") draft.settings.banner = "emulations";
    }),
    optional("--verbose", "LEVEL", "Say which files are looked for; print version and search directories.", (draft) => {
      draft.settings.banner = "verbose";
    }),
    setFront("--dll-verbose", "As --verbose.", "banner", "verbose"),
    setFront("--print-sysroot", "Print the --sysroot directory and stop.", "request", "sysroot"),
    setFront("--print-output-format", "Print the output's format and go on.", "printOutputFormat", true),
    setFront("-t --trace", "Print the name of each file that is read.", "trace", true),
    addText("-y --trace-symbol", "SYMBOL", "Say which files define SYMBOL or refer to it.", "traceSymbols"),
    setFront("--stats", "Print time and memory of the link, and the time of each stage.", "statistics", true),

    set("--fatal-warnings", "Fail if there is a warning.", "fatalWarnings", true),
    set("--no-fatal-warnings", "Do not (default).", "fatalWarnings", false),
    flag("-w --no-warnings", "Say nothing of warnings, and of errors only if they leave no output.", (draft) => {
      draft.settings.silent = true;
      draft.options.noInhibitExec = true;
    }),
    set("--warn-common", "Warn where common symbols meet other symbols of the name.", "warnCommon", true),
    set("--no-warn-common", "Do not (default).", "warnCommon", false, OTHERS),
    quiet("--warn-once", "Warn of each undefined symbol only once.", "it is done anyway"),
    flag(
      "--warn-textrel --warn-shared-textrel",
      "Warn if the loader has to write into code (default), even after -z notext.",
      (draft) => {
        draft.options.z.text = undefined;
      },
    ),
    flag(
      "--no-warn-textrel --no-warn-shared-textrel",
      "Do not.",
      (draft) => {
        draft.options.z.text = false;
      },
      OTHERS,
    ),
    set(
      "--warn-execstack",
      "Warn if the stack becomes executable, even if -z execstack asks for it.",
      "warnExecstack",
      true,
    ),
    set("--no-warn-execstack", "Do not warn if the stack becomes executable.", "warnExecstack", false),
    promoted("--error-execstack", EXECSTACK_CODES, "Fail where there would be such a warning."),
    demoted("--no-error-execstack", EXECSTACK_CODES, "Do not (default)."),
    promoted("--error-rwx-segments", "rwx-segment", "Fail for segments that are both writable and executable."),
    demoted("--no-error-rwx-segments", "rwx-segment", "Do not (default)."),
    wanted("--warn-rwx-segments", "rwx-segment", "Warn of segments that are both writable and executable (default)."),
    unwanted("--no-warn-rwx-segments", "rwx-segment", "Do not warn of segments that are both writable and executable."),
    quiet("--warn-alternate-em", "Warn of objects with an unofficial machine number.", "x86 has none"),
    quiet("--warn-constructors", "Warn of global constructors in formats that lack them.", "ELF has them"),
    quiet("--warn-multiple-gp", "Warn of several global pointers.", "x86 has none"),
    set("--warn-section-align", "Warn where alignment moves a section.", "warnSectionAlign", true),
    noEffect(
      "--warn-ifunc-textrel",
      "Warn of IFUNC symbols and text relocations together.",
      "no such warning yet",
      OTHERS,
    ),
    quiet("--no-warn-ifunc-textrel", "Do not (default).", "done anyway", OTHERS),
    wanted(
      "--warn-symbol-ordering",
      SYMBOL_ORDER_CODES,
      "Warn of symbols of --symbol-ordering-file that cannot be ordered (default).",
      OTHERS,
    ),
    unwanted("--no-warn-symbol-ordering", SYMBOL_ORDER_CODES, "Do not warn of them.", OTHERS),
    noEffect(
      "--detect-odr-violations",
      "Warn of C++ entities that are defined in two ways.",
      "no such warning yet",
      OTHERS,
    ),

    optional("--demangle", "STYLE", "Show C++ and Rust names as their programmers wrote them (default).", (draft) => {
      draft.settings.demangle = true;
    }),
    setFront("--no-demangle", "Show symbols as they are.", "demangle", false),
    optional(
      "--color-diagnostics",
      "WHEN",
      "Colour messages: always, never, auto (default: on a terminal).",
      (draft, when) => {
        const choice = when === "" ? "always" : oneOf(draft, when, ["auto", "always", "never"]);
        if (choice !== undefined) draft.settings.color = choice;
      },
      OTHERS,
    ),
    setFront("--no-color-diagnostics", "Do not colour messages.", "color", "never", OTHERS),
    value(
      "--error-limit",
      "COUNT",
      "Stop printing after COUNT errors; 0 (default) prints all.",
      (draft, count) => {
        draft.settings.errorLimit = parseNumber(draft, count) ?? draft.settings.errorLimit;
      },
      OTHERS,
    ),
    noEffect("--error-handling-script=SCRIPT", "Run SCRIPT for undefined symbols and libraries.", "nothing is run"),

    setFront("-M --print-map", "Print what is in the output and where, and why.", "mapFile", "-"),
    value(
      "-Map",
      "FILE",
      "Write that to FILE; `-` prints it, in a directory it gets the output's name, `%` stands for the output's path.",
      (draft, file) => {
        if (file.split("%").length > 2) badValue(draft, file, "one % at most");
        else draft.settings.mapFile = file;
      },
    ),
    setFront("--print-map-discarded", "Name discarded sections in the map (default).", "mapDiscarded", true),
    setFront("--no-print-map-discarded", "Do not.", "mapDiscarded", false),
    setFront(
      "--cref",
      "Say which files define and use which symbols, in the map if there is one.",
      "crossReference",
      true,
    ),
    setFront("--print-memory-usage", "Print how full the regions of a script's MEMORY are.", "memoryUsage", true),
    value(
      "--why-extract",
      "FILE",
      "Write to FILE (`-`: print) which file wanted each archive member, and for which symbol.",
      (draft, file) => {
        draft.settings.whyExtract = file;
      },
      OTHERS,
    ),
    value(
      "--print-archive-stats",
      "FILE",
      "Write to FILE (`-`: print) how many members each archive has and how many were linked.",
      (draft, file) => {
        draft.settings.archiveStats = file;
      },
      OTHERS,
    ),
    set("--print-icf-sections", "List the functions that --icf folded.", "printIcfSections", true, OTHERS),
    set("--no-print-icf-sections", "Do not list them (default).", "printIcfSections", false, OTHERS),
    missing(
      "--print-symbol-counts=FILE",
      "Write to FILE how many symbols each input defines and uses.",
      "no such report yet",
      OTHERS,
    ),
    value(
      "--reproduce",
      "FILE",
      "Pack all that the link reads into FILE, a tar archive, with a response file that runs it again.",
      (draft, path) => {
        draft.settings.reproduce = path;
      },
      OTHERS,
    ),
    setFront(
      "--repro",
      "As --reproduce, into a file named as the output with .repro.tar behind it.",
      "reproduce",
      "",
      OTHERS,
    ),
    value(
      "--explain",
      "FILE",
      "Write what the link decided, with all that it read, into FILE; solder view FILE opens it (docs/records.md).",
      (draft, path) => {
        draft.settings.explain = path;
      },
      OTHERS,
    ),
    setFront(
      "--print-dependencies",
      "List which section needs which section of another file, and by what symbol.",
      "dependencies",
      true,
      OTHERS,
    ),
    optional(
      "--time-trace",
      "FILE",
      "Write to FILE (OUTPUT.time-trace) where the time went, for chrome://tracing and Perfetto.",
      (draft, file) => {
        draft.settings.timeTrace = file;
      },
      OTHERS,
    ),
  ],
};

type Row = OptionGroup["rows"][number];

/** Rows about warnings by their codes, which are given with blanks between them. */
function wanted(names: string, codes: string, help: string, spelling: Spelling = {}): Row {
  return eachCode(names, codes, help, ({ settings }, code) => settings.unwanted.delete(code), spelling);
}

function unwanted(names: string, codes: string, help: string, spelling: Spelling = {}): Row {
  return eachCode(names, codes, help, ({ settings }, code) => settings.unwanted.add(code), spelling);
}

function promoted(names: string, codes: string, help: string): Row {
  return eachCode(names, codes, help, ({ settings }, code) => settings.promoted.add(code), OTHERS);
}

function demoted(names: string, codes: string, help: string): Row {
  return eachCode(names, codes, help, ({ settings }, code) => settings.promoted.delete(code), OTHERS);
}

function eachCode(
  names: string,
  codes: string,
  help: string,
  apply: (draft: Draft, code: string) => void,
  spelling: Spelling,
): Row {
  return flag(
    names,
    help,
    (draft) => {
      for (const code of codes.split(" ")) apply(draft, code);
    },
    spelling,
  );
}
