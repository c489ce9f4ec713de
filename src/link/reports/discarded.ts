// Sections of the linker's own that a script discards though the output cannot do without them. GNU ld refuses some by name
// ("discarded output section", "could not find section") and ends by a signal for others (.got); what only completes others,
// like relocations or version tables, it leaves out without a word.

import { error, type Report } from "../../elf/problem.ts";
import type { OutputSections } from "../tables/output-section.ts";

/** What code jumps through or reads. */
const NEEDED: ReadonlySet<string> = new Set([".got", ".got.plt", ".igot.plt", ".plt", ".iplt", ".plt.got", ".plt.sec"]);

/** What DT_ entries point at. Where .dynstr is discarded too there are no such entries (measured with GNU ld 2.40). */
const NAMED: ReadonlySet<string> = new Set([".dynsym", ".hash", ".gnu.hash"]);

/** Error: `discarded-needed`. After all that the linker makes has been asked for. */
export function reportDiscarded({ planned }: OutputSections, report: Report): void {
  const hasNames = planned?.get(".dynstr")?.output !== undefined;
  for (const [section, { output, wanted }] of planned ?? []) {
    const isNeeded = NEEDED.has(section) || (hasNames && NAMED.has(section));
    if (output === undefined && wanted > 0 && isNeeded) report(error("discarded-needed", {}, { section }));
  }
}
