// Why each GOT slot, PLT entry, copy and canonical PLT entry exists: the first relocation that asked for it. Noted by the
// scan once for each symbol and kind, whatever the number of relocations; read by decisions/slots.ts when somebody asks.

import { growFloat64, growInt32, growUint16 } from "./columns.ts";
import type { SectionId, SymbolId } from "./ids.ts";

/** In `flags`: the module's own pair of GOT words for local dynamic TLS. `symbol` is -1. */
export const NEED_TLS_MODULE = 0;

export interface Needs {
  count: number;
  symbol: Int32Array;
  /** Which of FLAG_NEEDS_*, FLAG_COPY and FLAG_CANONICAL_PLT were asked for here first. */
  flags: Int32Array;
  section: Int32Array;
  /** Offset in the section. */
  offset: Float64Array;
  /** Number of the relocation's type. */
  type: Uint16Array;
}

export function createNeeds(): Needs {
  return {
    count: 0,
    symbol: new Int32Array(64),
    flags: new Int32Array(64),
    section: new Int32Array(64),
    offset: new Float64Array(64),
    type: new Uint16Array(64),
  };
}

export function noteNeed(
  needs: Needs,
  symbol: SymbolId,
  flags: number,
  section: SectionId,
  offset: number,
  type: number,
): void {
  const at = needs.count++;
  needs.symbol = growInt32(needs.symbol, needs.count);
  needs.flags = growInt32(needs.flags, needs.count);
  needs.section = growInt32(needs.section, needs.count);
  needs.offset = growFloat64(needs.offset, needs.count);
  needs.type = growUint16(needs.type, needs.count);
  needs.symbol[at] = symbol;
  needs.flags[at] = flags;
  needs.section[at] = section;
  needs.offset[at] = offset;
  needs.type[at] = type;
}
