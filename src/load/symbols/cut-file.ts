// A library whose file is shorter than its segments: pages behind its end are mapped, but who touches them ends by SIGBUS without a
// word. ld.so, having come so far, does so where a relocation is.

import { PF_W } from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { entryOffset } from "../file/relocation-entry.ts";
import { pageUp } from "../objects/map.ts";
import type { LoadedObject } from "../objects/objects.ts";

/**
 * The row of the relocation that touches what is not there, -1 for one of no row; undefined if none does.
 * @param words addresses in the file's own terms of what is written before any relocation
 */
export function firstBehindFile(object: LoadedObject, words: readonly number[]): number | undefined {
  const { file, pageSize } = object;
  const end = pageUp(file.elf.bytes.length, pageSize);
  const cut = file.loads.filter(({ flags, offset, fileBytes }) => (flags & PF_W) !== 0 && offset + fileBytes > end);
  if (cut.length === 0) return undefined;
  const isBehind = (place: number): boolean =>
    cut.some(
      ({ address, offset, fileBytes }) =>
        place >= address && place < address + fileBytes && place - address + offset >= end,
    );
  if (words.some(isBehind)) return -1;
  const rows = new Map([...symbolicOf(file).at].map((at, row) => [at, row]));
  let first: number | undefined;
  for (const range of file.ranges) {
    for (let at = range.start; at < range.end; at += range.entry) {
      if (!isBehind(entryOffset(file.elf, at))) continue;
      // Those without a symbol come before the others.
      const row = rows.get(at) ?? -1;
      first = Math.min(first ?? row, row);
    }
  }
  return first;
}
