// What GNU ld leaves behind of things that come to nothing, and Solder does not make (README.md, "Where it differs from GNU
// ld"): taken out of both portraits where it can be nothing else, so that all beside it is compared.

import type { Aspects } from "../../support/observe.ts";
import { run } from "../../support/run.ts";

const PLT_SECTION = /^\.(?:rela?\.plt|plt|plt\.sec|got\.plt) /;
const PLT_TAG = /^(?:PLTGOT|PLTRELSZ|PLTREL|JMPREL)\b/;

/** Both without the leftovers of theirs. @param path GNU ld's file */
export function withoutLeftovers(ours: Aspects, theirs: Aspects, path: string): [Aspects, Aspects] {
  let pair: [Aspects, Aspects] = [ours, theirs];
  if (hasIdlePlt(ours, theirs)) pair = pair.map((it) => withoutPlt(it, !has(ours, ".got"))) as [Aspects, Aspects];
  if (has(theirs, ".eh_frame") && !has(ours, ".eh_frame") && isEmpty(path, ".eh_frame"))
    pair = pair.map(withoutEhFrame) as [Aspects, Aspects];
  return pair;
}

function has({ sections = [] }: Aspects, name: string): boolean {
  return sections.some((line) => line.startsWith(`${name} `));
}

/**
 * A call of __tls_get_addr that is rewritten has had its PLT entry allotted (elf_x86_64_check_relocs comes first). Where no
 * other call needs the PLT, there is one with that entry alone, or, where nobody defines the function, with R_*_NONE.
 */
function hasIdlePlt(ours: Aspects, theirs: Aspects): boolean {
  const entries = (theirs.relocations ?? []).filter((line) => /^\.rela?\.plt /.test(line));
  const isTheirs = has(theirs, ".rela.plt") || has(theirs, ".rel.plt");
  const isOurs = has(ours, ".rela.plt") || has(ours, ".rel.plt");
  return isTheirs && !isOurs && entries.every((line) => / _{2,3}tls_get_addr\b/.test(line));
}

/** @param got without .got too: under -z now the PLT's words are in it */
function withoutPlt(aspects: Aspects, got: boolean): Aspects {
  const isGone = (line: string): boolean => PLT_SECTION.test(line) || (got && line.startsWith(".got "));
  const names = got
    ? / \.(?:rela?\.plt|plt|plt\.sec|got\.plt|got)(?= |$)/g
    : / \.(?:rela?\.plt|plt|plt\.sec|got\.plt)(?= |$)/g;
  return {
    ...aspects,
    sections: (aspects.sections ?? []).filter((line) => !isGone(line)),
    segments: (aspects.segments ?? []).map((line) => line.replaceAll(names, "")),
    dynamic: (aspects.dynamic ?? []).filter((line) => !PLT_TAG.test(line)),
    symbols: (aspects.symbols ?? []).filter((line) => !line.startsWith("_GLOBAL_OFFSET_TABLE_ ")),
  };
}

function isEmpty(path: string, name: string): boolean {
  const { stdout } = run("readelf", ["-SW", path]);
  const line = stdout.split("\n").find((it) => it.includes(`] ${name} `)) ?? "";
  return /\s[0-9a-f]{8,}\s+[0-9a-f]{6,}\s+0{6,}\s/.test(line);
}

/** GNU ld makes one for its PLT, empties it, because the inputs have none, and keeps it. */
function withoutEhFrame(aspects: Aspects): Aspects {
  return {
    ...aspects,
    sections: (aspects.sections ?? []).filter((line) => !line.startsWith(".eh_frame ")),
    segments: (aspects.segments ?? []).map((line) => line.replace(/ \.eh_frame(?= |$)/, "")),
    symbols: (aspects.symbols ?? []).filter((line) => !line.startsWith(".eh_frame SECTION ")),
  };
}
