// One random process from its seed to the verdict.

import { readFileSync, realpathSync, rmSync } from "node:fs";
import type { LoaderProfile } from "../../../src/load/index.ts";
import { profileOfInterpreter } from "../../../src/load/settings/profiles.ts";
import { scratch } from "../../support/build.ts";
import { muslPackage } from "../../support/sources.ts";
import { enterRoot, rootDirectory } from "../judges/reality.ts";
import { guestWorkshop } from "../machines/workshop.ts";
import { buildImage } from "./build.ts";
import { judge } from "./judge.ts";
import type { RandomMachine } from "./machines.ts";
import { planImage } from "./plan.ts";

export type Outcome =
  | { readonly kind: "not-built"; readonly said: string }
  | {
      /** `unjudged`: for a fault of the emulator's. */
      readonly kind: "starts" | "refused" | "unjudged";
      /** Where its files are, or were. */
      readonly directory: string;
      /** What the real loader printed. */
      readonly said: string;
      readonly differences: readonly string[];
    };

/**
 * Enters the root directory where a machine's processes are judged: one given, or for a guest one with the cross compiler's C library or
 * Debian's musl.
 */
export function enterMachine({ guest, musl }: RandomMachine, root?: string): void {
  if (root !== undefined) enterRoot(root, guest);
  else if (guest === undefined) enterRoot("", undefined, musl === undefined ? undefined : ownMusl(musl));
  else if (musl === undefined) guestWorkshop(guest);
  else {
    const source = muslPackage(guest.debian);
    if ("skip" in source) throw new Error(source.skip);
    enterRoot(source.directory, guest);
  }
}

/** The profile of this machine's musl. */
function ownMusl(loader: string): LoaderProfile {
  const found = profileOfInterpreter(readFileSync(loader), "x86-64", realpathSync(loader));
  if (found === undefined) throw new Error(`${loader} does not say its version`);
  return found;
}

/** Builds the process of a seed in the directory that was entered, and compares. Its files stay if SOLDER_TEST_KEEP is set. */
export function trySeed(machine: RandomMachine, seed: number): Outcome {
  // A guest sees files of this machine's too; what it is told of its program's place ($ORIGIN) is the real path.
  const root = rootDirectory();
  const directory = scratch(`seed-${seed}`);
  try {
    const built = buildImage(machine, root, planImage(machine, seed), directory);
    if ("refused" in built) return { kind: "not-built", said: built.refused };
    const { starts, said, differences, isUnjudged } = judge(machine, built.program, built.environment, directory);
    return { kind: isUnjudged ? "unjudged" : starts ? "starts" : "refused", directory, said, differences };
  } finally {
    if (process.env.SOLDER_TEST_KEEP === undefined) rmSync(directory, { recursive: true });
  }
}
