// Will a file load on a system of the tables? Libraries, versions and symbols that it and what comes along with it need,
// against what the plain system has. Where the tables do not know, nothing is claimed: a library outside of the C library is
// a black box, and what it might define is not said to be missing.

import { error, note, type Problem, warning } from "../../elf/index.ts";
import type { VersionNeeded } from "../file/version-table.ts";
import { isInterpreterOf, LOADER_RECORDS } from "../machines/index.ts";
import { isMuslItself } from "../search/index.ts";
import type { LoaderMachine } from "../settings/contract.ts";
import {
  compareReleases,
  compareVersionNames,
  gccOfVersion,
  glibcOfVersion,
  glibcSymbols,
  glibcxxOfGcc,
  type LibrarySymbols,
  muslSymbols,
  releaseText,
  type System,
  systemsFor,
  withoutMachine,
} from "../systems/index.ts";
import { type Demands, symbolsOfVersion } from "./demands.ts";
import { fileFindings } from "./file-findings.ts";
import { foreignFindings, foreignProgram } from "./foreign.ts";
import { defines, definesVersion, type Group } from "./group.ts";
import { NODE_SYMBOL, nodeFindings } from "./load-findings.ts";
import { isGlibcName, isLinux } from "./made-for.ts";
import { pageFindings, refusalFindings, relocationFindings } from "./refusals.ts";
import { type NodeExports, nodeFor } from "./surroundings.ts";
import { unneededFindings } from "./unneeded.ts";

/** A system, and its C library's symbols once somebody has asked. */
export interface SystemTables {
  readonly system: System;
  /** Of its kernel, where the user says; otherwise what is usual on the machine. */
  readonly pageSize: number | undefined;
  symbols(machine: LoaderMachine): LibrarySymbols;
}

export function systemTables(system: System, pageSize?: number): SystemTables {
  const known = new Map<LoaderMachine, LibrarySymbols>();
  return {
    system,
    pageSize,
    symbols: (machine) => {
      let symbols = known.get(machine);
      if (symbols === undefined) {
        symbols = (system.library === "glibc" ? glibcSymbols : muslSymbols)(machine, system.version);
        known.set(machine, symbols);
      }
      return symbols;
    },
  };
}

/**
 * What keeps a file from loading, or might.
 * @returns errors for what fails on the plain system, warnings for what may, notes for what nobody knows
 */
export function systemFindings(group: Group, tables: SystemTables, there: NodeExports): Problem[] {
  const { main } = group;
  const { system } = tables;
  const node = nodeFor(main, there);
  const otherMachine = machineFindings(main, system);
  if (otherMachine.length > 0) return otherMachine;
  const own = [...fileFindings(main, system, undefined), ...pageFindings(main, system, tables.pageSize)];
  const isStranger = !isLinux(main.made) && main.made !== "Android";
  if (main.role === "static-program")
    return isStranger ? [...own, foreignProgram(main, system.library, system.name)] : own;
  const { interpreter } = main.file;
  if (main.role === "program" && interpreter !== undefined && !hasInterpreter(system, main.machine, interpreter)) {
    return [...own, ...interpreterFindings(main, interpreter, system)];
  }
  const context: Context = { group, tables, node, unknown: new Set() };
  const missing = libraryFindings(context);
  const versions = system.library === "glibc" ? versionFindings(context) : [];
  const symbols = missingSymbols(context);
  if (system.library === "glibc") versions.push(...versionsOfNobody(context));
  const others = group.objects.slice(1).flatMap((it) => fileFindings(it, system, undefined));
  const libraries = main.role === "program" ? group.objects.slice(1) : group.objects;
  const linker = interpreter ?? linkerOf(system, main);
  const refused = libraries.flatMap((it) =>
    refusalFindings(it, system, system.name, linker, it === main && main.role === "addon", tables.pageSize),
  );
  for (const it of group.objects) refused.push(...relocationFindings(it, system, system.name));
  const files = group.objects.map(({ file }) => file);
  if (main.role === "addon" && refused.length === 0) own.push(...nodeFindings(main, files, node));
  const found = foreignFindings(main, system.library, system.name, [...refused, ...missing, ...versions, ...symbols]);
  return [...own, ...others, ...found, ...unknownFindings(context)];
}

