// Options about the output file: its kind, name, identity, and what of the inputs stays in it.

import { warning } from "../../../elf/problem.ts";
import type { BuildId, CompressionStyle, SectionCompression } from "../../../link/options.ts";
import { badValue, type Draft, parseNumber, readText, remark } from "../draft.ts";
import { findEmulation } from "../emulations.ts";
import {
  flag,
  noEffect,
  type OptionGroup,
  OTHERS,
  optional,
  quiet,
  refused,
  set,
  setFront,
  TWO_DASHES,
  value,
} from "./row.ts";

export const outputOptions: OptionGroup = {
  title: "Output file",
  rows: [
    value(
      "-o --output",
      "FILE",
      "Write to FILE (default a.out).",
      (draft, path) => {
        draft.settings.outputPath = path;
      },
      TWO_DASHES,
    ),
    value(
      "-m",
      "EMULATION",
      "Make a file for elf_x86_64 or elf_i386 (default: what the first object is for).",
      (draft, name) => {
        draft.options.emulation = findEmulation(name, draft.report)?.name ?? draft.options.emulation;
      },
    ),
    value(
      "--oformat",
      "TARGET",
      "The output's format: elf64-x86-64, elf32-i386, elf, or binary (the memory of a static program, no headers).",
      setOutputFormat,
      TWO_DASHES,
    ),
    flag("-shared -Bshareable", "Make a shared library.", (draft) => {
      draft.form = "shared";
    }),
    flag("-pie --pic-executable", "Make a position-independent executable.", (draft) => {
      draft.form = "pie";
    }),
    flag("-no-pie --no-pic-executable", "Make an executable for fixed addresses (default).", (draft) => {
      draft.form = "executable";
    }),
    flag("-r -i --relocatable", "Make an object file that can be linked again.", (draft) => {
      draft.relocatable = true;
      draft.state.preferStatic = true;
    }),
    flag("-Ur", "As -r; and define __start_X and __stop_X, as for the last of several such links.", (draft) => {
      draft.relocatable = true;
      draft.state.preferStatic = true;
      draft.options.lastRelocatable = true;
    }),
    value("-G --gpsize", "SIZE", "Without a number: as -shared. The size itself means nothing on x86.", () => {}),
    set("-q --emit-relocs", "Keep the relocations in the output.", "emitRelocs", true),
    optional(
      "--build-id",
      "STYLE",
      "Give the file an identity: sha1 (default), sha256, md5, uuid, fast, 0xHEX or none. Beyond 1 MiB hashes are those of the hashes of blocks of 1 MiB.",
      setBuildId,
    ),
    set("--no-build-id", "Give it none.", "buildId", { style: "none" }, OTHERS),
    optional(
      "--package-metadata",
      "JSON",
      "Put JSON that describes the package into a note. %2c and %[comma] stand for a comma, and so on.",
      (draft, json) => {
        draft.options.packageMetadata = json === "" ? undefined : decodePercent(json);
      },
    ),

    set("-s --strip-all", "Leave out the symbol table and debugging information.", "strip", "all"),
    set("-S --strip-debug", "Leave out debugging information.", "strip", "debug"),
    set("-x --discard-all", "Leave out local symbols.", "discard", "all"),
    set("-X --discard-locals", "Leave out temporary local symbols, the ones that begin with .L.", "discard", "locals"),
    set("--discard-none", "Keep every local symbol.", "discard", "none"),
    value("--retain-symbols-file", "FILE", "Keep only the symbols that FILE lists.", retainSymbols),
    quiet("--strip-discarded", "Leave out symbols of discarded sections (default).", "done anyway"),
    noEffect("--no-strip-discarded", "Keep symbols of discarded sections.", "such symbols have no address"),
    value(
      "--compress-debug-sections",
      "METHOD",
      "Compress debugging information: none, zlib, zlib-gabi, zlib-gnu or zstd, and after a colon the level.",
      (draft, method) => {
        const found = compression(draft, method);
        if (found === undefined) return;
        draft.options.compressDebugSections = found.style;
        draft.options.compressDebugLevel = found.level;
      },
    ),
    value(
      "--compress-sections",
      "PATTERN=METHOD",
      "Compress sections that are not loaded and whose name matches: none, zlib or zstd, and after a colon the level.",
      (draft, text) => {
        const equals = text.lastIndexOf("=");
        if (equals < 1) return badValue(draft, text, "PATTERN=METHOD");
        const found = compression(draft, text.slice(equals + 1));
        if (found !== undefined) draft.options.compressSections.push({ pattern: text.slice(0, equals), ...found });
      },
      OTHERS,
    ),
    optional(
      "--separate-debug-file",
      "FILE",
      "Put debugging information into FILE (default: the output's name with .dbg behind it), which the output names.",
      (draft, path) => {
        draft.settings.debugFile = path;
      },
      OTHERS,
    ),
    setFront(
      "--no-separate-debug-file",
      "Keep debugging information in the output (default).",
      "debugFile",
      undefined,
      OTHERS,
    ),
    set("-d -dc -dp", "Give common symbols space even with -r.", "defineCommon", true),
    flag(
      "--define-common",
      "Give common symbols space (default).",
      (draft) => {
        if (draft.options.defineCommon === false) draft.options.defineCommon = undefined;
      },
      OTHERS,
    ),
    set("--no-define-common", "Leave common symbols to other modules: with -shared only.", "defineCommon", false),
    set(
      "--noinhibit-exec --noinhibit_exec",
      "Write the output even if there are errors, wherever it makes sense.",
      "noInhibitExec",
      true,
    ),
    value("--dependency-file", "FILE", "Write the files that were read to FILE as a rule for make.", (draft, path) => {
      draft.settings.dependencyFile = path;
    }),
    quiet(
      "--traditional-format",
      "Leave out format extensions that old linkers do not know.",
      "none are used that it would leave out",
    ),
    noEffect("--force-exe-suffix", "Make the output's name end in .exe.", "it is for Windows"),
    set(
      "--force-group-allocation",
      "With -r, dissolve section groups: their members become ordinary sections.",
      "forceGroupAllocation",
      true,
    ),
    value(
      "--out-implib",
      "FILE",
      "Write to FILE an object that defines the output's global symbols as absolute ones, for those who link to its addresses.",
      (draft, path) => {
        draft.settings.importLibrary = path;
      },
      TWO_DASHES,
    ),
    refused("--embedded-relocs", "Make the relocations of a MIPS position-independent file.", "it is for MIPS"),
    refused("--task-link=SYMBOL", "Make an object with all symbols but SYMBOL local.", "no such output yet"),
    refused("-EB", "Make a big-endian file.", "x86 is little-endian"),
    quiet("-EL", "Make a little-endian file.", "x86 is little-endian"),
    optional(
      "--split-by-file",
      "SIZE",
      "With -r: go on in a new output section, NAME.0, NAME.1, …, where an input section would make one of SIZE bytes (default: 1).",
      (draft, size) => {
        const bytes = size === "" ? 1 : parseNumber(draft, size);
        if (bytes !== undefined) draft.options.splitByFile = bytes;
      },
    ),
    optional(
      "--split-by-reloc",
      "COUNT",
      "With -r: likewise, where a section would have COUNT relocations (default: 32768).",
      (draft, count) => {
        const most = count === "" ? 32768 : parseNumber(draft, count);
        if (most !== undefined) draft.options.splitByReloc = most;
      },
    ),
    quiet("--ctf-variables", "Keep names and types of static variables in CTF.", "CTF sections are copied as they are"),
    quiet("--no-ctf-variables", "Leave static variables out of CTF.", "CTF sections are copied as they are"),
    quiet(
      "--ctf-share-types=METHOD",
      "How types are shared between CTF dictionaries.",
      "CTF sections are copied as they are",
    ),
  ],
};

