// Cases of a row for the judge: the row's instruction with random operands, and a state to execute it in.

import type { Row } from "../../../src/arch/x86/instructions/machine/row.ts";
import { type Operand, opcodeOf, operandsOf } from "../../../src/arch/x86/instructions/table/table.ts";
import { CODE_AT, CODE_PAGES, type State, setFlags, WINDOW, WINDOW_AT } from "./processor.ts";
import { double, extended, extendedInteger, integer, type Random, single, vector } from "./values.ts";
import { isAlike } from "./wide.ts";

/** Where operands in memory are: in the window, around the border of its two pages now and then. */
function operandAddress(r: Random): number {
  const at = r.chance(15) ? WINDOW_AT + 0x400 - r.below(40) : WINDOW_AT + 0x100 + r.below(0x480);
  return r.chance(75) ? at & ~15 : at;
}

/** Rows whose operand or counter must be small to stay in the window, by opcode. */
const BIT_STRINGS = ["0F A3", "0F AB", "0F B3", "0F BB"];

interface Building {
  readonly row: Row;
  readonly r: Random;
  readonly mode: 64 | 32;
  readonly state: State;
  readonly operands: readonly Operand[];
}

/** Fills a state with a case of the row. */
export function makeCase(row: Row, mode: 64 | 32, r: Random, state: State): void {
  const it: Building = { row, r, mode, state, operands: operandsOf(row) };
  fillGeneral(it);
  fillFloats(it);
  fillWindow(it);
  // CF PF AF ZF SF OF, and DF in one of eight; bit 1 and IF are always set.
  setFlags(state, (r.word() & 0x8d5) | 0x202 | (r.chance(12) ? 0x400 : 0));
  const bytes = encode(it);
  state.code.fill(0xcc);
  state.code.set(bytes);
}

function setGeneral(state: State, register: number, value: bigint, mode: 64 | 32): void {
  state.general[2 * register] = Number(BigInt.asIntN(32, value));
  state.general[2 * register + 1] = mode === 64 ? Number(BigInt.asIntN(32, value >> 32n)) : 0;
}

function fillGeneral({ row, r, mode, state, operands }: Building): void {
  state.general.fill(0);
  for (let i = 0; i < (mode === 64 ? 16 : 8); i++) setGeneral(state, i, integer(r), mode);
  for (const pointer of [4, 5, 6, 7]) setGeneral(state, pointer, BigInt(operandAddress(r) & ~7), mode);
  // Elsewhere a program of the judge has memory of its own.
  if (row.name === "xlat") setGeneral(state, 3, BigInt(operandAddress(r)), mode);
  // Quotients that fit.
  if (/^pcmpestr/.test(row.name)) {
    for (const length of [0, 2]) if (r.chance(80)) setGeneral(state, length, BigInt(r.below(24) - 3), mode);
  }
  if (/^i?div/.test(row.name) && r.chance(70)) {
    const high = r.chance(50) ? 0n : BigInt(r.below(5));
    setGeneral(state, 2, row.name.startsWith("i") && r.chance(50) ? -1n : high, mode);
  }
  if (
    operands.some(({ letter }) => letter === "X" || letter === "Y") ||
    /^rep|^(stos|movs|lods|scas|cmps)/.test(row.name)
  ) {
    setGeneral(state, 1, BigInt(r.below(12)), mode);
  }
  if (BIT_STRINGS.includes(row.code)) {
    for (let i = 0; i < 16; i++) {
      if (i !== 4 && (mode === 64 || i < 8)) setGeneral(state, i, BigInt(r.below(2000) - 1000), mode);
    }
  }
}

