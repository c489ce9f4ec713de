// The vocabulary of the relocation tables. One row a relocation type, read by the linker (applies it), the loader
// (applies it to memory) and the explainer (prints the formula with the numbers filled in).

/** What a relocation computes, in the letters of the psABIs: S symbol, A addend, P place, G GOT slot, L PLT entry, … */
export const EXPRESSION_NONE = 0;
/** S + A */
export const EXPRESSION_ABSOLUTE = 1;
/** S + A - P */
export const EXPRESSION_PC = 2;
/** L + A - P: the row of a call. */
export const EXPRESSION_PLT_PC = 3;
/** G + A: offset of the GOT slot from the GOT base (i386: the address of the slot when there is no base register) */
export const EXPRESSION_GOT_OFFSET = 4;
/** G + GOT + A - P */
export const EXPRESSION_GOT_PC = 5;
/** S + A - GOT */
export const EXPRESSION_GOT_RELATIVE = 6;
/** GOT + A - P */
export const EXPRESSION_GOT_BASE_PC = 7;
/** L + A - GOT */
export const EXPRESSION_PLT_GOT_RELATIVE = 8;
/** Z + A */
export const EXPRESSION_SIZE = 9;
/** General dynamic: PC-relative address of the {module, offset} pair (x86-64). */
export const EXPRESSION_TLS_GD_PC = 10;
/** General dynamic: offset of the pair from the GOT base (i386). */
export const EXPRESSION_TLS_GD_GOT = 11;
/** Local dynamic: PC-relative address of the module's pair (x86-64). */
export const EXPRESSION_TLS_LD_PC = 12;
/** Local dynamic: offset of the module's pair from the GOT base (i386). */
export const EXPRESSION_TLS_LD_GOT = 13;
/** Offset of the variable in its module's TLS block. */
export const EXPRESSION_TLS_DTPOFF = 14;
/** Initial exec: PC-relative address of the slot that holds the TP offset (x86-64). */
export const EXPRESSION_TLS_IE_PC = 15;
/** Initial exec: absolute address of the slot (i386 R_386_TLS_IE). */
export const EXPRESSION_TLS_IE_ABSOLUTE = 16;
/** Initial exec: offset of the slot from the GOT base (i386 R_386_TLS_GOTIE). */
export const EXPRESSION_TLS_IE_GOT = 17;
/** Local exec: S + A - TP: negative in TLS variant II, positive in variant I. */
export const EXPRESSION_TLS_TPOFF = 18;
/** Local exec, negated: TP - S (i386 R_386_TLS_LE_32). */
export const EXPRESSION_TLS_TPOFF_NEGATED = 19;
/** TLS descriptor: PC-relative address of the descriptor (x86-64). */
export const EXPRESSION_TLS_DESC_PC = 20;
/** TLS descriptor: offset of the descriptor from the GOT base (i386). */
export const EXPRESSION_TLS_DESC_GOT = 21;
/** Marks the call through a descriptor; nothing is stored. */
export const EXPRESSION_TLS_DESC_CALL = 22;
/** Only the dynamic linker applies it (COPY, GLOB_DAT, JUMP_SLOT, RELATIVE, DTPMOD, IRELATIVE, …). */
export const EXPRESSION_DYNAMIC = 23;
/** L + A: the absolute address of the PLT entry (R_386_32PLT). */
export const EXPRESSION_PLT_ABSOLUTE = 24;
/** Initial exec: offset from the GOT base of a slot that holds the negated offset, TP - S (R_386_TLS_IE_32). */
export const EXPRESSION_TLS_IE_GOT_NEGATED = 25;
/** The psABI names it, no Linux tool emits it and GNU ld refuses it (Sun's TLS sequences, RELATIVE64 in an object). */
export const EXPRESSION_UNSUPPORTED = 26;

// Of machines whose instructions hold parts of an address. "Low" is the value whose low bits the field takes; what it means
// is said by another relocation's high part, so that position-independent code may have it. Up to 63; from 64 on is TLS.

