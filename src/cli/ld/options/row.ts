// What a row of the option table is made of. The table (table.ts) is the only declaration of the command line: parsing,
// --help, docs/options.md and the notes about options without effect all read it.

import type { Draft, DraftOptions } from "../draft.ts";

export interface OptionRow {
  /** Every spelling with its dashes, the documented one first of each length: `-E`, `--export-dynamic`. */
  readonly names: readonly string[];
  readonly argument: Argument;
  /** One sentence or two, in our own words. */
  readonly help: string;
  readonly effect: Effect;
  /**
   * Long names need both dashes, because with one they already mean a short option and its argument: `-omagic` writes to
   * the file "magic" (GNU ld manual, "Command Line Options").
   */
  readonly twoDashes: boolean;
  /** Names of other linkers do not count as abbreviations, so that what GNU ld understands is not ambiguous here. */
  readonly abbreviated: boolean;
}

/** One letter: `-oFILE` or `-o FILE`. A word: `--output FILE` or `--output=FILE`; an optional argument only with `=`. */
export type Argument =
  | { readonly kind: "none" }
  | { readonly kind: "required"; readonly name: string }
  | { readonly kind: "optional"; readonly name: string };

export type Effect =
  | { readonly kind: "applies"; readonly apply: (draft: Draft, value: string) => void }
  /** Nothing to do, or nothing that would change the output. Said once, unless every build passes it. */
  | { readonly kind: "none"; readonly why: string; readonly quiet: boolean }
  /** An error where the output would not be what was asked for, else a warning. */
  | { readonly kind: "unsupported"; readonly why: string; readonly severity: "error" | "warning" };

export interface OptionGroup {
  readonly title: string;
  readonly rows: readonly OptionRow[];
}

export interface Spelling {
  readonly twoDashes?: true;
  readonly abbreviated?: false;
}

/** For names that GNU ld does not have. */
export const OTHERS: Spelling = { abbreviated: false };
export const TWO_DASHES: Spelling = { twoDashes: true };

const NO_ARGUMENT: Argument = { kind: "none" };

function row(names: string, argument: Argument, help: string, effect: Effect, spelling: Spelling = {}): OptionRow {
  const { twoDashes = false, abbreviated = true } = spelling;
  return { names: names.split(" "), argument, help, effect, twoDashes, abbreviated };
}

/** An option without argument. */
export function flag(names: string, help: string, apply: (draft: Draft) => void, spelling: Spelling = {}): OptionRow {
  return row(names, NO_ARGUMENT, help, { kind: "applies", apply }, spelling);
}

/** An option with an argument. */
export function value(
  names: string,
  argument: string,
  help: string,
  apply: (draft: Draft, value: string) => void,
  spelling: Spelling = {},
): OptionRow {
  return row(names, { kind: "required", name: argument }, help, { kind: "applies", apply }, spelling);
}

/** An option whose argument can be left out; then `apply` gets the empty string. */
export function optional(
  names: string,
  argument: string,
  help: string,
  apply: (draft: Draft, value: string) => void,
  spelling: Spelling = {},
): OptionRow {
  return row(names, { kind: "optional", name: argument }, help, { kind: "applies", apply }, spelling);
}

/** An option that sets one field of the link's options. */
export function set<Field extends keyof DraftOptions>(
  names: string,
  help: string,
  field: Field,
  to: DraftOptions[Field],
  spelling: Spelling = {},
): OptionRow {
  return flag(
    names,
    help,
    (draft) => {
      draft.options[field] = to;
    },
    spelling,
  );
}

/** An option that sets one field of what the front does. */
export function setFront<Field extends keyof Draft["settings"]>(
  names: string,
  help: string,
  field: Field,
  to: Draft["settings"][Field],
  spelling: Spelling = {},
): OptionRow {
  return flag(
    names,
    help,
    (draft) => {
      draft.settings[field] = to;
    },
    spelling,
  );
}

/** An option for the files that follow. */
export function setState(names: string, help: string, field: StateSwitch, to: boolean): OptionRow {
  return flag(names, help, (draft) => {
    draft.state[field] = to;
  });
}

type StateSwitch = "wholeArchive" | "asNeeded" | "preferStatic" | "copyDtNeeded";

/** An option whose argument becomes one field of the link's options. */
export function setText(names: string, argument: string, help: string, field: TextField): OptionRow {
  return value(names, argument, help, (draft, text) => {
    draft.options[field] = text;
  });
}

type TextField = "dynamicLinker" | "entry" | "fini" | "init" | "soname";

/** An option that may be repeated: its arguments become a list. */
export function addText(
  names: string,
  argument: string,
  help: string,
  field: ListField,
  spelling: Spelling = {},
): OptionRow {
  return value(names, argument, help, (draft, text) => draft.options[field].push(text), spelling);
}

type ListField = { [K in keyof DraftOptions]: DraftOptions[K] extends string[] ? K : never }[keyof DraftOptions];

/** Takes the argument off the end of a list of names: `--threads[=N]`, `--hash-size=N`, or none. */
function withArgument(names: string): { readonly names: string; readonly argument: Argument } {
  const optionalMatch = /^(.*)\[=(.*)\]$/.exec(names);
  if (optionalMatch !== null)
    return { names: optionalMatch[1], argument: { kind: "optional", name: optionalMatch[2] } };
  const required = /^([^=]*)=(.*)$/.exec(names);
  if (required !== null) return { names: required[1], argument: { kind: "required", name: required[2] } };
  return { names, argument: NO_ARGUMENT };
}

/** Taken and without effect, which is said once. `names` ends in `=ARG` or `[=ARG]` where there is an argument. */
export function noEffect(names: string, help: string, why: string, spelling: Spelling = {}): OptionRow {
  const { names: words, argument } = withArgument(names);
  return row(words, argument, help, { kind: "none", why, quiet: false }, spelling);
}

/** As `noEffect`, without a word: compilers always pass it, or it asks for what is done anyway. */
export function quiet(names: string, help: string, why: string, spelling: Spelling = {}): OptionRow {
  const { names: words, argument } = withArgument(names);
  return row(words, argument, help, { kind: "none", why, quiet: true }, spelling);
}

/** Refused: the output would not be what was asked for. */
export function refused(names: string, help: string, why: string, spelling: Spelling = {}): OptionRow {
  const { names: words, argument } = withArgument(names);
  return row(words, argument, help, { kind: "unsupported", why, severity: "error" }, spelling);
}

/** Not there yet, but the output is good without it: a report is missing, or the file is larger than it could be. */
export function missing(names: string, help: string, why: string, spelling: Spelling = {}): OptionRow {
  const { names: words, argument } = withArgument(names);
  return row(words, argument, help, { kind: "unsupported", why, severity: "warning" }, spelling);
}

/** `-o FILE`, `--build-id[=STYLE]`. */
export function spellingWithArgument(name: string, { argument }: Pick<OptionRow, "argument">): string {
  if (argument.kind === "none") return name;
  return argument.kind === "optional" ? `${name}[=${argument.name}]` : `${name} ${argument.name}`;
}
