// What random links are made of, out of nothing but a seed. Seeds share a pool of objects and libraries, forty seeds each, so
// that a link costs little more than the linkers themselves; what a link takes of its pool, what it adds (the glue), its
// archives, states and options are its own.

import { type Dice, dice } from "../../load/random/dice.ts";
import type { Target } from "../../support/build.ts";
import { askedByLibraries, exportsOf, isHidden, missing, placeIn } from "./foresee.ts";
import {
  type Definition,
  type Extra,
  kindOf,
  type LibraryPlan,
  type LinkPlan,
  NAMES,
  type NameKind,
  type ObjectPlan,
  type OutputKind,
  type PoolPlan,
  type Reference,
  type ReferenceKind,
} from "./parts.ts";

const SEEDS_OF_A_POOL = 40;

export function poolOf(seed: number): number {
  return Math.floor(seed / SEEDS_OF_A_POOL);
}

export function planPool(target: Target, pool: number): PoolPlan {
  const roll = dice(0x10000 + pool);
  const objects = new Map<string, ObjectPlan>();
  for (let i = 0; i < 20; i++) {
    const id = `o${i}`;
    objects.set(id, planObject(target, roll, id, roll.oneIn(5)));
  }
  const libraries: LibraryPlan[] = [];
  for (let i = 0; i < 6; i++) libraries.push(planLibrary(roll, `l${i}`, objects, libraries));
  return { objects, libraries };
}

// Objects

function planObject(target: Target, roll: Dice, id: string, fixed: boolean): ObjectPlan {
  const definitions: Definition[] = [];
  for (let i = roll.below(4); i >= 0; i--) {
    const kind = roll.oneIn(16) ? "number" : roll.pick(["function", "function", "data", "data", "tls"] as const);
    const name = roll.pick(NAMES[kind]);
    if (!definitions.some((it) => it.name === name)) definitions.push(planDefinition(roll, name));
  }
  const references: Reference[] = [];
  for (let i = roll.below(5); i > 0; i--) references.push(planReference(target, roll, definitions, fixed));
  return {
    id,
    fixed,
    apart: roll.oneIn(3),
    unwind: roll.oneIn(3),
    definitions,
    references: consistent(references, definitions),
    extras: [...new Set(roll.some(EXTRAS, 14))],
  };
}

const EXTRAS: readonly Extra[] = [
  "strings",
  "strings",
  "init",
  "init-priority",
  "note",
  "set",
  "retained",
  "excluded",
  "linked",
  "exec-stack",
  "no-stack-note",
  "property",
  "constants",
  "local-names",
  "orphan",
];

/** One object says one thing of a name. */
function consistent(references: readonly Reference[], definitions: readonly Definition[]): Reference[] {
  const seen = new Map<string, Reference>();
  // The assembler has no address for a number.
  const numbers = definitions.filter(({ form }) => form === "absolute").map(({ name }) => name);
  const askable = references.filter(({ name }) => !numbers.includes(name));
  return askable.map((reference) => {
    const own = definitions.some(({ name }) => name === reference.name);
    const before = seen.get(reference.name);
    const { weak, hidden, version } = before ?? reference;
    const same = own ? { weak: false, hidden: false, version: "" } : { weak, hidden, version };
    const said = { ...reference, ...same };
    seen.set(reference.name, said);
    return said;
  });
}

const USUAL = ["usual", "usual", "usual", "usual", "usual"] as const;

