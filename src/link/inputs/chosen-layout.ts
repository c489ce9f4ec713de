// Which script lays out the link: that of -T, or GNU ld's default with what scripts among the inputs and INSERT add to it.

import type { Machine } from "../../arch/index.ts";
import type { Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { createDefaultLayouts } from "../script/default-layouts.ts";
import type { ScriptVariant } from "../script/default-script.ts";
import { layoutScript } from "../script/layout-script.ts";
import { compileRules, type SectionRules } from "../script/section-rules.ts";
import type { LayoutScript } from "../script/statements.ts";
import type { ScriptCommand } from "../script/types.ts";
import { joinsGotPlt, type OutputMode } from "../tables/mode.ts";
import type { Loader } from "./loader.ts";

export interface ChosenLayout {
  readonly script: LayoutScript;
  /** Of `script.matching`. */
  readonly rules: SectionRules;
}

export function chosenLayout(
  loader: Loader,
  mode: OutputMode,
  machine: Machine,
  options: LinkOptions,
  report: Report,
): ChosenLayout {
  const { scriptCommands, hasScript } = loader;
  const layouts = options.parsed?.layouts ?? createDefaultLayouts();
  const defaults = hasScript ? undefined : layouts(scriptVariant(mode, machine, options));
  const given = options.defsym.map((assignment): ScriptCommand => ({ kind: "assignment", assignment }));
  const before = options.defsymsBeforeScript ?? given.length;
  const isAddition = (it: ScriptCommand): boolean => loader.additions.has(it);
  const script = layoutScript(
    [...given.slice(0, before), ...scriptCommands.filter((it) => !isAddition(it)), ...given.slice(before)],
    defaults?.statements,
    scriptCommands.filter(isAddition),
    report,
  );
  const isAlone = script.matching === defaults?.statements;
  return { script, rules: isAlone ? defaults.rules : compileRules(script.matching) };
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
