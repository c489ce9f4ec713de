// COPY relocations: what can be wrong with a variable of a library that a program takes over.

import { symbolName, symbolSize } from "../file/dynamic-symbols.ts";
import { pageDown, pageUp } from "../objects/map.ts";
import {
  addressOf,
  type Bindings,
  endBySignal,
  type LoadedObject,
  type LoadedProcess,
  SIGSEGV_STATUS,
  warn,
} from "../objects/objects.ts";

/**
 * A copy takes as much as the program has room for; if the library has more there, ld.so says so. musl says nothing. What is copied may
 * lie nowhere: at the number that an absolute symbol stands for.
 */
export function checkCopy(
  task: LoadedProcess,
  object: LoadedObject,
  bindings: Bindings,
  row: number,
  index: number,
): void {
  const provider = task.objects[bindings.provider[row]];
  if (provider === undefined) return;
  const size = symbolSize(provider.file.symbols, bindings.symbol[row]);
  const room = symbolSize(object.file.symbols, index);
  const from = addressOf(provider, bindings.symbol[row]);
  if (Math.min(size, room) > 0 && !isMapped(task, from))
    endBySignal(task, SIGSEGV_STATUS, { step: "relocation", object, row });
  if (task.options.profile.library === "musl" || size <= room) return;
  const name = symbolName(object.file.symbols, index);
  const text = `Symbol \`${name}' has different size in shared object, consider re-linking`;
  warn(task, `${task.record.indentsCopyWarning === true ? "  " : ""}${task.programName}: ${text}`);
}

/** Does the address lie in a page of an object? */
function isMapped(task: LoadedProcess, at: number): boolean {
  return task.objects.some(
    ({ file, base, start, end, pageSize }) =>
      at >= start &&
      at < end &&
      file.loads.some(
        ({ address, memoryBytes }) =>
          at >= base + pageDown(address, pageSize) && at < base + pageUp(address + memoryBytes, pageSize),
      ),
  );
}
