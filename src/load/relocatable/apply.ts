// Applies the relocations of placed objects to their simulated memory, by the formulas of the machine's table, and keeps of
// each what went into it. Values are BigInt: fields of 8 bytes hold more than a number does, and nobody loads a million
// relocations this way.

import {
  EXPRESSION_ALIGN,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_NONE,
  EXPRESSION_PAGE_PC,
  EXPRESSION_PAIR_LOW,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_RELAX,
  EXPRESSION_TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_PC,
  FIRST_FORM,
  fitsType,
  formOf,
  type RelocationType,
  readField,
  writeField,
} from "../../arch/index.ts";
import { SHT_REL, SHT_RELA, STT_FUNC, STT_GNU_IFUNC } from "../../elf/constants.ts";
import { error, type Place, type Report } from "../../elf/problem.ts";
import { type ElfRelocation, relocationsOf } from "../../elf/relocations.ts";
import type { ElfSection } from "../../elf/sections.ts";
import { movedOffset } from "./align.ts";
import { formula, type Terms } from "./formula.ts";
import type {
  AppliedRelocation,
  ObjectMachine,
  ObjectTls,
  PlacedObject,
  PlacedSection,
  RelocationFate,
  Slot,
  SymbolValue,
} from "./model.ts";
import { slotKindOf } from "./slot-needs.ts";
import { type Slots, slotFor } from "./slots.ts";

/** The name by which code asks for its object's own GOT. */
const GOT_SYMBOL = "_GLOBAL_OFFSET_TABLE_";

export interface Applier {
  readonly object: PlacedObject;
  readonly slots: Slots;
  readonly tls: ObjectTls;
  readonly report: Report;
  /** References to symbols that nobody defines, by name. */
  readonly missing: Map<string, Place[]>;
}

/** Applies all relocations of one object's loaded sections. */
export function applyRelocations(applier: Applier): AppliedRelocation[] {
  const { elf, sections, machine } = applier.object;
  const { expression } = machine.relocations;
  const applied: AppliedRelocation[] = [];
  for (const table of elf.sections) {
    const placed = sections[table.info];
    if ((table.type !== SHT_REL && table.type !== SHT_RELA) || placed === undefined) continue;
    const relocations = relocationsOf(elf, table, applier.report);
    const results: (AppliedRelocation | undefined)[] = relocations.map(() => undefined);
    const pairs: Pairs = new Map();
    // What is the low part of another comes after that one, wherever it stands.
    for (const isLow of [false, true]) {
      relocations.forEach((relocation, i) => {
        if ((expression[relocation.type] === EXPRESSION_PAIR_LOW) !== isLow) return;
        const one = applyOne(applier, placed, relocation, pairs);
        results[i] = one;
        if (one !== undefined && !isLow && one.fate !== "no-field") pairs.set(one.place, one.value);
      });
    }
    for (const one of results) if (one !== undefined) applied.push(one);
  }
  return applied;
}

/**
 * What was computed for a section, by the address of the field: a pair's low part names the place of its high part. Undefined
 * where that could not be computed, which has been said.
 */
type Pairs = Map<number, bigint | undefined>;

function applyOne(
  applier: Applier,
  placed: PlacedSection,
  relocation: ElfRelocation,
  pairs: Pairs,
): AppliedRelocation | undefined {
  const { object, report } = applier;
  const { section, memory } = placed;
  const offset = movedOffset(placed.cuts, relocation.offset);
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
  const place = placed.address + offset;
  const symbol = atPlace(object, meaning(object, relocation.symbol, symbolName), type, place);
  const addend = addendOf(object, relocation, offset, memory, type);
  const facts = { object, section, offset, type, symbolName, symbol, addend, place, before };
  const fate = fateBefore(applier, type, relocation.symbol, symbol, where, symbolName);
  const nothing = { slot: undefined, value: undefined, after: before };
  if (fate !== "applied" || symbol === undefined) return { ...facts, ...nothing, fate };
  if (
    symbol.definer === undefined &&
    object.machine.objects.callNothing?.(viewOf(memory), offset, type.number) === true
  )
    return { ...facts, ...nothing, after: memory.slice(offset, offset + type.bytes), fate };
  if (type.expression === EXPRESSION_PAIR_LOW && pairs.has(symbol.address) && pairs.get(symbol.address) === undefined)
    return { ...facts, ...nothing, fate: "unpaired" };
  const gotWithoutBase =
    type.expression === EXPRESSION_GOT_OFFSET && object.machine.objects.gotWithoutBase(memory, offset, type.number);
  const field = (): bigint => fieldOf(object, memory, offset, type);
  const { value, slot } =
    type.expression === EXPRESSION_PAIR_LOW
      ? { value: lowOfPair(pairs, symbol, addend), slot: undefined }
      : evaluate(applier, type, symbol, addend, facts.place, gotWithoutBase, field, {
          view: viewOf(memory),
          at: offset,
        });
  if (value === undefined) {
    report(error("relocation-not-in-objects", where, { type: type.name, symbol: symbolName }));
    return { ...facts, ...nothing, fate: "unsupported" };
  }
  const judged = object.elf.elfClass === 32 ? Number(BigInt.asIntN(32, value)) : Number(value);
  if (!fitsType(judged, type, object.machine.instructions)) {
    report(
      error("object-out-of-reach", where, {
        type: type.name,
        symbol: symbolName,
        value: judged,
        bytes: type.bytes,
      }),
    );
    return { ...facts, slot, value, after: before, fate: "overflow" };
  }
  store(object, memory, offset, type, value);
  return { ...facts, slot, value, after: memory.slice(offset, offset + type.bytes), fate: "applied" };
}

