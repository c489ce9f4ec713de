// Reports definitions that clash: two strong ones of one name, and a name that is thread-local here and not there.

import { STT_TLS } from "../../elf/constants.ts";
import { error, type Place, type Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { definitionLine, placeOf } from "../tables/locate.ts";
import { nameText } from "../tables/names.ts";
import { asShared, type DuplicateDefinition } from "../tables/resolve.ts";
import { STATE_DISCARDED } from "../tables/section-table.ts";

export function reportDuplicates(loader: Loader, options: LinkOptions, report: Report): void {
  if (!options.allowMultipleDefinition) {
    for (const { definition, others } of clashes(loader)) reportDuplicate(loader, definition, others, report);
  }
  for (const { symbol, first, second } of loader.record.tlsMismatches) {
    const [threadLocal, other] = isThreadLocal(loader, second, symbol) ? [second, first] : [first, second];
    const details = {
      symbol: nameText(loader.symbols.names, symbol),
      threadLocal: ownerName(loader, threadLocal),
      other: ownerName(loader, other),
    };
    report(error("tls-mismatch", { file: ownerName(loader, second) }, details));
  }
}

interface Clash {
  readonly definition: DuplicateDefinition;
  /** How many more symbols clash for the same reason: a file that is linked twice. */
  others: number;
}

function clashes(loader: Loader): Clash[] {
  const found: Clash[] = [];
  const sameFile = new Map<string, Clash>();
  for (const it of loader.record.duplicates) {
    if (isGone(loader, it.firstSection) || isGone(loader, it.secondSection)) continue;
    // What --just-symbols names may be defined again: the first one holds.
    if (isSymbolsOnly(loader, it.firstObject) || isSymbolsOnly(loader, it.secondObject)) continue;
    const key = `${it.firstObject} ${it.secondObject}`;
    const known = sameFile.get(key);
    if (known !== undefined) {
      known.others++;
      continue;
    }
    const clash = { definition: it, others: 0 };
    found.push(clash);
    if (isSameFile(loader, it)) sameFile.set(key, clash);
  }
  return found;
}

function isSameFile({ objects }: Loader, { firstObject, secondObject }: DuplicateDefinition): boolean {
  return objects[firstObject] !== undefined && objects[firstObject].name === objects[secondObject]?.name;
}

/** Is the symbol STT_TLS in that file's symbol table? */
function isThreadLocal({ shared, objects }: Loader, owner: number, id: SymbolId): boolean {
  const library = owner < -1 ? shared[asShared(owner)] : undefined;
  const object = objects[owner];
  if (library !== undefined) return isTls(library.view, library.dynsym, library.symbols.indexOf(id), library.is64);
  if (object === undefined) return false;
  return isTls(object.view, object.symtab, object.firstGlobal + object.symbols.indexOf(id), object.is64);
}

function isTls(view: DataView, table: number, index: number, is64: boolean): boolean {
  return (view.getUint8(table + index * (is64 ? 24 : 16) + (is64 ? 4 : 12)) & 15) === STT_TLS;
}

/** A group that was decided later took the definition away. */
function isGone({ sections }: Loader, section: SectionId): boolean {
  return section >= 0 && (sections.state[section] & STATE_DISCARDED) !== 0;
}

function isSymbolsOnly({ objects }: Loader, owner: number): boolean {
  return objects[owner]?.made === "symbols";
}

function ownerName({ shared, objects }: Loader, owner: number): string {
  return (owner < -1 ? shared[asShared(owner)]?.name : objects[owner]?.name) ?? "command line";
}

function reportDuplicate(loader: Loader, it: DuplicateDefinition, others: number, report: Report): void {
  const symbol = nameText(loader.symbols.names, it.symbol);
  const first = definitionPlace(loader, it.firstObject, it.firstSection, it.firstValue, symbol);
  const second = definitionPlace(loader, it.secondObject, it.secondSection, it.secondValue, symbol);
  const places = { first: [first.place], second: [second.place], lines: [first.line, second.line] };
  const details = isSameFile(loader, it)
    ? { symbol, sameFile: second.place.file ?? "", ...(others > 0 ? { others } : {}) }
    : { symbol, ...places, takeFirst: "-z muldefs" };
  report(error("duplicate-symbol", second.place, details));
}

function definitionPlace(
  loader: Loader,
  owner: number,
  section: SectionId,
  offset: number,
  symbol: string,
): { place: Place; line: string } {
  const object = loader.objects[owner];
  if (object === undefined) return { place: { file: "command line" }, line: "" };
  if (section < 0) return { place: { file: object.name }, line: "" };
  const where = { object, section, offset };
  return { place: placeOf(loader.sections, where), line: definitionLine(loader.locator, where, symbol) };
}
