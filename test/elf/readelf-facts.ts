// What a file says, as lines of text, twice: read by readelf and read by Solder. Two readers agree when the lines are equal.

import type { ElfDynamic, ElfFile, ElfRelocation, Report } from "../../src/elf/index.ts";
import {
  DT_AUXILIARY,
  DT_LOPROC,
  dynamicFlagNames,
  dynamicOf,
  dynamicTagName,
  ELFOSABI_FREEBSD,
  ELFOSABI_GNU,
  fileTypeName,
  groupsOf,
  isRelocationSection,
  machineName,
  notesOf,
  noteTypeName,
  osAbiName,
  relocationsOf,
  relrOf,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_DYNSYM,
  SHT_LOOS,
  SHT_LOPROC,
  SHT_RELR,
  SHT_SYMTAB,
  STT_SECTION,
  sectionFlagLetters,
  sectionTypeName,
  segmentPermissions,
  segmentTypeName,
  specialSectionName,
  symbolBindingName,
  symbolsOf,
  symbolTypeName,
  symbolVisibilityName,
  versionedName,
  versionFlagNames,
  versionOfSymbol,
  versionsOf,
} from "../../src/elf/index.ts";

export interface Facts {
  header: string[];
  sections: string[];
  segments: string[];
  symbols: string[];
  relocations: string[];
  /** Addresses that packed relative relocations stand for. */
  relr: string[];
  dynamic: string[];
  versions: string[];
  notes: string[];
  groups: string[];
}

/** The first line in which two lists differ, from both of them; undefined if they are equal. */
export function firstDifference(left: readonly string[], right: readonly string[]): [string, string] | undefined {
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i] !== right[i]) return [left[i] ?? "(nothing)", right[i] ?? "(nothing)"];
  }
  return undefined;
}

const hex = (value: number): string => value.toString(16);
/** An address whose upper bits a number loses is compared by what it keeps. */
const number = (digits: string): string => hex(Number.parseInt(digits, 16));

// ---------------------------------------------------------------------------------------------------------------------
// readelf
// ---------------------------------------------------------------------------------------------------------------------

/** Options that give the facts. */
export const READELF: readonly string[] = ["-W", "-h", "-S", "-l", "-s", "-r", "-d", "-V", "-n", "-g"];

/** Matches each line and gives the captured groups. */
function rows(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(new RegExp(pattern, "gm"))].map((match) => match.slice(1));
}

