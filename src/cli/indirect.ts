// IFUNCs in the commands that load programs: their resolvers are run in Solder's memory, for the processor that --cpu names. What
// runs them is a good part of a command's code, and is only started when a resolver is met.

import { LEVELS, type Levels } from "../arch/x86/instructions/machine/levels.ts";
import type { Mode } from "../arch/x86/instructions/machine/state.ts";
import { indirectResolver } from "../execute/resolve-ifunc.ts";
import type { LoadedProcess, LoadSettings } from "../load/index.ts";

/** What to give `load`, and what to tell of the process that it makes. */
export interface IndirectFunctions {
  readonly resolveIndirect: NonNullable<LoadSettings["resolveIndirect"]>;
  attach(process: LoadedProcess): void;
}

const MODES: Readonly<Partial<Record<string, Mode>>> = { "x86-64": 64, i386: 32 };

const PROCESSORS: Readonly<Record<string, Levels>> = {
  "x86-64": LEVELS.baseline,
  "x86-64-v2": LEVELS.v2,
  "x86-64-v3": LEVELS.v3,
  "x86-64-v4": LEVELS.v4,
};

/** @param cpu what --cpu says; the baseline of x86-64 if it is not given. A resolver that executes what is only described there decides nothing */
export function indirectFunctions(cpu: string | undefined): IndirectFunctions {
  const levels = PROCESSORS[cpu ?? "x86-64"];
  let choose: NonNullable<LoadSettings["resolveIndirect"]> = () => undefined;
  return {
    resolveIndirect: (provider, resolver) => choose(provider, resolver),
    attach: (process) => {
      const mode = MODES[process.machine];
      if (mode !== undefined && levels !== undefined) choose = indirectResolver(() => process.objects, mode, levels);
    },
  };
}
