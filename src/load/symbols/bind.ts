// Binds the references of an object: for each relocation that names a symbol, which definition it gets (glibc
// elf/dl-reloc.c, RESOLVE_MAP). What comes out are columns of integers; words and addresses are made from them later, by
// whoever wants to see or write them.

import {
  DT_JMPREL,
  DT_PLTGOT,
  DT_PPC64_OPT,
  DT_SYMTAB,
  error,
  STB_LOCAL,
  STB_WEAK,
  STV_HIDDEN,
  STV_INTERNAL,
  STV_PROTECTED,
} from "../../elf/index.ts";
import { textBetween } from "../../elf/text.ts";
import { needsIndirectAccess, symbolicOf } from "../file/dynamic-file.ts";
import {
  symbolBinding,
  symbolName,
  symbolOther,
  symbolSection,
  symbolValue,
  symbolVisibility,
} from "../file/dynamic-symbols.ts";
import { entryType } from "../file/relocation-entry.ts";
import { versionIndex } from "../file/version-table.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INSTRUCTION_TP,
  DO_JUMP,
  DO_MODULE,
  DO_MODULE_OR_STATIC,
  DO_REFUSE,
  DO_SIZE,
  DO_SIZE32,
  DO_TP_OFFSET,
  DO_TP_OFFSET_NEGATED,
  KIND_COUNT,
} from "../machines/index.ts";
import {
  type Bindings,
  BOUND_FROM_CACHE,
  BOUND_LOCALLY,
  BOUND_TO_NOTHING,
  canReadNull,
  type EndPlace,
  endBySignal,
  endProcess,
  fatal,
  isEndedBySignal,
  isIndirect,
  type LoadedObject,
  type LoadedProcess,
  NOT_BOUND,
  NOT_YET_BOUND,
  SIGBUS_STATUS,
  SIGFPE_STATUS,
  SIGSEGV_STATUS,
  warn,
} from "../objects/objects.ts";
import { behaves } from "../settings/profiles.ts";
import { usesFixedTls } from "../tls/fixed-tls.ts";
import { allocateStaticTls } from "../tls/tls.ts";
import { checkCopy } from "./copy.ts";
import { firstBehindFile } from "./cut-file.ts";
import { lookUp, nameQuery, type Query } from "./lookup.ts";
import { withoutLfs64 } from "./musl-lfs64.ts";
import { refusedByMusl, relocationKinds } from "./relocation-kinds.ts";

/** CLASS_* of each relocation type for this loader. */
export function typeClasses({ record, options }: LoadedProcess): Uint8Array {
  const { classes, oldClasses } = record.relocations;
  return behaves(options.profile, "protectedDataCopied") ? oldClasses : classes;
}

/**
 * Binds all references of an object.
 * @param query made for this process; its answer fields are used up
 * @param lazy leave DT_JMPREL's jump slots for the first call
 */
export function bindObject(task: LoadedProcess, object: LoadedObject, query: Query, lazy: boolean): Bindings {
  const { file } = object;
  const relocations = symbolicOf(file);
  const { count, symbol, type, firstPlt } = relocations;
  const bindings = { provider: new Int32Array(count), symbol: new Int32Array(count), rule: new Uint8Array(count) };
  object.bindings = bindings;
  checkTables(task, object, lazy);
  const classes = typeClasses(task);
  const { jumpSlot, word } = task.record.facts.dynamic;
  const kinds = relocationKinds(task.options.profile.library, task.machine);
  // glibc remembers the last result of each object by symbol and class.
  let last = 0;
  let lastClass = -1;
  let lastRow = 0;
  let lastIndirect = false;
  const fromGot = task.record.wordsFromGot === true;
  const gotRows = fromGot ? rowsOfSymbols(symbol, type, word) : new Map<number, number>();
  const isMusl = task.options.profile.library === "musl";
  // musl begins with DT_JMPREL (ldso/dynlink.c, reloc_all), and looks up every reference.
  const begin = isMusl ? firstPlt : 0;
  for (let step = begin; step < begin + count; step++) {
    const row = step < count ? step : step - count;
    const index = symbol[row];
    const typeClass = classes[type[row]];
    if (lazy && row >= firstPlt && type[row] === jumpSlot) {
      bindings.provider[row] = -1;
      bindings.rule[row] = NOT_YET_BOUND;
    } else if (bindsLocally(task, object, index)) {
      bindings.provider[row] = object.id;
      bindings.symbol[row] = index;
      bindings.rule[row] = BOUND_LOCALLY;
    } else if (fromGot && type[row] === word && gotRows.has(index)) {
      const slot = gotRows.get(index) ?? 0;
      bindings.provider[row] = bindings.provider[slot];
      bindings.symbol[row] = bindings.symbol[slot];
      bindings.rule[row] = bindings.rule[slot] === BOUND_LOCALLY ? BOUND_LOCALLY : BOUND_FROM_CACHE;
    } else if (index === last && typeClass === lastClass && !isMusl) {
      bindings.provider[row] = bindings.provider[lastRow];
      bindings.symbol[row] = bindings.symbol[lastRow];
      bindings.rule[row] = BOUND_FROM_CACHE;
      if (lastIndirect) checkRelocated(task, object, task.objects[bindings.provider[row]], row, index);
    } else {
      lastIndirect = bindRow(task, object, query, bindings, row, index, typeClass);
      last = index;
      lastClass = typeClass;
      lastRow = row;
    }
    if (UNUSUAL_KINDS[kinds[type[row]]] === 1) checkUnusual(task, object, bindings, row, kinds[type[row]]);
  }
  if (lazy) checkLazyTypes(task, object);
  if (isMusl) refusePlainTypes(task, object);
  return bindings;
}

