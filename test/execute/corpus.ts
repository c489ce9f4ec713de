// Runs command lines of Debian's programs by the machine and in simulated memory, and compares what they print and how they end:
//
//   node build/test/execute/corpus.js [WORD...]              lines that contain one of the words; all without
//   node build/test/execute/corpus.js --root DIR [WORD...]   with the i386 programs of a root directory, judged under qemu-i386

import { spawnSync } from "node:child_process";
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { which } from "../support/tools.ts";
import { COMMAND_LINES } from "./command-lines.ts";
import { interpreted, native, type Outcome, words } from "./support.ts";

const WORDS = "apple\nbanana\ncherry\ndate\nelderberry\nfig\ngrape\nbanana\napple\n";

/** C++ with streams, strings, exceptions, containers and a locale's numbers. */
const CXX = `#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
struct Noisy { std::string name; ~Noisy() { std::cout << "bye " << name << "\\n"; } };
int main(int count, char **words) {
  std::map<std::string, std::size_t> sizes;
  for (int i = 1; i < count; i++) sizes[words[i]] = std::string(words[i]).size();
  for (const auto &[word, size] : sizes) std::cout << std::setw(8) << word << " " << size << "\\n";
  std::vector<double> values{3.5, 1.25, 1e-9, 123456789.125};
  std::sort(values.begin(), values.end());
  std::ostringstream out;
  for (double value : values) out << std::fixed << std::setprecision(3) << value << " " << std::scientific << value << " " << std::hexfloat << value << ";";
  std::cout << out.str() << std::endl;
  try {
    auto held = std::make_unique<Noisy>(Noisy{"held"});
    if (sizes.count("throw")) throw std::runtime_error("thrown");
    std::cout << std::stoi("42") + std::stol("-7") << " " << std::stod("2.5e3") << std::endl;
    std::stoi("x");
  } catch (const std::exception &caught) { std::cerr << "caught " << caught.what() << std::endl; return 3; }
}
`;

/** Floating point of all widths, integers of 64 bits and more, printed by printf. */
const NUMBERS = `#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static int order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void) {
  volatile long double l = 1.0L / 3; volatile double d = 2.0 / 3; volatile float f = 0.1f; volatile uint64_t u = 12345678901234567ull;
  printf("%.20Lg %.17g %.9g %La\\n", l, d, f, l * l);
  printf("%.15g %.15g %.15g %.15g %.15g\\n", sin(d), exp(d), log(d), pow(d, 3.7), fmod(1e10, d));
  printf("%llu %lld %llx %d\\n", (unsigned long long)(u / 12347), (long long)u % -977, (unsigned long long)(u << 13 ^ u >> 7), (int)(d * 1e6));
  printf("%ld %ld %g %g\\n", lrint(2.5), lround(2.5), nearbyint(-3.5), (double)(float)u);
  int values[50]; unsigned x = 1;
  for (int i = 0; i < 50; i++) values[i] = (x = x * 1103515245 + 12345) >> 16 & 1023;
  qsort(values, 50, sizeof *values, order);
  for (int i = 0; i < 50; i += 7) printf("%d ", values[i]);
  printf("%g %g\\n", strtod("0x1.8p3", 0), strtod("1e308", 0) * 10);
}
`;

/** Name, source, and the compilers of both machines. */
const PROGRAMS: readonly (readonly [name: string, source: string, file: string, compilers: readonly string[]])[] = [
  ["cxx", CXX, "cxx.cc", ["g++", "i686-linux-gnu-g++"]],
  ["numbers", NUMBERS, "numbers.c", ["gcc", "i686-linux-gnu-gcc"]],
];

