// SECTIONS: assignments, ASSERTs, sections with all that stands before and behind their braces, and OVERLAY, which becomes
// sections and PROVIDEs as in ld (ld/ldlang.c: lang_enter_overlay and what follows it). The grammar of the heads is strict
// in its order as ld's (ldgram.y).

import { error, type Place, warning } from "../../elf/problem.ts";
import { binary, call } from "./build.ts";
import {
  type Cursor,
  expectMark,
  expectName,
  fail,
  type Mode,
  peek,
  placeOf,
  type Token,
  take,
  takeMark,
} from "./cursor.ts";
import {
  atAssignment,
  parseAssertion,
  parseAssignmentTo,
  parseExpression,
  parseWrapped,
  startsType,
  TYPE_WORDS,
  wrapsAssignment,
} from "./expression.ts";
import { includedCursor, type ReadScript } from "./include.ts";
import { parseBody, parseFill } from "./section-body.ts";
import type {
  Assignment,
  BodyStatement,
  Constraint,
  Expression,
  Fill,
  NoCrossReferences,
  SectionStatement,
  SectionTypeClause,
  Statement,
} from "./statements.ts";
import type { ScriptCommand } from "./types.ts";

export interface Sections {
  readonly statements: Statement[];
  /** ENTRY and the NOCROSSREFS of overlays, which mean the whole link. */
  readonly commands: ScriptCommand[];
}

/** Parses what follows SECTIONS. */
export function parseSections(cursor: Cursor, read: ReadScript): Sections | undefined {
  if (!expectMark(cursor, "section", "{")) return undefined;
  const sections: Sections = { statements: [], commands: [] };
  const outer = cursor.skipsStray;
  // As ld does, which stays there in the mode for names.
  cursor.skipsStray = true;
  const parsed = parseList(cursor, read, false, sections) && expectMark(cursor, "section", "}");
  cursor.skipsStray = outer;
  return parsed ? sections : undefined;
}

/** Statements up to the closing brace, which is left, or up to the end of an included text. */
function parseList(cursor: Cursor, read: ReadScript, toEnd: boolean, into: Sections): boolean {
  for (;;) {
    const token = peek(cursor, "section");
    if (toEnd ? token.kind === "end" : token.kind === "mark" && token.text === "}") return true;
    if (!parseStatement(cursor, read, token, into)) return false;
  }
}

function parseStatement(cursor: Cursor, read: ReadScript, token: Token, into: Sections): boolean {
  const place = placeOf(cursor);
  if (token.kind !== "name" && token.kind !== "quoted") {
    fail(cursor, token, "script-expected-section");
    return false;
  }
  const name = takeSectionName(cursor, token);
  const word = token.kind === "name" ? name : "";
  if (word === "INCLUDE") {
    const included = includedCursor(cursor, read, place);
    return included !== undefined && parseList(included, read, true, into);
  }
  if (word === "ENTRY") return parseEntry(cursor, place, into);
  if (word === "OVERLAY") return parseOverlay(cursor, read, place, into);
  if (word === "ASSERT") {
    const assertion = parseAssertion(cursor, place);
    if (assertion !== undefined) into.statements.push(assertion);
    return assertion !== undefined;
  }
  if (wrapsAssignment(word)) return endAssignment(cursor, parseWrapped(cursor, place, word), into);
  if (atAssignment(cursor)) return endAssignment(cursor, parseAssignmentTo(cursor, place, name), into);
  if (Object.hasOwn(NOT_HERE, word)) {
    fail(cursor, token, "script-not-in-sections");
    return false;
  }
  skipWildcards(cursor);
  const section = parseSection(cursor, read, name, place);
  if (section !== undefined) into.statements.push(section);
  return section !== undefined;
}

/** Commands that stand beside SECTIONS, not in it. */
const NOT_HERE: Readonly<Record<string, true>> = {
  MEMORY: true,
  PHDRS: true,
  SECTIONS: true,
  EXTERN: true,
  VERSION: true,
  INPUT: true,
  GROUP: true,
  INSERT: true,
  NOCROSSREFS: true,
  NOCROSSREFS_TO: true,
  REGION_ALIAS: true,
  OUTPUT_FORMAT: true,
  OUTPUT_ARCH: true,
  KEEP: true,
};

