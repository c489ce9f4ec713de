// Will a file load on Android? By the rules of bionic's dynamic linker that its own documents tell, API level by API level. What
// they do not tell stays open, and a note says so: which symbols the libraries of a release have, apart from versions.

import {
  DT_ANDROID_REL,
  DT_ANDROID_RELA,
  DT_ANDROID_RELR,
  DT_HASH,
  ET_EXEC,
  error,
  note,
  notesInSegments,
  PF_W,
  PF_X,
  type Problem,
  warning,
} from "../../elf/index.ts";
import { word } from "../../elf/source.ts";
import { LOADER_RECORDS } from "../machines/index.ts";
import { fitsPages } from "../objects/map.ts";
import {
  ANDROID_SINCE,
  ANDROID_TLS_ALIGNMENT,
  type AndroidSystem,
  androidOfLibrary,
  androidOfVersion,
  isPrivateAndroidVersion,
  machineOnAndroid,
  oldestAndroidOn,
  PLAY_PAGE_SIZE,
  withoutMachine,
} from "../systems/index.ts";
import { type Demands, symbolsOfVersion } from "./demands.ts";
import type { Group } from "./group.ts";
import { nodeFindings } from "./load-findings.ts";
import { type NodeExports, nodeFor } from "./surroundings.ts";

/**
 * What keeps a file from loading on Android, or might.
 * @param pageSize of the kernel; undefined for what devices of the level usually have
 */
export function androidFindings(
  group: Group,
  system: AndroidSystem,
  node: NodeExports,
  pageSize: number | undefined,
): Problem[] {
  const { main } = group;
  const foreign = foreignToAndroid(main, system);
  if (foreign.length > 0) return foreign;
  const own = group.objects.flatMap((it) => objectFindings(it, group, system, pageSize));
  if (main.role === "static-program") return own;
  const files = group.objects.map(({ file }) => file);
  if (main.role === "addon") own.push(...nodeFindings(main, files, nodeFor(main, node)));
  return [...own, note("check-android-symbols", { file: main.name }, { system: system.name })];
}

/** Another machine, another system, or a program that asks for another dynamic linker. */
function foreignToAndroid({ name, machine, made, role, file }: Demands, system: AndroidSystem): Problem[] {
  const place = { file: name };
  const own = machineOnAndroid(machine);
  const asked = system.machine ?? own;
  const facts = { system: system.name, machine: asked };
  if (!system.machines.includes(asked)) {
    const nowhere = { system: withoutMachine(system.name), machine: asked, others: oldestAndroidOn(asked) };
    return [error("check-system-without-machine", place, nowhere)];
  }
  if (asked !== own) return [error("check-for-other-machine", place, { system: system.name, made: own, has: asked })];
  if (made !== undefined && made !== "Android" && role !== "static-program")
    return [error("check-foreign-for-android", place, { ...facts, made })];
  if (role !== "program") return [];
  const linker = LOADER_RECORDS[machine].facts.elfClass === 64 ? "/system/bin/linker64" : "/system/bin/linker";
  if (file.interpreter !== linker)
    return [error("check-interpreter-missing", place, { interpreter: file.interpreter ?? "", system: system.name })];
  return file.elf.header.type === ET_EXEC ? [error("check-android-pie", place)] : [];
}

/** The API level that the NDK built a file for: the first word of its note (ndk's crtbegin_so.o, .note.android.ident). */
function builtFor({ file }: Demands): number | undefined {
  const note = notesInSegments(file.elf, () => {}).find(({ owner, type }) => owner === "Android" && type === 1);
  return note === undefined || note.range.end - note.range.start < 4 ? undefined : word(file.elf, note.range.start);
}

type Rule = (demands: Demands, group: Group, system: AndroidSystem, pageSize: number | undefined) => Problem[];

function objectFindings(
  demands: Demands,
  group: Group,
  system: AndroidSystem,
  pageSize: number | undefined,
): Problem[] {
  const rules = demands.role === "static-program" ? [pages] : RULES;
  return rules.flatMap((rule) => rule(demands, group, system, pageSize));
}

/** The C++ library of the NDK. */
const CXX_LIBRARY = "libc++_shared.so";

const libraries: Rule = ({ name, needed }, { byName }, { name: system, api }) => {
  const place = { file: name };
  const asked = needed.filter((library) => !byName.has(library));
  const paths = asked.filter((library) => library.includes("/"));
  const findings: Problem[] = [];
  if (paths.length > 0 && api >= ANDROID_SINCE.wholeNeededNames)
    findings.push(error("check-android-needed-path", place, { libraries: paths, system }));
  const names = asked.filter((library) => !library.includes("/"));
  const missing = names.filter((library) => androidOfLibrary(library) === undefined && library !== CXX_LIBRARY);
  // Every app brings its own.
  if (names.includes(CXX_LIBRARY))
    findings.push(warning("check-android-cxx", place, { libraries: [CXX_LIBRARY], system }));
  if (missing.length > 0) findings.push(error("check-android-library", place, { libraries: missing, system }));
  for (const library of names) {
    const since = androidOfLibrary(library);
    if (since !== undefined && since > api)
      findings.push(error("check-android-library-later", place, { libraries: [library], since, system }));
  }
  return findings;
};

