// What of a link lives on for a relink: the tables of the last link, as it left them. A relink puts the changed objects into
// them, so that they are those of the next link.

import type { Machine } from "../../arch/index.ts";
import type { BoundFacts, LinkFacts } from "../decisions/facts.ts";
import { entryName } from "../inputs/entry-name.ts";
import { relativeCount } from "../made/dynamic-relocations.ts";
import type { MadeSections } from "../made/make-sections.ts";
import type { SlotAddresses } from "../made/slots.ts";
import type { LinkOptions } from "../options.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { KeptSections } from "../sections/kept-sections.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import type { SymbolValues } from "../symbols/symbol-values.ts";
import type { ObjectId, SymbolId } from "../tables/ids.ts";
import type { Locator } from "../tables/locate.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText, type NameTable } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { ResolutionRecord } from "../tables/resolve.ts";
import type { SectionTable } from "../tables/section-table.ts";
import type { SymbolTable } from "../tables/symbol-table.ts";

export interface Live {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly objects: ObjectFile[];
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly scan: Scan;
  readonly unscanned: BoundFacts["unscanned"];
  readonly kept: KeptSections;
  readonly frames: EhFrames;
  readonly made: MadeSections;
  readonly values: SymbolValues;
  readonly at: SlotAddresses;
  readonly locator: Locator;
  readonly record: ResolutionRecord;
  readonly entry: string | undefined;
  readonly byScript: boolean;
  /** By object: the number of its first relocation that the scan left to the dynamic linker, and how many there are. */
  readonly dynamicOf: ReadonlyMap<ObjectId, Run>;
  /** How many RELATIVE entries stand in front of .rela.dyn, in the order of their addresses. */
  readonly relatives: number;
  /** Symbols whose values expressions of --defsym or a script may ask for. */
  readonly inExpressions: ReadonlySet<SymbolId>;
}

interface Run {
  readonly first: number;
  count: number;
}

/** An object's relocations stand together: the scan goes object by object. */
function dynamicRuns({ dynCount, dynSection }: Scan, { object }: SectionTable): Map<ObjectId, Run> {
  const runs = new Map<ObjectId, Run>();
  for (let i = 0; i < dynCount; i++) {
    const owner = object[dynSection[i]];
    const known = runs.get(owner);
    if (known === undefined) runs.set(owner, { first: i, count: 1 });
    else known.count++;
  }
  return runs;
}

/** All that is named in any expression, wherever it stands in what was parsed. */
function namesIn(parsed: unknown, names: NameTable): Set<SymbolId> {
  const found = new Set<SymbolId>();
  const visit = (it: unknown): void => {
    if (typeof it !== "object" || it === null || ArrayBuffer.isView(it)) return;
    if ("kind" in it && it.kind === "symbol" && "name" in it) found.add(findText(names, String(it.name)));
    for (const part of Object.values(it)) visit(part);
  };
  visit(parsed);
  return found;
}

/** Undefined if the link did not come to its end. */
export function liveOf({ loader, bound, placed }: LinkFacts): Live | undefined {
  if (bound === undefined || placed === undefined) return undefined;
  const { options, objects, sections, symbols, locator, record, scriptCommands, hasScript } = loader;
  const { made, values, at } = placed;
  return {
    ...bound,
    options,
    objects,
    sections,
    symbols,
    frames: values.merged.frames,
    made,
    dynamicOf: dynamicRuns(bound.scan, sections),
    relatives: bound.mode.dynamic ? relativeCount(made.dynamicRelocations, bound.machine) : 0,
    values,
    at,
    locator,
    record,
    entry: entryName(loader),
    byScript: hasScript,
    inExpressions: namesIn([options.defsym, scriptCommands], symbols.names),
  };
}

/** Why a change takes a full link; a stable code that src/explain/relink.ts has the words for. */
export type RelinkRefusal =
  | "not-an-object-of-the-link"
  | "object-unreadable"
  | "sections-changed"
  | "size-changed"
  | "symbols-changed"
  | "values-in-expressions"
  | "decisive-bytes-changed"
  | "unwind-changed"
  | "needs-changed"
  | "references-changed"
  | "dynamic-relocations-changed"
  | "problems-found";
