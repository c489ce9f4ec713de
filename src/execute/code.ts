// Decoded code: blocks of rows that run from one transfer to the next, found by their address, linked to their successors, and
// dropped when the bytes they were decoded from change or their mapping goes. Everything is columns of fixed capacity; when they
// are full, all is forgotten and decoded anew.

import {
  CUT_SHORT,
  DO,
  DO_GO_ON,
  DO_STALE,
  DO_UNDEFINED,
  decode,
  EXECUTE,
  INFO,
  INFO_ENDS,
  type Instructions,
  LENGTH_SHIFT,
  LONGEST,
  MARK_CODE,
  MEMORY_FAULT,
  type Memory,
  markPage,
  NEXT,
  NEXT_HIGH,
  PAGE,
  STRIDE,
  unmarkPage,
} from "../arch/x86/instructions/index.ts";

/** Rows and blocks that can be held: python3 needs 130,000 and 33,000. Of a run that is short, fewer: making room takes its time. */
const MOST_ROWS = 1 << 19;
const FEWEST_ROWS = 1 << 13;
const ROWS_A_BLOCK = 4;
const HASH = 1 << 16;
/** Instructions a block has at most. */
const LONGEST_BLOCK = 64;
/** No address: blocks that were dropped have it, so that no link leads to them. */
const NOWHERE_LOW = 1;
const NOWHERE_HIGH = -0x7fff0000;

/** What is decoded of one memory; all its processors share it. */
export interface Code {
  readonly memory: Memory;
  readonly instructions: Instructions;
  readonly columns: Int32Array;
  rows: number;
  blocks: number;
  /** Of each block: address; first row and where its rows end; number of instructions; two successors; next with the same hash. */
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly counts: Int32Array;
  readonly links: Int32Array;
  readonly otherLinks: Int32Array;
  readonly nextInHash: Int32Array;
  readonly hash: Int32Array;
  /** Blocks by the page of the buffer that their bytes are in. */
  readonly pages: Map<number, CodePage>;
  /** Addresses (high * 2^32 + low) where `run` stops before executing: always the start of a block, and never linked to. */
  readonly breaks: Set<number>;
  /** For an instruction that crosses a page: its bytes. */
  readonly gathered: Uint8Array;
}

interface CodePage {
  blocks: number[];
  /** A bit for each 64 bytes of the page that has code in it. */
  readonly lines: Int32Array;
}

/**
 * Nothing decoded yet. Takes over `memory.writes` for pages with code; other marks go on to what was there.
 * @param longest instructions that will be executed at most
 */
export function createCode(memory: Memory, instructions: Instructions, longest: number): Code {
  const mostRows = Math.floor(Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, longest / 4)));
  const mostBlocks = Math.floor(mostRows / ROWS_A_BLOCK);
  const code: Code = {
    memory,
    instructions,
    columns: new Int32Array(mostRows * STRIDE),
    rows: 0,
    blocks: 1,
    lows: new Int32Array(mostBlocks),
    highs: new Int32Array(mostBlocks),
    starts: new Int32Array(mostBlocks),
    ends: new Int32Array(mostBlocks),
    counts: new Int32Array(mostBlocks),
    links: new Int32Array(mostBlocks),
    otherLinks: new Int32Array(mostBlocks),
    nextInHash: new Int32Array(mostBlocks),
    hash: new Int32Array(HASH),
    pages: new Map(),
    breaks: new Set(),
    gathered: new Uint8Array(LONGEST),
  };
  // Block 0 is nobody's: what links lead to that are not set.
  code.lows[0] = NOWHERE_LOW;
  code.highs[0] = NOWHERE_HIGH;
  const others = memory.writes;
  memory.writes = (page, offset, length) => {
    if ((memory.marks[page] & MARK_CODE) !== 0) written(code, page, offset, length);
    others(page, offset, length);
  };
  return code;
}

export const keyOf = (low: number, high: number): number => high * 2 ** 32 + (low >>> 0);

