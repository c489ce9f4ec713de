// mips64el as glibc's sysdeps/mips has it: the n64 ABI, little-endian. What it does for the GOT is in file/got-entries.ts. musl has no
// directory or package of Debian's for it that could be a judge, but the same rules (arch/mips64).

import { MIPS_REL32_64, MIPS64_FACTS } from "../../arch/mips64/facts.ts";
import {
  R_MIPS_COPY,
  R_MIPS_GLOB_DAT,
  R_MIPS_JUMP_SLOT,
  R_MIPS_NONE,
  R_MIPS_REL32,
  R_MIPS_TLS_DTPMOD64,
  R_MIPS_TLS_DTPREL64,
  R_MIPS_TLS_TPREL64,
} from "../../arch/mips64/relocations.ts";
import { searchDirectories } from "./directories.ts";
import { MIPS_IDENTITY } from "./identity.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  DO_BLOCK_OFFSET,
  DO_COPY,
  DO_MODULE,
  DO_NOTHING,
  DO_RELATIVE,
  DO_SLOT,
  DO_TP_OFFSET,
  DO_WORD,
  typeColumn,
  typeSet,
} from "./kinds.ts";
import { refusedFloats } from "./mips-abiflags.ts";
import type { LoaderRecord, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

/** Behind REL32 and 64 in one number. */
const SIZE = MIPS_REL32_64 + 2;

const KINDS: Uint8Array = typeColumn(
  [
    [R_MIPS_NONE, DO_NOTHING],
    // Made up for words of the GOT.
    [R_MIPS_REL32, DO_RELATIVE],
    [R_MIPS_GLOB_DAT, DO_SLOT],
    [R_MIPS_JUMP_SLOT, DO_SLOT],
    [MIPS_REL32_64, DO_WORD],
    [R_MIPS_COPY, DO_COPY],
    [R_MIPS_TLS_DTPMOD64, DO_MODULE],
    [R_MIPS_TLS_DTPREL64, DO_BLOCK_OFFSET],
    [R_MIPS_TLS_TPREL64, DO_TP_OFFSET],
  ],
  SIZE,
);

const CLASSES: Uint8Array = typeColumn(
  [
    [R_MIPS_JUMP_SLOT, CLASS_PLT],
    [R_MIPS_COPY, CLASS_COPY],
  ],
  SIZE,
);

/** ld t9, -32752(gp): word 0 of the GOT, which gp points 0x7ff0 bytes into. */
const LOAD_RESOLVER = 0xdf99_8010;
/** move t7, ra, as or and as daddu. */
const KEEP_RETURN: readonly number[] = [0x03e0_7825, 0x03e0_782d];
const CALL_RESOLVER = 0x0320_f809;
/** lui t8; ori t8, t8; daddiu t8, zero; ori t8, zero. */
const [UPPER, LOWER, SIGNED, UNSIGNED] = [0x3c18, 0x3718, 0x6418, 0x3418];

/**
 * An unbound slot leads to a stub (binutils bfd/elfxx-mips.c, STUB_LW and what follows), which asks the resolver with the number
 * of the symbol in t8: in the delay slot of the jump, and its upper half before that where it is large.
 */
function stubAt(read: ReadMemory, { value }: UnboundSlot): PltStub | undefined {
  const code = new DataView(new ArrayBuffer(20));
  if (!read(value, new Uint8Array(code.buffer, 0, 16))) return undefined;
  const word = (at: number): number => code.getUint32(at, true);
  if (word(0) !== LOAD_RESOLVER || !KEEP_RETURN.includes(word(4))) return undefined;
  const isLarge = word(8) >>> 16 === UPPER;
  if (isLarge && !read(value, new Uint8Array(code.buffer))) return undefined;
  const [jump, last] = isLarge ? [12, 16] : [8, 12];
  const number = word(last) & 0xffff;
  const isNumber = isLarge ? [LOWER] : [SIGNED, UNSIGNED];
  if (word(jump) !== CALL_RESOLVER || !isNumber.includes(word(last) >>> 16)) return undefined;
  const index = isLarge ? ((word(8) & 0xffff) << 16) + number : number;
  return { index, plt0: value, push: value, pushed: index };
}

/** EF_MIPS_NAN2008: numbers that are none are told otherwise. EF_MIPS_FP64. */
const [NAN2008, FP64] = [0x400, 0x200];

export const MIPS64EL_LOADER: LoaderRecord = {
  name: "mips64el",
  facts: MIPS64_FACTS,
  // sysdeps/mips/dl-machine.h, elf_machine_matches_host.
  refusesFlags: (flags) =>
    (flags & NAN2008) !== 0 ? "MIPS with NaN of 2008" : (flags & FP64) !== 0 ? "MIPS with the old FP64 ABI" : undefined,
  refusesSegments: refusedFloats,
  identity: MIPS_IDENTITY,
  interpreters: { glibc: ["/lib64/ld.so.1"], musl: ["/lib/ld-musl-mips64el.so.1"] },
  indentsCopyWarning: true,
  relocations: {
    glibc: KINDS,
    musl: KINDS,
    plain: typeSet([R_MIPS_NONE, R_MIPS_REL32], SIZE),
    lazy: typeSet([R_MIPS_JUMP_SLOT, R_MIPS_GLOB_DAT, R_MIPS_REL32, R_MIPS_COPY], SIZE),
    classes: CLASSES,
    oldClasses: CLASSES,
  },
  got: {
    words: [
      { index: 0, meaning: "resolver" },
      { index: 1, meaning: "link-map" },
    ],
    always: false,
    withoutJumpSlots: true,
  },
  wordsFromGot: true,
  leavesDynamic: true,
  plt: { tells: "symbol", stubAt },
  descriptors: undefined,
  search: {
    directories: searchDirectories("mips64el-linux-gnuabi64"),
    cacheFlags: [0x703],
    levels: [],
    legacy: () => [],
    legacyPlatforms: [],
    charIsSigned: true,
    muslNames: ["mips64el"],
    platform: (cpu) => cpu,
  },
  // 40 bits of addresses; programs at two thirds.
  space: {
    program: 0xaa_aaaa_0000,
    top: 0xff_f7ff_0000,
    entropy: 12,
    kernel: 0x8000,
    loader: 0x2000,
    end: 0x100_0000_0000,
  },
  pageSizes: [0x4000, 0x1000, 0x1_0000],
  tcbAlignment: 32,
  stackIsExecutable: true,
  firstGlibc: [2, 0],
};
