// The relocation types of s390x (ELF Application Binary Interface, s390x Supplement, version 1.6, "Relocation"), one row a type.
// The overflow rules are BFD's (elf64-s390.c), which checks no displacements.
//
// In the formulas: S symbol, A addend, P place, G offset of the GOT slot, GOT its base, L the PLT entry, B load base, Z size of the
// symbol, @ntpoff the negative offset from TP.

import {
  EXPRESSION_ABSOLUTE as ABSOLUTE,
  EXPRESSION_DYNAMIC as DYNAMIC,
  OVERFLOW_EITHER as EITHER,
  EXPRESSION_GOT_BASE_PC as GOT_BASE_PC,
  EXPRESSION_GOT_OFFSET as GOT_OFFSET,
  EXPRESSION_GOT_PC as GOT_PC,
  EXPRESSION_GOT_RELATIVE as GOT_RELATIVE,
  EXPRESSION_NONE as NOTHING,
  EXPRESSION_PC as PC,
  EXPRESSION_PLT_GOT_RELATIVE as PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC as PLT_PC,
  EXPRESSION_RELAX as RELAX,
  type RelocationTable,
  EXPRESSION_TLS_DTPOFF as TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT as TLS_GD_GOT,
  EXPRESSION_TLS_IE_ABSOLUTE as TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT as TLS_IE_GOT,
  EXPRESSION_TLS_IE_PC as TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT as TLS_LD_GOT,
  EXPRESSION_TLS_TPOFF as TLS_TPOFF,
  OVERFLOW_NONE as UNCHECKED,
  EXPRESSION_UNSUPPORTED as UNSUPPORTED,
} from "../relocation.ts";
import { lazyRelocationTable } from "../table.ts";
import {
  DISPLACEMENT12,
  DISPLACEMENT20,
  HALFWORDS12,
  HALFWORDS16,
  HALFWORDS24,
  HALFWORDS32,
  S390X_INSTRUCTIONS,
} from "./instructions.ts";

export const R_390_NONE = 0;
export const R_390_8 = 1;
export const R_390_16 = 3;
export const R_390_32 = 4;
export const R_390_PC32 = 5;
export const R_390_COPY = 9;
export const R_390_GLOB_DAT = 10;
export const R_390_JMP_SLOT = 11;
export const R_390_RELATIVE = 12;
export const R_390_PC16 = 16;
export const R_390_PC16DBL = 17;
export const R_390_PLT16DBL = 18;
export const R_390_PC32DBL = 19;
export const R_390_PLT32DBL = 20;
export const R_390_64 = 22;
export const R_390_PC64 = 23;
export const R_390_PLT64 = 25;
export const R_390_TLS_DTPMOD = 54;
export const R_390_TLS_DTPOFF = 55;
export const R_390_TLS_TPOFF = 56;
export const R_390_IRELATIVE = 61;

