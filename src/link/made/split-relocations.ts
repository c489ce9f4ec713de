// -z nocombreloc: the dynamic relocations are not in one sorted .rela.dyn, but those of each input section in one named after it,
// as they come, and GNU ld's script joins what it knows: .rela.data, .rela.got, … One behind the other, they are one table to
// the dynamic linker all the same.

import type { Machine } from "../../arch/index.ts";
import { SHF_ALLOC, SHF_INFO_LINK, SHT_REL, SHT_RELA, STT_GNU_IFUNC } from "../../elf/constants.ts";
import { OTHER_RELOCATIONS } from "../mapping/made-inputs.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import {
  addChunk,
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

/** How relocations are told apart: by GNU ld's own script, or by the chunks for which the user's has places. */
interface Naming {
  readonly keyOf: (section: string) => string;
  readonly place: (key: string) => number;
  /** The section called as the relocations would be, were they all of one section. */
  readonly nameOf: (key: string) => string;
}

function byStandard(prefix: string, joined: boolean): Naming {
  return {
    keyOf: (section) => {
      const place = scriptPlace(section);
      return place < SCRIPT.length ? SCRIPT[place][0] : joined ? JOINED : section;
    },
    place: (key) => (key === JOINED ? -1 : scriptPlace(key)),
    nameOf: (key) => `${prefix}${key}`,
  };
}

function byUser({ planned }: OutputSections, prefix: string, combines: boolean): Naming {
  const others = planned?.has(OTHER_RELOCATIONS) === true ? OTHER_RELOCATIONS : `${prefix}.dyn`;
  return {
    keyOf: (section) => {
      if (section === ".got") return `${prefix}.dyn`;
      const name = `${prefix}${section}`;
      return planned?.has(name) === true || !combines ? name : others;
    },
    place: () => 0,
    nameOf: (key) => key,
  };
}

/** Under -n and -N what the script does not name is in one section (ld/ldelf.c, ldelf_place_orphan: "combreloc"). */
const JOINED = ".dyn";

/**
 * Makes the sections; their sizes are final.
 * @param combines -z combreloc
 * @param joined what the script does not name is in .rela.dyn
 * @returns undefined if all are in one section and may be sorted
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
  combines: boolean,
  joined: boolean,
): RelocationPart[] | undefined {
  const collected = new Map<string, Collected>();
  const prefix = machine.rela ? ".rela" : ".rel";
  const naming = outputs.byScript ? byUser(outputs, prefix, combines) : byStandard(prefix, joined);
  const { irelative, relative } = machine.dynamic;
  // One that is packed leaves its section there, if need be empty (bfd/elfxx-x86.c takes it out afterwards).
  const collect = (name: string, counts = 1): Collected => {
    const key = naming.keyOf(name);
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
  // By the user's script the GOT may stand in any section; its relocations are called after it all the same.
  const collectOwn = (chunk: Chunk | undefined, called: string, counts = 1): void => {
    const output = chunk?.output;
    if (output !== undefined) collect(outputs.byScript ? called : output.name, counts).own.add(output);
  };
  for (const { type, chunk } of got.words) {
    if (type === 0) continue;
    if (packed !== undefined && type === relative) collectOwn(chunk, ".got", 0);
    else if (type === irelative && !mode.pic) collect(resolvers);
    else collectOwn(chunk, ".got");
  }
  for (const id of copies) collectOwn(outputs.chunks[symbols.alias[id]], ".bss");

  const home = (name: string): OutputSection | undefined => outputs.planned?.get(name)?.output;
  if (combines) {
    const homes = new Set([...collected.keys()].map((key) => home(naming.nameOf(key))));
    if (homes.size <= 1) return undefined;
  }
  const type = machine.rela ? SHT_RELA : SHT_REL;
  const size = relocationSize(machine);
  return [...collected]
    .sort(([a], [b]) => naming.place(a) - naming.place(b))
    .map(([key, { count, inputs, own }]) => {
      const name = naming.nameOf(key);
      const isPlanned = outputs.byScript && outputs.planned?.has(name) === true;
      const known = isPlanned ? home(name) : outputs.byName.get(name);
      const output = known ?? addOutput(outputs, name, type, SHF_ALLOC);
      output.entsize = size;
      if (!isPlanned || count > 0) output.keep = true;
      linkToRelocated(outputs, output, prefix);
      const chunk = (isPlanned ? addChunk : addLast)(outputs, output, name, count * size, machine.wordBytes);
      return { chunk, output, inputs: [...inputs], own: [...own], resolvers: key === naming.keyOf(resolvers) };
    });
}

function addLast(outputs: OutputSections, output: OutputSection, name: string, size: number, alignment: number): Chunk {
  const chunk = newChunk(outputs, output, name, size, alignment);
  output.pieces = Int32Array.from([...output.pieces, ~chunk.id]);
  return chunk;
}

/** To a section of that very name, which a part of an output section need not have (bfd/elf.c, elf_fake_sections). */
function linkToRelocated(outputs: OutputSections, output: OutputSection, prefix: string): void {
  const of = output.name.startsWith(prefix) ? output.name.slice(prefix.length) : "";
  output.infoSection = of === ".ifunc" ? undefined : outputs.byName.get(of);
  if (output.infoSection !== undefined) output.flags |= SHF_INFO_LINK;
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
