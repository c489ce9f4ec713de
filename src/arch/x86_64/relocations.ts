// The relocation types of x86-64 (System V psABI, AMD64 supplement, section "Relocation Types", version 1.0 with the APX
// additions), one row a type. Overflow rules are those that GNU ld 2.40 applies, where the psABI is stricter: R_X86_64_8,
// _16 and _PC16 take signed and unsigned values alike. GOTPC32_TLSDESC is signed, like every displacement from %rip.
//
// In the formulas: S symbol, A addend, P place, G offset of the GOT slot, GOT its base, L the PLT entry (the symbol itself
// where none is needed), Z size of the symbol, B load base, @tlsgd and the like the GOT slots of the TLS models.

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
  type RelocationTable,
  OVERFLOW_SIGNED as SIGNED,
  EXPRESSION_SIZE as SIZE,
  EXPRESSION_TLS_DESC_CALL as TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_PC as TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF as TLS_DTPOFF,
  EXPRESSION_TLS_GD_PC as TLS_GD_PC,
  EXPRESSION_TLS_IE_PC as TLS_IE_PC,
  EXPRESSION_TLS_LD_PC as TLS_LD_PC,
  EXPRESSION_TLS_TPOFF as TLS_TPOFF,
  OVERFLOW_NONE as UNCHECKED,
  OVERFLOW_UNSIGNED as UNSIGNED,
} from "../relocation.ts";
import { relocationTable } from "../table.ts";

export const R_X86_64_NONE = 0;
export const R_X86_64_64 = 1;
export const R_X86_64_PC32 = 2;
export const R_X86_64_GOT32 = 3;
export const R_X86_64_PLT32 = 4;
export const R_X86_64_COPY = 5;
export const R_X86_64_GLOB_DAT = 6;
export const R_X86_64_JUMP_SLOT = 7;
export const R_X86_64_RELATIVE = 8;
export const R_X86_64_GOTPCREL = 9;
export const R_X86_64_32 = 10;
export const R_X86_64_32S = 11;
export const R_X86_64_16 = 12;
export const R_X86_64_PC16 = 13;
export const R_X86_64_8 = 14;
export const R_X86_64_PC8 = 15;
export const R_X86_64_DTPMOD64 = 16;
export const R_X86_64_DTPOFF64 = 17;
export const R_X86_64_TPOFF64 = 18;
export const R_X86_64_TLSGD = 19;
export const R_X86_64_TLSLD = 20;
export const R_X86_64_DTPOFF32 = 21;
export const R_X86_64_GOTTPOFF = 22;
export const R_X86_64_TPOFF32 = 23;
export const R_X86_64_PC64 = 24;
export const R_X86_64_GOTOFF64 = 25;
export const R_X86_64_GOTPC32 = 26;
export const R_X86_64_GOT64 = 27;
export const R_X86_64_GOTPCREL64 = 28;
export const R_X86_64_GOTPC64 = 29;
export const R_X86_64_GOTPLT64 = 30;
export const R_X86_64_PLTOFF64 = 31;
export const R_X86_64_SIZE32 = 32;
export const R_X86_64_SIZE64 = 33;
export const R_X86_64_GOTPC32_TLSDESC = 34;
export const R_X86_64_TLSDESC_CALL = 35;
export const R_X86_64_TLSDESC = 36;
export const R_X86_64_IRELATIVE = 37;
export const R_X86_64_RELATIVE64 = 38;
export const R_X86_64_PC32_BND = 39;
export const R_X86_64_PLT32_BND = 40;
export const R_X86_64_GOTPCRELX = 41;
export const R_X86_64_REX_GOTPCRELX = 42;
export const R_X86_64_CODE_4_GOTPCRELX = 43;
export const R_X86_64_CODE_4_GOTTPOFF = 44;
export const R_X86_64_CODE_4_GOTPC32_TLSDESC = 45;
export const R_X86_64_CODE_5_GOTPCRELX = 46;
export const R_X86_64_CODE_5_GOTTPOFF = 47;
export const R_X86_64_CODE_5_GOTPC32_TLSDESC = 48;
export const R_X86_64_CODE_6_GOTPCRELX = 49;
export const R_X86_64_CODE_6_GOTTPOFF = 50;
export const R_X86_64_CODE_6_GOTPC32_TLSDESC = 51;
export const R_X86_64_GNU_VTINHERIT = 250;
export const R_X86_64_GNU_VTENTRY = 251;

