// Rows of instructions that say where to go on, of string instructions, of those that ask the processor or the system, and of
// those that are known by name only.

import { changeCarry } from "../integer/do-bits.ts";
import { CMPS, LODS, MOVS, type Repeat, SCAS, STOS, string } from "../integer/do-string.ts";
import { CONDITIONS } from "../integer/rows-integer.ts";
import type { Choice, Handler, Row } from "../machine/row.ts";
import {
  breakpoint,
  call32,
  call64,
  controlRegister,
  debugTrap,
  identify,
  in32,
  indirect,
  interrupt,
  JUMPS,
  jump,
  jumpIfCountZero,
  loop,
  nothing,
  overflowTrap,
  privileged,
  readClock,
  readExtendedControl,
  ret32,
  ret64,
  retAndPop,
  setDirection,
  syscall,
  undefinedHere,
} from "./do-control.ts";
import { refuse } from "./refuse.ts";

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

const ENDS: More = { ends: true, wide: true };
const ENDS_64: More = { ...ENDS, mode: 64 };
const ENDS_32: More = { ...ENDS, mode: 32 };

/** A row for each mode: in 64-bit mode the operand size is always 64 bits, in 32-bit mode not 16. */
function inBoth(
  code: string,
  operands: string,
  name: string,
  long: Handler,
  short: Handler,
  says: string,
  more: More = {},
): Row[] {
  return [
    row(code, operands, name, long, says, { ...ENDS_64, ...more }),
    row(code, operands, name, in32(short), says, { ...ENDS_32, ...more }),
  ];
}

function conditionalJumps(): Row[] {
  return CONDITIONS.flatMap(([name, reads, says], number) => [
    ...inBoth(hex(0x70 + number), "Jb", `j${name}`, JUMPS[number], JUMPS[number], `goes on at {1} ${says}`, { reads }),
    ...inBoth(`0F ${hex(0x80 + number)}`, "Jz", `j${name}`, JUMPS[number], JUMPS[number], `goes on at {1} ${says}`, {
      reads,
    }),
  ]);
}

const STRINGS: readonly (readonly [
  code: number,
  name: string,
  op: number,
  operands: (size: string) => string,
  says: string,
])[] = [
  [0xa4, "movs", MOVS, (s) => `Y${s},X${s}`, "copies from (%rsi) to (%rdi)"],
  [0xa6, "cmps", CMPS, (s) => `X${s},Y${s}`, "compares (%rsi) with (%rdi)"],
  [0xaa, "stos", STOS, (s) => `Y${s}`, "stores the accumulator at (%rdi)"],
  [0xac, "lods", LODS, (s) => `X${s}`, "loads the accumulator from (%rsi)"],
  [0xae, "scas", SCAS, (s) => `Y${s}`, "compares the accumulator with (%rdi)"],
];

function stringRows(): Row[] {
  return STRINGS.flatMap(([code, name, op, operands, says]) =>
    ["b", "v"].flatMap((size, n) => {
      const compares = op >= SCAS;
      const flags: More = { reads: "D", writes: compares ? "OSZAPC" : "" };
      const variant = (prefix: "NP" | "F3" | "F2", repeat: Repeat): Row[] => {
        const word = repeat === "once" ? "" : repeat === "rep" ? (compares ? "repz " : "rep ") : "repnz ";
        const until = !compares ? "" : repeat === "rep" ? " and equal" : " and not equal";
        const text = repeat === "once" ? says : `${says}, while %rcx is not zero${until}`;
        const more: More = repeat === "once" ? flags : { ...flags, prefix, ends: true };
        return [row(hex(code + n), operands(size), `${word}${name}#`, string(op, repeat), text, more)];
      };
      return [...variant("NP", "once"), ...variant("F3", "rep"), ...variant("F2", "repne")];
    }),
  );
}

const HINT = "does nothing: a hint to the processor";

function hints(): Row[] {
  const codes = [0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f];
  return [
    ...codes.map((code) => row(`0F ${hex(code)}`, "Ev", "nop#", nothing, "does nothing")),
    row("0F 0D", "Mb", "prefetch", nothing, HINT, { group: 0 }),
    row("0F 0D", "Mb", "prefetchw", nothing, HINT, { group: 1 }),
    ...["nta", "t0", "t1", "t2"].map((level, group) =>
      row("0F 18", "Mb", `prefetch${level}`, nothing, HINT, { group }),
    ),
    row("0F 18", "Ev", "nop#", nothing, "does nothing", { form: "register" }),
    ...[4, 5, 6, 7].map((group) => row("0F 18", "Mv", "nop#", nothing, "does nothing", { group })),
    row("0F 1E/FA", "", "endbr64", nothing, "marks a place that indirect jumps may lead to", { prefix: "F3" }),
    row("0F 1E/FB", "", "endbr32", nothing, "marks a place that indirect jumps may lead to", { prefix: "F3" }),
    row("90", "", "nop", nothing, "does nothing"),
    row("90", "", "pause", nothing, HINT, { prefix: "F3" }),
    row("0F AE", "", "lfence", nothing, "orders loads", { group: 5, form: "register", prefix: "NP" }),
    row("0F AE", "", "mfence", nothing, "orders loads and stores", { group: 6, form: "register", prefix: "NP" }),
    row("0F AE", "", "sfence", nothing, "orders stores", { group: 7, form: "register", prefix: "NP" }),
    row("0F AE", "Mb", "clflush", nothing, "takes a line out of the caches", { group: 7, prefix: "NP" }),
  ];
}

