// Where a name stands that a load or a link does not know: in files that are here and take no part in it, or where only a linker looks.

import { summaryOf } from "../../src/explain/summary.ts";
import type { Lead, WhyAnswer } from "./protocol.ts";
import { NAMES } from "./read-tables.ts";
import { elfFor, openFile, type Workspace } from "./workspace.ts";

/** More of them say no more. */
const MOST = 8;

const NOTHING = new Uint8Array(0);

export function elsewhere(space: Workspace, name: string): WhyAnswer["elsewhere"] {
  const found: { words: string; lead: Lead }[] = [];
  const add = (file: string, words: string, part: string, filter?: string): void => {
    found.push({ words: `${file} ${words}`, lead: { view: "anatomy", file, part, ...(filter && { filter }) } });
  };
  if (openFile(space, name) !== undefined) add(name, "is here", "");
  for (const path of space.given.keys()) {
    if (found.length >= MOST) break;
    // The page's list of files has the first few hundred names.
    const { kind, defines, wants } = summaryOf(openFile(space, path, NAMES)?.bytes ?? NOTHING, path, Infinity);
    const symbols = kind === "elf-relocatable" ? "symbols" : kind.endsWith("archive") ? "index" : "dynamic-symbols";
    if (path !== name && path.endsWith(`/${name}`)) add(path, "is here", "");
    if (defines.includes(name)) add(path, "defines it", symbols, name);
    if (wants.includes(name)) add(path, "refers to it", symbols, name);
    const has = kind.startsWith("elf-") && elfFor(space, path)?.sections.some((it) => it.name === name);
    if (has === true) add(path, "has a section of this name", "sections", name);
  }
  return found;
}
