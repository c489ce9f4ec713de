// --gc-sections: removes the sections that nothing needs. Runs before anything is placed; sections that go get
// STATE_COLLECTED, their symbols FLAG_COLLECTED, and later passes leave both out. GNU ld's rules (bfd/elflink.c,
// bfd_elf_gc_sections); what stays without being referred to:
//
//   the sections of the entry, of -u and --require-defined, of -init and -fini
//   KEEP of the default script: .init, .fini, .ctors, .dtors, .init_array and its kin, .jcr, .eh_frame; that for -r has
//   .init, .fini, .jcr, .eh_frame only, and arrays of functions stay there by their type
//   notes, and what has SHF_GNU_RETAIN: __attribute__((retain))
//   what other modules see: definitions that a shared library refers to; in a shared library, and with -E, a dynamic list
//   or --gc-keep-exported in a program, those that are exported
//
// Everything that these refer to stays too (gc-walk.ts). A reference to `__start_X` or `__stop_X` keeps every section X,
// unless -z start-stop-gc says that X has to be needed by itself (then a second reference still keeps the first X). Debug information follows (gc-debug.ts).

import { demangle } from "../../demangle/index.ts";
import {
  ELFOSABI_FREEBSD,
  ELFOSABI_GNU,
  SHF_EXCLUDE,
  SHF_GNU_RETAIN,
  SHT_FINI_ARRAY,
  SHT_INIT_ARRAY,
  SHT_NOTE,
  SHT_PREINIT_ARRAY,
  SHT_RELA,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { error, note, type Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import { boundaryOf, VISIBILITIES } from "../inputs/boundary-mentions.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import { exportRules } from "../script/export-rules.ts";
import type { Assignment } from "../script/statements.ts";
import { callsIn, symbolsIn } from "../script/symbols-in.ts";
import type { VersionNode } from "../script/types.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { STATE_COLLECTED, STATE_DISCARDED, STATE_IN_GROUP, STATE_LIVE } from "../tables/section-table.ts";
import {
  FLAG_COLLECTED,
  FLAG_DEF_DYNAMIC,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_REF_DYNAMIC,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_REQUIRED,
  FLAG_SYMVER,
  isDefinedHere,
  isInside,
  isInsideVisibility,
  isShared,
  isUndefined,
  isUndefinedStrong,
  KIND_COMMON,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { isContents } from "./contents.ts";
import { keepForeignDebug, keepUnloaded } from "./gc-debug.ts";
import {
  COMMON_NAMES,
  COMMON_TLS,
  commonClass,
  createWalk,
  follow,
  KEPT_AS_ASKED,
  KEPT_AS_EXPORTED,
  KEPT_BY_NAME,
  keepSection,
  keepSymbol,
  linkedTo,
  type Walk,
} from "./gc-walk.ts";
import type { EhFrames } from "./unwind/eh-frame.ts";
import { isSframe } from "./unwind/sframe.ts";

/** By symbol: something in the output refers to it. For `dropDeadReferences`. */
export type Referenced = Uint8Array;

/** What a walk found out. */
export interface Collected {
  readonly referenced: Referenced;
  /** By section: who keeps it; see `Walk`. */
  readonly keptBy: Int32Array;
  /** `__start_X` and `__stop_X` that the linker defines if an X stays. */
  readonly boundaries: readonly SymbolId[];
}

/** What a script says of what stays. */
export interface ScriptRoots {
  /** By section: 1 where KEEP matches. */
  readonly kept: Uint8Array;
  /** By object: COMMON_* of the common symbols that KEEP matches. */
  readonly keptCommons: Uint8Array;
  readonly assignments: readonly Assignment[];
}

/**
 * Decides which sections stay.
 * @param script what its KEEPs and assignments say
 * @param nodes of the version script: what it makes local is not seen from outside
 * Notes with --print-gc-sections: `gc-removed`. Error: `gc-needs-linked-section`.
 */
export function collectGarbage(
  loader: Loader,
  frames: EhFrames,
  nodes: readonly VersionNode[],
  mode: OutputMode,
  report: Report,
  script: ScriptRoots,
): Collected {
  const { objects, sections, symbols, options } = loader;
  const walk = createWalk(objects, sections, symbols, frames);
  walk.commons.set(script.keptCommons);
  const names: SectionsByName = new Map();
  const relocatable = options.output === "relocatable";
  walk.keeper = KEPT_AS_ASKED;
  for (const object of objects) survey(walk, object, names, relocatable, script.kept, report);
  findStartStop(walk, names, options.z.startStopGc);
  const boundaries = [...walk.standsFor.keys(), ...walk.atSecond.keys()];
  findAssigned(walk, [...options.defsym, ...script.assignments]);
  // Only the default script says that programs start at _start.
  walk.keeper = KEPT_BY_NAME;
  keepNamed(walk, loader);
  walk.keeper = KEPT_AS_EXPORTED;
  if (mode.dynamic || options.gcKeepExported) keepExported(walk, loader, nodes, mode);
  follow(walk);
  for (const object of objects) keepUnloaded(walk, object);
  keepForeignDebug(walk);
  // They describe functions and keep none; what is about others goes when they are merged.
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++)
      if (isSframe(object, sections, section)) sections.state[section] |= STATE_LIVE;
  }
  const commons = sweepSymbols(walk, relocatable);
  // In -r common symbols have no space that could be removed, unless -d gives them some.
  if (relocatable && options.defineCommon !== true) commons.fill(0);
  for (const object of objects) sweep(walk, object, commons, options.printGcSections, relocatable, report);
  return { referenced: walk.referenced, keptBy: walk.keptBy, boundaries };
}

/**
 * Forgets references that only removed sections make: what is undefined or in a shared library is then neither looked for
 * nor imported. What the others miss is listed in .symtab even if that is ignored (bfd/elflink.c, "PR 22319"). A boundary that
 * nothing refers to is not missed where its sections went, but by a library that refers to it (ld/ldlang.c, undef_start_stop).
 * After the linker's own symbols are defined, for which GNU ld counts every reference.
 */
export function dropDeadReferences(symbols: SymbolTable, { referenced, boundaries }: Collected): void {
  for (let id = 0; id < referenced.length; id++) {
    if (isDefinedHere(symbols, id)) continue;
    if (referenced[id] === 0) symbols.flags[id] &= ~(FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK);
    else if (isUndefinedStrong(symbols, id)) symbols.flags[id] |= FLAG_REQUIRED;
  }
  for (const id of boundaries) {
    const isMissed = referenced[id] !== 0 || (symbols.flags[id] & FLAG_REF_DYNAMIC_NONWEAK) !== 0;
    if (!isMissed && symbols.kind[id] === KIND_UNDEFINED) symbols.kind[id] = KIND_UNDEFINED_WEAK;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What stays anyway
// ---------------------------------------------------------------------------------------------------------------------

function keepNamed(walk: Walk, loader: Loader): void {
  const { symbols, options } = loader;
  // Common symbols that are to have no space yet are in no section that a name could keep (bfd/elflink.c, bfd_elf_gc_keep).
  const keepsCommons = options.output !== "relocatable" || options.defineCommon === true;
  const keep = (id: SymbolId): void => {
    // Of foo@@V foo is another name, by which nothing is kept (bfd_elf_gc_keep does not follow it).
    if ((symbols.flags[id] & (FLAG_SYMVER | FLAG_HIDDEN_VERSION)) === FLAG_SYMVER) return;
    if (keepsCommons || symbols.kind[id] !== KIND_COMMON) keepSymbol(walk, id);
  };
  const entry = entryName(loader) ?? (loader.hasScript ? "" : "_start");
  for (const name of [entry, options.init, options.fini]) {
    const id = findText(symbols.names, name);
    if (id >= 0) keep(id);
  }
  for (let id = 0; id < walk.referenced.length; id++) {
    if ((symbols.flags[id] & FLAG_REQUIRED) !== 0) keep(id);
  }
}

/** As bfd/elflink.c, bfd_elf_gc_mark_dynamic_ref_symbol. */
function keepExported(walk: Walk, loader: Loader, nodes: readonly VersionNode[], mode: OutputMode): void {
  const { symbols, options } = loader;
  const rules = exportRules(symbols, nodes, options, demangle);
  const someListed = options.exportDynamicSymbols.length > 0 || options.dynamicList !== undefined;
  const all = mode.shared || options.gcKeepExported || options.exportDynamic;
  const isExported = (id: SymbolId): boolean => {
    if (isInside(symbols, id)) return false;
    if (!all && !(someListed && rules.isListed(id))) return false;
    return symbols.version[id] !== 0 || !rules.isLocal(id);
  };
  const given = VISIBILITIES[options.z.startStopVisibility];
  // `__start_X` will be the linker's own.
  const willBeSeen = (id: SymbolId): boolean => {
    const { wanted, local } = boundaryOf(id, loader.objects, loader.shared, symbols.names, given, mode.shared);
    const isOpen = symbols.visibility[id] !== STV_DEFAULT || !isInsideVisibility(given);
    return (wanted && !local) || (isOpen && isExported(id));
  };
  for (let id = 0; id < walk.referenced.length; id++) {
    // A shared library's hidden definitions are local from the first (bfd/elflink.c, bfd_elf_link_record_dynamic_symbol).
    const isLocal =
      (symbols.flags[id] & FLAG_FORCED_LOCAL) !== 0 ||
      (mode.shared && isInside(symbols, id) && isDefinedHere(symbols, id));
    const fromShared = (symbols.flags[id] & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0 && !isLocal;
    const stays = isDefinedHere(symbols, id) ? fromShared || isExported(id) : walk.standsFor.has(id) && willBeSeen(id);
    if (stays) keepSymbol(walk, id);
  }
}

/** Sections whose names are C identifiers. */
type SectionsByName = Map<string, SectionId[]>;

/** Looks at each section once: keeps what asks to be kept by name, type or flag, and notes those called like an identifier. */
function survey(
  walk: Walk,
  object: ObjectFile,
  names: SectionsByName,
  relocatable: boolean,
  kept: Uint8Array,
  report: Report,
): void {
  const { sections, objects } = walk;
  const { name, flags, type, state } = sections;
  const { bytes } = object;
  const retain = bytes[7] === ELFOSABI_GNU || bytes[7] === ELFOSABI_FREEBSD ? SHF_GNU_RETAIN : 0;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    // Half of all sections, without a look at their names.
    if (type[section] === SHT_RELA || (state[section] & STATE_DISCARDED) !== 0) continue;
    const start = name[section];
    if (bytes[start] !== DOT) noteName(walk, object, section, names, report);
    const isRoot =
      (flags[section] & retain) !== 0 ||
      kept[section] === 1 ||
      (!relocatable && isWarning(bytes, start)) ||
      (relocatable && isFunctionArray(type[section])) ||
      (type[section] === SHT_NOTE &&
        (state[section] & STATE_IN_GROUP) === 0 &&
        linkedTo(objects, sections, section) < 0);
    if (isRoot && (flags[section] & SHF_EXCLUDE) === 0 && isContents(object, sections, section)) {
      keepSection(walk, section);
    }
  }
}

function noteName(walk: Walk, object: ObjectFile, section: SectionId, names: SectionsByName, report: Report): void {
  const { sections, objects } = walk;
  if (!isContents(object, sections, section)) return;
  const name = sectionName(object, sections, section);
  if (name === "__patchable_function_entries" && linkedTo(objects, sections, section) < 0)
    report(error("gc-needs-linked-section", { file: object.name, section: name }));
  if (!/^[A-Za-z0-9_]+$/.test(name)) return;
  const list = names.get(name);
  if (list === undefined) names.set(name, [section]);
  else list.push(section);
}

const DOT = 0x2e;

const WARNING = bytesOf(".gnu.warning.");

/** Warnings are no contents of a program, and said whatever else stays. */
function isWarning(bytes: Uint8Array, start: number): boolean {
  for (let i = 1; i < WARNING.length; i++) if (bytes[start + i] !== WARNING[i]) return false;
  return true;
}

/** bfd/elflink.c, bfd_elf_gc_sections: "We must keep all PREINIT_ARRAY, INIT_ARRAY as well as FINI_ARRAY sections for ld -r". */
function isFunctionArray(type: number): boolean {
  return type === SHT_INIT_ARRAY || type === SHT_FINI_ARRAY || type === SHT_PREINIT_ARRAY;
}

// ---------------------------------------------------------------------------------------------------------------------
// Symbols that stand for more than one section
// ---------------------------------------------------------------------------------------------------------------------

/** `__start_X` and `__stop_X`, where the linker will define them: every section X; of those that may go the first at most. */
function findStartStop(walk: Walk, names: SectionsByName, mayGo: boolean): void {
  const { symbols, standsFor, atSecond } = walk;
  for (const [name, sections] of names) {
    for (const symbol of [`__start_${name}`, `__stop_${name}`]) {
      const id = findText(symbols.names, symbol);
      if (id < 0 || !(isUndefined(symbols, id) || isShared(symbols, id))) continue;
      if (mayGo) atSecond.set(id, sections[0]);
      else standsFor.set(id, { sections, symbols: [] });
    }
  }
}

/**
 * `a = b`: a reference to a is one to b, and none to what an object has as a, if b is known before there are addresses (ld/ldlang.c,
 * lang_process: assignments are made for the first time in front of lang_gc_sections). Where b is undefined it has to be known even
 * if nothing refers to a.
 */
function findAssigned(walk: Walk, assignments: readonly Assignment[]): void {
  const { symbols, referenced } = walk;
  for (const { symbol, value, provide } of assignments) {
    const id = findText(symbols.names, symbol);
    const uses = symbolsIn(value)
      .map((name) => findText(symbols.names, name))
      .filter((it) => it >= 0);
    for (const it of uses) if (!isDefinedHere(symbols, it)) referenced[it] = 1;
    if (id < 0) continue;
    const isReplaced = !provide && !uses.includes(id) && !callsIn(value).some((it) => OF_ADDRESSES.has(it));
    if (isReplaced) walk.replaced.add(id);
    const known = isReplaced ? undefined : walk.standsFor.get(id);
    if (known === undefined) walk.standsFor.set(id, { sections: [], symbols: uses });
    else known.symbols.push(...uses);
  }
}

const OF_ADDRESSES: ReadonlySet<string> = new Set(["ADDR", "LOADADDR"]);

// ---------------------------------------------------------------------------------------------------------------------
// What goes
// ---------------------------------------------------------------------------------------------------------------------

/** Marks the definitions that go with their sections. @returns by object: the common symbols that go, COMMON_* */
function sweepSymbols(walk: Walk, relocatable: boolean): Uint8Array {
  const { symbols, sections, commons, objects } = walk;
  const gone = new Uint8Array(objects.length);
  for (let id = 0; id < symbols.names.count; id++) {
    if (!isDefinedHere(symbols, id)) continue;
    if (symbols.kind[id] === KIND_COMMON) {
      const owner = symbols.owner[id];
      const where = commonClass(symbols, id);
      // BFD counts the space for thread-local ones among what the linker has made, which always stays. With -r an object's common
      // symbols stay or go together.
      if (relocatable ? commons[owner] !== 0 : (commons[owner] & where) !== 0 || where === COMMON_TLS) continue;
      if (symbols.size[id] > 0) gone[owner] |= where;
    } else if (symbols.section[id] < 0 || (sections.state[symbols.section[id]] & STATE_LIVE) !== 0) continue;
    symbols.flags[id] |= FLAG_COLLECTED;
  }
  return gone;
}

/** Marks what nothing keeps. As GNU ld, names among them the copies of section groups that lost to another file's. */
function sweep(
  walk: Walk,
  object: ObjectFile,
  commons: Uint8Array,
  print: boolean,
  relocatable: boolean,
  report: Report,
): void {
  const { sections } = walk;
  const { state, flags, size, type } = sections;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if ((state[section] & STATE_LIVE) !== 0 || type[section] === SHT_RELA) continue;
    if (!relocatable && (flags[section] & SHF_EXCLUDE) !== 0) continue;
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
