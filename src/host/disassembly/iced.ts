// x86 in words by the package iced-x86, however it was loaded: by Node, or in a page's worker.

import type { Instruction } from "../../explain/disassembly.ts";

/** The part of the package that is used. */
export interface Iced {
  readonly Decoder: new (bits: number, code: Uint8Array, options: number) => Decoder;
  readonly DecoderOptions: { readonly None: number };
  readonly Formatter: new (syntax: number) => Formatter;
  readonly FormatterSyntax: { readonly Gas: number };
}

interface Formatter {
  uppercaseHex: boolean;
  branchLeadingZeros: boolean;
  smallHexNumbersInDecimal: boolean;
  format(instruction: IcedInstruction): string;
  free(): void;
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

/** How wide the machine's addresses are; undefined if it is not x86. @param machine as `MachineFacts.name` */
export function x86Bits(machine: string): 32 | 64 | undefined {
  return Object.hasOwn(X86_BITS, machine) ? X86_BITS[machine] : undefined;
}

/** As `Disassembler`, in AT&T syntax, as objdump prints it. */
export function icedInstructions(
  iced: Iced,
  code: Uint8Array,
  address: number,
  bits: 32 | 64,
  until: number,
): Instruction[] {
  const decoder = new iced.Decoder(bits, code, iced.DecoderOptions.None);
  const formatter = new iced.Formatter(iced.FormatterSyntax.Gas);
  // Addresses as everywhere else.
  formatter.uppercaseHex = false;
  formatter.branchLeadingZeros = false;
  formatter.smallHexNumbersInDecimal = false;
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
