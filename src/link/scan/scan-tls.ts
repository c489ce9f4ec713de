// What relocations of thread-local storage need. Which model the code was compiled for stands in the relocation; which one
// the output can have decides whether instructions are rewritten or slots made (psABI, "Thread-Local Storage"). Which slots
// a symbol gets in the end, when it is accessed in several ways, settle-tls.ts says.

import {
  EXPRESSION_TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_GD_PC,
  EXPRESSION_TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_IE_GOT_NEGATED,
  EXPRESSION_TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_LD_PC,
  EXPRESSION_TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_LOCAL_EXEC,
  TLS_UNKNOWN,
} from "../../arch/index.ts";
import { BIND_IMPORTED, isSettledTls } from "../symbols/bind.ts";
import { NEED_TLS_MODULE, noteNeed } from "../tables/needs.ts";
import {
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
  isUndefined,
} from "../tables/symbol-table.ts";
import { complain } from "./complaints.ts";
import { DYN_RELATIVE } from "./scan-result.ts";
import { addDynamic, codeOf, misuse, need, type Scanner, type Site } from "./scan-site.ts";

/** @returns true if the next relocation belongs to the same sequence and needs no look of its own */
export function scanTls(scanner: Scanner, site: Site, kind: number): boolean {
  const { scan, machine, mode } = scanner;
  const executable = !mode.shared;
  const local = isSettledTls(scanner.symbols, site.symbol, site.binding);
  switch (kind) {
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_DESC_PC:
    case EXPRESSION_TLS_DESC_GOT: {
      const isDescriptor = kind === EXPRESSION_TLS_DESC_PC || kind === EXPRESSION_TLS_DESC_GOT;
      const verdict = tlsVerdict(scanner, site, executable && local ? TLS_TO_LOCAL_EXEC : TLS_TO_INITIAL_EXEC);
      if (executable && verdict === TLS_UNKNOWN) {
        complain(scan.complaints, "tls-sequence", site);
        return false;
      }
      if (!executable || !local) need(scanner, site, isDescriptor ? FLAG_NEEDS_TLS_DESC : FLAG_NEEDS_TLS_GD);
      if (verdict === TLS_UNKNOWN) scan.rigidTls.add(site.symbol);
      return executable && !isDescriptor;
    }
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_LD_GOT:
      if (executable) {
        if (tlsVerdict(scanner, site, TLS_TO_LOCAL_EXEC) === TLS_UNKNOWN) {
          complain(scan.complaints, "tls-sequence", site);
          return false;
        }
        return true;
      }
      if (!scan.needsTlsLd) noteNeed(scan.needs, -1, NEED_TLS_MODULE, site.section, site.offset, site.type);
      scan.needsTlsLd = true;
      return false;
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_IE_ABSOLUTE:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED:
      if (executable && local && tlsVerdict(scanner, site, TLS_TO_LOCAL_EXEC) === TLS_TO_LOCAL_EXEC) return false;
      need(scanner, site, kind === EXPRESSION_TLS_IE_GOT_NEGATED ? FLAG_NEEDS_TLS_IE_NEGATED : FLAG_NEEDS_TLS_IE);
      if (mode.shared) scan.staticTls = true;
      // The slot's absolute address stands in the code: position-independent output has to relocate it.
      if (kind === EXPRESSION_TLS_IE_ABSOLUTE && mode.pic) addDynamic(scanner, site, DYN_RELATIVE);
      return false;
    case EXPRESSION_TLS_TPOFF:
    case EXPRESSION_TLS_TPOFF_NEGATED:
      if (!mode.shared) {
        // What nothing defines is at 0, whatever the loader may find.
        if (site.binding === BIND_IMPORTED && !isUndefined(scanner.symbols, site.symbol)) misuse(scanner, site);
        return false;
      }
      // i386 code may use its static TLS offset directly: the dynamic linker fills it in (R_386_TLS_TPOFF, _TPOFF32).
      if (machine.rela) misuse(scanner, site);
      else {
        scan.staticTls = true;
        addDynamic(scanner, site, kind === EXPRESSION_TLS_TPOFF ? machine.dynamic.tpoff : machine.dynamic.tpoffNegated);
      }
      return false;
    case EXPRESSION_TLS_DTPOFF:
    case EXPRESSION_TLS_DESC_CALL:
      return false;
  }
  return false;
}

function tlsVerdict(scanner: Scanner, site: Site, target: number): number {
  return scanner.machine.checkTls(
    codeOf(scanner, site),
    site.offset,
    site.type,
    target,
    site.nextType,
    site.nextOffset,
  );
}
