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
  try {
    // Node loads parseArgs when it is first called, which takes longer than all else here.
    const parsed = args.some((argument) => argument.startsWith("-"))
      ? parseArgs({ args: [...args], options, allowPositionals: true })
      : ({ values: {}, positionals: [...args] } as Parsed<T>);
    // What a shell makes of an unset variable. As a path it would mean the current directory.
    return (parsed.positionals as string[]).includes("") ? "an argument is empty" : parsed;
  } catch (cause) {
    return cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
  }
}
