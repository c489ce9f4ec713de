// `LinkResult.layout` of -r. Sections begin at 0 unless a script says otherwise.

import type { Loader } from "../inputs/loader.ts";
import { regionsOf } from "../layout/script-layout.ts";
import type { Assigned } from "../relocatable/assigned.ts";
import type { RelocatableFacts } from "../relocatable/link-relocatable.ts";
import { outputType } from "../relocatable/output-table.ts";
import { type OutputSectionId, SECTION_ABSOLUTE, SECTION_OUTPUT, type SectionId } from "../tables/ids.ts";
import { nameText } from "../tables/names.ts";
import { sectionName } from "../tables/object-file.ts";
import { FLAG_ASSIGNED, FLAG_COLLECTED, isDefinedHere, KIND_COMMON, symbolValue } from "../tables/symbol-table.ts";
import type { LinkFacts } from "./facts.ts";
import { createInputs } from "./inputs.ts";
import type { LaidOutSection, LaidOutSymbol, OutputLayout, SourceStatement } from "./layout-types.ts";
import { plainName } from "./names.ts";
import { discarded } from "./pieces.ts";
import { piecesOf, type Standing, sectionView } from "./section-view.ts";
import { statementsOf } from "./statements.ts";

export function relocatableLayout(
  facts: LinkFacts,
  { assigned, entry, plan, outputs }: RelocatableFacts,
): OutputLayout {
  const { loader } = facts;
  const { table } = assigned;
  const { output } = loader.sections;
  const statements = statementsOf(plan, loader);
  const standing: Standing = { loader, outputs, statements, merged: undefined, base: ({ address }) => address };
  const statementOf = (section: SectionId): SourceStatement | undefined =>
    output[section] >= 0 && output[section] < outputs.list.length
      ? statements.ofPiece(outputs.list[output[section]], section)
      : statements.ofInput(section);
  const inputs = createInputs(facts, (section) => nameText(table.names, table.name[output[section]]), statementOf);
  return {
    regions: regionsOf(plan),
    get script() {
      return statements.script;
    },
    statements: () => statements.list((output, from, to) => piecesOf(standing, output, from, to)),
    entry,
    get sections() {
      return Array.from(assigned.ordered, (id) => sectionView(standing, outputs.list[id], headerOf(assigned, id)));
    },
    segments: [],
    symbols: () => symbols(loader, assigned),
    discarded: () => discarded(loader, statementOf),
    inputs: inputs.find,
    relocations: inputs.relocations,
    relocationsAt: () => [],
  };
}

function headerOf({ table, addresses }: Assigned, id: OutputSectionId): Omit<LaidOutSection, "pieces" | "pieceAt"> {
  return {
    index: table.index[id],
    name: nameText(table.names, table.name[id]),
    type: outputType(table, id),
    flags: table.flags[id],
    address: addresses[id],
    loadAddress: addresses[id],
    offset: table.offset[id],
    size: table.size[id],
    alignment: table.alignment[id],
  };
}

function* symbols(loader: Loader, { addresses }: Assigned): IterableIterator<LaidOutSymbol> {
  const { symbols: table, objects, sections } = loader;
  for (let id = 0; id < table.names.count; id++) {
    if (!isDefinedHere(table, id) || table.kind[id] === KIND_COMMON) continue;
    if ((table.flags[id] & FLAG_COLLECTED) !== 0) continue;
    const section = table.section[id];
    const isInput = section >= 0;
    if (isInput ? sections.output[section] < 0 : section !== SECTION_OUTPUT && section !== SECTION_ABSOLUTE) continue;
    const owner = (table.flags[id] & FLAG_ASSIGNED) === 0 ? objects[table.owner[id]] : undefined;
    const isCommon = section === SECTION_OUTPUT && owner !== undefined;
    const home = isInput ? sections.output[section] : section === SECTION_OUTPUT ? table.alias[id] : -1;
    yield {
      name: plainName(loader, id),
      address: (addresses[home] ?? 0) + (isInput ? sections.address[section] : 0) + symbolValue(table, id),
      size: table.size[id],
      file: owner?.name ?? "",
      section: isInput && owner !== undefined ? sectionName(owner, sections, section) : isCommon ? "COMMON" : "",
    };
  }
}
