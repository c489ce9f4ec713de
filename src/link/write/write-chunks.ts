// Fills the chunks that depend on addresses: .dynsym, the GOT, the PLT. Relocations that complete a word are entered in
// the lists here, beside the word.

import type { Machine } from "../../arch/index.ts";
import { addRelocation, type RelocationList } from "../made/dynamic-relocations.ts";
import { bindingOf, type DynamicSymbols } from "../made/dynamic-symbols.ts";
import {
  CONTENT_ADDRESS,
  CONTENT_DTPOFF,
  CONTENT_DTPOFF_NEGATED,
  CONTENT_LAZY,
  CONTENT_PLT,
  CONTENT_TPOFF,
  CONTENT_TPOFF_NEGATED,
  type GotPlan,
  type GotWord,
} from "../made/got.ts";
import { binderOffset, gotPltSlot, pltAddress, type SlotAddresses, type Slots } from "../made/slots.ts";
import { dynamicVisibility, rowOfSymbol, type SymbolRow, writeSymbol } from "../made/symbol-entries.ts";
import type { SlotChunks } from "../made/synthesize.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { SymbolValues } from "../symbols/symbol-values.ts";
import { writeWord } from "../tables/header-bytes.ts";
import type { Layout } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import { type Chunk, isWritten } from "../tables/output-section.ts";
import { resolverAddress } from "./relocate-dynamic.ts";

export function writeDynamicSymbols(
  dynamicSymbols: DynamicSymbols,
  values: SymbolValues,
  chunk: Chunk,
  view: DataView,
  is64: boolean,
  mode: OutputMode,
): void {
  if (!isWritten(chunk)) return;
  const row: SymbolRow = { value: 0, shndx: 0, type: 0, size: 0 };
  const { symbols } = values;
  dynamicSymbols.ids.forEach((id, i) => {
    rowOfSymbol(values, id, mode, row);
    const info = (bindingOf(symbols, id) << 4) | row.type;
    writeSymbol(
      view,
      chunk.offset,
      i + 1,
      is64,
      dynamicSymbols.names[i + 1],
      info,
      dynamicVisibility(symbols, id),
      row,
      row.size,
    );
  });
}

/** What the words of the GOT are computed from. */
export interface GotWriter {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly values: SymbolValues;
  readonly scan: Scan;
  readonly slots: Slots;
  readonly at: SlotAddresses;
  readonly layout: Layout;
  readonly dynamicIndex: Int32Array;
  /** .rela.dyn (in a static program: .rela.iplt), and .rela.plt. */
  readonly dynamic: RelocationList;
  readonly plt: RelocationList;
  readonly view: DataView;
}

/** @param packed addresses whose RELATIVE relocation is in .relr.dyn */
export function writeGot(writer: GotWriter, plan: GotPlan, packed: boolean): void {
  for (const word of plan.words) writeGotWord(writer, word, writer.dynamic, packed);
  for (const word of plan.pltWords) writeGotWord(writer, word, writer.plt, false);
}

function writeGotWord(writer: GotWriter, word: GotWord, list: RelocationList, packed: boolean): void {
  const { machine, view, dynamicIndex } = writer;
  const value = contentOf(writer, word);
  const is64 = machine.elfClass === 64;
  const isDescriptor = word.type === machine.dynamic.tlsdesc && word.type !== 0;
  const offset = word.chunk.offset + word.offset;
  // Under REL the word is the addend (a descriptor's addend is in its second word).
  if (!isWritten(word.chunk)) {
    // The relocations are counted all the same.
  } else if (isDescriptor) {
    if (!machine.rela) writeWord(view, offset + machine.wordBytes, value, is64);
  } else writeWord(view, offset, value, is64);
  if (word.type === 0) return;
  if (packed && word.type === machine.dynamic.relative) return;
  const address = word.chunk.address + word.offset;
  const addend = word.named ? 0 : value;
  addRelocation(list, address, word.type, word.named ? dynamicIndex[word.symbol] : 0, addend);
}

function contentOf(writer: GotWriter, word: GotWord): number {
  const { machine, values, layout, slots, at } = writer;
  const { address, symbols, sections, outputs } = values;
  const id = word.symbol;
  switch (word.content) {
    case CONTENT_ADDRESS:
      // An IFUNC's slot is given what its resolver returns.
      return word.type === machine.dynamic.irelative
        ? resolverAddress(sections, symbols, outputs.list, id)
        : address[id];
    case CONTENT_PLT:
      return pltAddress(slots, at, id);
    case CONTENT_TPOFF:
      return address[id] - layout.threadPointer;
    case CONTENT_TPOFF_NEGATED:
      return layout.threadPointer - address[id];
    case CONTENT_DTPOFF:
      return address[id] - layout.tlsStart;
    case CONTENT_DTPOFF_NEGATED:
      return layout.tlsStart - address[id];
    case CONTENT_LAZY:
      return at.plt + slots.lazy.headerBytes + slots.plt[id] * slots.lazy.entryBytes + slots.lazy.lazyOffset;
    default:
      return 0;
  }
}

/** The first three words of .got.plt: address of .dynamic, and two for the dynamic linker. */
export function writeGotHeader(chunk: Chunk, dynamicAddress: number, is64: boolean, view: DataView): void {
  if (isWritten(chunk)) writeWord(view, chunk.offset, dynamicAddress, is64);
}

export function writePlt(writer: GotWriter, chunks: SlotChunks): void {
  const { machine, mode, slots, at, view } = writer;
  const word = machine.wordBytes;
  const entry = (chunk: Chunk, offset: number, slot: number, index: number) => ({
    at: chunk.offset + offset,
    address: chunk.address + offset,
    slot,
    header: at.plt,
    gotBase: at.gotBase,
    index,
    pic: mode.pic,
  });
  const { got } = chunks;
  const [plt, pltSecond, iplt, pltGot] = [chunks.plt, chunks.pltSecond, chunks.iplt, chunks.pltGot].map((it) =>
    it !== undefined && isWritten(it) ? it : undefined,
  );
  if (plt !== undefined) {
    slots.lazy.writeHeader(view, plt.offset, plt.address, at.gotPlt, mode.pic);
    slots.pltSymbols.forEach((id, i) => {
      const slot = gotPltSlot(slots, at, id, word);
      slots.lazy.writeEntry(view, entry(plt, slots.lazy.headerBytes + i * slots.lazy.entryBytes, slot, i));
      if (slots.second === undefined || pltSecond === undefined) return;
      slots.second.writeEntry(view, entry(pltSecond, i * slots.second.entryBytes, slot, i));
    });
  }
  if (plt !== undefined && got !== undefined && slots.tlsDescBinder >= 0) {
    const offset = binderOffset(slots);
    const slot = got.address + slots.tlsDescBinder;
    machine.plt.tlsDescriptor?.write(view, plt.offset + offset, plt.address + offset, at.gotPlt, slot);
  }
  if (iplt !== undefined) {
    slots.ipltSymbols.forEach((id, i) => {
      slots.direct.writeEntry(view, entry(iplt, i * slots.direct.entryBytes, gotPltSlot(slots, at, id, word), i));
    });
  }
  if (pltGot !== undefined) {
    slots.pltGotSymbols.forEach((id, i) => {
      slots.direct.writeEntry(view, entry(pltGot, i * slots.direct.entryBytes, at.got + slots.got[id], i));
    });
  }
}
