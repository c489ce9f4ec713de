// Whether a script's patterns find anything between DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END, or the end. Without, the link
// has no RELRO, and pages are counted otherwise (binutils, ld/ldlang.c: lang_find_relro_sections, which does not look at orphans).

import {
  isOutputStatement,
  type ListStatement,
  type OutputStatement,
  type Plan,
} from "../mapping/output-statements.ts";
import { callsIn } from "../script/symbols-in.ts";
import type { OutputSections } from "../tables/output-section.ts";

export function hasRelroSections({ statements }: Plan, outputs: OutputSections): boolean {
  const start = statements.findIndex((it) => calls(it, "DATA_SEGMENT_ALIGN"));
  if (start < 0) return false;
  const end = statements.findIndex((it) => calls(it, "DATA_SEGMENT_RELRO_END"));
  return statements
    .slice(start, end < 0 ? undefined : end)
    .some((it) => isOutputStatement(it) && hasFound(it, outputs));
}

function calls(it: ListStatement, name: string): boolean {
  return it.kind === "assign" && callsIn(it.assignment.value).includes(name);
}

/** By a pattern, not as an orphan. BFD makes an empty .got beside each .got.plt, and that counts too. */
function hasFound({ body, output }: OutputStatement, { chunks }: OutputSections): boolean {
  const namesGot = body.some(
    ({ statement: it }) => it?.kind === "input" && it.sections?.some((p) => p.name === ".got"),
  );
  if (namesGot && chunks.some((it) => it.name === ".got.plt" && it.size > 0)) return true;
  if (output === undefined) return false;
  const { pieces, rankEnds } = output;
  return body.some(
    ({ statement }, i) =>
      statement?.kind === "input" &&
      pieces.subarray(rankEnds[i - 1] ?? 0, rankEnds[i] ?? 0).some((it) => it >= 0 || chunks[~it].size > 0),
  );
}
