// What the loaders of glibc take of e_ident: the OS ABI and its version. The versions of GNU's are numbered per machine, in the
// order of glibc's libc-abis; measured with 2.36 of each machine.

import { ELFOSABI_ARM_AEABI, ELFOSABI_GNU, ELFOSABI_SYSV } from "../../elf/constants.ts";
import type { IdentityRules } from "./record.ts";

/** UNIQUE 1, IFUNC 2, ABSOLUTE 3. */
export const USUAL_IDENTITY: IdentityRules = { osAbis: [ELFOSABI_SYSV, ELFOSABI_GNU], newestOfGnu: 3, newest: 0 };

/** UNIQUE 1, ABSOLUTE 2. */
export const WITHOUT_IFUNC_IDENTITY: IdentityRules = { ...USUAL_IDENTITY, newestOfGnu: 2 };

/** sysdeps/arm/ldsodefs.h */
export const ARM_IDENTITY: IdentityRules = {
  ...WITHOUT_IFUNC_IDENTITY,
  osAbis: [...USUAL_IDENTITY.osAbis, ELFOSABI_ARM_AEABI],
};

/** MIPS_PLT 1, UNIQUE 2, MIPS_O32_FP64 3, ABSOLUTE 4, MIPS_XHASH 5; whatever the OS ABI is (sysdeps/unix/sysv/linux/mips/ldsodefs.h). */
export const MIPS_IDENTITY: IdentityRules = { ...USUAL_IDENTITY, newestOfGnu: 5, newest: 5 };
