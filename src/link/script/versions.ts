// Version scripts and dynamic lists: lists of names and wildcards in braces. The grammar is GNU ld's, and where ld is
// strict without need (`local:` before `global:`, each twice) it is read as lld and mold read it.

import { error, type Report } from "../../elf/problem.ts";
import { closest } from "../tables/spelling.ts";
import { type Cursor, expectMark, expectName, fail, openScript, peek, placeOf, take, takeMark } from "./cursor.ts";
import type { Pattern, VersionNode } from "./types.ts";

/** extern in extern: more than anybody writes. */
const MAX_NESTING = 16;

type Language = Pattern["language"];

const LANGUAGES: Readonly<Record<string, Language>> = { c: "C", "c++": "C++", java: "Java" };

/** Parses a version script (--version-script). After an error the nodes up to it are returned. */
export function parseVersionScript(bytes: Uint8Array, name: string, report: Report): readonly VersionNode[] {
  const cursor = openScript(bytes, name, true, report);
  const nodes: VersionNode[] = [];
  do {
    const node = parseNode(cursor);
    if (node === undefined) break;
    nodes.push(node);
  } while (peek(cursor, "version").kind !== "end");
  return nodes;
}

/** Parses the nodes of a VERSION { } command up to its `}`, which is left. */
export function parseVersionNodes(cursor: Cursor): readonly VersionNode[] | undefined {
  const nodes: VersionNode[] = [];
  while (peek(cursor, "version").text !== "}") {
    const node = parseNode(cursor);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes;
}

/** Parses a --dynamic-list or --export-dynamic-symbol-list: `{ a; b*; extern "C++" { … }; };`, once or more. */
export function parseDynamicList(bytes: Uint8Array, name: string, report: Report): readonly Pattern[] {
  const cursor = openScript(bytes, name, true, report);
  const patterns: Pattern[] = [];
  do {
    if (!expectMark(cursor, "version", "{")) break;
    while (!takeMark(cursor, "pattern", "}")) {
      if (!parseItem(cursor, "C", patterns, 0) || !expectMark(cursor, "pattern", ";")) return patterns;
    }
    if (!expectMark(cursor, "version", ";")) break;
  } while (peek(cursor, "version").kind !== "end");
  return patterns;
}

/**
 * A pattern as an option or a script names it. Without an unescaped `*`, `?` or `[` it is a name, and its backslashes are
 * gone from `text`; otherwise a wildcard, as written (ld's realsymbol).
 */
export function patternOf(text: string, language: Language): Pattern {
  let name = "";
  for (let at = 0; at < text.length; at++) {
    if ("*?[".includes(text[at])) return { text, language, literal: false };
    if (text[at] === "\\" && at + 1 < text.length) at++;
    name += text[at];
  }
  return { text: name, language, literal: true };
}

function parseNode(cursor: Cursor): VersionNode | undefined {
  const place = placeOf(cursor);
  const tag = peek(cursor, "version");
  if (tag.kind === "name") take(cursor, tag);
  else if (tag.text !== "{") {
    fail(cursor, tag, "script-expected-version");
    return undefined;
  }
  if (!expectMark(cursor, "version", "{")) return undefined;
  const globals: Pattern[] = [];
  const locals: Pattern[] = [];
  const parents: string[] = [];
  if (!parseBody(cursor, globals, locals)) return undefined;
  // Only a version with a name inherits.
  for (
    let token = peek(cursor, "version");
    tag.kind === "name" && token.kind === "name";
    token = peek(cursor, "version")
  ) {
    take(cursor, token);
    parents.push(token.text);
  }
  if (!expectMark(cursor, "version", ";")) return undefined;
  return { name: tag.kind === "name" ? tag.text : "", globals, locals, parents, place };
}

/** What stands in a node's braces, with the `}`. `global` and `local` without a colon are names like others. */
function parseBody(cursor: Cursor, globals: Pattern[], locals: Pattern[]): boolean {
  let patterns = globals;
  while (!takeMark(cursor, "pattern", "}")) {
    const token = peek(cursor, "pattern");
    if (token.kind === "name" && (token.text === "global" || token.text === "local")) {
      take(cursor, token);
      if (takeMark(cursor, "pattern", ":")) {
        patterns = token.text === "global" ? globals : locals;
        continue;
      }
      patterns.push(patternOf(token.text, "C"));
    } else if (!parseItem(cursor, "C", patterns, 0)) {
      return false;
    }
    if (peek(cursor, "pattern").text === ":") {
      const suggestion = closest(token.text, ["global", "local"]);
      fail(cursor, token, "version-unknown-label", suggestion === undefined ? {} : { suggestion });
      return false;
    }
    if (!expectMark(cursor, "pattern", ";")) return false;
  }
  return true;
}

/** A name, a wildcard, or `extern "C++" { … }`. In an extern block the last item needs no semicolon. */
function parseItem(cursor: Cursor, language: Language, patterns: Pattern[], depth: number): boolean {
  const token = peek(cursor, "pattern");
  const text = expectName(cursor, "pattern", "script-expected-pattern");
  if (text === undefined) return false;
  if (token.kind === "quoted") {
    patterns.push({ text, language, literal: true });
    return true;
  }
  if (text !== "extern" || peek(cursor, "pattern").kind !== "quoted") {
    patterns.push(patternOf(text, language));
    return true;
  }
  if (depth === MAX_NESTING) {
    fail(cursor, token, "script-nested-too-deep");
    return false;
  }
  const inner = parseLanguage(cursor);
  if (!expectMark(cursor, "pattern", "{")) return false;
  while (!takeMark(cursor, "pattern", "}")) {
    if (!parseItem(cursor, inner, patterns, depth + 1)) return false;
    if (peek(cursor, "pattern").text !== "}" && !expectMark(cursor, "pattern", ";")) return false;
  }
  return true;
}

function parseLanguage(cursor: Cursor): Language {
  const place = placeOf(cursor);
  const token = peek(cursor, "pattern");
  take(cursor, token);
  const language = token.text.toLowerCase();
  if (Object.hasOwn(LANGUAGES, language)) return LANGUAGES[language];
  cursor.report(error("version-unknown-language", place, { language: token.text }));
  return "C";
}

/**
 * Checks all nodes of a link together, in their order: names given twice, versions inherited that do not come before, the
 * same pattern global in one version and local in another. What ld lets pass (`foo` global twice) passes.
 */
export function checkVersionNodes(nodes: readonly VersionNode[], report: Report): void {
  const versions = new Set<string>();
  const globals = new Set<string>();
  const locals = new Set<string>();
  for (const { name, place, parents, ...node } of nodes) {
    if (nodes.length > 1 && name === "") report(error("version-anonymous-combined", place));
    else if (versions.has(name)) report(error("version-duplicate", place, { version: name }));
    for (const parent of parents) {
      if (!versions.has(parent)) report(error("version-unknown-parent", place, { version: name, parent }));
    }
    for (const [patterns, others] of [[node.globals, locals] as const, [node.locals, globals] as const]) {
      for (const pattern of patterns) {
        if (others.has(keyOf(pattern))) report(error("version-duplicate-pattern", place, { pattern: pattern.text }));
      }
    }
    versions.add(name);
    for (const pattern of node.globals) globals.add(keyOf(pattern));
    for (const pattern of node.locals) locals.add(keyOf(pattern));
  }
}

function keyOf(pattern: Pattern): string {
  return `${pattern.language} ${pattern.literal} ${pattern.text}`;
}
