// Where everything is in the output: enough for a map file, or to draw a picture.

import type { Place } from "../../elf/problem.ts";
import type { AssertStatement, Assignment, BodyStatement, InputStatement } from "../script/statements.ts";

/** A statement of the script that laid out the link, as the reason for something. */
export interface SourceStatement {
  /** As a script has it: `*(.text.unlikely .text.*_unlikely)`, `PROVIDE (etext = .)`. Of an orphan: the section before it, or "". */
  readonly text: string;
  /** Of the default script only the line, in what `--verbose` prints. */
  readonly place: Place;
  /** It stands in GNU ld's default script. */
  readonly byDefault: boolean;
  /** No statement takes the section: it stands where ld puts sections of its kind. */
  readonly orphan: boolean;
}

/** A statement of SECTIONS, in order, with what came of it: a row of the map. */
export type LaidOutStatement = LaidOutOutput | LaidOutAssignment | LaidOutAssert;

export interface LaidOutOutput {
  readonly kind: "section";
  readonly name: string;
  /** Undefined: nothing asks for it. A section that is left out for being empty has a place all the same. */
  readonly place: { readonly address: number; readonly size: number; readonly loadAddress: number } | undefined;
  /** In the section header table; 0: it is not in the output. */
  readonly index: number;
  readonly orphan: boolean;
  /** Between pieces, filled with something of the script: offsets in the section. */
  readonly gaps: readonly {
    readonly offset: number;
    readonly size: number;
    readonly pattern: Uint8Array | undefined;
  }[];
  body(): IterableIterator<LaidOutBody>;
}

export type LaidOutBody =
  | LaidOutAssignment
  | LaidOutAssert
  /** Without a statement: of an orphan. */
  | {
      readonly kind: "input";
      readonly statement: InputStatement | undefined;
      readonly pieces: Iterable<LaidOutPiece>;
    }
  /** BYTE, FILL and their kin; with the number that BYTE's came to. */
  | {
      readonly kind: "other";
      readonly statement: BodyStatement;
      readonly value: bigint | undefined;
      readonly pieces: Iterable<LaidOutPiece>;
    };

export interface LaidOutAssignment {
  readonly kind: "assignment";
  readonly assignment: Assignment;
  /** Undefined: a PROVIDE that nobody asks for, or an expression without a value. */
  readonly value: bigint | undefined;
}

export interface LaidOutAssert {
  readonly kind: "assert";
  readonly assertion: AssertStatement;
  readonly value: bigint | undefined;
}

/** A part of an output section: one input section, or what the linker made. */
export interface LaidOutPiece {
  /** As in messages; "" for what the linker made. */
  readonly file: string;
  /** Name of the input section; for what the linker made a name that tells it (`.got.plt`, `COMMON`). */
  readonly section: string;
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly alignment: number;
  /** What put it there; undefined where no script speaks. Of merged inputs: what put the first one there. */
  readonly statement: SourceStatement | undefined;
  /** The input sections whose strings, constants or unwind records were merged into this piece. Else none. */
  merged(): IterableIterator<MergedInput>;
}

export interface MergedInput {
  readonly file: string;
  readonly section: string;
  /** Bytes before merging. */
  readonly size: number;
}

export interface LaidOutSection {
  /** In the section header table. */
  readonly index: number;
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  /** 0 for sections that are not loaded. */
  readonly address: number;
  /** Where its contents are loaded: the address, unless a script says otherwise. */
  readonly loadAddress: number;
  /** In the image. */
  readonly offset: number;
  /** Bytes in memory; SHT_NOBITS sections have none in the image. */
  readonly size: number;
  readonly alignment: number;
  /** In the order of their addresses. In a section that is not loaded, addresses are offsets. */
  pieces(): IterableIterator<LaidOutPiece>;
  /** The piece that covers an address; undefined for padding. */
  pieceAt(address: number): LaidOutPiece | undefined;
}

export interface LaidOutSegment {
  /** PT_* */
  readonly type: number;
  /** PF_* */
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: number;
  /** Sections in it, as indices in the section header table. */
  readonly sections: readonly number[];
}

