// The client is what its source says.

import { equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository, scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const on = process.arch === "x64" ? needs("as") : { skip: "not an x86-64 assembler" };

test("src/client/client.hex is client.s, assembled (node scripts/client.mjs --assemble)", on, () => {
  const object = join(scratch("client"), "client.o");
  tool("as", ["--64", "-mx86-used-note=no", "-o", object, join(repository, "src/client/client.s")]);
  const kept = readFileSync(join(repository, "src/client/client.hex"), "latin1").replaceAll("\n", "");
  equal(readFileSync(object, "hex"), kept);
});
