// What a file is, in a few words and numbers: a row of a list of files.

import { machineTables } from "../arch/index.ts";
import { type FileKind, identify } from "../elf/index.ts";
import {
  type DumpHost,
  type DumpPart,
  dumpFile,
  type FileDump,
  type HeaderDump,
  type ProblemDump,
} from "./dump/index.ts";

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

const PARTS: ReadonlySet<DumpPart> = new Set(["headers", "dynamic", "dynamic-symbols", "archive"]);
const MOST_NAMES = 300;

export function summaryOf(bytes: Uint8Array, path: string, host: DumpHost = {}): FileSummary {
  const kind = identify(bytes);
  const parts: ReadonlySet<DumpPart> = kind === "elf-relocatable" ? new Set([...PARTS, "symbols"]) : PARTS;
  const isArchive = kind.endsWith("archive");
  const isBinary = kind.startsWith("elf-") || isArchive;
  // Not `elf-other`'s problem alone: an object for another system is in the way as well, but a text or a picture is not.
  const dump = isBinary ? dumpFile(bytes, path, isArchive ? new Set(["archive"]) : parts, host) : undefined;
  const symbols = namesOf(dump);
  return {
    path,
    size: bytes.length,
    kind,
    description: describe(kind, dump),
    machine: dump?.header === undefined ? "" : machineWord(dump.header),
    needs: (dump?.dynamic ?? []).flatMap(({ name, text }) => (name === "NEEDED" && text !== undefined ? [text] : [])),
    soname: dump?.dynamic?.find(({ name }) => name === "SONAME")?.text,
    interpreter: dump?.header?.interpreter,
    defines: symbols.defines.slice(0, MOST_NAMES),
    wants: symbols.wants.slice(0, MOST_NAMES),
    definesCount: symbols.defines.length,
    wantsCount: symbols.wants.length,
    members: dump?.archive?.members.map(({ name }) => name) ?? [],
    problems: dump?.problems ?? [],
  };
}

function describe(kind: FileKind, dump: FileDump | undefined): string {
  if (dump?.archive !== undefined) {
    const count = dump.archive.members.length;
    return `${KIND_WORDS[kind]} of ${count} ${count === 1 ? "member" : "members"}`;
  }
  return dump?.header?.description ?? KIND_WORDS[kind];
}

/** `x86-64`, or for machines that Solder does not know their whole name. */
function machineWord({ machine, class: elfClass, byteOrder, machineName }: HeaderDump): string {
  return machineTables(machine, elfClass, byteOrder === "little")?.name ?? machineName;
}

function namesOf(dump: FileDump | undefined): { readonly defines: string[]; readonly wants: string[] } {
  if (dump?.archive !== undefined) return { defines: dump.archive.symbols.map(({ name }) => name), wants: [] };
  const symbols = (dump?.symbols ?? dump?.dynamicSymbols)?.symbols ?? [];
  const names = (isWanted: boolean): string[] =>
    symbols.flatMap(({ name, binding, section, index }) =>
      index > 0 && name !== "" && binding !== "LOCAL" && (section === "UND") === isWanted ? [name] : [],
    );
  return { defines: names(false), wants: names(true) };
}
