// What one relocation needs, by what it computes (EXPRESSION_*) and by what its symbol is bound to (BIND_*). One function a
// formula; thread-local storage has scan-tls.ts.

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_PC,
  EXPRESSION_PLT_ABSOLUTE,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_SIZE,
  isTlsExpression,
  RELAX_NONE,
} from "../../arch/index.ts";
import { SHF_EXECINSTR, STT_FUNC, STT_GNU_IFUNC, STT_TLS, STV_PROTECTED } from "../../elf/constants.ts";
import { BIND_ABSOLUTE, BIND_IFUNC, BIND_IMPORTED, BIND_LOCAL, BIND_ZERO, isReplaceable } from "../symbols/bind.ts";
import { SECTION_ABSOLUTE } from "../tables/ids.ts";
import { replaceable } from "../tables/mode.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DIRECT,
  FLAG_DYNSYM,
  FLAG_FORCED_LOCAL,
  FLAG_LINKER_DEFINED,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_SHARED_PROTECTED,
  isDefinedHere,
  isInsideVisibility,
  isShared,
  isUndefined,
  isUndefinedStrong,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { complain } from "./complaints.ts";
import { gotLoadRelaxation } from "./got-load.ts";
import { DYN_RELATIVE } from "./scan-result.ts";
import { addDynamic, codeOf, misuse, need, type Scanner, type Site } from "./scan-site.ts";
import { scanTls } from "./scan-tls.ts";

/** @returns true if the next relocation belongs to the same sequence and needs no look of its own */
export function scanSite(scanner: Scanner, site: Site, kind: number, width: number, symbols: SymbolTable): boolean {
  const { scan, machine, mode } = scanner;
  if (isTlsExpression(kind)) return scanTls(scanner, site, kind);
  const isTls = site.symbol >= 0 && symbols.type[site.symbol] === STT_TLS && !isUndefined(symbols, site.symbol);
  if (isTls && kind !== EXPRESSION_SIZE) {
    complain(scan.complaints, "relocation-tls-symbol", site);
    return false;
  }
  switch (kind) {
    case EXPRESSION_ABSOLUTE:
      if (width === machine.wordBytes) scanWord(scanner, site);
      else scanNarrow(scanner, site);
      return false;
    case EXPRESSION_PC:
      scanPcRelative(scanner, site, width);
      return false;
    case EXPRESSION_PLT_GOT_RELATIVE:
    case EXPRESSION_PLT_PC:
      scanCall(scanner, site);
      return false;
    case EXPRESSION_PLT_ABSOLUTE:
      if (mode.pic) misuse(scanner, site);
      else scanCall(scanner, site);
      return false;
    case EXPRESSION_GOT_OFFSET:
    case EXPRESSION_GOT_PC:
      // What is rewritten asks for no table any more.
      if (relaxationOf(scanner, site) === RELAX_NONE) {
        need(scanner, site, FLAG_NEEDS_GOT);
        // An access that does not name the GOT's register holds the slot's address: position-independent code cannot.
        if (
          mode.pic &&
          kind === EXPRESSION_GOT_OFFSET &&
          machine.gotWithoutBase(codeOf(scanner, site), site.offset, site.type)
        ) {
          misuse(scanner, site);
        }
      }
      return false;
    case EXPRESSION_GOT_RELATIVE:
      scanGotRelative(scanner, site);
      return false;
    case EXPRESSION_GOT_BASE_PC:
      scan.needsGotBase = true;
      return false;
    default:
      if (isIfuncHere(scanner, site)) {
        complain(scan.complaints, "ifunc-relocation", site);
        return false;
      }
      // SIZE: st_size is known now, unless the symbol is another module's. No copy is made for its sake.
      if (site.binding === BIND_IMPORTED && (mode.shared || isShared(symbols, site.symbol) || !mode.pic)) {
        addDynamic(scanner, site, site.type);
      }
      return false;
  }
}

/**
 * The code has the symbol's address in itself: a weak reference that stays undefined can only be 0 then. So can a strong one
 * that is ignored, where anything has its address that cannot wait (elf_x86_64_scan_relocs: "non_got_ref").
 */
