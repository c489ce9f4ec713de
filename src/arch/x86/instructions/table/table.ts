// Makes what the decoder looks up out of the rows of all families: for each opcode a cell that leads from prefix, ModRM.mod and
// ModRM.reg to a row, and for each row numbers in columns: how its operands are encoded, which handler each form has.

import { NEXT, NEXT_HIGH } from "../machine/columns.ts";
import { FEATURES, type Levels } from "../machine/levels.ts";
import type { Form, Handler, Row } from "../machine/row.ts";
import type { Mode } from "../machine/state.ts";
import { IP, TRAP } from "../machine/state.ts";
import { PROCESSOR_TRAP, STALE_ROW, TRAP_UNDEFINED } from "../machine/traps.ts";
import { ROWS } from "./families.ts";

/** Handlers that are no instruction. The row was decoded from bytes that have changed since: see code.ts of src/execute. */
export const DO_STALE = 0;
/** A block that ends without a transfer: goes on at the address in the columns. */
export const DO_GO_ON = 1;
/** Bytes that are no instruction here. */
export const DO_UNDEFINED = 2;

/** Opcode maps: one byte, 0F, 0F 38, 0F 3A, then the last three with a VEX prefix. */
export const MAP_0F = 1;
export const MAP_0F38 = 2;
export const MAP_0F3A = 3;
export const MAP_VEX = 3;

/** How an operand is taken from ModRM: not, as a word index, as a byte offset (size b), as a number. */
export const AS_NONE = 0;
export const AS_WORD = 1;
export const AS_BYTE = 2;
export const AS_NUMBER = 3;

/** What follows ModRM and displacement. */
export const IMM_NONE = 0;
export const IMM_8 = 1;
export const IMM_16 = 2;
/** 16 or 32 bits by operand size; 16, 32 or 64. */
export const IMM_Z = 3;
export const IMM_V = 4;
export const IMM_J8 = 5;
export const IMM_JZ = 6;
/** Address as wide as addresses are. */
export const IMM_OFFSET = 7;
/** 16 then 8 bits (enter); offset and 16 bits of selector (far pointer). */
export const IMM_16_8 = 8;
export const IMM_FAR = 9;

/** How the operand size comes about: fixed, by 66 and REX.W, by REX.W alone. */
export const SIZE_FIXED = 0;
export const SIZE_V = 1;
export const SIZE_Y = 2;

/** The instructions of a mode and level, ready to decode. */
export interface Instructions {
  readonly mode: Mode;
  readonly levels: Levels;
  readonly rows: readonly Row[];
  readonly handlers: readonly Handler[];
  /** Opcodes that two rows claim: empty, or the rows are wrong. */
  readonly conflicts: readonly string[];
  /** (map * 256 + opcode) → where its cell starts in `cells`; 0 is a cell of nothing. */
  readonly cellOf: Int32Array;
  /** (prefix * 16 + isRegister * 8 + reg) of a cell → row + 1; 0: none. Prefix 0 none, 1 66, 2 F3, 3 F2. */
  readonly cells: Int16Array;
  /** Rows that own a whole ModRM byte: (map * 256 + opcode) → where 256 entries start in `exact`; 0: none. */
  readonly exactOf: Int32Array;
  readonly exact: Int16Array;
  /** Whether any row of the opcode has a ModRM byte. */
  readonly hasModrm: Uint8Array;
  readonly regAs: Uint8Array;
  readonly rmAs: Uint8Array;
  /** 1 where rm is extended and placed from the opcode's low bits (Z), 2 where it is rAX by itself. */
  readonly rmFrom: Uint8Array;
  readonly immediate: Uint8Array;
  readonly sizeBy: Uint8Array;
  /** log2 of the fixed size. */
  readonly sizeFixed: Uint8Array;
  readonly wide: Uint8Array;
  readonly ends: Uint8Array;
  /** The prefix 66 is part of the opcode and says nothing of the size. */
  readonly owns66: Uint8Array;
  /** VEX.vvvv is an operand; where it is not, it must be empty. */
  readonly third: Uint8Array;
  /** 1 where the prefix lock may stand, if the destination is memory. */
  readonly lockable: Uint8Array;
  /** row * 8 + log2(size) * 2 + memory → handler number. */
  readonly handlerOf: Int16Array;
  /** Where the decoder keeps what it has found out so far; holds nothing between instructions. */
  readonly found: Int32Array;
}

