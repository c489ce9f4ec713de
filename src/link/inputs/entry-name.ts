// Who names the entry point: -e, or ENTRY in a script.

import type { Loader } from "./loader.ts";

/**
 * The symbol of -e, else of the last ENTRY that was read; undefined if nobody named one. The default script, which is read
 * behind those of the command line, has one, too (but for -r).
 */
export function entryName({ options, scriptCommands, hasScript, additions }: Loader): string | undefined {
  const isHidden = !hasScript && options.output !== "relocatable";
  const named = scriptCommands.flatMap((it) =>
    it.kind === "entry" && (!isHidden || additions.has(it)) ? [it.symbol] : [],
  );
  return options.entry ?? named.at(-1);
}
