// The relocation types of i386 (System V psABI, Intel386 supplement, section "Relocation Types", version 1.1), one row a
// type. Addresses are 32 bits and wrap, so a 32-bit field holds every value; the 8- and 16-bit rules are BFD's.
//
// In the formulas: S symbol, A addend (the field's contents), P place, G offset of the GOT slot, GOT its base, L the PLT
// entry, Z size of the symbol, B load base, @ntpoff the negative offset from TP, @tpoff the same negated.

import {
  EXPRESSION_ABSOLUTE as ABSOLUTE,
  EXPRESSION_DYNAMIC as DYNAMIC,
  OVERFLOW_EITHER as EITHER,
  EXPRESSION_GOT_BASE_PC as GOT_BASE_PC,
  EXPRESSION_GOT_OFFSET as GOT_OFFSET,
  EXPRESSION_GOT_RELATIVE as GOT_RELATIVE,
  EXPRESSION_NONE as NOTHING,
  EXPRESSION_PC as PC,
  EXPRESSION_PLT_ABSOLUTE as PLT_ABSOLUTE,
  EXPRESSION_PLT_PC as PLT_PC,
  type RelocationTable,
  OVERFLOW_SIGNED as SIGNED,
  EXPRESSION_SIZE as SIZE,
  EXPRESSION_TLS_DESC_CALL as TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_GOT as TLS_DESC_GOT,
  EXPRESSION_TLS_DTPOFF as TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT as TLS_GD_GOT,
  EXPRESSION_TLS_IE_ABSOLUTE as TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT as TLS_IE_GOT,
  EXPRESSION_TLS_IE_GOT_NEGATED as TLS_IE_GOT_NEGATED,
  EXPRESSION_TLS_LD_GOT as TLS_LD_GOT,
  EXPRESSION_TLS_TPOFF as TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED as TLS_TPOFF_NEGATED,
  OVERFLOW_NONE as UNCHECKED,
  EXPRESSION_UNSUPPORTED as UNSUPPORTED,
} from "../relocation.ts";
import { relocationTable } from "../table.ts";

export const R_386_NONE = 0;
export const R_386_32 = 1;
export const R_386_PC32 = 2;
export const R_386_GOT32 = 3;
export const R_386_PLT32 = 4;
export const R_386_COPY = 5;
export const R_386_GLOB_DAT = 6;
export const R_386_JUMP_SLOT = 7;
export const R_386_RELATIVE = 8;
export const R_386_GOTOFF = 9;
export const R_386_GOTPC = 10;
export const R_386_32PLT = 11;
export const R_386_TLS_TPOFF = 14;
export const R_386_TLS_IE = 15;
export const R_386_TLS_GOTIE = 16;
export const R_386_TLS_LE = 17;
export const R_386_TLS_GD = 18;
export const R_386_TLS_LDM = 19;
export const R_386_16 = 20;
export const R_386_PC16 = 21;
export const R_386_8 = 22;
export const R_386_PC8 = 23;
export const R_386_TLS_GD_32 = 24;
export const R_386_TLS_GD_PUSH = 25;
export const R_386_TLS_GD_CALL = 26;
export const R_386_TLS_GD_POP = 27;
export const R_386_TLS_LDM_32 = 28;
export const R_386_TLS_LDM_PUSH = 29;
export const R_386_TLS_LDM_CALL = 30;
export const R_386_TLS_LDM_POP = 31;
export const R_386_TLS_LDO_32 = 32;
export const R_386_TLS_IE_32 = 33;
export const R_386_TLS_LE_32 = 34;
export const R_386_TLS_DTPMOD32 = 35;
export const R_386_TLS_DTPOFF32 = 36;
export const R_386_TLS_TPOFF32 = 37;
export const R_386_SIZE32 = 38;
export const R_386_TLS_GOTDESC = 39;
export const R_386_TLS_DESC_CALL = 40;
export const R_386_TLS_DESC = 41;
export const R_386_IRELATIVE = 42;
export const R_386_GOT32X = 43;
export const R_386_GNU_VTINHERIT = 250;
export const R_386_GNU_VTENTRY = 251;

