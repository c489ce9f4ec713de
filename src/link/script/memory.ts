// MEMORY and PHDRS: what a machine has and what a program is loaded from.

import { error, type Place } from "../../elf/problem.ts";
import { type Cursor, expectMark, expectName, fail, peek, placeOf, take, takeMark } from "./cursor.ts";
import { parseExpression } from "./expression.ts";
import { includedCursor, type ReadScript } from "./include.ts";
import {
  type Expression,
  type MemoryRegion,
  type ProgramHeaderStatement,
  REGION_ALLOCATED,
  REGION_CODE,
  REGION_LOADED,
  REGION_READ_ONLY,
  REGION_WRITABLE,
  type RegionAttributes,
} from "./statements.ts";

/** Parses what follows MEMORY. */
export function parseMemory(cursor: Cursor, read: ReadScript): MemoryRegion[] | undefined {
  const regions: MemoryRegion[] = [];
  if (!expectMark(cursor, "symbol", "{") || !parseRegions(cursor, read, false, regions)) return undefined;
  return expectMark(cursor, "symbol", "}") ? regions : undefined;
}

function parseRegions(cursor: Cursor, read: ReadScript, toEnd: boolean, into: MemoryRegion[]): boolean {
  for (;;) {
    const place = placeOf(cursor);
    const token = peek(cursor, "symbol");
    if (toEnd ? token.kind === "end" : token.kind === "mark" && token.text === "}") return true;
    if (token.kind === "name" && token.text === "INCLUDE") {
      take(cursor, token);
      const included = includedCursor(cursor, read, place);
      if (included === undefined || !parseRegions(included, read, true, into)) return false;
      continue;
    }
    const region = parseRegion(cursor, place);
    if (region === undefined) return false;
    into.push(region);
    takeMark(cursor, "expression", ",");
  }
}

/** `name (attributes) : ORIGIN = e, LENGTH = e` */
function parseRegion(cursor: Cursor, place: Place): MemoryRegion | undefined {
  const name = expectName(cursor, "symbol", "script-expected-region");
  const attributes = name === undefined ? undefined : parseRegionAttributes(cursor);
  if (name === undefined || attributes === undefined || !expectMark(cursor, "expression", ":")) return undefined;
  const origin = parseNamed(cursor, ["ORIGIN", "org", "o"]);
  if (origin === undefined) return undefined;
  takeMark(cursor, "expression", ",");
  const length = parseNamed(cursor, ["LENGTH", "len", "l"]);
  return length && { name, place, attributes, origin, length };
}

function parseNamed(cursor: Cursor, words: readonly string[]): Expression | undefined {
  const token = peek(cursor, "symbol");
  if (token.kind !== "name" || !words.includes(token.text)) {
    fail(cursor, token, "script-expected-token", { expected: [words[0]] });
    return undefined;
  }
  take(cursor, token);
  return expectMark(cursor, "symbol", "=") ? parseExpression(cursor) : undefined;
}

const ATTRIBUTES: Readonly<Record<string, number>> = {
  r: REGION_READ_ONLY,
  w: REGION_WRITABLE,
  x: REGION_CODE,
  a: REGION_ALLOCATED,
  i: REGION_LOADED,
  l: REGION_LOADED,
};

/** `(rwx!i)`; `!` turns round what stands behind it, up to the next one. */
function parseRegionAttributes(cursor: Cursor): RegionAttributes | undefined {
  let wanted = 0;
  let unwanted = 0;
  if (!takeMark(cursor, "symbol", "(")) return { wanted, unwanted };
  while (!takeMark(cursor, "expression", ")")) {
    let inverted = false;
    while (takeMark(cursor, "expression", "!")) inverted = !inverted;
    const place = placeOf(cursor);
    const letters = expectName(cursor, "symbol", "script-expected-region-attribute");
    if (letters === undefined) return undefined;
    for (const letter of letters) {
      const bit = ATTRIBUTES[letter.toLowerCase()];
      if (bit === undefined) {
        cursor.report(error("script-region-attribute", place, { letter }));
        return undefined;
      }
      if (inverted) unwanted |= bit;
      else wanted |= bit;
    }
  }
  return { wanted, unwanted };
}

