// The statements of a linker script as data: what stands in SECTIONS, in the braces of a section, in MEMORY and in PHDRS.
// Three make them (the parser, default-script.ts, and the editing of INSERT); matching, orphans, the walk and the map file
// read them. No behaviour. Order is the script's everywhere; nothing is sorted or joined here.
//
// OVERLAY has no type of its own: it stands for sections and PROVIDEs, and the parser writes them out as ld does.

import type { Place } from "../../elf/problem.ts";

/** Arithmetic of `--defsym` and script assignments. Numbers are 64-bit, two's complement (BigInt: never in a hot loop). */
export type Expression =
  | { readonly kind: "number"; readonly value: bigint }
  /** `.` is the symbol named ".". */
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: "-" | "~" | "!"; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "conditional"; readonly test: Expression; readonly then: Expression; readonly else: Expression }
  /** ALIGN, ADDR, SIZEOF, DEFINED, CONSTANT, MAX, MIN, ABSOLUTE, …; names of symbols and sections are `symbol` arguments. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] };

export interface Assignment {
  /** "." is the location counter. */
  readonly symbol: string;
  /** As written: `=`, `+=`, `-=`, … */
  readonly operator: string;
  /** Compound assignments (`+=`) are already written out: symbol, operator, what stands behind it. */
  readonly value: Expression;
  readonly provide: boolean;
  readonly hidden: boolean;
  readonly place: Place;
}

/** What stands in SECTIONS or beside it. */
export type Statement = AssignStatement | AssertStatement | SectionStatement;

/** What stands in a section's braces. */
export type BodyStatement =
  | AssignStatement
  | AssertStatement
  | InputStatement
  | DataStatement
  | TextStatement
  | FillStatement
  | IdleStatement;

/** `symbol = e;` and the compound forms, PROVIDE, HIDDEN. The symbol of dot is ".". */
export interface AssignStatement {
  readonly kind: "assign";
  readonly assignment: Assignment;
}

export interface AssertStatement {
  readonly kind: "assert";
  readonly test: Expression;
  readonly message: string;
  readonly place: Place;
}

export interface SectionStatement {
  readonly kind: "section";
  /** `/DISCARD/` is a section like others here. */
  readonly name: string;
  /** Where the name stands. */
  readonly place: Place;
  /** Before the colon. */
  readonly address: Expression | undefined;
  readonly type: SectionTypeClause | undefined;
  /** AT(e) */
  readonly loadAddress: Expression | undefined;
  /** ALIGN(e) behind the colon. */
  readonly align: Expression | undefined;
  readonly alignWithInput: boolean;
  readonly subalign: Expression | undefined;
  readonly constraint: Constraint;
  readonly body: readonly BodyStatement[];
  /** `>region`; undefined: none was written. */
  readonly region: string | undefined;
  /** `AT>region` */
  readonly loadRegion: string | undefined;
  /** `:name`, in order; NONE is a name like others here. Empty: none was written, it inherits. */
  readonly phdrs: readonly string[];
  /** `=fill` */
  readonly fill: Fill | undefined;
  /** Where the tail (regions, phdrs, fill) stands: the closing brace. */
  readonly endPlace: Place;
  /** Set for the members of an OVERLAY. */
  readonly overlay: OverlayMember | undefined;
}

/** ONLY_IF_RO, ONLY_IF_RW, SPECIAL */
export type Constraint = "none" | "read-only" | "writable" | "special";

export interface SectionTypeClause {
  /** NOLOAD and its kin; undefined where only TYPE= is given. */
  readonly keyword: "NOLOAD" | "DSECT" | "COPY" | "INFO" | "OVERLAY" | "READONLY" | undefined;
  /** `TYPE = e`, SHT_* names already numbers. */
  readonly type: Expression | undefined;
}

/**
 * The part of a member in its OVERLAY (binutils, ld/ldlang.c: lang_enter_overlay_section). All have an address expression:
 * the first the OVERLAY's (or dot), the others ADDR(first). The load address of the first is the OVERLAY's AT; those of the
 * others follow their predecessor's end unless there is a load region.
 */
export interface OverlayMember {
  readonly first: boolean;
  /** Of the last member: dot behind it (start of the overlay + the largest size); undefined for the others. */
  readonly dotAfter: Expression | undefined;
}

/** `file(sections)`, `file`, with what may be around it. */
export interface InputStatement {
  readonly kind: "input";
  readonly file: FilePattern;
  /** How files are ordered: SORT(file) or REVERSE around it. */
  readonly fileSort: "none" | "name";
  readonly fileReversed: boolean;
  /** EXCLUDE_FILE before the file: for all its section patterns. */
  readonly excluded: readonly FilePattern[];
  /** Undefined: the whole file, all sections that are left, common symbols too. */
  readonly sections: readonly SectionPattern[] | undefined;
  /** INPUT_SECTION_FLAGS: all of `set` and none of `clear` must hold; undefined: not written. */
  readonly flags: SectionFlags | undefined;
  readonly keep: boolean;
  readonly place: Place;
}

export interface SectionFlags {
  /** SHF_* bits, or 0. */
  readonly set: number;
  readonly clear: number;
  /** Names that mean nothing, of which ld only says so: the statement takes nothing. */
  readonly unknown: readonly string[];
}

