// A place in the text of a script, and the tokens that stand there. GNU ld's language has no tokens of its own: whether
// `a-b` is one name or a subtraction depends on where it stands. So the parser names the mode each time it asks for a
// token, and nothing is read ahead in another mode. The character sets are those of GNU ld 2.40 (ld/ldlex.l), measured.

import { error, type Place, type Report, warning } from "../../elf/problem.ts";
import { scanNumber } from "./number.ts";

export type Mode =
  /** The start of a command or assignment: a keyword or symbol, and the operators of assignments. */
  | "command"
  /** Names between the parentheses of a command: files, formats, sections. `-`, `+`, `=` and `:` belong to them. */
  | "name"
  /** A symbol that is assigned to or asked for: no numbers. */
  | "symbol"
  /** Arithmetic. */
  | "expression"
  /** In SECTIONS, where a section's head or an assignment starts. */
  | "section"
  /** In a section's braces: an assignment or a file's pattern. */
  | "body"
  /** In the parentheses of a section's statements: patterns. */
  | "list"
  /** A version script outside of `{ }`. */
  | "version"
  /** A version script inside of `{ }`: `*` and `?` belong to names. */
  | "pattern";

export interface Token {
  /** `mark` is punctuation or an operator, `stray` a character that means nothing here. */
  readonly kind: "name" | "quoted" | "number" | "mark" | "stray" | "end";
  /** As written, without the quotes. */
  readonly text: string;
  /** Of a number; else 0n. */
  readonly value: bigint;
  readonly line: number;
  /** Offset of the token's first character. */
  readonly start: number;
  /** Offset behind the token. */
  readonly end: number;
}

export interface Cursor {
  readonly text: string;
  /** The place of the text itself; tokens add their line to it where `lines` says so. */
  readonly place: Place;
  readonly lines: boolean;
  /** Characters that mean nothing are passed over with a warning, as ld does, instead of `stray` tokens. */
  skipsStray: boolean;
  readonly report: Report;
  at: number;
  line: number;
  /** Where the last token that was taken ends, and in which line. */
  lastEnd: number;
  lastLine: number;
  /** A comment has no end, which has been reported: what is missing behind it is nothing new. */
  isCut: boolean;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
const DIGITS = "0123456789";

/** Character sets as tables by character code; regular expressions would need stack in proportion to a name's length. */
function characters(set: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of set) table[character.charCodeAt(0)] = 1;
  return table;
}

const NAME_FIRST: Readonly<Record<Mode, Uint8Array>> = {
  command: characters(`${LETTERS}/.\\$~`),
  name: characters(`${LETTERS}${DIGITS}/.\\$~-+:[],=@`),
  symbol: characters(`${LETTERS}.\\$`),
  expression: characters(`${LETTERS}.\\$`),
  section: characters(`${LETTERS}/.\\$~`),
  body: characters(`${LETTERS}${DIGITS}/.\\$~-+:[*?`),
  list: characters(`${LETTERS}${DIGITS}/.\\$~-+:[],=@*?!^`),
  version: characters(`${LETTERS}.$`),
  pattern: characters(`${LETTERS}*?.$[]-!^\\`),
};

const NAME_REST: Readonly<Record<Mode, Uint8Array>> = {
  command: characters(`${LETTERS}${DIGITS}/.\\$~-+:[]`),
  name: NAME_FIRST.name,
  symbol: characters(`${LETTERS}${DIGITS}/.\\$~`),
  expression: characters(`${LETTERS}${DIGITS}/.\\$~`),
  section: characters(`${LETTERS}${DIGITS}/.\\$~-+:[]`),
  body: characters(`${LETTERS}${DIGITS}/.\\$~-+:[],@*?!^`),
  list: NAME_FIRST.list,
  version: characters(`${LETTERS}${DIGITS}.`),
  pattern: characters(`${LETTERS}${DIGITS}*?.$[]-!^\\`),
};

