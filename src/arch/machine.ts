// What is asked of a machine. Everything that differs between machines is behind three records, in one folder a machine;
// nothing outside arch/ compares machine numbers. `MachineFacts` are the numbers that everybody needs, `MachineTables` what
// explaining and applying relocations needs too, `Machine` all that the linker asks. Programs that only bind carry the first
// only. What the dynamic linker does on a machine is in load/machines/.

import type { InstructionFields } from "./field.ts";
import type { RelocationTable, RelocationType } from "./relocation.ts";

/** Numbers of the relocations that the dynamic linker applies. */
export interface DynamicRelocations {
  /** The word-sized symbolic relocation, S + A (R_X86_64_64, R_386_32). */
  readonly word: number;
  /** The narrower one that the dynamic linker also applies (R_X86_64_32); 0 where there is none. */
  readonly narrow: number;
  readonly copy: number;
  readonly globDat: number;
  readonly jumpSlot: number;
  readonly relative: number;
  readonly irelative: number;
  readonly dtpmod: number;
  readonly dtpoff: number;
  readonly tpoff: number;
  /** The slot of EXPRESSION_TLS_IE_GOT_NEGATED (R_386_TLS_TPOFF32); 0 where there is none. */
  readonly tpoffNegated: number;
  readonly tlsdesc: number;
}

/** Where a PLT entry finds what it needs. All addresses are virtual. */
export interface PltEntry {
  /** File offset in the image of the first byte to write. */
  readonly at: number;
  /** Address of the entry. */
  readonly address: number;
  /** Address of the GOT slot it jumps through. */
  readonly slot: number;
  /** Address of the PLT header (PLT0). */
  readonly header: number;
  /** `_GLOBAL_OFFSET_TABLE_`: what i386 position-independent code has in %ebx. */
  readonly gotBase: number;
  /** Number of the entry's relocation in .rel(a).plt; the machine turns it into what the entry pushes. */
  readonly index: number;
  /** Position-independent output: i386 has different entries for it. */
  readonly pic: boolean;
}

/** One kind of PLT. `writeEntry` fills exactly `entryBytes` bytes. */
export interface PltStyle {
  /** Bytes of the header, 0 when there is none. */
  readonly headerBytes: number;
  readonly entryBytes: number;
  /** A slot that is not yet bound points this many bytes into its entry in the lazy table. The direct styles have 0. */
  readonly lazyOffset: number;
  /** DW_CFA_* instructions for all of the entries, header included; none where the CIE's hold throughout. */
  readonly unwind: Uint8Array;
  /** `gotPlt` is the address of .got.plt: PLT0 pushes its word 1 and jumps through word 2. */
  writeHeader(image: DataView, at: number, address: number, gotPlt: number, pic: boolean): void;
  writeEntry(image: DataView, entry: PltEntry): void;
}

/** Calls the dynamic linker for a descriptor, through a word that DT_TLSDESC_GOT names. */
export interface TlsDescriptorEntry {
  readonly bytes: number;
  write(image: DataView, at: number, address: number, gotPlt: number, slot: number): void;
}

export interface PltStyles {
  /** `.plt` that binds lazily. */
  readonly lazy: PltStyle;
  /** `.plt` under `-z ibtplt`: pushes and jumps to PLT0; calls go to the entry of the same index in `.plt.sec`. */
  readonly lazyIbt: PltStyle;
  /** `.plt.got` (and `.iplt`-like uses without lazy binding): one indirect jump, no header. */
  readonly direct: PltStyle;
  /** `.plt.sec`, and `.plt.got` under `-z ibtplt`: endbr and one indirect jump. */
  readonly directIbt: PltStyle;
  /** Position-independent entries find the GOT in a register, which must be set up before they are called (i386: %ebx). */
  readonly needsGotRegister: boolean;
  /** What binds TLS descriptors lazily, at the end of .plt: DT_TLSDESC_PLT; undefined where they are bound when loaded. */
  readonly tlsDescriptor: TlsDescriptorEntry | undefined;
  /** The CIE of the PLT's unwind information, for FDEs with 4-byte pc-relative addresses. Whole words long. */
  readonly cie: Uint8Array;
}

/** No cheaper instruction: keep the load from the GOT. */
export const RELAX_NONE = 0;

/** The relocation that stands for a rewritten load from the GOT. */
export interface RelaxedRelocation {
  readonly type: number;
  readonly addend: number;
  /** From the old field to the new one, in bytes. */
  readonly shift: number;
}

/** A call of which one byte is left over when it no longer goes through memory: what fills it, in front or behind. */
export interface CallPadding {
  readonly byte: number;
  readonly behind: boolean;
}

/** An address-size prefix, which does nothing before a call: one instruction as before. */
export const CALL_PADDING: CallPadding = { byte: 0x67, behind: false };

