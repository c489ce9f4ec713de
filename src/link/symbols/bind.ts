// Decides for every symbol whether references to it are settled in this link or left to the dynamic linker, and which
// symbols go into .dynsym. From here on a symbol's binding does not change ("no new symbols beyond this point").
//
//   definition             executable          shared library
//   here, default vis.     local; exported if  preemptible (imported) unless -Bsymbolic…,
//                          a library needs it  a version script's local:, or a dynamic list says otherwise
//   here, protected        local, exported     local, exported
//   here, hidden           local               local
//   in a shared library    imported            imported
//   nowhere, weak          imported or 0       imported
//   nowhere, strong        error, or 0; if      imported unless -z defs
//                          exported, imported

import { STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, STT_TLS, STV_DEFAULT, STV_PROTECTED } from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import { SECTION_ABSOLUTE, type SymbolId } from "../tables/ids.ts";
import { type OutputMode, type Replaceable, replaceable, undefinedIsError } from "../tables/mode.ts";
import { findText, nameText } from "../tables/names.ts";
import { RULE_LINKER } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  FLAG_DEF_DYNAMIC,
  FLAG_DROPPED,
  FLAG_DYNSYM,
  FLAG_EXPORT,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_NAMED_FIRST,
  FLAG_PREEMPTIBLE,
  FLAG_REF_DYNAMIC,
  FLAG_REF_REGULAR,
  FLAG_REQUIRED,
  FLAG_UNIQUE,
  isDefinedHere,
  isInside,
  isShared,
  isUndefinedStrong,
  KIND_DEFINED_WEAK,
  KIND_INDIRECT,
  KIND_NONE,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
} from "../tables/symbol-table.ts";

/** Nothing defines it: an error where it is referenced. */
export const BIND_UNDEFINED = 0;
/** Its address is fixed in this output, relative to the load base. */
export const BIND_LOCAL = 1;
/** A constant, whatever the load base. */
export const BIND_ABSOLUTE = 2;
/** The dynamic linker finds it. */
export const BIND_IMPORTED = 3;
/** Fixed here, but its value is what its resolver function returns (STT_GNU_IFUNC). */
export const BIND_IFUNC = 4;
/** Undefined and settled as 0. */
export const BIND_ZERO = 5;

/** The address is settled in this link, so code that loads it from the GOT could have it itself. */
export function mayRelaxGotLoad(binding: number): boolean {
  return binding === BIND_LOCAL || binding === BIND_ABSOLUTE || binding === BIND_ZERO;
}

/** The same value wherever the output is loaded. */
export function isConstant(binding: number): boolean {
  return binding === BIND_ABSOLUTE || binding === BIND_ZERO;
}

/**
 * Is a thread-local variable's offset from the thread pointer a constant of a program's link? What other modules see is left
 * to the dynamic linker, though none can override a program's (bfd/elfxx-x86.c, elf_x86_allocate_dynrelocs: `dynindx`).
 */
export function isSettledTls(symbols: SymbolTable, symbol: SymbolId, binding: number): boolean {
  return symbol < 0 || (binding !== BIND_IMPORTED && (symbols.flags[symbol] & FLAG_DYNSYM) === 0);
}

/** Sets FLAG_PREEMPTIBLE and FLAG_DYNSYM. @returns BIND_* by symbol */
export function bindSymbols(symbols: SymbolTable, mode: OutputMode, options: LinkOptions): Uint8Array {
  const bindings = new Uint8Array(symbols.count);
  const ignored = new Set(options.ignoredUnresolved.map((name) => findText(symbols.names, name)));
  for (let id = 0; id < symbols.count; id++) {
    const kind = symbols.kind[id];
    if (kind === KIND_NONE || kind === KIND_INDIRECT) continue;
    if ((symbols.flags[id] & FLAG_COLLECTED) !== 0) bindings[id] = BIND_ZERO;
    else if (isDefinedHere(symbols, id)) bindings[id] = bindDefinition(symbols, id, mode, options);
    else if (isShared(symbols, id)) bindings[id] = bindShared(symbols, id, mode);
    else bindings[id] = bindUndefined(symbols, id, mode, options, ignored.has(id));
  }
  return bindings;
}

