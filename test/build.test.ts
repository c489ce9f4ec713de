import { ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

test("the build makes the bundled command, and V8's form of it for a quick start", () => {
  ok(existsSync("dist/command.cjs"));
  ok(existsSync("dist/command.cache"));
});

test("the bundle is ASCII, as bin/start.cjs reads it", () => {
  ok(readFileSync("dist/command.cjs").every((byte) => byte < 0x80));
});
