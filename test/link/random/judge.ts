// Links as planned with GNU ld and with Solder, in this process, and tells all in which the two differ: whether there is an
// output, what is said, how the output looks from outside (observe.ts), and what it does.

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { runLd } from "../../../src/cli/ld/run.ts";
import { writeOutput } from "../../../src/cli/ld/write-output.ts";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { systemLibraryPaths } from "../../../src/host/system-paths.ts";
import { link } from "../../../src/link/link.ts";
import { printed } from "../../support/io.ts";
import { portrait } from "../../support/object-portrait.ts";
import { type Aspects, difference, observe, observeBoth } from "../../support/observe.ts";
import { type Outcome, run } from "../../support/run.ts";
import { GNU_LD, host, type Pool } from "./build.ts";
import { tentativeInLibraries } from "./foresee.ts";
import { kindsOf, type Said } from "./kinds.ts";
import { functionsOfTwoAddresses, hasAlternatives, twins, withoutLeftovers } from "./leftovers.ts";
import { isMeant, losesCommon, withoutMeant } from "./meant.ts";
import { countMovedNumbers, withoutMoved } from "./moved-numbers.ts";
import { kindOf, type LinkPlan } from "./parts.ts";

export interface Verdict {
  readonly linked: boolean;
  /** What GNU ld printed. */
  readonly said: string;
  /** What the program printed, if it ran. */
  readonly ran: string | undefined;
  readonly differences: readonly string[];
}

export function judge(pool: Pool, plan: LinkPlan, args: readonly string[], directory: string): Verdict {
  const theirs = run(GNU_LD, ["-o", "gnu/out", ...args], { cwd: directory, timeout: 30_000 });
  const ours = linkHere(["--warn-backrefs", "-o", "tested/out", ...args], directory);
  const said = theirs.stderr + theirs.stdout;
  const expected = kindsOf(said, "gnu");
  const actual = kindsOf(ours.err, "solder");
  const linked = theirs.status === 0;
  // Where GNU ld breaks down there is nothing to be held to.
  if (/internal error|Please report this bug|assertion fail/.test(said))
    return { linked, said, ran: undefined, differences: [] };
  const tentative = tentativeInLibraries(pool.plan, plan);
  const told = compareSaid(linked, ours.status === 0, expected, actual, plan, said, ours.err, tentative);
  const differences: string[] = [];
  let ran: string | undefined;
  if (!linked || ours.status !== 0) differences.push(...told);
  else {
    const at = (name: string): string => join(directory, name);
    const files = compareFiles(tentative, plan, at("tested/out"), at("gnu/out"));
    // One may explain the other: a warning and what it is about.
    const seen = withoutMeant(plan, [...told, ...files], tentative);
    const moved = seen.some((it) => /RELATIVE in \.got$|\.relr\.dyn \d+ relative$/.test(it))
      ? countMovedNumbers(at("gnu/out"))
      : 0;
    differences.push(...withoutMoved(seen, moved));
    const results = runBoth(pool, plan, directory);
    if (results !== undefined) {
      ran = tell(results[0]);
      // A crash is no promise.
      if (
        ran !== tell(results[1]) &&
        moved === 0 &&
        !/^1(?:32|34|39) /.test(ran) &&
        !isMeantToRunElse(plan, ran, at("gnu/out")) &&
        !readsNoVariable(pool, plan, at("gnu/out")) &&
        // What changes with the place where a program is loaded says nothing.
        ran === tell((runBoth(pool, plan, directory) ?? results)[0])
      )
        differences.push(`runs: GNU ld's ${ran}, here ${tell(results[1])}`);
    }
  }
  return { linked, said, ran, differences };
}

/**
 * The loader refuses an IFUNC of GNU ld's program that a library asks for, and finds a function in ours. With -r, what has
 * a hidden foo@@V has none at GNU ld's. Of twins it is chance which one is found. A function has two addresses there. Of a common symbol that it loses, the other name is 0.
 */
