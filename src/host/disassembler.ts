// Machine code in words, by packages of WebAssembly that are loaded when somebody first asks: x86 by iced-x86, others by Capstone.

import type { Disassembler, Instruction } from "../explain/disassembly.ts";
import { capstoneInstructions, capstoneKnows } from "./capstone.ts";

/** The part of the package that is used. */
interface Iced {
  readonly Decoder: new (bits: number, code: Uint8Array, options: number) => Decoder;
  readonly DecoderOptions: { readonly None: number };
  readonly Formatter: new (syntax: number) => { format(instruction: IcedInstruction): string; free(): void };
  readonly FormatterSyntax: { readonly Gas: number };
}

interface Decoder {
  ip: bigint;
  readonly canDecode: boolean;
  decode(): IcedInstruction;
  free(): void;
}

interface IcedInstruction {
  readonly ip: bigint;
  readonly length: number;
  free(): void;
}

/** Mode of the decoder, by machine. */
const X86_BITS: Readonly<Record<string, 32 | 64>> = { "x86-64": 64, i386: 32 };

/** x86 in AT&T syntax, as objdump prints it. No instructions where the package is not installed. */
export function nodeDisassembler(): Disassembler {
  let iced: Iced | undefined;
  return (code, address, machine, until) => {
    if (capstoneKnows(machine)) return capstoneInstructions(code, address, machine, until) ?? [];
    const bits = Object.hasOwn(X86_BITS, machine) ? X86_BITS[machine] : undefined;
    if (bits === undefined) return [];
    iced ??= loadIced();
    return iced === undefined ? [] : disassemble(iced, code, address, bits, until);
  };
}

function loadIced(): Iced | undefined {
  try {
    return process.getBuiltinModule("node:module").createRequire(import.meta.url)("iced-x86") as Iced;
  } catch {
    return undefined;
  }
}

function disassemble(iced: Iced, code: Uint8Array, address: number, bits: 32 | 64, until: number): Instruction[] {
  const decoder = new iced.Decoder(bits, code, iced.DecoderOptions.None);
  const formatter = new iced.Formatter(iced.FormatterSyntax.Gas);
  const instructions: Instruction[] = [];
  decoder.ip = BigInt(address);
  while (decoder.canDecode) {
    const one = decoder.decode();
    const start = Number(one.ip);
    const bytes = one.length;
    if (start < until) instructions.push({ address: start, bytes, text: formatter.format(one) });
    one.free();
    if (start + bytes >= until) break;
  }
  decoder.free();
  formatter.free();
  return instructions;
}
