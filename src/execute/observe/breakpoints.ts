// Places at which a run is stopped or looked at: addresses, and functions once the objects that have them are mapped.

import { type Cpu, IP } from "../../arch/x86/instructions/index.ts";
import { PT_LOAD, parseElf, SHT_DYNSYM, SHT_SYMTAB, symbolsOf } from "../../elf/index.ts";
import { contentOf, type FileNode } from "../files/nodes.ts";
import { type AddressSpace, PROT_EXEC } from "../memory/address-space.ts";
import type { System } from "../system/state.ts";

export const addressOf = ({ words, mode }: Cpu): number =>
  (words[IP] >>> 0) + (mode === 64 ? words[IP + 1] * 2 ** 32 : 0);

/** What became of the places that were asked for, by their text: no object that was mapped has it, or it was not reached. */
export type Missed = "unknown" | "not reached";

export interface Reaches {
  /** Whether an instruction that is about to be executed is at one of the places. */
  readonly at: (cpu: Cpu) => boolean;
  /** The places at which none was until now. */
  readonly missed: () => ReadonlyMap<string, Missed>;
}

/** A place as it was written: an address, or a symbol and what is added to it. */
interface Wanted {
  readonly text: string;
  readonly symbol: string | undefined;
  readonly offset: number;
}

/** `main`, `main+0x12`, `main+18`, `0x401136`, `4198710`; gdb's `*main+18` and `*0x401136` too. */
function wantedOf(text: string): Wanted {
  const plain = text.startsWith("*") ? text.slice(1) : text;
  if (isNumber(plain)) return { text, symbol: undefined, offset: Number(plain) };
  const at = plain.lastIndexOf("+");
  const offset = plain.slice(at + 1);
  // A name may have a plus: operator+ of C++, as it stands in the symbol table, has none.
  return at > 0 && isNumber(offset)
    ? { text, symbol: plain.slice(0, at), offset: Number(offset) }
    : { text, symbol: plain, offset: 0 };
}

/**
 * Looks out for places: addresses, or functions once they are mapped.
 * @param texts as `wantedOf` reads them  @param spelled gives a symbol's other spelling: what a C++ or Rust name stands for
 */
export function reaches(
  texts: readonly string[],
  system: () => System | undefined,
  spelled: (symbol: string) => string = (symbol) => symbol,
): Reaches {
  const asked = texts.map(wantedOf);
  const bySymbol = asked.filter(({ symbol }) => symbol !== undefined);
  const names = new Set(bySymbol.flatMap(({ symbol }) => symbol ?? []));
  const missed = new Map(
    asked.map(({ text, symbol }): [string, Missed] => [text, symbol === undefined ? "not reached" : "unknown"]),
  );
  const given = asked.flatMap(({ text, symbol, offset }): [number, string][] =>
    symbol === undefined ? [[offset, text]] : [],
  );
  const cache: OffsetCache = new Map();
  let areas: AddressSpace["areas"][number][] | undefined;
  let places: readonly (readonly [number, string])[] = given;
  let wanted = new Set(places.map(([address]) => address));
  const at = (cpu: Cpu): boolean => {
    const space = system()?.current?.process.space;
    if (space === undefined) return false;
    if (names.size > 0 && !isSame(areas, space.areas)) {
      areas = [...space.areas];
      const found = addressesOf(space, names, cache, spelled).flatMap(([address, name]) =>
        bySymbol.flatMap(({ text, symbol, offset }): [number, string][] =>
          symbol === name ? [[address + offset, text]] : [],
        ),
      );
      for (const [, name] of found) if (missed.has(name)) missed.set(name, "not reached");
      places = [...given, ...found];
      wanted = new Set(places.map(([address]) => address));
    }
    const here = addressOf(cpu);
    if (!wanted.has(here)) return false;
    if (missed.size > 0) for (const [address, text] of places) if (address === here) missed.delete(text);
    return true;
  };
  return { at, missed: () => missed };
}

/** Names of C++ and Rust. */
function isMangled(name: string): boolean {
  return name.startsWith("_Z") || name.startsWith("_R");
}

function isNumber(text: string): boolean {
  return /^(0x[0-9a-f]+|[0-9]+)$/i.test(text);
}

/** Mapping makes another list, or changes its length: areas that only change their protection do not move code. */
function isSame(before: readonly unknown[] | undefined, now: readonly unknown[]): boolean {
  return before !== undefined && before.length === now.length && before.at(-1) === now.at(-1);
}

/** Where the wanted functions are in files: offset and name. */
type OffsetCache = Map<FileNode, readonly (readonly [number, string])[]>;

function addressesOf(
  space: AddressSpace,
  names: ReadonlySet<string>,
  cache: OffsetCache,
  spelled: (symbol: string) => string,
): [number, string][] {
  const addresses: [number, string][] = [];
  for (const { start, end, offset, protection, source } of space.areas) {
    if (source?.node === undefined || (protection & PROT_EXEC) === 0) continue;
    for (const [it, name] of offsetsIn(source.node, names, cache, spelled)) {
      if (it >= offset && it < offset + (end - start)) addresses.push([start + it - offset, name]);
    }
  }
  return addresses;
}

function offsetsIn(
  node: FileNode,
  names: ReadonlySet<string>,
  cache: OffsetCache,
  spelled: (symbol: string) => string,
): readonly (readonly [number, string])[] {
  const known = cache.get(node);
  if (known !== undefined) return known;
  const content = contentOf(node);
  const elf = typeof content === "number" ? undefined : parseElf(content.subarray(0, node.size), "", () => {});
  const made: [number, string][] = [];
  for (const table of elf?.sections ?? []) {
    if (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM) continue;
    for (const { name, value, section } of elf === undefined ? [] : symbolsOf(elf, table, () => {})) {
      // A version may stand behind the name.
      const own = name.replace(/@.*/, "");
      const plain = names.has(own) ? own : isMangled(own) ? spelled(own) : own;
      if (section === 0 || !names.has(plain)) continue;
      const holder = elf?.segments.find(
        (it) => it.type === PT_LOAD && it.address <= value && value < it.address + it.fileBytes,
      );
      if (holder !== undefined) made.push([value - holder.address + holder.offset, plain]);
    }
  }
  cache.set(node, made);
  return made;
}
