// NOCROSSREFS and NOCROSSREFS_TO: overlays that are not in memory together must not refer to each other. Looked at only where
// a script asks for it (ld manual, "Miscellaneous Commands"; ld/ldcref.c: check_nocrossrefs).

import { SHN_LORESERVE, SHN_UNDEF, SHT_RELA } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { NoCrossReferences } from "../script/statements.ts";
import type { SectionId } from "../tables/ids.ts";
import { locateAll, type ObjectPlace } from "../tables/locate.ts";
import { nameText } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";

/** Error: `cross-reference`, each of them. */
export function reportCrossReferences(
  loader: Loader,
  outputs: OutputSections,
  rules: readonly NoCrossReferences[],
  report: Report,
): void {
  if (rules.length === 0) return;
  const named = new Set(rules.flatMap((it) => it.sections));
  for (const object of loader.objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      const from = outputName(loader, outputs, section);
      if (from === undefined || !named.has(from) || loader.sections.relocs[section] < 0) continue;
      checkSection(loader, outputs, object, section, from, rules, report);
    }
  }
}

function outputName({ sections }: Loader, outputs: OutputSections, section: SectionId): string | undefined {
  const output = sections.output[section];
  return output < 0 ? undefined : outputs.list[output].name;
}

function checkSection(
  loader: Loader,
  outputs: OutputSections,
  object: ObjectFile,
  section: SectionId,
  from: string,
  rules: readonly NoCrossReferences[],
  report: Report,
): void {
  const { sections } = loader;
  const { view, is64 } = object;
  const relocs = sections.relocs[section];
  const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
  const last = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at + entry <= last; at += entry) {
    const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
    const target = targetOf(loader, object, index);
    const to = target && outputName(loader, outputs, target.section);
    if (target === undefined || to === undefined || to === from) continue;
    if (!rules.some((rule) => forbids(rule, from, to))) continue;
    const place: ObjectPlace = { object, section, offset: view.getUint32(at, true) };
    const { places } = locateAll(loader.locator, [place]);
    report(error("cross-reference", places[0], { from, symbol: target.name, to }));
  }
}

function forbids({ sections, toFirst }: NoCrossReferences, from: string, to: string): boolean {
  return sections.includes(from) && (toFirst ? sections[0] === to : sections.includes(to));
}

/** What a relocation's symbol is: an input section and a name. */
function targetOf(
  { symbols, sections }: Loader,
  object: ObjectFile,
  index: number,
): { readonly section: SectionId; readonly name: string } | undefined {
  if (index >= object.firstGlobal) {
    const id = object.symbols[index - object.firstGlobal];
    if (id === undefined || symbols.section[id] < 0) return undefined;
    return { section: symbols.section[id], name: nameText(symbols.names, id) };
  }
  const at = object.symtab + index * (object.is64 ? 24 : 16) + (object.is64 ? 6 : 14);
  const shndx = object.view.getUint16(at, true);
  if (shndx === SHN_UNDEF || shndx >= SHN_LORESERVE) return undefined;
  const section = object.firstSection + shndx;
  return { section, name: sectionName(object, sections, section) };
}
