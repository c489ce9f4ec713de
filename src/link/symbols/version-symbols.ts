// Applies the version script and the export lists to the symbols: which version each definition gets, which become local,
// which are exported from a program. Runs before symbols are bound.

import { STT_OBJECT } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { demangledName, isListedBy } from "../script/export-rules.ts";
import type { VersionDefinition, VersionNode } from "../script/types.ts";
import {
  compilePatterns,
  compileVersions,
  NO_VERSION,
  type VersionMatcher,
  versionIsLocal,
  versionNode,
} from "../script/version-assign.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, type SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { nameText } from "../tables/names.ts";
import { closest } from "../tables/spelling.ts";
import {
  defineSymbol,
  FLAG_EXPORT,
  FLAG_FORCED_LOCAL,
  FLAG_SHARED_COMMON,
  FLAG_SYMVER,
  FLAG_VERSIONED,
  isDefinedHere,
  isShared,
  isUndefined,
  KIND_DEFINED_WEAK,
  KIND_SHARED,
  KIND_SHARED_WEAK,
  plainEnd,
  type SymbolTable,
  symbolNamed,
  versionId,
} from "../tables/symbol-table.ts";
import { isExported } from "./bind.ts";

/**
 * @param lost versions that came with definitions which others took the place of
 * @returns the versions that the output defines, in order
 */
export function assignVersions(
  symbols: SymbolTable,
  nodes: readonly VersionNode[],
  lost: ReadonlySet<number>,
  mode: OutputMode,
  options: LinkOptions,
  demangle: (name: string) => string,
  report: Report,
): VersionDefinition[] {
  if (!mode.dynamic) return [];
  markExports(symbols, options, demangle);
  const matcher = compileVersions(nodes, report);
  const used = new Set<string>([...lost].map((it) => symbols.versionNames[it]));
  const added = new Set<string>();
  const defined: SymbolId[] = [];
  for (let id = 0; id < symbols.names.count; id++)
    if (isDefinedHere(symbols, id) && !isCommonBehind(symbols, id)) defined.push(id);
  for (const id of defined) {
    const version = symbols.versionNames[symbols.version[id]];
    if (version === "" || !hasOwnVersion(symbols, id)) continue;
    const node = matcher.nodeNamed(version);
    if (node >= 0) {
      used.add(version);
      declare(symbols, id, node, matcher, demangle);
    } else if (mode.shared) {
      report(error("version-node-missing", {}, { symbol: nameText(symbols.names, id), version }));
    } else if (isExported(symbols, id, mode, options)) added.add(version);
  }
  const definitions: VersionDefinition[] = nodes
    .filter((it) => it.name !== "")
    .map((it) => ({ name: it.name, parents: it.parents, weak: isUnused(it) && !used.has(it.name) }));
  for (const name of added) definitions.push({ name, parents: [], weak: false });
  for (const id of defined) assignVersion(symbols, id, nodes, matcher, mode, options, demangle);
  if (options.defaultSymver) applyDefaultSymver(symbols, defined, definitions, options);
  for (const it of definitions) defineVersionSymbol(symbols, it.name, nodes, options, report);
  if (!options.undefinedVersion) {
    for (const { node, name } of matcher.undefinedNames()) {
      const suggestion = closest(name, symbolNames(symbols, defined));
      const details = { symbol: name, version: nodes[node].name, ...(suggestion === undefined ? {} : { suggestion }) };
      report(error("undefined-version", nodes[node].place, details));
    }
  }
  return definitions;
}

/** No pattern mentions a symbol. */
function isUnused({ globals, locals }: VersionNode): boolean {
  return globals.length === 0 && locals.length === 0;
}

/**
 * A common symbol in the place of a library's counts as the library's still, so no script says anything of it (bfd/elflink.c,
 * _bfd_elf_link_assign_sym_version: "We only need version numbers for symbols defined in regular objects").
 */
function isCommonBehind({ flags, section }: SymbolTable, id: SymbolId): boolean {
  return (flags[id] & FLAG_SHARED_COMMON) !== 0 && section[id] === SECTION_CHUNK;
}

/** The version, be it an empty one, came with the definition. */
function hasOwnVersion(symbols: SymbolTable, id: SymbolId): boolean {
  return (symbols.flags[id] & (FLAG_SYMVER | FLAG_VERSIONED)) !== 0;
}

function* symbolNames({ names }: SymbolTable, ids: readonly SymbolId[]): IterableIterator<string> {
  for (const id of ids) yield nameText(names, id);
}

function declare(
  symbols: SymbolTable,
  id: SymbolId,
  node: number,
  matcher: VersionMatcher,
  demangle: (name: string) => string,
): void {
  const { names } = symbols;
  matcher.declareExplicit(node, names.pool, names.start[id], plainEnd(symbols, id), () =>
    demangledName(symbols, id, demangle),
  );
}

