// What `solder run` says: of command lines that make no sense, of programs that cannot be started, and of those that a fault ends.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { runHost } from "../../src/cli/run/host.ts";
import { runRun } from "../../src/cli/run/run.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

/** Each: what stands at the label, and what is said of it. The program is given as many arguments as cases stand before. */
const FAULTS: readonly (readonly [what: string, code: string, said: RegExp])[] = [
  [
    "endless recursion",
    "1: push %rax; call 1b",
    / writes to 0x7fffff\w+, where nothing is mapped: the stack is used up, all 8 MB of it$/,
  ],
  [
    "data as code",
    "lea word(%rip), %rax; jmp *%rax",
    /: it went to 0x40\w+, in \S+, which is mapped, but not executable$/,
  ],
  [
    "AVX",
    "vaddps %ymm0, %ymm1, %ymm2",
    /, whose bytes are c5 f4 58 d0, is one of AVX, .* at most \(-march=x86-64-v2\)/,
  ],
  ["AVX with an immediate", "vpshufd $1, 16(%rip), %xmm0", /bytes are c5 f9 70 05 10 00 00 00 01, is one of AVX,/],
  ["AVX-512", "vpaddd 64(%rax,%rbx,4), %zmm1, %zmm2", /bytes are 62 f1 75 48 fe 54 98 01, is one of AVX-512,/],
  ["SSSE3", "pshufb %xmm0, %xmm1", /bytes are 66 0f 38 00 c8, is pshufb of SSSE3, .*: run it with --cpu x86-64-v2$/],
  ["BMI2", "mulx %rax, %rbx, %rcx", /bytes are c4 e2 e3 f6 c8, is mulx of BMI2, which this processor has not$/],
  ["lock", ".byte 0xf0; nop", /bytes are f0 90, has the prefix lock, which only /],
  ["no instruction", ".byte 0x06", /bytes are 06 .* is none that the processor has$/],
  ["a write to code", "movb %al, _start(%rip)", / writes to 0x40\w+, which is mapped, but not writable$/],
  ["int3", "int3", /^solder run: ended by SIGTRAP .* in case10 of \S+ is a breakpoint$/],
  ["int $4", "int $4", / stops on overflow \(into, int \$4\)$/],
  ["a division", "xor %ecx, %ecx; divl %ecx", /\+0x2 of \S+ divides by zero, /],
  [
    "a stop",
    "mov $39, %eax; syscall; mov %eax, %edi; mov $62, %eax; mov $19, %esi; syscall",
    /^solder run: error: SIGSTOP has stopped process 1000, .* \[run-stopped\]\n {2}fix: /,
  ],
];

const SOURCE = `
.globl _start
_start: mov (%rsp), %rbx
        lea table(%rip), %rdx
        movslq -4(%rdx,%rbx,4), %rax
        add %rdx, %rax
_Z1fi:  jmp *%rax
${FAULTS.map(([, code], index) => `case${index}: ${code}\n mov $60, %eax\n syscall`).join("\n")}
        .section .rodata
table:  ${FAULTS.map((_, index) => `.long case${index} - table`).join("\n")}
        .data
word:   .quad 0xc3
`;

const directory = scratch("run-words");
const path = (name: string): string => join(directory, name);

before(() => {
  mkdirSync(join(directory, "bin/sub"), { recursive: true });
  const file = (name: string, text: string | Uint8Array, mode = 0o755): void => {
    writeFileSync(path(name), text);
    chmodSync(path(name), mode);
  };
  file("empty", "");
  file("plain", "echo\n");
  file("data", Uint8Array.of(1, 2, 3));
  file("closed", "#!/bin/sh\n", 0o644);
  file("crlf", "#!/bin/sh\r\n");
  if (needs("gcc").skip !== undefined) return;
  const object = compile(x86_64, "words.s", SOURCE);
  tool("gcc", ["-nostdlib", "-static", "-no-pie", object, "-o", path("prog")]);
  for (const [name, loader] of [
    ["lost", "/nix/ld.so"],
    ["odd", "/plain"],
  ])
    tool("gcc", ["-nostdlib", "-pie", `-Wl,-dynamic-linker,${loader}`, object, "-o", path(name)]);
  file("object.o", readFileSync(object), 0o644);
  const other = readFileSync(path("prog"));
  other[18] = 183;
  file("arm", other);
  file("bin/tool", readFileSync(path("prog")));
  file("bin/shut", "", 0o644);
});

const asked = (...args: string[]): Printed => printed((io) => runRun(args, io, runHost));
const said = (...args: string[]): string => asked(...args).err.trimEnd();

for (const [index, [what, , words]] of FAULTS.entries()) {
  test(`${what}: what ended it is said`, needs("gcc"), () => {
    match(said(path("prog"), ...Array.from({ length: index }, String)), words);
  });
}

