// Every reference is bound to what the real loader binds it to. `node build/test/load/corpus.js bindings` does it for all of
// /usr/bin and /usr/sbin.

import { deepEqual, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { compareBindings, realBindings } from "./judges/bindings.ts";
import { loaded } from "./judges/reality.ts";

for (const path of ["/usr/bin/git", "/usr/bin/gdb", "/usr/bin/apt-get", "/usr/bin/perl", "/bin/bash"]) {
  test(
    `the bindings of ${path} are those that LD_DEBUG=bindings says`,
    existsSync(path) ? {} : { skip: `needs ${path}` },
    () => {
      const real = realBindings(path);
      ok(real.length > 100, "the loader said something");
      deepEqual(compareBindings(loaded(path, { LD_BIND_NOW: "1" }), real), []);
    },
  );
}
