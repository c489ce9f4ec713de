// The procedure linkage table of x86-64, in GNU ld 2.40's bytes.
//
//   PLT0         push GOT[1]; jmp *GOT[2]
//   lazy         jmp *slot; push index; jmp PLT0
//   lazy, IBT    endbr64; push index; jmp PLT0
//   direct       jmp *slot
//   direct, IBT  endbr64; jmp *slot
//
// Under IBT the program calls the direct entry (.plt.sec); a slot that is not yet bound leads to the lazy one. GNU ld
// put, in earlier releases, bnd (f2) before these jumps, for MPX.

import { code, put32, putCode } from "../bytes.ts";
import type { PltEntry, PltStyle, PltStyles } from "../machine.ts";

const HEADER = code("ff 35 00000000  ff 25 00000000  0f 1f 40 00");
const ENTRY = code("ff 25 00000000  68 00000000  e9 00000000");
const ENTRY_IBT = code("f3 0f 1e fa  68 00000000  e9 00000000  66 90");
const DIRECT = code("ff 25 00000000  66 90");
const DIRECT_IBT = code("f3 0f 1e fa  ff 25 00000000  66 0f 1f 44 00 00");

/** Stores `target` as the displacement of an instruction whose last four bytes are at `offset` of the code at `address`. */
function putRelative(image: DataView, at: number, address: number, offset: number, target: number): void {
  put32(image, at + offset, target - (address + offset + 4));
}

function writeHeader(image: DataView, at: number, address: number, gotPlt: number): void {
  putCode(image, at, HEADER);
  putRelative(image, at, address, 2, gotPlt + 8);
  putRelative(image, at, address, 8, gotPlt + 16);
}

function writeEntry(image: DataView, { at, address, slot, header, index }: PltEntry): void {
  putCode(image, at, ENTRY);
  putRelative(image, at, address, 2, slot);
  put32(image, at + 7, index);
  putRelative(image, at, address, 12, header);
}

function writeEntryIbt(image: DataView, { at, address, header, index }: PltEntry): void {
  putCode(image, at, ENTRY_IBT);
  put32(image, at + 5, index);
  putRelative(image, at, address, 10, header);
}

function writeDirect(image: DataView, { at, address, slot }: PltEntry): void {
  putCode(image, at, DIRECT);
  putRelative(image, at, address, 2, slot);
}

function writeDirectIbt(image: DataView, { at, address, slot }: PltEntry): void {
  putCode(image, at, DIRECT_IBT);
  putRelative(image, at, address, 6, slot);
}

function noHeader(): void {}

const lazy: PltStyle = { headerBytes: 16, entryBytes: 16, lazyOffset: 6, writeHeader, writeEntry };
const lazyIbt: PltStyle = { headerBytes: 16, entryBytes: 16, lazyOffset: 0, writeHeader, writeEntry: writeEntryIbt };
const direct: PltStyle = {
  headerBytes: 0,
  entryBytes: 8,
  lazyOffset: 0,
  writeHeader: noHeader,
  writeEntry: writeDirect,
};
const directIbt: PltStyle = {
  headerBytes: 0,
  entryBytes: 16,
  lazyOffset: 0,
  writeHeader: noHeader,
  writeEntry: writeDirectIbt,
};

export const X86_64_PLT: PltStyles = { lazy, lazyIbt, direct, directIbt };
