// The options that all commands share which load programs: which files, whose loader, which environment. One table for the
// parser, one text for their help.

import { statSync } from "node:fs";
import { PT_INTERP } from "../elf/constants.ts";
import { type ElfImage, parseElfImage } from "../elf/file.ts";
import { error, type Problem } from "../elf/problem.ts";
import { nameAt } from "../elf/text.ts";
import { hostCpu } from "../host/cpu.ts";
import { nodeLoadFiles } from "../host/load-files.ts";
import { systemOf } from "../load/check/made-for.ts";
import { readDynamicFile } from "../load/file/dynamic-file.ts";
import { LOADER_RECORDS, loaderMachineOf, loaderRecords } from "../load/machines/index.ts";
import { openWhole } from "../load/search/files.ts";
import type { LoaderMachine, LoaderProfile, LoadFiles, LoadOptions } from "../load/settings/contract.ts";
import { parseProfile, profileOf, profileOfInterpreter, VERSIONS } from "../load/settings/profiles.ts";
import type { Io } from "./io.ts";

/** For node:util's parseArgs. */
export const LOADER_OPTIONS = {
  root: { type: "string" },
  profile: { type: "string" },
  env: { type: "string", multiple: true, short: "e" },
  preload: { type: "string" },
  "library-path": { type: "string" },
  "inhibit-cache": { type: "boolean" },
  cpu: { type: "string" },
  kernel: { type: "string" },
  "page-size": { type: "string" },
  secure: { type: "boolean" },
} as const;

export const LOADER_HELP = `Which files, whose loader:
      --root DIR            a root directory other than /: all paths are inside it
      --profile NAME        the loader to simulate, such as glibc@2.31 or musl; default: the
                            version of the loader that the program names
  -e, --env NAME=VALUE      the program's environment; without --root, LD_* variables of
                            this process count too
      --preload LIST        as ld.so --preload
      --library-path LIST   as ld.so --library-path
      --inhibit-cache       without /etc/ld.so.cache
      --cpu LEVEL           x86-64 to x86-64-v4, power8 to power10, z13 to z16: whose
                            glibc-hwcaps directories are searched; default: this machine's, of
                            other machines the lowest, and x86-64 for what IFUNCs choose
      --kernel VERSION      with this version of Linux; up to glibc 2.35 it matters
      --page-size SIZE      of the kernel: 4K, 16K or 64K; default: the usual one
                            of the machine
      --secure              as for a set-user-ID program (AT_SECURE)
`;

/** What parseArgs makes of LOADER_OPTIONS. */
export interface LoaderValues {
  readonly root?: string | undefined;
  readonly profile?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly preload?: string | undefined;
  readonly "library-path"?: string | undefined;
  readonly "inhibit-cache"?: boolean | undefined;
  readonly cpu?: string | undefined;
  readonly kernel?: string | undefined;
  readonly "page-size"?: string | undefined;
  readonly secure?: boolean | undefined;
}

/** The world that programs are loaded in. */
export interface LoaderWorld {
  readonly files: LoadFiles;
  /** All but the profile, which may depend on the program. */
  readonly options: Omit<LoadOptions, "profile">;
  /** What --cpu says. */
  readonly cpu: string | undefined;
  /** Undefined: that of the loader which the program names. */
  readonly profile: LoaderProfile | undefined;
  /** The same; of large files only what is needed for finding and binding libraries. */
  readonly tables: LoadFiles;
  /** What was found out about the loaders that programs name. */
  readonly known: Map<string, LoaderProfile>;
}

const CPU_LEVELS: readonly string[] = loaderRecords().flatMap(({ search }) => search.levels);

/** Of x86-64: what this machine's processor is described in. */
const OWN_LEVELS = LOADER_RECORDS["x86-64"].search.levels;

/** What --page-size takes. */
const PAGE_SIZES: Readonly<Record<string, number>> = { "4K": 0x1000, "16K": 0x4000, "64K": 0x1_0000 };

