// `solder COMMAND`: picking the subcommand.
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { runSolder, type Subcommand } from "../../src/cli/solder.ts";

const subcommands: readonly Subcommand[] = [
  { name: "dump", summary: "Show.", examples: ["solder dump a.o"], run: (args, io) => io.out(`dump ${args}`) ?? 3 },
  { name: "check", summary: "Check.", examples: [], run: () => 0 },
];

function solder(...args: string[]): { status: number; stdout: string; stderr: string } {
  const texts = { stdout: "", stderr: "" };
  const io = {
    out: (text: string) => {
      texts.stdout += text;
    },
    err: (text: string) => {
      texts.stderr += text;
    },
    color: { out: false, err: false },
    env: {},
  };
  const status = runSolder(args, io, subcommands);
  return { status, ...texts };
}

test("a subcommand gets the arguments after it, and gives the exit status", () => {
  deepEqual(solder("dump", "a.o", "--json"), { status: 3, stdout: "dump a.o,--json", stderr: "" });
});

test("help and --help list the subcommands with examples; help COMMAND asks the command", () => {
  for (const word of ["help", "--help", "-h"]) {
    const { status, stdout } = solder(word);
    equal(status, 0);
    match(stdout, /solder dump {3}Show\.\n {2}solder check {2}Check\.[\s\S]*Examples:\n {2}solder dump a\.o/);
  }
  equal(solder("help", "dump").stdout, "dump --help");
});

test("no subcommand and an unknown one are mistakes: exit status 2", () => {
  deepEqual([solder().status, solder().stdout], [2, ""]);
  equal(solder("dmup").stderr, "solder: error: there is no command 'dmup'; did you mean solder dump?\n");
  equal(solder("frobnicate").status, 2);
  match(solder("help", "frobnicate").stderr, /see solder --help/);
});

test("--version", () => match(solder("--version").stdout, /^solder \d+\.\d+\.\d+\n$/));
