// The parts that random links are planned of, as records: what an object defines and asks for, libraries, command lines.

/** Names that everybody shares: functions, data, thread-locals. Few, so that they meet. */
export const NAMES: Readonly<Record<NameKind, readonly string[]>> = {
  function: ["f0", "f1", "f2", "f3", "f4", "f5", "f6"],
  data: ["d0", "d1", "d2", "d3", "d4"],
  tls: ["t0", "t1"],
  number: ["n0", "n1"],
};

/** A number is an absolute symbol. */
export type NameKind = "function" | "data" | "tls" | "number";

export function kindOf(name: string): NameKind {
  const kinds: Readonly<Record<string, NameKind>> = { d: "data", n: "number" };
  return name.startsWith("total") ? "function" : (kinds[name[0]] ?? (name.startsWith("t") ? "tls" : "function"));
}

export const VERSIONS: readonly string[] = ["V1", "V2"];

export interface Definition {
  readonly name: string;
  readonly form: "usual" | "common" | "ifunc" | "comdat" | "absolute" | "linkonce";
  readonly binding: "global" | "weak" | "unique";
  readonly visibility: "default" | "hidden" | "protected" | "internal";
  /** What stands behind the name in a .symver: `@V1`, `@@V2`, `@@@V1`; with `, remove` or `, local` where it has that. */
  readonly versions: readonly string[];
  readonly size: number;
  readonly alignment: number;
  /** Defined under a name of its own, so that only the names with versions are what others see. */
  readonly renamed: boolean;
  /** Where data is, and code of a section of its own. */
  readonly section: string;
}

export type ReferenceKind =
  | "call"
  | "got-call"
  | "got"
  | "equal"
  | "direct"
  | "absolute"
  | "word"
  | "constant-word"
  | "size"
  | "general-dynamic"
  | "local-dynamic"
  | "initial-exec"
  | "local-exec"
  | "descriptor";

export interface Reference {
  readonly name: string;
  readonly how: ReferenceKind;
  readonly weak: boolean;
  readonly hidden: boolean;
  /** A version that the reference asks for: `@V1`. */
  readonly version: string;
}

export interface ObjectPlan {
  /** A word for symbols and files. */
  readonly id: string;
  /** Compiled for a place: absolute addresses, direct access to what libraries have. */
  readonly fixed: boolean;
  /** A section for each function and variable. */
  readonly apart: boolean;
  readonly unwind: boolean;
  readonly definitions: readonly Definition[];
  readonly references: readonly Reference[];
  readonly extras: readonly Extra[];
}

export type Extra =
  | "strings"
  | "init"
  | "init-priority"
  | "preinit"
  | "note"
  | "set"
  | "retained"
  | "excluded"
  | "linked"
  | "exec-stack"
  | "no-stack-note"
  | "property"
  | "constants"
  | "local-names"
  | "library-list"
  | "large-bss"
  | "orphan";

export interface LibraryPlan {
  readonly id: string;
  readonly objects: readonly string[];
  readonly script: string;
  readonly flags: readonly string[];
  /** Other libraries of the pool that it is linked with. */
  readonly needed: readonly string[];
}

export interface PoolPlan {
  readonly objects: ReadonlyMap<string, ObjectPlan>;
  readonly libraries: readonly LibraryPlan[];
}

export type OutputKind = "static" | "static-pie" | "no-pie" | "pie" | "shared" | "relocatable";

export interface LinkPlan {
  readonly output: OutputKind;
  readonly glue: ObjectPlan;
  readonly archives: ReadonlyMap<string, { readonly members: readonly string[]; readonly thin: boolean }>;
  readonly files: ReadonlyMap<string, string>;
  /** The command line but for -m, -o. `POOL/` stands for the pool's directory. */
  readonly args: readonly string[];
}
