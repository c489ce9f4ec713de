// What glibc exports on machines other than x86: what it exports on x86-64, with the machine's first version in place of older ones,
// without the vector functions for x86's registers (_ZGVb to _ZGVe), but for the exceptions, which scripts/systems.mjs generates.

import { GLIBC_AARCH64 } from "./glibc/aarch64.ts";
import { GLIBC_ARM } from "./glibc/arm.ts";
import { GLIBC_LOONGARCH64 } from "./glibc/loongarch64.ts";
import type { GlibcMachine } from "./glibc/machine.ts";
import { GLIBC_MIPS64EL } from "./glibc/mips64el.ts";
import { GLIBC_PPC64LE } from "./glibc/ppc64le.ts";
import { GLIBC_RISCV64 } from "./glibc/riscv64.ts";
import { GLIBC_S390X } from "./glibc/s390x.ts";

export const GLIBC_MACHINES: Readonly<Record<string, GlibcMachine>> = {
  aarch64: GLIBC_AARCH64,
  arm: GLIBC_ARM,
  riscv64: GLIBC_RISCV64,
  ppc64le: GLIBC_PPC64LE,
  s390x: GLIBC_S390X,
  loongarch64: GLIBC_LOONGARCH64,
  mips64el: GLIBC_MIPS64EL,
};
