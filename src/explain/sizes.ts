// Where a file's bytes go, as a tree: by section and symbol, or for an archive by member. What `solder dump --sizes` prints and
// the page draws as a treemap; two trees compared tell what a change cost.

import { demangle } from "../demangle/index.ts";
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  ET_REL,
  parseElf,
  readArchive,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_NULL,
  SHT_SYMTAB,
  STT_FILE,
  STT_SECTION,
  STT_TLS,
  sectionOfType,
  symbolsOf,
} from "../elf/index.ts";
import { grouped, type Style, table } from "./dump/table.ts";

export interface SizeNode {
  readonly name: string;
  /** What it is: decides the colour, and is said in words beside it. */
  readonly kind: SizeKind;
  /** Bytes in the file. */
  readonly size: number;
  readonly children: readonly SizeNode[];
  /** Of a whole file, whose symbols tell the parts of its sections. */
  readonly symbols?: SymbolSource;
}

/** Without `.symtab` only what others may use has a name. */
export type SymbolSource = ".symtab" | ".dynsym" | "none";

export type SizeKind = "file" | "code" | "data" | "constants" | "tables" | "debug" | "headers" | "member";

/** Symbols of one section beyond this are joined: a library's treemap has no room for more. */
const MOST_SYMBOLS = 400;

/** What a section's bytes are called that belong to none of the symbols. */
const REST_WORDS: Readonly<Record<SymbolSource, string>> = {
  ".symtab": "no symbol's",
  ".dynsym": "no dynamic symbol's",
  none: "no symbol's",
};

/** What there is to say of a file whose parts have few names. */
export const SYMBOL_SOURCE_WORDS: Readonly<Record<SymbolSource, string>> = {
  ".symtab": "",
  ".dynsym": "The file is stripped: named are only functions and data that other files may use.",
  none: "The file has no symbols that would tell what is in its sections.",
};

const nothing = (): void => {};

/** The tree of an ELF file or archive; undefined for other files. */
export function sizesOf(bytes: Uint8Array, name: string): SizeNode | undefined {
  const archive = readArchive(bytes, name, nothing);
  if (archive !== undefined) {
    const members = archive.members.map((it): SizeNode => {
      const inside = it.external ? undefined : sizesOf(bytes.subarray(it.offset, it.offset + it.size), it.name);
      return { name: it.name, kind: "member", size: it.size, children: inside?.children ?? [] };
    });
    return whole(name, bytes.length, members, "members' headers and index");
  }
  const file = parseElf(bytes, name, nothing);
  return file === undefined ? undefined : elfSizes(file, name);
}

function whole(name: string, size: number, parts: readonly SizeNode[], restName: string): SizeNode {
  const rest = size - parts.reduce((sum, part) => sum + part.size, 0);
  const children =
    rest > 0 ? [...parts, { name: restName, kind: "headers" as const, size: rest, children: [] }] : parts;
  return { name, kind: "file", size, children: [...children].sort((a, b) => b.size - a.size) };
}

function elfSizes(file: ElfFile, name: string): SizeNode {
  const full = sectionOfType(file, SHT_SYMTAB);
  const symbolTable = full ?? sectionOfType(file, SHT_DYNSYM);
  const source = full !== undefined ? ".symtab" : symbolTable !== undefined ? ".dynsym" : "none";
  const symbols = symbolTable === undefined ? [] : symbolsOf(file, symbolTable, nothing);
  const bySection = new Map<number, ElfSymbol[]>();
  for (const symbol of symbols) {
    const { size, section, type } = symbol;
    if (size === 0 || section === 0 || type === STT_SECTION || type === STT_FILE || type === STT_TLS) continue;
    const list = bySection.get(section);
    if (list === undefined) bySection.set(section, [symbol]);
    else list.push(symbol);
  }
  const parts = file.sections
    .filter(({ type, size }) => type !== SHT_NULL && type !== SHT_NOBITS && size > 0)
    .map((section): SizeNode => {
      const kind = kindOf(section);
      const start = file.header.type === ET_REL ? 0 : section.address;
      const children = symbolParts(section, start, bySection.get(section.index) ?? [], kind, REST_WORDS[source]);
      return { name: section.name, kind, size: section.size, children };
    });
  return { ...whole(name, file.bytes.length, parts, "headers and padding"), symbols: source };
}

function kindOf({ flags, name }: ElfSection): SizeKind {
  if ((flags & SHF_ALLOC) === 0) return name.startsWith(".debug") ? "debug" : "tables";
  if ((flags & SHF_EXECINSTR) !== 0) return "code";
  return (flags & SHF_WRITE) !== 0 ? "data" : "constants";
}

