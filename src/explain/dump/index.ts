// Dumps of files: facts as plain data, and the text made of them.

export type { ArchiveDump, ArchiveMemberDump, ArchiveSymbolDump } from "./archive.ts";
export type { DynamicEntryDump, DynamicKind } from "./dynamic.ts";
export type { GroupDump } from "./groups.ts";
export type { HeaderDump, ProtectionDump } from "./header.ts";
export { DUMP_JSON_VERSION, writeDumpJson } from "./json.ts";
export type { LayoutDump, LoadDump, PieceDump } from "./layout.ts";
export {
  DUMP_PARTS,
  type DumpHost,
  type DumpPart,
  dumpFile,
  type FileDump,
  memberBytes,
  missingFile,
  type ProblemDump,
  type ReadMember,
} from "./model.ts";
export type { NoteDump, PropertyDump } from "./notes.ts";
export type { RelocationDump, RelocationTableDump } from "./relocations.ts";
export type { CompressionDump, SectionDump } from "./sections.ts";
export type { SegmentDump } from "./segments.ts";
export type { SymbolDump, SymbolTableDump, SymbolVersionDump } from "./symbols.ts";
export type { Style } from "./table.ts";
export { dumpLines } from "./text.ts";
export type { DefinedVersionDump, NeededLibraryDump, NeededVersionDump, VersionsDump } from "./versions.ts";
