// Which script lays out the link: that of -T, or GNU ld's default with what scripts among the inputs and INSERT add to it.

import type { Machine } from "../../arch/index.ts";
import type { Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { defaultStatements, type ScriptVariant } from "../script/default-script.ts";
import { layoutScript } from "../script/layout-script.ts";
import type { LayoutScript } from "../script/statements.ts";
import type { ScriptCommand } from "../script/types.ts";
import { joinsGotPlt, type OutputMode } from "../tables/mode.ts";
import type { Loader } from "./loader.ts";

export function chosenLayout(
  loader: Loader,
  mode: OutputMode,
  machine: Machine,
  options: LinkOptions,
  report: Report,
): LayoutScript {
  const { scriptCommands, hasScript } = loader;
  const defaults = hasScript ? undefined : defaultStatements(scriptVariant(mode, machine, options));
  const given = options.defsym.map((assignment): ScriptCommand => ({ kind: "assignment", assignment }));
  const before = options.defsymsBeforeScript ?? given.length;
  const isAddition = (it: ScriptCommand): boolean => loader.additions.has(it);
  return layoutScript(
    [...given.slice(0, before), ...scriptCommands.filter((it) => !isAddition(it)), ...given.slice(before)],
    defaults,
    scriptCommands.filter(isAddition),
    report,
  );
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
    now: joinsGotPlt(options),
  };
}
