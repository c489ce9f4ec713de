// What `solder dump` knows of a file, as plain data: the shape of `--json` (docs/dump.md) and what the text is made of. The
// parts that nobody asked for are not read.

import { type CompilationUnit, type Decompressors, unitsOf } from "../../dwarf/index.ts";
import {
  type ArchiveMember,
  type ElfFile,
  ET_REL,
  type FileKind,
  identify,
  type Problem,
  parseElf,
  type Report,
  readArchive,
  SHT_DYNSYM,
  SHT_SYMTAB,
  sectionOfType,
} from "../../elf/index.ts";
import { error, warning } from "../../elf/problem.ts";
import { describeProblem } from "../render.ts";
import { type ArchiveDump, archiveDump } from "./archive.ts";
import { type DynamicEntryDump, dynamicDumps } from "./dynamic.ts";
import { type SharedFacts, sharedFacts } from "./facts.ts";
import { type GroupDump, groupDumps } from "./groups.ts";
import { type HeaderDump, headerDump } from "./header.ts";
import { type LayoutDump, layoutDump, sectionsInSegment } from "./layout.ts";
import { type NoteDump, noteDumps } from "./notes.ts";
import { type RelocationTableDump, relocationDumps } from "./relocations.ts";
import { type SectionDump, sectionDumps } from "./sections.ts";
import { type SegmentDump, segmentDumps } from "./segments.ts";
import { type SymbolTableDump, symbolDumps } from "./symbols.ts";
import { type VersionsDump, versionsDump } from "./versions.ts";

/** What can be asked for; the names of the options. */
export type DumpPart =
  | "headers"
  | "layout"
  | "sections"
  | "segments"
  | "symbols"
  | "dynamic-symbols"
  | "relocations"
  | "dynamic"
  | "versions"
  | "notes"
  | "groups"
  | "units"
  | "archive";

export const DUMP_PARTS: readonly DumpPart[] = [
  "headers",
  "layout",
  "sections",
  "segments",
  "symbols",
  "dynamic-symbols",
  "relocations",
  "dynamic",
  "versions",
  "notes",
  "groups",
  "units",
  "archive",
];

/** A file, or a member of an archive. Only the parts that were asked for and that the file has are there. */
export interface FileDump {
  /** As the user named it; a member as `libx.a(member.o)`. */
  readonly file: string;
  readonly kind: FileKind | "missing";
  /** Bytes. */
  readonly size: number;
  readonly header?: HeaderDump;
  readonly layout?: LayoutDump;
  readonly sections?: readonly SectionDump[];
  readonly segments?: readonly SegmentDump[];
  readonly symbols?: SymbolTableDump;
  readonly dynamicSymbols?: SymbolTableDump;
  readonly relocations?: readonly RelocationTableDump[];
  readonly dynamic?: readonly DynamicEntryDump[];
  readonly versions?: VersionsDump;
  readonly notes?: readonly NoteDump[];
  readonly groups?: readonly GroupDump[];
  readonly units?: readonly CompilationUnit[];
  readonly archive?: ArchiveDump;
  /** The members of an archive, if parts other than `archive` were asked for. */
  readonly members?: readonly FileDump[];
  readonly problems: readonly ProblemDump[];
}

export interface ProblemDump {
  readonly code: string;
  readonly severity: Problem["severity"];
  readonly location: string;
  readonly message: string;
}

/** Takes a path as it stands in a thin archive, relative to the archive's directory; gives the member's bytes. */
export type ReadMember = (path: string) => Uint8Array | undefined;

export interface DumpHost {
  /** For the members of thin archives. */
  readonly readMember?: ReadMember;
  /** Gets the problems that are in the dump as they are found: those of reading, and `not-elf` for other files. */
  readonly report?: Report;
  /** For debugging information that is compressed. */
  readonly decompressors?: Decompressors;
}

/**
 * Reads what was asked for.
 * @param name for problems and as `file`
 * @param parts what to read; of an archive, parts other than `archive` are read of each member that is an ELF file
 */
export function dumpFile(bytes: Uint8Array, name: string, parts: ReadonlySet<DumpPart>, host: DumpHost = {}): FileDump {
  const problems: Problem[] = [];
  const collect = (problem: Problem): void => {
    problems.push(problem);
  };
  const kind = identify(bytes);
  const found =
    kind === "archive" || kind === "thin-archive"
      ? dumpArchive(bytes, name, parts, host, collect)
      : dumpElf(bytes, name, parts, host, collect);
  return { file: name, kind, size: bytes.length, ...found, problems: told(problems, host) };
}

/**
 * The dump of a file that cannot be read.
 * @param reason as the system puts it
 */
export function missingFile(name: string, host: DumpHost = {}, reason?: string): FileDump {
  const facts = { path: name, ...(reason === undefined ? {} : { reason }) };
  return { file: name, kind: "missing", size: 0, problems: told([error("file-not-found", {}, facts)], host) };
}

/** Problems in words. Two tables may meet the same damage; it is told once. */
export function told(problems: readonly Problem[], host: DumpHost): ProblemDump[] {
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()].map((problem) => {
    host.report?.(problem);
    const { code, severity, location, message } = describeProblem(problem);
    return { code, severity, location, message };
  });
}

