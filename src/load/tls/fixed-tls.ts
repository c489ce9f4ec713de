// Pairs of __tls_get_addr that need no call where the block's place is fixed (ppc64).

import { DT_PPC64_OPT } from "../../elf/index.ts";
import type { LoadedObject } from "../objects/objects.ts";

const PPC64_OPT_TLS = 1;

/**
 * __tls_get_addr_opt takes a pair with module 0 for an offset from the thread pointer (PPC64_OPT_TLS; binutils ld
 * --tls-get-addr-optimize).
 */
export function usesFixedTls({ file }: LoadedObject): boolean {
  return ((file.values.get(DT_PPC64_OPT) ?? 0) & PPC64_OPT_TLS) !== 0;
}
