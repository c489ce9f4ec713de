// --defsym and assignments in scripts: symbols whose value is an expression over other symbols, sections and sizes. They
// are defined from the start (inputs.ts) and get their value after layout.

import { STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, STV_HIDDEN } from "../../elf/constants.ts";
import { ABSOLUTE, createFolding, type FoldEnvironment, fold } from "../script/fold.ts";
import type { Assignment, Expression } from "../script/statements.ts";
import { symbolsIfTrue } from "../script/symbols-in.ts";
import type { SymbolId } from "../tables/ids.ts";
import { findText } from "../tables/names.ts";
import { addLoser, asShared, narrow, type ResolutionRecord, RULE_ASSIGNED } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  FLAG_FORCED_LOCAL,
  FLAG_SYMVER,
  forgetVersion,
  isDefinedHere,
  isShared,
  KIND_DEFINED,
  type SymbolTable,
} from "../tables/symbol-table.ts";

/** What assignments must know of names with a version. */
export interface AssignedVersions {
  /** Versions of definitions that others took the place of. */
  readonly lost: Set<number>;
  /** `foo` that an object has at the place of its `foo@V`. */
  readonly joined: readonly SymbolId[];
}

/**
 * Over an object's or a library's definition: type and size stay (bfd/elflink.c, bfd_elf_record_link_assignment). But it is not
 * `foo@@V` any more, of which `foo` was another name. Where `foo` stood at the place of `foo@V` it is local, as it was local there
 * (elf_link_output_extsym).
 */
export function makeAssigned(
  symbols: SymbolTable,
  id: SymbolId,
  hidden: boolean,
  { lost, joined }: AssignedVersions,
  record: ResolutionRecord,
): void {
  // Other libraries may still ask for its version of the name.
  if (isShared(symbols, id)) {
    addLoser(record, id, asShared(symbols.owner[id]), symbols.index[id]);
    // A library's IFUNC is a function to all others (bfd/elflink.c, elf_link_add_object_symbols).
    if (symbols.type[id] === STT_GNU_IFUNC) symbols.type[id] = STT_FUNC;
  }
  const hasVersion = (symbols.flags[id] & FLAG_SYMVER) !== 0;
  // What was assigned before all objects has never been `foo@@V`, and is what plain definitions say.
  const isLate = (symbols.flags[id] & FLAG_ASSIGNED) === 0;
  if ((hasVersion && isLate) || !(isDefinedHere(symbols, id) || isShared(symbols, id))) symbols.type[id] = STT_NOTYPE;
  if (hasVersion) {
    if (isLate) symbols.size[id] = 0;
    lost.add(symbols.version[id]);
  }
  if (joined.includes(id)) symbols.flags[id] |= FLAG_FORCED_LOCAL;
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
  const folding = createFolding(constantsOf(symbols), place, () => {});
  folding.phase = "final";
  const result = fold(folding, value);
  if (result !== undefined) setAbsolute(symbols, id, result.value);
}

/** Nothing is known yet but numbers. */
function constantsOf(symbols: SymbolTable): FoldEnvironment {
  const unknown = (): undefined => undefined;
  return {
    sane: false,
    relro: () => false,
    lookup: (name) => ({ value: absoluteValue(symbols, findText(symbols.names, name)), section: ABSOLUTE }),
    defined: (name) => findText(symbols.names, name) >= 0,
    start: unknown,
    loadAddress: unknown,
    size: unknown,
    alignment: unknown,
    base: () => 0n,
    origin: unknown,
    length: unknown,
    constant: unknown,
    sizeofHeaders: () => 0n,
    segmentStart: unknown,
  };
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
 * @param isLate b gets its place only after symbols are bound: until then others see a, whoever sees b
 * @returns b, where it is late
 */
export function copyType(
  symbols: SymbolTable,
  id: SymbolId,
  value: Expression,
  isLate: (from: SymbolId) => boolean,
): SymbolId {
  const names = symbolsIfTrue(value);
  if (names.length !== 1) return -1;
  const from = findText(symbols.names, names[0]);
  if (from < 0) return -1;
  symbols.type[id] = symbols.type[from];
  if (isLate(from)) return from;
  narrow(symbols, id, symbols.visibility[from]);
  return -1;
}
