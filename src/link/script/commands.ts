// Linker scripts: the texts that stand where libraries are expected (libc.so, libncurses.so) and the scripts of -T. One entry
// a command in the table below; SECTIONS, MEMORY and PHDRS have files of their own. The first error ends a script.

import { error, type Place, type Report, warning } from "../../elf/problem.ts";
import { closest } from "../tables/spelling.ts";
import {
  type Cursor,
  expectMark,
  expectName,
  fail,
  openScript,
  peek,
  placeOf,
  type Token,
  take,
  takeMark,
} from "./cursor.ts";
import { atAssignment, parseAssertion, parseAssignmentTo, parseWrapped, wrapsAssignment } from "./expression.ts";
import type { ReadScript } from "./include.ts";
import { parseMemory, parseProgramHeaders } from "./memory.ts";
import { parseSections } from "./sections.ts";
import type { Assignment } from "./statements.ts";
import type { ScriptCommand, ScriptInput } from "./types.ts";
import { parseVersionNodes } from "./versions.ts";

/** AS_NEEDED in AS_NEEDED: more than anybody writes. */
const MAX_NESTING = 16;

/** Parses what follows a command's name; undefined after an error, which has been reported. */
type Parse = (cursor: Cursor, place: Place, command: string, read: ReadScript) => ScriptCommand | "nothing" | undefined;

const COMMANDS: Readonly<Record<string, Parse>> = {
  INPUT: (cursor, place) => withInputs(cursor, (inputs) => ({ kind: "input", inputs, place })),
  GROUP: (cursor, place) => withInputs(cursor, (inputs) => ({ kind: "group", inputs, place })),
  STARTUP: (cursor, place) => withName(cursor, (path) => ({ kind: "startup", path, place })),
  INCLUDE: (cursor, place) => {
    const path = expectName(cursor, "name", "script-expected-file");
    return path === undefined ? undefined : { kind: "include", path, place };
  },
  SEARCH_DIR: (cursor, place) => withName(cursor, (path) => ({ kind: "search-dir", path, place })),
  TARGET: (cursor, place) => withName(cursor, (format) => ({ kind: "target", format, place })),
  OUTPUT: (cursor, place) => withName(cursor, (path) => ({ kind: "output", path, place })),
  OUTPUT_ARCH: (cursor, place) => withName(cursor, (name) => ({ kind: "output-arch", name, place })),
  OUTPUT_FORMAT: (cursor, place) => {
    const formats = parseList(cursor, "name");
    if (formats === undefined || formats.length === 1 || formats.length === 3) {
      return formats && { kind: "output-format", formats, place };
    }
    cursor.report(error("script-output-format", place, { count: formats.length }));
    return undefined;
  },
  ENTRY: (cursor, place) => withName(cursor, (symbol) => ({ kind: "entry", symbol, place })),
  EXTERN: (cursor, place) => {
    const symbols = parseList(cursor, "symbol");
    return symbols && { kind: "extern", symbols, place };
  },
  ASSERT: parseAssertion,
  VERSION: parseVersion,
  MEMORY: (cursor, place, _, read) => {
    const regions = parseMemory(cursor, read);
    return regions && { kind: "memory", regions, place };
  },
  PHDRS: (cursor, place) => {
    const headers = parseProgramHeaders(cursor);
    return headers && { kind: "phdrs", headers, place };
  },
  REGION_ALIAS: (cursor, place) => {
    const names = parseList(cursor, "name");
    if (names?.length === 2) return { kind: "region-alias", alias: { alias: names[0], region: names[1], place } };
    if (names !== undefined) cursor.report(error("script-region-alias", place, { count: names.length }));
    return undefined;
  },
  INSERT: parseInsert,
  NOCROSSREFS: (cursor, place) => noCrossReferences(cursor, place, false),
  NOCROSSREFS_TO: (cursor, place) => noCrossReferences(cursor, place, true),
  LD_FEATURE: (cursor, place) =>
    withName(cursor, (name) => {
      if (name !== "SANE_EXPR") cursor.report(error("script-unknown-feature", place, { name }));
      return { kind: "feature", name, place };
    }),
  FORCE_COMMON_ALLOCATION: feature,
  FORCE_GROUP_ALLOCATION: feature,
  INHIBIT_COMMON_ALLOCATION: feature,
  // Checks and hints that change nothing in a link that works; ld has no use for most of them either.
  HLL: ignored,
  SYSLIB: ignored,
  MAP: ignored,
  FLOAT: ignored,
  NOFLOAT: ignored,
};

/**
 * Parses a linker script.
 * @param name the file as the user named it, for problems
 * @param read gets the text of INCLUDE in SECTIONS and MEMORY; beside them it is a command like others
 * @returns the commands in order, or undefined if anything in the script is wrong or not supported
 */
export function parseLinkerScript(
  bytes: Uint8Array,
  name: string,
  report: Report,
  read: ReadScript = noScript(report),
): readonly ScriptCommand[] | undefined {
  let failed = false;
  const cursor = openScript(bytes, name, false, (problem) => {
    failed ||= problem.severity === "error";
    report(problem);
  });
  const commands: ScriptCommand[] = [];
  for (;;) {
    const token = peek(cursor, "command");
    if (token.kind === "end") return failed ? undefined : commands;
    if (token.text === ";") {
      take(cursor, token);
      continue;
    }
    if (token.kind === "name" && token.text === "SECTIONS") {
      const place = placeOf(cursor);
      take(cursor, token);
      const sections = parseSections(cursor, read);
      if (sections === undefined) return undefined;
      commands.push({ kind: "sections", statements: sections.statements, place }, ...sections.commands);
      continue;
    }
    const command = parseCommand(cursor, token, read);
    if (command === undefined) return undefined;
    if (command !== "nothing") commands.push(command);
  }
}

