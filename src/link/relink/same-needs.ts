// What an object asks of the link by its relocations (slots, copies, dynamic relocations) must be what it asked before. The scan
// answers that itself: of the object alone, as it was and as it is, from the state before any relocation was looked at. A
// link's scan is what all objects ask together, so equal parts give an equal whole.

import type { Report } from "../../elf/problem.ts";
import { scanRelocations } from "../scan/scan.ts";
import { DYN_RELATIVE, type Scan } from "../scan/scan-result.ts";
import { BIND_LOCAL } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { Live } from "./live.ts";

export interface Needs {
  readonly scan: Scan;
  readonly flags: Int32Array;
}

/** Scans one object that is in the tables. */
export function needsOf(live: Live, object: ObjectFile, report: Report): Needs {
  const { sections, symbols, machine, mode, frames, kept, values, options, unscanned } = live;
  // Rows for local symbols come behind those that are there, in columns of its own where these are full.
  const flags = new Int32Array(symbols.flags.length);
  flags.set(unscanned.flags);
  const bindings = new Uint8Array(symbols.flags.length);
  bindings.set(unscanned.bindings);
  const own = { ...symbols, flags };
  const scan = scanRelocations(
    [object],
    sections,
    own,
    bindings,
    machine,
    mode,
    frames,
    kept,
    values.outputs,
    options,
    report,
  );
  return { scan, flags: own.flags };
}

/** @param object as it was: it names the same symbols as it does now */
export function sameNeeds(live: Live, object: ObjectFile, before: Needs, after: Needs): boolean {
  const [a, b] = [before.scan, after.scan];
  if (a.complaints.size + b.complaints.size + a.undefined.size + b.undefined.size > 0) return false;
  if (a.needsGotBase !== b.needsGotBase || a.needsTlsLd !== b.needsTlsLd || a.staticTls !== b.staticTls) return false;
  if (a.textRelocation !== b.textRelocation || a.dynCount !== b.dynCount) return false;
  for (const id of object.symbols) {
    const [had, has] = [before.flags[id], after.flags[id]];
    if (had !== has && !isAskedElsewhere(live, object, id, had ^ has)) return false;
  }
  for (let i = 0; i < a.dynCount; i++) {
    if (a.dynSection[i] !== b.dynSection[i] || a.dynOffset[i] !== b.dynOffset[i]) return false;
    if (a.dynType[i] !== b.dynType[i]) return false;
    if (a.dynSymbol[i] !== b.dynSymbol[i] && !(isPlace(before, a, i) && isPlace(after, b, i))) return false;
  }
  return sameSets(a.rigidTls, b.rigidTls) && sameLocals(before, after);
}

/** Whether another object asked for all of this before: then it makes no difference whether this one does. */
function isAskedElsewhere(
  { scan: { needs }, sections, symbols }: Live,
  { id }: ObjectFile,
  symbol: SymbolId,
  flags: number,
): boolean {
  // What was asked for was not taken back afterwards.
  if ((symbols.flags[symbol] & flags) !== flags) return false;
  let elsewhere = 0;
  for (let i = 0; i < needs.count; i++) {
    if (needs.symbol[i] === symbol && sections.object[needs.section[i]] !== id) elsewhere |= needs.flags[i];
  }
  return (flags & ~elsewhere) === 0;
}

/** Is it an address in the output, whoever it belongs to? Then only the entry's addend tells. */
function isPlace({ scan: { bindings } }: Needs, { dynSymbol, dynType }: Scan, i: number): boolean {
  return dynType[i] === DYN_RELATIVE && (dynSymbol[i] < 0 || bindings[dynSymbol[i]] === BIND_LOCAL);
}

/** Which symbols the object's dynamic relocations are about, now that they are known to be the same otherwise. */
export function adoptNeeds({ scan }: Live, { scan: after }: Needs): void {
  let at = 0;
  for (let i = 0; i < after.dynCount; i++) {
    while (at < scan.dynCount && scan.dynSection[at] !== after.dynSection[i]) at++;
    for (let k = at; k < scan.dynCount && scan.dynSection[k] === after.dynSection[i]; k++) {
      if (scan.dynOffset[k] === after.dynOffset[i]) scan.dynSymbol[k] = after.dynSymbol[i];
    }
  }
}

function sameSets(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((it) => b.has(it));
}

/** Local symbols with rows of their own: the same ones, in the same order, asking for the same. */
function sameLocals(before: Needs, after: Needs): boolean {
  const [a, b] = [[...before.scan.locals], [...after.scan.locals]];
  if (a.length !== b.length) return false;
  return a.every(([key, row], i) => {
    const [otherKey, otherRow] = b[i];
    if (key !== otherKey || before.flags[row] !== after.flags[otherRow]) return false;
    return before.scan.bindings[row] === after.scan.bindings[otherRow];
  });
}
