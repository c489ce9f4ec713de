// The x87: opcodes D8 to DF, fwait, and what saves its state. Names are AT&T's, which has fsub and fsubr (and fdiv, fdivr) of
// DC and DE the other way round than Intel (binutils' documentation, "AT&T Mnemonic versus Intel Mnemonic").

import type { Handler, Row } from "../machine/row.ts";
import * as arithmetic from "./do-x87-arithmetic.ts";
import * as control from "./do-x87-control.ts";
import * as other from "./do-x87-function.ts";
import * as move from "./do-x87-move.ts";

/** Arithmetic by ModRM.reg. */
const ARITHMETIC: readonly (readonly [group: number, name: string, operation: number, says: string])[] = [
  [0, "fadd", arithmetic.ADD, "adds {2} to {1}"],
  [1, "fmul", arithmetic.MULTIPLY, "multiplies {1} by {2}"],
  [4, "fsub", arithmetic.SUBTRACT, "subtracts {2} from {1}"],
  [5, "fsubr", arithmetic.SUBTRACT_REVERSED, "subtracts {1} from {2} into {1}"],
  [6, "fdiv", arithmetic.DIVIDE, "divides {1} by {2}"],
  [7, "fdivr", arithmetic.DIVIDE_REVERSED, "divides {2} by {1} into {1}"],
];

/** Opcodes of memory operands: opcode, what it is, letter of its size, AT&T's suffix and prefix of the name. */
const MEMORY: readonly (readonly [code: string, source: arithmetic.Source, size: string, suffix: string, i: string])[] =
  [
    ["D8", "single", "d", "s", ""],
    ["DC", "double", "q", "l", ""],
    ["DA", "int32", "d", "l", "i"],
    ["DE", "int16", "w", "s", "i"],
  ];

/** AT&T's reversed names for what goes into another register than the top. */
const EXCHANGED: Readonly<Record<string, string>> = { fsub: "fsubr", fsubr: "fsub", fdiv: "fdivr", fdivr: "fdiv" };

/** fadd → fiadd. */
const integerName = (name: string, i: string): string => (i === "" ? name : `fi${name.slice(1)}`);

export const X87_ROWS: readonly Row[] = [
  ...MEMORY.flatMap(([code, source, size, suffix, i]) => [
    ...ARITHMETIC.map(
      ([group, name, operation, says]): Row => ({
        code,
        group,
        form: "memory",
        operands: `M${size}`,
        name: integerName(name, i) + suffix,
        does: arithmetic.byMemory(operation, source),
        says: says.replaceAll("{1}", "%st").replace("{2}", "{1}"),
      }),
    ),
    memory(
      code,
      2,
      size,
      integerName("fcom", i) + suffix,
      arithmetic.compareMemory(source, 0),
      "compares %st with {1}",
    ),
    memory(
      code,
      3,
      size,
      integerName("fcomp", i) + suffix,
      arithmetic.compareMemory(source, 1),
      "compares %st with {1} and pops",
    ),
  ]),
  ...ARITHMETIC.flatMap(([group, name, operation, says]) => registers(group, name, operation, says)),
  ...loadsAndStores(),
  ...stack(),
  ...comparisons(),
  ...controls(),
  ...alone(),
];

function memory(code: string, group: number, size: string, name: string, does: Handler, says: string): Row {
  return { code, group, form: "memory", operands: `M${size}`, name, does, says };
}

function register(code: string, group: number, name: string, does: Handler, says: string): Row {
  return { code, group, operands: "STi", name, does, says };
}

function registers(group: number, name: string, operation: number, says: string): readonly Row[] {
  // DC and DE: ModRM.reg of the operation and of its reverse change places.
  const other = group >= 4 ? group ^ 1 : group;
  const exchanged = EXCHANGED[name] ?? name;
  return [
    { code: "D8", group, operands: "ST0,STi", name, does: arithmetic.byRegister(operation, false, 0), says },
    {
      code: "DC",
      group: other,
      operands: "STi,ST0",
      name: exchanged,
      does: arithmetic.byRegister(operation, true, 0),
      says,
    },
    {
      code: "DE",
      group: other,
      operands: "STi,ST0",
      name: `${exchanged}p`,
      does: arithmetic.byRegister(operation, true, 1),
      says: `${says} and pops`,
    },
  ];
}

