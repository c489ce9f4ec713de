// The names of formats and machines that OUTPUT_FORMAT and OUTPUT_ARCH may give: those that GNU ld knows where it is built for
// x86 (`objdump -i`, bfd/cpu-i386.c). Another one is a mistake of writing.

import { error, type Report } from "../../elf/problem.ts";
import type { ScriptCommand } from "./types.ts";

const FORMATS: ReadonlySet<string> = new Set([
  ...["elf64-x86-64", "elf32-i386", "elf32-iamcu", "elf32-x86-64"],
  ...["elf64-little", "elf64-big", "elf32-little", "elf32-big"],
  ...["pei-i386", "pe-i386", "pe-x86-64", "pei-x86-64", "pe-bigobj-x86-64", "pe-bigobj-i386"],
  ...["srec", "symbolsrec", "verilog", "tekhex", "binary", "ihex", "default"],
]);

const MACHINE =
  /^(i386|i8086|i386:intel|i386:x86-64|i386:x86-64:intel|i386:x64-32|i386:x64-32:intel|iamcu|iamcu:intel)$/;

/** Errors: `output-format-unknown`, `output-arch-unknown`. */
export function checkOutput(
  command: Extract<ScriptCommand, { kind: "output-format" | "output-arch" }>,
  report: Report,
): void {
  if (command.kind === "output-arch") {
    if (!MACHINE.test(command.name)) report(error("output-arch-unknown", command.place, { name: command.name }));
    return;
  }
  const [name] = command.formats;
  if (!FORMATS.has(name)) report(error("output-format-unknown", command.place, { name }));
}

/** Machines whose objects GNU ld links into an output of that name (bfd/cpu-i386.c, bfd_i386_compatible), by Solder's names. */
const TAKES: Readonly<Record<string, RegExp>> = {
  "x86-64": /^i386:x86-64(:intel)?$/,
  i386: /^(i386|i386:intel|i8086)$/,
};

/** Objects of another machine than the last OUTPUT_ARCH names. Error: `output-arch-other`. */
export function checkMachine(commands: readonly ScriptCommand[], machine: string, report: Report): void {
  const command = commands.findLast((it) => it.kind === "output-arch");
  if (command?.kind !== "output-arch" || !MACHINE.test(command.name)) return;
  if (TAKES[machine]?.test(command.name) === false)
    report(error("output-arch-other", command.place, { name: command.name, found: machine }));
}