function bindDefinition(symbols: SymbolTable, id: SymbolId, mode: OutputMode, options: LinkOptions): number {
  const settled = settledBinding(symbols, id, mode);
  if (!mode.dynamic) return settled;
  if (isTakenForExported(symbols, id)) symbols.flags[id] |= FLAG_FORCED_LOCAL;
  // A hidden __start_X may be in .dynsym already: see linker-symbols.ts.
  if ((symbols.flags[id] & FLAG_FORCED_LOCAL) !== 0) symbols.flags[id] &= ~FLAG_DYNSYM;
  if (!isExported(symbols, id, mode, options)) return settled;
  symbols.flags[id] |= FLAG_DYNSYM;
  if (!mode.shared || isBoundary(symbols, id)) return settled;
  // Nobody can come before it; but BFD has the dynamic linker find the function of an IFUNC by its name.
  if (!isPreemptible(symbols, id, replaceable(options).which)) return settled === BIND_IFUNC ? BIND_IMPORTED : settled;
  symbols.flags[id] |= FLAG_PREEMPTIBLE;
  return BIND_IMPORTED;
}

/**
 * What the command line named before any file did, or what an assignment defines, GNU ld would export if libraries know the name;
 * where it is hidden it becomes local in .symtab by that (bfd/elflink.c, _bfd_elf_fix_symbol_flags: "non_elf";
 * bfd_elf_record_link_assignment).
 */