/** Compiles what the group "compiled" runs; what has no compiler is left out. */
export function makePrograms(directory: string): void {
  for (const [name, source, file, compilers] of PROGRAMS) {
    writeFileSync(join(directory, file), source);
    for (const [n, compiler] of compilers.entries())
      spawnSync(compiler, ["-O1", "-w", "-o", n === 0 ? name : `${name}32`, file, "-lm"], { cwd: directory });
  }
}

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
  file(
    "stdio.c",
    '#include <stdio.h>\n#include <stdlib.h>\nint main(int c, char **v) { for (int i = 0; i < c + 2; i++) printf("%d %s\\n", i, "x"); return atoi("5"); }\n',
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
  // All of the same age, wherever and whenever they are made.
  for (const entry of readdirSync(directory, { recursive: true, encoding: "utf8" }))
    lutimesSync(join(directory, entry), AGE, AGE);
}

/** 2020-09-13, in seconds. */
const AGE = 1_600_000_000;

function differences(one: Outcome, other: Outcome): string[] {
  const keys = ["status", "out", "err"] as const;
  return keys
    .filter((key) => one[key] !== other[key])
    .map(
      (key) =>
        `    ${key}: ${JSON.stringify(one[key]).slice(0, 300)}\n    here: ${JSON.stringify(other[key]).slice(0, 300)}`,
    );
}

/** What stands for a line's program: its own path, or the i386 one of a root directory; undefined if it is not there. */
function programOf(argv: readonly string[], line: string, root: string | undefined): string | undefined {
  if (root === undefined) {
    const [named] = argv[0] === "bash" ? line.split(/[ ;|]/) : argv;
    return which(named) === undefined ? undefined : which(argv[0]);
  }
  // qemu turns the environment round, and takes this machine's files where the root has none: magic numbers.
  if (argv[0] === "env" || argv[0] === "file") return undefined;
  // Other programs would be found by what a shell starts.
  const path = ["/usr/bin", "/usr/sbin"].map((it) => `${it}/${argv[0]}`).find((it) => existsSync(root + it));
  return argv[0] === "bash" || argv[0] === "sh" ? undefined : path;
}

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { root: { type: "string" } },
    allowPositionals: true,
  });
  const { root } = values;
  const lines = Object.values(COMMAND_LINES)
    .flat()
    .filter((line) => positionals.length === 0 || positionals.some((word) => line.includes(word)));
  const made = mkdtempSync(join(tmpdir(), "solder-"));
  makePrograms(made);
  let [equal, skipped] = [0, 0];
  for (const line of lines) {
    const argv = words(line);
    const isMade = line.startsWith("./");
    const program = isMade ? join(made, argv[0]) : programOf(argv, line, root);
    if (program === undefined || (isMade && (root !== undefined || !existsSync(program)))) {
      skipped++;
      continue;
    }
    const place = mkdtempSync(join(tmpdir(), "solder-"));
    makeFiles(place);
    // In the root directory there is the same under the same name.
    if (root !== undefined) {
      mkdirSync(root + place, { mode: 0o700, recursive: true });
      makeFiles(root + place);
    }
    const surroundings = { directory: place, name: argv[0], ...(root === undefined ? {} : { root }) };
    const begin = process.cpuUsage();
    const here = interpreted([program, ...argv.slice(1)], surroundings);
    const { user } = process.cpuUsage(begin);
    const real = native([program, ...argv.slice(1)], surroundings);
    rmSync(place, { recursive: true });
    if (root !== undefined) rmSync(root + place, { recursive: true });
    const differing = differences(real, here);
    const count = here.execution?.system.executed ?? 0;
    if (differing.length === 0) equal++;
    else console.log(`DIFFERS ${line}\n${differing.join("\n")}`);
    if (process.env.VERBOSE !== undefined)
      console.log(`${line}: ${(count / 1e6).toFixed(2)} M instructions, ${(user / 1e6).toFixed(1)} s`);
  }
  rmSync(made, { recursive: true });
  console.log(`${equal} of ${lines.length - skipped} equal; ${skipped} skipped, whose program is not there`);
}

if (process.argv[1]?.endsWith("corpus.js") === true) main(process.argv.slice(2));