/** A byte belongs to the first symbol that covers it: names of one function count once. */
function symbolParts(
  section: ElfSection,
  start: number,
  symbols: ElfSymbol[],
  kind: SizeKind,
  restName: string,
): SizeNode[] {
  symbols.sort((a, b) => a.value - b.value || b.size - a.size);
  const parts: SizeNode[] = [];
  let covered = start;
  let named = 0;
  for (const { name, value, size } of symbols) {
    const end = Math.min(value + size, start + section.size);
    const own = end - Math.max(covered, value);
    if (own <= 0) continue;
    parts.push({ name: demangle(name), kind, size: own, children: [] });
    covered = end;
    named += own;
  }
  parts.sort((a, b) => b.size - a.size);
  const kept = parts.slice(0, MOST_SYMBOLS);
  const joined = parts.slice(MOST_SYMBOLS).reduce((sum, part) => sum + part.size, 0);
  const rest = section.size - named;
  if (joined > 0)
    kept.push({ name: `${grouped(parts.length - MOST_SYMBOLS)} smaller symbols`, kind, size: joined, children: [] });
  if (rest > 0 && kept.length > 0) kept.push({ name: restName, kind, size: rest, children: [] });
  return kept.sort((a, b) => b.size - a.size);
}

/** A part of two trees. */
export interface SizeChange {
  /** Names from the root down, without the file's. */
  readonly path: readonly string[];
  readonly kind: SizeKind;
  readonly before: number;
  readonly after: number;
}

/** What differs, the largest change first: a part of each tree whose parts do not tell more. */
export function sizeChanges(before: SizeNode, after: SizeNode): SizeChange[] {
  const changes: SizeChange[] = [];
  const visit = (a: SizeNode | undefined, b: SizeNode | undefined, path: readonly string[]): void => {
    const names = new Set([...(a?.children ?? []), ...(b?.children ?? [])].map(({ name }) => name));
    if (names.size === 0) {
      const [from, to] = [a?.size ?? 0, b?.size ?? 0];
      if (from !== to) changes.push({ path, kind: (b ?? a)?.kind ?? "file", before: from, after: to });
      return;
    }
    const [olds, news] = [byName(a), byName(b)];
    for (const name of names) visit(olds.get(name), news.get(name), [...path, name]);
  };
  visit(before, after, []);
  return changes.sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
}

/** Parts of one name are one. */
function byName(node: SizeNode | undefined): Map<string, SizeNode> {
  const found = new Map<string, SizeNode>();
  for (const child of node?.children ?? []) {
    const same = found.get(child.name);
    found.set(
      child.name,
      same === undefined
        ? child
        : { ...same, size: same.size + child.size, children: [...same.children, ...child.children] },
    );
  }
  return found;
}

export const SIZE_WORDS: Readonly<Record<SizeKind, string>> = {
  file: "file",
  code: "code",
  data: "writable data",
  constants: "read-only data",
  tables: "tables for tools",
  debug: "debug information",
  headers: "headers and padding",
  member: "member",
};

/** The tree as a table: sections or members, each with its largest symbols. */
export function sizeLines(tree: SizeNode, style: Style): string[] {
  const share = (size: number): string => `${((100 * size) / Math.max(1, tree.size)).toFixed(1)} %`;
  const rows = tree.children.flatMap((part) => [
    [grouped(part.size), share(part.size), part.name, SIZE_WORDS[part.kind]],
    ...part.children.slice(0, 5).map((one) => [grouped(one.size), share(one.size), `  ${one.name}`, ""]),
  ]);
  const columns = [
    { title: "bytes", align: "right" },
    { title: "share", align: "right" },
    { title: "part", paint: "name" },
    { title: "kind" },
  ] as const;
  const words = tree.symbols === undefined ? "" : SYMBOL_SOURCE_WORDS[tree.symbols];
  const lines = table(columns, rows, style, "--sizes");
  return words === "" ? lines : [words, ...lines];
}

/** What changed between two files, the largest change first. */
export function sizeChangeLines(changes: readonly SizeChange[], before: number, after: number, style: Style): string[] {
  const signed = (bytes: number): string => `${bytes > 0 ? "+" : bytes < 0 ? "-" : ""}${grouped(Math.abs(bytes))}`;
  const rows = changes.map((it) => [
    signed(it.after - it.before),
    it.before === 0 ? "new" : grouped(it.before),
    it.after === 0 ? "gone" : grouped(it.after),
    it.path.join(" > "),
  ]);
  const columns = [
    { title: "change", align: "right" },
    { title: "before", align: "right" },
    { title: "after", align: "right" },
    { title: "part", paint: "name" },
  ] as const;
  const total = [signed(after - before), grouped(before), grouped(after), "the whole file"];
  return table(columns, [total, ...rows], style, "--sizes");
}
