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
import type { LoaderRecord } from "./record.ts";

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

export const MIPS64EL_LOADER: LoaderRecord = {
  name: "mips64el",
  facts: MIPS64_FACTS,
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
  // A slot leads to a stub that loads the symbol's number; it knows the resolver by its own register.
  plt: { tells: "index", stubAt: () => undefined },
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
