// Takes back what the scan asked of the dynamic linker where, all relocations seen, it need not be asked.

import { EXPRESSION_PC, EXPRESSION_SIZE, type Machine } from "../../arch/index.ts";
import type { LinkOptions } from "../options.ts";
import { BIND_IFUNC, BIND_ZERO } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DIRECT,
  FLAG_DROPPED,
  FLAG_DYNSYM,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
  FLAG_REF_DYNAMIC,
  FLAG_SHARED_PROTECTED,
  isShared,
  isUndefined,
  isUndefinedStrong,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { complain } from "./complaints.ts";
import { DYN_RELATIVE, isWritable, type Scan } from "./scan-result.ts";

const TLS_SLOTS = FLAG_NEEDS_TLS_IE | FLAG_NEEDS_TLS_IE_NEGATED | FLAG_NEEDS_TLS_GD | FLAG_NEEDS_TLS_DESC;

/**
 * In a program a weak reference that nothing defines is left to the dynamic linker only if it goes through the GOT or the
 * PLT, and no code has the address in itself; otherwise it is 0. (BFD's UNDEFINED_WEAK_RESOLVED_TO_ZERO.) After the scan.
 */
export function settleWeakReferences(
  symbols: SymbolTable,
  scan: Scan,
  sections: SectionTable,
  mode: OutputMode,
  { z: { dynamicUndefinedWeak } }: LinkOptions,
): void {
  if (mode.shared || !mode.dynamic) return;
  // Asked for, the symbol is there all the same, for those who look it up.
  const removed = dynamicUndefinedWeak === true ? FLAG_NEEDS_PLT : FLAG_DYNSYM | FLAG_NEEDS_PLT;
  for (let id = 0; id < symbols.names.count; id++) {
    const flags = symbols.flags[id];
    if ((flags & FLAG_DYNSYM) === 0 || !isUndefined(symbols, id) || isUndefinedStrong(symbols, id)) continue;
    const isAsked = (flags & (FLAG_NEEDS_GOT | FLAG_NEEDS_PLT)) !== 0 && (flags & FLAG_DIRECT) === 0;
    // What code for any model has become is initial exec: a slot that the dynamic linker fills.
    if (isAsked || (flags & TLS_SLOTS) !== 0) continue;
    symbols.flags[id] = (flags & ~removed) | FLAG_DROPPED;
    scan.bindings[id] = BIND_ZERO;
  }
  forget(scan, sections, (symbol) => (symbols.flags[symbol] & FLAG_DROPPED) !== 0);
}

/**
 * Pointers in the data of a position-dependent program. What code needs the address of has it in the program: a copied
 * variable, a library's function at its PLT entry. So has an IFUNC whose PLT entry code needs; otherwise pointers to it are
 * relocated to what the resolver returns, as those in the GOT. What is missing, and ignored, is 0 in pointers where it is in
 * code; and a pointer to a weak symbol that nothing defines is 0 whatever the GOT will say. After the scan.
 */
export function settlePointers(
  symbols: SymbolTable,
  scan: Scan,
  sections: SectionTable,
  machine: Machine,
  mode: OutputMode,
): void {
  const { expression } = machine.relocations;
  const isFixed = (type: number): boolean =>
    type !== DYN_RELATIVE && (expression[type] === EXPRESSION_SIZE || expression[type] === EXPRESSION_PC);
  if (mode.pic) {
    // A pointer is still the dynamic linker's; the size of a copy is known, and its distance.
    forget(scan, sections, (symbol, type) => isFixed(type) && (symbols.flags[symbol] & FLAG_COPY) !== 0);
    return;
  }
  settleExportedIfuncs(symbols, scan);
  forget(scan, sections, (symbol) => {
    if ((symbols.flags[symbol] & (FLAG_COPY | FLAG_CANONICAL_PLT)) !== 0) return true;
    if (isUndefinedStrong(symbols, symbol)) return (symbols.flags[symbol] & FLAG_DIRECT) !== 0;
    // BFD allots a slot for a weak one, and leaves it unused (elfxx-x86.h, GENERATE_DYNAMIC_RELOCATION_P).
    if (isUndefined(symbols, symbol)) return true;
    if (scan.bindings[symbol] !== BIND_IFUNC || (symbols.flags[symbol] & FLAG_NEEDS_PLT) === 0) return false;
    symbols.flags[symbol] |= FLAG_CANONICAL_PLT;
    return true;
  });
}

/**
 * To a library an IFUNC of a position-dependent program is a plain function: its PLT entry. Were it exported as an IFUNC, the
 * loader, which relocates libraries first, would have to call a resolver of a program not relocated yet, and refuses.
 * (GNU ld does so where there is a PLT entry already: bfd/elfxx-x86.c, _bfd_x86_elf_link_fixup_ifunc_symbol.) Pointers in
 * the program are to be the same, so they mean the entry too.
 */
function settleExportedIfuncs(symbols: SymbolTable, scan: Scan): void {
  for (let id = 0; id < symbols.names.count; id++) {
    const flags = symbols.flags[id];
    if ((flags & FLAG_DYNSYM) === 0 || scan.bindings[id] !== BIND_IFUNC) continue;
    if ((flags & (FLAG_NEEDS_PLT | FLAG_REF_DYNAMIC)) !== 0) symbols.flags[id] |= FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT;
  }
}

/**
 * What is left to the dynamic linker in read-only parts of a program must not name a library's protected symbol, whatever asks for
 * it (bfd/elfxx-x86.c, elf_x86_allocate_dynrelocs: `def_protected`). Error: `copy-relocation-protected`.
 */
export function refuseProtected(
  symbols: SymbolTable,
  scan: Scan,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  mode: OutputMode,
): void {
  if (mode.shared) return;
  for (let i = 0; i < scan.dynCount; i++) {
    const symbol = scan.dynSymbol[i];
    if (symbol < 0 || (symbols.flags[symbol] & FLAG_SHARED_PROTECTED) === 0 || !isShared(symbols, symbol)) continue;
    const section = scan.dynSection[i];
    if (isWritable(scan, sections, section)) continue;
    const object = objects[sections.object[section]];
    const symbolIndex = object.firstGlobal + object.symbols.indexOf(symbol);
    const site = { object, section, offset: scan.dynOffset[i], type: scan.dynType[i], symbol, symbolIndex };
    complain(scan.complaints, "copy-relocation-protected", site);
  }
}

/** Takes the relocations of some symbols off the dynamic linker's list. */
function forget(scan: Scan, sections: SectionTable, isSettled: (symbol: SymbolId, type: number) => boolean): void {
  let kept = 0;
  scan.textRelocation = -1;
  for (let i = 0; i < scan.dynCount; i++) {
    const symbol = scan.dynSymbol[i];
    if (symbol >= 0 && isSettled(symbol, scan.dynType[i])) continue;
    const section = scan.dynSection[i];
    if (!isWritable(scan, sections, section)) scan.textRelocation = section;
    scan.dynSection[kept] = section;
    scan.dynOffset[kept] = scan.dynOffset[i];
    scan.dynSymbol[kept] = symbol;
    scan.dynType[kept++] = scan.dynType[i];
  }
  scan.dynCount = kept;
}
