// How long merging strings takes: 40 MB of something like .debug_str in 400 sections, two thirds of it duplicates.
// Run `npm run build`, then `node build/bench/merge-pieces.js`. Prints milliseconds, median of 5 runs, a line a phase.

import {
  addMergeSection,
  createMerger,
  finishMerger,
  mergedOffset,
  writeMerged,
} from "../src/link/sections/merge/merge-pieces.ts";
import type { Merger } from "../src/link/sections/merge/merger.ts";

const SECTIONS = 400;
const SECTION_BYTES = 100_000;
const LOOK_UPS = 2_000_000;

/** Numbers from 0 to 2^32 - 1, the same in every run (xorshift). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Names as long as C++'s are, drawn from a pool so that the same ones come up in many sections. */
function debugStrings(): Uint8Array[] {
  const random = randomNumbers(88172645);
  const word = (): string => random().toString(36).replace(/[0-9]/g, "e");
  const pool = Array.from(
    { length: 400_000 },
    () => `_ZN${word()}${random() % 100}${random() % 3 ? word() + word() : ""}Ev\0`,
  );
  return Array.from({ length: SECTIONS }, () => {
    const bytes = new Uint8Array(SECTION_BYTES);
    let at = 0;
    while (at < SECTION_BYTES - 64) {
      at += new TextEncoder().encodeInto(
        pool[Math.floor((random() / 2 ** 32) * pool.length)],
        bytes.subarray(at),
      ).written;
    }
    return bytes.subarray(0, at);
  });
}

const sections = debugStrings();
const random = randomNumbers(2463534242);
const lookUps = Uint32Array.from({ length: LOOK_UPS }, random);

const times = new Map<string, number[]>();

function measure<T>(phase: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  times.set(phase, [...(times.get(phase) ?? []), performance.now() - start]);
  return result;
}

function addAll(): Merger {
  const merger = createMerger(1, true);
  for (const bytes of sections) addMergeSection(merger, bytes, 0, bytes.length, 1);
  return merger;
}

let checksum = 0;
for (let run = 0; run < 5; run++) {
  const merger = measure("split and intern", addAll);
  measure("place", () => finishMerger(merger, false));
  measure(`${LOOK_UPS / 1e6} million offsets`, () => {
    for (let i = 0; i < LOOK_UPS; i++) {
      const section = Math.floor((i * SECTIONS) / LOOK_UPS);
      checksum += mergedOffset(merger, section, lookUps[i] % sections[section].length);
    }
  });
  const image = new Uint8Array(merger.size);
  measure("write", () => writeMerged(merger, image, 0));
  if (run === 0) {
    const pieces = `${merger.pieceCount} pieces, ${merger.entryCount} distinct`;
    console.log(`${sections.reduce((sum, bytes) => sum + bytes.length, 0)} bytes, ${pieces}, ${merger.size} bytes out`);
  }
  const tails = addAll();
  measure("place with tail merging", () => finishMerger(tails, true));
  measure("write with tail merging", () => writeMerged(tails, image, 0));
}
for (const [phase, values] of times) {
  console.log(
    `${phase.padEnd(32)} ${values
      .sort((a, b) => a - b)[2]
      .toFixed(1)
      .padStart(8)} ms`,
  );
}
if (checksum === 0) throw new Error("nothing was looked up");
