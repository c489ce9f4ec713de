// `solder/elf`: reading the ELF format. Give `parseElf` the bytes of a file and a function that takes problems; ask the other
// functions for what lies behind the headers. Nothing here throws for bad input.

export {
  type Archive,
  type ArchiveIndexKind,
  type ArchiveMember,
  type ArchiveMemberStatus,
  archiveMemberStatus,
  isArchive,
  readArchive,
} from "./archive.ts";
export { type Compression, compressionOf } from "./compression.ts";
export * from "./constants.ts";
export { type DynamicEntry, dynamicOf, dynamicTable, dynamicTexts, dynamicValue, type ElfDynamic } from "./dynamic.ts";
export {
  type DynamicRelocationTable,
  type DynamicRelocationTables,
  dynamicRelocationsOf,
  dynamicSymbolsOf,
  dynamicSymbolTableOf,
  gnuHashOf,
  sysvHashOf,
} from "./dynamic-tables.ts";
export {
  contentsOf,
  contentsRange,
  type ElfFile,
  type ElfImage,
  parseElf,
  parseElfImage,
  rangeAtAddress,
  sectionOfType,
  stringsIn,
} from "./file.ts";
export { groupsOf, type SectionGroup } from "./groups.ts";
export { gnuHash, sysvHash } from "./hash.ts";
export * from "./hash-table.ts";
export type { ElfHeader } from "./header.ts";
export { type FileKind, identify } from "./identify.ts";
export * from "./names/dynamic.ts";
export * from "./names/names.ts";
export {
  type ElfNote,
  type GnuProperty,
  isPropertyNote,
  notesInSegments,
  notesOf,
  propertiesOf,
  readNotes,
} from "./notes.ts";
export * from "./problem.ts";
export {
  type ElfRelocation,
  isRelocationSection,
  manyTypesAt,
  namesManyTypes,
  type RelocationFormat,
  readRelocation,
  readRelocations,
  readRelr,
  relocationBytes,
  relocationsOf,
  relrOf,
} from "./relocations.ts";
export { type ElfSection, readSections } from "./sections.ts";
export { bytesAtAddress, type ElfSegment } from "./segments.ts";
export type { ElfSource, FileRange } from "./source.ts";
export { type StringTable, stringAt, stringTable } from "./strings.ts";
export {
  type ElfSymbol,
  type GlobalNames,
  globalNamesOf,
  readSymbols,
  type SymbolTable,
  symbolBytes,
  symbolsOf,
  symbolTableOf,
} from "./symbols.ts";
export {
  dynamicVersionsOf,
  type ElfVersions,
  type NeededVersion,
  type SymbolVersion,
  type VersionDefinition,
  type VersionName,
  type VersionNeed,
  versionedName,
  versionOfSymbol,
  versionsOf,
} from "./versions.ts";
