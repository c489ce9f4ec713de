// The real loader's word: a program's memory at the moment when everything is relocated and nothing has run, to be held
// against what load/ computes.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { R_386_PC32 } from "../../../src/arch/i386/relocations.ts";
import { PF_X, parseElf } from "../../../src/elf/index.ts";
import { hostCpu } from "../../../src/host/cpu.ts";
import { nodeLoadFiles } from "../../../src/host/index.ts";
import {
  type LoadCache,
  type LoadedObject,
  type LoadedProcess,
  type LoaderProfile,
  type LoadOptions,
  load,
  loadCache,
  loaderSymbol,
  pagesOf,
  parseProfile,
  processMemory,
  protectionText,
  readMemory,
  symbolName,
  symbolSize,
  symbolValue,
} from "../../../src/load/index.ts";
import { profileOfInterpreter } from "../../../src/load/settings/profiles.ts";
import { compile, once, repository, type Target, x86_64 } from "../../support/build.ts";
import { type Outcome, run, tool } from "../../support/run.ts";
import { freezeGuest, type Guest, guestCpu, guestFiles, hostPath, runGuest } from "./guest.ts";

export interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly access: string;
  readonly path: string;
}

/** The program that takes the snapshots, compiled once a run. */
export function freezer(): string {
  const source = join(repository, "test/load/judges/freeze.c");
  const key = ["freeze", readFileSync(source, "utf8")];
  return once("freeze", key, (made) => tool("gcc", ["-O2", "-Wall", "-o", made, source]));
}

export interface Snapshot {
  readonly mappings: readonly Mapping[];
  /** The bytes at an address; undefined if they are not mapped or not readable. */
  readonly read: (address: number, size: number) => Uint8Array | undefined;
}

/** Takes a snapshot; undefined if the program ended before it got there. */
export function freeze(
  out: string,
  offset: number | string,
  environment: Readonly<Record<string, string>>,
  command: readonly string[],
  hits = 2,
): Snapshot | undefined {
  if (guest !== undefined) {
    const { frozen } = freezeGuest(guest, root, out, offset, environment, command, hits, false);
    return frozen === undefined ? undefined : snapshotOf(frozen.maps, frozen.memory);
  }
  if (!freezeNative(out, offset, environment, command, hits)) return undefined;
  const snapshot = snapshotOf(readFileSync(`${out}.maps`, "utf8"), readFileSync(`${out}.mem`));
  rmSync(`${out}.mem`);
  rmSync(`${out}.maps`);
  return snapshot;
}

/** A program as it was when all was relocated, undefined if it ended before, and what became of it. */
export interface Witness {
  readonly snapshot: Snapshot | undefined;
  readonly status: number;
  readonly stderr: string;
}

/** A snapshot, and how the program ends: in one run where that can be. */
export function witness(
  out: string,
  offset: number,
  environment: Readonly<Record<string, string>>,
  program: string,
  hits = 2,
): Witness {
  if (guest === undefined) {
    const snapshot = freeze(out, offset, environment, [program], hits);
    const { status, stderr } = runProgram(program, environment);
    return { snapshot, status, stderr };
  }
  const { frozen, end } = freezeGuest(guest, root, out, offset, environment, [program], hits, true);
  if (end === undefined) throw new Error(`${program} did not end`);
  return { ...end, snapshot: frozen === undefined ? undefined : snapshotOf(frozen.maps, frozen.memory) };
}

function snapshotOf(maps: string, memory: Uint8Array): Snapshot {
  const mappings = readMaps(maps);
  const starts: { start: number; end: number; at: number }[] = [];
  let at = 0;
  for (const { start, end, access, path } of mappings) {
    if (!access.startsWith("r") || path.startsWith("[v")) continue;
    starts.push({ start, end, at });
    at += end - start;
  }
  return {
    mappings,
    read: (address, size) => {
      const found = starts.find(({ start, end }) => address >= start && address + size <= end);
      return found === undefined
        ? undefined
        : memory.subarray(found.at + address - found.start, found.at + address - found.start + size);
    },
  };
}

