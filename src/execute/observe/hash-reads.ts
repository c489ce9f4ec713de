// What the dynamic linker reads of hash tables while it binds: words of the Bloom filter, buckets, links of chains, and the names and
// versions that it hashes or compares, seen in the operands of the instructions that are executed (glibc elf/dl-lookup.c, do_lookup_x).

import { ADDRESS_HIGH, type Cpu, INFO, INFO_MEMORY, INFO_ROW, IP } from "../../arch/x86/instructions/index.ts";
import { address as operandAddress } from "../../arch/x86/instructions/machine/operands.ts";
import { DT_GNU_HASH, DT_HASH, DT_STRTAB } from "../../elf/index.ts";
import { readBytes, readText } from "../memory/address-space.ts";
import type { Process } from "../system/state.ts";
import type { MappedObject } from "./objects.ts";

export interface HashRead {
  /** Instructions from the jump through the slot on; this one is included. */
  readonly step: number;
  readonly object: MappedObject;
  readonly kind: "bloom" | "bucket" | "chain" | "name";
  /** Of the word of the filter, the bucket, or the symbol that the link is of; the address of a name. */
  readonly index: number;
  /** The entry, in hexadecimal; or the name. */
  readonly value: string;
  /** The instruction. */
  readonly by: number;
}

/** A part of a table in memory. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly object: MappedObject;
  readonly kind: HashRead["kind"];
  readonly entryBytes: number;
  /** Index of the first entry. */
  readonly first: number;
}

/** Reads of one look-up that are kept: a chain is some links long. */
const MOST = 400;

export interface HashReads {
  readonly reads: readonly HashRead[];
  /** Before an instruction. @param at its place in `code.columns` */
  readonly look: (cpu: Cpu, at: number, step: number, process: Process) => void;
}

/** Of strings only names that are read from their first byte on are told: those that are compared. */
export function watchHashReads(objects: readonly MappedObject[]): HashReads {
  const parts = objects.flatMap(partsOf).sort((a, b) => a.start - b.start);
  const reads: HashRead[] = [];
  const look: HashReads["look"] = (cpu, at, step, process) => {
    const { columns, instructions } = process.code;
    const info = columns[at + INFO];
    if ((info & INFO_MEMORY) === 0 || reads.length >= MOST) return;
    const low = operandAddress(cpu, at);
    const address = (low >>> 0) + (cpu.mode === 64 ? cpu.words[ADDRESS_HIGH] * 2 ** 32 : 0);
    const part = partAt(parts, address);
    if (part === undefined || /^(lea|nop|prefetch)/.test(instructions.rows[info & INFO_ROW].name)) return;
    const { object, kind, entryBytes, first, start } = part;
    const by = (cpu.words[IP] >>> 0) + (cpu.mode === 64 ? cpu.words[IP + 1] * 2 ** 32 : 0);
    if (kind === "name") {
      const isBegin = readBytes(process.space, address - 1, 1)?.[0] === 0;
      const value = isBegin ? readText(process.space, address) : undefined;
      const known = reads.at(-1);
      if (value !== undefined && value !== "" && (known?.kind !== "name" || known.index !== address))
        reads.push({ step, object, kind, index: address, value, by });
      return;
    }
    const index = first + Math.floor((address - start) / entryBytes);
    const last = reads.at(-1);
    if (last?.kind === kind && last.object === object && last.index === index) return;
    const bytes = readBytes(process.space, start + (index - first) * entryBytes, entryBytes);
    const value = bytes === undefined ? "?" : `0x${hexOf(bytes)}`;
    reads.push({ step, object, kind, index, value, by });
  };
  return { reads, look };
}

function hexOf(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).reverse();
  return digits.join("").replace(/^0+(?=.)/, "");
}

function partAt(parts: readonly Part[], address: number): Part | undefined {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (parts[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  const part: Part | undefined = parts[low];
  return part !== undefined && part.start <= address ? part : undefined;
}

/** GNU: four words, filter, buckets, chain (the value of a link is of symbol `firstIndex` on). gABI: two words, buckets, chain. */
function partsOf(object: MappedObject): Part[] {
  const { file, base } = object;
  const { hash, values, symbols } = file;
  const parts: Part[] = [];
  const add = (kind: Part["kind"], start: number, count: number, entryBytes: number, first: number): number => {
    const end = start + count * entryBytes;
    if (count > 0) parts.push({ start, end, object, kind, entryBytes, first });
    return end;
  };
  const strings = values.get(DT_STRTAB);
  if (hash === undefined) return parts;
  if (strings !== undefined) add("name", base + strings, symbols.stringEnd - symbols.stringStart, 1, 0);
  if (hash.kind === "gnu") {
    const at = base + (values.get(DT_GNU_HASH) ?? 0);
    const words = (hash.bloom.length * 32) / hash.elfClass;
    const buckets = add("bloom", at + 16, words, hash.elfClass / 8, 0);
    const chain = add("bucket", buckets, hash.buckets.length, 4, 0);
    add("chain", chain, hash.chain.length, 4, hash.firstIndex);
  } else {
    const at = base + (values.get(DT_HASH) ?? 0);
    add("chain", add("bucket", at + 8, hash.buckets.length, 4, 0), hash.chain.length, 4, 0);
  }
  return parts;
}
