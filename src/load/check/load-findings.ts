// Will a file load where it is? The whole load is done in simulated memory, with the dynamic linker that is there; what it
// could not find or bind are the findings.

import { error, note, type Problem, warning } from "../../elf/index.ts";
import { type DynamicFile, symbolicOf } from "../file/dynamic-file.ts";
import { load } from "../load.ts";
import {
  type LoadedObject,
  type LoadedProcess,
  type MissingLibrary,
  type MissingVersion,
  pageSizeOf,
  type UndefinedSymbol,
} from "../objects/objects.ts";
import type { SharedFiles } from "../search/index.ts";
import type { Candidate } from "../settings/contract.ts";
import { needsOfNobody } from "../symbols/versions.ts";
import { areRelated, compareVersionNames, debianLibc } from "../systems/index.ts";
import { type Demands, demandsOf, referencesOf } from "./demands.ts";
import { fileFindings } from "./file-findings.ts";
import { foreignFindings, foreignProgram } from "./foreign.ts";
import { isLinux } from "./made-for.ts";
import { nodeEntryFindings } from "./node-entry.ts";
import { misfitOf, pageFindings, refusalFindings, relocationFindings } from "./refusals.ts";
import { resolverFindings } from "./resolver-findings.ts";
import {
  type Linker,
  linkerAt,
  linkerOfNode,
  type NodeExports,
  nodeFor,
  type Surroundings,
  usualLinker,
} from "./surroundings.ts";
import { unneededFindings } from "./unneeded.ts";

/**
 * What keeps a file from loading, or might.
 * @param path of the file, absolute
 */
export function loadFindings(main: Demands, path: string, where: Surroundings, there: NodeExports): readonly Problem[] {
  const node = nodeFor(main, there);
  const linker = linkerFor(main, where);
  const isStranger = !isLinux(main.made) && (main.made !== "Android" || main.role !== "static-program");
  if (main.role === "static-program") {
    const rules = linker?.profile ?? { library: "glibc", version: [] };
    const own = [...fileFindings(main, rules, where.cpu), ...pageFindings(main, rules, where.options.pageSize)];
    return isStranger ? [...own, foreignProgram(main, linker?.profile.library ?? "glibc", where.name)] : own;
  }
  if (isStranger && main.role === "program" && linker === undefined) {
    return [foreignProgram(main, usualLinker(where, main.machine, "glibc")?.profile.library ?? "glibc", where.name)];
  }
  if (linker === undefined) return [noLinker(main, where)];
  const { profile, machine } = linker;
  const place = { file: main.name };
  if (machine !== main.machine)
    return [error("check-addon-of-other-machine", place, { made: main.machine, has: machine })];
  const own = fileFindings(main, profile, where.cpu);
  // All at once, so that all that is missing shows.
  const settings = { interpreter: linker.path, bindNow: true };
  const result = load(path, { ...where.options, profile }, where.cache, settings);
  if (!result.loaded) return [...own, result.problem];
  const isProgram = main.role === "program";
  const { pageSize } = where.options;
  const refused = isProgram
    ? []
    : refusalFindings(main, profile, where.name, linker.path, main.role === "addon", pageSize);
  // The load itself says so of a program.
  own.push(...pageFindings(main, profile, pageSize).filter(({ severity }) => severity === "note"));
  const files = result.process.objects.map(({ file }) => file);
  if (main.role === "addon" && refused.length === 0) own.push(...nodeFindings(main, files, node));
  if (profile.library === "musl") refused.push(...relocationsRefused(result.process, main, where));
  const isLate = (): boolean => {
    const lazily = load(path, { ...where.options, profile }, where.cache, { ...settings, bindNow: false });
    return lazily.loaded && lazily.process.exitCode === undefined;
  };
  const found = processFindings(result.process, main, where, node, refused, isLate);
  if (found.every(({ severity }) => severity !== "error"))
    found.push(...resolverFindings(main, path, where, profile, linker.path, result.process));
  return [...own, ...foreignFindings(main, profile.library, where.name, found)];
}

/**
 * What Node.js says of an addon. Without Node.js, what it wants of it stays open.
 * @param files the addon first, then its libraries
 */
export function nodeFindings(main: Demands, files: readonly DynamicFile[], node: NodeExports): Problem[] {
  const findings = nodeEntryFindings(main, files, node);
  const isAsked = main.references.some((it) => it.version === "" && !it.weak);
  if (!isAsked || node.inProcess("napi_create_object") !== undefined) return findings;
  return [...findings.filter(({ code }) => code !== "check-no-node"), note("check-no-node", { file: main.name })];
}