/** The row of each symbol's word in the GOT, which come before all others. */
function rowsOfSymbols(symbol: Uint32Array, type: Uint16Array, word: number): Map<number, number> {
  const rows = new Map<number, number>();
  for (let row = 0; row < symbol.length && type[row] !== word; row++)
    if (!rows.has(symbol[row])) rows.set(symbol[row], row);
  return rows;
}

/**
 * glibc takes it for granted that there is a DT_SYMTAB in what is relocated (elf_dynamic_do_Rela), and a DT_PLTGOT where there is
 * a DT_JMPREL (elf_machine_runtime_setup). A static program is relocated by nobody but itself. A null pointer that can be read does no
 * harm as long as no symbol is asked for.
 */
function checkTables(task: LoadedProcess, object: LoadedObject, lazy: boolean): void {
  const { values } = object.file;
  const needsGot = lazy || task.record.got.always;
  const mayLackSymbols = symbolicOf(object.file).count === 0 && canReadNull(task);
  const isMissing =
    (!values.has(DT_SYMTAB) && !mayLackSymbols) || (needsGot && values.has(DT_JMPREL) && !values.has(DT_PLTGOT));
  const hasLoader = task.objects.some(({ kind }) => kind === "loader");
  if (isMissing && hasLoader && task.options.profile.library === "glibc")
    endProcess(task, SIGSEGV_STATUS, relocating(object, -1));
  const touched = object.kind === "library" ? firstBehindFile(object, gotWords(task, object, lazy)) : undefined;
  if (touched !== undefined) endBySignal(task, SIGBUS_STATUS, relocating(object, touched));
}

/** The words of its GOT that the loader sets before it relocates, in the file's own terms. */
function gotWords(task: LoadedProcess, { file: { values } }: LoadedObject, lazy: boolean): readonly number[] {
  const { got, facts } = task.record;
  const start = values.get(DT_PLTGOT);
  if (start === undefined || !values.has(DT_JMPREL) || !(lazy || got.always)) return [];
  return got.words.map(({ index }) => start + index * facts.wordBytes);
}

/** Of DT_JMPREL lazy binding knows few types (elf_machine_lazy_rel). */
function checkLazyTypes(task: LoadedProcess, object: LoadedObject): void {
  const { notLazy, firstPlt } = symbolicOf(object.file);
  if (notLazy !== 0) refuseType(task, object, firstPlt - 1, notLazy, "PLT reloc");
}

/**
 * Binds an object as ld.so binds itself at its start, when there is nobody to ask: to the values in its own symbol table, 0
 * where it defines nothing (elf/rtld.c, RESOLVE_MAP under RTLD_BOOTSTRAP).
 */
export function bindToItself(object: LoadedObject): void {
  const { count, symbol } = symbolicOf(object.file);
  object.bindings = {
    provider: new Int32Array(count).fill(object.id),
    symbol: Int32Array.from(symbol),
    rule: new Uint8Array(count).fill(BOUND_LOCALLY),
  };
}

/** Symbol 0, local and hidden symbols are the object's own without a look-up. musl looks hidden ones up. */
function bindsLocally(task: LoadedProcess, object: LoadedObject, index: number): boolean {
  if (index === 0) return true;
  const { bytes, start, entry, infoAt, otherAt } = object.file.symbols;
  const at = start + index * entry;
  if (bytes[at + infoAt] >>> 4 === STB_LOCAL) return true;
  const visibility = bytes[at + otherAt] & 3;
  if (visibility !== STV_HIDDEN && visibility !== STV_INTERNAL) return false;
  return task.options.profile.library === "glibc";
}

