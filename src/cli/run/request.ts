// The command line of `solder run`: options up to the program; everything behind it is the program's.

import { LEVELS, type Levels } from "../../arch/x86/instructions/machine/levels.ts";
import { DEFAULT_TIME } from "../../execute/execute.ts";
import type { Time } from "../../execute/files/nodes.ts";
import type { RunLimits } from "../../execute/limits.ts";
import { parseCommandLine } from "../arguments.ts";
import type { Io } from "../io.ts";
import { isDirectory } from "../loader-options.ts";
import { countFrom, MOST_MEMORY } from "./numbers.ts";

export const HELP = `Usage: solder run [options] PROGRAM [ARGUMENT...]
       solder run --call FUNCTION OBJECT... [--base OBJECT=ADDRESS] [--args LIST]

Runs a program of x86-64 or i386, static or dynamically linked, in simulated memory: the
real dynamic linker from its first instruction on, then the program. Nothing of it is
executed by this machine. It sees the files of the root directory; what it writes stays in
memory and is gone when it ends. There is no network.

      --root DIR               a root directory other than /: all paths are inside it
  -e, --env NAME=VALUE         its environment; without --root, this process's counts too
      --cpu LEVEL              x86-64 or x86-64-v2; default x86-64
      --seed NUMBER            of random numbers; the same seed, the same run
      --time WHEN              when its clock begins: now, or a date such as 2030-01-01
                               (the default)
      --limit-instructions N   end it after so many; default 20G
      --limit-memory SIZE      bytes of memory that it may touch; default, and at most, 1G
      --limit-output SIZE      bytes that it may write; default 1G
      --trace LIST             tell on standard error: calls (from object to object), plt (calls
                               through slots), got (writes of slots), relocations (as the dynamic
                               linker applied them, beside Solder's), syscalls, instructions
      --object NAME            of calls, plt and got only what this object does (its path, or the
                               last part of it)
      --until PLACE            end the run when this place is reached, and tell its registers: a
                               symbol, SYMBOL+OFFSET, or an address, decimal or 0x...
      --break PLACE            tell place, next instruction and registers each time it is reached, and
                               go on; --trace=instructions then begins there; any number of times
      --from N, --count N      of instructions: from the Nth on, and so many (default 1000);
                               without them --count N ends the run at the Nth --break
      --json                   what is told, and how the run ended, as JSON, a document a line
  -h, --help                   this text

Of relocatable objects a function is executed, and what it returns is printed:
      --call FUNCTION          call this function of the objects
      --base NAME=ADDRESS      where this object's sections go (its path, or the last part of it)
      --args LIST              what it is called with: 37,0x10,1.5 (a double),2f (a float)
These go with it: --cpu, --limit-instructions, --limit-memory, --trace=instructions, --from,
--count and --json; options may stand behind the objects.

Numbers and sizes may end in K, M or G.

Exit status: the program's; 128 and the signal's number if a signal ends it; 127 or 126 if it
cannot be started; 125 if a limit ends it, or all its threads wait for each other or are
stopped; 2 wrong usage.

Examples:
  solder run /usr/bin/seq 3
  solder run --root /srv/image /bin/busybox uname -a
  solder run --call foo a.o b.o --base a.o=0x30000 --args 37
`;

/** Options of a program's run; those of --call are in call-request.ts. */
const OPTIONS = {
  root: { type: "string" },
  env: { type: "string", multiple: true, short: "e" },
  cpu: { type: "string" },
  seed: { type: "string" },
  time: { type: "string" },
  "limit-instructions": { type: "string" },
  "limit-memory": { type: "string" },
  "limit-output": { type: "string" },
  trace: { type: "string", multiple: true },
  until: { type: "string" },
  break: { type: "string", multiple: true },
  object: { type: "string" },
  from: { type: "string" },
  count: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  call: { type: "string" },
  base: { type: "string", multiple: true },
  args: { type: "string", multiple: true },
} as const;

export interface RunRequest {
  readonly root: string | undefined;
  readonly environment: readonly string[];
  readonly program: string;
  readonly argv: readonly string[];
  readonly levels: Levels;
  readonly seed: number;
  readonly time: Time;
  readonly limits: Partial<RunLimits>;
  readonly traces: ReadonlySet<Trace>;
  readonly until: string | undefined;
  readonly breaks: readonly string[];
  /** Calls and slots are told of this object only: its path, or the last part of it. */
  readonly object: string | undefined;
  /** Which instructions are told: the number of the first, from 1 on, and how many. */
  readonly from: number;
  readonly count: number;
  /** `count`, if it was given. */
  readonly countGiven: number | undefined;
  readonly json: boolean;
}

export const TRACES = ["calls", "plt", "got", "relocations", "syscalls", "instructions"] as const;
export type Trace = (typeof TRACES)[number];
/** Those that tell what an object does. */
const OF_OBJECTS: readonly Trace[] = ["calls", "plt", "got"];

