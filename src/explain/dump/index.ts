// Dumps of files: facts as plain data, and the text made of them.

export {
  type ArchiveDump,
  type ArchiveMemberDump,
  type ArchiveSymbolDump,
  archiveIndexChapter,
  memberChapter,
} from "./archive.ts";
export type { CellStyle, Chapter, ChapterColumn } from "./chapter.ts";
export { type DynamicEntryDump, type DynamicKind, dynamicChapter } from "./dynamic.ts";
export { type GroupDump, groupChapter } from "./groups.ts";
export { type HeaderDump, headerFacts, type ProtectionDump } from "./header.ts";
export { DUMP_JSON_VERSION, writeDumpJson } from "./json.ts";
export type { LayoutDump, LoadDump, PieceDump } from "./layout.ts";
export { memberKeys, memberOfKey, splitMember } from "./member-names.ts";
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
export { type NoteDump, noteChapter, type PropertyDump } from "./notes.ts";
export { type RelocationDump, type RelocationTableDump, relocationChapter } from "./relocations.ts";
export { type CompressionDump, type SectionDump, sectionChapter } from "./sections.ts";
export { type SegmentDump, segmentChapter } from "./segments.ts";
export { type SymbolDump, type SymbolTableDump, type SymbolVersionDump, symbolChapter } from "./symbols.ts";
export type { Style } from "./table.ts";
export { dumpLines } from "./text.ts";
export { unitChapter } from "./units.ts";
export {
  type DefinedVersionDump,
  definedVersionChapter,
  type NeededLibraryDump,
  type NeededVersionDump,
  type NeededVersionRow,
  neededVersionChapter,
  type VersionsDump,
} from "./versions.ts";
