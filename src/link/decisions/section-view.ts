// What an output section holds, piece by piece, read off the link's tables: the same for programs and for -r.

import type { Loader } from "../inputs/loader.ts";
import type { MergedSections } from "../sections/merge/merged-sections.ts";
import type { SectionId } from "../tables/ids.ts";
import { sectionName } from "../tables/object-file.ts";
import type { Chunk, OutputSection, OutputSections } from "../tables/output-section.ts";
import { STATE_EH_FRAME, STATE_MERGED } from "../tables/section-table.ts";
import type { LaidOutPiece, LaidOutSection, MergedInput, SourceStatement } from "./layout-types.ts";
import { inputPiece } from "./pieces.ts";
import type { Statements } from "./statements.ts";

/** Where everything stands. */
export interface Standing {
  readonly loader: Loader;
  readonly outputs: OutputSections;
  readonly statements: Statements;
  /** Undefined: nothing was merged (-r). */
  readonly merged: MergedSections | undefined;
  /** What the addresses of a section's pieces count from. */
  readonly base: (output: OutputSection) => number;
}

/** @param header what its section header says */
export function sectionView(
  standing: Standing,
  output: OutputSection,
  header: Omit<LaidOutSection, "pieces" | "pieceAt">,
): LaidOutSection {
  return {
    ...header,
    pieces: () => piecesOf(standing, output, 0, output.pieces.length),
    pieceAt: (at) => {
      const piece = pieceAt(standing, output, at);
      return piece === undefined ? undefined : pieceView(standing, output, piece);
    },
  };
}

/** The pieces that have bytes, in the order of their addresses. */
const sorted = new WeakMap<Int32Array, Int32Array>();

/** The piece that covers an address. */
export function pieceAt(standing: Standing, output: OutputSection, at: number): number | undefined {
  const { pieces } = output;
  const { sections } = standing.loader;
  const { chunks } = standing.outputs;
  const addressOf = (piece: number): number => (piece < 0 ? chunks[~piece].address : sections.address[piece]);
  const sizeOf = (piece: number): number => (piece < 0 ? chunks[~piece].size : sections.size[piece]);
  const offset = at - standing.base(output);
  let list = sorted.get(pieces);
  if (list === undefined) {
    list = pieces.filter((piece) => sizeOf(piece) > 0).sort((a, b) => addressOf(a) - addressOf(b));
    sorted.set(pieces, list);
  }
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (addressOf(list[middle]) <= offset) low = middle + 1;
    else high = middle;
  }
  const piece = low === 0 ? undefined : list[low - 1];
  return piece !== undefined && offset < addressOf(piece) + sizeOf(piece) ? piece : undefined;
}

/** The pieces from one index to another, without what turned out to be needed for nothing. */
export function* piecesOf(
  standing: Standing,
  output: OutputSection,
  from: number,
  to: number,
): IterableIterator<LaidOutPiece> {
  for (let i = from; i < to; i++) {
    const piece = output.pieces[i];
    if (piece >= 0 || standing.outputs.chunks[~piece].size > 0) yield pieceView(standing, output, piece);
  }
}

function pieceView(standing: Standing, output: OutputSection, piece: number): LaidOutPiece {
  const { loader, outputs, statements } = standing;
  const base = standing.base(output);
  const statement = (): SourceStatement | undefined => statements.ofPiece(output, piece);
  if (piece >= 0) return inputPiece(loader, piece, base, statement);
  const chunk = outputs.chunks[~piece];
  const { name, address, size, alignment } = chunk;
  return {
    file: "",
    section: name,
    address: base + address,
    size,
    alignment,
    get statement() {
      return statement();
    },
    merged: () => mergedInto(standing, chunk),
  };
}

function* mergedInto({ loader, merged }: Standing, chunk: Chunk): IterableIterator<MergedInput> {
  const { sections, objects } = loader;
  if (merged === undefined) return;
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
