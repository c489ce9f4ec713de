// `solder COMMAND`: picking the subcommand.
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { runSolder, type Subcommand } from "../../src/cli/solder.ts";
import { type Printed, printed } from "../support/io.ts";

const subcommands: readonly Subcommand[] = [
  { name: "dump", summary: "Show.", examples: ["solder dump a.o"], run: (args, io) => io.out(`dump ${args}`) ?? 3 },
  { name: "check", summary: "Check.", examples: [], run: () => 0 },
];

function solder(...args: string[]): Printed {
  return printed((io) => runSolder(args, io, subcommands));
}

test("a subcommand gets the arguments after it, and gives the exit status", () => {
  deepEqual(solder("dump", "a.o", "--json"), { status: 3, out: "dump a.o,--json", err: "" });
});

test("help and --help list the subcommands with examples; help COMMAND asks the command", () => {
  for (const word of ["help", "--help", "-h"]) {
    const { status, out } = solder(word);
    equal(status, 0);
    match(out, /solder dump {3}Show\.\n {2}solder check {2}Check\.[\s\S]*Examples:\n {2}solder dump a\.o/);
  }
  equal(solder("help", "dump").out, "dump --help");
});

test("no subcommand and an unknown one are mistakes: exit status 2", () => {
  deepEqual([solder().status, solder().out], [2, ""]);
  equal(solder("dmup").err, "solder: error: there is no command 'dmup'; did you mean solder dump?\n");
  equal(solder("frobnicate").status, 2);
  match(solder("help", "frobnicate").err, /see solder --help/);
});

test("--version", () => match(solder("--version").out, /^solder \d+\.\d+\.\d+\n$/));