function noScript(report: Report): ReadScript {
  return (path, place) => {
    report(error("file-not-found", place, { path }));
    return undefined;
  };
}

/** Could these bytes be a script? Text has no NUL and no control characters; an unknown binary format soon has. */
export function looksLikeScript(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, 4096);
  for (let at = 0; at < end; at++) {
    const byte = bytes[at];
    if ((byte < 0x20 && (byte < 0x09 || byte > 0x0d)) || byte === 0x7f) return false;
  }
  return true;
}

function parseCommand(cursor: Cursor, token: Token, read: ReadScript): ReturnType<Parse> {
  const place = placeOf(cursor);
  if (token.kind !== "name" && token.kind !== "quoted") {
    return failAt(cursor, token, token.kind === "stray" ? "script-stray-character" : "script-expected-command");
  }
  take(cursor, token);
  if (token.kind === "name" && Object.hasOwn(COMMANDS, token.text)) {
    return COMMANDS[token.text](cursor, place, token.text, read);
  }
  if (token.kind === "name" && wrapsAssignment(token.text)) {
    return endAssignment(cursor, parseWrapped(cursor, place, token.text));
  }
  if (!atAssignment(cursor)) {
    const suggestion = closest(token.text, [...Object.keys(COMMANDS), "SECTIONS"]);
    fail(cursor, token, "script-unknown-command", suggestion === undefined ? {} : { suggestion });
    return undefined;
  }
  return endAssignment(cursor, parseAssignmentTo(cursor, place, token.text));
}

function endAssignment(cursor: Cursor, assignment: Assignment | undefined): ScriptCommand | undefined {
  if (assignment === undefined || !expectMark(cursor, "command", ";", ",")) return undefined;
  return { kind: "assignment", assignment };
}

function parseVersion(cursor: Cursor): ScriptCommand | undefined {
  if (!expectMark(cursor, "version", "{")) return undefined;
  const nodes = parseVersionNodes(cursor);
  return nodes && expectMark(cursor, "version", "}") ? { kind: "version", nodes } : undefined;
}

function feature(_: Cursor, place: Place, name: string): ScriptCommand {
  return { kind: "feature", name, place };
}

/** `INSERT AFTER section`, `INSERT BEFORE section` */
function parseInsert(cursor: Cursor, place: Place): ScriptCommand | undefined {
  const token = peek(cursor, "name");
  const where = token.text === "AFTER" ? "after" : token.text === "BEFORE" ? "before" : undefined;
  if (where === undefined) {
    fail(cursor, token, "script-expected-token", { expected: "AFTER' or `BEFORE" });
    return undefined;
  }
  take(cursor, token);
  const section = expectName(cursor, "name", "script-expected-name");
  return section === undefined ? undefined : { kind: "insert", insert: { where, section, place } };
}

function noCrossReferences(cursor: Cursor, place: Place, toFirst: boolean): ScriptCommand | undefined {
  const sections = parseList(cursor, "name");
  return sections && { kind: "no-cross-references", rule: { sections, toFirst, place } };
}

function ignored(cursor: Cursor, place: Place, command: string): "nothing" | undefined {
  if (peek(cursor, "name").text === "(" && parseList(cursor, "name") === undefined) return undefined;
  cursor.report(warning("script-command-ignored", place, { command }));
  return "nothing";
}

/** `( NAME )` */
function withName(cursor: Cursor, make: (name: string) => ScriptCommand): ScriptCommand | undefined {
  if (!expectMark(cursor, "name", "(")) return undefined;
  const name = expectName(cursor, "name", "script-expected-name");
  return name !== undefined && expectMark(cursor, "name", ")") ? make(name) : undefined;
}

/** `( a b, c )` */
function parseList(cursor: Cursor, mode: "name" | "symbol"): string[] | undefined {
  if (!expectMark(cursor, mode, "(")) return undefined;
  const names: string[] = [];
  while (!takeMark(cursor, mode, ")")) {
    if (takeMark(cursor, mode, ",")) continue;
    const name = expectName(cursor, mode, mode === "name" ? "script-expected-name" : "script-expected-symbol");
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

function withInputs(
  cursor: Cursor,
  make: (inputs: readonly ScriptInput[]) => ScriptCommand,
): ScriptCommand | undefined {
  const inputs: ScriptInput[] = [];
  return parseInputs(cursor, false, inputs, 0) ? make(inputs) : undefined;
}

function parseInputs(cursor: Cursor, asNeeded: boolean, inputs: ScriptInput[], depth: number): boolean {
  if (!expectMark(cursor, "name", "(")) return false;
  while (!takeMark(cursor, "name", ")")) {
    if (takeMark(cursor, "name", ",")) continue;
    const token = peek(cursor, "name");
    const name = expectName(cursor, "name", "script-expected-file");
    if (name === undefined) return false;
    if (token.kind === "name" && name === "AS_NEEDED") {
      if (depth === MAX_NESTING) return failAt(cursor, token, "script-nested-too-deep") ?? false;
      if (!parseInputs(cursor, true, inputs, depth + 1)) return false;
    } else if (token.kind === "name" && /^-(?!l.)/.test(name)) {
      return failAt(cursor, token, "script-expected-file") ?? false;
    } else {
      inputs.push({ name, asNeeded });
    }
  }
  return true;
}

function failAt(cursor: Cursor, token: Token, code: string): undefined {
  fail(cursor, token, code);
}
