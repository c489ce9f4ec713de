// The sections of a real file, cut out with as little code as will do: tests of single algorithms take their inputs and
// their judge's answers from files that GNU ld wrote, and must not depend on the reader under test.

import { readFileSync } from "node:fs";

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly alignment: number;
  readonly bytes: Uint8Array;
}

export interface ElfFile {
  readonly elfClass: 32 | 64;
  readonly sections: readonly Section[];
}

/** Sections of a little-endian ELF file, without their relocations applied. */
export function readSections(path: string): ElfFile {
  return parseSections(readFileSync(path));
}

export function parseSections(bytes: Uint8Array): ElfFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const wide = file[4] === 2;
  const word = (at: number): number => (wide ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const table = word(wide ? 40 : 32);
  const [entry, count, names] = [58, 60, 62].map((at) => view.getUint16(wide ? at : at - 12, true));
  const header = (index: number) => {
    const at = table + index * entry;
    const field = (index: number): number => word(at + 8 + index * (wide ? 8 : 4));
    const [flags, address, offset, size] = [field(0), field(1), field(2), field(3)];
    const alignment = word(at + (wide ? 48 : 32));
    return {
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags,
      address,
      offset,
      size,
      alignment,
    };
  };
  const strings = header(names).offset;
  const sections = Array.from({ length: count }, (_, index) => {
    const { name, type, flags, address, offset, size, alignment } = header(index);
    const at = strings + name;
    const bytes = Uint8Array.from(type === 8 ? [] : file.subarray(offset, offset + size));
    return { name: file.toString("latin1", at, file.indexOf(0, at)), type, flags, address, alignment, bytes };
  });
  return { elfClass: wide ? 64 : 32, sections };
}

/** The bytes of the section of this name; empty when there is none. */
export function sectionBytes(file: ElfFile, name: string): Uint8Array {
  return file.sections.find((section) => section.name === name)?.bytes ?? new Uint8Array(0);
}
