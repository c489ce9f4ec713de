// A byte's facts in words, a line each: what `solder dump --at` prints and the page shows beside the bytes.

import type { RelocationDump } from "../dump/relocations.ts";
import { hex } from "../dump/table.ts";
import type { ByteFacts } from "./anatomy.ts";
import type { RecordKind } from "./structures.ts";

const RECORDS: Readonly<Record<RecordKind, string>> = {
  header: "the ELF header",
  segment: "program header",
  section: "section header",
  symbol: "symbol",
  "dynamic-symbol": "dynamic symbol",
  relocation: "relocation",
  dynamic: "dynamic entry",
  version: "version of dynamic symbol",
};

/** What it is about, and the words. */
export type ByteLine = readonly [about: string, text: string];

/** @param relocation the entry that changes the byte, if there is one */
export function byteLines(facts: ByteFacts, relocation: RelocationDump | undefined): ByteLine[] {
  const { offset, address, section, segments, place, symbol, field, value } = facts;
  const lines: ByteLine[] = [["file offset", hex(offset)]];
  if (address !== undefined) lines.push(["address", hex(address)]);
  if (section !== undefined)
    lines.push(["section", `${section.name}+${hex(section.offset)} (number ${section.index})`]);
  if (place !== undefined && symbol !== undefined) lines.push(["stands at", place]);
  if (field !== undefined) {
    const which = field.table.kind === "header" ? "" : ` ${field.record}`;
    const number = value === undefined ? "" : ` = ${hex(value)}`;
    lines.push([
      "field",
      `${field.field.name}${number}, of ${RECORDS[field.table.kind]}${which} (${field.table.structure}, ${field.field.bytes === 1 ? "1 byte" : `${field.field.bytes} bytes`})`,
    ]);
  }
  if (relocation !== undefined) {
    const result = relocation.result === undefined ? "" : ` = ${hex(relocation.result)}`;
    lines.push([
      "relocation",
      `${relocation.type}: ${relocation.filled === "" ? relocation.symbol : relocation.filled}${result}`,
    ]);
  }
  for (const { type, permissions, index } of segments)
    lines.push(["segment", `${type}${permissions === "" ? "" : ` ${permissions}`} (number ${index})`]);
  if (lines.length === 1) lines.push(["", "no header speaks of this byte"]);
  return lines;
}
