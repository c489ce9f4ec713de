import { equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Script } from "node:vm";
import { commands } from "../src/cli/commands.ts";

for (const name of [...commands.map((row) => row.name), "help"]) {
  test(`the build makes a bundle of ${name}, and V8's form of it, which V8 takes`, () => {
    const filename = join(process.cwd(), `dist/commands/${name}.cjs`);
    const cachedData = readFileSync(`dist/commands/${name}.cache`);
    const script = new Script(Module.wrap(readFileSync(filename, "latin1")), { filename, cachedData });
    equal(script.cachedDataRejected, false);
  });

  test(`the bundle of ${name} is ASCII, as bin/start.cjs reads it`, () => {
    ok(readFileSync(`dist/commands/${name}.cjs`).every((byte) => byte < 0x80));
  });
}
