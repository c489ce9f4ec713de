// Reads the command line from left to right by the rules of getopt_long_only(3), which GNU ld uses: words take one dash or
// two, may be shortened as long as they stay unambiguous, and take `=VALUE` or the next argument; one-letter options take
// the rest of the argument or the next one.

import { error, type Problem } from "../../elf/problem.ts";
import { closest } from "../../link/tables/spelling.ts";
import { addFile, asSysroot, type Draft, remark } from "./draft.ts";
import type { OptionRow } from "./options/row.ts";
import { bareName, optionNames, optionOfLetter, optionsOfWord } from "./options/table.ts";

interface Reader {
  readonly words: readonly string[];
  at: number;
  readonly draft: Draft;
}

/** What this says is asked for while other options are read: -T finds its file in the directories of -L. */
const SYSROOT = "--sysroot=";

/** Writes what the arguments say into the draft. Stops early where an option asks for a text only, e.g. --version. */
export function parseArguments(args: readonly string[], draft: Draft): void {
  const reader: Reader = { words: args.map(sharedForG), at: 0, draft };
  const sysroot = args.findLast((word) => word.startsWith(SYSROOT));
  if (sysroot !== undefined) {
    draft.options.sysroot = asSysroot(sysroot.slice(SYSROOT.length));
    draft.sysrootKnown = true;
  }
  while (reader.at < args.length && draft.settings.request === "none") {
    const word = reader.words[reader.at++];
    if (word === "--") {
      for (const path of reader.words.slice(reader.at)) readFile(draft, path);
      return;
    }
    if (word.startsWith("-") && word !== "-") readOption(reader, word);
    else readFile(draft, word);
  }
}

function readFile(draft: Draft, path: string): void {
  draft.words.push({ option: "", argument: "", value: path });
  addFile(draft, path);
}

/** -G without a number after it is Solaris's -shared (GNU ld, lexsup.c). */
function sharedForG(word: string, index: number, words: readonly string[]): string {
  return word === "-G" && !/^[0-9]/.test(words[index + 1] ?? "") ? "-shared" : word;
}

function readOption(reader: Reader, word: string): void {
  const isLetter = word.length === 2 && hasLetter(word[1]);
  if (isLetter || !readWord(reader, word)) readLetters(reader, word);
}

function hasLetter(letter: string): boolean {
  return optionOfLetter(letter) !== undefined;
}

/** True if that was an option, or a mistake that has been reported; false if it may be a row of letters. */
function readWord(reader: Reader, word: string): boolean {
  const { draft } = reader;
  const dashes = word.startsWith("--") ? 2 : 1;
  const equals = word.indexOf("=");
  const spelled = equals < 0 ? word : word.slice(0, equals);
  const rows = optionsOfWord(spelled.slice(dashes), dashes);
  if (rows.length === 0 && dashes === 1 && hasLetter(word[1])) return false;
  if (rows.length === 0) {
    draft.report(unknownOption(word, spelled));
  } else if (rows.length > 1) {
    const meanings = rows.map((row) => row.names[row.names.length - 1]);
    draft.report(error("ambiguous-option", {}, { option: spelled, meanings }));
  } else {
    applyWord(reader, rows[0], spelled, equals < 0 ? undefined : word.slice(equals + 1));
  }
  return true;
}

function applyWord(reader: Reader, row: OptionRow, spelled: string, given: string | undefined): void {
  switch (row.argument.kind) {
    case "none":
      if (given === undefined) apply(reader, row, spelled, "");
      else reader.draft.report(error("option-takes-no-argument", {}, { option: spelled, value: given }));
      return;
    case "optional":
      apply(reader, row, spelled, given ?? "");
      return;
    case "required":
      applyRequired(reader, row, spelled, given ?? nextWord(reader));
  }
}

/** `-o file`, `-ofile`, `-sS`: letters without argument may stand together. */
function readLetters(reader: Reader, word: string): void {
  for (let i = 1; i < word.length; i++) {
    const row = optionOfLetter(word[i]);
    if (row === undefined) {
      reader.draft.report(unknownOption(word, word));
      return;
    }
    const spelled = `-${word[i]}`;
    if (row.argument.kind !== "none") {
      const rest = word.slice(i + 1);
      applyRequired(reader, row, spelled, rest === "" ? nextWord(reader) : rest);
      return;
    }
    apply(reader, row, spelled, "");
  }
}

function nextWord(reader: Reader): string | undefined {
  return reader.at < reader.words.length ? reader.words[reader.at++] : undefined;
}

function applyRequired(reader: Reader, row: OptionRow, spelled: string, value: string | undefined): void {
  if (value !== undefined) apply(reader, row, spelled, value);
  else reader.draft.report(error("option-needs-argument", {}, { option: spelled, argument: argumentName(row) }));
}

function argumentName(row: OptionRow): string {
  return row.argument.kind === "none" ? "" : row.argument.name;
}

function apply({ draft }: Reader, row: OptionRow, spelled: string, value: string): void {
  const { effect } = row;
  if (effect.kind === "applies") draft.words.push({ option: row.names[0], argument: argumentName(row), value });
  draft.spelled = spelled;
  if (effect.kind === "applies") effect.apply(draft, value);
  else if (effect.kind === "unsupported") remark(draft, effect.severity, spelled, effect.why);
  else if (!effect.quiet) remark(draft, "note", spelled, effect.why);
}

function unknownOption(word: string, spelled: string): Problem {
  const bare = bareName(spelled);
  const names = optionNames();
  const meant = closest(bare, names.map(bareName));
  const suggestion = names.find((name) => bareName(name) === meant) ?? "";
  return error("unknown-option", {}, { option: word, suggestion });
}