/** One operand of a row: letter, size and, if it is implied, its name. */
export interface Operand {
  readonly letter: string;
  readonly size: string;
  readonly fixed?: string;
}

const LETTERS = /^([ABCDEGIJLMNOPQRSUVWXYZ])([bwdqvyztxaps]?)$/;

/** "Ev,Gv" → operands. */
export function operandsOf(row: Row): readonly Operand[] {
  if (row.operands === "" || row.operands === "v") return [];
  return row.operands.split(",").map((text) => {
    const match = LETTERS.exec(text);
    return match === null ? { letter: "", size: "", fixed: text } : { letter: match[1], size: match[2] };
  });
}

/** Tables that were made: they never change, and making one takes 30 ms. */
const MADE = new Map<string, Instructions>();

/** The instructions that a processor of a level has in a mode. */
export function createInstructions(mode: Mode, levels: Levels): Instructions {
  const key = `${mode} ${levels.features}`;
  let made = MADE.get(key);
  if (made === undefined) {
    made = makeInstructions(mode, levels);
    MADE.set(key, made);
  }
  return made;
}

function makeInstructions(mode: Mode, levels: Levels): Instructions {
  const rows = ROWS.filter((row) => row.mode === undefined || row.mode === mode);
  const operands = rows.map(operandsOf);
  const sizes = rows.map((row, number) => sizeOf(row, operands[number]));
  const handlers: Handler[] = [stale, goOn, undefinedInstruction];
  const numbers = new Map<Handler, number>(handlers.map((it, number) => [it, number]));
  const numberOf = (handler: Handler): number => {
    const known = numbers.get(handler);
    if (known !== undefined) return known;
    numbers.set(handler, handlers.length);
    return handlers.push(handler) - 1;
  };
  const table: Instructions = {
    mode,
    levels,
    rows,
    handlers,
    ...lookUps(rows, operands, levels),
    regAs: Uint8Array.from(operands, (it) => registerOf(it, "GVPSCD")),
    rmAs: Uint8Array.from(operands, (it) => registerOf(it, "EWQURNZ")),
    rmFrom: Uint8Array.from(operands, rmFrom),
    immediate: Uint8Array.from(operands, immediateOf),
    sizeBy: Uint8Array.from(sizes, ({ by }) => by),
    sizeFixed: Uint8Array.from(sizes, ({ fixed }) => fixed),
    wide: column(rows, (row) => (row.wide ? 1 : 0)),
    ends: column(rows, (row) => (row.ends ? 1 : 0)),
    owns66: column(rows, (row) => (row.prefix === "66" ? 1 : 0)),
    third: column(rows, (row) => (operandsOf(row).some(({ letter }) => letter === "B") ? 1 : 0)),
    lockable: column(rows, isLockable),
    handlerOf: new Int16Array(rows.length * 8),
    found: new Int32Array(8),
  };
  rows.forEach((row, number) => {
    for (let form = 0; form < 8; form++) {
      table.handlerOf[number * 8 + form] = has(levels, row) ? numberOf(handlerFor(row, form)) : DO_UNDEFINED;
    }
  });
  return table;
}

/** SDM volume 2, "LOCK": with any other instruction, and with any other destination than memory, the prefix is #UD. */
const LOCKABLE: ReadonlySet<string> = new Set(
  "add adc and btc btr bts cmpxchg cmpxchg8b dec inc neg not or sbb sub xor xadd xchg".split(" "),
);

function isLockable({ name, operands }: Row): number {
  return LOCKABLE.has(name.split("|")[0].replace("#", "")) && /^[EM]/.test(operands) ? 1 : 0;
}

const SIZES = [1, 2, 4, 8] as const;

