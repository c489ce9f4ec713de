// 64-bit PowerPC's numbers (little-endian, ELFv2).

import { EM_PPC64 } from "../../elf/constants.ts";
import type { MachineFacts } from "../machine.ts";
import {
  R_PPC64_ADDR64,
  R_PPC64_COPY,
  R_PPC64_DTPMOD64,
  R_PPC64_DTPREL64,
  R_PPC64_GLOB_DAT,
  R_PPC64_IRELATIVE,
  R_PPC64_JMP_SLOT,
  R_PPC64_RELATIVE,
  R_PPC64_TPREL64,
} from "./relocations.ts";

export const PPC64LE_FACTS: MachineFacts & { readonly name: "ppc64le" } = {
  name: "ppc64le",
  elfMachine: EM_PPC64,
  elfClass: 64,
  littleEndian: true,
  rela: true,
  wordBytes: 8,
  dynamic: {
    word: R_PPC64_ADDR64,
    narrow: 0,
    copy: R_PPC64_COPY,
    globDat: R_PPC64_GLOB_DAT,
    jumpSlot: R_PPC64_JMP_SLOT,
    relative: R_PPC64_RELATIVE,
    irelative: R_PPC64_IRELATIVE,
    dtpmod: R_PPC64_DTPMOD64,
    dtpoff: R_PPC64_DTPREL64,
    tpoff: R_PPC64_TPREL64,
    tpoffNegated: 0,
    tlsdesc: 0,
  },
  tls: { variant: 1, tcbBytes: 0, tpBias: 0x7000, dtpBias: 0x8000 },
};

/**
 * How many bytes lie between the global entry of a function, which st_value names, and its local one, for callers that have the
 * same TOC pointer (ELFv2 psABI, "Symbol Values": three bits of st_other; 1 says that both are one and r2 is not kept).
 */
export function localEntryOffset(other: number): number {
  const bits = (other >> 5) & 7;
  return bits < 2 ? 0 : 1 << bits;
}