/** What may follow a section's colon without a space. */
const BEHIND_COLON = /:(?:|AT|ALIGN|SUBALIGN|ALIGN_WITH_INPUT|ONLY_IF_RO|ONLY_IF_RW|SPECIAL)$/;

/** A section's name may have colons in it; one that ends it is the colon of the head. */
function takeSectionName(cursor: Cursor, token: Token): string {
  const colon = token.kind === "name" ? BEHIND_COLON.exec(token.text)?.index : undefined;
  if (colon === undefined || colon === 0) {
    take(cursor, token);
    return token.text;
  }
  take(cursor, { ...token, end: token.start + colon });
  return token.text.slice(0, colon);
}

/** A section's name has no wildcards: ld says so and goes on without them. */
function skipWildcards(cursor: Cursor): void {
  while ("*?^!@%".includes(cursor.text[cursor.at] ?? " ")) {
    cursor.report(warning("script-stray-character", placeOf(cursor), { found: cursor.text[cursor.at] }));
    cursor.at++;
  }
}

/** One separator ends an assignment; another one would be a statement, and there is none that is empty here. */
function endAssignment(cursor: Cursor, assignment: Assignment | undefined, into: Sections): boolean {
  if (assignment === undefined || !expectMark(cursor, "section", ";", ",")) return false;
  into.statements.push({ kind: "assign", assignment });
  return true;
}

function parseEntry(cursor: Cursor, place: Place, into: Sections): boolean {
  if (!expectMark(cursor, "name", "(")) return false;
  const name = expectName(cursor, "name", "script-expected-symbol");
  if (name === undefined || !expectMark(cursor, "name", ")")) return false;
  into.commands.push({ kind: "entry", symbol: name, place });
  return true;
}

function parseSection(cursor: Cursor, read: ReadScript, name: string, place: Place): SectionStatement | undefined {
  const head = parseHead(cursor);
  const attributes = head && parseAttributes(cursor);
  if (head === undefined || attributes === undefined || !expectMark(cursor, "section", "{")) return undefined;
  const body: BodyStatement[] = [];
  if (!parseBody(cursor, read, false, body)) return undefined;
  const endPlace = placeOf(cursor);
  if (!expectMark(cursor, "body", "}")) return undefined;
  const tail = parseTail(cursor);
  return tail && { kind: "section", name, place, ...head, ...attributes, body, ...tail, endPlace, overlay: undefined };
}

type Head = Pick<SectionStatement, "address" | "type">;

/** `[address] [(TYPE)] :` */
function parseHead(cursor: Cursor): Head | undefined {
  let address: Expression | undefined;
  const token = peek(cursor, "expression");
  if (!isMark(token, ":") && !startsType(cursor)) {
    address = parseExpression(cursor);
    if (address === undefined) return undefined;
  }
  let type: SectionTypeClause | undefined;
  if (takeMark(cursor, "expression", "(")) {
    type = parseType(cursor);
    if (type === undefined) return undefined;
  }
  return expectMark(cursor, "expression", ":") ? { address, type } : undefined;
}

function isMark(token: Token, mark: string): boolean {
  return token.kind === "mark" && token.text === mark;
}

const NO_TYPE: SectionTypeClause = { keyword: undefined, type: undefined };

/** Section types by the names that ld knows (ld/ldgram.y, section_type of TYPE=). */
const TYPE_NAMES: Readonly<Record<string, number>> = {
  SHT_PROGBITS: 1,
  SHT_STRTAB: 3,
  SHT_NOTE: 7,
  SHT_NOBITS: 8,
  SHT_INIT_ARRAY: 14,
  SHT_FINI_ARRAY: 15,
  SHT_PREINIT_ARRAY: 16,
};

/** `TYPE)` behind the opening parenthesis. */
function parseType(cursor: Cursor): SectionTypeClause | undefined {
  if (takeMark(cursor, "expression", ")")) return NO_TYPE;
  const token = peek(cursor, "expression");
  if (token.kind !== "name" || !TYPE_WORDS.has(token.text)) {
    fail(cursor, token, "script-expected-section-type");
    return undefined;
  }
  take(cursor, token);
  if (token.text === "TYPE") return endType(cursor, undefined);
  const keyword = token.text as SectionTypeClause["keyword"];
  if (keyword === "READONLY" && takeMark(cursor, "expression", "(")) {
    if (expectName(cursor, "expression", "script-expected-section-type") !== "TYPE") return undefined;
    const inner = endType(cursor, keyword);
    return inner && expectMark(cursor, "expression", ")") ? inner : undefined;
  }
  return expectMark(cursor, "expression", ")") ? { keyword, type: undefined } : undefined;
}

