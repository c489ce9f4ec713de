// One function of relocatable objects, executed: `loadObjects` has placed and relocated them, and here the function is called as the
// psABI says, and what it returns is read. There is no program around it, and no system to ask.

import {
  type Cpu,
  createCpu,
  createInstructions,
  createMemory,
  FS_BASE,
  GS_BASE,
  IP,
  LEVELS,
  type Levels,
  LONGEST,
  type Mode,
  PAGE,
  R8,
  R9,
  RAX,
  RCX,
  RDI,
  RDX,
  RSI,
  RSP,
  XMM,
} from "../arch/x86/instructions/index.ts";
import { EM_386, EM_X86_64, error, type Problem, STT_GNU_IFUNC, STT_OBJECT, STT_TLS } from "../elf/index.ts";
import { type ObjectsLoaded, type PlacedObject, SLOT_WORDS, type SymbolValue } from "../load/relocatable/index.ts";
import { type Code, createCode, setBreak } from "./code.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { readBytes, touch, writeBytes } from "./memory/address-space.ts";
import { createFrames } from "./memory/pages.ts";
import { type ObjectsMemory, objectsMemory } from "./objects-memory.ts";
import { executed, type Observer, run, STOP_OBSERVED, STOP_SYSTEM_CALL, STOP_TRAP } from "./run.ts";
import { type Fault, faultOf } from "./system/faults.ts";

/** A number of floating point: of 64 bits, or of 32. */
export interface FloatArgument {
  readonly value: number;
  readonly isSingle: boolean;
}

/** Integers and addresses, from -2^63 to 2^64 - 1 (of i386 from -2^31 to 2^32 - 1), and floating point. */
export type CallArgument = bigint | FloatArgument;

export interface CallOptions {
  readonly args?: readonly CallArgument[];
  /** Default: x86-64's baseline. */
  readonly levels?: Levels;
  readonly limits?: { readonly instructions?: number; readonly memory?: number };
}

/** A function that is about to be executed, or is. */
export interface FunctionCall {
  readonly loaded: ObjectsLoaded;
  readonly mode: Mode;
  /** What is executed: for an IFUNC what its resolver has chosen. */
  readonly target: number;
  readonly memory: ObjectsMemory;
  readonly code: Code;
  readonly cpu: Cpu;
  readonly limits: { readonly instructions: number; readonly memory: number };
}

export type CallEnd =
  /** `result` is what rax or eax holds, without a sign. */
  | { readonly kind: "returned"; readonly result: bigint; readonly instructions: number }
  | {
      readonly kind: "fault";
      readonly fault: Fault;
      /** The instruction, and its bytes as far as they can be read. */
      readonly where: number;
      readonly bytes: Uint8Array;
      readonly instructions: number;
    }
  | { readonly kind: "system-call"; readonly number: number; readonly where: number }
  /** A limit. */
  | { readonly kind: "stopped"; readonly problem: Problem }
  /** The observer said so. */
  | { readonly kind: "observed" };

/**
 * Puts objects into memory, with a processor at the beginning of a function.
 * @param loaded objects without problems  @param name of the function: a global one, or a local one that has no namesake
 */
export function callFunction(loaded: ObjectsLoaded, name: string, options: CallOptions = {}): FunctionCall | Problem {
  const mode = modeOf(loaded);
  if (typeof mode === "object") return mode;
  const symbol = functionNamed(loaded, name);
  if ("code" in symbol) return symbol;
  if (symbol.type === STT_OBJECT || symbol.type === STT_TLS) return error("call-of-data", {}, { symbol: name });
  const args = options.args ?? [];
  const odd = args.find((it) => typeof it === "bigint" && (it < -(2n ** BigInt(mode - 1)) || it >= 2n ** BigInt(mode)));
  if (odd !== undefined) return error("call-argument", {}, { text: String(odd), bits: mode });
  const limits = { instructions: DEFAULT_LIMITS.instructions, memory: DEFAULT_LIMITS.memory, ...options.limits };
  const buffer = createMemory(Math.max(16, Math.floor(limits.memory / PAGE)));
  const levels = options.levels ?? LEVELS.baseline;
  const code = createCode(buffer, createInstructions(mode, levels), limits.instructions);
  const memory = objectsMemory(createFrames(buffer), loaded, mode / 8);
  if ("severity" in memory) return memory;
  buffer.miss = (low, high, access) => touch(memory.space, (low >>> 0) + (high >>> 0) * 2 ** 32, access);
  setBreak(code, memory.back | 0, Math.floor(memory.back / 2 ** 32), true);
  const at = (target: number, words: readonly CallArgument[]): FunctionCall => {
    const cpu = createCpu(buffer, mode, levels, code.columns);
    enter(cpu, memory, target, words);
    return { loaded, mode, target, memory, code, cpu, limits };
  };
  const problem = bindSlots(loaded, memory, (resolver) => chosenBy(at(resolver, [])));
  if (problem !== undefined) return problem;
  if (symbol.type !== STT_GNU_IFUNC) return at(symbol.address, args);
  const chosen = chosenBy(at(symbol.address, []));
  return chosen === undefined ? error("call-resolver-failed", {}, { symbol: name }) : at(chosen, args);
}

