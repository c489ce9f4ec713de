// The checks of one file, in order: is it ELF, can a program load it at all, what does it ask for, and does each target have
// that. A checker serves any number of files of one file system.

import {
  DF_1_NODEFLIB,
  type ElfImage,
  error,
  machineName,
  type Problem,
  PT_DYNAMIC,
  parseElfImage,
  readSections,
  SHF_TLS,
  SHT_NOBITS,
  warning,
} from "../../elf/index.ts";
import { type DynamicFile, readDynamicFile } from "../file/dynamic-file.ts";
import type { LoadCache } from "../load.ts";
import { forEachMachine, loaderMachineOf, loaderRecords, unusualOrder } from "../machines/index.ts";
import { FILE_ERRORS, findLibrary, searchContext } from "../search/index.ts";
import type { LoaderMachine, OpenedFile, Requester } from "../settings/contract.ts";
import { LAYOUTS, profileOf } from "../settings/profiles.ts";
import type { AndroidSystem, System } from "../systems/index.ts";
import { androidFindings } from "./android-findings.ts";
import { type Demands, demandsOf, type FileRole } from "./demands.ts";
import { type FindShipped, type Group, groupOf } from "./group.ts";
import { loadFindings } from "./load-findings.ts";
import { isLinux } from "./made-for.ts";
import { strangerProblem } from "./not-elf.ts";
import { newestGlibc, type Oldest, oldestOf, oldestOfAll } from "./oldest.ts";
import { type Judgement, ownPlatforms } from "./own-platform.ts";
import { isOtherMachine, type NodeExports, type Surroundings } from "./surroundings.ts";
import { systemFindings, systemTables } from "./system-findings.ts";

export interface Verdict {
  /** As it was asked for: `debian:12`. */
  readonly target: string;
  readonly loads: boolean;
  readonly findings: readonly Problem[];
  /** The build for this target, where this file is one for another (see variants.ts). */
  readonly instead?: string;
  /** A system of the file's own machine, where it was judged as on that: `glibc:2.43/aarch64`. */
  readonly platform?: string;
}

export interface FileReport {
  /** As the user named it. */
  readonly name: string;
  /** Undefined for a file that no program can load; `problems` says why. */
  readonly role: FileRole | undefined;
  readonly machine: LoaderMachine | undefined;
  readonly library: Demands["library"];
  /** The same, or the system that it was made for, where that is another one than Linux. */
  readonly made: Demands["made"];
  /** DT_SONAME. */
  readonly soname: string | undefined;
  /** The versions that it defines, of symbols that others may need. */
  readonly defines: readonly string[];
  readonly oldest: Oldest | undefined;
  /** What is wrong with the file wherever it is. */
  readonly problems: readonly Problem[];
  readonly verdicts: readonly Verdict[];
  /** The build that is used, where this file is for another platform (see variants.ts). */
  readonly instead?: string;
  /** Kind of a file that no rules are known for: `Mach-O`, `FreeBSD`, `MIPS R3000`. */
  readonly unjudged?: string;
}

/** Somewhere that a file could be loaded. */
export interface Target {
  readonly name: string;
  readonly judge: (group: Group, path: string) => Judgement;
}

/** A system of the tables. @param pageSize of its kernel; default: what is usual on the machine */
export function systemTarget(system: System, node: NodeExports, pageSize?: number): Target {
  const tables = systemTables(system, pageSize);
  return { name: system.name, judge: (group) => ({ findings: systemFindings(group, tables, node) }) };
}

/** Android of the tables. @param pageSize as for `systemTarget` */
export function androidTarget(system: AndroidSystem, node: NodeExports, pageSize?: number): Target {
  return { name: system.name, judge: (group) => ({ findings: androidFindings(group, system, node, pageSize) }) };
}