function loadsAndStores(): readonly Row[] {
  const push = "pushes {1} on the floating-point stack";
  const store = "stores %st in {1}";
  const storePop = "stores %st in {1} and pops";
  const truncate = "truncates %st to an integer in {1} and pops";
  return [
    memory("D9", 0, "d", "flds", move.load(4), push),
    memory("DD", 0, "q", "fldl", move.load(8), push),
    memory("DB", 5, "t", "fldt", move.loadExtended, push),
    memory("DF", 0, "w", "filds", move.loadInteger(2), push),
    memory("DB", 0, "d", "fildl", move.loadInteger(4), push),
    memory("DF", 5, "q", "fildll", move.loadInteger(8), push),
    memory("DF", 4, "t", "fbld", move.loadDecimal, push),
    memory("D9", 2, "d", "fsts", move.store(4, false), store),
    memory("DD", 2, "q", "fstl", move.store(8, false), store),
    memory("D9", 3, "d", "fstps", move.store(4, true), storePop),
    memory("DD", 3, "q", "fstpl", move.store(8, true), storePop),
    memory("DB", 7, "t", "fstpt", move.storeExtended, storePop),
    memory("DF", 2, "w", "fists", move.storeInteger(16, false, false), store),
    memory("DB", 2, "d", "fistl", move.storeInteger(32, false, false), store),
    memory("DF", 3, "w", "fistps", move.storeInteger(16, true, false), storePop),
    memory("DB", 3, "d", "fistpl", move.storeInteger(32, true, false), storePop),
    memory("DF", 7, "q", "fistpll", move.storeInteger(64, true, false), storePop),
    memory("DF", 6, "t", "fbstp", move.storeDecimal, storePop),
    { ...memory("DF", 1, "w", "fisttps", move.storeInteger(16, true, true), truncate), needs: "sse3" },
    { ...memory("DB", 1, "d", "fisttpl", move.storeInteger(32, true, true), truncate), needs: "sse3" },
    { ...memory("DD", 1, "q", "fisttpll", move.storeInteger(64, true, true), truncate), needs: "sse3" },
  ];
}

function stack(): readonly Row[] {
  const moves: readonly (readonly [code: string, group: number, name: string, condition: number, says: string])[] = [
    ["DA", 0, "fcmovb", 2, "below"],
    ["DA", 1, "fcmove", 4, "equal"],
    ["DA", 2, "fcmovbe", 6, "below or equal"],
    ["DA", 3, "fcmovu", 10, "unordered"],
    ["DB", 0, "fcmovnb", 3, "not below"],
    ["DB", 1, "fcmovne", 5, "not equal"],
    ["DB", 2, "fcmovnbe", 7, "above"],
    ["DB", 3, "fcmovnu", 11, "ordered"],
  ];
  return [
    register("D9", 0, "fld", move.loadRegister, "pushes a copy of {1} on the floating-point stack"),
    register("D9", 1, "fxch", move.exchange, "exchanges %st and {1}"),
    register("DD", 0, "ffree", control.free(false), "marks {1} as empty"),
    register("DF", 0, "ffreep", control.free(true), "marks {1} as empty and pops"),
    register("DD", 2, "fst", move.storeRegister(false), "copies %st to {1}"),
    register("DD", 3, "fstp", move.storeRegister(true), "copies %st to {1} and pops"),
    // Second encodings that the 8087 had and processors still take.
    register("DD", 1, "fxch", move.exchange, "exchanges %st and {1}"),
    register("DF", 1, "fxch", move.exchange, "exchanges %st and {1}"),
    register("DF", 2, "fstp", move.storeRegister(true), "copies %st to {1} and pops"),
    register("DF", 3, "fstp", move.storeRegister(true), "copies %st to {1} and pops"),
    ...moves.map(
      ([code, group, name, condition, says]): Row => ({
        code,
        group,
        operands: "ST0,STi",
        name,
        does: move.moveIf(condition),
        reads: "ZPC",
        says: `copies {2} to {1} if ${says}`,
      }),
    ),
  ];
}

