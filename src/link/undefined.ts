// Reports what could not be resolved: undefined symbols (all of a link together, each with the places that refer to it),
// double definitions, and clashes of kind.

import type { Place, Problem, Report } from "../elf/problem.ts";
import type { SectionId, SymbolId } from "./ids.ts";
import type { Loader } from "./loader.ts";
import { nameText } from "./names.ts";
import { type ObjectFile, sectionName } from "./object-file.ts";
import type { LinkOptions } from "./options.ts";
import { asShared } from "./resolve.ts";
import type { Scan, UndefinedReference } from "./scan.ts";
import { type SectionTable, STATE_DISCARDED } from "./section-table.ts";
import { FLAG_REF_REGULAR_NONWEAK, FLAG_REQUIRED, isShared, isUndefined, KIND_UNDEFINED } from "./symbol-table.ts";

const MAX_PLACES = 3;

function problem(severity: Problem["severity"], code: string, place: Place, details: Problem["details"]): Problem {
  return { code, severity, place, details };
}

export function reportUndefined(loader: Loader, scan: Scan, options: LinkOptions, report: Report): void {
  const { symbols, sections } = loader;
  const bySymbol = new Map<SymbolId, UndefinedReference[]>();
  for (const it of scan.undefinedReferences) {
    const list = bySymbol.get(it.symbol);
    if (list === undefined) bySymbol.set(it.symbol, [it]);
    else list.push(it);
  }
  const severity = options.warnUnresolved || options.noInhibitExec ? "warning" : "error";
  for (const [symbol, references] of bySymbol) {
    const places = references.slice(0, MAX_PLACES).map((it) => placeOf(it, sections));
    const functions = references.slice(0, MAX_PLACES).map((it) => functionAt(it));
    const details = {
      symbol: nameText(symbols.names, symbol),
      references: places,
      count: references.length,
      functions,
    };
    report(problem(severity, "undefined-symbol", places[0] ?? {}, details));
  }
  for (const name of options.requireDefined) {
    const id = loader.symbols.names;
    if (isMissing(loader, name, id.count)) report(problem("error", "required-symbol-undefined", {}, { symbol: name }));
  }
}

function isMissing(loader: Loader, name: string, count: number): boolean {
  const { symbols } = loader;
  for (let id = 0; id < count; id++) {
    if ((symbols.flags[id] & FLAG_REQUIRED) !== 0 && nameText(symbols.names, id) === name)
      return isUndefined(symbols, id);
  }
  return false;
}

function placeOf(it: UndefinedReference, sections: SectionTable): Place {
  return { file: it.object.name, section: sectionName(it.object, sections, it.section), offset: it.offset };
}

/** The function that a place is in: the one that starts last before it in the section. */
function functionAt(it: UndefinedReference): string {
  return functionIn(it.object, it.section, it.offset);
}

const decoder = new TextDecoder();

export function functionIn(object: ObjectFile, section: SectionId, offset: number): string {
  const { view, is64, bytes } = object;
  const entry = is64 ? 24 : 16;
  const wanted = section - object.firstSection;
  let best = -1;
  let bestValue = -1;
  for (let i = 1; i < object.symbolCount; i++) {
    const at = object.symtab + i * entry;
    const detail = at + (is64 ? 4 : 12);
    if ((bytes[detail] & 15) !== 2 || view.getUint16(detail + 2, true) !== wanted) continue;
    const value = view.getUint32(at + (is64 ? 8 : 4), true);
    if (value <= offset && value > bestValue) {
      best = i;
      bestValue = value;
    }
  }
  if (best < 0) return "";
  const start = object.strings + view.getUint32(object.symtab + best * entry, true);
  let end = start;
  while (end < object.stringsEnd && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(start, end));
}

/** Two strong definitions of one name. */
export function reportDuplicates(loader: Loader, options: LinkOptions, report: Report): void {
  const { record, symbols, sections, objects } = loader;
  for (const it of record.duplicates) {
    const isGone = (section: SectionId): boolean => section >= 0 && (sections.state[section] & STATE_DISCARDED) !== 0;
    if (isGone(it.firstSection) || isGone(it.secondSection)) continue;
    if (options.allowMultipleDefinition) continue;
    const place = (object: number, section: SectionId, value: number): Place => {
      const file = objects[object];
      if (file === undefined) return { file: "command line" };
      return section < 0
        ? { file: file.name }
        : { file: file.name, section: sectionName(file, sections, section), offset: value };
    };
    const first = place(it.firstObject, it.firstSection, it.firstValue);
    const second = place(it.secondObject, it.secondSection, it.secondValue);
    report(
      problem("error", "duplicate-symbol", second, {
        symbol: nameText(symbols.names, it.symbol),
        first: [first],
        second: [second],
      }),
    );
  }
  for (const it of record.tlsMismatches) {
    const name = (owner: number): string =>
      (owner < -1 ? loader.shared[asShared(owner)]?.name : objects[owner]?.name) ?? "command line";
    const details = { symbol: nameText(symbols.names, it.symbol), first: name(it.first), second: name(it.second) };
    report(problem("error", "tls-mismatch", { file: name(it.second) }, details));
  }
}

/** References of shared libraries that nothing meets, and objects that rely on libraries nobody named. */
export function reportShared(loader: Loader, options: LinkOptions, sharedOutput: boolean, report: Report): void {
  const { symbols, shared } = loader;
  const allow = options.allowShlibUndefined ?? sharedOutput;
  for (let id = 0; id < symbols.names.count; id++) {
    if (isShared(symbols, id)) {
      const file = shared[symbols.owner[id]];
      if (file.implicit && (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) !== 0) {
        const details = { symbol: nameText(symbols.names, id), library: file.name };
        report(problem("error", "dso-missing", { file: file.name }, details));
      }
    } else if (!allow && symbols.kind[id] === KIND_UNDEFINED && symbols.owner[id] < -1) {
      const file = shared[asShared(symbols.owner[id])];
      if (
        file === undefined ||
        options.unresolvedSymbols === "ignore-all" ||
        options.unresolvedSymbols === "ignore-in-shared-libs"
      )
        continue;
      const severity = options.warnUnresolved || options.noInhibitExec ? "warning" : "error";
      report(
        problem(
          severity,
          "shared-undefined",
          { file: file.name },
          { symbol: nameText(symbols.names, id), library: file.name },
        ),
      );
    }
  }
}