/** This machine, or a root directory; files of machines that it cannot run are judged on platforms of their own. */
export function surroundingsTarget(where: Surroundings, node: NodeExports): Target {
  const onOwnPlatform = ownPlatforms(where, node);
  return {
    name: where.name,
    judge: (group, path) =>
      isOtherMachine(where, group.main.machine) || isOfAndroid(group.main)
        ? onOwnPlatform(group)
        : { findings: loadFindings(group.main, path, where, node) },
  };
}

/** Its static programs run on every Linux. */
function isOfAndroid({ made, role }: Demands): boolean {
  return made === "Android" && role !== "static-program";
}

export interface Checker {
  /** @param name as the user named it  @param path absolute, in the file system of the checker */
  check(name: string, path: string): FileReport;
}

/**
 * @param cache what the checks share: a file is read and parsed once
 * @param libraryPath directories for these beside RPATH and RUNPATH, as in LD_LIBRARY_PATH; empty for none
 */
export function checker(cache: LoadCache, libraryPath: string, targets: readonly Target[]): Checker {
  const newest = newestGlibc();
  return {
    check: (name, path) => {
      const problems: Problem[] = [];
      const demands = readDemands(cache, name, path, (problem) => problems.push(problem));
      if (demands === undefined) return withKind({ ...NOTHING, name, problems });
      const group = groupOf(demands, shippedFinder(cache, libraryPath, demands, path));
      return withKind({
        name,
        role: demands.role,
        machine: demands.machine,
        library: demands.library,
        made: demands.made,
        soname: demands.file.soname,
        defines: demands.file.versions.definitions.map((it) => it.name),
        oldest: oldestOfAll(group.objects.map((it) => oldestOf(it, newest))),
        problems,
        verdicts: targets.map((target) => {
          const judged = target.judge(group, path);
          const loads = judged.findings.every(({ severity }) => severity !== "error");
          return { target: target.name, loads, ...judged };
        }),
      });
    },
  };
}

const NOTHING: Omit<FileReport, "name" | "problems"> = {
  role: undefined,
  machine: undefined,
  library: undefined,
  made: undefined,
  soname: undefined,
  defines: [],
  oldest: undefined,
  verdicts: [],
};

/** Problems that say of a file that it is of a kind which is not judged, and the kind. */
const KINDS: Readonly<Record<string, (details: Problem["details"]) => string>> = {
  "check-mach-o": () => "Mach-O",
  "check-pe": () => "PE",
  "check-foreign-machine": ({ found, bits, order }) => `${found} (${bits} bits${order === "" ? "" : `, ${order}`})`,
};

function withKind(report: FileReport): FileReport {
  const { made, problems } = report;
  const [kind] = problems.flatMap(({ code, details }) => KINDS[code]?.(details) ?? []);
  const unjudged = kind ?? (isLinux(made) || made === "Android" ? undefined : made);
  return unjudged === undefined ? report : { ...report, unjudged };
}

/** Reads a file, or reports what it is instead of something that can be loaded. */
function readDemands(
  cache: LoadCache,
  name: string,
  path: string,
  report: (problem: Problem) => void,
): Demands | undefined {
  const opened = cache.files.open(path);
  if (typeof opened === "string") {
    const target = opened === "ENOENT" ? cache.files.linkTarget(path) : undefined;
    if (target !== undefined) report(error("check-dangling-link", { file: name }, { target }));
    else report(error("check-unreadable", { file: name }, { reason: FILE_ERRORS[opened] }));
    return undefined;
  }
  const { bytes } = opened;
  const stranger = strangerProblem(bytes, name);
  if (stranger !== undefined) {
    report(stranger);
    return undefined;
  }
  const elf = parseElfImage(bytes, name, report);
  if (elf === undefined) return undefined;
  if (elf.segments.length === 0) {
    if (elf.header.segmentCount === 0) report(error("no-program-headers", { file: name }));
    return undefined;
  }
  const machine = loaderMachineOf(elf);
  if (machine === undefined) {
    const machines = loaderRecords().map(({ name }) => name);
    const facts = { found: machineName(elf.header.machine), bits: elf.elfClass, order: unusualOrder(elf), machines };
    report(error("check-foreign-machine", { file: name }, facts));
    return undefined;
  }
  const file = dynamicFileIn(cache, elf, opened);
  if (isDebugFile(file)) {
    report(error("check-debug-file", { file: name }));
    return undefined;
  }
  file.problems.forEach(report);
  const demands = demandsOf(file, machine, name);
  // The C library's own objects are programs too, and work without the bit.
  const isStarted = demands.role === "static-program" || (demands.role === "program" && file.soname === undefined);
  if (isStarted && opened.executable === false) report(warning("check-not-executable", { file: name }));
  return demands;
}

