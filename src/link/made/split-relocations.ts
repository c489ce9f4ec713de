// -z nocombreloc: the dynamic relocations are not in one sorted .rela.dyn, but those of each input section in one named after it,
// as they come, and GNU ld's script joins what it knows: .rela.data, .rela.got, … One behind the other, they are one table to
// the dynamic linker all the same.

import type { Machine } from "../../arch/index.ts";
import { SHF_ALLOC, SHF_INFO_LINK, SHT_REL, SHT_RELA, STT_GNU_IFUNC } from "../../elf/constants.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import {
  addOutput,
  type Chunk,
  isWritten,
  newChunk,
  type OutputSection,
  type OutputSections,
} from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { FLAG_CANONICAL_PLT, isDefinedHere, type SymbolTable } from "../tables/symbol-table.ts";
import { type RelocationList, relocationSize, writeRelocations } from "./dynamic-relocations.ts";
import type { GotPlan } from "./got.ts";
import type { PackedRelocations } from "./pack-relative.ts";

/** One section of relocations. */
export interface RelocationPart {
  readonly chunk: Chunk;
  readonly output: OutputSection;
  /** The input sections that they are about. */
  readonly inputs: readonly SectionId[];
  /** The output sections in which they are about words of the linker's own. */
  readonly own: readonly OutputSection[];
  /** Those for which a resolver is called, of all sections but the GOT. */
  readonly resolvers: boolean;
}

/** GNU ld's script: the name of each section, and how names begin whose relocations it takes as well. */
const SCRIPT: readonly (readonly [name: string, ...beginnings: string[]])[] = [
  [".init"],
  [".text", ".text.", ".gnu.linkonce.t."],
  [".fini"],
  [".rodata", ".rodata.", ".gnu.linkonce.r."],
  [".data.rel.ro", ".data.rel.ro.", ".gnu.linkonce.d.rel.ro."],
  [".data", ".data.", ".gnu.linkonce.d."],
  [".tdata", ".tdata.", ".gnu.linkonce.td."],
  [".tbss", ".tbss.", ".gnu.linkonce.tb."],
  [".ctors"],
  [".dtors"],
  [".got"],
  [".bss", ".bss.", ".gnu.linkonce.b."],
  [".ldata", ".ldata.", ".gnu.linkonce.l."],
  [".lbss", ".lbss.", ".gnu.linkonce.lb."],
  [".lrodata", ".lrodata.", ".gnu.linkonce.lr."],
  [".ifunc"],
];

/** Where in the script the relocations of a section of that name are; all others come behind, as orphans. */
function scriptPlace(name: string): number {
  const at = SCRIPT.findIndex(([own, ...beginnings]) => name === own || beginnings.some((it) => name.startsWith(it)));
  return at < 0 ? SCRIPT.length : at;
}

interface Collected {
  count: number;
  readonly inputs: Set<SectionId>;
  readonly own: Set<OutputSection>;
}

/** Under -n and -N what the script does not name is in one section (ld/ldelf.c, ldelf_place_orphan: "combreloc"). */
const JOINED = ".dyn";

/**
 * Makes the sections; their sizes are final.
 * @param joined what the script does not name is in .rela.dyn
 */
