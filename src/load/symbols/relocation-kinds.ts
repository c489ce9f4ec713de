// What the dynamic linker does for each relocation type: glibc's sysdeps/x86_64/dl-machine.h and sysdeps/i386/dl-machine.h,
// `elf_machine_rel(a)`. A type that has no row is "unexpected reloc type 0x..", also where the psABI has a meaning for it.

import {
  R_386_32,
  R_386_COPY,
  R_386_GLOB_DAT,
  R_386_IRELATIVE,
  R_386_JUMP_SLOT,
  R_386_NONE,
  R_386_PC32,
  R_386_RELATIVE,
  R_386_SIZE32,
  R_386_TLS_DESC,
  R_386_TLS_DTPMOD32,
  R_386_TLS_DTPOFF32,
  R_386_TLS_TPOFF,
  R_386_TLS_TPOFF32,
} from "../../arch/i386/relocations.ts";
import {
  R_X86_64_32,
  R_X86_64_64,
  R_X86_64_COPY,
  R_X86_64_DTPMOD64,
  R_X86_64_DTPOFF64,
  R_X86_64_GLOB_DAT,
  R_X86_64_IRELATIVE,
  R_X86_64_JUMP_SLOT,
  R_X86_64_NONE,
  R_X86_64_PC32,
  R_X86_64_RELATIVE,
  R_X86_64_SIZE32,
  R_X86_64_SIZE64,
  R_X86_64_TLSDESC,
  R_X86_64_TPOFF64,
} from "../../arch/x86_64/relocations.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { plainTypes } from "../file/file-relocations.ts";
import type { LoaderMachine, LoaderProfile } from "../settings/contract.ts";

/** "unexpected reloc type". */
export const DO_REFUSE = 0;
export const DO_NOTHING = 1;
/** B + A */
export const DO_RELATIVE = 2;
/** S: a slot of the GOT or of the PLT. */
export const DO_SLOT = 3;
/** S + A, a word of the machine. */
export const DO_WORD = 4;
/** S + A, 32 bits on x86-64. */
export const DO_WORD32 = 5;
/** S + A - P, 32 bits. */
export const DO_PC32 = 6;
export const DO_COPY = 7;
/** Module number. */
export const DO_MODULE = 8;
/** Offset in the module's block. */
export const DO_BLOCK_OFFSET = 9;
/** Offset from the thread pointer, negative. */
export const DO_TP_OFFSET = 10;
/** The same, positive: i386 subtracts it. */
export const DO_TP_OFFSET_NEGATED = 11;
/** Two words: a function and its argument. */
export const DO_DESCRIPTOR = 12;
/** st_size + A */
export const DO_SIZE = 13;
export const DO_SIZE32 = 14;
/** What the function at B + A returns. */
export const DO_INDIRECT = 15;

function table(rows: readonly (readonly [type: number, kind: number])[]): Uint8Array {
  const kinds = new Uint8Array(256);
  for (const [type, kind] of rows) kinds[type] = kind;
  return kinds;
}

/** DO_* by relocation type. */
export const RELOCATION_KINDS: Readonly<Record<LoaderMachine, Uint8Array>> = {
  "x86-64": table([
    [R_X86_64_NONE, DO_NOTHING],
    [R_X86_64_RELATIVE, DO_RELATIVE],
    [R_X86_64_GLOB_DAT, DO_SLOT],
    [R_X86_64_JUMP_SLOT, DO_SLOT],
    [R_X86_64_64, DO_WORD],
    [R_X86_64_32, DO_WORD32],
    [R_X86_64_PC32, DO_PC32],
    [R_X86_64_COPY, DO_COPY],
    [R_X86_64_DTPMOD64, DO_MODULE],
    [R_X86_64_DTPOFF64, DO_BLOCK_OFFSET],
    [R_X86_64_TPOFF64, DO_TP_OFFSET],
    [R_X86_64_TLSDESC, DO_DESCRIPTOR],
    [R_X86_64_SIZE64, DO_SIZE],
    [R_X86_64_SIZE32, DO_SIZE32],
    [R_X86_64_IRELATIVE, DO_INDIRECT],
  ]),
  i386: table([
    [R_386_NONE, DO_NOTHING],
    [R_386_RELATIVE, DO_RELATIVE],
    [R_386_GLOB_DAT, DO_SLOT],
    [R_386_JUMP_SLOT, DO_SLOT],
    [R_386_32, DO_WORD],
    [R_386_PC32, DO_PC32],
    [R_386_COPY, DO_COPY],
    [R_386_TLS_DTPMOD32, DO_MODULE],
    [R_386_TLS_DTPOFF32, DO_BLOCK_OFFSET],
    [R_386_TLS_TPOFF, DO_TP_OFFSET],
    [R_386_TLS_TPOFF32, DO_TP_OFFSET_NEGATED],
    [R_386_TLS_DESC, DO_DESCRIPTOR],
    [R_386_SIZE32, DO_SIZE],
    [R_386_IRELATIVE, DO_INDIRECT],
  ]),
};

/**
 * What musl knows (arch/x86_64/reloc.h and arch/i386/reloc.h): the same, but for IFUNCs, sizes and 32 bits on x86-64. The rest is
 * "unsupported relocation type", also where it names no symbol.
 */
const MUSL_KINDS: Readonly<Record<LoaderMachine, Uint8Array>> = {
  "x86-64": without(RELOCATION_KINDS["x86-64"], [R_X86_64_32, R_X86_64_SIZE64, R_X86_64_SIZE32, R_X86_64_IRELATIVE]),
  i386: without(RELOCATION_KINDS.i386, [R_386_SIZE32, R_386_IRELATIVE]),
};

function without(kinds: Uint8Array, types: readonly number[]): Uint8Array {
  return types.reduce((left, type) => left.with(type, DO_REFUSE), kinds);
}

/** DO_* by relocation type, for the loader of a C library. */
export function relocationKinds(library: LoaderProfile["library"], machine: LoaderMachine): Uint8Array {
  return library === "musl" ? MUSL_KINDS[machine] : RELOCATION_KINDS[machine];
}

/**
 * The relocation types of a file that musl refuses, one for each relocation, in the order of the file.
 * @param named also those of relocations that name a symbol, which binding comes upon by itself
 */
export function refusedByMusl({ elf, ranges }: DynamicFile, machine: LoaderMachine, named: boolean): number[] {
  const wide = elf.elfClass === 64;
  const kinds = MUSL_KINDS[machine];
  const plain = plainTypes(elf.header.machine);
  const refused: number[] = [];
  for (const { start, end, entry } of ranges) {
    for (let at = start; at < end; at += entry) {
      const info = elf.view.getUint32(at + (wide ? 8 : 4), true);
      const type = wide ? info : info & 255;
      if (kinds[Math.min(type, 255)] === DO_REFUSE && (named || plain[Math.min(type, 255)] === 1)) refused.push(type);
    }
  }
  return refused;
}
