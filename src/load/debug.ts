// What happened, in the words of LD_DEBUG (glibc elf/dl-lookup.c, dl-version.c, dl-open.c, dl-reloc.c, dl-deps.c, dl-load.c),
// so that it can be laid beside what the real loader says. Each line is without ld.so's prefix, "%9lu:\t" with the process's
// number. Nothing is recorded for it while loading: all is read off the process.

import { STV_PROTECTED } from "../elf/index.ts";
import { symbolicOf } from "./dynamic-file.ts";
import { symbolName, symbolVisibility } from "./dynamic-symbols.ts";
import { BOUND_FROM_CACHE, BOUND_LOCALLY, type LoadedObject, type LoadedProcess } from "./objects.ts";
import { versionIndex } from "./version-table.ts";

/** LD_DEBUG=bindings, with everything bound at the start. The loader's own bindings are left out, as in trace mode. */
export function bindingLines(task: LoadedProcess): string[] {
  const lines: string[] = [];
  for (const object of task.relocationOrder) {
    if (object.kind !== "loader") addBindings(task, object, lines);
  }
  return lines;
}

function addBindings(task: LoadedProcess, object: LoadedObject, lines: string[]): void {
  const { bindings, file } = object;
  if (bindings === undefined) return;
  const { symbol, count } = symbolicOf(file);
  const { versions, symbols } = file;
  const { provider, rule } = bindings;
  for (let row = 0; row < count; row++) {
    if (provider[row] < 0 || rule[row] === BOUND_LOCALLY || rule[row] === BOUND_FROM_CACHE) continue;
    const index = symbol[row];
    const kind = symbolVisibility(symbols, index) === STV_PROTECTED ? "protected" : "normal";
    const version = versions.symbolsAt < 0 ? 0 : versionIndex(versions, symbols.bytes, index);
    const tag = versions.hash[version] === 0 ? "" : ` [${versions.name[version]}]`;
    const to = task.objects[provider[row]];
    lines.push(
      `binding file ${object.name} [0] to ${to.name} [0]: ${kind} symbol \`${symbolName(symbols, index)}'${tag}`,
    );
  }
}