const ASSIGNMENT_MARKS = /<<=|>>=|[-+*/&|^]=|[=(){},;]/y;
const SECTION_MARKS = /<<=|>>=|[-+*/&|^]=|[=(){},;:>!&]/y;
const MARKS: Readonly<Record<Mode, RegExp>> = {
  command: ASSIGNMENT_MARKS,
  name: /[(){},;]/y,
  symbol: ASSIGNMENT_MARKS,
  expression: /<<|>>|\|\||&&|[=!<>]=|[-+*/%&|^~!<>?:(),;{}=]/y,
  section: SECTION_MARKS,
  body: SECTION_MARKS,
  list: /[(){}&,;]/y,
  version: /[{}:;,]/y,
  pattern: /[{}:;,]/y,
};

const START = { at: 0, line: 1, lastEnd: 0, lastLine: 1, isCut: false };

/** A cursor at the start of a file's bytes. */
export function openScript(bytes: Uint8Array, name: string, skipsStray: boolean, report: Report): Cursor {
  // A copy, because a browser's TextDecoder refuses views of shared memory.
  const text = new TextDecoder().decode(bytes.slice());
  return { text, place: { file: name }, lines: true, skipsStray, report, ...START };
}

/** A cursor at the start of a text that has no lines of its own (an option's argument). */
export function openText(text: string, place: Place, report: Report): Cursor {
  return { text, place, lines: false, skipsStray: false, report, ...START };
}

/** Where the cursor stands, for problems. Call it before the tokens in question are taken. */
export function placeOf(cursor: Cursor): Place {
  skipSpace(cursor);
  return placeAt(cursor, cursor.line, cursor.at);
}

/** The next token, left where it is. */
export function peek(cursor: Cursor, mode: Mode): Token {
  skipSpace(cursor);
  let token = scan(cursor, mode);
  while (token.kind === "stray" && cursor.skipsStray) {
    cursor.report(warning("script-stray-character", placeAt(cursor, token.line, token.start), { found: token.text }));
    take(cursor, token);
    skipSpace(cursor);
    token = scan(cursor, mode);
  }
  return token;
}

function scan(cursor: Cursor, mode: Mode): Token {
  const { text, at: start, line } = cursor;
  const at = start;
  if (at >= text.length) return { kind: "end", text: "", value: 0n, line, start, end: at };
  const quote = text[at] === '"' && mode !== "version" ? text.indexOf('"', at + 1) : -1;
  if (quote >= 0) return { kind: "quoted", text: text.slice(at + 1, quote), value: 0n, line, start, end: quote + 1 };
  const end = nameEnd(mode, text, at);
  // In SECTIONS a number is wrong, but no character to be passed over.
  const isNumber = mode === "expression" || (mode === "section" && DIGITS.includes(text[at]));
  const number = isNumber ? scanNumber(text, at) : undefined;
  if (number !== undefined && number.end >= end) {
    return { kind: "number", text: text.slice(at, number.end), value: number.value, line, start, end: number.end };
  }
  if (end > at) return { kind: "name", text: text.slice(at, end), value: 0n, line, start, end };
  MARKS[mode].lastIndex = at;
  const mark = MARKS[mode].exec(text)?.[0];
  if (mark !== undefined) return { kind: "mark", text: mark, value: 0n, line, start, end: at + mark.length };
  const stray = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { kind: "stray", text: stray, value: 0n, line, start, end: at + stray.length };
}

/** Where the name that starts at `at` ends; `at` itself if there is none. */
function nameEnd(mode: Mode, text: string, at: number): number {
  if (!holds(NAME_FIRST[mode], text, at) || endsName(mode, text, at)) return at;
  let end = at + 1;
  for (;;) {
    if (holds(NAME_REST[mode], text, end) && !endsName(mode, text, end)) end++;
    else if (mode === "pattern" && text.startsWith("::", end)) end += 2;
    else break;
  }
  // A comma in a file's name is part of it, as in ld. At the end of a name it separates; ld would look for such a file.
  while ((mode === "name" || mode === "list" || mode === "body") && end > at && text[end - 1] === ",") end--;
  return end;
}