function handlerFor(row: Row, form: number): Handler {
  if (typeof row.does === "function") return row.does;
  const chosen: Form = { size: SIZES[form >> 1], memory: (form & 1) !== 0 };
  return row.does.choose(chosen);
}

function has(levels: Levels, row: Row): boolean {
  return row.needs === undefined || (levels.features & FEATURES[row.needs]) !== 0;
}

function column(rows: readonly Row[], value: (row: Row) => number): Uint8Array {
  return Uint8Array.from(rows, value);
}

function registerOf(operands: readonly Operand[], letters: string): number {
  for (const { letter, size, fixed } of operands) {
    if (fixed === "STi" && letters.includes("E")) return AS_NUMBER;
    if (letter === "" || !letters.includes(letter)) continue;
    if (!"EGRZ".includes(letter)) return AS_NUMBER;
    return size === "b" ? AS_BYTE : AS_WORD;
  }
  return AS_NONE;
}

export const RM_FROM_OPCODE = 1;
export const RM_IS_RAX = 2;

function rmFrom(operands: readonly Operand[]): number {
  if (operands.some(({ letter }) => letter === "Z")) return RM_FROM_OPCODE;
  const encoded = operands.some(({ letter }) => "EWQURNM".includes(letter) && letter !== "");
  return !encoded && operands.some(({ fixed }) => fixed === "AL" || fixed === "rAX") ? RM_IS_RAX : 0;
}

function immediateOf(operands: readonly Operand[]): number {
  const kinds = operands.map(({ letter, size }) => letter + size);
  if (kinds.includes("Iw") && kinds.includes("Ib")) return IMM_16_8;
  for (const kind of kinds) {
    const found = IMMEDIATES[kind];
    if (found !== undefined) return found;
  }
  return IMM_NONE;
}

const IMMEDIATES: Readonly<Record<string, number>> = {
  Ib: IMM_8,
  Iw: IMM_16,
  Iz: IMM_Z,
  Iv: IMM_V,
  Jb: IMM_J8,
  Jz: IMM_JZ,
  Ob: IMM_OFFSET,
  Ov: IMM_OFFSET,
  Ap: IMM_FAR,
  Lx: IMM_8,
};

/** The size of the first operand that is in general registers or memory. */
function sizeOf(row: Row, operands: readonly Operand[]): { readonly by: number; readonly fixed: number } {
  // Of what goes on the stack or to ip an immediate's size says nothing.
  if (row.wide) return { by: SIZE_V, fixed: 0 };
  if (row.quad) return { by: SIZE_Y, fixed: 0 };
  for (const { letter, size, fixed } of operands) {
    if (fixed === "AL") return { by: SIZE_FIXED, fixed: 0 };
    if (fixed === "rAX") return { by: SIZE_V, fixed: 0 };
    if (letter === "" || !"EGRZMBIJOXYA".includes(letter)) continue;
    if (size === "v" || size === "z") return { by: SIZE_V, fixed: 0 };
    if (size === "y") return { by: SIZE_Y, fixed: 0 };
    const known = "bwdq".indexOf(size);
    if (size !== "" && known >= 0) return { by: SIZE_FIXED, fixed: known };
  }
  return { by: row.operands === "v" ? SIZE_V : SIZE_FIXED, fixed: 2 };
}

type LookUps = Pick<Instructions, "conflicts" | "cellOf" | "cells" | "exactOf" | "exact" | "hasModrm">;

/** "0F 38 F0" or "D9/E8" or "50+r" → map, opcode, how many opcodes, whole ModRM byte or -1. */
export function opcodeOf(row: Row): { map: number; opcode: number; count: number; modrm: number } {
  const [bytes, exact] = row.code.replace("+r", "").split("/");
  const parts = bytes.trim().split(" ");
  const opcode = Number.parseInt(parts[parts.length - 1], 16);
  const map = parts.length === 1 ? 0 : parts.length === 2 ? MAP_0F : parts[1] === "38" ? MAP_0F38 : MAP_0F3A;
  return {
    map: row.vex === undefined ? map : map + MAP_VEX,
    opcode,
    count: row.code.includes("+r") ? 8 : row.code.includes("+cc") ? 16 : 1,
    modrm: exact === undefined ? -1 : Number.parseInt(exact, 16),
  };
}

