// The judges of the machines: gas, GNU ld and readelf, and a loop that relocates one section with a Machine the way the
// linker does, so that its bytes can be held against GNU ld's.

import { equal } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PC,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED,
  type Machine,
  RELAX_NONE,
  TLS_KEEP,
  TLS_TO_LOCAL_EXEC,
  TLS_UNKNOWN,
} from "../../src/arch/index.ts";
import { run, tool } from "../support/run.ts";

/** What the tests of this area need. */
export const JUDGES: readonly string[] = ["as", "ld", "readelf"];

interface Span {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

export interface Relocation {
  /** Name of the section that it applies to, or `.dyn` and `.plt` in linked files. */
  readonly section: string;
  readonly offset: number;
  readonly type: number;
  readonly symbol: string;
  readonly addend: number;
}

export interface Elf {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sections: ReadonlyMap<string, Span>;
  /** Defined symbols. */
  readonly symbols: ReadonlyMap<string, number>;
  readonly relocations: readonly Relocation[];
  /** The thread pointer as an offset from the start of the TLS segment. */
  readonly threadPointer: number;
}

/** A scratch directory with the tools at hand, for one machine. File names are relative to it. */
export interface Bench {
  readonly machine: Machine;
  assemble(name: string, source: string, ...options: string[]): string;
  compile(name: string, source: string, command: string, ...options: string[]): string;
  link(name: string, ...args: string[]): Elf;
  /** What GNU ld writes to standard error. */
  complaints(...args: string[]): string;
  read(name: string): Elf;
}

export function bench(t: TestContext, machine: Machine): Bench {
  const cwd = mkdtempSync(join(tmpdir(), "solder-arch-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const read = (name: string): Elf => readElf(join(cwd, name), machine);
  return {
    machine,
    assemble(name, source, ...options) {
      writeFileSync(join(cwd, `${name}.s`), source);
      tool("as", [`--${machine.elfClass}`, ...options, "-o", `${name}.o`, `${name}.s`], { cwd });
      return `${name}.o`;
    },
    compile(name, source, command, ...options) {
      writeFileSync(join(cwd, `${name}.c`), source);
      tool(command, [...options, "-c", "-o", `${name}.o`, `${name}.c`], { cwd });
      return `${name}.o`;
    },
    link(name, ...args) {
      tool("ld", ["-m", machine.emulation, "-o", name, ...args], { cwd });
      return read(name);
    },
    complaints(...args) {
      return run("ld", ["-m", machine.emulation, "-o", "refused", ...args], { cwd }).stderr;
    },
    read,
  };
}

const SECTION = /^\s*\[\s*\d+\] (\S+)\s+[A-Z_0-9]+\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/;
const SYMBOL = /^\s*\d+: ([0-9a-f]+)\s+\d+ \S+\s+\S+\s+\S+\s+(\S+)\s+(\S+)$/;
const RELOCATION_SECTION = /^Relocation section '\.rela?(\S+)'/;
const RELOCATION = /^([0-9a-f]{8,})\s+([0-9a-f]{8,})\s+\S+(?:\s+[0-9a-f]{8,}\s+(\S+))?(?: ([+-]) ([0-9a-f]+))?/;
const TLS_SEGMENT = /^\s*TLS\s+\S+ \S+ \S+ \S+ (0x[0-9a-f]+) R\s+(0x[0-9a-f]+)/;

function readElf(path: string, machine: Machine): Elf {
  const sections = new Map<string, Span>();
  const symbols = new Map<string, number>();
  const relocations: Relocation[] = [];
  let threadPointer = 0;
  let section = "";
  for (const line of tool("readelf", ["-SlsrW", path]).split("\n")) {
    const [, name, ...numbers] = SECTION.exec(line) ?? [];
    const [address, offset, size] = numbers.map((digits) => Number.parseInt(digits, 16));
    if (name !== undefined) sections.set(name, { address, offset, size });
    const [, value, index, symbol] = SYMBOL.exec(line) ?? [];
    if (symbol !== undefined && index !== "UND") symbols.set(symbol.replace(/@.*/, ""), Number.parseInt(value, 16));
    section = RELOCATION_SECTION.exec(line)?.[1] ?? section;
    const relocation = RELOCATION.exec(line);
    if (relocation) relocations.push(readRelocation(section, relocation, machine));
    const [, memory, alignment] = TLS_SEGMENT.exec(line) ?? [];
    if (memory !== undefined) threadPointer = Math.ceil(Number(memory) / Number(alignment)) * Number(alignment);
  }
  return { path, bytes: new Uint8Array(readFileSync(path)), sections, symbols, relocations, threadPointer };
}

function readRelocation(section: string, line: RegExpExecArray, machine: Machine): Relocation {
  const [, offset, info, symbol = "", sign, addend = "0"] = line;
  return {
    section,
    offset: Number.parseInt(offset, 16),
    type: Number(BigInt(`0x${info}`) & (machine.elfClass === 64 ? 0xffff_ffffn : 0xffn)),
    symbol: symbol.replace(/@.*/, ""),
    addend: Number.parseInt(addend, 16) * (sign === "-" ? -1 : 1),
  };
}

/** The bytes of a section. */
export function contents(elf: Elf, name: string): Uint8Array {
  const section = elf.sections.get(name);
  if (section === undefined) throw new Error(`${elf.path} has no ${name}`);
  return elf.bytes.slice(section.offset, section.offset + section.size);
}

/** The address of a section or symbol. */
export function addressOf(elf: Elf, name: string): number {
  const address = elf.sections.get(name)?.address ?? elf.symbols.get(name);
  if (address === undefined) throw new Error(`${elf.path} has no ${name}`);
  return address;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Asserts that two runs of code are the same; says where they first differ. */
export function sameCode(ours: Uint8Array, theirs: Uint8Array): void {
  const at = ours.findIndex((byte, index) => byte !== theirs[index]);
  const around = (bytes: Uint8Array): string => hex(bytes.subarray(Math.max(at - 8, 0), at + 8));
  if (at >= 0) equal(around(ours), around(theirs), `at ${at}`);
  equal(ours.length, theirs.length);
}

export interface Relocated {
  /** The section as the machine relocates it. Fields of accesses that are kept are GNU ld's: only it has laid out a GOT. */
  readonly bytes: Uint8Array;
  /** Names of the relocation types whose instruction was rewritten, in order. */
  readonly rewritten: readonly string[];
  /** Names of the relocation types that were refused. */
  readonly refused: readonly string[];
}

/**
 * Relocates `section` of the object with the addresses that GNU ld gave out.
 * @param target the TLS model that the symbols allow  @param pic the output is position-independent
 */
export function relocate(
  machine: Machine,
  object: Elf,
  linked: Elf,
  section: string,
  target: number,
  pic: boolean,
): Relocated {
  const input = contents(object, section);
  const theirs = contents(linked, section);
  const bytes = input.slice();
  const image = new DataView(bytes.buffer);
  const gotBase = linked.symbols.get("_GLOBAL_OFFSET_TABLE_") ?? 0;
  const list = object.relocations.filter((relocation) => relocation.section === section);
  const rewritten: string[] = [];
  const refused: string[] = [];
  for (let i = 0; i < list.length; i++) {
    const { offset: at, type, symbol } = list[i];
    const width = machine.relocations.bytes[type];
    const name = machine.relocations.types[type]?.name ?? `${type}`;
    const addend = machine.rela ? list[i].addend : width === 4 ? image.getInt32(at, true) : 0;
    const place = addressOf(linked, section) + at;
    const value = linked.symbols.get(symbol);
    const expression = machine.relocations.expression[type];
    const plain = value === undefined ? undefined : plainValue(expression, value + addend, place, linked.threadPointer);
    if (plain !== undefined) {
      if (width === 8) image.setBigInt64(at, BigInt(plain), true);
      else image.setInt32(at, plain | 0, true);
      continue;
    }
    if (expression === EXPRESSION_GOT_PC || expression === EXPRESSION_GOT_OFFSET) {
      const absolute = symbol.startsWith("absolute");
      const form = value === undefined ? RELAX_NONE : machine.relaxGotLoad(input, at, addend, type, pic, absolute);
      if (value !== undefined && form !== RELAX_NONE) {
        if (!machine.writeRelaxedGotLoad(image, at, form, value, place, gotBase)) refused.push(name);
        rewritten.push(name);
        continue;
      }
    } else {
      const next = list[i + 1];
      const model = machine.checkTls(input, at, type, target, next?.type ?? 0, next?.offset ?? 0);
      if (model === TLS_UNKNOWN) refused.push(name);
      if (model !== TLS_UNKNOWN && model !== TLS_KEEP) {
        const slot = linked.relocations.find((r) => r.symbol === symbol && r.type === machine.dynamic.tpoff)?.offset;
        const argument = model === TLS_TO_LOCAL_EXEC ? (value ?? 0) - linked.threadPointer : (slot ?? 0);
        const consumed = machine.writeTls(image, at, type, model, argument, place, gotBase);
        if (consumed < 0) refused.push(name);
        else i += consumed;
        rewritten.push(name);
        continue;
      }
    }
    bytes.set(theirs.subarray(at, at + width), at);
  }
  return { bytes, rewritten, refused };
}

/** The kinds that need no table and no decision. */
function plainValue(expression: number, value: number, place: number, threadPointer: number): number | undefined {
  switch (expression) {
    case EXPRESSION_ABSOLUTE:
      return value;
    case EXPRESSION_PC:
    case EXPRESSION_PLT_PC:
      return value - place;
    // Offsets in the module's block follow what __tls_get_addr became: here every one of them is relaxed.
    case EXPRESSION_TLS_DTPOFF:
    case EXPRESSION_TLS_TPOFF:
      return value - threadPointer;
    case EXPRESSION_TLS_TPOFF_NEGATED:
      return threadPointer - value;
    default:
      return undefined;
  }
}
