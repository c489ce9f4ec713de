// Reports the symbols that nothing defines: all of a link together, each with the places that refer to it and with what is
// known of the name elsewhere.

import { STV_DEFAULT } from "../../elf/constants.ts";
import { problem, type Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import type { Scan } from "../scan/scan-result.ts";
import { locateAll } from "../tables/locate.ts";
import { findText, nameText } from "../tables/names.ts";
import { isUndefined } from "../tables/symbol-table.ts";
import { visibilityName } from "./hidden-symbols.ts";
import { hintsFor } from "./hints.ts";

export function reportUndefined(loader: Loader, scan: Scan, options: LinkOptions, report: Report): void {
  const { symbols, locator } = loader;
  const severity = options.warnUnresolved ? "warning" : "error";
  const hints = hintsFor(loader, [...scan.undefined.keys()]);
  for (const [id, { count, references }] of scan.undefined) {
    const { places, functions, lines } = locateAll(locator, references);
    const visibility = symbols.visibility[id];
    const details = {
      symbol: nameText(symbols.names, id),
      references: places,
      count,
      functions,
      lines,
      ...(visibility === STV_DEFAULT ? {} : { visibility: visibilityName(visibility) }),
      ...hints.get(id),
    };
    report(problem(severity, "undefined-symbol", places[0], details));
  }
  for (const name of options.requireDefined) {
    const id = findText(symbols.names, name);
    if (id < 0 || isUndefined(symbols, id)) report(problem("error", "required-symbol-undefined", {}, { symbol: name }));
  }
}
