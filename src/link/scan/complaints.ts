// Relocations that cannot be: the scan notes them as numbers while it walks, and afterwards they are reported together, one
// problem for each object and cause, with function and source line. A library compiled without -fPIC has a thousand such
// relocations, and one cure.

import type { Machine } from "../../arch/index.ts";
import { type Problem, problem, type Report } from "../../elf/problem.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { type Locator, type ObjectPlace, placeOf, surroundings } from "../tables/locate.ts";
import type { OutputMode } from "../tables/mode.ts";
import { nameText } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { FLAG_LOCAL, type SymbolTable } from "../tables/symbol-table.ts";

export type ComplaintCode =
  | "needs-pic"
  | "tls-sequence"
  | "relocation-tls-symbol"
  | "ifunc-relocation"
  | "discarded-reference"
  | "copy-relocation-protected"
  | "copy-relocation-forbidden"
  | "address-protected"
  | "text-relocation";

/** A relocation. */
export interface RelocationSite extends ObjectPlace {
  readonly type: number;
  /** Row in the symbol columns, or -1 for a local symbol without one. */
  readonly symbol: SymbolId;
  readonly symbolIndex: number;
}

export interface Complaint extends RelocationSite {
  readonly code: ComplaintCode;
  /** How many relocations of the object are in the same case. */
  count: number;
}

/** By what makes them one problem. */
export type Complaints = Map<string, Complaint>;

export function complain(complaints: Complaints, code: ComplaintCode, it: RelocationSite): void {
  // The cure of these is the same whatever the symbol: to compile the file again.
  const whole = code === "needs-pic" || code === "text-relocation";
  const key = `${code} ${it.object.id} ${whole ? "" : it.symbolIndex}`;
  const known = complaints.get(key);
  if (known !== undefined) known.count++;
  else {
    const { object, section, offset, type, symbol, symbolIndex } = it;
    complaints.set(key, { code, object, section, offset, type, symbol, symbolIndex, count: 1 });
  }
}

export interface ComplaintFacts {
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly objects: readonly ObjectFile[];
  readonly shared: readonly SharedFile[];
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly locator: Locator;
  /** Severity of text relocations. */
  readonly textRelocation: Problem["severity"];
}

export function reportComplaints(complaints: Complaints, facts: ComplaintFacts, report: Report): void {
  for (const it of complaints.values()) {
    const severity = it.code === "text-relocation" ? facts.textRelocation : "error";
    const details = {
      ...relocationFacts(facts, it),
      output: facts.mode.kind,
      ...(it.count > 1 ? { others: it.count - 1 } : {}),
      ...specialFacts(facts, it),
    };
    report(problem(severity, it.code, placeOf(facts.sections, it), details));
  }
}

/** What every problem about one relocation says: its type, its symbol, and where it stands in the source. */
export function relocationFacts(
  { sections, symbols, machine, locator }: Pick<ComplaintFacts, "sections" | "symbols" | "machine" | "locator">,
  it: RelocationSite,
): { type: string; symbol: string; function: string; line: string } {
  const named = it.symbol >= 0 && (symbols.flags[it.symbol] & FLAG_LOCAL) === 0;
  return {
    type: machine.relocations.types[it.type]?.name ?? String(it.type),
    symbol: named ? nameText(symbols.names, it.symbol) : nameOfLocal(it.object, sections, it.symbolIndex),
    ...surroundings(locator, it),
  };
}

function specialFacts(facts: ComplaintFacts, it: Complaint): Record<string, string> {
  const { objects, sections, symbols, shared, mode } = facts;
  const target = it.symbol >= 0 ? symbols.section[it.symbol] : localSection(it.object, it.symbolIndex);
  switch (it.code) {
    case "needs-pic":
      if (mode.shared) return { option: "-fPIC" };
      return mode.pic ? { option: "-fPIE", alternative: "-no-pie" } : {};
    case "discarded-reference":
      return target < 0 ? {} : { target: sectionName(objects[sections.object[target]], sections, target) };
    case "address-protected":
    case "copy-relocation-protected":
    case "copy-relocation-forbidden":
      return { library: shared[symbols.owner[it.symbol]]?.name ?? "" };
    default:
      return {};
  }
}

const decoder = new TextDecoder();

/** A local symbol's own name, or its section's. */
function nameOfLocal(object: ObjectFile, sections: SectionTable, index: number): string {
  const start = object.strings + object.view.getUint32(object.symtab + index * (object.is64 ? 24 : 16), true);
  let end = start;
  while (end < object.stringsEnd && object.bytes[end] !== 0) end++;
  if (end > start) return decoder.decode(object.bytes.subarray(start, end));
  const section: SectionId = localSection(object, index);
  return section >= 0 ? sectionName(object, sections, section) : "";
}
