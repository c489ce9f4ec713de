// Before anything is bound, every version that an object needs of a library must be defined there (glibc elf/dl-version.c,
// `_dl_check_all_versions`). This is where "version `GLIBC_2.34' not found" comes from. All that is missing is said, then
// the process ends.

import { DT_NEEDED, DT_RELR } from "../../elf/index.ts";
import type { VersionNeeded } from "../file/version-table.ts";
import {
  endProcess,
  fatal,
  type LoadedObject,
  type LoadedProcess,
  lacksStrings,
  SIGSEGV_STATUS,
} from "../objects/objects.ts";
import { behaves } from "../settings/profiles.ts";
import { isNamed } from "./lookup.ts";

/** Checks the versions that `objects` need; reports in `messages` and `missingVersions`. */
export function checkVersions(task: LoadedProcess, objects: readonly LoadedObject[]): void {
  if (task.options.profile.library === "musl") return;
  let missing = false;
  for (const object of objects) {
    assertProviders(task, object);
    for (const { object: library, text, version, fatal: isFatal } of versionComplaints(task, object)) {
      // After a library was missed, or an error here that is not about a version, the real loader does not come here.
      if (task.exitCode === undefined)
        task.messages.push({ text: `${task.programName}: ${library.name}: ${text}`, fatal: false });
      task.missingVersions.push({ version, library, requester: object, fatal: isFatal });
      if (isFatal) missing = true;
    }
    const asked = withoutStrings(task, object);
    if (asked !== undefined) endProcess(task, SIGSEGV_STATUS, { step: "versions", object, asked });
    if (lacksRelrVersion(task, object)) {
      const text = "DT_RELR without GLIBC_ABI_DT_RELR dependency";
      fatal(task, `error while loading shared libraries: ${object.name}: ${text}`, 127, { step: "versions", object });
    }
  }
  if (missing) endProcess(task, 1, { step: "versions" });
}

/**
 * The real loader takes it for granted that a library whose versions are asked for is loaded, because linkers name it in
 * DT_NEEDED too; tools that take that away leave the versions (_dl_check_map_versions).
 */
function assertProviders(task: LoadedProcess, object: LoadedObject): void {
  if (task.exitCode !== undefined || needsOfNobody(task, object).length === 0) return;
  // By as much the file has changed: 2.35 took a line out of each file's head.
  const line = behaves(task.options.profile, "shorterHeads") ? 204 : 205;
  const assertion = "_dl_check_map_versions: Assertion `needed != NULL' failed!";
  task.messages.push({ text: `Inconsistency detected by ld.so: dl-version.c: ${line}: ${assertion}`, fatal: true });
  endProcess(task, 127, { step: "versions", object });
}

/** What an object asks of libraries that are not in the process. */
export function needsOfNobody(task: LoadedProcess, object: LoadedObject): readonly VersionNeeded[] {
  return object.file.versions.needs.filter(({ library }) => providerOf(task, object, library) === undefined);
}

export interface VersionComplaint {
  /** The library that was looked into. */
  readonly object: LoadedObject;
  readonly version: string;
  /** ld.so's words, after the library's name. */
  readonly text: string;
  readonly fatal: boolean;
}

/** What is wrong with the versions that an object needs, in the order of its table, as far as the real loader comes. */
export function versionComplaints(task: LoadedProcess, object: LoadedObject): VersionComplaint[] {
  const complaints: VersionComplaint[] = [];
  for (const { library, name, hash, weak } of object.file.versions.needs) {
    const provider = providerOf(task, object, library);
    // Its absence has been said.
    if (provider === undefined) continue;
    if (lacksStrings(task, provider)) break;
    const { versions } = provider.file;
    const complain = (what: string, isFatal: boolean): void =>
      void complaints.push({
        object: provider,
        version: name,
        text: `${what} (required by ${object.name})`,
        fatal: isFatal,
      });
    if (!versions.defines) complain("no version information available", false);
    else if (!versions.definitions.some((defined) => defined.hash === hash && defined.name === name)) {
      complain(`${weak ? "weak version" : "version"} \`${name}' not found`, !weak);
    }
  }
  return complaints;
}

/** The first library of its table whose strings are asked for and that has none (match_symbol takes DT_STRTAB for granted). */
function withoutStrings(task: LoadedProcess, object: LoadedObject): LoadedObject | undefined {
  for (const { library } of object.file.versions.needs) {
    const provider = providerOf(task, object, library);
    if (provider !== undefined && lacksStrings(task, provider)) return provider;
  }
  return undefined;
}

/** A file with DT_RELR must say so to loaders that do not know it, by a version that they cannot have. */
function lacksRelrVersion(task: LoadedProcess, { file }: LoadedObject): boolean {
  if (!behaves(task.options.profile, "relr") || !file.values.has(DT_RELR)) return false;
  // Only files with DT_VERNEED are looked at.
  if (file.versions.needs.length === 0) return false;
  if (!file.dependencies.some(({ tag, name }) => tag === DT_NEEDED && name.startsWith("libc.so."))) return false;
  const says = file.versions.needs.some(({ name }) => name === "GLIBC_ABI_DT_RELR");
  return !says && !file.versions.definitions.some(({ name }) => name === "GLIBC_PRIVATE");
}

/** The library of that name in the process. */
export function providerOf(task: LoadedProcess, object: LoadedObject, name: string): LoadedObject | undefined {
  return task.chain.find((other) => isNamed(other, name)) ?? object.needed.find((other) => isNamed(other, name));
}
