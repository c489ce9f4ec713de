// What can be seen of a linked file from outside: what the loader, debuggers and other linkers act on. Addresses and
// offsets are a linker's own affair and are left out; names, types, bindings, versions, permissions and order are not.
// The reader is readelf, so that nothing of Solder's own understanding of the format takes part in the judgement.

import { fail } from "node:assert/strict";
import { join } from "node:path";
import { run } from "./run.ts";
import { which } from "./tools.ts";

/** One aspect: lines of text. Where the order carries no meaning they are sorted. */
export type Aspects = Readonly<Record<string, readonly string[]>>;

interface Section {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly flags: string;
}

/** readelf's text, cut where a table starts. */
function tables(text: string): readonly string[][] {
  const starts =
    /^(?:ELF Header|Section Headers|Program Headers|Dynamic section|Relocation section|Symbol table|Version \w+ section|Displaying notes| Section to Segment| *Key to Flags|No |There |Histogram)/;
  const result: string[][] = [];
  for (const line of text.split("\n")) {
    if (starts.test(line) || result.length === 0) result.push([]);
    if (line !== "") result.at(-1)?.push(line);
  }
  return result;
}

/** `[Nr] Name Type Address Off Size ES Flg Lk Inf Al`; a name may be empty, and so may the flags. */
const SECTION =
  /^ *\[ *(\d+)\] (\S*) +([A-Z_a-z][\w+<>: ]*?) +([0-9a-f]{8,16}) [0-9a-f]{6,} ([0-9a-f]{6,}) ([0-9a-f]{2,}) +([A-Za-z]*) +\d+ +\d+ +(\d+)$/;

function sectionTable(lines: readonly string[], sections: Section[]): string[] {
  const seen: string[] = [];
  for (const line of lines) {
    const found = SECTION.exec(line);
    if (found === null) continue;
    const [, index, name = "", type, address = "", size = "", entry, flags = "", align] = found;
    sections[Number(index)] = { name, address: Number.parseInt(address, 16), size: Number.parseInt(size, 16), flags };
    seen.push(`${name} ${type} entry ${entry} flags ${flags || "-"} align ${align}`);
  }
  return seen;
}

/** The section an address lies in. Thread-local .tbss takes no room, so it hides nothing. */
function sectionAt(sections: readonly Section[], address: number): string {
  for (const section of sections) {
    if (section === undefined || !section.flags.includes("A")) continue;
    if (section.flags.includes("T") && section.name === ".tbss") continue;
    if (address >= section.address && address < section.address + section.size) return section.name;
  }
  return "no section";
}

function segmentTable(lines: readonly string[]): string[] {
  const seen: string[] = [];
  for (const line of lines) {
    const found = /^ {2}(\S+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ (.{3}) 0x(\S+)$/.exec(line);
    if (found !== null) seen.push(`${found[1]} ${found[2]} align 0x${found[3]}`);
    const interpreter = /Requesting program interpreter: (.*)\]/.exec(line);
    if (interpreter !== null) seen.push(`interpreter ${interpreter[1]}`);
  }
  return seen;
}

/** Dynamic tags whose value is an address, or follows from the relocations and from how names share the string table. */
const VALUE_IS_LAYOUT =
  /^(INIT|FINI|INIT_ARRAY|FINI_ARRAY|PREINIT_ARRAY|HASH|GNU_HASH|STRTAB|SYMTAB|STRSZ|PLTGOT|JMPREL|PLTRELSZ|RELA?|RELA?SZ|RELA?COUNT|RELR|RELRSZ|VERNEED|VERDEF|VERSYM|TLSDESC_PLT|TLSDESC_GOT|DEBUG)$/;

function dynamicTable(lines: readonly string[]): string[] {
  const seen: string[] = [];
  for (const line of lines) {
    const found = /^ 0x[0-9a-f]+ \((\w+)\) +(.*)$/.exec(line);
    if (found === null) continue;
    const [, tag = "", value = ""] = found;
    seen.push(VALUE_IS_LAYOUT.test(tag) ? tag : `${tag} ${value.trim()}`);
  }
  return seen;
}

