// Gives every allocated section of an object its address: in the order of the section headers from the base on, each aligned
// as it asks; behind them its commons, its GOT and its PLT.
//
//   base ──> .text | .data | .bss | commons | GOT | PLT
//
// Each object has a GOT and PLT of its own, so that its code reaches them however far apart the objects are.

import { EXPRESSION_ALIGN, knownMachines, type MachineTables, machineTables } from "../../arch/index.ts";
import {
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  ET_REL,
  SHF_ALLOC,
  SHF_TLS,
  SHN_COMMON,
  SHT_GROUP,
  SHT_NOBITS,
  SHT_RELA,
  SHT_SYMTAB,
  STB_LOCAL,
} from "../../elf/constants.ts";
import { contentsOf, type ElfFile, parseElf, sectionOfType } from "../../elf/file.ts";
import { groupsOf } from "../../elf/groups.ts";
import { machineName } from "../../elf/names/names.ts";
import { error, type Report } from "../../elf/problem.ts";
import { type ElfRelocation, relocationsOf } from "../../elf/relocations.ts";
import { type ElfSymbol, symbolsOf } from "../../elf/symbols.ts";
import { unusualOrder } from "../machines/index.ts";
import { alignCode, type Cut, movedOffset } from "./align.ts";
import type { ObjectMachine, PlacedSection, RelocatableInput } from "./model.ts";
import { countSlots, type SlotCounts } from "./slot-needs.ts";

/** Where the first object goes if nobody says otherwise, and the size of a page. */
const FIRST_BASE = 0x10000;
const PAGE = 0x1000;
const ADDRESSES_OF_32_BITS = 2 ** 32;
/** An object that asks for more than this is damaged, or nothing for simulated memory. */
const LARGEST_OBJECT = 0x4000_0000;

const KINDS: ReadonlyMap<number, string> = new Map([
  [ET_EXEC, "a program"],
  [ET_DYN, "a shared library or a program"],
  [ET_CORE, "a core dump"],
]);

/** GRP_COMDAT */
const COMDAT = 1;

/** An object with its place, before symbols have values. */
export interface Placement {
  readonly name: string;
  readonly elf: ElfFile;
  readonly machine: ObjectMachine;
  readonly base: number;
  readonly end: number;
  readonly sections: readonly (PlacedSection | undefined)[];
  readonly discarded: ReadonlySet<number>;
  readonly symbols: readonly ElfSymbol[];
  /** Address of each common symbol that this object would define, by its index. */
  readonly commons: ReadonlyMap<number, number>;
  readonly counts: SlotCounts;
  readonly gotAddress: number;
  readonly pltAddress: number;
}

/** Places all objects. Objects of another machine than the first's, and files that are no objects, are reported. */
export function placeObjects(inputs: readonly RelocatableInput[], report: Report): Placement[] {
  const placements: Placement[] = [];
  const signatures = new Set<string>();
  let next = FIRST_BASE;
  for (const input of inputs) {
    const elf = parseElf(input.bytes, input.name, report);
    if (elf === undefined) continue;
    if (elf.header.type !== ET_REL) {
      report(
        error(
          "object-not-relocatable",
          { file: input.name },
          { kind: KINDS.get(elf.header.type) ?? "another ELF file" },
        ),
      );
      continue;
    }
    const machine = machineTables(elf.header.machine, elf.elfClass, elf.littleEndian);
    if (!placesObjects(machine) || (placements.length > 0 && machine !== placements[0].machine)) {
      const machines = knownMachines().filter(placesObjects);
      const facts = {
        found: machineName(elf.header.machine),
        bits: elf.elfClass,
        order: unusualOrder(elf),
        first: placements[0]?.name ?? "",
        machines: machines.map(({ name }) => name),
      };
      report(error("object-other-machine", { file: input.name }, facts));
      continue;
    }
    const placement = placeObject(input.name, elf, machine, input.base ?? next, signatures, report);
    if (placement === undefined) continue;
    if (machine.wordBytes === 4 && placement.end > ADDRESSES_OF_32_BITS) {
      const { base: start, end } = placement;
      const facts = { machine: machine.name, start, end, limit: ADDRESSES_OF_32_BITS };
      report(error("base-beyond-memory", { file: input.name }, facts));
    }
    placements.push(placement);
    next = alignUp(placement.end, PAGE);
  }
  reportOverlaps(placements, report);
  return placements;
}

/** Can objects of this machine be placed? */
function placesObjects(machine: MachineTables | undefined): machine is ObjectMachine {
  return machine?.objects !== undefined;
}

