// Answers about one file: what it is, its tables row by row, its bytes and what each of them is.

import { type ElfSection, isRelocationSection } from "../../src/elf/index.ts";
import {
  type ByteFacts,
  byteFacts,
  byteLines,
  marksBetween,
  offsetOfAddress,
  offsetOfSymbol,
} from "../../src/explain/bytes/index.ts";
import { codeListing } from "../../src/explain/code.ts";
import {
  archiveIndexChapter,
  DUMP_PARTS,
  type DumpPart,
  definedVersionChapter,
  dumpFile,
  dynamicChapter,
  type FileDump,
  groupChapter,
  headerFacts,
  memberChapter,
  memberKeys,
  neededVersionChapter,
  noteChapter,
  type RelocationTableDump,
  relocationChapter,
  sectionChapter,
  segmentChapter,
  symbolChapter,
  unitChapter,
} from "../../src/explain/dump/index.ts";
import { sizeChanges, sizesOf } from "../../src/explain/sizes.ts";
import { inflate } from "../../src/host/inflate.ts";
import { disassemble } from "./disassembler.ts";
import type { Answer, Ask, AtAnswer, Lead, Overview, PartName, RowsAnswer, RowsQuestion } from "./protocol.ts";
import { type Depth, NAMES, TABLES, WHOLE } from "./read-tables.ts";
import { type PageTable, type RowsCache, type ShownTable, shown } from "./tables.ts";
import { zstd } from "./wanted.ts";
import { anatomyFor, bytesBetween, elfFor, openFile, readerBeside, summaryFor, type Workspace } from "./workspace.ts";

const LAYOUT: ReadonlySet<DumpPart> = new Set(["headers", "layout", "sections"]);
const EVERYTHING: ReadonlySet<DumpPart> = new Set(DUMP_PARTS.filter((part) => part !== "archive" && part !== "units"));

/** A table of the page → the part of the dump that it is a window of; all others are relocations. */
const PART_OF: Readonly<Record<string, DumpPart>> = {
  members: "archive",
  index: "archive",
  sections: "sections",
  segments: "segments",
  symbols: "symbols",
  "dynamic-symbols": "dynamic-symbols",
  dynamic: "dynamic",
  needs: "versions",
  versions: "versions",
  notes: "notes",
  groups: "groups",
  units: "units",
};

/** What has to be read of a large file for a part, where it is not all tables. Debugging information is needed for units alone. */
const NEEDED: Readonly<Partial<Record<DumpPart, Depth>>> = {
  sections: NAMES,
  segments: NAMES,
  "dynamic-symbols": NAMES,
  versions: NAMES,
  notes: NAMES,
  units: WHOLE,
};

/** One part of what the dump says of a file: read when somebody first asks, for a library has half a million relocations. */
function dumpFor(space: Workspace, path: string, part: DumpPart): FileDump | undefined {
  const key = `${path}\0${part}`;
  const known = space.dumps.get(key);
  if (known !== undefined) return known;
  const file = openFile(space, path, NEEDED[part] ?? TABLES);
  if (file === undefined) return undefined;
  const host = { readMember: readerBeside(space, path), decompressors: { inflate, zstd } };
  const dump = dumpFile(file.bytes, path, new Set([part]), host);
  space.dumps.set(key, dump);
  return dump;
}

export function overviewOf(space: Workspace, { file }: Ask<"overview">): Overview {
  const opened = openFile(space, file);
  if (opened === undefined) throw new Error(`there is no file ${file}`);
  const summary = summaryFor(space, file);
  const isElf = summary.kind.startsWith("elf-");
  const isArchive = summary.kind.endsWith("archive");
  const dump = isElf ? dumpFile(opened.bytes, file, LAYOUT) : undefined;
  const archive = isArchive ? dumpFor(space, file, "archive") : undefined;
  const problems = [...summary.problems, ...(dump?.problems ?? [])];
  return {
    file,
    size: opened.size,
    description: summary.description,
    kind: summary.kind,
    facts: dump?.header === undefined ? [] : headerFacts(dump.header),
    layout: dump?.layout,
    sections: (dump?.sections ?? [])
      .filter(({ type, size }) => type !== "NULL" && size > 0)
      .map(({ index, name, offset, size, letters, type }) => ({
        index,
        name,
        offset,
        size,
        letters,
        zero: type === "NOBITS",
      })),
    parts: archive !== undefined ? partsOf(archive) : dump === undefined ? [] : partsOfElf(dump, opened.bytes),
    machine: (dump?.sections ?? []).some(({ letters }) => letters.includes("X")) ? summary.machine : "",
    problems: [...new Map(problems.map((it) => [JSON.stringify(it), it])).values()],
  };
}

