// Libraries that no one put on the command line but that a shared library needs. They are looked at (where the dynamic
// linker would find them) to know what will be there when the program runs; objects may not rely on them.

import { warning } from "../../../elf/problem.ts";
import { expandSysroot } from "../expand.ts";
import { addShared, fileKind, type Loader } from "../loader.ts";
import type { SharedFile } from "./shared-file.ts";

/** Loads what is needed, breadth first, once per soname. */
export function loadImplicitLibraries(loader: Loader): void {
  const known = new Set([...loader.shared.map((it) => it.soname), ...loader.missingLibraries]);
  for (let i = 0; i < loader.shared.length; i++) {
    const parent = loader.shared[i];
    if (!looksInto(loader, parent)) continue;
    for (const needed of parent.needed) {
      if (known.has(needed)) continue;
      known.add(needed);
      // What stands on the command line in vain comes before what is anywhere else.
      const given = loader.dropped.find((it) => it.soname === needed);
      if (given !== undefined) loader.dropped.splice(loader.dropped.indexOf(given), 1);
      const path = given?.path ?? search(loader, parent, needed);
      if (path === undefined) {
        loader.missingLibraries.add(needed);
        loader.report(warning("needed-library-not-found", { file: parent.name }, { library: needed }));
        continue;
      }
      const bytes = given?.bytes ?? loader.files.read(path);
      if (bytes === undefined || fileKind(bytes) !== "shared") continue;
      // What holds for the library that needs it holds for it (ld/ldelf.c, ldelf_try_needed: DYN_NO_ADD_NEEDED).
      const { copyDtNeeded } = parent;
      const origin = { name: path, path, fallbackSoname: needed, implicit: false, copyDtNeeded };
      // --copy-dt-needed-entries: named after all if it is of use, as under --as-needed.
      const named = copyDtNeeded && addShared(loader, bytes, { ...origin, asNeeded: true, copied: true }) !== undefined;
      if (!named) addShared(loader, bytes, { ...origin, asNeeded: false, implicit: true });
    }
  }
}

/**
 * A library may leave symbols undefined, and its needs are looked at only for what --copy-dt-needed-entries makes of them. A
 * program is to know all that will be loaded: they may lack symbols, or want or define some that the program exports then
 * (binutils, ld/ldelf.c: ldelf_after_open).
 */
function looksInto({ options }: Loader, parent: SharedFile): boolean {
  const ignored =
    (options.allowShlibUndefined ?? options.output === "shared") ||
    options.unresolvedSymbols === "ignore-all" ||
    options.unresolvedSymbols === "ignore-in-shared-libs";
  return parent.copyDtNeeded || !ignored;
}

/**
 * GNU ld's order (ld manual, -rpath-link): -rpath-link and -rpath, LD_RUN_PATH (if there is neither) and LD_LIBRARY_PATH, then
 * the library's own DT_RPATH or DT_RUNPATH, then the
 * default directories and those of /etc/ld.so.conf; not those of -L. A file of another machine is passed over.
 */
function search(loader: Loader, parent: SharedFile, needed: string): string | undefined {
  const { options } = loader;
  const origin = parent.path.includes("/") ? parent.path.slice(0, parent.path.lastIndexOf("/")) : ".";
  // Absolute directories of -rpath and DT_RPATH are directories of the machine that the sysroot stands for (ldelf_add_sysroot).
  const inSysroot = (it: string): string => (it.startsWith("/") ? options.sysroot + it : it);
  const own = (parent.runpath !== "" ? parent.runpath : parent.rpath)
    .split(":")
    .filter((it) => it !== "")
    .map((it) => inSysroot(it).replace(/\$ORIGIN|\$\{ORIGIN\}/, origin));
  const defaults = loader.neededPaths.map((it) => expandSysroot(it, options.sysroot));
  if (needed.includes("/")) return loader.files.exists(needed) ? needed : undefined;
  const said = [...options.rpathLink, ...options.rpath.map(inSysroot), ...options.environmentPaths];
  return findIn(loader, [...said, ...own, ...defaults], needed) ?? findIn(loader, options.systemLibraryPaths, needed);
}

function findIn(loader: Loader, directories: readonly string[], needed: string): string | undefined {
  for (const directory of directories) {
    const path = `${directory}/${needed}`;
    if (!loader.files.exists(path)) continue;
    const bytes = loader.files.read(path);
    const machine = loader.machine;
    if (bytes === undefined || fileKind(bytes) !== "shared" || machine === undefined) continue;
    if ((bytes[4] === 2 ? 64 : 32) === machine.elfClass && bytes[18] + bytes[19] * 256 === machine.elfMachine)
      return path;
  }
  return undefined;
}
