// The words for every problem code: one entry a code, in one table by area. See template.ts for the holes. The phrases
// that people search for and build systems match ("undefined reference to", "multiple definition of", "cannot find -lfoo",
// "relocation truncated to fit", "recompile with -fPIC") are GNU ld's. docs/messages.md is generated from this table.

import { checkMessages } from "./messages-check.ts";
import { elfMessages } from "./messages-elf.ts";
import { linkMessages } from "./messages-link.ts";
import { loadMessages } from "./messages-load.ts";
import { objectMessages } from "./messages-objects.ts";
import { optionMessages } from "./messages-options.ts";
import { scriptMessages } from "./messages-script.ts";

/** Lines under the message for a list of places. */
export interface PlaceLines {
  /** The fact that holds the places. */
  readonly places: string;
  /** Words before each place, e.g. "referenced by". A template. */
  readonly label: string;
  /** Index in the facts `lines` and `functions` (source lines and function names) that belongs to the first place. */
  readonly lineOf: number;
}

export interface Message {
  /** One line, plain and exact, without a full stop. A template. */
  readonly message: string;
  /** More lines, each left out when a fact it mentions is missing. Templates. */
  readonly more?: readonly string[];
  readonly lists?: readonly PlaceLines[];
  /** What to do about it. A template, left out when a fact it mentions is missing. */
  readonly cure?: string;
}

export type MessageTable = Readonly<Record<string, Message>>;

/** The areas, in the order of the documentation. */
export const messageAreas: readonly { readonly title: string; readonly table: MessageTable }[] = [
  { title: "Reading files", table: elfMessages },
  { title: "Reading objects for a link", table: objectMessages },
  { title: "Linking", table: linkMessages },
  { title: "Options", table: optionMessages },
  { title: "Scripts and versions", table: scriptMessages },
  { title: "Loading programs", table: loadMessages },
  { title: "Checking", table: checkMessages },
];

/** The entry for a code, or undefined for a code that the table does not know. */
export function messageFor(code: string): Message | undefined {
  for (const { table } of messageAreas) {
    if (Object.hasOwn(table, code)) return table[code];
  }
  return undefined;
}
