// Sections of the linker's own that a script discards though the output cannot do without them. GNU ld refuses some by name
// ("discarded output section", "could not find section") and ends by a signal for others (.got); what only completes others,
// like relocations or version tables, it leaves out without a word.

import { error, type Report } from "../../elf/problem.ts";
import type { OutputSections } from "../tables/output-section.ts";

/** What code jumps through or reads, and what DT_ entries that every loader needs point at. */
const NEEDED: ReadonlySet<string> = new Set([
  ".got",
  ".got.plt",
  ".igot.plt",
  ".plt",
  ".iplt",
  ".plt.got",
  ".plt.sec",
  ".dynsym",
  ".hash",
  ".gnu.hash",
]);

/** Error: `discarded-needed`. After all that the linker makes has been asked for. */
export function reportDiscarded({ planned }: OutputSections, report: Report): void {
  for (const [section, { output, wanted }] of planned ?? [])
    if (output === undefined && wanted > 0 && NEEDED.has(section)) report(error("discarded-needed", {}, { section }));
}
