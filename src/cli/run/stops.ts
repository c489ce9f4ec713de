// `--until` and `--break` of `solder run`: what is told where a run ends or is looked at, with the registers as they are there.

import type { Cpu } from "../../arch/x86/instructions/index.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import { addressOf } from "../../execute/observe/breakpoints.ts";
import type { Process } from "../../execute/system/state.ts";
import { registersOf } from "../../explain/execute/machine.ts";
import type { PlaceCache } from "../../explain/execute/places.ts";
import { whereText } from "../../explain/execute/trace.ts";
import { nodeDisassembler } from "../../host/disassembly/disassembler.ts";

export interface Stop {
  readonly address: number;
  readonly where: string;
  /** The instruction that is next; undefined where none can be read. */
  readonly text: string | undefined;
  /** By name, in hexadecimal. */
  readonly registers: Readonly<Record<string, string>>;
}

/** What is known at a stop: the place, the instruction that is next, and the registers. */
export function stopTeller(cache: PlaceCache): (cpu: Cpu, process: Process) => Stop {
  const disassemble = nodeDisassembler();
  return (cpu, process) => {
    const { mode } = cpu;
    const address = addressOf(cpu);
    const code = readBytes(process.space, address, 15) ?? readBytes(process.space, address, 4096 - (address % 4096));
    const [one] = code === undefined ? [] : disassemble(code, address, mode === 64 ? "x86-64" : "i386", address + 1);
    const where = whereText(process, address, cache);
    return { address, where, text: one?.text, registers: Object.fromEntries(registersOf(cpu)) };
  };
}

/** A stop in lines: what happened is the first word. */
export function stopLines(what: string, { address, where, text, registers }: Stop): string {
  const lines = Object.entries(registers).map(([name, value]) => `  ${name.padEnd(6)} ${value}`);
  return [`${what} 0x${address.toString(16)}, ${where}`, `  next   ${text ?? "?"}`, ...lines].join("\n");
}