function freezeNative(
  out: string,
  offset: number | string,
  environment: Readonly<Record<string, string>>,
  command: readonly string[],
  hits: number,
): boolean {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  if (root !== "") variables.unshift(root);
  const where = typeof offset === "string" ? offset : offset.toString(16);
  const args = [out, where, String(hits), ...variables, "--", ...command];
  const { status, stderr } = spawnSync(freezer(), args, { encoding: "utf8", env: { PATH: process.env.PATH ?? "" } });
  if (status !== 0 && status !== 3) throw new Error(stderr);
  return status === 0;
}

/** Reads /proc/PID/maps. */
export function readMaps(text: string): Mapping[] {
  return text.split("\n").flatMap((line) => {
    const [, start, end, access, path] = /^(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    if (start === undefined || end === undefined || access === undefined) return [];
    const inside = path?.startsWith(`${root}/`) === true ? path.slice(root.length) : path;
    return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), access, path: inside ?? "" }];
  });
}

/** Where each file is mapped: its first page. */
export function basesOf(mappings: readonly Mapping[]): Map<string, number> {
  const bases = new Map<string, number>();
  for (const { start, path } of mappings) if (path.startsWith("/") && !bases.has(path)) bases.set(path, start);
  return bases;
}

/** The directory that is `/` to the programs; empty for this machine's own root. */
let root = "";

/** The machine of the programs in the root directory; undefined if this processor runs them. */
let guest: Guest | undefined;

/** Of the loader that programs name, where that is not the root's glibc. */
let ownProfile: LoaderProfile | undefined;

/**
 * From now on programs are those of another root directory, with its loader, and run in it: by chroot, or for a guest by qemu.
 * @param profile of the loader, where a machine's programs have another than its own
 */
export function enterRoot(directory: string, machine?: Guest, profile?: LoaderProfile): void {
  root = directory;
  guest = machine;
  ownProfile = profile;
  forgetFiles();
}

export function rootDirectory(): string {
  return root;
}

/** Runs a program, in the root directory if there is one. */
export function runProgram(path: string, environment: Readonly<Record<string, string>>): Outcome {
  if (guest !== undefined) return runGuest(guest, root, path, environment);
  if (root === "") return run(path, [], { env: environment });
  // The variables are for the program, not for those that start it.
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return run("chroot", [root, "/usr/bin/env", "-i", ...variables, path]);
}

/** The profile of the loader in the root directory; on this machine its glibc, with the directories that its loader has. */
export function realProfile(): LoaderProfile {
  if (ownProfile !== undefined) return ownProfile;
  if (root !== "") {
    const loader = realCache().files.open(guest?.loader ?? "/lib64/ld-linux-x86-64.so.2");
    const machine = guest?.machine ?? "x86-64";
    const found = typeof loader === "string" ? undefined : profileOfInterpreter(loader.bytes, machine, loader.realPath);
    if (found === undefined) throw new Error(`${root} has no loader`);
    return found;
  }
  const profile = parseProfile("glibc@2.36", "debian-biarch");
  if (profile === undefined) throw new Error("no profile");
  return profile;
}

export function realOptions(environment: Readonly<Record<string, string>> = {}): LoadOptions {
  return {
    profile: realProfile(),
    environment,
    currentDirectory: root === "" ? process.cwd() : "/",
    secure: false,
    // qemu's pages are this machine's, whatever those of the guest's kernels are.
    ...(guest === undefined ? hostCpu() : { ...guestCpu(guest, root), pageSize: 4096 }),
  };
}

let cache: LoadCache | undefined;

export function realCache(): LoadCache {
  cache ??= loadCache(guest === undefined ? nodeLoadFiles(root === "" ? {} : { root }) : guestFiles(root));
  return cache;
}

/** For tests that write a file anew under its old name. */
export function forgetFiles(): void {
  cache = undefined;
}

/**
 * Loads with nothing said about bases, or at those of a snapshot.
 * @param isKnown whether no file has changed since files were last forgotten
 */
export function loaded(
  path: string,
  environment: Readonly<Record<string, string>> = {},
  given?: ReadonlyMap<string, number>,
  profile: LoaderProfile = realProfile(),
  isKnown: boolean = /^\/(?:usr\/)?s?bin\//.test(path),
): LoadedProcess {
  // Files of the tests' own come and go, and a new one may get the inode of one that is gone.
  if (!isKnown) forgetFiles();
  const { mode, uid, gid } = statSync(guest === undefined ? root + path : hostPath(root, path));
  const secure =
    ((mode & 0o4000) !== 0 && uid !== process.getuid?.()) || ((mode & 0o2000) !== 0 && gid !== process.getgid?.());
  const options = {
    ...realOptions(environment),
    profile,
    secure,
    ...(guest !== undefined || isWide(path) ? {} : { platform: "i686" }),
  };
  const result = load(path, options, realCache(), given === undefined ? {} : { given });
  if (!result.loaded) throw new Error(`${path}: ${result.problem.code}`);
  return result.process;
}

