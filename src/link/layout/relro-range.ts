// Whether a script's patterns find anything between DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END, or the end. Without, the link
// has no RELRO, and pages are counted otherwise (binutils, ld/ldlang.c: lang_find_relro_sections, which does not look at orphans).

import { SHF_ALLOC, SHF_TLS, SHT_NOBITS } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import { ruleForText } from "../mapping/mapping.ts";
import { createMatcher, enterObject, type Matcher, matchSection } from "../mapping/matcher.ts";
import {
  isOutputStatement,
  type ListStatement,
  type OutputStatement,
  type Plan,
} from "../mapping/output-statements.ts";
import { callsIn } from "../script/symbols-in.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { STATE_COLLECTED, STATE_DISCARDED, STATE_FOLDED } from "../tables/section-table.ts";

export function hasRelroSections({ statements }: Plan, outputs: OutputSections, loader: Loader): boolean {
  const start = statements.findIndex((it) => calls(it, "DATA_SEGMENT_ALIGN"));
  if (start < 0) return false;
  const end = statements.findIndex((it) => calls(it, "DATA_SEGMENT_RELRO_END"));
  const range = statements.slice(start, end < 0 ? undefined : end).filter(isOutputStatement);
  if (range.some((it) => hasFound(it, outputs))) return true;
  const matcher = createMatcher(range.flatMap(({ source }) => source ?? []));
  return matchesChunk(matcher, outputs) || matchesInput(matcher, loader);
}

/**
 * Who took it does not matter: the patterns are asked again, those of sections too that their constraint has ruled out. So the
 * default script's `.eh_frame : ONLY_IF_RW` makes RELRO of any .eh_frame.
 */
function matchesInput(matcher: Matcher, { objects, sections }: Loader): boolean {
  const gone = STATE_COLLECTED | STATE_DISCARDED | STATE_FOLDED;
  for (const object of objects) {
    enterObject(matcher, object);
    const { bytes } = object;
    const last = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < last; section++) {
      const flags = sections.flags[section];
      if ((flags & SHF_ALLOC) === 0 || sections.size[section] === 0 || sections.output[section] < 0) continue;
      if ((sections.state[section] & gone) !== 0) continue;
      if (isThreadLocalSpace(flags, sections.type[section])) continue;
      const name = sections.name[section];
      if (matchSection(matcher, bytes, name, bytes.indexOf(0, name), flags) !== undefined) return true;
    }
  }
  return false;
}

function matchesChunk(matcher: Matcher, { chunks }: OutputSections): boolean {
  return chunks.some(
    ({ name, size, output }) =>
      output !== undefined &&
      size > 0 &&
      (output.flags & SHF_ALLOC) !== 0 &&
      ruleForText(matcher, name, output.flags) !== undefined,
  );
}

/** It takes no addresses, so it is nothing that could be read-only. */
function isThreadLocalSpace(flags: number, type: number): boolean {
  return (flags & SHF_TLS) !== 0 && type === SHT_NOBITS;
}

function calls(it: ListStatement, name: string): boolean {
  return it.kind === "assign" && callsIn(it.assignment.value).includes(name);
}

/** By a pattern, not as an orphan. */
function hasFound({ body, output }: OutputStatement, { chunks }: OutputSections): boolean {
  if (output === undefined || isThreadLocalSpace(output.flags, output.type)) return false;
  const { pieces, rankEnds } = output;
  return body.some(
    ({ statement }, i) =>
      statement?.kind === "input" &&
      pieces.subarray(rankEnds[i - 1] ?? 0, rankEnds[i] ?? 0).some((it) => it >= 0 || chunks[~it].size > 0),
  );
}
