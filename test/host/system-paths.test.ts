// /etc/ld.so.conf and the files that it includes.
import { deepEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemLibraryPaths } from "../../src/host/system-paths.ts";

test("directories in the order of the files, under the root directory, without comments", () => {
  const root = mkdtempSync(join(tmpdir(), "solder-conf-"));
  try {
    mkdirSync(join(root, "etc/ld.so.conf.d"), { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(root, "etc", name), text);
    write("ld.so.conf", "/first/\ninclude ld.so.conf.d/*.conf\n  # a comment\n/last # behind\nhwcap 0 nosegneg\n");
    write("ld.so.conf.d/b.conf", "/b=libc6\n");
    write("ld.so.conf.d/a.conf", "/a\ninclude /etc/loop.conf\n");
    write("ld.so.conf.d/c.txt", "/c\n");
    write("loop.conf", "include /etc/loop.conf\n/loop\n");
    const expected = ["/first", "/a", ...Array<string>(7).fill("/loop"), "/b", "/last"];
    deepEqual(
      systemLibraryPaths(root),
      expected.map((directory) => root + directory),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("no file, no directories", () => deepEqual(systemLibraryPaths("/no/such/root"), []));
