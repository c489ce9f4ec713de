// The command lines of `solder`'s own commands: options by node:util's parseArgs, and anything else. (`solder ld` has GNU ld's
// command line, which is another matter: ld/parse.ts.)

import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>;

/** The options' values and the other arguments; or, as a phrase, what is wrong with them. */
export function parseCommandLine<T extends Options>(args: readonly string[], options: T): Parsed<T> | string {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    return cause instanceof Error ? cause.message.split(". ")[0] : String(cause);
  }
}
