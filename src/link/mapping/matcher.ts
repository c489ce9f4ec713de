// A layout script's patterns, compiled: finds the statement that takes an input section, working on the bytes of its name.
// A large link has a million names like `.text._ZN4llvm…`; patterns without wildcards, and those with a `*` at their end, are
// found by the hash of what stands before the second dot. The others are tried one by one, each with its number, because the
// first statement of the script wins whichever way it was found.

import { bytesOf } from "../../elf/text.ts";
import { compileGlob, type Glob, globMatches, globMatchesText } from "../script/glob.ts";
import type { FilePattern, InputStatement, SectionPattern, SectionSort, Statement } from "../script/statements.ts";
import type { ObjectFile } from "../tables/object-file.ts";

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
  /** Numbers of questions about the file (`Matcher.questions`): this one's answer must be yes, or -1; */
  readonly ofFile: number;
  /** and these answers no. */
  readonly notOf: readonly number[];
  /** Holds for the file at hand. */
  isActive: boolean;
}

/** Something that patterns ask about a file. */
interface FileQuestion {
  readonly pattern: FilePattern;
  readonly excludes: boolean;
  /** `*crtend.o`: what a file's name must end in for the answer to be yes. */
  readonly ending: string | undefined;
  /** For the file at hand. */
  answer: boolean;
}

export interface Matcher {
  readonly rules: readonly Rule[];
  readonly buckets: ReadonlyMap<number, readonly Rule[]>;
  /** Those that no hash finds, in order. */
  readonly others: readonly Rule[];
  /** Those that depend on the file. */
  readonly byFile: readonly Rule[];
  readonly questions: readonly FileQuestion[];
  readonly hasKeep: boolean;
  /** By section statement: 1 if its constraint does not hold. */
  readonly failed: Uint8Array;
  readonly globs: Map<string, Glob>;
}

const NOTHING = new Uint8Array(0);
const DOT = 0x2e;

/** @param statements in the order in which they match: INSERT has not moved anything yet */
export function createMatcher(statements: readonly Statement[]): Matcher {
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
    failed: new Uint8Array(statements.length),
    globs: new Map(),
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
    // As for a file to which all answers are no.
    isActive: file.text === "*",
  };
}

/** The number of the question, which many patterns may ask. */
function questionAbout(questions: FileQuestion[], pattern: FilePattern, excludes: boolean): number {
  const known = questions.findIndex((it) => it.excludes === excludes && it.pattern.text === pattern.text);
  if (known >= 0) return known;
  const { text, member } = pattern;
  const ending = text.startsWith("*") && member === undefined ? text.slice(1) : undefined;
  const isPlain = ending !== undefined && !/[*?[\\]/.test(ending);
  return questions.push({ pattern, excludes, ending: isPlain ? ending : undefined, answer: false }) - 1;
}

/** Hash of the name up to its second dot (`.text` of `.text.hot.f`). */
function headHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === DOT && i > start) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** What patterns see of a file. */
export type InputName = Pick<ObjectFile, "path" | "member">;

/** Before an object's sections are matched: which rules are about it. Most files are to the script what the last one was. */
export function enterObject(matcher: Matcher, object: InputName): void {
  const { questions } = matcher;
  let differs = false;
  for (let i = 0; i < questions.length; i++) {
    const it = questions[i];
    const answer = answerOf(matcher, it, object);
    if (answer === it.answer) continue;
    it.answer = answer;
    differs = true;
  }
  if (!differs) return;
  for (const rule of matcher.byFile)
    rule.isActive =
      (rule.ofFile < 0 || questions[rule.ofFile].answer) && !rule.notOf.some((it) => questions[it].answer);
}

function answerOf(matcher: Matcher, { pattern, excludes, ending }: FileQuestion, object: InputName): boolean {
  // Archives have names of their own, to which an exclusion applies as well.
  if (ending !== undefined && !fileName(object).endsWith(ending) && !(excludes && object.path.endsWith(ending)))
    return false;
  return excludes ? excludesFile(matcher, pattern, object) : matchesFile(matcher, pattern, object);
}

