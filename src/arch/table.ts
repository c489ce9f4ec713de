// Builds a relocation table from its rows, so that a machine's file is nothing but rows. The columns that hot loops read
// are derived here and cannot disagree with the rows.

import type { RelocationTable, RelocationType } from "./relocation.ts";
import { OVERFLOW_EITHER, OVERFLOW_SIGNED, OVERFLOW_UNSIGNED } from "./relocation.ts";

/** number, name, expression, bytes, overflow rule, formula */
export type Row = readonly [number, string, number, number, number, string];

const SIZE = 256;

export function relocationTable(rows: readonly Row[]): RelocationTable {
  const types = new Array<RelocationType | undefined>(SIZE).fill(undefined);
  const expression = new Uint8Array(SIZE);
  const bytes = new Uint8Array(SIZE);
  const overflow = new Uint8Array(SIZE);
  const known = new Uint8Array(SIZE);
  for (const [number, name, kind, width, rule, formula] of rows) {
    types[number] = { number, name, expression: kind, bytes: width, overflow: rule, formula };
    expression[number] = kind;
    bytes[number] = width;
    overflow[number] = rule;
    known[number] = 1;
  }
  return { types, expression, bytes, overflow, known };
}

/**
 * Does the value fit the field? This is the rule in one place; loops may specialise it.
 * @param value exact integer; on a 32-bit machine first reduced to the int32 range, because its addresses wrap
 * @param bytes width of the field  @param overflow one of OVERFLOW_*
 */
export function fitsField(value: number, bytes: number, overflow: number): boolean {
  const limit = 2 ** (8 * bytes);
  switch (overflow) {
    case OVERFLOW_SIGNED:
      return value >= -limit / 2 && value < limit / 2;
    case OVERFLOW_UNSIGNED:
      return value >= 0 && value < limit;
    case OVERFLOW_EITHER:
      return value >= -limit && value < limit;
    default:
      return true;
  }
}

/** The row of a type by its psABI name, e.g. `R_386_PC32`. */
export function relocationByName(table: RelocationTable, name: string): RelocationType | undefined {
  return table.types.find((type) => type?.name === name);
}
