// What x86-64 and i386 share: PLT stubs that push, and landing pads.

import type { GotRules, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

/** endbr64 and endbr32, which a PLT for control-flow protection begins with. */
export const ENDBR64: readonly number[] = [0xf3, 0x0f, 0x1e, 0xfa];
export const ENDBR32: readonly number[] = [0xf3, 0x0f, 0x1e, 0xfb];

/** GOT[1] and GOT[2], which PLT0 pushes and jumps through (sysdeps/x86_64/dl-machine.h, elf_machine_runtime_setup). */
export const X86_GOT: GotRules = {
  words: [
    { index: 1, meaning: "link-map" },
    { index: 2, meaning: "resolver" },
  ],
  always: false,
};

/** push imm32; jmp PLT0, perhaps behind ENDBR and with a prefix of MPX: the slot leads there until it is bound. */
export function pushingStub(read: ReadMemory, { value }: UnboundSlot): Omit<PltStub, "index"> | undefined {
  const code = new Uint8Array(16);
  // What is not mapped reads as zeros.
  read(value, code);
  const view = new DataView(code.buffer);
  let at = [ENDBR64, ENDBR32].some((bytes) => bytes.every((byte, i) => code[i] === byte)) ? 4 : 0;
  if (code[at] !== 0x68) return undefined;
  const push = value + at;
  const pushed = view.getUint32(at + 1, true);
  at += 5;
  if (code[at] === 0xf2) at++;
  if (code[at] !== 0xe9) return undefined;
  return { push, pushed, plt0: value + at + 5 + view.getInt32(at + 1, true) };
}
