// Programs in simulated memory: they print what they print when the machine runs them, and end as they end then.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { execute, runFor, runToEnd } from "../../src/execute/execute.ts";
import { watchCalls } from "../../src/execute/observe/calls.ts";
import { endLine } from "../../src/explain/execute/end.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import { load } from "../../src/load/index.ts";
import { realCache, realOptions } from "../load/judges/reality.ts";
import { repository, scratch } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { makeFiles } from "./corpus.ts";
import { compareMemory } from "./memory.ts";
import { interpreted, native, words } from "./support.ts";

const directory = scratch("execute");
const program = (name: string): string => join(directory, name);

before(() => {
  mkdirSync(directory, { recursive: true });
});

/** Compiles a file of this folder, or a text. */
function build(name: string, source: string, compiler = "gcc", flags: readonly string[] = []): string {
  let file = join(repository, "test/execute", source);
  if (source.includes("\n")) {
    file = program(`${name}.c`);
    writeFileSync(file, source);
  }
  tool(compiler, ["-O1", "-w", "-pthread", ...flags, file, "-o", program(name)]);
  return program(name);
}

const TRAPS_FLAGS = ["-no-pie", "-fno-pie", "-static"];

test("what fails tells a handler what it tells natively", needs("gcc"), () => {
  alike([build("traps", "traps.c", "gcc", TRAPS_FLAGS)]);
});

// Not held to this machine: KVM on AMD processors gives ip before int1, and a handler that returns meets it again.
test("int1 is a trap: ip is behind it, and the program goes on", needs("gcc"), () => {
  const { out } = interpreted([build("traps", "traps.c", "gcc", TRAPS_FLAGS), "int1"]);
  deepEqual(out.split("\n"), ["int1", "  5 code 1 addr ip trap 1 error 0 tf 0 at +9", "  went on after 1", ""]);
});

test("on i386 it tells the same, but of addresses that only x86-64 has", needs("gcc", "i686-linux-gnu-gcc"), () => {
  const narrow = interpreted([build("traps32", "traps.c", "i686-linux-gnu-gcc", TRAPS_FLAGS)]).out;
  const wide = native([build("traps", "traps.c", "gcc", TRAPS_FLAGS)]).out;
  const plain = (text: string): string => text.replace(/ at \+\d+$/gm, "").replace(/^no address of memory$.*/ms, "");
  equal(plain(narrow), plain(wide));
});

/** What both print and how they end. */
function alike(argv: readonly string[], other: readonly string[] = argv): void {
  const place = scratch("execute-place");
  makeFiles(place);
  const { status, out, err } = interpreted(argv, { directory: place });
  const again = scratch("execute-place");
  makeFiles(again);
  deepEqual({ status, out, err }, native(other, { directory: again }));
}

const LINES: readonly (readonly [tool: string, line: string])[] = [
  ["sort", "sort -n -r numbers.txt"],
  ["ls", "ls -R"],
  ["cat", "cat missing.txt"],
  ["sha256sum", "sha256sum text.txt"],
  ["grep", "grep -n -i AN words.txt"],
  ["sed", "sed -i s/apple/pear/ words.txt; cat words.txt"],
  ["bash", "bash -c 'ls | sort | head -2; (exit 3); echo $?'"],
  ["bash", "bash -c 'kill -TERM $$'"],
  ["bash", "bash -c 'trap \"echo trapped\" USR1; kill -USR1 $$; echo after'"],
  ["bash", "bash -c 'diff <(echo a) <(echo b)'"],
  ["timeout", "timeout 1 sleep 5"],
  ["readelf", "readelf -h hello.o"],
  ["sh", "sh ./script.sh one two"],
];

for (const [name, line] of LINES)
  test(`\`${line}\` does what it does natively`, needs(name, "gcc"), () => alike(words(line)));

const SOURCES: readonly (readonly [name: string, source: string])[] = [
  ["threads, mutexes, conditions, barriers", "threads.c"],
  ["files, shared memory, pipes, children", "files.c"],
  ["signals, their frames and alternate stacks", "signals.c"],
  ["processes that are stopped and go on", "stops.c"],
  ["pairs of sockets, as streams and in messages", "sockets.c"],
  ["sockets with names, and descriptors that are passed on", "named-sockets.c"],
  ["timers that send signals", "timers.c"],
  ["sets of descriptors, locks, signals that are read, named pipes", "waits.c"],
  ["sizes, seals, copies, and what calls refuse", "copies.c"],
  ["users and groups", "users.c"],
  ["timers that are read, corners of mmap, limits", "limits.c"],
  ["robust mutexes, cancellation, contexts, faults of memory", "contexts.c"],
];

for (const [what, source] of SOURCES) {
  test(`${what}: as the kernel has them`, needs("gcc"), () => alike([build(source.slice(0, -2), source)]));
  test(`${what}: on i386 too`, needs("gcc", "i686-linux-gnu-gcc", "/lib/ld-linux.so.2"), () => {
    alike([build(`${source.slice(0, -2)}32`, source, "i686-linux-gnu-gcc")], [build(source.slice(0, -2), source)]);
  });
}