/** x87 or MMX registers, control and status words, xmm registers, MXCSR. */
function fillFloats({ row, r, mode, state }: Building): void {
  const { fxsave } = state;
  const view = new DataView(fxsave.buffer, fxsave.byteOffset, 512);
  fxsave.fill(0);
  const masks = r.chance(85) ? 0x3f : r.below(64);
  view.setUint16(0, 0x40 | masks | (r.pick([3, 3, 3, 0, 2]) << 8) | (r.below(4) << 10), true);
  const raised = r.chance(30) ? r.below(128) & (masks | 0x40) : 0;
  view.setUint16(2, raised | ((r.word() & 0x47) << 8) | (r.below(8) << 11), true);
  fxsave[4] = r.chance(75) ? 0xff : r.below(256);
  for (let i = 0; i < 8; i++) putExtended(view, 32 + 16 * i, x87Value(row, r, i));
  // qemu raises no exceptions of SSE, and does not take denormals for zero.
  const plain = mode === 32 && !isAlike(row);
  const control = (plain || r.chance(85) ? 0x1f80 : r.below(64) << 7) | (r.chance(60) ? 0 : r.below(4) << 13);
  const denormals = plain || r.chance(85) ? 0 : r.pick([0x40, 0x8000, 0x8040]);
  view.setUint32(24, control | denormals | (r.chance(40) ? r.below(64) & (control >> 7) : 0), true);
  view.setUint32(28, 0xffff, true);
  for (let i = 0; i < 16; i++) vector(r, view, 160 + 16 * i);
  // Two registers alike, so that comparisons have something to find.
  if (r.chance(30)) fxsave.copyWithin(160 + 16 * r.below(16), 160, 176);
}

function putExtended(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setUint16(at + 8, Number(value >> 64n), true);
}

function x87Value(row: Row, r: Random, register: number): bigint {
  if (/fist/.test(row.name) && r.chance(70)) return extendedInteger(r, r.pick([15, 16, 31, 32, 63, 64]));
  if (/fscale/.test(row.name) && register === 1 && r.chance(70)) return extendedInteger(r, 16);
  // Elsewhere fyl2xp1 is undefined.
  const always = row.name === "fyl2xp1";
  if (/f2xm1|fsin|fcos|fptan|fyl2xp1/.test(row.name) && register === 0 && (always || r.chance(75)))
    return around1(r, row.name);
  return extended(r);
}

/** A number whose exponent is that of the ranges where transcendental functions are defined. */
function around1(r: Random, name: string): bigint {
  const value = extended(r);
  const largest = name === "fyl2xp1" ? -2 : name === "f2xm1" ? -1 : 20;
  const exponent = 16383 + largest - r.below(r.chance(80) ? 24 : 90);
  return (value & ~(0x7fffn << 64n)) | (BigInt(exponent) << 64n) | (1n << 63n);
}

/** What an instruction of the row would read: of its kind. */
function fillWindow({ row, r, state, operands }: Building): void {
  const { window } = state;
  const view = new DataView(window.buffer, window.byteOffset, WINDOW);
  const extendedOperand = operands.some(({ size }) => size === "t");
  for (let at = 0; at < WINDOW / 4; at += 16) vector(r, view, at);
  for (let at = WINDOW / 4; at < WINDOW; at *= 2) window.copyWithin(at, 0, at);
  if (row.code.startsWith("D") && row.code.length >= 2) {
    const step = extendedOperand ? 16 : 8;
    for (let at = 0; at + 16 <= WINDOW; at += step) {
      if (extendedOperand) putExtended(view, at, row.name === "fbld" ? decimal(r) : extended(r));
      else if (r.chance(50)) view.setBigUint64(at, double(r), true);
      else for (let i = 0; i < 8; i += 4) view.setUint32(at + i, single(r), true);
    }
  }
  if (/^(ret|leave|pop|iret)/.test(row.name)) {
    for (let at = 0; at + 8 <= WINDOW; at += 8) view.setBigUint64(at, BigInt(CODE_PAGES + 8 * r.below(0x300)), true);
  }
}

/** Packed decimal of 18 digits. */
function decimal(r: Random): bigint {
  let value = BigInt(r.below(2)) << 79n;
  for (let i = 0; i < 18; i++) value |= BigInt(r.below(10)) << BigInt(4 * i);
  return value >> (r.chance(30) ? BigInt(4 * r.below(17)) : 0n);
}

const PREFIX_BYTES: Readonly<Record<string, number>> = { "66": 0x66, F2: 0xf2, F3: 0xf3 };
const VEX_PREFIX: Readonly<Record<string, number>> = { "66": 1, F3: 2, F2: 3 };

