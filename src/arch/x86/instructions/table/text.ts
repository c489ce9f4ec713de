// A decoded instruction in words: AT&T syntax as objdump and gas have it, and the sentence of its row with the operands put in.

import {
  ADDRESS_SHIFT,
  CONSTANT,
  DISPLACEMENT,
  IMMEDIATE,
  IMMEDIATE_HIGH,
  INFO,
  INFO_ADDRESS16,
  INFO_ADDRESS32,
  INFO_FS,
  INFO_GS,
  INFO_LOCK,
  INFO_MEMORY,
  INFO_ROW,
  NEXT,
  NEXT_HIGH,
  REGISTERS,
  SCALE_SHIFT,
  SIZE_SHIFT,
} from "../machine/columns.ts";
import type { Row } from "../machine/row.ts";
import { IP, ZERO } from "../machine/state.ts";
import { type Instructions, type Operand, operandsOf } from "./table.ts";

/** An instruction's text, like "mov 0x8(%rsp),%rax". Addresses are hexadecimal numbers; `nameOf` may turn them into names. */
export function instructionText(
  table: Instructions,
  columns: Int32Array,
  at: number,
  nameOf?: (low: number, high: number) => string | undefined,
): string {
  const row = rowOf(table, columns, at);
  const operands = operandTexts(table, columns, at, nameOf);
  // AT&T writes the destination last, but not of enter.
  if (row.name !== "enter") operands.reverse();
  const lock = (columns[at + INFO] & INFO_LOCK) !== 0 ? "lock " : "";
  const name = lock + nameText(row, columns, at);
  if (name.endsWith(" *")) return `${name}${operands.join(",")}`;
  return operands.length === 0 ? name : `${name} ${operands.join(",")}`;
}

/** What the instruction does, in a sentence without a full stop: "copies 0x8(%rsp) to %rax". */
export function instructionSentence(
  table: Instructions,
  columns: Int32Array,
  at: number,
  nameOf?: (low: number, high: number) => string | undefined,
): string {
  const operands = operandTexts(table, columns, at, nameOf);
  return rowOf(table, columns, at).says.replace(/\{([123])\}/g, (_, n) =>
    (operands[Number(n) - 1] ?? "").replace("$", ""),
  );
}

export function rowOf(table: Instructions, columns: Int32Array, at: number): Row {
  return table.rows[columns[at + INFO] & INFO_ROW];
}

const SUFFIXES = ["b", "w", "l", "q"] as const;

function nameText(row: Row, columns: Int32Array, at: number): string {
  const info = columns[at + INFO];
  const size = (info >>> SIZE_SHIFT) & 3;
  const variants = row.name.split("|");
  const chosen = variants.length === 1 ? row.name : variants[Math.max(0, size - (variants.length === 2 ? 2 : 1))];
  const name = chosen.replace("{d}", size === 3 ? "q" : "d");
  if (!name.includes("#")) return name;
  const widens = /^mov[sz][bwl]#$/.test(name) && !row.operands.startsWith("Y");
  const inMemory = (info & INFO_MEMORY) !== 0 || /[XY]/.test(row.operands);
  const hasRegister = operandsOf(row).some(({ letter }) => letter === "G" || letter === "Z");
  return name.replace("#", widens || (inMemory && !hasRegister) ? SUFFIXES[size] : "");
}

function operandTexts(
  table: Instructions,
  columns: Int32Array,
  at: number,
  nameOf: ((low: number, high: number) => string | undefined) | undefined,
): string[] {
  const row = rowOf(table, columns, at);
  const operands = operandsOf(row).filter(({ fixed }) => fixed !== "1");
  return operands.map((operand) => operandText(table, row, operand, columns, at, nameOf));
}

function operandText(
  table: Instructions,
  row: Row,
  operand: Operand,
  columns: Int32Array,
  at: number,
  nameOf: ((low: number, high: number) => string | undefined) | undefined,
): string {
  const registers = columns[at + REGISTERS];
  const reg = registers & 255;
  const rm = (registers >>> 8) & 255;
  const bytes = sizeOf(operand, columns[at + INFO]);
  const inMemory = (columns[at + INFO] & INFO_MEMORY) !== 0;
  switch (operand.letter) {
    case "G":
      return general(reg, bytes);
    case "Z":
    case "R":
      return general(rm, bytes);
    case "E":
      return inMemory ? memoryText(table, columns, at, nameOf) : general(rm, bytes);
    case "M":
    case "O":
      return memoryText(table, columns, at, nameOf);
    case "B":
      return general(columns[at + IMMEDIATE], bytes);
    case "V":
      return `%xmm${reg}`;
    case "W":
    case "U":
      return inMemory ? memoryText(table, columns, at, nameOf) : `%xmm${rm}`;
    case "P":
      return `%mm${reg & 7}`;
    case "Q":
    case "N":
      return inMemory ? memoryText(table, columns, at, nameOf) : `%mm${rm & 7}`;
    case "S":
      return `%${["es", "cs", "ss", "ds", "fs", "gs"][reg] ?? `segment${reg}`}`;
    case "C":
      return `%cr${reg}`;
    case "D":
      return `%db${reg}`;
    case "I":
      return `$${immediateText(row, operand, columns, at)}`;
    case "J":
      return (
        nameOf?.(columns[at + IMMEDIATE], columns[at + IMMEDIATE_HIGH]) ??
        hex(columns[at + IMMEDIATE], columns[at + IMMEDIATE_HIGH])
      );
    case "X":
      return `${segmentText(columns[at + INFO])}(${pointer(table, columns, at, 12)})`;
    case "Y":
      return `(${pointer(table, columns, at, 14)})`;
    case "A":
      return `$${hex(columns[at + IMMEDIATE_HIGH], 0)},$${hex(columns[at + IMMEDIATE], 0)}`;
    default:
      return fixedText(operand.fixed ?? "", columns, at, rm);
  }
}

