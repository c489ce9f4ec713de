// `solder why PROGRAM ADDRESS`: segment, section and symbol at an address, and if a relocation wrote there, its formula with
// the numbers and the bytes before and after.

import {
  type LoadedObject,
  type LoadedProcess,
  pagesOf,
  processMemory,
  protectionText,
  readMemory,
} from "../../load/index.ts";
import { relocatedBytes, relocationsOf } from "../../load/views/relocation-list.ts";
import type { Disassembler } from "../disassembly.ts";
import { bytesText, heading, hex, type Style } from "../dump/table.ts";
import { codeAt } from "./code.ts";
import { explained, withCode } from "./relocations.ts";
import { sectionAt, symbolAt, symbolCalled } from "./symbol-at.ts";
import { objectAt, symbolText } from "./words.ts";

/** The answer's lines. */
export function addressWhy(
  task: LoadedProcess,
  address: number,
  disassemble: Disassembler | undefined,
  style: Style,
): string[] {
  const object = objectAt(task, address);
  if (object === undefined) return [`No object of the process is at ${hex(address)}.`, ...neighbours(task, address)];
  processMemory(task);
  const inFile = address - object.base;
  const lines = [heading(`${hex(address)} is in ${object.name}, ${hex(inFile)} in its file's addresses`, style)[1]];
  lines.push(`  load bias ${hex(object.base)} + ${hex(inFile)} = ${hex(address)}`);
  lines.push(...pageLines(object, address));
  const section = sectionAt(object.file.elf, inFile);
  if (section !== undefined) lines.push(`  section ${section.name} + ${hex(inFile - section.address)}`);
  const symbol = symbolAt(object, inFile);
  if (symbol !== undefined) {
    const distance = inFile - symbol.value;
    lines.push(`  symbol ${symbolText(symbol.name, "", style)}${distance === 0 ? "" : ` + ${hex(distance)}`}`);
  }
  const word = object.file.elf.elfClass / 8;
  const bytes = new Uint8Array(word);
  if (readMemory(object.regions ?? [], address, bytes)) lines.push(`  bytes there: ${bytesText(bytes)}`);
  const code = disassemble === undefined ? undefined : codeAt(object, address, disassemble);
  if (code !== undefined) lines.push(`  instruction ${hex(code.after.address)}: ${code.after.text}`);
  lines.push(...relocatedLines(task, object, address, disassemble, style));
  return lines;
}

/** For a name that is in an object's .symtab but not among the dynamic symbols: where it is. Undefined if it is in none. */
export function ownSymbolWhy(
  task: LoadedProcess,
  name: string,
  disassemble: Disassembler | undefined,
  style: Style,
): string[] | undefined {
  for (const object of task.objects) {
    const symbol = symbolCalled(object, name);
    if (symbol === undefined) continue;
    return [
      `${symbolText(name, "", style)} is a symbol of ${object.name} itself: the dynamic linker does not see it (.symtab only).`,
      "",
      ...addressWhy(task, object.base + symbol.value, disassemble, style),
    ];
  }
  return undefined;
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
  if (now === undefined || now.flags === 0) return ["  a hole between segments: reading it is a fault"];
  const origin = isZeroed(object, address)
    ? "zeros behind what the file has of it"
    : now.fileOffset < 0
      ? "memory without a file"
      : `file offset ${hex(now.fileOffset + (address - now.start))}`;
  const relro =
    before !== undefined && before.flags !== now.flags
      ? `, ${protectionText(before.flags)} until it was relocated (RELRO)`
      : "";
  return [`  segment ${hex(now.start)}-${hex(now.end)} ${protectionText(now.flags)}${relro}, ${origin}`];
}

/** In .bss: in a segment, but not in the part of it that the file has. */
function isZeroed({ file, base }: LoadedObject, address: number): boolean {
  const at = address - base;
  return file.loads.some((it) => at >= it.address + it.fileBytes && at < it.address + it.memoryBytes);
}

/** The relocations whose bytes the address is among. */
function relocatedLines(
  task: LoadedProcess,
  object: LoadedObject,
  address: number,
  disassemble: Disassembler | undefined,
  style: Style,
): string[] {
  const found = [...relocationsOf(task, object)].filter(
    (it) => address >= it.site && address < it.site + relocatedBytes(it),
  );
  if (found.length === 0)
    return [`  no relocation writes here: the bytes are ${isZeroed(object, address) ? "zero at first" : "the file's"}`];
  return found.flatMap((it) => [
    `  written by a relocation: ${it.packed ? "DT_RELR" : (it.type?.name ?? it.typeNumber)}, ${explained(task, it, style)}`,
    ...withCode(task, it, disassemble, style).map((line) => `    ${line}`),
  ]);
}
