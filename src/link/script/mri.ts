// Scripts of -c: the language of the MRI linker, as far as GNU ld has it (ld manual, "MRI"; ld/mri.c and the MRI part of
// ldgram.y). A line is a command. What it says becomes the commands of a linker script: a section a name, in the order of
// ORDER, each with the inputs of its name and of its aliases.

import { error, type Place, type Report } from "../../elf/problem.ts";
import { DOT, input, section } from "./build.ts";
import { parseExpressionText } from "./expression.ts";
import type { ReadScript } from "./include.ts";
import type { AssignStatement, Expression, SectionStatement, Statement } from "./statements.ts";
import type { ScriptCommand } from "./types.ts";

interface Named {
  readonly name: string;
  readonly place: Place;
}

interface Mri {
  readonly report: Report;
  readonly commands: ScriptCommand[];
  readonly assignments: AssignStatement[];
  readonly order: Named[];
  readonly addresses: Map<string, Expression>;
  readonly alignments: Map<string, Expression>;
  readonly subalignments: Map<string, Expression>;
  /** ABSOLUTE: only these are loaded. */
  readonly loaded: Set<string>;
  /** By the name of the output section. */
  readonly aliases: Map<string, string[]>;
  readonly include: ReadScript;
  depth: number;
  base: Expression | undefined;
  wantsMap: boolean;
  failed: boolean;
}

type Command = (mri: Mri, rest: string, place: Place) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  ABSOLUTE: (mri, rest, place) => {
    for (const name of names(rest)) {
      mri.loaded.add(name);
      listed(mri, name, place);
    }
  },
  ALIAS: (mri, rest) => {
    const [output, alias] = names(rest);
    if (alias === undefined) return;
    mri.aliases.set(output, [...(mri.aliases.get(output) ?? []), alias]);
  },
  ALIGN: (mri, rest, place) => named(mri, rest, place, mri.alignments),
  ALIGNMOD: (mri, rest, place) => named(mri, rest, place, mri.subalignments),
  BASE: (mri, rest, place) => {
    mri.base = value(mri, rest, place);
  },
  EXTERN: (mri, rest, place) => {
    mri.commands.push({ kind: "extern", symbols: names(rest), place });
  },
  FORMAT: (mri, rest, place) => {
    const format = Object.hasOwn(FORMATS, rest.toUpperCase()) ? FORMATS[rest.toUpperCase()] : undefined;
    if (format === undefined) fail(mri, "mri-format", place, rest);
    else mri.commands.push({ kind: "output-format", formats: [format], place });
  },
  INCLUDE: (mri, rest, place) => {
    const found = mri.depth < DEEPEST ? mri.include(rest, place) : undefined;
    if (mri.depth >= DEEPEST) mri.report(error("script-nesting", place, { file: rest }));
    if (found === undefined) {
      mri.failed = true;
      return;
    }
    mri.depth++;
    readLines(mri, found.bytes, found.name);
    mri.depth--;
  },
  LIST: (mri) => {
    mri.wantsMap = true;
  },
  LOAD: (mri, rest, place) => {
    const inputs = names(rest).map((name) => ({ name, asNeeded: false }));
    mri.commands.push({ kind: "input", inputs, place });
    // So in ld: an address that was given before is forgotten.
    mri.base = undefined;
  },
  NAME: (mri, rest, place) => {
    mri.commands.push({ kind: "output", path: rest, place });
  },
  ORDER: (mri, rest, place) => {
    for (const name of names(rest)) listed(mri, name, place);
  },
  PUBLIC: (mri, rest, place) => {
    const parts = division(rest);
    const result = parts && value(mri, parts[1], place);
    if (parts === undefined) fail(mri, "mri-value", place, rest);
    if (parts === undefined || result === undefined) return;
    const assignment = { symbol: parts[0], operator: "=", value: result, provide: false, hidden: false, place };
    mri.assignments.push({ kind: "assign", assignment });
  },
  SECT: (mri, rest, place) => named(mri, rest, place, mri.addresses),
  START: (mri, rest, place) => {
    mri.commands.push({ kind: "entry", symbol: rest, place });
  },
  // Nothing that a link of ELF files has any use for.
  CASE: () => {},
  CHIP: () => {},
  END: () => {},
  TRUNCATE: () => {},
};

