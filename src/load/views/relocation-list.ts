// The relocations of an object one by one, in the order in which they are applied, with what each is bound to: for people
// who want to see them. Applying them (relocate.ts) does not come by here.

import { MACHINES } from "../../arch/index.ts";
import type { RelocationType } from "../../arch/relocation.ts";
import { DT_RELR, DT_RELRSZ, rangeAtAddress, readRelr } from "../../elf/index.ts";
import { type DynamicFile, symbolicOf } from "../file/dynamic-file.ts";
import { symbolName, symbolSize } from "../file/dynamic-symbols.ts";
import type { RelocationRange } from "../file/relocation-ranges.ts";
import { versionIndex } from "../file/version-table.ts";
import { BOUND_LOCALLY, type LoadedObject, type LoadedProcess } from "../objects/objects.ts";
import {
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_NOTHING,
  DO_REFUSE,
  DO_RELATIVE,
  RELOCATION_KINDS,
} from "../symbols/relocation-kinds.ts";

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
  if (kind !== DO_COPY) return type?.bytes ?? word;
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
  const kinds = RELOCATION_KINDS[process.machine];
  const { view, elfClass } = object.file.elf;
  const { symbol } = symbolicOf(object.file);
  let row = 0;
  for (const range of object.file.ranges) {
    for (let at = range.start; at < range.end; at += range.entry) {
      if (!isSymbolic(kinds[typeNumberAt(view, at, elfClass === 64)])) continue;
      if (wanted.has(symbol[row])) yield relocationAt(process, object, range, at, row);
      row++;
    }
  }
}

function isSymbolic(kind: number): boolean {
  return kind !== DO_RELATIVE && kind !== DO_INDIRECT && kind !== DO_NOTHING;
}

/** 255, which no psABI uses, stands for all beyond. */
function typeNumberAt(view: DataView, at: number, wide: boolean): number {
  return wide ? Math.min(view.getUint32(at + 8, true), 255) : view.getUint32(at + 4, true) & 255;
}

function* packedOnes(process: LoadedProcess, object: LoadedObject): Generator<LoadedRelocation> {
  const { elf, values } = object.file;
  const where = values.get(DT_RELR);
  const size = values.get(DT_RELRSZ);
  const range = where === undefined ? undefined : rangeAtAddress(elf, where);
  if (range === undefined || size === undefined) return;
  const end = Math.min(range.end, range.start + size);
  const typeNumber = machineOf(process).dynamic.relative;
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

function machineOf(process: LoadedProcess) {
  return MACHINES[process.machine === "x86-64" ? 0 : 1];
}

function typeOf(process: LoadedProcess, typeNumber: number): RelocationType | undefined {
  return machineOf(process).relocations.types[typeNumber];
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
  const { view, elfClass } = file.elf;
  const wide = elfClass === 64;
  const offset = wide ? view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true) : view.getUint32(at, true);
  const typeNumber = typeNumberAt(view, at, wide);
  const kind = RELOCATION_KINDS[process.machine][typeNumber];
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
    addend: range.rela ? addendAt(view, at, wide) : fieldAt(object, offset),
  };
}

/** The version that a reference asks for, "" for none. */
function versionOf({ versions, symbols }: DynamicFile, symbol: number): string {
  const version = versions.symbolsAt < 0 ? 0 : versionIndex(versions, symbols.bytes, symbol);
  return versions.hash[version] === 0 ? "" : versions.name[version];
}

function addendAt(view: DataView, at: number, wide: boolean): number {
  return wide ? signed(view, at + 16) : view.getInt32(at + 8, true);
}

/** 64 bits. */
function signed(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

/** The word at an address as the file has it, signed; 0 in memory that is not in the file. */
function fieldAt(object: LoadedObject, address: number): number {
  const { elf } = object.file;
  const range = rangeAtAddress(elf, address);
  const bytes = elf.elfClass / 8;
  if (range === undefined || range.end - range.start < bytes) return 0;
  return bytes === 8 ? signed(elf.view, range.start) : elf.view.getInt32(range.start, true);
}
