// What a dynamic linker does for a relocation, in terms that all machines share. A machine's record says which of its types
// mean what (glibc's sysdeps/MACHINE/dl-machine.h, `elf_machine_rel(a)` and `elf_machine_type_class`; musl's arch/MACHINE/reloc.h).

/** "unexpected reloc type": types without a row, also where the psABI has a meaning for them. */
export const DO_REFUSE = 0;
export const DO_NOTHING = 1;
/** B + A */
export const DO_RELATIVE = 2;
/** S: a slot of the GOT or of the PLT. What the field held is lost. */
export const DO_SLOT = 3;
/** S + A, a word of the machine. */
export const DO_WORD = 4;
/** S + A, 32 bits on 64-bit machines. */
export const DO_WORD32 = 5;
/** S + A - P, 32 bits. */
export const DO_PC32 = 6;
export const DO_COPY = 7;
/** Module number. */
export const DO_MODULE = 8;
/** Offset in the module's block, less `TlsFacts.dtpBias`. */
export const DO_BLOCK_OFFSET = 9;
/** Offset from the thread pointer; negative in TLS variant II. */
export const DO_TP_OFFSET = 10;
/** The same, negated: i386 subtracts it. */
export const DO_TP_OFFSET_NEGATED = 11;
/** Two words: a function and its argument. */
export const DO_DESCRIPTOR = 12;
/** st_size + A */
export const DO_SIZE = 13;
export const DO_SIZE32 = 14;
/** What the function at B + A returns. */
export const DO_INDIRECT = 15;
/** As DO_BLOCK_OFFSET without A: what the field held is lost. */
export const DO_BLOCK_OFFSET_ALONE = 16;
/** S + A: a slot of the GOT or of the PLT, on machines that add the addend there too. */
export const DO_SLOT_ADDEND = 17;
/** S + A; 0, without A, where a weak symbol is not defined. */
export const DO_WORD_DEFINED = 18;
/** S + A, and what lies between the function's global and its local entry if it is the object's own (ppc64). */
export const DO_JUMP = 19;
/**
 * Of a pair for __tls_get_addr_opt (ppc64, PPC64_OPT_TLS): 0 and the block's offset from the thread pointer where that is fixed;
 * otherwise DO_MODULE.
 */
export const DO_MODULE_OR_STATIC = 20;
/** The second word of that pair, which it is added to. */
export const DO_BLOCK_OFFSET_OR_STATIC = 21;
/** S + A - P, a word of the machine. */
export const DO_PC = 22;
// Parts of words, in code that was not made to be shared (text relocations of s390x).
/** S + A, 16 and 8 bits. */
export const DO_WORD16 = 23;
export const DO_BYTE = 24;
/** S + A - P, 16 bits. */
export const DO_PC16 = 25;
/** S + A - P in halfwords, 32 and 16 bits. */
export const DO_PC32_HALVED = 26;
export const DO_PC16_HALVED = 27;
// Bits of instructions, written by the machine's own rule (`LoaderRecord.instructions`).
/** S + A. */
export const DO_INSTRUCTION = 28;
/** The offset from the thread pointer. */
export const DO_INSTRUCTION_TP = 29;

/** Behind the last of them. */
export const KIND_COUNT = 30;

/** Reference from a PLT or of TLS: an undefined symbol with a value (a PLT entry of the program) is no definition. */
export const CLASS_PLT = 1;
/** Reference of R_*_COPY: the program itself is passed over. */
export const CLASS_COPY = 2;
/** GOT entry, in loaders that let the program's copy of protected data count (ELF_RTYPE_CLASS_EXTERN_PROTECTED_DATA). */
export const CLASS_SLOT = 4;

/**
 * A column by relocation type. All columns of a machine have one size: at least 256, what an ELF32 relocation can say, and one
 * more than its highest type. The last place stands for all types beyond, and is 0.
 */
export function typeColumn(rows: readonly (readonly [type: number, value: number])[], size: number = 256): Uint8Array {
  const column = new Uint8Array(size);
  for (const [type, value] of rows) column[type] = value;
  return column;
}

/** 1 for these types. */
export function typeSet(types: readonly number[], size: number = 256): Uint8Array {
  return typeColumn(
    types.map((type) => [type, 1]),
    size,
  );
}

/** The column with some types refused (0). */
export function without(column: Uint8Array, types: readonly number[]): Uint8Array {
  const left = column.slice();
  for (const type of types) left[type] = 0;
  return left;
}