export const S390X_RELOCATIONS: RelocationTable = /* @__PURE__ */ lazyRelocationTable(
  () => [
    [R_390_NONE, "R_390_NONE", NOTHING, 0, UNCHECKED, "none"],
    [R_390_8, "R_390_8", ABSOLUTE, 1, EITHER, "S + A"],
    [2, "R_390_12", ABSOLUTE, DISPLACEMENT12, UNCHECKED, "S + A"],
    [R_390_16, "R_390_16", ABSOLUTE, 2, EITHER, "S + A"],
    [R_390_32, "R_390_32", ABSOLUTE, 4, EITHER, "S + A"],
    [R_390_PC32, "R_390_PC32", PC, 4, EITHER, "S + A - P"],
    [6, "R_390_GOT12", GOT_OFFSET, DISPLACEMENT12, EITHER, "G + A"],
    [7, "R_390_GOT32", GOT_OFFSET, 4, EITHER, "G + A"],
    [8, "R_390_PLT32", PLT_PC, 4, EITHER, "L + A - P"],
    [R_390_COPY, "R_390_COPY", DYNAMIC, 0, UNCHECKED, "copy of Z bytes at S"],
    [R_390_GLOB_DAT, "R_390_GLOB_DAT", DYNAMIC, 8, UNCHECKED, "S + A"],
    [R_390_JMP_SLOT, "R_390_JMP_SLOT", DYNAMIC, 8, UNCHECKED, "S + A"],
    [R_390_RELATIVE, "R_390_RELATIVE", DYNAMIC, 8, UNCHECKED, "B + A"],
    [13, "R_390_GOTOFF32", GOT_RELATIVE, 4, EITHER, "S + A - GOT"],
    [14, "R_390_GOTPC", GOT_BASE_PC, 8, UNCHECKED, "GOT + A - P"],
    [15, "R_390_GOT16", GOT_OFFSET, 2, EITHER, "G + A"],
    [R_390_PC16, "R_390_PC16", PC, 2, EITHER, "S + A - P"],
    [R_390_PC16DBL, "R_390_PC16DBL", PC, HALFWORDS16, EITHER, "S + A - P"],
    [R_390_PLT16DBL, "R_390_PLT16DBL", PLT_PC, HALFWORDS16, EITHER, "L + A - P"],
    [R_390_PC32DBL, "R_390_PC32DBL", PC, HALFWORDS32, EITHER, "S + A - P"],
    [R_390_PLT32DBL, "R_390_PLT32DBL", PLT_PC, HALFWORDS32, EITHER, "L + A - P"],
    [21, "R_390_GOTPCDBL", GOT_BASE_PC, HALFWORDS32, EITHER, "GOT + A - P"],
    [R_390_64, "R_390_64", ABSOLUTE, 8, UNCHECKED, "S + A"],
    [R_390_PC64, "R_390_PC64", PC, 8, UNCHECKED, "S + A - P"],
    [24, "R_390_GOT64", GOT_OFFSET, 8, UNCHECKED, "G + A"],
    [R_390_PLT64, "R_390_PLT64", PLT_PC, 8, UNCHECKED, "L + A - P"],
    [26, "R_390_GOTENT", GOT_PC, HALFWORDS32, EITHER, "G + GOT + A - P"],
    [27, "R_390_GOTOFF16", GOT_RELATIVE, 2, EITHER, "S + A - GOT"],
    [28, "R_390_GOTOFF64", GOT_RELATIVE, 8, UNCHECKED, "S + A - GOT"],
    // The slot of the PLT entry, where there is one; otherwise as GOT12 and so on.
    [29, "R_390_GOTPLT12", GOT_OFFSET, DISPLACEMENT12, UNCHECKED, "G + A"],
    [30, "R_390_GOTPLT16", GOT_OFFSET, 2, EITHER, "G + A"],
    [31, "R_390_GOTPLT32", GOT_OFFSET, 4, EITHER, "G + A"],
    [32, "R_390_GOTPLT64", GOT_OFFSET, 8, UNCHECKED, "G + A"],
    [33, "R_390_GOTPLTENT", GOT_PC, HALFWORDS32, EITHER, "G + GOT + A - P"],
    [34, "R_390_PLTOFF16", PLT_GOT_RELATIVE, 2, EITHER, "L + A - GOT"],
    [35, "R_390_PLTOFF32", PLT_GOT_RELATIVE, 4, EITHER, "L + A - GOT"],
    [36, "R_390_PLTOFF64", PLT_GOT_RELATIVE, 8, UNCHECKED, "L + A - GOT"],
    // Marks on instructions that a linker may rewrite.
    [37, "R_390_TLS_LOAD", RELAX, 0, UNCHECKED, "none"],
    [38, "R_390_TLS_GDCALL", RELAX, 0, UNCHECKED, "none"],
    [39, "R_390_TLS_LDCALL", RELAX, 0, UNCHECKED, "none"],
    [40, "R_390_TLS_GD32", UNSUPPORTED, 4, UNCHECKED, "@tlsgd + A"],
    [41, "R_390_TLS_GD64", TLS_GD_GOT, 8, UNCHECKED, "@tlsgd + A"],
    [42, "R_390_TLS_GOTIE12", TLS_IE_GOT, DISPLACEMENT12, UNCHECKED, "@gotntpoff + A"],
    [43, "R_390_TLS_GOTIE32", UNSUPPORTED, 4, UNCHECKED, "@gotntpoff + A"],
    [44, "R_390_TLS_GOTIE64", TLS_IE_GOT, 8, UNCHECKED, "@gotntpoff + A"],
    [45, "R_390_TLS_LDM32", UNSUPPORTED, 4, UNCHECKED, "@tlsldm + A"],
    [46, "R_390_TLS_LDM64", TLS_LD_GOT, 8, UNCHECKED, "@tlsldm + A"],
    [47, "R_390_TLS_IE32", UNSUPPORTED, 4, UNCHECKED, "@indntpoff + A"],
    [48, "R_390_TLS_IE64", TLS_IE_ABSOLUTE, 8, UNCHECKED, "@indntpoff + A"],
    [49, "R_390_TLS_IEENT", TLS_IE_PC, HALFWORDS32, EITHER, "@indntpoff + A - P"],
    [50, "R_390_TLS_LE32", UNSUPPORTED, 4, UNCHECKED, "@ntpoff + A"],
    [51, "R_390_TLS_LE64", TLS_TPOFF, 8, UNCHECKED, "@ntpoff + A"],
    [52, "R_390_TLS_LDO32", UNSUPPORTED, 4, UNCHECKED, "@dtpoff + A"],
    [53, "R_390_TLS_LDO64", TLS_DTPOFF, 8, UNCHECKED, "@dtpoff + A"],
    [R_390_TLS_DTPMOD, "R_390_TLS_DTPMOD", DYNAMIC, 8, UNCHECKED, "@dtpmod"],
    [R_390_TLS_DTPOFF, "R_390_TLS_DTPOFF", DYNAMIC, 8, UNCHECKED, "@dtpoff + A"],
    [R_390_TLS_TPOFF, "R_390_TLS_TPOFF", DYNAMIC, 8, UNCHECKED, "@ntpoff + A"],
    [57, "R_390_20", ABSOLUTE, DISPLACEMENT20, UNCHECKED, "S + A"],
    [58, "R_390_GOT20", GOT_OFFSET, DISPLACEMENT20, UNCHECKED, "G + A"],
    [59, "R_390_GOTPLT20", GOT_OFFSET, DISPLACEMENT20, UNCHECKED, "G + A"],
    [60, "R_390_TLS_GOTIE20", TLS_IE_GOT, DISPLACEMENT20, UNCHECKED, "@gotntpoff + A"],
    [R_390_IRELATIVE, "R_390_IRELATIVE", DYNAMIC, 8, UNCHECKED, "indirect (B + A)"],
    [62, "R_390_PC12DBL", PC, HALFWORDS12, EITHER, "S + A - P"],
    [63, "R_390_PLT12DBL", PLT_PC, HALFWORDS12, EITHER, "L + A - P"],
    [64, "R_390_PC24DBL", PC, HALFWORDS24, EITHER, "S + A - P"],
    [65, "R_390_PLT24DBL", PLT_PC, HALFWORDS24, EITHER, "L + A - P"],
    [250, "R_390_GNU_VTINHERIT", NOTHING, 0, UNCHECKED, "none"],
    [251, "R_390_GNU_VTENTRY", NOTHING, 0, UNCHECKED, "none"],
  ],
  S390X_INSTRUCTIONS,
);