function planDefinition(roll: Dice, name: string): Definition {
  const kind = kindOf(name);
  const forms = {
    function: [...USUAL, ...USUAL, ...USUAL, "comdat", "comdat", "comdat", "ifunc", "ifunc", "linkonce"],
    data: [...USUAL, "common", "common", "comdat"],
    tls: [...USUAL, ...USUAL, "common"],
    number: ["absolute"],
  } as const;
  const form = roll.pick(forms[kind]);
  const usual = form === "usual";
  const unique = usual && kind === "data" && roll.oneIn(12);
  const binding = unique ? "unique" : form !== "common" && roll.oneIn(form === "comdat" ? 2 : 4) ? "weak" : "global";
  const visibility = roll.pick([
    "default",
    "default",
    "default",
    "default",
    "hidden",
    "protected",
    "internal",
  ] as const);
  const versioned = (usual || form === "ifunc") && visibility !== "hidden" && roll.oneIn(10);
  return {
    name,
    form,
    binding,
    visibility: unique ? "default" : visibility,
    ...(versioned ? planVersions(roll) : { versions: [], renamed: false }),
    size: roll.pick([4, 8, 16, 64]),
    alignment: roll.pick([4, 8, 16, 32]),
    section: roll.pick([".data", ".data", ".bss", ".rodata", ".data.rel.ro", "things", ".sdata.x"]),
  };
}

function planVersions(roll: Dice): { versions: string[]; renamed: boolean } {
  const versions = planVersionList(roll);
  // `f0` beside `f0@@V1` is defined twice.
  const twice = versions.some((it) => /^@@\w+(?:, hidden)?$/.test(it));
  const renamed = twice ? !roll.oneIn(20) : roll.oneIn(2);
  // gas refuses references to a name that has several versions of its own.
  return { versions, renamed: renamed || versions.length > 1 };
}

function planVersionList(roll: Dice): string[] {
  const all = ["@V1", "@@V1", "@@V2", "@@@V1", "@V2", "@V1, remove", "@@V2, remove", "@V2, local", "@@V1, hidden"];
  const first = roll.pick(all);
  if (!roll.oneIn(3)) return [first];
  const second = roll.pick(all);
  const plain = (text: string): string => text.replace(/@+(\w+).*/, "$1");
  // The assembler takes no name twice.
  return plain(first) === plain(second) || /@@/.test(first + second.replace("@", "")) ? [first] : [first, second];
}

const REFERENCES: Readonly<Record<NameKind, readonly ReferenceKind[]>> = {
  function: ["call", "call", "call", "got-call", "got", "equal", "word", "constant-word", "size"],
  data: ["got", "got", "got", "equal", "word", "constant-word", "size"],
  tls: ["general-dynamic", "general-dynamic", "initial-exec", "descriptor"],
  number: ["got", "got", "word", "equal", "constant-word"],
};

const FIXED: Readonly<Record<NameKind, readonly ReferenceKind[]>> = {
  function: ["call", "absolute", "direct", "equal", "word"],
  data: ["direct", "absolute", "got", "word"],
  tls: ["initial-exec", "local-exec", "general-dynamic"],
  number: ["absolute", "got", "word", "direct"],
};

function planReference(target: Target, roll: Dice, definitions: readonly Definition[], fixed: boolean): Reference {
  const names = [...NAMES.function, ...NAMES.function, ...NAMES.data, ...NAMES.data, ...NAMES.tls, NAMES.number[0]];
  const name = roll.pick(names);
  const kind = kindOf(name);
  const own = definitions.find((it) => it.name === name);
  const inside = own !== undefined && /hidden|internal/.test(own.visibility) && own.form !== "absolute";
  const hidden = own === undefined && roll.oneIn(24);
  const usual = roll.pick(fixed && roll.oneIn(2) ? FIXED[kind] : REFERENCES[kind]);
  const near = inside && own.form !== "ifunc" && roll.oneIn(2) ? (kind === "tls" ? "local-dynamic" : "direct") : usual;
  // An IFUNC has no size, and what others define may be one.
  const sized =
    near !== "size" || (target.wordBytes === 8 && (kind !== "function" || own?.form === "usual" || roll.oneIn(20)));
  const how = sized ? near : "got";
  return { name, how, weak: roll.oneIn(6), hidden, version: roll.oneIn(30) ? roll.pick(["@V1", "@V2"]) : "" };
}

// Libraries

