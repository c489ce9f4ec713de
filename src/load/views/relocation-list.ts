// The relocations of an object one by one, in the order in which they are applied, with what each is bound to: for people
// who want to see them. Applying them (relocate.ts) does not come by here.

import { machineTables } from "../../arch/index.ts";
import type { RelocationType } from "../../arch/relocation.ts";
import { DT_RELR, DT_RELRSZ, type ElfImage, rangeAtAddress, readRelr } from "../../elf/index.ts";
import { highHalf, lowHalf, word } from "../../elf/source.ts";
import { type DynamicFile, symbolicOf } from "../file/dynamic-file.ts";
import { symbolName, symbolSize } from "../file/dynamic-symbols.ts";
import { entryAddendHigh, entryAddendLow, entryOffset, entryType } from "../file/relocation-entry.ts";
import type { RelocationRange } from "../file/relocation-ranges.ts";
import { versionIndex } from "../file/version-table.ts";
import { DO_COPY, DO_DESCRIPTOR, DO_INDIRECT, DO_NOTHING, DO_REFUSE, DO_RELATIVE } from "../machines/index.ts";
import { bytesOf } from "../memory/relocate.ts";
import { BOUND_LOCALLY, type LoadedObject, type LoadedProcess } from "../objects/objects.ts";

export interface LoadedRelocation {
  readonly object: LoadedObject;
  /** Address of the field in the process. */
  readonly site: number;
  /** The machine's row; undefined for a number that the psABI does not know. */
  readonly type: RelocationType | undefined;
  readonly typeNumber: number;
  /** DO_*. */
  readonly kind: number;
  /** DT_RELR: no entry of a table but a bit. */
  readonly packed: boolean;
  /** DT_JMPREL. */
  readonly plt: boolean;
  /** The object's own symbol, 0 for none, and its name. */
  readonly symbol: number;
  readonly name: string;
  /** The version asked for, "" for none. */
  readonly version: string;
  /** Row in the object's bindings; -1 where no symbol is looked up. */
  readonly row: number;
  /** BOUND_*; BOUND_LOCALLY where no symbol is looked up. */
  readonly rule: number;
  readonly provider: LoadedObject | undefined;
  /** Index in the provider's dynamic symbols. */
  readonly providerSymbol: number;
  /** From the table, or for REL from the field as it is in the file. Exact up to 2^53. */
  readonly addend: number;
}

/** How many bytes a relocation writes. */
export function relocatedBytes({ object, type, kind, provider, providerSymbol }: LoadedRelocation): number {
  const word = object.file.elf.elfClass / 8;
  if (kind === DO_DESCRIPTOR) return 2 * word;
  // What the loader does counts: of MIPS's types a compound is told by the first, whose field is smaller.
  if (kind === DO_REFUSE) return type?.bytes ?? word;
  if (kind !== DO_COPY) return bytesOf(kind, word === 8);
  return provider === undefined ? 0 : symbolSize(provider.file.symbols, providerSymbol);
}

/** All relocations of an object, its references bound. */
export function* relocationsOf(process: LoadedProcess, object: LoadedObject): Generator<LoadedRelocation> {
  yield* packedOnes(process, object);
  let row = 0;
  for (const range of object.file.ranges) {
    const indirect: LoadedRelocation[] = [];
    for (let at = range.start; at < range.end; at += range.entry) {
      const one = relocationAt(process, object, range, at, row);
      if (one.row >= 0) row++;
      if (one.kind === DO_INDIRECT) indirect.push(one);
      else if (one.kind !== DO_NOTHING) yield one;
    }
    // glibc elf/do-rel.h: they may call functions that need all others.
    yield* indirect;
  }
}

/**
 * The relocations of an object that look up one of some symbols: of a large program a few out of a million.
 * @param wanted indices in the object's own dynamic symbols
 */
export function* relocationsNaming(
  process: LoadedProcess,
  object: LoadedObject,
  wanted: ReadonlySet<number>,
): Generator<LoadedRelocation> {
  const kinds = process.record.relocations.glibc;
  const { elf } = object.file;
  const { symbol } = symbolicOf(object.file);
  let row = 0;
  for (const range of object.file.ranges) {
    for (let at = range.start; at < range.end; at += range.entry) {
      if (!isSymbolic(kindAt(kinds, entryType(elf, at)))) continue;
      if (wanted.has(symbol[row])) yield relocationAt(process, object, range, at, row);
      row++;
    }
  }
}