const COMPRESSION_STYLES: Readonly<Record<string, CompressionStyle | "none">> = {
  none: "none",
  zlib: "zlib-gabi",
  "zlib-gabi": "zlib-gabi",
  "zlib-gnu": "zlib-gnu",
  zstd: "zstd",
};

/** zlib's manual (deflateInit) and zstd's (ZSTD_maxCLevel). */
const HIGHEST_LEVEL = { "zlib-gabi": 9, "zlib-gnu": 9, zstd: 22 } as const;

/** `zstd`, `zlib:9` */
function compression(draft: Draft, text: string): Omit<SectionCompression, "pattern"> | undefined {
  const [, name = "", levelText] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const style = COMPRESSION_STYLES[name];
  const highest = style === undefined || style === "none" ? 0 : HIGHEST_LEVEL[style];
  const level = levelText === undefined ? undefined : /^[0-9]+$/.test(levelText) ? Number(levelText) : Number.NaN;
  if (style === undefined) badValue(draft, text, Object.keys(COMPRESSION_STYLES).join(", "));
  else if (level !== undefined && !(level <= highest)) badValue(draft, text, `a level up to ${highest}`);
  else return { style, level };
  return undefined;
}

/** What stands for a character that a shell or a spec file would take for its own (GNU ld manual, "--package-metadata"). */
const CHARACTER_NAMES: Readonly<Record<string, string>> = {
  comma: ",",
  lbrace: "{",
  quot: '"',
  rbrace: "}",
  space: " ",
};

