// Links by a script with GNU ld and with Solder, in this process, and tells in which the outputs differ.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runLd } from "../../../src/cli/ld/run.ts";
import { writeOutput } from "../../../src/cli/ld/write-output.ts";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { systemLibraryPaths } from "../../../src/host/system-paths.ts";
import { link } from "../../../src/link/link.ts";
import { repository, scratch, type Target } from "../../support/build.ts";
import { type Printed, printed } from "../../support/io.ts";
import { run, tool } from "../../support/run.ts";
import type { ScriptCase } from "./case.ts";
import { sources } from "./sources.ts";
import { type View, view } from "./view.ts";

export interface Verdict {
  readonly differences: readonly string[];
  readonly theirs: string;
  readonly ours: string;
  /** By GNU ld. */
  readonly linked: boolean;
}

export interface Bench {
  readonly directory: string;
  readonly target: Target;
}

const benches = new Map<string, Bench>();

/** A folder with all objects in it, the same for all tests of a file. */
export function bench(target: Target): Bench {
  const made = benches.get(target.name) ?? makeBench(target);
  benches.set(target.name, made);
  return made;
}

function makeBench(target: Target): Bench {
  const directory = scratch(`scripts-${target.name}`);
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  for (const [name, text] of Object.entries(sources)) {
    const source = join(directory, `${name}.s`);
    writeFileSync(source, text.replaceAll("WORD", word));
    tool("as", [target.wordBytes === 8 ? "--64" : "--32", source, "-o", join(directory, `${name}.o`)]);
  }
  tool("ar", ["rcs", join(directory, "lib.a"), ...["b", "s"].map((name) => join(directory, `${name}.o`))]);
  for (const name of ["gnu", "tested"]) mkdirSync(join(directory, name));
  return { directory, target };
}

export function commandLine(it: ScriptCase): readonly string[] {
  const objects = (it.objects ?? "a b").split(" ").map((name) => (name.includes(".") ? name : `${name}.o`));
  const usual = `-T x.ld ${objects.join(" ")} ${it.options ?? ""}`;
  return (it.command ?? usual).split(" ").filter((word) => word !== "");
}

export function judge({ directory, target }: Bench, it: ScriptCase): Verdict {
  const at = (name: string): string => join(directory, name);
  const files = { "x.ld": it.script, ...it.files };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  rmSync(at("tested/out"), { force: true });
  const args = ["-m", target.emulation, ...commandLine(it)];
  const theirs = linkThere(args, files, directory);
  const ours = linkHere(["-o", "tested/out", ...args], directory);
  for (const name of Object.keys(files)) rmSync(at(name));
  const said = { theirs: theirs.said, ours: ours.err, linked: theirs.status === 0 };
  // A crash of GNU ld is no judgement.
  if (theirs.status > 1 || theirs.said.includes("internal error")) return { differences: [], ...said };
  if ((theirs.status === 0) !== (ours.status === 0)) {
    const who = theirs.status === 0 ? "here" : "by GNU ld";
    return { differences: [`refused only ${who}`], ...said };
  }
  if (theirs.image === undefined) return { differences: [], ...said };
  if (!existsSync(at("tested/out"))) return { differences: ["no output"], ...said };
  return { differences: compareImages(theirs.image, readFileSync(at("tested/out"))), ...said };
}

interface Theirs {
  readonly status: number;
  readonly said: string;
  readonly image: Uint8Array | undefined;
}

/** What GNU ld makes of it. It makes the same each time, so that is kept, beside the objects of all tests. */
function linkThere(args: readonly string[], files: Readonly<Record<string, string>>, directory: string): Theirs {
  const key = createHash("sha1")
    .update(JSON.stringify([args, files, sources]))
    .digest("hex");
  const kept = join(repository, "build/objects", `script-${key}`);
  if (existsSync(`${kept}.json`)) {
    const { status, said } = JSON.parse(readFileSync(`${kept}.json`, "utf8"));
    return { status, said, image: existsSync(kept) ? readFileSync(kept) : undefined };
  }
  const output = join(directory, "gnu/out");
  rmSync(output, { force: true });
  const { status, said } = runGnu(["-o", "gnu/out", ...args], directory);
  const image = status === 0 && existsSync(output) ? readFileSync(output) : undefined;
  mkdirSync(join(repository, "build/objects"), { recursive: true });
  if (image !== undefined) writeFileSync(kept, image);
  writeFileSync(`${kept}.json`, JSON.stringify({ status, said }));
  return { status, said, image };
}

const HANGS = 124;

function runGnu(args: readonly string[], directory: string): { status: number; said: string } {
  try {
    const { status, stdout, stderr } = run("ld.bfd", args, { cwd: directory, timeout: 20_000 });
    return { status, said: stderr + stdout };
  } catch (cause) {
    return { status: HANGS, said: String(cause) };
  }
}

export function linkHere(args: readonly string[], directory: string): Printed {
  const before = process.cwd();
  process.chdir(directory);
  try {
    const ld = { files: nodeFiles, accelerators: nodeAccelerators, link, systemLibraryPaths, write: writeOutput };
    return printed((io) => runLd(args, io, ld, "ld"));
  } catch (cause) {
    return { status: 70, out: "", err: `ld: error: exception: ${cause instanceof Error ? cause.stack : cause}` };
  } finally {
    process.chdir(before);
  }
}

const ELF = 0x7f;

/** In what two linkers' outputs differ. */
export function compareImages(theirs: Uint8Array, ours: Uint8Array): string[] {
  if (theirs[0] !== ELF || ours[0] !== ELF) {
    return Buffer.compare(theirs, ours) === 0 ? [] : [`images differ: ${theirs.length} and ${ours.length} bytes`];
  }
  const [expected, actual] = [view(theirs), view(ours)];
  const differences: string[] = [];
  for (const aspect of Object.keys(expected) as (keyof View)[]) {
    differences.push(...compareLines(aspect, expected[aspect], actual[aspect]));
  }
  return differences;
}

function compareLines(aspect: string, expected: readonly string[], actual: readonly string[]): string[] {
  const onlyTheirs = expected.filter((line) => !actual.includes(line));
  const onlyOurs = actual.filter((line) => !expected.includes(line));
  if (onlyTheirs.length + onlyOurs.length > 0) {
    return [
      ...onlyTheirs.map((line) => `${aspect} GNU: ${line}`),
      ...onlyOurs.map((line) => `${aspect} here: ${line}`),
    ];
  }
  if (expected.join() === actual.join()) return [];
  const order = (lines: readonly string[]): string => lines.map((line) => line.split(" ")[0]).join(" ");
  return [`${aspect} stand in another order: GNU ${order(expected)}; here ${order(actual)}`];
}
