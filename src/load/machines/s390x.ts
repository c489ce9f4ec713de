// s390x as glibc's sysdeps/s390/s390-64 and musl's arch/s390x have it: big-endian.

import { S390X_FACTS } from "../../arch/s390x/facts.ts";
import {
  R_390_8,
  R_390_16,
  R_390_32,
  R_390_64,
  R_390_COPY,
  R_390_GLOB_DAT,
  R_390_IRELATIVE,
  R_390_JMP_SLOT,
  R_390_NONE,
  R_390_PC16,
  R_390_PC16DBL,
  R_390_PC32,
  R_390_PC32DBL,
  R_390_PC64,
  R_390_RELATIVE,
  R_390_TLS_DTPMOD,
  R_390_TLS_DTPOFF,
  R_390_TLS_TPOFF,
} from "../../arch/s390x/relocations.ts";
import { searchDirectories } from "./directories.ts";
import { WITHOUT_IFUNC_IDENTITY } from "./identity.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  DO_BLOCK_OFFSET,
  DO_BYTE,
  DO_COPY,
  DO_INDIRECT,
  DO_MODULE,
  DO_NOTHING,
  DO_PC,
  DO_PC16,
  DO_PC16_HALVED,
  DO_PC32,
  DO_PC32_HALVED,
  DO_RELATIVE,
  DO_SLOT_ADDEND,
  DO_TP_OFFSET,
  DO_WORD,
  DO_WORD16,
  DO_WORD32,
  typeColumn,
  typeSet,
  without,
} from "./kinds.ts";
import type { LoaderRecord, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

const KINDS: Uint8Array = typeColumn([
  [R_390_NONE, DO_NOTHING],
  [R_390_RELATIVE, DO_RELATIVE],
  [R_390_GLOB_DAT, DO_SLOT_ADDEND],
  [R_390_JMP_SLOT, DO_SLOT_ADDEND],
  [R_390_64, DO_WORD],
  [R_390_32, DO_WORD32],
  [R_390_16, DO_WORD16],
  [R_390_8, DO_BYTE],
  [R_390_PC64, DO_PC],
  [R_390_PC32, DO_PC32],
  [R_390_PC16, DO_PC16],
  [R_390_PC32DBL, DO_PC32_HALVED],
  [R_390_PC16DBL, DO_PC16_HALVED],
  [R_390_COPY, DO_COPY],
  [R_390_TLS_DTPMOD, DO_MODULE],
  [R_390_TLS_DTPOFF, DO_BLOCK_OFFSET],
  [R_390_TLS_TPOFF, DO_TP_OFFSET],
  [R_390_IRELATIVE, DO_INDIRECT],
]);

/** Those of code, which only glibc applies. */
const OF_CODE = [R_390_32, R_390_16, R_390_8, R_390_PC64, R_390_PC32, R_390_PC16, R_390_PC32DBL, R_390_PC16DBL];

const CLASSES: Uint8Array = typeColumn([
  [R_390_JMP_SLOT, CLASS_PLT],
  [R_390_TLS_DTPMOD, CLASS_PLT],
  [R_390_TLS_DTPOFF, CLASS_PLT],
  [R_390_TLS_TPOFF, CLASS_PLT],
  [R_390_COPY, CLASS_COPY],
]);

/** basr %r1, %r0; lgf %r1, 12(%r1); jg PLT0, whose four bytes are left out. The offset of the relocation follows. */
const SECOND_HALF: readonly number[] = [0x0d, 0x10, 0xe3, 0x10, 0x10, 0x0c, 0x00, 0x14, 0xc0, 0xf4];
const JUMP_AT = 8;
const OFFSET_AT = 14;
/** Bytes of an entry of DT_JMPREL: Elf64_Rela. */
const RELA = 24;

/** An unbound slot leads to the second half of its own PLT entry. */
function stubAt(read: ReadMemory, { value }: UnboundSlot): PltStub | undefined {
  const code = new Uint8Array(OFFSET_AT + 4);
  if (!read(value, code) || !SECOND_HALF.every((byte, i) => code[i] === byte)) return undefined;
  const view = new DataView(code.buffer);
  const pushed = view.getUint32(OFFSET_AT);
  // The distance counts halfwords from the instruction.
  const plt0 = value + JUMP_AT + 2 * view.getInt32(JUMP_AT + 2);
  return { index: pushed / RELA, plt0, push: value + 2, pushed };
}

/** HWCAP_IMPORTANT (sysdeps/s390/dl-procinfo.h), by the bits of AT_HWCAP. */
const LEGACY = [
  { bit: 1, name: "zarch" },
  { bit: 4, name: "ldisp" },
  { bit: 5, name: "eimm" },
  { bit: 6, name: "dfp" },
  { bit: 11, name: "vx" },
  { bit: 13, name: "vxe" },
  { bit: 15, name: "vxe2" },
] as const;

export const S390X_LOADER: LoaderRecord = {
  name: "s390x",
  facts: S390X_FACTS,
  identity: WITHOUT_IFUNC_IDENTITY,
  interpreters: { glibc: ["/lib/ld64.so.1"], musl: ["/lib/ld-musl-s390x.so.1"] },
  relocations: {
    glibc: KINDS,
    musl: without(KINDS, [...OF_CODE, R_390_IRELATIVE]),
    plain: typeSet([R_390_NONE, R_390_RELATIVE, R_390_IRELATIVE]),
    lazy: typeSet([R_390_JMP_SLOT, R_390_IRELATIVE]),
    classes: CLASSES,
    oldClasses: CLASSES,
  },
  got: {
    words: [
      { index: 1, meaning: "link-map" },
      { index: 2, meaning: "resolver" },
    ],
    always: false,
  },
  plt: { tells: "offset", stubAt },
  descriptors: undefined,
  search: {
    directories: searchDirectories("s390x-linux-gnu"),
    cacheFlags: [0x403],
    levels: ["s390x", "z13", "z14", "z15", "z16"],
    legacy: ({ hwcaps }) => LEGACY.filter(({ name }) => hwcaps.includes(name)),
    // sysdeps/s390/dl-procinfo.c
    legacyPlatforms: ["g5", "z900", "z990", "z9-109", "z10", "z196", "zEC12", "z13", "z14", "z15", "z16"],
    charIsSigned: false,
    muslNames: ["s390x"],
    // AT_PLATFORM: z13, z15.
    platform: (cpu) => cpu,
  },
  // Four levels of page tables: programs at two thirds of 2^42 (ELF_ET_DYN_BASE), libraries below the stack.
  space: {
    program: 0x2aa_0000_0000,
    top: 0x3ff_f7ff_f000,
    entropy: 11,
    kernel: 0x4000,
    loader: 0x2000,
    end: 0x400_0000_0000,
  },
  pageSizes: [0x1000],
  tcbAlignment: 32,
  stackIsExecutable: true,
  firstGlibc: [2, 2],
};
