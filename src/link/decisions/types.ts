// What a link decided, as data: which definition of a name won and why, why each file takes part, why each slot exists.
// Words for all of it are in explain/decisions.ts.

import type { RelocationPlace } from "../inputs/references.ts";
import type { SourceStatement } from "./layout-types.ts";

/** One file's definition of a name. */
export interface Definer {
  readonly by: "object" | "shared-library" | "linker" | "command-line";
  /** Empty for the linker and the command line. */
  readonly file: string;
  /** Input section. Empty for absolute and common symbols, and for those of shared libraries. */
  readonly section: string;
  /** Offset in the section; the value of an absolute symbol; the address in its library; 0 for a common symbol. */
  readonly value: number;
  /** Bytes. */
  readonly size: number;
  readonly strength: "strong" | "weak" | "common";
  /** Version under which a shared library or a `.symver` defines it, or "". */
  readonly version: string;
}

/** Why the definition that holds does so. The table of the rules is in resolve.ts. */
export type Rule =
  /** The first one met. */
  | "first"
  | "strong-over-weak"
  | "definition-over-common"
  | "common-over-weak"
  /** The largest of several common symbols. */
  | "largest-common"
  | "object-over-shared"
  /** A library's initialised variable against a common symbol. */
  | "shared-over-common"
  /** The linker provides it. */
  | "linker"
  /** --defsym or an assignment in a script. */
  | "assigned";

/** Why another definition does not hold. */
export type Loss =
  /** Another of equal rank came first. */
  | "later"
  /** A weak definition against a strong one. */
  | "weak"
  /** A common symbol against a definition. */
  | "common"
  /** A common symbol against a larger one. */
  | "smaller-common"
  /** A shared library's definition against an object's. */
  | "shared"
  /** A common symbol against a library's initialised variable. */
  | "common-against-shared"
  /** A second strong definition: an error unless -z muldefs allows it. */
  | "duplicate"
  /** Its section group was dropped, because another copy of it (an inline function, a template) came first. */
  | "group";

export interface LostDefinition extends Definer {
  readonly loss: Loss;
}

/** Who refers to a name first, in the order of the link. */
export interface Reference {
  readonly by: "object" | "shared-library" | "command-line";
  /** Empty for the command line (-u, -e, --defsym). */
  readonly file: string;
  readonly weak: boolean;
  /** Its first relocation against the name; undefined if it has none, and for shared libraries. */
  readonly at: RelocationPlace | undefined;
}

/** Whether other modules see a name in the output's dynamic symbol table, and why. */
export interface Export {
  readonly exported: boolean;
  readonly reason: // exported
  /** A shared library exports what it defines. */
    | "shared-library"
    /** --export-dynamic. */
    | "export-dynamic"
    /** --dynamic-list, --dynamic-list-data or --export-dynamic-symbol. */
    | "export-list"
    /** A shared library of the link refers to it. */
    | "library-refers"
    /** A shared library of the link defines it too: the program's definition comes first at run time. */
    | "library-defines"
    /** STB_GNU_UNIQUE: one for the whole process. */
    | "unique"
    /** The dynamic linker has to find it. */
    | "import"
    /** The program has a copy of a library's variable, which the library has to use too. */
    | "copy"
    /** The program's PLT entry is the function's address everywhere. */
    | "canonical-plt"
    // not exported
    /** Its visibility is hidden or internal. */
    | "hidden"
    /** `local:` in a version script. */
    | "version-script"
    /** --exclude-libs. */
    | "exclude-libs"
    /** A symbol of the linker's that is for this output only. */
    | "linker"
    /** A program exports only what somebody asks for. */
    | "program"
    /** The output has no dynamic symbols. */
    | "static"
    /** Nothing in the output refers to it, or its section was removed. */
    | "unused";
}

/** How references are settled. */
export type Binding =
  /** Here: its address is fixed relative to the load address. */
  | "local"
  /** Here, a constant. */
  | "absolute"
  /** Here, but its value is what its resolver returns (STT_GNU_IFUNC). */
  | "ifunc"
  /** Here too, but another module's definition may come first: the dynamic linker decides. */
  | "preemptible"
  /** By the dynamic linker, in another module. */
  | "imported"
  /** Here, in a copy of the library's variable. */
  | "copied"
  /** Nothing defines it, and the reference is weak: 0. */
  | "zero"
  /** Nothing defines it. */
  | "undefined";

/** Why a definition in a shared library cannot be replaced by another module's. */
export type SettledBecause =
  | "protected"
  /** -Bsymbolic and its variants. */
  | "bsymbolic"
  /** --dynamic-list does not name it. */
  | "dynamic-list"
  | "not-exported"
  /** A program's definitions come first anyway. */
  | "program";

