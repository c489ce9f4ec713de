// Each row of the instruction table against the processor: random cases executed natively and in the interpreter, every
// register, flag and byte compared.
//
//   node build/test/arch/x86/judge.js 200                 # cases a row, all rows, 64-bit; prints what differs
//   node build/test/arch/x86/judge.js 200 32 add          # in 32-bit mode; rows of one name
//   node build/test/arch/x86/judge.js 2000 64 /sse/ 7     # rows that match, another seed
//
// In 32-bit mode general registers are judged under qemu-i386. The x87, MMX and SSE are by the processor, in 64-bit mode: with prefix
// 67, which makes addresses 32 bits wide, their instructions mean the same there (wide.ts).

import type { Row } from "../../../src/arch/x86/instructions/machine/row.ts";
import { makeCase } from "./cases.ts";
import { createInterpreter, type Interpreter, interpret } from "./interpreted.ts";
import { execute, faultOf, flagsOf, ipOf, records, SIGSEGV, type State, signalOf, WINDOW_AT } from "./processor.ts";
import { random, seedOf } from "./values.ts";
import { fromWide, isAlike, toWide } from "./wide.ts";

/** Rows that cannot be compared so, and why. */
const UNJUDGED: readonly (readonly [names: RegExp, why: string])[] = [
  [/^(syscall|sysret|sysenter|sysexit|int|int3|int1|into)\b/, "hands over to the system"],
  [/^(cpuid|rdtsc|rdtscp|rdrand|rdseed|rdpid|xgetbv)$/, "another processor answers otherwise"],
  [/^(xsave|xrstor|xsavec)/, "announced only where it is simulated"],
  [/^(clflush|prefetch)/, "nothing to see but the faults"],
  [/^(iret|lret|lcall|ljmp|retf)/, "changes segments"],
];

/** What qemu-i386 7.2 does otherwise than processors, by opcode: second encodings, undefined forms, faults, blsi's carry. */
const QEMU_DIFFERS: readonly RegExp[] = [
  /^F[67] 1 test/,
  /^0F C8/,
  /^0F 18/,
  /^0F AE . (ld|fx)/,
  /blsi/,
  // Another kernel's selectors.
  /push %[fg]s/,
  // A selector that can be loaded is one the handler then has.
  /pop %[defgs]s/,
];

/** Why a row is left out, or undefined. */
export function unjudged(row: Row, mode: 64 | 32): string | undefined {
  const called = `${row.code} ${row.group ?? ""} ${row.name}`;
  // Half of the xmm registers.
  if (mode === 32 && /^fx(save|rstor)/.test(row.name)) return "stores other registers in 64-bit mode";
  if (mode === 32 && isAlike(row)) return unjudgedAnywhere(row);
  if (mode === 32 && QEMU_DIFFERS.some((it) => it.test(called))) return "qemu differs";
  return unjudgedAnywhere(row);
}

function unjudgedAnywhere(row: Row): string | undefined {
  if (row.refused === true) return "not simulated";
  if (/[CD][dqy]/.test(row.operands)) return "control registers are the kernel's";
  if (row.operands.includes("Sw")) return "segment registers are the kernel's";
  return UNJUDGED.find(([names]) => names.test(row.name))?.[1];
}

const FLAG_BITS: Readonly<Record<string, number>> = { C: 1, P: 4, A: 16, Z: 64, S: 128, D: 0x400, O: 0x800 };
/** What EFLAGS of a user program may differ in by an instruction: above and ID; RF, IF, IOPL, TF are the kernel's. */
const COMPARED_FLAGS = 0xcd5 | 0x20_0000;

function leftFlags(row: Row, mode: 64 | 32): number {
  // Of counts that are not 1 OF is undefined. Processors agree on what it is in shifts and rotates, qemu does not.
  const counted = mode === 64 ? /^sh[lr]d/ : /^(sh[lr]|sar|ro[lr]|rc[lr])/;
  if (counted.test(row.name) && !/^D[01]/.test(row.code)) return FLAG_BITS.A | FLAG_BITS.O;
  return [...(row.leaves ?? "")].reduce((bits, letter) => bits | (FLAG_BITS[letter] ?? 0), 0);
}

