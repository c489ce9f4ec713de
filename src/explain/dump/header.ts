// The header: what the file is, where it starts, who loads it, and how it is protected.

import { machineTables } from "../../arch/index.ts";
import type { ElfFile } from "../../elf/index.ts";
import {
  DF_1_NOW,
  DF_1_PIE,
  DF_BIND_NOW,
  DT_BIND_NOW,
  DT_FLAGS,
  DT_FLAGS_1,
  dynamicValue,
  type ElfDynamic,
  type ElfSegment,
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  ET_REL,
  fileTypeName,
  machineName,
  osAbiName,
  PF_X,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_INTERP,
  SHT_SYMTAB,
  sectionOfType,
} from "../../elf/index.ts";
import { nameAt } from "../../elf/text.ts";
import { counted, heading, hex, painted, type Style } from "./table.ts";

export interface HeaderDump {
  readonly class: 32 | 64;
  readonly byteOrder: "little" | "big";
  /** `REL`, `EXEC`, `DYN`, `CORE`. */
  readonly type: string;
  /** The type in words, told from the program headers as well: `position-independent executable`. */
  readonly description: string;
  /** e_machine. */
  readonly machine: number;
  readonly machineName: string;
  readonly osAbi: string;
  readonly abiVersion: number;
  readonly flags: number;
  /** Their names in the machine's psABI; undefined where it has none. */
  readonly flagNames: readonly string[] | undefined;
  readonly entry: number;
  /** What stands at the entry point. */
  readonly entryName: string | undefined;
  /** PT_INTERP. */
  readonly interpreter: string | undefined;
  readonly segmentCount: number;
  readonly segmentOffset: number;
  readonly sectionCount: number;
  readonly sectionOffset: number;
  /** Has a symbol table (SHT_SYMTAB), which `strip` takes away. */
  readonly symbolTable: boolean;
  /** Undefined for what is not loaded as it stands. */
  readonly protection: ProtectionDump | undefined;
}

export interface ProtectionDump {
  /** Memory that is made read-only after relocation: `full` if that includes the PLT's slots, which needs `bindNow`. */
  readonly relro: "none" | "partial" | "full";
  /** All symbols are bound at start. Undefined in a static program. */
  readonly bindNow: boolean | undefined;
  /** undefined: there is no PT_GNU_STACK, and the system decides. */
  readonly executableStack: boolean | undefined;
}

/** @param entryName what stands at the entry point */
export function headerDump(file: ElfFile, dynamic: ElfDynamic | undefined, entryName: string | undefined): HeaderDump {
  const { header } = file;
  const interpreter = interpreterOf(file);
  return {
    class: file.elfClass,
    byteOrder: file.littleEndian ? "little" : "big",
    type: fileTypeName(header.type),
    description: describe(header.type, dynamic, interpreter),
    machine: header.machine,
    machineName: machineName(header.machine),
    osAbi: osAbiName(header.osAbi),
    abiVersion: header.abiVersion,
    flags: header.flags,
    flagNames: machineTables(header.machine, file.elfClass, file.littleEndian)?.flagNames?.(header.flags),
    entry: header.entry,
    entryName,
    interpreter,
    segmentCount: header.segmentCount,
    segmentOffset: header.segmentOffset,
    sectionCount: header.sectionCount,
    sectionOffset: header.sectionOffset,
    symbolTable: sectionOfType(file, SHT_SYMTAB) !== undefined,
    protection: header.type === ET_EXEC || header.type === ET_DYN ? protection(file, dynamic) : undefined,
  };
}

/** PT_INTERP: the dynamic linker that the kernel starts. Undefined if there is none or it lies outside of the file. */
function interpreterOf(file: ElfFile): string | undefined {
  const segment = segmentOfType(file, PT_INTERP);
  if (segment === undefined || segment.offset + segment.fileBytes > file.bytes.length) return undefined;
  return nameAt(file.bytes, segment.offset, segment.offset + segment.fileBytes);
}

