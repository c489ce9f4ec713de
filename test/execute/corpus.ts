// Runs command lines of Debian's programs by the machine and in simulated memory, and compares what they print and how they end:
//
//   node build/test/execute/corpus.js [WORD...]     lines that contain one of the words; all without

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { which } from "../support/tools.ts";
import { COMMAND_LINES } from "./command-lines.ts";
import { interpreted, native, type Outcome, words } from "./support.ts";

const WORDS = "apple\nbanana\ncherry\ndate\nelderberry\nfig\ngrape\nbanana\napple\n";

/** The files that the lines are about; each run of a line gets them anew. */
export function makeFiles(directory: string): void {
  const file = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  mkdirSync(join(directory, "sub/inner"), { recursive: true });
  file("words.txt", WORDS);
  file(
    "sorted.txt",
    `${WORDS.split("\n")
      .filter((it) => it !== "")
      .sort()
      .join("\n")}\n`,
  );
  file("numbers.txt", "3\n10\n2\n33\n1\n7 11\n");
  file("table.csv", "a,b,1\nc,d,2\ne,f,3.5\n");
  file(
    "text.txt",
    "The quick brown fox jumps over the lazy dog.\n\n\tTabs and\tspaces,  and a rather long line that has to be folded somewhere.\nhello\n",
  );
  file(
    "hello.c",
    '#define TWICE(x) ((x) * 2)\nint printf(const char *, ...);\nint main(void) { printf("hello %d\\n", TWICE(21)); return 0; }\n',
  );
  file("data.json", '{"a": {"x": [1, 2, {"y": "z"}]}, "b": [1, 2.5, 3]}\n');
  file(
    "script.sh",
    'echo "args: $# $*"\nfor f in *.txt; do wc -l < "$f"; done\ncase $1 in one) echo first;; *) echo other;; esac\n',
  );
  file("pairs.txt", "a b\nb c\na c\n");
  file("calc.bc", "scale=20\n4*a(1)\n2^64\nsqrt(2)\nquit\n");
  file("macros.m4", "define(`SQ', `eval($1*$1)')SQ(12) X\n");
  file("makefile", "all: one two\n\t@echo all\none:\n\t@echo $@\ntwo: one\n\t@echo $@ $(words a b c)\n");
  file("words.lst", "words.txt\nnumbers.txt\n");
  file("words.patch", "--- words.txt\n+++ words.txt\n@@ -1,3 +1,3 @@\n apple\n-banana\n+bananas\n cherry\n");
  file("sub/inner/file", "hello from inside\n");
  symlinkSync("inner/file", join(directory, "sub/link"));
  spawnSync("gcc", ["-c", "-O1", "-o", "hello.o", "hello.c"], { cwd: directory });
}

function differences(one: Outcome, other: Outcome): string[] {
  const keys = ["status", "out", "err"] as const;
  return keys
    .filter((key) => one[key] !== other[key])
    .map(
      (key) =>
        `    ${key}: ${JSON.stringify(one[key]).slice(0, 300)}\n    here: ${JSON.stringify(other[key]).slice(0, 300)}`,
    );
}

function main(wanted: readonly string[]): void {
  const lines = Object.values(COMMAND_LINES)
    .flat()
    .filter((line) => wanted.length === 0 || wanted.some((word) => line.includes(word)));
  let [equal, skipped] = [0, 0];
  for (const line of lines) {
    const argv = words(line);
    const [program] = argv[0] === "bash" ? line.split(/[ ;|]/) : argv;
    if (which(program) === undefined && which(argv[0]) === undefined) {
      skipped++;
      continue;
    }
    const place = mkdtempSync(join(tmpdir(), "solder-"));
    makeFiles(place);
    const begin = process.cpuUsage();
    const here = interpreted(argv, { directory: place });
    const { user } = process.cpuUsage(begin);
    const real = native(argv, { directory: place });
    rmSync(place, { recursive: true });
    const differing = differences(real, here);
    const count = here.execution?.system.executed ?? 0;
    if (differing.length === 0) equal++;
    else console.log(`DIFFERS ${line}\n${differing.join("\n")}`);
    if (process.env.VERBOSE !== undefined)
      console.log(`${line}: ${(count / 1e6).toFixed(2)} M instructions, ${(user / 1e6).toFixed(1)} s`);
  }
  console.log(`${equal} of ${lines.length - skipped} equal; ${skipped} skipped, whose program is not installed`);
}

if (process.argv[1]?.endsWith("corpus.js") === true) main(process.argv.slice(2));
