// What was added to random processes later, by dice of its own, so that older seeds keep the rest of what they were: commons, names
// that are data here and functions there, references to one version of a name.

import { type Dice, dice } from "./dice.ts";
import type { Reference } from "./names.ts";
import type { Definition, ObjectPlan } from "./plan.ts";

/** What an object gets more by an extended plan. */
export function withExtras(seed: number, plan: ObjectPlan, libraries: readonly ObjectPlan[]): ObjectPlan {
  const salt = [...plan.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  const roll = dice(seed * 64 + (salt % 64));
  const versions = libraries.flatMap((library) =>
    plan.needed.includes(library.name) ? library.definitions.flatMap((each) => versionsOf(each)) : [],
  );
  return {
    ...plan,
    definitions: plan.definitions.map((each) => extended(roll, each)),
    references: plan.references.map((each) => versioned(roll, each, versions, plan.definitions)),
  };
}

function versionsOf({ name, versions }: Definition): { name: string; version: string }[] {
  return versions.map(({ version }) => ({ name, version }));
}

function extended(roll: Dice, each: Definition): Definition {
  const isPlain = each.type === "usual" && each.versions.length === 0 && each.kind !== "tls";
  const [isCommon, isClash] = [roll.oneIn(6), roll.oneIn(12)];
  if (!isPlain) return each;
  if (isCommon && each.kind === "object" && each.binding === "global") return { ...each, section: "common" };
  // As if somebody had declared it otherwise.
  if (isClash && each.binding !== "unique") return { ...each, kind: each.kind === "object" ? "function" : "object" };
  return each;
}

/** `.symver name, name@V`: a reference to one version, of those that a needed library has. */
function versioned(
  roll: Dice,
  each: Reference,
  known: readonly { name: string; version: string }[],
  own: readonly Definition[],
): Reference {
  const choices = known.filter(({ name }) => name === each.name);
  if (!roll.oneIn(2) || choices.length === 0 || own.some(({ name }) => name === each.name)) return each;
  return { ...each, version: roll.pick(choices).version };
}
