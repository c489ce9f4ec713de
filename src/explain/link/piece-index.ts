// Where the inputs of a link went, by name: made once when somebody first asks, for a large link has a million pieces.

import type { DiscardedInput, LaidOutPiece, LaidOutSection } from "../../link/decisions/layout-types.ts";
import type { OutputLayout } from "../../link/index.ts";

/** A piece of the output, and its section. */
export interface PlacedPiece {
  readonly section: LaidOutSection;
  readonly piece: LaidOutPiece;
}

/** An input section that was merged into a piece. */
export interface MergedPlace extends PlacedPiece {
  readonly file: string;
  readonly name: string;
}

export interface PieceIndex {
  readonly byFile: ReadonlyMap<string, readonly PlacedPiece[]>;
  /** By the name of the input section, and by `file:(section)`. */
  readonly pieces: ReadonlyMap<string, readonly PlacedPiece[]>;
  readonly merged: ReadonlyMap<string, readonly MergedPlace[]>;
  readonly discarded: ReadonlyMap<string, readonly DiscardedInput[]>;
  readonly discardedByFile: ReadonlyMap<string, readonly DiscardedInput[]>;
}

const known = new WeakMap<OutputLayout, PieceIndex>();

export function pieceIndex(layout: OutputLayout): PieceIndex {
  const there = known.get(layout);
  if (there !== undefined) return there;
  const made = makeIndex(layout);
  known.set(layout, made);
  return made;
}

export function sectionKey(file: string, section: string): string {
  return `${file}:(${section})`;
}

function makeIndex(layout: OutputLayout): PieceIndex {
  const byFile = new Map<string, PlacedPiece[]>();
  const pieces = new Map<string, PlacedPiece[]>();
  const merged = new Map<string, MergedPlace[]>();
  const discarded = new Map<string, DiscardedInput[]>();
  const discardedByFile = new Map<string, DiscardedInput[]>();
  for (const section of layout.sections) {
    for (const piece of section.pieces()) {
      const placed = { section, piece };
      add(byFile, piece.file, placed);
      add(pieces, piece.section, placed);
      add(pieces, sectionKey(piece.file, piece.section), placed);
      for (const { file, section: name } of piece.merged()) {
        const place = { section, piece, file, name };
        add(merged, name, place);
        add(merged, sectionKey(file, name), place);
      }
    }
  }
  for (const one of layout.discarded()) {
    add(discarded, one.section, one);
    add(discarded, sectionKey(one.file, one.section), one);
    add(discardedByFile, one.file, one);
  }
  return { byFile, pieces, merged, discarded, discardedByFile };
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