/** `= e)` */
function endType(cursor: Cursor, keyword: SectionTypeClause["keyword"]): SectionTypeClause | undefined {
  if (!expectMark(cursor, "expression", "=")) return undefined;
  const written = parseExpression(cursor);
  if (written === undefined || !expectMark(cursor, "expression", ")")) return undefined;
  const isName = written.kind === "symbol" && Object.hasOwn(TYPE_NAMES, written.name);
  return { keyword, type: isName ? { kind: "number", value: BigInt(TYPE_NAMES[written.name]) } : written };
}

type Attributes = Pick<SectionStatement, "loadAddress" | "align" | "alignWithInput" | "subalign" | "constraint">;

const CONSTRAINTS: Readonly<Record<string, Constraint>> = {
  ONLY_IF_RO: "read-only",
  ONLY_IF_RW: "writable",
  SPECIAL: "special",
};

/** `[AT(e)] [ALIGN(e) | ALIGN_WITH_INPUT] [SUBALIGN(e)] [ONLY_IF_…]` */
function parseAttributes(cursor: Cursor): Attributes | undefined {
  const failed: string[] = [];
  const wrappedValue = (word: string): Expression | undefined => {
    if (!takeWord(cursor, "section", word)) return undefined;
    if (expectMark(cursor, "section", "(")) {
      const value = parseExpression(cursor);
      if (value !== undefined && expectMark(cursor, "expression", ")")) return value;
    }
    failed.push(word);
    return undefined;
  };
  const loadAddress = wrappedValue("AT");
  const align = failed.length > 0 ? undefined : wrappedValue("ALIGN");
  const both = placeOf(cursor);
  const alignWithInput = takeWord(cursor, "section", "ALIGN_WITH_INPUT");
  if (align !== undefined && alignWithInput) {
    cursor.report(error("script-align-twice", both));
    return undefined;
  }
  const subalign = failed.length > 0 ? undefined : wrappedValue("SUBALIGN");
  if (failed.length > 0) return undefined;
  const word = peek(cursor, "section");
  const constraint = word.kind === "name" && Object.hasOwn(CONSTRAINTS, word.text) ? CONSTRAINTS[word.text] : "none";
  if (constraint !== "none") take(cursor, word);
  return { loadAddress, align, alignWithInput, subalign, constraint };
}

/** Takes the word if it comes next. */
function takeWord(cursor: Cursor, mode: Mode, word: string): boolean {
  const token = peek(cursor, mode);
  if (token.kind !== "name" || token.text !== word) return false;
  take(cursor, token);
  return true;
}

type Tail = Pick<SectionStatement, "region" | "loadRegion" | "phdrs" | "fill">;

/** `[>region] [AT>region] [:header …] [=fill] [,]` */
function parseTail(cursor: Cursor): Tail | undefined {
  let region: string | undefined;
  let loadRegion: string | undefined;
  if (takeMark(cursor, "section", ">")) {
    region = expectName(cursor, "symbol", "script-expected-region");
    if (region === undefined) return undefined;
  }
  const ahead = { ...cursor };
  // A section may be called AT; behind it stands no `>`.
  if (takeWord(ahead, "section", "AT") && takeMark(ahead, "section", ">")) {
    takeWord(cursor, "section", "AT");
    takeMark(cursor, "section", ">");
    loadRegion = expectName(cursor, "symbol", "script-expected-region");
    if (loadRegion === undefined) return undefined;
  }
  const phdrs = parsePhdrNames(cursor);
  const fill = phdrs && parseFillOption(cursor);
  if (phdrs === undefined || fill === undefined) return undefined;
  takeMark(cursor, "section", ",");
  return { region, loadRegion, phdrs, fill: fill === "none" ? undefined : fill };
}

