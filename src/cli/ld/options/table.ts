// GNU ld's command line as one table: every option of the ld manual for ELF on x86, and those of gold, lld and mold that
// compilers and build systems pass. Parsing (parse.ts), --help (help.ts) and docs/options.md (document.ts) read it, and the
// notes about options without effect come from it.

import { compatibleOptions } from "./compatible.ts";
import { dynamicOptions } from "./dynamic.ts";
import { inputOptions } from "./inputs.ts";
import { layoutOptions } from "./layout.ts";
import { messageOptions } from "./messages.ts";
import { outputOptions } from "./output.ts";
import type { OptionGroup, OptionRow } from "./row.ts";
import { symbolOptions } from "./symbols.ts";

/** The table, in the order of the documentation. */
export const optionGroups: readonly OptionGroup[] = [
  inputOptions,
  outputOptions,
  symbolOptions,
  dynamicOptions,
  layoutOptions,
  messageOptions,
  compatibleOptions,
];

/** Rows by their one-letter name, without the dash. */
const byLetter = new Map<string, OptionRow>();
/** Rows by their longer names, without dashes. */
const byWord = new Map<string, OptionRow>();

for (const { rows } of optionGroups) {
  for (const row of rows) {
    for (const name of row.names) {
      const bare = bareName(name);
      (bare.length === 1 ? byLetter : byWord).set(bare, row);
    }
  }
}

/**
 * The same names by their first letter: `-lm` and `-L/usr/lib` are compared with each that could be meant, as getopt does. Most
 * of a command line is of these two kinds.
 */
const byFirst = new Map<string, (readonly [word: string, row: OptionRow])[]>();
for (const entry of byWord) {
  const first = entry[0].charAt(0);
  const known = byFirst.get(first);
  if (known === undefined) byFirst.set(first, [entry]);
  else known.push(entry);
}

/** A name without its dashes. */
export function bareName(name: string): string {
  return name.replace(/^--?/, "");
}

/** The row of a one-letter option. */
export function optionOfLetter(letter: string): OptionRow | undefined {
  return byLetter.get(letter);
}

/**
 * The rows that a word may mean: the one that has it as a name, else those that have a name which begins with it, as
 * getopt_long_only(3) does it. `dashes` is how many stand before it.
 */
export function optionsOfWord(word: string, dashes: 1 | 2): readonly OptionRow[] {
  const fits = (row: OptionRow): boolean => dashes === 2 || !row.twoDashes;
  const exact = byWord.get(word);
  if (exact !== undefined && fits(exact)) return [exact];
  const rows = new Set<OptionRow>();
  for (const [name, row] of word === "" ? byWord : (byFirst.get(word.charAt(0)) ?? []))
    if (name.startsWith(word) && row.abbreviated && fits(row)) rows.add(row);
  return [...rows];
}

/** Every name with its dashes, for suggestions. */
export function optionNames(): readonly string[] {
  return optionGroups.flatMap(({ rows }) => rows.flatMap((row) => row.names));
}
