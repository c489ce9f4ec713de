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
import { unitLines } from "./units.ts";
import { versionLines } from "./versions.ts";

/**
 * The dump as lines, without line feeds, chapter by chapter: all of a large library's would be too much at once.
 * @param asked the parts that were asked for by name: they say so when there is nothing to show
 */
export function* dumpLines(dump: FileDump, asked: ReadonlySet<DumpPart>, style: Style): Generator<string> {
  const { header, layout, sections, segments, symbols, dynamicSymbols, relocations } = dump;
  const { dynamic, versions, notes, groups, units, archive, members = [] } = dump;
  const none = (part: DumpPart, text: string): string[] => (asked.has(part) ? ["", `${text}: none`] : []);
  yield painted(`${dump.file}  ${byteCount(dump.size)}`, "heading", style);
  if (header !== undefined) yield* headerLines(header, style);
  yield* layout === undefined ? none("layout", "Segments") : layoutLines(layout, style);
  if (sections !== undefined) yield* sectionLines(sections, style);
  if (segments !== undefined) yield* segmentLines(segments, style);
  if (groups !== undefined && groups.length > 0) yield* groupLines(groups, style);
  yield* dynamic === undefined ? none("dynamic", "Dynamic section") : dynamicLines(dynamic, style);
  if (versions !== undefined) yield* versionLines(versions, style);
  yield* symbols === undefined ? none("symbols", "Symbol table") : symbolLines(symbols, "--symbols", style);
  yield* dynamicSymbols === undefined
    ? none("dynamic-symbols", "Dynamic symbols")
    : symbolLines(dynamicSymbols, "--dynamic-symbols", style);
  for (const one of relocations ?? []) yield* relocationLines(one, style);
  if (relocations?.length === 0) yield* none("relocations", "Relocations");
  yield* notes === undefined || notes.length === 0 ? none("notes", "Notes") : noteLines(notes, style);
  yield* units === undefined ? none("units", "Compilation units") : unitLines(units, style);
  if (archive !== undefined) yield* archiveLines(archive, asked.has("archive"), style);
  for (const member of members) {
    yield "";
    yield* dumpLines(member, asked, style);
  }
}
