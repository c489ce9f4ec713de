// Why a link was done in full that might have been a relink, in words for --stats and `solder server status`.

import type { KeepRefusal, RelinkRefusal } from "../link/index.ts";

const REASONS: Readonly<Record<RelinkRefusal | KeepRefusal, string>> = {
  "not-an-object-of-the-link": "something else than an object of the command line has changed",
  "object-unreadable": "a changed object cannot be read",
  "sections-changed": "an object has other sections",
  "size-changed": "a section of an object has another size",
  "symbols-changed": "an object has other symbols",
  "values-in-expressions": "a symbol has moved, and expressions of --defsym or a script may ask for it",
  "decisive-bytes-changed": "the contents of a section have changed that the linker itself reads or merges",
  "unwind-changed": "the unwind records of an object take another space",
  "needs-changed": "an object asks for other slots, copies or dynamic relocations",
  "references-changed": "an object refers to other sections, and what is unreferenced is removed",
  "dynamic-relocations-changed": "dynamic relocations have another order",
  "problems-found": "there is something to say about a changed object",
  relocatable: "the output is relocatable",
  "not-elf": "the output is not ELF",
  folded: "equal functions are folded",
  compressed: "sections are compressed",
  indexed: "there is a .gdb_index",
  "relocations-emitted": "relocations are kept in the output",
  "relocations-apart": "dynamic relocations are packed or in sections of their own",
  "cross-references": "a script forbids references",
  "random-build-id": "the build ID is random",
  problems: "there were messages",
  failed: "the last link failed",
};

export function relinkReason(code: RelinkRefusal | KeepRefusal): string {
  return REASONS[code];
}

/** What --stats says of a link that a server did by relinking. */
export function relinkedText(program: string, objects: number, bytes: number): string {
  return `${program}: relinked: ${objects} changed inputs, ${bytes} bytes of the output\n`;
}

/** What --stats adds for a link that a server did in full. */
export function serverText(program: string, why: string, hits: number, misses: number, parsed: number): string {
  const inputs = `${hits} kept from earlier links, ${parsed} of them as archives and libraries already read; ${misses} read`;
  return `${program}: not relinked: ${why}\n${program}: inputs: ${inputs}\n`;
}