export const X86_64_RELOCATIONS: RelocationTable = /* @__PURE__ */ relocationTable([
  [R_X86_64_NONE, "R_X86_64_NONE", NOTHING, 0, UNCHECKED, "none"],
  [R_X86_64_64, "R_X86_64_64", ABSOLUTE, 8, UNCHECKED, "S + A"],
  [R_X86_64_PC32, "R_X86_64_PC32", PC, 4, SIGNED, "S + A - P"],
  [R_X86_64_GOT32, "R_X86_64_GOT32", GOT_OFFSET, 4, SIGNED, "G + A"],
  [R_X86_64_PLT32, "R_X86_64_PLT32", PLT_PC, 4, SIGNED, "L + A - P"],
  [R_X86_64_COPY, "R_X86_64_COPY", DYNAMIC, 0, UNCHECKED, "copy of Z bytes at S"],
  [R_X86_64_GLOB_DAT, "R_X86_64_GLOB_DAT", DYNAMIC, 8, UNCHECKED, "S"],
  [R_X86_64_JUMP_SLOT, "R_X86_64_JUMP_SLOT", DYNAMIC, 8, UNCHECKED, "S"],
  [R_X86_64_RELATIVE, "R_X86_64_RELATIVE", DYNAMIC, 8, UNCHECKED, "B + A"],
  [R_X86_64_GOTPCREL, "R_X86_64_GOTPCREL", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  [R_X86_64_32, "R_X86_64_32", ABSOLUTE, 4, UNSIGNED, "S + A"],
  [R_X86_64_32S, "R_X86_64_32S", ABSOLUTE, 4, SIGNED, "S + A"],
  [R_X86_64_16, "R_X86_64_16", ABSOLUTE, 2, EITHER, "S + A"],
  [R_X86_64_PC16, "R_X86_64_PC16", PC, 2, EITHER, "S + A - P"],
  [R_X86_64_8, "R_X86_64_8", ABSOLUTE, 1, EITHER, "S + A"],
  [R_X86_64_PC8, "R_X86_64_PC8", PC, 1, SIGNED, "S + A - P"],
  [R_X86_64_DTPMOD64, "R_X86_64_DTPMOD64", DYNAMIC, 8, UNCHECKED, "@dtpmod"],
  [R_X86_64_DTPOFF64, "R_X86_64_DTPOFF64", TLS_DTPOFF, 8, UNCHECKED, "@dtpoff"],
  [R_X86_64_TPOFF64, "R_X86_64_TPOFF64", TLS_TPOFF, 8, UNCHECKED, "@tpoff"],
  [R_X86_64_TLSGD, "R_X86_64_TLSGD", TLS_GD_PC, 4, SIGNED, "@tlsgd + A - P"],
  [R_X86_64_TLSLD, "R_X86_64_TLSLD", TLS_LD_PC, 4, SIGNED, "@tlsld + A - P"],
  [R_X86_64_DTPOFF32, "R_X86_64_DTPOFF32", TLS_DTPOFF, 4, SIGNED, "@dtpoff"],
  [R_X86_64_GOTTPOFF, "R_X86_64_GOTTPOFF", TLS_IE_PC, 4, SIGNED, "@gottpoff + A - P"],
  [R_X86_64_TPOFF32, "R_X86_64_TPOFF32", TLS_TPOFF, 4, SIGNED, "@tpoff"],
  [R_X86_64_PC64, "R_X86_64_PC64", PC, 8, UNCHECKED, "S + A - P"],
  [R_X86_64_GOTOFF64, "R_X86_64_GOTOFF64", GOT_RELATIVE, 8, UNCHECKED, "S + A - GOT"],
  [R_X86_64_GOTPC32, "R_X86_64_GOTPC32", GOT_BASE_PC, 4, SIGNED, "GOT + A - P"],
  [R_X86_64_GOT64, "R_X86_64_GOT64", GOT_OFFSET, 8, UNCHECKED, "G + A"],
  [R_X86_64_GOTPCREL64, "R_X86_64_GOTPCREL64", GOT_PC, 8, UNCHECKED, "G + GOT + A - P"],
  [R_X86_64_GOTPC64, "R_X86_64_GOTPC64", GOT_BASE_PC, 8, UNCHECKED, "GOT + A - P"],
  // Obsolete: it asked for the slot in .got.plt, and is treated as GOT64.
  [R_X86_64_GOTPLT64, "R_X86_64_GOTPLT64", GOT_OFFSET, 8, UNCHECKED, "G + A"],
  [R_X86_64_PLTOFF64, "R_X86_64_PLTOFF64", PLT_GOT_RELATIVE, 8, UNCHECKED, "L + A - GOT"],
  [R_X86_64_SIZE32, "R_X86_64_SIZE32", SIZE, 4, UNSIGNED, "Z + A"],
  [R_X86_64_SIZE64, "R_X86_64_SIZE64", SIZE, 8, UNCHECKED, "Z + A"],
  [R_X86_64_GOTPC32_TLSDESC, "R_X86_64_GOTPC32_TLSDESC", TLS_DESC_PC, 4, SIGNED, "@tlsdesc + A - P"],
  [R_X86_64_TLSDESC_CALL, "R_X86_64_TLSDESC_CALL", TLS_DESC_CALL, 0, UNCHECKED, "none"],
  [R_X86_64_TLSDESC, "R_X86_64_TLSDESC", DYNAMIC, 8, UNCHECKED, "descriptor of S + A"],
  [R_X86_64_IRELATIVE, "R_X86_64_IRELATIVE", DYNAMIC, 8, UNCHECKED, "indirect (B + A)"],
  [R_X86_64_RELATIVE64, "R_X86_64_RELATIVE64", DYNAMIC, 8, UNCHECKED, "B + A"],
  // Deprecated with MPX: the same as PC32 and PLT32.
  [R_X86_64_PC32_BND, "R_X86_64_PC32_BND", PC, 4, SIGNED, "S + A - P"],
  [R_X86_64_PLT32_BND, "R_X86_64_PLT32_BND", PLT_PC, 4, SIGNED, "L + A - P"],
  [R_X86_64_GOTPCRELX, "R_X86_64_GOTPCRELX", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  [R_X86_64_REX_GOTPCRELX, "R_X86_64_REX_GOTPCRELX", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  // APX: the instruction starts 4, 5 or 6 bytes before the field (REX2 prefix, EVEX).
  [R_X86_64_CODE_4_GOTPCRELX, "R_X86_64_CODE_4_GOTPCRELX", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  [R_X86_64_CODE_4_GOTTPOFF, "R_X86_64_CODE_4_GOTTPOFF", TLS_IE_PC, 4, SIGNED, "@gottpoff + A - P"],
  [R_X86_64_CODE_4_GOTPC32_TLSDESC, "R_X86_64_CODE_4_GOTPC32_TLSDESC", TLS_DESC_PC, 4, SIGNED, "@tlsdesc + A - P"],
  [R_X86_64_CODE_5_GOTPCRELX, "R_X86_64_CODE_5_GOTPCRELX", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  [R_X86_64_CODE_5_GOTTPOFF, "R_X86_64_CODE_5_GOTTPOFF", TLS_IE_PC, 4, SIGNED, "@gottpoff + A - P"],
  [R_X86_64_CODE_5_GOTPC32_TLSDESC, "R_X86_64_CODE_5_GOTPC32_TLSDESC", TLS_DESC_PC, 4, SIGNED, "@tlsdesc + A - P"],
  [R_X86_64_CODE_6_GOTPCRELX, "R_X86_64_CODE_6_GOTPCRELX", GOT_PC, 4, SIGNED, "G + GOT + A - P"],
  [R_X86_64_CODE_6_GOTTPOFF, "R_X86_64_CODE_6_GOTTPOFF", TLS_IE_PC, 4, SIGNED, "@gottpoff + A - P"],
  [R_X86_64_CODE_6_GOTPC32_TLSDESC, "R_X86_64_CODE_6_GOTPC32_TLSDESC", TLS_DESC_PC, 4, SIGNED, "@tlsdesc + A - P"],
  // Marks for C++ vtables under -fvtable-gc: nothing is stored.
  [R_X86_64_GNU_VTINHERIT, "R_X86_64_GNU_VTINHERIT", NOTHING, 0, UNCHECKED, "none"],
  [R_X86_64_GNU_VTENTRY, "R_X86_64_GNU_VTENTRY", NOTHING, 0, UNCHECKED, "none"],
]);
