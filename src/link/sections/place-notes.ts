// Where loaded notes stand that the layout table does not name. They keep together, the larger alignments first, so that each
// alignment makes one PT_NOTE. A program's script has .interp for them to follow, and the build id counts as one of them; the
// script of shared libraries has only the latter (ld/ldelf.c, ldelf_place_orphan; ld/ldlang.c, lang_insert_orphan).

import { SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_NOBITS, SHT_NOTE } from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { defaultLayout } from "../tables/default-layout.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { rowOf } from "./assign-sections.ts";

/** Called when the notes' alignments are known, before the sections are put in order. */
export function placeNotes(outputs: OutputSections, shared: boolean, options: LinkOptions): void {
  const interp = rowOf(".interp");
  const buildId = rowOf(".note.gnu.build-id");
  const notes = outputs.list.filter(({ row, type }) => row === interp && type === SHT_NOTE);
  if (notes.length === 0) return;
  if (!shared || outputs.list.some(({ row }) => row === buildId)) {
    for (const note of notes) if (note.alignment < 8) note.row = buildId;
    return;
  }
  const { row, rank } = placeInLibrary(outputs, notes, options);
  for (const note of notes) {
    note.row = row;
    note.rank = rank;
  }
}

type Place = Pick<OutputSection, "row" | "rank">;

/**
 * Behind the script's .rodata if nothing is in it: as a statement without contents it has no type that could differ. Else
 * behind .text likewise; else behind the last section of their flags.
 */
function placeInLibrary(outputs: OutputSections, notes: readonly OutputSection[], options: LinkOptions): Place {
  const rodata = rowOf(".rodata");
  const text = rowOf(".text");
  const isPlaced = (row: number): boolean => outputs.list.some((it) => it.row === row && isOwn(it));
  // Other orphans there are put before the notes as long as these are one, and behind them when they are more.
  const other = outputs.list.find((it) => it.row === rodata && !isOwn(it));
  const before = notes.filter((it) => other === undefined || it.order < other.order).length;
  if (!isPlaced(rodata)) return { row: rodata, rank: before === 1 ? 1 : -1 };
  if (!isPlaced(text)) return { row: text, rank: -1 };
  const alike = outputs.list
    .filter((it) => isLikeNote(it) && (isOwn(it) || it.order < notes[0].order))
    .map(({ row }) => row);
  // That of the linker's own code, which GNU ld keeps when it is empty.
  if (options.ldGeneratedUnwindInfo) alike.push(rowOf(".eh_frame"));
  const row = Math.max(rodata, ...alike);
  return { row, rank: row === rodata && before > 1 ? -1 : 1 };
}

/** The section that its row names, not an orphan. */
function isOwn({ name, row }: OutputSection): boolean {
  const named = defaultLayout[row];
  return named !== undefined && "name" in named && named.name === name;
}

function isLikeNote({ flags, type }: OutputSection): boolean {
  const mask = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR | SHF_TLS;
  return (flags & mask) === SHF_ALLOC && type !== SHT_NOBITS && type !== SHT_NOTE;
}
