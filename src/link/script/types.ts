// What linker scripts, version scripts and dynamic lists parse into. No behaviour.

import type { Place } from "../../elf/problem.ts";
import type {
  AssertStatement,
  Assignment,
  Insert,
  MemoryRegion,
  NoCrossReferences,
  ProgramHeaderStatement,
  RegionAlias,
  Statement,
} from "./statements.ts";

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
  | AssertStatement
  | { readonly kind: "version"; readonly nodes: readonly VersionNode[] }
  /** SECTIONS; several continue each other, and the assignments and ASSERTs between them. */
  | { readonly kind: "sections"; readonly statements: readonly Statement[]; readonly place: Place }
  | { readonly kind: "memory"; readonly regions: readonly MemoryRegion[]; readonly place: Place }
  | { readonly kind: "region-alias"; readonly alias: RegionAlias }
  | { readonly kind: "phdrs"; readonly headers: readonly ProgramHeaderStatement[]; readonly place: Place }
  | { readonly kind: "no-cross-references"; readonly rule: NoCrossReferences }
  /** INSERT: the statements before it in the link are moved. */
  | { readonly kind: "insert"; readonly insert: Insert }
  /** LD_FEATURE, and the words FORCE_COMMON_ALLOCATION, FORCE_GROUP_ALLOCATION, INHIBIT_COMMON_ALLOCATION. */
  | { readonly kind: "feature"; readonly name: string; readonly place: Place }
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
