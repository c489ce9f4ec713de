// Finds the statement of a layout script that takes an input section, working on the bytes of its name.
// A large link has a million names like `.text._ZN4llvm…`; patterns without wildcards, and those with a `*` at their end, are
// found by the hash of what stands before the second dot. The others are tried one by one, each with its number, because the
// first statement of the script wins whichever way it was found.

import { compileGlob, type Glob, globMatches, globMatchesText } from "../script/glob.ts";
import { compileRules, type FileQuestion, headHash, type Rule, type SectionRules } from "../script/section-rules.ts";
import type { FilePattern, Statement } from "../script/statements.ts";
import type { ObjectFile } from "../tables/object-file.ts";

export interface Matcher extends SectionRules {
  /** By rule: 1 if it holds for the file at hand. */
  readonly active: Uint8Array;
  /** By question: 1 if the answer is yes for the file at hand. */
  readonly answers: Uint8Array;
  /** By section statement: 1 if its constraint does not hold. */
  readonly failed: Uint8Array;
  readonly globs: Map<string, Glob>;
}

/**
 * @param statements in the order in which they match: INSERT has not moved anything yet
 * @param rules of these statements
 */
export function createMatcher(
  statements: readonly Statement[],
  rules: SectionRules = compileRules(statements),
): Matcher {
  return {
    ...rules,
    // As for a file to which all answers are no.
    active: Uint8Array.from(rules.rules, (it) => Number(it.ofFile < 0)),
    answers: new Uint8Array(rules.questions.length),
    failed: new Uint8Array(statements.length),
    globs: new Map(),
  };
}

/** What patterns see of a file. */
export type InputName = Pick<ObjectFile, "path" | "member">;

/** Before an object's sections are matched: which rules are about it. Most files are to the script what the last one was. */
export function enterObject(matcher: Matcher, object: InputName): void {
  const { questions, answers, active } = matcher;
  let differs = false;
  for (let i = 0; i < questions.length; i++) {
    const answer = Number(answerOf(matcher, questions[i], object));
    if (answer === answers[i]) continue;
    answers[i] = answer;
    differs = true;
  }
  if (!differs) return;
  for (const { number, ofFile, notOf } of matcher.byFile)
    active[number] = Number((ofFile < 0 || answers[ofFile] === 1) && !notOf.some((it) => answers[it] === 1));
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
  if (matcher.active[rule.number] === 0 || matcher.failed[rule.section] === 1 || !matchesName(rule, bytes, start, end))
    return false;
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
