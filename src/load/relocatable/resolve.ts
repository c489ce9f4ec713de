// Which definition each name has, over all objects in whatever order they were given; and with it the value of every symbol of
// every object. A strong definition beats a common, that beats a weak one; between equals the first object wins, and two
// strong definitions are an error.

import {
  SHF_TLS,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_OBJECT,
  STT_SECTION,
  STT_TLS,
} from "../../elf/constants.ts";
import { error, type Place, type Report } from "../../elf/problem.ts";
import type { ElfSymbol } from "../../elf/symbols.ts";
import type { GlobalSymbol, SymbolValue } from "./model.ts";
import { alignUp, type Placement } from "./place.ts";

const WEAK = 1;
const COMMON = 2;
const STRONG = 3;

interface Definition {
  readonly placement: Placement;
  readonly symbol: ElfSymbol;
  readonly rank: number;
}

/** Thread-local storage of all objects: one block, as the static linker lays it out for a program (TLS variant II). */
export interface TlsBlock {
  readonly bytes: number;
  readonly alignment: number;
  /** Offset in the block of each thread-local section, by object and section index. */
  readonly offsets: ReadonlyMap<Placement, ReadonlyMap<number, number>>;
}

export interface Resolution {
  /** By placement: the meaning of its symbols, by index. */
  readonly values: ReadonlyMap<Placement, readonly (SymbolValue | undefined)[]>;
  readonly globals: readonly GlobalSymbol[];
  readonly tls: TlsBlock;
}

export function resolveObjects(placements: readonly Placement[], report: Report): Resolution {
  const tls = layOutTls(placements);
  const definitions = chooseDefinitions(placements, report);
  const globals: GlobalSymbol[] = [];
  for (const [name, { placement, symbol }] of definitions) {
    const value = definedValue(placement, symbol, tls);
    if (value !== undefined) globals.push({ name, value, binding: symbol.binding });
  }
  const byName = new Map(globals.map((it) => [it.name, it.value]));
  const values = new Map(
    placements.map((placement) => [
      placement,
      placement.symbols.map((symbol) =>
        symbol.binding === STB_LOCAL
          ? definedValue(placement, symbol, tls)
          : (byName.get(symbol.name) ?? weakZero(symbol)),
      ),
    ]),
  );
  return { values, globals, tls };
}

function chooseDefinitions(placements: readonly Placement[], report: Report): Map<string, Definition> {
  const definitions = new Map<string, Definition>();
  for (const placement of placements) {
    for (const symbol of placement.symbols) {
      const rank = rankOf(placement, symbol);
      if (rank === 0) continue;
      const known = definitions.get(symbol.name);
      if (known?.rank === STRONG && rank === STRONG) {
        const first = [placeOf(known.placement, known.symbol)];
        const details = { symbol: symbol.name, first, second: [placeOf(placement, symbol)] };
        report(error("duplicate-symbol", { file: placement.name }, details));
      }
      // The largest common has room for all.
      const larger = rank === COMMON && known?.rank === COMMON && symbol.size > known.symbol.size;
      if (known === undefined || rank > known.rank || larger) definitions.set(symbol.name, { placement, symbol, rank });
    }
  }
  return definitions;
}

function placeOf(placement: Placement, symbol: ElfSymbol): Place {
  const section = placement.elf.sections[symbol.section]?.name ?? "";
  return { file: placement.name, section, offset: symbol.value };
}

/** 0 for what defines nothing that other objects see. */
function rankOf(placement: Placement, symbol: ElfSymbol): number {
  if (symbol.index === 0 || symbol.binding === STB_LOCAL || symbol.shndx === SHN_UNDEF) return 0;
  if (symbol.shndx === SHN_COMMON) return COMMON;
  if (symbol.shndx !== SHN_ABS && placement.discarded.has(symbol.section)) return 0;
  return symbol.binding === STB_WEAK ? WEAK : STRONG;
}

/** The value of a symbol as its own object defines it; undefined if it does not, or in a section that is not loaded. */
function definedValue(placement: Placement, symbol: ElfSymbol, tls: TlsBlock): SymbolValue | undefined {
  const { name, size, type } = symbol;
  const known = { size, type, definer: placement.name, absolute: false };
  if (symbol.index === 0) return { name, ...known, address: 0, absolute: true };
  if (symbol.shndx === SHN_ABS)
    return type === STT_FILE ? undefined : { name, ...known, ...numberOf(symbol), absolute: true };
  if (symbol.shndx === SHN_COMMON) {
    const address = placement.commons.get(symbol.index);
    return address === undefined ? undefined : { name, ...known, type: STT_OBJECT, address };
  }
  const placed = placement.sections[symbol.section];
  if (symbol.section === 0 || placed === undefined) return undefined;
  const shown = type === STT_SECTION ? placed.section.name : name;
  const inBlock = tls.offsets.get(placement)?.get(symbol.section);
  if (inBlock !== undefined && (type === STT_TLS || type === STT_SECTION))
    return { name: shown, ...known, type: STT_TLS, address: inBlock + symbol.value };
  return { name: shown, ...known, address: placed.address + symbol.value };
}

function numberOf({ valueHigh, valueLow }: ElfSymbol): Pick<SymbolValue, "address" | "exact"> {
  const exact = (BigInt(valueHigh | 0) << 32n) | BigInt(valueLow >>> 0);
  const address = Number(exact);
  return Number.isSafeInteger(address) ? { address } : { address, exact };
}

/** What nobody defines is 0, if the reference is weak. */
function weakZero(symbol: ElfSymbol): SymbolValue | undefined {
  if (symbol.binding !== STB_WEAK) return undefined;
  return { name: symbol.name, address: 0, size: 0, type: symbol.type, definer: undefined, absolute: true };
}

/** .tdata of all objects, then .tbss: the order in which a linked program has them. */
function layOutTls(placements: readonly Placement[]): TlsBlock {
  const offsets = new Map(placements.map((placement) => [placement, new Map<number, number>()]));
  let bytes = 0;
  let alignment = 1;
  for (const withContents of [true, false]) {
    for (const placement of placements) {
      for (const placed of placement.sections) {
        if (placed === undefined || (placed.section.flags & SHF_TLS) === 0) continue;
        if ((placed.memory.length > 0 || placed.section.size === 0) !== withContents) continue;
        const wanted = Math.max(placed.section.alignment, 1);
        alignment = Math.max(alignment, wanted);
        const offset = alignUp(bytes, wanted);
        offsets.get(placement)?.set(placed.section.index, offset);
        bytes = offset + placed.section.size;
      }
    }
  }
  return { bytes: alignUp(bytes, alignment), alignment, offsets };
}
