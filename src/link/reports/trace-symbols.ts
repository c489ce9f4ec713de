// -y / --trace-symbol: which files define a symbol or refer to it, in the order in which they were read.

import { note, type Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { findMentions } from "../inputs/mentions.ts";
import { findText } from "../tables/names.ts";

/** Notes: `symbol-defined`, `symbol-referenced`. */
export function reportTraced(loader: Loader, report: Report): void {
  const mentionsOf = findMentions(loader);
  for (const name of new Set(loader.options.traceSymbols)) {
    const id = findText(loader.symbols.names, name);
    if (id < 0) continue;
    for (const { file, defines } of mentionsOf(id)) {
      report(note(defines ? "symbol-defined" : "symbol-referenced", { file: file.name }, { symbol: name }));
    }
  }
}
