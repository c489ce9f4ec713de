// `solder why PROGRAM VERSION`: who needs the version, of which library and for which symbols; who defines it.

import { type VersionNeeded, versionIndex } from "../../load/file/version-table.ts";
import type { LoadedObject, LoadedProcess } from "../../load/index.ts";
import { symbolName } from "../../load/index.ts";
import { providerOf } from "../../load/symbols/versions.ts";
import { counted, heading, type Style } from "../dump/table.ts";
import { symbolText } from "./words.ts";

/** Symbols that are told. */
const MOST = 8;

/** The answer's lines; undefined if no object needs or defines a version of that name. */
export function versionWhy(task: LoadedProcess, version: string, style: Style): string[] | undefined {
  const lines: string[] = [];
  for (const object of task.objects) {
    for (const need of object.file.versions.needs)
      if (need.name === version) lines.push(...needLines(task, object, need, style), "");
  }
  const definers = task.objects.filter((object) => definesVersion(object, version));
  if (lines.length === 0 && definers.length === 0) return undefined;
  const many =
    definers.length === 0 ? "No object in the process defines it" : `Defined in ${counted(definers.length, "object")}`;
  lines.push(heading(many, style)[1]);
  for (const object of definers) {
    const index = object.file.versions.definitions.find(({ name }) => name === version)?.index ?? -1;
    lines.push(`  ${object.name}${symbolsText(object, index, style)}`);
  }
  return lines;
}

function needLines(task: LoadedProcess, object: LoadedObject, need: VersionNeeded, style: Style): string[] {
  const { library, name, index, weak } = need;
  const provider = providerOf(task, object, library);
  const lines = [heading(`${object.name} needs ${name} of ${library}${symbolsText(object, index, style)}`, style)[1]];
  if (provider === undefined) lines.push(`  ${library} is not in the process`);
  else if (definesVersion(provider, name)) lines.push(`  ${provider.name} has it`);
  else {
    const has = provider.file.versions.definitions.filter(({ base }) => !base).map((it) => it.name);
    const others = has.length === 0 ? "it has no versions" : `its newest is ${has.at(-1)}`;
    lines.push(`  ${provider.name} does not have it: ${others}`);
    lines.push(
      weak
        ? "  the reference is weak: the program starts nevertheless"
        : `  it takes a newer ${library}, or what needs it built against this one`,
    );
  }
  return lines;
}

function definesVersion({ file }: LoadedObject, version: string): boolean {
  return file.versions.definitions.some(({ name, base }) => name === version && !base);
}

/** `, for greet and 3 more`: the symbols of a version. */
function symbolsText({ file }: LoadedObject, version: number, style: Style): string {
  const names: string[] = [];
  for (let index = 1; index < file.symbols.count; index++)
    if (versionIndex(file.versions, file.symbols.bytes, index) === version) names.push(symbolName(file.symbols, index));
  const shown = names.slice(0, MOST).map((name) => symbolText(name, "", style));
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  return names.length === 0 ? "" : `, for ${shown.join(", ")}${more}`;
}
