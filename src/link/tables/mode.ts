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
  const isStatic = output === "executable" && sharedCount === 0 && !keepsDynamicSymbols(options);
  const kind = isStatic ? "static" : output === "static-pie" ? "pie" : output;
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
  const { noDynamicLinker, exportDynamic, exportDynamicSymbols, dynamicList, dynamicListData } = options;
  return (
    noDynamicLinker &&
    (exportDynamic || exportDynamicSymbols.length > 0 || dynamicList !== undefined || dynamicListData)
  );
}

/** Whether a strong reference that nothing defines is an error (ld manual, --unresolved-symbols and -z defs). */
export function undefinedIsError(options: LinkOptions): boolean {
  if (options.output === "relocatable") return false;
  if (options.unresolvedSymbols === "ignore-all" || options.unresolvedSymbols === "ignore-in-object-files")
    return false;
  return options.output === "shared" ? options.noUndefined === true : options.noUndefined !== false;
}
