// In which function and on which source line a place in an object is, for messages. Symbol and line tables are read when
// first asked for and kept: nothing of this runs in a link without problems.

import {
  type Functions,
  functionIn,
  functionsOf,
  readSourceLines,
  type SourceLine,
  type SourceLines,
  sourceLineAt,
  variableLines,
} from "../../dwarf/index.ts";
import { type ElfFile, parseElf } from "../../elf/file.ts";
import type { Place } from "../../elf/problem.ts";
import type { Accelerators } from "../options.ts";
import type { SectionId } from "./ids.ts";
import { type ObjectFile, sectionName } from "./object-file.ts";
import type { SectionTable } from "./section-table.ts";

/** A place in an object, before it has words. */
export interface ObjectPlace {
  readonly object: ObjectFile;
  readonly section: SectionId;
  /** Byte offset in the section. */
  readonly offset: number;
}

export interface Locator {
  readonly sections: SectionTable;
  readonly accelerators: Accelerators;
  readonly known: Map<ObjectFile, Tables>;
}

interface Tables {
  readonly file: ElfFile;
  readonly lines: SourceLines;
  readonly functions: Functions;
  /** By symbol, once a variable was asked for. */
  variables: ReadonlyMap<string, SourceLine> | undefined;
}

export function createLocator(sections: SectionTable, accelerators: Accelerators): Locator {
  return { sections, accelerators, known: new Map() };
}

export function placeOf(sections: SectionTable, { object, section, offset }: ObjectPlace): Place {
  return { file: object.name, section: sectionName(object, sections, section), offset };
}

/** What a message can say of a place beside its section; "" where nothing is known. */
export interface Surroundings {
  /** Name of the function, as in the file. */
  readonly function: string;
  /** `main.c:12`. */
  readonly line: string;
}

export function surroundings(locator: Locator, { object, section, offset }: ObjectPlace): Surroundings {
  const tables = tablesOf(locator, object);
  if (tables === undefined) return { function: "", line: "" };
  const index = section - object.firstSection;
  return {
    function: functionIn(tables.functions, tables.file, index, offset) ?? "",
    line: lineText(sourceLineAt(tables.lines, index, offset)),
  };
}

function lineText(line: SourceLine | undefined): string {
  return line === undefined ? "" : `${line.file}:${line.line}`;
}

/** On which source line an object defines a global symbol; "" where nothing is known. @param place of the definition */
export function definitionLine(locator: Locator, place: ObjectPlace, name: string): string {
  const tables = tablesOf(locator, place.object);
  if (tables === undefined) return "";
  const inCode = sourceLineAt(tables.lines, place.section - place.object.firstSection, place.offset);
  if (inCode !== undefined) return lineText(inCode);
  tables.variables ??= variableLines(tables.file, locator.accelerators);
  return lineText(tables.variables.get(name));
}

/** The facts of a problem about several places: lists of equal length, for the message table's `lists`. */
export interface Located {
  readonly places: readonly Place[];
  readonly functions: readonly string[];
  readonly lines: readonly string[];
}

export function locateAll(locator: Locator, sites: readonly ObjectPlace[]): Located {
  const around = sites.map((site) => surroundings(locator, site));
  return {
    places: sites.map((site) => placeOf(locator.sections, site)),
    functions: around.map((it) => it.function),
    lines: around.map((it) => it.line),
  };
}

function tablesOf({ known, accelerators }: Locator, object: ObjectFile): Tables | undefined {
  const there = known.get(object);
  if (there !== undefined) return there;
  const file = parseElf(object.bytes, object.name, () => {});
  if (file === undefined) return undefined;
  const lines = readSourceLines(file, accelerators);
  const tables = { file, lines, functions: functionsOf(file), variables: undefined };
  known.set(object, tables);
  return tables;
}
