// Who names the entry point: -e, or ENTRY in a script.

import type { LinkOptions } from "../options.ts";
import type { ScriptCommand } from "../script/types.ts";

/** The symbol of -e, else of ENTRY in a script; undefined if nobody named one. */
export function entryName(options: LinkOptions, commands: readonly ScriptCommand[]): string | undefined {
  return options.entry ?? commands.flatMap((it) => (it.kind === "entry" ? [it.symbol] : [])).at(-1);
}