function placeObject(
  name: string,
  elf: ElfFile,
  machine: ObjectMachine,
  base: number,
  signatures: Set<string>,
  report: Report,
): Placement | undefined {
  const discarded = discardedSections(elf, signatures, report);
  const table = sectionOfType(elf, SHT_SYMTAB);
  const fileSymbols = table === undefined ? [] : symbolsOf(elf, table, report);
  const marks = alignmentMarks(elf, machine, report);
  const sections: (PlacedSection | undefined)[] = elf.sections.map(() => undefined);
  const limit = base + LARGEST_OBJECT;
  let at = base;
  const take = (size: number, alignment: number): number => {
    const address = alignUp(at, Math.max(alignment, 1));
    at = address + size;
    return address;
  };
  for (const section of elf.sections) {
    if ((section.flags & SHF_ALLOC) === 0 || section.type === SHT_GROUP || discarded.has(section.index)) continue;
    // .tbss is room in each thread's block, not in the object.
    const isTbss = section.type === SHT_NOBITS && (section.flags & SHF_TLS) !== 0;
    const address = take(isTbss ? 0 : section.size, section.alignment);
    if (!(at <= limit)) {
      report(error("object-too-large", { file: name, section: section.name }, { bytes: section.size }));
      return undefined;
    }
    const contents = section.type === SHT_NOBITS ? undefined : contentsOf(elf, section, report);
    if (contents === undefined && section.type !== SHT_NOBITS) return undefined;
    const { fillNops } = machine.objects;
    const own = marks.get(section.index);
    if (contents !== undefined && own !== undefined && fillNops !== undefined) {
      const { memory, cuts, short } = alignCode(contents, address, own, fillNops);
      sections[section.index] = { section, address, memory, cuts };
      at = address + memory.length;
      for (const { type, offset } of short) {
        const facts = { type: machine.relocations.types[type]?.name ?? "", symbol: "" };
        report(error("relocation-not-in-objects", { file: name, section: section.name, offset }, facts));
      }
      continue;
    }
    // A copy, also of a Buffer, whose slice() is none.
    const memory = contents === undefined ? new Uint8Array(isTbss ? 0 : section.size) : new Uint8Array(contents);
    sections[section.index] = { section, address, memory };
  }
  const symbols = fileSymbols.map((symbol) => movedSymbol(symbol, sections[symbol.section]?.cuts));
  const commons = new Map<number, number>();
  for (const symbol of symbols) {
    if (symbol.shndx !== SHN_COMMON || symbol.binding === STB_LOCAL) continue;
    commons.set(symbol.index, take(symbol.size, symbol.value));
    if (at <= limit) continue;
    report(error("object-too-large", { file: name }, { bytes: symbol.size }));
    return undefined;
  }
  const counts = countSlots(elf, machine, sections, symbols, report);
  const gotAddress = counts.gotWords === 0 ? at : take(counts.gotWords * machine.wordBytes, 16);
  const pltAddress = counts.pltEntries === 0 ? at : take(counts.pltEntries * machine.objects.entry.entryBytes, 16);
  return { name, elf, machine, base, end: at, sections, discarded, symbols, commons, counts, gotAddress, pltAddress };
}

/** The relocations that say how many NOPs stand there for alignment, by the section that they are in. */
function alignmentMarks(elf: ElfFile, machine: ObjectMachine, report: Report): Map<number, ElfRelocation[]> {
  const marks = new Map<number, ElfRelocation[]>();
  if (machine.objects.fillNops === undefined) return marks;
  for (const table of elf.sections) {
    if (table.type !== SHT_RELA) continue;
    const own = relocationsOf(elf, table, report).filter(
      ({ type }) => machine.relocations.expression[type] === EXPRESSION_ALIGN,
    );
    if (own.length > 0) marks.set(table.info, [...(marks.get(table.info) ?? []), ...own]);
  }
  return marks;
}

function movedSymbol(symbol: ElfSymbol, cuts: readonly Cut[] | undefined): ElfSymbol {
  if (cuts === undefined || cuts.length === 0) return symbol;
  const value = movedOffset(cuts, symbol.value);
  return { ...symbol, value, size: movedOffset(cuts, symbol.value + symbol.size) - value };
}

/** Of all groups with one signature the first is kept (gABI, "Section Groups"). */
function discardedSections(elf: ElfFile, signatures: Set<string>, report: Report): Set<number> {
  const discarded = new Set<number>();
  for (const group of groupsOf(elf, report)) {
    if ((group.flags & COMDAT) === 0) continue;
    if (signatures.has(group.signature)) for (const member of group.members) discarded.add(member);
    signatures.add(group.signature);
  }
  return discarded;
}

function reportOverlaps(placements: readonly Placement[], report: Report): void {
  const sorted = placements.filter((it) => it.end > it.base).sort((a, b) => a.base - b.base);
  for (let i = 1; i < sorted.length; i++) {
    const [below, above] = [sorted[i - 1], sorted[i]];
    if (below.end <= above.base) continue;
    const details = { other: below.name, base: above.base, end: below.end };
    report(error("objects-overlap", { file: above.name }, details));
  }
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
