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
  return {
    program,
    environment: query.env ?? "",
    now: query.now === "1",
    profile: query.profile ?? "",
    root: query.root ?? "",
    bases: basesOf(query.bases ?? ""),
  };
}

/** `NAME=ADDRESS` a line. */
export function basesOf(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(/\s+/).flatMap((word) => {
      const [name, value] = word.split("=");
      const base = Number(value);
      return name !== "" && value !== undefined && Number.isSafeInteger(base) && base >= 0 ? [[name, base]] : [];
    }),
  );
}

/** What may be loaded: programs first, then libraries. */
export function loadable(summaries: readonly FileSummary[]): readonly FileSummary[] {
  const linked = summaries.filter(({ kind }) => kind === "elf-executable" || kind === "elf-shared");
  return [...linked.filter(isProgram), ...linked.filter((it) => !isProgram(it))];
}

/** libc.so.6 names a loader too, but is a library. */
export function isProgram({ interpreter, kind, soname }: FileSummary): boolean {
  return kind === "elf-executable" || (interpreter !== undefined && soname === undefined);
}

function firstProgram(summaries: readonly FileSummary[]): string | undefined {
  return loadable(summaries)[0]?.path;
}

export function linkAskOf({ query }: Address, summaries: readonly FileSummary[]): LinkAsk {
  const systemLibraryPaths = (query.sys ?? "").split(":").filter((path) => path !== "");
  return {
    args: splitArguments(query.args ?? defaultCommand(summaries)),
    directory: query.dir,
    environment: query.vars,
    systemLibraryPaths: systemLibraryPaths.length === 0 ? undefined : systemLibraryPaths,
  };
}

/** Everything that can be linked, in the order in which it was given, but archives and libraries last. */
export function defaultCommand(summaries: readonly FileSummary[]): string {
  const of = (...kinds: readonly string[]): string[] =>
    summaries.flatMap((it) => (kinds.includes(it.kind) && !isProgram(it) ? [quoted(it.path)] : []));
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

/** Options whose next word is no input. */
const TAKES_WORD =
  /^--?(o|output|dynamic-linker|I|plugin|T|script|L|m|soname|h|e|entry|u|undefined|z|rpath|Map|version-script|R|y|defsym)$/;

/** The file that a word names: an input if it is one of those that are here, by whatever path. */
export function inputPath(words: readonly string[], place: number, directory: string): string | undefined {
  const word = words[place];
  if (word.startsWith("-") || (place > 0 && TAKES_WORD.test(words[place - 1]))) return undefined;
  if (word.startsWith("/")) return canonical(word);
  return directory === "" ? word : canonical(`${directory}/${word}`);
}

function canonical(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return `/${steps.join("/")}`;
}

/** A word that stands for a file one place further up or down among the words that do. */
export function moved(
  words: readonly string[],
  from: number,
  by: number,
  isInput: (place: number) => boolean,
): string[] {
  let to = from + by;
  while (to >= 0 && to < words.length && !isInput(to)) to += by;
  if (to < 0 || to >= words.length) return [...words];
  const result = [...words];
  [result[from], result[to]] = [result[to], result[from]];
  return result;
}
