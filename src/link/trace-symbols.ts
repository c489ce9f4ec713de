// -y / --trace-symbol: which files define a symbol or refer to it, in the order in which they were read.

import { SHN_UNDEF } from "../elf/constants.ts";
import { note, type Report } from "../elf/problem.ts";
import type { SymbolId } from "./ids.ts";
import type { Loader } from "./loader.ts";
import { localSection } from "./local-symbols.ts";
import { findText } from "./names.ts";
import { STATE_DISCARDED } from "./section-table.ts";

interface Mention {
  readonly file: string;
  readonly defines: boolean;
  /** Place among all inputs. */
  readonly input: number;
}

/** Notes: `symbol-defined`, `symbol-referenced`. */
export function reportTraced(loader: Loader, report: Report): void {
  const { traceSymbols } = loader.options;
  for (const name of new Set(traceSymbols)) {
    const id = findText(loader.symbols.names, name);
    if (id < 0) continue;
    const mentions = [...objectMentions(loader, id), ...sharedMentions(loader, id)];
    for (const { file, defines } of mentions.sort((a, b) => a.input - b.input)) {
      report(note(defines ? "symbol-defined" : "symbol-referenced", { file }, { symbol: name }));
    }
  }
}

function objectMentions({ objects, sections }: Loader, id: SymbolId): Mention[] {
  return objects.flatMap((object) => {
    const at = object.symbols.indexOf(id);
    if (at < 0) return [];
    const index = object.firstGlobal + at;
    const section = localSection(object, index);
    // What a discarded copy of a group defines is a reference to the copy that was kept.
    const isDiscarded = section >= 0 && (sections.state[section] & STATE_DISCARDED) !== 0;
    const shndx = object.view.getUint16(object.symtab + index * (object.is64 ? 24 : 16) + (object.is64 ? 6 : 14), true);
    return [{ file: object.name, defines: shndx !== SHN_UNDEF && !isDiscarded, input: object.input }];
  });
}

function sharedMentions({ shared }: Loader, id: SymbolId): Mention[] {
  return shared.flatMap((file) => {
    const index = file.symbols.indexOf(id);
    if (index < 0) return [];
    const shndx = file.view.getUint16(file.dynsym + index * (file.is64 ? 24 : 16) + (file.is64 ? 6 : 14), true);
    return [{ file: file.name, defines: shndx !== SHN_UNDEF, input: file.input }];
  });
}