function dumpArchive(
  bytes: Uint8Array,
  name: string,
  parts: ReadonlySet<DumpPart>,
  host: DumpHost,
  report: Report,
): Partial<FileDump> {
  const archive = readArchive(bytes, name, report);
  if (archive === undefined) return {};
  const ofMembers = new Set([...parts].filter((part) => part !== "archive"));
  const members: FileDump[] = [];
  for (const member of ofMembers.size === 0 ? [] : archive.members) {
    const contents = memberBytes(bytes, member, host.readMember);
    const full = `${name}(${member.name})`;
    if (contents === undefined) report(error("file-not-found", { file: name }, { path: full }));
    else if (identify(contents).startsWith("elf-")) members.push(dumpFile(contents, full, ofMembers, host));
  }
  return {
    ...(parts.has("archive") ? { archive: archiveDump(bytes, archive) } : {}),
    ...(ofMembers.size === 0 ? {} : { members }),
  };
}

/** A member's contents, from the archive or, in a thin one, from the file beside it (or that archive's member). */
export function memberBytes(
  archive: Uint8Array,
  member: ArchiveMember,
  readMember: ReadMember = () => undefined,
): Uint8Array | undefined {
  if (!member.external) return archive.subarray(member.offset, member.offset + member.size);
  const file = readMember(member.name);
  if (file === undefined || member.nestedHeader < 0) return file;
  const nested = readArchive(file, member.name, () => {});
  const inner = nested?.members.find(({ headerOffset }) => headerOffset === member.nestedHeader);
  return inner === undefined || inner.external ? undefined : file.subarray(inner.offset, inner.offset + inner.size);
}

function dumpElf(
  bytes: Uint8Array,
  name: string,
  parts: ReadonlySet<DumpPart>,
  host: DumpHost,
  report: Report,
): Partial<FileDump> {
  const file = parseElf(bytes, name, report);
  if (file === undefined) return {};
  const facts = sharedFacts(file, report);
  const has = (part: DumpPart): boolean => parts.has(part);
  const dynamic = facts.dynamic();
  const segments = file.segments.length;
  // Every section is looked for in every segment. Real files have a dozen of one or the other.
  const crowded = file.sections.length * segments > 4_000_000;
  if (crowded) report(warning("layout-too-large", { file: name }, { sections: file.sections.length, segments }));
  const contents = (index: number): string[] => (crowded ? [] : sectionsInSegment(file, file.segments[index]));
  return {
    ...(has("headers") ? { header: headerDump(file, dynamic, entryName(file, facts)) } : {}),
    ...(has("layout") && segments > 0 && !crowded ? { layout: layoutDump(file) } : {}),
    ...(has("sections") ? { sections: sectionDumps(file, report) } : {}),
    ...(has("segments") ? { segments: segmentDumps(file, contents) } : {}),
    ...(has("symbols") ? optional("symbols", symbolTable(file, facts, SHT_SYMTAB)) : {}),
    ...(has("dynamic-symbols") ? optional("dynamicSymbols", symbolTable(file, facts, SHT_DYNSYM)) : {}),
    ...(has("relocations") ? { relocations: relocations(file, facts, report) } : {}),
    ...(has("dynamic") && dynamic !== undefined ? { dynamic: dynamicDumps(file, dynamic, facts.places()) } : {}),
    ...(has("versions") ? { versions: versionsDump(facts.versions(), facts.dynamicSymbols()) } : {}),
    ...(has("notes") ? { notes: noteDumps(file, report) } : {}),
    ...(has("groups") && file.header.type === ET_REL ? { groups: groupDumps(file, report) } : {}),
    ...(has("units") ? optional("units", unitsOf(file, host.decompressors ?? {})) : {}),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function entryName(file: ElfFile, facts: SharedFacts): string | undefined {
  return file.header.entry === 0 || file.header.type === ET_REL ? undefined : facts.places().address(file.header.entry);
}

function symbolTable(file: ElfFile, facts: SharedFacts, type: number): SymbolTableDump | undefined {
  const dynamic = type === SHT_DYNSYM;
  const section = dynamic && facts.asLoaded() ? undefined : sectionOfType(file, type);
  const symbols = dynamic ? facts.dynamicSymbols() : facts.symbols();
  if (section === undefined && symbols.length === 0) return undefined;
  const versions = dynamic ? facts.versions() : undefined;
  return { table: section?.name ?? "DT_SYMTAB", symbols: symbolDumps(file, symbols, versions) };
}

function relocations(file: ElfFile, facts: SharedFacts, report: Report): RelocationTableDump[] {
  const symtab = sectionOfType(file, SHT_SYMTAB)?.index;
  const dynsym = facts.asLoaded() ? -1 : (sectionOfType(file, SHT_DYNSYM)?.index ?? -1);
  return relocationDumps({
    file,
    dynamic: facts.dynamic(),
    places: facts.places(),
    asLoaded: facts.asLoaded(),
    symbolsIn: (section) => (section === dynsym ? facts.dynamicSymbols() : section === symtab ? facts.symbols() : []),
    versions: facts.versions(),
    dynsym,
    report,
  });
}
