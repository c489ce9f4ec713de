// What the sweep over all relocations has at hand, and the questions that its parts and --emit-relocs ask alike.

import { RELAX_NONE } from "../../arch/index.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { RelocationList } from "../made/dynamic-relocations.ts";
import type { SlotAddresses, Slots } from "../made/slots.ts";
import { relocationFacts } from "../scan/complaints.ts";
import { type GotLoadFacts, gotLoadRelaxation } from "../scan/got-load.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { KeptSections } from "../sections/kept-sections.ts";
import type { MergedSections } from "../sections/merge/merged-sections.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { Layout } from "../tables/layout.ts";
import { type Locator, placeOf } from "../tables/locate.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { FLAG_COLLECTED } from "../tables/symbol-table.ts";
import { rangeOf } from "./relocation-field.ts";

/** What the sweep reads; nothing of it changes but `image`, `dynamic` and `cursor`. */
export interface Relocator extends GotLoadFacts {
  /** S of every symbol, as references see it: a canonical PLT entry, a copy, an IFUNC's PLT entry. */
  readonly address: Float64Array;
  readonly scan: Scan;
  readonly slots: Slots;
  readonly at: SlotAddresses;
  readonly layout: Layout;
  readonly outputs: readonly OutputSection[];
  /** Sections whose words stand in reverse order; see OutputSections. */
  readonly reversed: ReadonlySet<SectionId>;
  /** What RELATIVE adds stands in place too, where ld's scripts are followed to the byte (bfd/elf64-x86-64.c: relocate). */
  readonly addendsInPlace: boolean;
  readonly merged: MergedSections;
  /** By symbol: index in .dynsym. */
  readonly dynamicIndex: Int32Array;
  readonly dynamic: RelocationList;
  /** By number in `scan.dyn…`: 1 where RELR relocates the word, and no entry is made. */
  readonly packed: Uint8Array | undefined;
  readonly image: Uint8Array;
  readonly view: DataView;
  readonly report: Report;
  /** Contents of the section at hand, once something has asked for them. */
  contents: Uint8Array | undefined;
  /** Next of the scan's dynamic relocations. */
  cursor: number;
  readonly locator: Locator;
  readonly kept: KeptSections;
  /** Overflows reported so far: after some, more would not help. */
  overflows: number;
}

const MAX_OVERFLOWS = 50;

/** The bytes of the section at hand as they are in the input, for instructions that may be rewritten. */
export function codeOf(r: Relocator, object: ObjectFile, section: SectionId): Uint8Array {
  const start = r.sections.offset[section];
  r.contents ??= object.bytes.subarray(start, start + r.sections.size[section]);
  return r.contents;
}

/** Whether a load from the GOT becomes something better (RELAX_*): the scan asked the same and made no slot then. */
export function relaxationOf(
  r: Relocator,
  contents: Uint8Array,
  symbol: SymbolId,
  type: number,
  offset: number,
  addend: number,
): number {
  if (symbol < 0) return RELAX_NONE;
  return gotLoadRelaxation(r, symbol, r.scan.bindings[symbol], contents, offset, addend, type);
}

/** A reference from debug information to a function that is not in the output. */
export function isGone(r: Relocator, symbol: SymbolId): boolean {
  const section = r.symbols.section[symbol];
  if (section < 0) return (r.symbols.flags[symbol] & FLAG_COLLECTED) !== 0;
  return (r.sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0;
}

export function reportOverflow(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  offset: number,
  index: number,
  symbol: SymbolId,
  type: number,
  value: number,
): void {
  if (r.options.z.noRelocOverflow || r.overflows++ >= MAX_OVERFLOWS) return;
  const site = { object, section, offset, type, symbol, symbolIndex: index };
  const [min, max] = rangeOf(r.machine.relocations.bytes[type], r.machine.relocations.overflow[type]);
  const details = { ...relocationFacts(r, site), value, min, max };
  r.report(error("relocation-overflow", placeOf(r.sections, site), details));
}