function isTakenForExported(symbols: SymbolTable, id: SymbolId): boolean {
  const flags = symbols.flags[id];
  const isKnown = (flags & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0;
  return isKnown && (flags & (FLAG_NAMED_FIRST | FLAG_ASSIGNED)) !== 0 && isInside(symbols, id);
}

/** `__start_X` and `__stop_X` are of this file, as under -Bsymbolic, even with default visibility (bfd/elf-bfd.h, SYMBOLIC_BIND). */
function isBoundary(symbols: SymbolTable, id: SymbolId): boolean {
  return symbols.rule[id] === RULE_LINKER && /^__(start|stop)_/.test(nameText(symbols.names, id));
}

/**
 * A number that --defsym or a script assigns is an address of the image: code of position-independent output that finds it
 * relative to itself, or through the GOT, finds it moved with the image (as measured with GNU ld: `--defsym base=0` is the
 * load address). Only an object's own absolute symbol never moves.
 */
function settledBinding(symbols: SymbolTable, id: SymbolId, mode: OutputMode): number {
  if (symbols.type[id] === STT_GNU_IFUNC) return BIND_IFUNC;
  if (symbols.section[id] !== SECTION_ABSOLUTE) return BIND_LOCAL;
  return mode.pic && (symbols.flags[id] & FLAG_ASSIGNED) !== 0 ? BIND_LOCAL : BIND_ABSOLUTE;
}

/** Is a definition of this output one that other modules can find, unless its version script says otherwise? */
export function isExported(symbols: SymbolTable, id: SymbolId, mode: OutputMode, options: LinkOptions): boolean {
  const flags = symbols.flags[id];
  const visibility = symbols.visibility[id];
  if ((flags & FLAG_FORCED_LOCAL) !== 0) return false;
  if (!mode.shared && isUnneededVersion(flags) && !isAskedFor(symbols, id, options)) {
    symbols.flags[id] |= FLAG_FORCED_LOCAL;
    return false;
  }
  if (visibility !== STV_DEFAULT && visibility !== STV_PROTECTED) return false;
  if (mode.shared) return true;
  // Being unique (STB_GNU_UNIQUE) is no reason: if a library has the symbol too, the first test sees it.
  return (flags & (FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) !== 0 || isAskedFor(symbols, id, options);
}

/** Does the command line export it from a program? */
export function isAskedFor({ flags, type }: SymbolTable, id: SymbolId, options: LinkOptions): boolean {
  if (options.exportDynamic || (flags[id] & FLAG_EXPORT) !== 0) return true;
  return options.dynamicListData && type[id] === STT_OBJECT;
}

/** `foo@V` of a program is for libraries that refer to it only, unless a list names it (bfd/elflink.c, _bfd_elf_fix_symbol_flags). */
function isUnneededVersion(flags: number): boolean {
  return (flags & (FLAG_HIDDEN_VERSION | FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC)) === FLAG_HIDDEN_VERSION;
}

/** In a shared library: may another module's definition come first? */
function isPreemptible(symbols: SymbolTable, id: SymbolId, which: Replaceable): boolean {
  return symbols.visibility[id] !== STV_PROTECTED && isReplaceable(symbols, id, which);
}

/** The same as far as the command line decides. (ld manual, -Bsymbolic and its variants.) */
export function isReplaceable(symbols: SymbolTable, id: SymbolId, which: Replaceable): boolean {
  const type = symbols.type[id];
  const flags = symbols.flags[id];
  // Of a unique symbol there is one in a process; and BFD's TLS relocations name the symbol whatever is said here.
  if ((flags & (FLAG_EXPORT | FLAG_UNIQUE)) !== 0 || type === STT_TLS) return true;
  const isWeak = symbols.kind[id] === KIND_DEFINED_WEAK;
  switch (which) {
    case "all":
      return true;
    case "none":
      return false;
    case "data":
      return type === STT_OBJECT;
    case "weak":
      return isWeak;
    case "data-and-weak":
      return isWeak || (type !== STT_FUNC && type !== STT_GNU_IFUNC);
  }
}

function bindShared(symbols: SymbolTable, id: SymbolId, mode: OutputMode): number {
  if ((symbols.flags[id] & FLAG_REF_REGULAR) !== 0 && mode.dynamic) symbols.flags[id] |= FLAG_DYNSYM;
  return BIND_IMPORTED;
}

/** What programs have for themselves, on x86 (bfd/elfxx-x86.c, elf_x86_linker_defined). */
const ENDS: ReadonlySet<string> = new Set(["__bss_start", "_end", "_edata"]);

/** @param ignored --ignore-unresolved-symbol names it */
function bindUndefined(
  symbols: SymbolTable,
  id: SymbolId,
  mode: OutputMode,
  options: LinkOptions,
  ignored: boolean,
): number {
  const flags = symbols.flags[id];
  // What only the command line names (-u, -e) is no reference that the dynamic linker could serve.
  if ((flags & FLAG_REF_REGULAR) === 0 || symbols.owner[id] < 0) {
    const isBoth = (flags & FLAG_REQUIRED) !== 0 && (flags & FLAG_REF_DYNAMIC) !== 0;
    if (mode.dynamic && isBoth && symbols.visibility[id] === STV_DEFAULT) symbols.flags[id] |= FLAG_DYNSYM;
    // --gc-sections has removed what referred to it, and debug information does so still.
    return symbols.kind[id] === KIND_UNDEFINED_WEAK ? BIND_ZERO : BIND_UNDEFINED;
  }
  const isStrong = isUndefinedStrong(symbols, id);
  const canImport = (mode.shared || mode.interpreted) && symbols.visibility[id] === STV_DEFAULT;
  if (isStrong) {
    if (symbols.visibility[id] !== STV_DEFAULT || (undefinedIsError(options) && !ignored)) return BIND_UNDEFINED;
    // A program whose missing symbols are ignored has them at 0, where it is loaded. Only what a library asks for as well, or
    // the command line exports, is left to the dynamic linker (as BFD).
    const isLeft = canImport && ((flags & FLAG_REF_DYNAMIC) !== 0 || isAskedFor(symbols, id, options));
    if (!mode.shared && !isLeft) return mode.pic && symbols.type[id] !== STT_TLS ? BIND_LOCAL : BIND_ZERO;
  } else {
    // No thread has a copy of it: its offset from the thread pointer is settled, unless the command line exports it or a library
    // asks for it too (BFD, as measured in all TLS models).
    const isAsked = (flags & FLAG_REF_DYNAMIC) !== 0 || isAskedFor(symbols, id, options);
    const isOpen = canImport && (options.z.dynamicUndefinedWeak ?? isAsked);
    if (symbols.type[id] === STT_TLS && !mode.shared && !isOpen) {
      symbols.flags[id] |= FLAG_DROPPED;
      return BIND_ZERO;
    }
    // Hidden, or with -z nodynamic-undefined-weak: nobody will define it. Nor a program's own ends, which its script has left out.
    const isEnd = !mode.shared && ENDS.has(nameText(symbols.names, id));
    if (!canImport || options.z.dynamicUndefinedWeak === false || isEnd) {
      symbols.flags[id] |= FLAG_DROPPED;
      return BIND_ZERO;
    }
  }
  symbols.flags[id] |= FLAG_DYNSYM;
  return BIND_IMPORTED;
}