function fixedText(name: string, columns: Int32Array, at: number, rm: number): string {
  if (name === "rAX") return general(0, 1 << ((columns[at + INFO] >>> SIZE_SHIFT) & 3));
  if (name === "STi") return `%st(${rm & 7})`;
  if (name === "ST0") return "%st";
  if (name === "DX") return "(%dx)";
  return `%${name.toLowerCase()}`;
}

/** Bytes of an operand of general registers. */
function sizeOf(operand: Operand, info: number): number {
  const size = 1 << ((info >>> SIZE_SHIFT) & 3);
  switch (operand.size) {
    case "b":
      return 1;
    case "w":
      return 2;
    case "d":
      return 4;
    case "q":
      return 8;
    case "z":
      return Math.min(size, 4);
    default:
      return size;
  }
}

const NAMES = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"] as const;

/** A general register as the columns name it. */
function general(register: number, bytes: number): string {
  if (bytes === 1) {
    const number = register >> 3;
    if ((register & 7) === 1) return `%${"acdb"[number]}h`;
    if (number >= 8) return `%r${number}b`;
    return number < 4 ? `%${"acdb"[number]}l` : `%${NAMES[number]}l`;
  }
  const number = register >> 1;
  if (number >= 8) return `%r${number}${bytes === 8 ? "" : bytes === 4 ? "d" : "w"}`;
  return `%${bytes === 8 ? "r" : bytes === 4 ? "e" : ""}${NAMES[number]}`;
}

function pointer(table: Instructions, columns: Int32Array, at: number, register: number): string {
  const narrow = (columns[at + INFO] & INFO_ADDRESS32) !== 0;
  return general(register, table.mode === 64 && !narrow ? 8 : (columns[at + INFO] & INFO_ADDRESS16) !== 0 ? 2 : 4);
}

function segmentText(info: number): string {
  return (info & INFO_FS) !== 0 ? "%fs:" : (info & INFO_GS) !== 0 ? "%gs:" : "";
}

function memoryText(
  table: Instructions,
  columns: Int32Array,
  at: number,
  nameOf: ((low: number, high: number) => string | undefined) | undefined,
): string {
  const info = columns[at + INFO];
  const registers = columns[at + REGISTERS];
  const base = (registers >>> 16) & 255;
  const index = registers >>> 24;
  const displacement = columns[at + DISPLACEMENT];
  const segment = segmentText(info);
  const isConstant = ((info >>> ADDRESS_SHIFT) & 7) === CONSTANT;
  if (isConstant) {
    const name = nameOf?.(displacement, columns[at + IMMEDIATE_HIGH]);
    if (base !== IP) return `${segment}${name ?? hex(displacement, columns[at + IMMEDIATE_HIGH])}`;
    return name === undefined ? `${signedHex((displacement - columns[at + NEXT]) | 0)}(%rip)` : `${name}(%rip)`;
  }
  if (base === ZERO && index === ZERO)
    return segment + hex(displacement, table.mode === 64 ? columns[at + IMMEDIATE_HIGH] : 0);
  const number = displacement === 0 ? "" : signedHex(displacement);
  const first = base === ZERO ? "" : pointer(table, columns, at, base);
  if (index === ZERO) return `${segment}${number}(${first})`;
  const scale = 1 << ((info >>> SCALE_SHIFT) & 3);
  return `${segment}${number}(${first},${pointer(table, columns, at, index)},${scale})`;
}

/** Opcodes whose byte is extended to the operand's size. */
const EXTENDED = ["83", "6A", "6B"];

function immediateText(row: Row, operand: Operand, columns: Int32Array, at: number): string {
  const value = columns[at + IMMEDIATE];
  const size = 1 << ((columns[at + INFO] >>> SIZE_SHIFT) & 3);
  if (row.name === "enter") return hex(operand.size === "b" ? columns[at + IMMEDIATE_HIGH] : value & 0xffff, 0);
  if (operand.size === "b" && !EXTENDED.includes(row.code)) return hex(value & 0xff, 0);
  if (size === 8) return hex(value, operand.size === "v" ? columns[at + IMMEDIATE_HIGH] : value >> 31);
  return hex(size === 2 || operand.size === "w" ? value & 0xffff : value, 0);
}

/** 64 bits as a hexadecimal number. */
export function hex(low: number, high: number): string {
  const lower = (low >>> 0).toString(16);
  return high === 0 ? `0x${lower}` : `0x${(high >>> 0).toString(16)}${lower.padStart(8, "0")}`;
}

function signedHex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** Where the instruction goes on if nothing leads elsewhere: low and high word. */
export function nextOf(columns: Int32Array, at: number): readonly [number, number] {
  return [columns[at + NEXT], columns[at + NEXT_HIGH]];
}
