// Reports symbols that their visibility keeps from those who need them: a shared library refers to a definition that is
// local to the program, or a symbol may only be defined in this link and is not.

import {
  SHN_UNDEF,
  STV_DEFAULT,
  STV_HIDDEN,
  STV_INTERNAL,
  STV_PROTECTED,
  VER_NDX_GLOBAL,
  VERSYM_VERSION,
} from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { nameText } from "../tables/names.ts";
import {
  FLAG_COLLECTED,
  FLAG_DYNSYM,
  FLAG_FORCED_LOCAL,
  FLAG_IN_LIBRARY,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR_NONWEAK,
  isDefinedHere,
  isInside,
  KIND_UNDEFINED,
} from "../tables/symbol-table.ts";

const VISIBILITIES: Readonly<Record<number, string>> = {
  [STV_DEFAULT]: "local",
  [STV_INTERNAL]: "internal",
  [STV_HIDDEN]: "hidden",
  [STV_PROTECTED]: "protected",
};

/** `hidden`, `internal`, `protected`; `local` for default visibility, where something else made the symbol local. */
export function visibilityName(visibility: number): string {
  return VISIBILITIES[visibility] ?? "";
}

/**
 * As bfd/elflink.c, elf_link_output_extsym. After symbols are bound and undefined ones reported.
 * Errors: `hidden-symbol-in-dso`, `hidden-undefined`.
 */
export function reportHidden(loader: Loader, scan: Scan, mode: OutputMode, report: Report): void {
  const { symbols } = loader;
  for (let id = 0; id < symbols.names.count; id++) {
    // Of foo that became another name for foo@V no library is looked for: that name is not theirs.
    const isUnseen = loader.versioned.unseen.has(id);
    if (!mode.shared && (isUnseen || (isNeededOutside(loader, id) && !isMetByFirstVersion(loader, id))))
      reportNeeded(loader, id, report);
    const isUnmet =
      symbols.kind[id] === KIND_UNDEFINED &&
      symbols.visibility[id] !== STV_DEFAULT &&
      (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) !== 0;
    if (isUnmet && !scan.undefined.has(id)) {
      const visibility = visibilityName(symbols.visibility[id]);
      const file = loader.objects[symbols.owner[id]]?.name;
      report(
        error("hidden-undefined", file === undefined ? {} : { file }, {
          visibility,
          symbol: nameText(symbols.names, id),
        }),
      );
    }
  }
}

/** A shared library cannot do without this symbol, and cannot see it. */
function isNeededOutside({ symbols }: Loader, id: SymbolId): boolean {
  const flags = symbols.flags[id];
  // What --gc-sections removed is no definition any more.
  if ((flags & FLAG_REF_DYNAMIC_NONWEAK) === 0 || (flags & (FLAG_IN_LIBRARY | FLAG_COLLECTED)) !== 0) return false;
  // A hidden boundary that stands in .dynsym is met there (symbols/linker-symbols.ts).
  const isUnseen = isInside(symbols, id) && (flags & FLAG_DYNSYM) === 0;
  const isLocal = (flags & FLAG_FORCED_LOCAL) !== 0 || isUnseen;
  return isLocal && isDefinedHere(symbols, id);
}

/**
 * Does a library define it in its first version, even if not by default? A reference without a version will be bound to that, as it
 * was before the library had versions (elf/dl-lookup.c, check_match; bfd/elflink.c, elf_link_check_versioned_symbol).
 */
function isMetByFirstVersion({ symbols, shared }: Loader, id: SymbolId): boolean {
  const name = nameText(symbols.names, id);
  return shared.some((library) => library.versym !== 0 && definesInFirstVersion(library, name));
}

function definesInFirstVersion(library: SharedFile, name: string): boolean {
  const { bytes, view, is64, dynsym, strings, stringsEnd, symbolCount, versym } = library;
  const wanted = bytesOf(`${name}\0`);
  for (let i = library.firstGlobal; i < symbolCount; i++) {
    const at = dynsym + i * (is64 ? 24 : 16);
    const version = view.getUint16(versym + i * 2, true) & VERSYM_VERSION;
    if (version !== VER_NDX_GLOBAL && version !== FIRST_VERSION) continue;
    if (view.getUint16(at + (is64 ? 6 : 14), true) === SHN_UNDEF) continue;
    const start = strings + view.getUint32(at, true);
    if (start + wanted.length <= stringsEnd && wanted.every((byte, k) => bytes[start + k] === byte)) return true;
  }
  return false;
}

/** Of the versions that a library defines; 1 is the library's own name. */
const FIRST_VERSION = 2;

function reportNeeded(loader: Loader, id: SymbolId, report: Report): void {
  const { symbols, objects, shared } = loader;
  const definer = objects[symbols.owner[id]];
  const library = shared.find((it) => it.symbols.includes(id));
  const visibility = symbols.visibility[id];
  const details = {
    // What is protected can be seen: something else has made it local.
    visibility: visibilityName(visibility === STV_PROTECTED ? STV_DEFAULT : visibility),
    symbol: nameText(symbols.names, id),
    ...(library === undefined ? {} : { library: library.name }),
  };
  report(error("hidden-symbol-in-dso", definer === undefined ? {} : { file: definer.name }, details));
}
