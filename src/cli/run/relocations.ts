// `solder run --trace=relocations`: the same program loaded by Solder, and each relocation of the run beside its own.

import type { Cpu } from "../../arch/x86/instructions/index.ts";
import { basesOf, debugAddresses } from "../../execute/differences.ts";
import type { Execution } from "../../execute/execute.ts";
import { comparedRelocations, relocatedAt } from "../../execute/observe/relocations.ts";
import { type RelocationFacts, relocationFacts } from "../../explain/execute/relocations.ts";
import { load, loadCache } from "../../load/index.ts";
import { indirectFunctions } from "../indirect.ts";
import type { Io } from "../io.ts";
import { loaderWorld, programOptions } from "../loader-options.ts";
import type { RunRequest } from "./request.ts";

/**
 * Makes what looks, before each instruction, whether it is time, and then tells all relocations once.
 * @param path of the program  @returns text: why that cannot be
 */
export function relocationTeller(
  request: RunRequest,
  path: string,
  io: Io,
  execution: () => Execution | undefined,
  tell: (facts: RelocationFacts) => void,
): ((cpu: Cpu) => void) | string {
  const { root, environment, levels } = request;
  const cpu = levels.name === "v2" ? "x86-64-v2" : "x86-64";
  const world = loaderWorld({ ...(root === undefined ? {} : { root }), env: [...environment], cpu }, io);
  if (typeof world === "string") return world;
  const options = programOptions(world, path);
  const cache = loadCache(world.files);
  const foreseen = load(path, options, cache);
  const addresses = foreseen.loaded ? debugAddresses(foreseen.process) : undefined;
  if (addresses === undefined) return "--trace=relocations needs a program that glibc's dynamic linker loads";
  const isTime = relocatedAt(execution, addresses);
  let isTold = false;
  return (processor) => {
    const begun = execution();
    if (isTold || begun === undefined || !isTime(processor)) return;
    isTold = true;
    const functions = indirectFunctions(cpu);
    const { resolveIndirect } = functions;
    const result = load(path, options, cache, { given: basesOf(begun), resolveIndirect });
    if (!result.loaded) return;
    functions.attach(result.process);
    for (const one of comparedRelocations(result.process, begun)) tell(relocationFacts(one));
  };
}