/** A TLS access as compiled cannot be rewritten here: the bytes are not the sequence that the psABI prescribes. */
export const TLS_UNKNOWN = 0;
/** Keep the model. */
export const TLS_KEEP = 1;
/** Rewrite to initial exec: the offset from TP is loaded from a GOT slot. */
export const TLS_TO_INITIAL_EXEC = 2;
/** Rewrite to local exec: the offset from TP is a constant of the link. */
export const TLS_TO_LOCAL_EXEC = 3;
/** The same as TLS_TO_INITIAL_EXEC from a slot that holds the negative (i386, R_386_TLS_TPOFF32). */
export const TLS_TO_INITIAL_EXEC_NEGATED = 4;

/** Where thread-local storage lies (Drepper, "ELF Handling For Thread-Local Storage"; psABIs). */
export interface TlsFacts {
  /** I: blocks lie above the thread pointer, the program's first. II: below it, the program's nearest. */
  readonly variant: 1 | 2;
  /** Variant I: bytes between the thread pointer (less `tpBias`) and where the first block may begin (16, 8, 0). */
  readonly tcbBytes: number;
  /** The thread pointer's register is so far behind where offsets count from, so that signed ones reach more (0x7000). */
  readonly tpBias: number;
  /** So much less is stored as an offset in a module's block; __tls_get_addr adds it (0x800, 0x8000). */
  readonly dtpBias: number;
}

/** The numbers of a machine. */
export interface MachineFacts {
  /** As users say it: `x86-64`. */
  readonly name: string;
  /** e_machine. */
  readonly elfMachine: number;
  readonly elfClass: 32 | 64;
  readonly littleEndian: boolean;
  /** Relocations carry their addend (RELA); otherwise it is in the field (REL). */
  readonly rela: boolean;
  readonly wordBytes: 4 | 8;
  readonly dynamic: DynamicRelocations;
  readonly tls: TlsFacts;
}

/** How branches get from one instruction set to another, where a processor has two (arm). Targets are odd in one of them. */
export interface InterworkRules {
  /** Can the branch go to the address itself, if it reaches that? Others stay in their instruction set. */
  goes(code: DataView, at: number, type: number, target: number): boolean;
  /** Makes the branch one that goes on in the target's instruction set. */
  exchange(code: DataView, at: number, type: number, target: number): void;
  /** Where such a branch enters an entry of the PLT, which has a way in for each set; 0 for the address that data has. */
  entryFor(type: number, entry: number): number;
  /** P, as the branch counts from it. */
  place(type: number, target: number, place: number): number;
}

/** What placing objects without a link needs (load/relocatable). */
export interface ObjectRules {
  readonly interwork?: InterworkRules;
  /** One indirect jump through a word of the GOT: calls go there that do not reach, and to IFUNCs. */
  readonly entry: Pick<PltStyle, "entryBytes" | "writeEntry">;
  /** As `Machine.gotWithoutBase`. */
  gotWithoutBase(code: Uint8Array, at: number, type: number): boolean;
  /**
   * Makes of a call what the psABI has for weak functions that nobody defines: it goes on behind, or to 0.
   * @returns false if the type is no such call
   */
  callNothing?(code: DataView, at: number, type: number): boolean;
  /** Where TLS descriptors are called through code that the linker makes, and have their function behind its argument. */
  readonly descriptorCalls?: DescriptorCallRules;
  /** Distances to a weak symbol that nobody defines are as if it were at the place itself. */
  readonly weakAtPlace?: true;
  /** Fills with instructions that do nothing, where EXPRESSION_ALIGN counts on it. */
  fillNops?(code: Uint8Array, at: number, bytes: number): void;
}

export interface DescriptorCallRules {
  /** That code, which is as long as an entry of the PLT, and entered as one. */
  writeEntry(image: DataView, at: number): void;
  /** The addend of a call, whatever its field holds: what its instruction counts from. Undefined for a type that is no such call. */
  addendOf(type: number): number | undefined;
  /** What the offset of a descriptor is less, by the instruction that it is for: its addend tells how far that is before it. */
  adjustment(code: DataView, at: number, addend: number): number;
}

/** What reading and explaining need of a machine. */
export interface MachineTables extends MachineFacts {
  readonly relocations: RelocationTable;
  /** The row that stands for several types in one number (MIPS n64); undefined if it is no such number. */
  composed?(number: number): RelocationType | undefined;
  /** Undefined where all fields are whole numbers. */
  readonly instructions?: InstructionFields;
  /** Undefined where objects cannot be placed without a link. */
  readonly objects?: ObjectRules;
  /** The psABI's names for bits of e_flags, EF_* without the prefix; undefined where there are none. */
  flagNames?(flags: number): readonly string[];
}

