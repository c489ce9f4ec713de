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
import { createInputs } from "./inputs.ts";
import type {
  LaidOutPiece,
  LaidOutSection,
  LaidOutSegment,
  LaidOutSymbol,
  MergedInput,
  OutputLayout,
  SourceStatement,
} from "./layout-types.ts";
import { plainName } from "./names.ts";
import { discarded, inputPiece } from "./pieces.ts";
import { relocatableLayout } from "./relocatable-layout.ts";
import { type Statements, statementsOf } from "./statements.ts";

/** Undefined for a link that failed before anything had its place. */
export function createOutputLayout(facts: LinkFacts): OutputLayout | undefined {
  const { loader, bound, placed, relocatable } = facts;
  if (relocatable !== undefined) return relocatableLayout(facts, relocatable.assigned, relocatable.entry);
  if (bound === undefined || placed === undefined) return undefined;
  const { layout, outputs } = placed.values;
  const statements = statementsOf(placed.plan, loader);
  const outputOf = (section: SectionId): OutputSection => outputs.list[loader.sections.output[section]];
  const statementOf = (section: SectionId): SourceStatement | undefined =>
    loader.sections.output[section] >= 0 ? statements.ofPiece(outputOf(section), section) : statements.ofInput(section);
  const inputs = createInputs(facts, (section) => outputOf(section).name, statementOf);
  return {
    regions: layout.regions ?? [],
    statements: () => statements.list((output, from, to) => piecesOf(loader, placed, statements, output, from, to)),
    get entry() {
      const given = entryName(loader);
      return entryAddress(placed.values, given, bound.mode, () => {}, loader.hasScript);
    },
    get sections() {
      return layout.sections.map((section) => sectionView(loader, placed, statements, section));
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
      const piece = output && pieceAt(loader, placed, output, address);
      if (piece === undefined || piece < 0) return [];
      const offset = address - loader.sections.address[piece];
      return inputs.relocationsIn(piece, offset, offset + 1);
    },
  };
}

function sectionView(
  loader: Loader,
  placed: PlacedFacts,
  statements: Statements,
  section: OutputSection,
): LaidOutSection {
  const { index, name, type, flags, address, lma: loadAddress, offset, size, alignment } = section;
  const pieces = (): IterableIterator<LaidOutPiece> =>
    piecesOf(loader, placed, statements, section, 0, section.pieces.length);
  return {
    index,
    name,
    type,
    flags,
    address,
    loadAddress,
    offset,
    size,
    alignment,
    pieces,
    pieceAt: (at) => {
      const piece = pieceAt(loader, placed, section, at);
      return piece === undefined ? undefined : pieceView(loader, placed, statements, section, piece);
    },
  };
}

function isIn({ address, size }: OutputSection, at: number): boolean {
  return address > 0 && at >= address && at < address + size;
}

/** The pieces that have bytes, in the order of their addresses. */
const sorted = new WeakMap<Int32Array, Int32Array>();

/** The piece that covers an address. */
function pieceAt(
  { sections }: Loader,
  { values }: PlacedFacts,
  { pieces }: OutputSection,
  at: number,
): number | undefined {
  const { chunks } = values.outputs;
  const addressOf = (piece: number): number => (piece < 0 ? chunks[~piece].address : sections.address[piece]);
  const sizeOf = (piece: number): number => (piece < 0 ? chunks[~piece].size : sections.size[piece]);
  let list = sorted.get(pieces);
  if (list === undefined) {
    list = pieces.filter((piece) => sizeOf(piece) > 0).sort((a, b) => addressOf(a) - addressOf(b));
    sorted.set(pieces, list);
  }
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (addressOf(list[middle]) <= at) low = middle + 1;
    else high = middle;
  }
  const piece = low === 0 ? undefined : list[low - 1];
  return piece !== undefined && at < addressOf(piece) + sizeOf(piece) ? piece : undefined;
}

function* piecesOf(
  loader: Loader,
  placed: PlacedFacts,
  statements: Statements,
  output: OutputSection,
  from: number,
  to: number,
): IterableIterator<LaidOutPiece> {
  for (let i = from; i < to; i++) {
    const piece = output.pieces[i];
    // Not what turned out to be needed for nothing.
    if (piece >= 0 || placed.values.outputs.chunks[~piece].size > 0)
      yield pieceView(loader, placed, statements, output, piece);
  }
}

function pieceView(
  loader: Loader,
  placed: PlacedFacts,
  statements: Statements,
  output: OutputSection,
  piece: number,
): LaidOutPiece {
  const statement = (): SourceStatement | undefined => statements.ofPiece(output, piece);
  if (piece >= 0) return inputPiece(loader, piece, statement);
  return chunkPiece(loader, placed, placed.values.outputs.chunks[~piece], statement);
}

function chunkPiece(
  loader: Loader,
  placed: PlacedFacts,
  chunk: Chunk,
  statement: () => SourceStatement | undefined,
): LaidOutPiece {
  const { name, address, size, alignment } = chunk;
  return {
    file: "",
    section: name,
    address,
    size,
    alignment,
    get statement() {
      return statement();
    },
    merged: () => mergedInto(loader, placed, chunk),
  };
}

function* mergedInto(
  { sections, objects }: Loader,
  { values }: PlacedFacts,
  chunk: Chunk,
): IterableIterator<MergedInput> {
  const { merged } = values;
  const bucket = merged.buckets.findIndex((it) => it.chunk === chunk || it.parts?.includes(chunk) === true);
  const part = merged.buckets[bucket]?.parts?.indexOf(chunk);
  const isFrames = merged.frames.chunk === chunk;
  if (bucket < 0 && !isFrames) return;
  const goesInto = (section: SectionId): boolean =>
    isFrames
      ? (sections.state[section] & STATE_EH_FRAME) !== 0
      : (sections.state[section] & STATE_MERGED) !== 0 &&
        merged.bucketOf[section] === bucket &&
        (part === undefined || merged.ordinalOf[section] === part);
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
