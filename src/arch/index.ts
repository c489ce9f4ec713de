// `solder/arch`: what Solder knows of the machines.

import { AARCH64 } from "./aarch64/tables.ts";
import { ARM } from "./arm/tables.ts";
import { I386 } from "./i386/machine.ts";
import { LOONGARCH64 } from "./loongarch64/tables.ts";
import type { Machine, MachineTables } from "./machine.ts";
import { MIPS64 } from "./mips64/tables.ts";
import { PPC64LE } from "./ppc64le/tables.ts";
import { RISCV64 } from "./riscv64/tables.ts";
import { S390X } from "./s390x/tables.ts";
import { X86_64 } from "./x86_64/machine.ts";

export * from "./field.ts";
export * from "./i386/relocations.ts";
export * from "./machine.ts";
export * from "./relocation.ts";
export { relocationByName } from "./table.ts";
export * from "./x86_64/relocations.ts";
export { ARM, I386, MIPS64, S390X, X86_64 };

/** Every machine that Solder links. */
export const MACHINES: readonly Machine[] = [X86_64, I386];

/** Every machine that Solder knows, a line each: it reads and explains their files. */
const KNOWN: readonly MachineTables[] = [
  X86_64, //
  I386,
  AARCH64,
  RISCV64,
  PPC64LE,
  LOONGARCH64,
  ARM,
  S390X,
  MIPS64,
];

/** All of them. */
export function knownMachines(): readonly MachineTables[] {
  return KNOWN;
}

/**
 * What is known of the machine of an ELF file.
 * @param elfMachine e_machine  @param elfClass 32 or 64: EM_X86_64 with 32 is x32, which is not supported
 */
export function machineTables(elfMachine: number, elfClass: number, littleEndian: boolean): MachineTables | undefined {
  return KNOWN.find(
    (it) => it.elfMachine === elfMachine && it.elfClass === elfClass && it.littleEndian === littleEndian,
  );
}

/**
 * The machine of an ELF header, for those that link.
 * @param elfMachine e_machine  @param elfClass 32 or 64: EM_X86_64 with 32 is x32, which is not supported
 */
export function machineFor(elfMachine: number, elfClass: number): Machine | undefined {
  return MACHINES.find((machine) => machine.elfMachine === elfMachine && machine.elfClass === elfClass);
}

/** The machine of `-m NAME` (`elf_x86_64`) or `OUTPUT_FORMAT(NAME)` (`elf64-x86-64`). */
export function machineByEmulation(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.emulation === name || machine.bfdName === name);
}
