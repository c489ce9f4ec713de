// Disassembly in a worker: the page hands in a package's code and WebAssembly when somebody first wants to see instructions.

import type { Disassembler, Instruction } from "../../src/explain/disassembly.ts";
import { capstoneKnows, capstoneMode } from "../../src/host/disassembly/capstone-modes.ts";
import { type Iced, icedInstructions, x86Bits } from "../../src/host/disassembly/iced.ts";
import type { LearntPart } from "./protocol.ts";

interface CapstoneDecoder {
  disasm(
    code: Uint8Array,
    address: number,
  ): readonly { address: number | bigint; size: number; mnemonic: string; op_str: string }[];
  close(): void;
}

/** Constants by their names, and the class. */
type Capstone = Readonly<Record<string, number>> & {
  readonly Capstone: new (arch: number, mode: number) => CapstoneDecoder;
};

const packages: { x86?: Iced; others?: Capstone } = {};

/** Takes a package in. Code is imported as a script of its own: the page's policy forbids eval. */
export async function learn({ part, code, wasm }: LearntPart): Promise<void> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  (globalThis as unknown as { importScripts(url: string): void }).importScripts(url);
  URL.revokeObjectURL(url);
  if (part === "zstd") return;
  const text = atob(wasm);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const made = await globalThis.solderDisassembly(bytes);
  if (part === "x86") packages.x86 = made as Iced;
  else packages.others = made as Capstone;
}

/** No instructions where the package has not been handed in. */
export const disassemble: Disassembler = (code, address, machine, until) => {
  const bits = x86Bits(machine);
  if (bits !== undefined)
    return packages.x86 === undefined ? [] : icedInstructions(packages.x86, code, address, bits, until);
  const { others } = packages;
  return others === undefined || !capstoneKnows(machine) ? [] : withCapstone(others, code, address, machine, until);
};

function withCapstone(
  capstone: Capstone,
  code: Uint8Array,
  address: number,
  machine: string,
  until: number,
): Instruction[] {
  const { mode, start } = capstoneMode(machine, address);
  if (mode === undefined) return [];
  const bits = mode.modes.reduce((sum, name) => (sum | capstone[name]) >>> 0, 0);
  const decoder = new capstone.Capstone(capstone[mode.arch], bits);
  try {
    return decoder
      .disasm(code, start)
      .map((one) => ({
        address: Number(one.address),
        bytes: one.size,
        text: `${one.mnemonic} ${one.op_str}`.trim(),
      }))
      .filter((one) => one.address < until);
  } catch {
    // It throws where there is not one instruction.
    return [];
  } finally {
    decoder.close();
  }
}