const REFUSED: readonly (readonly [args: readonly string[], status: number, said: RegExp])[] = [
  [["/nosuch"], 127, /there is no such program \[run-not-found\]\n {2}fix: give its path inside the root/],
  [["/bin"], 126, /is a directory, not a program \[run-directory\]/],
  [["/empty"], 126, /is no program: it is empty \[run-no-program\]/],
  [["/data"], 126, /neither an ELF file nor a script \[run-no-program\]/],
  [["/plain"], 126, /\[run-text\]\n {2}fix: begin it with a line such as #!\/bin\/sh/],
  [["/closed"], 126, /may not be executed by this user \[run-not-executable\]\n {2}fix: chmod \+x/],
  [
    ["/crlf"],
    127,
    /the interpreter \/bin\/sh\\u000d, .* is not there \[run-no-interpreter\]|interpreter \/bin\/sh\r, /,
  ],
  [["tools"], 127, /tools: there is no such program/],
  [["-e", "PATH=/nowhere:/bin", "shut"], 127, /shut: there is no such program/],
];

const COMPILED: typeof REFUSED = [
  [["/object.o"], 126, /relocatable object, .*\n {2}fix: .* solder run --call FUNCTION FILE$/],
  [["/arm"], 126, /is a program of AArch64, which is not executed \[run-other-machine\]/],
  [["/lost"], 127, /dynamic linker \/nix\/ld.so \(PT_INTERP\) is not there \[run-no-loader\]\n {2}fix: .*--root/],
  [["/odd"], 126, /dynamic linker \/plain \(PT_INTERP\) is no program of the same machine .*\[run-loader-refused\]/],
];

const refused = ([args, status, words]: (typeof REFUSED)[number]): void => {
  const { status: got, err } = asked("--root", directory, ...args);
  equal(got, status, args.join(" "));
  match(err.trimEnd(), words);
};

test("what cannot be started is named, with what to do", () => {
  for (const one of REFUSED) refused(one);
});

test("objects, other machines and missing dynamic linkers are named too", needs("gcc"), () => {
  for (const one of COMPILED) refused(one);
});

test("a name without a slash is what PATH says, in its order, within the root", needs("gcc"), () => {
  // bin/shut may not be executed and bin/sub is a directory: the next is looked at.
  equal(asked("--root", directory, "-e", "PATH=/nowhere::/bin", "tool", "1", "2").status, 132);
});

const MISUSED: readonly (readonly [args: readonly string[], said: string])[] = [
  [["--seed"], "--seed needs a value"],
  [["--seed", "1.5", "x"], "--seed takes a whole number between -2^53 and 2^53, not '1.5'"],
  [["--root", "--trace=plt", "x"], "--root needs a value; if that is '--trace=plt', write --root=--trace=plt"],
  [
    ["--limit-memory", "2G", "x"],
    "--limit-memory takes a whole number from 1 to 1G (K, M and G are units of 1024), not '2G'",
  ],
  [
    ["--limit-output", "0", "x"],
    "--limit-output takes a whole number from 1 to 8388607G (K, M and G are units of 1024), not '0'",
  ],
  [["--count", "3", "x"], "--count goes with --trace=instructions or --break"],
  [["--from", "3", "x"], "--from counts instructions: it goes with --trace=instructions"],
  [["--call", "f", "--count", "3", "a.o"], "--count counts instructions: it goes with --trace=instructions"],
  [["--break=", "x"], "--break needs a value"],
  [["--object", "a", "x"], "--object goes with --trace=calls, plt, got"],
  [
    ["--trace", "./st"],
    "--trace takes a list (calls, plt, got, relocations, syscalls, instructions), and './st' stands in its place; write --trace=syscalls ./st",
  ],
  [["--trace=foo", "x"], "--trace takes calls, plt, got, relocations, syscalls, instructions, not 'foo'"],
];

test("of options without sense the option and its range are said", () => {
  for (const [args, words] of MISUSED)
    deepEqual(asked(...args), { status: 2, out: "", err: `solder run: error: ${words}; see solder run --help\n` });
});

test("with --json errors and the end are documents too", needs("gcc"), () => {
  const kinds = (...args: string[]): unknown[] => {
    const lines = said("--json", ...args).split("\n");
    return lines.map((line) => {
      const { kind, code, how, status, signal } = JSON.parse(line) as Record<string, unknown>;
      return [kind, code ?? how, status ?? null, signal ?? null];
    });
  };
  deepEqual(kinds("--foo"), [["error", undefined, null, null]]);
  deepEqual(kinds(path("none")), [["error", "run-not-found", null, null]]);
  deepEqual(kinds(path("prog"), "1", "2"), [["end", "signaled", 132, "SIGILL"]]);
  const stop = Array.from({ length: FAULTS.length - 1 }, String);
  deepEqual(kinds(path("prog"), ...stop), [
    ["error", "run-stopped", null, null],
    ["end", "stopped", 125, null],
  ]);
  ok(said("--json", "--until", "case2", path("prog"), "1", "2").includes('"how":"observed"'));
});

test("a place is a symbol, what is added to one, or an address in either way of writing", needs("gcc"), () => {
  const first = (place: string): string => said("--break", place, path("prog"), "1", "2").split(",")[0];
  const start = first("_start");
  const at = Number(start.replace("break at ", ""));
  match(start, /^break at 0x40/);
  for (const place of [String(at), `0x${at.toString(16)}`, `*${at}`, "_start+0", "*_start+0x0"])
    equal(first(place), start);
  equal(first("f(int)"), first("_Z1fi"));
  match(first("f(int)"), /^break at 0x/);
  equal(first("_start+4"), `break at 0x${(at + 4).toString(16)}`);
  // The end's is told, and the break's counts as reached.
  match(
    said("--until", "case2", "--break", "case2", path("prog"), "1", "2"),
    /^reached 0x.*, in case2 of (?!.*not reached)/s,
  );
});
