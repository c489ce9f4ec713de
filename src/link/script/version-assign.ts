// Which version a symbol gets from the version script, and whether the script makes it local. GNU ld's order, from
// bfd_find_version_for_sym (bfd/linker.c) and held to GNU ld 2.40 by test/link/symbols/version-assign.test.ts:
//
//   1. an exact name: the first one, in the order of the nodes, a node's globals before its locals
//   2. else a wildcard other than `*`: the last node whose globals match; if there is none, the last whose locals match
//   3. else `*`: the last node that has it in its globals; if there is none, the last that has it in its locals
//
// So a wildcard that is local loses to any wildcard that is global, `*` loses to every other pattern, and among wildcards
// the later node wins, while among names the first does. extern "C++" patterns are compared with the demangled name; a
// name that does not demangle is compared as it is. extern "Java" is taken as C++: gcj's demangling died with it (GCC 7).
// A symbol that nothing matches keeps its binding and gets no version.
//
// Symbols with a version of their own (`.symver`; gas turns `foo@@@V` into `foo@@V` where foo is defined and `foo@V` where
// it is not, so a linker sees two forms only). Measured with GNU ld 2.40:
//   - `foo@V` and `foo@@V` belong to node V whatever the patterns say. If no global pattern of node V matches `foo` and a
//     local one does, the symbol becomes local, unless --export-dynamic is given: see `findIn`. glibc-like scripts live
//     on this: `V1 { local: *; };` hides every foo@V1 that V1 does not list.
//   - V that no node defines: an error in a shared library ("version node not found for symbol foo@V"); an executable
//     gets a new node V behind the others, if the symbol is exported.
//   - If node V lists `foo` by name and foo@V or foo@@V is defined, the symbol `foo` without version becomes local, for
//     it would be foo@@V a second time: see `declareExplicit`.
//   - An object that defines both `foo` and `foo@V` at the same place means one symbol: references to foo in the link go to
//     foo@V, and only that is exported (done where symbols are resolved, not here).
//   - The anonymous version gives no version number: its globals are exported unversioned.
//   - --undefined-version (the default) takes names in `global:` that nothing defines without a word; with
//     --no-undefined-version each is an error ("foo: undefined version: V"), wildcards and locals never: see `undefinedNames`.
//   - --default-symver puts what has no version after all this into a node named after the soname (or the output file).

