// What stands in a section's braces: patterns for input sections with all that may be around them, data, fills, assignments.
// The grammar is that of the ld manual ("Input Section Description" and behind), held to GNU ld 2.40; REVERSE and ASCIZ are
// 2.41's, LINKER_VERSION 2.42's.

import type { Place, Report } from "../../elf/problem.ts";
import { warning } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import { filePattern, isWild } from "./build.ts";
import { type Cursor, expectMark, expectName, fail, peek, placeOf, type Token, take, takeMark } from "./cursor.ts";
import {
  atAssignment,
  parseAssertion,
  parseAssignmentTo,
  parseExpression,
  parseWrapped,
  wrapsAssignment,
} from "./expression.ts";
import { includedCursor, type ReadScript } from "./include.ts";
import type {
  BodyStatement,
  DataStatement,
  FilePattern,
  Fill,
  InputStatement,
  SectionFlags,
  SectionPattern,
  SectionSort,
} from "./statements.ts";

/** Parses statements up to the closing brace, which is left; with `toEnd` up to the end of an included text. */
export function parseBody(cursor: Cursor, read: ReadScript, toEnd: boolean, into: BodyStatement[]): boolean {
  for (;;) {
    if (takeMark(cursor, "body", ";")) continue;
    const token = peek(cursor, "body");
    if (toEnd ? token.kind === "end" : token.text === "}" && token.kind === "mark") return true;
    if (!parseStatement(cursor, read, token, into)) return false;
  }
}

function parseStatement(cursor: Cursor, read: ReadScript, token: Token, into: BodyStatement[]): boolean {
  const place = placeOf(cursor);
  const word = token.kind === "name" ? token.text : "";
  if (word === "INCLUDE") {
    take(cursor, token);
    const included = includedCursor(cursor, read, place);
    return included !== undefined && parseBody(included, read, true, into);
  }
  const statement = Object.hasOwn(DATA_SIZES, word)
    ? parseData(cursor, token, place)
    : Object.hasOwn(WORDS, word)
      ? WORDS[word](cursor, token, place)
      : wrapsAssignment(word)
        ? wrapped(cursor, token, place)
        : parseInputOrAssignment(cursor, token, place);
  if (statement === undefined) return false;
  into.push(statement);
  return true;
}

type ParseStatement = (cursor: Cursor, token: Token, place: Place) => BodyStatement | undefined;

const WORDS: Readonly<Record<string, ParseStatement>> = {
  FILL: (cursor, token, place) => {
    take(cursor, token);
    if (!expectMark(cursor, "body", "(")) return undefined;
    const fill = parseFill(cursor);
    return fill && expectMark(cursor, "body", ")") ? { kind: "fill", fill, place } : undefined;
  },
  ASCIZ: (cursor, token, place) => {
    take(cursor, token);
    const text = peek(cursor, "body");
    // A file of this name is as likely as the command before 2.41; what stands behind it decides.
    if (text.kind !== "quoted") return fileStatement("ASCIZ", place);
    take(cursor, text);
    return { kind: "text", text: unescaped(text.text), place };
  },
  LINKER_VERSION: (cursor, token, place) => {
    take(cursor, token);
    return { kind: "text", text: undefined, place };
  },
  ASSERT: (cursor, token, place) => {
    take(cursor, token);
    const assertion = parseAssertion(cursor, place);
    return assertion && expectMark(cursor, "body", ";", ",") ? assertion : undefined;
  },
  CREATE_OBJECT_SYMBOLS: idle,
  CONSTRUCTORS: idle,
};

function idle(cursor: Cursor, token: Token): BodyStatement {
  take(cursor, token);
  return { kind: "idle", text: token.text };
}

const DATA_SIZES: Readonly<Record<string, DataStatement["size"]>> = { BYTE: 1, SHORT: 2, LONG: 4, QUAD: 8, SQUAD: 8 };

function parseData(cursor: Cursor, token: Token, place: Place): BodyStatement | undefined {
  take(cursor, token);
  if (!expectMark(cursor, "body", "(")) return undefined;
  const value = parseExpression(cursor);
  if (value === undefined || !expectMark(cursor, "expression", ")")) return undefined;
  return { kind: "data", command: token.text as DataStatement["command"], size: DATA_SIZES[token.text], value, place };
}

function wrapped(cursor: Cursor, token: Token, place: Place): BodyStatement | undefined {
  take(cursor, token);
  const assignment = parseWrapped(cursor, place, token.text);
  return assignment && expectMark(cursor, "body", ";", ",") ? { kind: "assign", assignment } : undefined;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9 };

