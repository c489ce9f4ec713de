// Makes the files that random links take: the objects and libraries of a pool, each when it is first asked for, and the glue,
// archives and scripts of one link.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archive, compile, scratch, type Target } from "../../support/build.ts";
import { run, tool } from "../../support/run.ts";
import { which } from "../../support/tools.ts";
import { assemblerOf } from "./assembler.ts";
import type { LinkPlan, ObjectPlan, PoolPlan } from "./parts.ts";
import { LIBC, planPool } from "./plan.ts";
import { START, START_FLAGS, TOTAL } from "./start.ts";

export const GNU_LD: string = which("ld.bfd") ?? "ld.bfd";

export interface Pool {
  readonly target: Target;
  readonly plan: PoolPlan;
  readonly directory: string;
}

export function openPool(target: Target, number: number): Pool {
  return { target, plan: planPool(target, number), directory: scratch(`pool-${number}`) };
}

/** Assembles into a directory. */
function assemble(target: Target, directory: string, plan: ObjectPlan): string {
  const object = join(directory, `${plan.id}.o`);
  if (existsSync(object)) return object;
  const source = join(directory, `${plan.id}.s`);
  writeFileSync(source, assemblerOf(target, plan));
  tool("as", [target.wordBytes === 8 ? "--64" : "--32", "-o", object, source]);
  return object;
}

/** A file of the pool by its name, made if it is not there: o3.o, libl1.so, start.o, total-l1.o. */
function make(pool: Pool, name: string): void {
  const { target, plan, directory } = pool;
  if (existsSync(join(directory, name))) return;
  const id = name.replace(/^lib|\.(o|so)$/g, "");
  const object = plan.objects.get(id);
  const library = plan.libraries.find((it) => it.id === id);
  if (object !== undefined) assemble(target, directory, object);
  else if (library !== undefined) makeLibrary(pool, library.id);
  else if (id === "host") assemble(target, directory, HOST);
  else {
    const source = id === "start" ? START : TOTAL.replace("TOTAL", id.replace("-", "_"));
    const flags = [...START_FLAGS, id === "start" ? "-fPIE" : "-fPIC"];
    tool("cp", [compile(target, `random-${id}.c`, source, flags), join(directory, name)]);
  }
}

/** Calls what a shared output sums up. */
const HOST: ObjectPlan = {
  id: "host",
  fixed: false,
  apart: false,
  unwind: false,
  definitions: [],
  references: [{ name: "total_out", how: "call", weak: false, hidden: false, version: "" }],
  extras: [],
};

function makeLibrary(pool: Pool, id: string): void {
  const { target, plan, directory } = pool;
  const library = plan.libraries.find((it) => it.id === id);
  if (library === undefined) return;
  const objects = library.objects.map((it) => `${it}.o`);
  const needed = library.needed.map((it) => `lib${it}.so`);
  for (const name of [...objects, ...needed, `total-${id}.o`]) make(pool, name);
  const script = `${id}.map`;
  writeFileSync(join(directory, script), library.script);
  const link = (inputs: readonly string[]): number =>
    run(GNU_LD, ["-m", target.emulation, "-shared", "-o", `lib${id}.so`, `total-${id}.o`, ...inputs], {
      cwd: directory,
    }).status;
  const versions = library.script === "" ? [] : [`--version-script=${script}`];
  // What GNU ld does not link as planned is linked with less.
  const forms = [[...library.flags, ...versions, ...objects, ...needed, target.interpreter], [...objects], []];
  for (const form of forms) if (link(form) === 0) return;
  throw new Error(`library ${id} of ${directory} cannot be made`);
}

/** Makes all that a link takes, in its directory. Returns its command line but for -o. */
export function prepare(pool: Pool, plan: LinkPlan, directory: string): string[] {
  const { target } = pool;
  for (const name of ["gnu", "tested"]) mkdirSync(join(directory, name));
  assemble(target, directory, plan.glue);
  for (const [name, text] of plan.files) writeFileSync(join(directory, name), text);
  for (const [name, { members, thin }] of plan.archives) {
    for (const id of members) make(pool, `${id}.o`);
    const paths = members.map((id) => join(pool.directory, `${id}.o`));
    archive(directory, name, paths, thin ? "rcsT" : "rcs");
  }
  for (const arg of plan.args) {
    if (arg.startsWith("POOL/")) make(pool, arg.slice(5));
    const [, id] = /^-l(l\d)$/.exec(arg) ?? [];
    if (id !== undefined) make(pool, `lib${id}.so`);
  }
  const args = plan.args.map((arg) => arg.replace(/^POOL/, pool.directory));
  return ["-m", target.emulation, ...args];
}

/** Links a program around a shared output, or out of an object that -r made. */
export function host(pool: Pool, kind: "shared" | "relocatable", output: string, program: string): boolean {
  const { target, directory } = pool;
  const names = kind === "shared" ? ["start.o", "host.o"] : ["start.o"];
  for (const name of names) make(pool, name);
  const inputs = [...names.map((name) => join(directory, name)), output];
  const flags = ["-m", target.emulation, "--unresolved-symbols=ignore-all", "-z", "notext"];
  const dynamic = kind === "shared" ? [...flags, "--dynamic-linker", target.interpreter] : [...flags, "-static"];
  const rest = kind === "shared" ? ["--no-as-needed", target.interpreter, LIBC[target.wordBytes]] : [];
  return run(GNU_LD, [...dynamic, "-o", program, ...inputs, ...rest], { timeout: 30_000 }).status === 0;
}
