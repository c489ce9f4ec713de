// One random process from its seed to the verdict.

import { rmSync } from "node:fs";
import { scratch, type Target } from "../../support/build.ts";
import { buildImage } from "./build.ts";
import { judge } from "./judge.ts";
import { planImage } from "./plan.ts";

export type Outcome =
  | { readonly kind: "not-built"; readonly said: string }
  | {
      readonly kind: "starts" | "refused";
      /** Where its files are, or were. */
      readonly directory: string;
      /** What the real loader printed. */
      readonly said: string;
      readonly differences: readonly string[];
    };

/** Builds the process of a seed and compares. Its files stay if SOLDER_TEST_KEEP is set. */
export function trySeed(target: Target, seed: number): Outcome {
  const directory = scratch(`seed-${seed}`);
  const built = buildImage(target, planImage(target, seed), directory);
  try {
    if ("refused" in built) return { kind: "not-built", said: built.refused };
    const { starts, said, differences } = judge(target, built.program, built.environment, directory);
    return { kind: starts ? "starts" : "refused", directory, said, differences };
  } finally {
    if (process.env.SOLDER_TEST_KEEP === undefined) rmSync(directory, { recursive: true });
  }
}