/** How many rows each table has, as the section headers say; of a file without them by reading all. */
function partsOfElf(dump: FileDump, bytes: Uint8Array): PartName[] {
  const sections = dump.sections ?? [];
  if (sections.length < 2) return partsOf(dumpFile(bytes, dump.file, EVERYTHING));
  const parts: PartName[] = [];
  const add = (id: string, title: string, count: number): void => {
    if (count > 0) parts.push({ id, title, count });
  };
  add("sections", "Sections", sections.length);
  add("segments", "Segments", dump.header?.segmentCount ?? 0);
  const count = (type: string): number => sections.filter((it) => it.type === type).length;
  for (const { type, name, size, entryBytes, info } of sections) {
    const records = Math.floor(size / Math.max(1, entryBytes));
    switch (type) {
      case "SYMTAB":
        add("symbols", "Symbols", records - 1);
        break;
      case "DYNSYM":
        add("dynamic-symbols", "Dynamic symbols", records - 1);
        break;
      case "REL":
      case "RELA":
      case "RELR":
        add(`relocations:${name}`, name, records);
        break;
      case "DYNAMIC":
        add("dynamic", "Dynamic section", records);
        break;
      case "VERNEED":
        add("needs", "Versions needed", info);
        break;
      case "VERDEF":
        add("versions", "Versions defined", info);
        break;
    }
  }
  add("notes", "Notes", count("NOTE"));
  add("groups", "Groups", count("GROUP"));
  if (sections.some(({ name }) => name === ".debug_info" || name === ".zdebug_info"))
    parts.push({ id: "units", title: "Compilation units", count: undefined });
  return parts;
}

function partsOf(dump: FileDump): PartName[] {
  const parts: PartName[] = [];
  const add = (id: string, title: string, count: number | undefined): void => {
    if (count !== undefined && count > 0) parts.push({ id, title, count });
  };
  add("members", "Members", dump.archive?.members.length);
  add("index", "Index", dump.archive?.symbols.length);
  add("segments", "Segments", dump.segments?.length);
  add("dynamic-symbols", "Dynamic symbols", dump.dynamicSymbols && dump.dynamicSymbols.symbols.length - 1);
  for (const { table, entries } of dump.relocations ?? []) add(`relocations:${table}`, table, entries.length);
  add("dynamic", "Dynamic section", dump.dynamic?.length);
  add("needs", "Versions needed", dump.versions?.needs.length);
  add("versions", "Versions defined", dump.versions?.definitions.length);
  add("notes", "Notes", dump.notes?.length);
  return parts;
}

export function rowsOf(space: Workspace, question: RowsQuestion, cache: Map<string, RowsCache>): RowsAnswer {
  const { file, part } = question;
  const key = `${space.edition} ${file} ${part}`;
  let made = space.tables.get(key);
  if (made === undefined) {
    const dump = dumpFor(space, file, PART_OF[part] ?? "relocations");
    made = dump && tableOf(space, dump, part);
    if (made === undefined)
      throw new Error("This part of the file cannot be read: what is wrong with it is said above.");
    space.tables.set(key, made);
  }
  return made.answer(question, cache, key);
}