/** `\n`, `\r`, `\t` and octal digits of ASCIZ's text (ld/ldlang.c of 2.41: lang_add_string). */
function unescaped(text: string): Uint8Array {
  // Escapes are ASCII, so they may be turned into bytes of a binary string, which the rest of the text is too.
  const binary = Array.from(bytesOf(text), (byte) => String.fromCharCode(byte)).join("");
  const plain = binary.replace(/\\([0-7]{1,3}|[\s\S])/g, (_, it: string) =>
    String.fromCharCode(/^[0-7]/.test(it) ? Number.parseInt(it, 8) & 0xff : (ESCAPES[it] ?? it.charCodeAt(0))),
  );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** `=fill` and FILL(fill): hexadecimal digits alone are the pattern as written, any other expression is four bytes. */
export function parseFill(cursor: Cursor): Fill | undefined {
  const place = placeOf(cursor);
  const from = cursor.at;
  const value = parseExpression(cursor);
  if (value === undefined) return undefined;
  // Parentheses around the digits do not matter.
  const written = cursor.text.slice(from, cursor.at).replace(/\/\*[\s\S]*?\*\/|[\s()]/g, "");
  const digits = /^0[xX]([0-9a-fA-F]+)$/.exec(written)?.[1];
  return { bytes: digits === undefined ? undefined : digitBytes(digits), value, place };
}

function digitBytes(digits: string): Uint8Array {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => Number.parseInt(even.slice(2 * i, 2 * i + 2), 16));
}

/** `KEEP(…)`, `INPUT_SECTION_FLAGS(…) file(sections)`, a file's name; or an assignment, which also starts with a name. */
function parseInputOrAssignment(cursor: Cursor, token: Token, place: Place): BodyStatement | undefined {
  if (token.kind === "name" && token.text === "KEEP") {
    take(cursor, token);
    if (!expectMark(cursor, "body", "(")) return undefined;
    const inner = parseInput(cursor, place, true);
    return inner && expectMark(cursor, "body", ")") ? inner : undefined;
  }
  if (token.kind === "name" || token.kind === "quoted") {
    const after = { ...cursor };
    take(after, token);
    if (atAssignment(after)) {
      take(cursor, token);
      const assignment = parseAssignmentTo(cursor, place, token.text);
      return assignment && expectMark(cursor, "body", ";", ",") ? { kind: "assign", assignment } : undefined;
    }
  }
  return parseInput(cursor, place, false);
}

/** `SORT(CONSTRUCTORS)` looks like a file's sort. */
function parseInput(cursor: Cursor, place: Place, keep: boolean): BodyStatement | undefined {
  let flags: SectionFlags | undefined;
  if (takeWord(cursor, "body", "INPUT_SECTION_FLAGS")) {
    flags = parseFlags(cursor);
    if (flags === undefined) return undefined;
  }
  const excluded: FilePattern[] = [];
  const sort = parseFileSort(cursor);
  const reversed = sort !== "none" && takeWord(cursor, "body", "REVERSE") && expectMark(cursor, "body", "(");
  if (!parseExcluded(cursor, "body", excluded)) return undefined;
  const token = peek(cursor, "body");
  if (token.kind === "name" && token.text === "CONSTRUCTORS" && sort === "name") {
    take(cursor, token);
    return expectMark(cursor, "body", ")") ? { kind: "idle", text: "SORT(CONSTRUCTORS)" } : undefined;
  }
  const name = expectName(cursor, "body", "script-expected-statement");
  if (name === undefined) return undefined;
  for (const closes of [reversed, sort !== undefined]) {
    if (closes && !expectMark(cursor, "body", ")")) return undefined;
  }
  const file: InputStatement = {
    ...fileStatement(name, place),
    fileSort: sort === "name" ? "name" : "none",
    fileReversed: reversed,
    excluded,
    flags,
    keep,
  };
  if (!takeMark(cursor, "body", "(")) return file;
  const sections = parsePatterns(cursor);
  return sections && { ...file, sections };
}

function fileStatement(name: string, place: Place): InputStatement {
  return {
    kind: "input",
    file: filePattern(name),
    fileSort: "none",
    fileReversed: false,
    excluded: [],
    sections: undefined,
    flags: undefined,
    keep: false,
    place,
  };
}

/** `SORT(`, `SORT_NONE(` or `REVERSE(` in front of a file. */
function parseFileSort(cursor: Cursor): "name" | "none" | undefined {
  for (const word of ["SORT", "SORT_BY_NAME", "SORT_NONE"]) {
    if (takeWord(cursor, "body", word)) {
      return expectMark(cursor, "body", "(") ? (word === "SORT_NONE" ? "none" : "name") : undefined;
    }
  }
  return undefined;
}

/** Takes the word if it comes next. */
function takeWord(cursor: Cursor, mode: "body" | "list", word: string): boolean {
  const token = peek(cursor, mode);
  if (token.kind !== "name" || token.text !== word) return false;
  take(cursor, token);
  return true;
}

/** `EXCLUDE_FILE(a b)`, if it comes next. */
function parseExcluded(cursor: Cursor, mode: "body" | "list", into: FilePattern[]): boolean {
  if (!takeWord(cursor, mode, "EXCLUDE_FILE")) return true;
  if (!expectMark(cursor, "list", "(")) return false;
  do {
    const name = expectName(cursor, "list", "script-expected-file");
    if (name === undefined) return false;
    into.push(filePattern(name));
    takeMark(cursor, "list", ",");
  } while (!takeMark(cursor, "list", ")"));
  return true;
}