export interface Difference {
  readonly row: Row;
  readonly code: string;
  readonly before: State;
  readonly what: readonly string[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const NAMES = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

/** What differs between the processor's state and the interpreter's, in words; nothing if nothing does. */
export function differences(row: Row, mode: 64 | 32, native: State, mine: State): readonly string[] {
  const out: string[] = [];
  const say = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) out.push(`${what}: processor ${a}, here ${b}`);
  };
  // A jump to where nothing is: the processor faults there, the interpreter would at its next step.
  const jumped = row.ends === true && signalOf(native) === SIGSEGV && ipOf(native) === ipOf(mine);
  if (!jumped) say("signal", signalOf(native), signalOf(mine));
  if (signalOf(native) === SIGSEGV && signalOf(mine) === SIGSEGV)
    say("fault", faultOf(native).toString(16), faultOf(mine).toString(16));
  say("ip", ipOf(native).toString(16), ipOf(mine).toString(16));
  const mask = COMPARED_FLAGS & ~leftFlags(row, mode);
  say("flags", (flagsOf(native) & mask).toString(16), (flagsOf(mine) & mask).toString(16));
  for (let i = 0; i < 16; i++) say(NAMES[i], general(native, i), general(mine, i));
  compareFloats(row, mode, native, mine, say);
  if (hex(native.window) !== hex(mine.window) && !likeWindow(row, native, mine)) {
    const at = native.window.findIndex((byte, i) => byte !== mine.window[i]);
    const from = at & ~15;
    say(
      `memory at ${(WINDOW_AT + from).toString(16)}`,
      hex(native.window.slice(from, from + 32)),
      hex(mine.window.slice(from, from + 32)),
    );
  }
  return out;
}

