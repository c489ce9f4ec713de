// SHF_MERGE sections: equal constants and strings of all inputs become one. Sections of one output section with the same
// flags, entry size and alignment form a bucket (as GNU ld groups them); its pieces take the place of the first of them, or by
// a script, as in GNU ld, each that of the section in which it was first seen.

import { SHF_MERGE, SHF_STRINGS, SHF_WRITE, SHT_NOBITS } from "../../../elf/constants.ts";
import { bytesOf } from "../../../elf/text.ts";
import type { LinkOptions } from "../../options.ts";
import type { SectionId } from "../../tables/ids.ts";
import type { ObjectFile } from "../../tables/object-file.ts";
import { type Chunk, newChunk, type OutputSection, type OutputSections } from "../../tables/output-section.ts";
import { type SectionTable, STATE_EH_FRAME, STATE_MERGED } from "../../tables/section-table.ts";
import { contentsOf } from "../section-contents.ts";
import type { EhFrames } from "../unwind/eh-frame.ts";
import { ehFrameAddress } from "../unwind/eh-frame-output.ts";
import {
  addMergeSection,
  createMerger,
  finishMerger,
  mergedOffset,
  partAt,
  writeMerged,
  writePart,
} from "./merge-pieces.ts";
import type { Merger } from "./merger.ts";

interface Bucket {
  readonly merger: Merger;
  /** Of all; where sections stay apart that of the first. */
  readonly chunk: Chunk;
  /** Where sections stay apart: of each section's part, by ordinal. */
  readonly parts: Chunk[] | undefined;
}

export interface MergedSections {
  readonly buckets: Bucket[];
  /** By section: its bucket, and its number in the bucket's merger. Meaningful where STATE_MERGED is set. */
  readonly bucketOf: Int32Array;
  readonly ordinalOf: Int32Array;
  /** .eh_frame: rearranged too, record by record. */
  readonly frames: EhFrames;
}

export function mergeSections(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  frames: EhFrames,
  options: LinkOptions,
): MergedSections {
  const merged: MergedSections = {
    buckets: [],
    bucketOf: new Int32Array(sections.count),
    ordinalOf: new Int32Array(sections.count),
    frames,
  };
  if (options.outputFormat !== "elf") return merged;
  const merge = outputs.byScript ? mergeApart : mergeOutput;
  for (const output of outputs.list) merge(merged, output, objects, sections, outputs, options);
  for (const { merger, chunk, parts } of merged.buckets) {
    finishMerger(merger, options.optimize >= 2 || parts !== undefined, parts !== undefined);
    for (const [ordinal, part] of (parts ?? []).entries()) {
      part.size = merger.sectionEnds[ordinal] - merger.sectionStarts[ordinal];
      part.write = (image, _view, it) => writePart(merger, ordinal, image, it.offset);
    }
    if (parts !== undefined) continue;
    chunk.size = merger.size;
    chunk.write = (image, _view, it) => writeMerged(merger, image, it.offset);
  }
  return merged;
}

function mergeOutput(
  merged: MergedSections,
  output: OutputSection,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  options: LinkOptions,
): void {
  const byKey = new Map<string, number>();
  const kept = new Int32Array(output.pieces.length);
  const newIndex = new Int32Array(output.pieces.length + 1);
  let count = 0;
  for (let i = 0; i < output.pieces.length; i++) {
    newIndex[i] = count;
    const section = output.pieces[i];
    if (section < 0 || !isMergeable(sections, section)) {
      kept[count++] = section;
      continue;
    }
    const key = keyOf(sections, section);
    const known = byKey.get(key);
    const bucket = known ?? merged.buckets.length;
    if (known === undefined) {
      const chunk = newChunk(outputs, output, output.name, 0, sections.alignment[section]);
      merged.buckets.push({ merger: mergerFor(sections, section), chunk, parts: undefined });
    }
    const object = objects[sections.object[section]];
    const contents = contentsOf(object, sections, section, options.accelerators);
    const { merger, chunk } = merged.buckets[bucket];
    const ordinal =
      contents === undefined ? -1 : addMergeSection(merger, contents, 0, contents.length, sections.alignment[section]);
    if (known === undefined) {
      if (ordinal < 0) merged.buckets.pop();
      else {
        byKey.set(key, bucket);
        kept[count++] = ~chunk.id;
      }
    }
    if (ordinal < 0) {
      kept[count++] = section;
      continue;
    }
    sections.state[section] |= STATE_MERGED;
    merged.bucketOf[section] = bucket;
    merged.ordinalOf[section] = ordinal;
  }
  const comments = output.name === ".comment" ? byKey.get(`${SHF_MERGE | SHF_STRINGS}:1:1`) : undefined;
  if (comments !== undefined) addLinkerComment(merged.buckets[comments].merger, options);
  newIndex[output.pieces.length] = count;
  output.pieces = kept.slice(0, count);
  output.rankEnds = output.rankEnds.map((end) => newIndex[end]);
}