function encode(it: Building): number[] {
  const { row, r, mode, operands } = it;
  const { map, opcode, count, modrm: exact } = opcodeOf(row);
  const prefixes: number[] = [];
  const sized =
    operands.some(({ size, fixed }) => size === "v" || size === "z" || fixed === "rAX") || row.wide === true;
  // Counts above 16 of 16 bits are undefined, and rcx may be part of an address.
  const counted = /^sh[lr]d/.test(row.name) && row.operands.endsWith("CL");
  // With 66 near branches differ between Intel and AMD; nobody writes them.
  if (row.prefix === undefined && sized && row.ends !== true && !counted && r.chance(30)) prefixes.push(0x66);
  // Counts above the size leave everything undefined.
  if (/^sh[lr]d/.test(row.name)) setGeneral(it.state, 1, BigInt(r.below(prefixes.length > 0 ? 17 : 200)), mode);
  if (row.prefix === undefined && isString(it) && r.chance(60)) prefixes.push(r.pick([0xf2, 0xf3]));
  if (row.prefix !== undefined && row.prefix !== "NP" && row.vex === undefined) prefixes.push(PREFIX_BYTES[row.prefix]);
  const long = mode === 64;
  const rex = long && (r.chance(60) || row.vex !== undefined) ? r.below(16) : 0;
  const wide = row.vex === "W0" ? 0 : row.vex === "W1" ? 8 : rex & 8;
  const high = { reg: long ? (rex & 4) << 1 : 0, index: long ? (rex & 2) << 2 : 0, rm: long ? (rex & 1) << 3 : 0 };
  const tail = modrmOf(it, exact, high);
  const code = opcode + (count > 1 ? r.below(count) : 0);
  const opcodes = map % 3 === 0 && map === 0 ? [code] : [...escapes(map), code];
  if (row.vex !== undefined) {
    const named = operands.some(({ letter }) => letter === "B");
    const vvvv = named ? r.below(mode === 64 ? 16 : 8) : 0;
    const bits = ((rex & 7) ^ 7) << 5;
    const second = (mode === 64 ? bits : 0xe0) | (map - 3);
    const third = (mode === 64 || row.vex !== "either" ? wide << 4 : 0) | ((vvvv ^ 15) << 3);
    const pp = row.prefix === undefined ? 0 : (VEX_PREFIX[row.prefix] ?? 0);
    const start = [...prefixes, 0xc4, second, third | pp, code];
    return relative(it, [...start, ...tail.bytes], tail, immediates(it, (wide & 8) !== 0, false));
  }
  const rexBytes = rex !== 0 || (long && r.chance(10)) ? [0x40 | rex] : [];
  const start = [...prefixes, ...rexBytes, ...opcodes];
  return relative(it, [...start, ...tail.bytes], tail, immediates(it, (rex & 8) !== 0, prefixes.includes(0x66)));
}

function isString({ operands }: Building): boolean {
  return operands.some(({ letter }) => letter === "X" || letter === "Y");
}

function escapes(map: number): readonly number[] {
  if (map === 1) return [0x0f];
  return map === 2 ? [0x0f, 0x38] : [0x0f, 0x3a];
}

interface Tail {
  readonly bytes: readonly number[];
  /** An operand relative to ip: where in `bytes` its four bytes are, and what they should lead to. */
  readonly relativeAt?: number;
  readonly target?: number;
}

interface High {
  readonly reg: number;
  readonly index: number;
  readonly rm: number;
}

function modrmOf(it: Building, exact: number, high: High): Tail {
  const { row, r, operands } = it;
  if (exact >= 0) return { bytes: [exact] };
  const uses = (letters: string): boolean => operands.some(({ letter }) => letter !== "" && letters.includes(letter));
  const stack = operands.some(({ fixed }) => fixed === "STi");
  if (row.group === undefined && row.form === undefined && !stack && !uses("EGMNPQRSUVWCD")) return { bytes: [] };
  const reg = row.group ?? (uses("S") ? r.below(6) : r.below(8));
  const onlyRegister = row.form === "register" || stack || uses("NUR");
  const onlyMemory = row.form === "memory" || uses("M");
  if (onlyRegister || (!onlyMemory && r.chance(50))) {
    const rm = r.below(8);
    if (row.ends === true) setGeneral(it.state, rm | high.rm, BigInt(CODE_PAGES + r.below(0x1800)), it.mode);
    return { bytes: [0xc0 | (reg << 3) | rm] };
  }
  return memoryOperand(it, reg, high);
}

