// Reports what is amiss between shared libraries: references of a library that nothing meets, and objects that rely on a
// library that nobody named.

import { error, problem, type Report } from "../elf/problem.ts";
import type { SymbolId } from "./ids.ts";
import type { Loader } from "./loader.ts";
import { nameText } from "./names.ts";
import type { LinkOptions } from "./options.ts";
import { asShared } from "./resolve.ts";
import { FLAG_REF_REGULAR_NONWEAK, isShared, KIND_UNDEFINED } from "./symbol-table.ts";

export function reportShared(loader: Loader, options: LinkOptions, sharedOutput: boolean, report: Report): void {
  const { symbols } = loader;
  const ignored =
    (options.allowShlibUndefined ?? sharedOutput) ||
    options.unresolvedSymbols === "ignore-all" ||
    options.unresolvedSymbols === "ignore-in-shared-libs";
  for (let id = 0; id < symbols.names.count; id++) {
    if (isShared(symbols, id)) reportMissingLibrary(loader, id, report);
    else if (!ignored && symbols.kind[id] === KIND_UNDEFINED && symbols.owner[id] < -1) {
      reportUnmet(loader, id, options, report);
    }
  }
}

function reportMissingLibrary({ symbols, shared }: Loader, id: SymbolId, report: Report): void {
  const file = shared[symbols.owner[id]];
  if (!file.implicit || (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) === 0) return;
  report(error("dso-missing", { file: file.name }, { symbol: nameText(symbols.names, id), library: file.name }));
}

function reportUnmet({ symbols, shared }: Loader, id: SymbolId, options: LinkOptions, report: Report): void {
  const file = shared[asShared(symbols.owner[id])];
  if (file === undefined) return;
  const severity = options.warnUnresolved || options.noInhibitExec ? "warning" : "error";
  const details = { symbol: nameText(symbols.names, id), library: file.name };
  report(problem(severity, "shared-undefined", { file: file.name }, details));
}