export const I386_RELOCATIONS: RelocationTable = /* @__PURE__ */ relocationTable([
  [R_386_NONE, "R_386_NONE", NOTHING, 0, UNCHECKED, "none"],
  [R_386_32, "R_386_32", ABSOLUTE, 4, UNCHECKED, "S + A"],
  [R_386_PC32, "R_386_PC32", PC, 4, UNCHECKED, "S + A - P"],
  [R_386_GOT32, "R_386_GOT32", GOT_OFFSET, 4, UNCHECKED, "G + A"],
  [R_386_PLT32, "R_386_PLT32", PLT_PC, 4, UNCHECKED, "L + A - P"],
  [R_386_COPY, "R_386_COPY", DYNAMIC, 0, UNCHECKED, "copy of Z bytes at S"],
  [R_386_GLOB_DAT, "R_386_GLOB_DAT", DYNAMIC, 4, UNCHECKED, "S"],
  [R_386_JUMP_SLOT, "R_386_JUMP_SLOT", DYNAMIC, 4, UNCHECKED, "S"],
  [R_386_RELATIVE, "R_386_RELATIVE", DYNAMIC, 4, UNCHECKED, "B + A"],
  [R_386_GOTOFF, "R_386_GOTOFF", GOT_RELATIVE, 4, UNCHECKED, "S + A - GOT"],
  [R_386_GOTPC, "R_386_GOTPC", GOT_BASE_PC, 4, UNCHECKED, "GOT + A - P"],
  [R_386_32PLT, "R_386_32PLT", PLT_ABSOLUTE, 4, UNCHECKED, "L + A"],
  [R_386_TLS_TPOFF, "R_386_TLS_TPOFF", DYNAMIC, 4, UNCHECKED, "@ntpoff"],
  [R_386_TLS_IE, "R_386_TLS_IE", TLS_IE_ABSOLUTE, 4, UNCHECKED, "@indntpoff + A"],
  [R_386_TLS_GOTIE, "R_386_TLS_GOTIE", TLS_IE_GOT, 4, UNCHECKED, "@gotntpoff + A"],
  [R_386_TLS_LE, "R_386_TLS_LE", TLS_TPOFF, 4, UNCHECKED, "@ntpoff + A"],
  [R_386_TLS_GD, "R_386_TLS_GD", TLS_GD_GOT, 4, UNCHECKED, "@tlsgd + A"],
  [R_386_TLS_LDM, "R_386_TLS_LDM", TLS_LD_GOT, 4, UNCHECKED, "@tlsldm + A"],
  [R_386_16, "R_386_16", ABSOLUTE, 2, EITHER, "S + A"],
  [R_386_PC16, "R_386_PC16", PC, 2, EITHER, "S + A - P"],
  [R_386_8, "R_386_8", ABSOLUTE, 1, EITHER, "S + A"],
  [R_386_PC8, "R_386_PC8", PC, 1, SIGNED, "S + A - P"],
  // Sun's sequences mark push, call and pop; no Linux assembler writes them.
  [R_386_TLS_GD_32, "R_386_TLS_GD_32", UNSUPPORTED, 4, UNCHECKED, "@tlsgd"],
  [R_386_TLS_GD_PUSH, "R_386_TLS_GD_PUSH", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_GD_CALL, "R_386_TLS_GD_CALL", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_GD_POP, "R_386_TLS_GD_POP", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_LDM_32, "R_386_TLS_LDM_32", UNSUPPORTED, 4, UNCHECKED, "@tlsldm"],
  [R_386_TLS_LDM_PUSH, "R_386_TLS_LDM_PUSH", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_LDM_CALL, "R_386_TLS_LDM_CALL", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_LDM_POP, "R_386_TLS_LDM_POP", UNSUPPORTED, 4, UNCHECKED, "none"],
  [R_386_TLS_LDO_32, "R_386_TLS_LDO_32", TLS_DTPOFF, 4, UNCHECKED, "@dtpoff + A"],
  [R_386_TLS_IE_32, "R_386_TLS_IE_32", TLS_IE_GOT_NEGATED, 4, UNCHECKED, "@gottpoff + A"],
  [R_386_TLS_LE_32, "R_386_TLS_LE_32", TLS_TPOFF_NEGATED, 4, UNCHECKED, "@tpoff + A"],
  [R_386_TLS_DTPMOD32, "R_386_TLS_DTPMOD32", DYNAMIC, 4, UNCHECKED, "@dtpmod"],
  [R_386_TLS_DTPOFF32, "R_386_TLS_DTPOFF32", DYNAMIC, 4, UNCHECKED, "@dtpoff"],
  [R_386_TLS_TPOFF32, "R_386_TLS_TPOFF32", DYNAMIC, 4, UNCHECKED, "@tpoff"],
  [R_386_SIZE32, "R_386_SIZE32", SIZE, 4, UNCHECKED, "Z + A"],
  [R_386_TLS_GOTDESC, "R_386_TLS_GOTDESC", TLS_DESC_GOT, 4, UNCHECKED, "@tlsdesc + A"],
  [R_386_TLS_DESC_CALL, "R_386_TLS_DESC_CALL", TLS_DESC_CALL, 0, UNCHECKED, "none"],
  [R_386_TLS_DESC, "R_386_TLS_DESC", DYNAMIC, 4, UNCHECKED, "descriptor of S + A"],
  [R_386_IRELATIVE, "R_386_IRELATIVE", DYNAMIC, 4, UNCHECKED, "indirect (B + A)"],
  [R_386_GOT32X, "R_386_GOT32X", GOT_OFFSET, 4, UNCHECKED, "G + A"],
  // Marks for C++ vtables under -fvtable-gc: nothing is stored.
  [R_386_GNU_VTINHERIT, "R_386_GNU_VTINHERIT", NOTHING, 0, UNCHECKED, "none"],
  [R_386_GNU_VTENTRY, "R_386_GNU_VTENTRY", NOTHING, 0, UNCHECKED, "none"],
]);
