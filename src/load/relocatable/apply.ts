// Applies the relocations of placed objects to their simulated memory, by the formulas of the machine's table, and keeps of
// each what went into it. Values are BigInt: fields of 8 bytes hold more than a number does, and nobody loads a million
// relocations this way.

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_NONE,
  EXPRESSION_PC,
  EXPRESSION_PLT_ABSOLUTE,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_SIZE,
  EXPRESSION_TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_GD_PC,
  EXPRESSION_TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_IE_GOT_NEGATED,
  EXPRESSION_TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_LD_PC,
  EXPRESSION_TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED,
  fitsField,
  type RelocationType,
} from "../../arch/index.ts";
import { SHT_REL, SHT_RELA, STT_GNU_IFUNC } from "../../elf/constants.ts";
import { error, type Place, type Report } from "../../elf/problem.ts";
import { type ElfRelocation, relocationsOf } from "../../elf/relocations.ts";
import type { ElfSection } from "../../elf/sections.ts";
import type { AppliedRelocation, PlacedObject, PlacedSection, RelocationFate, Slot, SymbolValue } from "./model.ts";
import { SLOT_OF_EXPRESSION } from "./slot-needs.ts";
import { type Slots, slotFor } from "./slots.ts";

/** The name by which code asks for its object's own GOT. */
const GOT_SYMBOL = "_GLOBAL_OFFSET_TABLE_";

export interface Applier {
  readonly object: PlacedObject;
  readonly slots: Slots;
  readonly tlsBytes: number;
  readonly report: Report;
  /** References to symbols that nobody defines, by name. */
  readonly missing: Map<string, Place[]>;
}

/** Applies all relocations of one object's loaded sections. */
export function applyRelocations(applier: Applier): AppliedRelocation[] {
  const { elf, sections } = applier.object;
  const applied: AppliedRelocation[] = [];
  for (const table of elf.sections) {
    const placed = sections[table.info];
    if ((table.type !== SHT_REL && table.type !== SHT_RELA) || placed === undefined) continue;
    for (const relocation of relocationsOf(elf, table, applier.report)) {
      const one = applyOne(applier, placed, relocation);
      if (one !== undefined) applied.push(one);
    }
  }
  return applied;
}

function applyOne(applier: Applier, placed: PlacedSection, relocation: ElfRelocation): AppliedRelocation | undefined {
  const { object, report } = applier;
  const { section, memory } = placed;
  const { offset } = relocation;
  const where: Place = { file: object.name, section: section.name, offset };
  const type = object.machine.relocations.types[relocation.type];
  if (type === undefined) {
    report(error("relocation-unknown", where, { type: relocation.type }));
    return undefined;
  }
  if (!(offset + type.bytes <= memory.length)) {
    report(error("relocation-outside", where, { type: type.name, size: memory.length }));
    return undefined;
  }
  const before = memory.slice(offset, offset + type.bytes);
  const symbolName = nameOfSymbol(object, relocation.symbol);
  const symbol = meaning(object, relocation.symbol, symbolName);
  const addend = addendOf(relocation, before);
  const facts = { object, section, offset, type, symbolName, symbol, addend, place: placed.address + offset, before };
  const fate = fateBefore(applier, type, relocation.symbol, symbol, where, symbolName);
  const nothing = { slot: undefined, value: undefined, after: before };
  if (fate !== "applied" || symbol === undefined) return { ...facts, ...nothing, fate };
  const gotWithoutBase =
    type.expression === EXPRESSION_GOT_OFFSET && object.machine.gotWithoutBase(memory, offset, type.number);
  const { value, slot } = evaluate(applier, type, symbol, addend, facts.place, gotWithoutBase);
  if (value === undefined) {
    report(error("relocation-not-in-objects", where, { type: type.name, symbol: symbolName }));
    return { ...facts, ...nothing, fate: "unsupported" };
  }
  const judged = object.elf.elfClass === 32 ? Number(BigInt.asIntN(32, value)) : Number(value);
  if (!fitsField(judged, type.bytes, type.overflow)) {
    report(
      error("object-out-of-reach", where, { type: type.name, symbol: symbolName, value: judged, bytes: type.bytes }),
    );
    return { ...facts, slot, value, after: before, fate: "overflow" };
  }
  write(memory, offset, type.bytes, value);
  return { ...facts, slot, value, after: memory.slice(offset, offset + type.bytes), fate: "applied" };
}

/** What becomes of a relocation before anything is computed. */
function fateBefore(
  applier: Applier,
  type: RelocationType,
  index: number,
  symbol: SymbolValue | undefined,
  where: Place,
  name: string,
): RelocationFate {
  if (type.expression === EXPRESSION_NONE || type.expression === EXPRESSION_TLS_DESC_CALL) return "no-field";
  if (symbol !== undefined) return "applied";
  const { object, missing } = applier;
  if (object.discarded.has(object.symbols[index]?.section ?? 0)) return "discarded";
  const references = missing.get(name) ?? [];
  missing.set(name, references);
  references.push(where);
  return "undefined";
}