/** A program names its own; addons are opened by Node.js; a library goes with the C library that it was made for. */
function linkerFor(main: Demands, where: Surroundings): Linker | undefined {
  const { interpreter } = main.file;
  if (main.role === "program" && interpreter !== undefined) return linkerAt(where, interpreter, main.machine);
  const ofNode = main.role === "addon" ? linkerOfNode(where) : undefined;
  // Nobody means a Node.js that its computer cannot run.
  if (ofNode !== undefined && areRelated(ofNode.machine, main.machine)) return ofNode;
  return usualLinker(where, main.machine, main.library ?? "glibc");
}

function noLinker(main: Demands, where: Surroundings): Problem {
  const { interpreter } = main.file;
  const place = { file: main.name };
  const other = main.library === undefined ? undefined : usualLinker(where, main.machine, main.library);
  if (interpreter === undefined) {
    const { machine } = main;
    return error("check-no-linker", place, { system: where.name, machine, package: debianLibc(machine) });
  }
  const facts = { interpreter, system: where.name };
  if (main.library !== undefined && other !== undefined && other.profile.library !== main.library) {
    return error("check-foreign-program", place, { ...facts, made: main.library, has: other.profile.library });
  }
  return error("check-interpreter-missing", place, facts);
}

function relocationsRefused({ objects, options }: LoadedProcess, main: Demands, where: Surroundings): Problem[] {
  return objects.flatMap(({ kind, file }) => {
    if (kind === "loader") return [];
    const demands = kind === "program" ? main : demandsOf(file, main.machine, file.realPath);
    return relocationFindings(demands, options.profile, where.name);
  });
}

/**
 * @param refused findings that explain why it ends, to begin with
 * @param isLate whether what it ends with comes only with the first call of a function
 */
function processFindings(
  loaded: LoadedProcess,
  main: Demands,
  where: Surroundings,
  node: NodeExports,
  refused: readonly Problem[],
  isLate: () => boolean,
): Problem[] {
  const nameOf = (object: LoadedObject): string => (object.kind === "program" ? main.name : object.file.realPath);
  const findings = [
    ...refused,
    ...loaded.missingLibraries.map((missing) => missingLibrary(missing, nameOf, where.cache.files, pageSizeOf(loaded))),
    ...missingVersions(loaded.missingVersions, nameOf),
    ...versionsOfNobody(loaded, main, node, nameOf),
    ...undefinedSymbols(loaded, main, where, node, nameOf),
    ...loaded.problems.filter(({ severity }) => severity === "error"),
    ...loaderWarnings(loaded, main.name),
  ];
  // What the loader would end with and nothing above explains.
  const isExplained =
    findings.some(({ severity }) => severity === "error") ||
    loaded.undefinedSymbols.length > 0 ||
    loaded.chain.some((object) => needsOfNobody(loaded, object).length > 0);
  const reason = loaded.messages.find(({ fatal }) => fatal)?.text;
  if (loaded.exitCode !== undefined && !isExplained && reason !== undefined) {
    const place = { file: main.name };
    findings.push(
      isLate() ? warning("check-load-fails-late", place, { reason }) : error("check-load-fails", place, { reason }),
    );
  }
  return findings;
}

type NameOf = (object: LoadedObject) => string;

function missingLibrary(
  { name, requester, message, tried }: MissingLibrary,
  nameOf: NameOf,
  files: Pick<SharedFiles, "linkTarget" | "open" | "parse">,
  page: number,
): Problem {
  const place = { file: nameOf(requester) };
  const wrong = tried.find(({ fate }) => fate === "wrong-class" || fate === "wrong-machine");
  if (wrong !== undefined) return error("check-library-of-other-machine", place, { library: name, path: wrong.path });
  const broken = tried.find(({ fate }: Candidate) => fate === "fatal");
  if (broken !== undefined) {
    return error("check-library-unusable", place, { library: name, path: broken.path, reason: broken.reason });
  }
  // It was found and opened, and is not what can be mapped: a program, a file of debug information.
  const refused = tried.find(({ fate }) => fate === "taken");
  if (refused !== undefined) {
    const opened = files.open(refused.path);
    const elf = typeof opened === "string" ? undefined : files.parse(opened);
    const misfit = elf === undefined ? undefined : misfitOf(elf, page);
    if (misfit?.largest !== undefined) {
      const facts = { library: name, path: refused.path, page, reason: message, ...misfit };
      return error("check-library-page-size", place, facts);
    }
    return error("check-library-unusable", place, { library: name, path: refused.path, reason: message });
  }
  for (const { path, fate } of tried) {
    const target = fate === "missing" && path.startsWith("/") ? files.linkTarget(path) : undefined;
    if (target !== undefined) return error("check-library-dangling", place, { library: name, path, target });
  }
  return error("check-library-missing", place, { library: name, reason: message });
}

