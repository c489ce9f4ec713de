// Files of other machines than this one, and Android's. Packages carry builds for many platforms; each is judged as on the newest
// system of its own C library and machine that the tables know, which says what is wrong with the file itself.

import { note, type Problem } from "../../elf/index.ts";
import { newestAndroid, newestSystem } from "../systems/index.ts";
import { androidFindings } from "./android-findings.ts";
import type { Group } from "./group.ts";
import { isLinux } from "./made-for.ts";
import type { NodeExports, Surroundings } from "./surroundings.ts";
import { type SystemTables, systemFindings, systemTables } from "./system-findings.ts";

/** What a target says of a file. */
export interface Judgement {
  readonly findings: readonly Problem[];
  /** A system of the file's own machine, where it was judged as on that: `glibc:2.43/aarch64`. */
  readonly platform?: string;
}

/** What asks for no C library may say in its path which one it is for. */
const MUSL = /(?<![a-z])(linux)?musl/;

/** Judges files on their own platforms, whose tables are made once. */
export function ownPlatforms(where: Surroundings, node: NodeExports): (group: Group) => Judgement {
  const known = new Map<string, SystemTables>();
  return (group) => {
    const { machine, made, name } = group.main;
    const judgedOn = (system: string): Problem =>
      note("check-judged-elsewhere", { file: name }, { machine, made: made ?? "", here: where.name, system });
    if (made === "Android") {
      const android = newestAndroid(machine);
      const findings = androidFindings(group, android, node, where.options.pageSize);
      return { findings: [judgedOn(android.name), ...findings], platform: android.name };
    }
    if (!isLinux(made))
      return { findings: [note("check-system-unknown", { file: name }, { made, machine })], platform: made };
    const system = newestSystem(made ?? (MUSL.test(name) ? "musl" : "glibc"), machine);
    const tables = known.get(system.name) ?? systemTables(system, where.options.pageSize);
    known.set(system.name, tables);
    return { findings: [judgedOn(system.name), ...systemFindings(group, tables, node)], platform: system.name };
  };
}
