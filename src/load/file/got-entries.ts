// MIPS relocates its GOT without entries: words up to DT_MIPS_LOCAL_GOTNO get the base, and one word follows for each symbol from
// DT_MIPS_GOTSYM on (MIPS supplement, "Global Offset Table"; glibc sysdeps/mips/dl-machine.h, elf_machine_got_rel). So that nothing
// else has to know, entries that say the same are made up, in bytes behind the file's own.

import { R_MIPS_GLOB_DAT, R_MIPS_JUMP_SLOT, R_MIPS_REL32 } from "../../arch/mips64/relocations.ts";
import {
  DT_MIPS_GOTSYM,
  DT_MIPS_LOCAL_GOTNO,
  DT_MIPS_SYMTABNO,
  DT_PLTGOT,
  DT_SYMTAB,
  ELF64_REL_SIZE,
  ELF64_SYM_SIZE,
  type ElfImage,
  namesManyTypes,
  rangeAtAddress,
  SHN_UNDEF,
  STT_FUNC,
  STT_SECTION,
} from "../../elf/index.ts";
import { address, half } from "../../elf/source.ts";
import type { RelocationRange } from "./relocation-ranges.ts";

/** Bit of st_other: the undefined symbol's value is a PLT entry, not a stub that binds lazily. */
const STO_MIPS_PLT = 8;
/** Word 1 has its highest bit set if the loader may have it (GNU's linkers). */
const GNU_GOT1 = 0x80;

export interface ImageWithGot {
  readonly elf: ElfImage;
  /** The made-up entries; undefined where there are none. */
  readonly range: RelocationRange | undefined;
}

/** @param values of the dynamic section */
export function withGotEntries(elf: ElfImage, values: ReadonlyMap<number, number>): ImageWithGot {
  const none = { elf, range: undefined };
  if (!namesManyTypes(elf.header.machine, elf.elfClass)) return none;
  const [got, symtab, locals, first, count] = [
    DT_PLTGOT,
    DT_SYMTAB,
    DT_MIPS_LOCAL_GOTNO,
    DT_MIPS_GOTSYM,
    DT_MIPS_SYMTABNO,
  ].map((tag) => values.get(tag) ?? -1);
  const words = rangeAtAddress(elf, got);
  const symbols = rangeAtAddress(elf, symtab);
  if (words === undefined || symbols === undefined || locals < 0 || first < 0 || count < first) return none;
  const total = locals + count - first;
  const isThere = words.start + 8 * total <= words.end && symbols.start + ELF64_SYM_SIZE * count <= symbols.end;
  if (!isThere || total < 2) return none;
  const start = Math.ceil(elf.bytes.length / 8) * 8;
  const bytes = new Uint8Array(start + ELF64_REL_SIZE * total);
  bytes.set(elf.bytes);
  const view = new DataView(bytes.buffer);
  let end = start;
  const entry = (index: number, symbol: number, type: number): void => {
    view.setBigUint64(end, BigInt(got + 8 * index), elf.littleEndian);
    view.setUint32(end + 8, symbol, elf.littleEndian);
    view.setUint8(end + 15, type);
    end += ELF64_REL_SIZE;
  };
  const highest = elf.bytes[words.start + 8 + (elf.littleEndian ? 7 : 0)];
  for (let i = (highest & GNU_GOT1) === 0 ? 1 : 2; i < locals; i++) entry(i, 0, R_MIPS_REL32);
  for (let symbol = first; symbol < count; symbol++) {
    const index = locals + symbol - first;
    const type = typeOf(elf, symbols.start + ELF64_SYM_SIZE * symbol, words.start + 8 * index);
    if (type !== undefined) entry(index, type === R_MIPS_REL32 ? 0 : symbol, type);
  }
  const whole = { ...elf, bytes, view };
  return { elf: whole, range: { start, end, entry: ELF64_REL_SIZE, rela: false, plt: true, relativeCount: 0 } };
}

/** What elf_machine_got_rel does for a symbol: R_MIPS_JUMP_SLOT where the word may lead to a stub that binds lazily. */
function typeOf(elf: ElfImage, symbol: number, word: number): number | undefined {
  const type = elf.bytes[symbol + 4] & 15;
  const other = elf.bytes[symbol + 5];
  const value = address(elf, symbol + 8);
  if (half(elf, symbol + 6) === SHN_UNDEF) {
    return type === STT_FUNC && value !== 0 && (other & STO_MIPS_PLT) === 0 ? R_MIPS_JUMP_SLOT : R_MIPS_GLOB_DAT;
  }
  if (type === STT_FUNC && address(elf, word) !== value) return R_MIPS_JUMP_SLOT;
  if (type === STT_SECTION) return other === 0 ? R_MIPS_REL32 : undefined;
  return R_MIPS_GLOB_DAT;
}
