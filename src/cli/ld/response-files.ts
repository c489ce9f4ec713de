// `@FILE` on the command line stands for the arguments in FILE, quoted as GNU's tools read them (libiberty, buildargv):
// blanks separate, a backslash takes the next character as it is (between quotes, too), and both kinds of quotes group.

import { error, type Report } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";

/** As libiberty. Files that name each other over and over would otherwise grow without end. */
const MOST_FILES = 2000;

/** The arguments with every `@FILE` replaced, nested ones too. Where there is no such file it is an argument as it stands. */
export function expandResponseFiles(args: readonly string[], files: FileSystem, report: Report): string[] {
  const expanded: string[] = [];
  const open: string[] = [];
  let count = 0;
  const expand = (words: readonly string[]): void => {
    for (const word of words) {
      const path = word.slice(1);
      const bytes = word.startsWith("@") && path !== "" ? files.read(path) : undefined;
      if (bytes === undefined) {
        expanded.push(word);
      } else if (open.includes(path)) {
        report(error("response-file-loop", { file: path }));
      } else if (count++ >= MOST_FILES) {
        if (count === MOST_FILES + 1) report(error("too-many-response-files", { file: path }, { limit: MOST_FILES }));
      } else {
        open.push(path);
        expand(splitArguments(new TextDecoder().decode(bytes)));
        open.pop();
      }
    }
  };
  expand(args);
  return expanded;
}

/** The arguments in a response file's text. */
export function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "\\") {
      // A backslash at the very end stands for nothing.
      word = (word ?? "") + (text[++i] ?? "");
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (!/[ \t\n\v\f\r]/.test(character)) {
      word = (word ?? "") + character;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