function modeOf({ objects }: ObjectsLoaded): Mode | Problem {
  const first: PlacedObject | undefined = objects[0];
  const machine = first?.elf.header.machine;
  const elfClass = first?.elf.elfClass;
  if (machine === EM_X86_64 && elfClass === 64) return 64;
  if (machine === EM_386 && elfClass === 32) return 32;
  return error("call-other-machine", { file: first?.name ?? "" }, { machine: first?.machine.name ?? "nothing" });
}

function functionNamed({ globals, objects }: ObjectsLoaded, name: string): SymbolValue | Problem {
  const global = globals.find((it) => it.name === name);
  if (global !== undefined) return global.value;
  const locals = objects.flatMap(({ values, symbols }) =>
    values.filter((it, index) => it?.definer !== undefined && symbols[index]?.name === name),
  );
  const [first] = locals;
  if (first === undefined) return error("call-no-function", {}, { symbol: name });
  return locals.length === 1 ? first : error("call-several-functions", {}, { symbol: name, count: locals.length });
}

/** Registers of integer arguments, and how many xmm registers there are for others (x86-64 psABI, 3.2.3). */
const ARGUMENTS: readonly number[] = [RDI, RSI, RDX, RCX, R8, R9];
const VECTOR_ARGUMENTS = 8;

/**
 * What rax begins with where there are arguments in xmm registers: al tells functions with any number of arguments how many, and the rest
 * is to be known again, where a function has not set rax.
 */
const UNSET = 0x756e_7365_7420_0000n;

/** Whether rax is still as it was before the function. */
export function isUnset(result: bigint): boolean {
  return result >> 8n === UNSET >> 8n;
}

/** Where arguments go: those of each kind of register, and the words of the stack. */
interface Placed {
  readonly integers: readonly bigint[];
  readonly floats: readonly FloatArgument[];
  readonly words: readonly bigint[];
}

/** On i386 all are on the stack, a double as two words. */
function placeArguments(args: readonly CallArgument[], mode: Mode): Placed {
  const integers: bigint[] = [];
  const floats: FloatArgument[] = [];
  const words: bigint[] = [];
  for (const it of args) {
    if (typeof it === "bigint") {
      if (mode === 64 && integers.length < ARGUMENTS.length) integers.push(it);
      else words.push(it);
    } else if (mode === 64 && floats.length < VECTOR_ARGUMENTS) floats.push(it);
    else {
      const bits = floatBits(it);
      words.push(mode === 64 ? bits : bits & 0xffff_ffffn);
      if (mode === 32 && !it.isSingle) words.push(bits >> 32n);
    }
  }
  return { integers, floats, words };
}

/** As memory has it; a number of 32 bits in the lower half. */
function floatBits({ value, isSingle }: FloatArgument): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (isSingle) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return view.getBigUint64(0, true);
}

