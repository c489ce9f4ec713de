// Options about what goes where: addresses, pages, order, and which sections stay.

import { badValue, type Draft, oneOf, parseAddress, parseNumber, readText } from "../draft.ts";
import { addText, flag, missing, type OptionGroup, OTHERS, optional, quiet, set, TWO_DASHES, value } from "./row.ts";

export const layoutOptions: OptionGroup = {
  title: "Sections and layout",
  rows: [
    value("-Ttext", "ADDRESS", "Put the section .text at ADDRESS (hexadecimal).", sectionAddress(".text")),
    value("-Tdata", "ADDRESS", "Put the section .data at ADDRESS.", sectionAddress(".data")),
    value("-Tbss", "ADDRESS", "Put the section .bss at ADDRESS.", sectionAddress(".bss")),
    value("--section-start", "SECTION=ADDRESS", "Put SECTION at ADDRESS.", (draft, text) => {
      const equals = text.indexOf("=");
      if (equals <= 0) badValue(draft, text, "SECTION=ADDRESS");
      else sectionAddress(text.slice(0, equals))(draft, text.slice(equals + 1));
    }),
    value("-Ttext-segment", "ADDRESS", "Put the first segment at ADDRESS.", (draft, address) => {
      draft.options.textSegment = parseAddress(draft, address);
    }),
    value("-Trodata-segment", "ADDRESS", "Put the segment of read-only data at ADDRESS.", (draft, address) => {
      draft.options.rodataSegment = parseAddress(draft, address);
    }),
    value("-Tldata-segment", "ADDRESS", "Put the segment of large data at ADDRESS.", (draft, address) => {
      draft.options.ldataSegment = parseAddress(draft, address);
    }),
    value(
      "--image-base",
      "ADDRESS",
      "Put the file's first byte at ADDRESS (decimal, or hexadecimal with 0x).",
      (draft, address) => {
        draft.options.imageBase = parseNumber(draft, address);
      },
      OTHERS,
    ),
    flag("-n --nmagic", "Do not align data to pages, and link statically.", (draft) => {
      draft.options.nmagic = true;
      draft.state.preferStatic = true;
    }),
    flag(
      "-N --omagic",
      "As -n, and make the code writable.",
      (draft) => {
        draft.options.omagic = true;
        draft.state.preferStatic = true;
      },
      TWO_DASHES,
    ),
    flag(
      "--no-omagic --no-nmagic",
      "Align data to pages (default).",
      (draft) => {
        draft.options.omagic = false;
        draft.options.nmagic = false;
      },
      TWO_DASHES,
    ),

    set(
      "--incremental --incremental-full",
      "Leave room to grow behind each object of the command line, so that the server can relink it with new code in it. " +
        "The output depends on the inputs alone, whichever way it was made.",
      "incremental",
      true,
      OTHERS,
    ),
    set("--no-incremental", "Leave none (default).", "incremental", false, OTHERS),

    set("--gc-sections", "Leave out sections that nothing reaches.", "gcSections", true),
    set("--no-gc-sections", "Keep them (default).", "gcSections", false),
    set("--gc-keep-exported", "With --gc-sections, keep what other files could use.", "gcKeepExported", true),
    set("--print-gc-sections", "List the sections that were left out.", "printGcSections", true),
    set("--no-print-gc-sections", "Do not list them (default).", "printGcSections", false),
    set("--eh-frame-hdr", "Write a table by which exceptions find their frames.", "ehFrameHdr", true),
    set("--no-eh-frame-hdr", "Do not write it.", "ehFrameHdr", false),
    set(
      "--ld-generated-unwind-info",
      "Write unwind information for the PLT (default).",
      "ldGeneratedUnwindInfo",
      true,
      TWO_DASHES,
    ),
    set(
      "--discard-sframe",
      "Leave out .sframe, by which profilers unwind the stack.",
      "discardSframe",
      true,
      TWO_DASHES,
    ),
    set("--no-ld-generated-unwind-info", "Do not write it.", "ldGeneratedUnwindInfo", false),
    value("-O", "LEVEL", "2 and more: merge the tails of strings, and size hash tables with care.", (draft, level) => {
      draft.options.optimize = /^[0-9]+$/.test(level) ? Number(level) : 0;
    }),
    set("--relax", "Use shorter or faster instructions where addresses allow it (default).", "relax", true),
    set(
      "--no-relax",
      "Leave loads from the GOT as they are, but those of a weak symbol's 0. On i386 as GNU ld: they are rewritten all the same.",
      "relax",
      false,
    ),
    optional(
      "--sort-common",
      "ORDER",
      "Sort common symbols by alignment: descending (default) or ascending.",
      sortCommon,
    ),
    flag("--sort_common", "As --sort-common.", (draft) => sortCommon(draft, "")),
    value(
      "--sort-section",
      "KEY",
      "Sort the inputs of each output section: by name, or by alignment (the strictest first). Not with -r.",
      (draft, key) => {
        draft.options.sortSection = oneOf(draft, key, ["name", "alignment"]) ?? "none";
      },
    ),
    set("--check-sections", "Fail if sections overlap (default). Not with -r.", "checkSections", true),
    set("--no-check-sections", "Let sections overlap.", "checkSections", false),
    quiet(
      "--rosegment",
      "Keep read-only data out of the code's segment (default).",
      "-z separate-code decides",
      OTHERS,
    ),
    flag(
      "--no-rosegment",
      "Put read-only data into the code's segment: as -z noseparate-code.",
      (draft) => {
        draft.options.z.separateCode = false;
      },
      OTHERS,
    ),
    value(
      "--orphan-handling",
      "MODE",
      "What happens to sections that a script does not place: place, warn, error, discard.",
      (draft, mode) => {
        draft.options.orphanHandling = oneOf(draft, mode, ["place", "warn", "error", "discard"]) ?? "place";
      },
      TWO_DASHES,
    ),
    set(
      "--enable-non-contiguous-regions",
      "A section for which a script's region has no room goes to the next output section that matches it.",
      "nonContiguousRegions",
      true,
      TWO_DASHES,
    ),
    set(
      "--enable-non-contiguous-regions-warnings",
      "Warn of sections that may do so.",
      "nonContiguousRegionsWarnings",
      true,
      TWO_DASHES,
    ),
    value(
      "--icf",
      "METHOD",
      "Fold functions that are the same: none (default), all, or safe: those whose addresses are not compared, as " +
        "clang's -faddrsig tells. Functions with exception tables stay.",
      (draft, name) => {
        draft.options.icf = oneOf(draft, name, ["none", "safe", "all"]) ?? draft.options.icf;
      },
      OTHERS,
    ),
    set("--no-icf", "Do not fold (default).", "icf", "none", OTHERS),
    addText("--keep-unique", "SYMBOL", "Do not fold the function SYMBOL.", "keepUnique", OTHERS),
    quiet("--icf-iterations=COUNT", "How often gold looks again.", "as often as it takes", OTHERS),
    quiet("--ignore-data-address-equality", "Let folding make addresses of data equal.", "data is not folded", OTHERS),
    quiet(
      "--ignore-function-address-equality",
      "Let folding make addresses of functions equal.",
      "--icf=all says so",
      OTHERS,
    ),
    set(
      "--gdb-index",
      "Write .gdb_index, for gdb to start faster. Compile with -ggnu-pubnames: names of other objects are not in it.",
      "gdbIndex",
      true,
      OTHERS,
    ),
    set("--no-gdb-index", "Do not write it (default).", "gdbIndex", false, OTHERS),
    value(
      "--symbol-ordering-file",
      "FILE",
      "Put the sections that define the symbols in FILE first, in its order: a name a line, # begins a comment. Not with -r.",
      (draft, path) => {
        draft.options.symbolOrder.push(...readLines(draft, path));
      },
      OTHERS,
    ),
    value(
      "--section-ordering-file",
      "FILE",
      "Put the input sections that FILE names last, in its order: a name or pattern a line, as gold. Not with -r.",
      (draft, path) => {
        const lines = readLines(draft, path);
        // GNU ld 2.43 has the option too, for a script's commands.
        const command = lines.find((line) => line.includes("{"));
        if (command === undefined) draft.options.sectionOrder.push(...lines);
        else badValue(draft, command, "names of input sections, one a line");
      },
      OTHERS,
    ),
    missing(
      "--call-graph-ordering-file=FILE",
      "Order sections by the call graph in FILE.",
      "sections stay in the order of the inputs",
      OTHERS,
    ),
    quiet(
      "--call-graph-profile-sort=METHOD",
      "Order sections by the objects' call graphs.",
      "sections stay in the order of the inputs",
      OTHERS,
    ),
    set(
      "--execute-only",
      "Ask for code that cannot be read. The processor needs protection keys for it; others read it all the same.",
      "executeOnly",
      true,
      OTHERS,
    ),
    optional(
      "--shuffle-sections",
      "SEED",
      "Put input sections into a random order, to find what depends on the usual one. PATTERN=SEED (lld): only those of " +
        "these names; seed 0 is another one each time, -1 reverses. Not with -r.",
      shuffleSections,
      OTHERS,
    ),
    flag(
      "--reverse-sections",
      "Put input sections into the reverse order. Not with -r.",
      (draft) => shuffleSections(draft, "*=-1"),
      OTHERS,
    ),
  ],
};

