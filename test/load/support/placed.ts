// Objects of another machine, assembled and placed in simulated memory; and GNU ld as the judge of their bytes: it is told to put each
// section at the same address.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseElf, SHT_NOBITS } from "../../../src/elf/index.ts";
import { loadObjects, type ObjectsLoaded } from "../../../src/load/relocatable/index.ts";
import { scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";

export interface Placed {
  readonly loaded: ObjectsLoaded;
  readonly paths: readonly string[];
  readonly directory: string;
}

/** Source text and base of an object. */
export type Source = readonly [text: string, base: number];

/** @param as the assembler's command, with options */
export function place([as, ...flags]: readonly [string, ...string[]], sources: readonly Source[]): Placed {
  const directory = scratch("placed");
  const paths = sources.map(([text], i) => {
    writeFileSync(join(directory, `${i}.s`), text);
    tool(as, [...flags, "-o", `${i}.o`, `${i}.s`], { cwd: directory });
    return join(directory, `${i}.o`);
  });
  const inputs = paths.map((path, i) => ({ name: `${i}.o`, bytes: readFileSync(path), base: sources[i][1] }));
  return { loaded: loadObjects(inputs), paths, directory };
}

/**
 * Asserts that nothing is wrong, and that each section has the bytes that GNU ld gives it.
 * @param ld its command, with options
 * @returns the path of what it linked, and how many sections were compared
 */
export function likeGnuLdThere(
  { loaded, paths, directory }: Placed,
  [ld, ...flags]: readonly [string, ...string[]],
): { readonly path: string; readonly sections: number } {
  deepEqual(loaded.problems, []);
  const rows: string[] = [];
  const expected: { readonly name: string; readonly memory: Uint8Array }[] = [];
  loaded.objects.forEach((object, i) => {
    for (const placed of object.sections) {
      if (placed === undefined || placed.memory.length === 0) continue;
      const name = `${placed.section.name}.${i}`;
      rows.push(`${name} 0x${placed.address.toString(16)} : { ${paths[i]}(${placed.section.name}) }`);
      if (placed.section.type !== SHT_NOBITS) expected.push({ name, memory: placed.memory });
    }
  });
  writeFileSync(join(directory, "place.ld"), `SECTIONS { ${rows.join("\n")} }\n`);
  const options = ["-T", "place.ld", "-e", "0", "--no-warn-rwx-segments", "-o", "out"];
  tool(ld, [...flags, ...options, ...paths], { cwd: directory });
  const path = join(directory, "out");
  const file = parseElf(readFileSync(path), "out", () => {});
  for (const { name, memory } of expected) {
    const section = file?.sections.find((it) => it.name === name);
    const theirs = file?.bytes.subarray(section?.offset, (section?.offset ?? 0) + (section?.size ?? 0));
    equal(Buffer.from(memory).toString("hex"), Buffer.from(theirs ?? []).toString("hex"), name);
  }
  return { path, sections: expected.length };
}