/** Kinds of relocations that may fail although the symbol is found. */
const UNUSUAL: readonly number[] = [
  DO_REFUSE,
  DO_SIZE,
  DO_SIZE32,
  DO_COPY,
  DO_TP_OFFSET,
  DO_TP_OFFSET_NEGATED,
  DO_DESCRIPTOR,
  DO_JUMP,
  DO_MODULE,
  DO_MODULE_OR_STATIC,
  DO_INSTRUCTION_TP,
];
const UNUSUAL_KINDS: Uint8Array = Uint8Array.from({ length: KIND_COUNT }, (_, kind) =>
  UNUSUAL.includes(kind) ? 1 : 0,
);

function checkUnusual(task: LoadedProcess, object: LoadedObject, bindings: Bindings, row: number, kind: number): void {
  if (kind === DO_REFUSE) refuseType(task, object, row, symbolicOf(object.file).at[row], "reloc");
  else if (kind === DO_SIZE || kind === DO_SIZE32) needSize(task, object, bindings, row);
  else if (kind === DO_JUMP) checkLocalEntry(task, object, bindings, row);
  else if (isForNothing(task, bindings, row)) endBySignal(task, SIGSEGV_STATUS, relocating(object, row));
  else if (kind === DO_COPY) checkCopy(task, object, bindings, row, symbolicOf(object.file).symbol[row]);
  else if (kind !== DO_MODULE_OR_STATIC && kind !== DO_MODULE)
    needStaticTls(task, object, bindings.provider[row], row, kind === DO_DESCRIPTOR);
  else if (kind === DO_MODULE_OR_STATIC && usesFixedTls(object))
    needStaticTls(task, object, bindings.provider[row], row, true);
}

/**
 * A weak symbol that nobody defines. musl looks into the object that defines a thread-local and copies from it without asking whether there
 * is one (ldso/dynlink.c, do_relocs).
 */
function isForNothing(task: LoadedProcess, { provider, rule }: Bindings, row: number): boolean {
  return task.options.profile.library === "musl" && provider[row] < 0 && rule[row] === BOUND_TO_NOTHING;
}

/** Of a module that counts on functions elsewhere that keep r2 (PPC64_OPT_LOCALENTRY). */
const PPC64_OPT_LOCALENTRY = 4;
/** STO_PPC64_LOCAL_MASK */
const LOCAL_ENTRY_BITS = 0xe0;

/** sysdeps/powerpc/powerpc64/dl-machine.h, ppc64_local_entry_offset: the stubs of such calls do not save r2. */
function checkLocalEntry(task: LoadedProcess, object: LoadedObject, bindings: Bindings, row: number): void {
  if (((object.file.values.get(DT_PPC64_OPT) ?? 0) & PPC64_OPT_LOCALENTRY) === 0) return;
  const provider: LoadedObject | undefined = task.objects[bindings.provider[row]];
  if (provider === undefined || provider === object) return;
  const index = symbolicOf(object.file).symbol[row];
  const { symbols } = object.file;
  const isGlobalFunction = symbols.bytes[symbols.start + index * symbols.entry + symbols.infoAt] === GLOBAL_FUNCTION;
  if (!isGlobalFunction || (symbolOther(symbols, index) & LOCAL_ENTRY_BITS) !== 0) return;
  if ((symbolOther(provider.file.symbols, bindings.symbol[row]) & LOCAL_ENTRY_BITS) === 0) return;
  const who = object.kind === "program" ? "" : `${object.name}: `;
  const name = symbolName(symbols, index);
  const text = `error while loading shared libraries: ${who}expected localentry:0 \`${name}'`;
  fatal(task, text, 127, relocating(object, row));
}

/** st_info of STB_GLOBAL and STT_FUNC. */
const GLOBAL_FUNCTION = 0x12;

/** Looks one reference up and notes the answer in its row. True if it is an indirect function. */
export function bindRow(
  task: LoadedProcess,
  object: LoadedObject,
  query: Query,
  bindings: Bindings,
  row: number,
  index: number,
  typeClass: number,
): boolean {
  askFor(query, object, index, typeClass);
  const weak = symbolBinding(object.file.symbols, index) === STB_WEAK;
  lookUp(query, object.scope, 0, weak);
  if (query.rule === NOT_BOUND && behaves(task.options.profile, "muslLfs64")) lookUpWithoutLfs64(task, query);
  bindings.rule[row] = query.rule;
  let indirect = false;
  if (query.provider === undefined) bindings.provider[row] = -1;
  else {
    bindings.provider[row] = query.provider.id;
    bindings.symbol[row] = query.found;
    noteDependency(task, object, query.provider);
    if (object.kind === "program") checkAllProtected(task, object, query, row, index, typeClass);
    indirect = isIndirect(query.provider, query.found);
    if (indirect) checkRelocated(task, object, query.provider, row, index);
  }
  if (query.rule === NOT_BOUND) notFound(task, object, row, query);
  return indirect;
}