function noteDirect(scanner: Scanner, site: Site, canWait: boolean): void {
  const { symbols, mode } = scanner;
  if (site.binding !== BIND_IMPORTED || mode.shared) return;
  const isDirect = isUndefinedStrong(symbols, site.symbol) ? !canWait : isCode(scanner, site);
  if (isDirect) symbols.flags[site.symbol] |= FLAG_DIRECT;
}

function isNumber({ symbols }: Scanner, { symbol }: Site): boolean {
  return symbol >= 0 && symbols.section[symbol] === SECTION_ABSOLUTE;
}

function isCode({ sections }: Scanner, { section }: Site): boolean {
  return (sections.flags[section] & SHF_EXECINSTR) !== 0;
}

/** S + A as wide as an address: the dynamic linker can apply it wherever it stands. */
function scanWord(scanner: Scanner, site: Site): void {
  const { mode, machine, symbols } = scanner;
  noteDirect(scanner, site, site.writable);
  if (isNamedAnyway(scanner, site)) {
    addDynamic(scanner, site, machine.dynamic.word);
    return;
  }
  if (isIfuncHere(scanner, site)) {
    // What the resolver returns, and a bit more, is nothing that a relocation could say.
    if (machine.rela && site.addend !== 0) complain(scanner.scan.complaints, "ifunc-relocation", site);
    // As BFD: what reads code or constants may want the PLT entry.
    if (mode.pic && (!site.writable || isCode(scanner, site))) need(scanner, site, FLAG_NEEDS_PLT);
  }
  switch (site.binding) {
    case BIND_LOCAL:
      // A number is written as it was given, even where code finds it relative to itself (settledBinding).
      if (mode.pic && !isNumber(scanner, site)) addDynamic(scanner, site, DYN_RELATIVE);
      return;
    case BIND_IFUNC:
      if (mode.pic || site.writable) addDynamic(scanner, site, DYN_RELATIVE);
      else need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    case BIND_IMPORTED:
      // A program's read-only data cannot wait for the dynamic linker: the symbol gets an address in the program. Where that
      // moves with the program, the word is relocated all the same.
      if (!mode.shared && !site.writable && isShared(symbols, site.symbol)) {
        const isSettled = needAddress(scanner, site);
        if (isSettled && !mode.pic) return;
      }
      if (mode.pic || site.writable || isShared(symbols, site.symbol)) addDynamic(scanner, site, machine.dynamic.word);
  }
}

/**
 * A library's protected symbol: no other can take its place, but its address in data may be another than here, because a
 * program may have a copy of it, or a PLT entry (elf_x86_64_relocate_section: "This symbol is local, or marked to become local").
 */
function isNamedAnyway({ symbols, mode, options }: Scanner, { symbol, binding }: Site): boolean {
  if (!mode.shared || symbol < 0 || symbols.visibility[symbol] !== STV_PROTECTED) return false;
  if (binding !== BIND_LOCAL && binding !== BIND_ABSOLUTE) return false;
  if ((symbols.flags[symbol] & (FLAG_DYNSYM | FLAG_LINKER_DEFINED)) !== FLAG_DYNSYM) return false;
  return isReplaceable(symbols, symbol, replaceable(options).which);
}

/** S + A narrower than an address: must be settled now, so position-independent output cannot have it. */
function scanNarrow(scanner: Scanner, site: Site): void {
  const { mode, machine, options } = scanner;
  noteDirect(scanner, site, false);
  switch (site.binding) {
    case BIND_ABSOLUTE:
      // Of x86-64 BFD does not ask what it is that might not fit (elf_x86_64_check_relocs, "relocation overflow").
      if (mode.pic && machine.wordBytes === 8 && site.symbol >= 0 && !options.z.noRelocOverflow) misuse(scanner, site);
      return;
    case BIND_ZERO:
      if (cannotBeNull(scanner, site)) misuse(scanner, site);
      return;
    case BIND_LOCAL:
      if (mode.pic) misuse(scanner, site);
      return;
    case BIND_IFUNC:
      if (mode.pic) misuse(scanner, site);
      else need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    default:
      if (mode.pic) misuse(scanner, site);
      else if (isShared(scanner.symbols, site.symbol) && !needAddress(scanner, site)) {
        // As GNU ld; the loader says so where the address does not fit.
        const { narrow } = machine.dynamic;
        if (site.type === narrow && !site.writable) addDynamic(scanner, site, narrow);
        else forbidCopy(scanner, site);
      }
  }
}

