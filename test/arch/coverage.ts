// Which rows of a machine's table its tests have held to a linker, so that a last test can ask why the others were not.

import { deepEqual } from "node:assert/strict";
import {
  EXPRESSION_DYNAMIC,
  EXPRESSION_UNSUPPORTED,
  type MachineTables,
  type RelocationType,
} from "../../src/arch/index.ts";

const judged = new Map<MachineTables, Set<string>>();

/** The row has been held to the machine's linker in this run. */
export function noteJudged(machine: MachineTables, { name }: RelocationType): void {
  const names = judged.get(machine) ?? new Set();
  judged.set(machine, names.add(name));
}

/** Rows that no linker was asked about, by the reason. */
export type Unjudged = readonly (readonly [reason: string, rows: RegExp])[];

/**
 * Asserts that every row with a field is judged or explained, and that no explanation is left for one that is judged, or is none.
 * Rows that only the dynamic linker applies, and those that tables call unsupported, are not asked about.
 */
export function everyRowIsJudged(machine: MachineTables, unjudged: Unjudged): void {
  const names = judged.get(machine) ?? new Set();
  const rows = machine.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined &&
      type.bytes > 0 &&
      type.expression !== EXPRESSION_DYNAMIC &&
      type.expression !== EXPRESSION_UNSUPPORTED,
  );
  const reasonsFor = ({ name }: RelocationType): number => unjudged.filter(([, pattern]) => pattern.test(name)).length;
  deepEqual(
    rows.filter((row) => !names.has(row.name) && reasonsFor(row) === 0).map(({ name }) => name),
    [],
    "neither judged nor explained",
  );
  deepEqual(
    rows.filter((row) => reasonsFor(row) > (names.has(row.name) ? 0 : 1)).map(({ name }) => name),
    [],
    "judged and explained, or explained twice",
  );
  const idle = unjudged.filter(([, pattern]) => !rows.some(({ name }) => pattern.test(name)));
  deepEqual(idle, [], "explains nothing");
}