/** Makes the query ask for what symbol `index` of an object refers to, version included. */
export function askFor(query: Query, object: LoadedObject, index: number, typeClass: number): void {
  const { file } = object;
  const { nameEnd, hash } = symbolicOf(file);
  const { symbols, versions } = file;
  const at = symbols.start + index * symbols.entry;
  const name = symbols.stringStart + symbols.view.getUint32(at, symbols.littleEndian);
  query.from = object;
  query.symbol = index;
  query.bytes = symbols.bytes;
  query.view = symbols.view;
  query.end = nameEnd[index];
  // Offsets outside of the names make an empty one.
  query.start = Math.min(name, query.end);
  query.gnuHash = hash[index];
  query.sysvHash = -1;
  query.classes = typeClass;
  if (versions.symbolsAt < 0) query.versionHash = 0;
  else {
    const version = versionIndex(versions, symbols.bytes, index);
    query.versionHash = versions.hash[version];
    query.versionName = versions.name[version];
    query.versionHidden = versions.hidden[version] === 1;
    query.versionLibrary = versions.library[version];
  }
}

function lookUpWithoutLfs64(task: LoadedProcess, query: Query): void {
  const plain = query.from === undefined ? undefined : withoutLfs64(symbolName(query.from.file.symbols, query.symbol));
  const libc = task.objects.find(({ kind }) => kind === "loader");
  if (plain === undefined || libc === undefined) return;
  nameQuery(query, plain);
  lookUp(query, [[libc]], 0, false);
}

/**
 * An object bound to one that it does not need keeps that one loaded, and destructors run in that order too (glibc,
 * `add_dependency`). What the program was started with never goes.
 */
function noteDependency(task: LoadedProcess, object: LoadedObject, provider: LoadedObject): void {
  if (provider === object || provider.kind !== "library" || task.globalAtStart.has(provider)) return;
  if (!object.initfini.includes(provider)) object.bound.add(provider);
}

/**
 * An indirect function chooses while relocations are applied, so the object that has it should be done by then. In the
 * program it never is. Only x86's loaders look.
 */
function checkRelocated(
  task: LoadedProcess,
  object: LoadedObject,
  provider: LoadedObject,
  row: number,
  index: number,
): void {
  const isDone = provider === object || provider.kind === "loader" || provider.bindings !== undefined;
  if (isDone || task.record.checksResolvers !== true || task.options.profile.library === "musl") return;
  const name = symbolName(object.file.symbols, index);
  if (provider.kind !== "program") {
    warn(task, `${task.programName}: Relink \`${object.name}' with \`${provider.name}' for IFUNC symbol \`${name}'`);
    return;
  }
  const where = `referenced in '${object.name}' is defined in the executable`;
  fatal(
    task,
    `IFUNC symbol '${name}' ${where} and creates an unsatisfiable circular dependency.`,
    127,
    relocating(object, row),
  );
}

/** ld.so checks each definition that it comes upon, and takes the last of them. */
function checkAllProtected(
  task: LoadedProcess,
  program: LoadedObject,
  query: Query,
  row: number,
  index: number,
  typeClass: number,
): void {
  const { provider, found, passedProtected } = query;
  for (const library of passedProtected) checkProtected(task, program, library, row, index, typeClass);
  if (provider === undefined || passedProtected.includes(provider)) return;
  if (symbolVisibility(provider.file.symbols, found) !== STV_PROTECTED) return;
  checkProtected(task, program, provider, row, index, typeClass);
}

/**
 * The program has a copy of a protected variable, which the library does not use, or takes its own PLT entry for the address
 * of a protected function (sysdeps/generic/dl-protected.h).
 */