/** `Offset Info Type [Symbol's value  Name [+ Addend]]`; RELATIVE and IRELATIVE have an address for addend. */
function relocationTable(lines: readonly string[], sections: readonly Section[]): string[] {
  const where = /'([^']+)'/.exec(lines[0] ?? "")?.[1] ?? "";
  const seen: string[] = [];
  for (const line of lines) {
    const packed = /^ {2}(\d+) offsets$/.exec(line);
    if (packed !== null) seen.push(`${where} ${packed[1]} relative`);
    const found = /^([0-9a-f]{8,16}) +[0-9a-f]{8,16} (R_\w+)(?: +(.*))?$/.exec(line);
    // GNU ld leaves an R_*_NONE where it allotted a slot for a weak symbol that came to nothing.
    if (found === null || found[2]?.endsWith("_NONE") === true) continue;
    const [, offset = "", type = "", rest = ""] = found;
    // Where the value would stand, an IFUNC has `name()`.
    const symbol = /^(?:[0-9a-f]{8,16}|\S+\(\)) +(.*)$/.exec(rest)?.[1] ?? "";
    seen.push(
      `${where} ${type} ${symbol} in ${sectionAt(sections, Number.parseInt(offset, 16))}`.replace(/ {2,}/, " "),
    );
  }
  return seen;
}

/** Ends, which may be told as the end of one section or the start of the next. .tm_clone_table is empty and dropped. */
const MARKER = /^(_*(edata|end|etext|bss_start)|__TMC_END__)$/;

/** The section of a symbol; whatever points past its last byte could as well be in the next one. */
function symbolSection(sections: readonly Section[], index: string, type: string, value: number): string {
  const section = sections[Number(index)];
  if (section === undefined) return index;
  const inside = value >= section.address && value < section.address + section.size;
  return inside || type === "TLS" || type === "SECTION" ? section.name : "the space after a section";
}

/** `Num: Value Size Type Bind Vis Ndx Name`. */
function symbolTable(lines: readonly string[], sections: readonly Section[]): string[] {
  const seen: string[] = [];
  for (const read of lines) {
    // By these numbers, whether or not OS/ABI is such that readelf has names for them.
    const line = read
      .replace(/(: [0-9a-f]+ +\w+) <OS specific>: 10 /, "$1 IFUNC ")
      .replace(/ <OS specific>: 10 /, " UNIQUE ");
    const found = /^ *\d+: ([0-9a-f]+) +(\w+) (\w+) +(\w+) +(\w+)( +\[.*\])? +(\w+)(?: (.*))?$/.exec(line);
    if (found === null) continue;
    const [, value = "", size = "", type = "", bind, visibility, , index = "", name = ""] = found;
    const section = MARKER.test(name)
      ? "any section"
      : symbolSection(sections, index, type, Number.parseInt(value, 16));
    const label = type === "SECTION" ? section : name.replace(/ \(\d+\)$/, "");
    seen.push(`${label} ${type} ${bind} ${visibility} size ${Number(size)} in ${section}`);
  }
  return seen;
}

/** Definitions by name, flags and parents; needs by file. The indices only tie the tables together. */
function versionTable(lines: readonly string[]): string[] {
  const seen: string[] = [];
  let owner = "";
  for (const line of lines) {
    const definition = /Rev: \d+ +Flags: (.*?) +Index: \d+ +Cnt: (\d+) +Name: (.*)$/.exec(line);
    if (definition !== null) {
      owner = `definition ${definition[3]} ${definition[1]} count ${definition[2]}`;
      seen.push(owner);
    }
    const parent = /Parent \d+: (.*)$/.exec(line);
    if (parent !== null) seen.push(`${owner} parent ${parent[1]}`);
    const file = /File: (.*?) +Cnt: (\d+)$/.exec(line);
    if (file !== null) owner = `need ${file[1]}`;
    const need = /Name: (\S+) +Flags: (.*?) +Version: \d+$/.exec(line);
    if (need !== null) seen.push(`${owner} ${need[1]} ${need[2]}`);
  }
  return seen;
}

