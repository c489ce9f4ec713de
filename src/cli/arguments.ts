// The command lines of `solder`'s own commands: options by node:util's parseArgs, and anything else. (`solder ld` has GNU ld's
// command line, which is another matter: ld/parse.ts.)

import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>;

/**
 * The options' values and the other arguments, none of which may be empty; or, as a phrase, what is wrong with them.
 * @param options without default values
 */
export function parseCommandLine<T extends Options>(args: readonly string[], options: T): Parsed<T> | string {
  const given = withValues(args, options);
  if (typeof given === "string") return given;
  try {
    // Node loads parseArgs when it is first called, which takes longer than all else here.
    const parsed = given.some((argument) => argument.startsWith("-"))
      ? parseArgs({ args: given, options, allowPositionals: true })
      : ({ values: {}, positionals: given } as Parsed<T>);
    // What a shell makes of an unset variable. As a path it would mean the current directory.
    return (parsed.positionals as string[]).includes("") ? "an argument is empty" : parsed;
  } catch (cause) {
    return cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
  }
}

/**
 * What stands behind an option that takes a value is its value, also if it begins with a minus (`--seed -1`), as getopt_long(3) has it;
 * but not another option, since then the value has been forgotten. Text: what is wrong.
 */
function withValues(args: readonly string[], options: Options): string[] | string {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === "--") return [...joined, ...args.slice(at)];
    const isLong = arg.startsWith("--");
    const names = Object.entries(options);
    const found = names.find(([name, { short }]) => arg === (isLong ? `--${name}` : `-${short ?? ""}`) && arg !== "-");
    if (found === undefined || found[1].type !== "string") {
      joined.push(arg);
      continue;
    }
    const value: string | undefined = args[at + 1];
    if (value === undefined) return `${arg} needs a value`;
    if (value.startsWith("--")) return `${arg} needs a value; if that is '${value}', write --${found[0]}=${value}`;
    joined.push(isLong ? `${arg}=${value}` : `${arg}${value}`);
    at++;
  }
  return joined;
}
