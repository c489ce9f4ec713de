// What a relocation of a placed object comes to: the psABIs' formulas by expression, with the numbers that its objects give.

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_FIELD_ADD,
  EXPRESSION_FIELD_SET,
  EXPRESSION_FIELD_SUB,
  EXPRESSION_GOT_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_LOW,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PAGE_OFFSET,
  EXPRESSION_GOT_PAGE_PC,
  EXPRESSION_GOT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_LOW,
  EXPRESSION_PAGE_PC,
  EXPRESSION_PC,
  EXPRESSION_PLT_ABSOLUTE,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_SIZE,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_LOW,
  EXPRESSION_TLS_DESC_PAGE_PC,
  EXPRESSION_TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_GD_LOW,
  EXPRESSION_TLS_GD_PAGE_PC,
  EXPRESSION_TLS_GD_PC,
  EXPRESSION_TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_IE_GOT_NEGATED,
  EXPRESSION_TLS_IE_LOW,
  EXPRESSION_TLS_IE_PAGE_PC,
  EXPRESSION_TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_LD_LOW,
  EXPRESSION_TLS_LD_PAGE_PC,
  EXPRESSION_TLS_LD_PC,
  EXPRESSION_TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED,
} from "../../arch/index.ts";

/** The letters of the psABIs' formulas. */
export interface Terms {
  readonly S: bigint;
  readonly A: bigint;
  readonly P: bigint;
  /** The PLT entry, or the symbol itself where none is needed. */
  readonly L: bigint;
  readonly GOT: bigint;
  /** Address of the slot: G + GOT. */
  readonly slot: bigint;
  readonly Z: bigint;
  /** The thread pointer as an offset in the TLS block. */
  readonly TP: bigint;
  readonly dtpBias: bigint;
  /** What the field holds before. */
  readonly field: () => bigint;
}

/** The value; undefined for what is no formula of these letters. */
export function formula(expression: number, terms: Terms): bigint | undefined {
  const { S, A, P, L, GOT, slot, Z, TP, dtpBias } = terms;
  switch (expression) {
    case EXPRESSION_ABSOLUTE:
    case EXPRESSION_LOW:
    case EXPRESSION_FIELD_SET:
      return S + A;
    case EXPRESSION_FIELD_ADD:
      return terms.field() + S + A;
    case EXPRESSION_FIELD_SUB:
      return terms.field() - S - A;
    case EXPRESSION_TLS_DTPOFF:
      return S + A - dtpBias;
    case EXPRESSION_PAGE_PC:
      return page(S + A) - page(P);
    case EXPRESSION_GOT_PAGE_PC:
    case EXPRESSION_TLS_GD_PAGE_PC:
    case EXPRESSION_TLS_LD_PAGE_PC:
    case EXPRESSION_TLS_IE_PAGE_PC:
    case EXPRESSION_TLS_DESC_PAGE_PC:
      return page(slot + A) - page(P);
    case EXPRESSION_GOT_PAGE_OFFSET:
      return slot + A - page(GOT);
    case EXPRESSION_GOT_LOW:
    case EXPRESSION_GOT_ABSOLUTE:
    case EXPRESSION_TLS_GD_LOW:
    case EXPRESSION_TLS_LD_LOW:
    case EXPRESSION_TLS_IE_LOW:
    case EXPRESSION_TLS_DESC_LOW:
      return slot + A;
    case EXPRESSION_PC:
      return S + A - P;
    case EXPRESSION_PLT_PC:
      return L + A - P;
    case EXPRESSION_PLT_ABSOLUTE:
      return L + A;
    case EXPRESSION_PLT_GOT_RELATIVE:
      return L + A - GOT;
    case EXPRESSION_GOT_OFFSET:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_LD_GOT:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED:
    case EXPRESSION_TLS_DESC_GOT:
      return slot + A - GOT;
    case EXPRESSION_GOT_PC:
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_DESC_PC:
      return slot + A - P;
    case EXPRESSION_TLS_IE_ABSOLUTE:
      return slot + A;
    case EXPRESSION_GOT_RELATIVE:
      return S + A - GOT;
    case EXPRESSION_GOT_BASE_PC:
      return GOT + A - P;
    case EXPRESSION_SIZE:
      return Z + A;
    case EXPRESSION_TLS_TPOFF:
      return S + A - TP;
    case EXPRESSION_TLS_TPOFF_NEGATED:
      return TP - S - A;
    default:
      return undefined;
  }
}

/** The page of an address: 4 KiB in instructions, whatever the kernel's are. */
function page(address: bigint): bigint {
  return address & ~0xfffn;
}
