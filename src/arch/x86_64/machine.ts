// x86-64 as a Machine.

import { EM_X86_64, SHF_X86_64_LARGE } from "../../elf/constants.ts";
import { fillLongNops } from "../fill.ts";
import type { Machine } from "../machine.ts";
import { X86_64_PLT } from "./plt.ts";
import { relaxedLoadHolds, relaxedRelocation, relaxGotLoad, writeRelaxedGotLoad } from "./relax.ts";
import {
  R_X86_64_32,
  R_X86_64_64,
  R_X86_64_COPY,
  R_X86_64_DTPMOD64,
  R_X86_64_DTPOFF64,
  R_X86_64_GLOB_DAT,
  R_X86_64_IRELATIVE,
  R_X86_64_JUMP_SLOT,
  R_X86_64_RELATIVE,
  R_X86_64_TLSDESC,
  R_X86_64_TPOFF64,
  X86_64_RELOCATIONS,
} from "./relocations.ts";
import { checkTls, writeTls } from "./tls.ts";

export const X86_64: Machine = {
  name: "x86-64",
  elfMachine: EM_X86_64,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  alwaysRelaxesGotLoads: false,
  wordBytes: 8,
  maxPageSize: 0x1000,
  commonPageSize: 0x1000,
  textSegment: 0x40_0000,
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  bfdName: "elf64-x86-64",
  emulation: "elf_x86_64",
  largeFlag: SHF_X86_64_LARGE,
  relocations: X86_64_RELOCATIONS,
  dynamic: {
    word: R_X86_64_64,
    narrow: R_X86_64_32,
    copy: R_X86_64_COPY,
    globDat: R_X86_64_GLOB_DAT,
    jumpSlot: R_X86_64_JUMP_SLOT,
    relative: R_X86_64_RELATIVE,
    irelative: R_X86_64_IRELATIVE,
    dtpmod: R_X86_64_DTPMOD64,
    dtpoff: R_X86_64_DTPOFF64,
    tpoff: R_X86_64_TPOFF64,
    tpoffNegated: 0,
    tlsdesc: R_X86_64_TLSDESC,
  },
  tls: { variant: 2, tcbBytes: 0, tpBias: 0, dtpBias: 0 },
  plt: X86_64_PLT,
  fillCode: fillLongNops,
  gotWithoutBase: () => false,
  relaxGotLoad,
  relaxedLoadHolds,
  writeRelaxedGotLoad,
  relaxedRelocation,
  checkTls,
  writeTls,
};
