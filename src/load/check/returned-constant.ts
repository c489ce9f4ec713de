// The number that a function returns which does nothing else, such as node_api_module_get_api_version_v1: read off its first
// instructions, on every machine that Node.js is built for.

import { type ElfImage, rangeAtAddress } from "../../elf/index.ts";
import { word } from "../../elf/source.ts";
import { startsWith } from "../../elf/text.ts";
import { loaderMachineOf } from "../machines/index.ts";

/** An instruction that loads a number into the register of results: a word of code, of which some bits are the number. */
interface Load {
  readonly mask: number;
  readonly is: number;
  readonly shift: number;
  readonly bits: number;
}

const load = (mask: number, is: number, shift: number, bits: number): Load => ({ mask, is, shift, bits });

/** By machine; "thumb" is arm's other instruction set. */
const LOADS: Readonly<Record<string, readonly Load[]>> = {
  // movz w0, #n
  aarch64: [load(0xffe0_001f, 0x5280_0000, 5, 16)],
  // mov r0, #n; movw r0, #n
  arm: [load(0xffff_ff00, 0xe3a0_0000, 0, 8), load(0xffff_f000, 0xe300_0000, 0, 12)],
  // movs r0, #n
  thumb: [load(0xff00, 0x2000, 0, 8)],
  // addi a0, zero, n; c.li a0, n
  riscv64: [load(0xf_ffff, 0x513, 20, 12), load(0xff83, 0x4501, 2, 5)],
  // li r3, n
  ppc64le: [load(0xffff_0000, 0x3860_0000, 0, 16)],
  // lghi %r2, n; lhi %r2, n
  s390x: [load(0xffff_0000, 0xa729_0000, 0, 16), load(0xffff_0000, 0xa728_0000, 0, 16)],
  // ori a0, zero, n; addi.w, addi.d a0, zero, n
  loongarch64: [
    load(0xffc0_03ff, 0x0380_0004, 10, 12),
    load(0xffc0_03ff, 0x0280_0004, 10, 12),
    load(0xffc0_03ff, 0x02c0_0004, 10, 12),
  ],
  // addiu v0, zero, n; daddiu
  mips64el: [load(0xffff_0000, 0x2402_0000, 0, 16), load(0xffff_0000, 0x6402_0000, 0, 16)],
};

/** Words that may stand before it: landing pads, a signed return address, and on mips the jump whose delay slot it fills. */
const BEFORE: Readonly<Record<string, readonly number[]>> = {
  aarch64: [0xd503_245f, 0xd503_233f],
  mips64el: [0x03e0_0008],
};

/** endbr64; endbr32; push %rbp, mov %rsp,%rbp; the same of 32 bits. */
const X86_PROLOGUES: readonly string[] = ["\xf3\x0f\x1e\xfa", "\xf3\x0f\x1e\xfb", "\x55\x48\x89\xe5", "\x55\x89\xe5"];
const MOV_EAX = 0xb8;

/** @param start st_value of the function  @returns undefined for a function that does more */
export function returnedConstant(elf: ElfImage, start: number): number | undefined {
  const machine = loaderMachineOf(elf);
  if (machine === "x86-64" || machine === "i386") return onX86(elf, start);
  const isThumb = (machine === "arm" || machine === "armel") && start % 2 === 1;
  const loads = LOADS[isThumb ? "thumb" : machine === "armel" ? "arm" : (machine ?? "")] ?? [];
  const range = rangeAtAddress(elf, isThumb ? start - 1 : start);
  if (range === undefined) return undefined;
  const before = BEFORE[machine ?? ""] ?? [];
  let at = range.start;
  while (at + 4 <= range.end && before.includes(word(elf, at)) && at < range.start + 8) at += 4;
  if (at + 4 > range.end) return undefined;
  const code = word(elf, at);
  for (const { mask, is, shift, bits } of loads) {
    if ((code & mask) >>> 0 === is) return (code >>> shift) & ((1 << bits) - 1);
  }
  return undefined;
}

function onX86(elf: ElfImage, start: number): number | undefined {
  const range = rangeAtAddress(elf, start);
  if (range === undefined) return undefined;
  const { bytes } = elf;
  const end = Math.min(range.end, range.start + 16);
  let at = range.start;
  for (const prologue of X86_PROLOGUES) if (startsWith(bytes, at, prologue)) at += prologue.length;
  return bytes[at] === MOV_EAX && at + 5 <= end ? word(elf, at + 1) : undefined;
}