function comparisons(): readonly Row[] {
  const { compareRegister } = arithmetic;
  const says = "compares %st with {1}";
  const flags = (code: string, group: number, name: string, quietly: boolean, pops: 0 | 1): Row => ({
    code,
    group,
    operands: "ST0,STi",
    name,
    does: compareRegister("flags", quietly, pops),
    writes: "OSZAPC",
    says: "compares {1} with {2} into ZF, PF and CF",
  });
  return [
    register("D8", 2, "fcom", compareRegister("conditions", false, 0), says),
    register("D8", 3, "fcomp", compareRegister("conditions", false, 1), `${says} and pops`),
    register("DC", 2, "fcom", compareRegister("conditions", false, 0), says),
    register("DC", 3, "fcomp", compareRegister("conditions", false, 1), `${says} and pops`),
    register("DE", 2, "fcomp", compareRegister("conditions", false, 1), `${says} and pops`),
    register("DD", 4, "fucom", compareRegister("conditions", true, 0), says),
    register("DD", 5, "fucomp", compareRegister("conditions", true, 1), `${says} and pops`),
    one("DE/D9", "fcompp", compareRegister("conditions", false, 2), "compares %st with %st(1) and pops both"),
    one("DA/E9", "fucompp", compareRegister("conditions", true, 2), "compares %st with %st(1) and pops both"),
    flags("DB", 6, "fcomi", false, 0),
    flags("DF", 6, "fcomip", false, 1),
    flags("DB", 5, "fucomi", true, 0),
    flags("DF", 5, "fucomip", true, 1),
    one("D9/E4", "ftst", arithmetic.compareZero, "compares %st with 0"),
    one("D9/E5", "fxam", other.examine, "tells the class of %st in the condition bits"),
  ];
}

function one(code: string, name: string, does: Handler, says: string): Row {
  return { code, operands: "", name, does, says };
}

function controls(): readonly Row[] {
  const environment = (code: string, group: number, name: string, does: Handler, says: string): Row => ({
    code,
    group,
    form: "memory",
    // The size of 16 bits by prefix 66 is that of the fields.
    operands: "Mv",
    name,
    does,
    says,
  });
  return [
    memory("D9", 5, "w", "fldcw", control.loadControlWord, "sets precision, rounding and masks of the x87 to {1}"),
    memory("D9", 7, "w", "fnstcw", control.storeControlWord, "stores precision, rounding and masks of the x87 in {1}"),
    memory("DD", 7, "w", "fnstsw", control.storeStatusWord, "stores the x87's status in {1}"),
    { code: "DF/E0", operands: "AX", name: "fnstsw", does: control.statusToAx, says: "copies the x87's status to %ax" },
    environment("D9", 4, "fldenv", control.loadEnvironment, "loads the x87's environment from {1}"),
    environment(
      "D9",
      6,
      "fnstenv",
      control.storeEnvironment,
      "stores the x87's environment in {1} and masks exceptions",
    ),
    environment("DD", 4, "frstor", control.restore, "loads all of the x87's state from {1}"),
    environment("DD", 6, "fnsave", control.save, "stores all of the x87's state in {1} and resets it"),
    one("DB/E2", "fnclex", control.clearExceptions, "clears the x87's exceptions"),
    one("DB/E3", "fninit", control.initialise, "resets the x87"),
    one("D9/D0", "fnop", control.nothing, "does nothing"),
    one("D9/F6", "fdecstp", control.moveTop(7), "moves the top of the floating-point stack down"),
    one("D9/F7", "fincstp", control.moveTop(1), "moves the top of the floating-point stack up"),
    { code: "9B", operands: "", name: "fwait", does: control.waitOnly, says: "waits for exceptions of the x87" },
    {
      code: "0F 77",
      prefix: "NP",
      operands: "",
      name: "emms",
      does: control.leaveMmx,
      says: "marks all MMX registers as empty",
    },
    {
      code: "0F AE",
      prefix: "NP",
      group: 0,
      form: "memory",
      operands: "My",
      name: "fxsave|fxsave64",
      does: control.saveExtended,
      says: "stores the state of x87 and SSE in {1}",
    },
    {
      code: "0F AE",
      prefix: "NP",
      group: 1,
      form: "memory",
      operands: "My",
      name: "fxrstor|fxrstor64",
      does: control.restoreExtended,
      says: "loads the state of x87 and SSE from {1}",
    },
  ];
}

