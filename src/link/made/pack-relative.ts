// -z pack-relative-relocs: relative relocations of aligned words go into .relr.dyn as bitmaps. How many words that takes
// depends on addresses, and addresses on how many words it takes: laid out again until it fits, growing only.

import type { Machine } from "../../arch/index.ts";
import type { LinkOptions } from "../options.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { reversedOffset } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import type { GotPlan } from "./got.ts";
import { encodeRelr } from "./relr.ts";

export interface PackedRelocations {
  /** By number in `scan.dyn…`: 1 where the relocation is packed. */
  readonly scanned: Uint8Array;
  /** Relocations in all, those of the GOT included. */
  readonly count: number;
}

/** Which relocations can be packed, or undefined when the option is off or there are none. */
export function choosePacked(
  scan: Scan,
  got: GotPlan,
  sections: SectionTable,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): PackedRelocations | undefined {
  if (!options.z.packRelativeRelocs || !mode.pic) return undefined;
  const scanned = new Uint8Array(scan.dynCount);
  let count = got.words.filter((it) => it.type === machine.dynamic.relative).length;
  for (let i = 0; i < scan.dynCount; i++) {
    if (scan.dynType[i] !== DYN_RELATIVE) continue;
    const symbol = scan.dynSymbol[i];
    if (symbol >= 0 && scan.bindings[symbol] === BIND_IFUNC) continue;
    const section = scan.dynSection[i];
    // Only words at even addresses; and not where the memory is read-only (a text relocation).
    const aligned = sections.alignment[section] >= machine.wordBytes && scan.dynOffset[i] % machine.wordBytes === 0;
    if (!aligned || (sections.flags[section] & 1) === 0) continue;
    scanned[i] = 1;
    count++;
  }
  return count === 0 ? undefined : { scanned, count };
}

/** The contents of .relr.dyn at the addresses of the present layout. @param atLeast bytes that it already has */
export function packRelative(
  packed: PackedRelocations,
  scan: Scan,
  got: GotPlan,
  sections: SectionTable,
  reversed: ReadonlySet<SectionId>,
  machine: Machine,
  atLeast: number,
): Uint8Array {
  const addresses = new Float64Array(packed.count);
  let count = 0;
  for (let i = 0; i < scan.dynCount; i++) {
    if (packed.scanned[i] === 0) continue;
    const section = scan.dynSection[i];
    const offset = reversed.has(section)
      ? reversedOffset(scan.dynOffset[i], sections.size[section], machine.wordBytes)
      : scan.dynOffset[i];
    addresses[count++] = sections.address[section] + offset;
  }
  for (const word of got.words) {
    if (word.type === machine.dynamic.relative) addresses[count++] = word.chunk.address + word.offset;
  }
  return encodeRelr(addresses.sort(), count, machine.wordBytes, atLeast);
}