export function readelfFacts(text: string): Facts {
  // Every chapter starts at the margin with a capital letter.
  const chapters = text.split(/\n(?=[A-Z])/);
  const chapter = (start: RegExp): string => chapters.filter((part) => start.test(part)).join("\n");
  return {
    header: headerRows(chapter(/^ELF Header/)),
    sections: sectionRows(chapter(/^Section Headers/)),
    segments: segmentRows(chapter(/^Program Headers/)),
    symbols: symbolRows(chapter(/^Symbol table/)),
    relocations: relocationRows(chapter(/^Relocation section/)),
    relr: rows(chapter(/^Relocation section '\.relr/), /^([0-9a-f]{8,16})$/).map(([at]) => number(at)),
    dynamic: rows(chapter(/^Dynamic section/), /^ 0x([0-9a-f]+) \((\S+)\) *(.*)$/).map(dynamicRow),
    versions: versionRows(chapter(/^Version (definition|needs)/)),
    notes: noteRows(chapter(/^Displaying notes/)),
    groups: groupRows(text),
  };
}

function headerRows(text: string): string[] {
  const value = (label: string): string => new RegExp(`^  ${label}: +(.*)$`, "m").exec(text)?.[1] ?? "";
  return [
    value("Class"),
    value("Data"),
    value("OS/ABI"),
    value("ABI Version"),
    value("Type").split(" ")[0],
    value("Machine"),
    number(value("Entry point address").slice(2)),
    ...["Start of program headers", "Start of section headers"].map((label) => value(label).split(" ")[0]),
    number(value("Flags").split(",")[0].slice(2)),
    value("Number of program headers").split(" ")[0],
    value("Number of section headers").replace(/^0 \((\d+)\)$/, "$1"),
    value("Section header string table index").replace(/^65535 <?\(?(\d+)\)?>?$/, "$1"),
  ];
}

function sectionRows(text: string): string[] {
  const row =
    /^ +\[ *(\d+)\] (.*?) +([A-Z][A-Z0-9_]+(?: SECTION INDICES)?|[A-Z]+\+0x[0-9a-f]+|[0-9a-f]{8}: <unknown>) +([0-9a-f]{8,16}) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) +(\w*) +(\d+) +(\d+) +(\d+)$/;
  return rows(text, row).map(([index, name, type, address, offset, size, entry, flags, link, info, alignment]) =>
    [
      index,
      name,
      type.replace("SYMTAB SECTION INDICES", "SYMTAB_SHNDX").replace("RISCV_ATTRIBUTES", "LOPROC+0x3"),
      ...[address, offset, size, entry].map(number),
      flags,
      link,
      info,
      alignment,
    ].join(" "),
  );
}

function segmentRows(text: string): string[] {
  const row =
    /^ +(\S+) +0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+) ([R ][W ][E ]) 0x([0-9a-f]+|0)$/;
  return rows(text.replace(/ 0$/gm, " 0x0"), row).map(([type, ...rest]) =>
    [type, ...rest.slice(0, 5).map(number), rest[5], number(rest[6])].join(" "),
  );
}

function symbolRows(text: string): string[] {
  const row =
    /^ +(\d+): ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\S+) +(<OS specific>: 10|\S+) +(\S+) +(?:\[.*?\] +)?(\S+)(?: \[.*?\])?(?: (.*))?$/;
  return rows(text, row).map(([index, value, size, type, binding, visibility, section, name]) =>
    [
      index,
      number(value),
      Number(size),
      type,
      binding.replace("<OS specific>: 10", "UNIQUE"),
      visibility,
      section.replace(/^OS |^PRC\[0x(\w+)\]$/, "PRC+0x$1"),
      (name ?? "").replace(/ \(\d+\)$/, ""),
    ].join(" "),
  );
}

/** Address, number of the symbol and type in one, the type's name, and the addend where there is one. */
function relocationRows(text: string): string[] {
  return rows(text, /^([0-9a-f]{8,16}) +([0-9a-f]{8,16}) +(\S+)(?: +(.*))?$/).map(([offset, info, type, rest]) => {
    const addend = / ([+-]) ([0-9a-f]+)$/.exec(` ${rest ?? ""}`) ?? /^(-?)([0-9a-f]+)$/.exec(rest ?? "");
    return `${number(offset)} ${info.replace(/^0+(?=.)/, "")} ${type} ${addend === null ? "" : addend[1].replace("+", "") + number(addend[2])}`;
  });
}

function dynamicRow([tag, name, value]: string[]): string {
  const text = /\[(.*)\]$/.exec(value)?.[1] ?? value.replace(/ \(bytes\)$/, "").replace(/^Flags: */, "");
  const isNumber = /^0x[0-9a-f]+$/.test(text);
  return `${number(tag)} ${tagName(Number.parseInt(tag, 16), name)} ${isNumber ? Number(text) : text || "0"}`.trim();
}

/** Solder knows no tags of processors but x86-64's. */
function tagName(tag: number, name: string): string {
  return tag >= DT_LOPROC && tag < DT_AUXILIARY ? "(processor)" : name;
}