function planLibrary(
  roll: Dice,
  id: string,
  objects: ReadonlyMap<string, ObjectPlan>,
  earlier: readonly LibraryPlan[],
): LibraryPlan {
  // What asks for a version keeps it, and few links have a library with that version.
  const asks = ({ references }: ObjectPlan): boolean => references.some(({ version }) => version !== "");
  const usable = [...objects.values()].filter(
    (it) => !it.fixed && !it.extras.includes("preinit") && (!asks(it) || roll.oneIn(6)),
  );
  const taken = withoutClashes(roll.shuffled(usable), 1 + roll.below(3));
  const versioned = taken.some(({ definitions }) => definitions.some(({ versions }) => versions.length > 0));
  let script = planScript(roll, true);
  for (let i = 0; versioned && !/V1[\s\S]*V2/.test(script) && i < 20; i++) script = planScript(roll, true);
  const flags: string[] = [];
  if (roll.oneIn(2)) flags.push(`-soname=${roll.oneIn(4) ? `other-${id}.so` : `lib${id}.so`}`);
  if (roll.oneIn(8)) flags.push(roll.pick(["-Bsymbolic", "-Bsymbolic-functions"]));
  flags.push(`--hash-style=${roll.pick(["gnu", "sysv", "both"])}`);
  if (roll.oneIn(6)) flags.push("--default-symver");
  return {
    id,
    objects: taken.map((it) => it.id),
    script,
    flags,
    needed: roll.some(
      earlier.map((it) => it.id),
      3,
    ),
  };
}

/** Some of these objects, no two of which define the same; what they define goes into `defined`. */
function withoutClashes(from: readonly ObjectPlan[], count: number, defined = new Map<string, string>()): ObjectPlan[] {
  const taken: ObjectPlan[] = [];
  for (const object of from) {
    if (taken.length === count) break;
    // A group or link-once section goes with its like.
    const strong = object.definitions.filter(({ binding, form }) => binding !== "weak" && form !== "common");
    const shares = (form: string): boolean => form === "comdat" || form === "linkonce";
    if (strong.some(({ name, form }) => defined.has(name) && !(shares(form) && defined.get(name) === form))) continue;
    for (const { name, form } of strong) defined.set(name, form);
    taken.push(object);
  }
  return taken;
}

/** A version script, or "". */
function planScript(roll: Dice, shared: boolean): string {
  if (roll.oneIn(shared ? 3 : 2)) return "";
  const pattern = (): string =>
    roll.pick(["f0", "f1", "f2", "d0", "d1", "d2", "t0", "f*", "d*", "?3", "f[4-6]", "total_*"]);
  const list = (): string => Array.from({ length: 1 + roll.below(3) }, pattern).join("; ");
  if (roll.oneIn(3)) return `{ global: ${list()}; total_*;${roll.oneIn(3) ? "" : " local: *;"} };\n`;
  const globals = roll.oneIn(6) ? "" : `global: ${list()};`;
  const rest = roll.oneIn(2) ? " local: *;" : roll.oneIn(3) ? ` local: ${list()};` : "";
  const second = roll.oneIn(5)
    ? ""
    : `V2 { ${roll.oneIn(4) ? "" : `global: ${list()};`} }${roll.oneIn(2) ? " V1" : ""};\n`;
  return `V1 { ${globals} total_*;${rest} };\n${second}`.replace("  total", " global: total");
}

// Links

const OUTPUTS: readonly OutputKind[] = [
  "static",
  "static-pie",
  "no-pie",
  "no-pie",
  "pie",
  "pie",
  "shared",
  "shared",
  "relocatable",
];