/** A global symbol that the output defines. */
export interface LaidOutSymbol {
  /** Without version. */
  readonly name: string;
  /** Of the definition: for an IFUNC its resolver, for a thread-local variable its place in the initialisation image. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** File that defines it; "" for the linker, the command line, and copies of shared libraries' variables. */
  readonly file: string;
  /** Its input section; `COMMON` for common symbols; "" where there is none. */
  readonly section: string;
}

/** An input section that is not in the output. */
export interface DiscardedInput {
  readonly file: string;
  readonly section: string;
  /** Bytes. */
  readonly size: number;
  readonly reason: /** Another file's copy of its section group came first. */
    | "group"
    /** --gc-sections: nothing refers to it. */
    | "unused"
    /** It only tells the linker something, or asks to be left out, or -s and -S leave it out. */
    | "excluded"
    /** /DISCARD/ of a script. */
    | "script";
  /** /DISCARD/'s. */
  readonly statement: SourceStatement | undefined;
}

/** A region of a script's MEMORY. */
/** What stays under --gc-sections although nothing that stays needs it: what is asked for by name, by KEEP, type or flag, or from outside. */
export type KeptRoot = "named" | "kept" | "exported";

/** What became of an input section. */
export interface InputPlace {
  readonly file: string;
  readonly section: string;
  /** Bytes in its file. */
  readonly size: number;
  readonly fate: "placed" | "merged" | "folded" | DiscardedInput["reason"];
  /** The output section; "" where it is left out. */
  readonly output: string;
  /** Of its first byte; an offset in a section that is not loaded. */
  readonly address: number | undefined;
  readonly alignment: number;
  /** What put it there, or discards it. */
  readonly statement: SourceStatement | undefined;
  /** --gc-sections: the section that keeps it, as `main.o:(.text)`, the one that keeps that, and so on. */
  readonly keptBy: readonly string[];
  /** Why the last of them (or itself, if there is none) stays in any case. Undefined where it is not kept that way. */
  readonly root: KeptRoot | undefined;
}

/** A relocation of an input file, with what it is applied to. */
export interface InputRelocation {
  readonly file: string;
  readonly section: string;
  /** In the section. */
  readonly offset: number;
  /** `R_X86_64_PC32`, and the psABI's formula. */
  readonly type: string;
  readonly formula: string;
  /** Bytes that it changes. */
  readonly bytes: number;
  /** Name of the symbol, or of the section that it stands for; "" for none. */
  readonly symbol: string;
  /** Where references find the symbol; undefined where the dynamic linker has to. */
  readonly value: number | undefined;
  /** Undefined where it is in the field. */
  readonly addend: number | undefined;
  /** Where the changed bytes are; undefined where they are left out. */
  readonly address: number | undefined;
}

export interface LaidOutRegion {
  readonly name: string;
  readonly origin: number;
  /** Letters, as GNU ld's map has them: `xrw`, `xr !w`. */
  readonly attributes: string;
  /** Bytes, both, of 64 bits: a size of -1 is all that there is. */
  readonly used: number;
  readonly size: number;
}

export interface OutputLayout {
  /** Of the script that laid out the link, if it declares any. */
  readonly regions: readonly LaidOutRegion[];
  /** The file of the script of -T; undefined: the default script lays out the link. */
  readonly script: string | undefined;
  /** The script's statements. */
  readonly statements: () => IterableIterator<LaidOutStatement>;
  /** e_entry */
  readonly entry: number;
  /** In the order of the section header table, without the null section, .symtab's company included. */
  readonly sections: readonly LaidOutSection[];
  readonly segments: readonly LaidOutSegment[];
  symbols(): IterableIterator<LaidOutSymbol>;
  /** In the order of the link. */
  discarded(): IterableIterator<DiscardedInput>;
  /** Sections of inputs, by file, by name or by both. */
  inputs(file: string | undefined, section?: string): readonly InputPlace[];
  /** Relocations of an input section that change bytes between two offsets; the end is not included. */
  relocations(file: string, section: string, from: number, to: number): readonly InputRelocation[];
  /** Those of the inputs that change the byte at an address. */
  relocationsAt(address: number): readonly InputRelocation[];
}
