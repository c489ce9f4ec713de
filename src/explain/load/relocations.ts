// Every relocation of a loaded process with its numbers; every symbol that was bound. One line each, made as they are
// asked for: a large program has half a million.

import {
  addressOf,
  type LoadedObject,
  type LoadedProcess,
  NOT_BOUND,
  NOT_YET_BOUND,
  readMemory,
  symbolName,
  symbolSize,
} from "../../load/index.ts";
import { DO_COPY, DO_INDIRECT } from "../../load/machines/index.ts";
import { type LoadedRelocation, relocatedBytes, relocationsOf } from "../../load/views/relocation-list.ts";
import type { Disassembler } from "../disassembly.ts";
import type { Chapter } from "../dump/chapter.ts";
import { fillFormula, type Term } from "../dump/formula.ts";
import { bytesText, counted, heading, hex, type Style } from "../dump/table.ts";
import { codeAt } from "./code.ts";
import { BINDING_WORDS, placeText, shortName, symbolText } from "./words.ts";

/** Bytes of a relocation that are shown before and after. */
const LONGEST_SHOWN = 16;

/** `--relocations`: object by object, in the order in which they are applied. Memory must be there (`processMemory`). */
export function* relocationLines(
  task: LoadedProcess,
  disassemble: Disassembler | undefined,
  style: Style,
): Generator<string> {
  for (const object of applied(task)) {
    yield* heading(`Relocations of ${object.name}`, style);
    for (const one of relocationsOf(task, object)) {
      for (const line of withCode(task, one, disassemble, style)) yield `  ${line}`;
    }
  }
}

/** The relocation's line, and for one in code the instruction before and after. */
export function withCode(
  task: LoadedProcess,
  one: LoadedRelocation,
  disassemble: Disassembler | undefined,
  style: Style,
): string[] {
  const line = relocationLine(task, one, style);
  const code = disassemble === undefined ? undefined : codeAt(one.object, one.site, disassemble);
  if (code === undefined) return [line];
  const indent = " ".repeat(hex(one.site).length + 2);
  return [
    line,
    `${indent}before  ${hex(code.before.address)}: ${code.before.text}`,
    `${indent}after   ${hex(code.after.address)}: ${code.after.text}`,
  ];
}

/** The relocations of one object as a table; a row in `explained`'s words, with the bytes before and after. */
export function loadedRelocationChapter(
  task: LoadedProcess,
  object: LoadedObject,
  style: Style,
): Chapter<LoadedRelocation> {
  const rows = [...relocationsOf(task, object)];
  return {
    title: `Relocations of ${object.name}: ${counted(rows.length, "entry", "entries")}`,
    columns: [
      { title: "address", align: "right", cell: ({ site }) => hex(site), by: ({ site }) => site },
      { title: "type", cell: typeWord },
      { title: "formula with its numbers", cell: (one) => explained(task, one, style) },
      { title: "before", cell: bytesInFile },
      { title: "after", cell: bytesInMemory },
    ],
    rows,
    more: "",
  };
}

/** Each reference of one object once, and what it was bound to. */
export function bindingChapter(task: LoadedProcess, object: LoadedObject, style: Style): Chapter<LoadedRelocation> {
  const seen = new Set<string>();
  const rows = [...relocationsOf(task, object)].filter((one) => {
    if (one.row < 0 || one.symbol === 0) return false;
    const line = bindingLine(one, style);
    return !seen.has(line) && seen.add(line);
  });
  return {
    title: `References of ${object.name}: ${counted(rows.length, "symbol")}`,
    columns: [
      { title: "symbol", paint: "name", cell: (one) => symbolText(one.name, one.version, style) },
      { title: "bound to", cell: ({ provider }) => shortName(provider) },
      {
        title: "address",
        align: "right",
        cell: ({ provider, providerSymbol }) => (provider === undefined ? "" : placeText(provider, providerSymbol)),
        by: ({ provider, providerSymbol }) => (provider === undefined ? 0 : addressOf(provider, providerSymbol)),
      },
      { title: "how", cell: ({ rule }) => BINDING_WORDS[rule] ?? "" },
    ],
    rows,
    more: "",
  };
}

function typeWord(one: LoadedRelocation): string {
  return one.packed ? "RELR" : (one.type?.name ?? `type ${one.typeNumber}`);
}

/** The loader relocates itself before all others. */
function applied(task: LoadedProcess): LoadedObject[] {
  const isLoader = ({ kind }: LoadedObject): boolean => kind === "loader";
  return [...task.objects.filter(isLoader), ...task.relocationOrder.filter((object) => !isLoader(object))];
}

