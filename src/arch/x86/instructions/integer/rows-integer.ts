// Rows of integer instructions: arithmetic, bits, moves, the stack.

import type { Choice, Handler, Row } from "../machine/row.ts";
import {
  addOne,
  cmpxchg,
  cmpxchgPair,
  neg,
  not,
  OP_ADC,
  OP_ADD,
  OP_AND,
  OP_CMP,
  OP_OR,
  OP_SBB,
  OP_SUB,
  OP_TEST,
  OP_XOR,
  toReg,
  toRm,
  withImmediate,
  xadd,
} from "./do-arithmetic.ts";
import { adjustPacked, adjustUnpacked, joinDigits, splitDigits } from "./do-bcd.ts";
import { BT, BTC, BTR, BTS, bitByImmediate, bitByRegister, countZeros, popcnt, scan } from "./do-bits.ts";
import {
  bswap,
  conditionalMove,
  enter,
  lahf,
  lea,
  leave,
  moveFromOffset,
  moveFromSegment,
  moveImmediate,
  moveSwapped,
  moveToOffset,
  moveToReg,
  moveToRm,
  moveToSegment,
  popAll,
  popFlags,
  popRegister,
  popRm,
  popSegment,
  pushAll,
  pushFlags,
  pushImmediate,
  pushRegister,
  pushRm,
  pushSegment,
  sahf,
  setByte,
  signToRdx,
  widen,
  widenRax,
  xchg,
  xchgRax,
  xlat,
} from "./do-move.ts";
import { divide, multiply, multiplyTo } from "./do-multiply.ts";
import { type Count, doubleShift, RCL, RCR, ROL, ROR, SAR, SHL, SHR, shift } from "./do-shift.ts";

type More = Partial<Row>;

const row = (
  code: string,
  operands: string,
  name: string,
  does: Handler | Choice,
  says: string,
  more: More = {},
): Row => ({ code, operands, name, does, says, ...more });

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");

/** The eight operations that share the opcodes 00 to 3F and 80 to 83. */
const ARITHMETIC: readonly (readonly [name: string, op: number, says: string, more: More])[] = [
  ["add", OP_ADD, "adds {2} to {1}", { writes: "OSZAPC" }],
  ["or", OP_OR, "sets in {1} the bits that are set in {2}", { writes: "OSZPC", leaves: "A" }],
  ["adc", OP_ADC, "adds {2} and the carry to {1}", { reads: "C", writes: "OSZAPC" }],
  ["sbb", OP_SBB, "subtracts {2} and the carry from {1}", { reads: "C", writes: "OSZAPC" }],
  ["and", OP_AND, "keeps in {1} the bits that are set in {2}", { writes: "OSZPC", leaves: "A" }],
  ["sub", OP_SUB, "subtracts {2} from {1}", { writes: "OSZAPC" }],
  ["xor", OP_XOR, "flips in {1} the bits that are set in {2}", { writes: "OSZPC", leaves: "A" }],
  ["cmp", OP_CMP, "compares {1} with {2}", { writes: "OSZAPC" }],
];

function arithmeticRows(): Row[] {
  return ARITHMETIC.flatMap(([name, op, says, more]) => [
    row(hex(op * 8), "Eb,Gb", name, toRm(op), says, more),
    row(hex(op * 8 + 1), "Ev,Gv", name, toRm(op), says, more),
    row(hex(op * 8 + 2), "Gb,Eb", name, toReg(op), says, more),
    row(hex(op * 8 + 3), "Gv,Ev", name, toReg(op), says, more),
    row(hex(op * 8 + 4), "AL,Ib", name, withImmediate(op), says, more),
    row(hex(op * 8 + 5), "rAX,Iz", name, withImmediate(op), says, more),
    row("80", "Eb,Ib", `${name}#`, withImmediate(op), says, { group: op, ...more }),
    row("81", "Ev,Iz", `${name}#`, withImmediate(op), says, { group: op, ...more }),
    row("82", "Eb,Ib", `${name}#`, withImmediate(op), says, { group: op, mode: 32, ...more }),
    row("83", "Ev,Ib", `${name}#`, withImmediate(op), says, { group: op, ...more }),
  ]);
}

