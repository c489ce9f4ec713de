// --why-extract and --print-archive-stats: what was taken out of archives and why, as tables in lld's format
// (lld/ELF/MapFile.cpp): columns between tabs, a line of titles.

import { demangle } from "../../demangle/index.ts";
import type { FileDecision, ObjectDecision } from "../../link/decisions/types.ts";
import type { LinkOptions } from "../../link/options.ts";
import { compileGlob, globMatchesText } from "../../link/script/glob.ts";

/** Which file (or option) took which member out of its archive, for which symbol; in the order of the link. */
export function extractionReport(files: readonly FileDecision[], options: LinkOptions, demangled: boolean): string {
  const globs = options.undefinedGlobs.map(compileGlob);
  const cause = ({ neededBy, symbol }: ObjectDecision): string => {
    if (neededBy !== "") return neededBy;
    if (symbol === (options.entry ?? "_start")) return "--entry";
    return globs.some((it) => globMatchesText(it, symbol)) ? "--undefined-glob" : "<internal>";
  };
  const rows = files.flatMap((it) => {
    if (it.kind !== "object" || it.reason !== "wanted") return [];
    return `${cause(it)}\t${it.file}\t${demangled ? demangle(it.symbol) : it.symbol}\n`;
  });
  return `reference\textracted\tsymbol\n${rows.join("")}`;
}

/** How many members each searched archive has, and how many of them are in the link. */
export function archiveReport(files: readonly FileDecision[]): string {
  const rows = files.flatMap((it) =>
    it.kind === "archive" && it.file !== "" ? `${it.members}\t${it.taken}\t${it.file}\n` : [],
  );
  return `members\textracted\tarchive\n${rows.join("")}`;
}