function parsePhdrNames(cursor: Cursor): string[] | undefined {
  const names: string[] = [];
  while (takeMark(cursor, "expression", ":")) {
    const name = expectName(cursor, "symbol", "script-expected-phdr");
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

function parseFillOption(cursor: Cursor): Fill | "none" | undefined {
  return takeMark(cursor, "section", "=") ? parseFill(cursor) : "none";
}

/** A member before it is known where the OVERLAY goes. */
interface Member {
  readonly name: string;
  readonly place: Place;
  readonly endPlace: Place;
  readonly body: readonly BodyStatement[];
  readonly phdrs: readonly string[];
  readonly fill: Fill | undefined;
}

/** `OVERLAY [address] : [NOCROSSREFS] [AT(e)] [SUBALIGN(e)] { members } tail` */
function parseOverlay(cursor: Cursor, read: ReadScript, place: Place, into: Sections): boolean {
  const isOpen = isMark(peek(cursor, "expression"), ":");
  const address = isOpen ? undefined : parseExpression(cursor);
  if ((!isOpen && address === undefined) || !expectMark(cursor, "expression", ":")) return false;
  const isolated = takeWord(cursor, "section", "NOCROSSREFS");
  const attributes = parseAttributes(cursor);
  if (attributes === undefined || !expectMark(cursor, "section", "{")) return false;
  const members: Member[] = [];
  while (!takeMark(cursor, "section", "}")) {
    const member = parseMember(cursor, read);
    if (member === undefined) return false;
    members.push(member);
  }
  const tail = parseTail(cursor);
  if (tail === undefined) return false;
  into.statements.push(...overlaySections(members, address, attributes, tail));
  if (isolated) {
    const rule: NoCrossReferences = { sections: members.map(({ name }) => name), toFirst: false, place };
    into.commands.push({ kind: "no-cross-references", rule });
  }
  return true;
}

/** `name { … } [:header …] [=fill] [,]` */
function parseMember(cursor: Cursor, read: ReadScript): Member | undefined {
  const place = placeOf(cursor);
  const name = expectName(cursor, "section", "script-expected-section");
  if (name === undefined || !expectMark(cursor, "section", "{")) return undefined;
  const body: BodyStatement[] = [];
  if (!parseBody(cursor, read, false, body)) return undefined;
  const endPlace = placeOf(cursor);
  if (!expectMark(cursor, "body", "}")) return undefined;
  const phdrs = parsePhdrNames(cursor);
  const fill = phdrs && parseFillOption(cursor);
  if (phdrs === undefined || fill === undefined) return undefined;
  takeMark(cursor, "section", ",");
  return { name, place, endPlace, body, phdrs, fill: fill === "none" ? undefined : fill };
}

function overlaySections(
  members: readonly Member[],
  address: Expression | undefined,
  { loadAddress, subalign }: Attributes,
  tail: Tail,
): Statement[] {
  // The end is where the largest would end.
  const start = call("ADDR", members[0]?.name ?? "");
  const sizes = members.map(({ name }) => call("SIZEOF", name));
  const largest = sizes.length === 0 ? undefined : sizes.reduce((left, right) => call("MAX", left, right));
  const dotAfter = largest && binary(start, "+", largest);
  return members.flatMap((member, i): Statement[] => [
    {
      kind: "section",
      name: member.name,
      place: member.place,
      address: i === 0 ? address : start,
      type: undefined,
      loadAddress: i === 0 ? loadAddress : undefined,
      align: undefined,
      alignWithInput: false,
      subalign,
      constraint: "none",
      body: member.body,
      region: tail.region,
      loadRegion: tail.loadRegion,
      phdrs: member.phdrs.length > 0 ? member.phdrs : tail.phdrs,
      fill: member.fill ?? tail.fill,
      endPlace: member.endPlace,
      overlay: { first: i === 0, dotAfter: i === members.length - 1 ? dotAfter : undefined },
    },
    ...loadMarks(member),
  ]);
}

/** `__load_start_name` and `__load_stop_name`; characters that a C name cannot have are left out. */
function loadMarks({ name, place }: Member): Statement[] {
  const word = name.replace(/[^A-Za-z0-9_]/g, "");
  const start = call("LOADADDR", name);
  const values: readonly (readonly [string, Expression])[] = [
    [`__load_start_${word}`, start],
    [`__load_stop_${word}`, binary(start, "+", call("SIZEOF", name))],
  ];
  return values.map(([mark, value]) => ({
    kind: "assign",
    assignment: { symbol: mark, operator: "=", value, provide: true, hidden: false, place },
  }));
}
