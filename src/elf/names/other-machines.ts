// The own names of machines that are not x86 (machines.ts), apart from x86's so that a page for x86 need not have them.

import * as c from "../constants.ts";

type Rows = readonly (readonly [offset: number, name: string])[];

/** Names of numbers in the machine's range, counted from its start. */
export interface MachineNames {
  readonly sections?: Rows;
  readonly segments?: Rows;
  readonly tags?: Rows;
}

const MIPS: MachineNames = {
  sections: [
    [0x0, "MIPS_LIBLIST"],
    [0x6, "MIPS_REGINFO"],
    [0xd, "MIPS_OPTIONS"],
    [0x1e, "MIPS_DWARF"],
    [0x2a, "MIPS_ABIFLAGS"],
    [0x2b, "MIPS_XHASH"],
  ],
  segments: [
    [0, "MIPS_REGINFO"],
    [1, "MIPS_RTPROC"],
    [2, "MIPS_OPTIONS"],
    [3, "MIPS_ABIFLAGS"],
  ],
  tags: [
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
  ],
};

export const OTHER_MACHINES: readonly (readonly [machine: number, names: MachineNames])[] = [
  [
    c.EM_ARM,
    {
      sections: [
        [1, "ARM_EXIDX"],
        [2, "ARM_PREEMPTMAP"],
        [3, "ARM_ATTRIBUTES"],
        [4, "ARM_DEBUGOVERLAY"],
      ],
      segments: [
        [0, "ARM_ARCHEXT"],
        [1, "ARM_EXIDX"],
      ],
    },
  ],
  [
    c.EM_AARCH64,
    {
      sections: [[3, "AARCH64_ATTRIBUTES"]],
      segments: [
        [0, "AARCH64_ARCHEXT"],
        [2, "AARCH64_MEMTAG_MTE"],
      ],
      tags: [
        [0x1, "AARCH64_BTI_PLT"],
        [0x3, "AARCH64_PAC_PLT"],
        [0x5, "AARCH64_VARIANT_PCS"],
        [0x9, "AARCH64_MEMTAG_MODE"],
        [0xb, "AARCH64_MEMTAG_HEAP"],
        [0xc, "AARCH64_MEMTAG_STACK"],
        [0xd, "AARCH64_MEMTAG_GLOBALS"],
        [0xf, "AARCH64_MEMTAG_GLOBALSSZ"],
      ],
    },
  ],
  [
    c.EM_RISCV,
    {
      sections: [[3, "RISCV_ATTRIBUTES"]],
      segments: [[3, "RISCV_ATTRIBUTES"]],
      tags: [[1, "RISCV_VARIANT_CC"]],
    },
  ],
  [
    c.EM_PPC64,
    {
      tags: [
        [0, "PPC64_GLINK"],
        [1, "PPC64_OPD"],
        [2, "PPC64_OPDSZ"],
        [3, "PPC64_OPT"],
      ],
    },
  ],
  [c.EM_MIPS, MIPS],
];
