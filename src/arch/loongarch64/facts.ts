// 64-bit LoongArch's numbers.

import { EM_LOONGARCH } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_LARCH_64,
  R_LARCH_COPY,
  R_LARCH_IRELATIVE,
  R_LARCH_JUMP_SLOT,
  R_LARCH_RELATIVE,
  R_LARCH_TLS_DESC64,
  R_LARCH_TLS_DTPMOD64,
  R_LARCH_TLS_DTPREL64,
  R_LARCH_TLS_TPREL64,
} from "./relocations.ts";

export const LOONGARCH64_FACTS: MachineFacts & { readonly name: "loongarch64" } = {
  name: "loongarch64",
  elfMachine: EM_LOONGARCH,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: R_LARCH_64,
    narrow: 0,
    copy: R_LARCH_COPY,
    // A GOT slot is filled as every other word is.
    globDat: R_LARCH_64,
    jumpSlot: R_LARCH_JUMP_SLOT,
    relative: R_LARCH_RELATIVE,
    irelative: R_LARCH_IRELATIVE,
    dtpmod: R_LARCH_TLS_DTPMOD64,
    dtpoff: R_LARCH_TLS_DTPREL64,
    tpoff: R_LARCH_TLS_TPREL64,
    tpoffNegated: 0,
    tlsdesc: R_LARCH_TLS_DESC64,
  },
  tls: { variant: 1, tcbBytes: 0, tpBias: 0, dtpBias: 0 },
};
