// What a random process consists of: a program and a few libraries that define and refer to the same few names in every way
// that ELF has, and the environment that it is started in. Only facts; assembler.ts and build.ts make files of them.

import { type Dice, dice } from "./dice.ts";
import { withExtras } from "./extras.ts";
import type { RandomMachine } from "./machines.ts";
import { kindOf, LINKERS, type LinkerName, NAMES, type NameKind, type Reference, type ReferenceKind } from "./names.ts";

export interface Definition {
  readonly name: string;
  readonly kind: NameKind;
  readonly binding: "global" | "weak" | "unique";
  readonly visibility: "default" | "protected" | "hidden";
  /** How the symbol is marked: as usual, as an indirect function, without a type, with an absolute value. */
  readonly type: "usual" | "indirect" | "none" | "absolute";
  readonly section: "data" | "bss" | "readonly" | "common";
  readonly bytes: number;
  readonly alignment: number;
  /** With `symver`: the version in the name, one or more. */
  readonly versions: readonly { readonly version: string; readonly isDefault: boolean }[];
}

export interface ObjectPlan {
  readonly name: string;
  readonly definitions: readonly Definition[];
  readonly references: readonly Reference[];
  /** Names of libraries, in the order of the link line. */
  readonly needed: readonly string[];
  readonly needsLibc: boolean;
  /** Version nodes, each after the one before it; and the names that each lists. */
  readonly versions: readonly { readonly version: string; readonly names: readonly string[] }[];
  readonly soname: string | undefined;
  readonly constructors: "none" | "array" | "functions" | "both";
  readonly linker: LinkerName;
  readonly flags: readonly string[];
  /** Code that is not position-independent: absolute addresses in the text. */
  readonly positionDependent: boolean;
}

/** What may become of a file after all is linked. */
const ACCIDENTS = ["gone", "text", "cut", "other-machine"] as const;

export interface ImagePlan {
  readonly program: ObjectPlan;
  readonly libraries: readonly ObjectPlan[];
  /** The libraries as they were when the others were linked: other versions, other symbols. */
  readonly earlier: readonly ObjectPlan[];
  /** Directories below the image's that each library lies in; the second has another build of it. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  /** What became of a library after all was linked. */
  readonly spoiled: ReadonlyMap<string, (typeof ACCIDENTS)[number]>;
  readonly environment: Readonly<Record<string, string>>;
}

export const DIRECTORIES: readonly string[] = ["a", "b", "c"];

/** The process for a seed. */
export function planImage(machine: RandomMachine, seed: number): ImagePlan {
  const drafted = planPlain(machine, seed);
  const plan = machine.musl === undefined ? drafted : mapObjects(drafted, forMusl);
  if (seed < FIRST_WITH_EXTRAS) return plan;
  return mapObjects(plan, (each) => withExtras(seed, each, plan.libraries));
}

function mapObjects(plan: ImagePlan, change: (object: ObjectPlan) => ObjectPlan): ImagePlan {
  const { program, libraries, earlier } = plan;
  return { ...plan, program: change(program), libraries: libraries.map(change), earlier: earlier.map(change) };
}

/** musl loads nothing that needs a resolver or a size (musl-relocations.test.ts), and that of Debian 12 knows no DT_RELR. */
function forMusl(plan: ObjectPlan): ObjectPlan {
  const definitions = plan.definitions.map((each) =>
    each.type === "indirect" ? { ...each, type: "usual" as const } : each,
  );
  const references = plan.references.map((each) => (each.how === "size" ? { ...each, how: "word" as const } : each));
  return { ...unpacked(plan), definitions, references };
}

/** The plan without DT_RELR. */
export function unpacked(plan: ObjectPlan): ObjectPlan {
  const words = PACKED[plan.linker];
  const last = plan.flags.indexOf(words.at(-1) ?? "");
  return last < 0 ? plan : { ...plan, flags: plan.flags.toSpliced(last - words.length + 1, words.length) };
}

/** Seeds from here on have what extras.ts adds. */
const FIRST_WITH_EXTRAS = 100_000;

