// A dump as text: the chapters one after the other.

import { archiveLines } from "./archive.ts";
import { dynamicLines } from "./dynamic.ts";
import { groupLines } from "./groups.ts";
import { headerLines } from "./header.ts";
import type { DumpPart, FileDump } from "./model.ts";
import { noteLines } from "./notes.ts";
import { layoutLines } from "./picture.ts";
import { relocationLines } from "./relocations.ts";
import { sectionLines } from "./sections.ts";
import { segmentLines } from "./segments.ts";
import { symbolLines } from "./symbols.ts";
import { byteCount, painted, type Style } from "./table.ts";
import { versionLines } from "./versions.ts";

/**
 * The dump as lines, without line feeds.
 * @param asked the parts that were asked for by name: they say so when there is nothing to show
 */
export function dumpLines(dump: FileDump, asked: ReadonlySet<DumpPart>, style: Style): string[] {
  const { header, layout, sections, segments, symbols, dynamicSymbols, relocations } = dump;
  const { dynamic, versions, notes, groups, archive, members = [] } = dump;
  const none = (part: DumpPart, text: string): string[] => (asked.has(part) ? ["", `${text}: none`] : []);
  return [
    painted(`${dump.file}  ${byteCount(dump.size)}`, "heading", style),
    ...(header === undefined ? [] : headerLines(header, style)),
    ...(layout === undefined ? none("layout", "Segments") : layoutLines(layout, style)),
    ...(sections === undefined ? [] : sectionLines(sections, style)),
    ...(segments === undefined ? [] : segmentLines(segments, style)),
    ...(groups === undefined || groups.length === 0 ? [] : groupLines(groups, style)),
    ...(dynamic === undefined ? none("dynamic", "Dynamic section") : dynamicLines(dynamic, style)),
    ...(versions === undefined ? [] : versionLines(versions, style)),
    ...(symbols === undefined ? none("symbols", "Symbol table") : symbolLines(symbols, "--symbols", style)),
    ...(dynamicSymbols === undefined
      ? none("dynamic-symbols", "Dynamic symbols")
      : symbolLines(dynamicSymbols, "--dynamic-symbols", style)),
    ...(relocations ?? []).flatMap((one) => relocationLines(one, style)),
    ...(relocations?.length === 0 ? none("relocations", "Relocations") : []),
    ...(notes === undefined || notes.length === 0 ? none("notes", "Notes") : noteLines(notes, style)),
    ...(archive === undefined ? [] : archiveLines(archive, asked.has("archive"), style)),
    ...members.flatMap((member) => ["", ...dumpLines(member, asked, style)]),
  ];
}
