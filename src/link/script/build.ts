// Statements and expressions written in TypeScript: what default-script.ts is made of.

import type { Place } from "../../elf/problem.ts";
import type {
  AssignStatement,
  BodyStatement,
  Constraint,
  Expression,
  FilePattern,
  InputStatement,
  SectionPattern,
  SectionSort,
  SectionStatement,
} from "./statements.ts";

const WILD = /[*?[]/;

/** Has the name a wildcard? */
export function isWild(text: string): boolean {
  return WILD.test(text);
}

/** A file's name or pattern, divided at its colon (ld manual, "Input Section Basics": archive:member). */
export function filePattern(text: string, wild: boolean = isWild(text)): FilePattern {
  const colon = text.indexOf(":");
  const member = colon < 0 ? undefined : { archive: text.slice(0, colon), file: text.slice(colon + 1) };
  return { text, wild, member };
}

export function number(value: number): Expression {
  return { kind: "number", value: BigInt(value) };
}

export function symbol(name: string): Expression {
  return { kind: "symbol", name };
}

/** The location counter. */
export const DOT: Expression = symbol(".");

/** A function's value; texts are names. */
export function call(name: string, ...values: readonly (Expression | string)[]): Expression {
  return { kind: "call", name, arguments: values.map((it) => (typeof it === "string" ? symbol(it) : it)) };
}

export function binary(left: Expression, operator: string, right: Expression): Expression {
  return { kind: "binary", operator, left, right };
}

export function conditional(test: Expression, then: Expression, otherwise: Expression): Expression {
  return { kind: "conditional", test, then, else: otherwise };
}

/** An assignment to a symbol or to dot, whole or compound. */
export function assign(
  name: string,
  value: Expression,
  place: Place,
  wrapper: "" | "PROVIDE" | "PROVIDE_HIDDEN" = "",
): AssignStatement {
  const assignment = {
    symbol: name,
    operator: "=",
    value,
    provide: wrapper !== "",
    hidden: wrapper === "PROVIDE_HIDDEN",
  };
  return { kind: "assign", assignment: { ...assignment, place } };
}

/** A pattern for sections, under the sorts named from the outside in. */
export function pattern(name: string, ...sorts: readonly SectionSort[]): SectionPattern {
  return { name, wild: isWild(name), sorts, reversed: false, excluded: [] };
}

/** `file(patterns)`; texts are patterns without a sort. */
export function input(
  file: string,
  patterns: readonly (SectionPattern | string)[],
  place: Place,
  keep = false,
): InputStatement {
  const sections = patterns.map((it) => (typeof it === "string" ? pattern(it) : it));
  return {
    kind: "input",
    file: filePattern(file),
    fileSort: "none",
    fileReversed: false,
    excluded: [],
    sections,
    flags: undefined,
    keep,
    place,
  };
}

/** What a section may have beside its contents. */
export interface SectionExtras {
  readonly address?: Expression;
  readonly constraint?: Constraint;
}

export function section(
  name: string,
  body: readonly BodyStatement[],
  place: Place,
  extras: SectionExtras = {},
): SectionStatement {
  return {
    kind: "section",
    name,
    place,
    address: extras.address,
    type: undefined,
    loadAddress: undefined,
    align: undefined,
    alignWithInput: false,
    subalign: undefined,
    constraint: extras.constraint ?? "none",
    body,
    region: undefined,
    loadRegion: undefined,
    phdrs: [],
    fill: undefined,
    endPlace: place,
    overlay: undefined,
  };
}