/** `0x55…3da8  R_X86_64_GLOB_DAT  S = 0x7ffff7c… (stdout of libc.so.6)  [00 … → a0 …]` */
export function relocationLine(task: LoadedProcess, one: LoadedRelocation, style: Style): string {
  const type = typeWord(one);
  const before = bytesInFile(one);
  const after = bytesInMemory(one);
  const change = before === after ? `[${before}]` : `[${before} → ${after}]`;
  return `${hex(one.site)}  ${type.padEnd(18)}  ${explained(task, one, style)}  ${change}`;
}

/** The formula with its numbers; or the reason why there are none. */
export function explained(task: LoadedProcess, one: LoadedRelocation, style: Style): string {
  const name = symbolText(one.name, one.version, style);
  if (one.rule === NOT_YET_BOUND) return `${name}: bound at its first call; until then B + A, back into the PLT`;
  if (one.rule === NOT_BOUND) return `${name}: nobody defines it`;
  if (isIndirect(task, one)) return `${name === "" ? "IFUNC" : name}: ${choiceWords(task, one)}`;
  if (one.kind === DO_COPY) {
    const size = one.provider === undefined ? 0 : symbolSize(one.provider.file.symbols, one.providerSymbol);
    return `copy of ${counted(size, "byte")} of ${name} from ${shortName(one.provider)}`;
  }
  const formula = one.type?.formula ?? "";
  const filled = fillFormula(formula, termsOf(one, name), name).text;
  return filled === formula || formula === "" ? `${formula} ${name}`.trim() : `${formula} = ${filled}`;
}

/** Does code decide what is stored? */
export function isIndirect(task: LoadedProcess, one: LoadedRelocation): boolean {
  return one.kind === DO_INDIRECT || task.undecided.has(one.site) || task.decided.has(one.site);
}

/** What an IFUNC's resolver chose when it was run in simulated memory. */
export function choiceWords(task: LoadedProcess, one: LoadedRelocation): string {
  const chosen = task.decided.get(one.site);
  if (chosen === undefined) return "its resolver chooses when the program runs";
  const there = task.objects.find(({ start, end }) => start <= chosen && chosen < end);
  return `its resolver chooses ${hex(chosen)}${there === undefined ? "" : ` in ${shortName(there)}`}`;
}

function termsOf(one: LoadedRelocation, name: string): Record<"S" | "A" | "P" | "B", Term> {
  const { provider } = one;
  const symbol = provider === undefined ? 0 : addressOf(provider, one.providerSymbol);
  const { addend } = one;
  const owner =
    provider === undefined ? ", nobody's" : provider === one.object ? ", its own" : ` of ${shortName(provider)}`;
  return {
    S: { number: symbol, text: name === "" ? hex(symbol) : `${hex(symbol)} (${name}${owner})` },
    A: { number: addend, text: hex(addend) },
    P: { number: one.site, text: hex(one.site) },
    B: { number: one.object.base, text: `${hex(one.object.base)} (load bias)` },
  };
}

/** As many bytes as are shown: a copied variable can be long. */
function shownBytes(one: LoadedRelocation): number {
  return Math.min(relocatedBytes(one), LONGEST_SHOWN);
}

function bytesInFile(one: LoadedRelocation): string {
  const { elf, loads } = one.object.file;
  const address = one.site - one.object.base;
  const width = shownBytes(one);
  const load = loads.find((it) => address >= it.address && address + width <= it.address + it.memoryBytes);
  const bytes = new Uint8Array(width);
  if (load !== undefined) {
    const from = Math.min(load.offset + (address - load.address), load.offset + load.fileBytes);
    bytes.set(elf.bytes.subarray(from, Math.min(from + width, load.offset + load.fileBytes)));
  }
  return bytesText(bytes);
}

function bytesInMemory(one: LoadedRelocation): string {
  const bytes = new Uint8Array(shownBytes(one));
  readMemory(one.object.regions ?? [], one.site, bytes);
  return bytesText(bytes);
}

/** `--symbols`: each reference once, and what it was bound to. */
export function* bindingLines(task: LoadedProcess, style: Style): Generator<string> {
  for (const object of task.relocationOrder) {
    yield* heading(`References of ${object.name}`, style);
    const seen = new Set<string>();
    for (const one of relocationsOf(task, object)) {
      if (one.row < 0 || one.symbol === 0) continue;
      const line = bindingLine(one, style);
      if (!seen.has(line)) yield `  ${line}`;
      seen.add(line);
    }
  }
}

function bindingLine(one: LoadedRelocation, style: Style): string {
  const name = symbolText(one.name, one.version, style);
  const { provider } = one;
  const how = BINDING_WORDS[one.rule] ?? "";
  if (provider === undefined) return `${name}: ${how}`;
  const defined = symbolName(provider.file.symbols, one.providerSymbol);
  const other = defined === one.name ? "" : ` as ${defined}`;
  return `${name} → ${provider.name}${other}, ${placeText(provider, one.providerSymbol)} (${how})`;
}
