// Libraries that no one put on the command line but that a shared library needs. They are looked at (where the dynamic
// linker would find them) to know whether the references of shared libraries will be met; objects may not rely on them.

import { warning } from "../../elf/problem.ts";
import { FLAG_REF_DYNAMIC_NONWEAK, KIND_UNDEFINED } from "../tables/symbol-table.ts";
import { addShared, fileKind, type Loader } from "./loader.ts";
import type { SharedFile } from "./shared-file.ts";
import { isMet } from "./shared-reference.ts";

/** Loads what is needed, breadth first, once per soname. */
export function loadImplicitLibraries(loader: Loader): void {
  if (!wantsAny(loader) && !loader.shared.some((it) => it.copyDtNeeded)) return;
  const known = new Set([...loader.shared.map((it) => it.soname), ...loader.missingLibraries]);
  for (let i = 0; i < loader.shared.length; i++) {
    const parent = loader.shared[i];
    for (const needed of parent.needed) {
      if (known.has(needed)) continue;
      known.add(needed);
      const path = search(loader, parent, needed);
      if (path === undefined) {
        loader.missingLibraries.add(needed);
        loader.report(warning("needed-library-not-found", { file: parent.name }, { library: needed }));
        continue;
      }
      const bytes = loader.files.read(path);
      if (bytes === undefined || fileKind(bytes) !== "shared") continue;
      const origin = { name: path, path, fallbackSoname: needed, implicit: false, copyDtNeeded: true };
      // --copy-dt-needed-entries: named after all if it is of use, as under --as-needed.
      const named = parent.copyDtNeeded && addShared(loader, bytes, { ...origin, asNeeded: true }) !== undefined;
      if (!named) addShared(loader, bytes, { ...origin, asNeeded: false, implicit: true, copyDtNeeded: false });
    }
  }
}

/** Without an unmet reference of a shared library nothing is to be learnt, and hello world need not read all of libc's needs. */
function wantsAny(loader: Loader): boolean {
  const { symbols } = loader;
  if (loader.sharedReferences.some((it) => !it.weak && !isMet(symbols, it))) return true;
  for (let id = 0; id < symbols.count; id++) {
    if (symbols.kind[id] === KIND_UNDEFINED && (symbols.flags[id] & FLAG_REF_DYNAMIC_NONWEAK) !== 0) return true;
  }
  return false;
}

/**
 * GNU ld's order (ld manual, -rpath-link): -rpath-link and -rpath, then the library's own DT_RPATH or DT_RUNPATH, then the
 * default directories and those of /etc/ld.so.conf. A file of another machine is passed over.
 */
function search(loader: Loader, parent: SharedFile, needed: string): string | undefined {
  const { options } = loader;
  const origin = parent.path.includes("/") ? parent.path.slice(0, parent.path.lastIndexOf("/")) : ".";
  const own = (parent.runpath !== "" ? parent.runpath : parent.rpath)
    .split(":")
    .filter((it) => it !== "")
    .map((it) => it.replace(/\$ORIGIN|\$\{ORIGIN\}/, origin));
  const defaults = loader.libraryPaths.map((it) => (it.startsWith("=") ? options.sysroot + it.slice(1) : it));
  if (needed.includes("/")) return loader.files.exists(needed) ? needed : undefined;
  return (
    findIn(loader, [...options.rpathLink, ...options.rpath, ...own, ...defaults], needed) ??
    findIn(loader, options.systemLibraryPaths, needed)
  );
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
