// The loader's facts as words: how a library was found, how a reference was bound, where an address is.

import { demangle } from "../../demangle/index.ts";
import { STT_TLS } from "../../elf/constants.ts";
import { symbolValue } from "../../load/file/dynamic-symbols.ts";
import {
  addressOf,
  BOUND_BY_LOOKUP,
  BOUND_FROM_CACHE,
  BOUND_LOCALLY,
  BOUND_PROTECTED,
  BOUND_TO_NOTHING,
  BOUND_UNIQUE,
  type Candidate,
  type LoadedObject,
  type LoadedProcess,
  type MissingLibrary,
  NOT_BOUND,
  NOT_YET_BOUND,
  type SearchStep,
  symbolType,
} from "../../load/index.ts";
import { hex, type Style } from "../dump/table.ts";
import { placesTried, ruleText } from "./search-words.ts";

/** How a reference got its definition, by BOUND_*. */
export const BINDING_WORDS: Readonly<Record<number, string>> = {
  [BOUND_BY_LOOKUP]: "first in its scope",
  [BOUND_LOCALLY]: "its own, without a look-up",
  [BOUND_FROM_CACHE]: "as the relocation before it",
  [BOUND_UNIQUE]: "unique in the process: as the first reference to it",
  [BOUND_PROTECTED]: "its own, because it is protected",
  [BOUND_TO_NOTHING]: "weak, and nobody defines it: 0",
  [NOT_BOUND]: "nobody defines it",
  [NOT_YET_BOUND]: "at its first call",
};

/** By which rule an object was found: `DT_RUNPATH of ./prog`. */
export function foundBy(object: LoadedObject): string {
  if (object.kind === "program") return "the program";
  if (object.rule === undefined) return object.kind === "loader" ? "PT_INTERP" : "";
  const taken = object.tried.find((it) => it.fate === "taken");
  return ruleText(object.rule, taken?.from ?? "");
}

/** Where a library was looked for, as it was asked for, and what was there. */
export function triedTexts(
  task: LoadedProcess,
  name: string,
  { tried, steps }: { readonly tried: readonly Candidate[]; readonly steps: readonly SearchStep[] },
): string[] {
  const places = placesTried(tried, steps, name, task.host.search);
  return places.map(({ path, rule, outcome }) => `${path} (${rule}): ${outcome}`);
}

/** What the search for a missing library did. */
export function missingTexts(task: LoadedProcess, { name, requester, tried }: MissingLibrary): string[] {
  const search = task.searches.find((it) => it.object === undefined && it.name === name && it.requester === requester);
  return triedTexts(task, name, { tried, steps: search?.steps ?? [] });
}

/** The last part of a path: short, where the whole is said elsewhere. */
/**
 * Where an object's symbol is: an address, or of a thread-local one, which has another in each thread, its place in the object's
 * block: `TLS+0x8`.
 */
export function placeText(object: LoadedObject, symbol: number): string {
  const { symbols } = object.file;
  const isThreadLocal = symbol < symbols.count && symbolType(symbols, symbol) === STT_TLS;
  return isThreadLocal ? `TLS+${hex(symbolValue(symbols, symbol))}` : hex(addressOf(object, symbol));
}

export function shortName(object: LoadedObject | undefined): string {
  return object === undefined ? "" : object.name.slice(object.name.lastIndexOf("/") + 1);
}

export function symbolText(name: string, version: string, style: Style): string {
  const shown = (style.demangle ? demangle(name) : undefined) ?? name;
  return version === "" ? shown : `${shown}@${version}`;
}

/** The object that an address is in. */
export function objectAt(task: LoadedProcess, address: number): LoadedObject | undefined {
  return task.objects.find(({ start, end }) => address >= start && address < end);
}