function alone(): readonly Row[] {
  const sign = move.changeSign;
  const { constant } = move;
  return [
    one(
      "D9/E0",
      "fchs",
      sign((top) => top ^ 0x8000),
      "changes the sign of %st",
    ),
    one(
      "D9/E1",
      "fabs",
      sign((top) => top & 0x7fff),
      "makes %st positive",
    ),
    one("D9/E8", "fld1", constant(0, 0x8000_0000, 0, 0), "pushes 1"),
    one("D9/E9", "fldl2t", constant(1, 0xd49a_784b, 0xcd1b_8afe, 0x492b_f6ff), "pushes the binary logarithm of 10"),
    one("D9/EA", "fldl2e", constant(0, 0xb8aa_3b29, 0x5c17_f0bb, 0xbe87_fed0), "pushes the binary logarithm of e"),
    one("D9/EB", "fldpi", constant(1, 0xc90f_daa2, 0x2168_c234, 0xc4c6_628b), "pushes π"),
    one("D9/EC", "fldlg2", constant(-2, 0x9a20_9a84, 0xfbcf_f798, 0x8f89_59ac), "pushes the decimal logarithm of 2"),
    one("D9/ED", "fldln2", constant(-1, 0xb172_17f7, 0xd1cf_79ab, 0xc9e3_b398), "pushes the natural logarithm of 2"),
    one("D9/EE", "fldz", constant(0, 0, 0, 0), "pushes 0"),
    one("D9/F0", "f2xm1", other.power, "replaces %st by 2 to its power, less 1"),
    one("D9/F1", "fyl2x", other.logarithm, "multiplies %st(1) by the binary logarithm of %st and pops"),
    one("D9/F2", "fptan", other.circularPair("tangent"), "replaces %st by its tangent and pushes 1"),
    one("D9/F3", "fpatan", other.arctangent, "replaces %st(1) by the angle of the point (%st, %st(1)) and pops"),
    one("D9/F4", "fxtract", other.extract, "replaces %st by its exponent and pushes its significand"),
    one("D9/F5", "fprem1", other.remainder(true), "replaces %st by its remainder by %st(1), as IEEE 754 defines it"),
    one("D9/F8", "fprem", other.remainder(false), "replaces %st by its remainder by %st(1)"),
    one("D9/F9", "fyl2xp1", other.logarithmPlusOne, "multiplies %st(1) by the binary logarithm of %st + 1 and pops"),
    one("D9/FA", "fsqrt", arithmetic.root, "replaces %st by its square root"),
    one("D9/FB", "fsincos", other.circularPair("both"), "replaces %st by its sine and pushes its cosine"),
    one("D9/FC", "frndint", arithmetic.roundToWhole, "rounds %st to an integer"),
    one("D9/FD", "fscale", other.scale, "multiplies %st by 2 to the power of %st(1)"),
    one("D9/FE", "fsin", other.circular("sine"), "replaces %st by its sine"),
    one("D9/FF", "fcos", other.circular("cosine"), "replaces %st by its cosine"),
  ];
}
