// Relocations of thread-local storage: the other half of scan-tls.ts, which decided by the same rules whether instructions are
// rewritten or a slot is used.

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
  OVERFLOW_NONE,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_INITIAL_EXEC_NEGATED,
  TLS_TO_LOCAL_EXEC,
} from "../../arch/index.ts";
import { SHF_EXECINSTR } from "../../elf/constants.ts";
import { descriptorSlot } from "../made/slots.ts";
import { isSettledTls } from "../symbols/bind.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { fits, writeField } from "./relocation-field.ts";
import { codeOf, type Relocator, reportOverflow } from "./relocator.ts";

/**
 * @param index the symbol's in the object
 * @param place address of the field  @param field its offset in the image  @param target S
 * @param next where the following relocation stands in the file, or -1
 * @returns how many of the following relocations are done with
 */
export function relocateTls(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  index: number,
  symbol: SymbolId,
  kind: number,
  type: number,
  offset: number,
  place: number,
  field: number,
  target: number,
  addend: number,
  next: number,
): number {
  const { machine, mode, at, slots, layout, view } = r;
  const local = isSettledTls(r.symbols, symbol, symbol < 0 ? 0 : r.scan.bindings[symbol]);
  const executable = !mode.shared;
  const tpoff = target - layout.threadPointer;
  const store = (value: number): number => {
    const stored = machine.wordBytes === 4 ? value | 0 : value;
    const width = machine.relocations.bytes[type];
    const rule = machine.relocations.overflow[type];
    if (rule !== OVERFLOW_NONE && !fits(stored, width, rule)) {
      reportOverflow(r, object, section, offset, index, symbol, type, stored);
    }
    writeField(view, field, width, stored);
    return 0;
  };
  const rewrite = (goal: number, value: number): number => {
    const skip = machine.writeTls(view, field, type, goal, value, place, at.gotBase);
    if (skip >= 0) return skip;
    reportOverflow(r, object, section, offset, index, symbol, type, value);
    return 0;
  };
  const slotOf = (column: Int32Array): number => at.got + (symbol >= 0 ? column[symbol] : 0);
  switch (kind) {
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_DESC_PC:
    case EXPRESSION_TLS_DESC_GOT:
    case EXPRESSION_TLS_DESC_CALL: {
      if (executable && local) return rewrite(TLS_TO_LOCAL_EXEC, tpoff);
      const isGeneral = kind === EXPRESSION_TLS_GD_PC || kind === EXPRESSION_TLS_GD_GOT;
      if ((isGeneral ? slots.tlsGd : slots.tlsDesc)[symbol] < 0) {
        const isNegated = slots.tlsIe[symbol] < 0;
        const slot = slotOf(isNegated ? slots.tlsIeNegated : slots.tlsIe);
        return rewrite(isNegated ? TLS_TO_INITIAL_EXEC_NEGATED : TLS_TO_INITIAL_EXEC, slot);
      }
      if (kind === EXPRESSION_TLS_DESC_CALL) return 0;
      const slot = isGeneral ? slotOf(slots.tlsGd) : descriptorSlot(slots, at, symbol, machine.wordBytes);
      return store(
        kind === EXPRESSION_TLS_GD_PC || kind === EXPRESSION_TLS_DESC_PC
          ? slot + addend - place
          : slot + addend - at.gotBase,
      );
    }
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_LD_GOT:
      if (executable) return rewrite(TLS_TO_LOCAL_EXEC, 0);
      return store(
        kind === EXPRESSION_TLS_LD_PC
          ? at.got + slots.tlsLd + addend - place
          : at.got + slots.tlsLd + addend - at.gotBase,
      );
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_IE_ABSOLUTE:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED: {
      if (executable && local && canBeLocalExec(r, object, section, type, offset, next)) {
        return rewrite(TLS_TO_LOCAL_EXEC, tpoff);
      }
      const slot = slotOf(kind === EXPRESSION_TLS_IE_GOT_NEGATED ? slots.tlsIeNegated : slots.tlsIe);
      if (kind === EXPRESSION_TLS_IE_PC) return store(slot + addend - place);
      return store(kind === EXPRESSION_TLS_IE_ABSOLUTE ? slot + addend : slot + addend - at.gotBase);
    }
    case EXPRESSION_TLS_TPOFF:
      return store(tpoff + addend);
    case EXPRESSION_TLS_TPOFF_NEGATED:
      return store(-tpoff + addend);
    case EXPRESSION_TLS_DTPOFF: {
      // Code that used the module's base was rewritten to use the thread pointer; debug information was not.
      const inCode = executable && (r.sections.flags[section] & SHF_EXECINSTR) !== 0;
      return store((inCode ? tpoff : target - layout.tlsStart) + addend);
    }
  }
  return 0;
}

/** Whether the instruction is one of those that can have the offset itself instead of loading it. */
function canBeLocalExec(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  type: number,
  offset: number,
  next: number,
): boolean {
  const { view, is64 } = object;
  const nextInfo = next < 0 ? 0 : view.getUint32(next + (is64 ? 8 : 4), true);
  const nextType = is64 ? nextInfo : nextInfo & 0xff;
  const nextAt = next < 0 ? 0 : view.getUint32(next, true);
  const code = codeOf(r, object, section);
  return r.machine.checkTls(code, offset, type, TLS_TO_LOCAL_EXEC, nextType, nextAt) === TLS_TO_LOCAL_EXEC;
}
