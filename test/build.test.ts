import { ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

test("the build makes the bundled command", () => {
  ok(existsSync("dist/command.cjs"));
});