/** What is said of a word that is none of `TRACES`: perhaps it is the program, and the list was forgotten. */
function unknownTrace(word: string, program: string | undefined): string {
  const list = TRACES.join(", ");
  const isProgram = word.includes("/") || program === undefined;
  if (!isProgram) return `--trace takes ${list}, not '${word}'`;
  return `--trace takes a list (${list}), and '${word}' stands in its place; write --trace=syscalls ${word}`;
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
export function parseRunRequest(args: readonly string[], io: Io): RunRequest | string | undefined {
  const end = programIndex(args);
  const parsed = parseCommandLine(args.slice(0, end), OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values } = parsed;
  if (values.help === true) return undefined;
  const ofCalls = (["base", "args"] as const).find((name) => values[name] !== undefined);
  if (ofCalls !== undefined) return `--${ofCalls} goes with --call, which stands before the objects`;
  const argv = args.slice(args[end] === "--" ? end + 1 : end);
  const asked = (values.trace ?? []).flatMap((it) => it.split(","));
  const unknown = asked.find((it) => !TRACES.some((name) => name === it));
  if (unknown !== undefined) return unknownTrace(unknown, argv[0]);
  if (argv.length === 0 || argv[0] === "") return "no program given";
  if (values.root !== undefined && !isDirectory(values.root)) return `--root: there is no directory '${values.root}'`;
  const environment = environmentOf(values.root === undefined ? io.env : {}, values.env ?? []);
  if (typeof environment === "string") return environment;
  const levels = values.cpu === undefined ? LEVELS.baseline : CPUS.get(values.cpu);
  if (levels === undefined) return `--cpu takes ${[...CPUS.keys()].join(" or ")}, not '${values.cpu}'`;
  const seed = values.seed === undefined ? 1 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || values.seed === "")
    return `--seed takes a whole number between -2^53 and 2^53, not '${values.seed}'`;
  const time = timeOf(values.time);
  if (time === undefined) return `--time takes now or a date such as 2030-01-01, not '${values.time}'`;
  const limits: Record<string, number> = { instructions: 20e9, memory: 2 ** 30, output: 2 ** 30 };
  for (const name of ["instructions", "memory", "output"] as const) {
    const text = values[`limit-${name}`];
    if (text === undefined) continue;
    const size = countFrom(`limit-${name}`, text, "", name === "memory" ? MOST_MEMORY : undefined);
    if (typeof size === "string") return size;
    limits[name] = size;
  }
  const from = countFrom("from", values.from, "1");
  if (typeof from === "string") return from;
  const count = countFrom("count", values.count, "1000");
  if (typeof count === "string") return count;
  const breaks = values.break ?? [];
  const empty = (["until", "object"] as const).find((name) => values[name] === "");
  if (empty !== undefined || breaks.includes("")) return `--${empty ?? "break"} needs a value`;
  const counts = asked.includes("instructions");
  if (values.from !== undefined && !counts) return "--from counts instructions: it goes with --trace=instructions";
  if (values.count !== undefined && !counts && breaks.length === 0)
    return "--count goes with --trace=instructions or --break";
  const object = values.object;
  if (object !== undefined && !OF_OBJECTS.some((it) => asked.includes(it)))
    return `--object goes with --trace=${OF_OBJECTS.join(", ")}`;
  return {
    root: values.root,
    environment,
    program: argv[0],
    argv,
    levels,
    seed,
    time,
    limits,
    traces: new Set(TRACES.filter((name) => asked.includes(name))),
    until: values.until,
    breaks,
    object,
    from,
    count,
    countGiven: values.count === undefined ? undefined : count,
    json: values.json === true,
  };
}

export const CPUS: ReadonlyMap<string, Levels> = new Map([
  ["x86-64", LEVELS.baseline],
  ["x86-64-v2", LEVELS.v2],
]);

/** Where the program stands: behind the options and their values. */
export function programIndex(args: readonly string[]): number {
  let at = 0;
  while (at < args.length) {
    const arg = args[at];
    if (arg === "--" || !arg.startsWith("-") || arg === "-") return at;
    const name = arg.startsWith("--")
      ? arg.slice(2)
      : Object.entries(OPTIONS).find(([, it]) => "short" in it && arg === `-${it.short}`)?.[0];
    const isSeparate =
      name !== undefined && Object.hasOwn(OPTIONS, name) && OPTIONS[name as keyof typeof OPTIONS].type === "string";
    at += isSeparate ? 2 : 1;
  }
  return args.length;
}

function environmentOf(own: Io["env"], texts: readonly string[]): readonly string[] | string {
  const environment = new Map(Object.entries(own));
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) return `--env takes NAME=VALUE, not '${text}'`;
    environment.set(text.slice(0, at), text.slice(at + 1));
  }
  return [...environment].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function timeOf(text: string | undefined): Time | undefined {
  if (text === undefined) return DEFAULT_TIME;
  const milliseconds = text === "now" ? Date.now() : Date.parse(text);
  if (!Number.isFinite(milliseconds)) return undefined;
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: (milliseconds % 1000) * 1_000_000 };
}
