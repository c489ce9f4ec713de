// The words for every problem code: one entry a code, in one table by area. See template.ts for the holes. The phrases
// that people search for and build systems match ("undefined reference to", "multiple definition of", "cannot find -lfoo",
// "relocation truncated to fit", "recompile with -fPIC") are GNU ld's. docs/messages.md is generated from this table.

import { checkMessages } from "./check.ts";
import { elfMessages } from "./elf.ts";
import { layoutMessages } from "./layout.ts";
import { linkMessages } from "./link.ts";
import { loadMessages } from "./load.ts";
import { notElfMessages } from "./not-elf.ts";
import { objectMessages } from "./objects.ts";
import { optionMessages } from "./options.ts";
import { runMessages } from "./run.ts";
import { scriptMessages } from "./script.ts";
import type { Message, MessageTable } from "./table.ts";

/** The areas, in the order of the documentation. */
export const messageAreas: readonly { readonly title: string; readonly table: MessageTable }[] = [
  { title: "Reading files", table: elfMessages },
  { title: "Reading objects for a link", table: objectMessages },
  { title: "Linking", table: linkMessages },
  { title: "Laying out by a script", table: layoutMessages },
  { title: "Options", table: optionMessages },
  { title: "Scripts and versions", table: scriptMessages },
  { title: "Loading programs", table: loadMessages },
  { title: "Running programs", table: runMessages },
  { title: "Files that do not load", table: notElfMessages },
  { title: "Checking", table: checkMessages },
];

/** The entry for a code, or undefined for a code that the table does not know. */
export function messageFor(code: string): Message | undefined {
  for (const { table } of messageAreas) {
    if (Object.hasOwn(table, code)) return table[code];
  }
  return undefined;
}