function isMeantToRunElse(plan: LinkPlan, ran: string, theirs: string): boolean {
  const { output } = plan;
  if (/creates an unsatisfiable circular dependency/.test(ran)) return true;
  // R_386_NONE among the relocations of the PLT, which ld.so knows nothing of: GNU ld's file does not load.
  if (/unexpected PLT reloc type 0x00/.test(ran)) return true;
  if (output !== "relocatable") {
    const seen = observe(theirs);
    if (twins(seen).length > 0 || hasAlternatives(seen)) return true;
    if (output === "no-pie" && functionsOfTwoAddresses(seen, theirs).length > 0) return true;
    const { "dynamic symbols": dynamic = [] } = seen;
    if (losesCommon(plan) && dynamic.some((it) => / OBJECT \w+ HIDDEN size 0 in ABS$/.test(it))) return true;
  }
  return output === "relocatable" && portrait(theirs).some((it) => /^symbol \w+@@\w+ \w+ LOCAL /.test(it));
}

/**
 * Is there a weak reference to a thread-local variable that a program neither has nor asks for? Its address is an offset of 0 from
 * where thread-local storage has address 0 in the file, and so whatever is in memory there.
 */
function readsNoVariable(pool: Pool, plan: LinkPlan, theirs: string): boolean {
  if (plan.output === "shared" || plan.output === "relocatable") return false;
  const { symbols = [], "dynamic symbols": dynamic = [] } = observe(theirs);
  const known = new Set([...symbols, ...dynamic].map((line) => line.replace(/[@ ].*/, "")));
  if (!known.has("sum_glue")) return false;
  const objects = [...pool.plan.objects.values(), plan.glue].filter(({ id }) => known.has(`sum_${id}`));
  return objects.some(({ references }) =>
    references.some(({ name, weak }) => weak && kindOf(name) === "tls" && !known.has(name)),
  );
}

/** The command of libexec/ld without a process for it. */
function linkHere(args: readonly string[], directory: string): { status: number; err: string } {
  const before = process.cwd();
  process.chdir(directory);
  try {
    const ld = { files: nodeFiles, accelerators: nodeAccelerators, link, systemLibraryPaths, write: writeOutput };
    return printed((io) => runLd(args, io, ld, "ld"));
  } catch (cause) {
    return { status: 70, err: `ld: error: exception: ${cause instanceof Error ? cause.stack : cause} [exception]` };
  } finally {
    process.chdir(before);
  }
}

/** Errors come in passes, of which GNU ld ends after the first that has any; one of those must be among ours. */
function compareSaid(
  theirs: boolean,
  ours: boolean,
  expected: Said,
  actual: Said,
  plan: LinkPlan,
  said: string,
  here: string,
  tentative: ReadonlySet<string>,
): string[] {
  const brief = (text: string): string => text.trim().split("\n").slice(0, 3).join(" | ").slice(0, 400);
  if (theirs && !ours) return isMeant(plan, "refused here", here) ? [] : [`refused only here: ${brief(here)}`];
  if (!theirs && ours)
    return isMeant(plan, "refused by GNU ld", said, tentative) || isByOrder(expected, here)
      ? []
      : [`refused only by GNU ld: ${brief(said)}`];
  if (!theirs) {
    const errors = [...expected.errors];
    if (
      errors.length === 0 ||
      errors.some((it) => actual.errors.has(it)) ||
      isMeant(plan, "refused by GNU ld", said, tentative)
    )
      return [];
    if (isByOrder(expected, here)) return [];
    // What expressions name is looked at here when all references are met.
    const isLater = (it: string): boolean => it.startsWith("expression-undefined-symbol");
    if (errors.every(isLater) && [...actual.errors].every((it) => it.startsWith("undefined-symbol"))) return [];
    return [`another error: GNU ld says ${errors.join(", ")}; here ${[...actual.errors].join(", ")}`];
  }
  const only = (from: ReadonlySet<string>, other: ReadonlySet<string>, where: string): string[] =>
    [...from].filter((it) => !other.has(it)).map((it) => `warning ${where}: ${it}`);
  return [
    ...only(expected.warnings, actual.warnings, "only GNU ld"),
    ...only(actual.warnings, expected.warnings, "only here"),
  ];
}

