// Where the output goes, what it replaces and which permissions it gets: in every situation the same as GNU ld, which
// links into the same situation beside it. What differs on purpose is said: a link that fails leaves the old file.
import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeOutput } from "../../src/cli/ld/write-output.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const root = mkdtempSync(join(tmpdir(), "solder-write-"));
after(() => rmSync(root, { recursive: true }));
const object = join(root, "a.o");
before(() => {
  if (needs("as").skip === undefined) run("as", ["-o", object, "-"], { input: ".globl _start\n_start: nop\n" });
});

const IMAGE = Uint8Array.of(1, 2, 3, 4);
let directories = 0;

function freshDirectory(): string {
  const directory = join(root, String(++directories));
  mkdirSync(directory);
  return directory;
}

/** Everything that can be seen of a directory: kinds, permissions, numbers of links, which names are one file, and whether
 * a file has been written to. */
function observe(directory: string): Record<string, unknown> {
  const inodes: number[] = [];
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => {
        const path = join(directory, name);
        const stat = lstatSync(path);
        if (stat.isSymbolicLink()) return [name, `-> ${readlinkSync(path)}`];
        if (!stat.isFile()) return [name, "special"];
        if (!inodes.includes(stat.ino)) inodes.push(stat.ino);
        const isOld = stat.size === 0 || readFileSync(path, "latin1") === "old";
        return [name, [(stat.mode & 0o777).toString(8), stat.nlink, inodes.indexOf(stat.ino), isOld ? "old" : "new"]];
      }),
  );
}

interface Situation {
  readonly name: string;
  /** Makes what is there before; the output is `out`. */
  readonly prepare: (path: (name: string) => string) => void;
}

const SITUATIONS: readonly Situation[] = [
  { name: "nothing is there", prepare: () => {} },
  { name: "a file is there", prepare: (path) => writeFileSync(path("out"), "old", { mode: 0o640 }) },
  {
    name: "a file that nobody may write is there",
    prepare: (path) => writeFileSync(path("out"), "old", { mode: 0o444 }),
  },
  {
    name: "an empty file is there, as mkstemp makes it",
    prepare: (path) => writeFileSync(path("out"), "", { mode: 0o600 }),
  },
  {
    name: "the file has another name",
    prepare: (path) => {
      writeFileSync(path("out"), "old", { mode: 0o644 });
      linkSync(path("out"), path("other"));
    },
  },
  {
    name: "the file is empty and has another name",
    prepare: (path) => {
      writeFileSync(path("out"), "");
      linkSync(path("out"), path("other"));
    },
  },
  {
    name: "a symbolic link to a file is there",
    prepare: (path) => {
      writeFileSync(path("target"), "old", { mode: 0o644 });
      symlinkSync("target", path("out"));
    },
  },
  {
    name: "a symbolic link to an empty file is there",
    prepare: (path) => {
      writeFileSync(path("target"), "");
      symlinkSync("target", path("out"));
    },
  },
  { name: "a symbolic link to nothing is there", prepare: (path) => symlinkSync("target", path("out")) },
  { name: "a symbolic link to /dev/null is there", prepare: (path) => symlinkSync("/dev/null", path("out")) },
  { name: "a directory is there", prepare: (path) => mkdirSync(path("out")) },
];

for (const { name, prepare } of SITUATIONS) {
  for (const executable of [true, false]) {
    for (const umask of [0o022, 0o077]) {
      const kind = executable ? "executable" : "object";
      test(`${kind}, umask ${umask.toString(8)}, ${name}`, needs("ld.bfd", "as"), () => {
        const [ours, theirs] = [freshDirectory(), freshDirectory()];
        const previous = process.umask(umask);
        let failure: unknown;
        try {
          for (const directory of [ours, theirs]) prepare((file) => join(directory, file));
          failure = writeOutput(join(ours, "out"), IMAGE, executable);
          const { status } = run("ld.bfd", [...(executable ? [] : ["-r"]), "-o", join(theirs, "out"), object]);
          equal(failure === undefined, status === 0);
        } finally {
          process.umask(previous);
        }
        deepEqual(observe(ours), observe(theirs));
      });
    }
  }
}

test("an output in a directory that does not exist", () => {
  deepEqual(writeOutput(join(root, "no/such/out"), IMAGE, true)?.details, { reason: "no such file or directory" });
});

test("an output whose name is as long as names can be, twice", () => {
  const path = join(freshDirectory(), "x".repeat(255));
  equal(writeOutput(path, IMAGE, true), undefined);
  equal(writeOutput(path, IMAGE, true), undefined);
});

test("/dev/null stays what it is", () => {
  equal(writeOutput("/dev/null", IMAGE, true), undefined);
  ok(statSync("/dev/null").isCharacterDevice());
});

test("an image of more than 2 GiB is written, of which one write takes less", () => {
  equal(writeOutput("/dev/null", new Uint8Array(2 ** 31 + 1), true), undefined);
});

test("a pipe is written into", needs("/bin/sh"), () => {
  const script = `import { writeOutput } from ${JSON.stringify(import.meta.resolve("../../src/cli/ld/write-output.js"))};
    writeOutput("/dev/stdout", new Uint8Array(200000), true);`;
  const shell = `"${process.execPath}" --input-type=module -e '${script}' | wc -c`;
  equal(run("/bin/sh", ["-c", shell]).stdout.trim(), "200000");
});

/** Writes as an ordinary user, which root is not: to root, permissions mean nothing. */
function writeAsNobody(path: string): string {
  const script = `import { writeOutput } from ${JSON.stringify(import.meta.resolve("../../src/cli/ld/write-output.js"))};
    process.stdout.write(writeOutput(${JSON.stringify(path)}, Uint8Array.of(1, 2, 3, 4), true)?.details.reason ?? "written");`;
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    ...nobody,
  });
  return stdout + stderr;
}

test("in a directory that takes no new files, a file that may be written is written, as GNU ld does", () => {
  const directory = freshDirectory();
  const path = join(directory, "out");
  writeFileSync(path, "old");
  chmodSync(path, 0o666);
  for (const parent of [root, directory]) chmodSync(parent, 0o555);
  try {
    equal(writeAsNobody(path), "written");
    deepEqual(new Uint8Array(readFileSync(path)), IMAGE);
    equal(writeAsNobody(join(directory, "new")), "permission denied");
  } finally {
    for (const parent of [root, directory]) chmodSync(parent, 0o755);
  }
});

test("a file that may not be written, in such a directory, stays as it is", () => {
  const directory = freshDirectory();
  const path = join(directory, "out");
  writeFileSync(path, "old", { mode: 0o444 });
  for (const parent of [root, directory]) chmodSync(parent, 0o555);
  try {
    equal(writeAsNobody(path), "permission denied");
    equal(readFileSync(path, "utf8"), "old");
  } finally {
    for (const parent of [root, directory]) chmodSync(parent, 0o755);
  }
});

test("when the disk is full it says so", needs("/dev/full"), () => {
  deepEqual(writeOutput("/dev/full", IMAGE, true)?.details, { reason: "no space left on device" });
});
