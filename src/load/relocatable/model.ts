// What loading relocatable objects gives: sections at addresses, symbols with values, slots, and every relocation with the
// numbers that went into it. All of it is data; explain/ has the words.

import type { MachineTables, ObjectRules, RelocationType } from "../../arch/index.ts";
import type { ElfFile } from "../../elf/file.ts";
import type { ElfSection } from "../../elf/sections.ts";
import type { ElfSymbol } from "../../elf/symbols.ts";
import type { Cut } from "./align.ts";

/** A machine whose objects can be placed. */
export interface ObjectMachine extends MachineTables {
  readonly objects: ObjectRules;
}

/** Where thread-local symbols are, for code that asks. */
export interface ObjectTls {
  /** The block that each thread gets; 0 if there is no thread-local storage. */
  readonly bytes: number;
  /** The thread pointer as an offset in the block: its end in TLS variant II, before its start in variant I. */
  readonly threadPointer: number;
  /** `TlsFacts.dtpBias`. */
  readonly dtpBias: number;
}

/** An object to load. */
export interface RelocatableInput {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Address from which its sections are placed; undefined: on the first page behind the object before. */
  readonly base: number | undefined;
}

export interface PlacedSection {
  readonly section: ElfSection;
  readonly address: number;
  /** Its bytes in simulated memory, relocated; zeros for SHT_NOBITS. */
  readonly memory: Uint8Array;
  /** Bytes of the file's section that are not there. */
  readonly cuts?: readonly Cut[];
}

export interface PlacedObject {
  readonly name: string;
  readonly elf: ElfFile;
  readonly machine: ObjectMachine;
  readonly base: number;
  /** Address behind the last byte that belongs to it. */
  readonly end: number;
  /** By section index; undefined where a section is not loaded. */
  readonly sections: readonly (PlacedSection | undefined)[];
  /** Sections of COMDAT groups that an object before has too. */
  readonly discarded: ReadonlySet<number>;
  /** Its symbol table as in the file, but for what moved up in its section. */
  readonly symbols: readonly ElfSymbol[];
  /** Where its symbols of this index are: the value of S. Undefined: nobody defines it. */
  readonly values: readonly (SymbolValue | undefined)[];
  readonly slots: SlotTable;
}

/** What a symbol of one object means. */
export interface SymbolValue {
  readonly name: string;
  /** The address; for a thread-local symbol its offset in the TLS block; for an absolute one its number, signed if it has 64 bits. */
  readonly address: number;
  /** That number, where it is beyond what a number holds exactly. */
  readonly exact?: bigint;
  readonly size: number;
  /** STT_*. */
  readonly type: number;
  /** The object whose definition it is; undefined for absolute 0 of a weak symbol that nobody defines. */
  readonly definer: string | undefined;
  readonly absolute: boolean;
}

export type SlotKind = "got" | "plt" | "tls-gd" | "tls-ld" | "tls-ie" | "tls-ie-negated" | "tls-desc" | "tls-call";

/** An entry of an object's GOT or PLT. */
export interface Slot {
  readonly kind: SlotKind;
  readonly address: number;
  /** The symbol it serves; empty for local dynamic's pair of the module. */
  readonly name: string;
  /** What the words hold. Undefined: decided when the program runs (an IFUNC's choice, a TLS descriptor's resolver). */
  readonly words: readonly (number | undefined)[];
}

/** An object's own GOT and PLT, behind its sections, so that they are within reach of its code. */
export interface SlotTable {
  /** `_GLOBAL_OFFSET_TABLE_` in this object. */
  readonly gotAddress: number;
  readonly got: Uint8Array;
  readonly pltAddress: number;
  readonly plt: Uint8Array;
  readonly entries: readonly Slot[];
}

export interface AppliedRelocation {
  readonly object: PlacedObject;
  /** The section that it is in, and the offset of its field there. */
  readonly section: ElfSection;
  readonly offset: number;
  readonly type: RelocationType;
  /** As in the file; a section symbol has its section's name. */
  readonly symbolName: string;
  /** S and the rest of the formula's letters; undefined where they play no part or are not known. */
  readonly symbol: SymbolValue | undefined;
  readonly addend: bigint;
  readonly place: number;
  /** G: the slot's offset from the GOT. L: address of the PLT entry, where one is used. */
  readonly slot: Slot | undefined;
  /** What was stored; undefined if nothing was: see `fate`. */
  readonly value: bigint | undefined;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly fate: RelocationFate;
}

export type RelocationFate =
  | "applied"
  | "unpaired" // the low part of what could not be computed
  | "undefined" // the symbol is: the field is as in the file
  | "overflow"
  | "discarded" // it refers to a section of a COMDAT group that another object has
  | "no-field" // a marker: R_*_NONE, TLSDESC_CALL
  | "unsupported";

/** A symbol that objects share. */
export interface GlobalSymbol {
  readonly name: string;
  readonly value: SymbolValue;
  /** STB_*. */
  readonly binding: number;
}

export interface LoadedObjects {
  readonly objects: readonly PlacedObject[];
  readonly relocations: readonly AppliedRelocation[];
  /** In the order of the objects and their symbol tables. */
  readonly globals: readonly GlobalSymbol[];
  /** The block that each thread gets: bytes with alignment; 0 if there is no thread-local storage. */
  readonly tlsBytes: number;
}