/** Was all but debug information left out (`objcopy --only-keep-debug`)? Then the dynamic section has only its header. */
function isDebugFile({ elf, strings }: DynamicFile): boolean {
  const dynamic = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  const isWhole = strings.end > strings.start;
  if (dynamic === undefined || isWhole) return false;
  return readSections(elf, elf.header, elf.name, () => {}).some(
    ({ type, flags, address }) => type === SHT_NOBITS && (flags & SHF_TLS) === 0 && address === dynamic.address,
  );
}

function dynamicFileIn(cache: LoadCache, elf: ElfImage, { identity, realPath }: OpenedFile): DynamicFile {
  let file = cache.dynamicFiles.get(identity);
  if (file === undefined) {
    file = readDynamicFile(elf, identity, realPath);
    cache.dynamicFiles.set(identity, file);
  }
  return file;
}

/** Looks where the library path, RPATH, RUNPATH and names with a slash point, and nowhere else. */
function shippedFinder(cache: LoadCache, libraryPath: string, main: Demands, path: string): FindShipped {
  const { machine, file } = main;
  // The kernel resolves the program's path; libraries are what they were opened as.
  const program = requesterOf(file, main.name, main.role === "program" ? file.realPath : path, undefined);
  const requesters = new Map<Demands, Requester>([[main, program]]);
  const profile = {
    ...profileOf("glibc", [2, 36]),
    systemDirectories: forEachMachine(() => []),
  };
  const options = {
    profile,
    environment: {},
    // All libraries of an app are in one directory.
    libraryPath:
      main.made === "Android" ? [libraryPath, directoryOf(path)].filter((it) => it !== "").join(":") : libraryPath,
    currentDirectory: "/",
    secure: false,
    inhibitCache: true,
    hwcaps: [],
  };
  const context = searchContext(cache.files, options, { machine, program, interpreter: file.interpreter ?? "" });
  const known = new Map<string, Demands>();
  return (name, requester) => {
    const asker = requesters.get(requester) ?? program;
    const result = findLibrary(context, name, asker);
    // A path to the system's own directories: what is there on another system is another file.
    if (!result.found || SYSTEM_DIRECTORIES.has(`${directoryOf(result.file.realPath)}/`)) return undefined;
    const { identity, realPath } = result.file;
    let demands = known.get(identity);
    if (demands === undefined) {
      const found = dynamicFileIn(cache, result.elf, result.file);
      demands = demandsOf(found, machine, realPath);
      known.set(identity, demands);
      requesters.set(demands, requesterOf(found, result.path, result.path, asker));
    }
    return demands;
  };
}

const SYSTEM_DIRECTORIES: ReadonlySet<string> = new Set(
  Object.values(LAYOUTS).flatMap(({ systemDirectories }) => Object.values(systemDirectories).flat()),
);

function requesterOf(file: DynamicFile, name: string, path: string, loader: Requester | undefined): Requester {
  const { rpath, runpath, flags1 } = file;
  const noDefaultDirectories = (flags1 & DF_1_NODEFLIB) !== 0;
  return { name, origin: directoryOf(path), rpath, runpath, noDefaultDirectories, loader };
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}
