// Which of a file's bytes are records of the format, and what their fields are called: the ELF header, the header tables, symbols,
// relocations, the dynamic section. The names and orders are those of the gABI's C structures, for both classes.

import {
  type ElfFile,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_versym,
  SHT_REL,
  SHT_RELA,
  SHT_SYMTAB,
} from "../../elf/index.ts";

/** A table of equal records in the file. One record for the ELF header. */
export interface RecordTable {
  readonly kind: RecordKind;
  /** The C structure: `Elf64_Sym`. */
  readonly structure: string;
  /** Its section; -1 for the header and the header tables. */
  readonly section: number;
  /** File offset. */
  readonly start: number;
  readonly recordBytes: number;
  readonly count: number;
  readonly fields: readonly RecordField[];
}

export type RecordKind =
  | "header"
  | "segment"
  | "section"
  | "symbol"
  | "dynamic-symbol"
  | "relocation"
  | "dynamic"
  | "version";

export interface RecordField {
  /** `e_entry` */
  readonly name: string;
  /** In the record. */
  readonly offset: number;
  readonly bytes: number;
}

/** `name:bytes` in the order of the structure; `A` is the class's address size. */
const LAYOUTS = {
  Ehdr:
    "e_ident[EI_MAG]:4 e_ident[EI_CLASS]:1 e_ident[EI_DATA]:1 e_ident[EI_VERSION]:1 e_ident[EI_OSABI]:1 " +
    "e_ident[EI_ABIVERSION]:1 e_ident[EI_PAD]:7 e_type:2 e_machine:2 e_version:4 e_entry:A e_phoff:A e_shoff:A e_flags:4 " +
    "e_ehsize:2 e_phentsize:2 e_phnum:2 e_shentsize:2 e_shnum:2 e_shstrndx:2",
  Phdr64: "p_type:4 p_flags:4 p_offset:8 p_vaddr:8 p_paddr:8 p_filesz:8 p_memsz:8 p_align:8",
  Phdr32: "p_type:4 p_offset:4 p_vaddr:4 p_paddr:4 p_filesz:4 p_memsz:4 p_flags:4 p_align:4",
  Shdr: "sh_name:4 sh_type:4 sh_flags:A sh_addr:A sh_offset:A sh_size:A sh_link:4 sh_info:4 sh_addralign:A sh_entsize:A",
  Sym64: "st_name:4 st_info:1 st_other:1 st_shndx:2 st_value:8 st_size:8",
  Sym32: "st_name:4 st_value:4 st_size:4 st_info:1 st_other:1 st_shndx:2",
  Rel: "r_offset:A r_info:A",
  Rela: "r_offset:A r_info:A r_addend:A",
  Dyn: "d_tag:A d_un:A",
  Versym: "vs_vers:2",
} as const;

function fieldsOf(layout: string, addressBytes: number): RecordField[] {
  let offset = 0;
  return layout.split(" ").map((text) => {
    const [name, size] = text.split(":");
    const bytes = size === "A" ? addressBytes : Number(size);
    offset += bytes;
    return { name, offset: offset - bytes, bytes };
  });
}

const SECTION_RECORDS: ReadonlyMap<number, readonly [RecordKind, keyof typeof LAYOUTS | "Sym", string]> = new Map([
  [SHT_SYMTAB, ["symbol", "Sym", "Sym"]],
  [SHT_DYNSYM, ["dynamic-symbol", "Sym", "Sym"]],
  [SHT_REL, ["relocation", "Rel", "Rel"]],
  [SHT_RELA, ["relocation", "Rela", "Rela"]],
  [SHT_DYNAMIC, ["dynamic", "Dyn", "Dyn"]],
  [SHT_GNU_versym, ["version", "Versym", "Versym"]],
]);

/** The tables that the file's headers name, in the order of their place; only what the file has the bytes of. */
export function recordTables(file: ElfFile): RecordTable[] {
  const { header, elfClass, sections } = file;
  const addressBytes = elfClass / 8;
  const tables: RecordTable[] = [];
  const add = (kind: RecordKind, section: number, start: number, bytes: number, layout: string, name: string): void => {
    const fields = fieldsOf(layout, addressBytes);
    const recordBytes = fields.reduce((sum, field) => sum + field.bytes, 0);
    const end = Math.min(start + bytes, file.bytes.length);
    const count = Math.floor((end - start) / recordBytes);
    if (count <= 0) return;
    tables.push({ kind, structure: `Elf${elfClass}_${name}`, section, start, recordBytes, count, fields });
  };
  add("header", -1, 0, 16 + (elfClass === 64 ? 48 : 36), LAYOUTS.Ehdr, "Ehdr");
  const segments = elfClass === 64 ? LAYOUTS.Phdr64 : LAYOUTS.Phdr32;
  if (file.segments.length > 0)
    add("segment", -1, header.segmentOffset, file.segments.length * header.segmentBytes, segments, "Phdr");
  if (sections.length > 0)
    add("section", -1, header.sectionOffset, sections.length * header.sectionBytes, LAYOUTS.Shdr, "Shdr");
  for (const { type, index, offset, size } of sections) {
    const [kind, layout, name] = SECTION_RECORDS.get(type) ?? [];
    if (kind === undefined || layout === undefined || name === undefined) continue;
    const words = layout === "Sym" ? LAYOUTS[elfClass === 64 ? "Sym64" : "Sym32"] : LAYOUTS[layout];
    add(kind, index, offset, size, words, name);
  }
  return tables.sort((a, b) => a.start - b.start);
}

/** A field of a record, found by one of its bytes. */
export interface FoundField {
  readonly table: RecordTable;
  readonly record: number;
  readonly field: RecordField;
  /** File offset of the field. */
  readonly start: number;
}

/** @param tables as `recordTables` gives them  @param offset in the file */
export function fieldAt(tables: readonly RecordTable[], offset: number): FoundField | undefined {
  const table = tables.findLast(
    ({ start, recordBytes, count }) => offset >= start && offset < start + recordBytes * count,
  );
  if (table === undefined) return undefined;
  const record = Math.floor((offset - table.start) / table.recordBytes);
  const at = offset - table.start - record * table.recordBytes;
  const field = table.fields.find((one) => at >= one.offset && at < one.offset + one.bytes);
  return field && { table, record, field, start: offset - at + field.offset };
}
