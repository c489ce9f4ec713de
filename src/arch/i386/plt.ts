// The procedure linkage table of i386, in GNU ld 2.40's bytes. i386 cannot address relative to the program counter:
// position-dependent code names the slot's address, position-independent code its offset from %ebx, which the caller has
// set to _GLOBAL_OFFSET_TABLE_.
//
//              position-dependent                      position-independent
//   lazy PLT0  push GOT[1]; jmp *GOT[2]                push 4(%ebx); jmp *8(%ebx)
//   lazy       jmp *slot; push offset; jmp PLT0        jmp *slot@GOT(%ebx); push offset; jmp PLT0
//   lazy, IBT  endbr32; push offset; jmp PLT0          the same
//   direct     jmp *slot                               jmp *slot@GOT(%ebx)
//
// What is pushed is the byte offset of the relocation in .rel.plt, eight bytes each.

import { code, put32, putCode } from "../bytes.ts";
import type { PltEntry, PltStyle, PltStyles } from "../machine.ts";

const REL_BYTES = 8;

// The last four bytes of a header of the plain kind are zeros, of the IBT kind a NOP.
const HEADER = code("ff 35 00000000  ff 25 00000000  00000000");
const HEADER_PIC = code("ff b3 04000000  ff a3 08000000  00000000");
const HEADER_IBT = code("ff 35 00000000  ff 25 00000000  0f 1f 40 00");
const HEADER_IBT_PIC = code("ff b3 04000000  ff a3 08000000  0f 1f 40 00");
const ENTRY = code("ff 25 00000000  68 00000000  e9 00000000");
const ENTRY_PIC = code("ff a3 00000000  68 00000000  e9 00000000");
const ENTRY_IBT = code("f3 0f 1e fb  68 00000000  e9 00000000  66 90");
const DIRECT = code("ff 25 00000000  66 90");
const DIRECT_PIC = code("ff a3 00000000  66 90");
const DIRECT_IBT = code("f3 0f 1e fb  ff 25 00000000  66 0f 1f 44 00 00");
const DIRECT_IBT_PIC = code("f3 0f 1e fb  ff a3 00000000  66 0f 1f 44 00 00");

function writeHeaderOf(absolute: Uint8Array, independent: Uint8Array): PltStyle["writeHeader"] {
  return (image, at, _address, gotPlt, pic) => {
    putCode(image, at, pic ? independent : absolute);
    if (pic) return;
    put32(image, at + 2, gotPlt + 4);
    put32(image, at + 8, gotPlt + 8);
  };
}

/** The slot as the operand of the jump. */
function operand({ slot, gotBase, pic }: PltEntry): number {
  return pic ? slot - gotBase : slot;
}

/** Stores the jump to PLT0, whose displacement is at `offset` of the entry. */
function putJump(image: DataView, { at, address, header }: PltEntry, offset: number): void {
  put32(image, at + offset, header - (address + offset + 4));
}

function writeEntry(image: DataView, entry: PltEntry): void {
  putCode(image, entry.at, entry.pic ? ENTRY_PIC : ENTRY);
  put32(image, entry.at + 2, operand(entry));
  put32(image, entry.at + 7, entry.index * REL_BYTES);
  putJump(image, entry, 12);
}

function writeEntryIbt(image: DataView, entry: PltEntry): void {
  putCode(image, entry.at, ENTRY_IBT);
  put32(image, entry.at + 5, entry.index * REL_BYTES);
  putJump(image, entry, 10);
}

function writeDirect(image: DataView, entry: PltEntry): void {
  putCode(image, entry.at, entry.pic ? DIRECT_PIC : DIRECT);
  put32(image, entry.at + 2, operand(entry));
}

function writeDirectIbt(image: DataView, entry: PltEntry): void {
  putCode(image, entry.at, entry.pic ? DIRECT_IBT_PIC : DIRECT_IBT);
  put32(image, entry.at + 6, operand(entry));
}

function noHeader(): void {}

// Version 1, "zR", code in units of 1 byte, data of -4, pc-relative addresses: on entry the CFA is the stack pointer plus a
// word, under which the return address is.
const CIE = code("14000000 00000000 01 7a5200 01 7c 08 01 1b  0c 04 04  88 01  00 00");
// PLT0 begins with what an entry has pushed on the stack, and pushes another word by its byte 6; behind byte 16 the CFA is
// sp + word + (word if pc & 15 >= the end of the entry's push). As bfd has it, in DW_OP_*: breg sp, breg pc, lit15, and,
// lit11 (lit9 under IBT), ge, lit2, shl, plus.
const UNWIND = code("0e 08  46  0e 0c  4a  0f 0b 74 04 78 00 3f 1a 3b 2a 32 24 22");
const UNWIND_IBT = code("0e 08  46  0e 0c  4a  0f 0b 74 04 78 00 3f 1a 39 2a 32 24 22");
const NO_UNWIND = code("");

const lazy: PltStyle = {
  headerBytes: 16,
  entryBytes: 16,
  lazyOffset: 6,
  unwind: UNWIND,
  writeHeader: writeHeaderOf(HEADER, HEADER_PIC),
  writeEntry,
};
const lazyIbt: PltStyle = {
  headerBytes: 16,
  entryBytes: 16,
  lazyOffset: 0,
  unwind: UNWIND_IBT,
  writeHeader: writeHeaderOf(HEADER_IBT, HEADER_IBT_PIC),
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

export const I386_PLT: PltStyles = {
  lazy,
  lazyIbt,
  direct,
  directIbt,
  needsGotRegister: true,
  tlsDescriptor: undefined,
  cie: CIE,
};