function tableOf(space: Workspace, dump: FileDump, part: string): ShownTable | undefined {
  const file = elfFor(space, dump.file);
  const toSection = (name: string): Lead => ({ part: "sections", filter: name });
  const toAddress = (address: number): Lead | undefined => {
    const at = file && offsetOfAddress(file, address);
    return at === undefined ? undefined : { at };
  };
  switch (part) {
    case "sections":
      return (
        dump.sections &&
        table(
          sectionChapter(dump.sections),
          ({ index }) => String(index),
          (row, column) => {
            return column === 1 || column === 5 ? { at: row.offset } : undefined;
          },
        )
      );
    case "segments":
      return (
        dump.segments &&
        table(
          segmentChapter(dump.segments),
          ({ index }) => String(index),
          (row, column) => {
            return column === 1 || column === 5 ? { at: row.offset } : undefined;
          },
        )
      );
    case "symbols":
    case "dynamic-symbols": {
      const symbols = part === "symbols" ? dump.symbols : dump.dynamicSymbols;
      return (
        symbols &&
        table(
          symbolChapter(symbols, ""),
          ({ index }) => String(index),
          (row, column) => {
            if (column === 6 && row.sectionIndex > 0) return toSection(row.section);
            if (column === 7) return { view: "why", name: row.name };
            if (column !== 1 || file === undefined || typeof row.value !== "number") return undefined;
            const at = offsetOfSymbol(file, { ...UNKNOWN_SYMBOL, value: row.value, section: row.sectionIndex });
            return at === undefined ? undefined : { at };
          },
        )
      );
    }
    case "dynamic":
      return (
        dump.dynamic &&
        table(
          dynamicChapter(dump.dynamic),
          (_, index) => String(index),
          (row, column) => {
            if (column === 1 && row.kind === "address") return toAddress(row.value);
            if (column === 2 && row.place?.startsWith(".") === true) return toSection(row.place);
            return column === 1 && row.name === "NEEDED" ? { view: "why", name: row.text ?? "" } : undefined;
          },
        )
      );
    case "needs":
      return (
        dump.versions &&
        table(
          neededVersionChapter(dump.versions.needs),
          ({ index }) => String(index),
          (row, column) => {
            return column === 1 ? { part: "dynamic-symbols", filter: `@${row.name}` } : undefined;
          },
        )
      );
    case "versions":
      return (
        dump.versions &&
        table(
          definedVersionChapter(dump.versions.definitions),
          ({ index }) => String(index),
          (row, column) => {
            return column === 1 ? { part: "dynamic-symbols", filter: `@${row.name}` } : undefined;
          },
        )
      );
    case "notes":
      return (
        dump.notes &&
        table(
          noteChapter(dump.notes),
          (_, index) => String(index),
          (row, column) => {
            return column === 0 && row.section !== "" ? toSection(row.section) : undefined;
          },
        )
      );
    case "units":
      return (
        dump.units &&
        table(
          unitChapter(dump.units),
          ({ offset }) => String(offset),
          (row, column) => (column === 3 && row.low !== undefined ? toAddress(row.low) : undefined),
        )
      );
    case "groups":
      return dump.groups && table(groupChapter(dump.groups), ({ section }) => String(section), undefined);
    case "members": {
      const { archive } = dump;
      const keys = memberKeys(archive?.members ?? []);
      return (
        archive &&
        table(
          memberChapter(archive),
          ({ headerOffset }) => String(headerOffset),
          (row, column) => {
            if (column === 6) return { at: row.headerOffset };
            return column === 0 && row.kind?.startsWith("elf-") === true
              ? { view: "anatomy", file: `${dump.file}(${keys[archive.members.indexOf(row)]})`, part: "" }
              : undefined;
          },
        )
      );
    }
    case "index": {
      const { archive } = dump;
      const keys = memberKeys(archive?.members ?? []);
      return (
        archive &&
        table(
          archiveIndexChapter(archive),
          (_, index) => String(index),
          (row, column) => {
            const key = keys[row.member];
            return column === 1 && key !== undefined
              ? { view: "anatomy", file: `${dump.file}(${key})`, part: "symbols", filter: row.name }
              : undefined;
          },
        )
      );
    }
    default:
      return relocationsNamed(dump, part, toAddress, file === undefined ? undefined : targetOffset(file.sections));
  }
}

/** What `offsetOfSymbol` looks at. */
const UNKNOWN_SYMBOL = {
  index: 0,
  name: "",
  valueHigh: 0,
  valueLow: 0,
  size: 0,
  binding: 0,
  type: 0,
  visibility: 0,
  other: 0,
  shndx: 0,
};

function table<Row>(
  chapter: PageTable<Row>["chapter"],
  keyOf: PageTable<Row>["keyOf"],
  leadOf: PageTable<Row>["leadOf"],
): ShownTable {
  return shown(leadOf === undefined ? { chapter, keyOf } : { chapter, keyOf, leadOf });
}

/** File offset of the section that a table relocates; undefined where its offsets are addresses. */
function targetOffset(sections: readonly ElfSection[]): (table: RelocationTableDump) => number | undefined {
  return ({ table: name, target }) => {
    const relocations = sections.find((section) => section.name === name && isRelocationSection(section));
    return target === undefined || relocations === undefined ? undefined : sections[relocations.info]?.offset;
  };
}

