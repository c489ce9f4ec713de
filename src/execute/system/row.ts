// A row of the table of system calls, and how its function reads and writes the program's memory.

import type { AddressSpace } from "../memory/address-space.ts";
import { readBytes, readText, writeBytes } from "../memory/address-space.ts";
import type { Call } from "./state.ts";

/**
 * What an argument is; it decides how the function gets it, and how a trace shows it.
 *
 * - `fd`, `int`, `signal`, `pid`: 32 bits, signed
 * - `flags`, `mode`, `unsigned`: 32 bits, unsigned
 * - `address`, `size`: as wide as a pointer, unsigned (beyond 2^53 rounded, which nothing valid reaches)
 * - `offset`: as wide as a pointer, signed
 * - `path`, `text`: the address of a text that ends in a zero
 * - `in`, `out`: the address of bytes that the next argument counts; a trace shows them
 * - `wide`: 64 bits, signed, which on i386 take two registers
 */
export type ArgumentKind =
  | "fd"
  | "int"
  | "signal"
  | "pid"
  | "flags"
  | "mode"
  | "unsigned"
  | "address"
  | "size"
  | "offset"
  | "path"
  | "text"
  | "in"
  | "out"
  | "wide";

export interface CallRow {
  readonly name: string;
  /** Its numbers (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl); -1 where the machine has none. */
  readonly x86_64: number;
  readonly i386: number;
  readonly kinds: readonly ArgumentKind[];
  /** Returns what the call returns: the errno, negated, where it fails; -ERESTARTSYS to be called again later. */
  readonly does: (call: Call) => number;
  /** One sentence without a full stop: {1} is the first argument. */
  readonly says: string;
}

/** @param kinds separated by blanks */
export function row(
  name: string,
  x86_64: number,
  i386: number,
  kinds: string,
  does: (call: Call) => number,
  says: string,
): CallRow {
  return { name, x86_64, i386, kinds: kinds === "" ? [] : (kinds.split(" ") as ArgumentKind[]), does, says };
}

/** A call that always fails so. */
export const refuse = (errno: number) => (): number => -errno;

/** A call that has nothing to do here. */
export const nothing = (): number => 0;

/** `count` words of the machine from an address, unsigned; undefined: EFAULT. @param bytes 4 or 8 */
export function readWords(space: AddressSpace, address: number, count: number, bytes: number): number[] | undefined {
  const read = readBytes(space, address, count * bytes);
  if (read === undefined) return undefined;
  const view = new DataView(read.buffer);
  return Array.from({ length: count }, (_, index) =>
    bytes === 4
      ? view.getUint32(index * 4, true)
      : view.getUint32(index * 8, true) + view.getUint32(index * 8 + 4, true) * 2 ** 32,
  );
}

/** The same, signed. */
export function readSigned(space: AddressSpace, address: number, count: number, bytes: number): number[] | undefined {
  const read = readBytes(space, address, count * bytes);
  if (read === undefined) return undefined;
  const view = new DataView(read.buffer);
  return Array.from({ length: count }, (_, index) =>
    bytes === 4
      ? view.getInt32(index * 4, true)
      : view.getUint32(index * 8, true) + view.getInt32(index * 8 + 4, true) * 2 ** 32,
  );
}

/** Writes words of the machine. False: EFAULT. */
export function writeWords(space: AddressSpace, address: number, words: readonly number[], bytes: number): boolean {
  const view = new DataView(new ArrayBuffer(words.length * bytes));
  words.forEach((word, index) => {
    putWord(view, index * bytes, word, bytes);
  });
  return writeBytes(space, address, new Uint8Array(view.buffer));
}

/** @param bytes 4 or 8 */
export function putWord(view: DataView, at: number, word: number, bytes: number): void {
  view.setUint32(at, modulo32(word), true);
  if (bytes === 8) view.setInt32(at + 4, Math.floor(word / 2 ** 32), true);
}

function modulo32(word: number): number {
  const rest = word % 2 ** 32;
  return rest < 0 ? rest + 2 ** 32 : rest;
}

/** The text at an argument; undefined: EFAULT. */
export function textAt({ space, args }: Call, index: number): string | undefined {
  return readText(space, args[index]);
}
