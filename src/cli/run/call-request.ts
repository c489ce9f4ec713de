// The command line of `solder run --call`: a function of relocatable objects.

import { LEVELS, type Levels } from "../../arch/x86/instructions/machine/levels.ts";
import type { CallArgument, FloatArgument } from "../../execute/call-function.ts";
import { parseCommandLine } from "../arguments.ts";
import { readBases } from "../load/objects.ts";
import { countFrom, MOST_MEMORY } from "./numbers.ts";
import { CPUS, programIndex } from "./request.ts";

const OPTIONS = {
  call: { type: "string" },
  base: { type: "string", multiple: true },
  args: { type: "string", multiple: true },
  cpu: { type: "string" },
  "limit-instructions": { type: "string" },
  "limit-memory": { type: "string" },
  trace: { type: "string", multiple: true },
  from: { type: "string" },
  count: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

export interface CallRequest {
  readonly function: string;
  readonly files: readonly string[];
  readonly bases: ReadonlyMap<string, number>;
  readonly args: readonly CallArgument[];
  readonly levels: Levels;
  readonly limits: { readonly instructions: number; readonly memory: number };
  /** Tell instructions: from this number on, and so many. */
  readonly traced: { readonly from: number; readonly count: number } | undefined;
  readonly json: boolean;
}

/** What was asked for, or what is wrong; undefined if no function is to be called. */
export function parseCallRequest(args: readonly string[]): CallRequest | string | undefined {
  const isCall = args.slice(0, programIndex(args)).some((it) => it === "--call" || it.startsWith("--call="));
  if (!isCall || args.includes("--help") || args.includes("-h")) return undefined;
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const name = values.call ?? "";
  if (name === "") return "--call takes the name of a function";
  if (positionals.length === 0) return "--call needs the objects that have the function";
  const bases = readBases(values.base ?? []);
  if (typeof bases === "string") return bases;
  const given = numbersOf(values.args ?? []);
  if (typeof given === "string") return given;
  const levels = values.cpu === undefined ? LEVELS.baseline : CPUS.get(values.cpu);
  if (levels === undefined) return `--cpu takes ${[...CPUS.keys()].join(" or ")}, not '${values.cpu}'`;
  const instructions = countFrom("limit-instructions", values["limit-instructions"], "20G");
  if (typeof instructions === "string") return instructions;
  const memory = countFrom("limit-memory", values["limit-memory"], "1G", MOST_MEMORY);
  if (typeof memory === "string") return memory;
  const traces = (values.trace ?? []).flatMap((it) => it.split(","));
  const other = traces.find((it) => it !== "instructions");
  if (other !== undefined) return `with --call, --trace takes instructions, not '${other}'`;
  const idle = (["from", "count"] as const).find((it) => values[it] !== undefined && traces.length === 0);
  if (idle !== undefined) return `--${idle} counts instructions: it goes with --trace=instructions`;
  const from = countFrom("from", values.from, "1");
  if (typeof from === "string") return from;
  const count = countFrom("count", values.count, "1000");
  if (typeof count === "string") return count;
  return {
    function: name,
    files: positionals,
    bases,
    args: given,
    levels,
    limits: { instructions, memory },
    traced: traces.length === 0 ? undefined : { from, count },
    json: values.json === true,
  };
}

/** Whether they fit is known when the objects' machine is. */
function numbersOf(texts: readonly string[]): readonly CallArgument[] | string {
  const numbers: CallArgument[] = [];
  for (const text of texts.flatMap((it) => (it === "" ? [] : it.split(",")))) {
    const number = integerOf(text.trim()) ?? floatOf(text.trim());
    if (number === undefined)
      return `--args takes numbers with commas between them, 37, 0x10, 1.5 (a double) or 1.5f (a float), not '${text}'`;
    numbers.push(number);
  }
  return numbers;
}

function integerOf(text: string): bigint | undefined {
  const [, sign, digits] = /^(-?)(0x[0-9a-f]+|[0-9]+)$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return sign === "-" ? -BigInt(digits) : BigInt(digits);
}

/** As C writes them: a double has a point or an exponent, a float an f at its end. */
const FLOAT = /^(-?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:e[-+]?[0-9]+)?|-?inf|-?nan)(f?)$/i;

function floatOf(text: string): FloatArgument | undefined {
  const [, digits, suffix] = FLOAT.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const isInfinite = /^-?inf$/i.test(digits);
  const value = isInfinite ? (digits.startsWith("-") ? -1 : 1) * Number.POSITIVE_INFINITY : Number(digits);
  return { value, isSingle: suffix !== "" };
}
