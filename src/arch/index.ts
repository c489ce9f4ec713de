// `solder/arch`: what Solder knows of the machines.

import { I386 } from "./i386/machine.ts";
import type { Machine } from "./machine.ts";
import { X86_64 } from "./x86_64/machine.ts";

export * from "./i386/relocations.ts";
export * from "./machine.ts";
export * from "./relocation.ts";
export { fitsField, relocationByName } from "./table.ts";
export * from "./x86_64/relocations.ts";
export { I386, X86_64 };

/** Every machine that Solder links and loads. */
export const MACHINES: readonly Machine[] = [X86_64, I386];

/**
 * The machine of an ELF header.
 * @param elfMachine e_machine  @param elfClass 32 or 64: EM_X86_64 with 32 is x32, which is not supported
 */
export function machineFor(elfMachine: number, elfClass: number): Machine | undefined {
  return MACHINES.find((machine) => machine.elfMachine === elfMachine && machine.elfClass === elfClass);
}

/** The machine of `-m NAME` (`elf_x86_64`) or `OUTPUT_FORMAT(NAME)` (`elf64-x86-64`). */
export function machineByEmulation(name: string): Machine | undefined {
  return MACHINES.find((machine) => machine.emulation === name || machine.bfdName === name);
}
