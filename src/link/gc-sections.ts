// --gc-sections: removes the sections that nothing needs. Runs before anything is placed; sections that go get
// STATE_COLLECTED, their symbols FLAG_COLLECTED, and later passes leave both out. GNU ld's rules (bfd/elflink.c,
// bfd_elf_gc_sections); what stays without being referred to:
//
//   the sections of the entry, of -u and --require-defined, of -init and -fini
//   KEEP of the default script: .init, .fini, .ctors, .dtors, .init_array and its kin, .jcr, .eh_frame
//   notes, and what has SHF_GNU_RETAIN: __attribute__((retain))
//   what other modules see: definitions that a shared library refers to; in a shared library, and with -E, a dynamic list
//   or --gc-keep-exported in a program, those that are exported
//
// Everything that these refer to stays too (gc-walk.ts). A reference to `__start_X` or `__stop_X` keeps every section X,
// unless -z start-stop-gc says that X has to be needed by itself. Debug information follows (gc-debug.ts).

import { demangle } from "../demangle/index.ts";
import {
  ELFOSABI_FREEBSD,
  ELFOSABI_GNU,
  SHF_EXCLUDE,
  SHF_GNU_RETAIN,
  SHT_NOTE,
  STV_HIDDEN,
  STV_INTERNAL,
} from "../elf/constants.ts";
import { error, note, type Report } from "../elf/problem.ts";
import { isContents } from "./assign-sections.ts";
import type { EhFrames } from "./eh-frame.ts";
import { keepUnloaded } from "./gc-debug.ts";
import {
  COMMON_LARGE,
  COMMON_PLAIN,
  COMMON_TLS,
  commonClass,
  createWalk,
  follow,
  keepSection,
  keepSymbol,
  linkedTo,
  type Walk,
} from "./gc-walk.ts";
import type { SectionId, SymbolId } from "./ids.ts";
import type { Loader } from "./loader.ts";
import type { OutputMode } from "./mode.ts";
import { findText } from "./names.ts";
import { type ObjectFile, sectionName } from "./object-file.ts";
import { symbolsIn } from "./script/evaluate.ts";
import type { Assignment, VersionNode } from "./script/types.ts";
import { STATE_COLLECTED, STATE_DISCARDED, STATE_IN_GROUP, STATE_LIVE } from "./section-table.ts";
import {
  FLAG_COLLECTED,
  FLAG_DEF_DYNAMIC,
  FLAG_REF_DYNAMIC,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_REQUIRED,
  isDefinedHere,
  isShared,
  isUndefined,
  KIND_COMMON,
  type SymbolTable,
} from "./symbol-table.ts";
import { exportRules } from "./version-symbols.ts";

/** What a walk found out, for `dropDeadReferences`. By symbol: something in the output refers to it. */
export type Referenced = Uint8Array;

/**
 * Decides which sections stay.
 * @param nodes of the version script: what it makes local is not seen from outside
 * Notes with --print-gc-sections: `gc-removed`. Error: `gc-needs-linked-section`.
 */
export function collectGarbage(
  loader: Loader,
  frames: EhFrames,
  nodes: readonly VersionNode[],
  mode: OutputMode,
  report: Report,
): Referenced {
  const { objects, sections, symbols, options } = loader;
  const walk = createWalk(objects, sections, symbols, frames);
  findStartStop(walk, options.z.startStopGc, report);
  findAssigned(walk, [
    ...options.defsym,
    ...loader.scriptCommands.flatMap((it) => (it.kind === "assignment" ? [it.assignment] : [])),
  ]);
  keepNamed(walk, loader);
  if (mode.dynamic || options.gcKeepExported) keepExported(walk, loader, nodes, mode);
  for (const object of objects) keepMarked(walk, object);
  follow(walk);
  for (const object of objects) keepUnloaded(walk, object);
  const commons = sweepSymbols(walk);
  for (const object of objects) sweep(walk, object, commons, options.printGcSections, report);
  return walk.referenced;
}