function planPlain(machine: RandomMachine, seed: number): ImagePlan {
  const roll = dice(seed * 2 + (machine.wordBytes === 4 ? 1 : 0));
  const count = 2 + roll.below(7);
  const names = Array.from({ length: count }, (_, i) => `r${i}`);
  // Most images load: all strong references are to what somebody has, and all libraries are found.
  const careful = !roll.oneIn(4);
  const drafts = names.map((name) => planLibrary(machine, roll, name, names, careful));
  const program = planProgram(machine, roll, names, careful);
  const there = reachable(program, drafts);
  const defined = new Set(there.flatMap((plan) => plan.definitions.filter(isVisible).map(nameOf)));
  const mend = (plan: ObjectPlan): ObjectPlan => (careful ? weaken(plan, defined) : plan);
  const libraries = drafts.map(mend);
  const earlier = libraries.map((plan) => (roll.oneIn(5) ? earlierForm(roll, plan, careful) : plan));
  const places = new Map(names.map((name) => [name, roll.shuffled(DIRECTORIES).slice(0, roll.oneIn(6) ? 2 : 1)]));
  const spoiled = new Map(
    names.filter(() => roll.oneIn(careful ? 200 : 30)).map((name) => [name, roll.pick(ACCIDENTS)] as const),
  );
  return {
    program: mend(program),
    libraries,
    earlier,
    places,
    spoiled,
    environment: planEnvironment(roll, names, careful),
  };
}

/** The program and all that it needs. */
function reachable(program: ObjectPlan, libraries: readonly ObjectPlan[]): ObjectPlan[] {
  const found = new Set([program]);
  for (const plan of found) {
    for (const library of libraries) if (plan.needed.includes(library.name)) found.add(library);
  }
  return [...found];
}

function nameOf({ name }: Definition): string {
  return name;
}

function isVisible({ visibility }: Definition): boolean {
  return visibility !== "hidden";
}

/** Makes references weak to what nobody defines. */
function weaken(plan: ObjectPlan, defined: ReadonlySet<string>): ObjectPlan {
  const own = new Set(plan.definitions.map(nameOf));
  const references = plan.references.map((reference) => ({
    ...reference,
    weak: reference.weak || !(defined.has(reference.name) || own.has(reference.name) || isLibcs(reference.name)),
    // glibc dies of the size of nothing.
    how: reference.how === "size" && !defined.has(reference.name) ? ("word" as const) : reference.how,
  }));
  return { ...plan, references };
}

const LIBC_NAMES: readonly string[] = ["puts", "memcpy", "stdout", "environ"];

function isLibcs(name: string): boolean {
  return LIBC_NAMES.includes(name);
}

function planLibrary(
  machine: RandomMachine,
  roll: Dice,
  name: string,
  all: readonly string[],
  careful: boolean,
): ObjectPlan {
  const positionDependent = machine.hasTextRelocations && roll.oneIn(4);
  const linker = !positionDependent && roll.oneIn(4) ? roll.pick(librariesLinkers(machine)) : "ld";
  const versions = roll.oneIn(3) ? planVersions(roll) : [];
  const needsLibc = roll.oneIn(2);
  const names = [...NAMES.function, ...NAMES.object, ...NAMES.tls];
  const definitions = roll.some(names, 3).map((each) =>
    planDefinition(
      roll,
      each,
      versions.map(({ version }) => version),
      true,
    ),
  );
  const count = 2 + roll.below(14);
  return {
    name,
    definitions,
    references: Array.from({ length: count }, () => planReference(machine, roll, linker, positionDependent, needsLibc)),
    needed: roll.some(all, roll.pick([2, 3, 5])),
    needsLibc,
    versions,
    soname: roll.oneIn(6) ? undefined : roll.oneIn(12) ? `other-${name}.so` : `lib${name}.so`,
    constructors: roll.pick(["none", "array", "array", "functions", "both"]),
    linker,
    flags: [
      ...linkFlags(machine, roll, linker, needsLibc),
      ...libraryFlags(roll, all, linker),
      ...pathFlags(roll, careful),
    ],
    positionDependent,
  };
}