import type { Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import { compileGlob, type Glob, globMatches } from "./glob.ts";
import type { Pattern, VersionNode } from "./types.ts";
import { checkVersionNodes } from "./versions.ts";

/** No pattern matches the symbol. */
export const NO_VERSION = -1;

/** Index of the node of a match, in the list that was compiled. */
export function versionNode(match: number): number {
  return match >> 1;
}

/** Does the match make the symbol local? */
export function versionIsLocal(match: number): boolean {
  return (match & 1) === 1;
}

export interface UndefinedName {
  readonly node: number;
  readonly name: string;
}

/**
 * Names are given without their version, as bytes `start` to `end`; `demangled` is called when a C++ pattern needs it, and
 * returns the name itself where there is nothing to demangle.
 */
export interface VersionMatcher {
  /** NO_VERSION, or a match for `versionNode` and `versionIsLocal`. */
  find(name: Uint8Array, start: number, end: number, demangled: () => string): number;
  /** The same with the patterns of one node only, for symbols that name their version; globals come before locals. */
  findIn(node: number, name: Uint8Array, start: number, end: number, demangled: () => string): number;
  /** Says that foo@V is defined, V being the node. Before any `find`. */
  declareExplicit(node: number, name: Uint8Array, start: number, end: number, demangled: () => string): void;
  /** Index of the node with this name, or -1. */
  nodeNamed(version: string): number;
  /** Names in `global:` that no `find` and no `declareExplicit` has met so far. */
  undefinedNames(): readonly UndefinedName[];
}

/** Compiles the nodes of a link, all scripts together. What is wrong with them is reported, and they are used as they are. */
export function compileVersions(nodes: readonly VersionNode[], report: Report): VersionMatcher {
  checkVersionNodes(nodes, report);
  const names = compileNames(nodes);
  const wildcards = compileWildcards(nodes);
  const versions = new Map(nodes.map(({ name }, index) => [name, index] as const).reverse());
  return {
    find: (name, start, end, demangled) => findMatch(names, wildcards, name, start, end, demangled),
    findIn: (node, name, start, end, demangled) => findInNode(names, wildcards, node, name, start, end, demangled),
    declareExplicit: (node, name, start, end, demangled) => {
      const id = nameInNode(names, node << 1, name, start, end, demangled);
      if (id >= 0) names.explicit[id] = 1;
    },
    nodeNamed: (version) => versions.get(version) ?? -1,
    undefinedNames: () => undefinedNames(names),
  };
}

export interface PatternMatcher {
  matches(name: Uint8Array, start: number, end: number, demangled: () => string): boolean;
}

/** Compiles a list of patterns where only "does one match" counts: --dynamic-list, --export-dynamic-symbol. */
export function compilePatterns(patterns: readonly Pattern[]): PatternMatcher {
  const node: VersionNode = { name: "", globals: patterns, locals: [], parents: [], place: {} };
  const names = compileNames([node]);
  const wildcards = compileWildcards([node]);
  return {
    matches: (name, start, end, demangled) => findMatch(names, wildcards, name, start, end, demangled) !== NO_VERSION,
  };
}

// A match is node * 2, plus 1 in locals: the numbers ascend in the order in which exact names win.

/** The exact names. Each has an id; ids with the same text are chained by `next`, in the order of their matches. */
interface Names {
  readonly texts: readonly string[];
  readonly match: Int32Array;
  readonly next: Int32Array;
  /** A symbol was found by this name. */
  readonly met: Uint8Array;
  /** The node defines name@node. */
  readonly explicit: Uint8Array;
  /** C names: open addressing from the hash of the bytes to the first id of a chain + 1; the bytes of id are in `pool`. */
  readonly table: Int32Array;
  readonly pool: Uint8Array;
  readonly poolEnd: Int32Array;
  /** C++ names: from the text to the first id of the chain. */
  readonly demangled: Map<string, number>;
}

interface Wildcard {
  readonly match: number;
  readonly language: Pattern["language"];
  readonly glob: Glob;
  /** `*` alone: matches whatever the language. */
  readonly star: boolean;
}

/** In the order in which they win. */
type Wildcards = readonly Wildcard[];

function compileNames(nodes: readonly VersionNode[]): Names {
  const found: { text: string; language: Pattern["language"]; match: number }[] = [];
  for (const [node, { globals, locals }] of nodes.entries()) {
    for (const { text, language, literal } of globals) if (literal) found.push({ text, language, match: node << 1 });
    for (const { text, language, literal } of locals)
      if (literal) found.push({ text, language, match: (node << 1) | 1 });
  }
  const count = found.length;
  const encoded = found.map(({ text, language }) => (language === "C" ? bytesOf(text) : new Uint8Array(0)));
  const pool = new Uint8Array(encoded.reduce((sum, bytes) => sum + bytes.length, 0));
  const poolEnd = new Int32Array(count);
  let slots = 1;
  while (slots < count * 2) slots *= 2;
  const names = {
    texts: found.map(({ text }) => text),
    match: Int32Array.from(found, ({ match }) => match),
    next: new Int32Array(count).fill(-1),
    met: new Uint8Array(count),
    explicit: new Uint8Array(count),
    table: new Int32Array(slots),
    pool,
    poolEnd,
    demangled: new Map<string, number>(),
  };
  const last = new Int32Array(count);
  for (let id = 0, at = 0; id < count; id++) {
    const { text, language } = found[id];
    pool.set(encoded[id], at);
    at += encoded[id].length;
    poolEnd[id] = at;
    const first = language === "C" ? insertName(names, id) : insertText(names.demangled, text, id);
    if (first !== id) names.next[last[first]] = id;
    last[first] = id;
  }
  return names;
}

function insertText(map: Map<string, number>, text: string, id: number): number {
  const first = map.get(text);
  if (first === undefined) map.set(text, id);
  return first ?? id;
}

/** Puts the name of `id` into the table, unless an equal one is there; returns the id that stands for it. */
function insertName(names: Names, id: number): number {
  const start = id === 0 ? 0 : names.poolEnd[id - 1];
  const slot = slotOf(names, names.pool, start, names.poolEnd[id]);
  if (names.table[slot] === 0) names.table[slot] = id + 1;
  return names.table[slot] - 1;
}

/** The slot where this name is, or the free one where it would be. The table is never full. */
function slotOf(names: Names, bytes: Uint8Array, start: number, end: number): number {
  const { table, pool, poolEnd } = names;
  const mask = table.length - 1;
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  let slot = (hash ^ (hash >>> 15)) & mask;
  for (; table[slot] !== 0; slot = (slot + 1) & mask) {
    const id = table[slot] - 1;
    const from = id === 0 ? 0 : poolEnd[id - 1];
    if (poolEnd[id] - from !== end - start) continue;
    let same = 0;
    while (same < end - start && pool[from + same] === bytes[start + same]) same++;
    if (same === end - start) break;
  }
  return slot;
}

function compileWildcards(nodes: readonly VersionNode[]): Wildcards {
  const wildcards: Wildcard[] = [];
  for (const [node, { globals, locals }] of nodes.entries()) {
    for (const pattern of globals) if (!pattern.literal) wildcards.push(compileWildcard(pattern, node << 1));
    for (const pattern of locals) if (!pattern.literal) wildcards.push(compileWildcard(pattern, (node << 1) | 1));
  }
  // `*` last, globals before locals, later nodes before earlier ones.
  const rank = ({ star, match }: Wildcard): number => (star ? 2 : 0) + (match & 1);
  return wildcards.sort((a, b) => rank(a) - rank(b) || b.match - a.match);
}

function compileWildcard({ text, language }: Pattern, match: number): Wildcard {
  return { match, language, glob: compileGlob(text), star: text === "*" };
}

function findMatch(
  names: Names,
  wildcards: Wildcards,
  name: Uint8Array,
  start: number,
  end: number,
  demangled: () => string,
): number {
  const id = firstName(names, name, start, end, demangled);
  if (id >= 0) {
    names.met[id] = 1;
    return names.match[id] | names.explicit[id];
  }
  return firstWildcard(wildcards, -1, name, start, end, demangled);
}

/** The first id, in the order in which names win, that stands for the symbol; -1 if there is none. */
function firstName(names: Names, name: Uint8Array, start: number, end: number, demangled: () => string): number {
  const byName = names.table[slotOf(names, name, start, end)] - 1;
  const byDemangled = names.demangled.size === 0 ? -1 : (names.demangled.get(demangled()) ?? -1);
  if (byName < 0 || byDemangled < 0) return Math.max(byName, byDemangled);
  return names.match[byDemangled] < names.match[byName] ? byDemangled : byName;
}

/** The first wildcard that matches, of one match only unless `only` is negative. */
function firstWildcard(
  wildcards: Wildcards,
  only: number,
  name: Uint8Array,
  start: number,
  end: number,
  demangled: () => string,
): number {
  let text: Uint8Array | undefined;
  for (let index = 0; index < wildcards.length; index++) {
    const { match, language, glob, star } = wildcards[index];
    if (only >= 0 && match !== only) continue;
    if (star) return match;
    if (language === "C") {
      if (globMatches(glob, name, start, end)) return match;
      continue;
    }
    text ??= bytesOf(demangled());
    if (globMatches(glob, text, 0, text.length)) return match;
  }
  return NO_VERSION;
}

function findInNode(
  names: Names,
  wildcards: Wildcards,
  node: number,
  name: Uint8Array,
  start: number,
  end: number,
  demangled: () => string,
): number {
  for (const match of [node << 1, (node << 1) | 1]) {
    if (nameInNode(names, match, name, start, end, demangled) >= 0) return match;
    if (firstWildcard(wildcards, match, name, start, end, demangled) !== NO_VERSION) return match;
  }
  return NO_VERSION;
}

/** The id of a name with exactly this match, or -1. */
function nameInNode(
  names: Names,
  match: number,
  name: Uint8Array,
  start: number,
  end: number,
  demangled: () => string,
): number {
  let id = names.table[slotOf(names, name, start, end)] - 1;
  for (; id >= 0; id = names.next[id]) if (names.match[id] === match) return id;
  if (names.demangled.size > 0) {
    for (id = names.demangled.get(demangled()) ?? -1; id >= 0; id = names.next[id])
      if (names.match[id] === match) return id;
  }
  return -1;
}

function undefinedNames(names: Names): UndefinedName[] {
  const missing: UndefinedName[] = [];
  const seen = new Set<string>();
  for (let id = 0; id < names.match.length; id++) {
    const match = names.match[id];
    const key = `${match} ${names.texts[id]}`;
    if (versionIsLocal(match) || seen.has(key)) continue;
    seen.add(key);
    if (names.met[id] === 0 && names.explicit[id] === 0)
      missing.push({ node: versionNode(match), name: names.texts[id] });
  }
  return missing;
}
