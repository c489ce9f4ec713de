// What kind of file the link makes, in the terms in which later passes ask.

import type { LinkOptions, OutputKind } from "../options.ts";

export interface OutputMode {
  readonly kind: Exclude<OutputKind, "static-pie">;
  /** Has a dynamic section: some relocations are left to the dynamic linker (or to the program itself in a static PIE). */
  readonly dynamic: boolean;
  /** Loaded anywhere: addresses need RELATIVE relocations. */
  readonly pic: boolean;
  readonly shared: boolean;
  /** Has PT_INTERP. */
  readonly interpreted: boolean;
}

/** @param sharedCount shared libraries that take part: without any, a position-dependent executable is static */
export function outputMode(options: LinkOptions, sharedCount: number): OutputMode {
  const { output } = options;
  const isProgram = output === "executable" || output === "static";
  const isStatic = isProgram && sharedCount === 0 && !keepsDynamicSymbols(options);
  const kind = isStatic ? "static" : isProgram ? "executable" : output === "static-pie" ? "pie" : output;
  const shared = kind === "shared";
  const pic = shared || kind === "pie";
  const dynamic = pic || kind === "executable";
  return {
    kind,
    dynamic,
    pic,
    shared,
    interpreted: dynamic && !shared && output !== "static-pie" && !options.noDynamicLinker,
  };
}

/**
 * A program without dynamic linker that exports something has its dynamic section whatever is linked: a kernel or a
 * loader of its own reads it (bfd/elflink.c, elf_link_add_object_symbols: "nointerp").
 */
function keepsDynamicSymbols(options: LinkOptions): boolean {
  return options.noDynamicLinker && (options.exportDynamic || hasExportList(options));
}

/** Whether a strong reference that nothing defines is an error (ld manual, --unresolved-symbols and -z defs). */
export function undefinedIsError(options: LinkOptions): boolean {
  if (options.output === "relocatable") return false;
  if (options.unresolvedSymbols === "ignore-all" || options.unresolvedSymbols === "ignore-in-object-files")
    return false;
  return options.output === "shared" ? options.noUndefined === true : options.noUndefined !== false;
}

/**
 * Under -z now nothing is bound later: .got.plt becomes a part of .got, in front, and read-only with it. Not every default script
 * of GNU ld has a variant for that (measured by --verbose): not those of -n, -N and -z nocombreloc, nor that of
 * -z noseparate-code with -z norelro.
 */
export function joinsGotPlt({ nmagic, omagic, z }: LinkOptions): boolean {
  return z.now && z.combreloc && !nmagic && !omagic && (z.separateCode || z.relro);
}

/** --dynamic-list, --dynamic-list-data, --export-dynamic-symbol and their kin. */
function hasExportList({ dynamicList, dynamicListData, exportDynamicSymbols }: LinkOptions): boolean {
  return dynamicList !== undefined || dynamicListData || exportDynamicSymbols.length > 0;
}

/** Which of a library's definitions another module's may replace, beside those on a list. */
export type Replaceable = "all" | "none" | "data" | "weak" | "data-and-weak";

/**
 * What -Bsymbolic, its variants and the lists come to together. A list takes the place of what -Bsymbolic and
 * -Bsymbolic-functions say, wherever it stands on the command line (binutils, ld/lexsup.c; as measured).
 * @returns `listed`: a list decides, so that the library as a whole is not DT_SYMBOLIC
 */
export function replaceable(options: LinkOptions): { readonly which: Replaceable; readonly listed: boolean } {
  const { bsymbolic, dynamicList, dynamicListData } = options;
  const listed = hasExportList(options);
  if (dynamicListData) return { which: "data", listed };
  if (dynamicList !== undefined || (listed && bsymbolic !== "none")) return { which: "none", listed };
  return { which: REPLACEABLE[bsymbolic], listed };
}

const REPLACEABLE: Readonly<Record<LinkOptions["bsymbolic"], Replaceable>> = {
  none: "all",
  all: "none",
  functions: "data",
  "non-weak": "weak",
  "non-weak-functions": "data-and-weak",
};