function segmentOfType(file: ElfFile, type: number): ElfSegment | undefined {
  return file.segments.find((segment) => segment.type === type);
}

function describe(type: number, dynamic: ElfDynamic | undefined, interpreter: string | undefined): string {
  switch (type) {
    case ET_REL:
      return "relocatable object";
    case ET_CORE:
      return "core file";
    case ET_EXEC:
      return interpreter === undefined ? "static executable" : "executable, not position-independent";
    case ET_DYN: {
      const pie = dynamic !== undefined && ((dynamicValue(dynamic, DT_FLAGS_1) ?? 0) & DF_1_PIE) !== 0;
      if (pie && interpreter === undefined) return "static position-independent executable";
      return pie ? "position-independent executable" : "shared library";
    }
    default:
      return `file of type ${fileTypeName(type)}`;
  }
}

function bindsNow(dynamic: ElfDynamic): boolean {
  const flag = (tag: number, bit: number): boolean => ((dynamicValue(dynamic, tag) ?? 0) & bit) !== 0;
  const old = dynamicValue(dynamic, DT_BIND_NOW) !== undefined;
  return old || flag(DT_FLAGS, DF_BIND_NOW) || flag(DT_FLAGS_1, DF_1_NOW);
}

function protection(file: ElfFile, dynamic: ElfDynamic | undefined): ProtectionDump {
  const bindNow = dynamic === undefined ? undefined : bindsNow(dynamic);
  const relro = segmentOfType(file, PT_GNU_RELRO) !== undefined;
  const stack = segmentOfType(file, PT_GNU_STACK);
  return {
    relro: relro ? (bindNow === true ? "full" : "partial") : "none",
    bindNow,
    executableStack: stack === undefined ? undefined : (stack.flags & PF_X) !== 0,
  };
}

/** What the header says, a fact a row: what it is about, and the words. */
export function headerFacts(header: HeaderDump): (readonly [string, string])[] {
  const abi = header.abiVersion === 0 ? header.osAbi : `${header.osAbi}, version ${header.abiVersion}`;
  const rows: (readonly [string, string])[] = [
    ["format", `ELF${header.class}, ${header.byteOrder}-endian, ${header.machineName}`],
    ["system", abi],
  ];
  if (header.flags !== 0) rows.push(["flags", `${hex(header.flags)}  ${header.flagNames?.join(", ") ?? ""}`.trim()]);
  if (header.entry !== 0) {
    rows.push([
      "starts at",
      header.entryName === undefined ? hex(header.entry) : `${hex(header.entry)}  ${header.entryName}`,
    ]);
  }
  if (header.interpreter !== undefined) rows.push(["loaded by", header.interpreter]);
  if (header.segmentCount > 0) {
    rows.push(["segments", `${counted(header.segmentCount, "program header")} at ${hex(header.segmentOffset)}`]);
  }
  const sections = `${counted(header.sectionCount, "section header")} at ${hex(header.sectionOffset)}`;
  rows.push(["sections", header.sectionCount === 0 ? "no section headers" : sections]);
  if (header.protection !== undefined) {
    rows.push(["symbols", header.symbolTable ? "has its symbol table" : "stripped: no symbol table"]);
    rows.push(["protection", protectionWords(header.protection)]);
  }
  return rows;
}

export function headerLines(header: HeaderDump, style: Style): string[] {
  const rows = headerFacts(header);
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    ...heading(`Header: ${header.description} (${header.type})`, style),
    ...rows.map(([label, text]) => `  ${painted(label.padEnd(width), "dim", style)}  ${text}`),
  ];
}

function protectionWords({ relro, bindNow, executableStack }: ProtectionDump): string {
  const words = [relro === "none" ? "no RELRO" : `${relro} RELRO`];
  if (bindNow !== undefined) words.push(bindNow ? "binds everything at start" : "binds lazily");
  if (executableStack === undefined) words.push("stack as the system defaults (no PT_GNU_STACK)");
  else words.push(executableStack ? "executable stack" : "stack not executable");
  return words.join(", ");
}
