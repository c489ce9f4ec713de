// The largest link at hand: a C compiler out of all of LLVM's and Clang's static archives. What comes out must work.

import { equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { clang } from "../../../bench/cases.ts";
import { scratch } from "../../support/build.ts";
import { underTest } from "../../support/link.ts";
import { run } from "../../support/run.ts";

test("clang's front end, linked from 310 archives, compiles a C file", (t) => {
  const attempt = clang();
  if ("skip" in attempt) return t.skip(attempt.skip);
  const output = join(scratch("clang"), "clang-cc1");
  const { status, stderr } = run(underTest.path, ["-o", output, `@${attempt.responseFile}`], { timeout: 120_000 });
  equal(status, 0, stderr);
  equal(attempt.check(output), undefined);
  equal(run("readelf", ["-hlSdW", output]).stderr, "");
});