const SHIFTS: readonly (readonly [name: string, op: number, group: number, says: string])[] = [
  ["rol", ROL, 0, "rotates {1} to the left"],
  ["ror", ROR, 1, "rotates {1} to the right"],
  ["rcl", RCL, 2, "rotates {1} and the carry to the left"],
  ["rcr", RCR, 3, "rotates {1} and the carry to the right"],
  ["shl", SHL, 4, "shifts {1} to the left"],
  ["shr", SHR, 5, "shifts {1} to the right, filling with zeros"],
  ["shl", SHL, 6, "shifts {1} to the left"],
  ["sar", SAR, 7, "shifts {1} to the right, keeping the sign"],
];

const COUNTS: readonly (readonly [codes: readonly [string, string], operand: string, count: Count, by: string])[] = [
  [["C0", "C1"], "Ib", "immediate", " by {2}"],
  [["D0", "D1"], "1", "1", " by one"],
  [["D2", "D3"], "CL", "cl", " by %cl"],
];

function shiftRows(): Row[] {
  return SHIFTS.flatMap(([name, op, group, says]) =>
    COUNTS.flatMap(([codes, operand, count, by]) => {
      const flags: More = op < SHL ? { writes: "OC", reads: op >= RCL ? "C" : "" } : { writes: "OSZPC", leaves: "A" };
      const more: More = { group, ...flags };
      return [
        row(codes[0], `Eb,${operand}`, `${name}#`, shift(op, count), says + by, more),
        row(codes[1], `Ev,${operand}`, `${name}#`, shift(op, count), says + by, more),
      ];
    }),
  );
}

/** Conditions by number, with the flags that they read and how they are said. */
export const CONDITIONS: readonly (readonly [name: string, reads: string, says: string])[] = [
  ["o", "O", "on overflow"],
  ["no", "O", "without overflow"],
  ["b", "C", "if below (carry)"],
  ["ae", "C", "if above or equal (no carry)"],
  ["e", "Z", "if equal (zero)"],
  ["ne", "Z", "if not equal (not zero)"],
  ["be", "ZC", "if below or equal"],
  ["a", "ZC", "if above"],
  ["s", "S", "if negative"],
  ["ns", "S", "if not negative"],
  ["p", "P", "on even parity"],
  ["np", "P", "on odd parity"],
  ["l", "SO", "if less"],
  ["ge", "SO", "if greater or equal"],
  ["le", "SZO", "if less or equal"],
  ["g", "SZO", "if greater"],
];

function conditionRows(): Row[] {
  return CONDITIONS.flatMap(([name, reads, says], number) => [
    row(`0F ${hex(0x40 + number)}`, "Gv,Ev", `cmov${name}`, conditionalMove(number), `copies {2} to {1} ${says}`, {
      reads,
    }),
    row(`0F ${hex(0x90 + number)}`, "Eb", `set${name}`, setByte(number), `sets {1} to 1 ${says}, else to 0`, { reads }),
  ]);
}

const BIT_TESTS: readonly (readonly [name: string, op: number, says: string])[] = [
  ["bt", BT, "copies bit {2} of {1} to the carry"],
  ["bts", BTS, "copies bit {2} of {1} to the carry, and sets it"],
  ["btr", BTR, "copies bit {2} of {1} to the carry, and clears it"],
  ["btc", BTC, "copies bit {2} of {1} to the carry, and flips it"],
];

function bitRows(): Row[] {
  const more: More = { writes: "C", leaves: "OSAP" };
  return BIT_TESTS.flatMap(([name, op, says]) => [
    row(`0F ${hex(0xa3 + op * 8)}`, "Ev,Gv", name, bitByRegister(op), says, more),
    row("0F BA", "Ev,Ib", `${name}#`, bitByImmediate(op), says, { group: 4 + op, ...more }),
  ]);
}

const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs"] as const;

function segmentRows(): Row[] {
  const pairs: readonly (readonly [push: string, pop: string | undefined, number: number, mode: 32 | undefined])[] = [
    ["06", "07", 0, 32],
    ["0E", undefined, 1, 32],
    ["16", "17", 2, 32],
    ["1E", "1F", 3, 32],
    ["0F A0", "0F A1", 4, undefined],
    ["0F A8", "0F A9", 5, undefined],
  ];
  return pairs.flatMap(([pushes, pops, number, mode]) => {
    const more: More = mode === undefined ? { wide: true } : { wide: true, mode };
    const name = SEGMENTS[number];
    const rows = [row(pushes, "v", `push %${name}`, pushSegment(number), `pushes %${name}`, more)];
    if (pops !== undefined) rows.push(row(pops, "v", `pop %${name}`, popSegment(number), `pops %${name}`, more));
    return rows;
  });
}

