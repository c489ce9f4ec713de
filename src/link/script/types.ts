// What linker scripts, version scripts and dynamic lists parse into. No behaviour.

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
  readonly symbol: string;
  /** Compound assignments (`+=`) are already written out. */
  readonly value: Expression;
  readonly provide: boolean;
  readonly hidden: boolean;
  readonly place: Place;
}

export interface Pattern {
  readonly text: string;
  /** `extern "C++"` patterns match demangled names. */
  readonly language: "C" | "C++" | "Java";
  /** No wildcard (or quoted): an exact name. Exact names beat wildcards, and `*` alone loses to everything. */
  readonly literal: boolean;
}

export interface VersionNode {
  /** "" for the anonymous version. */
  readonly name: string;
  readonly globals: readonly Pattern[];
  readonly locals: readonly Pattern[];
  /** Names of the versions it inherits. */
  readonly parents: readonly string[];
  readonly place: Place;
}

/** A file or -l name in INPUT, GROUP or AS_NEEDED. */
export interface ScriptInput {
  /** As written: `libc.so.6`, `/lib/x.so`, `=/lib/x.so`, `-lfoo`. */
  readonly name: string;
  readonly asNeeded: boolean;
}

export type ScriptCommand =
  | { readonly kind: "input"; readonly inputs: readonly ScriptInput[]; readonly place: Place }
  | { readonly kind: "group"; readonly inputs: readonly ScriptInput[]; readonly place: Place }
  | { readonly kind: "output-format"; readonly formats: readonly string[]; readonly place: Place }
  | { readonly kind: "output-arch"; readonly name: string; readonly place: Place }
  | { readonly kind: "output"; readonly path: string; readonly place: Place }
  | { readonly kind: "search-dir"; readonly path: string; readonly place: Place }
  | { readonly kind: "entry"; readonly symbol: string; readonly place: Place }
  | { readonly kind: "extern"; readonly symbols: readonly string[]; readonly place: Place }
  | { readonly kind: "assignment"; readonly assignment: Assignment }
  | { readonly kind: "assert"; readonly test: Expression; readonly message: string; readonly place: Place }
  | { readonly kind: "version"; readonly nodes: readonly VersionNode[] }
  /** INCLUDE: the commands of another script stand here. Looked for as given, then in the library directories. */
  | { readonly kind: "include"; readonly path: string; readonly place: Place }
  /** STARTUP: this file is the first input of the link. */
  | { readonly kind: "startup"; readonly path: string; readonly place: Place }
  /** TARGET: the BFD name of the format of the inputs that follow ("binary" embeds them). */
  | { readonly kind: "target"; readonly format: string; readonly place: Place };

/** One version that the output defines: name, and names of those it inherits. */
export interface VersionDefinition {
  readonly name: string;
  readonly parents: readonly string[];
  /** VER_FLG_WEAK: no symbol has it. */
  readonly weak: boolean;
}
