// Makes the files of a planned process: each library twice, as it was when the others were linked and as it is now, then the
// program, and then what befell the files since.

import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { assemblerOf } from "./assembler.ts";
import type { RandomMachine } from "./machines.ts";
import { DIRECTORIES, type ImagePlan, type ObjectPlan } from "./plan.ts";

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
  const workplace: Workplace = { machine, directory, libc: root + machine.libc, made: new Map() };
  const at = (...path: readonly string[]): string => join(directory, ...path);
  for (const name of [...DIRECTORIES, "first"]) mkdirSync(at(name));
  try {
    // With nothing needed, so that cycles have a beginning.
    for (const library of plan.earlier) link(workplace, { ...library, needed: [] }, at("first"), at("first"));
    for (const library of plan.libraries) {
      const [place, other] = plan.places.get(library.name) ?? ["a"];
      link(workplace, library, at(place), at("first"));
      if (library.soname?.startsWith("other-") === true)
        symlinkSync(`lib${library.name}.so`, at(place, library.soname));
      const earlier = plan.earlier.find(({ name }) => name === library.name);
      if (other !== undefined && earlier !== undefined) link(workplace, earlier, at(other), at("first"));
    }
    const program = linkProgram(workplace, plan.program);
    spoil(workplace, plan);
    const environment = Object.entries(plan.environment).map(([name, value]) => [
      name,
      value.replaceAll("@", directory),
    ]);
    return { program, environment: Object.fromEntries(environment) as Record<string, string> };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

/** Where and with what files are made. */
interface Workplace {
  readonly machine: RandomMachine;
  readonly directory: string;
  readonly libc: string;
  /** What was made, by what it was made of: most libraries are what they were when others were linked with them. */
  readonly made: Map<string, string>;
}

class Refusal extends Error {}

function must(program: string, args: readonly string[]): void {
  const { status, stderr } = run(program, args);
  if (status !== 0) throw new Refusal(`${program} ${args.join(" ")}\n${stderr}`);
}

function mustAll([program = "", ...args]: readonly string[]): void {
  must(program, args);
}

function assemble({ machine, directory, made }: Workplace, plan: ObjectPlan): string {
  const text = assemblerOf(machine, plan);
  const known = made.get(text);
  if (known !== undefined) return known;
  const object = join(directory, `${plan.name}-${made.size}.o`);
  const source = join(directory, `${plan.name}-${made.size}.s`);
  writeFileSync(source, text);
  mustAll([...machine.as, "-o", object, source]);
  made.set(text, object);
  return object;
}

/** Links a library into a directory, against those in another. */
function link(workplace: Workplace, plan: ObjectPlan, out: string, libraries: string): void {
  const { machine, directory, libc } = workplace;
  const object = assemble(workplace, plan);
  const script = versionScript(plan, directory);
  const soname = plan.soname === undefined ? [] : ["-soname", plan.soname];
  const named =
    plan.constructors === "functions" || plan.constructors === "both"
      ? ["-init", `up_${plan.name}`, "-fini", `down_${plan.name}`]
      : [];
  const path = join(out, `lib${plan.name}.so`);
  const command = [
    ...(machine.linkers[plan.linker] ?? []),
    ...["-shared", ...soname, ...named, ...plan.flags, ...script],
    ...absolutes(plan),
    object,
    ...plan.needed.map((name) => `-l${name}`),
    ...(plan.needsLibc ? [libc] : []),
  ];
  // Nothing needed: it does not matter among which libraries.
  const key = [...command, ...plan.versions.map((version) => JSON.stringify(version))].join("\n");
  const known = plan.needed.length === 0 ? workplace.made.get(key) : undefined;
  if (known !== undefined) copyFileSync(known, path);
  else mustAll([...command, "-L", libraries, "-o", path]);
  workplace.made.set(key, path);
}

/** Symbols with a value that is no address. */
function absolutes({ definitions }: ObjectPlan): string[] {
  return definitions.filter(({ type }) => type === "absolute").map(({ name }) => `--defsym=${name}=0x1234`);
}

function versionScript({ name, versions }: ObjectPlan, directory: string): string[] {
  if (versions.length === 0) return [];
  const path = join(directory, `${name}.map`);
  const nodes = versions.map(
    ({ version, names }, i) =>
      `${version} { ${names.length === 0 ? "" : `global: ${names.join("; ")};`} }${i === 0 ? "" : ` ${versions[i - 1].version}`};`,
  );
  writeFileSync(path, `${nodes.join("\n")}\n`);
  return ["--version-script", path];
}

function linkProgram(workplace: Workplace, plan: ObjectPlan): string {
  const { machine, directory } = workplace;
  const object = assemble(workplace, plan);
  const main = compile({ ...machine, cxx: machine.cc }, "random-main.c", "int main(void) { return 0; }", ["-fPIE"]);
  const program = join(directory, "main");
  const [fuse] = plan.linker === "ld" ? ["bfd"] : [plan.linker.replace("ld.", "")];
  const flags = plan.flags.filter((flag) => flag !== "-no-pie" && flag !== "-pie");
  const linkFlags = [...flags, ...absolutes(plan)].flatMap((flag) => ["-Xlinker", flag]);
  must(machine.cc, [
    ...[
      ...(machine.linkerDirectory === undefined ? [] : [`-B${machine.linkerDirectory()}`]),
      `-fuse-ld=${fuse}`,
      plan.flags.includes("-no-pie") ? "-no-pie" : "-pie",
      "-o",
      program,
      main,
      object,
      ...linkFlags,
    ],
    ...["-Wl,--unresolved-symbols=ignore-all,--allow-shlib-undefined", "-L", join(directory, "first")],
    ...plan.needed.map((name) => `-l${name}`),
  ]);
  return program;
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
