// The symbols that GNU ld's code defines, whatever the script: the GOT, .dynamic, the headers, boundaries of sections that
// have the name of an identifier. What scripts define (`_end`, `etext`, `__init_array_start`, …) is in script-assignments.ts.

import { SHF_ALLOC, STT_NOTYPE, STT_OBJECT, STT_TLS, STV_DEFAULT, STV_HIDDEN } from "../../elf/constants.ts";
import { boundaryOf, VISIBILITIES } from "../inputs/boundary-mentions.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import { SECTION_ABSOLUTE, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import type { Layout } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText, nameText } from "../tables/names.ts";
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
  | { readonly at: "headers" }
  | { readonly at: "got" }
  | { readonly at: "tls" };

interface Definition {
  readonly name: string;
  readonly anchor: Anchor;
  /** Defined even if nothing refers to it. */
  readonly always?: boolean;
  readonly type: number;
  /** Only where the output has this section. */
  readonly with?: string;
  /** Only where true. */
  readonly when?: (mode: OutputMode, options: LinkOptions, byScript: boolean) => boolean;
}

/** With -n and -N they are not, and a binary image has none. */
const headersLoaded = (_mode: OutputMode, { nmagic, omagic, outputFormat }: LinkOptions): boolean =>
  !nmagic && !omagic && outputFormat === "elf";

/** What GNU ld's code defines, whatever the script. All are hidden. */
const definitions: readonly Definition[] = [
  { name: "__ehdr_start", anchor: { at: "headers" }, type: STT_NOTYPE, when: headersLoaded },
  // lld's: only where no script of the user's decides what there is.
  {
    name: "__dso_handle",
    anchor: { at: "headers" },
    type: STT_NOTYPE,
    when: (_mode, _options, byScript) => !byScript,
  },
  {
    name: "_DYNAMIC",
    anchor: { at: "start", section: ".dynamic" },
    type: STT_OBJECT,
    always: true,
    when: ({ dynamic }) => dynamic,
  },
  { name: "_GLOBAL_OFFSET_TABLE_", anchor: { at: "got" }, type: STT_OBJECT, always: true },
  { name: "_TLS_MODULE_BASE_", anchor: { at: "tls" }, type: STT_TLS },
  {
    name: "__GNU_EH_FRAME_HDR",
    anchor: { at: "start", section: ".eh_frame_hdr" },
    type: STT_NOTYPE,
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

/**
 * Runs after all inputs are read and sections are assigned, before symbols are bound.
 */
export function defineLinkerSymbols(
  symbols: SymbolTable,
  outputs: OutputSections,
  mode: OutputMode,
  loader: Loader,
): LinkerSymbols {
  const { options } = loader;
  const list: LinkerSymbols["list"] = [];
  let gotSymbol = -1;
  for (const it of definitions) {
    if (it.when !== undefined && !it.when(mode, options, outputs.byScript)) continue;
    if (it.with !== undefined && !isThere(outputs, it.with)) continue;
    if (it.anchor.at === "start" && isDiscarded(outputs, it.anchor.section) && findText(symbols.names, it.name) < 0)
      continue;
    const always = it.always === true;
    if (findText(symbols.names, it.name) < 0 && !always) continue;
    const id = symbolNamed(symbols, it.name);
    if (!isWanted(symbols, id) && !(always && (isUndefined(symbols, id) || isShared(symbols, id)))) continue;
    if (it.anchor.at === "got") gotSymbol = id;
    provide(symbols, id, it.type, STV_HIDDEN);
    list.push({ symbol: id, anchor: it.anchor });
  }
  defineStartStop(symbols, outputs, mode, loader, list);
  return { list, gotSymbol };
}

/** By a script: what nobody refers to there is not defined. */
function isDiscarded({ planned }: OutputSections, name: string): boolean {
  const made = planned?.get(name);
  return made !== undefined && made.output === undefined;
}

/** Something has come into the section of the linker's own. */
function isThere({ planned }: OutputSections, name: string): boolean {
  const made = planned?.get(name);
  return made?.output !== undefined && made.wanted > 0;
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

/** `__start_X` and `__stop_X` for output sections whose name is a C identifier; and `.startof.X`, `.sizeof.X`. */
function defineStartStop(
  symbols: SymbolTable,
  outputs: OutputSections,
  mode: OutputMode,
  loader: Loader,
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
        defineBoundary(symbols, id, mode, loader);
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

function defineBoundary(symbols: SymbolTable, id: SymbolId, mode: OutputMode, loader: Loader): void {
  const { flags, visibility } = symbols;
  const seen = visibility[id];
  const given = VISIBILITIES[loader.options.z.startStopVisibility];
  provide(symbols, id, STT_NOTYPE, STV_DEFAULT);
  if (seen === STV_DEFAULT) visibility[id] = given;
  if (!mode.dynamic) return;
  const { dynamic, local } = boundaryOf(id, loader.objects, loader.shared, symbols.names, given, mode.shared);
  if (local) flags[id] |= FLAG_FORCED_LOCAL;
  else if (dynamic) flags[id] |= FLAG_DYNSYM;
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
    case "headers":
      return { address: layout.headers, section: nearest(layout, layout.headers) };
    case "got":
      return { address: gotBase, section: nearest(layout, gotBase) };
    case "tls": {
      // Local-dynamic code rewritten to local exec counts from the thread pointer, other code from the block's start.
      const address = mode.shared ? layout.tlsStart : layout.threadPointer;
      return { address, section: nearest(layout, layout.tlsStart) };
    }
    default: {
      const section = outputs.byName.get(anchor.section);
      const address = section?.address ?? layout.start;
      if (section === undefined || section.index === 0)
        return { address, section: section?.standIn ?? nearest(layout, address) };
      return { address: address + (anchor.at === "end" ? section.size : 0), section };
    }
  }
}

/** The allocated section that holds the address, or the last one that starts before it; the first one for the headers. */
function nearest(layout: Layout, address: number): OutputSection | undefined {
  let first: OutputSection | undefined;
  let found: OutputSection | undefined;
  for (const section of layout.sections) {
    if ((section.flags & SHF_ALLOC) === 0) continue;
    first ??= section;
    if (section.address <= address && (found === undefined || section.address >= found.address)) found = section;
  }
  return found ?? first;
}

/** Name of a linker-defined symbol, for reports. */
export function linkerSymbolNames(symbols: SymbolTable, defined: LinkerSymbols): string[] {
  return defined.list.map((it) => nameText(symbols.names, it.symbol));
}
