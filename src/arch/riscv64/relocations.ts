// The relocation types of 64-bit RISC-V (RISC-V ELF psABI, "Relocations", and what the GNU linker makes of them when it
// relaxes), one row a type. Only what says part of an address by its high bits, and branches, can overflow: all else is
// truncated without a word, as GNU ld does.
//
// In the formulas: S symbol, A addend, P place, G offset of the GOT slot, GOT its base, L the PLT entry, B load base, V what the
// field holds, GP `__global_pointer$`, @tprel the offset from TP.

import {
  EXPRESSION_ABSOLUTE as ABSOLUTE,
  EXPRESSION_ALIGN as ALIGN,
  EXPRESSION_DYNAMIC as DYNAMIC,
  EXPRESSION_FIELD_ADD as FIELD_ADD,
  EXPRESSION_FIELD_SET as FIELD_SET,
  EXPRESSION_FIELD_SUB as FIELD_SUB,
  EXPRESSION_GOT_PC as GOT_PC,
  EXPRESSION_GP_RELATIVE as GP_RELATIVE,
  EXPRESSION_LOW as LOW,
  EXPRESSION_NONE as NOTHING,
  EXPRESSION_PAIR_LOW as PAIR_LOW,
  EXPRESSION_PC as PC,
  EXPRESSION_PLT_PC as PLT_PC,
  EXPRESSION_RELAX as RELAX,
  type RelocationTable,
  OVERFLOW_SIGNED as SIGNED,
  EXPRESSION_TLS_DESC_CALL as TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_PC as TLS_DESC_PC,
  EXPRESSION_TLS_GD_PC as TLS_GD_PC,
  EXPRESSION_TLS_IE_PC as TLS_IE_PC,
  EXPRESSION_TLS_TPOFF as TLS_TPOFF,
  OVERFLOW_NONE as UNCHECKED,
  EXPRESSION_UNSUPPORTED as UNSUPPORTED,
} from "../relocation.ts";
import { lazyRelocationTable } from "../table.ts";
import {
  FIELD_6,
  FIELD_B,
  FIELD_CB,
  FIELD_CI_LUI,
  FIELD_CJ,
  FIELD_I,
  FIELD_J,
  FIELD_S,
  FIELD_U,
  FIELD_U_I,
  FIELD_ULEB128,
  RISCV_INSTRUCTIONS,
} from "./instructions.ts";

export const R_RISCV_NONE = 0;
export const R_RISCV_32 = 1;
export const R_RISCV_64 = 2;
export const R_RISCV_RELATIVE = 3;
export const R_RISCV_COPY = 4;
export const R_RISCV_JUMP_SLOT = 5;
export const R_RISCV_TLS_DTPMOD64 = 7;
export const R_RISCV_TLS_DTPREL64 = 9;
export const R_RISCV_TLS_TPREL64 = 11;
export const R_RISCV_TLSDESC = 12;
export const R_RISCV_CALL = 18;
export const R_RISCV_CALL_PLT = 19;
export const R_RISCV_GOT_HI20 = 20;
export const R_RISCV_TLS_GOT_HI20 = 21;
export const R_RISCV_TLS_GD_HI20 = 22;
export const R_RISCV_PCREL_HI20 = 23;
export const R_RISCV_PCREL_LO12_I = 24;
export const R_RISCV_PCREL_LO12_S = 25;
export const R_RISCV_ALIGN = 43;
export const R_RISCV_RELAX = 51;
export const R_RISCV_IRELATIVE = 58;
export const R_RISCV_TLSDESC_HI20 = 62;