const ALL = "OSZAPC";

export const INTEGER_ROWS: readonly Row[] = [
  ...arithmeticRows(),
  ...shiftRows(),
  ...conditionRows(),
  ...bitRows(),
  ...segmentRows(),

  row("40+r", "Zv", "inc", addOne(1), "adds one to {1}", { mode: 32, writes: "OSZAP" }),
  row("48+r", "Zv", "dec", addOne(-1), "subtracts one from {1}", { mode: 32, writes: "OSZAP" }),
  row("FE", "Eb", "inc#", addOne(1), "adds one to {1}", { group: 0, writes: "OSZAP" }),
  row("FE", "Eb", "dec#", addOne(-1), "subtracts one from {1}", { group: 1, writes: "OSZAP" }),
  row("FF", "Ev", "inc#", addOne(1), "adds one to {1}", { group: 0, writes: "OSZAP" }),
  row("FF", "Ev", "dec#", addOne(-1), "subtracts one from {1}", { group: 1, writes: "OSZAP" }),

  row("84", "Eb,Gb", "test", toRm(OP_TEST), "looks at the common bits of {1} and {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row("85", "Ev,Gv", "test", toRm(OP_TEST), "looks at the common bits of {1} and {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row("A8", "AL,Ib", "test", withImmediate(OP_TEST), "looks at the common bits of {1} and {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row("A9", "rAX,Iz", "test", withImmediate(OP_TEST), "looks at the common bits of {1} and {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  ...[0, 1].flatMap((group) => [
    row("F6", "Eb,Ib", "test#", withImmediate(OP_TEST), "looks at the common bits of {1} and {2}", {
      group,
      writes: "OSZPC",
      leaves: "A",
    }),
    row("F7", "Ev,Iz", "test#", withImmediate(OP_TEST), "looks at the common bits of {1} and {2}", {
      group,
      writes: "OSZPC",
      leaves: "A",
    }),
  ]),
  ...["F6", "F7"].flatMap((code, n) => {
    const e = n === 0 ? "Eb" : "Ev";
    const product: More = { writes: "OC", leaves: "SZAP" };
    return [
      row(code, e, "not#", not, "flips every bit of {1}", { group: 2 }),
      row(code, e, "neg#", neg, "negates {1}", { group: 3, writes: ALL }),
      row(code, e, "mul#", multiply(false), "multiplies the accumulator by {1}, unsigned", { group: 4, ...product }),
      row(code, e, "imul#", multiply(true), "multiplies the accumulator by {1}, signed", { group: 5, ...product }),
      row(code, e, "div#", divide(false), "divides the accumulator by {1}, unsigned", { group: 6, leaves: ALL }),
      row(code, e, "idiv#", divide(true), "divides the accumulator by {1}, signed", { group: 7, leaves: ALL }),
    ];
  }),
  row("0F AF", "Gv,Ev", "imul", multiplyTo("register"), "multiplies {1} by {2}", { writes: "OC", leaves: "SZAP" }),
  row("69", "Gv,Ev,Iz", "imul", multiplyTo("immediate"), "sets {1} to {2} times {3}", { writes: "OC", leaves: "SZAP" }),
  row("6B", "Gv,Ev,Ib", "imul", multiplyTo("immediate"), "sets {1} to {2} times {3}", { writes: "OC", leaves: "SZAP" }),

  row("0F A4", "Ev,Gv,Ib", "shld", doubleShift(true, "immediate"), "shifts {1} to the left by {3}, filling from {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row("0F A5", "Ev,Gv,CL", "shld", doubleShift(true, "cl"), "shifts {1} to the left by %cl, filling from {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row(
    "0F AC",
    "Ev,Gv,Ib",
    "shrd",
    doubleShift(false, "immediate"),
    "shifts {1} to the right by {3}, filling from {2}",
    {
      writes: "OSZPC",
      leaves: "A",
    },
  ),
  row("0F AD", "Ev,Gv,CL", "shrd", doubleShift(false, "cl"), "shifts {1} to the right by %cl, filling from {2}", {
    writes: "OSZPC",
    leaves: "A",
  }),
  row("0F BC", "Gv,Ev", "bsf", scan(true), "sets {1} to the number of the lowest one bit of {2}", {
    writes: "Z",
    leaves: "OSAPC",
  }),
  row("0F BD", "Gv,Ev", "bsr", scan(false), "sets {1} to the number of the highest one bit of {2}", {
    writes: "Z",
    leaves: "OSAPC",
  }),
  row("0F B8", "Gv,Ev", "popcnt", popcnt, "counts the one bits of {2} into {1}", {
    prefix: "F3",
    needs: "popcnt",
    writes: ALL,
  }),
  row("0F BC", "Gv,Ev", "tzcnt", countZeros(false), "counts the zeros below the lowest one bit of {2} into {1}", {
    prefix: "F3",
    needs: "bmi1",
    writes: "ZC",
    leaves: "OSAP",
  }),
  row("0F BD", "Gv,Ev", "lzcnt", countZeros(true), "counts the zeros above the highest one bit of {2} into {1}", {
    prefix: "F3",
    needs: "lzcnt",
    writes: "ZC",
    leaves: "OSAP",
  }),
  row("0F C0", "Eb,Gb", "xadd", xadd, "adds {2} to {1}, whose old value goes to {2}", { writes: ALL }),
  row("0F C1", "Ev,Gv", "xadd", xadd, "adds {2} to {1}, whose old value goes to {2}", { writes: ALL }),
  row("0F B0", "Eb,Gb", "cmpxchg", cmpxchg, "stores {2} in {1} if that equals the accumulator, else loads it", {
    writes: ALL,
  }),
  row("0F B1", "Ev,Gv", "cmpxchg", cmpxchg, "stores {2} in {1} if that equals the accumulator, else loads it", {
    writes: ALL,
  }),
  // With REX.W it is cmpxchg16b, which a baseline processor is not sure to have; all that run 64-bit Linux today do.
  row(
    "0F C7",
    "My",
    "cmpxchg8b|cmpxchg16b",
    cmpxchgPair,
    "stores a register pair in {1} if that equals another, else loads it",
    {
      group: 1,
      writes: "Z",
    },
  ),
  row("27", "", "daa", adjustPacked(1), "corrects %al after an addition of decimal digits", {
    mode: 32,
    reads: "AC",
    writes: "SZAPC",
    leaves: "O",
  }),
  row("2F", "", "das", adjustPacked(-1), "corrects %al after a subtraction of decimal digits", {
    mode: 32,
    reads: "AC",
    writes: "SZAPC",
    leaves: "O",
  }),
  row("37", "", "aaa", adjustUnpacked(1), "corrects %al after an addition of a decimal digit", {
    mode: 32,
    reads: "A",
    writes: "AC",
    leaves: "OSZP",
  }),
  row("3F", "", "aas", adjustUnpacked(-1), "corrects %al after a subtraction of a decimal digit", {
    mode: 32,
    reads: "A",
    writes: "AC",
    leaves: "OSZP",
  }),
  row("D4", "Ib", "aam", splitDigits, "splits %al into two digits to the base {1}", {
    mode: 32,
    writes: "SZP",
    leaves: "OAC",
  }),
  row("D5", "Ib", "aad", joinDigits, "joins two digits to the base {1} in %al", {
    mode: 32,
    writes: "SZP",
    leaves: "OAC",
  }),

  row("88", "Eb,Gb", "mov", moveToRm, "copies {2} to {1}"),
  row("89", "Ev,Gv", "mov", moveToRm, "copies {2} to {1}"),
  row("8A", "Gb,Eb", "mov", moveToReg, "copies {2} to {1}"),
  row("8B", "Gv,Ev", "mov", moveToReg, "copies {2} to {1}"),
  row("8C", "Ev,Sw", "mov", moveFromSegment, "copies the selector {2} to {1}"),
  row("8E", "Sw,Ew", "mov", moveToSegment, "loads {2} into the segment register {1}"),
  ...([64, 32] as const).flatMap((mode) => {
    const name = mode === 64 ? "movabs" : "mov";
    return [
      row("A0", "AL,Ob", name, moveFromOffset, "copies {2} to {1}", { mode }),
      row("A1", "rAX,Ov", name, moveFromOffset, "copies {2} to {1}", { mode }),
      row("A2", "Ob,AL", name, moveToOffset, "copies {2} to {1}", { mode }),
      row("A3", "Ov,rAX", name, moveToOffset, "copies {2} to {1}", { mode }),
    ];
  }),
  row("B0+r", "Zb,Ib", "mov", moveImmediate, "sets {1} to {2}"),
  row("B8+r", "Zv,Iv", "mov|mov|movabs", moveImmediate, "sets {1} to {2}"),
  row("C6", "Eb,Ib", "mov#", moveImmediate, "sets {1} to {2}", { group: 0 }),
  row("C7", "Ev,Iz", "mov#", moveImmediate, "sets {1} to {2}", { group: 0 }),
  row("0F B6", "Gv,Eb", "movzb#", widen(1, false), "copies {2} to {1}, extended with zeros"),
  row("0F B7", "Gv,Ew", "movzw#", widen(2, false), "copies {2} to {1}, extended with zeros"),
  row("0F BE", "Gv,Eb", "movsb#", widen(1, true), "copies {2} to {1}, extended with its sign"),
  row("0F BF", "Gv,Ew", "movsw#", widen(2, true), "copies {2} to {1}, extended with its sign"),
  row("63", "Gv,Ed", "movsl#", widen(4, true), "copies {2} to {1}, extended with its sign", { mode: 64 }),
  row("8D", "Gv,M", "lea", lea, "sets {1} to the address {2}"),
  row("86", "Eb,Gb", "xchg", xchg, "exchanges {1} and {2}"),
  row("87", "Ev,Gv", "xchg", xchg, "exchanges {1} and {2}"),
  ...[1, 2, 3, 4, 5, 6, 7].map((n) => row(hex(0x90 + n), "Zv,rAX", "xchg", xchgRax, "exchanges {1} and {2}")),
  row("0F C8+r", "Zv", "bswap", bswap, "reverses the bytes of {1}"),
  row("0F 38 F0", "Gv,Mv", "movbe", moveSwapped(false), "copies {2} to {1} with its bytes reversed", {
    needs: "movbe",
  }),
  row("0F 38 F1", "Mv,Gv", "movbe", moveSwapped(true), "copies {2} to {1} with its bytes reversed", { needs: "movbe" }),
  row("98", "v", "cbtw|cwtl|cltq", widenRax, "extends the lower half of the accumulator with its sign"),
  row("99", "v", "cwtd|cltd|cqto", signToRdx, "fills %rdx with the accumulator's sign"),
  row("D7", "", "xlat", xlat, "replaces %al by the byte at %rbx + %al"),

  row("50+r", "Zv", "push", pushRegister, "pushes {1}", { wide: true }),
  row("58+r", "Zv", "pop", popRegister, "pops {1}", { wide: true }),
  row("68", "Iz", "push#", pushImmediate, "pushes {1}", { wide: true }),
  row("6A", "Ib", "push#", pushImmediate, "pushes {1}", { wide: true }),
  row("FF", "Ev", "push#", pushRm, "pushes {1}", { group: 6, wide: true }),
  row("8F", "Ev", "pop#", popRm, "pops {1}", { group: 0, wide: true }),
  row("9C", "v", "pushf", pushFlags, "pushes the flags", { wide: true, reads: ALL }),
  row("9D", "v", "popf", popFlags, "pops the flags", { wide: true, writes: ALL }),
  row("9E", "", "sahf", sahf, "sets flags from %ah", { writes: "SZAPC" }),
  row("9F", "", "lahf", lahf, "copies flags to %ah", { reads: "SZAPC" }),
  row("C8", "Iw,Ib", "enter", enter, "makes a frame of {1} bytes at level {2}", { wide: true }),
  row("C9", "v", "leave", leave, "takes the frame off the stack", { wide: true }),
  row("60", "v", "pusha", pushAll, "pushes all registers", { mode: 32 }),
  row("61", "v", "popa", popAll, "pops all registers but %esp", { mode: 32 }),
];