/** The order of archives alone makes GNU ld miss something (README.md). */
function isByOrder({ errors }: Said, here: string): boolean {
  return here.includes("[archive-backref]") && [...errors].every((it) => it.startsWith("undefined-symbol"));
}

function compareFiles(tentative: ReadonlySet<string>, plan: LinkPlan, ours: string, theirs: string): string[] {
  if (!existsSync(ours) || !existsSync(theirs)) return ["an output is missing"];
  if (plan.output === "relocatable") {
    const [actual, expected] = [portrait(ours), portrait(theirs)];
    // GNU ld's -r -d has thread-local common symbols in .bss, where no link of the output finds them again.
    const isLost = (it: string): boolean => /^symbol t\d(?:@+\w+)? TLS .* in \[\d+\]\.bss$/.test(it);
    if (plan.args.includes("-d") && expected.some(isLost) && !actual.some(isLost)) return [];
    return comparePortraits(actual, expected);
  }
  const [actual, expected]: Aspects[] = observeBoth(ours, theirs);
  // A symbol's version that is none of the file's: what was meant nobody can say.
  const isCorrupt = ({ warnings = [] }: Aspects): boolean => warnings.some((it) => it.includes("<corrupt>"));
  if (isCorrupt(expected) && !isCorrupt(actual)) return [];
  const kept = twins(actual);
  if (twins(expected).some((it) => !kept.includes(it))) return [];
  return difference(...withoutLeftovers(actual, expected, theirs, ours, plan.args, tentative));
}

function comparePortraits(ours: readonly string[], theirs: readonly string[]): string[] {
  return difference({ object: ours }, { object: theirs });
}

/** Undefined if there is nothing to run: some shared outputs have no program around them. */
function runBoth(pool: Pool, plan: LinkPlan, directory: string): readonly [Outcome, Outcome] | undefined {
  const outcomes: Outcome[] = [];
  for (const name of ["gnu", "tested"]) {
    let program = join(directory, name, "out");
    if (plan.output === "shared" || plan.output === "relocatable") {
      const around = join(directory, name, "program");
      if (!host(pool, plan.output, program, around)) return undefined;
      program = around;
    }
    // Without loaded program headers (AT_PHDR is 0) it relocates nothing.
    if (/^static/.test(plan.output) && plan.args.some((it) => /^-[nN]$/.test(it))) return undefined;
    // Without an interpreter that exists, nothing starts.
    if ((plan.output === "pie" || plan.output === "no-pie") && !plan.args.includes("--dynamic-linker"))
      return undefined;
    const env = { LD_LIBRARY_PATH: `${pool.directory}:${join(directory, name)}` };
    const outcome = run(program, [], { cwd: directory, env, timeout: 10_000 });
    outcomes.push({ ...outcome, stderr: outcome.stderr.replaceAll(join(directory, name), "") });
  }
  return [outcomes[0], outcomes[1]];
}

function tell({ status, stdout, stderr }: Outcome): string {
  return `${status} ${stdout.trim()}${stderr === "" ? "" : ` (${stderr.trim()})`}`;
}

/** The command line as one types it in the link's directory. */
export function typed(args: readonly string[], directory: string): string {
  const words = args.map((arg) => (arg.startsWith("/tmp") ? relative(directory, arg) : arg));
  return words.map((word) => (/[^\w@%+=:,./-]/.test(word) ? `'${word}'` : word)).join(" ");
}

/** For looking into a difference: what the files of a link are. */
export function sourceOf(path: string): string {
  return readFileSync(path, "utf8");
}