function planProgram(machine: RandomMachine, roll: Dice, all: readonly string[], careful: boolean): ObjectPlan {
  const positionDependent = roll.oneIn(2);
  const definitions = roll.some([...NAMES.function, ...NAMES.object, ...NAMES.tls], 8);
  const linker = roll.oneIn(4) ? roll.pick(machine.programLinkers) : "ld";
  const needed = roll.some(all, 2);
  return {
    name: "main",
    definitions: definitions.map((each) => planDefinition(roll, each, [], false)),
    references: Array.from({ length: 4 + roll.below(14) }, () =>
      planReference(machine, roll, linker, positionDependent, true),
    ),
    needed: needed.length === 0 ? [roll.pick(all)] : needed,
    needsLibc: true,
    versions: [],
    soname: undefined,
    constructors: roll.pick(["none", "array"]),
    linker,
    flags: [
      ...linkFlags(machine, roll, linker, true),
      positionDependent ? "-no-pie" : "-pie",
      ...(roll.oneIn(2) ? ["--export-dynamic"] : []),
      roll.oneIn(2) ? "--enable-new-dtags" : "--disable-new-dtags",
      "-rpath",
      !careful && roll.oneIn(4) ? "$ORIGIN/a" : roll.shuffled(DIRECTORIES.map((each) => `$ORIGIN/${each}`)).join(":"),
    ],
    positionDependent,
  };
}

/** Nodes V1, V2 … one of which may be left out, so that a later build lacks it. */
function planVersions(roll: Dice): { version: string; names: string[] }[] {
  const names = roll.shuffled([...NAMES.function, ...NAMES.object, ...NAMES.tls]);
  return ["V1", "V2", "V3"]
    .filter(() => !roll.oneIn(4))
    .map((version) => ({ version, names: names.splice(0, roll.below(6)) }));
}

function planDefinition(roll: Dice, name: string, versions: readonly string[], library: boolean): Definition {
  const kind = kindOf(name);
  const isFunction = kind === "function";
  const hidden = library && roll.oneIn(10);
  const unique = kind === "object" && roll.oneIn(6);
  const special = roll.oneIn(12) ? (["none", "absolute"] as const)[roll.below(2)] : "usual";
  const type = isFunction && roll.oneIn(library ? 8 : 30) ? "indirect" : kind === "tls" ? "usual" : special;
  const picked = versions.filter(() => roll.oneIn(2));
  const symver = picked.length > 0 && roll.oneIn(3) && type !== "absolute" && !unique;
  const last = roll.oneIn(5) ? -1 : roll.below(picked.length + 1);
  return {
    name,
    kind,
    binding: unique && type === "usual" ? "unique" : roll.oneIn(4) ? "weak" : "global",
    visibility: symver || unique ? "default" : hidden ? "hidden" : roll.oneIn(12) ? "protected" : "default",
    type: unique ? "usual" : type,
    section: isFunction ? "data" : roll.pick(["data", "data", "bss", "readonly"]),
    bytes: roll.pick([4, 8, 16, 24, 100]),
    alignment: roll.oneIn(10) ? roll.pick([64, 256, 4096]) : roll.pick([1, 4, 8, 16, 32]),
    versions: symver ? picked.map((version, i) => ({ version, isDefault: i === last })) : [],
  };
}

const REFERENCES: Readonly<Record<NameKind, readonly ReferenceKind[]>> = {
  function: ["word", "constant-word", "got", "call", "call", "call", "size"],
  object: ["word", "constant-word", "got", "got", "size"],
  tls: ["general-dynamic", "general-dynamic", "initial-exec", "initial-exec-negated", "descriptor"],
};

/** Those other than GNU ld. */
function librariesLinkers({ linkers }: RandomMachine): LinkerName[] {
  return LINKERS.filter((name) => name !== "ld" && linkers[name] !== undefined);
}

function planReference(
  machine: RandomMachine,
  roll: Dice,
  linker: LinkerName,
  positionDependent: boolean,
  libc: boolean,
): Reference {
  const names = [...NAMES.function, ...NAMES.object, ...NAMES.tls, ...(libc ? LIBC_NAMES : [])];
  const name = roll.pick(names);
  const kind = kindOf(name);
  const fixed = kind !== "tls" && positionDependent && roll.oneIn(2);
  const relative = machine.hasTextRelocations && kind !== "tls" && positionDependent && roll.oneIn(5);
  const usual = roll.pick(REFERENCES[kind]);
  const wanted = fixed ? "absolute" : relative ? "relative" : usual;
  const how = machine.dialect.replacement(linker, wanted) ?? wanted;
  // What is behind the begin of a function is nobody's business, least of all an indirect one's.
  const addend = kind !== "function" && roll.oneIn(4) ? roll.below(40) - 8 : 0;
  return { name, how, weak: roll.oneIn(6), addend };
}

const HASH_STYLES: readonly string[] = ["sysv", "gnu", "both"];

