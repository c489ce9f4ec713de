// The tables of one merger: what SHF_MERGE sections are cut into, and what became of the pieces.

export interface Merger {
  /** sh_entsize: bytes of a constant, or of a character. */
  readonly entsize: number;
  /** SHF_STRINGS: pieces end with a character that is all zeros. Otherwise each is `entsize` bytes. */
  readonly strings: boolean;

  /** Size of the output in bytes, known from `finishMerger` on. */
  size: number;
  /** What the output must be aligned to: the most that any of the sections asked for. */
  alignment: number;

  // Sections, by ordinal. The pieces of section i are sectionPieces[i] to sectionPieces[i + 1].
  sectionCount: number;
  sectionPieces: Uint32Array;
  sectionSizes: Uint32Array;
  /** Entries that were first seen in section i are sectionEntries[i] to sectionEntries[i + 1]. */
  sectionEntries: Uint32Array;
  /** Where the entries of a section begin and end in the output; from `finishMerger` on, where sections stay apart. */
  sectionStarts: Uint32Array;
  sectionEnds: Uint32Array;

  // Pieces. Constants begin at multiples of `entsize`: the columns of offsets and lengths are for strings.
  pieceCount: number;
  pieceOffsets: Uint32Array;
  /** Without the padding that may follow. */
  pieceLengths: Uint32Array;
  /** The piece's entry; from `finishMerger` on, its offset in the output. */
  pieceTargets: Uint32Array;

  // Entries, in the order they were first seen.
  entryCount: number;
  /** Where the bytes begin in the arena; they end where those of the next entry begin. */
  entryStarts: Uint32Array;
  /** log2 of the alignment; the most that any piece with this content needs. */
  entryAlignments: Uint8Array;
  /** Offset in the output; from `finishMerger` on. */
  entryOffsets: Uint32Array;
  /** Tail merging: the entry that this one is the end of, or -1. */
  suffixOf: Int32Array;

  arena: Uint8Array;
  arenaView: DataView;

  /** Open addressing, two numbers a slot: hash, and entry + 1 (0 where the slot is free). */
  slots: Int32Array;

  /** Pieces that are cut but not interned yet. */
  batch: Batch;
  /** The output cannot be larger than this. */
  sizeBound: number;
}

/** A few pieces of the section at hand. Where they begin is counted in its `bytes`. */
interface Batch {
  count: number;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly hashes: Int32Array;
  readonly alignments: Uint8Array;
  readonly warm: Uint32Array;
}
