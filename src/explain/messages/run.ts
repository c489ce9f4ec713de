// Words for what ends a program that Solder runs, beside what the program itself says.

import type { MessageTable } from "./table.ts";

export const runMessages: MessageTable = {
  "run-cannot-start": {
    message: "it cannot be started: {reason}",
    cure: "give a program of x86-64 or i386, or a script, that is in the root directory and may be executed",
  },
  "run-not-found": {
    message: "there is no such program",
    cure: "give its path inside the root directory (--root, else /); a name without a slash is looked for in the directories of PATH only, so a program here is ./NAME",
  },
  "run-directory": {
    message: "is a directory, not a program",
    cure: "give a program in it",
  },
  "run-not-executable": {
    message: "may not be executed by this user",
    cure: "chmod +x, if it is a program",
  },
  "run-no-program": {
    message: "is no program: it is {what}",
    cure: "give a program of x86-64 or i386, or a script that begins with #! and its interpreter",
  },
  "run-text": {
    message: "is text that does not say by what it is executed",
    cure: "begin it with a line such as #!/bin/sh, or run its interpreter with it: solder run sh FILE",
  },
  "run-object": {
    message: "is a relocatable object, not a program",
    cure: "link it (solder ld, or cc), or execute one of its functions: solder run --call FUNCTION FILE",
  },
  "run-other-machine": {
    message: "is a program of {machine}, which is not executed",
    cure: "build it for x86-64 or i386",
  },
  "run-no-loader": {
    message: "its dynamic linker {loader} (PT_INTERP) is not there",
    cure: "give a root directory that has it with its libraries (--root), or link the program statically",
  },
  "run-loader-refused": {
    message: "its dynamic linker {loader} (PT_INTERP) is no program of the same machine that may be executed",
    cure: "give a root directory with the program's own one (--root)",
  },
  "run-no-interpreter": {
    message: "the interpreter {interpreter}, which its first line asks for, is not there",
    cure: "give a root directory that has it (--root), or write its path as it is there; a line that ends in CR LF names another file",
  },
  "run-interpreter-refused": {
    message: "the interpreter {interpreter}, which its first line asks for, cannot be started",
    cure: "see what solder run says of the interpreter alone",
  },
  "run-too-long": {
    message: "it would execute more instructions than it may: {instructions}",
    cure: "let it do more with --limit-instructions",
  },
  "run-out-of-memory": {
    message: "it touches more bytes of memory than it may: {bytes}",
    cure: "let it have more with --limit-memory, up to 1G",
  },
  "run-too-much-output": {
    message: "it writes more bytes to standard output and error than it may: {bytes}",
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
    message: "it made system call {number}[[, {name}]], which is not simulated and fails with ENOSYS",
  },
  "call-not-through-plt": {
    message: "no object calls {symbol} through its PLT[[; did you mean {near}?]]",
    cure: "give a function of another object that is called; solder load --got lists the slots",
  },
  "call-not-made": {
    message: "the program has not called {symbol} through a slot until its end",
    cure: "give a function that it calls when it is run without arguments; solder run --trace=plt lists them",
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
