// What a name stands for and why: the definition that holds, those that do not, who refers to it, how references are
// settled and who else sees it. Read off the symbol columns and the resolution record when somebody asks.

import { SHN_COMMON, SHN_X86_64_LCOMMON, STB_WEAK, STV_DEFAULT, STV_PROTECTED } from "../../elf/constants.ts";
import { symbolTypeName, symbolVisibilityName } from "../../elf/names/names.ts";
import { offers } from "../inputs/lazy-set.ts";
import type { Loader } from "../inputs/loader.ts";
import { fileName, firstRelocation, type Referrers, relocationPlace } from "../inputs/references.ts";
import { type SharedFile, sharedVersion } from "../inputs/shared/shared-file.ts";
import { BIND_ABSOLUTE, BIND_IFUNC, BIND_IMPORTED, BIND_LOCAL, BIND_ZERO } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { replaceable } from "../tables/mode.ts";
import { findText, nameText } from "../tables/names.ts";
import { type ObjectFile, readWord, sectionName } from "../tables/object-file.ts";
import {
  asShared,
  RULE_ASSIGNED,
  RULE_COMMON_OVER_WEAK,
  RULE_DEFINITION_OVER_COMMON,
  RULE_FIRST,
  RULE_LARGEST_COMMON,
  RULE_LINKER,
  RULE_OBJECT_OVER_SHARED,
  RULE_SHARED_OVER_COMMON,
  RULE_STRONG_OVER_WEAK,
} from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_CANONICAL_PLT,
  FLAG_COLLECTED,
  FLAG_COPY,
  FLAG_DEF_DYNAMIC,
  FLAG_DYNSYM,
  FLAG_EXPORT,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_LINKER_DEFINED,
  FLAG_PREEMPTIBLE,
  FLAG_REF_DYNAMIC,
  FLAG_REF_REGULAR,
  FLAG_UNIQUE,
  isDefinedHere,
  isShared,
  KIND_INDIRECT,
  KIND_NONE,
} from "../tables/symbol-table.ts";
import type { LinkFacts } from "./facts.ts";
import { plainName } from "./names.ts";
import type { Statements } from "./statements.ts";
import type {
  Binding,
  Definer,
  Definition,
  Export,
  Loss,
  LostDefinition,
  Reference,
  Rule,
  SettledBecause,
  Slot,
} from "./types.ts";

const RULES: Readonly<Record<number, Rule>> = {
  [RULE_FIRST]: "first",
  [RULE_STRONG_OVER_WEAK]: "strong-over-weak",
  [RULE_DEFINITION_OVER_COMMON]: "definition-over-common",
  [RULE_COMMON_OVER_WEAK]: "common-over-weak",
  [RULE_LARGEST_COMMON]: "largest-common",
  [RULE_OBJECT_OVER_SHARED]: "object-over-shared",
  [RULE_SHARED_OVER_COMMON]: "shared-over-common",
  [RULE_LINKER]: "linker",
  [RULE_ASSIGNED]: "assigned",
};

/** What the definitions are read from, beside the link's own tables; each made once, when first needed. */
export interface DefinitionSources {
  readonly facts: LinkFacts;
  readonly referrers: () => Referrers;
  readonly slotsOf: (id: SymbolId) => readonly Slot[];
  /** Undefined before layout. */
  readonly statements: () => Statements | undefined;
}

/** The symbol of that name, another name's taken for what it stands for; -1 if nothing has to do with it. */
export function symbolOf({ symbols, lazySets }: Loader, name: string): SymbolId {
  let id = findText(symbols.names, name.replace("@@", "@"));
  if (id < 0 || symbols.kind[id] === KIND_NONE) {
    // `foo@@V` is in the tables as `foo`.
    const [plain, version] = name.split(/@@?/);
    const base = version === undefined ? -1 : findText(symbols.names, plain);
    if (base >= 0 && symbols.versionNames[symbols.version[base]] === version) id = base;
  }
  while (id >= 0 && symbols.kind[id] === KIND_INDIRECT) id = symbols.alias[id];
  if (id < 0 || id >= symbols.count) return -1;
  return symbols.kind[id] !== KIND_NONE || lazySets.some((set) => set.symbols.includes(id)) ? id : -1;
}

/** Symbols that objects refer to or define, or that the linker defines. */
export function* listedSymbols({ symbols }: Loader): IterableIterator<SymbolId> {
  for (let id = 0; id < symbols.names.count; id++) {
    if (symbols.kind[id] === KIND_NONE || symbols.kind[id] === KIND_INDIRECT) continue;
    if (isDefinedHere(symbols, id) || (symbols.flags[id] & FLAG_REF_REGULAR) !== 0) yield id;
  }
}

