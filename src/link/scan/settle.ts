// Takes back what the scan asked of the dynamic linker where, all relocations seen, it need not be asked.

import type { LinkOptions } from "../options.ts";
import { BIND_IFUNC, BIND_ZERO } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DIRECT,
  FLAG_DROPPED,
  FLAG_DYNSYM,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_NEEDS_TLS_IE,
  FLAG_REF_REGULAR_NONWEAK,
  isUndefined,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import type { Scan } from "./scan-result.ts";

/**
 * In a program a weak reference that nothing defines is left to the dynamic linker only if it goes through the GOT and
 * nowhere else; an address in the code, or a mere call, is 0. (BFD's UNDEFINED_WEAK_RESOLVED_TO_ZERO.) After the scan.
 */
export function settleWeakReferences(
  symbols: SymbolTable,
  scan: Scan,
  mode: OutputMode,
  { z: { dynamicUndefinedWeak } }: LinkOptions,
): void {
  if (mode.shared || !mode.dynamic) return;
  // Asked for, the symbol is there all the same, for those who look it up.
  const removed = dynamicUndefinedWeak === true ? FLAG_NEEDS_PLT : FLAG_DYNSYM | FLAG_NEEDS_PLT;
  for (let id = 0; id < symbols.names.count; id++) {
    const flags = symbols.flags[id];
    if ((flags & FLAG_DYNSYM) === 0 || !isUndefined(symbols, id) || (flags & FLAG_REF_REGULAR_NONWEAK) !== 0) continue;
    if ((flags & (FLAG_NEEDS_GOT | FLAG_DIRECT)) === FLAG_NEEDS_GOT || (flags & FLAG_NEEDS_TLS_IE) !== 0) continue;
    symbols.flags[id] = (flags & ~removed) | FLAG_DROPPED;
    scan.bindings[id] = BIND_ZERO;
  }
  forget(scan, (symbol) => (symbols.flags[symbol] & FLAG_DROPPED) !== 0);
}

/**
 * Pointers in the data of a position-dependent program. What code needs the address of has it in the program: a copied
 * variable, a library's function at its PLT entry. So has an IFUNC whose PLT entry code needs; otherwise pointers to it are
 * relocated to what the resolver returns, as those in the GOT. After the scan.
 */
export function settlePointers(symbols: SymbolTable, scan: Scan, mode: OutputMode): void {
  if (mode.pic) return;
  forget(scan, (symbol) => {
    if ((symbols.flags[symbol] & (FLAG_COPY | FLAG_CANONICAL_PLT)) !== 0) return true;
    if (scan.bindings[symbol] !== BIND_IFUNC || (symbols.flags[symbol] & FLAG_NEEDS_PLT) === 0) return false;
    symbols.flags[symbol] |= FLAG_CANONICAL_PLT;
    return true;
  });
}

/** Takes the relocations of some symbols off the dynamic linker's list. */
function forget(scan: Scan, isSettled: (symbol: SymbolId) => boolean): void {
  let kept = 0;
  for (let i = 0; i < scan.dynCount; i++) {
    const symbol = scan.dynSymbol[i];
    if (symbol >= 0 && isSettled(symbol)) continue;
    scan.dynSection[kept] = scan.dynSection[i];
    scan.dynOffset[kept] = scan.dynOffset[i];
    scan.dynSymbol[kept] = symbol;
    scan.dynType[kept++] = scan.dynType[i];
  }
  scan.dynCount = kept;
}