export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** Reads the options, or says what is wrong with them. */
export function loaderWorld(values: LoaderValues, io: Io): LoaderWorld | string {
  const environment: Record<string, string | undefined> = {};
  if (values.root === undefined) {
    for (const [name, value] of Object.entries(io.env)) if (name.startsWith("LD_")) environment[name] = value;
  }
  for (const text of values.env ?? []) {
    const at = text.indexOf("=");
    if (at < 1) return `--env takes NAME=VALUE, not '${text}'`;
    environment[text.slice(0, at)] = text.slice(at + 1);
  }
  const profile = values.profile === undefined ? undefined : parseProfile(values.profile);
  if (values.profile !== undefined && profile === undefined) {
    const [first, last] = [VERSIONS.glibc.first, VERSIONS.glibc.last].map((it) => it.join("."));
    return `--profile takes glibc@${first} to glibc@${last}, or musl, not '${values.profile}'`;
  }
  if (values.cpu !== undefined && !CPU_LEVELS.includes(values.cpu))
    return `--cpu takes ${CPU_LEVELS.join(", ")}, not '${values.cpu}'`;
  if (values.kernel !== undefined && !/^\d+(\.\d+){1,2}/.test(values.kernel)) {
    return `--kernel takes a version such as 3.10, not '${values.kernel}'`;
  }
  const pageSize = values["page-size"] === undefined ? undefined : PAGE_SIZES[values["page-size"].toUpperCase()];
  if (values["page-size"] !== undefined && pageSize === undefined)
    return `--page-size takes 4K, 16K or 64K, not '${values["page-size"]}'`;
  const level = OWN_LEVELS.indexOf(values.cpu ?? "");
  const cpu = level < 0 ? hostCpu() : undefined;
  const options = {
    environment,
    currentDirectory: values.root === undefined ? process.cwd() : "/",
    secure: values.secure === true,
    ...(values.preload === undefined ? {} : { preload: values.preload }),
    ...(values["library-path"] === undefined ? {} : { libraryPath: values["library-path"] }),
    ...(values["inhibit-cache"] === true ? { inhibitCache: true } : {}),
    hwcaps: cpu?.hwcaps ?? OWN_LEVELS.slice(1, level + 1).reverse(),
    platform: cpu?.platform ?? "x86_64",
    ...(pageSize === undefined ? {} : { pageSize }),
    // 5.15.0-91-generic is 5.15.0.
    ...(values.kernel === undefined ? {} : { kernel: (values.kernel.match(/\d+/g) ?? []).slice(0, 3).map(Number) }),
  };
  if (values.root !== undefined && !isDirectory(values.root)) return `--root: there is no directory '${values.root}'`;
  const root = values.root === undefined ? {} : { root: values.root };
  const [files, tables] = [nodeLoadFiles(root), nodeLoadFiles({ ...root, partly: true })];
  return { files, tables, options, profile, cpu: values.cpu, known: new Map() };
}

/**
 * The options for loading a program, read off its file; those of the newest glibc if that cannot be read.
 * @param files to read the program through, if it is to be remembered there
 */
export function programOptions(
  world: LoaderWorld,
  program: string,
  files: Pick<LoadFiles, "open"> = world.files,
): LoadOptions {
  const { machine, interpreter } = loaderOf(world, program, files);
  return optionsFor(world, machine, interpreter, files);
}

/** The machine of a program, and the loader that it names. */
function loaderOf(
  { options }: LoaderWorld,
  program: string,
  files: Pick<LoadFiles, "open">,
): { readonly machine: LoaderMachine; readonly interpreter: string | undefined } {
  const path = program.startsWith("/") ? program : `${options.currentDirectory}/${program}`;
  const opened = files.open(path);
  const elf = typeof opened === "string" ? undefined : parseElfImage(opened.bytes, path, () => {});
  const machine = (elf && loaderMachineOf(elf)) ?? (elf?.elfClass === 32 ? "i386" : "x86-64");
  if (elf === undefined) return { machine, interpreter: undefined };
  return { machine, interpreter: interpreterOf(elf) ?? muslOf(elf, machine) };
}

