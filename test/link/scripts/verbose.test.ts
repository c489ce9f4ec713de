// The default script that `--verbose` prints is the one in force: GNU ld lays a link out by Solder's as by its own, Solder by GNU
// ld's as GNU ld does, and what is printed means the same when it is read again.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseLinkerScript } from "../../../src/link/script/commands.ts";
import { printSections } from "../../../src/link/script/print-script.ts";
import type { Statement } from "../../../src/link/script/statements.ts";
import { type Target, targets } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { cases } from "./cases/index.ts";
import { type Bench, bench, compareImages, linkHere } from "./judge.ts";

/** What to link, and with what. */
const LINKS: readonly (readonly [kind: string, objects: string])[] = [
  ["", "a.o b.o o.o t.o"],
  ["-shared -z now", "pic.o b.o o.o eh2.o"],
  ["-pie --no-dynamic-linker -e entry -z noseparate-code", "pic.o b.o p.o"],
  ["-r", "a.o b.o o.o s.o"],
  ["-N", "a.o b.o o.o"],
];

/** The script between the two lines of `=`. */
function scriptIn(text: string): string {
  const [, script] = text.split(/^=+$/m);
  ok(script !== undefined, text);
  return script;
}

const encoder = new TextEncoder();

/** Statements of SECTIONS; places are of the text, not of what it means. */
function statementsIn(text: string): string {
  const problems: string[] = [];
  const commands = parseLinkerScript(encoder.encode(text), "x.ld", ({ code }) => problems.push(code)) ?? [];
  deepEqual(problems, [], text);
  return withoutPlaces(commands.flatMap((it) => (it.kind === "sections" ? it.statements : [])));
}

function withoutPlaces(statements: readonly Statement[]): string {
  return JSON.stringify(statements, (key, value) => {
    if (key === "place" || key === "endPlace") return undefined;
    return typeof value === "bigint" ? String(value) : value;
  });
}

for (const target of targets) {
  let at: Bench | undefined;
  for (const [kind, objects] of LINKS) {
    test(
      `${target.name} ${kind || "static"}: both linkers take each other's default script`,
      needs("ld.bfd", "as", "ar"),
      () => {
        at ??= bench(target);
        compareDefaults(at, target, kind, objects);
      },
    );
  }
}

function compareDefaults({ directory }: Bench, target: Target, kind: string, objects: string): void {
  const words = ["-m", target.emulation, ...kind.split(" ").filter((it) => it !== "")];
  const inputs = objects.split(" ");
  const read = (name: string): Uint8Array => readFileSync(join(directory, name));
  const gnu = (output: string, more: readonly string[]): Uint8Array => {
    tool("ld.bfd", ["-o", output, ...words, ...more, ...inputs], { cwd: directory });
    return read(output);
  };
  const theirs = scriptIn(tool("ld.bfd", [...words, "--verbose"], { cwd: directory }));
  const ours = scriptIn(linkHere([...words, "--verbose"], directory).out);
  equal(statementsIn(ours), statementsIn(theirs));
  writeFileSync(join(directory, "ours.ld"), ours);
  writeFileSync(join(directory, "theirs.ld"), theirs);
  const expected = gnu("gnu/default", []);
  ok(
    Buffer.compare(expected, gnu("gnu/by-ours", ["-T", "ours.ld"])) === 0,
    "GNU ld makes another file by Solder's script",
  );
  const { status, err } = linkHere(["-o", "tested/out", ...words, "-T", "theirs.ld", ...inputs], directory);
  equal(status, 0, err);
  deepEqual(compareImages(expected, read("tested/out")), []);
}

test("what is printed of a script means the same when it is read again", () => {
  let count = 0;
  for (const { script, name } of cases) {
    const problems: string[] = [];
    const commands = parseLinkerScript(encoder.encode(script), "x.ld", ({ code }) => problems.push(code));
    if (commands === undefined || problems.length > 0) continue;
    const statements = commands.flatMap((it) => (it.kind === "sections" ? it.statements : []));
    // An overlay is spelt out as sections when it is read.
    const isSpeltOut = statements.some((it) => it.kind === "section" && it.overlay !== undefined);
    if (statements.length === 0 || isSpeltOut) continue;
    equal(statementsIn(printSections(statements)), withoutPlaces(statements), name);
    count++;
  }
  ok(count > 400, `${count} scripts`);
});