/** FORMAT's words (ld/mri.c: mri_format). */
const FORMATS: Readonly<Record<string, string>> = { S: "srec", IEEE: "ieee", COFF: "coff-m68k" };

export interface MriScript {
  readonly commands: readonly ScriptCommand[];
  /** LIST: a map is to be printed. */
  readonly wantsMap: boolean;
}

/** Scripts may name scripts; GNU ld stops at 10 levels. */
const DEEPEST = 10;

/** Parses a script of -c. @returns undefined if anything in it is wrong, which has been reported */
export function parseMriScript(
  bytes: Uint8Array,
  name: string,
  report: Report,
  include: ReadScript,
): MriScript | undefined {
  const mri: Mri = {
    report,
    commands: [],
    assignments: [],
    order: [],
    addresses: new Map(),
    alignments: new Map(),
    subalignments: new Map(),
    loaded: new Set(),
    aliases: new Map(),
    include,
    depth: 0,
    base: undefined,
    wantsMap: false,
    failed: false,
  };
  readLines(mri, bytes, name);
  if (mri.failed) return undefined;
  const statements: Statement[] = [...mri.assignments, ...mri.order.map((it, i) => outputSection(mri, it, i === 0))];
  const sections: ScriptCommand = { kind: "sections", statements, place: { file: name } };
  return { commands: [...mri.commands, sections], wantsMap: mri.wantsMap };
}

function readLines(mri: Mri, bytes: Uint8Array, name: string): void {
  const lines = new TextDecoder().decode(bytes.slice()).split("\n");
  for (const [i, line] of lines.entries()) {
    // From `*` and `;` on it is a comment.
    const [, word = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/.exec(line.replace(/[*;].*/, "")) ?? [];
    const keyword = word.toUpperCase();
    if (keyword === "") continue;
    const place = { file: name, line: i + 1, column: line.indexOf(word) + 1 };
    if (Object.hasOwn(COMMANDS, keyword)) COMMANDS[keyword](mri, rest, place);
    else fail(mri, "mri-unknown-command", place, word);
  }
}

function outputSection(mri: Mri, { name, place }: Named, isFirst: boolean): SectionStatement {
  const takes = [name, ...(mri.aliases.get(name) ?? [])].map((it) => input("*", [it], place));
  const isLoaded = mri.loaded.size === 0 || mri.loaded.has(name);
  return {
    ...section(name, takes, place, { address: (isFirst ? mri.base : undefined) ?? mri.addresses.get(name) ?? DOT }),
    type: isLoaded ? undefined : { keyword: "NOLOAD", type: undefined },
    align: mri.alignments.get(name),
    subalign: mri.subalignments.get(name),
  };
}

function listed(mri: Mri, name: string, place: Place): void {
  if (!mri.order.some((it) => it.name === name)) mri.order.push({ name, place });
}

/** `name = value`, `name, value`, `name value` */
function named(mri: Mri, rest: string, place: Place, into: Map<string, Expression>): void {
  const parts = division(rest);
  const result = parts && value(mri, parts[1], place);
  if (parts === undefined) fail(mri, "mri-value", place, rest);
  if (parts === undefined || result === undefined) return;
  into.set(parts[0], result);
  if (into === mri.addresses) listed(mri, parts[0], place);
}

function division(rest: string): readonly [name: string, value: string] | undefined {
  const found = /^([^\s,=]+)\s*[\s,=]\s*(\S.*)$/.exec(rest);
  return found === null ? undefined : [found[1], found[2]];
}

function value(mri: Mri, text: string, place: Place): Expression | undefined {
  const result = parseExpressionText(text, place, mri.report);
  if (result === undefined) mri.failed = true;
  return result;
}

function names(rest: string): string[] {
  return rest.split(/[\s,]+/).filter((it) => it !== "");
}

function fail(mri: Mri, code: string, place: Place, found: string): void {
  mri.failed = true;
  mri.report(error(code, place, { found }));
}