/** ModRM, SIB and displacement for an address in the window, with registers set so that it is one. */
function memoryOperand(it: Building, reg: number, high: High): Tail {
  const { r, state, mode } = it;
  const target = operandAddress(r);
  if (it.row.ends === true) {
    const view = new DataView(state.window.buffer, state.window.byteOffset, WINDOW);
    view.setBigUint64(target - WINDOW_AT, BigInt(CODE_PAGES + r.below(0x1800)), true);
  }
  const field = reg << 3;
  if (r.chance(10)) {
    if (mode === 32) return { bytes: [field | 5, ...little(target, 4)] };
    return { bytes: [field | 5, 0, 0, 0, 0], relativeAt: 1, target };
  }
  if (r.chance(5) && high.index === 0) return { bytes: [field | 4, 0x25, ...little(target, 4)] };
  const small = r.chance(50);
  const displacement = small ? r.below(256) - 128 : r.word() >> 8;
  const mod = small ? 0x40 : 0x80;
  const put = little(displacement, small ? 1 : 4);
  if (r.chance(60)) {
    let base = r.below(8);
    // rsp needs a SIB byte; it may be changed only where the instruction does not use it itself.
    if (base === 4) base = 3;
    setGeneral(state, base | high.rm, BigInt(target - displacement), mode);
    return { bytes: [mod | field | base, ...put] };
  }
  const base = r.pick([0, 1, 2, 3, 5, 6, 7]);
  let index = r.below(8);
  if (index === 4 && high.index === 0) index = 0;
  const baseRegister = base | high.rm;
  const indexRegister = index | high.index;
  const scale = r.below(4);
  if (baseRegister === indexRegister) {
    setGeneral(state, baseRegister, BigInt(target - displacement), mode);
    return { bytes: [mod | field | 4, 0x20 | base, ...put] };
  }
  const offset = r.below(512) - 256;
  setGeneral(state, indexRegister, BigInt(offset), mode);
  setGeneral(state, baseRegister, BigInt(target - displacement - offset * (1 << scale)), mode);
  return { bytes: [mod | field | 4, (scale << 6) | (index << 3) | base, ...put] };
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (i < 4 ? (value >> (8 * i)) & 0xff : 0));
}

function immediates({ row, r, mode, operands }: Building, wide: boolean, short: boolean): number[] {
  return operands.flatMap(({ letter, size }): number[] => {
    if (letter === "J") {
      // Not into itself: it would run for ever, or become another instruction.
      if (size === "b") return [r.chance(50) ? r.below(128) : 0x80 + r.below(0x6f)];
      return little(r.chance(50) ? r.below(0x780) : -0x20 - r.below(0x700), short && mode === 32 ? 2 : 4);
    }
    if (letter === "O") return little(WINDOW_AT + 0x100 + r.below(0x400), mode === 64 ? 8 : 4);
    if (letter === "L") return [r.below(256)];
    if (letter !== "I") return [];
    if (row.name === "enter" && size === "b") return [r.below(3)];
    const bytes = size === "b" ? 1 : size === "w" ? 2 : size === "v" && wide ? 8 : short ? 2 : 4;
    if (/^sh[lr]d/.test(row.name) && short) return [r.below(17)];
    const value = row.name === "ret" || row.name === "enter" ? BigInt(r.below(64)) : integer(r);
    return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  });
}

/** The whole instruction, with the distance to an operand relative to its end. */
function relative(_: Building, start: readonly number[], tail: Tail, immediate: readonly number[]): number[] {
  const bytes = [...start, ...immediate];
  if (tail.relativeAt === undefined || tail.target === undefined) return bytes;
  const at = start.length - tail.bytes.length + tail.relativeAt;
  little(tail.target - (CODE_AT + bytes.length), 4).forEach((byte, i) => {
    bytes[at + i] = byte;
  });
  return bytes;
}
