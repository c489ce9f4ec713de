// `LinkResult.layout`: where everything is in the output, read off the link's tables when somebody asks.

import { SHN_ABS, STT_TLS } from "../../elf/constants.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import { entryAddress } from "../symbols/entry.ts";
import { placeOfSymbol, type SymbolPlace } from "../symbols/symbol-values.ts";
import { SECTION_CHUNK, type SectionId } from "../tables/ids.ts";
import { sectionName } from "../tables/object-file.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { FLAG_COLLECTED, FLAG_COPY, FLAG_LINKER_DEFINED, isDefinedHere } from "../tables/symbol-table.ts";
import type { BoundFacts, LinkFacts, PlacedFacts } from "./facts.ts";
import { createInputs } from "./inputs.ts";
import type { LaidOutSegment, LaidOutSymbol, OutputLayout, SourceStatement } from "./layout-types.ts";
import { plainName } from "./names.ts";
import { discarded } from "./pieces.ts";
import { relocatableLayout } from "./relocatable-layout.ts";
import { pieceAt, piecesOf, type Standing, sectionView } from "./section-view.ts";
import { statementsOf } from "./statements.ts";

/** Undefined for a link that failed before anything had its place. */
export function createOutputLayout(facts: LinkFacts): OutputLayout | undefined {
  const { loader, bound, placed, relocatable } = facts;
  if (relocatable !== undefined) return relocatableLayout(facts, relocatable);
  if (bound === undefined || placed === undefined) return undefined;
  const { layout, outputs } = placed.values;
  const statements = statementsOf(placed.plan, loader);
  const standing: Standing = { loader, outputs, statements, merged: placed.values.merged, base: () => 0 };
  const outputOf = (section: SectionId): OutputSection => outputs.list[loader.sections.output[section]];
  const statementOf = (section: SectionId): SourceStatement | undefined =>
    loader.sections.output[section] >= 0 ? statements.ofPiece(outputOf(section), section) : statements.ofInput(section);
  const inputs = createInputs(facts, (section) => outputOf(section).name, statementOf);
  return {
    regions: layout.regions ?? [],
    get script() {
      return statements.script;
    },
    statements: () => statements.list((output, from, to) => piecesOf(standing, output, from, to)),
    get entry() {
      const given = entryName(loader);
      return entryAddress(placed.values, given, bound.mode, () => {}, loader.hasScript);
    },
    get sections() {
      return layout.sections.map((output) => {
        const { index, name, type, flags, address, lma: loadAddress, offset, size, alignment } = output;
        return sectionView(standing, output, {
          index,
          name,
          type,
          flags,
          address,
          loadAddress,
          offset,
          size,
          alignment,
        });
      });
    },
    get segments() {
      return layout.segments.map(
        ({ type, flags, offset, address, fileSize, memorySize, alignment, sections }): LaidOutSegment => ({
          type,
          flags,
          offset,
          address,
          fileBytes: fileSize,
          memoryBytes: memorySize,
          alignment,
          sections: sections.map(({ index }) => index),
        }),
      );
    },
    symbols: () => symbols(loader, bound, placed),
    discarded: () => discarded(loader, statementOf),
    inputs: inputs.find,
    relocations: inputs.relocations,
    relocationsAt: (address) => {
      const output = layout.sections.find((it) => isIn(it, address));
      const piece = output && pieceAt(standing, output, address);
      if (piece === undefined || piece < 0) return [];
      const offset = address - loader.sections.address[piece];
      return inputs.relocationsIn(piece, offset, offset + 1);
    },
  };
}

function isIn({ address, size }: OutputSection, at: number): boolean {
  return address > 0 && at >= address && at < address + size;
}

function* symbols(loader: Loader, { scan }: BoundFacts, { values }: PlacedFacts): IterableIterator<LaidOutSymbol> {
  const { symbols: table, objects, sections } = loader;
  const place: SymbolPlace = { value: 0, shndx: 0 };
  for (let id = 0; id < Math.min(table.names.count, scan.bindings.length); id++) {
    const copied = (table.flags[id] & FLAG_COPY) !== 0;
    if (!copied && !isDefinedHere(table, id)) continue;
    const section = table.section[id];
    if (section >= 0 ? sections.output[section] < 0 : (table.flags[id] & FLAG_COLLECTED) !== 0) continue;
    const byObject = !copied && (table.flags[id] & FLAG_LINKER_DEFINED) === 0;
    const owner = byObject ? objects[table.owner[id]] : undefined;
    const isCommon = owner !== undefined && section === SECTION_CHUNK;
    const name = owner !== undefined && section >= 0 ? sectionName(owner, sections, section) : isCommon ? "COMMON" : "";
    placeOfSymbol(values, id, place);
    const address = place.value + (table.type[id] === STT_TLS && place.shndx !== SHN_ABS ? values.layout.tlsStart : 0);
    yield { name: plainName(loader, id), address, size: table.size[id], file: owner?.name ?? "", section: name };
  }
}
