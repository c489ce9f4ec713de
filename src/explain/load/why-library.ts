// `solder why PROGRAM LIBRARY`: by which path it came into the process, who asks for it, what was tried.

import type { LoadedObject, LoadedProcess, MissingLibrary } from "../../load/index.ts";
import { heading, hex, type Style } from "../dump/table.ts";
import { foundBy, missingTexts, triedTexts } from "./words.ts";

/** The answer's lines; undefined if nothing in the process has that name, and nothing asked for it. */
export function libraryWhy(task: LoadedProcess, name: string, style: Style): string[] | undefined {
  const object = objectNamed(task, name);
  if (object !== undefined) return loadedLines(task, object, style);
  const missing = task.missingLibraries.find((it) => it.name === name || it.name.endsWith(`/${name}`));
  return missing === undefined ? undefined : missingLines(task, missing, style);
}

/** By its path, one of its names, its soname, the last part of its path, or the name without version (`libc` of libc.so.6). */
function objectNamed({ objects }: LoadedProcess, name: string): LoadedObject | undefined {
  const last = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  return (
    objects.find((it) => it.name === name || it.file.realPath === name || it.names.includes(name)) ??
    objects.find((it) => it.file.soname === name || last(it.name) === name) ??
    (/^lib/.test(name) ? objects.find((it) => last(it.name).startsWith(`${name}.so`)) : undefined)
  );
}

function loadedLines(task: LoadedProcess, object: LoadedObject, style: Style): string[] {
  const { file } = object;
  const lines = [heading(`${object.name} is in the process, at ${hex(object.start)} to ${hex(object.end)}`, style)[1]];
  if (file.realPath !== object.name) lines.push(`  the file is ${file.realPath}`);
  if (file.soname !== undefined) lines.push(`  its soname is ${file.soname}`);
  lines.push(`  ${foundText(object)}`);
  const chain = chainOf(object);
  if (chain.length > 1) lines.push(`  it came by ${chain.map(({ name }) => name).join(" → ")}`);
  const users = task.objects.filter((it) => it.needed.includes(object));
  for (const user of users) lines.push(`  needed by ${user.name}${neededAs(task, user, object)}`);
  const others = object.names.filter((it) => it !== object.name && it !== "");
  if (others.length > 0) lines.push(`  asked for as ${others.join(", ")}`);
  const tried = triedTexts(task, object.asked, object);
  if (tried.length > 0) lines.push("  tried:", ...tried.map((text) => `    ${text}`));
  return lines;
}

function foundText(object: LoadedObject): string {
  if (object.kind === "program") return "it is the program";
  if (object.kind === "loader") return "it is the loader, which the program names (PT_INTERP): the kernel maps it";
  const how = object.rule === "path" ? "asked for by its path" : `found by ${foundBy(object)}`;
  const isPreloaded = object.requester?.kind === "program" && !object.requester.needed.includes(object);
  return isPreloaded ? `it was preloaded; ${how}` : how;
}

/** From the program down to the object, by who asked first. */
function chainOf(object: LoadedObject): LoadedObject[] {
  const chain: LoadedObject[] = [];
  for (let at: LoadedObject | undefined = object; at !== undefined && !chain.includes(at); at = at.requester)
    chain.unshift(at);
  return chain;
}

/** The name in DT_NEEDED, where it is another than the library's path ends in. */
function neededAs(task: LoadedProcess, user: LoadedObject, object: LoadedObject): string {
  const search = task.searches.find((it) => it.requester === user && it.object === object);
  const name = search?.name ?? user.file.dependencies.find((it) => object.names.includes(it.name))?.name;
  return name === undefined || object.name.endsWith(`/${name}`) ? "" : ` as ${name}`;
}

function missingLines(task: LoadedProcess, missing: MissingLibrary, style: Style): string[] {
  const { name, requester, message } = missing;
  const lines = [heading(`${name} was not found: ${message}`, style)[1], `  needed by ${requester.name}`];
  const chain = chainOf(requester);
  if (chain.length > 1) lines.push(`  which came by ${chain.map((it) => it.name).join(" → ")}`);
  lines.push("  tried:", ...missingTexts(task, missing).map((text) => `    ${text}`));
  lines.push(...(task.options.profile.library === "musl" ? [] : runpathLines(task, requester)));
  lines.push(
    "  cure: put the library into one of these directories, or name its directory in LD_LIBRARY_PATH or in a RUNPATH of the object that needs it",
  );
  return lines;
}

/** How far glibc lets a RUNPATH reach. */
function runpathLines(task: LoadedProcess, requester: LoadedObject): string[] {
  const lines: string[] = [];
  const { file } = requester;
  if (file.runpath !== undefined)
    lines.push(
      `  DT_RUNPATH of ${requester.name} is ${file.runpath}; it counts for what that object needs itself, no further`,
    );
  const [program] = task.objects;
  if (program !== requester && program.file.runpath !== undefined)
    lines.push(
      `  DT_RUNPATH of ${program.name} (${program.file.runpath}) does not count here: a RUNPATH serves only the object that has it`,
    );
  return lines;
}
