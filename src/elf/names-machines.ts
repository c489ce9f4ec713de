// What the processors' own ranges of section types, segment types and dynamic tags mean, a table a machine (the psABIs; names as in
// binutils' elf/*.h without SHT_, PT_ and DT_).

import * as c from "./constants.ts";

type Names = ReadonlyMap<number, string>;

interface MachineNames {
  readonly sections?: Names;
  readonly segments?: Names;
  readonly tags?: Names;
}

/** Counted from the start of the processor's range. */
function names(...rows: readonly (readonly [offset: number, name: string])[]): Names {
  return new Map(rows.map(([offset, name]) => [c.DT_LOPROC + offset, name]));
}

const MIPS: MachineNames = {
  sections: names(
    [0x0, "MIPS_LIBLIST"],
    [0x6, "MIPS_REGINFO"],
    [0xd, "MIPS_OPTIONS"],
    [0x1e, "MIPS_DWARF"],
    [0x2a, "MIPS_ABIFLAGS"],
    [0x2b, "MIPS_XHASH"],
  ),
  segments: names([0, "MIPS_REGINFO"], [1, "MIPS_RTPROC"], [2, "MIPS_OPTIONS"], [3, "MIPS_ABIFLAGS"]),
  tags: names(
    [0x1, "MIPS_RLD_VERSION"],
    [0x5, "MIPS_FLAGS"],
    [0x6, "MIPS_BASE_ADDRESS"],
    [0xa, "MIPS_LOCAL_GOTNO"],
    [0x11, "MIPS_SYMTABNO"],
    [0x12, "MIPS_UNREFEXTNO"],
    [0x13, "MIPS_GOTSYM"],
    [0x14, "MIPS_HIPAGENO"],
    [0x16, "MIPS_RLD_MAP"],
    [0x29, "MIPS_OPTIONS"],
    [0x32, "MIPS_PLTGOT"],
    [0x34, "MIPS_RWPLT"],
    [0x35, "MIPS_RLD_MAP_REL"],
    [0x36, "MIPS_XHASH"],
  ),
};

const MACHINES: ReadonlyMap<number, MachineNames> = new Map([
  [
    c.EM_X86_64,
    {
      sections: names([1, "X86_64_UNWIND"]),
      tags: names([0, "X86_64_PLT"], [1, "X86_64_PLTSZ"], [3, "X86_64_PLTENT"]),
    },
  ],
  [
    c.EM_ARM,
    {
      sections: names([1, "ARM_EXIDX"], [2, "ARM_PREEMPTMAP"], [3, "ARM_ATTRIBUTES"], [4, "ARM_DEBUGOVERLAY"]),
      segments: names([0, "ARM_ARCHEXT"], [1, "ARM_EXIDX"]),
    },
  ],
  [
    c.EM_AARCH64,
    {
      sections: names([3, "AARCH64_ATTRIBUTES"]),
      segments: names([0, "AARCH64_ARCHEXT"], [2, "AARCH64_MEMTAG_MTE"]),
      tags: names(
        [0x1, "AARCH64_BTI_PLT"],
        [0x3, "AARCH64_PAC_PLT"],
        [0x5, "AARCH64_VARIANT_PCS"],
        [0x9, "AARCH64_MEMTAG_MODE"],
        [0xb, "AARCH64_MEMTAG_HEAP"],
        [0xc, "AARCH64_MEMTAG_STACK"],
        [0xd, "AARCH64_MEMTAG_GLOBALS"],
        [0xf, "AARCH64_MEMTAG_GLOBALSSZ"],
      ),
    },
  ],
  [
    c.EM_RISCV,
    {
      sections: names([3, "RISCV_ATTRIBUTES"]),
      segments: names([3, "RISCV_ATTRIBUTES"]),
      tags: names([1, "RISCV_VARIANT_CC"]),
    },
  ],
  [c.EM_PPC64, { tags: names([0, "PPC64_GLINK"], [1, "PPC64_OPD"], [2, "PPC64_OPDSZ"], [3, "PPC64_OPT"]) }],
  [c.EM_MIPS, MIPS],
]);

/** SHT_* of the machine's own; undefined if it has none of that number. */
export function ownSectionTypeName(type: number, machine: number): string | undefined {
  return MACHINES.get(machine)?.sections?.get(type);
}

/** PT_* likewise. */
export function ownSegmentTypeName(type: number, machine: number): string | undefined {
  return MACHINES.get(machine)?.segments?.get(type);
}

/** DT_* likewise. */
export function ownDynamicTagName(tag: number, machine: number): string | undefined {
  return MACHINES.get(machine)?.tags?.get(tag);
}
