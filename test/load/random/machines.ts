// The machines that random processes are made for: with which assembler, which linkers, and in which words of the assembler's
// language. x86-64 and, where the kernel runs it, i386 are this machine's; the others are judged under qemu-user.

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { which } from "../../support/tools.ts";
import { GUESTS, type Guest } from "../judges/guest.ts";
import { guestTools } from "../machines/workshop.ts";
import { AARCH64, ARM, type Dialect, I386, RISCV64, X86_64 } from "./dialects.ts";
import { LINKERS, type LinkerName } from "./names.ts";

export interface RandomMachine {
  readonly name: string;
  readonly wordBytes: 4 | 8;
  readonly dialect: Dialect;
  /** Compiles and links programs. */
  readonly cc: string;
  readonly as: readonly string[];
  /** Commands that link libraries; one that is left out does not know the machine. */
  readonly linkers: Partial<Readonly<Record<LinkerName, readonly string[]>>>;
  /** What programs are linked with, but for GNU ld. */
  readonly programLinkers: readonly LinkerName[];
  /** A directory in which the compiler finds linkers that its prefix has not; undefined if it finds all. */
  readonly linkerDirectory: (() => string) | undefined;
  /** The C library to link with, below the root directory. */
  readonly libc: string;
  /** Libraries may have absolute addresses in their text. */
  readonly hasTextRelocations: boolean;
  /** e_machine of a machine that it is not. */
  readonly foreign: number;
  readonly guest: Guest | undefined;
  /** The loader of musl, where that is the C library. */
  readonly musl?: string;
  /** What must be installed to make and judge a process. */
  readonly tools: readonly string[];
}

function native(target: Target, dialect: Dialect, libc: string): RandomMachine {
  const wide = target.wordBytes === 8;
  return {
    name: target.name,
    wordBytes: target.wordBytes,
    dialect,
    cc: target.cc,
    as: ["as", wide ? "--64" : "--32"],
    linkers: Object.fromEntries(LINKERS.map((name) => [name, [name, "-m", target.emulation]])),
    programLinkers: wide ? ["gold", "ld.lld", "mold"] : ["gold"],
    linkerDirectory: undefined,
    libc,
    hasTextRelocations: !wide,
    foreign: EM_AARCH64,
    guest: undefined,
    tools: [...target.tools, ...linkerCommands()],
  };
}

const EM_AARCH64 = 183;
const EM_X86_64 = 62;

interface GuestFacts {
  readonly dialect: Dialect;
  readonly wordBytes: 4 | 8;
  /** What lld and mold call it. */
  readonly emulation: string;
  readonly others: readonly LinkerName[];
  /** Of them those that link programs, if not all. */
  readonly forPrograms?: readonly LinkerName[];
  readonly hasTextRelocations: boolean;
}

const GUEST_FACTS: Readonly<Record<string, GuestFacts>> = {
  aarch64: {
    dialect: AARCH64,
    wordBytes: 8,
    emulation: "aarch64linux",
    others: ["gold", "ld.lld", "mold"],
    hasTextRelocations: false,
  },
  arm: {
    dialect: ARM,
    wordBytes: 4,
    emulation: "armelf_linux_eabi",
    others: ["gold", "ld.lld", "mold"],
    hasTextRelocations: true,
  },
  riscv64: {
    dialect: RISCV64,
    wordBytes: 8,
    emulation: "elf64lriscv",
    others: ["ld.lld", "mold"],
    hasTextRelocations: false,
  },
  i386: {
    dialect: I386,
    wordBytes: 4,
    emulation: "elf_i386",
    others: ["gold", "ld.lld", "mold"],
    forPrograms: ["gold"],
    hasTextRelocations: true,
  },
};

function foreigner(guest: Guest): RandomMachine | undefined {
  const facts = GUEST_FACTS[guest.machine];
  if (facts === undefined) return undefined;
  const { dialect, wordBytes, emulation, others, forPrograms = others, hasTextRelocations } = facts;
  const prefix = guest.gcc.replace(/gcc$/, "");
  const commands: Readonly<Record<LinkerName, readonly string[]>> = {
    ld: [`${prefix}ld`],
    gold: [`${prefix}ld.gold`],
    "ld.lld": ["ld.lld", "-m", emulation],
    mold: ["mold", "-m", emulation, "--no-fork", "--no-threads"],
  };
  const known: readonly LinkerName[] = ["ld", ...others];
  return {
    name: guest.machine,
    wordBytes,
    dialect,
    cc: guest.gcc,
    as: [`${prefix}as`],
    linkers: Object.fromEntries(known.map((name) => [name, commands[name]])),
    programLinkers: forPrograms,
    linkerDirectory: foreignLinkers,
    libc: `/lib/${guest.triplet}/libc.so.6`,
    hasTextRelocations,
    foreign: guest.machine === "aarch64" ? EM_X86_64 : EM_AARCH64,
    guest,
    tools: [...guestTools(guest), `${prefix}as`, ...known.map((name) => commands[name][0])],
  };
}

/** The same machine with musl. What gcc adds to a program is glibc's, so that these are linked without. */
function withMusl(machine: RandomMachine, processor: string, directory: string): RandomMachine {
  const loader = `/lib/ld-musl-${processor}.so.1`;
  const { guest } = machine;
  return {
    ...machine,
    name: `${machine.name}-musl`,
    libc: `/lib/${directory}/libc.so`,
    musl: loader,
    guest: guest === undefined ? undefined : { ...guest, loader, hasResolvers: false },
    tools: guest === undefined ? [...machine.tools, loader] : machine.tools,
  };
}

let linkerDirectory: string | undefined;

/** A cross compiler looks for `PREFIX-ld.lld`, or for `ld.lld` in directories that -B gives. */
function foreignLinkers(): string {
  if (linkerDirectory === undefined || !existsSync(linkerDirectory)) {
    linkerDirectory = scratch("linkers");
    mkdirSync(linkerDirectory, { recursive: true });
    for (const name of ["ld.lld", "ld.mold"]) {
      const path = which(name);
      if (path !== undefined) symlinkSync(path, join(linkerDirectory, name));
    }
  }
  return linkerDirectory;
}

const NATIVE: readonly RandomMachine[] = [
  native(x86_64, X86_64, "/lib/x86_64-linux-gnu/libc.so.6"),
  native(i386, I386, "/lib32/libc.so.6"),
];

const FOREIGN: readonly RandomMachine[] = GUESTS.flatMap((guest) => foreigner(guest) ?? []);

/** How musl calls a processor, and where Debian's package has its library. */
const MUSL: Readonly<Record<string, readonly [processor: string, directory: string]>> = {
  "x86-64": ["x86_64", "x86_64-linux-musl"],
  aarch64: ["aarch64", "aarch64-linux-musl"],
  arm: ["armhf", "arm-linux-musleabihf"],
};

/** Those of this processor first. */
export const RANDOM_MACHINES: readonly RandomMachine[] = [
  ...NATIVE,
  ...FOREIGN,
  ...[...NATIVE, ...FOREIGN].flatMap((machine) => {
    const [processor, directory] = MUSL[machine.name] ?? [];
    return processor === undefined || directory === undefined ? [] : withMusl(machine, processor, directory);
  }),
];

/** What they are called on the machine itself. */
function linkerCommands(): readonly string[] {
  return LINKERS.map((name) => (name === "gold" ? "ld.gold" : name));
}
