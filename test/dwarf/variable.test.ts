// Where variables are declared: whatever compiler, language and DWARF version.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { variableLine } from "../../src/dwarf/index.ts";
import { parseElf } from "../../src/elf/file.ts";
import { nodeAccelerators } from "../../src/host/accelerators.ts";
import { compile, i386, type Target, x86_64 } from "../support/build.ts";
import { needs, needsToRun } from "../support/tools.ts";

const C = `extern int first;
int first = 1;
static int hidden = 2;
int use(void)
{
  static int first = 3;
  extern int elsewhere;
  return first + hidden + elsewhere;
}
#line 40 "generated.h"
char last[8];
`;

const CXX = `namespace space {
int inside = 1;
}
struct Class {
  static int member;
};
int Class::member = 2;
int plain;
`;

function lineOf(bytes: Uint8Array, name: string): string | undefined {
  const file = parseElf(bytes, "x.o", () => {});
  const found = file === undefined ? undefined : variableLine(file, name, nodeAccelerators);
  return found === undefined ? undefined : `${found.file.replace(/.*\//, "")}:${found.line}`;
}

/** Of a static member clang tells where it is declared, and not where it is defined. */
const CASES: readonly (readonly [title: string, target: Target, c: string[], cxx: string[], member: number])[] = [
  ["gcc", x86_64, [], [], 7],
  ["gcc for i386", i386, [], [], 7],
  ["clang", x86_64, ["clang"], ["clang++"], 5],
];

for (const [title, target, c, cxx, member] of CASES) {
  for (const flag of ["-gdwarf-2", "-gdwarf-3", "-gdwarf-4", "-gdwarf-5", "-gz"]) {
    test(`${title} ${flag}`, needsToRun("gcc", "clang", ...target.tools), () => {
      const flags = flag === "-gz" ? ["-g", "-gz"] : [flag];
      const plain = new Uint8Array(readFileSync(compile(target, "plain.c", C, [...c, ...flags])));
      deepEqual(
        ["first", "last", "hidden", "elsewhere", "use", "nobody"].map((name) => lineOf(plain, name)),
        ["plain.c:2", "generated.h:40", undefined, undefined, undefined, undefined],
      );
      const classes = new Uint8Array(readFileSync(compile(target, "classes.cc", CXX, [...cxx, ...flags])));
      deepEqual(
        ["_ZN5space6insideE", "_ZN5Class6memberE", "plain"].map((name) => lineOf(classes, name)),
        ["classes.cc:2", `classes.cc:${member}`, "classes.cc:8"],
      );
    });
  }
}

test("without debug information there is no answer", needs("gcc"), () => {
  equal(lineOf(new Uint8Array(readFileSync(compile(x86_64, "plain.c", C))), "first"), undefined);
});

test("damaged debug information gives no answer or a wrong one, but an end", needs("gcc", "clang"), () => {
  const sound = new Uint8Array(readFileSync(compile(x86_64, "plain.c", C, ["clang", "-gdwarf-5"])));
  const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
      const damaged = sound.slice();
      for (const [at, byte] of changes) damaged[at] = byte;
      const line = lineOf(damaged, "first");
      ok(line === undefined || typeof line === "string");
    }),
    { numRuns: 2000 },
  );
});