function hasInterpreter(system: System, machine: LoaderMachine, path: string): boolean {
  if (!isInterpreterOf(system.library, path)) return false;
  const others = LOADER_RECORDS[machine].interpreters[system.library].slice(1);
  return system.bare || !others.some((it) => baseName(it) === baseName(path));
}

/** Of a machine's ABIs, distributions have the usual one; a C library alone may be of any. */
function linkerOf({ library, bare }: System, { machine, file }: Demands): string {
  const { interpreters, refusesFlags } = LOADER_RECORDS[machine];
  const [usual, ...others] = interpreters[library];
  const { flags } = file.elf.header;
  if (!bare || refusesFlags?.(flags, usual) === undefined) return usual;
  return others.find((it) => refusesFlags(flags, it) === undefined) ?? usual;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A file for another machine than the one that is asked about; or the system does not exist on its machine. */
function machineFindings({ name, machine }: Demands, system: System): Problem[] {
  const place = { file: name };
  const asked = system.machine ?? machine;
  if (!system.machines.includes(asked)) {
    const others = systemsFor(asked, system.name).slice(0, NAMED_SYSTEMS);
    return [
      error("check-system-without-machine", place, { system: withoutMachine(system.name), machine: asked, others }),
    ];
  }
  if (asked === machine) return [];
  return [error("check-for-other-machine", place, { system: system.name, made: machine, has: asked })];
}

/** So many other systems are named. */
const NAMED_SYSTEMS = 4;

interface Context {
  readonly group: Group;
  readonly tables: SystemTables;
  readonly node: NodeExports;
  /** Libraries whose versions and symbols nobody knows. */
  readonly unknown: Set<string>;
}

function interpreterFindings(main: Demands, interpreter: string, system: System): Problem[] {
  const { name, library, made } = main;
  const facts = { interpreter, system: system.name };
  if (!isLinux(made)) return [foreignProgram(main, system.library, system.name)];
  if (library !== undefined && library !== system.library) {
    return [error("check-foreign-program", { file: name }, { ...facts, made: library, has: system.library })];
  }
  return [error("check-interpreter-missing", { file: name }, facts)];
}

/** How a system comes by a library. */
type Provision = "shipped" | "c-library" | "gcc" | "listed" | "unknown" | "missing";

function provisionOf({ group, tables }: Context, name: string): Provision {
  const { system } = tables;
  if (group.byName.has(name)) return "shipped";
  if (system.library === "musl" ? isMuslItself(name, "") || /^ld-musl-/.test(name) : isGlibcName(name))
    return "c-library";
  if (system.bare) return /^ld-(linux|musl)/.test(name) || /^libc\./.test(name) ? "missing" : "unknown";
  if (name === "libstdc++.so.6" || name === "libgcc_s.so.1") {
    if (system.gcc !== undefined) return "gcc";
    // Node.js itself needs them, so they are there when it opens an addon.
    return group.main.role === "addon" ? "unknown" : "missing";
  }
  return system.libraries.includes(name) ? "listed" : "missing";
}

function libraryFindings(context: Context): Problem[] {
  const findings: Problem[] = [];
  const seen = new Set<string>();
  const { name: system } = context.tables.system;
  for (const requester of context.group.objects) {
    const libraries: string[] = [];
    for (const name of requester.needed) {
      if (seen.has(name)) continue;
      seen.add(name);
      const provision = provisionOf(context, name);
      if (provision !== "shipped" && provision !== "c-library") context.unknown.add(name);
      if (provision === "missing") libraries.push(name);
    }
    if (libraries.length === 0) continue;
    findings.push(error("check-library-not-in-base", { file: requester.name }, { libraries, system }));
  }
  return findings;
}

/** Versions that an object needs and the system's libraries, or those that come along, do not have. */
function versionFindings(context: Context): Problem[] {
  const findings: Problem[] = [];
  for (const object of context.group.objects) {
    const byLibrary = new Map<string, VersionNeeded[]>();
    for (const need of object.file.versions.needs) {
      const { library, name, weak } = need;
      if (name === "GLIBC_PRIVATE" && !context.group.byName.has(library)) {
        const symbols = symbolsOfVersion(object, library, name);
        findings.push(warning("check-private-symbols", { file: object.name }, { library, symbols }));
      }
      if (weak || hasVersion(context, library, name) !== false) continue;
      // One finding for glibc, whichever of its libraries it is.
      const key = isGlibcName(library) && !context.group.byName.has(library) ? "glibc" : library;
      byLibrary.set(key, [...(byLibrary.get(key) ?? []), need]);
    }
    for (const needs of byLibrary.values()) findings.push(versionFinding(context, object, needs));
  }
  return findings;
}

/** What libraries bring along that the tables know. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  "libstdc++.so.6": ["libm.so.6", "libgcc_s.so.1"],
};

/** glibc's own libraries all need these. */
function isAlwaysThere(library: string, machine: LoaderMachine): boolean {
  const linkers = LOADER_RECORDS[machine].interpreters.glibc;
  return library === "libc.so.6" || linkers.some((path) => path.endsWith(`/${library}`));
}

/** Versions of libraries that nothing needs, as far as it is known what libraries of the system need in turn. */
function versionsOfNobody({ group, node, unknown }: Context): Problem[] {
  const needed = group.objects.flatMap((it) => it.needed);
  const there = new Set([...needed, ...needed.flatMap((name) => BROUGHT[name] ?? []), ...group.byName.keys()]);
  const isBlack = [...unknown].some((name) => BROUGHT[name] === undefined && name !== "libgcc_s.so.1");
  const role = isBlack ? "library" : group.main.role;
  return group.objects.flatMap(({ file, name }) => {
    const needs = file.versions.needs.filter(
      ({ library }) => !there.has(library) && !(needed.length > 0 && isAlwaysThere(library, group.main.machine)),
    );
    return unneededFindings(needs, name, role, (library) => node.hasLibrary(library));
  });
}

/** Undefined where nobody knows. */
function hasVersion(context: Context, library: string, version: string): boolean | undefined {
  const { group, tables } = context;
  const { system } = tables;
  const shipped = group.byName.get(library);
  if (shipped !== undefined) return definesVersion(shipped.file, version);
  switch (provisionOf(context, library)) {
    case "c-library": {
      if (version === "GLIBC_PRIVATE") return undefined;
      if (system.versions.includes(version)) return true;
      const release = glibcOfVersion(version);
      return release === undefined ? undefined : compareReleases(release, system.version) <= 0;
    }
    case "gcc": {
      const release = gccOfVersion(version);
      if (release !== undefined) return compareReleases(release, system.gcc ?? []) <= 0;
      // A number beyond the table is newer than every system in it.
      return /^(GLIBCXX_3\.4|CXXABI_1\.3)\.\d+$/.test(version) ? false : undefined;
    }
    default:
      return undefined;
  }
}

/** @param needs the versions of one library that are missing; at least one */
function versionFinding(context: Context, object: Demands, needs: readonly VersionNeeded[]): Problem {
  const { system } = context.tables;
  const sorted = [...needs].sort((a, b) => compareVersionNames(a.name, b.name));
  const { library } = sorted[0];
  const versions = [...new Set(sorted.map(({ name }) => name))];
  const symbols = sorted.flatMap((need) =>
    symbolsOfVersion(object, need.library, need.name).map((name) => `${name}@${need.name}`),
  );
  const facts = { library, versions, symbols, system: system.name };
  const place = { file: object.name };
  const shipped = context.group.byName.get(library);
  if (shipped !== undefined) return error("check-version-not-shipped", place, { ...facts, path: shipped.name });
  if (isGlibcName(library)) {
    const has = system.bare ? "" : `glibc ${releaseText(system.version)}`;
    return error("check-glibc-too-old", place, { ...facts, has });
  }
  const gcc = system.gcc ?? [];
  const has = library === "libstdc++.so.6" ? (glibcxxOfGcc(gcc) ?? "") : "";
  return error("check-gcc-runtime-too-old", place, { ...facts, has, gcc: releaseText(gcc) });
}

/** Symbols that nothing defines, one finding for each object. */
function missingSymbols(context: Context): Problem[] {
  const { group, tables } = context;
  const findings: Problem[] = [];
  for (const object of group.objects) {
    const missing: string[] = [];
    const open: string[] = [];
    const ofNode: string[] = [];
    for (const { name, version, library, weak } of object.references) {
      if (weak || version === "GLIBC_PRIVATE") continue;
      const verdict = symbolVerdict(context, object, name, version, library);
      if (verdict === "missing" && group.main.role === "addon" && NODE_SYMBOL.test(name)) ofNode.push(name);
      else if (verdict === "missing")
        missing.push(version === "" || tables.system.library === "musl" ? name : `${name}@${version}`);
      if (verdict === "open") open.push(name);
    }
    const facts = { system: tables.system.name };
    if (missing.length > 0) {
      findings.push(error("check-symbols-missing", { file: object.name }, { ...facts, symbols: missing }));
    }
    if (ofNode.length > 0) {
      findings.push(error("check-symbols-of-node", { file: object.name }, { ...facts, symbols: ofNode }));
    }
    if (open.length > 0) {
      findings.push(note("check-symbols-of-program", { file: object.name }, { ...facts, symbols: open }));
    }
  }
  return findings;
}

/** "open": a library may find it in the program that loads it. */
type SymbolVerdict = "found" | "missing" | "open";

function symbolVerdict(
  context: Context,
  object: Demands,
  name: string,
  version: string,
  library: string,
): SymbolVerdict {
  const { group, tables, node } = context;
  const symbols = tables.symbols(object.machine);
  // musl is all of them itself, also for those that were linked with another system's.
  const isMuslOwn = tables.system.library === "musl" && library !== "" && isMuslItself(library, "");
  const isOfLibc = (isMuslOwn || isGlibcName(library)) && !group.byName.has(library);
  if (tables.system.library === "glibc" && isOfLibc) {
    const wanted = glibcOfVersion(version);
    // Its version is missing as a whole, and has been said to be.
    if (wanted === undefined || compareReleases(wanted, tables.system.version) > 0) return "found";
    const known = symbols.versionsOf(name);
    return known?.some((it) => compareReleases(it, wanted) === 0) === true || !symbols.complete ? "found" : "missing";
  }
  if (symbols.versionsOf(name) !== undefined) return "found";
  if (group.objects.some(({ file }) => defines(file, name))) return "found";
  if (version !== "" && !isOfLibc) return "found";
  if (group.main.role === "addon" && node.besidesLibc(name) !== false) return "found";
  if (!symbols.complete) return "found";
  // musl has no versions, but those of others tell whose symbol is meant.
  if (isOfLibc) return "missing";
  if (context.unknown.size > 0) return "found";
  return group.main.role === "library" ? "open" : "missing";
}

function unknownFindings({ group, tables, unknown }: Context): Problem[] {
  const { system } = tables;
  const asked = [...unknown].filter((name) => {
    const isGcc = name === "libstdc++.so.6" || name === "libgcc_s.so.1";
    if (isGcc) return system.bare || (system.gcc === undefined && group.main.role === "addon");
    return system.bare || system.libraries.includes(name);
  });
  if (asked.length === 0) return [];
  return [note("check-not-judged", { file: group.main.name }, { libraries: asked, system: system.name })];
}