export function planLink(target: Target, seed: number, pool: PoolPlan): LinkPlan {
  const roll = dice(seed);
  const output = roll.pick(OUTPUTS);
  const dynamic = output === "no-pie" || output === "pie" || output === "shared";
  const place = output === "static" || output === "no-pie" || output === "relocatable";
  const libraries = dynamic ? roll.some(pool.libraries, 3) : [];
  // One in ten is left as chance has it, and mostly refused.
  const tidy = !roll.oneIn(10);
  const usable = roll.shuffled([...pool.objects.values()].filter(suitor(roll, pool, libraries, place, tidy)));
  const defined = new Map<string, string>();
  // Whether names may be defined twice, and whether somebody does.
  const muldefs = roll.oneIn(20);
  const clash = (times: number): boolean => (muldefs || !tidy) && roll.oneIn(times);
  const direct = clash(3) ? usable.slice(0, 3) : withoutClashes(usable, 1 + roll.below(4), defined);
  const others = usable.filter((it) => !direct.includes(it));
  const archived = clash(3) ? others.slice(0, roll.below(7)) : withoutClashes(others, roll.below(7), new Map(defined));
  const archives = new Map<string, { members: readonly string[]; thin: boolean }>();
  if (archived.length > 0)
    archives.set("libA.a", { members: archived.slice(0, 4).map(({ id }) => id), thin: roll.oneIn(6) });
  if (archived.length > 4) archives.set("libB.a", { members: archived.slice(4).map(({ id }) => id), thin: false });
  const glue = planGlue(target, roll, { output, place, direct, archived, libraries, clash, tidy });
  const files = new Map<string, string>();
  const inputs = arrange(roll, output, direct, archives, libraries);
  const versioned = [...direct, ...archived, glue].some(({ definitions }) =>
    definitions.some(({ versions }) => versions.length > 0),
  );
  const twice = muldefs ? [roll.pick(["--allow-multiple-definition", "-zmuldefs"])] : [];
  const args = [...OUTPUT_FLAGS[output], ...twice, ...planOptions(target, roll, output, files, versioned), ...inputs];
  if (dynamic) args.push(...planLoader(target, roll, output));
  // Nearly every program asks libc for something; of one that does not, GNU ld forgets that packed relocations need a newer
  // libc, and the loader refuses what it made.
  const packed = args.includes("pack-relative-relocs") && args.includes(LIBC[target.wordBytes]);
  const asking: Reference = { name: "getpid", how: "equal", weak: false, hidden: false, version: "" };
  const plan = {
    output,
    glue: packed ? { ...glue, references: [...glue.references, asking] } : glue,
    archives,
    files,
    args,
  };
  return tidy ? tidied(roll, pool, plan, libraries) : plan;
}

/** Tells whether a link may have an object. */
function suitor(
  roll: Dice,
  pool: PoolPlan,
  libraries: readonly LibraryPlan[],
  place: boolean,
  tidy: boolean,
): (object: ObjectPlan) => boolean {
  const asked = askedByLibraries(pool, libraries);
  const exported = new Set(libraries.flatMap((it) => [...exportsOf(pool, it)]));
  return ({ fixed, definitions, references }) => {
    if (fixed && !place && !roll.oneIn(20)) return false;
    if (!tidy) return true;
    // What a library asks for must be seen, and a version must be somebody's.
    if (definitions.some((it) => isHidden(it) && asked.has(it.name))) return false;
    if (references.some(({ name, hidden }) => hidden && asked.has(name))) return false;
    return references.every(({ name, version }) => version === "" || exported.has(name + version));
  };
}

/** The link with a glue that has what is missing, and without what GNU ld refuses by principle. */
function tidied(roll: Dice, pool: PoolPlan, plan: LinkPlan, libraries: readonly LibraryPlan[]): LinkPlan {
  const asked = askedByLibraries(pool, libraries);
  const args = tidiedArgs(roll, pool, plan, libraries, asked);
  const definitions = plan.glue.definitions.map(
    (it): Definition => (isHidden(it) && asked.has(it.name) ? { ...it, visibility: "default" } : it),
  );
  let tidy: LinkPlan = { ...plan, args, glue: { ...plan.glue, definitions } };
  for (let i = 0; i < 8; i++) {
    const open = missing(pool, tidy, libraries);
    if (open.size === 0) break;
    const more = [...open].filter((it) => !it.includes("@") && !definitions.some(({ name }) => name === it));
    for (const name of more)
      definitions.push({ ...planDefinition(roll, name), visibility: "default", versions: [], renamed: false });
    const references = tidy.glue.references
      .filter(({ name, version }) => !open.has(name + version) || version === "")
      .map((it) => (asked.has(it.name) ? { ...it, hidden: false } : it));
    tidy = { ...tidy, glue: { ...tidy.glue, definitions, references: consistent(references, definitions) } };
  }
  return tidy;
}