/** S + A - P. */
function scanPcRelative(scanner: Scanner, site: Site, width: number): void {
  const { mode, machine, symbols } = scanner;
  const isNarrow = width < machine.wordBytes || machine.wordBytes === 4;
  noteDirect(scanner, site, false);
  // Position-independent PLT entries of i386 find the GOT in a register that such code has not set up.
  const needsRegister = mode.pic && machine.plt.needsGotRegister && isCode(scanner, site);
  if (needsRegister && site.symbol >= 0 && symbols.type[site.symbol] === STT_GNU_IFUNC) {
    misuse(scanner, site);
    return;
  }
  switch (site.binding) {
    case BIND_LOCAL:
      return;
    case BIND_ZERO:
      if (isNarrow && !site.writable && cannotBeNull(scanner, site)) misuse(scanner, site);
      return;
    case BIND_ABSOLUTE:
      if (mode.pic && site.symbolIndex !== 0) misuse(scanner, site);
      return;
    case BIND_IFUNC:
      need(scanner, site, isCall(scanner, site) ? FLAG_NEEDS_PLT : FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    default:
      if (mode.shared) {
        if (isOwnIfunc(scanner, site)) need(scanner, site, FLAG_NEEDS_PLT);
        else if (width === machine.wordBytes || (width === 4 && site.writable)) addDynamic(scanner, site, site.type);
        else misuse(scanner, site);
      } else if (isShared(symbols, site.symbol)) {
        const isFunction = isFunctionType(symbols.type[site.symbol]);
        const isProtected = (symbols.flags[site.symbol] & FLAG_SHARED_PROTECTED) !== 0;
        const viaPlt = isCall(scanner, site) || (isProtected && isCode(scanner, site));
        if (isFunction && mode.pic && machine.wordBytes === 8 && isNarrow && !site.writable) misuse(scanner, site);
        if (isFunction && viaPlt) {
          need(scanner, site, FLAG_NEEDS_PLT);
          if (needsRegister) addDynamic(scanner, site, site.type);
        }
        // What can wait makes no copy (if something else does, settlePointers takes this back).
        else if (!isFunction && site.writable && width >= 4) addDynamic(scanner, site, site.type);
        else if (!needAddress(scanner, site)) {
          if (site.writable || mode.pic || machine.wordBytes === 4) addDynamic(scanner, site, site.type);
          else forbidCopy(scanner, site);
        }
      } else if (isNarrow && !site.writable && cannotBeNull(scanner, site)) misuse(scanner, site);
  }
}

/**
 * Relative to code that moves, a weak symbol that nothing defines would be the load address, not null: `if (&hook) hook();`
 * would call the ELF header. As elf_x86_64_relocate_section, which looks at what is read-only and narrower than an address.
 */
function cannotBeNull({ mode, symbols }: Scanner, { symbol }: Site): boolean {
  if (!mode.pic || symbol < 0) return false;
  return isUndefined(symbols, symbol) && !isUndefinedStrong(symbols, symbol);
}

/** An IFUNC that another module may override: its PLT entry, where the dynamic linker puts what is chosen, is an address to have. */
function isOwnIfunc({ symbols }: Scanner, { symbol }: Site): boolean {
  return symbol >= 0 && symbols.type[symbol] === STT_GNU_IFUNC && isDefinedHere(symbols, symbol);
}

function isIfuncHere(scanner: Scanner, site: Site): boolean {
  return site.binding === BIND_IFUNC || (site.binding === BIND_IMPORTED && isOwnIfunc(scanner, site));
}

/** L + A - P: a call. */
function scanCall(scanner: Scanner, site: Site): void {
  // A quirk that GNU ld's users see in symbol tables: in a PIE a hidden function that is called becomes local.
  const { symbols, mode } = scanner;
  if (
    mode.pic &&
    site.symbol >= 0 &&
    isInsideVisibility(symbols.visibility[site.symbol]) &&
    site.binding !== BIND_IMPORTED
  ) {
    symbols.flags[site.symbol] |= FLAG_FORCED_LOCAL;
  }
  if (site.binding === BIND_IFUNC || site.binding === BIND_IMPORTED) need(scanner, site, FLAG_NEEDS_PLT);
  // A constant is at no distance from code that moves.
  else if (site.binding === BIND_ABSOLUTE && mode.pic && site.symbolIndex !== 0) misuse(scanner, site);
}

function isFunctionType(type: number): boolean {
  return type === STT_FUNC || type === STT_GNU_IFUNC;
}

function scanGotRelative(scanner: Scanner, site: Site): void {
  // See scanPcRelative: whoever calls this address from elsewhere has another GOT in the register.
  const isFunction = site.symbol >= 0 && isFunctionType(scanner.symbols.type[site.symbol]);
  const needsRegister = scanner.mode.pic && scanner.machine.plt.needsGotRegister && isFunction;
  switch (site.binding) {
    case BIND_IFUNC:
      if (needsRegister) complain(scanner.scan.complaints, "ifunc-relocation", site);
      else need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    case BIND_IMPORTED:
      // Defined here, it is this definition whatever comes before (as BFD's back ends for x86).
      if (isDefinedHere(scanner.symbols, site.symbol) && !isOwnIfunc(scanner, site)) return;
      if (scanner.mode.shared && isOwnIfunc(scanner, site)) complain(scanner.scan.complaints, "ifunc-relocation", site);
      else if (scanner.mode.shared || cannotBeNull(scanner, site) || needsRegister) misuse(scanner, site);
      // BFD has nothing against it where a call has a PLT entry made (bfd/elf32-i386.c, elf_i386_relocate_section).
      else if (isFunction && isProtectedElsewhere(scanner, site)) need(scanner, site, FLAG_NEEDS_PLT);
      else if (isShared(scanner.symbols, site.symbol) && !needAddress(scanner, site)) forbidCopy(scanner, site);
      return;
    case BIND_ZERO:
      if (cannotBeNull(scanner, site)) misuse(scanner, site);
  }
}

function isProtectedElsewhere({ symbols }: Scanner, { symbol }: Site): boolean {
  return isShared(symbols, symbol) && (symbols.flags[symbol] & FLAG_SHARED_PROTECTED) !== 0;
}

/** x86: e8 call, e9 jmp, 0f 8x jcc. A call may go through the PLT without anybody seeing the entry's address. */
function isCall(scanner: Scanner, site: Site): boolean {
  const bytes = codeOf(scanner, site);
  const at = site.offset;
  if (site.offset < 1) return false;
  const opcode = bytes[at - 1];
  return opcode === 0xe8 || opcode === 0xe9 || (site.offset >= 2 && bytes[at - 2] === 0x0f && (opcode & 0xf0) === 0x80);
}

function relaxationOf(scanner: Scanner, site: Site): number {
  const { symbol, binding, offset, addend, type } = site;
  return gotLoadRelaxation(scanner, symbol, binding, codeOf(scanner, site), offset, addend, type);
}

/**
 * Something in a program has to have this imported symbol's address: copy the data, or let the PLT entry be the function.
 * @returns false under -z nocopyreloc for data: the dynamic linker has to be asked, where it can be
 */
function needAddress(scanner: Scanner, site: Site): boolean {
  const { symbols, options } = scanner;
  const id = site.symbol;
  const type = symbols.type[id];
  if (isFunctionType(type)) {
    // Its own library goes by the function itself: the function would have two addresses.
    if ((symbols.flags[id] & FLAG_SHARED_PROTECTED) !== 0) complain(scanner.scan.complaints, "address-protected", site);
    need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
    return true;
  }
  if ((symbols.flags[id] & FLAG_COPY) !== 0) return true;
  if (!options.z.copyreloc) return false;
  if ((symbols.flags[id] & FLAG_SHARED_PROTECTED) !== 0) {
    complain(scanner.scan.complaints, "copy-relocation-protected", site);
  }
  need(scanner, site, FLAG_COPY);
  return true;
}

function forbidCopy(scanner: Scanner, site: Site): void {
  complain(scanner.scan.complaints, "copy-relocation-forbidden", site);
}
