import { ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { commands } from "../src/cli/commands.ts";

for (const name of [...commands.map((row) => row.name), "help"]) {
  test(`the build makes a bundle of ${name}, and V8's form of it for a quick start`, () => {
    ok(existsSync(`dist/commands/${name}.cjs`));
    ok(existsSync(`dist/commands/${name}.cache`));
  });

  test(`the bundle of ${name} is ASCII, as bin/start.cjs reads it`, () => {
    ok(readFileSync(`dist/commands/${name}.cjs`).every((byte) => byte < 0x80));
  });
}
