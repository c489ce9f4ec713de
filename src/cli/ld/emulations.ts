// BFD's names for what a link is for (-m).

import { error, type Report } from "../../elf/problem.ts";

export interface Emulation {
  readonly name: string;
  /** BFD's name of the output format. */
  readonly target: string;
}

/** In the order in which --help lists them. */
export const emulations: readonly Emulation[] = [
  { name: "elf_x86_64", target: "elf64-x86-64" },
  { name: "elf_i386", target: "elf32-i386" },
];

export const defaultEmulation: Emulation = emulations[0];

/** The emulation of that name, or undefined after a report of what there is instead. */
export function findEmulation(name: string, report: Report): Emulation | undefined {
  const emulation = emulations.find((it) => it.name === name);
  if (emulation !== undefined) return emulation;
  const supported = emulations.map((it) => it.name);
  report(error(name === "elf32_x86_64" ? "emulation-x32" : "unknown-emulation", {}, { name, supported }));
  return undefined;
}
