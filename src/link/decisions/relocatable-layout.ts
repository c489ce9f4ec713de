// `LinkResult.layout` of -r. Nothing has an address yet: sections begin at 0, and addresses are offsets in them.

import { SHF_ALLOC, SHT_GROUP } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import type { Assigned } from "../relocatable/assigned.ts";
import { outputType } from "../relocatable/output-table.ts";
import { SECTION_ABSOLUTE, SECTION_OUTPUT, type SectionId } from "../tables/ids.ts";
import { nameText } from "../tables/names.ts";
import { sectionName } from "../tables/object-file.ts";
import { FLAG_ASSIGNED, FLAG_COLLECTED, isDefinedHere, KIND_COMMON, symbolValue } from "../tables/symbol-table.ts";
import type { LinkFacts } from "./facts.ts";
import { createInputs } from "./inputs.ts";
import type { LaidOutPiece, LaidOutSection, LaidOutSymbol, OutputLayout } from "./layout-types.ts";
import { plainName } from "./names.ts";
import { discarded, inputPiece } from "./pieces.ts";

/** @param assigned when sections have their sizes, offsets and indices */
export function relocatableLayout(facts: LinkFacts, assigned: Assigned, entry: number): OutputLayout {
  const { loader } = facts;
  const { table } = assigned;
  const inputs = createInputs(facts, (section) => nameText(table.names, table.name[loader.sections.output[section]]));
  let pieces: ReadonlyMap<number, readonly SectionId[]> | undefined;
  const piecesOf = (id: number): readonly SectionId[] => {
    pieces ??= piecesByOutput(loader);
    return pieces.get(id) ?? [];
  };
  return {
    regions: [],
    statements: undefined,
    entry,
    get sections() {
      return Array.from(assigned.ordered, (id) => sectionView(loader, assigned, id, piecesOf));
    },
    segments: [],
    symbols: () => symbols(loader),
    discarded: () => discarded(loader, undefined),
    inputs: inputs.find,
    relocations: inputs.relocations,
    relocationsAt: () => [],
  };
}

function piecesByOutput({ sections }: Loader): Map<number, SectionId[]> {
  const found = new Map<number, SectionId[]>();
  for (let section = 0; section < sections.count; section++) {
    const output = sections.output[section];
    if (output < 0 || sections.type[section] === SHT_GROUP) continue;
    const list = found.get(output);
    if (list === undefined) found.set(output, [section]);
    else list.push(section);
  }
  for (const list of found.values()) list.sort((a, b) => sections.address[a] - sections.address[b]);
  return found;
}

function sectionView(
  loader: Loader,
  { table }: Assigned,
  id: number,
  piecesOf: (id: number) => readonly SectionId[],
): LaidOutSection {
  const name = nameText(table.names, table.name[id]);
  const size = table.size[id];
  function* pieces(): IterableIterator<LaidOutPiece> {
    let end = 0;
    for (const section of piecesOf(id)) {
      const piece = inputPiece(loader, section, () => undefined);
      yield piece;
      end = piece.address + piece.size;
    }
    // What no input brought: notes, and with -d the common symbols.
    const isSpace = (table.flags[id] & SHF_ALLOC) !== 0 && table.contents[id] === 0;
    const section = isSpace ? "COMMON" : name;
    const made = { file: "", section, alignment: table.alignment[id], statement: undefined, *merged() {} };
    if (end < size) yield { ...made, address: end, size: size - end };
  }
  return {
    index: table.index[id],
    name,
    type: outputType(table, id),
    flags: table.flags[id],
    address: 0,
    loadAddress: 0,
    offset: table.offset[id],
    size,
    alignment: table.alignment[id],
    pieces,
    pieceAt: (at) => [...pieces()].find((it) => at >= it.address && at < it.address + it.size),
  };
}

function* symbols(loader: Loader): IterableIterator<LaidOutSymbol> {
  const { symbols: table, objects, sections } = loader;
  for (let id = 0; id < table.names.count; id++) {
    if (!isDefinedHere(table, id) || table.kind[id] === KIND_COMMON) continue;
    if ((table.flags[id] & FLAG_COLLECTED) !== 0) continue;
    const section = table.section[id];
    const isInput = section >= 0;
    if (isInput ? sections.output[section] < 0 : section !== SECTION_OUTPUT && section !== SECTION_ABSOLUTE) continue;
    const owner = (table.flags[id] & FLAG_ASSIGNED) === 0 ? objects[table.owner[id]] : undefined;
    const isCommon = section === SECTION_OUTPUT && owner !== undefined;
    yield {
      name: plainName(loader, id),
      address: (isInput ? sections.address[section] : 0) + symbolValue(table, id),
      size: table.size[id],
      file: owner?.name ?? "",
      section: isInput && owner !== undefined ? sectionName(owner, sections, section) : isCommon ? "COMMON" : "",
    };
  }
}