function tidiedArgs(
  roll: Dice,
  pool: PoolPlan,
  { output, args: planned, files }: LinkPlan,
  libraries: readonly LibraryPlan[],
  asked: ReadonlySet<string>,
): string[] {
  // -n and -N search and take archives only.
  const dynamic = output === "no-pie" || output === "pie" || output === "shared";
  const args = planned.filter((it) => !dynamic || !/^-[nN]$/.test(it));
  const state = args.findIndex((it, i) => it === "-Bstatic" && args[i + 1] !== "-Bdynamic");
  const shared = args.findIndex((it) => /^(?:-ll\d|.*\.so(?:\.\d)?)$/.test(it));
  if (state >= 0 && shared > state) args.splice(shared, 0, "-Bdynamic");
  // What libraries ask of each other with a version, only their own libraries have.
  const chosen = libraries.map(({ id }) => id);
  const beyond = pool.libraries.filter(
    ({ id }) => !chosen.includes(id) && libraries.some(({ needed }) => needed.includes(id)),
  );
  const needed = beyond.some((it) => [...exportsOf(pool, it)].some((name) => asked.has(name)));
  if (beyond.length > 0 && (needed || roll.oneIn(2))) args.unshift("-rpath-link", "POOL");
  // Nor may a script take away what they ask for.
  const script = files.get("script") ?? "";
  const takes = output !== "shared" && [...asked].some((name) => placeIn(script, name) === "local");
  return args.filter((it, i) => {
    if (takes && it === "--version-script=script") return false;
    const excludes = it === "--exclude-libs" || args[i - 1] === "--exclude-libs";
    return !excludes || output === "shared" || asked.size === 0;
  });
}

const OUTPUT_FLAGS: Readonly<Record<OutputKind, readonly string[]>> = {
  static: ["-static"],
  "static-pie": ["-static", "-pie", "--no-dynamic-linker", "-z", "text"],
  "no-pie": [],
  pie: ["-pie"],
  shared: ["-shared"],
  relocatable: ["-r"],
};

export const LIBC: Readonly<Record<4 | 8, string>> = { 8: "/lib/x86_64-linux-gnu/libc.so.6", 4: "/lib32/libc.so.6" };

/** The loader, which has __tls_get_addr, among the libraries and as the program's interpreter. */
function planLoader({ interpreter, wordBytes }: Target, roll: Dice, output: OutputKind): string[] {
  const started = output === "shared" || roll.oneIn(20) ? [] : ["--dynamic-linker", interpreter];
  // A C library must be there where the loader is a library: that asks it for malloc.
  const libc = roll.oneIn(4) ? [] : ["--no-as-needed", LIBC[wordBytes]];
  return [libc.length === 0 || roll.oneIn(3) ? "--as-needed" : "--no-as-needed", interpreter, ...libc, ...started];
}

interface GlueFor {
  readonly output: OutputKind;
  readonly place: boolean;
  readonly direct: readonly ObjectPlan[];
  readonly archived: readonly ObjectPlan[];
  readonly libraries: readonly LibraryPlan[];
  readonly clash: (times: number) => boolean;
  readonly tidy: boolean;
}

/** The object that is this link's own: it asks the libraries for their sums, and defines most of what is missing. */
function planGlue(target: Target, roll: Dice, about: GlueFor): ObjectPlan {
  const { output, place, direct, archived, libraries, clash, tidy } = about;
  const own = planObject(target, roll, "glue", place && output !== "relocatable" && roll.oneIn(2));
  const objects = [...direct, ...archived];
  const defined = new Set(objects.flatMap(({ definitions }) => definitions.map(({ name }) => name)));
  const definitions = own.definitions.filter(({ name }) => !defined.has(name) || clash(6));
  for (const { name } of definitions) defined.add(name);
  // One in three links leaves something to its libraries, or open.
  const holes = roll.oneIn(3) ? 2 : tidy ? 20 : 60;
  for (const { name, weak } of [...objects, own].flatMap(({ references }) => references)) {
    if (weak || defined.has(name) || roll.oneIn(holes)) continue;
    defined.add(name);
    definitions.push({ ...planDefinition(roll, name), visibility: "default", versions: [], renamed: false });
  }
  const references = own.references.filter(({ hidden }) => !hidden || roll.oneIn(3));
  const totals = libraries.map(
    ({ id }): Reference => ({ name: `total_${id}`, how: "call", weak: roll.oneIn(5), hidden: false, version: "" }),
  );
  return { ...own, definitions, references: [...consistent(references, definitions), ...totals] };
}

