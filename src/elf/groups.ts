// Section groups: sections that are kept or dropped together. A COMDAT group has a signature, and of all groups with the same
// one a link keeps the first.

import { SHT_GROUP, SHT_SYMTAB, STT_SECTION } from "./constants.ts";
import { contentsRange, type ElfFile } from "./file.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import type { ElfSection } from "./sections.ts";
import { word } from "./source.ts";
import { type ElfSymbol, symbolsOf } from "./symbols.ts";

export interface SectionGroup {
  /** The SHT_GROUP section. */
  readonly section: ElfSection;
  /** GRP_COMDAT, or 0 for sections that merely belong together. */
  readonly flags: number;
  /** Name of the symbol that stands for the group; a section symbol gives its section's name. Empty if it cannot be read. */
  readonly signature: string;
  /** Section indices. */
  readonly members: readonly number[];
}

/**
 * The groups of a relocatable file.
 * @param report gets `section-outside-file`, `group-damaged`
 */
export function groupsOf(file: ElfFile, report: Report): SectionGroup[] {
  const groups: SectionGroup[] = [];
  const tables = new Map<number, ElfSymbol[]>();
  for (const section of file.sections) {
    if (section.type !== SHT_GROUP) continue;
    const range = contentsRange(file, section, report);
    if (range === undefined) continue;
    const words: number[] = [];
    for (let at = range.start; at + 4 <= range.end; at += 4) words.push(word(file, at));
    const [flags = 0, ...members] = words;
    const known = members.filter((member) => member !== 0 && member < file.sections.length);
    const signature = signatureOf(file, section, tables, report);
    if (words.length === 0 || known.length < members.length || signature === undefined) {
      report(error("group-damaged", { file: file.name, section: section.name }, { section: section.index }));
    }
    groups.push({ section, flags, signature: signature ?? "", members: known });
  }
  return groups;
}

/** sh_link is the symbol table, sh_info the symbol. `tables` keeps what has been read: usually all groups have one table. */
function signatureOf(
  file: ElfFile,
  group: ElfSection,
  tables: Map<number, ElfSymbol[]>,
  report: Report,
): string | undefined {
  const table = file.sections[group.link];
  if (table === undefined || table.type !== SHT_SYMTAB) return undefined;
  const symbols = tables.get(group.link) ?? symbolsOf(file, table, report);
  tables.set(group.link, symbols);
  const symbol = symbols[group.info];
  if (symbol === undefined) return undefined;
  return symbol.type === STT_SECTION && symbol.name === "" ? file.sections[symbol.section].name : symbol.name;
}