/** The state at a function's first instruction: arguments, return address, an aligned stack, the thread pointer. */
function enter(cpu: Cpu, memory: ObjectsMemory, target: number, args: readonly CallArgument[]): void {
  const { words, mode } = cpu;
  const wordBytes = mode / 8;
  const put = (at: number, value: number | bigint): void => {
    const whole = BigInt.asUintN(mode, BigInt(value));
    words[at] = Number(whole & 0xffff_ffffn) | 0;
    words[at + 1] = Number(whole >> 32n) | 0;
  };
  const { integers, floats, words: onStack } = placeArguments(args, mode);
  for (const [index, value] of integers.entries()) put(ARGUMENTS[index], value);
  for (const [index, value] of floats.entries()) put(XMM + 4 * index, floatBits(value));
  if (floats.length > 0) put(RAX, UNSET | BigInt(floats.length));
  // Behind the return address the stack is a multiple of 16 (both psABIs).
  const room = Math.ceil((onStack.length * wordBytes + 256) / 16) * 16;
  const arguments_ = memory.stack.end - room;
  for (const [index, value] of onStack.entries()) putWord(memory, arguments_ + index * wordBytes, value, wordBytes);
  putWord(memory, arguments_ - wordBytes, BigInt(memory.back), wordBytes);
  put(RSP, arguments_ - wordBytes);
  put(mode === 64 ? FS_BASE : GS_BASE, memory.threadPointer);
  put(IP, target);
}

function putWord({ space }: ObjectsMemory, address: number, value: bigint, wordBytes: number): void {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, value), true);
  writeBytes(space, address, new Uint8Array(view.buffer, 0, wordBytes));
}

/** Fills words of GOTs that are decided when a program runs: those of IFUNCs, by their resolvers. */
function bindSlots(
  { objects }: ObjectsLoaded,
  memory: ObjectsMemory,
  choose: (resolver: number) => number | undefined,
): Problem | undefined {
  for (const { name: file, slots, values, machine } of objects) {
    let address = slots.gotAddress;
    for (const { kind, name, words } of slots.entries) {
      const word = address;
      address += SLOT_WORDS[kind] * machine.wordBytes;
      if (words.every((it) => it !== undefined)) continue;
      if (kind === "tls-desc") return error("call-tls-descriptor", { file }, { symbol: name });
      const symbol = values.find((it) => it?.name === name && it.type === STT_GNU_IFUNC);
      const chosen = symbol && choose(symbol.address);
      if (chosen === undefined) return error("call-resolver-failed", { file }, { symbol: name });
      putWord(memory, word, BigInt(chosen), machine.wordBytes);
    }
  }
  return undefined;
}

function chosenBy(call: FunctionCall): number | undefined {
  const end = runCall(call);
  return end.kind === "returned" ? Number(end.result) : undefined;
}

const SLICE = 1 << 22;

/** Executes the function until it returns, or cannot go on. */
export function runCall(call: FunctionCall, observer?: Observer): CallEnd {
  const { cpu, code, memory, limits } = call;
  for (;;) {
    const left = limits.instructions - executed(cpu);
    if (left <= 0)
      return { kind: "stopped", problem: error("run-too-long", {}, { instructions: limits.instructions }) };
    const why = run(cpu, code, Math.min(left, SLICE), observer);
    if (pair(cpu, IP) === memory.back) {
      const { words, mode } = cpu;
      const high = mode === 64 ? BigInt(words[RAX + 1] >>> 0) << 32n : 0n;
      return { kind: "returned", result: high | BigInt(words[RAX] >>> 0), instructions: executed(cpu) };
    }
    if (why === STOP_SYSTEM_CALL) return { kind: "system-call", number: cpu.words[RAX], where: pair(cpu, IP) };
    if (why === STOP_OBSERVED) return { kind: "observed" };
    if (why === STOP_TRAP) return faultEnd(call);
  }
}

function faultEnd({ cpu, memory, limits }: FunctionCall): CallEnd {
  const fault = faultOf(cpu);
  if (fault === undefined)
    return { kind: "stopped", problem: error("run-out-of-memory", {}, { bytes: limits.memory }) };
  const where = pair(cpu, IP);
  const bytes: number[] = [];
  for (let at = where; bytes.length < LONGEST; at++) {
    const byte = readBytes(memory.space, at, 1);
    if (byte === undefined) break;
    bytes.push(byte[0]);
  }
  return { kind: "fault", fault, where, bytes: Uint8Array.from(bytes), instructions: executed(cpu) };
}

function pair({ words, mode }: Cpu, at: number): number {
  return (words[at] >>> 0) + (mode === 64 ? (words[at + 1] >>> 0) * 2 ** 32 : 0);
}
