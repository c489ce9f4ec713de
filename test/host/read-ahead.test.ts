// Files that are read before they are asked for are the same files.

import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { batchFiles } from "../../src/host/node-files.ts";

/** Large enough that three of them are worth a thread; all but the first bytes are holes. */
const SIZE = 0x2000000;

function withFiles(use: (path: (name: string) => string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-ahead-"));
  const path = (name: string): string => join(directory, name);
  try {
    for (const name of ["a", "b", "c"]) {
      writeFileSync(path(name), `contents of ${name}`);
      truncateSync(path(name), SIZE);
    }
    use(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const start = (bytes: Uint8Array | undefined): string => Buffer.from(bytes?.subarray(0, 13) ?? []).toString();

test("expected files are what they would be without a hint, in any order, and again", () => {
  withFiles((path) => {
    const files = batchFiles();
    files.expect?.(["a", "b", "b", "c", "missing"].map(path));
    for (const name of ["c", "a", "b", "a"]) {
      const bytes = files.read(path(name));
      equal(start(bytes), `contents of ${name}`);
      equal(bytes?.length, SIZE);
      equal(bytes?.at(-1), 0);
    }
    equal(files.read(path("missing")), undefined);
  });
});

test("an expected file that is gone when its turn comes cannot be read", () => {
  withFiles((path) => {
    const files = batchFiles();
    // Asked for at once: this thread is there long before the other.
    files.expect?.(["a", "b", "c"].map(path));
    rmSync(path("c"));
    equal(files.read(path("c")), undefined);
    equal(start(files.read(path("a"))), "contents of a");
  });
});

test("an expected file that has become shorter is as long as it is", () => {
  withFiles((path) => {
    const files = batchFiles();
    files.expect?.(["a", "b", "c"].map(path));
    truncateSync(path("c"), 12);
    deepEqual(files.read(path("c")), new TextEncoder().encode("contents of "));
  });
});

test("files that nobody announced are read as ever", () => {
  withFiles((path) => {
    const files = batchFiles();
    writeFileSync(path("small"), "small");
    files.expect?.(["a", "b", "c"].map(path));
    deepEqual(files.read(path("small")), new TextEncoder().encode("small").slice());
  });
});