function sectionAddress(name: string): (draft: Draft, text: string) => void {
  return (draft, text) => {
    const address = parseAddress(draft, text);
    if (address !== undefined) draft.options.sectionStart.set(name, address);
  };
}

function sortCommon(draft: Draft, order: string): void {
  const known = order === "" ? "descending" : oneOf(draft, order, ["ascending", "descending"]);
  if (known !== undefined) draft.options.sortCommon = known;
}

/** Lines without blanks around them; empty ones and comments are left out. */
function readLines(draft: Draft, path: string): readonly string[] {
  const text = readText(draft, path);
  if (text === undefined) return [];
  const lines = new TextDecoder()
    .decode(text.bytes)
    .split("\n")
    .map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

/** `SEED` or nothing, as mold; `PATTERN=SEED`, as lld. */
function shuffleSections(draft: Draft, text: string): void {
  const [, pattern = "*", number = ""] = /^(?:(.*)=)?(-?[0-9]*)$/.exec(text) ?? [];
  const isSeed = number === "" ? text === "" : Number(number) >= -1 && Number(number) <= 0xffffffff;
  if (!isSeed) {
    badValue(draft, text, "a number up to 4294967295, or PATTERN=NUMBER");
    return;
  }
  const { sectionShuffles } = draft.options;
  const same = sectionShuffles.findIndex((it) => it.pattern === pattern);
  if (same >= 0) sectionShuffles.splice(same, 1);
  const isRandom = number === "" || (text.includes("=") && Number(number) === 0);
  const seed = number === "-1" ? "reverse" : isRandom ? Math.floor(Math.random() * 2 ** 32) : Number(number);
  sectionShuffles.push({ pattern, seed });
}
