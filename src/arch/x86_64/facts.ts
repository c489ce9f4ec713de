// x86-64's numbers.

import { EM_X86_64 } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
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
} from "./relocations.ts";

export const X86_64_FACTS: MachineFacts & { readonly name: "x86-64" } = {
  name: "x86-64",
  elfMachine: EM_X86_64,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  wordBytes: 8,
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
};
