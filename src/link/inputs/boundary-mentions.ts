// Who mentions `__start_X` and `__stop_X`, in the order in which files are read. GNU ld defines these symbols when all is read,
// but decides while reading whether a name is dynamic; so of a hidden one it depends on the order whether other modules are
// taken to know it, and whether it is local (bfd/elflink.c, elf_link_add_object_symbols, _bfd_elf_merge_symbol and
// bfd_elf_define_start_stop).

import { SHN_UNDEF, STB_LOCAL, STV_DEFAULT, STV_HIDDEN, STV_INTERNAL, STV_PROTECTED } from "../../elf/constants.ts";
import { bytesOf } from "../../elf/text.ts";
import type { LinkOptions } from "../options.ts";
import type { SymbolId } from "../tables/ids.ts";
import { type NameTable, nameText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { isInsideVisibility } from "../tables/symbol-table.ts";
import type { SharedFile } from "./shared/shared-file.ts";

/** -z start-stop-visibility. */
export const VISIBILITIES: Readonly<Record<LinkOptions["z"]["startStopVisibility"], number>> = {
  default: STV_DEFAULT,
  internal: STV_INTERNAL,
  hidden: STV_HIDDEN,
  protected: STV_PROTECTED,
};

export interface Boundary {
  /** It has a place in .dynsym. */
  readonly dynamic: boolean;
  /** It was hidden when it had a place there already: local, whatever comes. */
  readonly local: boolean;
  /** A library refers to it, or has one that a hidden one of an object is in front of. */
  readonly wanted: boolean;
}

interface Mention {
  readonly input: number;
  readonly visibility: number;
  readonly from: "object" | "definition" | "reference";
}

/**
 * @param visibility what `-z start-stop-visibility` makes of one without a visibility of its own
 * @param shared the output is a shared library: what its objects mention is dynamic
 */
export function boundaryOf(
  id: SymbolId,
  objects: readonly ObjectFile[],
  libraries: readonly SharedFile[],
  names: NameTable,
  visibility: number,
  shared: boolean,
): Boundary {
  const mentions = [...inObjects(id, objects), ...inLibraries(nameText(names, id), libraries)];
  let seen = STV_DEFAULT;
  let mentioned = false;
  let defined = false;
  let wanted = false;
  let dynamic = false;
  let local = false;
  for (const mention of mentions.sort((a, b) => a.input - b.input)) {
    if (mention.from === "object") {
      // What hides it undoes what libraries have said before.
      if (isInsideVisibility(mention.visibility) && defined) defined = wanted = dynamic = false;
      seen = merged(seen, mention.visibility);
      mentioned = true;
      if (!shared && !defined && !wanted) continue;
    } else if (mention.from === "definition" && seen !== STV_DEFAULT) {
      wanted = true;
      dynamic ||= seen === STV_PROTECTED;
      continue;
    } else if (mention.from === "definition") defined = true;
    else wanted = true;
    if (!mentioned) continue;
    if (!dynamic) dynamic = true;
    else if (isInsideVisibility(seen)) {
      dynamic = false;
      local = true;
    }
  }
  if ((defined || wanted) && !dynamic) {
    const isLocal = isInsideVisibility(seen === STV_DEFAULT ? visibility : seen);
    return { dynamic: !isLocal, local: local || isLocal, wanted };
  }
  return { dynamic, local, wanted };
}

/** The stricter one: internal, hidden, protected, default. */
function merged(a: number, b: number): number {
  return a === STV_DEFAULT || (b !== STV_DEFAULT && b < a) ? b : a;
}

function inObjects(id: SymbolId, objects: readonly ObjectFile[]): Mention[] {
  const found: Mention[] = [];
  for (const { symbols, bytes, symtab, firstGlobal, is64, input } of objects) {
    const index = symbols.indexOf(id);
    if (index < 0) continue;
    const at = symtab + (firstGlobal + index) * (is64 ? 24 : 16);
    found.push({ input, visibility: bytes[at + (is64 ? 5 : 13)] & 3, from: "object" });
  }
  return found;
}

function inLibraries(name: string, libraries: readonly SharedFile[]): Mention[] {
  const wanted = bytesOf(name);
  const found: Mention[] = [];
  for (const { view, bytes, is64, dynsym, symbolCount, firstGlobal, strings, stringsEnd, input } of libraries) {
    for (let i = firstGlobal; i < symbolCount; i++) {
      const at = dynsym + i * (is64 ? 24 : 16);
      const start = strings + view.getUint32(at, true);
      if (start + wanted.length >= stringsEnd || bytes[start + wanted.length] !== 0) continue;
      if (!wanted.every((byte, k) => bytes[start + k] === byte)) continue;
      const detail = at + (is64 ? 4 : 12);
      if (bytes[detail] >> 4 === STB_LOCAL) continue;
      const isOpen = view.getUint16(detail + 2, true) === SHN_UNDEF;
      found.push({ input, visibility: bytes[detail + 1] & 3, from: isOpen ? "reference" : "definition" });
      break;
    }
  }
  return found;
}
