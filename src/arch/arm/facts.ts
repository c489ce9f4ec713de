// 32-bit Arm's numbers: the EABI, little-endian, with hard or soft floating point.

import { EM_ARM } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_ARM_ABS32,
  R_ARM_COPY,
  R_ARM_GLOB_DAT,
  R_ARM_IRELATIVE,
  R_ARM_JUMP_SLOT,
  R_ARM_RELATIVE,
  R_ARM_TLS_DESC,
  R_ARM_TLS_DTPMOD32,
  R_ARM_TLS_DTPOFF32,
  R_ARM_TLS_TPOFF32,
} from "./relocations.ts";

export const ARM_FACTS: MachineFacts & { readonly name: "arm" } = {
  name: "arm",
  elfMachine: EM_ARM,
  elfClass: 32,
  littleEndian: true,
  rela: false,
  wordBytes: 4,
  dynamic: {
    word: R_ARM_ABS32,
    narrow: 0,
    copy: R_ARM_COPY,
    globDat: R_ARM_GLOB_DAT,
    jumpSlot: R_ARM_JUMP_SLOT,
    relative: R_ARM_RELATIVE,
    irelative: R_ARM_IRELATIVE,
    dtpmod: R_ARM_TLS_DTPMOD32,
    dtpoff: R_ARM_TLS_DTPOFF32,
    tpoff: R_ARM_TLS_TPOFF32,
    tpoffNegated: 0,
    tlsdesc: R_ARM_TLS_DESC,
  },
  tls: { variant: 1, tcbBytes: 8, tpBias: 0, dtpBias: 0 },
};
