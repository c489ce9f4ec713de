// Linker scripts: the texts that stand where libraries are expected (libc.so, libncurses.so) and the scripts of -T as far
// as they do not lay out sections. One entry a command in the table below. The first error ends a script.

import { error, type Place, type Report, warning } from "../../elf/problem.ts";
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
import { atAssignment, parseAssignmentTo, parseExpression, parseWrapped, wrapsAssignment } from "./expression.ts";
import type { Assignment } from "./statements.ts";
import type { ScriptCommand, ScriptInput } from "./types.ts";
import { parseVersionNodes } from "./versions.ts";

/** AS_NEEDED in AS_NEEDED: more than anybody writes. */
const MAX_NESTING = 16;

/** Parses what follows a command's name; undefined after an error, which has been reported. */
type Parse = (cursor: Cursor, place: Place, command: string) => ScriptCommand | "nothing" | undefined;

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
  ASSERT: parseAssert,
  VERSION: parseVersion,
  // Section layout: a link without it would be wrong, so there is none.
  SECTIONS: unsupportedLayout,
  MEMORY: unsupportedLayout,
  PHDRS: unsupportedLayout,
  INSERT: unsupportedLayout,
  REGION_ALIAS: unsupportedLayout,
  OVERLAY: unsupportedLayout,
  // It changes what numbers in expressions mean.
  LD_FEATURE: unsupported,
  // Checks and hints that change nothing in a link that works; ld has no use for most of them either.
  NOCROSSREFS: ignored,
  NOCROSSREFS_TO: ignored,
  FORCE_COMMON_ALLOCATION: ignored,
  FORCE_GROUP_ALLOCATION: ignored,
  INHIBIT_COMMON_ALLOCATION: ignored,
  HLL: ignored,
  SYSLIB: ignored,
  MAP: ignored,
  FLOAT: ignored,
  NOFLOAT: ignored,
};

/**
 * Parses a linker script.
 * @param name the file as the user named it, for problems
 * @returns the commands in order, or undefined if anything in the script is wrong or not supported
 */
export function parseLinkerScript(
  bytes: Uint8Array,
  name: string,
  report: Report,
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
    const command = parseCommand(cursor, token);
    if (command === undefined) return undefined;
    if (command !== "nothing") commands.push(command);
  }
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

function parseCommand(cursor: Cursor, token: Token): ReturnType<Parse> {
  const place = placeOf(cursor);
  if (token.kind !== "name" && token.kind !== "quoted") {
    return failAt(cursor, token, token.kind === "stray" ? "script-stray-character" : "script-expected-command");
  }
  take(cursor, token);
  if (token.kind === "name" && Object.hasOwn(COMMANDS, token.text)) {
    return COMMANDS[token.text](cursor, place, token.text);
  }
  if (token.kind === "name" && wrapsAssignment(token.text)) {
    return endAssignment(cursor, parseWrapped(cursor, place, token.text));
  }
  if (!atAssignment(cursor)) return failAt(cursor, token, "script-unknown-command");
  return endAssignment(cursor, parseAssignmentTo(cursor, place, token.text));
}

function endAssignment(cursor: Cursor, assignment: Assignment | undefined): ScriptCommand | undefined {
  if (assignment === undefined || !expectMark(cursor, "command", ";", ",")) return undefined;
  if (assignment.symbol !== ".") return { kind: "assignment", assignment };
  // The location counter means something only where sections are laid out.
  cursor.report(error("script-sections-unsupported", assignment.place, { command: ". =" }));
  return undefined;
}

function parseAssert(cursor: Cursor, place: Place): ScriptCommand | undefined {
  if (!expectMark(cursor, "symbol", "(")) return undefined;
  const test = parseExpression(cursor);
  if (test === undefined || !expectMark(cursor, "expression", ",")) return undefined;
  const message = expectName(cursor, "name", "script-expected-name");
  if (message === undefined || !expectMark(cursor, "name", ")")) return undefined;
  return { kind: "assert", test, message, place };
}

function parseVersion(cursor: Cursor): ScriptCommand | undefined {
  if (!expectMark(cursor, "version", "{")) return undefined;
  const nodes = parseVersionNodes(cursor);
  return nodes && expectMark(cursor, "version", "}") ? { kind: "version", nodes } : undefined;
}

function unsupportedLayout(cursor: Cursor, place: Place, command: string): undefined {
  cursor.report(error("script-sections-unsupported", place, { command }));
}

function unsupported(cursor: Cursor, place: Place, command: string): undefined {
  cursor.report(error("script-command-unsupported", place, { command }));
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
