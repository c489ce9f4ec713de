// `solder load a.o b.o`: relocatable objects in simulated memory.

import { basename } from "node:path";
import { error, type Problem } from "../../elf/problem.ts";
import type { Style } from "../../explain/dump/index.ts";
import { objectLines, objectsJson } from "../../explain/load/objects.ts";
import { renderProblem } from "../../explain/render.ts";
import type { FileSystem } from "../../host/files.ts";
import { missingFileFacts } from "../../link/inputs/missing-file.ts";
import { loadObjects, type RelocatableInput } from "../../load/relocatable/index.ts";
import type { Io } from "../io.ts";
import { FAILURE, SUCCESS } from "../run-request.ts";

export interface ObjectsRequest {
  readonly files: readonly string[];
  /** Address by the name of an object, as given or the last part of its path. */
  readonly bases: ReadonlyMap<string, number>;
  readonly json: boolean;
  readonly style: Style;
}

/** Returns the exit status: 0, or 1 if something cannot be loaded or relocated. */
export function loadObjectFiles(request: ObjectsRequest, io: Io, files: FileSystem): number {
  const { style, json } = request;
  const problems: Problem[] = [];
  const inputs = readInputs(request, files, problems);
  const loaded = loadObjects(inputs);
  problems.push(...loaded.problems);
  if (json) io.out(`${JSON.stringify({ ...(objectsJson(loaded) as object), problems }, null, 2)}\n`);
  else if (loaded.objects.length > 0) io.out([...objectLines(loaded, style), ""].join("\n"));
  const render = (problem: Problem): string =>
    renderProblem(problem, { program: "solder load", color: io.color.err, demangle: style.demangle });
  if (!json) io.err(problems.map((problem) => `${render(problem)}\n`).join(""));
  return problems.some(({ severity }) => severity === "error") ? FAILURE : SUCCESS;
}

/** The objects that are asked for, as far as they can be read. */
export function readInputs(
  { files: paths, bases }: Pick<ObjectsRequest, "files" | "bases">,
  files: FileSystem,
  problems: Problem[],
): RelocatableInput[] {
  const unused = new Set(bases.keys());
  const inputs: RelocatableInput[] = [];
  for (const path of paths) {
    const bytes = files.read(path);
    const key = [path, basename(path)].find((name) => bases.has(name));
    if (key !== undefined) unused.delete(key);
    if (bytes === undefined) problems.push(error("file-not-found", {}, missingFileFacts(files, path)));
    else inputs.push({ name: path, bytes, base: key === undefined ? undefined : bases.get(key) });
  }
  for (const name of unused) problems.push(error("base-unknown", {}, { name }));
  return inputs;
}

/** FILE=ADDRESS, any number of times. */
export function readBases(texts: readonly string[]): ReadonlyMap<string, number> | string {
  const bases = new Map<string, number>();
  for (const text of texts) {
    const [, name, address] = /^(.+)=(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text) ?? [];
    const base = Number(address);
    if (name === undefined) return `--base takes NAME=ADDRESS, not '${text}'`;
    if (!Number.isSafeInteger(base)) return `--base takes addresses up to 0x1fffffffffffff, not '${text}'`;
    bases.set(name, base);
  }
  return bases;
}
