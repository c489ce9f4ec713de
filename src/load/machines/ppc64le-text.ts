// Parts of addresses in instructions, which ld.so completes in code of ppc64le that was not made to be shared (text relocations;
// sysdeps/powerpc/powerpc64/dl-machine.h, elf_machine_rela). A row says which bits of the value go where, and what must hold of it.

import type { InstructionRule } from "./record.ts";

/** Of a value: 16 bits from this one on, 0x8000 added before if `rounded`. */
interface Half {
  readonly from: 0 | 16 | 32 | 48;
  readonly rounded?: true;
}

const LO: Half = { from: 0 };
const HI: Half = { from: 16 };
const HA: Half = { from: 16, rounded: true };
const HIGHER: Half = { from: 32 };
const HIGHERA: Half = { from: 32, rounded: true };
const HIGHEST: Half = { from: 48 };
const HIGHESTA: Half = { from: 48, rounded: true };

/** What ld.so asks of a value before it writes it: how many bits, signed, after 0x8000 was added or not; a multiple of 4. */
interface Limit {
  readonly bits?: 16 | 26 | 32;
  readonly rounded?: true;
  readonly multiple?: true;
}

const ANY: Limit = {};

const TWO_32 = 0x1_0000_0000;

function fits({ bits, rounded, multiple }: Limit, low: number, high: number): boolean {
  if (multiple === true && (low & 3) !== 0) return false;
  if (bits === undefined) return true;
  // What is too large for a double to hold exactly does not fit either.
  const value = (high | 0) * TWO_32 + (low >>> 0) + (rounded === true ? 0x8000 : 0);
  return value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);
}

/** The 16 bits that a half names. */
function halfOf({ from, rounded }: Half, low: number, high: number): number {
  const sum = (low >>> 0) + (rounded === true ? 0x8000 : 0);
  const upper = (high + (sum >= TWO_32 ? 1 : 0)) >>> 0;
  const word = from < 32 ? sum >>> 0 : upper;
  return from % 32 === 0 ? word & 0xffff : (word >>> 16) & 0xffff;
}

/** A whole half of an instruction. */
function half(name: string, which: Half, limit: Limit = ANY): InstructionRule {
  return {
    name,
    bytes: 2,
    write(view, at, low, high) {
      if (!fits(limit, low, high)) return false;
      view.setUint16(at, halfOf(which, low, high), true);
      return true;
    },
  };
}

/** The bits of a mask, which are the value's own. */
function masked(name: string, bytes: 2 | 4, mask: number, limit: Limit): InstructionRule {
  return {
    name,
    bytes,
    write(view, at, low, high) {
      if (!fits(limit, low, high)) return false;
      if (bytes === 2) view.setUint16(at, (view.getUint16(at, true) & ~mask) | (low & mask), true);
      else view.setUint32(at, (view.getUint32(at, true) & ~mask) | (low & mask), true);
      return true;
    },
  };
}

const HINT = 1 << 21;

/** A conditional branch; with a prediction if `taken` is given, whose other bits are those of a processor from POWER4 on. */
function conditional(taken?: boolean): InstructionRule {
  const plain = masked("R_PPC64_ADDR14", 4, 0xfffc, { bits: 16, multiple: true });
  return {
    ...plain,
    write(view, at, low, high, place) {
      if (!plain.write(view, at, low, high, place)) return false;
      if (taken === undefined) return true;
      let word = view.getUint32(at, true) & ~HINT;
      if (taken) word |= HINT;
      if ((word & (0x14 << 21)) === 0x04 << 21) word |= 0x02 << 21;
      else if ((word & (0x14 << 21)) === 0x10 << 21) word |= 0x08 << 21;
      view.setUint32(at, word, true);
      return true;
    },
  };
}

/** A word whose two low bits stay: the distance from its place. */
const WORD30: InstructionRule = {
  name: "R_PPC64_ADDR30",
  bytes: 4,
  write(view, at, low, high, place) {
    const distance = (high | 0) * TWO_32 + (low >>> 0) - place;
    if (distance < -(2 ** 31) || distance >= 2 ** 31 || distance % 4 !== 0) return false;
    view.setUint32(at, (view.getUint32(at, true) & 3) | distance, true);
    return true;
  },
};

type Numbered = readonly [type: number, rule: InstructionRule];

/** S + A. */
export const PPC64LE_TEXT: readonly Numbered[] = [
  [2, masked("R_PPC64_ADDR24", 4, 0x03ff_fffc, { bits: 26, multiple: true })],
  [3, half("R_PPC64_ADDR16", LO, { bits: 16 })],
  [4, half("R_PPC64_ADDR16_LO", LO)],
  [5, half("R_PPC64_ADDR16_HI", HI, { bits: 32 })],
  [6, half("R_PPC64_ADDR16_HA", HA, { bits: 32, rounded: true })],
  [7, conditional()],
  [8, conditional(true)],
  [9, conditional(false)],
  [25, half("R_PPC64_UADDR16", LO, { bits: 16 })],
  [37, WORD30],
  [39, half("R_PPC64_ADDR16_HIGHER", HIGHER)],
  [40, half("R_PPC64_ADDR16_HIGHERA", HIGHERA)],
  [41, half("R_PPC64_ADDR16_HIGHEST", HIGHEST)],
  [42, half("R_PPC64_ADDR16_HIGHESTA", HIGHESTA)],
  [56, masked("R_PPC64_ADDR16_DS", 2, 0xfffc, { bits: 16, multiple: true })],
  [57, masked("R_PPC64_ADDR16_LO_DS", 2, 0xfffc, { multiple: true })],
  [110, half("R_PPC64_ADDR16_HIGH", HI)],
  [111, half("R_PPC64_ADDR16_HIGHA", HA)],
];

/** The offset from the thread pointer. */
export const PPC64LE_TEXT_TLS: readonly Numbered[] = [
  [69, half("R_PPC64_TPREL16", LO, { bits: 16 })],
  [70, half("R_PPC64_TPREL16_LO", LO)],
  [71, half("R_PPC64_TPREL16_HI", HI, { bits: 32 })],
  [72, half("R_PPC64_TPREL16_HA", HA, { bits: 32, rounded: true })],
  [95, masked("R_PPC64_TPREL16_DS", 2, 0xfffc, { bits: 16, multiple: true })],
  [96, masked("R_PPC64_TPREL16_LO_DS", 2, 0xfffc, { multiple: true })],
  [97, half("R_PPC64_TPREL16_HIGHER", HIGHER)],
  [98, half("R_PPC64_TPREL16_HIGHERA", HIGHERA)],
  [99, half("R_PPC64_TPREL16_HIGHEST", HIGHEST)],
  [100, half("R_PPC64_TPREL16_HIGHESTA", HIGHESTA)],
  [112, half("R_PPC64_TPREL16_HIGH", HI)],
  [113, half("R_PPC64_TPREL16_HIGHA", HA)],
];
