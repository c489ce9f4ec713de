// The option table: whole, without contradictions, and the only source of the documentation.
import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { optionsDocument } from "../../src/cli/ld/options/document.ts";
import { helpText } from "../../src/cli/ld/options/help.ts";
import { bareName, optionGroups, optionNames, optionsOfWord } from "../../src/cli/ld/options/table.ts";
import { zKeywords } from "../../src/cli/ld/options/z-keywords.ts";
import { ld } from "./support.ts";

const rows = optionGroups.flatMap((group) => group.rows);

/** Arguments for the options that do not take any word. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  "-m": "elf_i386",
  "-z": "now",
  "--oformat": "elf",
  "--defsym": "a=1",
  "-b": "elf",
  "-a": "shared",
  "--hash-style": "gnu",
  "--pack-dyn-relocs": "relr",
  "--unresolved-symbols": "ignore-all",
  "--compress-sections": "x=zlib",
  "--spare-dynamic-tags": "3",
  "--compress-debug-sections": "none",
  "--sort-section": "name",
  "--orphan-handling": "place",
  "--icf": "none",
  "--shuffle-sections": "1",
  "--error-limit": "3",
  "--image-base": "0x10000",
  "--section-start": ".text=1000",
  "-Ttext": "1000",
  "-Tdata": "1000",
  "-Tbss": "1000",
  "-Ttext-segment": "1000",
  "-Trodata-segment": "1000",
  "-Tldata-segment": "1000",
};

/** Options that want a file or other options around them; parse.test.ts has them. */
const FOR_OBJECTS = ["--split-by-file", "--split-by-reloc"];
const IN_COMPANY = [
  ...FOR_OBJECTS,
  "-R",
  "-)",
  "--pop-state",
  "-F",
  "-f",
  "--export-dynamic-symbol-list",
  "--dynamic-list",
];
const ORDERS = ["--symbol-ordering-file", "--section-ordering-file"];
const WITH_FILE = ["--version-script", "-T", "-dT", "-c", "--retain-symbols-file", "-(", ...ORDERS];

test("no two rows share a spelling", () => {
  const names = optionNames().map(bareName);
  deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test("one letter takes one dash; a word is written with one or two", () => {
  for (const name of optionNames()) {
    ok(bareName(name).length === 1 ? /^-[^-]$/.test(name) : /^--?[A-Za-z]/.test(name), name);
  }
});

test("every row says what it is for, in sentences, and why where it does nothing", () => {
  for (const { names, help, effect } of rows) {
    ok(/^[A-Z0-9].*\.$/.test(help), `${names[0]}: ${help}`);
    if (effect.kind !== "applies") ok(/^[^.].*[^.]$/.test(effect.why), `${names[0]}: ${effect.why}`);
  }
  for (const { name, help } of zKeywords) ok(/^[A-Z].*\.$/.test(help), `${name}: ${help}`);
});

test("every word of the table can be given with two dashes, and with one unless it is marked", () => {
  for (const row of rows) {
    for (const name of row.names.map(bareName).filter((it) => it.length > 1)) {
      deepEqual(optionsOfWord(name, 2), [row]);
      equal(optionsOfWord(name, 1).includes(row), !row.twoDashes, name);
    }
  }
});

test("a word that one dash would turn into -o or -l and its argument needs two dashes", () => {
  for (const { names, twoDashes } of rows) {
    for (const name of names.map(bareName)) ok(name.length === 1 || !/^[ol]/.test(name) || twoDashes, name);
  }
});

test("every row can be used: it reports nothing but that it has no effect or is not supported", () => {
  const expected = { applies: [], none: ["option-ignored"], unsupported: ["option-not-supported"] };
  for (const { names, argument, effect } of rows) {
    if (names.some((name) => IN_COMPANY.includes(name) || WITH_FILE.includes(name))) continue;
    const value = names.map((name) => ARGUMENTS[name]).find((it) => it !== undefined) ?? "x";
    for (const name of names) {
      const { codes } = ld(argument.kind === "required" ? `${name} ${value}` : name);
      deepEqual(codes, effect.kind === "none" && effect.quiet ? [] : expected[effect.kind], name);
    }
  }
});

test("every keyword of -z can be used", () => {
  const values: Readonly<Record<string, string>> = { "call-nop": "prefix-addr", "start-stop-visibility": "hidden" };
  for (const { name, argument, why } of zKeywords) {
    const value = values[name] ?? (argument === "SIZE" ? "4096" : "none");
    const { codes } = ld(`-z ${name}${argument === undefined ? "" : `=${value}`}`);
    ok(codes.length === 0 || (why !== undefined && codes.every((code) => code === "option-ignored")), name);
  }
});

test("docs/options.md is what the table says (npm run build && node scripts/options.mjs)", () => {
  equal(readFileSync("docs/options.md", "utf8"), optionsDocument());
});

test("--help names every option and every keyword", () => {
  const help = helpText("ld");
  for (const name of optionNames()) ok(help.includes(name), name);
  for (const { name } of zKeywords) ok(help.includes(`-z ${name}`), name);
});

/** The options that a linker's --help lists, without those of other object formats. */
function listedOptions(help: string): string[] {
  const lines = help.split(/^(?:i386pep|i386pe|elf_iamcu):/m)[0].split("\n");
  return lines.flatMap((line) => {
    const list = /^ {2}(-\S.*?)(?: {2,}|$)/.exec(line)?.[1] ?? "";
    const names = [...list.matchAll(/(?:^|, )(--?[A-Za-z()][A-Za-z0-9_-]*)/g)].map((match) => match[1]);
    return names.filter((name) => name !== "-z");
  });
}

test("every option and every keyword that GNU ld lists is in the table", (t) => {
  const { stdout: help, error } = spawnSync("ld.bfd", ["--help"], { encoding: "utf8" });
  if (error !== undefined) return t.skip("needs ld");
  const options = listedOptions(help);
  ok(options.length > 150, `only ${options.length} options found in ld --help`);
  const known = new Set(optionNames().map(bareName));
  deepEqual(
    options.filter((name) => !known.has(bareName(name))),
    [],
  );
  const keywords = [...help.matchAll(/^ {2}-z ([a-z0-9-]*[a-z0-9])[= ]/gm)].map((match) => match[1]);
  ok(keywords.length > 50, `only ${keywords.length} keywords found in ld --help`);
  const knownKeywords = new Set(zKeywords.map(({ name }) => name));
  deepEqual(
    keywords.filter((name) => !knownKeywords.has(name)),
    [],
  );
});
