// Makes a case that differs smaller: leaves out whatever can be left out so that it still differs in the same way.

import type { ScriptCase } from "../case.ts";
import { type Bench, judge } from "../judge.ts";

/** Pieces of a script that can be left out: lines, and what stands in the braces of a section. */
const PIECE =
  /\s*(?:KEEP\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)|[^\s{};]+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\);?|[^{};]+;|\S+)/y;

export function reduce(at: Bench, it: ScriptCase): ScriptCase {
  const kind = kindOf(judge(at, it).differences);
  // An INSERT of nothing takes the statements before its section away in GNU ld: README.md.
  const still = (one: ScriptCase): boolean =>
    !/\{\s*\} INSERT/.test(one.script) && kindOf(judge(at, one).differences) === kind;
  let best = it;
  const attempt = (one: ScriptCase): boolean => {
    if (!still(one)) return false;
    best = one;
    return true;
  };
  for (const options of leavings((best.options ?? "").split(" ")))
    attempt({ ...best, ...withWords(best, options.join(" "), best.objects) });
  let lines = best.script.split("\n");
  for (let size = 4; size >= 1; size = size >> 1) {
    for (let i = lines.length - 1; i >= 0; i--) {
      const without = lines.toSpliced(i, size);
      if (isBalanced(without) && attempt({ ...best, script: without.join("\n") })) lines = without;
    }
  }
  for (let i = 0; i < lines.length; i++) {
    const parts = /^(.* \{)(.*)(\}.*)$/.exec(lines[i]);
    if (parts === null) continue;
    let pieces = split(parts[2]);
    for (let k = pieces.length - 1; k >= 0; k--) {
      const without = pieces.toSpliced(k, 1);
      const line = `${parts[1]} ${without.join(" ")} ${parts[3]}`;
      if (!attempt({ ...best, script: lines.with(i, line).join("\n") })) continue;
      pieces = without;
      lines[i] = line;
    }
  }
  let names = (best.objects ?? "").split(" ");
  for (let i = names.length - 1; i >= 0 && names.length > 1; i--) {
    const without = names.toSpliced(i, 1);
    if (attempt({ ...best, ...withWords(best, best.options ?? "", without.join(" ")) })) names = without;
  }
  return best;
}

function withWords(it: ScriptCase, options: string, objects = ""): Partial<ScriptCase> {
  if (it.command === undefined) return { options, objects };
  const names = objects.split(" ").map((name) => `${name}.o`);
  return { options, objects, command: `${names.join(" ")} x.ld ${options}` };
}

function* leavings(words: readonly string[]): Generator<string[]> {
  for (let i = 0; i < words.length; i++) if (words[i] !== "") yield words.filter((_, k) => k !== i);
}

function isBalanced(lines: readonly string[]): boolean {
  return lines.filter((it) => it === "{").length === lines.filter((it) => /^\}/.test(it)).length;
}

function split(text: string): string[] {
  const pieces: string[] = [];
  PIECE.lastIndex = 0;
  for (let found = PIECE.exec(text); found !== null && found[0] !== ""; found = PIECE.exec(text))
    pieces.push(found[0].trim());
  return pieces;
}

/** What is different, without names and numbers. */
function kindOf(differences: readonly string[]): string {
  const [first] = differences;
  if (first === undefined) return "";
  return first.startsWith("refused") ? first : first.split(" ")[0];
}
