// An object's GOT and PLT while its relocations are applied: a slot is made when the first relocation asks for it. The GOT
// holds addresses, and the PLT's entries jump through words of it, as in a linked program that binds at once.

import type { ObjectMachine, ObjectTls, Slot, SlotKind, SlotTable, SymbolValue } from "./model.ts";
import type { Placement } from "./place.ts";
import { SHARED_SLOTS, SLOT_WORDS } from "./slot-needs.ts";

export interface Slots extends SlotTable {
  readonly machine: ObjectMachine;
  readonly entries: Slot[];
  readonly known: Map<string, Slot>;
  usedWords: number;
  usedEntries: number;
}

/** Only objects that Solder places are in one program: its module number is the first. */
const MODULE = 1;

export function createSlots(placement: Placement): Slots {
  const { machine, counts, gotAddress, pltAddress } = placement;
  return {
    machine,
    gotAddress,
    got: new Uint8Array(counts.gotWords * machine.wordBytes),
    pltAddress,
    plt: new Uint8Array(counts.pltEntries * machine.objects.entry.entryBytes),
    entries: [],
    known: new Map(),
    usedWords: 0,
    usedEntries: 0,
  };
}

/**
 * The slot of this kind for a symbol, made if there is none yet.
 * @param undecided the value is an IFUNC's, which its resolver chooses when the program runs
 */
export function slotFor(slots: Slots, kind: SlotKind, value: SymbolValue, tls: ObjectTls, undecided: boolean): Slot {
  const isShared = SHARED_SLOTS.has(kind);
  const name = isShared ? "" : value.name;
  const key = `${kind} ${isShared ? "" : `${value.definer ?? ""} ${value.address} ${name}`}`;
  const known = slots.known.get(key);
  if (known !== undefined) return known;
  const words = wordsOf(slots.machine, kind, value, tls, undecided);
  const address = putWords(slots, kind, words, value.exact);
  const slot: Slot = {
    kind,
    name,
    words,
    address: kind === "plt" ? putEntry(slots, address) : kind === "tls-call" ? putDescriptorCall(slots) : address,
  };
  slots.entries.push(slot);
  slots.known.set(key, slot);
  return slot;
}

function wordsOf(
  { objects }: ObjectMachine,
  kind: SlotKind,
  value: SymbolValue,
  { threadPointer, dtpBias }: ObjectTls,
  undecided: boolean,
): (number | undefined)[] {
  switch (kind) {
    case "got":
    case "plt":
      return [undecided ? undefined : value.address];
    case "tls-gd":
      return [MODULE, value.address - dtpBias];
    case "tls-ld":
      return [MODULE, 0];
    case "tls-ie":
      return [value.address - threadPointer];
    case "tls-ie-negated":
      return [threadPointer - value.address];
    case "tls-desc":
      // One word is the resolver's address, which is the C library's business.
      if (objects.descriptorCalls !== undefined) return [value.address - threadPointer, undefined];
      return [undefined, value.address - threadPointer];
    case "tls-call":
      return [];
  }
}

/** @param exact the symbol's number, where words of the GOT do not hold it exactly */
function putWords(
  slots: Slots,
  kind: SlotKind,
  words: readonly (number | undefined)[],
  exact: bigint | undefined,
): number {
  const { machine, got } = slots;
  const view = new DataView(got.buffer);
  const at = slots.usedWords * machine.wordBytes;
  words.forEach((word, i) => {
    const offset = at + i * machine.wordBytes;
    const number = word === undefined ? 0n : (exact ?? BigInt(word));
    if (machine.wordBytes === 8) view.setBigInt64(offset, number, machine.littleEndian);
    else view.setInt32(offset, Number(BigInt.asIntN(32, number)), machine.littleEndian);
  });
  slots.usedWords += SLOT_WORDS[kind];
  return slots.gotAddress + at;
}

function putEntry(slots: Slots, slot: number): number {
  const style = slots.machine.objects.entry;
  const at = slots.usedEntries++ * style.entryBytes;
  const address = slots.pltAddress + at;
  const entry = { at, address, slot, header: 0, gotBase: slots.gotAddress, index: slots.usedEntries - 1, pic: false };
  style.writeEntry(new DataView(slots.plt.buffer), entry);
  return address;
}

function putDescriptorCall(slots: Slots): number {
  const { entry, descriptorCalls } = slots.machine.objects;
  const at = slots.usedEntries++ * entry.entryBytes;
  descriptorCalls?.writeEntry(new DataView(slots.plt.buffer), at);
  return slots.pltAddress + at;
}