/** What any output may be linked with, by any of the linkers. */
function linkFlags(machine: RandomMachine, roll: Dice, linker: LinkerName, libc: boolean): string[] {
  const flags: string[] = ["--no-as-needed", `--hash-style=${roll.pick(HASH_STYLES)}`];
  const z = (...words: readonly string[]): void => void flags.push("-z", roll.pick(words));
  if (roll.oneIn(2))
    z("now", "lazy", "relro", "norelro", "nodelete", "initfirst", "interpose", "nodefaultlib", "origin");
  if (roll.oneIn(3)) z("relro", "norelro");
  if (roll.oneIn(4) && linker !== "gold") z("separate-code", "noseparate-code");
  if (roll.oneIn(6)) z("max-page-size=0x1000", "max-page-size=0x10000", "max-page-size=0x200000");
  if (roll.oneIn(6)) z("combreloc", "nocombreloc");
  if (roll.oneIn(6)) flags.push("--build-id");
  if (linker === "ld" && roll.oneIn(6)) z("global", "dynamic-undefined-weak", "nodynamic-undefined-weak");
  if (roll.oneIn(8)) z("execstack");
  if (libc && roll.oneIn(4)) flags.push(...PACKED[linker]);
  if (machine.wordBytes === 8 && roll.oneIn(20)) flags.push("-z", "common-page-size=0x1000");
  return flags;
}

/** How each linker is asked for DT_RELR. */
const PACKED: Readonly<Record<LinkerName, readonly string[]>> = {
  ld: ["-z", "pack-relative-relocs"],
  gold: [],
  "ld.lld": ["--pack-dyn-relocs=relr", "--use-android-relr-tags=false"].slice(0, 1),
  mold: ["--pack-dyn-relocs=relr"],
};

function libraryFlags(roll: Dice, all: readonly string[], linker: LinkerName): string[] {
  const flags: string[] = ["-z", "notext"];
  if (roll.oneIn(10)) flags.push("-Bsymbolic");
  if (roll.oneIn(10)) flags.push("-Bsymbolic-functions");
  if (linker !== "mold" && roll.oneIn(12)) flags.push(roll.pick(["-f", "-F"]), `lib${roll.pick(all)}.so`);
  return flags;
}

function pathFlags(roll: Dice, careful: boolean): string[] {
  if (roll.oneIn(4)) return [];
  const path =
    !careful && roll.oneIn(4)
      ? `$ORIGIN/../${roll.pick(DIRECTORIES)}`
      : roll.shuffled(DIRECTORIES.map((each) => `$ORIGIN/../${each}`)).join(":");
  return [roll.oneIn(3) ? "--disable-new-dtags" : "--enable-new-dtags", "-rpath", path];
}

/** The library as it was once: without versions, with others, with more or fewer symbols of other sizes. */
function earlierForm(roll: Dice, plan: ObjectPlan, careful: boolean): ObjectPlan {
  const sizes = { ...plan, definitions: plan.definitions.map((each) => ({ ...each, bytes: roll.pick([4, 16, 64]) })) };
  const unversioned = {
    ...plan,
    versions: [],
    definitions: plan.definitions.map((each) => ({ ...each, versions: [] })),
  };
  if (careful) return roll.pick([sizes, unversioned]);
  const versions = planVersions(roll);
  const names = versions.map(({ version }) => version);
  const other = {
    ...plan,
    versions,
    definitions: plan.definitions.map((each) => ({
      ...each,
      versions: each.versions.filter(({ version }) => names.includes(version)),
    })),
  };
  const fewer = { ...plan, definitions: plan.definitions.filter(() => !roll.oneIn(3)) };
  return roll.pick([sizes, unversioned, other, fewer]);
}

function planEnvironment(roll: Dice, names: readonly string[], careful: boolean): Record<string, string> {
  const environment: Record<string, string> = {};
  const preloads = roll.oneIn(4) ? roll.some(names, 3).map((name) => `lib${name}.so`) : [];
  if (preloads.length > 0) environment.LD_PRELOAD = preloads.join(roll.pick([" ", ":"]));
  if (careful || roll.oneIn(2))
    environment.LD_LIBRARY_PATH = roll.shuffled(DIRECTORIES.map((each) => `@/${each}`)).join(roll.pick([":", ";"]));
  if (roll.oneIn(8)) environment.LD_DYNAMIC_WEAK = "1";
  if (roll.oneIn(6)) environment.GLIBC_TUNABLES = "glibc.rtld.dynamic_sort=1";
  return environment;
}
