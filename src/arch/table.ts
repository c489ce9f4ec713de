// Builds a relocation table from its rows, so that a machine's file is nothing but rows. The columns that hot loops read
// are derived here and cannot disagree with the rows.

import type { InstructionFields, InstructionForm } from "./field.ts";
import { FIRST_FORM, type RelocationTable, type RelocationType } from "./relocation.ts";

/** number, name, expression, field, overflow rule, formula */
export type Row = readonly [number, string, number, number, number, string];

/** What an ELF32 relocation can say, so that a type taken from one is always inside. */
const SHORTEST = 256;

/** @param forms the machine's `InstructionFields.forms`, for rows with fields from FIRST_FORM on */
export function relocationTable(rows: readonly Row[], forms: readonly InstructionForm[] = []): RelocationTable {
  const size = rows.reduce((most, [number]) => Math.max(most, number + 1), SHORTEST);
  const types = new Array<RelocationType | undefined>(size).fill(undefined);
  const expression = new Uint8Array(size);
  const field = new Uint8Array(size);
  const bytes = new Uint8Array(size);
  const overflow = new Uint8Array(size);
  const known = new Uint8Array(size);
  for (const [number, name, kind, width, rule, formula] of rows) {
    const length = width < FIRST_FORM ? width : forms[width - FIRST_FORM].bytes;
    types[number] = { number, name, expression: kind, field: width, bytes: length, overflow: rule, formula };
    expression[number] = kind;
    field[number] = width;
    bytes[number] = length;
    overflow[number] = rule;
    known[number] = 1;
  }
  return { types, expression, field, bytes, overflow, known };
}

/**
 * The same, made when somebody first looks: hundreds of rows of a machine that the file at hand is not for should cost a command
 * nothing. And what bundles commands leaves it out where nobody uses it, as long as calling this is all that the table's file does.
 */
export function lazyRelocationTable(rows: () => readonly Row[], instructions?: InstructionFields): RelocationTable {
  let made: RelocationTable | undefined;
  const table = (): RelocationTable => {
    made ??= relocationTable(rows(), instructions?.forms);
    return made;
  };
  return {
    get types() {
      return table().types;
    },
    get expression() {
      return table().expression;
    },
    get field() {
      return table().field;
    },
    get bytes() {
      return table().bytes;
    },
    get overflow() {
      return table().overflow;
    },
    get known() {
      return table().known;
    },
  };
}

/** The row of a type by its psABI name, e.g. `R_386_PC32`. */
export function relocationByName(table: RelocationTable, name: string): RelocationType | undefined {
  return table.types.find((type) => type?.name === name);
}
