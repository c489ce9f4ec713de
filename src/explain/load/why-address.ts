// `solder why PROGRAM ADDRESS`: segment, section and symbol at an address, and if a relocation wrote there, its formula with
// the numbers and the bytes before and after.

import { SHF_ALLOC, SHF_TLS, SHT_NOBITS, SHT_SYMTAB, STT_FILE, STT_SECTION, STT_TLS } from "../../elf/constants.ts";
import { type ElfFile, parseElf, sectionOfType } from "../../elf/file.ts";
import { symbolsOf } from "../../elf/symbols.ts";
import { isAbsolute, symbolSection, symbolType } from "../../load/dynamic-symbols.ts";
import {
  type LoadedObject,
  type LoadedProcess,
  pagesOf,
  processMemory,
  protectionText,
  readMemory,
  symbolName,
  symbolSize,
  symbolValue,
} from "../../load/index.ts";
import { DO_COPY, DO_DESCRIPTOR } from "../../load/relocation-kinds.ts";
import { type LoadedRelocation, relocationsOf } from "../../load/relocation-list.ts";
import { heading, hex, type Style } from "../dump/table.ts";
import { explained, relocationLine } from "./relocations.ts";
import { objectAt, symbolText } from "./words.ts";

/** The answer's lines. */
export function addressWhy(process: LoadedProcess, address: number, style: Style): string[] {
  const object = objectAt(process, address);
  if (object === undefined) return [`No object of the process is at ${hex(address)}.`, ...neighbours(process, address)];
  processMemory(process);
  const inFile = address - object.base;
  const lines = [heading(`${hex(address)} is in ${object.name}, ${hex(inFile)} in its file's addresses`, style)[1]];
  lines.push(`  load bias ${hex(object.base)} + ${hex(inFile)} = ${hex(address)}`);
  lines.push(...pageLines(object, address));
  const section = sectionAt(object.file.elf, inFile);
  if (section !== undefined) lines.push(`  section ${section.name} + ${hex(inFile - section.address)}`);
  const symbol = symbolNear(object, inFile);
  if (symbol !== undefined) {
    const distance = inFile - symbol.value;
    lines.push(`  symbol ${symbolText(symbol.name, "", style)}${distance === 0 ? "" : ` + ${hex(distance)}`}`);
  }
  const word = object.file.elf.elfClass / 8;
  const bytes = new Uint8Array(word);
  if (readMemory(object.regions ?? [], address, bytes)) lines.push(`  bytes there: ${spelled(bytes)}`);
  lines.push(...relocatedLines(process, object, address, style));
  return lines;
}

function neighbours({ objects }: LoadedProcess, address: number): string[] {
  const sorted = [...objects].sort((a, b) => a.start - b.start);
  const below = sorted.filter(({ end }) => end <= address).at(-1);
  const above = sorted.find(({ start }) => start > address);
  return [
    ...(below === undefined ? [] : [`  below it: ${below.name}, up to ${hex(below.end)}`]),
    ...(above === undefined ? [] : [`  above it: ${above.name}, from ${hex(above.start)}`]),
  ];
}

function pageLines(object: LoadedObject, address: number): string[] {
  const page = (relocated: boolean) =>
    pagesOf(object, relocated).find(({ start, end }) => address >= start && address < end);
  const now = page(true);
  const before = page(false);
  if (now === undefined) return [];
  if (now.flags === 0) return ["  a hole between segments: reading it is a fault"];
  const origin =
    now.fileOffset < 0 ? "memory without a file" : `file offset ${hex(now.fileOffset + (address - now.start))}`;
  const relro =
    before !== undefined && before.flags !== now.flags
      ? `, ${protectionText(before.flags)} until it was relocated (RELRO)`
      : "";
  return [`  segment ${hex(now.start)}-${hex(now.end)} ${protectionText(now.flags)}${relro}, ${origin}`];
}

function sectionAt(elf: ElfFile, address: number) {
  return elf.sections.find(
    ({ flags, type, address: start, size }) =>
      (flags & SHF_ALLOC) !== 0 &&
      !((flags & SHF_TLS) !== 0 && type === SHT_NOBITS) &&
      address >= start &&
      address < start + size,
  );
}

interface Named {
  readonly name: string;
  readonly value: number;
  readonly size: number;
}

/** The symbol whose range holds the address, of .symtab or of the dynamic symbols; else the last one before it in its section. */
function symbolNear(object: LoadedObject, address: number): Named | undefined {
  let best: Named | undefined;
  const consider = (it: Named): void => {
    if (it.name === "" || it.value > address || (it.size > 0 && address >= it.value + it.size)) return;
    if (best === undefined || it.value > best.value || (it.value === best.value && it.size > best.size)) best = it;
  };
  const section = sectionAt(object.file.elf, address);
  for (const it of allSymbols(object)) if (section === undefined || it.value >= section.address) consider(it);
  return best;
}

function allSymbols({ file }: LoadedObject): Named[] {
  const named: Named[] = [];
  const whole = parseElf(file.elf.bytes, file.elf.name, () => {});
  const table = whole === undefined ? undefined : sectionOfType(whole, SHT_SYMTAB);
  if (whole !== undefined && table !== undefined) {
    for (const { name, value, size, section, type } of symbolsOf(whole, table, () => {})) {
      if (section !== 0 && type !== STT_TLS && type !== STT_SECTION && type !== STT_FILE)
        named.push({ name, value, size });
    }
  }
  const { symbols } = file;
  for (let index = 1; index < symbols.count; index++) {
    if (symbolSection(symbols, index) === 0 || isAbsolute(symbols, index) || symbolType(symbols, index) === STT_TLS)
      continue;
    named.push({
      name: symbolName(symbols, index),
      value: symbolValue(symbols, index),
      size: symbolSize(symbols, index),
    });
  }
  return named;
}

/** The relocations whose bytes the address is among. */
function relocatedLines(process: LoadedProcess, object: LoadedObject, address: number, style: Style): string[] {
  const found = [...relocationsOf(process, object)].filter((it) => address >= it.site && address < it.site + width(it));
  if (found.length === 0) return ["  no relocation writes here: the bytes are the file's"];
  return found.flatMap((it) => [
    `  written by a relocation: ${it.packed ? "DT_RELR" : (it.type?.name ?? it.typeNumber)}, ${explained(process, it, style)}`,
    `    ${relocationLine(process, it, style)}`,
  ]);
}

function width(one: LoadedRelocation): number {
  const word = one.object.file.elf.elfClass / 8;
  if (one.kind === DO_DESCRIPTOR) return 2 * word;
  if (one.kind !== DO_COPY) return one.type?.bytes ?? word;
  return one.provider === undefined ? 0 : symbolSize(one.provider.file.symbols, one.providerSymbol);
}

function spelled(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
