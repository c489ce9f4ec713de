// `solder why PROGRAM WHAT`: an answer to whatever was asked about: an address, a library, a version, a symbol, a name as people write it.

import type { LoadedProcess } from "../../load/index.ts";
import type { Disassembler } from "../disassembly.ts";
import type { Style } from "../dump/table.ts";
import { symbolsSpelled } from "./spelled-names.ts";
import { addressWhy, ownSymbolWhy } from "./why-address.ts";
import { libraryWhy } from "./why-library.ts";
import { symbolWhy } from "./why-symbol.ts";
import { versionWhy } from "./why-version.ts";

/** More symbols than these are no answer. */
const MOST_MEANT = 12;

/** The answer's lines; undefined if nothing of that name has to do with the process. */
export function whyLines(
  task: LoadedProcess,
  question: string,
  disassemble: Disassembler | undefined,
  style: Style,
): readonly string[] | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(question)) return addressWhy(task, Number(question), disassemble, style);
  return (
    libraryWhy(task, question, style) ??
    versionWhy(task, question, style) ??
    nameWhy(task, question, disassemble, style) ??
    spelledWhy(task, question, disassemble, style)
  );
}

function nameWhy(
  task: LoadedProcess,
  name: string,
  disassemble: Disassembler | undefined,
  style: Style,
): readonly string[] | undefined {
  return symbolWhy(task, name, style) ?? ownSymbolWhy(task, name, disassemble, style);
}

/** A C++ or Rust name as people write it may mean several symbols: overloads, constructors of base and whole objects. */
function spelledWhy(
  task: LoadedProcess,
  question: string,
  disassemble: Disassembler | undefined,
  style: Style,
): readonly string[] | undefined {
  const [, text = "", version = ""] = /^(.*?)(@.*)?$/.exec(question) ?? [];
  const names = symbolsSpelled(task, text);
  const lines: string[] = [];
  for (const name of names.slice(0, MOST_MEANT)) {
    if (names.length > 1) lines.push(...(lines.length > 0 ? [""] : []), `${name}${version}`, "");
    lines.push(...(nameWhy(task, `${name}${version}`, disassemble, style) ?? []));
  }
  if (names.length > MOST_MEANT) lines.push("", `and ${names.length - MOST_MEANT} more: say which, with parameters`);
  return lines.length > 0 ? lines : undefined;
}
