// The command lines of `solder`'s own commands: options by node:util's parseArgs, and anything else. (`solder ld` has GNU ld's
// command line, which is another matter: ld/parse.ts.)

import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>;

/** The options' values and the other arguments; or, as a phrase, what is wrong with them. No argument may be empty. */
export function parseCommandLine<T extends Options>(args: readonly string[], options: T): Parsed<T> | string {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    // What a shell makes of an unset variable. As a path it would mean the current directory.
    return (parsed.positionals as string[]).includes("") ? "an argument is empty" : parsed;
  } catch (cause) {
    return cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
  }
}