const PRIVILEGED: readonly (readonly [code: string, operands: string, name: string, group?: number])[] = [
  ["F4", "", "hlt"],
  ["FA", "", "cli"],
  ["FB", "", "sti"],
  ["E4", "AL,Ib", "in"],
  ["E5", "rAX,Ib", "in"],
  ["EC", "AL,DX", "in"],
  ["ED", "rAX,DX", "in"],
  ["E6", "Ib,AL", "out"],
  ["E7", "Ib,rAX", "out"],
  ["EE", "DX,AL", "out"],
  ["EF", "DX,rAX", "out"],
  ["6C", "Yb", "insb"],
  ["6D", "Yz", "insl"],
  ["6E", "Xb", "outsb"],
  ["6F", "Xz", "outsl"],
  ["0F 06", "", "clts"],
  ["0F 08", "", "invd"],
  ["0F 09", "", "wbinvd"],
  ["0F 30", "", "wrmsr"],
  ["0F 32", "", "rdmsr"],
  ["0F 33", "", "rdpmc"],
  ["0F 07", "", "sysret"],
  ["0F 00", "Ew", "lldt", 2],
  ["0F 00", "Ew", "ltr", 3],
  ["0F 01", "M", "lgdt", 2],
  ["0F 01", "M", "lidt", 3],
  ["0F 01", "Ew", "lmsw", 6],
  ["0F 01", "M", "invlpg", 7],
];

/** Decoded and named, but not executed: nothing that is compiled or written for Linux today uses them. */
const REFUSED: readonly (readonly [code: string, operands: string, name: string, more?: More])[] = [
  ["62", "Gv,M", "bound", { mode: 32 }],
  ["63", "Ew,Gw", "arpl", { mode: 32 }],
  ["C4", "Gz,M", "les", { mode: 32 }],
  ["C5", "Gz,M", "lds", { mode: 32 }],
  ["9A", "Ap", "lcall", { mode: 32 }],
  ["EA", "Ap", "ljmp", { mode: 32 }],
  ["CA", "Iw", "lret"],
  ["CB", "", "lret"],
  ["CF", "", "iret"],
  ["D6", "", "salc", { mode: 32 }],
  ["FF", "M", "lcall", { group: 3 }],
  ["FF", "M", "ljmp", { group: 5 }],
  ["0F 00", "Ev", "sldt", { group: 0 }],
  ["0F 00", "Ev", "str", { group: 1 }],
  ["0F 00", "Ew", "verr", { group: 4 }],
  ["0F 00", "Ew", "verw", { group: 5 }],
  ["0F 01", "M", "sgdt", { group: 0 }],
  ["0F 01", "M", "sidt", { group: 1 }],
  ["0F 01", "Ev", "smsw", { group: 4 }],
  ["0F 01/D1", "", "xsetbv"],
  ["0F 01/D5", "", "xend"],
  ["0F 01/D6", "", "xtest"],
  ["0F 01/C8", "", "monitor"],
  ["0F 01/C9", "", "mwait"],
  ["0F 02", "Gv,Ew", "lar"],
  ["0F 03", "Gv,Ew", "lsl"],
  ["0F 34", "", "sysenter"],
  ["0F B2", "Gv,M", "lss"],
  ["0F B4", "Gv,M", "lfs"],
  ["0F B5", "Gv,M", "lgs"],
  ["0F C7", "Rv", "rdrand", { group: 6 }],
  ["0F C7", "Rv", "rdseed", { group: 7 }],
  ["C7", "Jz", "xbegin", { group: 7, form: "register" }],
  ["C6", "Ib", "xabort", { group: 7, form: "register" }],
  ["0F AE", "M", "xsave", { group: 4, prefix: "NP" }],
  ["0F AE", "M", "xrstor", { group: 5, prefix: "NP" }],
  ["0F AE", "M", "xsaveopt", { group: 6, prefix: "NP" }],
  ["0F AE", "Ry", "rdfsbase", { group: 0, prefix: "F3", form: "register" }],
  ["0F AE", "Ry", "rdgsbase", { group: 1, prefix: "F3", form: "register" }],
  ["0F AE", "Ry", "wrfsbase", { group: 2, prefix: "F3", form: "register" }],
  ["0F AE", "Ry", "wrgsbase", { group: 3, prefix: "F3", form: "register" }],
  ["0F C7", "M", "xrstors", { group: 3 }],
  ["0F C7", "M", "xsavec", { group: 4 }],
  ["0F C7", "M", "xsaves", { group: 5 }],
];

