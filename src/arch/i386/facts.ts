// i386's numbers.

import { EM_386 } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
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

export const I386_FACTS: MachineFacts & { readonly name: "i386" } = {
  name: "i386",
  elfMachine: EM_386,
  elfClass: 32,
  littleEndian: true,
  rela: false,
  wordBytes: 4,
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
};
