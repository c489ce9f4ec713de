// Questions of why, about a load or a link. The sentences are the terminal's; here every name in them becomes a link.

import { optionLines } from "../../src/cli/ld/options/option-lines.ts";
import { linkWhyLines, nearestLinked } from "../../src/explain/link/why.ts";
import { whyLines } from "../../src/explain/load/why.ts";
import { nearestSymbol } from "../../src/explain/load/why-symbol.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { type LoadedProcess, symbolName } from "../../src/load/index.ts";
import { elsewhere } from "./elsewhere.ts";
import { linkFor } from "./link.ts";
import { loadFor } from "./load.ts";
import type { WhyAnswer, WhyAsk, WhyWord } from "./protocol.ts";
import { PAGE_STYLE } from "./tables.ts";
import type { Workspace } from "./workspace.ts";

export function whyAnswer(space: Workspace, { name, load, link }: WhyAsk): WhyAnswer {
  const nothing = (near: string | undefined, failed: string | undefined): WhyAnswer => {
    return { lines: undefined, near, elsewhere: elsewhere(space, name), failed };
  };
  const told = (lines: readonly string[], names: ReadonlySet<string>): WhyAnswer => {
    return { lines: lines.map((line) => linked(line, names, name)), near: undefined, elsewhere: [], failed: undefined };
  };
  if (link !== undefined) {
    const { result } = linkFor(space, link);
    const names = namesOf(result, () => [
      ...result.decisions.names(),
      ...result.decisions.files.map(({ file }) => file),
      ...(result.layout?.sections.map((section) => section.name) ?? []),
    ]);
    const lines = optionLines(name, link.args) ?? linkWhyLines(result, name);
    if (lines !== undefined) return told(lines, names);
    const failed = result.layout === undefined ? "The link failed before it had an output." : undefined;
    return nothing(nearestLinked(result, name), failed);
  }
  const result = load && loadFor(space, load).result;
  if (result?.loaded !== true) {
    return nothing(undefined, result && `Nothing is loaded: ${describeProblem(result.problem).message}.`);
  }
  const { process } = result;
  const lines = whyLines(process, name, undefined, PAGE_STYLE);
  if (lines !== undefined)
    return told(
      lines,
      namesOf(process, () => processNames(process)),
    );
  const isOption = optionLines(name, []) !== undefined;
  return nothing(
    nearestSymbol(process, name),
    isOption ? "It is an option of the linker: ask about the link." : undefined,
  );
}

const known = new WeakMap<object, ReadonlySet<string>>();

function namesOf(of: object, make: () => readonly string[]): ReadonlySet<string> {
  const there = known.get(of);
  if (there !== undefined) return there;
  const names = new Set(make().filter((name) => name !== ""));
  known.set(of, names);
  return names;
}

function processNames({ objects }: LoadedProcess): string[] {
  return objects.flatMap(({ name, names, file }) => {
    const { needs, definitions } = file.versions;
    const all = [
      name,
      name.slice(name.lastIndexOf("/") + 1),
      ...names,
      ...[...needs, ...definitions].map((it) => it.name),
    ];
    for (let index = 1; index < file.symbols.count; index++) all.push(symbolName(file.symbols, index));
    return all;
  });
}

/** Words between blanks, quotes and commas; an address or a known name can be asked about. */
const PIECES = /(0x[\da-f]+|[^\s,;`'()]+(?:\([^()\s]*\))*(?::\([^()\s]*\))?|[\s,;`'()]+)/g;

/** `main.o:(.text+0x12)`: the file can be asked about, and so can the place. */
const PLACE = /^(.+):\(.+\)$/;

function linked(line: string, names: ReadonlySet<string>, asked: string): WhyWord[] {
  const words: WhyWord[] = [];
  for (const [text] of line.matchAll(PIECES)) {
    const bare = text.replace(/[:.]+$/, "");
    const plain = bare.split("@")[0];
    const isPlace = /^0x[\da-f]+$/.test(bare) || names.has(PLACE.exec(bare)?.[1] ?? "");
    const name = isPlace || names.has(bare) ? bare : names.has(plain) ? plain : undefined;
    const last = words.at(-1);
    if (name !== undefined && name !== asked && name.length > 1) {
      words.push({ text: bare, name });
      if (bare !== text) words.push({ text: text.slice(bare.length) });
    } else if (last !== undefined && last.name === undefined) words[words.length - 1] = { text: last.text + text };
    else words.push({ text });
  }
  return words;
}