function meaning(object: PlacedObject, index: number, name: string): SymbolValue | undefined {
  if (name === GOT_SYMBOL && object.values[index] === undefined) {
    const address = object.slots.gotAddress;
    return { name, address, size: 0, type: 0, definer: object.name, absolute: false };
  }
  return object.values[index];
}

interface Evaluated {
  readonly value: bigint | undefined;
  readonly slot: Slot | undefined;
}

/** The letters of the psABIs' formulas. */
interface Terms {
  readonly S: bigint;
  readonly A: bigint;
  readonly P: bigint;
  /** The PLT entry, or the symbol itself where none is needed. */
  readonly L: bigint;
  readonly GOT: bigint;
  /** Address of the slot: G + GOT. */
  readonly slot: bigint;
  readonly Z: bigint;
  /** The thread pointer as an offset in the TLS block. */
  readonly TP: bigint;
}

/** The formula, with L and G found or made. */
function evaluate(
  { object, slots, tlsBytes }: Applier,
  type: RelocationType,
  symbol: SymbolValue,
  addend: bigint,
  place: number,
  gotWithoutBase: boolean,
): Evaluated {
  const isChoice = symbol.type === STT_GNU_IFUNC;
  const kind = SLOT_OF_EXPRESSION.get(type.expression);
  let meant = symbol;
  let slot: Slot | undefined;
  if (isChoice) {
    // The address of an IFUNC is its PLT entry's, so that all pointers to it are equal.
    slot = slotFor(slots, "plt", symbol, tlsBytes, true);
    meant = { ...symbol, address: slot.address };
  }
  const isReached = kind === "plt" && reaches(type, meant, Number(addend), place);
  if (kind !== undefined && !isReached) slot = slotFor(slots, kind, meant, tlsBytes, false);
  const terms: Terms = {
    S: BigInt(meant.address),
    A: addend,
    P: BigInt(place),
    L: BigInt(slot?.kind === "plt" ? slot.address : meant.address),
    GOT: BigInt(object.slots.gotAddress),
    slot: BigInt(slot?.address ?? 0),
    Z: BigInt(symbol.size),
    TP: BigInt(tlsBytes),
  };
  return { value: gotWithoutBase ? terms.slot + terms.A : formula(type.expression, terms), slot };
}

/** Can the field hold the distance to the function itself? Then the call needs no PLT entry. */
function reaches(type: RelocationType, symbol: SymbolValue, addend: number, place: number): boolean {
  return type.expression !== EXPRESSION_PLT_PC || fitsField(symbol.address + addend - place, type.bytes, type.overflow);
}

function formula(expression: number, { S, A, P, L, GOT, slot, Z, TP }: Terms): bigint | undefined {
  switch (expression) {
    case EXPRESSION_ABSOLUTE:
    case EXPRESSION_TLS_DTPOFF:
      return S + A;
    case EXPRESSION_PC:
      return S + A - P;
    case EXPRESSION_PLT_PC:
      return L + A - P;
    case EXPRESSION_PLT_ABSOLUTE:
      return L + A;
    case EXPRESSION_PLT_GOT_RELATIVE:
      return L + A - GOT;
    case EXPRESSION_GOT_OFFSET:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_LD_GOT:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED:
    case EXPRESSION_TLS_DESC_GOT:
      return slot + A - GOT;
    case EXPRESSION_GOT_PC:
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_DESC_PC:
      return slot + A - P;
    case EXPRESSION_TLS_IE_ABSOLUTE:
      return slot + A;
    case EXPRESSION_GOT_RELATIVE:
      return S + A - GOT;
    case EXPRESSION_GOT_BASE_PC:
      return GOT + A - P;
    case EXPRESSION_SIZE:
      return Z + A;
    case EXPRESSION_TLS_TPOFF:
      return S + A - TP;
    case EXPRESSION_TLS_TPOFF_NEGATED:
      return TP - S - A;
    default:
      return undefined;
  }
}

function nameOfSymbol(object: PlacedObject, index: number): string {
  const symbol = object.symbols[index];
  if (symbol === undefined || index === 0) return "";
  const section: ElfSection | undefined = object.elf.sections[symbol.section];
  return symbol.name === "" ? (section?.name ?? "") : symbol.name;
}

/** REL has it in the field, signed. */
function addendOf(relocation: ElfRelocation, field: Uint8Array): bigint {
  if (relocation.addend !== undefined) return (BigInt(relocation.addendHigh) << 32n) | BigInt(relocation.addendLow);
  let value = 0n;
  for (let i = field.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(field[i]);
  return BigInt.asIntN(field.length * 8, value);
}

function write(memory: Uint8Array, offset: number, bytes: number, value: bigint): void {
  let rest = BigInt.asUintN(bytes * 8, value);
  for (let i = 0; i < bytes; i++) {
    memory[offset + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