function noteTable(lines: readonly string[]): string[] {
  // A build-id's value and the addresses of SystemTap's probes follow from the layout.
  const identity = (line: string) =>
    line
      .replace(/Build ID: ([0-9a-f]+)/, (_, id: string) => `Build ID of ${id.length / 2} bytes`)
      .replace(/(Location|Base): 0x[0-9a-f]+/g, "$1");
  return lines.filter((line) => !/Owner +Data size/.test(line)).map((line) => identity(line.trim()));
}

function headerTable(lines: readonly string[], entrySection: string): string[] {
  const kept = lines.filter((line) => /^ +(Class|Data|OS\/ABI|ABI Version|Type|Machine|Flags):/.test(line));
  return [...kept.map((line) => line.trim().replace(/ +/g, " ")), `Entry point in ${entrySection}`];
}

/** All aspects of a linked file, read from `readelf -aW`. */
export function observe(path: string): Aspects {
  const { stdout, stderr } = run(which("readelf") ?? "readelf", ["-aW", path]);
  return aspectsOf(stdout, stderr);
}

/** The same of two files, out of one process unless it warns. */
export function observeBoth(a: string, b: string): [Aspects, Aspects] {
  const { stdout, stderr } = run(which("readelf") ?? "readelf", ["-aW", a, b]);
  const [, first, second] = stdout.split(/^\nFile: .*$/m);
  if (stderr !== "" || second === undefined) return [observe(a), observe(b)];
  return [aspectsOf(first ?? "", ""), aspectsOf(second, "")];
}

function aspectsOf(stdout: string, stderr: string): Aspects {
  const sections: Section[] = [];
  const aspects: Record<string, string[]> = { warnings: [] };
  const add = (aspect: string, lines: readonly string[]) => {
    aspects[aspect] = [...(aspects[aspect] ?? []), ...lines];
  };
  const parts = tables(stdout);
  for (const lines of parts)
    if (lines[0]?.startsWith("Section Headers")) add("sections", sectionTable(lines, sections));
  for (const lines of parts) {
    const title = lines[0] ?? "";
    if (title.startsWith("ELF Header")) {
      const entry = Number(/Entry point address: +(\S+)/.exec(lines.join("\n"))?.[1] ?? 0);
      add("header", headerTable(lines, sectionAt(sections, entry)));
    } else if (title.startsWith("Program Headers")) add("segments", segmentTable(lines));
    else if (title.startsWith(" Section to Segment"))
      add(
        "segments",
        lines.slice(2).map((line) => line.trim()),
      );
    else if (title.startsWith("Dynamic section")) add("dynamic", dynamicTable(lines));
    else if (title.startsWith("Relocation section")) add("relocations", relocationTable(lines, sections));
    else if (title.startsWith("Symbol table '.dynsym'")) add("dynamic symbols", symbolTable(lines, sections));
    else if (title.startsWith("Symbol table '.symtab'")) add("symbols", symbolTable(lines, sections));
    else if (/^Version (definition|needs)/.test(title)) add("versions", versionTable(lines));
    else if (title.startsWith("Displaying notes")) add("notes", noteTable(lines));
  }
  // It stands in an empty section that is left out; which neighbour it is said to be in has no meaning.
  aspects.symbols = aspects.symbols?.filter((line) => !line.startsWith("__TMC_END__")) ?? [];
  for (const aspect of ["relocations", "dynamic symbols", "symbols", "versions"]) aspects[aspect]?.sort();
  // Only the libraries' order is a promise: the loader searches them in it.
  aspects.dynamic?.sort((a, b) => Number(b.startsWith("NEEDED")) - Number(a.startsWith("NEEDED")) || order(a, b));
  if (isStaticPie(aspects)) withoutPltGot(aspects);
  add(
    "warnings",
    (stderr + stdout).split("\n").filter((line) => /^readelf: |<corrupt|Warning:|Error:/.test(line)),
  );
  return aspects;
}

