// The symbols that every program may expect of its linker: ends of sections, boundaries of arrays, the GOT, the headers.
// As in GNU ld's script most are PROVIDEd: defined only if something refers to them and nothing defines them.

import {
  SHF_ALLOC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_TLS,
  STV_DEFAULT,
  STV_HIDDEN,
  STV_INTERNAL,
  STV_PROTECTED,
} from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { rowOf } from "../sections/assign-sections.ts";
import { defaultLayout, type Marker } from "../tables/default-layout.ts";
import { SECTION_ABSOLUTE, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import { isTbss, type Layout } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText, nameText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { RULE_LINKER } from "../tables/resolve.ts";
import {
  defineSymbol,
  FLAG_DEF_DYNAMIC,
  FLAG_DYNSYM,
  FLAG_FORCED_LOCAL,
  FLAG_REF_DYNAMIC,
  FLAG_REF_REGULAR,
  isShared,
  isUndefined,
  type SymbolTable,
  setSymbolValue,
  symbolNamed,
} from "../tables/symbol-table.ts";

/** Where a symbol of the linker stands. */
type Anchor =
  | { readonly at: "start" | "end"; readonly section: string }
  | { readonly at: "marker"; readonly marker: Marker }
  | { readonly at: "image" }
  | { readonly at: "headers" }
  | { readonly at: "got" }
  | { readonly at: "tls" };

interface Definition {
  readonly name: string;
  readonly anchor: Anchor;
  /** PROVIDE_HIDDEN. */
  readonly hidden?: boolean;
  /** Defined in executables even if nothing refers to it (GNU ld's `_end = .`). */
  readonly always?: boolean;
  readonly object?: boolean;
  readonly tls?: boolean;
  /** Only where the output has this section. */
  readonly with?: string;
  /** Only where true. */
  readonly when?: (mode: OutputMode, options: LinkOptions) => boolean;
}

const notShared = (mode: OutputMode): boolean => !mode.shared;
/** The scripts of programs at a fixed address, static or not. */
const fixedOnly = (mode: OutputMode): boolean => mode.kind === "static" || mode.kind === "executable";
const dynamicOnly = (mode: OutputMode): boolean => mode.dynamic;

/** With -n and -N they are not, and a binary image has none. */
const headersLoaded = (_mode: OutputMode, { nmagic, omagic, outputFormat }: LinkOptions): boolean =>
  !nmagic && !omagic && outputFormat === "elf";

const boundary = (name: string, section: string): Definition[] => [
  { name: `${name}_start`, anchor: { at: "start", section }, hidden: true, when: notShared },
  { name: `${name}_end`, anchor: { at: "end", section }, hidden: true, when: notShared },
];

const definitions: readonly Definition[] = [
  { name: "__executable_start", anchor: { at: "image" }, when: notShared },
  { name: "__ehdr_start", anchor: { at: "headers" }, hidden: true, when: headersLoaded },
  { name: "__dso_handle", anchor: { at: "headers" }, hidden: true },
  { name: "__etext", anchor: { at: "marker", marker: "text-end" } },
  { name: "_etext", anchor: { at: "marker", marker: "text-end" } },
  { name: "etext", anchor: { at: "marker", marker: "text-end" } },
  { name: "_edata", anchor: { at: "marker", marker: "data-end" }, always: true },
  { name: "edata", anchor: { at: "marker", marker: "data-end" } },
  { name: "__bss_start", anchor: { at: "marker", marker: "bss-start" }, always: true },
  { name: "_end", anchor: { at: "marker", marker: "end" }, always: true },
  { name: "end", anchor: { at: "marker", marker: "end" } },
  ...boundary("__preinit_array", ".preinit_array"),
  ...boundary("__init_array", ".init_array"),
  ...boundary("__fini_array", ".fini_array"),
  { name: "__tdata_start", anchor: { at: "start", section: ".tdata" }, hidden: true, when: notShared },
  { name: "__rela_iplt_start", anchor: { at: "start", section: ".rela.iplt" }, hidden: true, when: fixedOnly },
  { name: "__rela_iplt_end", anchor: { at: "end", section: ".rela.iplt" }, hidden: true, when: fixedOnly },
  { name: "__rel_iplt_start", anchor: { at: "start", section: ".rel.iplt" }, hidden: true, when: fixedOnly },
  { name: "__rel_iplt_end", anchor: { at: "end", section: ".rel.iplt" }, hidden: true, when: fixedOnly },
  {
    name: "_DYNAMIC",
    anchor: { at: "start", section: ".dynamic" },
    hidden: true,
    object: true,
    always: true,
    when: dynamicOnly,
  },
  { name: "_GLOBAL_OFFSET_TABLE_", anchor: { at: "got" }, hidden: true, object: true, always: true },
  { name: "_TLS_MODULE_BASE_", anchor: { at: "tls" }, hidden: true, tls: true },
  {
    name: "__GNU_EH_FRAME_HDR",
    anchor: { at: "start", section: ".eh_frame_hdr" },
    hidden: true,
    always: true,
    with: ".eh_frame_hdr",
  },
];

/** What was defined, to be given addresses after layout. */
export interface LinkerSymbols {
  readonly list: { readonly symbol: SymbolId; readonly anchor: Anchor }[];
  /** `_GLOBAL_OFFSET_TABLE_`, or -1. Gone again if there turns out to be no GOT. */
  readonly gotSymbol: SymbolId;
}

/** Something refers to it or, in a library, defines it (bfd/elflink.c, bfd_elf_define_start_stop), and no object has it. */
function isWanted(symbols: SymbolTable, id: SymbolId): boolean {
  if ((symbols.flags[id] & (FLAG_REF_REGULAR | FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) === 0) return false;
  return isUndefined(symbols, id) || isShared(symbols, id);
}

/** Not by the default script, so that they are there with any other too. */
const MADE_BY_CODE: ReadonlySet<string> = new Set([
  "__ehdr_start",
  "_DYNAMIC",
  "_GLOBAL_OFFSET_TABLE_",
  "_TLS_MODULE_BASE_",
  "__GNU_EH_FRAME_HDR",
]);

/**
 * Runs after all inputs are read and sections are assigned, before symbols are bound.
 * @param byScript a script lays out the link, and defines what it wants
 */
export function defineLinkerSymbols(
  symbols: SymbolTable,
  outputs: OutputSections,
  mode: OutputMode,
  objects: readonly ObjectFile[],
  options: LinkOptions,
  byScript = false,
): LinkerSymbols {
  const list: LinkerSymbols["list"] = [];
  let gotSymbol = -1;
  for (const it of definitions) {
    if (byScript && !MADE_BY_CODE.has(it.name)) continue;
    if (it.when !== undefined && !it.when(mode, options)) continue;
    if (it.with !== undefined && !outputs.byName.has(it.with)) continue;
    // The scripts for -n and -N are the same for libraries as for programs.
    const likeProgram = !mode.shared || options.nmagic || options.omagic;
    const always = it.always === true && (likeProgram || it.hidden === true);
    const known = findText(symbols.names, it.name);
    if (known < 0 && !always) continue;
    const id = symbolNamed(symbols, it.name);
    // The script assigns `_end` and its kin whatever an object has defined.
    const assigned = always && it.anchor.at === "marker";
    const wanted = assigned || isWanted(symbols, id) || (always && (isUndefined(symbols, id) || isShared(symbols, id)));
    if (!wanted) continue;
    if (it.anchor.at === "got") gotSymbol = id;
    provide(
      symbols,
      id,
      it.tls === true ? STT_TLS : it.object === true ? STT_OBJECT : STT_NOTYPE,
      it.hidden === true ? STV_HIDDEN : STV_DEFAULT,
    );
    list.push({ symbol: id, anchor: it.anchor });
  }
  defineStartStop(symbols, outputs, mode, objects, options, list);
  return { list, gotSymbol };
}

function provide(symbols: SymbolTable, id: SymbolId, type: number, visibility: number): void {
  // What a library says of its own keeps standing, as in BFD.
  const known = isShared(symbols, id) ? { type: symbols.type[id], size: symbols.size[id] } : undefined;
  defineSymbol(symbols, id, SECTION_OUTPUT, 0, type);
  if (known !== undefined && type === STT_NOTYPE) {
    symbols.type[id] = known.type;
    symbols.size[id] = known.size;
  }
  symbols.rule[id] = RULE_LINKER;
  if (visibility !== STV_DEFAULT) {
    const seen = symbols.visibility[id];
    symbols.visibility[id] = seen === STV_DEFAULT ? visibility : Math.min(seen, visibility);
  }
  if (visibility === STV_HIDDEN) symbols.flags[id] |= FLAG_FORCED_LOCAL;
}

/** -z start-stop-visibility. */
export const VISIBILITIES: Readonly<Record<LinkOptions["z"]["startStopVisibility"], number>> = {
  default: STV_DEFAULT,
  internal: 1,
  hidden: STV_HIDDEN,
  protected: STV_PROTECTED,
};

/** `__start_X` and `__stop_X` for output sections whose name is a C identifier; and `.startof.X`, `.sizeof.X`. */
function defineStartStop(
  symbols: SymbolTable,
  outputs: OutputSections,
  mode: OutputMode,
  objects: readonly ObjectFile[],
  options: LinkOptions,
  list: LinkerSymbols["list"],
): void {
  for (const output of outputs.list) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(output.name)) {
      for (const [prefix, at] of [
        ["__start_", "start"],
        ["__stop_", "end"],
      ] as const) {
        const id = findText(symbols.names, prefix + output.name);
        if (id < 0 || !isWanted(symbols, id)) continue;
        defineBoundary(symbols, id, mode, objects, options);
        list.push({ symbol: id, anchor: { at, section: output.name } });
        output.keep = true;
      }
    }
    const start = findText(symbols.names, `.startof.${output.name}`);
    if (start >= 0 && isWanted(symbols, start)) {
      provide(symbols, start, STT_NOTYPE, STV_HIDDEN);
      list.push({ symbol: start, anchor: { at: "start", section: output.name } });
    }
  }
}

