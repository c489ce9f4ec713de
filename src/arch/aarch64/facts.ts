// aarch64's numbers (LP64, little-endian).

import { EM_AARCH64 } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_AARCH64_ABS32,
  R_AARCH64_ABS64,
  R_AARCH64_COPY,
  R_AARCH64_GLOB_DAT,
  R_AARCH64_IRELATIVE,
  R_AARCH64_JUMP_SLOT,
  R_AARCH64_RELATIVE,
  R_AARCH64_TLS_DTPMOD64,
  R_AARCH64_TLS_DTPREL64,
  R_AARCH64_TLS_TPREL64,
  R_AARCH64_TLSDESC,
} from "./relocations.ts";

export const AARCH64_FACTS: MachineFacts & { readonly name: "aarch64" } = {
  name: "aarch64",
  elfMachine: EM_AARCH64,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: R_AARCH64_ABS64,
    narrow: R_AARCH64_ABS32,
    copy: R_AARCH64_COPY,
    globDat: R_AARCH64_GLOB_DAT,
    jumpSlot: R_AARCH64_JUMP_SLOT,
    relative: R_AARCH64_RELATIVE,
    irelative: R_AARCH64_IRELATIVE,
    dtpmod: R_AARCH64_TLS_DTPMOD64,
    dtpoff: R_AARCH64_TLS_DTPREL64,
    tpoff: R_AARCH64_TLS_TPREL64,
    tpoffNegated: 0,
    tlsdesc: R_AARCH64_TLSDESC,
  },
  // struct pthread lies below the thread pointer; above it are two words of the thread control block.
  tls: { variant: 1, tcbBytes: 16, tpBias: 0, dtpBias: 0 },
};
