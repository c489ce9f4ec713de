// A dump as JSON: one row of a table a line, so that it can be read and compared line by line. Written piece by piece, because
// the symbols and relocations of a large library make more text than one string can hold.

import type { FileDump } from "./model.ts";

/** The version of the shape that docs/dump.md describes; it changes when a reader would have to. */
export const DUMP_JSON_VERSION = 1;

/** How much is put together before it is written. */
const CHUNK = 65_536;

/** Writes the document for these files, in chunks. */
export function writeDumpJson(dumps: Iterable<FileDump>, out: (text: string) => void): void {
  let chunk = "";
  const write = (text: string): void => {
    chunk += text;
    if (chunk.length < CHUNK) return;
    out(chunk);
    chunk = "";
  };
  write(`{\n "version": ${DUMP_JSON_VERSION},\n "files": [`);
  let separator = "\n  ";
  for (const dump of dumps) {
    write(separator);
    writeValue(dump, "  ", write);
    separator = ",\n  ";
  }
  write("\n ]\n}\n");
  out(chunk);
}

function writeValue(value: unknown, indent: string, write: (text: string) => void): void {
  const inner = `${indent} `;
  if (Array.isArray(value) && value.some(isObject)) {
    write("[");
    value.forEach((item, i) => {
      write(`${i === 0 ? "" : ","}\n${inner}`);
      writeValue(item, inner, write);
    });
    write(`\n${indent}]`);
  } else if (isObject(value) && Object.values(value).some(holdsRows)) {
    write("{");
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.forEach(([key, item], i) => {
      write(`${i === 0 ? "" : ","}\n${inner}${JSON.stringify(key)}: `);
      writeValue(item, inner, write);
    });
    write(`\n${indent}}`);
  } else {
    write(JSON.stringify(value, exactNumbers));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Is there a table in it? */
function holdsRows(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isObject);
  return isObject(value) && Object.values(value).some(holdsRows);
}

/** JSON's numbers are exact to 2^53 for most readers; larger ones become text. */
function exactNumbers(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
