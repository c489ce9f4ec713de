// Symbols that the command line and scripts define or refer to, and not an object: they pull members out of archives, or keep them
// from being pulled, as an object's would.

import { STB_GLOBAL } from "../../elf/constants.ts";
import type { Assignment, Expression } from "../script/statements.ts";
import { callsIn, symbolsIn } from "../script/symbols-in.ts";
import { SECTION_NONE } from "../tables/ids.ts";
import { mergeRegular } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_NAMED_FIRST,
  FLAG_REQUIRED,
  KIND_DEFINED,
  KIND_NONE,
  KIND_UNDEFINED,
  symbolNamed,
} from "../tables/symbol-table.ts";
import { entryName } from "./entry-name.ts";
import type { Loader } from "./loader.ts";

/** -u, -e and the names in --defsym are references; what --defsym defines is defined; --wrap redirects references. */
export function enterCommandLineSymbols(loader: Loader, hasScript: boolean): void {
  const { options, symbols } = loader;
  for (const name of options.wrap) {
    const plain = symbolNamed(symbols, name);
    loader.wrap.set(plain, symbolNamed(symbols, `__wrap_${name}`));
    loader.wrap.set(symbolNamed(symbols, `__real_${name}`), plain);
  }
  for (const name of [...options.undefined, ...options.requireDefined]) requireSymbol(loader, name);
  // Programs start somewhere: as in GNU ld's script (ENTRY), which brings _start out of an archive too. One of -T says itself.
  const isProgram = !hasScript && options.output !== "relocatable" && options.output !== "shared";
  const entry = options.entry ?? (isProgram ? "_start" : undefined);
  if (entry !== undefined && !/^(0x|[0-9])/.test(entry)) requireSymbol(loader, entry);
  // What has been asked for is looked for in archives, if it is not known yet what it will be (ld/ldexp.c, exp_fold_tree_1:
  // etree_assign makes 0 of new symbols only).
  const asked = new Set([...options.undefined, ...options.requireDefined]);
  for (const { symbol, value, provide } of options.defsym) {
    const open = symbolsIn(value).filter((name) => {
      refer(loader, name);
      return !isAssigned(loader, name);
    });
    // Which of the names `DEFINED(a) ? a : b` looks at is not known here: mostly it has a value at once.
    const isValid = open.length === 0 || callsIn(value).includes("DEFINED");
    if (!isValid) for (const name of open) asked.add(name);
    if (!provide && (isValid || !asked.has(symbol))) define(loader, symbol);
  }
}

function isAssigned({ symbols }: Loader, name: string): boolean {
  return (symbols.flags[symbolNamed(symbols, name)] & FLAG_ASSIGNED) !== 0;
}

/** Where scripts have been read: the entry that the last of them names, or the default script that they add to. */
export function requireEntry(loader: Loader): void {
  const { output } = loader.options;
  if (output === "relocatable" || output === "shared") return;
  const entry = entryName(loader) ?? (loader.hasScript ? undefined : "_start");
  if (entry !== undefined && !/^(0x|[0-9])/.test(entry)) requireSymbol(loader, entry);
}

/** Looked for, and listed even where nothing defines it. */
export function requireSymbol(loader: Loader, name: string): void {
  refer(loader, name);
  loader.symbols.flags[symbolNamed(loader.symbols, name)] |= FLAG_REQUIRED;
}

function refer(loader: Loader, name: string): void {
  const { candidate, symbols } = loader;
  candidate.kind = KIND_UNDEFINED;
  candidate.section = SECTION_NONE;
  candidate.owner = -1;
  candidate.binding = STB_GLOBAL;
  candidate.type = 0;
  candidate.visibility = 0;
  candidate.size = 0;
  candidate.version = 0;
  const id = symbolNamed(symbols, name);
  if (symbols.kind[id] === KIND_NONE) symbols.flags[id] |= FLAG_NAMED_FIRST;
  mergeRegular(symbols, id, candidate, loader.record);
}

/** Defined from the start, so that no archive is searched for it; the value comes after layout (assignments.ts). */
function define(loader: Loader, name: string): void {
  const { symbols } = loader;
  const id = symbolNamed(symbols, name);
  symbols.kind[id] = KIND_DEFINED;
  symbols.owner[id] = -1;
  symbols.flags[id] |= FLAG_ASSIGNED;
}

export function enterAssignment(loader: Loader, { symbol, value, provide }: Assignment): void {
  if (provide) return;
  for (const name of symbolsIn(value)) if (name !== symbol) refer(loader, name);
  // `x = DEFINED(x) ? x : 1` asks for what an object may define.
  if (symbol !== "." && !mentions(value, symbol)) define(loader, symbol);
}

function mentions(value: Expression, symbol: string): boolean {
  switch (value.kind) {
    case "number":
      return false;
    case "symbol":
      return value.name === symbol;
    case "unary":
      return mentions(value.operand, symbol);
    case "binary":
      return mentions(value.left, symbol) || mentions(value.right, symbol);
    case "conditional":
      return [value.test, value.then, value.else].some((it) => mentions(it, symbol));
    case "call":
      return value.arguments.some((it) => mentions(it, symbol));
  }
}