function isSymbolic(kind: number): boolean {
  return kind !== DO_RELATIVE && kind !== DO_INDIRECT && kind !== DO_NOTHING;
}

/** DO_* of a type; the last place of the column stands for all beyond. */
function kindAt(kinds: Uint8Array, type: number): number {
  return kinds[Math.min(type, kinds.length - 1)];
}

function* packedOnes(process: LoadedProcess, object: LoadedObject): Generator<LoadedRelocation> {
  const { elf, values } = object.file;
  const where = values.get(DT_RELR);
  const size = values.get(DT_RELRSZ);
  const range = where === undefined ? undefined : rangeAtAddress(elf, where);
  if (range === undefined || size === undefined) return;
  const end = Math.min(range.end, range.start + size);
  const typeNumber = process.record.facts.dynamic.relative;
  for (const address of readRelr(elf, { start: range.start, end }, { file: elf.name }, () => {})) {
    yield {
      object,
      site: object.base + address,
      type: typeOf(process, typeNumber),
      typeNumber,
      kind: DO_RELATIVE,
      packed: true,
      plt: false,
      symbol: 0,
      name: "",
      version: "",
      row: -1,
      rule: BOUND_LOCALLY,
      provider: object,
      providerSymbol: 0,
      addend: fieldAt(object, address),
    };
  }
}

function typeOf(process: LoadedProcess, typeNumber: number): RelocationType | undefined {
  const { elfMachine, elfClass, littleEndian } = process.record.facts;
  return machineTables(elfMachine, elfClass, littleEndian)?.relocations.types[typeNumber];
}

/** A million of these are made one after the other, so all come from one place with their fields in one order. */
function relocationAt(
  process: LoadedProcess,
  object: LoadedObject,
  range: RelocationRange,
  at: number,
  nextRow: number,
): LoadedRelocation {
  const { file, bindings } = object;
  const { elf } = file;
  const offset = entryOffset(elf, at);
  const typeNumber = entryType(elf, at);
  const kind = kindAt(process.record.relocations.glibc, typeNumber);
  const isBound = isSymbolic(kind) && bindings !== undefined;
  const symbol = isBound ? symbolicOf(file).symbol[nextRow] : 0;
  return {
    object,
    site: object.base + offset,
    type: typeOf(process, typeNumber),
    typeNumber,
    kind,
    packed: false,
    plt: range.plt,
    symbol,
    name: kind === DO_REFUSE || symbol === 0 ? "" : symbolName(file.symbols, symbol),
    version: isBound ? versionOf(file, symbol) : "",
    row: isBound ? nextRow : -1,
    rule: isBound ? bindings.rule[nextRow] : BOUND_LOCALLY,
    provider: isBound ? process.objects[bindings.provider[nextRow]] : object,
    providerSymbol: isBound ? bindings.symbol[nextRow] : 0,
    addend: range.rela ? addendAt(elf, at) : fieldAt(object, offset),
  };
}

/** The version that a reference asks for, "" for none. */
function versionOf({ versions, symbols }: DynamicFile, symbol: number): string {
  const version = versions.symbolsAt < 0 ? 0 : versionIndex(versions, symbols.bytes, symbol);
  return versions.hash[version] === 0 ? "" : versions.name[version];
}

function addendAt(elf: ElfImage, at: number): number {
  const low = entryAddendLow(elf, at);
  return elf.elfClass === 64 ? (entryAddendHigh(elf, at) | 0) * 2 ** 32 + low : low | 0;
}

/** The word at an address as the file has it, signed; 0 in memory that is not in the file. */
function fieldAt(object: LoadedObject, address: number): number {
  const { elf } = object.file;
  const range = rangeAtAddress(elf, address);
  const bytes = elf.elfClass / 8;
  if (range === undefined || range.end - range.start < bytes) return 0;
  const { start } = range;
  return bytes === 8 ? (highHalf(elf, start) | 0) * 2 ** 32 + lowHalf(elf, start) : word(elf, start) | 0;
}
