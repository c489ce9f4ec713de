// Instructions of 32-bit mode that mean the same in 64-bit mode, so that the processor can judge them where it has no 32-bit mode for
// programs: those of the x87, MMX and SSE. Addresses are made as wide by prefix 67; without a REX prefix registers are the same.

import type { Row } from "../../../src/arch/x86/instructions/machine/row.ts";
import { CODE_AT, ipOf, type State, setIp } from "./processor.ts";

/** Whether a row's instructions mean the same in both modes. */
export function isAlike({ code, operands }: Row): boolean {
  // D8 to DF, registers of MMX and SSE, emms.
  return /^D[89A-F]/.test(code) || /[PQNVWU]/.test(operands) || code === "0F 77";
}

/** Turns a case of 32-bit mode into one of 64-bit mode. */
export function toWide({ code }: State): void {
  code.set(wideBytes(code).slice(0, code.length));
}

/** What the case did, as it would have done in 32-bit mode: where it went on is told by another length. */
export function fromWide(before: State, after: State): State {
  const longer = wideBytes(before.code).length - before.code.length;
  const ip = ipOf(after);
  if (ip !== BigInt(CODE_AT)) setIp(after, ip - BigInt(longer));
  return after;
}

/** The instruction and the int3s behind it. */
function wideBytes(code: Uint8Array): number[] {
  let at = 0;
  while (code[at] === 0x66 || code[at] === 0xf2 || code[at] === 0xf3) at++;
  if (code[at] === 0x0f) at += code[at + 1] === 0x38 || code[at + 1] === 0x3a ? 2 : 1;
  const isEmms = code[at - 1] === 0x0f && code[at] === 0x77;
  const modrm = ++at;
  // An address without registers, which there is relative to ip: by a SIB byte it is not.
  const isConstant = !isEmms && (code[modrm] & 0xc7) === 5;
  const middle = isConstant ? [(code[modrm] & 0x38) | 4, 0x25] : [code[modrm]];
  return [0x67, ...code.subarray(0, modrm), ...middle, ...code.subarray(modrm + 1)];
}
