// What stands at an address of a program that runs: zeros behind a file's segment are its object's.

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { execute } from "../../src/execute/execute.ts";
import { areaAt, mapArea } from "../../src/execute/memory/address-space.ts";
import { placeAt, placeText } from "../../src/explain/execute/places.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const SOURCE = `
.globl _start
.type _start, @function
_start: ret
.size _start, . - _start
.data
.long 1
.bss
.zero 0x3000
`;

test(
  "an address is in a function, in a file's bytes, in the zeros behind them, or in memory without a name",
  needs("gcc"),
  () => {
    const program = join(scratch("places"), "prog");
    const layout = ["-nostdlib", "-static", "-Wl,-Ttext=0x401000,-Tdata=0x402000,-Tbss=0x402010,--build-id=none"];
    tool("gcc", [...layout, compile(x86_64, "places.s", SOURCE), "-o", program]);
    const execution = execute(program, { files: nodeLoadFiles() });
    if ("code" in execution) throw new Error(execution.code);
    const { space } = execution.process;
    const tail = areaAt(space, 0x404000);
    equal(tail?.source, undefined, "the file has none of these bytes");
    // Right behind the zeros, so that it could be taken for more of them.
    if (tail !== undefined) mapArea(space, { ...tail, start: tail.end, end: tail.end + 0x1000 });
    const texts = [0x401000, 0x402000, 0x404000, 0x40500f, 0x405010, 0x1000].map((address) =>
      placeText(placeAt(space, address, new Map())).replace(program, "prog"),
    );
    deepEqual(texts, [
      "in _start of prog",
      "in prog",
      "in prog",
      "in prog",
      "in memory without a name (+0x2010)",
      "where nothing is mapped",
    ]);
  },
);