/** Section patterns up to the closing parenthesis. */
function parsePatterns(cursor: Cursor): SectionPattern[] | undefined {
  const patterns: SectionPattern[] = [];
  do {
    const pattern = parsePattern(cursor);
    if (pattern === undefined) return undefined;
    patterns.push(pattern);
    takeMark(cursor, "list", ",");
  } while (!takeMark(cursor, "list", ")"));
  return patterns;
}

const SORTS: Readonly<Record<string, SectionSort>> = {
  SORT: "name",
  SORT_BY_NAME: "name",
  SORT_BY_ALIGNMENT: "alignment",
  SORT_BY_INIT_PRIORITY: "init-priority",
  SORT_NONE: "none",
};

function parsePattern(cursor: Cursor): SectionPattern | undefined {
  const sorts: SectionSort[] = [];
  let reversed = false;
  let open = 0;
  for (;;) {
    const token = peek(cursor, "list");
    const isReverse = token.kind === "name" && token.text === "REVERSE";
    if (token.kind !== "name" || !(isReverse || Object.hasOwn(SORTS, token.text))) break;
    if (!isReverse && !nests(sorts, SORTS[token.text])) return failAt(cursor, token, "script-sort-nesting");
    take(cursor, token);
    if (!expectMark(cursor, "list", "(")) return undefined;
    if (isReverse) reversed = true;
    else sorts.push(SORTS[token.text]);
    open++;
  }
  const excluded: FilePattern[] = [];
  if (!parseExcluded(cursor, "list", excluded)) return undefined;
  const name = expectName(cursor, "list", "script-expected-section-pattern");
  if (name === undefined) return undefined;
  for (; open > 0; open--) if (!expectMark(cursor, "list", ")")) return undefined;
  // Twice the same is once.
  const once = sorts.filter((sort, i) => sorts.indexOf(sort) === i);
  return { name, wild: isWild(name), sorts: once, reversed, excluded };
}

/** Name and alignment nest in each other, once; the other sorts stand alone. */
function nests(outer: readonly SectionSort[], inner: SectionSort): boolean {
  if (outer.length === 0) return true;
  return outer.length === 1 && [...outer, inner].every((sort) => sort === "name" || sort === "alignment");
}

/** gABI, sh_flags; the names that ld knows (bfd/elflink.c, bfd_elf_lookup_section_flags; elf64-x86-64.c). */
export const SECTION_FLAGS: Readonly<Record<string, number>> = {
  SHF_WRITE: 0x1,
  SHF_ALLOC: 0x2,
  SHF_EXECINSTR: 0x4,
  SHF_MERGE: 0x10,
  SHF_STRINGS: 0x20,
  SHF_INFO_LINK: 0x40,
  SHF_LINK_ORDER: 0x80,
  SHF_OS_NONCONFORMING: 0x100,
  SHF_GROUP: 0x200,
  SHF_TLS: 0x400,
  SHF_MASKOS: 0x0ff0_0000,
  SHF_X86_64_LARGE: 0x1000_0000,
  SHF_EXCLUDE: 0x8000_0000,
};

/** `( A & !B )` */
function parseFlags(cursor: Cursor): SectionFlags | undefined {
  if (!expectMark(cursor, "symbol", "(")) return undefined;
  let set = 0;
  let clear = 0;
  const unknown: string[] = [];
  do {
    const inverted = takeNot(cursor);
    const place = placeOf(cursor);
    const name = expectName(cursor, "list", "script-expected-name");
    if (name === undefined) return undefined;
    const value = flagValue(name);
    if (value === undefined) reportUnknown(cursor.report, place, name, unknown);
    else if (inverted) clear = (clear | value) >>> 0;
    else set = (set | value) >>> 0;
  } while (takeMark(cursor, "list", "&"));
  return expectMark(cursor, "list", ")") ? { set, clear, unknown } : undefined;
}

/** `!` in front of a name, where it could be the name's first character. */
function takeNot(cursor: Cursor): boolean {
  const token = peek(cursor, "list");
  if (token.kind !== "name" || !token.text.startsWith("!")) return false;
  take(cursor, { ...token, end: token.start + 1 });
  return true;
}

/** Numbers are no flags to ld, whatever its manual says. */
function flagValue(name: string): number | undefined {
  return Object.hasOwn(SECTION_FLAGS, name) ? SECTION_FLAGS[name] : undefined;
}

function reportUnknown(report: Report, place: Place, name: string, unknown: string[]): void {
  unknown.push(name);
  report(warning("script-unknown-section-flag", place, { name }));
}

function failAt(cursor: Cursor, token: Token, code: string): undefined {
  fail(cursor, token, code);
}