/** `%2c` and `%[comma]` as `,`. A percent sign that begins neither stands for itself. */
function decodePercent(text: string): string {
  const decoded = text.replace(
    /((?:%[0-9a-fA-F]{2})+)|%\[(\w+)\]/g,
    (whole, bytes: string | undefined, name: string) =>
      bytes === undefined ? (CHARACTER_NAMES[name] ?? whole) : fromBytes(bytes),
  );
  return decoded;
}

/** Bytes as hexadecimal numbers behind percent signs, as UTF-8. */
function fromBytes(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text.slice(1).split("%"), (byte) => Number.parseInt(byte, 16)));
}

const BUILD_ID_STYLES: Readonly<Record<string, BuildId>> = {
  "": { style: "sha1" },
  none: { style: "none" },
  md5: { style: "md5" },
  sha1: { style: "sha1" },
  sha256: { style: "sha256" },
  uuid: { style: "uuid" },
  fast: { style: "fast" },
  // gold's and lld's name for a SHA-1 of pieces, which has the same size.
  tree: { style: "sha1" },
};

function setBuildId(draft: Draft, style: string): void {
  const hex = /^0[xX]((?:[0-9a-fA-F]{2}[-:]?)+)$/.exec(style)?.[1].replace(/[-:]/g, "");
  if (hex !== undefined) {
    const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
      Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
    );
    draft.options.buildId = { style: "hex", bytes };
  } else if (Object.hasOwn(BUILD_ID_STYLES, style)) {
    draft.options.buildId = BUILD_ID_STYLES[style];
  } else {
    // GNU ld goes on without a build ID.
    draft.report(warning("build-id-style-unknown", {}, { style }));
    draft.options.buildId = { style: "none" };
  }
}

function setOutputFormat(draft: Draft, target: string): void {
  if (target === "elf64-x86-64") draft.options.emulation = "elf_x86_64";
  else if (target === "elf32-i386") draft.options.emulation = "elf_i386";
  else if (target === "binary") draft.options.outputFormat = "binary";
  else if (["srec", "ihex", "verilog"].includes(target)) {
    remark(draft, "error", `${draft.spelled}=${target}`, "link an ELF file and convert it with objcopy");
  } else if (target !== "elf") badValue(draft, target, "elf64-x86-64, elf32-i386, elf, binary");
}

function retainSymbols(draft: Draft, path: string): void {
  const text = readText(draft, path);
  if (text === undefined) return;
  draft.options.strip = "none";
  draft.options.retainSymbols = new TextDecoder()
    .decode(text.bytes)
    .split(/\s+/)
    .filter((name) => name !== "");
}
