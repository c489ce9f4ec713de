// Words for what ends a program that Solder runs, beside what the program itself says.

import type { MessageTable } from "./table.ts";

export const runMessages: MessageTable = {
  "run-cannot-start": {
    message: "it cannot be started: {reason}",
    cure: "give a program of x86-64 or i386, or a script, that is in the root directory and may be executed",
  },
  "run-too-long": {
    message: "it has executed {instructions} instructions and would go on",
    cure: "let it do more with --limit-instructions",
  },
  "run-out-of-memory": {
    message: "it touches more than {bytes} bytes of memory",
    cure: "let it have more with --limit-memory",
  },
  "run-deadlock": {
    message: "all threads wait ({threads}), and nothing is left that could wake one of them",
  },
  "run-call-missing": {
    message: "it made system call {number}, which is not simulated and fails with ENOSYS",
  },
};
