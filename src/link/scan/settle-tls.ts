// Which slots a thread-local variable gets that is accessed in several ways. Where one access needs its offset from the thread
// pointer (initial exec), the others can be rewritten to use it as well: there is nothing to gain from a dynamic model any more
// (bfd/elf64-x86-64.c and elf32-i386.c, check_relocs). A program has no dynamic models at all.

import type { Machine } from "../../arch/index.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import {
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import type { Scan } from "./scan-result.ts";

const DYNAMIC = FLAG_NEEDS_TLS_GD | FLAG_NEEDS_TLS_DESC;
const INITIAL_EXEC = FLAG_NEEDS_TLS_IE | FLAG_NEEDS_TLS_IE_NEGATED;

/** Gives initial exec slots in place of those for dynamic models where that can be. After the scan. */
export function settleTlsModels(symbols: SymbolTable, scan: Scan, machine: Machine, mode: OutputMode): void {
  const settled = new Set<SymbolId>();
  for (let id = 0; id < symbols.count; id++) {
    const flags = symbols.flags[id];
    if ((flags & DYNAMIC) === 0) continue;
    if (mode.shared && ((flags & INITIAL_EXEC) === 0 || scan.rigidTls.has(id))) continue;
    // i386 code that is rewritten subtracts, unless another access has made the slot one to add (measured: ld 2.40).
    const usual = machine.dynamic.tpoffNegated === 0 ? FLAG_NEEDS_TLS_IE : FLAG_NEEDS_TLS_IE_NEGATED;
    symbols.flags[id] = (flags & ~DYNAMIC) | ((flags & INITIAL_EXEC) === 0 ? usual : 0);
    settled.add(id);
  }
  const { needs } = scan;
  for (let i = 0; i < needs.count; i++) {
    const id = needs.symbol[i];
    if ((needs.flags[i] & DYNAMIC) !== 0 && settled.has(id)) needs.flags[i] = symbols.flags[id] & INITIAL_EXEC;
  }
}