function general(state: State, i: number): string {
  const [low, high] = [state.general[2 * i] >>> 0, state.general[2 * i + 1] >>> 0];
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

type Say = (what: string, a: unknown, b: unknown) => void;

function compareFloats(row: Row, mode: 64 | 32, native: State, mine: State, say: Say): void {
  const one = (from: number, to: number) =>
    [hex(native.fxsave.slice(from, to)), hex(mine.fxsave.slice(from, to))] as const;
  // Frames of qemu do not always have them.
  if (mode === 32) return;
  say("x87 control", ...one(0, 2));
  // C1 of a transcendental function tells which way the processor's own approximation was rounded.
  const transcendental = TRANSCENDENTAL.test(row.name);
  const status = (state: State): number => (state.fxsave[2] | (state.fxsave[3] << 8)) & (transcendental ? ~0x200 : -1);
  say("x87 status", status(native).toString(16), status(mine).toString(16));
  say("x87 tags", ...one(4, 5));
  say("mxcsr", ...one(24, 28));
  for (let i = 0; i < 8; i++) {
    const at = 32 + 16 * i;
    if (transcendental && i < 2 && isNextTo(native.fxsave, mine.fxsave, at)) continue;
    say(`st${i}`, ...one(at, at + 10));
  }
  for (let i = 0; i < 16; i++) {
    const at = 160 + 16 * i;
    if (/^(rcp|rsqrt)/.test(row.name) && isNear(native, mine, at)) continue;
    say(`xmm${i}`, ...one(at, at + 16));
  }
}

const TRANSCENDENTAL = /^f(sin|cos|sincos|ptan|patan|2xm1|yl2x|yl2xp1)$/;

/** Extended numbers that are next to each other, over a power of two as well: what the manuals promise of these functions. */
function isNextTo(a: Uint8Array, b: Uint8Array, at: number): boolean {
  const [x, y] = [a, b].map((it) => {
    const view = new DataView(it.buffer, it.byteOffset + at, 10);
    // The first bit of the significand, which is always set, is left out, so that the rest counts on over powers of two.
    const place = BigInt(view.getUint16(8, true) & 0x7fff) * 2n ** 63n + BigInt.asUintN(63, view.getBigUint64(0, true));
    return { place, sign: view.getUint8(9) >> 7 };
  });
  const apart = x.place - y.place;
  return x.sign === y.sign && apart >= -1n && apart <= 1n;
}

/** Approximations: within twice 1.5 × 2^-12 of each other. */
function isNear(native: State, mine: State, at: number): boolean {
  for (let i = at; i < at + 16; i += 4) {
    const [a, b] = [native, mine].map(({ fxsave }) => new DataView(fxsave.buffer, fxsave.byteOffset + i, 4));
    if (a.getUint32(0) === b.getUint32(0)) continue;
    const [x, y] = [a.getFloat32(0, true), b.getFloat32(0, true)];
    if (!(Math.abs(x - y) <= Math.abs(x) * 3 * 2 ** -12)) return false;
  }
  return true;
}

/** fnstenv, fnsave and fxsave also store where the last x87 instruction was, which nobody keeps here. */
function likeWindow(row: Row, native: State, mine: State): boolean {
  if (!/^(fn?stenv|fn?save|fxsave)/.test(row.name)) return false;
  const differ: number[] = [];
  native.window.forEach((byte, i) => {
    if (byte !== mine.window[i]) differ.push(i);
  });
  const first = differ[0];
  const last = differ[differ.length - 1];
  return last - first < 20;
}

export interface Verdict {
  readonly row: Row;
  readonly cases: number;
  readonly differing: number;
  readonly examples: readonly Difference[];
}

/** Judges rows, `cases` of each. */
export function judge(mode: 64 | 32, rows: readonly Row[], cases: number, seed = 0): readonly Verdict[] {
  const interpreter = createInterpreter(mode);
  const verdicts: Verdict[] = [];
  const batch = Math.max(1, Math.floor(4000 / cases));
  for (let i = 0; i < rows.length; i += batch) {
    verdicts.push(...judgeBatch(interpreter, mode, rows.slice(i, i + batch), cases, seed));
  }
  return verdicts;
}

function judgeBatch(
  interpreter: Interpreter,
  mode: 64 | 32,
  rows: readonly Row[],
  cases: number,
  seed: number,
): readonly Verdict[] {
  const before = records(rows.length * cases);
  rows.forEach((row, i) => {
    const r = random(seedOf(`${row.code} ${row.prefix} ${row.name} ${row.operands}`) + seed);
    for (let j = 0; j < cases; j++) makeCase(row, mode, r, before.states[i * cases + j]);
  });
  const native = executeBoth(mode, rows, cases, before);
  const mine = records(1).states[0];
  return rows.map((row, i) => {
    const judgedIn = mode === 32 && isAlike(row) ? 64 : mode;
    const examples: Difference[] = [];
    let differing = 0;
    for (let j = i * cases; j < (i + 1) * cases; j++) {
      interpret(interpreter, before.states[j], mine);
      const what = differences(row, judgedIn, native[j], mine);
      if (what.length === 0) continue;
      differing++;
      if (examples.length < 5)
        examples.push({ row, code: hex(before.states[j].code).replace(/(cc)+$/, ""), before: before.states[j], what });
    }
    return { row, cases, differing, examples };
  });
}

/** Executes cases where their rows are judged. */
function executeBoth(
  mode: 64 | 32,
  rows: readonly Row[],
  cases: number,
  { bytes, states }: ReturnType<typeof records>,
): readonly State[] {
  if (mode === 64) return execute(64, bytes);
  const isWide = states.map((_, i) => isAlike(rows[Math.floor(i / cases)]));
  const wide = executeSome(64, states, isWide, toWide);
  const narrow = executeSome(
    32,
    states,
    isWide.map((it) => !it),
  );
  return states.map((state, i) => (isWide[i] ? fromWide(state, wide[i]) : narrow[i]));
}

/** Executes those of the states that are wanted; the others are left empty. */
function executeSome(
  mode: 64 | 32,
  states: readonly State[],
  wanted: readonly boolean[],
  change?: (state: State) => void,
): readonly State[] {
  const chosen = states.filter((_, i) => wanted[i]);
  const out: State[] = [];
  if (chosen.length === 0) return out;
  const copies = records(chosen.length);
  chosen.forEach((state, i) => {
    copies.states[i].whole.set(state.whole);
    change?.(copies.states[i]);
  });
  const executed = execute(mode, copies.bytes);
  let next = 0;
  wanted.forEach((it, i) => {
    if (it) out[i] = executed[next++];
  });
  return out;
}

/** The rows of a mode that can be judged. */
export function judgedRows(mode: 64 | 32): readonly Row[] {
  return createInterpreter(mode).instructions.rows.filter((row) => unjudged(row, mode) === undefined);
}

function main(args: readonly string[]): number {
  const [cases = "200", mode = "64", name = "/./", seed = "0"] = args;
  const wanted = /^\/.*\/$/.test(name) ? new RegExp(name.slice(1, -1)) : new RegExp(`^${name}$`);
  const bits = mode === "32" ? 32 : 64;
  const rows = judgedRows(bits).filter((row) => wanted.test(row.name));
  let bad = 0;
  for (const { row, differing, examples } of judge(bits, rows, Number(cases), Number(seed))) {
    if (differing === 0) continue;
    bad++;
    console.log(
      `${row.code} ${row.prefix ?? ""} ${row.group ?? ""} ${row.name} ${row.operands}: ${differing} of ${cases} differ`,
    );
    for (const { code, what, before } of examples.slice(0, 2)) {
      const view = new DataView(before.fxsave.buffer, before.fxsave.byteOffset, 32);
      console.log(
        `  ${code}  mxcsr ${view.getUint32(24, true).toString(16)} x87 ${view.getUint32(0, true).toString(16)}`,
      );
      if (/^D[89A-F]/.test(row.code))
        console.log(`    st ${[0, 1].map((i) => hex(before.fxsave.slice(32 + 16 * i, 42 + 16 * i))).join(" ")}`);
      for (const line of what) console.log(`    ${line}`);
    }
  }
  console.log(`${rows.length} rows, ${rows.length * Number(cases)} cases, ${bad} rows differ`);
  return bad === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith("judge.js")) process.exitCode = main(process.argv.slice(2));