function assignVersion(
  symbols: SymbolTable,
  id: SymbolId,
  nodes: readonly VersionNode[],
  matcher: VersionMatcher,
  mode: OutputMode,
  options: LinkOptions,
  demangle: (name: string) => string,
): void {
  const { names } = symbols;
  const start = names.start[id];
  const end = plainEnd(symbols, id);
  const demangled = (): string => demangledName(symbols, id, demangle);
  if (hasOwnVersion(symbols, id)) {
    const node = symbols.version[id] === 0 ? -1 : matcher.nodeNamed(symbols.versionNames[symbols.version[id]]);
    if (node < 0 || options.exportDynamic || !isExported(symbols, id, mode, options)) return;
    const match = matcher.findIn(node, names.pool, start, end, demangled);
    if (match !== NO_VERSION && versionIsLocal(match)) symbols.flags[id] |= FLAG_FORCED_LOCAL;
    return;
  }
  // Also of what has its version already: for --no-undefined-version the script names something that is defined.
  const match = matcher.find(names.pool, start, end, demangled);
  // Given while the inputs were read: see inputs/shared/versioned-names.ts.
  if (symbols.version[id] !== 0 || match === NO_VERSION) return;
  if (versionIsLocal(match)) symbols.flags[id] |= FLAG_FORCED_LOCAL;
  else {
    const { name } = nodes[versionNode(match)];
    if (name !== "") symbols.version[id] = versionId(symbols, name);
  }
}

/**
 * Each version is itself an exported absolute symbol of that version (bfd/elflink.c, "a symbol representing this version").
 * It takes the place of weak definitions. Error: `version-name-taken`.
 */
function defineVersionSymbol(
  symbols: SymbolTable,
  name: string,
  nodes: readonly VersionNode[],
  options: LinkOptions,
  report: Report,
): void {
  const id = symbolNamed(symbols, name);
  const kind = symbols.kind[id];
  const size = isDefinedHere(symbols, id) || isShared(symbols, id) ? symbols.size[id] : 0;
  const isWeak = kind === KIND_DEFINED_WEAK || kind === KIND_SHARED_WEAK;
  const isKept = isDefinedHere(symbols, id) && !isWeak;
  if (isKept || (kind === KIND_SHARED && !isVersionSymbol(symbols, id, name))) {
    const isLinkers = symbols.owner[id] < 0 || (symbols.section[id] === SECTION_ABSOLUTE && isZero(symbols, id));
    if (!isLinkers && !options.allowMultipleDefinition) {
      report(error("version-name-taken", nodes.find((it) => it.name === name)?.place ?? {}, { symbol: name }));
    }
  }
  if (isKept) symbols.type[id] = STT_OBJECT;
  else {
    defineSymbol(symbols, id, SECTION_ABSOLUTE, 0, STT_OBJECT);
    symbols.size[id] = size;
  }
  symbols.version[id] = versionId(symbols, name);
  symbols.flags[id] = (symbols.flags[id] | FLAG_EXPORT) & ~FLAG_FORCED_LOCAL;
}

/** A library's own symbol for its version. */
function isVersionSymbol(symbols: SymbolTable, id: SymbolId, name: string): boolean {
  return symbols.versionNames[symbols.version[id]] === name && symbols.type[id] === STT_OBJECT;
}

function isZero(symbols: SymbolTable, id: SymbolId): boolean {
  return symbols.valueLow[id] === 0 && symbols.valueHigh[id] === 0;
}

/** --default-symver: what has no version is in one named after the library. */
function applyDefaultSymver(
  symbols: SymbolTable,
  defined: readonly SymbolId[],
  definitions: VersionDefinition[],
  options: LinkOptions,
): void {
  const name = options.soname ?? options.outputName.slice(options.outputName.lastIndexOf("/") + 1);
  const version = versionId(symbols, name);
  for (const id of defined) {
    if (symbols.version[id] !== 0 || hasOwnVersion(symbols, id) || (symbols.flags[id] & FLAG_FORCED_LOCAL) !== 0)
      continue;
    symbols.version[id] = version;
  }
  // GNU ld numbers it before the script's.
  if (!definitions.some((it) => it.name === name)) definitions.unshift({ name, parents: [], weak: false });
}

/** --dynamic-list and --export-dynamic-symbol; of references that nothing meets too. */
function markExports(symbols: SymbolTable, options: LinkOptions, demangle: (name: string) => string): void {
  const patterns = [...options.exportDynamicSymbols, ...(options.dynamicList ?? [])];
  if (patterns.length === 0) return;
  const matcher = compilePatterns(patterns);
  const { names } = symbols;
  for (let id = 0; id < names.count; id++) {
    if (!isDefinedHere(symbols, id) && !isUndefined(symbols, id)) continue;
    if (isListedBy(matcher, symbols, id, demangle)) symbols.flags[id] |= FLAG_EXPORT;
  }
}
