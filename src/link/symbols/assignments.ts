// --defsym and assignments in scripts: symbols whose value is an expression over other symbols, sections and sizes. They
// are defined from the start (inputs.ts) and get their value after layout.

import { STT_NOTYPE, STV_HIDDEN } from "../../elf/constants.ts";
import { type ExpressionContext, evaluateExpression } from "../script/evaluate.ts";
import type { Assignment, Expression } from "../script/statements.ts";
import type { SymbolId } from "../tables/ids.ts";
import { findText } from "../tables/names.ts";
import { mergeVisibility, RULE_ASSIGNED } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  FLAG_SYMVER,
  forgetVersion,
  isDefinedHere,
  isShared,
  KIND_DEFINED,
  type SymbolTable,
} from "../tables/symbol-table.ts";

/**
 * Over an object's or a library's definition: type and size stay (bfd/elflink.c, bfd_elf_record_link_assignment). But it is not
 * `foo@@V` any more, of which `foo` was another name.
 */
export function makeAssigned(symbols: SymbolTable, id: SymbolId, hidden: boolean, lost: Set<number>): void {
  const hasVersion = (symbols.flags[id] & FLAG_SYMVER) !== 0;
  if (hasVersion || !(isDefinedHere(symbols, id) || isShared(symbols, id))) symbols.type[id] = STT_NOTYPE;
  if (hasVersion) {
    symbols.size[id] = 0;
    lost.add(symbols.version[id]);
  }
  symbols.kind[id] = KIND_DEFINED;
  // Its own place has nothing to do with that of the definition, which may be gone.
  symbols.flags[id] = (symbols.flags[id] | FLAG_ASSIGNED) & ~FLAG_COLLECTED;
  symbols.owner[id] = -1;
  forgetVersion(symbols, id);
  symbols.rule[id] = RULE_ASSIGNED;
  if (hidden) symbols.visibility[id] = STV_HIDDEN;
}

/** What an assigned constant is, where nothing but numbers and other constants makes it: loads from the GOT go by its size. */
export function setNumber(symbols: SymbolTable, id: SymbolId, { value, place }: Assignment): void {
  const unknown = (): undefined => undefined;
  const context: ExpressionContext = {
    lookup: (name) => {
      const other = findText(symbols.names, name);
      return { value: absoluteValue(symbols, other), section: undefined };
    },
    defined: (name) => findText(symbols.names, name) >= 0,
    section: unknown,
    address: () => 0n,
    size: () => 0n,
    alignment: () => 0n,
    constant: unknown,
    sizeofHeaders: () => 0n,
    dot: unknown,
    segmentStart: unknown,
  };
  const result = evaluateExpression(value, place, context, () => {});
  if (result !== undefined) setAbsolute(symbols, id, result.value);
}

function absoluteValue(symbols: SymbolTable, id: SymbolId): bigint {
  return BigInt.asUintN(64, (BigInt(symbols.valueHigh[id]) << 32n) | BigInt(symbols.valueLow[id] >>> 0));
}

function setAbsolute(symbols: SymbolTable, id: SymbolId, value: bigint): void {
  symbols.valueLow[id] = Number(BigInt.asIntN(32, value));
  symbols.valueHigh[id] = Number(BigInt.asIntN(32, value >> 32n));
}

/**
 * `--defsym a=b` and `a=b+8`: a is what b is, a function for instance, and seen by nobody who does not see b (ld/ldexp.c,
 * try_copy_symbol_type; bfd/elflink.c, _bfd_elf_copy_link_hash_symbol_type).
 */
export function copyType(symbols: SymbolTable, id: number, value: Expression): void {
  const names = occurrences(value);
  if (names.length !== 1) return;
  const from = findText(symbols.names, names[0]);
  if (from < 0) return;
  symbols.type[id] = symbols.type[from];
  mergeVisibility(symbols, id, symbols.visibility[from]);
}

/** Every symbol that an expression looks at, as often as it does; of `a ? b : c` what is looked at if `a` holds. */
function occurrences(it: Expression): string[] {
  switch (it.kind) {
    case "number":
      return [];
    case "symbol":
      return it.name === "." ? [] : [it.name];
    case "unary":
      return occurrences(it.operand);
    case "binary":
      return [...occurrences(it.left), ...occurrences(it.right)];
    case "conditional":
      return [...occurrences(it.test), ...occurrences(it.then)];
    case "call":
      return /^(ADDR|LOADADDR|SIZEOF|ALIGNOF|ORIGIN|LENGTH|CONSTANT|DEFINED|SEGMENT_START)$/.test(it.name)
        ? []
        : it.arguments.flatMap(occurrences);
  }
}
