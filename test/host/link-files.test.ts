// The linker as a function over this machine's files.
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { linkFiles } from "../../src/host/index.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const START = `.globl _start
_start: call status
  mov %eax, %edi
  mov $60, %eax
  syscall
`;
const STATUS = `.globl status
status: mov $42, %eax
  ret
`;

test("two objects become a program that runs", needs("as"), () => {
  const directory = mkdtempSync(join(tmpdir(), "solder-link-files-"));
  try {
    const objects = [START, STATUS].map((source, index) => {
      const path = join(directory, `${index}.o`);
      run("as", ["-o", path, "-"], { input: source });
      return path;
    });
    const { image, problems, executable, dependencies } = linkFiles(objects, { output: "static", z: { relro: false } });
    deepEqual(problems, []);
    deepEqual(dependencies, objects);
    ok(executable && image !== undefined);
    const program = join(directory, "program");
    writeFileSync(program, image, { mode: 0o755 });
    equal(run(program).status, 42);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a missing file is a problem, not an exception", () => {
  const { image, problems } = linkFiles(["/no/such/file.o"]);
  deepEqual([image, problems.map(({ code }) => code)], [undefined, ["file-not-found"]]);
});
