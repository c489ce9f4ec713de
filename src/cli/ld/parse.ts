// Reads the command line from left to right by the rules of getopt_long_only(3), which GNU ld uses: words take one dash or
// two, may be shortened as long as they stay unambiguous, and take `=VALUE` or the next argument; one-letter options take
// the rest of the argument or the next one.

import { error, type Problem } from "../../elf/problem.ts";
import { closest } from "../../link/tables/spelling.ts";
import { addFile, asSysroot, type Draft, remark } from "./draft.ts";
import type { OptionRow } from "./options/row.ts";
import { bareName, optionNames, optionOfLetter, optionsOfWord } from "./options/table.ts";

/** What is done with what is read. */
interface Words {
  readonly file: (path: string) => void;
  /** @param spelled as the command line has it, e.g. `-soname` */
  readonly option: (row: OptionRow, spelled: string, value: string) => void;
  readonly wrong: (problem: Problem) => void;
  /** The rest does not matter: an option asks for a text only, e.g. --version. */
  readonly isDone: () => boolean;
}

interface Reader {
  readonly words: readonly string[];
  at: number;
  readonly to: Words;
}

/** What this says is asked for while other options are read: -T finds its file in the directories of -L. */
const SYSROOT = "--sysroot=";

/** Writes what the arguments say into the draft. Stops early where an option asks for a text only, e.g. --version. */
export function parseArguments(args: readonly string[], draft: Draft): void {
  const sysroot = args.findLast((word) => word.startsWith(SYSROOT));
  if (sysroot !== undefined) {
    draft.options.sysroot = asSysroot(sysroot.slice(SYSROOT.length));
    draft.sysrootKnown = true;
  }
  read(args, {
    file: (path) => {
      draft.words.push({ option: "", argument: "", value: path });
      addFile(draft, path);
    },
    option: (row, spelled, value) => apply(draft, row, spelled, value),
    wrong: (problem) => draft.report(problem),
    isDone: () => draft.settings.request !== "none",
  });
}

/**
 * What a command line says, but for options that do nothing here: two that are equal in this ask for the same link. GCC passes its
 * plugin the name of another temporary file each time.
 * @param args without response files  @returns undefined for one that is not understood
 */
export function meaningOf(args: readonly string[]): string[] | undefined {
  const words: string[] = [];
  let isRight = true;
  read(args, {
    file: (path) => words.push("", path),
    option: ({ names, effect }, spelled, value) => {
      if (effect.kind !== "none" || !effect.quiet) words.push(names[0], spelled, value);
    },
    wrong: () => {
      isRight = false;
    },
    isDone: () => false,
  });
  return isRight ? words : undefined;
}

function read(args: readonly string[], to: Words): void {
  const reader: Reader = { words: args.map(sharedForG), at: 0, to };
  while (reader.at < args.length && !to.isDone()) {
    const word = reader.words[reader.at++];
    if (word === "--") {
      for (const path of reader.words.slice(reader.at)) to.file(path);
      return;
    }
    if (word.startsWith("-") && word !== "-") readOption(reader, word);
    else to.file(word);
  }
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
  const { to } = reader;
  const dashes = word.startsWith("--") ? 2 : 1;
  const equals = word.indexOf("=");
  const spelled = equals < 0 ? word : word.slice(0, equals);
  const rows = optionsOfWord(spelled.slice(dashes), dashes);
  if (rows.length === 0 && dashes === 1 && hasLetter(word[1])) return false;
  if (rows.length === 0) {
    to.wrong(unknownOption(word, spelled));
  } else if (rows.length > 1) {
    const meanings = rows.map((row) => row.names[row.names.length - 1]);
    to.wrong(error("ambiguous-option", {}, { option: spelled, meanings }));
  } else {
    applyWord(reader, rows[0], spelled, equals < 0 ? undefined : word.slice(equals + 1));
  }
  return true;
}

function applyWord(reader: Reader, row: OptionRow, spelled: string, given: string | undefined): void {
  switch (row.argument.kind) {
    case "none":
      if (given === undefined) reader.to.option(row, spelled, "");
      else reader.to.wrong(error("option-takes-no-argument", {}, { option: spelled, value: given }));
      return;
    case "optional":
      reader.to.option(row, spelled, given ?? "");
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
      reader.to.wrong(unknownOption(word, word));
      return;
    }
    const spelled = `-${word[i]}`;
    if (row.argument.kind !== "none") {
      const rest = word.slice(i + 1);
      applyRequired(reader, row, spelled, rest === "" ? nextWord(reader) : rest);
      return;
    }
    reader.to.option(row, spelled, "");
  }
}

function nextWord(reader: Reader): string | undefined {
  return reader.at < reader.words.length ? reader.words[reader.at++] : undefined;
}

function applyRequired(reader: Reader, row: OptionRow, spelled: string, value: string | undefined): void {
  if (value !== undefined) reader.to.option(row, spelled, value);
  else reader.to.wrong(error("option-needs-argument", {}, { option: spelled, argument: argumentName(row) }));
}

function argumentName(row: OptionRow): string {
  return row.argument.kind === "none" ? "" : row.argument.name;
}

function apply(draft: Draft, row: OptionRow, spelled: string, value: string): void {
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
