// The procedure linkage table of x86-64, in GNU ld 2.40's bytes.
//
//   PLT0         push GOT[1]; jmp *GOT[2]
//   lazy         jmp *slot; push index; jmp PLT0
//   lazy, IBT    endbr64; push index; jmp PLT0
//   direct       jmp *slot
//   direct, IBT  endbr64; jmp *slot
//   descriptors  endbr64; push GOT[1]; jmp *slot
//
// Under IBT the program calls the direct entry (.plt.sec); a slot that is not yet bound leads to the lazy one. GNU ld
// put, in earlier releases, bnd (f2) before these jumps, for MPX.

import { code, put32, putCode } from "../bytes.ts";
import type { PltEntry, PltStyle, PltStyles, TlsDescriptorEntry } from "../machine.ts";

const HEADER = code("ff 35 00000000  ff 25 00000000  0f 1f 40 00");
const ENTRY = code("ff 25 00000000  68 00000000  e9 00000000");
const ENTRY_IBT = code("f3 0f 1e fa  68 00000000  e9 00000000  66 90");
const DIRECT = code("ff 25 00000000  66 90");
const DIRECT_IBT = code("f3 0f 1e fa  ff 25 00000000  66 0f 1f 44 00 00");
const TLS_DESCRIPTOR = code("f3 0f 1e fa  ff 35 00000000  ff 25 00000000");

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

// Version 1, "zR", code in units of 1 byte, data of -8, pc-relative addresses: on entry the CFA is the stack pointer plus a
// word, under which the return address is.
const CIE = code("14000000 00000000 01 7a5200 01 78 10 01 1b  0c 07 08  90 01  00 00");
// PLT0 begins with what an entry has pushed on the stack, and pushes another word by its byte 6; behind byte 16 the CFA is
// sp + word + (word if pc & 15 >= the end of the entry's push). As bfd has it, in DW_OP_*: breg sp, breg pc, lit15, and,
// lit11 (lit9 under IBT), ge, lit3, shl, plus.
const UNWIND = code("0e 10  46  0e 18  4a  0f 0b 77 08 80 00 3f 1a 3b 2a 33 24 22");
const UNWIND_IBT = code("0e 10  46  0e 18  4a  0f 0b 77 08 80 00 3f 1a 39 2a 33 24 22");
const NO_UNWIND = code("");

const lazy: PltStyle = { headerBytes: 16, entryBytes: 16, lazyOffset: 6, unwind: UNWIND, writeHeader, writeEntry };
const lazyIbt: PltStyle = {
  headerBytes: 16,
  entryBytes: 16,
  lazyOffset: 0,
  unwind: UNWIND_IBT,
  writeHeader,
  writeEntry: writeEntryIbt,
};
const direct: PltStyle = {
  headerBytes: 0,
  entryBytes: 8,
  lazyOffset: 0,
  unwind: NO_UNWIND,
  writeHeader: noHeader,
  writeEntry: writeDirect,
};
const directIbt: PltStyle = {
  headerBytes: 0,
  entryBytes: 16,
  lazyOffset: 0,
  unwind: NO_UNWIND,
  writeHeader: noHeader,
  writeEntry: writeDirectIbt,
};

const tlsDescriptor: TlsDescriptorEntry = {
  bytes: 16,
  write: (image, at, address, gotPlt, slot) => {
    putCode(image, at, TLS_DESCRIPTOR);
    putRelative(image, at, address, 6, gotPlt + 8);
    putRelative(image, at, address, 12, slot);
  },
};

export const X86_64_PLT: PltStyles = {
  lazy,
  lazyIbt,
  direct,
  directIbt,
  needsGotRegister: false,
  tlsDescriptor,
  cie: CIE,
};
