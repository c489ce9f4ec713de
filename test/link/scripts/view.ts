// What a linked file looks like, as lines that two linkers' outputs can be compared by: header, sections with their contents,
// segments, symbols. Read here with a DataView, because a run of the judge looks at a thousand files.

import { createHash } from "node:crypto";

export interface View {
  readonly header: readonly string[];
  readonly sections: readonly string[];
  readonly segments: readonly string[];
  readonly symbols: readonly string[];
}

const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2n;
const PAGE = 0x1000n;

/** Tables of which the contents follow from the rest, or may stand in another order. */
const TABLES =
  /^\.(symtab|strtab|shstrtab|symtab_shndx|dynsym|dynstr|hash|gnu\.hash|gnu\.version(_[dr])?|dynamic|rela?\..*)$/;

interface Section {
  name: string;
  readonly nameAt: number;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly align: bigint;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly is64: boolean;
}

const hex = (value: bigint | number): string => value.toString(16);

/** An address, offset or size of the file's class. */
function word({ data, is64 }: Reader, at: number): bigint {
  return is64 ? data.getBigUint64(at, true) : BigInt(data.getUint32(at, true));
}

export function view(bytes: Uint8Array): View {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader: Reader = { bytes, data, is64: bytes[4] === 2 };
  const sections = readSections(reader);
  return {
    header: [`type ${data.getUint16(16, true)} machine ${data.getUint16(18, true)} entry ${hex(word(reader, 24))}`],
    sections: sections.slice(1).map((it) => sectionLine(reader, it)),
    segments: readSegments(reader),
    symbols: readSymbols(reader, sections),
  };
}

function readSections(reader: Reader): Section[] {
  const { data, is64, bytes } = reader;
  const start = Number(word(reader, is64 ? 40 : 32));
  const [entry, count, names] = [58, 60, 62].map((at) => data.getUint16(is64 ? at : at - 12, true));
  const sections = Array.from({ length: count ?? 0 }, (_, i): Section => {
    const at = start + i * (entry ?? 0);
    const field = (index: number): number => at + (is64 ? [0, 4, 8, 16, 24, 32, 40, 44, 48][index] : index * 4);
    return {
      name: "",
      nameAt: data.getUint32(field(0), true),
      type: data.getUint32(field(1), true),
      flags: word(reader, field(2)),
      address: word(reader, field(3)),
      offset: Number(word(reader, field(4))),
      size: Number(word(reader, field(5))),
      link: data.getUint32(field(6), true),
      align: word(reader, field(8)),
    };
  });
  const table = sections[names ?? 0];
  for (const it of sections) it.name = text(bytes, table.offset + it.nameAt);
  return sections;
}

function text(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString("latin1");
}

function sectionLine({ bytes }: Reader, it: Section): string {
  const isLoaded = (it.flags & SHF_ALLOC) !== 0n;
  const isTable = TABLES.test(it.name);
  const size = isTable && !isLoaded ? "" : ` size ${hex(it.size)}`;
  const place = isLoaded && it.type !== SHT_NOBITS ? ` in page ${hex(BigInt(it.offset) % PAGE)}` : "";
  const hasContents = it.type !== SHT_NOBITS && !isTable;
  const contents = hasContents ? ` is ${digest(bytes.subarray(it.offset, it.offset + it.size))}` : "";
  return `${it.name} type ${hex(it.type)} flags ${hex(it.flags)} at ${hex(it.address)}${size}${place} align ${hex(it.align)}${contents}`;
}

function digest(bytes: Uint8Array): string {
  if (bytes.length <= 48) return Buffer.from(bytes).toString("hex");
  return createHash("sha1").update(bytes).digest("hex").slice(0, 8);
}

function readSegments(reader: Reader): string[] {
  const { data, is64 } = reader;
  const start = Number(word(reader, is64 ? 32 : 28));
  const entry = data.getUint16(is64 ? 54 : 42, true);
  const count = data.getUint16(is64 ? 56 : 44, true);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * entry;
    const [flags, offset, address, load, inFile, inMemory, align] = is64
      ? [4, 8, 16, 24, 32, 40, 48]
      : [24, 4, 8, 12, 16, 20, 28];
    const type = data.getUint32(at, true);
    const number = (field: number): string => hex(word(reader, at + field));
    // Where nothing is loaded from, the offset says nothing.
    const place = word(reader, at + inFile) === 0n ? "" : ` in page ${hex(word(reader, at + offset) % PAGE)}`;
    return `${hex(type)} at ${number(address)} load ${number(load)} file ${number(inFile)} memory ${number(inMemory)} flags ${hex(data.getUint32(at + flags, true))} align ${number(align)}${place}`;
  });
}

function readSymbols(reader: Reader, sections: readonly Section[]): string[] {
  const table = sections.find((it) => it.type === SHT_SYMTAB);
  if (table === undefined) return [];
  const { data, is64, bytes } = reader;
  const entry = is64 ? 24 : 16;
  const names = sections[table.link];
  const lines = Array.from({ length: table.size / entry }, (_, i) => {
    const at = table.offset + i * entry;
    const [info, index] = is64 ? [4, 6] : [12, 14];
    const section = data.getUint16(at + index, true);
    const where = section >= 0xff00 ? hex(section) : section === 0 ? "undefined" : sections[section]?.name;
    const kind = data.getUint8(at + info);
    const [value, size] = [word(reader, at + (is64 ? 8 : 4)), word(reader, at + (is64 ? 16 : 8))];
    const name = text(bytes, names.offset + data.getUint32(at, true));
    return `${name} = ${hex(value)} size ${hex(size)} kind ${hex(kind)} see ${data.getUint8(at + info + 1)} in ${where}`;
  });
  return lines.slice(1).sort();
}
