// --gdb-index: the table says what gold's says of the same program, and gdb finds functions, variables and types by it.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, type Target, targets, x86_64 } from "../../support/build.ts";
import { type Linker, underTest, workshop } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { needs, needsToRun, which } from "../../support/tools.ts";

const gold: Linker = { name: "gold", path: which("ld.gold") ?? "ld.gold" };

const FIRST = `
struct Shape { int side; } shape = { 1 };
enum Colour { RED, GREEN };
static int helper(int x) { return x + 1; }
int area(int n) { enum Colour c = GREEN; return helper(n) + shape.side + c; }
__attribute__((section(".text.dead"))) int dead(void) { return 7; }`;

const SECOND = `
namespace space { struct Point { int x; int get() const { return x; } }; int f(int n) { Point p{n}; return p.get(); } int data = 3; }
extern "C" int area(int);
static int helper(int x) { return x + 2; }
extern "C" int start() { return space::f(1) + area(2) + helper(1) + space::data; }`;

function objects(target: Target, flags: readonly string[]): readonly string[] {
  const all = ["-g", "-ggnu-pubnames", "-fno-pie", ...flags];
  return [compile(target, "first.c", FIRST, all), compile(target, "second.cc", SECOND, all)];
}

/** Names with the units and kinds that the index has for them. */
function namesOf(path: string): readonly string[] {
  const [, table = ""] = tool("readelf", ["--debug-dump=gdb_index", path]).split("Symbol table:\n");
  const entries = table.replace(/\n\t/g, " ").trim().split("\n");
  return entries.map((line) => line.replace(/^\[ *\d+\] /, "")).sort();
}

/** Units, and the sizes of the ranges with their units: linkers place code differently. */
function unitsAndRanges(path: string): readonly string[] {
  const text = tool("readelf", ["--debug-dump=gdb_index", path]);
  const units = text.match(/^\[ *\d+\] 0x[0-9a-f]+ - .*|^\[ *\d+\] [0-9a-f]+ - .*/gm) ?? [];
  const ranges = [...text.matchAll(/^([0-9a-f]{8,16}) ([0-9a-f]{8,16}) (\d+)$/gm)];
  return [...units, ...ranges.map(([, low, high, unit]) => `${Number(`0x${high}`) - Number(`0x${low}`)} in ${unit}`)];
}

for (const target of targets) {
  for (const version of ["-gdwarf-4", "-gdwarf-5"]) {
    test(
      `--gdb-index with ${version} says what gold's says (${target.name})`,
      needsToRun("ld.gold", "readelf", ...target.tools),
      () => {
        const files = objects(target, [version, "-ffunction-sections"]);
        const [expected, actual] = [gold, underTest].map((linker) =>
          workshop(linker, target).ld("main", ["-e", "start", "--gdb-index", ...files]),
        ) as [string, string];
        deepEqual(namesOf(actual), namesOf(expected));
        deepEqual(unitsAndRanges(actual).toSorted(), unitsAndRanges(expected).toSorted());
        equal(
          namesOf(actual).some((it) => it.startsWith("helper: 0 [static, function]") || it.startsWith("helper: ")),
          true,
        );
      },
    );
  }
}

test(
  "--gdb-index leaves out code that --gc-sections removed, and is there with compressed debug sections",
  needs("readelf", ...x86_64.tools),
  () => {
    const shop = workshop(underTest, x86_64);
    const files = objects(x86_64, ["-ffunction-sections"]);
    const all = unitsAndRanges(shop.ld("all", ["-e", "start", "--gdb-index", ...files]));
    const live = shop.ld("live", ["-e", "start", "--gdb-index", "--gc-sections", ...files]);
    equal(unitsAndRanges(live).length, all.length - 1);
    const packed = shop.ld("packed", ["-e", "start", "--gdb-index", "--compress-debug-sections=zlib", ...files]);
    deepEqual(unitsAndRanges(packed), all);
  },
);

for (const target of targets) {
  for (const flags of [[], ["-gdwarf-4"], ["-gsplit-dwarf"]]) {
    test(
      `gdb finds its way by the index ${flags.join(" ")} (${target.name})`,
      needsToRun("gdb", ...target.tools),
      () => {
        const shop = workshop(underTest, target);
        const path = shop.ld("main", ["-e", "start", "--gdb-index", ...objects(target, flags)]);
        const questions = [
          "info line area",
          "info line space::f",
          "print space::data",
          "ptype struct Shape",
          "whatis space::Point",
          "maint print objfiles",
        ];
        const { stdout } = run("gdb", ["-batch", "-nx", ...questions.flatMap((it) => ["-ex", it]), path]);
        match(stdout, /Line 5 of "first\.c"/);
        match(stdout, /Line 2 of "second\.cc"/);
        match(stdout, /\$1 = 3/);
        match(stdout, /struct Shape \{\s+int side;/);
        match(stdout, /type = (struct )?space::Point/);
        match(stdout, /\.gdb_index: version 7/);
      },
    );
  }
}

test(
  "--gdb-index tells of objects without names, has nothing to say without debug information, and is not for -r",
  needs(...x86_64.tools),
  () => {
    const shop = workshop(underTest, x86_64);
    const nameless = compile(x86_64, "nameless.c", "int start(void) { return 1; }", ["-g"]);
    shop.ld("main", ["-e", "start", "--gdb-index", nameless]);
    match(shop.messages(), /nameless\.o.*no table of names/);
    const plain = compile(x86_64, "plain.c", "int start(void) { return 1; }");
    for (const args of [[plain], ["-S", nameless]]) {
      const path = shop.ld("plain", ["-e", "start", "--gdb-index", ...args]);
      equal(tool("readelf", ["-SW", path]).includes(".gdb_index"), false);
    }
    match(shop.refuses("out.o", ["-r", "--gdb-index", nameless], "ld"), /-r/);
  },
);