export const RISCV_RELOCATIONS: RelocationTable = /* @__PURE__ */ lazyRelocationTable(
  () => [
    [R_RISCV_NONE, "R_RISCV_NONE", NOTHING, 0, UNCHECKED, "none"],
    [R_RISCV_32, "R_RISCV_32", ABSOLUTE, 4, UNCHECKED, "S + A"],
    [R_RISCV_64, "R_RISCV_64", ABSOLUTE, 8, UNCHECKED, "S + A"],
    [R_RISCV_RELATIVE, "R_RISCV_RELATIVE", DYNAMIC, 8, UNCHECKED, "B + A"],
    [R_RISCV_COPY, "R_RISCV_COPY", DYNAMIC, 0, UNCHECKED, "copy of Z bytes at S"],
    [R_RISCV_JUMP_SLOT, "R_RISCV_JUMP_SLOT", DYNAMIC, 8, UNCHECKED, "S + A"],
    [6, "R_RISCV_TLS_DTPMOD32", UNSUPPORTED, 4, UNCHECKED, "@dtpmod"],
    [R_RISCV_TLS_DTPMOD64, "R_RISCV_TLS_DTPMOD64", DYNAMIC, 8, UNCHECKED, "@dtpmod"],
    [8, "R_RISCV_TLS_DTPREL32", UNSUPPORTED, 4, UNCHECKED, "@dtprel + A"],
    [R_RISCV_TLS_DTPREL64, "R_RISCV_TLS_DTPREL64", DYNAMIC, 8, UNCHECKED, "@dtprel + A"],
    [10, "R_RISCV_TLS_TPREL32", UNSUPPORTED, 4, UNCHECKED, "@tprel + A"],
    [R_RISCV_TLS_TPREL64, "R_RISCV_TLS_TPREL64", DYNAMIC, 8, UNCHECKED, "@tprel + A"],
    [R_RISCV_TLSDESC, "R_RISCV_TLSDESC", DYNAMIC, 8, UNCHECKED, "descriptor of S + A"],
    [16, "R_RISCV_BRANCH", PC, FIELD_B, SIGNED, "S + A - P"],
    [17, "R_RISCV_JAL", PLT_PC, FIELD_J, SIGNED, "S + A - P"],
    [R_RISCV_CALL, "R_RISCV_CALL", PLT_PC, FIELD_U_I, SIGNED, "L + A - P"],
    [R_RISCV_CALL_PLT, "R_RISCV_CALL_PLT", PLT_PC, FIELD_U_I, SIGNED, "L + A - P"],
    [R_RISCV_GOT_HI20, "R_RISCV_GOT_HI20", GOT_PC, FIELD_U, SIGNED, "G + GOT + A - P"],
    [R_RISCV_TLS_GOT_HI20, "R_RISCV_TLS_GOT_HI20", TLS_IE_PC, FIELD_U, SIGNED, "@gottprel + A - P"],
    [R_RISCV_TLS_GD_HI20, "R_RISCV_TLS_GD_HI20", TLS_GD_PC, FIELD_U, SIGNED, "@tlsgd + A - P"],
    [R_RISCV_PCREL_HI20, "R_RISCV_PCREL_HI20", PC, FIELD_U, SIGNED, "S + A - P"],
    // The symbol is a label on the instruction that has the high part.
    [R_RISCV_PCREL_LO12_I, "R_RISCV_PCREL_LO12_I", PAIR_LOW, FIELD_I, UNCHECKED, "low part at S"],
    [R_RISCV_PCREL_LO12_S, "R_RISCV_PCREL_LO12_S", PAIR_LOW, FIELD_S, UNCHECKED, "low part at S"],
    [26, "R_RISCV_HI20", ABSOLUTE, FIELD_U, SIGNED, "S + A"],
    [27, "R_RISCV_LO12_I", LOW, FIELD_I, UNCHECKED, "S + A"],
    [28, "R_RISCV_LO12_S", LOW, FIELD_S, UNCHECKED, "S + A"],
    [29, "R_RISCV_TPREL_HI20", TLS_TPOFF, FIELD_U, SIGNED, "@tprel + A"],
    [30, "R_RISCV_TPREL_LO12_I", TLS_TPOFF, FIELD_I, UNCHECKED, "@tprel + A"],
    [31, "R_RISCV_TPREL_LO12_S", TLS_TPOFF, FIELD_S, UNCHECKED, "@tprel + A"],
    // Marks the addition of TP, which goes when the high part is 0.
    [32, "R_RISCV_TPREL_ADD", NOTHING, 0, UNCHECKED, "none"],
    [33, "R_RISCV_ADD8", FIELD_ADD, 1, UNCHECKED, "V + S + A"],
    [34, "R_RISCV_ADD16", FIELD_ADD, 2, UNCHECKED, "V + S + A"],
    [35, "R_RISCV_ADD32", FIELD_ADD, 4, UNCHECKED, "V + S + A"],
    [36, "R_RISCV_ADD64", FIELD_ADD, 8, UNCHECKED, "V + S + A"],
    [37, "R_RISCV_SUB8", FIELD_SUB, 1, UNCHECKED, "V - S - A"],
    [38, "R_RISCV_SUB16", FIELD_SUB, 2, UNCHECKED, "V - S - A"],
    [39, "R_RISCV_SUB32", FIELD_SUB, 4, UNCHECKED, "V - S - A"],
    [40, "R_RISCV_SUB64", FIELD_SUB, 8, UNCHECKED, "V - S - A"],
    [41, "R_RISCV_GOT32_PCREL", GOT_PC, 4, UNCHECKED, "G + GOT + A - P"],
    [R_RISCV_ALIGN, "R_RISCV_ALIGN", ALIGN, 0, UNCHECKED, "A bytes of NOPs"],
    [44, "R_RISCV_RVC_BRANCH", PC, FIELD_CB, SIGNED, "S + A - P"],
    [45, "R_RISCV_RVC_JUMP", PLT_PC, FIELD_CJ, SIGNED, "S + A - P"],
    // The GNU linker's own, seen in what --emit-relocs keeps of relaxed code.
    [46, "R_RISCV_RVC_LUI", ABSOLUTE, FIELD_CI_LUI, SIGNED, "S + A"],
    [47, "R_RISCV_GPREL_I", GP_RELATIVE, FIELD_I, SIGNED, "S + A - GP"],
    [48, "R_RISCV_GPREL_S", GP_RELATIVE, FIELD_S, SIGNED, "S + A - GP"],
    [49, "R_RISCV_TPREL_I", TLS_TPOFF, FIELD_I, SIGNED, "@tprel + A"],
    [50, "R_RISCV_TPREL_S", TLS_TPOFF, FIELD_S, SIGNED, "@tprel + A"],
    [R_RISCV_RELAX, "R_RISCV_RELAX", RELAX, 0, UNCHECKED, "none"],
    [52, "R_RISCV_SUB6", FIELD_SUB, FIELD_6, UNCHECKED, "V - S - A"],
    [53, "R_RISCV_SET6", FIELD_SET, FIELD_6, UNCHECKED, "S + A"],
    [54, "R_RISCV_SET8", FIELD_SET, 1, UNCHECKED, "S + A"],
    [55, "R_RISCV_SET16", FIELD_SET, 2, UNCHECKED, "S + A"],
    [56, "R_RISCV_SET32", FIELD_SET, 4, UNCHECKED, "S + A"],
    [57, "R_RISCV_32_PCREL", PC, 4, UNCHECKED, "S + A - P"],
    [R_RISCV_IRELATIVE, "R_RISCV_IRELATIVE", DYNAMIC, 8, UNCHECKED, "indirect (B + A)"],
    [59, "R_RISCV_PLT32", PLT_PC, 4, UNCHECKED, "L + A - P"],
    [60, "R_RISCV_SET_ULEB128", FIELD_SET, FIELD_ULEB128, UNCHECKED, "S + A"],
    [61, "R_RISCV_SUB_ULEB128", FIELD_SUB, FIELD_ULEB128, UNCHECKED, "V - S - A"],
    [R_RISCV_TLSDESC_HI20, "R_RISCV_TLSDESC_HI20", TLS_DESC_PC, FIELD_U, SIGNED, "@tlsdesc + A - P"],
    [63, "R_RISCV_TLSDESC_LOAD_LO12", PAIR_LOW, FIELD_I, UNCHECKED, "low part at S"],
    [64, "R_RISCV_TLSDESC_ADD_LO12", PAIR_LOW, FIELD_I, UNCHECKED, "low part at S"],
    [65, "R_RISCV_TLSDESC_CALL", TLS_DESC_CALL, 0, UNCHECKED, "none"],
    // The symbol names the vendor to whom the type of the next relocation (192 to 255) belongs.
    [191, "R_RISCV_VENDOR", NOTHING, 0, UNCHECKED, "none"],
  ],
  RISCV_INSTRUCTIONS,
);
