// Code whose alignment only its place decides (R_RISCV_ALIGN): the assembler has put in as many NOPs as alignment can want, and
// those that are too many at the address at hand go, with all that follows moving up (RISC-V ELF psABI, "Relaxations").

import type { ElfRelocation } from "../../elf/relocations.ts";

/** Bytes that went: `count` of them from `at` on, an offset in the section as the file has it. */
export interface Cut {
  readonly at: number;
  readonly count: number;
}

export interface AlignedCode {
  readonly memory: Uint8Array;
  /** By offset. */
  readonly cuts: readonly Cut[];
  /** Relocations with fewer NOPs than it takes. */
  readonly short: readonly ElfRelocation[];
}

/** Where an offset of the file's section is now. */
export function movedOffset(cuts: readonly Cut[] | undefined, offset: number): number {
  let moved = offset;
  for (const { at, count } of cuts ?? []) {
    if (at >= offset) break;
    moved -= Math.min(count, offset - at);
  }
  return moved;
}

/**
 * Leaves of the NOPs at each place what its alignment wants: the smallest power of two that is more than there are bytes.
 * @param address of the section  @param marks its ALIGN relocations; their addends are numbers of bytes
 * @param fillNops writes so many bytes of instructions that do nothing
 */
export function alignCode(
  contents: Uint8Array,
  address: number,
  marks: readonly ElfRelocation[],
  fillNops: (code: Uint8Array, at: number, bytes: number) => void,
): AlignedCode {
  const cuts: Cut[] = [];
  const short: ElfRelocation[] = [];
  const code = new Uint8Array(contents);
  let gone = 0;
  for (const mark of [...marks].sort((a, b) => a.offset - b.offset)) {
    const { offset, addend = 0 } = mark;
    if (!(addend > 0 && offset + addend <= code.length)) continue;
    const alignment = 2 ** Math.ceil(Math.log2(addend + 1));
    const place = address + offset - gone;
    const needed = Math.ceil(place / alignment) * alignment - place;
    if (needed > addend) short.push(mark);
    if (needed >= addend) continue;
    fillNops(code, offset, needed);
    cuts.push({ at: offset + needed, count: addend - needed });
    gone += addend - needed;
  }
  return { memory: withoutCuts(code, cuts), cuts, short };
}

function withoutCuts(code: Uint8Array, cuts: readonly Cut[]): Uint8Array {
  const left = code.length - cuts.reduce((sum, { count }) => sum + count, 0);
  const memory = new Uint8Array(Math.max(left, 0));
  let from = 0;
  let to = 0;
  for (const { at, count } of [...cuts, { at: code.length, count: 0 }]) {
    memory.set(code.subarray(from, at), to);
    to += at - from;
    from = at + count;
  }
  return memory;
}
