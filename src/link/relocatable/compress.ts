// --compress-debug-sections and --compress-sections with -r: the file is planned again around what has become smaller.

import type { Machine } from "../../arch/index.ts";
import { SHT_NOBITS } from "../../elf/constants.ts";
import { internText, nameText } from "../tables/names.ts";
import {
  type CompressionChoice,
  compressContents,
  compressedAlignment,
  compressedFlags,
  compressedName,
} from "../write/compress-debug.ts";
import type { Assigned } from "./assigned.ts";
import { type FileShape, planFile } from "./headers.ts";
import { outputType } from "./output-table.ts";
import type { SymbolPlan } from "./symbols.ts";

/**
 * Compresses sections of an object.
 * @param image with the contents of sections, and their relocations, where `shape` has them
 * @param count what `numberSections` gave
 * @returns the same in its new shape
 */
export function compressOutputs(
  image: Uint8Array<ArrayBuffer>,
  shape: FileShape,
  assigned: Assigned,
  symbols: SymbolPlan,
  count: number,
  machine: Machine,
  choose: CompressionChoice,
): { image: Uint8Array<ArrayBuffer>; shape: FileShape } {
  const { table, ordered } = assigned;
  const is64 = machine.elfClass === 64;
  const contents = new Map<number, Uint8Array>();
  for (const id of ordered) {
    if (outputType(table, id) === SHT_NOBITS) continue;
    const name = nameText(table.names, table.name[id]);
    const bytes = image.subarray(table.offset[id], table.offset[id] + table.size[id]);
    const compression = choose(name, outputType(table, id), table.flags[id]);
    const smaller = compression && compressContents(bytes, table.alignment[id], compression, is64);
    contents.set(id, smaller ?? bytes);
    if (compression === undefined || smaller === undefined) continue;
    const { style } = compression;
    table.size[id] = smaller.length;
    table.flags[id] = compressedFlags(table.flags[id], style);
    table.alignment[id] = compressedAlignment(table.alignment[id], style, is64);
    table.name[id] = internText(table.names, compressedName(name, style));
  }
  const next = planFile(assigned, symbols, count, machine);
  const result = new Uint8Array(next.imageSize);
  const word = machine.wordBytes;
  const copy = (from: number, size: number, to: number): void => result.set(image.subarray(from, from + size), to);
  for (const id of ordered) {
    const bytes = contents.get(id);
    if (bytes !== undefined) result.set(bytes, table.offset[id]);
    copy(shape.rel[id], table.relCount[id] * 2 * word, next.rel[id]);
    copy(shape.rela[id], table.relaCount[id] * 3 * word, next.rela[id]);
  }
  return { image: result, shape: next };
}
