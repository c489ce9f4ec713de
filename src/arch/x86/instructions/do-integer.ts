// What integer instructions do.

import { IMMEDIATE, IMMEDIATE_HIGH, NEXT, NEXT_HIGH } from "./columns.ts";
import { write32, write64 } from "./memory.ts";
import { address, isMemory, reg, rm } from "./operands.ts";
import { ADDRESS_HIGH, type Cpu, IP, RSP } from "./state.ts";

export function moveRm32(cpu: Cpu, at: number): void {
  const { code, words } = cpu;
  const value = words[reg(code, at)];
  if (isMemory(code, at)) {
    const low = address(cpu, at);
    write32(cpu.memory, low, words[ADDRESS_HIGH], value);
    return;
  }
  const to = rm(code, at);
  words[to] = value;
  words[to + 1] = 0;
}

export function jump(cpu: Cpu, at: number): void {
  const { code, words } = cpu;
  words[IP] = code[at + IMMEDIATE];
  words[IP + 1] = code[at + IMMEDIATE_HIGH];
}

export function callNear(cpu: Cpu, at: number): void {
  const { code, words } = cpu;
  const low = (words[RSP] - 8) | 0;
  const high = low >= 0 || words[RSP] < 0 ? words[RSP + 1] : words[RSP + 1] - 1;
  write64(cpu.memory, low, high, code[at + NEXT], code[at + NEXT_HIGH]);
  words[RSP] = low;
  words[RSP + 1] = high;
  jump(cpu, at);
}
