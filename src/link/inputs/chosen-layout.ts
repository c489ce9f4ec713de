// Which script lays out the link: that of -T, or GNU ld's default with what scripts among the inputs and INSERT add to it.

import type { Machine } from "../../arch/index.ts";
import type { Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { defaultStatements, type ScriptVariant } from "../script/default-script.ts";
import { layoutScript } from "../script/layout-script.ts";
import type { LayoutScript } from "../script/statements.ts";
import type { ScriptCommand } from "../script/types.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { Loader } from "./loader.ts";

const LAYOUT: ReadonlySet<ScriptCommand["kind"]> = new Set([
  "sections",
  "memory",
  "phdrs",
  "insert",
  "region-alias",
  "no-cross-references",
]);

/** @returns undefined: no script says anything of sections */
export function chosenLayout(
  loader: Loader,
  mode: OutputMode,
  machine: Machine,
  options: LinkOptions,
  report: Report,
): LayoutScript | undefined {
  const { scriptCommands, hasScript } = loader;
  if (!scriptCommands.some((it) => LAYOUT.has(it.kind))) return undefined;
  const isAddition = !hasScript || scriptCommands.some((it) => it.kind === "insert");
  const defaults = isAddition ? defaultStatements(scriptVariant(mode, machine, options)) : undefined;
  return layoutScript(scriptCommands, defaults, report);
}

export function scriptVariant(mode: OutputMode, machine: Machine, options: LinkOptions): ScriptVariant {
  return {
    is64: machine.elfClass === 64,
    textSegment: machine.textSegment,
    kind:
      options.output === "relocatable"
        ? "relocatable"
        : options.omagic
          ? "omagic"
          : options.nmagic
            ? "nmagic"
            : "paged",
    pie: mode.kind === "pie",
    shared: mode.shared,
    separateCode: options.z.separateCode,
    combreloc: options.z.combreloc,
    now: options.z.now,
  };
}
