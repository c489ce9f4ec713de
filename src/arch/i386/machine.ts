// i386 as a Machine.

import { EM_386 } from "../../elf/constants.ts";
import { fillShortNops } from "../fill.ts";
import type { Machine } from "../machine.ts";
import { I386_PLT } from "./plt.ts";
import { gotWithoutBase, relaxedRelocation, relaxGotLoad, writeRelaxedGotLoad } from "./relax.ts";
import {
  I386_RELOCATIONS,
  R_386_32,
  R_386_COPY,
  R_386_GLOB_DAT,
  R_386_IRELATIVE,
  R_386_JUMP_SLOT,
  R_386_RELATIVE,
  R_386_TLS_DESC,
  R_386_TLS_DTPMOD32,
  R_386_TLS_DTPOFF32,
  R_386_TLS_TPOFF,
  R_386_TLS_TPOFF32,
} from "./relocations.ts";
import { checkTls, writeTls } from "./tls.ts";

export const I386: Machine = {
  name: "i386",
  elfMachine: EM_386,
  elfClass: 32,
  littleEndian: true,
  rela: false,
  alwaysRelaxesGotLoads: true,
  wordBytes: 4,
  maxPageSize: 0x1000,
  commonPageSize: 0x1000,
  textSegment: 0x0804_8000,
  interpreter: "/lib/ld-linux.so.2",
  bfdName: "elf32-i386",
  emulation: "elf_i386",
  largeFlag: 0,
  relocations: I386_RELOCATIONS,
  dynamic: {
    word: R_386_32,
    narrow: 0,
    copy: R_386_COPY,
    globDat: R_386_GLOB_DAT,
    jumpSlot: R_386_JUMP_SLOT,
    relative: R_386_RELATIVE,
    irelative: R_386_IRELATIVE,
    dtpmod: R_386_TLS_DTPMOD32,
    dtpoff: R_386_TLS_DTPOFF32,
    tpoff: R_386_TLS_TPOFF,
    tpoffNegated: R_386_TLS_TPOFF32,
    tlsdesc: R_386_TLS_DESC,
  },
  tls: { variant: 2, tcbBytes: 0, tpBias: 0, dtpBias: 0 },
  plt: I386_PLT,
  fillCode: fillShortNops,
  gotWithoutBase,
  relaxGotLoad,
  relaxedLoadHolds: () => true,
  writeRelaxedGotLoad,
  relaxedRelocation,
  checkTls,
  writeTls,
};
