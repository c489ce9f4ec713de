// A root directory for one machine that qemu-user runs: its C library from the cross compiler's, and what a test makes. A machine is
// a row of GUESTS (judges/guest.ts).

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOADER_RECORDS } from "../../../src/load/index.ts";
import { once, scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import type { Guest } from "../judges/guest.ts";
import { enterRoot } from "../judges/reality.ts";

/** What must be installed to build for a machine and run its programs. */
export function guestTools({
  qemu,
  gcc,
  triplet,
  crossTriplet = triplet,
  loader,
  crossLib = "lib",
}: Guest): readonly string[] {
  return [
    qemu,
    gcc,
    `/usr/${crossTriplet}/lib/Scrt1.o`,
    `/usr/${crossTriplet}/${crossLib}/${loader.slice(loader.lastIndexOf("/") + 1)}`,
  ];
}

export interface GuestWorkshop {
  /** On this machine. */
  readonly root: string;
  /** Links `/w/libNAME.so` from C; returns its path inside. */
  readonly library: (name: string, source: string, ...flags: readonly string[]) => string;
  /** Links `/bin/NAME`, which finds libraries in /w. */
  readonly program: (name: string, source: string, ...flags: readonly string[]) => string;
}

/**
 * Where a root has no ld.so.cache, qemu opens this machine's, and entries of i386's libraries are flagged as arm's may be. Magic, no
 * libraries, and how words are stored (sysdeps/generic/dl-cache.h, struct cache_file_new).
 */
function emptyCache(littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(Buffer.from("glibc-ld.so.cache1.1"));
  bytes[28] = littleEndian ? 2 : 3;
  return bytes;
}

/** Makes the root directory and enters it. */
export function guestWorkshop(guest: Guest): GuestWorkshop {
  const root = scratch(guest.machine);
  const { gcc, triplet, crossTriplet = triplet, loader, crossLib = "lib" } = guest;
  const libraries = join(root, "lib", triplet);
  for (const directory of [
    libraries,
    join(root, "bin"),
    join(root, "etc"),
    join(root, "w"),
    dirname(join(root, loader)),
  ]) {
    mkdirSync(directory, { recursive: true });
  }
  const from = `/usr/${crossTriplet}/lib`;
  const loaderFrom = `/usr/${crossTriplet}/${crossLib}`;
  copyFileSync(join(loaderFrom, loader.slice(loader.lastIndexOf("/") + 1)), join(root, loader));
  copyFileSync(
    join(loaderFrom, loader.slice(loader.lastIndexOf("/") + 1)),
    join(libraries, loader.slice(loader.lastIndexOf("/") + 1)),
  );
  for (const name of ["libc.so.6", "libm.so.6"]) copyFileSync(join(from, name), join(libraries, name));
  writeFileSync(join(root, "etc/ld.so.cache"), emptyCache(LOADER_RECORDS[guest.machine].facts.littleEndian));
  enterRoot(root, guest);
  const build = (path: string, source: string, flags: readonly string[]): string => {
    // Libraries that it is linked with have been made here.
    const made = once("linked", [gcc, source, ...flags], (out) => {
      writeFileSync(`${out}.c`, source);
      const search = [`-Wl,--enable-new-dtags,-rpath,/w`, `-L${join(root, "w")}`];
      tool(gcc, ["-O1", "-o", out, `${out}.c`, ...search, ...flags]);
    });
    copyFileSync(made, join(root, path));
    return path;
  };
  const workshop: GuestWorkshop = {
    root,
    library: (name, source, ...flags) =>
      build(`/w/${name.replace(/[^/]*$/, "lib$&")}.so`, source, [
        "-shared",
        "-fPIC",
        `-Wl,-soname,lib${name}.so`,
        ...flags,
      ]),
    program: (name, source, ...flags) => build(`/bin/${name}`, source, flags),
  };
  workshop.program("true", "int main(void) { return 0; }");
  return workshop;
}
