// Which files define a symbol and which refer to it, in the order of reading: for -y and --cref. The link itself does not
// keep this; it is found by walking the files' symbol tables again.

import { SHN_UNDEF } from "../../elf/constants.ts";
import type { SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { STATE_DISCARDED } from "../tables/section-table.ts";
import type { Loader } from "./loader.ts";
import type { SharedFile } from "./shared/shared-file.ts";

export interface SymbolMention {
  readonly file: ObjectFile | SharedFile;
  /** In a shared library, not in an object. */
  readonly shared: boolean;
  readonly defines: boolean;
}

/** All mentions of a symbol. */
export type Mentions = (id: SymbolId) => SymbolMention[];

export function findMentions(loader: Loader): Mentions {
  const { symbols, objects, shared } = loader;
  const files = [...objects, ...shared].sort((a, b) => a.input - b.input);
  // Counted first, then filled in: the mentions of symbol i are entries ends[i - 1] to ends[i].
  const ends = new Int32Array(symbols.count + 1);
  for (const file of files) for (const id of file.symbols) if (id >= 0) ends[id + 1]++;
  for (let id = 1; id < ends.length; id++) ends[id] += ends[id - 1];
  // The file's index twice, plus 1 where it defines the symbol.
  const entries = new Int32Array(ends[symbols.count]);
  files.forEach((file, index) => {
    const { symbols: ids } = file;
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] >= 0) entries[ends[ids[i]]++] = index * 2 + (definesSymbol(loader, file, i) ? 1 : 0);
    }
  });
  return (id) => {
    const found: SymbolMention[] = [];
    for (let at = id === 0 ? 0 : ends[id - 1]; at < ends[id]; at++) {
      const file = files[entries[at] >> 1];
      found.push({ file, shared: isLibrary(file), defines: (entries[at] & 1) === 1 });
    }
    return found;
  };
}

function isLibrary(file: ObjectFile | SharedFile): file is SharedFile {
  return "soname" in file;
}

/** @param at index in `file.symbols` */
function definesSymbol({ sections }: Loader, file: ObjectFile | SharedFile, at: number): boolean {
  const table = isLibrary(file) ? file.dynsym : file.symtab;
  const index = isLibrary(file) ? at : file.firstGlobal + at;
  const shndx = file.view.getUint16(table + index * (file.is64 ? 24 : 16) + (file.is64 ? 6 : 14), true);
  if (shndx === SHN_UNDEF) return false;
  if (isLibrary(file)) return true;
  // What a discarded copy of a group defines is a reference to the copy that was kept.
  const section = localSection(file, index);
  return section < 0 || (sections.state[section] & STATE_DISCARDED) === 0;
}