function isWide(path: string): boolean {
  const file = realCache().files.open(path);
  return typeof file === "string" || file.bytes[4] === 2;
}

/** Offset of `_dl_debug_state` in the program's loader. */
export function debugStateOffset(process: LoadedProcess): number {
  const loader = process.objects.find(({ kind }) => kind === "loader");
  const address = loaderSymbol(process, "_dl_debug_state");
  if (loader === undefined || address === undefined) throw new Error("no _dl_debug_state");
  return address - loader.start;
}

/** A run of bytes that differ. */
export interface Difference {
  readonly object: LoadedObject;
  readonly address: number;
  readonly bytes: number;
}

export interface Comparison {
  readonly bytes: number;
  readonly differences: readonly Difference[];
  /** Words that only running code decides: all of them point into code of the object that decides, or into the vDSO. */
  readonly undecided: number;
  readonly problems: readonly string[];
}

/**
 * A function that both chooses and is taken the address of: of a word with its address GNU ld for arm makes R_ARM_IRELATIVE with the
 * PLT entry as the resolver. What is called then is the function that was chosen before, and what it returns is anything.
 */
function isPltEntryOfArm(snapshot: Snapshot, resolver: number): boolean {
  const [, second = 0, third, fourth] = snapshot.read(resolver, 4) ?? [];
  // add ip, pc, #...
  return fourth === 0xe2 && third === 0x8f && second >>> 4 === 0xc;
}

/** Holds a process's memory against a snapshot: each byte of each object but the loader, and the protection of each page. */
export function compareMemory(
  process: LoadedProcess,
  snapshot: Snapshot,
  isMeant: (object: LoadedObject) => boolean = () => true,
): Comparison {
  processMemory(process);
  const problems: string[] = [];
  const skip = new Map<number, number>();
  const { wordBytes: word, littleEndian } = process.record.facts;
  for (const { object, site, type, provider, resolver } of process.undecided.values()) {
    skip.set(site, word);
    if (object.kind === "loader" || (process.machine === "arm" && isPltEntryOfArm(snapshot, resolver))) continue;
    const real = snapshot.read(site, word);
    if (real === undefined) problems.push(`${object.name}: undecided word at ${site.toString(16)} is not mapped`);
    else if (
      !isCode(
        snapshot,
        provider,
        process.machine === "i386" && type === R_386_PC32 ? fromPlace(object, site, real) : real,
        littleEndian,
      )
    )
      problems.push(`${object.name}: undecided word at ${site.toString(16)} is no code`);
  }
  for (const { object, site, meaning } of process.loaderWords) {
    skip.set(site, word);
    if (meaning.startsWith("tls")) continue;
    const real = snapshot.read(site, word);
    const loader = process.objects.find(({ kind }) => kind === "loader") ?? object;
    if (real === undefined) problems.push(`${object.name}: ${meaning} at ${site.toString(16)} is not mapped`);
    else if (object.kind !== "loader" && isCode(snapshot, loader, real, littleEndian) !== (meaning === "resolver")) {
      problems.push(`${object.name}: ${meaning} at ${site.toString(16)} is something else`);
    }
  }
  // musl gives malloc what is left of pages that can be written to.
  const lent = process.options.profile.library === "musl";
  const differences: Difference[] = [];
  let bytes = 0;
  for (const object of process.objects) {
    if (object.kind === "loader" || !isMeant(object)) continue;
    for (const region of object.regions ?? []) {
      const size = region.end - region.start;
      const real = snapshot.read(region.start, size) ?? readPieces(snapshot, region.start, size);
      if (real === undefined) {
        problems.push(`${object.name}: ${region.start.toString(16)} is not mapped`);
        continue;
      }
      bytes += size;
      const own = new Uint8Array(size);
      readMemory([region], region.start, own);
      if (lent) hideGaps(object, region.start, own, real);
      if (Buffer.compare(own, real) !== 0) findDifferences(object, region.start, own, real, skip, differences);
    }
    comparePages(object, snapshot, problems, lent);
    findExtraPages(object, snapshot, problems);
  }
  compareLoader(process, snapshot, problems);
  return { bytes, differences, undecided: process.undecided.size, problems };
}

