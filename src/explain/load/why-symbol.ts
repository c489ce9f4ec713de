// `solder why PROGRAM SYMBOL`: what each reference to the symbol is bound to and by which rule; who else defines it and was
// passed over; what interposition would change.

import { STB_GNU_UNIQUE, STB_WEAK, STT_GNU_IFUNC, STV_PROTECTED } from "../../elf/constants.ts";
import { symbolBindingName, symbolTypeName } from "../../elf/names/names.ts";
import { closest } from "../../link/tables/spelling.ts";
import {
  BOUND_LOCALLY,
  BOUND_PROTECTED,
  BOUND_TO_NOTHING,
  BOUND_UNIQUE,
  type LoadedObject,
  type LoadedProcess,
  NOT_BOUND,
  NOT_YET_BOUND,
  symbolicOf,
  symbolName,
  symbolType,
  symbolVisibility,
} from "../../load/index.ts";
import { DO_COPY } from "../../load/machines/index.ts";
import { type LoadedRelocation, relocationsNaming } from "../../load/views/relocation-list.ts";
import { definitionsIn, type NamedDefinition, type ScopeStep, walkScope } from "../../load/views/scope-walk.ts";
import { counted, heading, hex, type Style } from "../dump/table.ts";
import { BINDING_WORDS, placeText, shortName, symbolText } from "./words.ts";

/** The answer's lines; undefined if no object refers to the name or defines it. */
export function symbolWhy(task: LoadedProcess, text: string, style: Style): string[] | undefined {
  const { name, version } = splitVersion(text);
  const references = referencesTo(task, name, version);
  const definitions = task.objects.flatMap((object) => definitionsIn(object, name));
  if (references.length === 0 && definitions.length === 0) return undefined;
  const lines: string[] = [];
  for (const reference of references) lines.push(...referenceLines(task, reference, style), "");
  if (references.length === 0)
    lines.push(`No object in the process refers to ${symbolText(name, version, style)}.`, "");
  lines.push(...definitionLines(definitions, name, style));
  return lines;
}

/** Names that come nearest, where none is exact. */
export function nearestSymbol(task: LoadedProcess, name: string): string | undefined {
  const names = new Set<string>();
  for (const { file } of task.objects) {
    for (let index = 1; index < file.symbols.count; index++) names.add(symbolName(file.symbols, index));
  }
  return closest(name, [...names]);
}

/** `foo`, `foo@V` or `foo@@V`. */
function splitVersion(text: string): { name: string; version: string } {
  const at = text.indexOf("@");
  return at < 1 ? { name: text, version: "" } : { name: text.slice(0, at), version: text.slice(at).replace(/^@+/, "") };
}

/** One reference for each object and kind of relocation that asks for the name. */
function referencesTo(task: LoadedProcess, name: string, version: string): LoadedRelocation[] {
  const found: LoadedRelocation[] = [];
  for (const object of task.objects) {
    if (object.bindings === undefined) continue;
    const seen = new Set<string>();
    for (const one of relocationsNaming(task, object, symbolsNamed(object, name))) {
      if (one.name !== name || (version !== "" && one.version !== version)) continue;
      const key = `${one.version} ${one.typeNumber} ${one.provider?.id} ${one.rule}`;
      if (!seen.has(key)) found.push(one);
      seen.add(key);
    }
  }
  return found;
}

/** The symbols of that name which the object's relocations look up. */
function symbolsNamed({ file }: LoadedObject, name: string): ReadonlySet<number> {
  const { count, symbol } = symbolicOf(file);
  const asked = new Set<number>();
  for (let row = 0; row < count; row++) asked.add(symbol[row]);
  return new Set([...asked].filter((index) => symbolName(file.symbols, index) === name));
}

function referenceLines(task: LoadedProcess, one: LoadedRelocation, style: Style): string[] {
  const name = symbolText(one.name, one.version, style);
  const type = one.type?.name ?? `type ${one.typeNumber}`;
  const lines = [heading(`${one.object.name} refers to ${name} (${type} at ${hex(one.site)})`, style)[1]];
  const steps = one.rule === BOUND_LOCALLY ? [] : walkScope(task, one.object, one.row);
  lines.push(`  ${answer(task, one, steps, style)}`);
  lines.push(...stepLines(one, steps, style));
  lines.push(...changes(task, one, steps, style).map((text) => `  ${text}`));
  return lines;
}

function answer(task: LoadedProcess, one: LoadedRelocation, steps: readonly ScopeStep[], style: Style): string {
  if (one.rule === NOT_YET_BOUND) {
    const [taken] = steps.filter(({ symbol }) => symbol !== 0);
    if (taken === undefined) return "will be bound at its first call, which fails: nobody defines it";
    const isChoice = symbolType(taken.object.file.symbols, taken.symbol) === STT_GNU_IFUNC;
    const choice = isChoice ? ", an IFUNC: what its resolver there returns" : "";
    return `will be bound at its first call: ${boundTo(taken.object, taken.symbol)}${choice}`;
  }
  if (one.rule === NOT_BOUND) return `is not bound: no object in its scope defines it${forVersion(one)}`;
  if (one.rule === BOUND_TO_NOTHING)
    return "is bound to 0: the reference is weak, and no object in its scope defines it";
  const { provider } = one;
  if (provider === undefined) return BINDING_WORDS[one.rule] ?? "";
  const undecided = task.undecided.has(one.site);
  const chosen = task.decided.get(one.site);
  const choice = undecided
    ? "; it is an IFUNC: the resolver there chooses the address when the program runs"
    : chosen === undefined
      ? ""
      : `; it is an IFUNC, and the resolver there chooses ${hex(chosen)}`;
  return `is bound to ${boundTo(provider, one.providerSymbol)}: ${reason(one, style)}${choice}`;
}

