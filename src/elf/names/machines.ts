// What the processors' own ranges of section types, segment types and dynamic tags mean, a table a machine (the psABIs; names as in
// binutils' elf/*.h without SHT_, PT_ and DT_).

import { DT_LOPROC, EM_X86_64 } from "../constants.ts";
import { type MachineNames, OTHER_MACHINES } from "./other-machines.ts";

const X86_64: MachineNames = {
  sections: [[1, "X86_64_UNWIND"]],
  tags: [
    [0, "X86_64_PLT"],
    [1, "X86_64_PLTSZ"],
    [3, "X86_64_PLTENT"],
  ],
};

const MACHINES: ReadonlyMap<number, MachineNames> = new Map([[EM_X86_64, X86_64], ...OTHER_MACHINES]);

/** SHT_* of the machine's own; undefined if it has none of that number. */
export function ownSectionTypeName(type: number, machine: number): string | undefined {
  return nameIn(MACHINES.get(machine)?.sections, type);
}

/** PT_* likewise. */
export function ownSegmentTypeName(type: number, machine: number): string | undefined {
  return nameIn(MACHINES.get(machine)?.segments, type);
}

/** DT_* likewise. */
export function ownDynamicTagName(tag: number, machine: number): string | undefined {
  return nameIn(MACHINES.get(machine)?.tags, tag);
}

function nameIn(rows: MachineNames["tags"], number: number): string | undefined {
  return rows?.find(([offset]) => DT_LOPROC + offset === number)?.[1];
}
