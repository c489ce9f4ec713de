// What is loaded or linked follows from the address; and where that says nothing, from the files that are there.

import { splitArguments } from "../../src/cli/ld/response-files.ts";
import type { FileSummary } from "../../src/explain/summary.ts";
import type { LinkAsk, LoadAsk } from "../worker/protocol.ts";
import type { Address } from "./address.ts";

/** The program of the address, else the first program among the files; undefined if there is none. */
export function loadAskOf({ file, query }: Address, summaries: readonly FileSummary[]): LoadAsk | undefined {
  const isThere = summaries.some(({ path }) => path === file);
  const program = isThere ? file : firstProgram(summaries);
  if (program === undefined) return undefined;
  return { program, environment: query.env ?? "", now: query.now === "1", profile: query.profile ?? "" };
}

/** What may be loaded: programs first, then libraries. */
export function loadable(summaries: readonly FileSummary[]): readonly FileSummary[] {
  const linked = summaries.filter(({ kind }) => kind === "elf-executable" || kind === "elf-shared");
  const isProgram = ({ interpreter, kind }: FileSummary): boolean =>
    interpreter !== undefined || kind === "elf-executable";
  return [...linked.filter(isProgram), ...linked.filter((it) => !isProgram(it))];
}

function firstProgram(summaries: readonly FileSummary[]): string | undefined {
  return loadable(summaries)[0]?.path;
}

export function linkAskOf({ query }: Address, summaries: readonly FileSummary[]): LinkAsk {
  const systemLibraryPaths = (query.sys ?? "").split(":").filter((path) => path !== "");
  return {
    args: splitArguments(query.args ?? defaultCommand(summaries)),
    directory: query.dir,
    systemLibraryPaths: systemLibraryPaths.length === 0 ? undefined : systemLibraryPaths,
  };
}

/** Everything that can be linked, in the order in which it was given, but archives and libraries last. */
export function defaultCommand(summaries: readonly FileSummary[]): string {
  const of = (...kinds: readonly string[]): string[] =>
    summaries.flatMap(({ path, kind, interpreter }) =>
      kinds.includes(kind) && interpreter === undefined ? [quoted(path)] : [],
    );
  const inputs = [...of("elf-relocatable"), ...of("archive", "thin-archive"), ...of("elf-shared")];
  return ["-o", "program", ...inputs].join(" ");
}

/** A word of a command line as `splitArguments` reads it back. */
export function quoted(word: string): string {
  return /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

export function commandText(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

/** Adds the option to the command line, or takes it out. An option may be two words. */
export function toggled(words: readonly string[], option: readonly string[]): string[] {
  const at = placeOf(words, option);
  if (at < 0) return [...option, ...words];
  return [...words.slice(0, at), ...words.slice(at + option.length)];
}

export function placeOf(words: readonly string[], option: readonly string[]): number {
  return words.findIndex((_, i) => option.every((word, k) => words[i + k] === word));
}

/** A word that stands for a file one place further up or down among the words that do. */
export function moved(
  words: readonly string[],
  from: number,
  by: number,
  isInput: (word: string) => boolean,
): string[] {
  let to = from + by;
  while (to >= 0 && to < words.length && !isInput(words[to])) to += by;
  if (to < 0 || to >= words.length) return [...words];
  const result = [...words];
  [result[from], result[to]] = [result[to], result[from]];
  return result;
}
