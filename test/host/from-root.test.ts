// Where a path leads is the kernel's to say: `link/..` is above what the link points to.

import { deepEqual, equal } from "node:assert/strict";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { absolutePath, fromRoot } from "../../src/host/from-root.ts";
import { scratch } from "../support/build.ts";

test("from the root: `.` and empty words go, `..` and links stay", () => {
  for (const [given, path] of [
    ["a", "/here/a"],
    ["./a/./b//c/.", "/here/a/b/c"],
    ["../a", "/here/../a"],
    ["link/../a/", "/here/link/../a"],
    ["/x/..", "/x/.."],
    [".hidden/..file/...", "/here/.hidden/..file/..."],
    ["/.", "/"],
    ["//", "/"],
  ])
    equal(fromRoot(given, "/here"), path, given);
  equal(fromRoot("a", "/"), "/a");
});

test("an absolute path has no `..`: links in front of it are followed", () => {
  const directory = realpathSync(scratch("paths"));
  mkdirSync(join(directory, "real/below"), { recursive: true });
  writeFileSync(join(directory, "real/file"), "");
  symlinkSync("real/below", join(directory, "link"));
  symlinkSync("file", join(directory, "real/name"));
  const below = (path: string): string => absolutePath(path, directory).slice(directory.length);
  deepEqual(["link/../file", "link/../name", "link/../../link", "link/nothing/../file"].map(below), [
    "/real/file",
    "/real/name",
    "/link",
    "/link/nothing/../file",
  ]);
});
