// Makes the files of a planned process: each library twice, as it was when the others were linked and as it is now, then the
// program, and then what befell the files since. All commands of a process are one shell script: to start a program from here costs as
// much as the assembler's or the linker's work on files so small.

import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { assemblerOf } from "./assembler.ts";
import type { RandomMachine } from "./machines.ts";
import { DIRECTORIES, type ImagePlan, type ObjectPlan, unpacked } from "./plan.ts";

export interface BuiltImage {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Why a linker or the assembler refused; no fault of the loader's. */
export interface NotBuilt {
  readonly refused: string;
}

/** Builds an image in an empty directory, with the C library of a root directory. */
export function buildImage(
  machine: RandomMachine,
  root: string,
  plan: ImagePlan,
  directory: string,
): BuiltImage | NotBuilt {
  const workplace: Workplace = {
    ...{ machine, directory, libc: root + machine.libc, made: new Map(), script: ["set -e"], copies: [] },
  };
  const at = (...path: readonly string[]): string => join(directory, ...path);
  for (const name of [...DIRECTORIES, "first"]) mkdirSync(at(name));
  // With nothing needed, so that cycles have a beginning.
  for (const library of plan.earlier) link(workplace, { ...library, needed: [] }, at("first"), at("first"));
  for (const library of plan.libraries) {
    const [place, other] = plan.places.get(library.name) ?? ["a"];
    link(workplace, library, at(place), at("first"));
    if (library.soname?.startsWith("other-") === true) symlinkSync(`lib${library.name}.so`, at(place, library.soname));
    const earlier = plan.earlier.find(({ name }) => name === library.name);
    if (other !== undefined && earlier !== undefined) link(workplace, earlier, at(other), at("first"));
  }
  const program = linkProgram(workplace, plan.program);
  const script = `${workplace.script.join("\n")}\n`;
  const { status, stderr } = run("sh", [], { input: script, timeout: 600_000 });
  if (status !== 0) return { refused: stderr };
  for (const [from, to] of workplace.copies) copyFileSync(from, to);
  spoil(workplace, plan);
  const environment = Object.entries(plan.environment).map(([name, value]) => [name, value.replaceAll("@", directory)]);
  return { program, environment: Object.fromEntries(environment) as Record<string, string> };
}

/** Where and with what files are made. */
interface Workplace {
  readonly machine: RandomMachine;
  readonly directory: string;
  readonly libc: string;
  /** What was made, by what it was made of: most libraries are what they were when others were linked with them. */
  readonly made: Map<string, string>;
  /** Commands to be run, one after the other. */
  readonly script: string[];
  /** Files that are copies of others, once those are made. */
  readonly copies: (readonly [from: string, to: string])[];
}

/** A command as the shell reads it. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** What GNU ld is asked for of a plan for another linker. */
function forGnuLd(plan: ObjectPlan): ObjectPlan {
  return { ...unpacked(plan), linker: "ld" };
}

/** Links by the plan's linker, and what it refuses by GNU ld. */
function linkBy(workplace: Workplace, plan: ObjectPlan, command: (plan: ObjectPlan) => readonly string[]): void {
  const others = plan.linker === "ld" ? [] : [`|| ${quoted(command(forGnuLd(plan)))}`];
  workplace.script.push([quoted(command(plan)), ...others].join(" "));
}

function assemble({ machine, directory, made, script }: Workplace, plan: ObjectPlan): string {
  const text = assemblerOf(machine, plan);
  const known = made.get(text);
  if (known !== undefined) return known;
  const object = join(directory, `${plan.name}-${made.size}.o`);
  const source = join(directory, `${plan.name}-${made.size}.s`);
  writeFileSync(source, text);
  script.push(quoted([...machine.as, "-o", object, source]));
  made.set(text, object);
  return object;
}

/** Links a library into a directory, against those in another. */
function link(workplace: Workplace, plan: ObjectPlan, out: string, libraries: string): void {
  const { machine, libc, made, copies } = workplace;
  const object = assemble(workplace, plan);
  const script = versionScript(workplace, plan);
  const soname = plan.soname === undefined ? [] : ["-soname", plan.soname];
  const named =
    plan.constructors === "functions" || plan.constructors === "both"
      ? ["-init", `up_${plan.name}`, "-fini", `down_${plan.name}`]
      : [];
  const path = join(out, `lib${plan.name}.so`);
  const command = ({ linker, flags }: ObjectPlan): string[] => [
    ...(machine.linkers[linker] ?? []),
    ...["-shared", ...soname, ...named, ...flags, ...script],
    ...absolutes(plan),
    object,
    ...plan.needed.map((name) => `-l${name}`),
    ...(plan.needsLibc ? [libc] : []),
  ];
  // Nothing needed: it does not matter among which libraries.
  const key = command(plan).join("\n");
  const known = plan.needed.length === 0 ? made.get(key) : undefined;
  if (known !== undefined) copies.push([known, path]);
  else linkBy(workplace, plan, (each) => [...command(each), "-L", libraries, "-o", path]);
  made.set(key, path);
}

/** Symbols with a value that is no address. */
function absolutes({ definitions }: ObjectPlan): string[] {
  return definitions.filter(({ type }) => type === "absolute").map(({ name }) => `--defsym=${name}=0x1234`);
}

function versionScript({ directory, made }: Workplace, { name, versions }: ObjectPlan): string[] {
  if (versions.length === 0) return [];
  const nodes = versions.map(
    ({ version, names }, i) =>
      `${version} { ${names.length === 0 ? "" : `global: ${names.join("; ")};`} }${i === 0 ? "" : ` ${versions[i - 1].version}`};`,
  );
  const text = `${nodes.join("\n")}\n`;
  const path = made.get(text) ?? join(directory, `${name}-${made.size}.map`);
  writeFileSync(path, text);
  made.set(text, path);
  return ["--version-script", path];
}

const MAIN = "int main(void) { return 0; }";

/** As musl's start files do it, but with a vector of its own: no arguments, no environment, pages of 4 KB. */
const START = `${MAIN}
  int __libc_start_main(int (*)(void), int, void *);
  static long vector[64] = {(long)0, 0, 0, 6, 4096};
  void _start(void) { vector[0] = (long)"main"; __libc_start_main(main, 1, vector); }`;

function linkProgram(workplace: Workplace, plan: ObjectPlan): string {
  const { machine, directory, libc } = workplace;
  const object = assemble(workplace, plan);
  const compiler = { ...machine, cxx: machine.cc };
  const main = compile(compiler, "random-main.c", machine.musl === undefined ? MAIN : START, ["-fPIE"]);
  const program = join(directory, "main");
  const command = ({ linker, flags }: ObjectPlan): string[] => [
    ...[machine.cc, ...(machine.linkerDirectory === undefined ? [] : [`-B${machine.linkerDirectory()}`])],
    ...[
      `-fuse-ld=${linker === "ld" ? "bfd" : linker.replace("ld.", "")}`,
      flags.includes("-no-pie") ? "-no-pie" : "-pie",
    ],
    ...(machine.musl === undefined ? [] : ["-nostdlib", `-Wl,--dynamic-linker=${machine.musl}`]),
    ...["-o", program, main, object],
    ...[...flags.filter((flag) => flag !== "-no-pie" && flag !== "-pie"), ...absolutes(plan)].flatMap(toLinker),
    ...["-Wl,--unresolved-symbols=ignore-all,--allow-shlib-undefined", "-L", join(directory, "first")],
    ...plan.needed.map((name) => `-l${name}`),
    ...(machine.musl === undefined ? [] : [libc]),
  ];
  linkBy(workplace, plan, command);
  return program;
}

function toLinker(flag: string): string[] {
  return ["-Xlinker", flag];
}

/** What happened to libraries after everything was linked. */
function spoil({ machine, directory }: Workplace, plan: ImagePlan): void {
  for (const [name, how] of plan.spoiled) {
    const [place] = plan.places.get(name) ?? ["a"];
    const path = join(directory, place, `lib${name}.so`);
    if (how === "gone") rmSync(path);
    else if (how === "text") writeFileSync(path, "no library, but long enough to be looked at\n".repeat(10));
    else {
      const bytes = readFileSync(path);
      // e_machine.
      if (how === "other-machine")
        new DataView(bytes.buffer, bytes.byteOffset).setUint16(18, machine.foreign, bytes[5] === 1);
      writeFileSync(path, how === "cut" ? bytes.subarray(0, bytes.length / 2) : bytes);
    }
  }
}