/** These store nothing here: code stays as long as it is. */
const MARKS: ReadonlySet<number> = new Set([
  EXPRESSION_NONE,
  EXPRESSION_TLS_DESC_CALL,
  EXPRESSION_ALIGN,
  EXPRESSION_RELAX,
]);

/** What becomes of a relocation before anything is computed. */
function fateBefore(
  applier: Applier,
  type: RelocationType,
  index: number,
  symbol: SymbolValue | undefined,
  where: Place,
  name: string,
): RelocationFate {
  const isCall = applier.object.machine.objects.descriptorCalls?.addendOf(type.number) !== undefined;
  if (MARKS.has(type.expression) && !isCall) return "no-field";
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

/** A weak symbol that nobody defines is where it is asked for, where the machine's psABI says so of distances (AAELF64). */
function atPlace(
  { machine }: PlacedObject,
  symbol: SymbolValue | undefined,
  { expression }: RelocationType,
  place: number,
): SymbolValue | undefined {
  const isDistance = expression === EXPRESSION_PC || expression === EXPRESSION_PAGE_PC;
  if (symbol?.definer !== undefined || !isDistance || machine.objects.weakAtPlace !== true) return symbol;
  return symbol && { ...symbol, address: expression === EXPRESSION_PC ? place : place - (place % 0x1000) };
}

/** Where the field is in its section. */
interface Code {
  readonly view: DataView;
  readonly at: number;
}

/** Where a reference of this type enters a slot's code. */
function entryFor({ machine }: PlacedObject, type: number, { address }: Slot): number {
  return machine.objects.interwork?.entryFor(type, address) ?? address;
}

interface Evaluated {
  readonly value: bigint | undefined;
  readonly slot: Slot | undefined;
}

/** The formula, with L and G found or made. */
function evaluate(
  { object, slots, tls }: Applier,
  type: RelocationType,
  symbol: SymbolValue,
  addend: bigint,
  place: number,
  gotWithoutBase: boolean,
  field: () => bigint,
  code: Code,
): Evaluated {
  const isChoice = symbol.type === STT_GNU_IFUNC;
  const kind = slotKindOf(object.machine, type.number);
  const isEntered = kind === "plt" || kind === "tls-call";
  let meant = symbol;
  let slot: Slot | undefined;
  if (isChoice) {
    // The address of an IFUNC is its PLT entry's, so that all pointers to it are equal.
    slot = slotFor(slots, "plt", symbol, tls, true);
    meant = { ...symbol, address: entryFor(object, 0, slot) };
  }
  const isReached = kind === "plt" && (isChoice || reaches(object, type, meant, Number(addend), place, code));
  if (kind !== undefined && !isReached) slot = slotFor(slots, kind, meant, tls, false);
  const target =
    slot?.kind === "plt" || slot?.kind === "tls-call" ? entryFor(object, type.number, slot) : meant.address;
  const { interwork, descriptorCalls } = object.machine.objects;
  if (isEntered) interwork?.exchange(code.view, code.at, type.number, target);
  const terms: Terms = {
    S: meant.exact ?? BigInt(meant.address),
    A: addend,
    P: BigInt(isEntered ? (interwork?.place(type.number, target, place) ?? place) : place),
    L: BigInt(target),
    GOT: BigInt(object.slots.gotAddress),
    slot: BigInt(slot?.address ?? 0),
    Z: BigInt(symbol.size),
    TP: BigInt(tls.threadPointer),
    dtpBias: BigInt(tls.dtpBias),
    field,
  };
  if (kind === "tls-call") return { value: terms.L + terms.A - terms.P, slot };
  if (type.expression === EXPRESSION_TLS_DESC_PC && descriptorCalls !== undefined) {
    const less = descriptorCalls.adjustment(code.view, code.at, Number(addend));
    return { value: terms.slot + terms.A - BigInt(less) - terms.P, slot };
  }
  if (interwork !== undefined && kind === undefined && isThumbFunction(meant)) {
    return { value: formula(type.expression, { ...terms, S: withBit(terms.S, addend) }), slot };
  }
  return { value: gotWithoutBase ? terms.slot + terms.A : formula(type.expression, terms), slot };
}

/** Its value is odd (ELF for the Arm Architecture, "Symbol Values"). */
function isThumbFunction({ type, address, absolute }: SymbolValue): boolean {
  return type === STT_FUNC && !absolute && (address & 1) === 1;
}

/** What S is in the formulas (S + A) | T: the lowest bit is set once, also by an odd addend. */
function withBit(S: bigint, addend: bigint): bigint {
  return ((S - 1n + addend) | 1n) - addend;
}

/** Can the field hold the distance to the function itself? Then the call needs no PLT entry. */
function reaches(
  { machine }: PlacedObject,
  type: RelocationType,
  symbol: SymbolValue,
  addend: number,
  place: number,
  code: Code,
): boolean {
  const { interwork } = machine.objects;
  if (interwork?.goes(code.view, code.at, type.number, symbol.address) === false) return false;
  return type.expression !== EXPRESSION_PLT_PC || fitsType(symbol.address + addend - place, type, machine.instructions);
}

/** The low part of what the relocation at the symbol computes; undefined if there is none. */
function lowOfPair(pairs: Pairs, symbol: SymbolValue, addend: bigint): bigint | undefined {
  const high = pairs.get(symbol.address);
  return high === undefined ? undefined : high + addend;
}

function nameOfSymbol(object: PlacedObject, index: number): string {
  const symbol = object.symbols[index];
  if (symbol === undefined || index === 0) return "";
  const section: ElfSection | undefined = object.elf.sections[symbol.section];
  return symbol.name === "" ? (section?.name ?? "") : symbol.name;
}

/** REL has it in the field, signed; but for calls of descriptors. */
function addendOf(
  object: PlacedObject,
  relocation: ElfRelocation,
  offset: number,
  memory: Uint8Array,
  type: RelocationType,
): bigint {
  const own = object.machine.objects.descriptorCalls?.addendOf(type.number);
  if (own !== undefined) return BigInt(own);
  if (relocation.addend !== undefined) return (BigInt(relocation.addendHigh) << 32n) | BigInt(relocation.addendLow);
  return fieldOf(object, memory, offset, type);
}

/** What the field holds. Fields of 8 bytes hold more than a number does. */
function fieldOf({ machine }: PlacedObject, memory: Uint8Array, offset: number, type: RelocationType): bigint {
  const view = viewOf(memory);
  if (type.field === 8) return view.getBigInt64(offset, machine.littleEndian);
  return BigInt(readField(view, offset, type, machine.littleEndian, machine.instructions));
}

function store(
  { machine }: PlacedObject,
  memory: Uint8Array,
  offset: number,
  type: RelocationType,
  value: bigint,
): void {
  const view = viewOf(memory);
  if (type.field === 8) view.setBigInt64(offset, value, machine.littleEndian);
  else {
    // Of a whole number its own bits; instructions take what their form says.
    const stored = type.field < FIRST_FORM ? BigInt.asIntN(32, value) : value;
    const number = Number.isSafeInteger(Number(stored)) ? Number(stored) : partOf(stored, type, machine);
    writeField(view, offset, type, number, machine.littleEndian, machine.instructions);
  }
}

/** Of a value that no number holds exactly, the bits that the instruction's form takes. */
function partOf(value: bigint, type: RelocationType, { instructions }: ObjectMachine): number {
  const { shift = 0, rounding = 0 } = formOf(type, instructions) ?? {};
  return Number(rounding === 0 && shift > 10 ? value - BigInt.asUintN(shift, value) : BigInt.asIntN(32, value));
}

function viewOf(memory: Uint8Array): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
}