const CLOCK = "reads the clock of the processor into %edx:%eax";

export const CONTROL_ROWS: readonly Row[] = [
  ...conditionalJumps(),
  ...stringRows(),
  ...hints(),
  ...inBoth("EB", "Jb", "jmp", jump, jump, "goes on at {1}"),
  ...inBoth("E9", "Jz", "jmp", jump, jump, "goes on at {1}"),
  ...inBoth("E8", "Jz", "call", call64, call32, "calls {1}: pushes the address behind it and goes on there"),
  ...inBoth("FF", "Ev", "call *", indirect(8, true), indirect(4, true), "calls what {1} holds", { group: 2 }),
  ...inBoth("FF", "Ev", "jmp *", indirect(8, false), indirect(4, false), "goes on at what {1} holds", { group: 4 }),
  ...inBoth("C3", "v", "ret", ret64, ret32, "returns: pops the address to go on at"),
  ...inBoth("C2", "Iw", "ret", retAndPop(8), retAndPop(4), "returns and takes {1} bytes off the stack"),
  ...inBoth(
    "E0",
    "Jb",
    "loopne",
    loop("not zero"),
    loop("not zero"),
    "counts %rcx down; goes on at {1} unless it or ZF says end",
    {
      reads: "Z",
    },
  ),
  ...inBoth(
    "E1",
    "Jb",
    "loope",
    loop("zero"),
    loop("zero"),
    "counts %rcx down; goes on at {1} unless it or ZF says end",
    {
      reads: "Z",
    },
  ),
  ...inBoth("E2", "Jb", "loop", loop("nothing"), loop("nothing"), "counts %rcx down; goes on at {1} until it is zero"),
  row("E3", "Jb", "jrcxz", jumpIfCountZero, "goes on at {1} if %rcx is zero", ENDS_64),
  row("E3", "Jb", "jecxz", in32(jumpIfCountZero), "goes on at {1} if %ecx is zero", ENDS_32),

  row("0F 05", "", "syscall", syscall, "asks the kernel", { ends: true, mode: 64 }),
  row("CD", "Ib", "int", interrupt, "asks the kernel by interrupt {1}", { ends: true }),
  row("CC", "", "int3", breakpoint, "stops for a debugger", { ends: true }),
  row("F1", "", "int1", debugTrap, "stops as a debugger's trap does"),
  row("CE", "", "into", overflowTrap, "stops on overflow", { mode: 32, reads: "O" }),
  row("0F A2", "", "cpuid", identify, "tells what the processor can do"),
  row("0F 31", "", "rdtsc", readClock(false), CLOCK, { ends: true }),
  row("0F 01/F9", "", "rdtscp", readClock(true), CLOCK, { ends: true }),
  row("0F 01/D0", "", "xgetbv", readExtendedControl, "reads which states the system saves into %edx:%eax"),
  row("F5", "", "cmc", changeCarry("other"), "flips the carry", { reads: "C", writes: "C" }),
  row("F8", "", "clc", changeCarry(0), "clears the carry", { writes: "C" }),
  row("F9", "", "stc", changeCarry(1), "sets the carry", { writes: "C" }),
  row("FC", "", "cld", setDirection(1), "string instructions go upwards", { writes: "D" }),
  row("FD", "", "std", setDirection(-1), "string instructions go downwards", { writes: "D" }),
  row("0F 0B", "", "ud2", undefinedHere, "is undefined on purpose", { ends: true }),
  row("0F B9", "Gv,Ev", "ud1", undefinedHere, "is undefined on purpose", { ends: true }),
  row("0F 35", "", "sysexit", undefinedHere, "may be used by the kernel only", { ends: true }),
  row("0F FF", "Gv,Ev", "ud0", undefinedHere, "is undefined on purpose", { ends: true }),

  ...["20 Rd,Cd", "21 Rd,Dd", "22 Cd,Rd", "23 Dd,Rd"].map((it) => {
    const [code, operands] = it.split(" ");
    const says = "may be used by the kernel only";
    return row(`0F ${code}`, operands, "mov", controlRegister(operands.includes("C")), says, { ends: true });
  }),
  ...PRIVILEGED.map(([code, operands, name, group]) =>
    row(code, operands, name, privileged, "may be used by the kernel only", {
      ends: true,
      ...(group === undefined ? {} : { group }),
    }),
  ),
  ...REFUSED.map(([code, operands, name, more]) =>
    row(code, operands, name, refuse, "is not simulated", { ends: true, refused: true, ...more }),
  ),
];
