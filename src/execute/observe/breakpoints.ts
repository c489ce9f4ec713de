// Places at which a run is stopped or looked at: addresses, and functions once the objects that have them are mapped.

import { type Cpu, IP } from "../../arch/x86/instructions/index.ts";
import { PT_LOAD, parseElf, SHT_DYNSYM, SHT_SYMTAB, symbolsOf } from "../../elf/index.ts";
import { contentOf, type FileNode } from "../files/nodes.ts";
import { type AddressSpace, PROT_EXEC } from "../memory/address-space.ts";
import type { System } from "../system/state.ts";

export const addressOf = ({ words, mode }: Cpu): number =>
  (words[IP] >>> 0) + (mode === 64 ? words[IP + 1] * 2 ** 32 : 0);

/** Answers, before an instruction, whether it is at one of these places: addresses, or functions once they are mapped. */
export function reaches(texts: readonly string[], system: () => System | undefined): (cpu: Cpu) => boolean {
  const given = texts.filter(isAddress).map(Number);
  const names = new Set(texts.filter((text) => !isAddress(text)));
  const cache: OffsetCache = new Map();
  let areas: AddressSpace["areas"][number][] | undefined;
  let wanted = new Set(given);
  return (cpu) => {
    const space = system()?.current?.process.space;
    if (space === undefined) return false;
    if (names.size > 0 && !isSame(areas, space.areas)) {
      areas = [...space.areas];
      wanted = new Set([...given, ...addressesOf(space, names, cache)]);
    }
    return wanted.has(addressOf(cpu));
  };
}

function isAddress(text: string): boolean {
  return /^0x[0-9a-f]+$/i.test(text);
}

/** Mapping makes another list, or changes its length: areas that only change their protection do not move code. */
function isSame(before: readonly unknown[] | undefined, now: readonly unknown[]): boolean {
  return before !== undefined && before.length === now.length && before.at(-1) === now.at(-1);
}

/** Where the wanted functions are in files. */
type OffsetCache = Map<FileNode, readonly number[]>;

function addressesOf(space: AddressSpace, names: ReadonlySet<string>, cache: OffsetCache): number[] {
  const addresses: number[] = [];
  for (const { start, end, offset, protection, source } of space.areas) {
    if (source?.node === undefined || (protection & PROT_EXEC) === 0) continue;
    for (const it of offsetsIn(source.node, names, cache)) {
      if (it >= offset && it < offset + (end - start)) addresses.push(start + it - offset);
    }
  }
  return addresses;
}

function offsetsIn(node: FileNode, names: ReadonlySet<string>, cache: OffsetCache): readonly number[] {
  const known = cache.get(node);
  if (known !== undefined) return known;
  const content = contentOf(node);
  const elf = typeof content === "number" ? undefined : parseElf(content.subarray(0, node.size), "", () => {});
  const offsets = new Set<number>();
  for (const table of elf?.sections ?? []) {
    if (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM) continue;
    for (const { name, value, section } of elf === undefined ? [] : symbolsOf(elf, table, () => {})) {
      // A version may stand behind the name.
      if (section === 0 || !names.has(name.replace(/@.*/, ""))) continue;
      const holder = elf?.segments.find(
        (it) => it.type === PT_LOAD && it.address <= value && value < it.address + it.fileBytes,
      );
      if (holder !== undefined) offsets.add(value - holder.address + holder.offset);
    }
  }
  const made = [...offsets];
  cache.set(node, made);
  return made;
}
