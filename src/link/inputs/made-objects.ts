// Inputs that are no objects but take part as if they were: files whose bytes are embedded (-b binary), and files of which
// only the symbols' values are wanted (--just-symbols). Both become objects in memory, so that no later pass has to know.

import type { Machine } from "../../arch/index.ts";
import {
  ET_REL,
  SHF_ALLOC,
  SHF_WRITE,
  SHN_ABS,
  SHN_UNDEF,
  SHT_PROGBITS,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_LOCAL,
  STT_NOTYPE,
  STT_TLS,
} from "../../elf/constants.ts";
import { parseElf, sectionOfType } from "../../elf/file.ts";
import type { Report } from "../../elf/problem.ts";
import { symbolsOf } from "../../elf/symbols.ts";
import { type SectionHeader, writeElfHeader, writeSectionHeader } from "../tables/header-bytes.ts";
import { addText, createStrings } from "../tables/string-table.ts";

interface MadeSymbol {
  readonly name: string;
  readonly valueLow: number;
  readonly valueHigh: number;
  readonly size: number;
  /** st_info. */
  readonly info: number;
  /** st_other. */
  readonly other: number;
  /** Section header index: 1 is .data. */
  readonly shndx: number;
}

/**
 * The file's bytes as .data, with the symbols that GNU ld gives them: `_binary_NAME_start`, `_binary_NAME_end` and, as an
 * absolute number, `_binary_NAME_size`. NAME is the path as it was given, with `_` for what is neither letter nor digit.
 */
export function binaryObject(path: string, bytes: Uint8Array, machine: Machine): Uint8Array {
  const stem = `_binary_${path.replace(/[^A-Za-z0-9]/g, "_")}`;
  const plain = { valueHigh: 0, size: 0, info: (STB_GLOBAL << 4) | STT_NOTYPE, other: 0 };
  return makeObject(machine, bytes, [
    { ...plain, name: `${stem}_start`, valueLow: 0, shndx: 1 },
    { ...plain, name: `${stem}_end`, valueLow: bytes.length, shndx: 1 },
    { ...plain, name: `${stem}_size`, valueLow: bytes.length, shndx: SHN_ABS },
  ]);
}

/**
 * The global symbols that a program or an object defines, as absolute symbols of the same values. Thread-local ones have no
 * address to take over, and what the file itself lacks is not asked for.
 * @param isWanted of a symbol by its name
 * @returns undefined if the file cannot be read, which is reported
 */
export function symbolsObject(
  path: string,
  bytes: Uint8Array,
  machine: Machine,
  report: Report,
  isWanted: (name: string) => boolean = () => true,
): Uint8Array | undefined {
  const file = parseElf(bytes, path, report);
  if (file === undefined) return undefined;
  const table = sectionOfType(file, SHT_SYMTAB);
  const symbols = table === undefined ? [] : symbolsOf(file, table, report);
  const defined = symbols.filter((it) => {
    const placed = it.section !== 0 || it.shndx === SHN_ABS;
    return (
      it.binding !== STB_LOCAL &&
      it.shndx !== SHN_UNDEF &&
      placed &&
      it.type !== STT_TLS &&
      it.name !== "" &&
      isWanted(it.name)
    );
  });
  return makeObject(
    machine,
    new Uint8Array(0),
    defined.map((it) => ({ ...it, info: (it.binding << 4) | it.type, shndx: SHN_ABS })),
  );
}

/** An object of .data with these bytes, if there are any, and global symbols. */
function makeObject(machine: Machine, data: Uint8Array, symbols: readonly MadeSymbol[]): Uint8Array {
  const is64 = machine.elfClass === 64;
  const word = machine.wordBytes;
  const entry = is64 ? 24 : 16;
  const strings = createStrings(256);
  const symbolNames = symbols.map((it) => addText(strings, it.name));
  const names = createStrings(32);
  const headerBytes = is64 ? 64 : 52;
  const symtab = Math.ceil((headerBytes + data.length) / word) * word;
  const strtab = symtab + (symbols.length + 1) * entry;
  const plain = { flags: 0, address: 0, link: 0, info: 0, alignment: 1, entsize: 0 };
  const headers: SectionHeader[] = [
    { ...plain, name: 0, type: 0, offset: 0, size: 0, alignment: 0 },
    {
      ...plain,
      name: addText(names, ".data"),
      type: SHT_PROGBITS,
      flags: SHF_ALLOC | SHF_WRITE,
      offset: headerBytes,
      size: data.length,
    },
    {
      ...plain,
      name: addText(names, ".symtab"),
      type: SHT_SYMTAB,
      offset: symtab,
      size: strtab - symtab,
      link: 3,
      info: 1,
      alignment: word,
      entsize: entry,
    },
    { ...plain, name: addText(names, ".strtab"), type: SHT_STRTAB, offset: strtab, size: strings.size },
  ];
  const shstrtab = strtab + strings.size;
  const name = addText(names, ".shstrtab");
  headers.push({ ...plain, name, type: SHT_STRTAB, offset: shstrtab, size: names.size });
  const table = Math.ceil((shstrtab + names.size) / word) * word;

  const image = new Uint8Array(table + headers.length * (is64 ? 64 : 40));
  const view = new DataView(image.buffer);
  writeElfHeader(view, machine, ET_REL, 0, 0, table, headers.length, false);
  image.set(data, headerBytes);
  symbols.forEach((it, i) => {
    writeMadeSymbol(view, symtab + (i + 1) * entry, is64, symbolNames[i], it);
  });
  image.set(strings.bytes.subarray(0, strings.size), strtab);
  image.set(names.bytes.subarray(0, names.size), shstrtab);
  headers.forEach((header, i) => {
    writeSectionHeader(view, table + i * (is64 ? 64 : 40), is64, header);
  });
  return image;
}

function writeMadeSymbol(view: DataView, at: number, is64: boolean, name: number, it: MadeSymbol): void {
  const detail = at + (is64 ? 4 : 12);
  view.setUint32(at, name, true);
  view.setUint8(detail, it.info);
  view.setUint8(detail + 1, it.other);
  view.setUint16(detail + 2, it.shndx, true);
  view.setUint32(at + (is64 ? 8 : 4), it.valueLow, true);
  view.setUint32(at + (is64 ? 16 : 8), it.size, true);
  if (!is64) return;
  view.setUint32(at + 12, it.valueHigh, true);
  view.setUint32(at + 20, Math.floor(it.size / 0x100000000), true);
}