/** What the linker needs too. */
export interface Machine extends MachineTables {
  readonly objects: ObjectRules;
  readonly name: "x86-64" | "i386";
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  /** Where a position-dependent executable starts by default. */
  readonly textSegment: number;
  /** Default PT_INTERP. */
  readonly interpreter: string;
  /** BFD's names for it: what OUTPUT_FORMAT and -m say. */
  readonly bfdName: string;
  readonly emulation: string;
  /** Section flag of what may be further away than a 32-bit displacement reaches; 0 where there is no such thing. */
  readonly largeFlag: number;
  readonly plt: PltStyles;
  /** Filling for gaps in code sections (NOP), written `count` bytes from `at`. */
  fillCode(image: Uint8Array, at: number, count: number): void;

  /**
   * Does a GOT reference (EXPRESSION_GOT_OFFSET) that is kept name the slot by its address, for want of a base register?
   * Then the value is G + GOT + A, and position-independent output must refuse it. Always false on x86-64.
   */
  gotWithoutBase(code: Uint8Array, at: number, type: number): boolean;

  /**
   * Which cheaper instruction can replace a load from the GOT, or RELAX_NONE. Asked once, when relocations are scanned,
   * for a symbol that is defined in the output and cannot be preempted, or weak and resolved to 0; not for an IFUNC, not
   * for `_DYNAMIC`, not for a symbol in an SHF_X86_64_LARGE section, and not where `keepsGotLoad`.
   * @param code the section's bytes  @param at offset of the relocated field in `code`
   * @param addend the relocation's; for REL the field's contents  @param type relocation type
   * @param pic the output is position-independent (no immediate that moves with it)
   * @param absolute the address does not move with the output: SHN_ABS, or weak and undefined (0). It must fit 32 bits.
   * @returns RELAX_NONE, or a positive code that `writeRelaxedGotLoad` understands
   */
  relaxGotLoad(code: Uint8Array, at: number, addend: number, type: number, pic: boolean, absolute?: boolean): number;
  /**
   * Does a load stay one though it could be rewritten? Under --no-relax, which BFD asks for on x86-64 only, and not of loads
   * of a weak symbol's 0; and what compares with or adds a number in position-independent output (measured; ld 2.40).
   * @param code @param at as for `relaxGotLoad`  @param asked without --no-relax
   * @param zero a weak symbol that nothing defines  @param number of an absolute symbol, in position-independent output
   */
  keepsGotLoad(code: Uint8Array, at: number, asked: boolean, zero: boolean, number: boolean): boolean;
  /**
   * Can the rewritten instruction hold a number as address? Of forms that hold the distance: from code where programs have it.
   * @param code @param at @param relaxation as for `relaxGotLoad`, and what it returned  @param value S
   */
  relaxedLoadHolds(code: Uint8Array, at: number, relaxation: number, value: number): boolean;
  /**
   * Rewrites the instruction in the image.
   * @param at offset of the field in `image`  @param relaxation what `relaxGotLoad` returned
   * @param symbol S  @param place address of the field  @param gotBase `_GLOBAL_OFFSET_TABLE_` (i386 uses it)
   * @param padding of calls; default: CALL_PADDING
   * @returns false if the value does not fit the rewritten instruction
   */
  writeRelaxedGotLoad(
    image: DataView,
    at: number,
    relaxation: number,
    symbol: number,
    place: number,
    gotBase: number,
    padding?: CallPadding,
  ): boolean;

  /**
   * What `--emit-relocs` keeps of a rewritten load. Parameters as for `relaxGotLoad`, and what it returned.
   */
  relaxedRelocation(code: Uint8Array, at: number, relaxation: number, padding?: CallPadding): RelaxedRelocation;

  /**
   * Can the TLS access at `at` be rewritten to `target` (TLS_TO_*)? Checks the bytes of the sequence and, for GD and LD,
   * that the relocation that follows is the call of __tls_get_addr.
   * @param nextType type of the following relocation, or 0  @param nextAt its offset in `code`
   * @returns `target`; TLS_KEEP where this type needs no rewrite for `target`, or is an initial exec access whose
   *          instruction has no cheaper form (its slot is still needed); or TLS_UNKNOWN
   */
  checkTls(code: Uint8Array, at: number, type: number, target: number, nextType: number, nextAt: number): number;
  /**
   * Rewrites a TLS access in the image. The bytes of the sequence must be as in the input, the call included.
   * @param value TLS_TO_LOCAL_EXEC: the symbol's offset from TP (negative), or for local dynamic 0;
   *              TLS_TO_INITIAL_EXEC, TLS_TO_INITIAL_EXEC_NEGATED: the address of the GOT slot
   * @param place address of the relocated field  @param gotBase `_GLOBAL_OFFSET_TABLE_`
   * @returns how many of the following relocations the rewrite has consumed (the call), usually 0 or 1; -1 if the value does not fit
   */
  writeTls(
    image: DataView,
    at: number,
    type: number,
    target: number,
    value: number,
    place: number,
    gotBase: number,
  ): number;
}