function relocationsNamed(
  dump: FileDump,
  part: string,
  toAddress: (address: number) => Lead | undefined,
  targetOf: ((table: RelocationTableDump) => number | undefined) | undefined,
): ShownTable | undefined {
  const found = dump.relocations?.find((it) => part === `relocations:${it.table}`);
  if (found === undefined) return undefined;
  const target = targetOf?.(found);
  return table(
    relocationChapter(found),
    (_, index) => String(index),
    (row, column) => {
      if (column === 0) return target === undefined ? toAddress(row.offset) : { at: target + row.offset };
      return column === 4 && row.symbol !== "" && !row.symbol.startsWith(".")
        ? { view: "why", name: row.symbol.split("@")[0] }
        : undefined;
    },
  );
}

export function bytesOf(space: Workspace, { file, from, to }: Ask<"bytes">): Answer<"bytes"> {
  const anatomy = anatomyFor(space, file);
  return {
    bytes: bytesBetween(space, file, from, to),
    marks: anatomy === undefined ? [] : marksBetween(anatomy, from, to),
  };
}

export function factsAt(space: Workspace, { file, offset }: Ask<"at">): AtAnswer {
  const anatomy = anatomyFor(space, file);
  if (anatomy === undefined) return { lines: [], leads: [], start: offset, end: offset + 1 };
  const facts = byteFacts(anatomy, offset);
  const relocation =
    facts.relocation && relocationOf(dumpFor(space, file, "relocations"), facts, anatomy.file.sections);
  const lines = byteLines(facts, relocation?.entry);
  const { field } = facts;
  const leads = lines.map(([about]): Lead | undefined => {
    switch (about) {
      case "section":
        return { part: "sections", filter: facts.section?.name ?? "" };
      case "stands at":
        return { part: "symbols", filter: facts.symbol?.name ?? "" };
      case "segment":
        return { part: "segments" };
      case "relocation":
        return relocation && { part: `relocations:${relocation.table}`, filter: relocation.entry.place };
      case "field":
        return partOfRecord(facts);
      default:
        return undefined;
    }
  });
  const [start, end] =
    field !== undefined
      ? [field.start, field.start + field.field.bytes]
      : facts.relocation !== undefined
        ? [facts.relocation.start, facts.relocation.start + facts.relocation.bytes]
        : [offset, offset + 1];
  return { lines, leads, start, end };
}

function relocationOf(
  dump: FileDump | undefined,
  { relocation }: ByteFacts,
  sections: readonly { readonly name: string }[],
): { readonly table: string; readonly entry: RelocationTableDump["entries"][number] } | undefined {
  const name = relocation && sections[relocation.table]?.name;
  const table = dump?.relocations?.find((it) => it.table === name);
  const entry = relocation && table?.entries[relocation.entry];
  return table && entry && { table: table.table, entry };
}

/** The table of the page whose rows are these records. */
function partOfRecord({ field, section }: ByteFacts): Lead | undefined {
  const PARTS: Readonly<Record<string, string>> = {
    segment: "segments",
    section: "sections",
    symbol: "symbols",
    "dynamic-symbol": "dynamic-symbols",
    dynamic: "dynamic",
    version: "dynamic-symbols",
    relocation: `relocations:${section?.name ?? ""}`,
  };
  const part = field && PARTS[field.table.kind];
  return part === undefined ? undefined : { part };
}

export function codeAnswer(space: Workspace, { file, offset }: Ask<"code">): Answer<"code"> {
  const anatomy = anatomyFor(space, file);
  return (
    anatomy &&
    codeListing(
      anatomy,
      offset,
      disassemble,
      (from, to) => bytesBetween(space, file, from, to),
      () => dumpFor(space, file, "relocations")?.relocations ?? [],
    )
  );
}

export function sizesAnswer(space: Workspace, { file, other }: Ask<"sizes">): Answer<"sizes"> {
  const treeOf = (path: string | undefined): ReturnType<typeof sizesOf> => {
    const opened = path === undefined ? undefined : openFile(space, path);
    return opened && sizesOf(opened.bytes, opened.path);
  };
  const [tree, before] = [treeOf(file), treeOf(other)];
  const changes = tree === undefined || before === undefined ? [] : sizeChanges(before, tree).slice(0, 2000);
  return { tree, other: before, changes };
}