/**
 * Forgets references that only removed sections make: what is undefined or in a shared library is then neither looked for
 * nor imported. After the linker's own symbols are defined, for which GNU ld counts every reference.
 */
export function dropDeadReferences(symbols: SymbolTable, referenced: Referenced): void {
  for (let id = 0; id < referenced.length; id++) {
    if (referenced[id] !== 0 || isDefinedHere(symbols, id)) continue;
    symbols.flags[id] &= ~(FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What stays anyway
// ---------------------------------------------------------------------------------------------------------------------

function keepNamed(walk: Walk, loader: Loader): void {
  const { symbols, options } = loader;
  for (const name of [options.entry ?? "_start", options.init, options.fini]) {
    const id = findText(symbols.names, name);
    if (id >= 0) keepSymbol(walk, id);
  }
  for (let id = 0; id < walk.referenced.length; id++) {
    if ((symbols.flags[id] & FLAG_REQUIRED) !== 0) keepSymbol(walk, id);
  }
}

/** As bfd/elflink.c, bfd_elf_gc_mark_dynamic_ref_symbol. */
function keepExported(walk: Walk, loader: Loader, nodes: readonly VersionNode[], mode: OutputMode): void {
  const { symbols, objects, options } = loader;
  const rules = exportRules(symbols, nodes, options, demangle);
  const all = mode.shared || options.gcKeepExported || options.exportDynamic;
  const isExported = (id: SymbolId): boolean => {
    const visibility = symbols.visibility[id];
    if (visibility === STV_HIDDEN || visibility === STV_INTERNAL) return false;
    if (symbols.section[id] >= 0 && objects[symbols.owner[id]].excluded) return false;
    if (!all && !rules.isListed(id)) return false;
    return symbols.version[id] !== 0 || !rules.isLocal(id);
  };
  for (let id = 0; id < walk.referenced.length; id++) {
    const fromShared = (symbols.flags[id] & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0;
    if (isDefinedHere(symbols, id) ? fromShared || isExported(id) : fromShared && walk.standsFor.has(id)) {
      keepSymbol(walk, id);
    }
  }
}

function keepMarked(walk: Walk, object: ObjectFile): void {
  const { sections, objects } = walk;
  const { flags, type, state } = sections;
  const osabi = object.bytes[7];
  const retain = osabi === ELFOSABI_GNU || osabi === ELFOSABI_FREEBSD ? SHF_GNU_RETAIN : 0;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if ((flags[section] & SHF_EXCLUDE) !== 0 || !isContents(object, sections, section)) continue;
    const isRoot =
      isKept(object.bytes, sections.name[section]) ||
      (flags[section] & retain) !== 0 ||
      (type[section] === SHT_NOTE &&
        (state[section] & STATE_IN_GROUP) === 0 &&
        linkedTo(objects, sections, section) < 0);
    if (isRoot) keepSection(walk, section);
  }
}

const encoder = new TextEncoder();

/** KEEP in the default script; with `dotted`, `name.*` as well. By their second letter, which few other names have. */
const KEPT = new Map<number, { readonly name: Uint8Array; readonly dotted: boolean }[]>();
for (const [name, dotted] of [
  [".init", false],
  [".fini", false],
  [".eh_frame", false],
  [".preinit_array", false],
  [".init_array", true],
  [".fini_array", true],
  [".ctors", true],
  [".dtors", true],
  [".jcr", false],
  [".gnu.attributes", false],
] as const) {
  const bytes = encoder.encode(name);
  KEPT.set(bytes[1], [...(KEPT.get(bytes[1]) ?? []), { name: bytes, dotted }]);
}

const DOT = 0x2e;

function isKept(bytes: Uint8Array, start: number): boolean {
  if (bytes[start] !== DOT) return false;
  const rules = KEPT.get(bytes[start + 1]);
  if (rules === undefined) return false;
  return rules.some(({ name, dotted }) => {
    for (let i = 2; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
    const next = bytes[start + name.length];
    return next === 0 || (dotted && next === DOT);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols that stand for more than one section
// ---------------------------------------------------------------------------------------------------------------------

/** `__start_X` and `__stop_X`, where the linker will define them: every section X. */
function findStartStop(walk: Walk, startStopGc: boolean, report: Report): void {
  const { sections, objects, symbols } = walk;
  const byName = new Map<string, SectionId[]>();
  for (let section = 0; section < sections.count; section++) {
    const object = objects[sections.object[section]];
    // Most names begin with a dot, which no identifier does; an object's section 0 has none.
    if (section === object.firstSection || object.bytes[sections.name[section]] === DOT) continue;
    if ((sections.state[section] & STATE_DISCARDED) !== 0 || !isContents(object, sections, section)) continue;
    const name = sectionName(object, sections, section);
    if (name === "__patchable_function_entries" && linkedTo(objects, sections, section) < 0)
      report(error("gc-needs-linked-section", { file: object.name, section: name }));
    if (!/^[A-Za-z0-9_]+$/.test(name)) continue;
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [section]);
    else list.push(section);
  }
  if (startStopGc) return;
  for (const [name, list] of byName) {
    for (const symbol of [`__start_${name}`, `__stop_${name}`]) {
      const id = findText(symbols.names, symbol);
      if (id >= 0 && (isUndefined(symbols, id) || isShared(symbols, id))) {
        walk.standsFor.set(id, { sections: list, symbols: [] });
      }
    }
  }
}

/** `a = b`: a reference to a is one to b. Where b is undefined it has to be known even if nothing refers to a. */
function findAssigned(walk: Walk, assignments: readonly Assignment[]): void {
  const { symbols, referenced } = walk;
  for (const { symbol, value } of assignments) {
    const id = findText(symbols.names, symbol);
    const uses = symbolsIn(value)
      .map((name) => findText(symbols.names, name))
      .filter((it) => it >= 0);
    for (const it of uses) if (!isDefinedHere(symbols, it)) referenced[it] = 1;
    if (id < 0) continue;
    const known = walk.standsFor.get(id);
    if (known === undefined) walk.standsFor.set(id, { sections: [], symbols: uses });
    else known.symbols.push(...uses);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What goes
// ---------------------------------------------------------------------------------------------------------------------

/** Marks the definitions that go with their sections. @returns by object: the common symbols that go, COMMON_* */
function sweepSymbols(walk: Walk): Uint8Array {
  const { symbols, sections, commons, objects } = walk;
  const gone = new Uint8Array(objects.length);
  for (let id = 0; id < symbols.names.count; id++) {
    if (!isDefinedHere(symbols, id)) continue;
    if (symbols.kind[id] === KIND_COMMON) {
      const owner = symbols.owner[id];
      const where = commonClass(symbols, id);
      if ((commons[owner] & where) !== 0) continue;
      if (symbols.size[id] > 0) gone[owner] |= where;
    } else if (symbols.section[id] < 0 || (sections.state[symbols.section[id]] & STATE_LIVE) !== 0) continue;
    symbols.flags[id] |= FLAG_COLLECTED;
  }
  return gone;
}

const COMMON_NAMES = [
  [COMMON_PLAIN, "COMMON"],
  [COMMON_LARGE, "LARGE_COMMON"],
  [COMMON_TLS, ".tcommon"],
] as const;

/** Marks what nothing keeps. As GNU ld, names among them the copies of section groups that lost to another file's. */
function sweep(walk: Walk, object: ObjectFile, commons: Uint8Array, print: boolean, report: Report): void {
  const { sections } = walk;
  const { state, flags, size } = sections;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if ((state[section] & STATE_LIVE) !== 0 || (flags[section] & SHF_EXCLUDE) !== 0) continue;
    if (!isContents(object, sections, section)) continue;
    state[section] |= STATE_COLLECTED;
    if (!print || size[section] === 0) continue;
    report(note("gc-removed", { file: object.name }, { section: sectionName(object, sections, section) }));
  }
  if (!print) return;
  for (const [where, section] of COMMON_NAMES) {
    if ((commons[object.id] & where) !== 0) report(note("gc-removed", { file: object.name }, { section }));
  }
}