function versionRows(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const definition = /Rev: 1 {2}Flags: (.*?) {2}Index: (\d+) {2}Cnt: \d+ {2}Name: (.*)$/.exec(line);
    const parent = /Parent \d+: (.*)$/.exec(line);
    const library = /Version: 1 {2}File: (.*?) {2}Cnt: \d+$/.exec(line);
    const version = /Name: (.*?) {2}Flags: (.*?) {2}Version: (\d+)$/.exec(line);
    const flags = (names: string): string => names.trim().replace("none", "").replaceAll(" | ", ",").trim();
    if (definition !== null) lines.push(`defines ${definition[2]} ${definition[3]} ${flags(definition[1])}`);
    else if (parent !== null) lines.push(`follows ${parent[1]}`);
    else if (library !== null) lines.push(`needs ${library[1]}`);
    else if (version !== null) lines.push(`version ${version[3]} ${version[1]} ${flags(version[2])}`);
  }
  return lines;
}

function noteRows(text: string): string[] {
  const row = /^ {2}(\S+) +0x([0-9a-f]{8})\t(?:Unknown note type: \((0x[0-9a-f]+)\)|(\S+))/;
  return rows(text, row).map(([owner, size, unknown, name]) => {
    const type = unknown === undefined ? name.replace(/^FDO_/, "NT_FDO_") : `0x${number(unknown.slice(2))}`;
    return `${owner} ${number(size)} ${type}`;
  });
}

function groupRows(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const group = /^(COMDAT )?group section \[ *(\d+)\] `.*' \[(.*)\] contains (\d+) section/.exec(line);
    const member = /^ {3}\[ *(\d+)\] {3}/.exec(line);
    if (group !== null) lines.push(`group ${group[2]} ${group[1] === undefined ? "" : "COMDAT "}${group[3]}`);
    else if (member !== null) lines.push(`member ${member[1]}`);
  }
  return lines;
}

// ---------------------------------------------------------------------------------------------------------------------
// Solder
// ---------------------------------------------------------------------------------------------------------------------

/** @param relocationName the psABI's name for a type; readelf knows all machines, Solder's tables two */
export function solderFacts(file: ElfFile, relocationName: (type: number) => string, report: Report): Facts {
  const { header } = file;
  const dynamic = dynamicOf(file, report);
  return {
    header: [
      `ELF${file.elfClass}`,
      `2's complement, ${file.littleEndian ? "little" : "big"} endian`,
      osAbiName(header.osAbi),
      String(header.abiVersion),
      fileTypeName(header.type),
      machineName(header.machine),
      hex(header.entry),
      String(header.segmentOffset),
      String(header.sectionOffset),
      hex(header.flags),
      String(header.segmentCount),
      String(header.sectionCount),
      String(header.sectionNames),
    ],
    sections: file.sections.map((section) => {
      const { index, name, type, address, offset, size, entryBytes, flags, link, info, alignment } = section;
      // readelf takes GNU's flags for what they are only where the header says GNU.
      const gnu = header.osAbi === ELFOSABI_GNU || header.osAbi === ELFOSABI_FREEBSD;
      const letters = sectionFlagLetters(flags, header.machine).replace(/[RD]/, gnu ? "$&" : "o");
      const start = [index, name, judgedType(type, header.machine), ...[address, offset, size, entryBytes].map(hex)];
      return [...start, letters, link, info, alignment].join(" ");
    }),
    segments: file.segments.map((segment) => {
      const { type, offset, address, physicalAddress, fileBytes, memoryBytes, flags, alignment } = segment;
      const numbers = [offset, address, physicalAddress, fileBytes, memoryBytes].map(hex);
      // readelf's column is so wide.
      return [
        segmentTypeName(type, header.machine).slice(0, 14),
        ...numbers,
        segmentPermissions(flags),
        hex(alignment),
      ].join(" ");
    }),
    symbols: symbolFacts(file, report),
    relocations: file.sections
      .filter(isRelocationSection)
      .flatMap((section) =>
        relocationsOf(file, section, report).map((one) => relocationFact(file, one, relocationName)),
      ),
    relr: file.sections
      .filter((section) => section.type === SHT_RELR)
      .flatMap((section) => [...relrOf(file, section, report)].map(hex)),
    dynamic: dynamic === undefined ? [] : dynamicFacts(file, dynamic),
    versions: versionFacts(file, report),
    notes: notesOf(file, report).map(
      ({ owner, type, range }) => `${owner} ${hex(range.end - range.start)} ${noteTypeName(owner, type).split(" ")[0]}`,
    ),
    groups: groupsOf(file, report).flatMap(({ section, flags, signature, members }) => [
      `group ${section.index} ${flags === 1 ? "COMDAT " : ""}${signature}`,
      ...members.map((member) => `member ${member}`),
    ]),
  };
}