function checkProtected(
  task: LoadedProcess,
  program: LoadedObject,
  library: LoadedObject,
  row: number,
  index: number,
  typeClass: number,
): void {
  if (library === program || !behaves(task.options.profile, "protectedChecked")) return;
  const { symbols } = program.file;
  const isCopy = typeClass === CLASS_COPY;
  const isOwnAddress =
    typeClass === CLASS_PLT && symbolValue(symbols, index) !== 0 && symbolSection(symbols, index) === 0;
  if (!isCopy && !isOwnAddress) return;
  const name = symbolName(symbols, index);
  const where = `\`${name}' in \`${library.name}'`;
  const text = isCopy
    ? `warning: copy relocation against non-copyable protected symbol ${where}`
    : `warning: direct reference to protected function ${where} may break pointer equality`;
  warn(task, text);
  if (needsIndirectAccess(library.file)) {
    const text = `${name}: ${library.name}: error due to GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS`;
    fatal(task, text, 127, { ...relocating(program, row), unbound: true });
  }
}

/** glibc reads the size of a weak symbol that nothing defines from address 0 (sysdeps/x86_64/dl-machine.h, elf_machine_rela). */
function needSize(task: LoadedProcess, object: LoadedObject, bindings: Bindings, row: number): void {
  if (bindings.provider[row] < 0) endProcess(task, SIGSEGV_STATUS, relocating(object, row));
}

/** An offset from the thread pointer: an object of dlopen then has to fit into what static TLS has left. */
function needStaticTls(task: LoadedProcess, object: LoadedObject, id: number, row: number, optional: boolean): void {
  const provider: LoadedObject | undefined = task.objects[id];
  if (provider === undefined) return;
  if (provider.file.tls === undefined) {
    // glibc divides by the alignment of a block that is not there (elf/dl-reloc.c, _dl_try_allocate_static_tls).
    if (task.options.profile.library === "glibc") endProcess(task, SIGFPE_STATUS, relocating(object, row));
    return;
  }
  if (allocateStaticTls(task, provider, optional) || optional) return;
  task.problems.push(error("static-tls-exhausted", { file: provider.name }, { left: task.tlsSurplus }));
}

/** glibc elf/dl-reloc.c, _dl_reloc_bad_type. */
function refuseType(task: LoadedProcess, object: LoadedObject, row: number, at: number, what: string): void {
  const { elf } = object.file;
  if (task.options.profile.library === "musl") {
    // What is missed has been said.
    if (object.bindings?.rule[row] !== NOT_BOUND) refuseForMusl(task, object, entryType(elf, at));
    return;
  }
  const type = entryType(elf, at);
  const digits = type.toString(16).padStart(type > 255 ? 8 : 2, "0");
  const who = object.kind === "program" ? "" : `${object.name}: `;
  const text = `error while loading shared libraries: ${who}unexpected ${what} type 0x${digits}`;
  fatal(task, text, 127, relocating(object, row));
}

/** Relocations without a symbol are in no row. musl names every one that it refuses, and ends when all is relocated. */
function refusePlainTypes(task: LoadedProcess, object: LoadedObject): void {
  for (const type of refusedByMusl(object.file, task.machine, false)) refuseForMusl(task, object, type);
}

function refuseForMusl(task: LoadedProcess, object: LoadedObject, type: number): void {
  if (isEndedBySignal(task)) return;
  const text = `Error relocating ${object.name}: unsupported relocation type ${type}`;
  task.messages.push({ text, fatal: true });
  endProcess(task, 127, { step: "relocation" });
}

function relocating(object: LoadedObject, row: number): EndPlace {
  return { step: "relocation", object, row };
}

function notFound(task: LoadedProcess, object: LoadedObject, row: number, query: Query): void {
  const { asserted } = query;
  if (asserted !== undefined) {
    query.asserted = undefined;
    const where = "dl-lookup.c: 107: check_match";
    const assertion = "version->filename == NULL || ! _dl_name_match_p (version->filename, map)";
    if (task.exitCode !== undefined) return;
    const text = `Inconsistency detected by ld.so: ${where}: Assertion \`${assertion}' failed!`;
    task.messages.push({ text, fatal: true });
    endProcess(task, 127, { ...relocating(object, row), asserted });
    return;
  }
  const name = textBetween(query.bytes, query.start, query.end);
  const version = query.versionHash === 0 ? "" : query.versionName;
  task.undefinedSymbols.push({ object, relocation: row, name, version });
  const asked = version === "" ? "" : `, version ${version}`;
  if (task.options.profile.library === "musl") {
    if (isEndedBySignal(task)) return;
    task.messages.push({ text: `Error relocating ${object.name}: ${name}: symbol not found`, fatal: true });
    endProcess(task, 127, { step: "relocation" });
  } else if (task.exitCode === undefined) {
    const text = `symbol lookup error: ${object.name}: undefined symbol: ${name}${asked}`;
    fatal(task, text, 127, relocating(object, row));
  }
}
