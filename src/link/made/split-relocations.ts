// -z nocombreloc: the dynamic relocations are not in one sorted .rela.dyn, but those of each output section are in a section of
// their own, as they come: .rela.data, .rela.got, … One behind the other, they are one table to the dynamic linker all the same.

import type { Machine } from "../../arch/index.ts";
import { SHF_ALLOC, SHF_INFO_LINK, SHT_REL, SHT_RELA } from "../../elf/constants.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import { orphanRow } from "../sections/assign-sections.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { addChunk, addOutput, type Chunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { FLAG_CANONICAL_PLT, type SymbolTable } from "../tables/symbol-table.ts";
import { type RelocationList, relocationSize, writeRelocations } from "./dynamic-relocations.ts";
import type { GotPlan } from "./got.ts";
import type { PackedRelocations } from "./pack-relative.ts";

/** The relocations of one output section. */
export interface RelocationPart {
  readonly chunk: Chunk;
  readonly output: OutputSection;
  /** What is relocated; undefined for the IRELATIVE relocations of position-independent output, which have a section of all. */
  readonly target: OutputSection | undefined;
}

/** In the order of GNU ld's script; all others come behind, as orphans. */
const SCRIPT_ORDER: readonly string[] =
  ".init .text .fini .rodata .data.rel.ro .data .tdata .tbss .ctors .dtors .got .bss .ldata .lbss .lrodata .ifunc".split(
    " ",
  );

/** Makes the sections; their sizes are final. */
export function splitRelocations(
  outputs: OutputSections,
  sections: SectionTable,
  symbols: SymbolTable,
  scan: Scan,
  got: GotPlan,
  copies: readonly SymbolId[],
  packed: PackedRelocations | undefined,
  machine: Machine,
  mode: OutputMode,
): RelocationPart[] {
  const counts = new Map<OutputSection | undefined, number>();
  const { irelative, relative } = machine.dynamic;
  const gotSection = outputs.byName.get(".got");
  const count = (target: OutputSection | undefined, isResolver: boolean): void => {
    const key = !isResolver ? target : mode.pic ? undefined : gotSection;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (let i = 0; i < scan.dynCount; i++) {
    if (packed?.scanned[i] === 1) continue;
    const symbol = scan.dynSymbol[i];
    const isResolver =
      scan.dynType[i] === DYN_RELATIVE &&
      symbol >= 0 &&
      scan.bindings[symbol] === BIND_IFUNC &&
      (symbols.flags[symbol] & FLAG_CANONICAL_PLT) === 0;
    count(outputs.list[sections.output[scan.dynSection[i]]], isResolver);
  }
  for (const { type, chunk } of got.words) {
    if (type !== 0 && (packed === undefined || type !== relative)) count(chunk.output, type === irelative);
  }
  for (const id of copies) count(outputs.chunks[symbols.alias[id]]?.output, false);

  const prefix = machine.rela ? ".rela" : ".rel";
  const type = machine.rela ? SHT_RELA : SHT_REL;
  const size = relocationSize(machine);
  const nameOf = (target: OutputSection | undefined): string => target?.name ?? ".ifunc";
  const place = (target: OutputSection | undefined): number => {
    const at = SCRIPT_ORDER.indexOf(nameOf(target));
    return at < 0 ? SCRIPT_ORDER.length : at;
  };
  return [...counts]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([target, total]) => {
      const name = `${prefix}${nameOf(target)}`;
      const output = addOutput(outputs, name, orphanRow(name, type, SHF_ALLOC), type, SHF_ALLOC);
      output.entsize = size;
      if (target !== undefined) output.flags |= SHF_INFO_LINK;
      output.infoSection = target;
      const chunk = addChunk(outputs, output, name, total * size, machine.wordBytes);
      return { chunk, output, target };
    });
}

/** Writes each relocation into the section of what it relocates. */
export function writeParts(
  list: RelocationList,
  parts: readonly RelocationPart[],
  machine: Machine,
  mode: OutputMode,
  view: DataView,
): void {
  const orders = parts.map((): number[] => []);
  const { irelative } = machine.dynamic;
  const isIn = (target: OutputSection, address: number): boolean =>
    address >= target.address && address < target.address + target.size;
  for (let i = 0; i < list.count; i++) {
    const isResolver = list.type[i] === irelative;
    const at = parts.findIndex(({ target }) => {
      if (isResolver) return mode.pic ? target === undefined : target?.name === ".got";
      return target !== undefined && isIn(target, list.address[i]);
    });
    orders[at]?.push(i);
  }
  parts.forEach(({ chunk }, k) => {
    writeRelocations(list, Int32Array.from(orders[k] ?? []), machine, view, chunk.offset);
  });
}