/** The loader of a library that says to be made for musl. */
function muslOf(elf: ElfImage, machine: LoaderMachine): string | undefined {
  const isMusl = systemOf(readDynamicFile(elf, "", "")) === "musl";
  return isMusl ? LOADER_RECORDS[machine].interpreters.musl[0] : undefined;
}

/** --cpu names a level of another machine than the program's; undefined where all is well. */
export function cpuComplaint(
  world: LoaderWorld,
  program: string,
  files: Pick<LoadFiles, "open"> = world.files,
): Problem | undefined {
  const { cpu } = world;
  if (cpu === undefined) return undefined;
  const { machine } = loaderOf(world, program, files);
  const levels = isX86(machine) ? OWN_LEVELS : LOADER_RECORDS[machine].search.levels;
  if (levels.includes(cpu)) return undefined;
  const details = { level: cpu, machine, levels: levels.join(", ") };
  return error(levels.length === 0 ? "cpu-without-levels" : "cpu-of-other-machine", { file: program }, details);
}

function isX86(machine: LoaderMachine): boolean {
  return machine === "x86-64" || machine === "i386";
}

/** PT_INTERP as text. */
function interpreterOf(elf: ElfImage): string | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined || segment.offset + segment.fileBytes > elf.bytes.length) return undefined;
  return nameAt(elf.bytes, segment.offset, segment.offset + segment.fileBytes);
}

/**
 * The options for one program.
 * @param interpreter PT_INTERP of the program; undefined for a library, which is taken for one of the machine's C library
 * @param files to read the loader through, if it is to be remembered there
 */
export function optionsFor(
  world: LoaderWorld,
  machine: LoaderMachine,
  interpreter: string | undefined,
  files: Pick<LoadFiles, "open"> = world.files,
): LoadOptions {
  const key = `${machine} ${interpreter ?? ""}`;
  const there = world.known.get(key) ?? profileThere(world, files, machine, interpreter);
  world.known.set(key, there);
  // Which directories are the system's is a matter of the distribution, not of the version.
  const own = world.profile?.library === there.library ? directoriesOf(there) : {};
  const profile = world.profile === undefined ? there : { ...world.profile, ...own };
  const { hwcaps, platform } = cpuFor(world, machine);
  const { platform: _, ...options } = world.options;
  return { ...options, hwcaps, profile, ...(platform === undefined ? {} : { platform }) };
}

/** The processor: the one described by `world.options` on x86, otherwise the level of --cpu, or the first that the machine has. */
function cpuFor({ options, cpu }: LoaderWorld, machine: LoaderMachine): Pick<LoadOptions, "hwcaps" | "platform"> {
  const { levels, platform } = LOADER_RECORDS[machine].search;
  const at = levels.indexOf(cpu ?? "");
  const [hwcaps, named] = isX86(machine)
    ? [options.hwcaps, options.platform]
    : [levels.slice(1, at + 1).reverse(), at < 0 ? undefined : cpu];
  const own = platform(named);
  return own === undefined ? { hwcaps } : { hwcaps, platform: own };
}

function directoriesOf({ systemDirectories, lib }: LoaderProfile): Pick<LoaderProfile, "systemDirectories" | "lib"> {
  return { systemDirectories, lib };
}

/** The profile of the loader that is there; where none is, of the newest of the kind that the name tells. */
function profileThere(
  world: LoaderWorld,
  files: Pick<LoadFiles, "open">,
  machine: LoaderMachine,
  interpreter: string | undefined,
): LoaderProfile {
  const { interpreters } = LOADER_RECORDS[machine];
  const names = interpreter === undefined ? [...interpreters.glibc, ...interpreters.musl] : [interpreter];
  for (const name of names) {
    const opened = openWhole(files, world.files, name);
    const profile =
      typeof opened === "string" ? undefined : profileOfInterpreter(opened.bytes, machine, opened.realPath);
    if (profile !== undefined) return profile;
  }
  const library = interpreter?.includes("musl") === true ? "musl" : "glibc";
  return profileOf(library, VERSIONS[library].last);
}
