// Floating point of SSE to SSE4.1: arithmetic in its four shapes, comparisons, conversions, rounding.

import type { Feature } from "../machine/levels.ts";
import type { Handler, Row } from "../machine/row.ts";
import * as arithmetic from "./do-sse-arithmetic.ts";
import * as convert from "./do-sse-convert.ts";
import { and, andNot, or, xor } from "./packed-integer.ts";
import { unpackHighQuads, unpackHighWords, unpackLowQuads, unpackLowWords } from "./packed-shuffle.ts";
import { ADD, DIVIDE, MAX, MIN, MULTIPLY, ROOT, SUBTRACT } from "./sse-float.ts";
import { xmmBy } from "./vector-operands.ts";

type Prefix = "NP" | "66" | "F2" | "F3";

/** The four shapes: suffix, prefix, operand, words of a sentence. */
const SHAPES = [
  ["ps", "NP", "Wx", "floats"],
  ["pd", "66", "Wx", "doubles"],
  ["ss", "F3", "Wd", "lowest floats"],
  ["sd", "F2", "Wq", "lowest doubles"],
] as const;

const ARITHMETIC: readonly (readonly [code: string, name: string, operation: number, says: string])[] = [
  ["58", "add", ADD, "adds the # of {2} to those of {1}"],
  ["59", "mul", MULTIPLY, "multiplies the # of {1} by those of {2}"],
  ["5C", "sub", SUBTRACT, "subtracts the # of {2} from those of {1}"],
  ["5E", "div", DIVIDE, "divides the # of {1} by those of {2}"],
  ["5D", "min", MIN, "keeps the smaller of the # of {1} and {2}"],
  ["5F", "max", MAX, "keeps the larger of the # of {1} and {2}"],
  ["51", "sqrt", ROOT, "puts the square roots of the # of {2} into {1}"],
];

function shaped(operation: number, suffix: string): Handler {
  if (suffix === "ps") return arithmetic.packedSingle(operation);
  if (suffix === "pd") return arithmetic.packedDouble(operation);
  return suffix === "ss" ? arithmetic.scalarSingle(operation) : arithmetic.scalarDouble(operation);
}

function row(
  code: string,
  prefix: Prefix,
  operands: string,
  name: string,
  does: Row["does"],
  says: string,
  needs?: Feature,
): Row {
  const it: Row = { code, prefix, operands, name, does, says };
  return needs === undefined ? it : { ...it, needs };
}

/** By the size of the operand in general registers. */
function bySize(handler: (quad: boolean) => Handler): Row["does"] {
  const [narrow, wide] = [handler(false), handler(true)];
  return { choose: ({ size }) => (size === 8 ? wide : narrow) };
}

const LOGIC: readonly (readonly [code: string, name: string, operation: typeof and, says: string])[] = [
  ["54", "and", and, "keeps the bits of {1} that are set in {2}"],
  ["55", "andn", andNot, "keeps in {1} the bits of {2} that were not set in {1}"],
  ["56", "or", or, "sets the bits of {1} that are set in {2}"],
  ["57", "xor", xor, "flips the bits of {1} that are set in {2}"],
];

const COMPARES: readonly (readonly [prefix: Prefix, suffix: string, operand: string, does: Handler])[] = [
  ["NP", "ps", "Wx", arithmetic.compareSingles(4)],
  ["66", "pd", "Wx", arithmetic.compareDoubles(2)],
  ["F3", "ss", "Wd", arithmetic.compareSingles(1)],
  ["F2", "sd", "Wq", arithmetic.compareDoubles(1)],
];

const APPROXIMATIONS: readonly (readonly [code: string, name: string, root: boolean, what: string])[] = [
  ["52", "rsqrt", true, "reciprocal square roots"],
  ["53", "rcp", false, "reciprocals"],
];

function orders(code: string, name: string, strict: boolean): readonly Row[] {
  const says = "compares {1} with {2} into ZF, PF and CF";
  return [
    { ...row(`0F ${code}`, "NP", "Vx,Wd", `${name}ss`, arithmetic.compareSingle(strict), says), writes: "OSZAPC" },
    { ...row(`0F ${code}`, "66", "Vx,Wq", `${name}sd`, arithmetic.compareDouble(strict), says), writes: "OSZAPC" },
  ];
}

function toGeneral(code: string, t: string, truncates: boolean): readonly Row[] {
  const says = `${truncates ? "truncates" : "rounds"} {2} to an integer in {1}`;
  return [
    row(
      code,
      "F3",
      "Gy,Wd",
      `cvt${t}ss2si`,
      bySize((quad) => convert.toGeneral("single", truncates, quad)),
      says,
    ),
    row(
      code,
      "F2",
      "Gy,Wq",
      `cvt${t}sd2si`,
      bySize((quad) => convert.toGeneral("double", truncates, quad)),
      says,
    ),
  ];
}