/** What a name stands for in the link. */
export interface Definition {
  /** Without version, as in the files. */
  readonly name: string;
  /** Version in the output, or "". */
  readonly version: string;
  /** A non-default version: `foo@V` rather than `foo@@V`. */
  readonly hiddenVersion: boolean;
  /** STT_* without the prefix. */
  readonly type: string;
  /** STV_* without the prefix: the most constraining of all objects. */
  readonly visibility: string;
  /** Bytes. */
  readonly size: number;
  /** The definition that holds; undefined when nothing defines it. */
  readonly chosen: Definer | undefined;
  readonly rule: Rule | undefined;
  /** Definitions that were passed over. */
  readonly others: readonly LostDefinition[];
  /** Archive members that define it and are not in the link. */
  readonly offeredBy: readonly string[];
  /** Assignments of scripts and --defsym, in order; the last one that is carried out holds. Empty before layout. */
  readonly assignments: readonly { readonly statement: SourceStatement; readonly active: boolean }[];
  readonly firstReference: Reference | undefined;
  readonly binding: Binding;
  /** For definitions here: why no other module's can take their place; undefined when one can. */
  readonly settledBecause: SettledBecause | undefined;
  readonly export: Export;
  /** Its GOT, PLT, TLS and copy entries. Empty before layout. */
  readonly slots: readonly Slot[];
  /**
   * What references see, relative to the load address: for an IFUNC its PLT entry. Undefined before layout, and for what is
   * in other modules.
   */
  readonly address: number | undefined;
}

export type SlotKind =
  | "got"
  /** An entry that calls go through, with its word in .got.plt. */
  | "plt"
  /** An entry that calls go through, which shares the symbol's .got word. */
  | "plt-got"
  /** A PLT entry of an IFUNC. */
  | "ifunc-plt"
  /** The PLT entry is the function's address in this program. */
  | "canonical-plt"
  | "tls-gd"
  | "tls-ie"
  | "tls-ie-negated"
  | "tls-desc"
  /** The module's own pair of words for local dynamic access. */
  | "tls-module"
  /** A shared library's variable, copied into the program. */
  | "copy";

export interface Slot {
  readonly kind: SlotKind;
  /** Empty for `tls-module`, and for local symbols without a name. */
  readonly symbol: string;
  /** Output section. */
  readonly section: string;
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** The dynamic relocation that fills it (for a PLT entry: its word), or "". */
  readonly relocation: string;
  /** The first relocation that asked for it. */
  readonly reason: RelocationPlace | undefined;
}

/** A relocation that is left to the dynamic linker (or to the start-up code of a static program). */
export interface DynamicRelocation {
  /** `R_X86_64_RELATIVE`. */
  readonly type: string;
  readonly address: number;
  /** Name that the dynamic linker looks up, or "". */
  readonly symbol: string;
  /** Packed in .relr.dyn. */
  readonly packed: boolean;
  /** The input's relocation that it comes from, or the slot that it fills. */
  readonly reason: RelocationPlace | SlotKind;
}

/** Why a file takes part, or does not. */
export type FileDecision = ObjectDecision | ArchiveDecision | LibraryDecision;

export interface ObjectDecision {
  readonly kind: "object";
  /** As in messages. */
  readonly file: string;
  /** Path of the object or of its archive. */
  readonly path: string;
  readonly reason: "command-line" | "whole-archive" | "wanted";
  /** `wanted`: the name whose lack took it out of its archive, and the file that refers to that name first ("": an option). */
  readonly symbol: string;
  readonly neededBy: string;
}

/** An archive that is searched, or a --start-lib group (path ""). */
export interface ArchiveDecision {
  readonly kind: "archive";
  readonly file: string;
  readonly members: number;
  /** How many are in the link. */
  readonly taken: number;
}

export interface LibraryDecision {
  readonly kind: "shared-library";
  readonly file: string;
  readonly soname: string;
  /**
   * `needed`: in DT_NEEDED. `dropped`: --as-needed found no use for it. `implicit`: only looked at, because a library
   * needs it.
   */
  readonly fate: "needed" | "dropped" | "implicit";
  readonly asNeeded: boolean;
  /** --as-needed: a name that it is needed for, or "". */
  readonly symbol: string;
}

/** Who speaks of a name: the lines of a cross reference. */
export interface NameMentions {
  /** Without version. */
  readonly name: string;
  /** Files that define it, in the order of reading; the one whose definition holds is among them. */
  readonly definedBy: readonly string[];
  readonly referredBy: readonly string[];
}

/** A section needs another file's definition of a name. */
export interface Dependency {
  /** As in messages. */
  readonly file: string;
  readonly section: string;
  readonly onFile: string;
  /** Empty in shared libraries, and for absolute and common symbols. */
  readonly onSection: string;
  /** Without version. */
  readonly symbol: string;
  /** The reference is weak: it could have stayed open. */
  readonly weak: boolean;
}

/** Everything below is computed when asked for, from the link's own tables, which live as long as this object. */
export interface Decisions {
  /** What `foo`, or `foo@VERSION`, stands for; undefined if no file of the link has to do with that name. */
  definition(name: string): Definition | undefined;
  /** The names that objects refer to or define, and those that the linker defines. */
  names(): IterableIterator<string>;
  /** All names that an object mentions. */
  mentions(): IterableIterator<NameMentions>;
  /** What sections that are loaded need of other files: each name once a section, in the order of reading. */
  dependencies(): IterableIterator<Dependency>;
  /** In the order of reading. */
  readonly files: readonly FileDecision[];
  /** By kind, then in the order of the output. Empty before layout. */
  readonly slots: readonly Slot[];
  /** Of the input sections in the order of the link, then of the slots. */
  dynamicRelocations(): IterableIterator<DynamicRelocation>;
}