/** @param flags sh_flags  @returns the first rule of the script that takes the section */
export function matchSection(
  matcher: Matcher,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): Rule | undefined {
  let found: Rule | undefined;
  const bucket = matcher.buckets.get(headHash(bytes, start, end));
  if (bucket !== undefined) {
    for (let i = 0; i < bucket.length; i++) {
      if (!takes(matcher, bucket[i], bytes, start, end, flags)) continue;
      found = bucket[i];
      break;
    }
  }
  const limit = found?.number ?? Number.POSITIVE_INFINITY;
  const { others } = matcher;
  for (let i = 0; i < others.length && others[i].number < limit; i++)
    if (takes(matcher, others[i], bytes, start, end, flags)) return others[i];
  return found;
}

/** Rules of other output sections that take the section too, behind `first`, at most one of each. */
export function furtherMatches(matcher: Matcher, first: Rule, text: Uint8Array, flags: number): Rule[] {
  const found = [first];
  for (const rule of matcher.rules.slice(first.number + 1))
    if (!found.some((it) => it.section === rule.section) && takes(matcher, rule, text, 0, text.length, flags))
      found.push(rule);
  return found.slice(1);
}

/** Does any KEEP match, whichever statement takes the section? */
export function isKeptByScript(
  matcher: Matcher,
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): boolean {
  const isKeep = (rule: Rule): boolean => rule.input.keep && takes(matcher, rule, bytes, start, end, flags);
  return matcher.others.some(isKeep) || (matcher.buckets.get(headHash(bytes, start, end))?.some(isKeep) ?? false);
}

function takes(matcher: Matcher, rule: Rule, bytes: Uint8Array, start: number, end: number, flags: number): boolean {
  if (!rule.isActive || matcher.failed[rule.section] === 1 || !matchesName(rule, bytes, start, end)) return false;
  const wanted = rule.input.flags;
  if (wanted === undefined) return true;
  // With a name that nobody knows nothing matches (bfd/elflink.c: bfd_elf_lookup_section_flags).
  return wanted.unknown.length === 0 && (flags & wanted.set) === wanted.set && (flags & wanted.clear) === 0;
}

function matchesName(rule: Rule, bytes: Uint8Array, start: number, end: number): boolean {
  const { text, suffix, glob } = rule;
  if (glob !== undefined) return globMatches(glob, bytes, start, end);
  const length = end - start;
  if (rule.isPrefix ? length < text.length + suffix.length : length !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  for (let i = 0; i < suffix.length; i++) if (bytes[end - suffix.length + i] !== suffix[i]) return false;
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Files
// ---------------------------------------------------------------------------------------------------------------------

/** What patterns see: a member by its own name. */
function fileName({ member, path }: InputName): string {
  return member ?? path;
}

/** binutils, ld/ldlang.c: walk_wild. A plain name of an archive means all its members. */
function matchesFile(matcher: Matcher, { text, member }: FilePattern, object: InputName): boolean {
  if (text === "*") return true;
  if (member !== undefined) return matchesMember(matcher, member, object);
  if (matchesText(matcher, text, fileName(object))) return object.member === undefined || /[*?[]/.test(text);
  return object.member !== undefined && text === object.path;
}

/** walk_wild_file_in_exclude_list: here an archive's name excludes its members, wildcards or not. */
function excludesFile(matcher: Matcher, { text, member }: FilePattern, object: InputName): boolean {
  if (member !== undefined) return matchesMember(matcher, member, object);
  if (matchesText(matcher, text, fileName(object))) return true;
  return object.member !== undefined && matchesText(matcher, text, object.path);
}

/** input_statement_is_archive_path: `archive:member`, `archive:` all members, `:file` outside of archives. */
function matchesMember(
  matcher: Matcher,
  { archive, file }: NonNullable<FilePattern["member"]>,
  object: InputName,
): boolean {
  if (file !== "" && !matchesText(matcher, file, fileName(object))) return false;
  if ((archive !== "") !== (object.member !== undefined)) return false;
  return archive === "" || matchesText(matcher, archive, object.path);
}

function matchesText(matcher: Matcher, pattern: string, text: string): boolean {
  if (!/[*?[]/.test(pattern)) return pattern === text;
  let glob = matcher.globs.get(pattern);
  if (glob === undefined) {
    glob = compileGlob(pattern);
    matcher.globs.set(pattern, glob);
  }
  return globMatchesText(glob, text);
}
