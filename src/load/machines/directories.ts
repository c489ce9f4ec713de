// The default directories of a C library that was built for a machine, which differ between machines in two words.

import type { SearchRules } from "./record.ts";

/** slibdir of most 64-bit machines (sysdeps/unix/sysv/linux/MACHINE/configure of glibc). */
const LIB64: readonly string[] = ["/lib64/", "/usr/lib64/"];

/**
 * @param triplet Debian's name of the machine in directories, `aarch64-linux-gnu`
 * @param own glibc's own default, each with a slash at its end
 */
export function searchDirectories(triplet: string, own: readonly string[] = LIB64): SearchRules["directories"] {
  const debian = [`/lib/${triplet}/`, `/usr/lib/${triplet}/`, "/lib/", "/usr/lib/"];
  return {
    debian,
    "debian-biarch": debian,
    lib64: own,
    lib: ["/lib/", "/usr/lib/"],
    musl: ["/lib/", "/usr/local/lib/", "/usr/lib/"],
  };
}