function boundTo(provider: LoadedObject, symbol: number): string {
  return `${placeText(provider, symbol)} in ${provider.name}`;
}

function forVersion({ version }: LoadedRelocation): string {
  return version === "" ? "" : ` in version ${version}`;
}

function reason(one: LoadedRelocation, style: Style): string {
  const { rule, object, provider } = one;
  if (rule === BOUND_LOCALLY) return "a local or hidden symbol is its object's own, without a look-up";
  if (rule === BOUND_UNIQUE) {
    return `${symbolText(one.name, "", style)} is unique in the process (STB_GNU_UNIQUE), and an earlier reference got that one`;
  }
  if (rule === BOUND_PROTECTED) return "the symbol is protected, so its object's own definition counts";
  if (object.scope[0]?.length === 1 && object.scope[0][0] === object && provider === object)
    return "DT_SYMBOLIC makes the object look into itself first";
  return "the first definition in its scope";
}

/** The walk through the scope: who was asked before, who was taken, who came too late. */
function stepLines(one: LoadedRelocation, steps: readonly ScopeStep[], style: Style): string[] {
  const lines: string[] = [];
  let taken = false;
  const without: string[] = [];
  const flush = (): void => {
    if (without.length > 0) lines.push(`    not in ${without.join(", ")}`);
    without.length = 0;
  };
  for (const { object, symbol, definitions } of steps) {
    if (symbol === 0 && definitions.length === 0) {
      if (!taken) without.push(shortName(object));
      continue;
    }
    flush();
    const text = (those: readonly NamedDefinition[]): string => those.map((it) => definitionText(it, style)).join(", ");
    const has = text(symbol === 0 ? definitions : definitions.filter((it) => it.symbol === symbol));
    const rest = definitions.filter((it) => symbol !== 0 && it.symbol !== symbol);
    const others = rest.length === 0 ? "" : `; not its ${text(rest)}`;
    if (one.kind === DO_COPY && object.kind === "program")
      lines.push(`    not asked: ${object.name}, which copies the variable from where the others have it`);
    else if (symbol === 0)
      lines.push(`    passed over: ${object.name} has ${has}${one.version === "" ? "" : `, not ${one.version}`}`);
    else if (!taken) lines.push(`    taken: ${object.name}, ${has}${others}`);
    else lines.push(`    too late: ${object.name} defines it as well, ${has}${others}`);
    if (symbol !== 0) taken = true;
  }
  if (!taken) flush();
  return lines;
}

function definitionText({ object, symbol, version, isDefault, binding, type }: NamedDefinition, style: Style): string {
  const name = symbolName(object.file.symbols, symbol);
  const tag = version === "" ? "" : `${isDefault ? "@@" : "@"}${version}`;
  return `${symbolText(name, "", style)}${tag} (${symbolBindingName(binding)} ${symbolTypeName(type)})`;
}

/** What LD_PRELOAD, -Bsymbolic or a protected definition would change. */
function changes(task: LoadedProcess, one: LoadedRelocation, steps: readonly ScopeStep[], style: Style): string[] {
  const { object, rule } = one;
  const provider = one.provider ?? steps.find(({ symbol }) => symbol !== 0)?.object;
  const texts: string[] = [];
  const own = steps.find((step) => step.object === object && step.symbol !== 0);
  const looked = rule !== BOUND_LOCALLY && rule !== BOUND_PROTECTED && rule !== BOUND_UNIQUE;
  const first = steps[0]?.object;
  if (looked && first?.kind === "program" && provider !== first) {
    const name = symbolText(one.name, "", style);
    const what = one.version === "" ? name : `${name}, in version ${one.version} or without versions,`;
    texts.push(
      `LD_PRELOAD: a library with ${what} would ${provider === undefined ? "supply it" : `come before ${shortName(provider)}`}.`,
    );
  } else if (looked && provider !== undefined && first === provider && provider.kind === "program") {
    texts.push("LD_PRELOAD would change nothing: the program's own definition comes first.");
  } else if (!looked || object.scope[0]?.[0] === object) {
    texts.push("LD_PRELOAD would change nothing: the object's own definition is not looked for elsewhere first.");
  }
  if (own !== undefined && provider !== undefined && provider !== object && looked) {
    texts.push(`-Bsymbolic (or protected visibility) in ${shortName(object)} would bind it to its own definition.`);
  }
  const [program] = task.objects;
  if (
    provider !== undefined &&
    symbolVisibility(provider.file.symbols, one.providerSymbol) === STV_PROTECTED &&
    provider !== program
  )
    texts.push(`${shortName(provider)} itself uses this definition always: it is protected there.`);
  return texts;
}

function definitionLines(definitions: readonly NamedDefinition[], name: string, style: Style): string[] {
  if (definitions.length === 0) return [`No object in the process defines ${symbolText(name, "", style)}.`];
  const title = `${symbolText(name, "", style)} has ${counted(definitions.length, "definition")} in the process`;
  const remark = ({ binding }: NamedDefinition): string =>
    binding === STB_WEAK
      ? "; weak counts as much as global: the first wins"
      : binding === STB_GNU_UNIQUE
        ? "; one for the whole process"
        : "";
  return [
    heading(title, style)[1],
    ...definitions.map(
      (it) => `  ${placeText(it.object, it.symbol)} ${it.object.name}: ${definitionText(it, style)}${remark(it)}`,
    ),
  ];
}
