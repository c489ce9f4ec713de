import { equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { commands } from "../src/cli/commands.ts";
import { run } from "./support/run.ts";

/** Compiles a bundle as bin/solder.js does, and says whether V8 took the cache. */
const COMPILE = `
  const filename = process.argv[1];
  if (filename.endsWith("/ld.cjs")) require("./bin/v8-flags.cjs").setFlags();
  const source = require("node:fs").readFileSync(filename, "latin1");
  const cachedData = require("node:fs").readFileSync(filename.replace(/cjs$/, "cache"));
  const { Script } = require("node:vm");
  console.log(new Script(source, { filename, cachedData }).cachedDataRejected);`;

for (const name of [...commands.map((row) => row.name), "help"]) {
  test(`the build makes a bundle of ${name}, and V8's form of it, which V8 takes`, () => {
    equal(run(process.execPath, ["-e", COMPILE, `dist/commands/${name}.cjs`]).stdout, "false\n");
  });

  test(`the bundle of ${name} is ASCII, as bin/solder.js reads it`, () => {
    ok(readFileSync(`dist/commands/${name}.cjs`).every((byte) => byte < 0x80));
  });
}
