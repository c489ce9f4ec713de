// `LinkResult.decisions`: made from the link's tables when somebody asks, and not before.

import type { Loader } from "../inputs/loader.ts";
import { findMentions } from "../inputs/mentions.ts";
import { findReferrers } from "../inputs/references.ts";
import type { SymbolId } from "../tables/ids.ts";
import { nameText } from "../tables/names.ts";
import { definitionOf, listedSymbols, symbolOf } from "./definitions.ts";
import { listDependencies } from "./dependencies.ts";
import type { LinkFacts } from "./facts.ts";
import { listFiles } from "./files.ts";
import { plainName } from "./names.ts";
import { listDynamicRelocations, listSlots } from "./slots.ts";
import { type Statements, statementsOf } from "./statements.ts";
import type { Decisions, NameMentions, Slot } from "./types.ts";

export function createDecisions(facts: LinkFacts): Decisions {
  const { loader } = facts;
  const referrers = once(() => findReferrers(loader));
  const slots = once(() => listSlots(facts));
  const bySymbol = once(() => {
    const map = new Map<SymbolId, Slot[]>();
    for (const { symbol, slot } of slots()) map.set(symbol, [...(map.get(symbol) ?? []), slot]);
    return map;
  });
  let script: Statements | undefined;
  const statements = (): Statements | undefined => {
    const plan = (facts.placed ?? facts.relocatable)?.plan;
    if (plan !== undefined) script ??= statementsOf(plan, loader);
    return script;
  };
  const sources = { facts, referrers, slotsOf: (id: SymbolId) => bySymbol().get(id) ?? [], statements };
  const slotList = once(() => slots().map(({ slot }) => slot));
  const files = once(() => listFiles(loader, referrers()));
  return {
    definition(name) {
      const id = symbolOf(loader, name);
      return id < 0 ? undefined : definitionOf(sources, id);
    },
    *names() {
      for (const id of listedSymbols(loader)) yield nameText(loader.symbols.names, id);
    },
    mentions: () => listMentions(loader),
    dependencies: () => listDependencies(loader),
    get files() {
      return files();
    },
    get slots() {
      return slotList();
    },
    dynamicRelocations: () => listDynamicRelocations(facts),
  };
}

function* listMentions(loader: Loader): IterableIterator<NameMentions> {
  const mentionsOf = findMentions(loader);
  for (let id = 0; id < loader.symbols.names.count; id++) {
    const mentions = mentionsOf(id);
    if (mentions.every((it) => it.shared)) continue;
    const names = (defines: boolean): string[] =>
      mentions.filter((it) => it.defines === defines).map(({ file }) => file.name);
    yield { name: plainName(loader, id), definedBy: names(true), referredBy: names(false) };
  }
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