/** Opcodes whose rows own whole ModRM bytes: 0F 01, 0F 1E, 0F AE and the eight of the x87, at most. */
const EXACT_OPCODES = 32;

const PREFIXES: Readonly<Record<string, readonly number[]>> = { NP: [0], "66": [1], F3: [2], F2: [3] };

function lookUps(rows: readonly Row[], operands: readonly (readonly Operand[])[], levels: Levels): LookUps {
  const cellOf = new Int32Array(7 * 256);
  const exactOf = new Int32Array(7 * 256);
  const hasModrm = new Uint8Array(7 * 256);
  const cells = new Int16Array((1 + 7 * 256) * 64);
  const exact = new Int16Array((1 + EXACT_OPCODES) * 256);
  let cellsUsed = 64;
  let exactUsed = 256;
  const conflicts: string[] = [];
  const fill = (row: Row, number: number, strict: boolean): void => {
    const { map, opcode, count, modrm } = opcodeOf(row);
    const suits = [...Array(16).keys()].filter((it) => fits(row, operands[number], it >> 3, it & 7));
    for (let key = map * 256 + opcode; key < map * 256 + opcode + count; key++) {
      if (modrm >= 0 || hasModrmByte(row, operands[number])) hasModrm[key] = 1;
      const prefixes = row.prefix === undefined ? [0, 1, 2, 3] : PREFIXES[row.prefix];
      const put = (into: Int16Array, at: number): void => {
        if (into[at] === 0) into[at] = number + 1;
        else if (strict && rows[into[at] - 1].prefix === row.prefix)
          conflicts.push(`${row.code} ${row.prefix ?? ""} ${row.name}: ${rows[into[at] - 1].name}`);
      };
      if (modrm >= 0) {
        if (exactOf[key] === 0) {
          exactOf[key] = exactUsed;
          exactUsed += 256;
          if (exactUsed > exact.length) conflicts.push(`${row.code}: more than ${EXACT_OPCODES} such opcodes`);
        }
        put(exact, exactOf[key] + modrm);
        continue;
      }
      if (cellOf[key] === 0) {
        cellOf[key] = cellsUsed;
        cellsUsed += 64;
      }
      for (const prefix of prefixes) {
        for (const it of suits) put(cells, cellOf[key] + prefix * 16 + it);
      }
    }
  };
  // Rows with a prefix of their own first, then those for any prefix; what the level lacks only where nothing else stands.
  for (const met of [true, false]) {
    for (const own of [true, false]) {
      rows.forEach((row, number) => {
        if (has(levels, row) === met && (row.prefix !== undefined) === own) fill(row, number, met);
      });
    }
  }
  return { conflicts, cellOf, exactOf, hasModrm, cells, exact };
}

function hasModrmByte(row: Row, operands: readonly Operand[]): boolean {
  if (row.group !== undefined || row.form !== undefined) return true;
  return operands.some(({ letter, fixed }) => (letter !== "" && "EGMNPQRSUVWCD".includes(letter)) || fixed === "STi");
}

/** Whether ModRM.mod (register or memory) and ModRM.reg suit a row. */
function fits(row: Row, operands: readonly Operand[], isRegister: number, reg: number): boolean {
  if (row.group !== undefined && row.group !== reg) return false;
  if (row.form !== undefined) return (row.form === "register") === (isRegister === 1);
  for (const { letter, fixed } of operands) {
    if (letter === "M" && isRegister === 1) return false;
    if ((fixed === "STi" || (letter !== "" && "URN".includes(letter))) && isRegister === 0) return false;
  }
  return true;
}

const stale: Handler = () => {
  throw STALE_ROW;
};

const goOn: Handler = (cpu, at) => {
  cpu.words[IP] = cpu.code[at + NEXT];
  cpu.words[IP + 1] = cpu.code[at + NEXT_HIGH];
};

const undefinedInstruction: Handler = (cpu) => {
  cpu.words[TRAP] = TRAP_UNDEFINED;
  throw PROCESSOR_TRAP;
};
