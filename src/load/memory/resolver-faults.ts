// IFUNCs whose resolver ends the process: it is called in the middle of relocation, where what it calls or reads through a slot
// of its own object may not be relocated yet. ld.so says nothing; the process gets a signal.

import { STT_GNU_IFUNC } from "../../elf/constants.ts";
import { error } from "../../elf/problem.ts";
import { symbolName, symbolType } from "../file/dynamic-symbols.ts";
import {
  addressOf,
  endProcess,
  type LoadedObject,
  type LoadedProcess,
  type ResolverEnd,
  SIGFPE_STATUS,
  SIGSEGV_STATUS,
} from "../objects/objects.ts";

/**
 * Notes that a resolver failed, once for each, and ends the process there.
 * @param object whose word it was to choose
 * @param provider whose resolver it is
 */
export function resolverFailed(
  task: LoadedProcess,
  object: LoadedObject,
  provider: LoadedObject,
  resolver: number,
  end: ResolverEnd,
): void {
  for (const other of task.undecided.values()) if (other.resolver === resolver && other.end?.how === "fault") return;
  const { access, address = 0, at } = end;
  // What a slot has in the file is an address without a load bias: a call through it before its relocation goes there.
  const isUnrelocated = access === "execute" && provider.base > 0 && provider.base + address < provider.end;
  const name = indirectAt(provider, resolver);
  const facts = {
    library: provider.name,
    resolver: resolver - provider.base,
    ...(name === "" ? {} : { chooses: name }),
    ...(access === undefined ? { divides: at - provider.base } : { [WANTED[access]]: address }),
    ...(isUnrelocated ? { unrelocated: address } : {}),
  };
  task.problems.push(error("resolver-fails", { file: object.name }, facts));
  const status = access === undefined ? SIGFPE_STATUS : SIGSEGV_STATUS;
  endProcess(task, status, { step: "relocation", object });
}

const WANTED = { read: "reads", write: "writes", execute: "goes" } as const;

/** The name of the IFUNC with this resolver; empty for one that no other object can name. */
function indirectAt(provider: LoadedObject, resolver: number): string {
  const { symbols } = provider.file;
  for (let symbol = 1; symbol < symbols.count; symbol++) {
    if (symbolType(symbols, symbol) !== STT_GNU_IFUNC) continue;
    if (addressOf(provider, symbol) === resolver) return symbolName(symbols, symbol);
  }
  return "";
}
