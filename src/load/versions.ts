// Before anything is bound, every version that an object needs of a library must be defined there (glibc elf/dl-version.c,
// `_dl_check_all_versions`). This is where "version `GLIBC_2.34' not found" comes from. All that is missing is said, then
// the process ends.

import { isNamed } from "./lookup.ts";
import type { LoadedObject, LoadedProcess } from "./objects.ts";

/** Checks the versions that `objects` need; reports in `messages` and `missingVersions`. */
export function checkVersions(task: LoadedProcess, objects: readonly LoadedObject[]): void {
  if (task.options.profile.library === "musl") return;
  let missing = false;
  for (const object of objects) if (!checkNeeds(task, object)) missing = true;
  if (missing) task.exitCode ??= 1;
}

/** What a version check found out, for `--debug=versions`. */
function checkNeeds(task: LoadedProcess, object: LoadedObject): boolean {
  const { needs } = object.file.versions;
  let good = true;
  for (const { library, name, hash, weak } of needs) {
    const provider = providerOf(task, object, library);
    // Its absence has been said.
    if (provider === undefined) continue;
    const { versions } = provider.file;
    if (!versions.defines) {
      complain(task, provider, object, `no version information available (required by ${object.name})`);
      task.missingVersions.push({ version: name, library: provider, requester: object, fatal: false });
    } else if (!versions.definitions.some((defined) => defined.hash === hash && defined.name === name)) {
      const kind = weak ? "weak version" : "version";
      complain(task, provider, object, `${kind} \`${name}' not found (required by ${object.name})`);
      task.missingVersions.push({ version: name, library: provider, requester: object, fatal: !weak });
      if (!weak) good = false;
    }
  }
  return good;
}

function complain(task: LoadedProcess, provider: LoadedObject, _object: LoadedObject, text: string): void {
  task.messages.push({ text: `${task.programName}: ${provider.name}: ${text}`, fatal: false });
}

/** The library of that name in the process. */
export function providerOf(task: LoadedProcess, object: LoadedObject, name: string): LoadedObject | undefined {
  return task.chain.find((other) => isNamed(other, name)) ?? object.needed.find((other) => isNamed(other, name));
}
