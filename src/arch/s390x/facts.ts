// s390x's numbers.

import { EM_S390 } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_390_64,
  R_390_COPY,
  R_390_GLOB_DAT,
  R_390_IRELATIVE,
  R_390_JMP_SLOT,
  R_390_RELATIVE,
  R_390_TLS_DTPMOD,
  R_390_TLS_DTPOFF,
  R_390_TLS_TPOFF,
} from "./relocations.ts";

export const S390X_FACTS: MachineFacts & { readonly name: "s390x" } = {
  name: "s390x",
  elfMachine: EM_S390,
  elfClass: 64,
  littleEndian: false,
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: R_390_64,
    narrow: 0,
    copy: R_390_COPY,
    globDat: R_390_GLOB_DAT,
    jumpSlot: R_390_JMP_SLOT,
    relative: R_390_RELATIVE,
    irelative: R_390_IRELATIVE,
    dtpmod: R_390_TLS_DTPMOD,
    dtpoff: R_390_TLS_DTPOFF,
    tpoff: R_390_TLS_TPOFF,
    tpoffNegated: 0,
    tlsdesc: 0,
  },
  tls: { variant: 2, tcbBytes: 0, tpBias: 0, dtpBias: 0 },
};
