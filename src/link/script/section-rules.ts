// A layout script's patterns, compiled: what mapping/matcher.ts needs to find the statement that takes an input section. Nothing of it
// changes while a link goes on, so that a linker that stays keeps those of the default scripts.

import { bytesOf } from "../../elf/text.ts";
import { compileGlob, type Glob } from "./glob.ts";
import type { FilePattern, InputStatement, SectionPattern, SectionSort, Statement } from "./statements.ts";

export interface Rule {
  /** In the script's order. */
  readonly number: number;
  /** Index of the section statement among the script's statements, and of the input statement in its body. */
  readonly section: number;
  readonly entry: number;
  readonly input: InputStatement;
  readonly pattern: SectionPattern | undefined;
  readonly sorts: readonly SectionSort[];
  /** The pattern without its `*` and what stands behind it. */
  readonly text: Uint8Array;
  readonly suffix: Uint8Array;
  readonly isPrefix: boolean;
  /** In place of text and suffix. */
  readonly glob: Glob | undefined;
  /** Numbers of questions about the file (`SectionRules.questions`): this one's answer must be yes, or -1; */
  readonly ofFile: number;
  /** and these answers no. */
  readonly notOf: readonly number[];
}

/** Something that patterns ask about a file. */
export interface FileQuestion {
  readonly pattern: FilePattern;
  readonly excludes: boolean;
  /** `*crtend.o`: what a file's name must end in for the answer to be yes. */
  readonly ending: string | undefined;
}

export interface SectionRules {
  readonly rules: readonly Rule[];
  readonly buckets: ReadonlyMap<number, readonly Rule[]>;
  /** Those that no hash finds, in order. */
  readonly others: readonly Rule[];
  /** Those that depend on the file. */
  readonly byFile: readonly Rule[];
  readonly questions: readonly FileQuestion[];
  readonly hasKeep: boolean;
}

const NOTHING = new Uint8Array(0);
const DOT = 0x2e;

/** @param statements in the order in which they match: INSERT has not moved anything yet */
export function compileRules(statements: readonly Statement[]): SectionRules {
  const rules: Rule[] = [];
  const questions: FileQuestion[] = [];
  for (const [section, statement] of statements.entries()) {
    if (statement.kind !== "section") continue;
    for (const [entry, it] of statement.body.entries()) {
      if (it.kind !== "input") continue;
      for (const pattern of it.sections ?? [undefined])
        rules.push(createRule(rules.length, section, entry, it, pattern, questions));
    }
  }
  const buckets = new Map<number, Rule[]>();
  const others: Rule[] = [];
  for (const rule of rules) {
    if (rule.glob !== undefined || (rule.isPrefix && rule.text.indexOf(DOT, 1) < 0)) {
      others.push(rule);
      continue;
    }
    const key = headHash(rule.text, 0, rule.text.length);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [rule]);
    else bucket.push(rule);
  }
  return {
    rules,
    buckets,
    others,
    byFile: rules.filter((it) => it.ofFile >= 0 || it.notOf.length > 0),
    questions,
    hasKeep: rules.some((it) => it.input.keep),
  };
}

function createRule(
  number: number,
  section: number,
  entry: number,
  input: InputStatement,
  pattern: SectionPattern | undefined,
  questions: FileQuestion[],
): Rule {
  const name = pattern?.name ?? "*";
  const star = name.indexOf("*");
  const isSimple = !/[?[\\]/.test(name) && star === name.lastIndexOf("*");
  const isWild = pattern === undefined || pattern.wild;
  const isPrefix = isWild && isSimple && star >= 0;
  const { file } = input;
  const excluded = [...input.excluded, ...(pattern?.excluded ?? [])];
  return {
    number,
    section,
    entry,
    input,
    pattern,
    sorts: pattern?.sorts ?? [],
    text: bytesOf(isPrefix ? name.slice(0, star) : name),
    suffix: isPrefix ? bytesOf(name.slice(star + 1)) : NOTHING,
    isPrefix,
    glob: isWild && !isSimple ? compileGlob(name) : undefined,
    ofFile: file.text === "*" ? -1 : questionAbout(questions, file, false),
    notOf: excluded.map((it) => questionAbout(questions, it, true)),
  };
}

/** The number of the question, which many patterns may ask. */
function questionAbout(questions: FileQuestion[], pattern: FilePattern, excludes: boolean): number {
  const known = questions.findIndex((it) => it.excludes === excludes && it.pattern.text === pattern.text);
  if (known >= 0) return known;
  const { text, member } = pattern;
  const ending = text.startsWith("*") && member === undefined ? text.slice(1) : undefined;
  const isPlain = ending !== undefined && !/[*?[\\]/.test(ending);
  return questions.push({ pattern, excludes, ending: isPlain ? ending : undefined }) - 1;
}

/** Hash of the name up to its second dot (`.text` of `.text.hot.f`). */
export function headHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === DOT && i > start) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
