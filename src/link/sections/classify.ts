// Finds the row of the layout table for an input section's name, working on bytes: a large link has a million names like
// `.text._ZN4llvm…`, and only the part up to the second dot has to be looked up.

import { defaultLayout, discardedInputs, type InputGroup } from "../tables/default-layout.ts";

/** Where a section goes: row of the table and group within the row, in one number; see ROW_SHIFT. */
export const DISCARD = -1;
export const ORPHAN = -2;
export const ROW_SHIFT = 4;

interface Rule {
  /** The whole pattern without its `*`. */
  readonly text: Uint8Array;
  readonly prefix: boolean;
  /** What the name must end in too (`.text.*_unlikely`). */
  readonly suffix: Uint8Array;
  readonly result: number;
  readonly group: InputGroup;
}

export interface Classifier {
  readonly rules: Map<number, Rule[]>;
}

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);
const DOT = 0x2e;

export function createClassifier(): Classifier {
  const rules = new Map<number, Rule[]>();
  const add = (pattern: string, result: number, group: InputGroup): void => {
    const star = pattern.indexOf("*");
    const text = encoder.encode(star < 0 ? pattern : pattern.slice(0, star));
    const suffix = star < 0 ? EMPTY : encoder.encode(pattern.slice(star + 1));
    const key = headHash(text, 0, text.length);
    const list = rules.get(key) ?? [];
    rules.set(key, list);
    list.push({ text, prefix: star >= 0, suffix, result, group });
  };
  for (const pattern of discardedInputs) add(pattern, DISCARD, { patterns: [] });
  defaultLayout.forEach((row, index) => {
    if ("marker" in row) return;
    row.inputs.forEach((group, rank) => {
      for (const pattern of group.patterns) add(pattern, (index << ROW_SHIFT) | rank, group);
      for (const pattern of group.notCrt ?? [])
        add(pattern, (index << ROW_SHIFT) | rank, { ...group, files: "not-crt" });
    });
  });
  return { rules };
}

/** Hash of the name up to its second dot (`.text` of `.text.hot.f`): what the rules are grouped by. */
function headHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === DOT && i > start) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * @param start the name's first byte  @param end just behind its last
 * @param writable the section is writable  @param crt the file is crtbegin.o ("begin"), crtend.o ("end") or neither
 * @returns `row << ROW_SHIFT | group`, DISCARD, or ORPHAN
 */
export function classify(
  classifier: Classifier,
  bytes: Uint8Array,
  start: number,
  end: number,
  writable: boolean,
  crt: "" | "begin" | "end",
): number {
  const rules = classifier.rules.get(headHash(bytes, start, end));
  if (rules === undefined) return ORPHAN;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (!matches(rule, bytes, start, end)) continue;
    const { group } = rule;
    if (group.writable !== undefined && group.writable !== writable) continue;
    if (group.files === "crtbegin" && crt !== "begin") continue;
    if (group.files === "not-crtend" && crt === "end") continue;
    if (group.files === "not-crt" && crt !== "") continue;
    return rule.result;
  }
  return ORPHAN;
}

function matches(rule: Rule, bytes: Uint8Array, start: number, end: number): boolean {
  const { text, suffix } = rule;
  const length = end - start;
  if (rule.prefix ? length < text.length + suffix.length : length !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  for (let i = 0; i < suffix.length; i++) if (bytes[end - suffix.length + i] !== suffix[i]) return false;
  return true;
}