/** One finding for what an object needs of a library. */
function missingVersions(all: readonly MissingVersion[], nameOf: NameOf): Problem[] {
  const groups = new Map<string, MissingVersion[]>();
  for (const missing of all) {
    // A weak need that is not met is no matter.
    if (!missing.fatal && missing.library.file.versions.defines) continue;
    const key = `${missing.requester.id} ${missing.library.id}`;
    groups.set(key, [...(groups.get(key) ?? []), missing]);
  }
  return [...groups.values()].map((group) => {
    const { requester, library, fatal } = group[0];
    const versions = group.map(({ version }) => version).sort(compareVersionNames);
    const references = referencesOf(requester.file);
    const symbols = versions.flatMap((wanted) =>
      references.flatMap(({ name, version }) => (version === wanted ? [`${name}@${version}`] : [])),
    );
    const facts = { library: library.file.soname ?? library.name, versions, path: library.file.realPath };
    const place = { file: nameOf(requester) };
    return fatal
      ? error("check-version-missing", place, { ...facts, symbols })
      : warning("check-version-unknown", place, facts);
  });
}

/** Versions of libraries that nothing needs; who opens a library or an addon may have loaded them. */
function versionsOfNobody(loaded: LoadedProcess, main: Demands, node: NodeExports, nameOf: NameOf): Problem[] {
  if (loaded.missingLibraries.length > 0 || loaded.options.profile.library === "musl") return [];
  return loaded.chain.flatMap((object) =>
    unneededFindings(needsOfNobody(loaded, object), nameOf(object), main.role, (library) => node.hasLibrary(library)),
  );
}

/** What the loader says on the way and goes on: its words, and our code for them. */
const WARNINGS: readonly (readonly [said: RegExp, code: string])[] = [
  [/Symbol `(.*)' has different size in shared object/, "check-symbol-size"],
  [/copy relocation against non-copyable protected symbol `(.*)' in/, "check-protected-copied"],
  [/direct reference to protected function `(.*)' in/, "check-protected-function"],
  [/Relink `.*' with `.*' for IFUNC symbol `(.*)'/, "check-ifunc-order"],
];

/** One finding for each kind of warning. */
function loaderWarnings({ messages }: LoadedProcess, name: string): Problem[] {
  return WARNINGS.flatMap(([said, code]) => {
    const symbols = messages.flatMap(({ text, fatal }) => (fatal ? [] : (said.exec(text)?.[1] ?? [])));
    return symbols.length === 0 ? [] : [warning(code, { file: name }, { symbols: [...new Set(symbols)] })];
  });
}

/** One finding for each object and kind of lack. */
function undefinedSymbols(
  loaded: LoadedProcess,
  main: Demands,
  where: Surroundings,
  node: NodeExports,
  nameOf: NameOf,
): Problem[] {
  const groups = new Map<
    string,
    { readonly object: LoadedObject; readonly code: string; readonly symbols: Set<string> }
  >();
  for (const missing of loaded.undefinedSymbols) {
    const code = undefinedCode(loaded, main, missing, node);
    if (code === undefined) continue;
    const key = `${code} ${missing.object.id}`;
    const group = groups.get(key) ?? { object: missing.object, code, symbols: new Set<string>() };
    groups.set(key, group);
    group.symbols.add(missing.version === "" ? missing.name : `${missing.name}@${missing.version}`);
  }
  return [...groups.values()].map(({ object, code, symbols }) => {
    const severe = code === "check-symbols-missing-late" ? warning : code === "check-symbols-of-program" ? note : error;
    return severe(code, { file: nameOf(object) }, { system: where.name, symbols: [...symbols] });
  });
}

/** What to say of a symbol that nothing in the process defines; nothing if something else is to blame. */
function undefinedCode(
  loaded: LoadedProcess,
  main: Demands,
  { object, relocation, name, version }: UndefinedSymbol,
  node: NodeExports,
): string | undefined {
  // The loader has functions that it calls only where there is a libc.
  if (loaded.missingLibraries.length > 0 || object.kind === "loader") return undefined;
  if (loaded.missingVersions.some((it) => it.fatal && it.version === version && it.requester === object))
    return undefined;
  if (main.role === "addon") {
    const exported = node.inProcess(name);
    if (exported !== false) return undefined;
    if (NODE_SYMBOL.test(name)) return "check-symbols-of-node";
  }
  if (version === "GLIBC_PRIVATE") return "check-private-symbols-missing";
  // A library may be meant for a program that has the symbol.
  if (main.role === "library" && version === "") return "check-symbols-of-program";
  const isLate = !object.file.bindNow && relocation >= symbolicOf(object.file).firstPlt;
  const lazy = loaded.options.profile.library === "glibc" && isLate;
  return lazy ? "check-symbols-missing-late" : "check-symbols-missing";
}

/** Node-API, libuv, V8, and Node's own C++. */
export const NODE_SYMBOL: RegExp = /^(napi_|node_|uv_|_ZNK?2v8|_ZNK?4node|_ZNK?8v8|_ZTV?[ISV]?N2v8)/;