/**
 * By a script: sections keep their places, and share what they have by the order of the files (bfd/merge.c). What is in
 * .comment is the script's and its inputs' alone.
 */
function mergeApart(
  merged: MergedSections,
  output: OutputSection,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  options: LinkOptions,
): void {
  const byKey = new Map<string, number>();
  const partOf = new Map<SectionId, Chunk>();
  const mergeable = output.pieces.filter((piece) => piece >= 0 && isMergeable(sections, piece)).sort();
  for (const section of mergeable) {
    const contents = contentsOf(objects[sections.object[section]], sections, section, options.accelerators);
    if (contents === undefined) continue;
    const key = keyOf(sections, section);
    const known = byKey.get(key);
    const bucket = known ?? merged.buckets.length;
    const merger = merged.buckets[bucket]?.merger ?? mergerFor(sections, section);
    const alignment = sections.alignment[section];
    const ordinal = addMergeSection(merger, contents, 0, contents.length, alignment);
    if (ordinal < 0) continue;
    const part = newChunk(outputs, output, output.name, 0, alignment);
    if (known === undefined) {
      byKey.set(key, bucket);
      merged.buckets.push({ merger, chunk: part, parts: [part] });
    } else merged.buckets[bucket].parts?.push(part);
    partOf.set(section, part);
    sections.state[section] |= STATE_MERGED;
    merged.bucketOf[section] = bucket;
    merged.ordinalOf[section] = ordinal;
  }
  output.pieces = output.pieces.map((piece) => {
    const part = partOf.get(piece);
    return part === undefined ? piece : ~part.id;
  });
}

/** Compilers tell their versions in .comment, and so do lld and mold. A file without it stays as GNU ld makes it. */
function addLinkerComment(merger: Merger, { linkerComment }: LinkOptions): void {
  if (linkerComment === undefined) return;
  const line = bytesOf(`${linkerComment}\0`);
  addMergeSection(merger, line, 0, line.length, 1);
}

/** What sections of a bucket have in common. */
function keyOf({ flags, entsize, alignment }: SectionTable, section: SectionId): string {
  return `${flags[section] & (SHF_MERGE | SHF_STRINGS)}:${entsize[section]}:${alignment[section]}`;
}

function mergerFor({ flags, entsize }: SectionTable, section: SectionId): Merger {
  return createMerger(entsize[section], (flags[section] & SHF_STRINGS) !== 0);
}

function isMergeable(sections: SectionTable, section: SectionId): boolean {
  const flags = sections.flags[section];
  if ((flags & SHF_MERGE) === 0 || (flags & SHF_WRITE) !== 0) return false;
  const entsize = sections.entsize[section];
  // Contents that relocations change cannot be compared; a broken entry size cannot be cut (gABI, SHF_MERGE).
  if (entsize === 0 || entsize > sections.size[section] || sections.relocs[section] >= 0) return false;
  return sections.type[section] !== SHT_NOBITS && sections.size[section] > 0;
}

/** Address of the byte that was at `offset` of a merged section. */
export function mergedAddress(
  merged: MergedSections,
  sections: SectionTable,
  section: SectionId,
  offset: number,
): number {
  const state = sections.state[section];
  if ((state & STATE_EH_FRAME) !== 0) return ehFrameAddress(merged.frames, section, offset);
  if ((state & STATE_MERGED) === 0) return sections.address[section] + offset;
  const { merger, chunk, parts } = merged.buckets[merged.bucketOf[section]];
  const ordinal = merged.ordinalOf[section];
  // A compiler may point a little before or behind the section; the distance is kept from the nearest byte inside.
  const inside = Math.min(Math.max(offset, 0), sections.size[section]);
  if (parts !== undefined)
    return addressInParts(merger, parts, ordinal, inside, sections.size[section]) + (offset - inside);
  return chunk.address + mergedOffset(merger, ordinal, inside) + (offset - inside);
}

/** The end of a section is that of its own part (bfd/merge.c: _bfd_merged_section_offset). */
function addressInParts(
  merger: Merger,
  parts: readonly Chunk[],
  ordinal: number,
  offset: number,
  size: number,
): number {
  if (offset === size) return parts[ordinal].address + parts[ordinal].size;
  const at = mergedOffset(merger, ordinal, offset);
  const owner = partAt(merger, at);
  return parts[owner].address + at - merger.sectionStarts[owner];
}
