// mips64el's numbers: the n64 ABI, little-endian.

import { EM_MIPS } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_MIPS_64,
  R_MIPS_COPY,
  R_MIPS_JUMP_SLOT,
  R_MIPS_REL32,
  R_MIPS_TLS_DTPMOD64,
  R_MIPS_TLS_DTPREL64,
  R_MIPS_TLS_TPREL64,
} from "./relocations.ts";

/** A word is relocated by two types at once: REL32 says what is added, 64 how wide it is. */
export const MIPS_REL32_64: number = R_MIPS_REL32 | (R_MIPS_64 << 8);

export const MIPS64_FACTS: MachineFacts & { readonly name: "mips64el" } = {
  name: "mips64el",
  elfMachine: EM_MIPS,
  elfClass: 64,
  littleEndian: true,
  // Objects have addends in the table; dynamic relocations have them in the word.
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: MIPS_REL32_64,
    narrow: 0,
    copy: R_MIPS_COPY,
    globDat: 0,
    jumpSlot: R_MIPS_JUMP_SLOT,
    relative: MIPS_REL32_64,
    irelative: 0,
    dtpmod: R_MIPS_TLS_DTPMOD64,
    dtpoff: R_MIPS_TLS_DTPREL64,
    tpoff: R_MIPS_TLS_TPREL64,
    tpoffNegated: 0,
    tlsdesc: 0,
  },
  tls: { variant: 1, tcbBytes: 0, tpBias: 0x7000, dtpBias: 0x8000 },
};