/** readelf has no names for LLVM's types. */
function judgedType(type: number, machine: number): string {
  const name = sectionTypeName(type, machine);
  if (name === "RISCV_ATTRIBUTES") return `LOPROC+0x${hex(type - SHT_LOPROC)}`;
  return name.startsWith("LLVM_") ? `LOOS+0x${hex(type - SHT_LOOS)}` : name;
}

function symbolFacts(file: ElfFile, report: Report): string[] {
  const versions = versionsOf(file, report);
  const lines: string[] = [];
  for (const section of file.sections) {
    if (section.type !== SHT_SYMTAB && section.type !== SHT_DYNSYM) continue;
    for (const symbol of symbolsOf(file, section, report)) {
      const special = symbol.shndx === 0 || (symbol.shndx >= SHN_LORESERVE && symbol.shndx !== SHN_XINDEX);
      const home = special ? specialSectionName(symbol.shndx, file.header.machine) : String(symbol.section);
      const [type, binding] = [symbolTypeName(symbol.type), symbolBindingName(symbol.binding)];
      const visibility = symbolVisibilityName(symbol.visibility);
      const version = section.type === SHT_DYNSYM ? versionOfSymbol(versions, symbol.index) : undefined;
      const name =
        symbol.type === STT_SECTION && symbol.name === "" ? (file.sections[symbol.section]?.name ?? "") : symbol.name;
      lines.push(
        [
          symbol.index,
          hex(symbol.value),
          symbol.size,
          type,
          binding,
          visibility,
          home,
          versionedName(name, version, symbol.shndx !== 0),
        ].join(" "),
      );
    }
  }
  return lines;
}

function relocationFact(file: ElfFile, relocation: ElfRelocation, name: (type: number) => string): string {
  const { offset, type, symbol, addend } = relocation;
  const info = file.elfClass === 64 ? symbol * 2 ** 32 + type : symbol * 256 + type;
  return `${hex(offset)} ${hex(info)} ${name(type)} ${addend === undefined ? "" : hex(addend)}`;
}

function dynamicFacts(file: ElfFile, dynamic: ElfDynamic): string[] {
  // readelf shows the DT_NULL that ends the section, too.
  const entries = [...dynamic.entries, { tag: 0, value: 0, text: undefined }];
  return entries.map(({ tag, value, text }) => {
    const name = dynamicTagName(tag, file.header.machine);
    const flags = dynamicFlagNames(tag, value)?.join(" ");
    const shown = name === "PLTREL" ? dynamicTagName(value, file.header.machine) : (text ?? flags ?? value);
    return `${hex(tag)} ${tagName(tag, name)} ${shown}`.trimEnd();
  });
}

function versionFacts(file: ElfFile, report: Report): string[] {
  const { definitions, needs } = versionsOf(file, report);
  const flags = (value: number): string => versionFlagNames(value).join(",");
  return [
    ...definitions.flatMap(({ index, name, parents, flags: bits }) => [
      `defines ${index} ${name} ${flags(bits)}`,
      ...parents.map((parent) => `follows ${parent}`),
    ]),
    ...needs.flatMap(({ library, versions }) => [
      `needs ${library}`,
      ...versions.map(({ index, name, flags: bits }) => `version ${index} ${name} ${flags(bits)}`),
    ]),
  ];
}
