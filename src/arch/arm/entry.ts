// Code that reaches any function through a word of the GOT, with a way in for either instruction set, and the branches that need it:
// BL becomes BLX where the target is code of the other set, but B has no such form (ELF for the Arm Architecture, "Interworking").

import type { DescriptorCallRules, InterworkRules, ObjectRules, PltEntry } from "../machine.ts";
import {
  R_ARM_CALL,
  R_ARM_JUMP24,
  R_ARM_PC24,
  R_ARM_PLT32,
  R_ARM_THM_CALL,
  R_ARM_THM_JUMP19,
  R_ARM_THM_JUMP24,
  R_ARM_THM_TLS_CALL,
  R_ARM_TLS_CALL,
} from "./relocations.ts";

/** Thumb: bx pc; b .-2, which goes on in the word behind as Arm code. */
const FROM_THUMB = [0x4778, 0xe7fd] as const;
/** ldr ip, [pc]; ldr pc, [ip], and the address of the word. It goes to code of either set, as its lowest bit says. */
const THROUGH_WORD = [0xe59f_c000, 0xe59c_f000] as const;
/** From the way in for Thumb to that for Arm. */
const ARM_ENTRY = 4;

/** add r0, lr, r0; ldr r1, [r0, #4]; bx r1 (binutils bfd/elf32-arm.c, tls_trampoline). */
const CALL_DESCRIPTOR = [0xe08e_0000, 0xe590_1004, 0xe12f_ff11] as const;

function writeCode(image: DataView, at: number, words: readonly number[]): void {
  FROM_THUMB.forEach((half, i) => {
    image.setUint16(at + 2 * i, half, true);
  });
  words.forEach((word, i) => {
    image.setUint32(at + ARM_ENTRY + 4 * i, word, true);
  });
}

function writeEntry(image: DataView, { at, slot }: PltEntry): void {
  writeCode(image, at, THROUGH_WORD);
  image.setUint32(at + ARM_ENTRY + 8, slot, true);
}

/** Branches of Arm code that cannot change to Thumb, and the other way round. */
const ARM_ONLY: ReadonlySet<number> = new Set([R_ARM_JUMP24, R_ARM_PC24, R_ARM_PLT32]);
/** BL of Thumb code, which becomes BLX where the target is Arm code. */
const THUMB_CALLS: ReadonlySet<number> = new Set([R_ARM_THM_CALL, R_ARM_THM_TLS_CALL]);
const THUMB_ONLY: ReadonlySet<number> = new Set([R_ARM_THM_JUMP24, R_ARM_THM_JUMP19]);

const BL_ALWAYS = 0xeb00_0000;
const BLX = 0xfa00_0000;
/** Bit 12 of the second halfword: BL; without it BLX. */
const THUMB_BL = 0x1000;

function isThumb(target: number): boolean {
  return (target & 1) === 1;
}

/** Of BL and BLX in Arm code: a BL with a condition has no form as BLX. */
function isUnconditional(word: number): boolean {
  return word >>> 28 === 0xe || word >>> 25 === 0x7d;
}

const INTERWORK: InterworkRules = {
  goes: (code, at, type, target) => {
    if (isThumb(target))
      return !ARM_ONLY.has(type) && (type !== R_ARM_CALL || isUnconditional(code.getUint32(at, true)));
    return !THUMB_ONLY.has(type);
  },
  exchange: (code, at, type, target) => {
    if (type === R_ARM_CALL && isUnconditional(code.getUint32(at, true))) {
      code.setUint32(at, (code.getUint32(at, true) & 0xff_ffff) | (isThumb(target) ? BLX : BL_ALWAYS), true);
    } else if (THUMB_CALLS.has(type)) {
      const low = code.getUint16(at + 2, true);
      code.setUint16(at + 2, isThumb(target) ? low | THUMB_BL : low & ~THUMB_BL, true);
    }
  },
  entryFor: (type, entry) => (THUMB_ONLY.has(type) ? entry + 1 : entry + ARM_ENTRY),
  // BLX of Thumb counts from the word that it is in.
  place: (type, target, place) => (THUMB_CALLS.has(type) && !isThumb(target) ? place - (place % 4) : place),
};

/** nop of ARMv6K and later in Arm code, without its condition; nop.w in Thumb code. */
const NOP = 0x320_f000;
const THUMB_NOP = [0xf3af, 0x8000] as const;

/** BLX has none: it is made always. */
function conditionOf(word: number): number {
  return isUnconditional(word) ? 0xe : word >>> 28;
}

/** ELF for the Arm Architecture, "Call and Jump relocations": as a branch to the next instruction. */
function callNothing(code: DataView, at: number, type: number): boolean {
  if (type === R_ARM_CALL || type === R_ARM_JUMP24 || type === R_ARM_PC24 || type === R_ARM_PLT32)
    code.setUint32(at, (conditionOf(code.getUint32(at, true)) << 28) | NOP, true);
  else if (type === R_ARM_THM_CALL || type === R_ARM_THM_JUMP24) {
    code.setUint16(at, THUMB_NOP[0], true);
    code.setUint16(at + 2, THUMB_NOP[1], true);
  } else return false;
  return true;
}

/**
 * The code before a descriptor's offset counts it from lr or pc, and the assembler says in the addend how far before the word that
 * is, in Thumb code with the lowest bit (bfd/elf32-arm.c, elf32_arm_final_link_relocate of R_ARM_TLS_GOTDESC).
 */
function descriptorAdjustment(code: DataView, at: number, addend: number): number {
  const user = at - (addend & ~1);
  if (user < 0 || user + 4 > code.byteLength) return 0;
  if ((addend & 1) !== 0) return code.getUint16(user, true) >>> 12 === 0xf ? 6 : 5;
  const opcode = code.getUint32(user, true) >>> 24;
  return opcode === 0xeb || opcode === 0xfa ? 4 : 8;
}

const DESCRIPTOR_CALLS: DescriptorCallRules = {
  writeEntry: (image, at) => writeCode(image, at, CALL_DESCRIPTOR),
  addendOf: (type) => (type === R_ARM_TLS_CALL ? -8 : type === R_ARM_THM_TLS_CALL ? -4 : undefined),
  adjustment: descriptorAdjustment,
};

export const ARM_OBJECTS: ObjectRules = {
  descriptorCalls: DESCRIPTOR_CALLS,
  entry: { entryBytes: 16, writeEntry },
  gotWithoutBase: () => false,
  interwork: INTERWORK,
  callNothing,
};