/** A pattern for files; how it matches stands in the ld manual, "Input Section Basics". */
export interface FilePattern {
  /** As written, without quotes. */
  readonly text: string;
  /** Has a wildcard (`* ? [`). One that has none and no `:` names a file, which is opened. */
  readonly wild: boolean;
  /**
   * `archive:member`: the two sides, either of which may be empty (`a:` all members of a, `:f` f outside of archives).
   * Undefined where no colon divides it.
   */
  readonly member: { readonly archive: string; readonly file: string } | undefined;
}

export type SectionSort = "name" | "alignment" | "init-priority" | "none";

export interface SectionPattern {
  /** As written: a name with or without wildcards; COMMON is one. */
  readonly name: string;
  readonly wild: boolean;
  /**
   * The sorts around it, outermost first: none, one, or two of name and alignment. "none" is SORT_NONE, which holds against
   * `--sort-section` too.
   */
  readonly sorts: readonly SectionSort[];
  /** REVERSE around it (2.41). */
  readonly reversed: boolean;
  /** EXCLUDE_FILE in front of it. */
  readonly excluded: readonly FilePattern[];
}

/** BYTE(e) and its kin: `size` bytes with the value of `e`. */
export interface DataStatement {
  readonly kind: "data";
  readonly command: "BYTE" | "SHORT" | "LONG" | "QUAD" | "SQUAD";
  readonly size: 1 | 2 | 4 | 8;
  readonly value: Expression;
  readonly place: Place;
}

/** ASCIZ "text" (2.41): the bytes with a zero behind them. LINKER_VERSION (2.42): the linker's name, only with the option. */
export interface TextStatement {
  readonly kind: "text";
  /** Bytes without the zero; undefined for LINKER_VERSION. */
  readonly text: Uint8Array | undefined;
  readonly place: Place;
}

/** FILL(x): for what stands behind it in the section. */
export interface FillStatement {
  readonly kind: "fill";
  readonly fill: Fill;
  readonly place: Place;
}

/** What ELF has no use for and ld accepts. */
export interface IdleStatement {
  readonly kind: "idle";
  /** As written: `SORT(CONSTRUCTORS)`, `CREATE_OBJECT_SYMBOLS`. */
  readonly text: string;
}

export interface Fill {
  /** The pattern where hexadecimal digits say it; else undefined, and `value` has four bytes, big-endian. */
  readonly bytes: Uint8Array | undefined;
  readonly value: Expression;
  readonly place: Place;
}

export interface MemoryRegion {
  readonly name: string;
  readonly place: Place;
  readonly attributes: RegionAttributes;
  readonly origin: Expression;
  readonly length: Expression;
}

/** Letters of `(rwx!i)` as bits: what a section without `>region` must have one of, and have none of. */
export interface RegionAttributes {
  readonly wanted: number;
  readonly unwanted: number;
}

export const REGION_READ_ONLY = 1;
export const REGION_WRITABLE = 2;
export const REGION_CODE = 4;
export const REGION_ALLOCATED = 8;
/** `i` and `l`. */
export const REGION_LOADED = 16;

export interface RegionAlias {
  readonly alias: string;
  readonly region: string;
  readonly place: Place;
}

export interface ProgramHeaderStatement {
  readonly name: string;
  /** PT_* names are numbers already. */
  readonly type: Expression;
  readonly fileHeader: boolean;
  readonly programHeaders: boolean;
  /** AT(e): p_paddr */
  readonly loadAddress: Expression | undefined;
  readonly flags: Expression | undefined;
  readonly place: Place;
}

/** NOCROSSREFS(a b …): none to another. NOCROSSREFS_TO(to from…): none of the others to the first. */
export interface NoCrossReferences {
  readonly sections: readonly string[];
  readonly toFirst: boolean;
  readonly place: Place;
}

export interface Insert {
  readonly where: "after" | "before";
  readonly section: string;
  readonly place: Place;
}

/** What an INSERT has moved, and where to. */
export interface Move {
  /** In their order. */
  readonly sections: readonly SectionStatement[];
  /** They stand behind this one; undefined: in front of all. */
  readonly behind: SectionStatement | undefined;
}

/** All that lays out a link: the default script, or what -T brought, with INSERTs carried out. */
export interface LayoutScript {
  /** GNU ld's default and nothing else: no script of the user's says anything of sections. */
  readonly isStandard: boolean;
  /** Contents of all SECTIONS with the assignments and ASSERTs before, between and behind them. */
  readonly statements: readonly Statement[];
  /**
   * The same statements in the order in which their patterns are asked: that of the files, INSERTs not carried out. ld moves
   * statements when all inputs have found their sections.
   */
  readonly matching: readonly Statement[];
  /** How many of `matching` stand in front of the default script: those of -T and the command line. */
  readonly given: number;
  readonly moves: readonly Move[];
  readonly memory: readonly MemoryRegion[];
  readonly aliases: readonly RegionAlias[];
  /** Undefined without PHDRS: segments are made by ld's rules. */
  readonly phdrs: readonly ProgramHeaderStatement[] | undefined;
  readonly noCrossReferences: readonly NoCrossReferences[];
  /** LD_FEATURE("SANE_EXPR") */
  readonly saneExpressions: boolean;
  /** FORCE_COMMON_ALLOCATION, INHIBIT_COMMON_ALLOCATION, FORCE_GROUP_ALLOCATION */
  readonly forceCommon: boolean;
  readonly inhibitCommon: boolean;
  readonly forceGroups: boolean;
}