export function definitionOf(sources: DefinitionSources, id: SymbolId): Definition {
  const { facts, slotsOf } = sources;
  const { loader, placed } = facts;
  const { symbols } = loader;
  const binding = bindingOf(facts, id);
  const chosen = chosenDefiner(facts, id);
  const isImported = binding === "imported" || binding === "undefined";
  const isHere = !isImported || (symbols.flags[id] & FLAG_CANONICAL_PLT) !== 0;
  return {
    name: plainName(loader, id),
    version: symbols.versionNames[symbols.version[id]],
    hiddenVersion: (symbols.flags[id] & FLAG_HIDDEN_VERSION) !== 0,
    type: symbolTypeName(symbols.type[id]),
    visibility: symbolVisibilityName(symbols.visibility[id]),
    size: symbols.size[id],
    chosen,
    rule: chosen === undefined ? undefined : ruleOf(loader, id),
    others: lostDefinitions(sources, id, chosen),
    offeredBy: offers(loader.lazySets, id),
    assignments: sources.statements()?.assignmentsOf(nameText(symbols.names, id)) ?? [],
    firstReference: firstReference(sources, id),
    binding,
    settledBecause: settledBecause(facts, id),
    export: exportOf(facts, id),
    slots: slotsOf(id),
    address: isHere ? placed?.values.address[id] : undefined,
  };
}

function ruleOf({ symbols }: Loader, id: SymbolId): Rule {
  // What GNU ld's own script assigns is the linker's.
  if ((symbols.flags[id] & FLAG_LINKER_DEFINED) !== 0) return "linker";
  if ((symbols.flags[id] & FLAG_ASSIGNED) !== 0) return "assigned";
  return RULES[symbols.rule[id]] ?? "first";
}

function chosenDefiner({ loader }: LinkFacts, id: SymbolId): Definer | undefined {
  const { symbols, objects, shared } = loader;
  const size = symbols.size[id];
  if (isShared(symbols, id)) return sharedDefiner(shared[symbols.owner[id]], symbols.index[id]);
  if (!isDefinedHere(symbols, id)) return undefined;
  const object = objects[symbols.owner[id]];
  const byLinker = (symbols.flags[id] & FLAG_LINKER_DEFINED) !== 0;
  const assigned = (symbols.flags[id] & FLAG_ASSIGNED) !== 0;
  if (object === undefined || assigned || byLinker) {
    const by = assigned && !byLinker ? "command-line" : "linker";
    return { by, file: "", section: "", value: 0, size, strength: "strong", version: "" };
  }
  return objectDefiner(loader, object, symbols.index[id], size);
}

/** @param size the largest of all, for a common symbol that got more space than its own file asks for */
function objectDefiner({ sections, symbols }: Loader, object: ObjectFile, index: number, size?: number): Definer {
  const { view, is64, symtab } = object;
  const at = symtab + index * (is64 ? 24 : 16);
  const detail = at + (is64 ? 4 : 12);
  const shndx = view.getUint16(detail + 2, true);
  const section = localSection(object, index);
  const common = shndx === SHN_COMMON || shndx === SHN_X86_64_LCOMMON;
  const id = symbols.version[object.symbols[index - object.firstGlobal]];
  return {
    by: "object",
    file: object.name,
    section: section >= 0 ? sectionName(object, sections, section) : "",
    value: common ? 0 : readWord(view, at + (is64 ? 8 : 4), is64),
    size: size ?? readWord(view, at + (is64 ? 16 : 8), is64),
    strength: common ? "common" : view.getUint8(detail) >> 4 === STB_WEAK ? "weak" : "strong",
    version: symbols.versionNames[id] ?? "",
  };
}

function sharedDefiner(library: SharedFile, index: number): Definer {
  const { view, is64, dynsym } = library;
  const at = dynsym + index * (is64 ? 24 : 16);
  return {
    by: "shared-library",
    file: library.name,
    section: "",
    value: readWord(view, at + (is64 ? 8 : 4), is64),
    size: readWord(view, at + (is64 ? 16 : 8), is64),
    strength: view.getUint8(at + (is64 ? 4 : 12)) >> 4 === STB_WEAK ? "weak" : "strong",
    version: sharedVersion(library, index),
  };
}

function lostDefinitions(
  { facts: { loader }, referrers }: DefinitionSources,
  id: SymbolId,
  chosen: Definer | undefined,
): LostDefinition[] {
  const { record, objects, shared } = loader;
  const found: LostDefinition[] = [];
  for (let i = 0; i < record.loserCount; i++) {
    if (record.losers[i * 3] !== id) continue;
    const owner = record.losers[i * 3 + 1];
    const index = record.losers[i * 3 + 2];
    if (owner === -1) continue;
    const definer =
      owner < -1 ? sharedDefiner(shared[asShared(owner)], index) : objectDefiner(loader, objects[owner], index);
    found.push({ ...definer, loss: lossOf(definer, chosen) });
  }
  for (const it of record.duplicates) {
    const object = objects[it.secondObject];
    if (it.symbol !== id || object === undefined) continue;
    const index = object.firstGlobal + object.symbols.indexOf(id);
    found.push({ ...objectDefiner(loader, object, index), loss: "duplicate" });
  }
  for (const { object, index } of referrers().dropped.get(id) ?? []) {
    found.push({ ...objectDefiner(loader, object, index), loss: "group" });
  }
  return found;
}

