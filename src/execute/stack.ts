// The stack that a program begins with: its arguments, its environment and the auxiliary vector, as the kernel writes them
// (fs/exec.c, copy_strings; fs/binfmt_elf.c, create_elf_tables; System V psABI, "Initial Process Stack").

import { E2BIG } from "./files/errno.ts";
import { toBytes } from "./files/names.ts";
import type { User } from "./files/tree.ts";

export interface AuxiliaryFacts {
  readonly wordBytes: number;
  /** Where the program headers are in memory, how large one is, and how many there are. */
  readonly headers: number;
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly loaderBase: number;
  readonly entry: number;
  readonly name: string;
  readonly platform: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly who: User;
  readonly real: { readonly user: number; readonly group: number };
  readonly random: Uint8Array;
  readonly hwcap: number;
  readonly stackLimit: number;
}

/** Types of entries (include/uapi/linux/auxvec.h). */
export const AT_NULL = 0;
const AT_PHDR = 3;
const AT_PHENT = 4;
const AT_PHNUM = 5;
const AT_PAGESZ = 6;
const AT_BASE = 7;
const AT_FLAGS = 8;
const AT_ENTRY = 9;
const AT_UID = 11;
const AT_EUID = 12;
const AT_GID = 13;
const AT_EGID = 14;
const AT_PLATFORM = 15;
const AT_HWCAP = 16;
const AT_CLKTCK = 17;
const AT_SECURE = 23;
const AT_RANDOM = 25;
const AT_HWCAP2 = 26;
const AT_EXECFN = 31;

/**
 * Writes the stack below `top`.
 * @param write false if there is no room
 * @returns the stack pointer and the auxiliary vector as it stands in memory; or the errno, negated
 */
export function makeStack(
  top: number,
  facts: AuxiliaryFacts,
  write: (address: number, bytes: Uint8Array) => boolean,
): { readonly pointer: number; readonly auxiliary: Uint8Array } | number {
  let at = top - 8;
  let fits = true;
  const put = (text: string): number => {
    const bytes = new Uint8Array(text.length + 1);
    bytes.set(toBytes(text));
    at -= bytes.length;
    fits &&= write(at, bytes);
    return at;
  };
  const strings = [...facts.argv, ...facts.environment, facts.name].reduce(
    (sum, text) => sum + text.length + 1 + facts.wordBytes,
    0,
  );
  // A quarter of the stack may be arguments (fs/exec.c, bprm_stack_limits).
  if (strings > Math.max(facts.stackLimit / 4, 0x2_0000)) return -E2BIG;
  const name = put(facts.name);
  const environment = facts.environment
    .map((_, index) => put(facts.environment[facts.environment.length - 1 - index]))
    .reverse();
  const argv = facts.argv.map((_, index) => put(facts.argv[facts.argv.length - 1 - index])).reverse();
  at -= at % 16;
  const platform = put(facts.platform);
  at -= 16;
  const random = at;
  fits &&= write(random, facts.random);
  const { who, real } = facts;
  const auxiliary = words(facts.wordBytes, [
    [AT_HWCAP, facts.hwcap],
    [AT_PAGESZ, 4096],
    [AT_CLKTCK, 100],
    [AT_PHDR, facts.headers],
    [AT_PHENT, facts.headerBytes],
    [AT_PHNUM, facts.headerCount],
    [AT_BASE, facts.loaderBase],
    [AT_FLAGS, 0],
    [AT_ENTRY, facts.entry],
    [AT_UID, real.user],
    [AT_EUID, who.user],
    [AT_GID, real.group],
    [AT_EGID, who.group],
    // As somebody else than who started it.
    [AT_SECURE, real.user === who.user && real.group === who.group ? 0 : 1],
    [AT_RANDOM, random],
    [AT_HWCAP2, 0],
    [AT_EXECFN, name],
    [AT_PLATFORM, platform],
    [AT_NULL, 0],
  ]);
  const pointers = words(facts.wordBytes, [
    [argv.length, ...argv, 0],
    [...environment, 0],
  ]);
  at -= auxiliary.length;
  const start = at - pointers.length;
  const pointer = start - (start % 16);
  fits &&= write(pointer, pointers) && write(pointer + pointers.length, auxiliary);
  return fits ? { pointer, auxiliary } : -E2BIG;
}

function words(bytes: number, rows: readonly (readonly number[])[]): Uint8Array {
  const numbers = rows.flat();
  const view = new DataView(new ArrayBuffer(numbers.length * bytes));
  numbers.forEach((value, index) => {
    view.setUint32(index * bytes, value % 2 ** 32, true);
    if (bytes === 8) view.setUint32(index * 8 + 4, Math.floor(value / 2 ** 32), true);
  });
  return new Uint8Array(view.buffer);
}
