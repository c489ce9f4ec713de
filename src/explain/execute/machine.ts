// A program that is stopped, as a debugger shows it: registers, the instructions around, the stack, memory. Data; who draws it has the
// words for what is not here.

import { type Cpu, IP, RAX, RSP, readFlags } from "../../arch/x86/instructions/index.ts";
import { currentTask, type Execution } from "../../execute/execute.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import type { Process } from "../../execute/system/state.ts";
import type { Disassembler } from "../disassembly.ts";
import { offsetText, type PlaceCache, placeAt } from "./places.ts";

export interface MachineState {
  /** Instructions executed until now. */
  readonly step: number;
  /** ip. */
  readonly address: number;
  readonly where: string;
  /** Name and value in hexadecimal; what stands there, if it is an address of something known. */
  readonly registers: readonly { readonly name: string; readonly value: string; readonly where: string }[];
  /** Names of flags that are set. */
  readonly flags: readonly string[];
  /** The instruction that is next, and those behind it in memory. */
  readonly code: readonly CodeLine[];
  /** From the stack pointer on. */
  readonly stack: readonly { readonly address: number; readonly value: string; readonly where: string }[];
}

export interface CodeLine {
  readonly address: number;
  readonly where: string;
  readonly text: string;
  readonly bytes: string;
}

const NAMES: readonly string[] = "ax cx dx bx sp bp si di 8 9 10 11 12 13 14 15".split(" ");
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [0, "CF"],
  [2, "PF"],
  [4, "AF"],
  [6, "ZF"],
  [7, "SF"],
  [10, "DF"],
  [11, "OF"],
];

/** Words of the stack and instructions that are told. */
const STACK_WORDS = 12;
const CODE_LINES = 10;
/** x86's longest instruction. */
const LONGEST = 15;

/** @returns undefined if nobody runs any more */
export function machineState(
  execution: Execution,
  disassemble: Disassembler | undefined,
  cache: PlaceCache,
): MachineState | undefined {
  const task = currentTask(execution);
  if (task === undefined || task.ended) return undefined;
  const { cpu, process } = task;
  const bytes = process.mode / 8;
  const where = (address: number): string => whereShort(process, address, cache);
  const address = wordOf(cpu, IP);
  const pointer = wordOf(cpu, RSP);
  const stack = readBytes(process.space, pointer, STACK_WORDS * bytes) ?? new Uint8Array(0);
  const view = new DataView(stack.buffer, stack.byteOffset, stack.byteLength);
  return {
    step: execution.system.executed,
    address,
    where: where(address),
    registers: registersOf(cpu).map(([name, value]) => ({
      name,
      value,
      where: name === "eflags" ? "" : where(Number(value)),
    })),
    flags: FLAGS.flatMap(([bit, name]) => ((readFlags(cpu) >>> bit) & 1 ? [name] : [])),
    code: codeAt(process, address, disassemble, where),
    stack: Array.from({ length: Math.floor(stack.length / bytes) }, (_, i) => {
      const low = view.getUint32(i * bytes, true);
      const high = bytes === 8 ? view.getUint32(i * bytes + 4, true) : 0;
      const value = low + high * 2 ** 32;
      return { address: pointer + i * bytes, value: wideText(low, high), where: where(value) };
    }),
  };
}

/** General registers, ip and flags, in hexadecimal, by the names of the mode. */
export function registersOf(cpu: Cpu): [name: string, value: string][] {
  const { mode, words } = cpu;
  const prefix = mode === 64 ? "r" : "e";
  const registers = NAMES.slice(0, mode === 64 ? 16 : 8).map((name, index): [string, string] => {
    const at = RAX + 2 * index;
    return [`${prefix}${name}`, wideText(words[at], mode === 64 ? words[at + 1] : 0)];
  });
  registers.push([`${prefix}ip`, `0x${wordOf(cpu, IP).toString(16)}`]);
  registers.push(["eflags", `0x${(readFlags(cpu) >>> 0).toString(16)}`]);
  return registers;
}

function wideText(low: number, high: number): string {
  return high === 0
    ? `0x${(low >>> 0).toString(16)}`
    : `0x${(high >>> 0).toString(16)}${(low >>> 0).toString(16).padStart(8, "0")}`;
}

export function wordOf({ words, mode }: Cpu, at: number): number {
  return (words[at] >>> 0) + (mode === 64 ? (words[at + 1] >>> 0) * 2 ** 32 : 0);
}

/** `puts+0x12 of libc.so.6`, `[stack]`; empty where nothing is mapped, or for what has no name. */
export function whereShort(process: Process, address: number, cache: PlaceCache): string {
  const place = placeAt(process.space, address, cache);
  if (place === undefined || place.object === "") return "";
  const object = place.object.slice(place.object.lastIndexOf("/") + 1);
  if (place.symbol === undefined)
    return object.startsWith("[") ? object : place.isFixed ? object : `${object}${offsetText(place)}`;
  return `${place.symbol}${place.offset === 0 ? "" : `+0x${place.offset.toString(16)}`} of ${object}`;
}

function codeAt(
  process: Process,
  address: number,
  disassemble: Disassembler | undefined,
  where: (address: number) => string,
): CodeLine[] {
  const most = CODE_LINES * LONGEST;
  // To the end of the page if nothing is mapped behind it.
  const code = readBytes(process.space, address, most) ?? readBytes(process.space, address, 4096 - (address % 4096));
  if (code === undefined) return [];
  const found =
    disassemble?.(code, address, process.mode === 64 ? "x86-64" : "i386", address + code.length).slice(0, CODE_LINES) ??
    [];
  return found.map((one) => ({
    address: one.address,
    where: where(one.address),
    text: one.text,
    bytes: hexOf(code.subarray(one.address - address, one.address - address + one.bytes)),
  }));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
