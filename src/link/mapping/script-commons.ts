// Common symbols in a link that a script lays out: those of each object are a section of its own, called COMMON
// (LARGE_COMMON, .tcommon), which the script places like any other (ld/ldlang.c: lang_one_common).

import { STT_OBJECT, STT_TLS } from "../../elf/constants.ts";
import { FEW_NAMES, sortAsBfd } from "../tables/bfd-order.ts";
import { type ObjectId, SECTION_CHUNK, type SymbolId } from "../tables/ids.ts";
import { newChunk } from "../tables/output-section.ts";
import {
  COMMONS_LARGE,
  COMMONS_TLS,
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  KIND_COMMON,
  KIND_DEFINED,
  type SymbolTable,
  setSymbolValue,
} from "../tables/symbol-table.ts";
import { SEC_ALLOC, SEC_KEEP, SEC_THREAD_LOCAL } from "./bfd-flags.ts";
import type { Mapping } from "./mapping.ts";
import type { MadeInput } from "./output-statements.ts";

/** Gives common symbols their places in the pseudo sections of their objects. */
export function placeCommons(mapping: Mapping): void {
  const { loader, plan } = mapping;
  const { symbols, options } = loader;
  if (options.defineCommon === false) return;
  if (mapping.object?.definesCommons === false) {
    if (!plan.script.isStandard) nameCommons(mapping);
    return;
  }
  const list: SymbolId[] = [];
  for (let id = 0; id < symbols.count; id++) {
    if (symbols.kind[id] !== KIND_COMMON || (symbols.flags[id] & (FLAG_COLLECTED | FLAG_ASSIGNED)) !== 0) continue;
    list.push(id);
  }
  // How large GNU ld's table is in a large link depends on every name of every library.
  if (!plan.script.isStandard || symbols.names.count <= FEW_NAMES) sortAsBfd(mapping.loader.symbols.names, list);
  if (options.sortCommon !== "none") {
    const direction = options.sortCommon === "descending" ? -1 : 1;
    list.sort((a, b) => direction * (symbols.valueLow[a] - symbols.valueLow[b]));
  }
  for (const id of list) {
    const { chunk } = sectionFor(mapping, symbols.owner[id], commonSection(symbols, id));
    const alignment = symbols.valueLow[id];
    const at = Math.ceil(chunk.size / alignment) * alignment;
    symbols.kind[id] = KIND_DEFINED;
    symbols.section[id] = SECTION_CHUNK;
    symbols.alias[id] = chunk.id;
    if (symbols.type[id] !== STT_TLS) symbols.type[id] = STT_OBJECT;
    setSymbolValue(symbols, id, at);
    chunk.size = at + symbols.size[id];
    chunk.alignment = Math.max(chunk.alignment, alignment);
  }
  const [first] = loader.objects;
  // The script of -r names none of them: what is placed for want of a name and empty does not stay.
  if (first === undefined || (mapping.object !== undefined && plan.script.isStandard)) return;
  if ((symbols.commons & COMMONS_TLS) !== 0) sectionFor(mapping, first.id, ".tcommon");
  if ((symbols.commons & COMMONS_LARGE) !== 0) sectionFor(mapping, first.id, "LARGE_COMMON");
}

/** -r without -d: they stay common, and have made the section that a script puts them into. */
function nameCommons(mapping: Mapping): void {
  const { symbols } = mapping.loader;
  for (let id = 0; id < symbols.count; id++)
    if (symbols.kind[id] === KIND_COMMON) sectionFor(mapping, symbols.owner[id], commonSection(symbols, id));
}

function commonSection(symbols: SymbolTable, id: SymbolId): string {
  if (symbols.type[id] === STT_TLS) return ".tcommon";
  return symbols.valueHigh[id] !== 0 ? "LARGE_COMMON" : "COMMON";
}

/**
 * An object with thread-local or large common symbols has a section of the linker's own for them, and what has one of those
 * stays, whether or not one of them is a definition (bfd/elflink.c, elf_link_add_object_symbols: .tcommon; ld/ldlang.c,
 * strip_excluded_output_sections).
 */
function sectionFor(mapping: Mapping, owner: ObjectId, name: string): MadeInput {
  const { plan, outputs } = mapping;
  const list = plan.commons.get(owner) ?? [];
  const known = list.find((it) => it.name === name);
  if (known !== undefined) return known;
  const chunk = newChunk(outputs, undefined, name, 0, 1, true);
  const sec = SEC_ALLOC | (name === ".tcommon" ? SEC_THREAD_LOCAL : 0) | (name === "COMMON" ? 0 : SEC_KEEP);
  const made: MadeInput = { name, type: 0, sec, chunk, output: undefined, isPlaced: false, isDiscarded: false };
  // COMMON comes before the others.
  if (name === "COMMON") list.unshift(made);
  else list.push(made);
  plan.commons.set(owner, list);
  mapping.byChunk.set(chunk.id, made);
  return made;
}
