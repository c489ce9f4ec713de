// What an instruction is that the simulated processor does not have: by its bytes, since there is no row, or none at its level.

import {
  createInstructions,
  decode,
  FEATURES,
  INFO,
  INFO_ROW,
  LENGTH_SHIFT,
  LEVELS,
  type Mode,
  type Row,
  STRIDE,
} from "../../arch/x86/instructions/index.ts";

/** Ends a sentence that begins with the instruction: "is ud2, …". Without a full stop. */
export function missingText(bytes: Uint8Array, mode: Mode): string {
  const at = opcodeAt(bytes, mode);
  if (bytes[at] === 0x0f && bytes[at + 1] === 0x0b) return "is ud2, which stands where a program must not get to";
  const long = vectorPrefix(bytes, at, mode);
  // BMI is encoded as AVX is.
  const known = decoded(bytes, mode);
  if (known !== undefined) return knownText(known.row);
  if (long > 0) {
    const name = bytes[at] === 0x62 ? "AVX-512" : "AVX";
    return `is one of ${name}, which this processor has not: compile for x86-64-v2 at most (-march=x86-64-v2), or ask cpuid first`;
  }
  if (withoutLock(bytes, at, mode) !== undefined)
    return "has the prefix lock, which only instructions that read and write memory may have";
  return "is none that the processor has";
}

/** Of bytes at an instruction those that are its own: all, if nothing tells where it ends. */
export function instructionBytes(bytes: Uint8Array, mode: Mode): Uint8Array {
  const at = opcodeAt(bytes, mode);
  const long = vectorPrefix(bytes, at, mode);
  const length =
    decoded(bytes, mode)?.length ?? (long > 0 ? vectorLength(bytes, at, long) : withoutLock(bytes, at, mode));
  return bytes.subarray(0, length);
}

/** How long an instruction is that only its prefix lock makes none; undefined: it is not. @param at where its opcode begins */
function withoutLock(bytes: Uint8Array, at: number, mode: Mode): number | undefined {
  const rest = bytes.filter((byte, index) => index >= at || byte !== LOCK);
  const found = rest.length === bytes.length ? undefined : decoded(rest, mode);
  return found && found.length + bytes.length - rest.length;
}

const LOCK = 0xf0;
const PREFIXES: readonly number[] = [0x66, 0x67, 0xf2, 0xf3, LOCK, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];

/** Where the opcode begins: behind prefixes and REX. */
function opcodeAt(bytes: Uint8Array, mode: Mode): number {
  let at = 0;
  while (PREFIXES.includes(bytes[at]) || (mode === 64 && (bytes[at] & 0xf0) === 0x40)) at++;
  return Math.min(at, bytes.length);
}

/** Bytes of a VEX or EVEX prefix; 0: there is none. In 32-bit mode they are les, lds and bound unless the next byte names a register. */
function vectorPrefix(bytes: Uint8Array, at: number, mode: Mode): number {
  const isPrefix = mode === 64 || (bytes[at + 1] ?? 0) >= 0xc0;
  const length = bytes[at] === 0xc5 ? 2 : bytes[at] === 0xc4 ? 3 : bytes[at] === 0x62 ? 4 : 0;
  return isPrefix ? length : 0;
}

/** Opcodes of map 1 that have an immediate: shuffles and shifts by a constant, comparisons, insertions. */
const WITH_IMMEDIATE: readonly number[] = [0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6];
const VZEROUPPER = 0x77;

/** Where an instruction of AVX ends (SDM volume 2, sections 2.3 and 2.7). @param at where its prefix begins, of `prefix` bytes */
function vectorLength(bytes: Uint8Array, at: number, prefix: number): number {
  const map = prefix === 2 ? 1 : bytes[at + 1] & (prefix === 3 ? 31 : 7);
  const opcode = bytes[at + prefix];
  let end = at + prefix + 1;
  if (map === 1 && opcode === VZEROUPPER && prefix < 4) return end;
  const modrm = bytes[end++];
  const mod = modrm >> 6;
  if (mod < 3) {
    const isIndexed = (modrm & 7) === 4;
    const base = isIndexed ? bytes[end++] & 7 : modrm & 7;
    // A displacement alone, or behind %rip.
    end += mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  }
  return Math.min(bytes.length, end + (map === 3 || (map === 1 && WITH_IMMEDIATE.includes(opcode)) ? 1 : 0));
}

/** The row of an instruction that only a higher level has, or that is known and not simulated. */
function decoded(bytes: Uint8Array, mode: Mode): { readonly row: Row; readonly length: number } | undefined {
  const table = createInstructions(mode, LEVELS.all);
  const columns = new Int32Array(STRIDE);
  if (decode(table, bytes, 0, bytes.length, 0, 0, columns, 0) <= 0) return undefined;
  return { row: table.rows[columns[INFO] & INFO_ROW], length: (columns[INFO] >>> LENGTH_SHIFT) & 15 };
}

function knownText(row: Row): string {
  const name = row.name.split("|")[0].replace("{d}", "d").replace("#", "");
  if (row.refused === true) return `is ${name}, which is not simulated`;
  const { needs } = row;
  // What the processor has may refuse its operands.
  if (needs === undefined) return `is ${name}, not in a form that the processor has`;
  const cure = (LEVELS.v2.features & FEATURES[needs]) !== 0 ? ": run it with --cpu x86-64-v2" : "";
  return `is ${name} of ${needs.toUpperCase()}, which this processor has not${cure}`;
}