/** gABI, p_type, and GNU's; the names that ld knows (ld/ldgram.y, phdr_type). */
const HEADER_TYPES: Readonly<Record<string, number>> = {
  PT_NULL: 0,
  PT_LOAD: 1,
  PT_DYNAMIC: 2,
  PT_INTERP: 3,
  PT_NOTE: 4,
  PT_SHLIB: 5,
  PT_PHDR: 6,
  PT_TLS: 7,
  PT_GNU_EH_FRAME: 0x6474_e550,
  PT_GNU_STACK: 0x6474_e551,
  PT_GNU_RELRO: 0x6474_e552,
  PT_GNU_PROPERTY: 0x6474_e553,
};

/** Parses what follows PHDRS. */
export function parseProgramHeaders(cursor: Cursor): ProgramHeaderStatement[] | undefined {
  if (!expectMark(cursor, "symbol", "{")) return undefined;
  const headers: ProgramHeaderStatement[] = [];
  while (!takeMark(cursor, "symbol", "}")) {
    const header = parseHeader(cursor);
    if (header === undefined) return undefined;
    headers.push(header);
  }
  return headers;
}

/** `name TYPE [FILEHDR] [PHDRS] [AT(e)] [FLAGS(e)];` */
function parseHeader(cursor: Cursor): ProgramHeaderStatement | undefined {
  const place = placeOf(cursor);
  const name = expectName(cursor, "symbol", "script-expected-phdr");
  const type = name === undefined ? undefined : parseHeaderType(cursor);
  if (name === undefined || type === undefined) return undefined;
  let fileHeader = false;
  let programHeaders = false;
  let loadAddress: Expression | undefined;
  let flags: Expression | undefined;
  while (!takeMark(cursor, "expression", ";")) {
    const token = peek(cursor, "expression");
    if (token.kind !== "name") {
      fail(cursor, token, "script-expected-token", { expected: [";"] });
      return undefined;
    }
    take(cursor, token);
    if (token.text === "FILEHDR" || token.text === "PHDRS") {
      const wanted = optionalValue(cursor);
      if (wanted === undefined) return undefined;
      if (token.text === "FILEHDR") fileHeader = wanted;
      else programHeaders = wanted;
    } else if (token.text === "AT" || token.text === "FLAGS") {
      const value = expectMark(cursor, "expression", "(") ? parseExpression(cursor) : undefined;
      if (value === undefined || !expectMark(cursor, "expression", ")")) return undefined;
      if (token.text === "AT") loadAddress = value;
      else flags = value;
    } else {
      cursor.report(error("script-phdr-word", place, { found: token.text }));
      return undefined;
    }
  }
  return { name, type, fileHeader, programHeaders, loadAddress, flags, place };
}

/** FILEHDR and PHDRS may have a number in parentheses behind them: 0 takes them back. */
function optionalValue(cursor: Cursor): boolean | undefined {
  if (!takeMark(cursor, "expression", "(")) return true;
  const value = parseExpression(cursor);
  if (value === undefined || !expectMark(cursor, "expression", ")")) return undefined;
  return value.kind !== "number" || value.value !== 0n;
}

function parseHeaderType(cursor: Cursor): Expression | undefined {
  const place = placeOf(cursor);
  const type = parseExpression(cursor);
  if (type === undefined || type.kind !== "symbol") return type;
  if (Object.hasOwn(HEADER_TYPES, type.name)) return { kind: "number", value: BigInt(HEADER_TYPES[type.name]) };
  cursor.report(error("script-phdr-type", place, { type: type.name }));
  return undefined;
}
