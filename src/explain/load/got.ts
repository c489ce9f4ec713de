// `--got`: every slot of the GOTs of a process, by address: what is in it, and for whom. Which relocations fill slots, their types do not
// tell: RISC-V has one for slots and data alike, and an address of the object's own is relocated alike wherever it stands. So sections
// tell, where a file has their headers.

import { parseElf } from "../../elf/index.ts";
import { type LoadedObject, type LoadedProcess, NOT_YET_BOUND, readWord } from "../../load/index.ts";
import {
  DO_BLOCK_OFFSET,
  DO_BLOCK_OFFSET_ALONE,
  DO_BLOCK_OFFSET_OR_STATIC,
  DO_DESCRIPTOR,
  DO_MODULE,
  DO_MODULE_OR_STATIC,
  DO_RELATIVE,
  DO_SLOT,
  DO_SLOT_ADDEND,
  DO_TP_OFFSET,
  DO_TP_OFFSET_NEGATED,
} from "../../load/machines/index.ts";
import { type LoadedRelocation, relocationsOf } from "../../load/views/relocation-list.ts";
import { counted, heading, hex, type Style } from "../dump/table.ts";
import { choiceWords, isIndirect } from "./relocations.ts";
import { BINDING_WORDS, shortName, symbolText } from "./words.ts";

/** What a slot for thread-local storage holds, by what the loader does. */
const TLS_WORDS: ReadonlyMap<number, string> = new Map([
  [DO_MODULE, "the module's number"],
  [DO_MODULE_OR_STATIC, "the module's number, or 0"],
  [DO_BLOCK_OFFSET, "the offset in the module's block"],
  [DO_BLOCK_OFFSET_ALONE, "the offset in the module's block"],
  [DO_BLOCK_OFFSET_OR_STATIC, "the offset in the module's block, or from the thread pointer"],
  [DO_TP_OFFSET, "the offset from the thread pointer"],
  [DO_TP_OFFSET_NEGATED, "the offset from the thread pointer, negated"],
  [DO_DESCRIPTOR, "a TLS descriptor"],
]);

/** Names that the linkers give the parts of a GOT. */
const PARTS: ReadonlySet<string> = new Set([".got", ".got.plt", ".igot", ".igot.plt"]);

/** Memory must be there (`processMemory`). */
export function* gotLines(task: LoadedProcess, style: Style): Generator<string> {
  for (const object of task.objects) {
    const slots = slotsOf(task, object);
    if (slots.length === 0) continue;
    yield* heading(`GOT of ${object.name}: ${counted(slots.length, "slot")}`, style);
    for (const one of slots) yield `  ${slotLine(task, one, style)}`;
  }
}

function slotsOf(task: LoadedProcess, object: LoadedObject): LoadedRelocation[] {
  const parts = partsOf(object);
  const slots = [...relocationsOf(task, object)].filter((one) => isSlot(one, parts));
  return slots.sort((a, b) => a.site - b.site);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** Where the GOT is; nothing of a file without section headers. */
function partsOf({ base, file: { elf } }: LoadedObject): readonly Part[] {
  const sections = parseElf(elf.bytes, elf.name, () => {})?.sections ?? [];
  const parts = sections.filter(({ name }) => PARTS.has(name));
  return parts.map(({ address, size }) => ({ start: base + address, end: base + address + size }));
}

function isSlot({ kind, plt, site }: LoadedRelocation, parts: readonly Part[]): boolean {
  if (plt || kind === DO_SLOT || kind === DO_SLOT_ADDEND) return true;
  return parts.length > 0 ? parts.some(({ start, end }) => start <= site && site < end) : TLS_WORDS.has(kind);
}

function slotLine(task: LoadedProcess, one: LoadedRelocation, style: Style): string {
  const value = readWord(one.object.regions ?? [], one.site, task.record.facts) ?? 0;
  const name = symbolText(one.name, one.version, style);
  const words = slotWords(task, one, value);
  return `${hex(one.site)}: ${hex(value)}  ${name === "" ? words : `${name}, ${words}`}`;
}

function slotWords(task: LoadedProcess, one: LoadedRelocation, value: number): string {
  if (one.rule === NOT_YET_BOUND) {
    const inside = value - one.object.base;
    return `not bound yet: points back into the PLT of ${shortName(one.object)} (${hex(inside)} in its file)`;
  }
  if (isIndirect(task, one)) {
    return `an IFUNC of ${shortName(one.provider ?? one.object)}: ${choiceWords(task, one)}`;
  }
  if (one.kind === DO_RELATIVE) return `an address of its own (${hex(value - one.object.base)} in its file)`;
  const where = one.provider === undefined ? (BINDING_WORDS[one.rule] ?? "") : `in ${one.provider.name}`;
  const held = TLS_WORDS.get(one.kind);
  return held === undefined ? where : `${held}: ${where}`;
}
