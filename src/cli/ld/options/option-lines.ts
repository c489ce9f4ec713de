// What an option of the linker means, and whether a link is given it: for those who ask why.

import { type OptionRow, spellingWithArgument } from "./row.ts";
import { bareName, optionOfLetter, optionsOfWord } from "./table.ts";
import { zKeywords } from "./z-keywords.ts";

/**
 * @param question `--gc-sections`, `-z now`  @param args the link's command line
 * @returns undefined if no option is called so
 */
export function optionLines(question: string, args: readonly string[]): string[] | undefined {
  const keyword = /^-z\s*([^\s=]+)/.exec(question)?.[1];
  return keyword === undefined ? rowLines(question, args) : keywordLines(keyword, args);
}

function rowLines(question: string, args: readonly string[]): string[] | undefined {
  const row = rowCalled(question);
  if (row === undefined) return undefined;
  const { names, help, effect, argument } = row;
  const lines = [`${names.map((name) => spellingWithArgument(name, row)).join(", ")}: ${help}`];
  if (effect.kind === "none") lines.push(`  it has no effect: ${effect.why}`);
  if (effect.kind === "unsupported") lines.push(`  it is not supported: ${effect.why}`);
  const uses = args.flatMap((word, i) => {
    if (rowCalled(word) !== row) return [];
    const isApart = argument.kind === "required" && names.includes(word) && args[i + 1] !== undefined;
    return [isApart ? `${word} ${args[i + 1]}` : word];
  });
  return [...lines, usesLine(uses)];
}

function keywordLines(name: string, args: readonly string[]): string[] | undefined {
  const keyword = zKeywords.find((it) => it.name === name);
  if (keyword === undefined) return undefined;
  const { argument, help, why } = keyword;
  const lines = [`-z ${name}${argument === undefined ? "" : `=${argument}`}: ${help}`];
  if (why !== undefined) lines.push(`  it has no effect: ${why}`);
  const uses = args.flatMap((word, i) => {
    const value = word === "-z" ? args[i + 1] : word.startsWith("-z") ? word.slice(2) : undefined;
    return value?.split("=")[0] === name ? [`-z ${value}`] : [];
  });
  return [...lines, usesLine(uses)];
}

function usesLine(uses: readonly string[]): string {
  return uses.length === 0 ? "  this link is not given it" : `  this link is given ${uses.join(" ")}`;
}

/** The row of a word of a command line; undefined if it is a file, or may mean several. */
function rowCalled(word: string): OptionRow | undefined {
  const [, dashes, name] = /^(--?)([^=]+)/.exec(word) ?? [];
  if (dashes === undefined || name === undefined) return undefined;
  const bare = bareName(name);
  if (bare.length === 1) return optionOfLetter(bare);
  const rows = optionsOfWord(bare, dashes.length === 2 ? 2 : 1);
  const exact = rows.find((row) => row.names.some((it) => bareName(it) === bare));
  if (exact !== undefined || rows.length === 1) return exact ?? rows[0];
  // `-lfoo`, `-L/usr/lib`: a letter with its value.
  return dashes === "-" && rows.length === 0 ? optionOfLetter(bare[0]) : undefined;
}
