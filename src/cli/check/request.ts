// What `solder check` is asked: its command line, read.

import type { CheckStyle } from "../../explain/check/index.ts";
import { fromRoot } from "../../host/from-root.ts";
import { closest } from "../../link/tables/spelling.ts";
import { FILE_ERRORS } from "../../load/search/index.ts";
import {
  type AndroidSystem,
  findAndroid,
  findSystem,
  MACHINE_NAMES,
  machineOfName,
  SYSTEM_NAMES,
  type System,
} from "../../load/systems/index.ts";
import { parseCommandLine } from "../arguments.ts";
import type { Io } from "../io.ts";
import { LOADER_HELP, LOADER_OPTIONS, type LoaderWorld, loaderWorld } from "../loader-options.ts";

/** `debian:10, 11, 12, 13`: a line a family. */
function systemLines(): string {
  const families = new Map<string, string[]>();
  for (const name of SYSTEM_NAMES) {
    const [family, ...version] = name.split(":");
    families.set(family, [...(families.get(family) ?? []), version.join(":")]);
  }
  return [...families].map(([family, versions]) => `  ${family}:${versions.join(", ")}`).join("\n");
}

export const HELP: string = `Usage: solder check [options] PATH...

Tells whether programs, shared libraries and Node.js addons will load, and if not, why and
what to do. Nothing of what is checked is run, but for IFUNCs' resolvers, in simulation. Without options: on this machine, by doing all
that its dynamic linker would do; what is made for other machines is judged on its own
platform. A directory stands for the ELF files in it.

For which systems:
      --for SYSTEMS         these, by bundled tables; commas in between (see below)
      --node PATH           the Node.js that opens addons (default: the one that runs this,
                            with --root the one in there)

${LOADER_HELP}
With --root and no PATH, all that is in it. --profile applies the rules of another release
than the one that is there; the libraries stay. --library-path counts for --for too.

What to show:
      --json                as JSON (docs/check.md)
  -v, --verbose             everything: of directories also what is good, and all symbols
      --no-demangle         C++ and Rust names as they are in the file
  -h, --help                this text

Systems for --for:
${systemLines()}
Each stands for itself on a file's own machine; with /MACHINE behind it, on that one:
debian:12/arm64. Machines:
  ${MACHINE_NAMES.slice(0, 5).join(", ")},
  ${MACHINE_NAMES.slice(5).join(", ")}

Exit status: 0 everything loads, 1 something does not, 2 wrong usage.

Examples:
  solder check build/Release/addon.node
  solder check --for debian:12,ubuntu:22.04,alpine:3.20 node_modules
  solder check --for glibc:2.28 dist/program
  solder check --for debian:12/arm64,alpine:3.20/arm64 prebuilds/linux-arm64
  solder check --root ./rootfs
`;

export interface Request {
  readonly paths: readonly string[];
  readonly systems: readonly (System | AndroidSystem)[];
  readonly world: LoaderWorld;
  readonly root: string | undefined;
  /** --cpu was given. */
  readonly cpu: boolean;
  readonly node: string | undefined;
  readonly json: boolean;
  readonly style: CheckStyle;
}

const OPTIONS = {
  for: { type: "string", multiple: true },
  ...LOADER_OPTIONS,
  node: { type: "string" },
  json: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  "no-demangle": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** How many symbols are named before the others are counted. */
const NAMED_SYMBOLS = 6;

/** What was asked for, undefined for help, or what is wrong with the arguments. */
export function parseRequest(args: readonly string[], io: Io): Request | string | undefined {
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  const systems = systemsOf(values.for ?? []);
  if (typeof systems === "string") return systems;
  const world = loaderWorld(values, io);
  if (typeof world === "string") return world;
  if (positionals.length === 0 && values.root === undefined) return "no files given";
  const node =
    values.node === undefined ? undefined : world.tables.open(fromRoot(values.node, world.options.currentDirectory));
  if (typeof node === "string") return `--node: cannot open '${values.node}': ${FILE_ERRORS[node]}`;
  const verbose = values.verbose === true;
  return {
    paths: positionals,
    systems,
    world,
    root: values.root,
    cpu: values.cpu !== undefined,
    node: values.node,
    json: values.json === true,
    style: {
      color: io.color.out,
      demangle: values["no-demangle"] !== true,
      symbols: verbose ? Number.POSITIVE_INFINITY : NAMED_SYMBOLS,
      verbose,
    },
  };
}

function systemsOf(lists: readonly string[]): Request["systems"] | string {
  const systems: (System | AndroidSystem)[] = [];
  for (const name of lists.flatMap((list) => list.split(",")).map((it) => it.trim())) {
    const system = findSystem(name) ?? findAndroid(name);
    if (system === undefined) return unknownSystem(name);
    if (!systems.some((it) => it.name === name)) systems.push(system);
  }
  return systems;
}

function unknownSystem(name: string): string {
  const [base, machine] = name.split("/");
  const known = findSystem(base) ?? findAndroid(base);
  if (machine !== undefined && machineOfName(machine) === undefined && known !== undefined) {
    return `--for does not know the machine '${machine}' of '${name}'; it knows ${MACHINE_NAMES.join(", ")}`;
  }
  const [family] = name.split(":");
  const meant = closest(name, SYSTEM_NAMES);
  const others = SYSTEM_NAMES.filter((it) => it.startsWith(`${family}:`));
  const hint =
    others.length > 0 ? `; it knows ${others.join(", ")}` : meant === undefined ? "" : `; did you mean ${meant}?`;
  return `--for does not know '${name}'${hint}`;
}