/** Page(S + A) - Page(P), pages of 4 KiB whatever the system's are. */
export const EXPRESSION_PAGE_PC = 27;
/** S + A, low bits. */
export const EXPRESSION_LOW = 28;
/** Page(G + GOT + A) - Page(P) */
export const EXPRESSION_GOT_PAGE_PC = 29;
/** G + GOT + A, low bits. */
export const EXPRESSION_GOT_LOW = 30;
/** G + GOT + A - Page(GOT) */
export const EXPRESSION_GOT_PAGE_OFFSET = 31;
/** G + GOT + A: the slot's address. */
export const EXPRESSION_GOT_ABSOLUTE = 32;
/** Low bits of what the relocation computes that stands at the symbol: PCREL_LO12's symbol is a label on its HI20. */
export const EXPRESSION_PAIR_LOW = 33;
/** The field + S + A, for differences that only the linker knows (relaxed code). Never left to the dynamic linker. */
export const EXPRESSION_FIELD_ADD = 34;
/** The field - S - A */
export const EXPRESSION_FIELD_SUB = 35;
/** S + A as the first half of such a difference. */
export const EXPRESSION_FIELD_SET = 36;
/** The bytes of NOPs that stand there, as many of which stay as alignment wants. */
export const EXPRESSION_ALIGN = 37;
/** The instruction there, or the relocation before at the same place, may be relaxed; nothing is stored. */
export const EXPRESSION_RELAX = 38;
/** S + A - GP: from the register that code keeps for small data. */
export const EXPRESSION_GP_RELATIVE = 39;
/** GOT + A: the value of the register that code keeps for the GOT (the TOC pointer). */
export const EXPRESSION_GOT_BASE = 40;
/** Pushes on a stack of the linker's, or changes its top; a later relocation at the same place takes the value (LoongArch). */
export const EXPRESSION_STACK_OPERATION = 41;
/** Takes the value from that stack. */
export const EXPRESSION_STACK_POP = 42;
/** S + A + what lies between a function's global and its local entry (ppc64). */
export const EXPRESSION_LOCAL_ENTRY = 43;
/** S + A - start of the output section that S is in. */
export const EXPRESSION_SECTION_OFFSET = 44;
/** S - A: between other types that one relocation names, of which each takes as addend what the one before computes. */
export const EXPRESSION_DIFFERENCE = 45;

/** The same for thread-local storage: Page of the address of the pair, slot or descriptor, less Page(P); and its low bits. */
export const EXPRESSION_TLS_GD_PAGE_PC = 64;
export const EXPRESSION_TLS_GD_LOW = 65;
export const EXPRESSION_TLS_LD_PAGE_PC = 66;
export const EXPRESSION_TLS_LD_LOW = 67;
export const EXPRESSION_TLS_IE_PAGE_PC = 68;
export const EXPRESSION_TLS_IE_LOW = 69;
export const EXPRESSION_TLS_DESC_PAGE_PC = 70;
export const EXPRESSION_TLS_DESC_LOW = 71;
/** Offset from the GOT base, and PC-relative address, of a slot that holds the offset in the module's block (ppc64). */
export const EXPRESSION_TLS_DTPOFF_SLOT_GOT = 72;
export const EXPRESSION_TLS_DTPOFF_SLOT_PC = 73;

/** About thread-local storage: by the numbers above, so that a loop can ask it of every relocation. */
export function isTlsExpression(kind: number): boolean {
  return (
    kind >= EXPRESSION_TLS_GD_PC &&
    (kind <= EXPRESSION_TLS_DESC_CALL || kind === EXPRESSION_TLS_IE_GOT_NEGATED || kind >= EXPRESSION_TLS_GD_PAGE_PC)
  );
}

/** How a value that does not fit its field is judged. */
export const OVERFLOW_NONE = 0;
/** Must fit as a signed number. */
export const OVERFLOW_SIGNED = 1;
/** Must fit as an unsigned number. */
export const OVERFLOW_UNSIGNED = 2;
/**
 * The bits above the field must be all clear or all set: -2^n to 2^n - 1 for n bits. BFD's "bitfield", which is one bit
 * wider than "signed or unsigned" because it lets an address wrap.
 */
export const OVERFLOW_EITHER = 3;
/** Must fit as a signed or as an unsigned number: -2^(n-1) to 2^n - 1 for n bits. */
export const OVERFLOW_ANY_SIGN = 4;

/**
 * What a relocation changes, in the column `field`: a number of this size, or more in the machine's own terms. Fields of
 * 1, 2, 4 and 8 bytes are whole numbers in the file's byte order; from FIRST_FORM on they are bits of an instruction
 * (`InstructionFields.forms`).
 */
export const FIRST_FORM = 9;

export interface RelocationType {
  readonly number: number;
  /** The psABI's name, e.g. `R_X86_64_PC32`. */
  readonly name: string;
  /** One of EXPRESSION_*. */
  readonly expression: number;
  /** 0, 1, 2, 4, 8, or from FIRST_FORM on an instruction's. */
  readonly field: number;
  /** How many bytes it lies in: those of the number or of the instructions. */
  readonly bytes: number;
  /** One of OVERFLOW_*. */
  readonly overflow: number;
  /** The psABI's formula, e.g. `S + A - P`; see explain/dump/formula.ts for what it may hold. */
  readonly formula: string;
}

/** The rows by number, and the same facts as columns for loops that run a million times. */
export interface RelocationTable {
  /** Undefined where the psABI defines no such type. As long as the columns: the highest number and one, at least 256. */
  readonly types: readonly (RelocationType | undefined)[];
  readonly expression: Uint8Array;
  readonly field: Uint8Array;
  readonly bytes: Uint8Array;
  readonly overflow: Uint8Array;
  /** 1 where the psABI defines the type. `known[type] !== 1` holds for every number that is none. */
  readonly known: Uint8Array;
}