function holds(table: Uint8Array, text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 && table[code] === 1;
}

/** A comment ends a name, and so does an assignment: ld takes `x=1` for one name, which is never what was meant. */
function endsName(mode: Mode, text: string, at: number): boolean {
  const next = text[at + 1];
  if (text[at] === "/" && next === "*") return true;
  const assigns = mode === "command" || mode === "section" || mode === "body";
  return assigns && next === "=" && "-+/*^".includes(text[at]);
}

/** Goes past a token that `peek` returned. */
export function take(cursor: Cursor, token: Token): void {
  countLines(cursor, cursor.at, token.end);
  cursor.at = token.end;
  cursor.lastEnd = token.end;
  cursor.lastLine = cursor.line;
}

/** Takes the next token if it is this punctuation. */
export function takeMark(cursor: Cursor, mode: Mode, mark: string): boolean {
  const token = peek(cursor, mode);
  if (token.kind !== "mark" || token.text !== mark) return false;
  take(cursor, token);
  return true;
}

/** Takes the punctuation or reports that it is missing. */
export function expectMark(cursor: Cursor, mode: Mode, ...marks: readonly string[]): boolean {
  if (marks.some((mark) => takeMark(cursor, mode, mark))) return true;
  const token = peek(cursor, mode);
  const expected = marks.length === 1 ? marks : marks.join("' or `");
  // What is missing at the end of a line is missing there, not before what stands in the next one.
  const isBehind = token.kind !== "end" && token.line > cursor.lastLine;
  if (!isBehind) fail(cursor, token, "script-expected-token", { expected });
  else {
    const place = placeAt(cursor, cursor.lastLine, cursor.lastEnd);
    cursor.report(error("script-expected-token", place, { expected, end: "end of the line" }));
  }
  return false;
}

/** Takes a name, quoted or not, or reports `code`. */
export function expectName(cursor: Cursor, mode: Mode, code: string): string | undefined {
  const token = peek(cursor, mode);
  if ((token.kind === "name" || token.kind === "quoted") && token.text !== "") {
    take(cursor, token);
    return token.text;
  }
  fail(cursor, token, code);
  return undefined;
}

type Details = Readonly<Record<string, string | readonly string[]>>;

/** Reports a syntax error at a token; the parser gives up after it. */
export function fail(cursor: Cursor, token: Token, code: string, details: Details = {}): void {
  if (cursor.isCut) return;
  if (token.kind !== "end") {
    cursor.report(error(code, placeAt(cursor, token.line, token.start), { ...details, found: token.text }));
    return;
  }
  // The end is where the last text is, not behind the empty lines that follow it.
  const last = cursor.text.trimEnd();
  cursor.report(
    error(code, placeAt(cursor, last.split("\n").length, last.length), { ...details, end: "end of the text" }),
  );
}

function placeAt(cursor: Cursor, line: number, at: number): Place {
  return cursor.lines ? { ...cursor.place, line, column: at - cursor.text.lastIndexOf("\n", at - 1) } : cursor.place;
}

/** White space, `#` to the end of the line, and C comments. */
function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const from = cursor.at;
    if (text.startsWith("/*", from)) cursor.at = endOfComment(cursor);
    else if (text[from] === "#") cursor.at = endOr(text.indexOf("\n", from), text);
    else if (" \t\r\n".includes(text[from] ?? "x")) cursor.at++;
    else return;
    countLines(cursor, from, cursor.at);
  }
}

function endOfComment(cursor: Cursor): number {
  const end = cursor.text.indexOf("*/", cursor.at + 2);
  if (end >= 0) return end + 2;
  cursor.report(error("script-unterminated-comment", placeAt(cursor, cursor.line, cursor.at)));
  cursor.isCut = true;
  return cursor.text.length;
}

function endOr(found: number, text: string): number {
  return found < 0 ? text.length : found;
}

function countLines(cursor: Cursor, from: number, to: number): void {
  for (let at = from; at < to; at++) if (cursor.text[at] === "\n") cursor.line++;
}
