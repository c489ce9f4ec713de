// Which relocations go through the GOT or the PLT, as a table; and how much room an object's slots take at most.

import {
  EXPRESSION_GOT_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_LOW,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PAGE_OFFSET,
  EXPRESSION_GOT_PAGE_PC,
  EXPRESSION_GOT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_PLT_ABSOLUTE,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_LOW,
  EXPRESSION_TLS_DESC_PAGE_PC,
  EXPRESSION_TLS_DESC_PC,
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
} from "../../arch/index.ts";
import { SHT_REL, SHT_RELA, STB_LOCAL, STT_GNU_IFUNC } from "../../elf/constants.ts";
import type { ElfFile } from "../../elf/file.ts";
import type { Report } from "../../elf/problem.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import type { ElfSymbol } from "../../elf/symbols.ts";
import type { ObjectMachine, PlacedSection, SlotKind } from "./model.ts";

/** The slot that a relocation's value leads through, by its expression. */
const SLOT_OF_EXPRESSION: ReadonlyMap<number, SlotKind> = new Map([
  [EXPRESSION_GOT_OFFSET, "got"],
  [EXPRESSION_GOT_PC, "got"],
  [EXPRESSION_GOT_ABSOLUTE, "got"],
  [EXPRESSION_GOT_PAGE_PC, "got"],
  [EXPRESSION_GOT_LOW, "got"],
  [EXPRESSION_GOT_PAGE_OFFSET, "got"],
  [EXPRESSION_PLT_PC, "plt"],
  [EXPRESSION_PLT_GOT_RELATIVE, "plt"],
  [EXPRESSION_PLT_ABSOLUTE, "plt"],
  [EXPRESSION_TLS_GD_PC, "tls-gd"],
  [EXPRESSION_TLS_GD_PAGE_PC, "tls-gd"],
  [EXPRESSION_TLS_GD_LOW, "tls-gd"],
  [EXPRESSION_TLS_GD_GOT, "tls-gd"],
  [EXPRESSION_TLS_LD_PC, "tls-ld"],
  [EXPRESSION_TLS_LD_PAGE_PC, "tls-ld"],
  [EXPRESSION_TLS_LD_LOW, "tls-ld"],
  [EXPRESSION_TLS_LD_GOT, "tls-ld"],
  [EXPRESSION_TLS_IE_PC, "tls-ie"],
  [EXPRESSION_TLS_IE_PAGE_PC, "tls-ie"],
  [EXPRESSION_TLS_IE_LOW, "tls-ie"],
  [EXPRESSION_TLS_IE_ABSOLUTE, "tls-ie"],
  [EXPRESSION_TLS_IE_GOT, "tls-ie"],
  [EXPRESSION_TLS_IE_GOT_NEGATED, "tls-ie-negated"],
  [EXPRESSION_TLS_DESC_PC, "tls-desc"],
  [EXPRESSION_TLS_DESC_PAGE_PC, "tls-desc"],
  [EXPRESSION_TLS_DESC_LOW, "tls-desc"],
  [EXPRESSION_TLS_DESC_GOT, "tls-desc"],
]);

/** The slot that a relocation's value leads through, if any: by its expression, but for what the machine has code of its own for. */
export function slotKindOf({ relocations, objects }: ObjectMachine, type: number): SlotKind | undefined {
  if (objects.descriptorCalls?.addendOf(type) !== undefined) return "tls-call";
  return SLOT_OF_EXPRESSION.get(relocations.expression[type]);
}

/** One for all symbols: local dynamic's pair of the module, and the code that calls descriptors. */
export const SHARED_SLOTS: ReadonlySet<SlotKind> = new Set(["tls-ld", "tls-call"]);

/** Expressions that name the GOT itself, which then has to be somewhere. */
const NAMES_GOT: ReadonlySet<number> = new Set([EXPRESSION_GOT_RELATIVE, EXPRESSION_GOT_BASE_PC]);

/** Words of the GOT that a slot takes; a PLT entry has one that it jumps through. */
export const SLOT_WORDS: Readonly<Record<SlotKind, number>> = {
  got: 1,
  plt: 1,
  "tls-gd": 2,
  "tls-ld": 2,
  "tls-ie": 1,
  "tls-ie-negated": 1,
  "tls-desc": 2,
  "tls-call": 0,
};

export interface SlotCounts {
  /** Upper bounds: a call that reaches its function needs no entry, which is known only when all objects have a place. */
  readonly gotWords: number;
  readonly pltEntries: number;
}

/** Counts what the relocations of the loaded sections may need: one slot a symbol and kind. */
export function countSlots(
  elf: ElfFile,
  machine: ObjectMachine,
  sections: readonly (PlacedSection | undefined)[],
  symbols: readonly ElfSymbol[],
  report: Report,
): SlotCounts {
  const needed = new Set<string>();
  let gotWords = 0;
  let pltEntries = 0;
  const need = (kind: SlotKind, symbol: number): void => {
    const key = `${kind} ${SHARED_SLOTS.has(kind) ? 0 : symbol}`;
    if (needed.has(key)) return;
    needed.add(key);
    gotWords += SLOT_WORDS[kind];
    if (kind === "plt" || kind === "tls-call") pltEntries++;
  };
  for (const table of elf.sections) {
    if ((table.type !== SHT_REL && table.type !== SHT_RELA) || sections[table.info] === undefined) continue;
    for (const { type, symbol } of relocationsOf(elf, table, report)) {
      const expression = machine.relocations.expression[type];
      const kind = slotKindOf(machine, type);
      if (kind !== undefined) need(kind, symbol);
      else if (NAMES_GOT.has(expression)) gotWords = Math.max(gotWords, 1);
      // Whatever the relocation, an IFUNC is reached through a PLT entry; the definition may be in another object.
      const { binding, type: symbolType } = symbols[symbol] ?? { binding: STB_LOCAL, type: 0 };
      if (binding !== STB_LOCAL || symbolType === STT_GNU_IFUNC) need("plt", symbol);
    }
  }
  return { gotWords, pltEntries };
}