const hashOf = (low: number): number => (low ^ (low >>> 16)) & (HASH - 1);

/** The block at an address, decoded if it is not there yet. Throws `MEMORY_FAULT` where nothing can be executed. */
export function blockAt(code: Code, low: number, high: number): number {
  for (let block = code.hash[hashOf(low)]; block !== 0; block = code.nextInHash[block]) {
    if (code.lows[block] === low && code.highs[block] === high) return block;
  }
  return decodeBlock(code, low, high);
}

function decodeBlock(code: Code, low: number, high: number): number {
  if (code.blocks === code.lows.length || (code.rows + LONGEST_BLOCK + 2) * STRIDE > code.columns.length)
    forgetCode(code);
  const { memory, instructions, columns, breaks } = code;
  const page = executable(memory, low, high);
  const startOfPage = page * PAGE;
  const first = low & (PAGE - 1);
  const block = code.blocks;
  const start = code.rows * STRIDE;
  let at = start;
  let count = 0;
  let offset = first;
  let ended = false;
  let nextPage = -1;
  while (!ended && count < LONGEST_BLOCK && offset < PAGE) {
    const here = (low + (offset - first)) | 0;
    if (count > 0 && breaks.size > 0 && breaks.has(keyOf(here, high))) break;
    const { bytes } = memory;
    let length = decode(instructions, bytes, startOfPage + offset, startOfPage + PAGE, here, high, columns, at);
    if (length === CUT_SHORT) {
      const nextLow = (here & -PAGE) + PAGE;
      const nextHigh = (nextLow | 0) === 0 ? (high + 1) | 0 : high;
      if (count > 0) break;
      nextPage = executable(memory, nextLow | 0, nextHigh);
      const inPage = PAGE - offset;
      code.gathered.set(memory.bytes.subarray(startOfPage + offset, startOfPage + PAGE));
      code.gathered.set(memory.bytes.subarray(nextPage * PAGE, nextPage * PAGE + LONGEST - inPage), inPage);
      length = decode(instructions, code.gathered, 0, LONGEST, here, high, columns, at);
    }
    if (length <= 0) {
      fillRow(columns, at, DO_UNDEFINED, here, high);
      // Its address is what a handler finds behind the instruction less its length.
      columns[at + INFO] = INFO_ENDS;
      length = 1;
    }
    ended = (columns[at + INFO] & INFO_ENDS) !== 0;
    offset += length;
    count++;
    at += STRIDE;
  }
  if (!ended) {
    fillRow(columns, at, DO_GO_ON, columns[at - STRIDE + NEXT], columns[at - STRIDE + NEXT_HIGH]);
    at += STRIDE;
  }
  code.blocks++;
  code.rows = at / STRIDE;
  code.lows[block] = low;
  code.highs[block] = high;
  code.starts[block] = start;
  code.ends[block] = at;
  code.counts[block] = count;
  code.links[block] = code.otherLinks[block] = 0;
  const slot = hashOf(low);
  code.nextInHash[block] = code.hash[slot];
  code.hash[slot] = block;
  enterPage(code, page, block, first, Math.min(offset, PAGE));
  if (nextPage >= 0) enterPage(code, nextPage, block, 0, offset - PAGE);
  return block;
}

function fillRow(columns: Int32Array, at: number, handler: number, next: number, nextHigh: number): void {
  columns.fill(0, at, at + STRIDE);
  columns[at + DO] = handler;
  columns[at + NEXT] = next;
  columns[at + NEXT_HIGH] = nextHigh;
}

/** The page of the buffer that can be executed at an address. */
function executable(memory: Memory, low: number, high: number): number {
  const page = memory.miss(low, high, EXECUTE);
  if (page >= 0) return page;
  memory.fault.set([low, high, EXECUTE, page]);
  throw MEMORY_FAULT;
}

