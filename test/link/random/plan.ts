// What random links are made of, out of nothing but a seed. Seeds share a pool of objects and libraries, forty seeds each, so
// that a link costs little more than the linkers themselves; what a link takes of its pool, what it adds (the glue), its
// archives, states and options are its own.

import { type Dice, dice } from "../../load/random/dice.ts";
import type { Target } from "../../support/build.ts";

/** Names that everybody shares: functions, data, thread-locals. Few, so that they meet. */
const NAMES: Readonly<Record<NameKind, readonly string[]>> = {
  function: ["f0", "f1", "f2", "f3", "f4", "f5", "f6"],
  data: ["d0", "d1", "d2", "d3", "d4"],
  tls: ["t0", "t1"],
  number: ["n0", "n1"],
};

/** A number is an absolute symbol. */
export type NameKind = "function" | "data" | "tls" | "number";

export function kindOf(name: string): NameKind {
  const kinds: Readonly<Record<string, NameKind>> = { d: "data", n: "number" };
  return name.startsWith("total") ? "function" : (kinds[name[0]] ?? (name.startsWith("t") ? "tls" : "function"));
}

export const VERSIONS: readonly string[] = ["V1", "V2"];

export interface Definition {
  readonly name: string;
  readonly form: "usual" | "common" | "ifunc" | "comdat" | "absolute" | "linkonce";
  readonly binding: "global" | "weak" | "unique";
  readonly visibility: "default" | "hidden" | "protected" | "internal";
  /** What stands behind the name in a .symver: `@V1`, `@@V2`, `@@@V1`; with `, remove` or `, local` where it has that. */
  readonly versions: readonly string[];
  readonly size: number;
  readonly alignment: number;
  /** Where data is, and code of a section of its own. */
  readonly section: string;
}

export type ReferenceKind =
  | "call"
  | "got-call"
  | "got"
  | "equal"
  | "direct"
  | "absolute"
  | "word"
  | "constant-word"
  | "size"
  | "general-dynamic"
  | "local-dynamic"
  | "initial-exec"
  | "local-exec"
  | "descriptor";

export interface Reference {
  readonly name: string;
  readonly how: ReferenceKind;
  readonly weak: boolean;
  readonly hidden: boolean;
  /** A version that the reference asks for: `@V1`. */
  readonly version: string;
}

export interface ObjectPlan {
  /** A word for symbols and files. */
  readonly id: string;
  /** Compiled for a place: absolute addresses, direct access to what libraries have. */
  readonly fixed: boolean;
  /** A section for each function and variable. */
  readonly apart: boolean;
  readonly unwind: boolean;
  readonly definitions: readonly Definition[];
  readonly references: readonly Reference[];
  readonly extras: readonly Extra[];
}

export type Extra =
  | "strings"
  | "init"
  | "init-priority"
  | "preinit"
  | "note"
  | "set"
  | "retained"
  | "excluded"
  | "linked"
  | "exec-stack"
  | "no-stack-note"
  | "property"
  | "constants"
  | "local-names"
  | "library-list"
  | "large-bss"
  | "orphan";

export interface LibraryPlan {
  readonly id: string;
  readonly objects: readonly string[];
  readonly script: string;
  readonly flags: readonly string[];
  /** Other libraries of the pool that it is linked with. */
  readonly needed: readonly string[];
}

export interface PoolPlan {
  readonly objects: ReadonlyMap<string, ObjectPlan>;
  readonly libraries: readonly LibraryPlan[];
}

export type OutputKind = "static" | "static-pie" | "no-pie" | "pie" | "shared" | "relocatable";

export interface LinkPlan {
  readonly output: OutputKind;
  readonly glue: ObjectPlan;
  readonly archives: ReadonlyMap<string, { readonly members: readonly string[]; readonly thin: boolean }>;
  readonly files: ReadonlyMap<string, string>;
  /** The command line but for -m, -o. `POOL/` stands for the pool's directory. */
  readonly args: readonly string[];
}

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
    versions: versioned ? planVersions(roll) : [],
    size: roll.pick([4, 8, 16, 64]),
    alignment: roll.pick([4, 8, 16, 32]),
    section: roll.pick([".data", ".data", ".bss", ".rodata", ".data.rel.ro", "things", ".sdata.x"]),
  };
}

