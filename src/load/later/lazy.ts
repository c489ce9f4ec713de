// Lazy binding, step by step: what a call through the PLT finds in its slot, what the stub pushes, what the loader's
// resolver looks up and writes (glibc elf/dl-runtime.c, _dl_fixup; psABI, "Procedure Linkage Table").

import { DT_PLTGOT } from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolName, symbolVisibility } from "../file/dynamic-symbols.ts";
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
import { bindRow, JUMP_SLOTS } from "../symbols/bind.ts";
import { CLASS_PLT, makeQuery } from "../symbols/lookup.ts";
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
    if (type[row] === JUMP_SLOTS[task.machine]) slots.push(slotAt(task, object, row));
  }
  return slots;
}

function slotAt(task: LoadedProcess, object: LoadedObject, row: number): PltSlot {
  const { at, symbol } = symbolicOf(object.file);
  const { view } = object.file.elf;
  const wide = object.file.elf.elfClass === 64;
  const offset = view.getUint32(at[row], true) + (wide ? view.getUint32(at[row] + 4, true) * 0x1_0000_0000 : 0);
  const site = object.base + offset;
  const range = object.file.ranges.find(({ plt, start, end }) => plt && at[row] >= start && at[row] < end);
  return {
    object,
    row,
    index: range === undefined ? 0 : (at[row] - range.start) / range.entry,
    name: symbolName(object.file.symbols, symbol[row]),
    site,
    value: readWord(object.regions ?? [], site, task.machine === "i386" ? 4 : 8) ?? 0,
    bound: object.bindings?.rule[row] !== NOT_YET_BOUND,
  };
}

/** The code that a slot leads to before it is bound. */
export interface PltStub {
  /** Address of `push`, and the number it pushes: the slot's index on x86-64, its offset in DT_JMPREL on i386. */
  readonly push: number;
  readonly pushed: number;
  /** Where it jumps then: the first entry of the PLT, which pushes GOT[1] and jumps to what GOT[2] holds. */
  readonly plt0: number;
}

/** What a call through a slot does. */
export interface PltCall {
  readonly slot: PltSlot;
  /** Undefined if the slot was bound already, or the code there is not a PLT's. */
  readonly stub: PltStub | undefined;
  /** Addresses of GOT[1] and GOT[2], which PLT0 uses. */
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
  const stub = slot.bound ? undefined : stubAt(task, object, slot.value);
  const table = object.file.values.get(DT_PLTGOT);
  const bytes = task.machine === "i386" ? 4 : 8;
  const words = {
    linkMapWord: table === undefined ? undefined : object.base + table + bytes,
    resolverWord: table === undefined ? undefined : object.base + table + 2 * bytes,
  };
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
  else if (!slot.bound && target !== undefined && writeWord(object.regions ?? [], slot.site, bytes, target))
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
  return isIndirect(provider, symbol) ? task.host.resolveIndirect?.(provider, address) : address;
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

/** endbr64 and endbr32, which a PLT for control-flow protection begins with. */
const ENDBR: readonly (readonly number[])[] = [
  [0xf3, 0x0f, 0x1e, 0xfa],
  [0xf3, 0x0f, 0x1e, 0xfb],
];

/** push imm32; jmp PLT0, perhaps behind ENDBR and with a prefix of MPX. */
function stubAt(task: LoadedProcess, object: LoadedObject, address: number): PltStub | undefined {
  const code = new Uint8Array(16);
  readMemory(object.regions ?? [], address, code);
  const view = new DataView(code.buffer);
  let at = ENDBR.some((bytes) => bytes.every((byte, i) => code[i] === byte)) ? 4 : 0;
  if (code[at] !== 0x68) return undefined;
  const push = address + at;
  const pushed = view.getUint32(at + 1, true);
  at += 5;
  if (code[at] === 0xf2) at++;
  if (code[at] !== 0xe9) return undefined;
  const next = address + at + 5 + view.getInt32(at + 1, true);
  return { push, pushed, plt0: task.machine === "i386" ? next >>> 0 : next };
}
