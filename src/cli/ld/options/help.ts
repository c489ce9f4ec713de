// What `ld --help`, `-v`, `-V` and `--version` print. Build systems read some of it: libtool, autoconf, meson,
// CMake and the Linux kernel look for "GNU ld" or "GNU" and take the last word of the first line as the version, libtool
// and GCC's configure search --help for ": supported targets:.* elf" and for names of options.

import { gnuLdVersion, version } from "../../version.ts";
import { emulations } from "../emulations.ts";
import { type OptionRow, spellingWithArgument } from "./row.ts";
import { optionGroups } from "./table.ts";
import { type ZKeyword, zKeywords } from "./z-keywords.ts";

/** `-v`: one line. */
export function versionLine(): string {
  return `GNU ld (compatible: Solder) ${gnuLdVersion}\n`;
}

/** `--version`. */
export function versionText(): string {
  return `${versionLine()}Solder ${version}: an ELF linker for x86-64 and i386, with the command line of GNU ld.\n`;
}

/** `-V`. */
export function emulationsText(): string {
  return `${versionLine()}  Supported emulations:\n${emulations.map(({ name }) => `   ${name}\n`).join("")}`;
}

/** `--help`. */
export function helpText(program: string): string {
  const groups = optionGroups.map(({ title, rows }) => section(title, rows.map(optionEntry)));
  return [
    `Usage: ${program} [options] file...\n`,
    "Words take one dash or two; `@FILE` stands for the options in FILE.\n",
    ...groups,
    keywordsText(),
    `\n${program}: supported targets: ${emulations.map(({ target }) => target).join(" ")}`,
    `\n${program}: supported emulations: ${emulations.map(({ name }) => name).join(" ")}\n`,
  ].join("");
}

/** `--target-help`, and the end of --help. */
export function keywordsText(): string {
  return section("Keywords of -z", zKeywords.map(keywordEntry));
}

type Entry = readonly [left: string, right: string];

function section(title: string, entries: readonly Entry[]): string {
  return `\n${title}:\n${entries.map(([left, right]) => entryText(left, right)).join("")}`;
}

/** Where the right column begins, and where lines end. */
const COLUMN = 30;
const WIDTH = 100;

function entryText(left: string, right: string): string {
  const head = `  ${left}`;
  const indent = " ".repeat(COLUMN);
  const body = wrap(right, WIDTH - COLUMN).join(`\n${indent}`);
  return head.length < COLUMN ? `${head.padEnd(COLUMN)}${body}\n` : `${head}\n${indent}${body}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function optionEntry(row: OptionRow): Entry {
  return [row.names.map((name) => spellingWithArgument(name, row)).join(", "), row.help + remark(row)];
}

function remark({ effect }: OptionRow): string {
  if (effect.kind === "none") return ` (No effect: ${effect.why}.)`;
  return effect.kind === "unsupported" ? ` (Not supported: ${effect.why}.)` : "";
}

function keywordEntry({ name, argument, help, why }: ZKeyword): Entry {
  const left = `-z ${name}${argument === undefined ? "" : `=${argument}`}`;
  return [left, why === undefined ? help : `${help} (No effect: ${why}.)`];
}
