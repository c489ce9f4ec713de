// 64-bit RISC-V's numbers.

import { EM_RISCV } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_RISCV_64,
  R_RISCV_COPY,
  R_RISCV_IRELATIVE,
  R_RISCV_JUMP_SLOT,
  R_RISCV_RELATIVE,
  R_RISCV_TLS_DTPMOD64,
  R_RISCV_TLS_DTPREL64,
  R_RISCV_TLS_TPREL64,
  R_RISCV_TLSDESC,
} from "./relocations.ts";

export const RISCV64_FACTS: MachineFacts & { readonly name: "riscv64" } = {
  name: "riscv64",
  elfMachine: EM_RISCV,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: R_RISCV_64,
    narrow: 0,
    copy: R_RISCV_COPY,
    // A GOT slot is filled as every other word is.
    globDat: R_RISCV_64,
    jumpSlot: R_RISCV_JUMP_SLOT,
    relative: R_RISCV_RELATIVE,
    irelative: R_RISCV_IRELATIVE,
    dtpmod: R_RISCV_TLS_DTPMOD64,
    dtpoff: R_RISCV_TLS_DTPREL64,
    tpoff: R_RISCV_TLS_TPREL64,
    tpoffNegated: 0,
    tlsdesc: R_RISCV_TLSDESC,
  },
  tls: { variant: 1, tcbBytes: 0, tpBias: 0, dtpBias: 0x800 },
};