function planVersions(roll: Dice): string[] {
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
  const how = target.wordBytes === 4 && near === "size" ? "got" : near;
  return { name, how, weak: roll.oneIn(6), hidden, version: roll.oneIn(30) ? roll.pick(["@V1", "@V2"]) : "" };
}

// Libraries

function planLibrary(
  roll: Dice,
  id: string,
  objects: ReadonlyMap<string, ObjectPlan>,
  earlier: readonly LibraryPlan[],
): LibraryPlan {
  const usable = [...objects.values()].filter(({ fixed, extras }) => !fixed && !extras.includes("preinit"));
  const taken = withoutClashes(roll.shuffled(usable), 1 + roll.below(3));
  const flags: string[] = [];
  if (roll.oneIn(2)) flags.push(`-soname=${roll.oneIn(4) ? `other-${id}.so` : `lib${id}.so`}`);
  if (roll.oneIn(8)) flags.push(roll.pick(["-Bsymbolic", "-Bsymbolic-functions"]));
  flags.push(`--hash-style=${roll.pick(["gnu", "sysv", "both"])}`);
  if (roll.oneIn(6)) flags.push("--default-symver");
  return {
    id,
    objects: taken.map((it) => it.id),
    script: planScript(roll, true),
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
  // What a library asks for must be seen.
  const suits = ({ fixed, definitions }: ObjectPlan): boolean =>
    (!fixed || place || roll.oneIn(20)) &&
    (libraries.length === 0 || !definitions.some(({ visibility }) => /hidden|int/.test(visibility)) || roll.oneIn(12));
  const usable = roll.shuffled([...pool.objects.values()].filter(suits));
  const defined = new Map<string, string>();
  const direct = roll.oneIn(50) ? usable.slice(0, 3) : withoutClashes(usable, 1 + roll.below(4), defined);
  const others = usable.filter((it) => !direct.includes(it));
  const archived = roll.oneIn(25)
    ? others.slice(0, roll.below(7))
    : withoutClashes(others, roll.below(7), new Map(defined));
  const archives = new Map<string, { members: readonly string[]; thin: boolean }>();
  if (archived.length > 0)
    archives.set("libA.a", { members: archived.slice(0, 4).map(({ id }) => id), thin: roll.oneIn(6) });
  if (archived.length > 4) archives.set("libB.a", { members: archived.slice(4).map(({ id }) => id), thin: false });
  const glue = planGlue(target, roll, output, place, direct, archived, libraries);
  const files = new Map<string, string>();
  const inputs = arrange(roll, output, direct, archives, libraries);
  const versioned = [...direct, ...archived, glue].some(({ definitions }) =>
    definitions.some(({ versions }) => versions.length > 0),
  );
  const args = [...OUTPUT_FLAGS[output], ...planOptions(target, roll, output, files, versioned), ...inputs];
  if (dynamic) args.push(...planLoader(target, roll, output));
  return { output, glue, archives, files, args };
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

/** The object that is this link's own: it asks the libraries for their sums, and defines most of what is missing. */
function planGlue(
  target: Target,
  roll: Dice,
  output: OutputKind,
  place: boolean,
  direct: readonly ObjectPlan[],
  archived: readonly ObjectPlan[],
  libraries: readonly LibraryPlan[],
): ObjectPlan {
  const own = planObject(target, roll, "glue", place && output !== "relocatable" && roll.oneIn(2));
  const objects = [...direct, ...archived];
  const defined = new Set(objects.flatMap(({ definitions }) => definitions.map(({ name }) => name)));
  const definitions = own.definitions.filter(({ name }) => !defined.has(name) || roll.oneIn(50));
  for (const { name } of definitions) defined.add(name);
  // One in six links leaves something to its libraries, or open.
  const holes = roll.oneIn(6) ? 3 : 60;
  for (const { name, weak } of [...objects, own].flatMap(({ references }) => references)) {
    if (weak || defined.has(name) || roll.oneIn(holes)) continue;
    defined.add(name);
    definitions.push({ ...planDefinition(roll, name), visibility: "default", versions: [] });
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
  one(20, ["--allow-multiple-definition"], ["-z", "muldefs"]);
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
  const full = versioned && !roll.oneIn(8) ? "V1 { global: total_*; f0; d0; };\nV2 { global: f1; f2; d*; } V1;\n" : "";
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
