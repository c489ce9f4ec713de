// Lazy binding, step by step: what a call through the PLT finds in its slot, what the stub pushes, what the loader's
// resolver looks up and writes (glibc elf/dl-runtime.c, _dl_fixup; psABI, "Procedure Linkage Table").

import { DT_PLTGOT } from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolName, symbolVisibility } from "../file/dynamic-symbols.ts";
import { entryOffset } from "../file/relocation-entry.ts";
import { CLASS_PLT, type GotWord, type PltStub } from "../machines/index.ts";
import { processMemory } from "../memory/memory.ts";
import { readWord, writeWord } from "../memory/words.ts";
import {
  addressOf,
  BOUND_LOCALLY,
  isIndirect,
  type LoadedObject,
  type LoadedProcess,
  NOT_YET_BOUND,
} from "../objects/objects.ts";
import { readMemory } from "../objects/region.ts";
import { bindRow } from "../symbols/bind.ts";
import { makeQuery } from "../symbols/lookup.ts";
import { bindingVariable, lookupRules } from "../symbols/rules.ts";

/** A slot of .got.plt. */
export interface PltSlot {
  readonly object: LoadedObject;
  /** Row in the object's `Bindings`, and its number among the entries of DT_JMPREL. */
  readonly row: number;
  readonly index: number;
  readonly name: string;
  /** Address of the slot, and what it holds now. */
  readonly site: number;
  readonly value: number;
  /** False as long as it leads back into the PLT. */
  readonly bound: boolean;
}

/** The slots of an object, in the order of DT_JMPREL. */
export function pltSlots(task: LoadedProcess, object: LoadedObject): PltSlot[] {
  processMemory(task);
  const { count, type, firstPlt } = symbolicOf(object.file);
  const slots: PltSlot[] = [];
  for (let row = firstPlt; row < count; row++) {
    if (type[row] === task.record.facts.dynamic.jumpSlot) slots.push(slotAt(task, object, row));
  }
  return slots;
}

function slotAt(task: LoadedProcess, object: LoadedObject, row: number): PltSlot {
  const { at, symbol } = symbolicOf(object.file);
  const site = object.base + entryOffset(object.file.elf, at[row]);
  const range = object.file.ranges.find(({ plt, start, end }) => plt && at[row] >= start && at[row] < end);
  return {
    object,
    row,
    index: range === undefined ? 0 : (at[row] - range.start) / range.entry,
    name: symbolName(object.file.symbols, symbol[row]),
    site,
    value: readWord(object.regions ?? [], site, task.record.facts) ?? 0,
    bound: object.bindings?.rule[row] !== NOT_YET_BOUND,
  };
}

export type { PltStub } from "../machines/index.ts";

/** What a call through a slot does. */
export interface PltCall {
  readonly slot: PltSlot;
  /** Undefined if the slot was bound already, or the code there is not a PLT's. */
  readonly stub: PltStub | undefined;
  /** Addresses of the words of the GOT that the PLT's first entry uses (on x86 GOT[1] and GOT[2]). */
  readonly linkMapWord: number | undefined;
  readonly resolverWord: number | undefined;
  /** The resolver was asked. */
  readonly resolved: boolean;
  /** Where the call ends; undefined if nothing defines the name, or an indirect function chooses at run time. */
  readonly target: number | undefined;
  readonly provider: LoadedObject | undefined;
  /** Index of the symbol in the provider. */
  readonly symbol: number;
  /** What the slot holds afterwards. LD_BIND_NOT leaves it as it was. */
  readonly after: number;
}

/**
 * Calls the function of a slot: binds it if it is not bound yet. A name that nothing defines ends the process as it would
 * the real one: see its `messages`.
 * @param row row in the object's `Bindings`, from `pltSlots`
 */
export function callSlot(task: LoadedProcess, object: LoadedObject, row: number): PltCall {
  processMemory(task);
  const slot = slotAt(task, object, row);
  const stub = slot.bound ? undefined : stubOf(task, slot);
  const words = { linkMapWord: gotWord(task, object, "link-map"), resolverWord: gotWord(task, object, "resolver") };
  const { bindings } = object;
  if (bindings === undefined) {
    return {
      slot,
      stub,
      ...words,
      resolved: false,
      target: undefined,
      provider: undefined,
      symbol: 0,
      after: slot.value,
    };
  }
  if (!slot.bound) fixUp(task, object, row);
  const provider: LoadedObject | undefined = task.objects[bindings.provider[row]];
  const symbol = bindings.symbol[row];
  const target = targetOf(task, provider, symbol);
  let after = slot.value;
  if (!slot.bound && keepsNothing(task)) bindings.rule[row] = NOT_YET_BOUND;
  else if (!slot.bound && target !== undefined && writeWord(object.regions ?? [], slot.site, task.record.facts, target))
    after = target;
  return { slot, stub, ...words, resolved: !slot.bound, target, provider, symbol, after };
}

/** LD_BIND_NOT: each call is resolved anew. */
function keepsNothing(task: LoadedProcess): boolean {
  return (bindingVariable(task.options, "LD_BIND_NOT") ?? "") !== "";
}

function targetOf(task: LoadedProcess, provider: LoadedObject | undefined, symbol: number): number | undefined {
  if (provider === undefined) return undefined;
  const address = addressOf(provider, symbol);
  if (!isIndirect(provider, symbol)) return address;
  const chosen = task.host.resolveIndirect?.(provider, address);
  return typeof chosen === "number" ? chosen : undefined;
}

/** Binds a slot. A symbol that is not of default visibility is the object's own. */
function fixUp(task: LoadedProcess, object: LoadedObject, row: number): void {
  const { bindings } = object;
  if (bindings === undefined) return;
  const index = symbolicOf(object.file).symbol[row];
  if (symbolVisibility(object.file.symbols, index) !== 0) {
    bindings.provider[row] = object.id;
    bindings.symbol[row] = index;
    bindings.rule[row] = BOUND_LOCALLY;
    return;
  }
  const { ended } = task;
  bindRow(task, object, makeQuery(lookupRules(task.options), task.unique), bindings, row, index, CLASS_PLT);
  // It had started.
  task.ended = ended;
}

/** Address of a word of the GOT that the loader sets. */
function gotWord(task: LoadedProcess, object: LoadedObject, meaning: GotWord["meaning"]): number | undefined {
  const table = object.file.values.get(DT_PLTGOT);
  const word = task.record.got.words.find((it) => it.meaning === meaning);
  return table === undefined || word === undefined
    ? undefined
    : object.base + table + word.index * task.record.facts.wordBytes;
}

function stubOf(task: LoadedProcess, { object, site, value }: PltSlot): PltStub | undefined {
  const table = object.file.values.get(DT_PLTGOT);
  const got = table === undefined ? undefined : object.base + table;
  const read = (address: number, target: Uint8Array): boolean => readMemory(object.regions ?? [], address, target);
  return task.record.plt.stubAt(read, { site, value, got });
}