/** From API 23 on the linker compares versions; below, it finds no symbol that is newer. Either way it does not load. */
const versions: Rule = (demands, { byName }, { name: system, api }) => {
  const place = { file: demands.name };
  const needs = demands.file.versions.needs.filter(({ library, weak }) => !byName.has(library) && !weak);
  const symbolsOf = (all: typeof needs): string[] =>
    all.flatMap(({ library, name }) => symbolsOfVersion(demands, library, name).map((symbol) => `${symbol}@${name}`));
  const later = needs.filter(({ name }) => (androidOfVersion(name) ?? 0) > api);
  const hidden = needs.filter(({ name }) => isPrivateAndroidVersion(name));
  const findings: Problem[] = [];
  if (later.length > 0) {
    const since = Math.max(...later.map(({ name }) => androidOfVersion(name) ?? 0));
    const facts = { versions: later.map(({ name }) => name), symbols: symbolsOf(later), since, system };
    findings.push(error("check-android-too-old", place, facts));
  }
  if (hidden.length > 0) {
    const facts = { versions: hidden.map(({ name }) => name), symbols: symbolsOf(hidden), system };
    findings.push(warning("check-android-private", place, facts));
  }
  return findings;
};

const relocations: Rule = ({ name, textRelocations, relr, file }, _, { name: system, api }) => {
  const place = { file: name };
  const findings: Problem[] = [];
  const is64 = file.elf.elfClass === 64;
  if (textRelocations && (is64 || api >= ANDROID_SINCE.noTextRelocations))
    findings.push(error("check-android-text-relocations", place, { system }));
  const unknown = (what: string, since: number): void => {
    if (api < since) findings.push(error("check-android-relocations", place, { what, since, system }));
  };
  if (relr) unknown("DT_RELR", ANDROID_SINCE.relr);
  if (file.values.has(DT_ANDROID_RELR)) unknown("DT_ANDROID_RELR", ANDROID_SINCE.ownRelr);
  if (file.values.has(DT_ANDROID_REL) || file.values.has(DT_ANDROID_RELA))
    unknown("DT_ANDROID_REL", ANDROID_SINCE.packedRelocations);
  return findings;
};

const headers: Rule = ({ name, role, file }, _, { name: system, api }) => {
  const place = { file: name };
  const findings: Problem[] = [];
  if (file.elf.header.sectionCount === 0 && api >= ANDROID_SINCE.sectionHeadersChecked)
    findings.push(error("check-android-no-sections", place, { system }));
  const isWritableCode = file.loads.some(({ flags }) => (flags & PF_W) !== 0 && (flags & PF_X) !== 0);
  if (isWritableCode && api >= ANDROID_SINCE.noWritableCode)
    findings.push(error("check-android-writable-code", place, { system }));
  if (!file.values.has(DT_HASH) && api < ANDROID_SINCE.gnuHash)
    findings.push(error("check-android-hash", place, { system }));
  if (role === "library" && file.soname === undefined) findings.push(warning("check-android-soname", place));
  if (file.runpath !== undefined && api < ANDROID_SINCE.runpath)
    findings.push(warning("check-android-runpath", place, { system }));
  return findings;
};

/** bionic places TLS of what is there at the start only in the static block; and a program's behind its own slots. */
const tls: Rule = ({ name, role, machine, tls: block }, _, { name: system, api }) => {
  if (block === undefined) return [];
  const place = { file: name };
  if (api < ANDROID_SINCE.elfTls) return [error("check-android-tls", place, { system })];
  const least = ANDROID_TLS_ALIGNMENT[machineOnAndroid(machine)] ?? 1;
  if (role === "program" && block.alignment < least)
    return [error("check-android-tls-alignment", place, { alignment: block.alignment, least })];
  if (!block.isStatic || role === "program") return [];
  return [(role === "addon" ? error : warning)("check-static-tls-android", place, { bytes: block.bytes })];
};

const pages: Rule = ({ name, machine, file }, _, { name: system, api }, pageSize) => {
  const place = { file: name };
  const loads = file.loads.filter(({ memoryBytes }) => memoryBytes > 0);
  const least = Math.min(...loads.map(({ alignment }) => alignment));
  const fits = (size: number): boolean => least >= size && fitsPages(file, size);
  const facts = { alignment: least, system };
  if (pageSize !== undefined && !fits(pageSize))
    return [error("check-android-page-size", place, { ...facts, page: pageSize })];
  const isDemanded = api >= ANDROID_SINCE.largerPages && LOADER_RECORDS[machine].facts.elfClass === 64;
  return pageSize === undefined && isDemanded && !fits(PLAY_PAGE_SIZE)
    ? [warning("check-android-16k", place, facts)]
    : [];
};

/** What it was built for is what its code may call without asking. */
const level: Rule = (demands, _, { name: system, api }) => {
  const built = builtFor(demands);
  return built === undefined || built <= api || built > 10_000
    ? []
    : [warning("check-android-built-for", { file: demands.name }, { built, system })];
};

const RULES: readonly Rule[] = [level, libraries, versions, relocations, headers, tls, pages];