test("a program that jumps into nothing is ended by SIGSEGV, and it is said where and why", needs("gcc"), () => {
  const path = build("nowhere", "int main(void) { ((void (*)(void))0x1234)(); }\n");
  const { status, execution } = interpreted([path]);
  equal(status, 139);
  const end = execution?.system.end;
  ok(end?.kind === "signaled");
  match(endLine(end), /^ended by SIGSEGV \(Segmentation fault\): it went to 0x1234, where nothing is mapped$/);
});

test("a static PIE lies where dynamic linkers lie, below the top, and its heap where programs do", needs("gcc"), () => {
  // Linux 6.18 without ASLR: for the kernel a file without an interpreter may be one (fs/binfmt_elf.c).
  const source = `
    #include <stdio.h>
    #include <unistd.h>
    extern char __ehdr_start;
    int main(void) { void *heap = sbrk(0); return printf("%p %p\\n", &__ehdr_start, heap) < 0; }\n`;
  const path = build("alone", source, "gcc", ["-static-pie", "-Wl,-z,max-page-size=0x200000"]);
  const [start, heap] = interpreted([path]).out.trim().split(" ");
  match(start, /^0x7ffff7[02468ace]00000$/);
  match(heap, /^0x5555555[5-7][0-9a-f]+$/);
  const task = load(path, realOptions(), realCache());
  ok(task.loaded);
  equal(task.process.objects[0].start, Number(start));
});

test("limits end a run that would not end: instructions, memory, output", needs("gcc"), () => {
  const codeOf = (source: string, limits: object): string | undefined => {
    const { execution } = interpreted([build("limits", source, "gcc", ["-static"])], { limits });
    const end = execution?.system.end;
    return end?.kind === "stopped" ? end.problem.code : end?.kind;
  };
  equal(codeOf("int main(void) {\n for (;;); }\n", { instructions: 1e6 }), "run-too-long");
  const eats = "#include <stdlib.h>\nint main(void) { for (;;) *(volatile char *)malloc(100000) = 1; }\n";
  equal(codeOf(eats, { memory: 0x80_0000 }), "run-out-of-memory");
  const writes = '#include <unistd.h>\nint main(void) { for (;;) write(1, "yes", 3); }\n';
  equal(codeOf(writes, { output: 1000 }), "run-too-much-output");
});

test("the same run twice: instruction for instruction", needs("gcc"), () => {
  const path = build(
    "random",
    '#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\nint main(void) { srand(time(0)); printf("%d\\n", rand()); }\n',
  );
  const once = (): readonly [number | undefined, string] => {
    let out = "";
    const execution = execute(path, {
      files: nodeLoadFiles(),
      output: (_, bytes) => {
        out += Buffer.from(bytes).toString();
      },
    });
    ok(!("code" in execution));
    runToEnd(execution);
    return [execution.system.executed, out];
  };
  deepEqual(once(), once());
});

test("a file in memory runs, sees no other, and the run can be cut into slices", needs("gcc"), () => {
  const path = build(
    "alone",
    '#include <stdio.h>\nint main(void) { puts(fopen("/etc/passwd", "r") ? "seen" : "alone"); return 5; }\n',
    "gcc",
    ["-static"],
  );
  const opened = nodeLoadFiles().open(path);
  ok(typeof opened !== "string");
  let out = "";
  const execution = execute("/made/alone", {
    files: memoryLoadFiles({}),
    added: [{ path: "/made/alone", bytes: opened.bytes }],
    output: (_, bytes) => {
      out += Buffer.from(bytes).toString();
    },
  });
  ok(!("code" in execution));
  let slices = 0;
  while (runFor(execution, 1000) === "limit") slices++;
  ok(slices > 3);
  deepEqual(execution.system.end, { kind: "exited", status: 5 });
  equal(out, "alone\n");
});

test("a call through the PLT is bound at first, and goes straight from then on", needs("gcc"), () => {
  const path = build("lazy", '#include <stdio.h>\nint main(void) { puts("a"); puts("b"); }\n', "gcc", ["-Wl,-z,lazy"]);
  const calls: (number | undefined)[] = [];
  const watcher = watchCalls(
    () => (execution !== undefined && "system" in execution ? execution.system : undefined),
    ({ slot, resolved, from }) => {
      if (slot?.name === "puts" && from.path === path) calls.push(resolved);
    },
  );
  const execution = execute(path, { files: nodeLoadFiles(), hooks: { call: watcher.call } });
  ok(!("code" in execution));
  runToEnd(execution, watcher.observer);
  equal(calls.length, 2);
  ok((calls[0] ?? 0) > 100, "the dynamic linker has been asked");
  equal(calls[1], undefined);
});

test("the real ld.so, executed, leaves the memory that `load` foresees, IFUNCs' choices included", needs("gcc"), () => {
  // Between its segments there are pages that nobody has mapped.
  const flags = ["-Wl,-z,max-page-size=0x10000"];
  const path = build("relocated", '#include <stdio.h>\nint main(void) { puts("a"); }\n', "gcc", flags);
  for (const bindNow of [true, false]) {
    const comparison = compareMemory(path, bindNow);
    deepEqual(comparison?.unexplained, []);
    ok((comparison?.counts["libc-variable"] ?? 0) < 100, "few of libc's variables have been set");
  }
});
