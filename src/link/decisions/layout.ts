// `LinkResult.layout`: where everything is in the output, read off the link's tables when somebody asks.

import { SHN_ABS, STT_TLS } from "../../elf/constants.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import { entryAddress } from "../symbols/entry.ts";
import { placeOfSymbol, type SymbolPlace } from "../symbols/symbol-values.ts";
import { SECTION_CHUNK, type SectionId } from "../tables/ids.ts";
import { sectionName } from "../tables/object-file.ts";
import type { Chunk, OutputSection } from "../tables/output-section.ts";
import { STATE_EH_FRAME, STATE_MERGED } from "../tables/section-table.ts";
import { FLAG_COLLECTED, FLAG_COPY, FLAG_LINKER_DEFINED, isDefinedHere } from "../tables/symbol-table.ts";
import type { BoundFacts, LinkFacts, PlacedFacts } from "./facts.ts";
import type {
  LaidOutPiece,
  LaidOutSection,
  LaidOutSegment,
  LaidOutSymbol,
  MergedInput,
  OutputLayout,
} from "./layout-types.ts";
import { plainName } from "./names.ts";
import { discarded, inputPiece } from "./pieces.ts";
import { relocatableLayout } from "./relocatable-layout.ts";

/** Undefined for a link that failed before anything had its place. */
export function createOutputLayout({ loader, bound, placed, relocatable }: LinkFacts): OutputLayout | undefined {
  if (relocatable !== undefined) return relocatableLayout(loader, relocatable.assigned, relocatable.entry);
  if (bound === undefined || placed === undefined) return undefined;
  const { layout } = placed.values;
  return {
    regions: layout.regions ?? [],
    get entry() {
      const given = entryName(loader);
      return entryAddress(placed.values, given, bound.mode, () => {}, loader.hasScript);
    },
    get sections() {
      return layout.sections.map((section) => sectionView(loader, placed, section));
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
    discarded: () => discarded(loader),
  };
}

function sectionView(loader: Loader, placed: PlacedFacts, section: OutputSection): LaidOutSection {
  const { index, name, type, flags, address, lma: loadAddress, offset, size, alignment } = section;
  const pieces = (): IterableIterator<LaidOutPiece> => piecesOf(loader, placed, section);
  return { index, name, type, flags, address, loadAddress, offset, size, alignment, pieces };
}

function* piecesOf(loader: Loader, placed: PlacedFacts, { pieces }: OutputSection): IterableIterator<LaidOutPiece> {
  for (const piece of pieces) {
    const chunk = piece < 0 ? placed.values.outputs.chunks[~piece] : undefined;
    if (chunk === undefined) yield inputPiece(loader, piece);
    // Not what turned out to be needed for nothing.
    else if (chunk.size > 0) yield chunkPiece(loader, placed, chunk);
  }
}

function chunkPiece(loader: Loader, placed: PlacedFacts, chunk: Chunk): LaidOutPiece {
  const { name, address, size, alignment } = chunk;
  return { file: "", section: name, address, size, alignment, merged: () => mergedInto(loader, placed, chunk) };
}

function* mergedInto(
  { sections, objects }: Loader,
  { values }: PlacedFacts,
  chunk: Chunk,
): IterableIterator<MergedInput> {
  const { merged } = values;
  const bucket = merged.buckets.findIndex((it) => it.chunk === chunk);
  const isFrames = merged.frames.chunk === chunk;
  if (bucket < 0 && !isFrames) return;
  const goesInto = (section: SectionId): boolean =>
    isFrames
      ? (sections.state[section] & STATE_EH_FRAME) !== 0
      : (sections.state[section] & STATE_MERGED) !== 0 && merged.bucketOf[section] === bucket;
  for (let section = 0; section < sections.count; section++) {
    if (!goesInto(section)) continue;
    const object = objects[sections.object[section]];
    yield { file: object.name, section: sectionName(object, sections, section), size: sections.size[section] };
  }
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
