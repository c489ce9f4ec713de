// musl never has two C libraries in a process: a file that is one, musl or glibc, is refused and musl itself put in its
// place (ldso/dynlink.c, load_library).

import { gnuHash, nextCandidate, SHN_UNDEF, sysvHash } from "../../elf/index.ts";
import type { DynamicFile } from "./dynamic-file.ts";
import { symbolName, symbolSection } from "./dynamic-symbols.ts";

/** Defined by both C libraries, and hardly by anything that only wraps one. */
const SIGNS = ["__libc_start_main", "stdin"];

/** Is this file a C library? */
export function isLibc(file: DynamicFile): boolean {
  return SIGNS.every((name) => defines(file, name));
}

function defines({ hash: table, symbols }: DynamicFile, name: string): boolean {
  if (table === undefined) return false;
  const bytes = new TextEncoder().encode(name);
  const hash = table.kind === "gnu" ? gnuHash(bytes, 0, bytes.length) : sysvHash(bytes, 0, bytes.length);
  for (let index = nextCandidate(table, hash, 0); index !== 0; index = nextCandidate(table, hash, index)) {
    if (index >= symbols.count || symbolName(symbols, index) !== name) continue;
    if (symbolSection(symbols, index) !== SHN_UNDEF) return true;
  }
  return false;
}
