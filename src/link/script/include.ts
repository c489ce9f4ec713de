// INCLUDE where sections, regions or statements stand: the text of another file takes its place.

import type { Place } from "../../elf/problem.ts";
import { type Cursor, expectName, openScript } from "./cursor.ts";

/**
 * Finds and reads a script that INCLUDE names.
 * @returns undefined if there is none or it includes itself, which has been reported
 */
export type ReadScript = (
  path: string,
  place: Place,
) => { readonly name: string; readonly bytes: Uint8Array } | undefined;

/** Takes the file's name behind INCLUDE. @returns a cursor at its start, or undefined after a report */
export function includedCursor(cursor: Cursor, read: ReadScript, place: Place): Cursor | undefined {
  const path = expectName(cursor, "name", "script-expected-file");
  const found = path === undefined ? undefined : read(path, place);
  return found && openScript(found.bytes, found.name, cursor.skipsStray, cursor.report);
}
