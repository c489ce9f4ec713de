// Control characters in names do not reach a terminal, whatever command prints them.

import { equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { printable, printableOutput } from "../../src/explain/printable.ts";
import { madeFile } from "../load/support/made-file.ts";
import { repository } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";

test("a name has no control characters, an output only its own", () => {
  equal(printable("a\x1b[31mb\n\u009b"), "a\\u001b[31mb\\u000a\\u009b");
  equal(
    printableOutput("\x1b[1;31merror:\x1b[0m a\x1b[2J\r\n\tb\x07[0m\n"),
    "\x1b[1;31merror:\x1b[0m a\\u001b[2J\\u000d\n\tb\\u0007[0m\n",
  );
  equal(printableOutput("übung\n"), "übung\n");
});

for (const command of [["ldd"], ["ldd", "--json"], ["dump"], ["load"]]) {
  test(`solder ${command.join(" ")} writes them out`, () => {
    const here = folder("printable");
    writeFileSync(here.at("main"), madeFile({ needed: ["\x1b]0;owned\x07.so"], soname: "\u009b2J" }));
    const { stdout, stderr } = run(process.execPath, [join(repository, "bin/solder.js"), ...command, here.at("main")]);
    equal(/(?![\n\t])\p{Cc}/u.test(stdout + stderr), false);
    equal(stdout.includes("\\u001b]0;owned"), true);
    if (command.includes("--json")) JSON.parse(stdout);
  });
}
