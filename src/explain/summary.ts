// What a file is, in a few words and numbers: a row of a list of files.

import { machineTables } from "../arch/index.ts";
import {
  DT_NEEDED,
  DT_SONAME,
  dynamicTexts,
  type FileKind,
  type GlobalNames,
  globalNamesOf,
  identify,
  type Problem,
  parseElf,
  type Report,
  readArchive,
} from "../elf/index.ts";
import { sharedFacts } from "./dump/facts.ts";
import { type HeaderDump, headerDump } from "./dump/header.ts";
import { memberKeys } from "./dump/member-names.ts";
import { dumpFile, memberBytes, type ProblemDump, told } from "./dump/model.ts";

export interface FileSummary {
  readonly path: string;
  readonly size: number;
  readonly kind: FileKind | "missing";
  /** `position-independent executable`, `archive of 12 members`, `text: perhaps a linker script`. */
  readonly description: string;
  /** `x86-64`; empty for what is for no machine. */
  readonly machine: string;
  /** Libraries in DT_NEEDED. */
  readonly needs: readonly string[];
  readonly soname: string | undefined;
  readonly interpreter: string | undefined;
  /** Names that others may use, and names that others have to provide. */
  readonly defines: readonly string[];
  readonly wants: readonly string[];
  /** The same counted; the lists above have the first few hundred. */
  readonly definesCount: number;
  readonly wantsCount: number;
  /** As they are asked for (`memberKeys`). */
  readonly members: readonly string[];
  readonly problems: readonly ProblemDump[];
}

const KIND_WORDS: Readonly<Record<FileKind | "missing", string>> = {
  "elf-relocatable": "relocatable object",
  "elf-executable": "program at fixed addresses",
  "elf-shared": "shared library or program",
  "elf-core": "core file",
  "elf-other": "damaged ELF file",
  archive: "archive",
  "thin-archive": "thin archive",
  "llvm-bitcode": "LLVM bitcode",
  "mach-o": "Mach-O file, for macOS",
  pe: "Windows program",
  wasm: "WebAssembly",
  text: "text, perhaps a linker script",
  empty: "empty file",
  other: "no file that a linker knows",
  missing: "missing",
};

const MOST_NAMES = 300;
const NO_NAMES: GlobalNames = { defines: [], wants: [], definesCount: 0, wantsCount: 0 };

/**
 * Of a library only headers, the dynamic section and the dynamic symbols are read.
 * @param most names that are kept of those that it defines, and of those that it wants
 */
export function summaryOf(bytes: Uint8Array, path: string, most: number = MOST_NAMES): FileSummary {
  const kind = identify(bytes);
  // Not `elf-other`'s problem alone: an object for another system is in the way as well, but a text or a picture is not.
  if (kind.startsWith("elf-")) return elfSummary(bytes, path, kind, most);
  const isArchive = kind.endsWith("archive");
  const { archive, problems = [] } = isArchive ? dumpFile(bytes, path, new Set(["archive"] as const)) : {};
  const defines = archive?.symbols.map(({ name }) => name) ?? [];
  const ofMembers = bytes.length > LARGE_ARCHIVE ? [] : memberProblems(bytes, path);
  const count = archive?.members.length ?? 0;
  return {
    path,
    size: bytes.length,
    kind,
    description: isArchive ? `${KIND_WORDS[kind]} of ${count} ${count === 1 ? "member" : "members"}` : KIND_WORDS[kind],
    machine: "",
    needs: [],
    soname: undefined,
    interpreter: undefined,
    defines: defines.slice(0, most),
    wants: [],
    definesCount: defines.length,
    wantsCount: 0,
    members: memberKeys(archive?.members ?? []),
    problems: [...problems, ...told(ofMembers, {})],
  };
}

/** Members of a larger one are not looked into: it is not read whole. Bytes. */
const LARGE_ARCHIVE = 2 ** 25;

/** What is wrong with the headers of an archive's members. */
function memberProblems(bytes: Uint8Array, path: string): Problem[] {
  const problems: Problem[] = [];
  for (const member of readArchive(bytes, path, () => {})?.members ?? []) {
    const contents = member.external ? undefined : memberBytes(bytes, member);
    if (contents === undefined || !identify(contents).startsWith("elf-")) continue;
    parseElf(contents, `${path}(${member.name})`, (problem) => problems.push(problem));
  }
  return problems;
}

function elfSummary(bytes: Uint8Array, path: string, kind: FileKind, most: number): FileSummary {
  const found: Problem[] = [];
  const report: Report = (problem) => {
    found.push(problem);
  };
  const file = parseElf(bytes, path, report);
  const facts = file && sharedFacts(file, report);
  const dynamic = facts?.dynamic();
  const header = file && headerDump(file, dynamic, undefined);
  const symbols = kind === "elf-relocatable" ? facts?.symbolTable() : facts?.dynamicSymbolTable();
  const names = symbols === undefined ? NO_NAMES : globalNamesOf(symbols, most, report);
  return {
    path,
    size: bytes.length,
    kind,
    description: header?.description ?? KIND_WORDS[kind],
    machine: header === undefined ? "" : machineWord(header),
    needs: dynamic === undefined ? [] : dynamicTexts(dynamic, DT_NEEDED),
    soname: dynamic === undefined ? undefined : dynamicTexts(dynamic, DT_SONAME)[0],
    interpreter: header?.interpreter,
    ...names,
    members: [],
    problems: told(found, {}),
  };
}

/** `x86-64`, or for machines that Solder does not know their whole name. */
function machineWord({ machine, class: elfClass, byteOrder, machineName }: HeaderDump): string {
  return machineTables(machine, elfClass, byteOrder === "little")?.name ?? machineName;
}
