// Compilation units: the same names and versions as readelf's, whatever the DWARF version and the compression.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unitsOf } from "../../src/dwarf/index.ts";
import { parseElf } from "../../src/elf/file.ts";
import { inflate } from "../../src/host/inflate.ts";
import { folder } from "../support/folder.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

for (const options of ["-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -gz=zlib", "-gdwarf-4 -gz=zlib-gnu"]) {
  test(`units of a linked program, ${options}`, needs("gcc"), () => {
    const at = folder("units");
    at.write("one.c", "int one(void) { return 1; }\n");
    at.write("two.c", "int one(void);\nint main(void) { return one(); }\n");
    const program = at.at("program");
    tool("gcc", [...options.split(" "), "-O1", at.at("one.c"), at.at("two.c"), "-o", program]);
    const file = parseElf(new Uint8Array(readFileSync(program)), program, () => {});
    const units = file === undefined ? [] : (unitsOf(file, { inflate }) ?? []);
    const version = Number(/dwarf-(\d)/.exec(options)?.[1]);
    deepEqual(
      units.map((it) => [it.name, it.version]),
      [
        [at.at("one.c"), version],
        [at.at("two.c"), version],
      ],
    );
    equal(units[0].producer.startsWith("GNU C"), true);
    // `one` is a mov and a ret.
    equal(units[0].covers, 6);
    equal((units[0].low ?? 0) > 0, true);
  });
}