const packed = convert.convertPacked;

const CONVERSIONS: readonly Row[] = [
  row("0F 5A", "NP", "Vx,Wq", "cvtps2pd", packed("single", "double", 2), "widens two floats of {2} to doubles in {1}"),
  row("0F 5A", "66", "Vx,Wx", "cvtpd2ps", packed("double", "single", 2), "rounds two doubles of {2} to floats in {1}"),
  row("0F 5A", "F3", "Vx,Wd", "cvtss2sd", convert.singleToDouble, "widens the float {2} to a double in {1}"),
  row("0F 5A", "F2", "Vx,Wq", "cvtsd2ss", convert.doubleToSingle, "rounds the double {2} to a float in {1}"),
  row(
    "0F 5B",
    "NP",
    "Vx,Wx",
    "cvtdq2ps",
    packed("word", "single", 4),
    "converts four integers of {2} to floats in {1}",
  ),
  row("0F 5B", "66", "Vx,Wx", "cvtps2dq", packed("single", "word", 4), "rounds four floats of {2} to integers in {1}"),
  row(
    "0F 5B",
    "F3",
    "Vx,Wx",
    "cvttps2dq",
    packed("single", "word", 4, true),
    "truncates four floats of {2} to integers",
  ),
  row(
    "0F E6",
    "F3",
    "Vx,Wq",
    "cvtdq2pd",
    packed("word", "double", 2),
    "converts two integers of {2} to doubles in {1}",
  ),
  row("0F E6", "F2", "Vx,Wx", "cvtpd2dq", packed("double", "word", 2), "rounds two doubles of {2} to integers in {1}"),
  row(
    "0F E6",
    "66",
    "Vx,Wx",
    "cvttpd2dq",
    packed("double", "word", 2, true),
    "truncates two doubles of {2} to integers",
  ),
  row("0F 2A", "NP", "Vx,Qq", "cvtpi2ps", convert.convertFromMmx("single"), "converts two integers of {2} to floats"),
  row("0F 2A", "66", "Vx,Qq", "cvtpi2pd", convert.convertFromMmx("double"), "converts two integers of {2} to doubles"),
  row(
    "0F 2A",
    "F3",
    "Vx,Ey",
    "cvtsi2ss#",
    bySize((q) => convert.fromGeneral("single", q)),
    "converts {2} to a float in {1}",
  ),
  row(
    "0F 2A",
    "F2",
    "Vx,Ey",
    "cvtsi2sd#",
    bySize((q) => convert.fromGeneral("double", q)),
    "converts {2} to a double in {1}",
  ),
  row(
    "0F 2C",
    "NP",
    "Pq,Wq",
    "cvttps2pi",
    convert.convertToMmx("single", true),
    "truncates two floats of {2} to integers",
  ),
  row(
    "0F 2C",
    "66",
    "Pq,Wx",
    "cvttpd2pi",
    convert.convertToMmx("double", true),
    "truncates two doubles of {2} to integers",
  ),
  row(
    "0F 2D",
    "NP",
    "Pq,Wq",
    "cvtps2pi",
    convert.convertToMmx("single", false),
    "rounds two floats of {2} to integers",
  ),
  row(
    "0F 2D",
    "66",
    "Pq,Wx",
    "cvtpd2pi",
    convert.convertToMmx("double", false),
    "rounds two doubles of {2} to integers",
  ),
  ...toGeneral("0F 2C", "t", true),
  ...toGeneral("0F 2D", "", false),
];

const { across } = arithmetic;

