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
    cure: "let it have more with --limit-memory, up to 1G",
  },
  "run-too-much-output": {
    message: "it has written {bytes} bytes to standard output and error and would go on",
    cure: "let it write more with --limit-output",
  },
  "run-deadlock": {
    message: "all threads wait ({threads}), and nothing is left that could wake one of them",
    cure: "look with --trace=syscalls what they wait for: the last call of each thread is the one that never returned",
  },
  "run-stopped": {
    message: "{signal} has stopped process {process}, and nobody is left who could send it SIGCONT",
    cure: "run it by the machine, in a shell whose fg lets it go on; here only another process of the run can",
  },
  "run-call-missing": {
    message: "it made system call {number}, which is not simulated and fails with ENOSYS",
  },
  "call-no-function": {
    message: "no object defines a function {symbol}",
    cure: "give the object that defines it; static functions are found too",
  },
  "call-of-data": {
    message: "{symbol} is a variable, not a function",
    cure: "call a function; a pointer to one is called by a function of an object",
  },
  "call-several-functions": {
    message: "{count} objects have a static function {symbol}",
    cure: "call a function that is global, or give one of these objects only",
  },
  "call-other-machine": {
    message: "functions of {machine} are not executed",
    cure: "give objects of x86-64 or i386",
  },
  "call-no-room": {
    message: "the objects leave no room in memory for {what}",
    cure: "give other --base addresses",
  },
  "call-tls-descriptor": {
    message: "{symbol} is reached through a TLS descriptor, whose resolver the C library has",
    cure: "compile without -mtls-dialect=gnu2",
  },
  "call-resolver-failed": {
    message: "the resolver of the IFUNC {symbol} did not return",
  },
  "call-argument": {
    message: "{text} does not fit into an argument of {bits} bits",
    cure: "give a number that fits; on i386 a long long is two arguments, the low word first",
  },
  "call-system-call": {
    message:
      "the instruction before {where:hex}, {place}, makes system call {number}, and a function alone has no system to ask",
    cure: "link a program, and run that with solder run",
  },
};
