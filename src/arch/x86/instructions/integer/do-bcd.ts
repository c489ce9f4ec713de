// Decimal arithmetic of i386: aaa, aas, daa, das, aam, aad (SDM volume 2). al and ah are bytes 0 and 1 of the state.

import { IMMEDIATE } from "../machine/columns.ts";
import { AF, arithmeticFlags, CF, PF, SF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import type { Handler } from "../machine/row.ts";
import type { Cpu } from "../machine/state.ts";
import { TRAP_DIVIDE, trap } from "../machine/traps.ts";

/** Sign, zero and parity of al, with carry and auxiliary carry given. */
function leave(cpu: Cpu, carries: number): void {
  const al = cpu.bytes[0];
  let ones = al ^ (al >> 4);
  ones ^= ones >> 2;
  ones ^= ones >> 1;
  setArithmeticFlags(cpu.words, carries | (al === 0 ? ZF : 0) | (al & 0x80 ? SF : 0) | ((ones & 1) === 0 ? PF : 0));
}

/** aaa and aas: one decimal digit a byte. */
export function adjustUnpacked(sign: 1 | -1): Handler {
  return (cpu) => {
    const { bytes, halves } = cpu;
    const adjust = (bytes[0] & 15) > 9 || (arithmeticFlags(cpu.words) & AF) !== 0;
    if (adjust) {
      if (sign === 1) halves[0] += 0x106;
      else {
        halves[0] -= 6;
        bytes[1] -= 1;
      }
    }
    bytes[0] &= 15;
    leave(cpu, adjust ? CF | AF : 0);
  };
}

/** daa and das: two decimal digits a byte. */
export function adjustPacked(sign: 1 | -1): Handler {
  return (cpu) => {
    const { bytes } = cpu;
    const al = bytes[0];
    const flags = arithmeticFlags(cpu.words);
    let carries = 0;
    if ((al & 15) > 9 || (flags & AF) !== 0) {
      const sum = al + 6 * sign;
      bytes[0] = sum;
      carries |= AF | (flags & CF) | (sum < 0 || sum > 255 ? CF : 0);
    }
    if (al > 0x99 || (flags & CF) !== 0) {
      bytes[0] += 0x60 * sign;
      carries |= CF;
    } else if (sign === 1) carries &= ~CF;
    leave(cpu, carries);
  };
}

/** aam: al into digits of a base, the higher to ah. */
export const splitDigits: Handler = (cpu, at) => {
  const base = cpu.code[at + IMMEDIATE] & 255;
  if (base === 0) trap(cpu, TRAP_DIVIDE);
  const al = cpu.bytes[0];
  cpu.bytes[1] = Math.floor(al / base);
  cpu.bytes[0] = al % base;
  leave(cpu, 0);
};

/** aad: digits in ah and al to a number in al. */
export const joinDigits: Handler = (cpu, at) => {
  cpu.bytes[0] += cpu.bytes[1] * (cpu.code[at + IMMEDIATE] & 255);
  cpu.bytes[1] = 0;
  leave(cpu, 0);
};