/** ld.so writes to much of itself; what can be compared are the words that it relocates. */
function compareLoader(process: LoadedProcess, snapshot: Snapshot, problems: string[]): void {
  const { wordBytes: word, littleEndian } = process.record.facts;
  const loader = process.objects.find(({ kind }) => kind === "loader");
  if (loader?.regions === undefined || process.options.profile.library === "musl") return;
  for (const range of loader.file.ranges) {
    for (let at = range.start; at < range.end; at += range.entry) {
      // The lower half of r_offset.
      const low = littleEndian ? at : at + word - 4;
      const site = loader.base + loader.file.elf.view.getUint32(low, littleEndian);
      const own = new Uint8Array(word);
      readMemory(loader.regions, site, own);
      const real = snapshot.read(site, word);
      if (process.undecided.has(site) || (real !== undefined && Buffer.compare(own, real) === 0)) continue;
      problems.push(`${loader.name}: word at +0x${(site - loader.base).toString(16)}`);
    }
  }
}

/** Makes the bytes of writable pages that belong to no segment equal. */
function hideGaps(object: LoadedObject, start: number, own: Uint8Array, real: Uint8Array): void {
  for (let at = 0; at < own.length; at++) {
    const address = start + at - object.base;
    const inside = object.file.loads.some(
      (load) => address >= load.address && address < load.address + load.memoryBytes,
    );
    if (!inside) own[at] = real[at];
  }
}

/** Of a word that holds the distance from its place, what it is the distance to; its addend is what the file has there. */
function fromPlace({ regions }: LoadedObject, site: number, real: Uint8Array): Uint8Array {
  const addend = new Uint8Array(4);
  readMemory(regions ?? [], site, addend);
  const word = new Uint8Array(4);
  const value = new DataView(real.buffer, real.byteOffset).getInt32(0, true) + site;
  new DataView(word.buffer).setInt32(0, value - new DataView(addend.buffer).getInt32(0, true), true);
  return word;
}

function isCode(snapshot: Snapshot, provider: LoadedObject, word: Uint8Array, littleEndian: boolean): boolean {
  const view = new DataView(word.buffer, word.byteOffset, word.length);
  const value = word.length === 4 ? view.getUint32(0, littleEndian) : Number(view.getBigUint64(0, littleEndian));
  // A resolver may have come to set things up and choose nothing (libc's cpu features).
  if (value === 0) return true;
  const mapping = snapshot.mappings.find(({ start, end }) => value >= start && value < end);
  if (mapping === undefined) return false;
  // What a guest executes the host only reads.
  if (guest === undefined && !mapping.access.startsWith("r-x")) return false;
  return mapping.path === "[vdso]" || isInCode(provider, value);
}

function isInCode(object: LoadedObject, address: number): boolean {
  const at = address - object.base;
  return object.file.loads.some(
    (load) => (load.flags & PF_X) !== 0 && at >= load.address && at < load.address + load.memoryBytes,
  );
}

/** A region may be several mappings by now: RELRO. */
function readPieces(snapshot: Snapshot, start: number, size: number): Uint8Array | undefined {
  const whole = new Uint8Array(size);
  for (let at = 0; at < size; at += 4096) {
    const page = snapshot.read(start + at, 4096);
    if (page === undefined) return undefined;
    whole.set(page, at);
  }
  return whole;
}

function findDifferences(
  object: LoadedObject,
  start: number,
  own: Uint8Array,
  real: Uint8Array,
  skip: ReadonlyMap<number, number>,
  differences: Difference[],
): void {
  for (let at = 0; at < own.length; at++) {
    if (own[at] === real[at]) continue;
    const skipped = [0, 1, 2, 3, 4, 5, 6, 7].find((back) => (skip.get(start + at - back) ?? 0) > back);
    if (skipped !== undefined) continue;
    const last = differences.at(-1);
    if (last !== undefined && last.address + last.bytes === start + at) {
      differences[differences.length - 1] = { ...last, bytes: last.bytes + 1 };
    } else differences.push({ object, address: start + at, bytes: 1 });
  }
}

