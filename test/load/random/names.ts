// The words that plans are made of: names of symbols, ways to refer to them, linkers.

/** Names of each kind. One name is always of one kind, or linkers would refuse. */
export const NAMES = {
  function: ["f0", "f1", "f2", "f3", "f4", "f5"],
  object: ["d0", "d1", "d2", "d3", "d4", "d5"],
  tls: ["t0", "t1", "t2", "t3"],
} as const;

export type NameKind = keyof typeof NAMES;

export function kindOf(name: string): NameKind {
  return name.startsWith("f") || name === "puts" || name === "memcpy"
    ? "function"
    : name.startsWith("t")
      ? "tls"
      : "object";
}

export type ReferenceKind =
  | "word"
  | "constant-word"
  | "got"
  | "call"
  | "size"
  | "absolute"
  | "relative"
  | "general-dynamic"
  | "initial-exec"
  | "initial-exec-negated"
  | "descriptor";

export interface Reference {
  readonly name: string;
  readonly how: ReferenceKind;
  readonly weak: boolean;
  readonly addend: number;
  /** Of one version of the name. */
  readonly version?: string;
}

/** Linkers by the names that plans call them. */
export const LINKERS = ["ld", "gold", "ld.lld", "mold"] as const;

export type LinkerName = (typeof LINKERS)[number];