function isStaticPie(aspects: Aspects): boolean {
  const isPie = aspects.dynamic?.some((line) => /^FLAGS_1 .*PIE/.test(line)) === true;
  return isPie && aspects.segments?.some((line) => line.startsWith("interpreter")) !== true;
}

/** In a static PIE GNU ld makes .plt.got entries for weak functions that are absent, and leaves them unused. */
function withoutPltGot(aspects: Record<string, string[]>): void {
  aspects.sections = aspects.sections?.filter((line) => !line.startsWith(".plt.got ")) ?? [];
  aspects.segments = aspects.segments?.map((line) => line.replace(" .plt.got", "")) ?? [];
}

function order(a: string, b: string): number {
  if (a.startsWith("NEEDED")) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What eu-elflint holds against each of some files, without the numbers that depend on the layout. */
export function lint(...paths: readonly string[]): readonly (readonly string[])[] {
  const program = which("eu-elflint");
  if (program === undefined) return paths.map(() => []);
  const { stdout, stderr } = run(program, ["--gnu-ld", "-q", ...paths]);
  if (paths.length > 1 && stderr !== "") return paths.map((path) => lint(path)[0] ?? []);
  // Of several files each has a heading.
  const texts = paths.length > 1 ? stdout.split(/^\n\/.*:$/m).slice(1) : [stdout + stderr];
  return paths.map((path, index) => {
    const lines = (texts[index] ?? "").split("\n").filter((line) => line !== "" && line !== "No errors");
    return lines.map((line) => line.replace(path, "").replace(/0x[0-9a-f]+|\d+/g, "N"));
  });
}

/** Lines of `a` that `b` has not, counting repetitions. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** A readable account of how two observations differ; empty if they do not. */
export function difference(actual: Aspects, expected: Aspects, except: readonly string[] = []): string[] {
  const report: string[] = [];
  for (const aspect of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (except.includes(aspect)) continue;
    const ours = actual[aspect] ?? [];
    const theirs = expected[aspect] ?? [];
    const lines = [
      ...without(theirs, ours).map((line) => `  only GNU ld: ${line}`),
      ...without(ours, theirs).map((line) => `  only here:   ${line}`),
    ];
    if (lines.length === 0 && ours.join("\n") !== theirs.join("\n")) {
      const first = ours.findIndex((line, index) => line !== theirs[index]);
      lines.push(`  another order: ${ours[first]} stands where GNU ld has ${theirs[first]}`);
    }
    if (lines.length > 0) report.push(`${aspect}:`, ...lines);
  }
  return report;
}

function complaints(ours: string, theirs: string): string[] {
  const [here = [], there = []] = lint(ours, theirs);
  return without(here, there);
}

interface Outputs {
  readonly directory: string;
  readonly outputs: readonly string[];
}

/** Aspects to leave out while working on the linker, to see first whether programs run: SOLDER_TEST_IGNORE=symbols,all */
const ignored = (process.env.SOLDER_TEST_IGNORE ?? "").split(",");

/**
 * Asserts that everything linked in one directory looks like its counterpart linked by GNU ld in the other, that
 * readelf reads it without a warning, and that eu-elflint has no complaint that it has not about GNU ld's file too.
 * @param except aspects left out; "eu-elflint" is one
 */
export function assertSameAsReference(tested: Outputs, reference: Outputs, except: readonly string[]): void {
  if (ignored.includes("all")) return;
  for (const output of reference.outputs) {
    const ours = join(tested.directory, output);
    const theirs = join(reference.directory, output);
    const report = difference(...observeBoth(ours, theirs), [...except, ...ignored]);
    const judged = except.includes("eu-elflint") ? [] : complaints(ours, theirs);
    const remarks = judged.map((line) => `  eu-elflint: ${line}`);
    const account = [...report, ...remarks];
    if (account.length > 0) fail(`${output} is not as GNU ld's\n${account.join("\n")}`);
  }
}
