// IFUNCs' resolvers that end the process: nothing in the files' tables says so, ld.so says nothing either. `solder check` runs them in
// simulated memory; the real process is the judge.

import { deepEqual, equal, match } from "node:assert/strict";
import { before, describe, test } from "node:test";
import { compile, x86_64 } from "../../support/build.ts";
import { folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { codes, verdict } from "./checking.ts";

const FUNCTIONS = `
  char *getenv(const char *); extern int setting; int setting = 1;
  static int one(void) { return 1; } static int two(void) { return 2; } static int chance(void) { return setting; }
  static void *choose(void) { return CONDITION ? (void *)two : (void *)one; }
  int which(void) __attribute__((ifunc("choose"))); int (*pointer)(void) = which;
  int call(void) { return which(); }`;

interface Case {
  readonly says: string;
  readonly condition: string;
  readonly flags: readonly string[];
  /** Of the real process; 139 is SIGSEGV. */
  readonly status: number;
  readonly found: RegExp | undefined;
}

const CASES: readonly Case[] = [
  {
    says: "calls through a slot that has no load bias yet",
    condition: 'getenv("TWO")',
    flags: ["-Wl,-z,now"],
    status: 139,
    found: /the resolver of which at 0x[0-9a-f]+ in \S*libchooses\.so goes to 0x[0-9a-f]+, where nothing is/,
  },
  {
    says: "calls through a slot that is bound lazily",
    condition: 'getenv("TWO")',
    flags: ["-Wl,-z,lazy"],
    status: 139,
    found: /goes to 0x[0-9a-f]+, where nothing is/,
  },
  {
    says: "calls through a GOT entry that its library's own relocations fill first",
    condition: 'getenv("TWO")',
    flags: ["-fno-plt"],
    status: 1,
    found: undefined,
  },
  {
    says: "reads nothing's memory",
    condition: "*(volatile int *)8",
    flags: [],
    status: 139,
    found: /of which at 0x[0-9a-f]+ in \S*libchooses\.so reads 0x8, where nothing is/,
  },
  {
    says: "writes what nobody may write",
    condition: "(*(volatile int *)16 = 1)",
    flags: [],
    status: 139,
    found: /writes 0x10, where it may not/,
  },
  {
    says: "calls a function of its own file",
    condition: "chance() > 1",
    flags: ["-Wl,-Bsymbolic"],
    status: 1,
    found: undefined,
  },
];

describe("a resolver that", needs(...x86_64.tools, "gcc"), () => {
  const here = folder("resolvers");
  let main = "";
  before(() => {
    main = compile(x86_64, "main.c", "int call(void); int main(void) { return call(); }", ["-fpie"]);
  });

  for (const [n, { says, condition, flags, status, found }] of CASES.entries()) {
    test(`${says} ${found === undefined ? "is good" : "ends the process"}`, () => {
      const options = ["-fpic", `-DCONDITION=${condition}`, ...flags.filter((flag) => !flag.startsWith("-Wl"))];
      const library = here.at(`${n}/libchooses.so`);
      const program = here.at(`${n}/main`);
      tool("mkdir", ["-p", here.at(`${n}`)]);
      const object = compile(x86_64, "chooses.c", FUNCTIONS, options);
      tool("gcc", ["-shared", object, ...flags, "-o", library]);
      tool("gcc", [main, library, "-o", program]);
      equal(run(program).status, status);
      for (const path of [library, program]) {
        const answer = verdict([path]);
        deepEqual(codes(answer), found === undefined ? [] : ["resolver-fails"]);
        if (found !== undefined) match(answer.findings[0].message, found);
      }
    });
  }
});