/** Objects, archives and libraries, with the states that they are read in. */
function arrange(
  roll: Dice,
  output: OutputKind,
  direct: readonly ObjectPlan[],
  archives: ReadonlyMap<string, { readonly members: readonly string[] }>,
  libraries: readonly LibraryPlan[],
): string[] {
  const words: string[][] = [];
  for (const { id } of libraries) words.push(stated(roll, roll.oneIn(2) ? [`-l${id}`] : [`POOL/lib${id}.so`]));
  for (const name of archives.keys()) {
    const form = roll.oneIn(3) ? [`-l${name.slice(3, -2)}`] : [name];
    if (roll.oneIn(8)) words.push(["--whole-archive", ...form, "--no-whole-archive"]);
    else if (roll.oneIn(5)) words.push(["--start-group", ...form, ...(roll.oneIn(2) ? ["libA.a"] : []), "--end-group"]);
    else words.push(form);
  }
  const objects = roll.shuffled(["glue.o", ...direct.map(({ id }) => `POOL/${id}.o`)]);
  const rest = roll.shuffled(words);
  if (roll.oneIn(4)) objects.splice(roll.below(objects.length), 0, ...(rest.pop() ?? []));
  const start = output === "relocatable" ? [] : output === "shared" ? ["POOL/total-out.o"] : ["POOL/start.o"];
  const head =
    roll.oneIn(8) && output !== "relocatable"
      ? [roll.pick(["--as-needed", "-Bdynamic", "-Bstatic", "--no-as-needed"])]
      : [];
  return ["-L", ".", "-L", "POOL", ...head, ...start, ...objects, ...rest.flat()];
}

function stated(roll: Dice, form: readonly string[]): string[] {
  switch (roll.below(6)) {
    case 0:
      return ["--push-state", "--as-needed", ...form, "--pop-state"];
    case 1:
      return ["--as-needed", ...form, "--no-as-needed"];
    case 2:
      return ["-Bstatic", "-Bdynamic", ...form];
    default:
      return [...form];
  }
}

