// Which relocation types the loader of a C library knows, and what it does for each.

import type { DynamicFile } from "../file/dynamic-file.ts";
import { entryType } from "../file/relocation-entry.ts";
import { DO_REFUSE, LOADER_RECORDS } from "../machines/index.ts";
import type { LoaderMachine, LoaderProfile } from "../settings/contract.ts";

/** DO_* by relocation type, for the loader of a C library. */
export function relocationKinds(library: LoaderProfile["library"], machine: LoaderMachine): Uint8Array {
  return LOADER_RECORDS[machine].relocations[library];
}

/**
 * The relocation types of a file that musl refuses, one for each relocation, in the order of the file.
 * @param named also those of relocations that name a symbol, which binding comes upon by itself
 */
export function refusedByMusl({ elf, ranges }: DynamicFile, machine: LoaderMachine, named: boolean): number[] {
  const { musl, plain } = LOADER_RECORDS[machine].relocations;
  const beyond = musl.length - 1;
  const refused: number[] = [];
  for (const { start, end, entry } of ranges) {
    for (let at = start; at < end; at += entry) {
      const type = entryType(elf, at);
      const place = Math.min(type, beyond);
      if (musl[place] === DO_REFUSE && (named || plain[place] === 1)) refused.push(type);
    }
  }
  return refused;
}