const ACROSS: readonly Row[] = [
  row(
    "0F 7C",
    "F2",
    "Vx,Wx",
    "haddps",
    across(arithmetic.ADD_PAIRS_SINGLE),
    "adds neighbouring floats of {1} and {2}",
    "sse3",
  ),
  row(
    "0F 7C",
    "66",
    "Vx,Wx",
    "haddpd",
    across(arithmetic.ADD_PAIRS_DOUBLE),
    "adds the doubles of {1} and those of {2}",
    "sse3",
  ),
  row(
    "0F 7D",
    "F2",
    "Vx,Wx",
    "hsubps",
    across(arithmetic.SUBTRACT_PAIRS_SINGLE),
    "subtracts neighbouring floats",
    "sse3",
  ),
  row(
    "0F 7D",
    "66",
    "Vx,Wx",
    "hsubpd",
    across(arithmetic.SUBTRACT_PAIRS_DOUBLE),
    "subtracts neighbouring doubles",
    "sse3",
  ),
  row(
    "0F D0",
    "F2",
    "Vx,Wx",
    "addsubps",
    across(arithmetic.ALTERNATE_SINGLE),
    "subtracts even floats, adds odd ones",
    "sse3",
  ),
  row(
    "0F D0",
    "66",
    "Vx,Wx",
    "addsubpd",
    across(arithmetic.ALTERNATE_DOUBLE),
    "subtracts low doubles, adds high ones",
    "sse3",
  ),
  row(
    "0F 3A 40",
    "66",
    "Vx,Wx,Ib",
    "dpps",
    arithmetic.dotProduct(4),
    "sums products of floats that {3} names",
    "sse4.1",
  ),
  row(
    "0F 3A 41",
    "66",
    "Vx,Wx,Ib",
    "dppd",
    arithmetic.dotProduct(8),
    "sums products of doubles that {3} names",
    "sse4.1",
  ),
  row(
    "0F 3A 08",
    "66",
    "Vx,Wx,Ib",
    "roundps",
    convert.roundLanes("single", 4),
    "rounds floats of {2} to integers by {3}",
    "sse4.1",
  ),
  row(
    "0F 3A 09",
    "66",
    "Vx,Wx,Ib",
    "roundpd",
    convert.roundLanes("double", 2),
    "rounds doubles of {2} to integers by {3}",
    "sse4.1",
  ),
  row(
    "0F 3A 0A",
    "66",
    "Vx,Wd,Ib",
    "roundss",
    convert.roundLanes("single", 1),
    "rounds the float {2} to an integer by {3}",
    "sse4.1",
  ),
  row(
    "0F 3A 0B",
    "66",
    "Vx,Wq,Ib",
    "roundsd",
    convert.roundLanes("double", 1),
    "rounds the double {2} to an integer by {3}",
    "sse4.1",
  ),
];

export const SSE_FLOAT_ROWS: readonly Row[] = [
  ...ARITHMETIC.flatMap(([code, name, operation, says]) =>
    SHAPES.map(([suffix, prefix, operand, what]) =>
      row(`0F ${code}`, prefix, `Vx,${operand}`, name + suffix, shaped(operation, suffix), says.replace("#", what)),
    ),
  ),
  ...LOGIC.flatMap(([code, name, operation, says]) => [
    row(`0F ${code}`, "NP", "Vx,Wx", `${name}ps`, xmmBy(operation), says),
    row(`0F ${code}`, "66", "Vx,Wx", `${name}pd`, xmmBy(operation), says),
  ]),
  ...COMPARES.map(([prefix, suffix, operand, does]) =>
    row(
      "0F C2",
      prefix,
      `Vx,${operand},Ib`,
      `cmp${suffix}`,
      does,
      "sets lanes of {1} to all ones where they compare with {2} as {3} says",
    ),
  ),
  ...APPROXIMATIONS.flatMap(([code, name, root, what]) => [
    row(`0F ${code}`, "NP", "Vx,Wx", `${name}ps`, convert.approximation(root, 4), `approximates the ${what} of {2}`),
    row(`0F ${code}`, "F3", "Vx,Wd", `${name}ss`, convert.approximation(root, 1), `approximates the ${what} of {2}`),
  ]),
  ...orders("2E", "ucomi", false),
  ...orders("2F", "comi", true),
  row("0F 14", "NP", "Vx,Wx", "unpcklps", xmmBy(unpackLowWords), "interleaves the lower floats of {1} and {2}"),
  row("0F 14", "66", "Vx,Wx", "unpcklpd", xmmBy(unpackLowQuads), "puts the low double of {2} above that of {1}"),
  row("0F 15", "NP", "Vx,Wx", "unpckhps", xmmBy(unpackHighWords), "interleaves the upper floats of {1} and {2}"),
  row("0F 15", "66", "Vx,Wx", "unpckhpd", xmmBy(unpackHighQuads), "puts the high double of {2} above that of {1}"),
  ...CONVERSIONS,
  ...ACROSS,
  {
    code: "0F AE",
    group: 2,
    prefix: "NP",
    operands: "Md",
    name: "ldmxcsr",
    does: convert.loadControl,
    says: "sets how floating point of SSE rounds and what it raises to {1}",
  },
  {
    code: "0F AE",
    group: 3,
    prefix: "NP",
    operands: "Md",
    name: "stmxcsr",
    does: convert.storeControl,
    says: "stores how floating point of SSE rounds and what it raised in {1}",
  },
];