function enterPage(code: Code, page: number, block: number, from: number, to: number): void {
  let entry = code.pages.get(page);
  if (entry === undefined) {
    entry = { blocks: [], lines: new Int32Array(2) };
    code.pages.set(page, entry);
  }
  entry.blocks.push(block);
  for (let line = from >> 6; line <= (to - 1) >> 6; line++) entry.lines[line >> 5] |= 1 << (line & 31);
  markPage(code.memory, page, MARK_CODE);
}

/** A page with code is about to be written: its blocks go if they could be meant. */
function written(code: Code, page: number, offset: number, length: number): void {
  const entry = code.pages.get(page);
  if (entry === undefined) return;
  let touched = false;
  for (let line = offset >> 6; line <= (offset + length - 1) >> 6; line++) {
    if ((entry.lines[line >> 5] & (1 << (line & 31))) !== 0) touched = true;
  }
  if (touched) dropPage(code, page);
}

/** Drops what was decoded from a page of the buffer: before it gets other contents. */
export function dropPage(code: Code, page: number): void {
  const entry = code.pages.get(page);
  if (entry === undefined) return;
  code.pages.delete(page);
  unmarkPage(code.memory, page, MARK_CODE);
  for (const block of entry.blocks) dropBlock(code, block);
}

/** Drops what was decoded at addresses: before their mapping or protection changes. `pages` from the page of (low, high). */
export function dropRange(code: Code, low: number, high: number, pages: number): void {
  if (code.pages.size === 0) return;
  const from = keyOf(low & -PAGE, high);
  const to = from + pages * PAGE;
  for (let block = 1; block < code.blocks; block++) {
    const key = keyOf(code.lows[block], code.highs[block]);
    // An instruction may begin before the range and end in it.
    if (key >= from - LONGEST && key < to && code.highs[block] !== NOWHERE_HIGH) dropBlock(code, block);
  }
}

function dropBlock(code: Code, block: number): void {
  if (code.highs[block] === NOWHERE_HIGH) return;
  const slot = hashOf(code.lows[block]);
  if (code.hash[slot] === block) code.hash[slot] = code.nextInHash[block];
  else {
    let before = code.hash[slot];
    while (before !== 0 && code.nextInHash[before] !== block) before = code.nextInHash[before];
    if (before !== 0) code.nextInHash[before] = code.nextInHash[block];
  }
  // A processor may be in the middle of it.
  for (let at = code.starts[block]; at < code.ends[block]; at += STRIDE) code.columns[at + DO] = DO_STALE;
  code.lows[block] = NOWHERE_LOW;
  code.highs[block] = NOWHERE_HIGH;
}

/** Forgets all that was decoded. */
export function forgetCode(code: Code): void {
  for (let at = 0; at < code.rows * STRIDE; at += STRIDE) code.columns[at + DO] = DO_STALE;
  for (const page of code.pages.keys()) unmarkPage(code.memory, page, MARK_CODE);
  code.pages.clear();
  code.hash.fill(0);
  code.rows = 0;
  code.blocks = 1;
}

/** From now on `run` stops before the instruction at an address; `false` takes that back. */
export function setBreak(code: Code, low: number, high: number, on: boolean): void {
  if (on) code.breaks.add(keyOf(low, high));
  else code.breaks.delete(keyOf(low, high));
  // Blocks that run over the address, and links that lead to it, are not known by it.
  forgetCode(code);
}

/** Address of the decoded instruction at `at`: low word; the high one is `addressHigh`. */
export function addressLow(columns: Int32Array, at: number): number {
  return (columns[at + NEXT] - ((columns[at + INFO] >>> LENGTH_SHIFT) & 15)) | 0;
}

export function addressHigh(columns: Int32Array, at: number): number {
  const length = (columns[at + INFO] >>> LENGTH_SHIFT) & 15;
  return columns[at + NEXT] >>> 0 < length ? (columns[at + NEXT_HIGH] - 1) | 0 : columns[at + NEXT_HIGH];
}