/**
 * In a library GNU ld enters a reference into the dynamic symbols, whatever its visibility, when it first meets one; a further
 * object makes it local if it is hidden. One that is only then defined keeps its place (bfd/elflink.c,
 * elf_link_add_object_symbols and bfd_elf_define_start_stop). A program has it there only where a library has the name too.
 */
function defineBoundary(
  symbols: SymbolTable,
  id: SymbolId,
  mode: OutputMode,
  objects: readonly ObjectFile[],
  options: LinkOptions,
): void {
  const { flags, visibility } = symbols;
  const seen = visibility[id];
  provide(symbols, id, STT_NOTYPE, STV_DEFAULT);
  if (seen === STV_DEFAULT) visibility[id] = VISIBILITIES[options.z.startStopVisibility];
  const isDynamic = mode.shared || (flags[id] & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0;
  if (!mode.dynamic || !isDynamic) return;
  const wasHidden = seen === STV_HIDDEN || seen === STV_INTERNAL;
  const isLocal = wasHidden && (!mode.shared || hasTwoMentions(objects, id));
  flags[id] |= isLocal ? FLAG_FORCED_LOCAL : FLAG_DYNSYM;
}

function hasTwoMentions(objects: readonly ObjectFile[], id: SymbolId): boolean {
  let count = 0;
  for (const object of objects) if (object.symbols.includes(id) && ++count === 2) return true;
  return false;
}

/** After layout: gives each its section and offset. */
export function placeLinkerSymbols(
  symbols: SymbolTable,
  outputs: OutputSections,
  layout: Layout,
  defined: LinkerSymbols,
  gotBase: number,
  mode: OutputMode,
): void {
  for (const { symbol, anchor } of defined.list) {
    const place = resolveAnchor(anchor, outputs, layout, gotBase, mode);
    if (place.section === undefined) {
      symbols.section[symbol] = SECTION_ABSOLUTE;
      setSymbolValue(symbols, symbol, place.address);
    } else {
      symbols.section[symbol] = SECTION_OUTPUT;
      symbols.alias[symbol] = place.section.id;
      setSymbolValue(symbols, symbol, place.address - place.section.address);
    }
  }
}

function resolveAnchor(
  anchor: Anchor,
  outputs: OutputSections,
  layout: Layout,
  gotBase: number,
  mode: OutputMode,
): { address: number; section: OutputSection | undefined } {
  switch (anchor.at) {
    case "image":
      return { address: layout.start, section: nearest(layout, layout.start) };
    case "headers":
      return { address: layout.headers, section: nearest(layout, layout.headers) };
    case "got":
      return { address: gotBase, section: nearest(layout, gotBase) };
    case "tls": {
      // Local-dynamic code rewritten to local exec counts from the thread pointer, other code from the block's start.
      const address = mode.shared ? layout.tlsStart : layout.threadPointer;
      return { address, section: nearest(layout, layout.tlsStart) };
    }
    case "marker": {
      const address = layout.markers.get(anchor.marker) ?? 0;
      return { address, section: sectionAtMarker(layout, anchor.marker) };
    }
    default: {
      // .rela.iplt is a part of .rela.plt.
      const chunk = outputs.chunks.find((it) => it.name === anchor.section && it.output?.name !== anchor.section);
      if (chunk !== undefined) {
        return { address: chunk.address + (anchor.at === "end" ? chunk.size : 0), section: chunk.output };
      }
      const section = outputs.byName.get(anchor.section);
      if (section !== undefined && section.index !== 0) {
        return { address: section.address + (anchor.at === "end" ? section.size : 0), section };
      }
      // An empty array: start and end are equal, behind the section before it.
      const row = /^\.rela?\.iplt$/.test(anchor.section)
        ? rowOf(anchor.section.replace("iplt", "plt")) + 1
        : rowOf(anchor.section);
      const before = sectionBefore(layout, row);
      return {
        address: before === undefined ? layout.start : before.address + (isTbss(before) ? 0 : before.size),
        section: before,
      };
    }
  }
}

/**
 * Which section a symbol between sections belongs to (section_for_dot in binutils, ld/ldexp.c): the one before; but the
 * one behind where the script has moved the location counter first, as it does for __bss_start.
 */
function sectionAtMarker(layout: Layout, marker: Marker): OutputSection | undefined {
  const row = defaultLayout.findIndex((it) => "marker" in it && it.marker === marker);
  const before = sectionBefore(layout, row);
  if (marker !== "bss-start") return before;
  return layout.sections.find((it) => it.row > row && (it.flags & SHF_ALLOC) !== 0) ?? before;
}

function sectionBefore(layout: Layout, row: number): OutputSection | undefined {
  let found: OutputSection | undefined;
  for (const it of layout.sections) if ((it.flags & SHF_ALLOC) !== 0 && it.row < row) found = it;
  return found;
}

/** The allocated section that holds the address, or the last one that starts before it; the first one for the headers. */
function nearest(layout: Layout, address: number): OutputSection | undefined {
  let found: OutputSection | undefined;
  for (const section of layout.sections) {
    if ((section.flags & SHF_ALLOC) === 0) continue;
    if (found === undefined || section.address <= address) found = section;
  }
  return found;
}

/** Name of a linker-defined symbol, for reports. */
export function linkerSymbolNames(symbols: SymbolTable, defined: LinkerSymbols): string[] {
  return defined.list.map((it) => nameText(symbols.names, it.symbol));
}