/** Options that any link may have; `-r` takes few of them. */
function planOptions(
  target: Target,
  roll: Dice,
  output: OutputKind,
  files: Map<string, string>,
  versioned: boolean,
): string[] {
  const args: string[] = [];
  const one = (times: number, ...choices: readonly (readonly string[])[]): void => {
    if (roll.oneIn(times)) args.push(...roll.pick(choices));
  };
  const anyFunction = (): string => roll.pick(NAMES.function);
  const anyName = (): string => roll.pick([...NAMES.function, ...NAMES.data]);
  one(12, ["-u", anyName()]);
  one(14, [`--defsym=${anyName()}=${roll.pick([anyName(), "0x1234"])}`]);
  one(20, ["-S"], ["-s"], ["-x"], ["-X"]);
  one(20, ["--build-id=sha1"], ["--build-id"]);
  one(25, ["--wrap", anyFunction()]);
  one(12, ["-d"], ["--sort-common"], ["--warn-common"]);
  if (output === "relocatable") {
    one(6, ["--unique"], ["--force-group-allocation"], ["-Ur"], ["--strip-debug"]);
    one(12, ["--gc-sections", "-e", anyFunction()]);
    return args;
  }
  one(3, ["--gc-sections"]);
  one(4, ["-z", "now"], ["-z", "lazy"]);
  one(5, ["-z", "norelro"], ["-z", "relro"]);
  one(4, ["--hash-style=sysv"], ["--hash-style=gnu"], ["--hash-style=both"]);
  one(6, ["-z", "separate-code"], ["-z", "noseparate-code"]);
  one(8, ["--eh-frame-hdr"]);
  one(14, ["-z", "execstack"], ["-z", "noexecstack"]);
  one(20, ["-N"], ["-n"]);
  one(14, ["--no-relax"]);
  one(20, ["-z", "nocombreloc"]);
  one(14, ["-z", "pack-relative-relocs"]);
  one(20, ["-z", "max-page-size=0x1000"], ["-z", "max-page-size=0x10000"]);
  one(16, ["-z", "nocopyreloc"], ["-z", "noextern-protected-data"], ["-z", "indirect-extern-access"]);
  one(16, ["-z", "dynamic-undefined-weak"], ["-z", "nodynamic-undefined-weak"]);
  one(20, ["-z", "start-stop-gc"], ["-z", "nostart-stop-gc"], ["-z", "start-stop-visibility=hidden"]);
  one(20, ["-z", "ibtplt"], ["-z", "ibt"], ["-z", "shstk"]);
  one(24, ["-z", "global"], ["-z", "nodelete"], ["-z", "initfirst"], ["-z", "interpose"], ["-z", "origin"]);
  one(24, ["-z", "stack-size=0x10000"], ["-z", "unique-symbol"], ["-z", "nodlopen"], ["-z", "nodump"]);
  one(20, ["--emit-relocs"]);
  one(16, ["--exclude-libs", "ALL"], ["--exclude-libs", "libA.a"]);
  one(16, [`--require-defined=${anyName()}`], ["--no-undefined-version"]);
  one(20, ["--version-exports-section=x"].slice(1));
  if (output === "static" || output === "static-pie") {
    if (roll.oneIn(3)) args.push("--unresolved-symbols=ignore-all");
    return args;
  }
  one(
    2,
    ["--unresolved-symbols=ignore-all"],
    ["--unresolved-symbols=ignore-in-object-files"],
    ["--allow-shlib-undefined"],
  );
  one(10, ["--no-allow-shlib-undefined"], ["--unresolved-symbols=report-all"]);
  one(8, ["--copy-dt-needed-entries"], ["--no-copy-dt-needed-entries"]);
  one(8, ["-rpath", "$ORIGIN/x"], ["--disable-new-dtags", "-rpath", "$ORIGIN/x"], ["-rpath-link", "POOL"]);
  one(10, ["-E"], ["--export-dynamic-symbol", anyName()], ["--dynamic-list-data"], ["--no-export-dynamic"]);
  one(14, ["--no-dynamic-linker"].slice(1), ["-z", "nodefaultlib"]);
  one(14, ["--default-symver"]);
  if (roll.oneIn(output === "shared" ? 10 : 12)) {
    files.set("list", `{ ${anyName()}; ${roll.pick(["f*", "d*", anyName()])}; };\n`);
    args.push("--dynamic-list=list");
  }
  const asked = output === "shared" ? versioned || roll.oneIn(2) : roll.oneIn(10);
  const full = versioned && !roll.oneIn(25) ? "V1 { global: total_*; f0; d0; };\nV2 { global: f1; f2; d*; } V1;\n" : "";
  const script = asked ? full || planScript(roll, output === "shared") : "";
  if (script !== "") {
    files.set("script", script);
    args.push("--version-script=script");
  }
  if (output === "shared") {
    one(3, ["-Bsymbolic"], ["-Bsymbolic-functions"], ["-Bsymbolic-non-weak"].slice(1), ["-soname", "libout.so"]);
    one(10, ["-z", "defs"], ["--no-undefined"]);
    one(14, ["-init", anyFunction()], ["-fini", anyFunction()]);
    one(16, ["-f", "libx.so"], ["-F", "libx.so"]);
  }
  return args.concat(target.wordBytes === 4 ? ["-z", "notext"] : []);
}
