// What the linker may rely on of any file system, held against Node's and the in-memory one alike.
import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { FileSystem } from "../../src/host/files.ts";
import { memoryFiles, nodeFiles } from "../../src/host/index.ts";
import { readRange } from "../../src/host/read-range.ts";

const root = mkdtempSync(join(tmpdir(), "solder-files-"));
after(() => rmSync(root, { recursive: true }));

const large = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7);
const contents: Record<string, Uint8Array> = {
  "a.o": Uint8Array.of(1, 2, 3),
  empty: new Uint8Array(0),
  "lib/large.a": large,
};

function onDisk(): FileSystem {
  mkdirSync(join(root, "lib"));
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(root, name), bytes);
  return nodeFiles;
}

const inMemory = memoryFiles(Object.fromEntries(Object.entries(contents).map(([name, b]) => [join(root, name), b])));

for (const [kind, files] of [
  ["Node's files", onDisk()],
  ["files in memory", inMemory],
] as const) {
  describe(kind, () => {
    test("a file is read whole, in plain bytes that start at offset 0 of a buffer of their own", () => {
      for (const [name, bytes] of Object.entries(contents)) {
        const read = files.read(join(root, name));
        deepEqual(read, bytes);
        equal(read?.byteOffset, 0);
        equal(read?.buffer.byteLength, bytes.length);
        ok(files.exists(join(root, name)));
      }
    });

    test("the same file is found by a path with . and .. in it", () => {
      equal(files.read(`${root}/lib/.././a.o`)?.length, 3);
      ok(files.exists(`${root}//lib/large.a`));
    });

    for (const [what, name] of [
      ["a name that is not there", "b.o"],
      ["a directory", "lib"],
      ["a path through a file", "a.o/b.o"],
      ["an empty name", ""],
    ] as const) {
      test(`${what} is missing`, () => {
        const path = name === "" ? "" : join(root, name);
        equal(files.read(path), undefined);
        equal(files.exists(path), false);
      });
    }
  });
}

test("a file in memory is found relative to the root", () => {
  const files = memoryFiles(new Map([["./sub/a.o", Uint8Array.of(9)]]));
  deepEqual(files.read("/sub/a.o"), Uint8Array.of(9));
  deepEqual(files.read("../sub//a.o"), Uint8Array.of(9));
});

test("symbolic links are followed, and a link to itself is missing", () => {
  symlinkSync("a.o", join(root, "link"));
  symlinkSync("loop", join(root, "loop"));
  equal(nodeFiles.read(join(root, "link"))?.length, 3);
  equal(nodeFiles.read(join(root, "loop")), undefined);
  equal(nodeFiles.exists(join(root, "loop")), false);
});

test("a pipe is read to its end", () => {
  const script = `import { nodeFiles } from ${JSON.stringify(import.meta.resolve("../../src/host/index.js"))};
    process.stdout.write(String(nodeFiles.read("/dev/stdin")?.length));`;
  const shell = `head -c 200000 /dev/zero | "${process.execPath}" --input-type=module -e '${script}'`;
  equal(execFileSync("/bin/sh", ["-c", shell], { encoding: "utf8" }), "200000");
});

test("a file under /proc, which has no size, is read", (t) => {
  if (!nodeFiles.exists("/proc/self/maps")) return t.skip("needs /proc");
  ok((nodeFiles.read("/proc/self/maps")?.length ?? 0) > 0);
});

test("more than 2 GiB is asked for in parts that the system gives", () => {
  const file = openSync("/dev/null", "r");
  equal(readRange(file, new Uint8Array(2 ** 31 + 1), 0, 2 ** 31 + 1), 0);
  closeSync(file);
});