function lossOf(lost: Definer, chosen: Definer | undefined): Loss {
  if (chosen === undefined) return "later";
  if (lost.by === "shared-library") return chosen.by === "shared-library" ? "later" : "shared";
  if (chosen.by === "shared-library") return "common-against-shared";
  if (lost.strength === "common") return chosen.strength === "common" ? "smaller-common" : "common";
  return lost.strength === "weak" && chosen.strength !== "weak" ? "weak" : "later";
}

function firstReference({ facts, referrers }: DefinitionSources, id: SymbolId): Reference | undefined {
  const { loader, bound } = facts;
  const file = referrers().any[id] ?? -1;
  if (file < -1)
    return { by: "shared-library", file: fileName(loader, file), weak: referrers().strong[id] !== file, at: undefined };
  const object = loader.objects[file] ?? loader.objects[loader.symbols.owner[id]];
  const first = object === undefined ? undefined : firstRelocation(loader, object, id);
  const at = first === undefined ? undefined : relocationPlace(loader.sections, bound?.machine, first);
  if (file >= 0) return { by: "object", file: object.name, weak: referrers().strong[id] !== file, at };
  // Nobody but the file that defines it.
  if (at !== undefined && isDefinedHere(loader.symbols, id)) return { by: "object", file: at.file, weak: false, at };
  // The default entry is looked for without anybody's asking.
  const isDefaultEntry = loader.options.entry === undefined && nameText(loader.symbols.names, id) === "_start";
  const byOption = !isDefaultEntry && (loader.symbols.flags[id] & FLAG_REF_REGULAR) !== 0;
  return byOption ? { by: "command-line", file: "", weak: false, at: undefined } : undefined;
}

const BINDINGS: Readonly<Record<number, Binding>> = {
  [BIND_LOCAL]: "local",
  [BIND_ABSOLUTE]: "absolute",
  [BIND_IFUNC]: "ifunc",
  [BIND_ZERO]: "zero",
};

function bindingOf({ loader, bound }: LinkFacts, id: SymbolId): Binding {
  const { symbols } = loader;
  const binding = bound?.scan.bindings[id];
  if (binding === BIND_IMPORTED) {
    if ((symbols.flags[id] & FLAG_PREEMPTIBLE) !== 0) return "preemptible";
    return (symbols.flags[id] & FLAG_COPY) !== 0 ? "copied" : "imported";
  }
  if (binding !== undefined) return BINDINGS[binding] ?? "undefined";
  if (isDefinedHere(symbols, id)) return "local";
  return isShared(symbols, id) ? "imported" : "undefined";
}

/** The questions of bind.ts, asked again for their answers. */
function settledBecause({ loader, bound }: LinkFacts, id: SymbolId): SettledBecause | undefined {
  const { symbols, options } = loader;
  const flags = symbols.flags[id];
  if (bound === undefined || !isDefinedHere(symbols, id) || (flags & FLAG_PREEMPTIBLE) !== 0) return undefined;
  if (!bound.mode.shared) return "program";
  if ((flags & FLAG_DYNSYM) === 0) return "not-exported";
  if (symbols.visibility[id] === STV_PROTECTED) return "protected";
  return replaceable(options).listed ? "dynamic-list" : "bsymbolic";
}

function exportOf({ loader, bound }: LinkFacts, id: SymbolId): Export {
  const { symbols } = loader;
  const exported = (symbols.flags[id] & FLAG_DYNSYM) !== 0;
  if (bound === undefined || !bound.mode.dynamic) {
    return { exported: false, reason: "static" };
  }
  return { exported, reason: exported ? whyExported(loader, bound.mode.shared, id) : whyNotExported(loader, id) };
}

function whyExported({ symbols, options }: Loader, isLibrary: boolean, id: SymbolId): Export["reason"] {
  const flags = symbols.flags[id];
  if ((flags & FLAG_COPY) !== 0) return "copy";
  if (!isDefinedHere(symbols, id)) return (flags & FLAG_CANONICAL_PLT) !== 0 ? "canonical-plt" : "import";
  if (isLibrary) return "shared-library";
  if ((flags & FLAG_EXPORT) !== 0) return "export-list";
  if ((flags & FLAG_REF_DYNAMIC) !== 0) return "library-refers";
  if ((flags & FLAG_DEF_DYNAMIC) !== 0) return "library-defines";
  if (options.exportDynamic) return "export-dynamic";
  return (flags & FLAG_UNIQUE) !== 0 ? "unique" : "export-list";
}

function whyNotExported({ symbols, objects }: Loader, id: SymbolId): Export["reason"] {
  const flags = symbols.flags[id];
  const visibility = symbols.visibility[id];
  if ((flags & FLAG_COLLECTED) !== 0 || !isDefinedHere(symbols, id)) return "unused";
  if ((flags & FLAG_LINKER_DEFINED) !== 0) return "linker";
  if (objects[symbols.owner[id]]?.excluded === true) return "exclude-libs";
  if (visibility !== STV_DEFAULT && visibility !== STV_PROTECTED) return "hidden";
  return (flags & FLAG_FORCED_LOCAL) === 0 ? "program" : "version-script";
}