export function splitRelocations(
  outputs: OutputSections,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  symbols: SymbolTable,
  scan: Scan,
  got: GotPlan,
  copies: readonly SymbolId[],
  packed: PackedRelocations | undefined,
  machine: Machine,
  mode: OutputMode,
  joined: boolean,
): RelocationPart[] {
  const collected = new Map<string, Collected>();
  const { irelative, relative } = machine.dynamic;
  // One that is packed leaves its section there, if need be empty (bfd/elfxx-x86.c takes it out afterwards).
  const collect = (name: string, counts = 1): Collected => {
    const place = scriptPlace(name);
    const key = place < SCRIPT.length ? SCRIPT[place][0] : joined ? JOINED : name;
    const known = collected.get(key) ?? { count: 0, inputs: new Set(), own: new Set() };
    known.count += counts;
    collected.set(key, known);
    return known;
  };
  const resolvers = mode.pic ? ".ifunc" : ".got";
  const isIfuncHere = (id: SymbolId): boolean => symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id);
  for (let i = 0; i < scan.dynCount; i++) {
    const isPacked = packed?.scanned[i] === 1;
    const symbol = scan.dynSymbol[i];
    const isResolver =
      symbol >= 0 &&
      (scan.dynType[i] === DYN_RELATIVE
        ? scan.bindings[symbol] === BIND_IFUNC && (symbols.flags[symbol] & FLAG_CANONICAL_PLT) === 0
        : mode.pic && isIfuncHere(symbol));
    const section = scan.dynSection[i];
    const object = objects[sections.object[section]];
    if (isResolver) collect(resolvers);
    else collect(sectionName(object, sections, section), isPacked ? 0 : 1).inputs.add(section);
  }
  const collectOwn = (output: OutputSection | undefined, counts = 1): void => {
    if (output !== undefined) collect(output.name, counts).own.add(output);
  };
  for (const { type, chunk } of got.words) {
    if (type === 0) continue;
    if (packed !== undefined && type === relative) collectOwn(chunk.output, 0);
    else if (type === irelative && !mode.pic) collect(resolvers);
    else collectOwn(chunk.output);
  }
  for (const id of copies) collectOwn(outputs.chunks[symbols.alias[id]]?.output);

  const prefix = machine.rela ? ".rela" : ".rel";
  const type = machine.rela ? SHT_RELA : SHT_REL;
  const size = relocationSize(machine);
  const place = (name: string): number => (name === JOINED ? -1 : scriptPlace(name));
  return [...collected]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([of, { count, inputs, own }]) => {
      const name = `${prefix}${of}`;
      const output = outputs.byName.get(name) ?? addOutput(outputs, name, type, SHF_ALLOC);
      output.entsize = size;
      output.keep = true;
      // A section of that very name, which a part of an output section need not have (bfd/elf.c, elf_fake_sections).
      output.infoSection = of === ".ifunc" ? undefined : outputs.byName.get(of);
      if (output.infoSection !== undefined) output.flags |= SHF_INFO_LINK;
      const chunk = newChunk(outputs, output, name, count * size, machine.wordBytes);
      output.pieces = Int32Array.from([...output.pieces, ~chunk.id]);
      return { chunk, output, inputs: [...inputs], own: [...own], resolvers: of === resolvers };
    });
}

/**
 * Writes each relocation into the section of what it relocates.
 * @param resolved by index in .dynsym: 1 for an IFUNC of this output
 */
export function writeParts(
  list: RelocationList,
  parts: readonly RelocationPart[],
  resolved: Uint8Array,
  sections: SectionTable,
  machine: Machine,
  view: DataView,
): void {
  const orders = parts.map((): number[] => []);
  const { irelative } = machine.dynamic;
  const inputs = parts
    .flatMap((part, at) => part.inputs.map((section) => ({ at, section, start: sections.address[section] })))
    .sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(inputs, (it) => it.start);
  const resolvers = parts.findIndex((it) => it.resolvers);
  const ownPart = (address: number): number =>
    parts.findIndex(({ own }) => own.some((it) => address >= it.address && address < it.address + it.size));
  const partOf = (address: number, callsResolver: boolean): number => {
    const input = inputs[lastAtMost(starts, address)];
    const isInput = input !== undefined && address < input.start + sections.size[input.section];
    if (!callsResolver) return isInput ? input.at : ownPart(address);
    const own = isInput ? -1 : ownPart(address);
    return own < 0 ? resolvers : own;
  };
  for (let i = 0; i < list.count; i++) {
    const callsResolver = list.type[i] === irelative || resolved[list.symbol[i]] === 1;
    orders[partOf(list.address[i], callsResolver)]?.push(i);
  }
  parts.forEach(({ chunk }, k) => {
    if (isWritten(chunk)) writeRelocations(list, Int32Array.from(orders[k] ?? []), machine, view, chunk.offset);
  });
}

/** Index of the last of ascending numbers that is not above a value, or -1. */
function lastAtMost(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