/** The protection of every page, as far as the snapshot has mappings that begin and end in the object. */
function comparePages(object: LoadedObject, snapshot: Snapshot, problems: string[], holesStay: boolean): void {
  for (const { start, end, flags } of pagesOf(object, true)) {
    for (let page = start; page < end; page += 4096) {
      const mapping = snapshot.mappings.find((other) => page >= other.start && page < other.end);
      const real = mapping?.access ?? "none";
      const own = guest === undefined ? protectionText(flags) : protectionText(flags & ~PF_X);
      if (real === own || (flags === 0 && (mapping === undefined || holesStay))) continue;
      problems.push(`${object.name}: page ${page.toString(16)} is ${real}, not ${own}`);
      return;
    }
  }
}

/** Pages of an object's file that the real process has and load/ does not. */
function findExtraPages(object: LoadedObject, snapshot: Snapshot, problems: string[]): void {
  for (const { start, end, path } of snapshot.mappings) {
    if (path !== object.file.realPath) continue;
    for (let page = start; page < end; page += 4096) {
      if (object.regions?.some((region) => page >= region.start && page < region.end) === true) continue;
      if (pagesOf(object, true).some((range) => page >= range.start && page < range.end)) continue;
      problems.push(`${object.name}: page ${page.toString(16)} is not in the simulated process`);
      return;
    }
  }
}

/** The dynamic symbol whose bytes an address is in. */
export function symbolAt(object: LoadedObject, address: number): string {
  const { symbols } = object.file;
  for (let i = 1; i < symbols.count; i++) {
    const start = object.base + symbolValue(symbols, i);
    if (address >= start && address < start + symbolSize(symbols, i)) return symbolName(symbols, i);
  }
  return "";
}

export function describe(difference: Difference): string {
  const { object, address, bytes } = difference;
  const offset = address - object.base;
  return `${object.name} +0x${offset.toString(16)} (${bytes}) ${sectionAt(object, offset)} ${symbolAt(object, address)}`;
}

function sectionAt({ file: { elf } }: LoadedObject, offset: number): string {
  const section = parseElf(elf.bytes, elf.name, () => {})?.sections.find(
    (s) => s.address !== 0 && offset >= s.address && offset < s.address + s.size,
  );
  return section?.name ?? "?";
}

/** A program that does nothing, to see what libc writes to before any program begins. */
export function smallProgram(target: Target = x86_64): string {
  // What is compiled here asks for this machine's C library.
  if (root !== "") return "/bin/true";
  const object = compile(target, "nothing.c", "int main(void) { return 0; }");
  return once("nothing", [target.cc, object], (made) => tool(target.cc, ["-o", made, object]));
}

const NOW: Readonly<Record<string, string>> = { LD_BIND_NOW: "1" };

/** Words of the C library that differ in a program that does nothing: `name+offset`. */
export function stateOfLibc(program: string, environment: Readonly<Record<string, string>> = NOW): ReadonlySet<string> {
  const out = join(repository, "build/objects", `snapshot-${process.pid}`);
  mkdirSync(dirname(out), { recursive: true });
  const snapshot = freeze(out, debugStateOffset(loaded(program)), environment, [program]);
  if (snapshot === undefined) throw new Error(`${program} has ended`);
  const { differences } = compareMemory(loaded(program, environment, basesOf(snapshot.mappings)), snapshot);
  return new Set(differences.map(wordOf));
}

function wordOf({ object, address }: Difference): string {
  const offset = address - object.base;
  return `${object.file.soname ?? object.name}+${offset - (offset % 8)}`;
}

/** Copies of variables that the loader or libc has set by then. */
const SET_EARLY: ReadonlySet<string> = new Set(["__libc_single_threaded", "__libc_stack_end"]);

/** musl's loader is its libc, and has set the environment by then; the variable has four names. */
const ENVIRONMENT = /^_{0,3}environ$/;

/** Is it libc's own state, or a program's copy of it? */
export function isExplained(difference: Difference, known: ReadonlySet<string>): boolean {
  const name = symbolAt(difference.object, difference.address);
  if (difference.object.library === "musl" && ENVIRONMENT.test(name)) return true;
  return known.has(wordOf(difference)) || SET_EARLY.has(name);
}
